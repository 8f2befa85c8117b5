/**
 * Deciding by key: at once on the page and behind it on the server, also where the line is slow, away or held back.
 * Covers Q5 to Q8, Q10, Q12 and Q13.
 */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { eventually, startPalabre } from "./support.js";

const DECISIONS = "/api/v1/moderation/decisions";

describe("deciding by key", () => {
  let house, thread, person, asked;

  before(async () => {
    house = await startPalabre({ PALABRE_RATE_LIMIT__ENABLED: "false" });
    thread = await house.demonstrationThread();
    person = await house.moderator();
    await person.signsIn();
    person.page.on("request", (request) => {
      const { pathname } = new URL(request.url());
      if (pathname.startsWith("/api/")) asked.push({ method: request.method(), pathname, body: request.postDataJSON() });
    });
  });
  after(() => house?.stop());

  const comes = async (label, count) => {
    for (let number = 1; number <= count; number += 1) await house.hasComment({ body: `${label} ${number}.`, thread });
  };

  /** Opens the queue, and from then on writes down what goes to the server. */
  async function atTheQueue() {
    await person.page.unrouteAll();
    await person.page.goto("/queue?order=oldest");
    asked = [];
    await person.page.evaluate(() => {
      globalThis.shift = 0;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) globalThis.shift += entry.value;
      }).observe({ type: "layout-shift", buffered: false });
    });
  }

  const press = (key) => person.page.keyboard.press(key);
  const writes = () => asked.filter(({ pathname }) => pathname === DECISIONS);
  const waiting = (status = "pending") => person.page.evaluate(async (wanted) => {
    const response = await fetch(`/api/v1/moderation/queue?status=${wanted}&limit=100`);
    return (await response.json()).items.map(({ body }) => body);
  }, status);
  const buttons = (text) => person.entry(text).getByRole("button", { name: /^(Publier|Refuser)/ }).count();

  test("while the first answer is held back, twenty decisions go in two writes, and none is lost", async () => {
    await comes("Retenu", 20);
    await atTheQueue();
    let release;
    const held = new Promise((resolve) => { release = resolve; });
    let isFirst = true;
    await person.page.route((address) => address.pathname === DECISIONS, async (route) => {
      if (isFirst) {
        isFirst = false;
        await held;
      }
      await route.continue();
    });
    const before = await waiting();
    for (let number = 0; number < 20; number += 1) await press(number % 2 === 0 ? "a" : "r");
    for (const body of before.slice(0, 20)) assert.equal(await buttons(body), 0, `${body} is decided on the page`);
    assert.equal(writes().length, 1, "one at a time");
    release();
    await eventually(async () => assert.equal((await waiting()).length, before.length - 20));
    assert.deepEqual(writes().map(({ body }) => body.decisions.length), [1, 19]);
    assert.ok((await waiting("approved")).filter((body) => body.startsWith("Retenu")).length === 10);
    assert.ok((await waiting("rejected")).filter((body) => body.startsWith("Retenu")).length === 10);
    const shift = await person.page.evaluate(() => globalThis.shift);
    assert.ok(shift <= 0.01, `${shift}`);
    const reads = asked.filter(({ method, pathname }) => method === "GET" && !/queue|events|context/.test(pathname));
    assert.deepEqual(reads, []);
    await person.takesPicture("queue-keys");
    assert.deepEqual(await person.barriers(), []);
  });

  test("what was decided is taken back step by step, also before it was sent", async () => {
    await comes("Repris", 3);
    await atTheQueue();
    const before = await waiting();
    for (const key of ["a", "s", "h", "u", "u", "u"]) await press(key);
    await eventually(async () => assert.deepEqual((await waiting()).sort(), before.sort()));
    for (const number of [1, 2, 3]) assert.ok((await buttons(`Repris ${number}.`)) > 0, "its buttons are back");
    const status = await person.page.getByRole("status").innerText();
    assert.match(status, /^Décision annulée/);
    await press("a");
    await eventually(async () => assert.equal((await waiting()).length, before.length - 1));
  });

  test("without a line work goes on, and everything arrives once when it is back", async () => {
    await comes("Hors ligne", 8);
    await atTheQueue();
    const before = await waiting();
    await person.window.context.setOffline(true);
    for (let number = 0; number < before.length; number += 1) await press("a");
    await person.sees(/Hors ligne\s: \d+ décisions? en attente/);
    await person.takesPicture("queue-keys-offline");
    await person.window.context.setOffline(false);
    await eventually(async () => assert.deepEqual(await waiting(), []));
    const keys = writes().flatMap(({ body }) => body.decisions.map(({ key }) => key));
    assert.equal(new Set(keys).size, before.length, "each has one key, however often it is sent");
    await eventually(async () => assert.equal(await person.page.getByText(/en attente$/).count(), 0));
  });

  test("what a colleague decided first is said in its row, and the others go through", async () => {
    await comes("Disputé", 3);
    await atTheQueue();
    // In another window, of which this one does not hear.
    await person.page.route(/moderation\/events/, (route) => route.abort());
    await person.page.reload();
    await person.page.evaluate(async ([path, text]) => {
      const { items } = await (await fetch("/api/v1/moderation/queue?limit=100")).json();
      const { id: comment, version } = items.find(({ body }) => body === text);
      const decisions = [{ comment, version, action: "reject", key: "elsewhere" }];
      const headers = { "content-type": "application/json" };
      await fetch(path, { method: "POST", headers, body: JSON.stringify({ decisions }) });
    }, [DECISIONS, "Disputé 2."]);
    for (let number = 0; number < 3; number += 1) await press("a");
    await eventually(async () => assert.match(await person.entry("Disputé 2.").innerText(), /Déjà refusé\s+par Rokia/));
    await eventually(async () => {
      const approved = await waiting("approved");
      assert.deepEqual([1, 2, 3].map((number) => approved.includes(`Disputé ${number}.`)), [true, false, true]);
    });
  });

  test("letters in a field are letters, and a module that stays away leaves the forms", async () => {
    await comes("Sans module", 1);
    await person.page.unrouteAll();
    await person.page.route(/-decide\.js$/, (route) => route.abort());
    await person.page.goto("/queue?order=oldest");
    await press("a");
    await person.presses(await person.buttonOf("Sans module 1.", "Publier"));
    await person.sees(/^Publié\s: Awa Traoré/);
  });
});
