/** The page of a decision about all that fits a filter: counted, confirmed, followed, taken back. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { eventually, startPalabre, WAYS } from "./support.js";

const COUNT = 60;
const LOOKS = [
  { theme: "light", width: 1280 },
  { theme: "dark", width: 1280 },
  { theme: "light", width: 320 },
];

for (const { javaScript, name } of WAYS) {
  describe(`bulk ${name}`, () => {
    let house, owner;

    before(async () => {
      house = await startPalabre({ PALABRE_RATE_LIMIT__ENABLED: "false" });
      owner = await house.owner({ javaScript });
      await owner.signsIn();
      for (let place = 0; place < COUNT; place += 1) {
        await house.hasComment({ body: `Gagnez ${place} par jour : https://gains.example`, name: `Vendeur ${place}`, thread: `article-${place % 5}` });
      }
    });
    after(() => house?.stop());

    test("an author with something published stands first, and is taken out of it", async () => {
      await house.hasComment({ body: "Le compte rendu est là.", name: "Ramatou", email: "ramatou@example.org", thread: "article-1" });
      await owner.opensQueue();
      await owner.approves("Le compte rendu est là.");
      await house.hasComment({ body: "Et le relevé : https://releves.example", name: "Ramatou", email: "ramatou@example.org", thread: "article-1" });
      const { page } = owner;
      await page.goto(new URL("/queue/all?status=pending&links=1", page.url()).href);
      await owner.takesPicture("bulk-known");
      const known = page.getByRole("region", { name: "À regarder d’abord" });
      assert.equal(await known.getByRole("listitem").count(), 1);
      await known.getByRole("button", { name: "Publier" }).click();
      await page.getByText(`${COUNT} commentaires répondent à ce filtre.`).waitFor();
      await page.getByText("Publié : Ramatou").waitFor();
    });

    for (const { theme, width } of javaScript ? LOOKS : []) {
      test(`its page has no barrier in ${theme} at ${width} px`, async () => {
        const moderator = await house.owner({ javaScript, theme, width });
        await moderator.opensQueue();
        await moderator.page.goto(new URL("/queue/all?status=pending&links=1", moderator.page.url()).href);
        await moderator.takesPicture("bulk");
        assert.deepEqual(await moderator.barriers(), [], "axe finds nothing");
        await moderator.findsNothingWrong();
      });
    }

    test("Q18: all that fits a filter is decided as one step, and taken back", async () => {
      const { page } = owner;
      await owner.opensQueue();
      await page.goto(new URL("/queue?links=1", page.url()).href);
      await page.getByRole("link", { name: "Décider de tout ce filtre" }).click();
      await page.getByText(`${COUNT} commentaires répondent à ce filtre.`).waitFor();
      await page.getByRole("radio", { name: "Indésirable" }).check();
      await page.getByLabel(`Tapez ${COUNT} pour confirmer`).fill("6");
      const decides = page.getByRole("button", { name: `Décider des ${COUNT}` });
      await decides.click();
      await page.getByText("Tapez le nombre exact").first().waitFor();
      assert.ok(await page.getByRole("radio", { name: "Indésirable" }).isChecked(), "the choice is kept");
      await page.getByLabel(`Tapez ${COUNT} pour confirmer`).fill(String(COUNT));
      await decides.click();
      await page.getByText(`Indésirable : ${COUNT} sur ${COUNT}.`).waitFor();
      await owner.findsNothingWrong();
      await owner.takesPicture("bulk-done");
      await page.getByRole("button", { name: "Annuler" }).click();
      await page.getByText(`Annulé : ${COUNT} sur ${COUNT} comme avant.`).waitFor();
      await page.getByRole("link", { name: "Retour à la liste" }).click();
      await eventually(async () => assert.match(await page.title(), /À relire/));
      assert.equal(await page.getByRole("article").count(), 50);
    });
  });
}
