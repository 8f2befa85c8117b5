/**
 * What people see of a comment: where its links lead (F9), and ink that stays in its box (F8),
 * on the reader's page and in the queue, with and without JavaScript.
 */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startPalabre, WAYS } from "./support.js";

const AUTHOR = { name: "Awa Traoré", email: "awa@exemple.test" };
const PILE = "\u0310\u0316\u0489\u0301".repeat(40);
const LETTERS = [..."Zalgorit"].map((letter) => letter + PILE).join("");
const NAME = [..."Zalgorit"].map((letter) => letter + PILE.slice(0, 8)).join("");

for (const { javaScript, name } of WAYS) {
  describe(`what is shown ${name}`, () => {
    let house, reader, moderator;

    before(async () => {
      house = await startPalabre();
      moderator = await house.moderator({ javaScript });
      await moderator.signsIn();
      reader = await house.reader({ javaScript });
    });
    after(() => house?.stop());

    const posts = async (comment) => {
      await reader.opens("/demo");
      await reader.posts(comment);
      await reader.isToldThatAPersonWillReadIt();
    };

    /** A picture of one place, with and without the ink of another: the same when none reaches over. */
    const isNotReached = async (page, place, ink) => {
      // By the element's own style, which the page's policy lets a tool set.
      const hide = () =>
        page.locator(ink).evaluateAll((all) => all.forEach((one) => one.style.setProperty("visibility", "hidden", "important")));
      // The ring around the row in hand is no ink, and its corners are drawn anew each time.
      await page.evaluate(() => document.querySelector(".is-current")?.classList.remove("is-current"));
      await place.scrollIntoViewIfNeeded();
      const inked = await place.screenshot();
      await hide();
      const plain = await place.screenshot();
      await page.reload();
      assert.ok(inked.equals(plain), `ink of ${ink} reaches over ${await place.innerText()}`);
    };

    test(`F9: a link that shows another address says where it leads, in the queue ${name}`, async () => {
      const text = `Le crédit est ouvert, ${name}`;
      await posts({ ...AUTHOR, body: `${text}: [https://www.bceao.int/credit](https://evil.example/login)` });
      await moderator.seesWaiting(text);
      const entry = moderator.entry(text);
      const shown = await entry.innerText();
      assert.match(shown, /https:\/\/www\.bceao\.int\/credit \(evil\.example\)/);
      assert.match(shown, /Un lien montre «\s*\S*www\.bceao\.int\S*\s*» et mène à «\s*\S*evil\.example\S*\s*»/);
      await moderator.takesPicture("queue-disguised");
      await moderator.approves(text);
      await reader.opens("/demo");
      await reader.sees(/https:\/\/www\.bceao\.int\/credit/);
      const comment = reader.page.getByRole("article").filter({ hasText: text });
      assert.match(await comment.innerText(), /bceao\.int\/credit \(evil\.example\)/);
      await reader.findsNothingWrong();
    });

    test(`F8: no ink reaches over the next comment or the moderator's menu ${name}`, async () => {
      await posts({ ...AUTHOR, body: `Le voisin du haut, ${name}` });
      await posts({ name: NAME, email: "zalgo@exemple.test", body: `${LETTERS}\n\nTour de lettres, ${name}\n\n${LETTERS}` });
      await moderator.seesWaiting(`Tour de lettres, ${name}`);
      await moderator.takesPicture("queue-ink");
      const entry = moderator.entry(`Tour de lettres, ${name}`);
      const pile = `#${await entry.getAttribute("id")}`;
      const inks = [`${pile} .text *`, `${pile} h3 *`];
      for (const ink of inks) {
        await isNotReached(moderator.page, entry.getByText("Plus").first(), ink);
        await isNotReached(moderator.page, entry.getByRole("button").first(), ink);
        await isNotReached(moderator.page, moderator.entry(`Le voisin du haut, ${name}`), ink);
      }
      await moderator.findsNothingWrong();
      await moderator.approves(`Tour de lettres, ${name}`);
      await moderator.approves(`Le voisin du haut, ${name}`);
      await reader.opens("/demo");
      await reader.takesPicture("demo-ink");
      const comments = reader.page.getByRole("article");
      const own = comments.filter({ hasText: `Tour de lettres, ${name}` });
      const others = comments.filter({ hasText: `Le voisin du haut, ${name}` });
      await isNotReached(reader.page, others, `[id="${await own.getAttribute("id")}"] *`);
      await reader.findsNothingWrong();
    });
  });
}
