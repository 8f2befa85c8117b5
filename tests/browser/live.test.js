/**
 * The review page while it is open: what comes in, what others decide and read, and the end of a session.
 * Covers what Q14, Q15 and Q16 ask of rows that are there, and B5 for them.
 */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { eventually, startPalabre } from "./support.js";

const THREAD = "vivant";
const EVENTS = /\/moderation\/events$/;

describe("the review page, open", () => {
  let house, rokia, awa;

  before(async () => {
    house = await startPalabre({ PALABRE_RATE_LIMIT__ENABLED: "false" });
    rokia = await house.owner();
    await rokia.signsIn();
    for (const number of [1, 2, 3]) await comes(`Avis numéro ${number}.`);
    // A second person, by the link that an owner hands out.
    await rokia.opens("/moderators");
    await rokia.fillsIn({ Nom: "Awa Ouédraogo", "Adresse e-mail": "awa@exemple.test" });
    await rokia.page.getByLabel("Site", { exact: true }).selectOption("demo");
    await rokia.presses(rokia.page.getByRole("button", { name: "Inviter" }));
    const link = (await rokia.page.locator("pre code").innerText()).trim();
    awa = await house.stranger();
    await awa.opens(link);
    await awa.fillsIn({ "Phrase secrète": "les ânes du marché de Gounghin" });
    await awa.presses(awa.page.getByRole("button", { name: "Se connecter" }));
  });
  after(() => house?.stop());

  const comes = (body, name = "Issa Kaboré") => house.hasComment({ body, name, thread: THREAD });

  /** Opens the queue and waits until it hears what happens. */
  async function watches(person, status) {
    const heard = person.page.waitForResponse((response) => EVENTS.test(new URL(response.url()).pathname));
    await person.opensQueue(status);
    await heard;
    await person.page.evaluate(() => {
      globalThis.shift = 0;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) globalThis.shift += entry.value;
      }).observe({ type: "layout-shift", buffered: false });
    });
  }

  const shiftOf = (person) => person.page.evaluate(() => globalThis.shift);
  /** A tab of the queue with its count. */
  async function tab(person, name) {
    const link = person.page.getByRole("navigation", { name: /États/ }).getByRole("link", { name });
    return (await link.innerText()).replaceAll(/\s+/g, " ");
  }
  /** What somebody hears who listens to the page. */
  const hears = (person) => person.page.getByRole("status").innerText();
  const chip = (person, text) => person.entry(text).locator(".reading");

  test("what comes in is said and moves nothing, and is shown when asked for", async () => {
    await watches(awa);
    const rows = await awa.page.getByRole("article").count();
    await comes("Celui-ci arrive pendant la lecture.");
    await awa.sees("1 nouveau");
    assert.equal(await hears(awa), "1 nouveau");
    await eventually(async () => assert.equal(await tab(awa, /À relire/), "À relire 4"));
    await comes("Celui-là aussi.");
    await awa.sees("2 nouveaux");
    assert.equal(await hears(awa), "1 nouveau", "not each one by itself");
    assert.equal(await awa.page.title(), "(2) À relire · Palabre");
    assert.equal(await awa.page.getByRole("article").count(), rows, "no row comes between the others");
    assert.ok((await shiftOf(awa)) <= 0.01, `${await shiftOf(awa)}`);
    await awa.takesPicture("queue-live-new");
    assert.deepEqual(await awa.barriers(), []);
    await awa.page.getByRole("link", { name: "2 nouveaux" }).click();
    await awa.sees("Celui-là aussi.");
    assert.equal(await awa.page.getByRole("article").count(), rows + 2);
    assert.equal(await awa.page.getByRole("link", { name: /nouveau/ }).count(), 0);
    assert.equal(await awa.page.title(), "À relire · Palabre");
  });

  test("what somebody else decides is said in its row, which stays where it is", async () => {
    await watches(awa);
    const first = awa.entry("Avis numéro 1.");
    const height = (await first.boundingBox()).height;
    await rokia.opensQueue();
    await rokia.rejects("Avis numéro 1.");
    await eventually(async () => assert.match(await first.innerText(), /Refusé\s+par Rokia Sawadogo, \d\d:\d\d/));
    assert.equal(await first.getByRole("button").count(), 0, "its buttons would come too late");
    assert.equal((await first.boundingBox()).height, height);
    assert.ok((await shiftOf(awa)) <= 0.01, `${await shiftOf(awa)}`);
    await eventually(async () => assert.equal(await tab(awa, /À relire/), "À relire 4"));
    await awa.takesPicture("queue-live-decided");
    assert.deepEqual(await awa.barriers(), []);

    // Taken back, it waits again, and its buttons count for what it is now.
    await rokia.undoes();
    await eventually(async () => assert.match(await chip(awa, "Avis numéro 1.").innerText(), /^Décision annulée par Rokia/));
    await awa.approves("Avis numéro 1.");
    assert.match(await hears(awa), /^Publié\s: Issa Kaboré/);
  });

  test("who is about to press a button of that row keeps their place", async () => {
    await watches(awa);
    await awa.entry("Avis numéro 2.").getByRole("button", { name: /^Publier/ }).focus();
    await rokia.opensQueue();
    await rokia.rejects("Avis numéro 2.");
    await eventually(async () => {
      const focused = await awa.page.evaluate(() => document.activeElement.textContent);
      assert.match(focused, /^Refusépar Rokia/);
    });
    await awa.page.keyboard.press("Tab");
    const next = await awa.page.evaluate(() => document.activeElement.closest("article")?.textContent);
    assert.match(next, /Avis numéro 3\./, "the keyboard goes on from there");
    await awa.entry("Avis numéro 2.").locator(".note").focus();
    await rokia.undoes();
    await eventually(async () => assert.match(await hears(awa), /^Décision annulée par Rokia/));
    const focused = await awa.page.evaluate(() => [
      document.activeElement.tagName,
      document.activeElement.closest("article").textContent,
    ]);
    assert.equal(focused[0], "BUTTON", "taken back, its buttons are there again, and so is the keyboard");
    assert.match(focused[1], /Avis numéro 2\./);
  });

  test("what was set aside or erased says so, whoever reads it meanwhile", async () => {
    const [aside, regretted] = ["À voir avec la rédaction.", "Je le regretterai."];
    await comes(aside);
    const erased = await comes(regretted);
    await watches(awa);
    await rokia.opensQueue();
    await rokia.entry(aside).getByRole("button", { name: /^Publier/ }).focus();
    await eventually(async () => assert.equal(await chip(awa, aside).innerText(), "Rokia Sawadogo relit"));
    await rokia.setsAside(aside);
    // The lease ends with it, and is told after it.
    await rokia.entry(regretted).getByRole("button", { name: /^Publier/ }).focus();
    await eventually(async () => assert.equal(await chip(awa, regretted).innerText(), "Rokia Sawadogo relit"));
    assert.match(await awa.entry(aside).innerText(), /Mis de côté\s+par Rokia Sawadogo, \d\d:\d\d/);

    const answer = await fetch(`${house.receiptAddress(erased.receipt)}/erase`, { method: "POST", redirect: "manual" });
    assert.ok(answer.status < 400, `${answer.status}`);
    await eventually(async () => assert.match(await chip(awa, regretted).innerText(), /^Changé entre-temps/));
  });

  test("who reads what is seen by the others, and keeps nobody out", async () => {
    const phone = await house.owner({ theme: "dark", width: 360 });
    await watches(phone);
    const here = "Celui-ci arrive pendant la lecture.";
    const there = "Celui-là aussi.";
    await awa.opensQueue();
    await awa.entry(here).getByRole("button", { name: /^Refuser/ }).focus();
    await eventually(async () => assert.equal(await chip(phone, here).innerText(), "Awa Ouédraogo relit"));
    assert.ok((await shiftOf(phone)) <= 0.01, `${await shiftOf(phone)}`);
    await phone.takesPicture("queue-live-reading");
    assert.deepEqual(await phone.barriers(), []);
    assert.equal(await chip(awa, here).innerText(), "", "one knows what one reads");
    await phone.reloads();
    assert.equal(await chip(phone, here).innerText(), "Awa Ouédraogo relit", "also on a page made now");

    // The first who reads is the one who is shown, until they go on.
    await phone.entry(here).locator("summary").focus();
    await awa.entry(there).getByRole("button", { name: /^Refuser/ }).focus();
    await eventually(async () => assert.equal(await chip(phone, there).innerText(), "Awa Ouédraogo relit"));
    assert.equal(await chip(phone, here).innerText(), "");
    await rokia.opensQueue();
    await rokia.approves(there);
    await eventually(async () => assert.match(await phone.entry(there).innerText(), /Publié\s+par Rokia/));
    assert.equal(await chip(phone, there).innerText(), "", "what is decided is read by nobody");
    await phone.takesPicture("queue-live-decided");
    assert.deepEqual(await phone.barriers(), []);
    await phone.findsNothingWrong();
    await phone.leaves();
  });

  test("what comes in between the making of a second tab and its script is not missed", async () => {
    await watches(awa);
    const second = await awa.window.context.newPage();
    let begins;
    const held = new Promise((resolve) => { begins = resolve; });
    await second.route(/-queue\.js/, (route) => held.then(() => route.continue()));
    await second.goto("/queue", { waitUntil: "commit" });
    await second.getByRole("article").first().waitFor();
    await comes("Entre page et script.");
    await awa.sees("1 nouveau");
    const before = awa.window.requestsTo(EVENTS);
    begins();
    await second.getByRole("link", { name: "1 nouveau" }).waitFor();
    await eventually(() => assert.equal(awa.window.requestsTo(EVENTS), before + 1, "the first tab asks once more"));
    await second.close();
  });

  test("tabs of one browser share a stream, and the next takes over", async () => {
    await watches(awa);
    const second = await awa.window.context.newPage();
    const before = awa.window.requestsTo(EVENTS);
    await second.goto("/queue");
    await eventually(() => assert.equal(awa.window.requestsTo(EVENTS), before + 1, "the first tab asks for both"));
    const asked = awa.window.requestsTo(EVENTS);
    await comes("Vu de deux onglets.");
    const news = second.getByRole("link", { name: /nouveau/ });
    await awa.sees("1 nouveau");
    await news.waitFor();
    assert.equal(awa.window.requestsTo(EVENTS), asked, "the second tab asked for no stream");
    await awa.page.goto("/account");
    await eventually(() => assert.equal(awa.window.requestsTo(EVENTS), asked + 1));
    await comes("Vu du second.");
    await second.getByRole("link", { name: "2 nouveaux" }).waitFor();
    await second.close();
  });

  test("a second tab adds up all sites, and each tells the one that it is about", async () => {
    const owner = await house.owner();
    await watches(owner);
    await owner.page.evaluate(async () => {
      const headers = { "content-type": "application/json" };
      const send = (path, body) => fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
      const made = await send("/api/v1/sites", { id: "quais", name: "Les Quais", origins: [] });
      if (made.status !== 201) throw new Error(await made.text());
    });
    const comesThere = async (body) => {
      const text = { thread: "port", body, name: "Aïcha Sanou", email: "aicha@exemple.test" };
      const headers = { "content-type": "application/json" };
      const path = `${house.url}/api/v1/sites/quais/comments`;
      const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(text) });
      assert.equal(answer.status, 202);
    };
    await comesThere("Au port.");
    await watches(owner);
    const all = Number((await tab(owner, /À relire/)).split(" ").at(-1));
    const second = await owner.window.context.newPage();
    await second.goto("/queue?site=quais");
    const third = await owner.window.context.newPage();
    await third.goto("/queue");
    await comesThere("Encore au port.");
    await third.getByRole("link", { name: "1 nouveau" }).waitFor();
    const waiting = (page) => page.getByRole("link", { name: /À relire/ }).first().innerText();
    await eventually(async () => {
      assert.equal(await tab(owner, /À relire/), `À relire ${all + 1}`);
      assert.match(await waiting(third), new RegExp(`À relire\\s+${all + 1}$`));
      assert.match(await waiting(second), /À relire\s+2$/);
    });
    await comes("Pas au port.");
    await third.getByRole("link", { name: "2 nouveaux" }).waitFor();
    assert.equal(await second.getByRole("link", { name: "1 nouveau" }).count(), 1);
    await owner.leaves();
  });

  test("without a stream the counts are asked for", async () => {
    const other = await house.owner();
    await other.page.route(EVENTS, (route) => route.fulfill({ status: 503, body: "" }));
    await other.page.clock.install();
    await other.opensQueue();
    const before = await tab(other, /À relire/);
    await comes("Sans flux.");
    await other.page.clock.fastForward(31_000);
    await eventually(async () => assert.notEqual(await tab(other, /À relire/), before));
    await other.leaves();
  });

  test("who is shut out is told so, on the page that is open, until they come in again", async () => {
    await watches(awa);
    const place = () => awa.page.getByRole("article").first().boundingBox();
    const before = await place();
    await rokia.opens("/moderators");
    await rokia.presses(rokia.page.getByRole("button", { name: "Suspendre" }).first());
    await awa.sees("Votre session est terminée");
    await comes("Ceci ne la regarde plus.");
    await awa.takesPicture("queue-live-over");
    assert.deepEqual(await awa.barriers(), []);
    assert.equal(await awa.page.getByRole("link", { name: /nouveau/ }).count(), 0);
    assert.deepEqual(await place(), before, "nothing makes room for it");
    const door = await awa.page.getByRole("link", { name: "Se connecter" }).first().getAttribute("href");
    assert.match(door, /^\/login\?next=/);

    await rokia.presses(rokia.page.getByRole("button", { name: "Laisser revenir" }).first());
    const second = await awa.window.context.newPage();
    await second.goto(door);
    await second.getByLabel("Adresse e-mail").fill("awa@exemple.test");
    await second.getByLabel("Phrase secrète").fill("les ânes du marché de Gounghin");
    await second.getByRole("button", { name: "Se connecter" }).click();
    await eventually(async () => assert.equal(await awa.page.getByText("Votre session est terminée").count(), 0));
    await comes("Ceci la regarde de nouveau.");
    await awa.sees(/nouveaux?/);
    await second.close();
    await comes("Et ceci, sans l’autre onglet.");
    await awa.sees("3 nouveaux");
  });
});
