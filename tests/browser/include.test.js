/**
 * The fragment that a publisher's server puts into its article: it may be cached, so
 * it carries no form token, and what is posted from it takes one more press.
 * Covers A1 (include), A2 and the two-step page.
 */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { SITE, startPalabre } from "./support.js";

describe("the fragment in a publisher's page", () => {
  const text = "Depuis l’article inclus, sans script.\n\nDeuxième paragraphe : 3 < 4.";
  let house, reader, moderator;

  before(async () => {
    house = await startPalabre();
    moderator = await house.moderator();
    await moderator.signsIn();
    reader = await house.reader({ scripts: "blocked" });
  });
  after(() => house?.stop());

  test("carries no token and no cookie", async () => {
    await reader.opens(`/t/${SITE}/fragment?thread=inclus`);
    assert.equal(await reader.page.locator('input[name="form"]').count(), 0);
    assert.deepEqual(await reader.window.cookies(), []);
  });

  test("a post from it shows the text again and stores nothing", async () => {
    await reader.writes({ body: text, name: "Awa Traoré", email: "awa@exemple.test" });
    await reader.presses(reader.publishButton);
    await reader.sees(/3 < 4/);
    await reader.takesPicture("confirm");
    assert.deepEqual(await reader.barriers(), []);
    await moderator.opensQueue();
    assert.equal(await moderator.entry("Depuis l’article inclus").count(), 0);
  });

  test("one more press sends it", async () => {
    await reader.presses(reader.page.getByRole("button", { name: "Publier" }));
    await reader.isToldThatAPersonWillReadIt();
    await moderator.seesWaiting("Depuis l’article inclus");
    await moderator.seesWaiting("3 < 4");
    await reader.findsNothingWrong();
  });
});
