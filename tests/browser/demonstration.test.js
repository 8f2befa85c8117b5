/**
 * The demonstration, from the article to the queue and back: what a visitor does in
 * the first five minutes. Covers A2, A16 (held), Q22, B10, S6 and undo.
 */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { FIRST_OWNER } from "./people.js";
import { startPalabre, WAYS } from "./support.js";

for (const { javaScript, name } of WAYS) {
  describe(`the demonstration ${name}`, () => {
    const text = `Une passerelle en bois tiendrait-elle l’hiver ? (${name})`;
    let house, reader, moderator;

    before(async () => {
      house = await startPalabre();
      reader = await house.reader({ javaScript });
      moderator = await house.moderator({ javaScript });
    });
    after(() => house?.stop());

    /** Whether somebody who comes by later sees the comment under the article. */
    async function isUnderTheArticle() {
      const passerBy = await house.reader({ javaScript: false });
      await passerBy.opens("/demo");
      const count = await passerBy.page.getByText(text).count();
      await passerBy.leaves();
      return count === 1;
    }

    test("a reader posts a comment, which is held for a person", async () => {
      await reader.opens("/demo");
      await reader.posts({ body: text, name: "Awa Traoré", email: "awa@exemple.test" });
      await reader.isToldThatAPersonWillReadIt();
      await reader.takesPicture("demo-held");
      assert.equal(await isUnderTheArticle(), false);
    });

    test("opening the setup link changes nothing; its one button leads to the first account", async () => {
      await moderator.opens(house.setupLink);
      await moderator.opens("/queue");
      assert.match(moderator.page.url(), /\/(login|setup)\b/, "not signed in by opening a link");
      await moderator.signsIn();
      await moderator.opensQueue();
      assert.match(moderator.page.url(), /\/queue$/);
    });

    test("the setup link serves once: the house has somebody who runs it", async () => {
      const stranger = await house.browser.newContext({ javaScriptEnabled: javaScript });
      const page = await stranger.newPage();
      const answer = await page.goto(house.setupLink);
      assert.equal(answer.status(), 404);
      await page.goto(`${house.url}/queue`);
      assert.match(page.url(), /\/login\?next=%2Fqueue$/);
      await stranger.close();
    });

    test("whoever left comes back by the door, to the page they asked for", async () => {
      await moderator.opensMenu();
      await moderator.presses(moderator.page.getByRole("button", { name: "Se déconnecter" }));
      await moderator.opens("/queue?status=approved");
      await moderator.fillsIn({ "Adresse e-mail": FIRST_OWNER["Adresse e-mail"], "Phrase secrète": "une autre phrase" });
      await moderator.presses(moderator.page.getByRole("button", { name: "Se connecter" }));
      await moderator.sees("L’adresse e-mail et la phrase secrète ne vont pas ensemble.");
      await moderator.takesPicture("login-failed");
      await moderator.fillsIn({ "Phrase secrète": FIRST_OWNER["Phrase secrète"] });
      await moderator.presses(moderator.page.getByRole("button", { name: "Se connecter" }));
      assert.match(moderator.page.url(), /\/queue\?status=approved$/);
    });

    test("the queue lists it and a press publishes it", async () => {
      await moderator.seesWaiting(text);
      await moderator.takesPicture("queue-waiting");
      await moderator.approves(text);
      await moderator.sees("Rien à relire.");
      if (!javaScript) await moderator.sees(/Dernier commentaire reçu/);
      await moderator.takesPicture("queue-published");
      assert.equal(await isUnderTheArticle(), true);
    });

    test("undo takes it away again, and it waits as before", async () => {
      await moderator.undoes();
      assert.equal(await isUnderTheArticle(), false);
      await moderator.seesWaiting(text);
    });

    test("refused, it is listed among the refused and is nowhere to be read", async () => {
      await moderator.rejects(text);
      await moderator.opensQueue("rejected");
      assert.equal(await moderator.entry(text).count(), 1);
      assert.equal(await isUnderTheArticle(), false);
    });

    test("nothing went wrong on the way", async () => {
      await reader.findsNothingWrong();
      await moderator.findsNothingWrong();
    });
  });
}
