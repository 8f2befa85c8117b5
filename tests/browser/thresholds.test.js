/**
 * The owner's page of thresholds: figures, preview by count, a new version, the way
 * back. Covers T1, T6, T7 (without the 24 h observation), T8, T11 and B10.
 */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startPalabre, WAYS } from "./support.js";

const CUTS = { publish_from: "0.5", step_up_below: "", refuse_below: "0.3" };
const OTHERS = { publish_from: "0.7", step_up_below: "0.3", refuse_below: "" };
const OBSERVE = { publish_from: "", step_up_below: "", refuse_below: "" };

for (const { javaScript, name } of WAYS) {
  describe(`the thresholds page ${name}`, () => {
    let house, owner;

    before(async () => {
      house = await startPalabre();
      const reader = await house.reader({ javaScript });
      await reader.opens("/demo");
      await reader.posts({
        body: "Les horaires du pont ont changé.",
        name: "Moussa Keïta",
        email: "moussa@exemple.test",
      });
      await reader.isToldThatAPersonWillReadIt();
      await reader.leaves();
      owner = await house.owner({ javaScript });
      await owner.signsIn();
    });
    after(() => house?.stop());

    test("shows the figures by level in a table, and prudent settings without a version", async () => {
      await owner.opensThresholds();
      assert.deepEqual(await owner.figures(), ["1 reçu, 1 en relecture"]);
      await owner.sees(/1 commentaire a reçu un score/);
      await owner.sees("Règles en vigueur\u202f: observation");
      await owner.sees("Aucune version encore");
      assert.deepEqual(await owner.cuts(), OBSERVE);
      assert.equal(await owner.revertButtons.count(), 0, "there is nothing to go back to");
    });

    test("previews other cuts by count, and changes nothing by it", async () => {
      await owner.previews(CUTS);
      await owner.sees(/→|sans changement/);
      await owner.takesPicture("thresholds-preview");
      assert.deepEqual(await owner.cuts(), CUTS, "the fields keep what was typed");

      await owner.opensThresholds();
      assert.deepEqual(await owner.cuts(), OBSERVE, "the page as it is in force");
    });

    test("asks for the site's id before it refuses on few decisions", async () => {
      await owner.previews(CUTS);
      await owner.applies({ note: "Essai de la semaine", confirmation: "autre" });
      assert.match(await owner.page.title(), /^Erreur/);
      await owner.sees(/Tapez l’identifiant du site/);
      await owner.opensThresholds();
      assert.deepEqual(await owner.cuts(), OBSERVE, "nothing was applied");
    });

    test("applies them as version 1 with its note", async () => {
      await owner.previews(CUTS);
      await owner.applies({ note: "Essai de la semaine" });
      await owner.sees("Version 1 en vigueur.");
      await owner.opensThresholds();
      assert.deepEqual(await owner.cuts(), CUTS);
      await owner.sees("Règles en vigueur\u202f: publier à partir de 0,5, écarter sous 0,3.");
      assert.deepEqual(await owner.versions(), ["Version 1 — en vigueur", "Version 0"]);
      await owner.sees("Essai de la semaine");
      assert.equal(await owner.revertButtons.count(), 0, "what is in force needs no way back");
    });

    test("applies others as version 2", async () => {
      await owner.previews(OTHERS);
      await owner.applies({ note: "Plus doux" });
      await owner.opensThresholds();
      assert.deepEqual(await owner.cuts(), OTHERS);
      assert.deepEqual(await owner.versions(), ["Version 2 — en vigueur", "Version 1", "Version 0"]);
      await owner.takesPicture("thresholds-applied");
    });

    test("goes back to version 1, as version 3", async () => {
      await owner.revertsToTheOldest();
      await owner.sees("Version 3 en vigueur.");
      await owner.opensThresholds();
      assert.deepEqual(await owner.cuts(), CUTS);
      assert.deepEqual(await owner.versions(), ["Version 3 — en vigueur", "Version 2", "Version 1", "Version 0"]);
    });

    test("what is sent from a page that grew old is not applied", async () => {
      const late = await house.owner({ javaScript });
      await late.opensThresholds();
      await late.previews(OTHERS);
      await owner.opensThresholds();
      await owner.previews(OBSERVE);
      await owner.applies({ note: "Entre-temps" });
      await late.applies({ note: "Trop tard" });
      await late.sees(/Quelqu’un a changé les seuils entre-temps/);
      await late.leaves();
      await owner.opensThresholds();
      assert.deepEqual(await owner.cuts(), OBSERVE);
      assert.equal((await owner.versions())[0], "Version 4 — en vigueur");
    });

    test("refuses cuts that cross, in words, and keeps what was typed", async () => {
      const crossing = { publish_from: "0.3", step_up_below: "", refuse_below: "0.7" };
      await owner.previews(crossing);
      assert.ok((await owner.page.locator('[aria-invalid="true"]').count()) > 0);
      await owner.sees(/Les seuils se croisent/);
      assert.match(await owner.page.title(), /^Erreur/);
      assert.deepEqual(await owner.cuts(), crossing);
    });

    test("nothing went wrong on the way", () => owner.findsNothingWrong());
  });
}
