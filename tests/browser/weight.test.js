/**
 * What the pages weigh on the wire, and how often they ask.
 * Covers B2 (without the script tag), B3 (include and plain page) and B7 (bytes and requests).
 */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { eventually, SITE, startPalabre } from "./support.js";

const COMMENTS = 20;

describe("the weight of the pages", () => {
  const THREAD = "poids";
  let house, owner;

  before(async () => {
    house = await startPalabre({ PALABRE_RATE_LIMIT__ENABLED: "false" });
    owner = await house.owner();
    await owner.signsIn();
    const ids = [];
    for (let number = 1; number <= 2 * COMMENTS; number += 1) {
      const { id } = await house.hasComment({
        body: `Avis numéro ${number}. La passerelle sert à ceux qui vont au marché, à l’école et à la gare ; ` +
          "le détour par le pont routier est long, et sans trottoir sur la moitié du chemin. Merci pour l’article.",
        name: `Lectrice ${number}`,
        email: `lectrice${number}@exemple.test`,
        thread: THREAD,
      });
      ids.push(id);
    }
    await owner.approvesAtOnce(ids.slice(0, COMMENTS));
  });
  after(() => house?.stop());

  /** Opens a page with nothing in the cache: each answer's path, type and bytes on the wire. */
  async function weighs(person, address) {
    const session = await person.window.context.newCDPSession(person.page);
    await session.send("Network.enable");
    await session.send("Network.setCacheDisabled", { cacheDisabled: true });
    const answers = new Map();
    session.on("Network.responseReceived", ({ requestId, type, response }) => {
      answers.set(requestId, { path: new URL(response.url).pathname, type, bytes: 0 });
    });
    session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
      if (answers.has(requestId)) answers.get(requestId).bytes = encodedDataLength;
    });
    await person.opens(address);
    // The stream of the queue never ends, and so the network is never idle: it is counted by what has ended.
    await eventually(() => {
      const open = [...answers.values()].filter(({ type, bytes }) => type !== "EventSource" && bytes === 0);
      assert.deepEqual(open, [], "everything has arrived");
    });
    return {
      answers: () =>
        [...answers.values()].filter(({ path, type }) => !path.endsWith("icon.svg") && type !== "EventSource"),
      bytesOf: (pattern) => {
        const found = [...answers.values()].filter(({ path }) => pattern.test(path));
        assert.ok(found.length > 0, `${pattern} was asked for`);
        return found.reduce((sum, { bytes }) => sum + bytes, 0);
      },
    };
  }

  test("a thread asks for its style and its script, and no more before the first focus", async (t) => {
    const reader = await house.reader();
    const weight = await weighs(reader, `/t/${SITE}?thread=${THREAD}`);
    assert.equal(await reader.page.getByRole("article").count(), COMMENTS);
    const [page, ...others] = weight.answers();
    assert.equal(page.type, "Document");
    assert.deepEqual(others.map(({ type }) => type).sort(), ["Script", "Stylesheet"]);

    const script = weight.bytesOf(/comments\.js$/);
    const style = weight.bytesOf(/comments\.css$/);
    // With the headers of each answer; a proxy with HTTP/2 sends them shorter.
    t.diagnostic(`thread of ${COMMENTS}: page ${page.bytes} B, script ${script} B, style ${style} B`);
    assert.ok(script <= 4_500, `script: ${script} B`);
    assert.ok(script + style <= 8_000, `script and style: ${script + style} B`);

    await reader.body.focus();
    const modules = [/check\.js$/, /send\.js$/];
    await eventually(() => {
      for (const module of modules) assert.ok(weight.bytesOf(module) > 0, `${module} arrived`);
    });
    const later = modules.reduce((sum, module) => sum + weight.bytesOf(module), 0);
    t.diagnostic(`after the first focus: ${later} B more`);
    assert.ok(later <= 6_000, `modules loaded later: ${later} B`);
    await reader.leaves();
  });

  test("the review page and the thresholds are light", async (t) => {
    for (const [address, most] of [
      ["/queue", 30_000],
      [`/sites/${SITE}/captcha`, 25_000],
    ]) {
      const moderator = await house.owner();
      const weight = await weighs(moderator, address);
      const answers = weight.answers();
      const bytes = answers.reduce((sum, answer) => sum + answer.bytes, 0);
      t.diagnostic(`${address}: ${bytes} B in ${answers.length} requests`);
      assert.ok(bytes <= most, `${address}: ${bytes} B`);
      assert.ok(answers.length <= 4, `${address}: ${answers.length} requests`);
      await moderator.leaves();
    }
  });
});
