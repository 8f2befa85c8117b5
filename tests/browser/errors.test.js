/**
 * What a reader is told when the form is not right yet. Covers A8, A11 to A13, A21,
 * B10: the same words with and without JavaScript, and nothing typed is lost.
 */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { eventually, startPalabre, WAYS } from "./support.js";

const MESSAGES = {
  body: /Écrivez votre commentaire\./,
  name: /Indiquez votre nom\./,
  email: /Indiquez votre adresse e-mail\./,
  badEmail: /Cette adresse e-mail semble incomplète\./,
};

for (const { javaScript, name } of WAYS) {
  describe(`errors of the form ${name}`, () => {
    let house, reader;

    before(async () => {
      house = await startPalabre();
      reader = await house.reader({ javaScript });
    });
    after(() => house?.stop());

    /** The list of what to correct: the element around the links to the fields. */
    const summary = () =>
      reader.page.locator('[tabindex="-1"]').filter({ has: reader.page.locator('a[href^="#"]') });

    test("nothing is flagged before the first submit", async () => {
      await reader.opens("/demo");
      assert.equal(await reader.page.locator('[aria-invalid="true"]').count(), 0);
    });

    test("an empty form comes back with a summary, in the order of the fields", async () => {
      await reader.publishes();
      await summary().waitFor();
      assert.match(await reader.page.title(), /^Erreur/);
      const links = await summary().getByRole("link").allInnerTexts();
      assert.equal(links.length, 3, `three messages: ${links}`);
      assert.match(links[0], MESSAGES.body);
      assert.match(links[1], MESSAGES.name);
      assert.match(links[2], MESSAGES.email);
      await reader.takesPicture("demo-errors");
    });

    test("each wrong field says so, to the eye and to a screen reader", async () => {
      assert.match(await reader.errorOf(reader.body), MESSAGES.body);
      assert.match(await reader.errorOf(reader.name), MESSAGES.name);
      assert.match(await reader.errorOf(reader.email), MESSAGES.email);
    });

    test("a link of the summary leads into its field", async () => {
      await summary().getByRole("link").last().click();
      await eventually(async () => {
        const focused = await reader.email.evaluate((field) => field === document.activeElement);
        assert.ok(focused, "the e-mail field has the focus");
      });
    });

    if (javaScript) {
      test("the summary takes the focus", async () => {
        await reader.publishes();
        await eventually(async () => {
          const focused = await summary().evaluate((list) => list === document.activeElement);
          assert.ok(focused, "the summary has the focus");
        });
      });

      test("typing a right value clears its message at once", async () => {
        await reader.writes({ name: "Awa Traoré" });
        await eventually(async () => assert.equal(await reader.errorOf(reader.name), undefined));
        assert.match(await reader.errorOf(reader.body), MESSAGES.body, "the others stay");
      });
    }

    test("an incomplete address is told so, and what was typed is kept", async () => {
      const typed = {
        body: "Première ligne.\n<b>Deuxième</b> ligne & « fin ».",
        name: "Aïcha <Diallo>",
        email: "aicha@exemple",
      };
      await reader.posts(typed);
      await eventually(async () => {
        assert.match((await reader.errorOf(reader.email)) ?? "", MESSAGES.badEmail);
      });
      assert.equal(await reader.errorOf(reader.body), undefined);
      assert.equal(await reader.errorOf(reader.name), undefined);
      assert.deepEqual(await reader.written(), typed);
    });

    test("corrected, it goes through", async () => {
      await reader.writes({ email: "aicha@exemple.test" });
      await reader.publishes();
      await reader.isToldThatAPersonWillReadIt();
      await reader.findsNothingWrong();
    });
  });
}
