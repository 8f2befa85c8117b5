/**
 * Nobody else is asked, and nothing is kept about a reader who only reads.
 * Covers A10, A20, B3 (captcha), G8.
 */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { eventually, SITE, startPalabre, WAYS } from "./support.js";

const FORM_REQUEST = /\/form$/;

for (const { javaScript, name } of WAYS) {
  describe(`privacy ${name}`, () => {
    let house, thread;

    before(async () => {
      house = await startPalabre();
      thread = encodeURIComponent(await house.demonstrationThread());
    });
    after(() => house?.stop());

    test("reading leaves no cookie and stores nothing on the device", async () => {
      const reader = await house.reader({ javaScript });
      for (const address of ["/demo", `/t/${SITE}?thread=${thread}`]) {
        await reader.opens(address);
        await reader.page.waitForLoadState("networkidle");
      }
      assert.deepEqual(await reader.window.cookies(), []);
      assert.equal(await reader.page.evaluate(() => localStorage.length), 0);
      assert.equal(await reader.page.evaluate(() => sessionStorage.length), 0);
      await reader.leaves();
    });

    test("no page asks another host for anything", async () => {
      const { receipt } = await house.hasComment({ body: "Où lire le plan ?", thread: "plan" });
      const reader = await house.reader({ javaScript });
      const addresses = ["/", "/demo", `/t/${SITE}?thread=plan`, "/login", "/docs"];
      for (const address of [...addresses, house.receiptAddress(receipt)]) {
        await reader.opens(address);
        await reader.page.waitForLoadState("networkidle");
      }
      assert.deepEqual(reader.window.requestsToOthers(), []);
      await reader.leaves();

      const owner = await house.owner({ javaScript });
      await owner.signsIn();
      for (const address of ["/queue", `/sites/${SITE}/captcha`]) {
        await owner.opens(address);
        await owner.page.waitForLoadState("networkidle");
      }
      assert.deepEqual(owner.window.requestsToOthers(), []);
      await owner.leaves();
    });

    test("the check is asked for at the first focus in the form, once, and not before", async () => {
      const reader = await house.reader({ javaScript });
      await reader.opens("/demo");
      await reader.page.waitForLoadState("networkidle");
      assert.equal(reader.window.requestsTo(FORM_REQUEST), 0);

      await reader.body.focus();
      if (javaScript) {
        await eventually(() => assert.equal(reader.window.requestsTo(FORM_REQUEST), 1));
      }
      await reader.name.focus();
      await reader.page.waitForLoadState("networkidle");
      assert.equal(reader.window.requestsTo(FORM_REQUEST), javaScript ? 1 : 0);
      assert.deepEqual(reader.window.requestsToOthers(), []);
      await reader.leaves();
    });

    test("a reader's address is on no public page", async () => {
      const email = "secret-adresse@exemple.test";
      const text = "Le marché reste-t-il ouvert ?";
      const { receipt } = await house.hasComment({ body: text, email, thread: "marche" });
      const moderator = await house.moderator({ javaScript });
      if (house.signedIn === undefined) await moderator.signsIn();
      await moderator.opensQueue();
      await moderator.approves(text);

      const reader = await house.reader({ javaScript });
      for (const address of [`/t/${SITE}?thread=marche`, house.receiptAddress(receipt)]) {
        await reader.opens(address);
        assert.ok((await reader.page.content()).includes(text), `${address} shows the comment`);
        assert.ok(!(await reader.page.content()).includes("secret-adresse"), address);
      }
    });
  });
}
