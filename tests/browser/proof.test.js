/**
 * The built-in check: worked out in a worker, else in slices, else not at all; and one more check after
 * sending. None of it is in the reader's way.
 */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { eventually, SITE, startPalabre } from "./support.js";
import { challenge, isAskedForMore, posts, readProof, STEP_UP } from "./checks.js";

const AUTHOR = { name: "Awa Traoré", email: "awa@exemple.test" };
const THREAD = `/t/${SITE}?thread=preuve`;
/** The most derivations that the page itself starts before it gives way. */
const SLICE = 16;

describe("the proof of work", () => {
  let house;
  before(async () => {
    house = await startPalabre({ PALABRE_RATE_LIMIT__ENABLED: "false" });
  });
  after(() => house?.stop());

  /** Counts the derivations that the page itself starts: all, and the most without giving way. */
  async function countsDerivations(reader) {
    await reader.page.addInitScript(() => {
      const counts = (globalThis.derivations = { all: 0, most: 0 });
      const derive = SubtleCrypto.prototype.deriveBits;
      let inThisTurn = 0;
      SubtleCrypto.prototype.deriveBits = function (...given) {
        counts.all += 1;
        inThisTurn += 1;
        counts.most = Math.max(counts.most, inThisTurn);
        setTimeout(() => { inThisTurn = 0; });
        return derive.apply(this, given);
      };
    });
    return () => reader.page.evaluate(() => globalThis.derivations);
  }

  /** The thread's page comes with another policy. */
  async function isServedWith(reader, change) {
    await reader.page.route((address) => address.pathname.startsWith("/t/"), async (route) => {
      const response = await route.fetch();
      const policy = change(response.headers()["content-security-policy"]);
      await route.fulfill({ response, headers: { ...response.headers(), "content-security-policy": policy } });
    });
  }

  const HOSTS = [
    ["our own page", (policy) => policy],
    ["a page that enforces Trusted Types", (policy) => `${policy}; require-trusted-types-for 'script'; trusted-types palabre 'allow-duplicates'`],
  ];
  for (const [host, change] of HOSTS) {
    test(`is worked out beside the page, in a worker, on ${host}`, async () => {
      const reader = await house.reader();
      const derivations = await countsDerivations(reader);
      await isServedWith(reader, change);
      await reader.opens(THREAD);
      const sent = await posts(reader, { body: `Dans un ouvrier, ${host}`, ...AUTHOR });
      assert.ok(readProof(sent.captcha).counter >= 100);
      assert.equal((await derivations()).all, 0);
      await reader.isToldThatAPersonWillReadIt();
      await reader.findsNothingWrong();
      await reader.leaves();
    });
  }

  test("where workers are forbidden, the page works it out and gives way between slices", async () => {
    const reader = await house.reader();
    const derivations = await countsDerivations(reader);
    await isServedWith(reader, (policy) => policy.replace("worker-src 'self' blob:", "worker-src 'none'"));
    await reader.opens(THREAD);
    const sent = await posts(reader, { body: "Sans ouvrier", ...AUTHOR });
    const { counter } = readProof(sent.captcha);
    const { all, most } = await derivations();
    assert.ok(all > counter, `${all} derivations for the counter ${counter}`);
    assert.ok(most <= SLICE, `${most} derivations without giving way`);
    await reader.isToldThatAPersonWillReadIt();
    await reader.leaves();
  });

  test("where the browser cannot, the comment is sent without and waits for a person", async () => {
    const reader = await house.reader();
    await reader.page.addInitScript(() => Object.defineProperty(Crypto.prototype, "subtle", { get: () => undefined }));
    await reader.opens(THREAD);
    const sent = await posts(reader, { body: "Sans cryptographie", ...AUTHOR });
    assert.equal(sent.captcha, undefined);
    await reader.isToldThatAPersonWillReadIt();
    await reader.findsNothingWrong();
    await reader.leaves();
  });

  test("one more check runs while the reader goes on, and its outcome is shown", async () => {
    const { solution, ...given } = challenge(60);
    const reader = await house.reader();
    let answers;
    const released = new Promise((release) => { answers = release; });
    await isAskedForMore(reader, { kind: "proof", challenge: given });
    let sentProof;
    await reader.page.route(STEP_UP, async (route) => {
      sentProof = route.request().postDataJSON().proof;
      await released;
      await route.fulfill({ json: { status: "approved", passed: true } });
    });
    await reader.opens(THREAD);
    await posts(reader, { body: "Encore un effort", ...AUTHOR });
    await reader.sees(/Encore une vérification automatique…/);
    await reader.sees(/Suivre mon commentaire/);
    await reader.takesPicture("check-once-more");
    assert.equal(await reader.body.inputValue(), "", "the form is free for another comment");
    await eventually(() => assert.deepEqual(readProof(sentProof), solution));
    answers();
    await eventually(async () => assert.equal(await reader.page.getByText("Votre commentaire est en ligne", { exact: true }).count(), 2, "above the form and on the comment"));
    assert.deepEqual(await reader.barriers(), []);
    await reader.findsNothingWrong();
    await reader.leaves();
  });

  test("one more check that fails leaves the comment with a person", async () => {
    const { solution, ...given } = challenge(5);
    assert.ok(solution);
    for (const stepUp of [{ kind: "proof", challenge: given }, { kind: "token" }, { kind: "unknown" }]) {
      const reader = await house.reader();
      await isAskedForMore(reader, stepUp);
      await reader.page.route(STEP_UP, (route) => route.abort("connectionreset"));
      await reader.opens(THREAD);
      await posts(reader, { body: `Un effort de trop, ${stepUp.kind}`, ...AUTHOR });
      await reader.sees(/une personne le lira avant publication/);
      await reader.leaves();
    }
  });
});
