/**
 * A hasty hand, a closed tab, a lost connection: one comment, and no word lost.
 * Covers A14, A15, A18, G6.
 */

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { eventually, SITE, startPalabre, WAYS } from "./support.js";

const AUTHOR = { name: "Awa Traoré", email: "awa@exemple.test" };

describe("what goes wrong on the way", () => {
  let house, moderator;

  beforeEach(async () => {
    house = await startPalabre();
    moderator = await house.moderator();
    await moderator.signsIn();
  });
  afterEach(() => house?.stop());

  async function waitsOnce(text) {
    await moderator.opensQueue();
    assert.equal(await moderator.entry(text).count(), 1, `one comment: ${text}`);
  }

  for (const { javaScript, name } of WAYS) {
    test(`a double click posts one comment ${name}`, async () => {
      const text = `Deux fois plutôt qu’une, ${name}`;
      const reader = await house.reader({ javaScript });
      await reader.opens("/demo");
      await reader.writes({ body: text, ...AUTHOR });
      await reader.publishButton.dblclick();
      await reader.isToldThatAPersonWillReadIt();
      await reader.page.waitForLoadState("networkidle");
      await waitsOnce(text);
      await reader.leaves();
    });
  }

  test("a draft survives a reload, and goes once it was sent", async () => {
    const text = "Un brouillon que je finirai plus tard";
    const reader = await house.reader();
    await reader.opens("/demo");
    await reader.body.pressSequentially(text);
    await eventually(async () => {
      const kept = await reader.page.evaluate(() => Object.values({ ...localStorage }).join("\n"));
      assert.ok(kept.includes(text), "the draft is kept on the device");
    });

    await reader.reloads();
    await eventually(async () => assert.equal(await reader.body.inputValue(), text));
    await reader.sees(/Brouillon rétabli/);
    const kept = await reader.page.evaluate(() => Object.values({ ...localStorage }).join("\n"));
    assert.ok(!kept.includes(AUTHOR.email), "never the address");

    await reader.writes(AUTHOR);
    await reader.publishes();
    await reader.isToldThatAPersonWillReadIt();
    await reader.reloads();
    assert.equal(await reader.body.inputValue(), "");
    await waitsOnce(text);
    await reader.leaves();
  });

  test("offline, the text stays and nothing is sent behind the reader's back", async () => {
    const text = "Écrit dans le train, hors de portée";
    const reader = await house.reader();
    await reader.opens("/demo");
    await reader.writes({ body: text, ...AUTHOR });
    await eventually(() => assert.equal(reader.window.requestsTo(/\/form$/), 1));
    await reader.page.waitForLoadState("networkidle");

    await reader.window.context.setOffline(true);
    await reader.publishes();
    await reader.sees(/texte est conservé/);
    assert.deepEqual(await reader.written(), { body: text, ...AUTHOR });
    assert.ok(await reader.publishButton.isEnabled(), "the button stays");

    await reader.window.context.setOffline(false);
    await moderator.opensQueue();
    assert.equal(await moderator.entry(text).count(), 0);

    await reader.publishes();
    await reader.isToldThatAPersonWillReadIt();
    await waitsOnce(text);
    await reader.leaves();
  });

  test("an answer that is lost, and sent again, makes one comment", async () => {
    const text = "La réponse s’est perdue en route";
    const reader = await house.reader();
    await reader.opens("/demo");
    await reader.writes({ body: text, ...AUTHOR });

    // The server gets the comment and stores it; the page never hears of it.
    const posted = /\/api\/v1\/sites\/[^/]+\/comments$/;
    let answersLost = 0;
    await reader.page.route(posted, async (route) => {
      await route.fetch();
      answersLost += 1;
      await route.abort("connectionreset");
    });
    await reader.publishes();
    await reader.sees(/texte est conservé/);
    assert.ok(answersLost >= 1);
    assert.equal(await reader.body.inputValue(), text);

    await reader.page.unroute(posted);
    await reader.publishes();
    await reader.isToldThatAPersonWillReadIt();
    await waitsOnce(text);
    await reader.leaves();
  });

  test("where the line was gone before anything came, one press sends it once the line is back", async () => {
    const text = "Écrit tout entier sans réseau";
    const reader = await house.reader();
    // As in a publisher's page: no form token stands in it.
    await reader.opens(`/t/${SITE}/fragment?thread=sans-reseau`);
    assert.equal(await reader.page.locator('input[name="form"]').count(), 0);
    await reader.window.context.setOffline(true);
    await reader.writes({ body: text, ...AUTHOR });
    await reader.publishes();
    await reader.sees(/texte est conservé/);
    assert.deepEqual(await reader.written(), { body: text, ...AUTHOR });

    await reader.window.context.setOffline(false);
    await reader.publishes();
    await reader.isToldThatAPersonWillReadIt();
    await waitsOnce(text);
    await reader.leaves();
  });
});
