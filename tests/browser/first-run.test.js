/**
 * The first run, as a new owner goes through it: from the printed link to the first
 * published test comment, with no more than fifteen fields, with JavaScript and without.
 * Covers S1 to S4, S6, S7 of the first run.
 */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { FIRST_OWNER } from "./people.js";
import { startPalabre, WAYS } from "./support.js";

/** Fields that a person may be asked for on the whole way. */
const FIELDS_MAX = 15;

for (const { javaScript, name } of WAYS) {
  describe(`the first run ${name}`, () => {
    let house, owner;
    let fields = 0;

    before(async () => {
      house = await startPalabre();
      owner = await house.owner({ javaScript });
    });
    after(() => house?.stop());

    const press = (name) => owner.presses(owner.page.getByRole("button", { name }).first());

    /** Counts what a page asks for, looks for barriers and keeps a picture. */
    async function looksAt(step) {
      for (const field of await owner.page.locator("main").locator("input, select, textarea").all()) {
        if (await field.isVisible()) fields += 1;
      }
      await owner.takesPicture(`first-run-${step}`);
      if (javaScript) assert.deepEqual(await owner.barriers(), [], `${step}: axe finds nothing`);
      await owner.findsNothingWrong();
    }

    test("every page of the house leads to the setup", async () => {
      for (const page of ["/queue", "/sites/demo/captcha", "/moderators", "/setup/site"]) {
        await owner.opens(page);
        assert.match(owner.page.url(), /\/setup$/, page);
      }
    });

    test("step 1: who one is, with recovery codes", async () => {
      await owner.opensSetupLink();
      await looksAt("you");
      await owner.fillsIn(FIRST_OWNER);
      await press("Continuer");
      assert.equal(await owner.page.getByRole("link", { name: /Télécharger/ }).count(), 1);
      await looksAt("codes");
      await owner.presses(owner.page.getByRole("link", { name: "Continuer" }));
    });

    test("step 2: the site, with everything reviewed", async () => {
      assert.match(owner.page.url(), /\/setup\/site$/);
      assert.equal(await owner.page.getByLabel("Publication").inputValue(), "before");
      await looksAt("site");
      await owner.fillsIn({ "Nom du site": "L’Écho du marché", "Adresses des pages": "echo.test/une-page" });
      if (javaScript) assert.equal(await owner.page.getByLabel("Fuseau horaire").inputValue(), "Africa/Ouagadougou");
      await press("Continuer");
      await owner.sees("Une adresse par ligne");
      await owner.takesPicture("first-run-site-errors");
      await owner.fillsIn({ "Adresses des pages": "echo.test" });
      await press("Continuer");
      assert.match(owner.page.url(), /\/setup\/robots$/);
    });

    test("whoever closes the page goes on where they were", async () => {
      await owner.opens("/queue");
      await owner.presses(owner.page.getByRole("link", { name: "Finir l’installation" }));
      assert.match(owner.page.url(), /\/setup\/robots$/);
    });

    test("step 3: the built-in check, tried and kept", async () => {
      await looksAt("robots");
      await owner.page.getByLabel("Vérification", { exact: true }).selectOption("turnstile");
      await press("Continuer");
      await owner.sees("Ce fournisseur a besoin de sa clé secrète.");
      await owner.takesPicture("first-run-robots-errors");
      await owner.page.getByLabel("Vérification", { exact: true }).selectOption("house");
      await press("Enregistrer et tester les clés");
      await press("Continuer");
      assert.match(owner.page.url(), /\/setup\/try$/);
    });

    test("step 4: a test comment waits, is published and seen", async () => {
      await looksAt("try");
      const reader = await house.reader({ javaScript });
      await reader.opens(await owner.page.getByRole("link", { name: "Postez un commentaire d’essai, sous un autre nom que le vôtre (nouvel onglet)." }).getAttribute("href"));
      for (const field of [reader.body, reader.name, reader.email]) {
        assert.ok(await field.isVisible());
        fields += 1;
      }
      await reader.posts({ body: "Un essai pour voir.", name: "Awa Traoré", email: "awa@exemple.test" });
      await reader.isToldThatAPersonWillReadIt();
      await owner.presses(owner.page.getByRole("link", { name: "Actualiser" }));
      await owner.sees("Un commentaire attend dans la file.");
      await owner.presses(owner.page.getByRole("link", { name: "Publiez-le dans la file de relecture." }));
      await owner.approves("Un essai pour voir.");
      await owner.opens("/setup/try");
      await owner.sees("Votre premier commentaire est publié.");
      await owner.opens(await owner.page.getByRole("link", { name: "Regardez-le en place (nouvel onglet)." }).getAttribute("href"));
      await owner.sees("Un essai pour voir.");
      await reader.leaves();
    });

    test("then it is over, and leads to the team", async () => {
      await owner.opens("/setup/try");
      await press("Terminer");
      await owner.sees("Invitez maintenant qui relira avec vous.");
      const gone = await owner.page.goto("/setup");
      assert.equal(gone.status(), 404);
      assert.ok(fields <= FIELDS_MAX, `${fields} fields`);
    });

    test("the site's settings say what was chosen", async () => {
      await owner.opens("/sites");
      await owner.takesPicture("sites");
      await owner.presses(owner.page.getByRole("link", { name: /^Réglages du site \(L’Écho/ }));
      assert.equal(await owner.page.getByLabel("Adresses des pages").inputValue(), "https://echo.test");
      await owner.takesPicture("settings");
      await owner.fillsIn({ "Longueur d’un commentaire": "beaucoup" });
      await press("Enregistrer");
      await owner.sees("Cette valeur n’est pas possible.");
      await owner.fillsIn({ "Longueur d’un commentaire": "800" });
      await press("Enregistrer");
      await owner.sees("Réglages enregistrés.");
      await owner.findsNothingWrong();
    });
  });
}
