/**
 * The owner of one site at the settings of its check: what reaches the pages of all is not theirs to name,
 * and a key goes with the service it was typed for. With JavaScript and without.
 */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { SITE, startPalabre, WAYS } from "./support.js";

for (const { javaScript, name } of WAYS) {
  describe(`the owner of one site ${name}`, () => {
    const guest = { "Adresse e-mail": "quentin@exemple.test", "Phrase secrète": "les ânes du marché de Gounghin" };
    const evil = "https://evil.example/key/siteverify";
    let house, tenant;

    before(async () => {
      house = await startPalabre();
      const owner = await house.owner({ javaScript });
      await owner.signsIn();
      await owner.opens("/moderators");
      await owner.fillsIn({ Nom: "Quentin Sawadogo", "Adresse e-mail": guest["Adresse e-mail"] });
      await owner.page.locator("form[action='/moderators'] select[name=role]").selectOption("owner");
      await owner.page.getByLabel("Site", { exact: true }).selectOption(SITE);
      await owner.presses(owner.page.getByRole("button", { name: "Inviter" }).first());
      const link = (await owner.page.locator("pre code").innerText()).trim();
      tenant = await house.stranger({ javaScript });
      await tenant.opens(link);
      await tenant.fillsIn({ "Phrase secrète": guest["Phrase secrète"] });
      await tenant.presses(tenant.page.getByRole("button", { name: "Se connecter" }).first());
    });
    after(() => house?.stop());

    const field = (name) => tenant.page.locator(`form[action$='/settings'] [name=${name}]`);
    const saves = () => tenant.presses(tenant.page.getByRole("button", { name: "Enregistrer", exact: true }).first());
    const policy = async () => (await fetch(`${house.url}/t/${SITE}?thread=a`)).headers.get("content-security-policy");

    test("H2: names no address that readers' pages would load from, and loses nothing typed", async () => {
      const before = await policy();
      await tenant.opens(`/sites/${SITE}/settings`);
      await field("provider").selectOption("cap");
      await field("secret").fill("a-secret");
      await field("verify_url").fill(evil);
      await saves();
      await tenant.sees("seul un propriétaire de tous les sites");
      assert.equal(await field("verify_url").inputValue(), evil);
      assert.equal(await field("provider").inputValue(), "cap");
      if (javaScript) assert.deepEqual(await tenant.barriers(), [], "axe finds nothing");
      assert.equal(await policy(), before);
    });

    test("H4: is told that a key went with its service", async () => {
      await tenant.opens(`/sites/${SITE}/settings`);
      await field("provider").selectOption("turnstile");
      await field("site_key").fill("key");
      await field("secret").fill("a-secret");
      await saves();
      await tenant.sees("Réglages enregistrés.");
      await field("provider").selectOption("hcaptcha");
      await saves();
      await tenant.sees("Ce fournisseur a besoin de sa clé secrète.");
      await field("provider").selectOption("house");
      await saves();
      await tenant.sees("elle a été effacée");
      assert.equal(await tenant.page.getByText("Une clé est gardée").count(), 0);
    });
  });
}
