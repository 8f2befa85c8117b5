/**
 * The owner's page of thresholds: figures, preview by count, a new version, the way
 * back. Covers T1, T7 (without the 24 h observation), T11 and B10.
 */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startPalabre, WAYS } from "./support.js";

const CUTS = { publish_from: "0.5", step_up_below: "", refuse_below: "0.3" };
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

    test("shows the figures by level in a table, and prudent settings", async () => {
      await owner.opensThresholds();
      assert.ok((await owner.page.getByRole("table").count()) > 0, "there is a table");
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

    test("applies them as a new version with its note", async () => {
      await owner.previews(CUTS);
      await owner.applies({ note: "Essai de la semaine" });
      await owner.opensThresholds();
      assert.deepEqual(await owner.cuts(), CUTS);
      await owner.sees("Essai de la semaine");
      assert.equal(await owner.revertButtons.count(), 1);
      await owner.takesPicture("thresholds-applied");
    });

    test("goes back to the first version, as one more version", async () => {
      await owner.revertsToTheOldest();
      await owner.opensThresholds();
      assert.deepEqual(await owner.cuts(), OBSERVE);
      assert.equal(await owner.revertButtons.count(), 2);
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
