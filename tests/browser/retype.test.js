/**
 * The passphrase is asked for again, in between, before an act that gives power. Nothing that was
 * typed is lost, and a secret travels in no address. With JavaScript and without.
 */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { FIRST_OWNER } from "./people.js";
import { SITE, startPalabre, WAYS } from "./support.js";

const TITLE = "Votre phrase secrète, encore une fois";
const LOOKS = [
  { theme: "light", width: 1280 },
  { theme: "dark", width: 1280 },
  { theme: "light", width: 360 },
  { theme: "dark", width: 360 },
];

/** As after ten minutes, for which no test waits. */
function timePasses(house) {
  const statement = "PRAGMA busy_timeout = 5000; UPDATE sessions SET typed_at = 0;";
  execFileSync("sqlite3", [join(house.folder, "palabre.db"), statement]);
}

for (const { javaScript, name } of WAYS) {
  describe(`the passphrase again ${name}`, () => {
    let house, owner;

    before(async () => {
      house = await startPalabre();
      owner = await house.owner({ javaScript });
      await owner.signsIn();
    });
    after(() => house?.stop());

    const press = (name) => owner.presses(owner.page.getByRole("button", { name }).first());

    /** Keeps a picture in each look, and looks for barriers. */
    async function looksAt(page) {
      for (const { theme, width } of LOOKS) {
        await owner.page.emulateMedia({ colorScheme: theme });
        await owner.page.setViewportSize({ width, height: 900 });
        owner.window.theme = theme;
        owner.window.width = width;
        await owner.takesPicture(page);
        const wide = await owner.page.evaluate(() => document.documentElement.scrollWidth).catch(() => width);
        assert.ok(wide <= width, `${page}: no sideways scrolling at ${width} px`);
        if (javaScript) assert.deepEqual(await owner.barriers(), [], `${page}: axe finds nothing`);
      }
      await owner.page.setViewportSize({ width: 1280, height: 900 });
    }

    test("H2: a token is made after the passphrase, with all that was typed", async () => {
      await owner.opens("/tokens");
      await owner.page.getByLabel("Nom", { exact: false }).first().fill("Serveur <du> « Faso »");
      await owner.page.getByLabel("Site", { exact: true }).selectOption(SITE);
      timePasses(house);
      await press("Faire le jeton");
      assert.equal(await owner.page.getByRole("heading", { level: 1 }).innerText(), TITLE);
      await looksAt("retype");
      await owner.fillsIn({ "Phrase secrète": "pas celle-ci" });
      await press("Continuer");
      await owner.sees("Ce n’est pas votre phrase secrète actuelle.");
      await looksAt("retype-wrong");
      await owner.fillsIn({ "Phrase secrète": FIRST_OWNER["Phrase secrète"] });
      await press("Continuer");
      assert.equal(await owner.page.getByRole("heading", { level: 1 }).innerText(), "Votre nouveau jeton");
      await owner.opens("/tokens");
      await owner.sees("Serveur <du> « Faso »");
    });

    test("H2: a provider's secret comes through, and stands in no address", async () => {
      const addresses = [];
      owner.page.on("request", (request) => addresses.push(request.url()));
      await owner.opens(`/sites/${SITE}/settings`);
      await owner.page.locator("#name").fill("Le Courrier des Quais, du soir");
      await owner.page.locator("#provider").selectOption("hcaptcha");
      await owner.page.locator("#site_key").fill("10000000-ffff-ffff-ffff-00000000000a");
      await owner.page.locator("#secret").fill("un secret & \"deux\" <mots>");
      timePasses(house);
      await press("Enregistrer");
      assert.equal(await owner.page.getByRole("heading", { level: 1 }).innerText(), TITLE);
      assert.doesNotMatch(await owner.page.locator("main").innerText(), /deux/);
      await owner.fillsIn({ "Phrase secrète": FIRST_OWNER["Phrase secrète"] });
      await press("Continuer");
      assert.match(owner.page.url(), /settings\?done=saved$/);
      assert.equal(await owner.page.locator("#provider").inputValue(), "hcaptcha");
      assert.equal(await owner.page.locator("#name").inputValue(), "Le Courrier des Quais, du soir");
      await owner.page.locator("#secret_remove").waitFor();
      assert.ok(addresses.every((address) => !/secret|deux/.test(address)));
    });

    test("H2: what gives no power asks nothing", async () => {
      timePasses(house);
      await owner.opens(`/sites/${SITE}/settings`);
      await owner.page.locator("#body_max").fill("900");
      await press("Enregistrer");
      assert.match(owner.page.url(), /settings\?done=saved$/);
    });
  });
}
