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

  /** Holds the first decisions back; gives what lets them go. */
  async function holdsTheFirst() {
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
    return () => release();
  }

  test("while the first answer is held back, fifty decisions go in four writes, and none is lost", async () => {
    await comes("Retenu", 50);
    await atTheQueue();
    const release = await holdsTheFirst();
    const before = await waiting();
    for (let number = 0; number < 50; number += 1) await press(number % 2 === 0 ? "a" : "r");
    for (const body of before.slice(0, 50)) assert.equal(await buttons(body), 0, `${body} is decided on the page`);
    assert.equal(writes().length, 1, "one at a time");
    release();
    await eventually(async () => assert.equal((await waiting()).length, before.length - 50));
    assert.deepEqual(writes().map(({ body }) => body.decisions.length), [1, 20, 20, 9]);
    assert.ok((await waiting("approved")).filter((body) => body.startsWith("Retenu")).length === 25);
    assert.ok((await waiting("rejected")).filter((body) => body.startsWith("Retenu")).length === 25);
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

  test("Q18: several are chosen and decided in one step, and taken back in one", async () => {
    await comes("Choisi", 4);
    await atTheQueue();
    const before = await waiting();
    for (const key of ["x", "j", "j", "x", "A"]) await press(key);
    await eventually(async () => assert.equal((await waiting()).length, before.length - 2));
    assert.deepEqual(writes().map(({ body }) => body.decisions.map(({ action }) => action)).flat(), ["approve", "approve"]);
    await press("u");
    await eventually(async () => assert.deepEqual((await waiting()).sort(), before.sort()));
    await press("*");
    assert.equal(await person.page.getByRole("checkbox", { checked: true }).count(), before.length);
    await person.takesPicture("queue-chosen");
    assert.deepEqual(await person.barriers(), []);
    await press("*");
    assert.equal(await person.page.getByRole("checkbox", { checked: true }).count(), 0);
  });

  test("Q17: ? shows every key, Esc closes it, and the hand is where it was", async () => {
    await atTheQueue();
    const inHand = () => person.page.evaluate(() => document.activeElement.id);
    await press("j");
    await eventually(async () => assert.notEqual(await inHand(), ""));
    const row = await inHand();
    await press("?");
    await person.sees("Annuler votre dernière décision");
    assert.deepEqual(await person.barriers(), []);
    await press("a");
    await press("Escape");
    assert.equal(await person.page.getByRole("dialog").count(), 0);
    assert.equal(await inHand(), row);
    assert.deepEqual(writes(), [], "no key decides behind the help");
  });

  test("Q2: what stands around the row that kept the focus stands beside it", async () => {
    await atTheQueue();
    await press("j");
    const panel = person.page.getByRole("complementary", { name: "Contexte" });
    await eventually(async () => assert.match(await panel.innerText(), /Histoire de ce commentaire/));
    assert.match(await panel.innerText(), /Conversation/);
    assert.equal(asked.filter(({ pathname }) => pathname.endsWith("/context")).length, 1);
    assert.deepEqual(await person.barriers(), []);
    const shift = await person.page.evaluate(() => globalThis.shift);
    assert.ok(shift <= 0.01, `${shift}`);
  });

  test("Q2, Q17: where there is no room beside the list, the context comes in front of it, by key and by button", async () => {
    const phone = await house.moderator({ width: 360, storageState: await person.window.context.storageState() });
    await phone.page.goto("/queue?order=oldest");
    const row = phone.page.getByRole("article").first();
    await row.locator("summary").click();
    await phone.page.getByRole("button", { name: "Conversation" }).click();
    const sheet = phone.page.getByRole("dialog", { name: "Contexte" });
    await eventually(async () => assert.match(await sheet.innerText(), /Histoire de ce commentaire/));
    await phone.takesPicture("queue-context");
    assert.deepEqual(await phone.barriers(), []);
    await phone.findsNothingWrong();
    await sheet.getByRole("button", { name: "Fermer" }).click();
    assert.equal(await phone.page.getByRole("dialog").count(), 0);
    await phone.page.keyboard.press("p");
    await eventually(async () => {
      const heading = await phone.page.evaluate(() => document.activeElement.textContent);
      assert.equal(heading, "Ses derniers commentaires");
    });
    await phone.page.keyboard.press("Escape");
    assert.equal(await phone.page.getByRole("dialog").count(), 0);
    await phone.leaves();
  });

  test("Q13: a slow line is not told as none", async () => {
    await comes("Ligne", 4);
    await atTheQueue();
    let isOpen = false;
    const seen = [];
    await person.page.route((address) => address.pathname === DECISIONS, async (route) => {
      if (!isOpen) await new Promise((wake) => setTimeout(wake, 400));
      await route.continue();
      seen.push(await person.page.locator("#off").innerText());
    });
    for (const key of ["a", "a", "r"]) await press(key);
    await eventually(async () => assert.equal(seen.length, 2));
    isOpen = true;
    assert.deepEqual(seen, ["", ""], "decisions are on their way");
  });

  test("Q13: a line that goes before the first key loses nothing", async () => {
    await person.page.unrouteAll({ behavior: "wait" });
    await person.page.route(/-decide\.js$/, (route) => route.abort());
    await person.page.goto("/queue?order=oldest");
    await person.window.context.setOffline(true);
    const off = person.page.locator("#off");
    await press("a");
    await eventually(async () => assert.match(await off.innerText(), /rien n’est encore décidé/));
    await person.page.getByRole("article").first().getByRole("button", { name: /^Publier/ }).click();
    assert.match(await person.page.title(), /À relire/, "the page is still there");
    await person.window.context.setOffline(false);
    await eventually(async () => assert.ok(!(await off.isVisible())));
  });

  test("V9: letters are no keys on a device where that was chosen, and Ctrl+Z and ? still are", async () => {
    await comes("Lettres", 2);
    await atTheQueue();
    await press("?");
    const letters = person.page.getByLabel("Lettres seules");
    await letters.uncheck();
    await press("Escape");
    await person.page.reload();
    await press("a");
    await press("j");
    await press("?");
    await letters.waitFor();
    assert.equal(await letters.isChecked(), false, "it is remembered");
    assert.deepEqual(writes(), [], "nothing was decided");
    await letters.check();
    await press("Escape");
    await press("a");
    await eventually(async () => assert.equal(writes().length, 1));
    await press("u");
    await eventually(async () => assert.equal(writes().length, 2));
  });

  test("the lease goes with decisions that are on their way, and by itself where none are", async () => {
    await comes("Bail", 3);
    await atTheQueue();
    const release = await holdsTheFirst();
    const leases = () => asked.filter(({ pathname }) => pathname.endsWith("/leases")).length;
    await press("a");
    await press("a");
    const before = leases();
    await new Promise((wake) => setTimeout(wake, 1500));
    assert.equal(leases(), before, "none by itself while decisions are held back");
    release();
    await eventually(async () => assert.equal(writes().length, 2));
    const inHand = await person.page.evaluate(() => document.activeElement.id.slice(1));
    assert.equal(writes()[1].body.lease, inHand);
    await press("j");
    await eventually(async () => assert.equal(leases(), before + 1));
  });

  test("what follows is put below what is there, as far as one likes", async () => {
    const there = (await waiting()).length;
    await comes("Suite", Math.max(0, 70 - there));
    await atTheQueue();
    const rows = person.page.getByRole("article");
    assert.equal(await rows.count(), 50);
    const first = await rows.first().getAttribute("id");
    await person.page.getByRole("link", { name: "La suite" }).click();
    await eventually(async () => assert.ok(await rows.count() >= 70));
    assert.equal(await rows.first().getAttribute("id"), first, "nothing moved above");
    const ids = await person.page.evaluate(() => [...document.querySelectorAll("article.item")].map(({ id }) => id));
    assert.equal(new Set(ids).size, ids.length, "no row is there twice");
    assert.match(person.page.url(), /order=oldest$/);
    assert.deepEqual(await person.barriers(), []);
    await rows.last().getByRole("button", { name: /^Publier/ }).click();
    await eventually(async () => assert.equal(writes().length, 1));
  });

  test("Q19: on a phone the bar at the foot decides about the row in hand, and takes back", async () => {
    const phone = await house.moderator({ width: 360, storageState: await person.window.context.storageState() });
    await phone.page.goto("/queue?order=oldest");
    const before = await waiting();
    const bar = phone.page.getByRole("main").locator(".thumb");
    for (const name of ["Publier", "Refuser"]) await bar.getByRole("button", { name }).click();
    await eventually(async () => assert.equal((await waiting()).length, before.length - 2));
    await bar.getByRole("button", { name: "Annuler" }).click();
    await eventually(async () => assert.equal((await waiting()).length, before.length - 1));
    for (const button of await bar.getByRole("button").all()) assert.ok((await button.boundingBox()).height >= 48);
    await phone.takesPicture("queue-phone");
    assert.deepEqual(await phone.barriers(), []);
    await phone.findsNothingWrong();
    await phone.leaves();
  });

  test("Q19: on a phone whose script stays away each row keeps its buttons", async () => {
    const phone = await house.moderator({ width: 360, storageState: await person.window.context.storageState() });
    await phone.page.route(/-queue\.js$/, (route) => route.abort());
    await phone.page.goto("/queue?order=oldest");
    const button = phone.page.getByRole("article").first().getByRole("button", { name: /^Publier/ });
    assert.ok(await button.isVisible());
    await phone.presses(button);
    await phone.sees(/^Publié\s: Awa Traoré/);
    await phone.leaves();
  });

  test("letters in a field are letters, and a module that stays away leaves the forms", async () => {
    await comes("Sans module", 1);
    await person.page.unrouteAll();
    await person.page.route(/-decide\.js$/, (route) => route.abort());
    await person.page.goto("/queue?order=oldest&q=module");
    await press("a");
    await person.presses(await person.buttonOf("Sans module 1.", "Publier"));
    await person.sees(/^Publié\s: Awa Traoré/);
  });
});
