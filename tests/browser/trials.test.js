/**
 * A moderator's evening in one go: two at one queue, a keyboard and nothing else, forms and no script, a train in a
 * tunnel, and whatever else comes between a decision and the store. What the pages say is held against the store.
 * Covers Q6, Q8, Q10, Q12, Q13, Q14, Q18 and Q22.
 */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { FIRST_OWNER } from "./people.js";
import { eventually, startPalabre, WAYS } from "./support.js";

const DECISIONS = "/api/v1/moderation/decisions";
const AWA = { "Adresse e-mail": "awa@exemple.test", "Phrase secrète": "les ânes du marché de Gounghin" };
const ROKIA = { "Adresse e-mail": FIRST_OWNER["Adresse e-mail"], "Phrase secrète": FIRST_OWNER["Phrase secrète"] };
/** How long a person waits for what is tried again by itself, in milliseconds. */
const LONG_PATIENCE_MS = 30_000;

/** A house with its first owner signed in. */
async function opensHouse() {
  const house = await startPalabre({ PALABRE_RATE_LIMIT__ENABLED: "false" });
  const rokia = await house.owner();
  await rokia.signsIn();
  return { house, rokia };
}

/** Comments with these words, one article in turn of `articles`; their ids. */
async function comeIn(house, label, count, articles = 1) {
  const ids = [];
  for (let number = 1; number <= count; number += 1) {
    const comment = { body: `${label} ${number}.`, name: `Lectrice ${number}`, thread: `${label}-${number % articles}` };
    ids.push((await house.hasComment(comment)).id);
  }
  return ids;
}

/** What the store holds, by a question in SQL: rows of values as text. */
function inStore(house, question) {
  const rows = execFileSync("sqlite3", ["-readonly", "-separator", "\t", join(house.folder, "palabre.db"), question], { encoding: "utf8" });
  return rows.split("\n").filter(Boolean).map((row) => row.split("\t"));
}

/** An id as the store's tools show it. */
const stored = (id) => id.replaceAll("-", "").toUpperCase();

/** What the audit log says of some comments, in its order. */
async function logged(person, ids) {
  const entries = await person.page.evaluate(async () => {
    const response = await fetch("/api/v1/moderation/audit?site=demo&limit=1000");
    return (await response.json()).entries;
  });
  const told = entries.filter(({ comment }) => ids.includes(comment)).map(({ comment, action, actor, at, id }) => ({ comment, action, actor, at, id }));
  return told.sort((one, other) => (one.at + one.id < other.at + other.id ? -1 : 1));
}

const row = (person, id) => person.page.locator(`#i${id}`);
const press = (person, key) => person.page.keyboard.press(key);

/** Keeps how many decisions this person's page sent, and the answers: `{comment, result}` each. */
function listens(person) {
  const heard = { sent: 0, results: [] };
  const isOurs = (request) => new URL(request.url()).pathname === DECISIONS;
  person.page.on("request", (request) => {
    if (isOurs(request)) heard.sent += request.postDataJSON().decisions.length;
  });
  person.page.on("response", async (response) => {
    if (isOurs(response.request())) heard.results.push(...(await response.json()).results);
  });
  return heard;
}

describe("two moderators at one queue", () => {
  let house, rokia, awa;

  before(async () => {
    ({ house, rokia } = await opensHouse());
    awa = await invites(house, rokia);
  });
  after(() => house?.stop());

  test("Q12, Q14: of two hundred each is decided once, what came too late is said, and the counts are the store's", async (t) => {
    const ids = await comeIn(house, "Partagé", 200, 7);
    const people = [
      { person: rokia, key: "a", answers: listens(rokia) },
      { person: awa, key: "r", answers: listens(awa) },
    ];
    // The first decision of each sets off when both are made: they are about the same comment.
    let isOff = 0;
    let go;
    const both = new Promise((resolve) => { go = resolve; });
    for (const { person } of people) {
      await person.page.route((address) => address.pathname === DECISIONS, async (route) => {
        isOff += 1;
        if (isOff === 2) go();
        await both;
        await route.continue();
      });
    }
    await Promise.all(people.map((each) => decidesAll(each)));

    const [ofRokia, ofAwa] = people.map(({ answers }) => answers.results);
    const applied = [...ofRokia, ...ofAwa].filter(({ result }) => result === "applied").map(({ comment }) => comment);
    assert.deepEqual(applied.toSorted(), ids.toSorted(), "each is decided, and once");
    const conflicts = people.flatMap(({ answers }) => answers.results.filter(({ result }) => result === "conflict"));
    assert.ok(conflicts.length >= 1);
    const told = people.reduce((sum, { told }) => sum + told, 0);
    assert.equal(told, conflicts.length, "each conflict is told in its row");
    t.diagnostic(`conflicts: ${conflicts.length}; decided by one: ${applied.length - ofAwa.filter(({ result }) => result === "applied").length}`);

    const log = await logged(rokia, ids);
    assert.equal(log.length, 200);
    assert.equal(new Set(log.map(({ comment }) => comment)).size, 200);
    const versions = new Map(inStore(house, "SELECT hex(id), version FROM comments"));
    assert.deepEqual(ids.filter((id) => versions.get(stored(id)) !== "2"), [], "each was changed once");
    const kept = Object.fromEntries(inStore(house, "SELECT status, count(*) FROM comments GROUP BY status").map(([status, n]) => [status, Number(n)]));
    assert.equal(kept.pending ?? 0, 0);
    for (const { person } of people) {
      await person.opensQueue("approved");
      const shown = async (name) => Number((await person.page.getByRole("link", { name }).first().innerText()).match(/\d+/)?.[0] ?? 0);
      assert.equal(await shown(/^À relire/), 0);
      assert.equal(await shown(/^Publiés/), kept.approved);
      assert.equal(await shown(/^Refusés \d/), kept.rejected);
      await person.findsNothingWrong();
    }
  });

  /** Decides by one key and goes on by `j`, list by list, until nothing waits; `each.told` counts the conflicts shown. */
  async function decidesAll(each) {
    const { person, key, answers } = each;
    each.told = 0;
    for (let list = 0; list < 40; list += 1) {
      const known = answers.results.length;
      await person.opensQueue();
      if ((await person.page.getByRole("article").count()) === 0) return;
      await press(person, "j");
      await eventually(async () => assert.notEqual(await inHand(person), undefined, "a row is in hand"));
      for (let step = 0; step < 120; step += 1) {
        if ((await inHand(person)) !== "open") await press(person, "j");
        if ((await inHand(person)) !== "open") break;
        await press(person, key);
      }
      // A row says that it was decided here until the answer says otherwise.
      await eventually(async () => {
        const own = await person.page.getByRole("article").filter({ hasText: "par vous" }).count();
        const applied = answers.results.slice(known).filter(({ result }) => result === "applied").length;
        assert.deepEqual([applied, answers.results.length], [own, answers.sent], "all are answered");
      });
      const refused = answers.results.slice(known).filter(({ result }) => result !== "applied");
      for (const { comment } of refused) {
        await eventually(async () => assert.match(await row(person, comment).innerText(), /Déjà (publié|refusé)\s+par (Rokia|Awa)/));
        each.told += 1;
      }
    }
    assert.fail("the queue does not end");
  }

  /** Whether the row that has the focus is "open" or "closed"; undefined: none has it. */
  const inHand = (person) => person.page.evaluate(() => {
    const row = document.activeElement.closest("article");
    if (row === null) return undefined;
    return row.querySelector("button[value=approve]")?.checkVisibility() ? "open" : "closed";
  });
});

/** A second person, by the link that an owner hands out. */
async function invites(house, owner) {
  await owner.opens("/moderators");
  await owner.fillsIn({ Nom: "Awa Ouédraogo", "Adresse e-mail": AWA["Adresse e-mail"] });
  await owner.page.getByLabel("Site", { exact: true }).selectOption("demo");
  await owner.presses(owner.page.getByRole("button", { name: "Inviter" }));
  const link = (await owner.page.locator("pre code").innerText()).trim();
  const guest = await house.stranger();
  await guest.opens(link);
  await guest.fillsIn({ "Phrase secrète": AWA["Phrase secrète"] });
  await guest.presses(guest.page.getByRole("button", { name: "Se connecter" }));
  return guest;
}

/** A keyboard, with how often it was pressed. */
class Keyboard {
  constructor(page) {
    this.page = page;
    this.pressed = 0;
  }

  async presses(key) {
    this.pressed += 1;
    await this.page.keyboard.press(key);
  }

  /** Presses a key that leads to another page, and waits for it. */
  async sends(key = "Enter") {
    await Promise.all([this.page.waitForEvent("load"), this.presses(key)]);
  }

  async types(text) {
    this.pressed += text.length;
    await this.page.keyboard.type(text);
  }

  /** Goes on, or back, until what has the focus is called so. */
  async goesTo(name, key = "Tab") {
    const passed = [];
    for (let step = 0; step < 120; step += 1) {
      const here = await this.page.evaluate(() => {
        const { activeElement: one } = document;
        return (one.labels?.[0]?.innerText ?? one.innerText ?? "").replace(/\s+/g, " ").trim();
      });
      if (name.test(here)) return;
      passed.push(here.slice(0, 40));
      await this.presses(key);
    }
    assert.fail(`${key} does not lead to ${name}: ${passed.join(" | ")}`);
  }

  async goesToAndSends(name, key) {
    await this.goesTo(name, key);
    await this.sends();
  }
}

for (const { javaScript, name } of WAYS) {
  describe(`the keyboard and nothing else ${name}`, () => {
    // Without a script each decision is a page: fewer of them, and of each kind.
    const [DECIDED, TAKEN_BACK, TOGETHER] = javaScript ? [50, 5, 10] : [4, 1, 3];
    let house;

    before(async () => {
      let rokia;
      ({ house, rokia } = await opensHouse());
      await comeIn(house, "Clavier", javaScript ? 70 : 12, 3);
      await house.hasComment({ body: "Le baobab de la place.", thread: "arbre" });
      await rokia.leaves();
    });
    after(() => house?.stop());

    test("Q10, Q18, Q22: one signs in, decides, takes back, decides together, searches and signs out", async (t) => {
      const hand = await house.stranger({ javaScript });
      const keyboard = new Keyboard(hand.page);
      const waits = () => Number(inStore(house, "SELECT count(*) FROM comments WHERE status = 'pending'")[0][0]);
      const inAll = waits();
      /** Does something, after which so many wait. */
      const does = async (what, left, act) => {
        keyboard.pressed = 0;
        await act();
        await eventually(() => assert.equal(waits(), left, what));
        t.diagnostic(`${what}: ${keyboard.pressed} presses`);
        return keyboard.pressed;
      };

      await hand.opens("/queue?order=oldest");
      await does("sign in", inAll, async () => {
        await keyboard.goesTo(/^Adresse e-mail/);
        await keyboard.types(ROKIA["Adresse e-mail"]);
        await keyboard.goesTo(/^Phrase secrète/);
        await keyboard.types(ROKIA["Phrase secrète"]);
        await keyboard.sends();
        assert.equal(new URL(hand.page.url()).pathname, "/queue");
      });

      let left = inAll - DECIDED;
      const toDecide = await does(`decide ${DECIDED}`, left, async () => {
        for (let number = 0; number < DECIDED; number += 1) {
          if (javaScript) await keyboard.presses(number % 2 === 0 ? "a" : "r");
          else await keyboard.goesToAndSends(number % 2 === 0 ? /^Publier ?,/ : /^Refuser ?,/);
        }
      });
      if (javaScript) assert.equal(toDecide, DECIDED, "one key for each");

      left += TAKEN_BACK;
      await does(`take ${TAKEN_BACK} back`, left, async () => {
        if (javaScript) for (let number = 0; number < TAKEN_BACK; number += 1) await keyboard.presses("u");
        else await keyboard.goesToAndSends(/^Annuler/, "Shift+Tab");
      });

      left -= TOGETHER;
      await does(`decide ${TOGETHER} together`, left, async () => {
        if (javaScript) {
          await keyboard.presses("g");
          await keyboard.sends("r");
          for (let number = 0; number < TOGETHER; number += 1) for (const key of ["j", "x"]) await keyboard.presses(key);
          await keyboard.presses("A");
          return;
        }
        for (let number = 0; number < TOGETHER; number += 1) {
          await keyboard.presses("Tab");
          await keyboard.goesTo(/^Choisir/);
          await keyboard.presses("Space");
        }
        await keyboard.goesToAndSends(/^Publier(?! ?,)/);
      });

      await does("search", left, async () => {
        if (javaScript) await keyboard.presses("/");
        else await keyboard.goesTo(/^Rechercher/, "Shift+Tab");
        await keyboard.types("baobab");
        await keyboard.sends();
        await hand.sees("Le baobab de la place.");
        assert.equal(await hand.page.getByRole("article").count(), 1);
      });

      await does("sign out", left, async () => {
        await keyboard.goesTo(/^Menu$/);
        await keyboard.presses("Enter");
        await keyboard.goesToAndSends(/^Se déconnecter/);
        await hand.opens("/queue");
        assert.match(hand.page.url(), /\/login/);
      });
      await hand.findsNothingWrong();
    });
  });
}

describe("what comes between a decision and the store", () => {
  let house, rokia;

  before(async () => {
    ({ house, rokia } = await opensHouse());
  });
  after(() => house?.stop());

  /** Opens the queue, oldest first, and hears no more of what others do. */
  async function hearsNothing(person) {
    await person.page.route(/moderation\/events/, (route) => route.abort());
    await person.page.goto("/queue?order=oldest");
  }

  /** Holds this person's decisions back, until the function that is given is called. */
  async function holds(page) {
    let release;
    const held = new Promise((resolve) => { release = resolve; });
    await page.route((address) => address.pathname === DECISIONS, async (route) => {
      await held;
      await route.continue();
    });
    return release;
  }

  /** Decides elsewhere, as a program with the same session would. */
  const decides = (comment, actions) => rokia.page.evaluate(async ([path, comment, actions]) => {
    const headers = { "content-type": "application/json" };
    for (const action of actions) {
      const body = JSON.stringify({ decisions: [{ key: `${comment}-${action}`, comment, action }] });
      const response = await fetch(path, { method: "POST", headers, body });
      const [{ result }] = (await response.json()).results;
      if (result !== "applied") throw new Error(`${action}: ${result}`);
    }
  }, [DECISIONS, comment, actions]);

  /** Nothing waits any more, and so the next test has the queue for itself. */
  const clears = async () => {
    const ids = await rokia.page.evaluate(async () => {
      const { items } = await (await fetch("/api/v1/moderation/queue?limit=100")).json();
      return items.map(({ id }) => id);
    });
    if (ids.length > 0) await rokia.approvesAtOnce(ids);
  };

  test("Q13: what is decided in a tunnel arrives after it, once each, in its order", async () => {
    const ids = await comeIn(house, "Tunnel", 41, 3);
    const hand = await house.moderator();
    await hand.page.goto("/queue?order=oldest");
    await press(hand, "a");
    await eventually(async () => assert.equal((await logged(rokia, ids)).length, 1));
    const order = await hand.page.getByRole("article").evaluateAll((all) => all.map(({ id }) => id.slice(1)));

    await hand.window.context.setOffline(true);
    for (let number = 1; number <= 40; number += 1) await press(hand, number % 2 === 0 ? "a" : "r");
    await hand.sees(/Hors ligne\s: 40 décisions en attente/);
    for (const id of ids) assert.equal(await row(hand, id).getByRole("button", { name: /^(Publier|Refuser)/ }).count(), 0);
    assert.equal((await logged(rokia, ids)).length, 1, "nothing gets through");
    await hand.window.context.setOffline(false);

    await eventually(async () => assert.equal((await logged(rokia, ids)).length, 41), LONG_PATIENCE_MS);
    await eventually(async () => assert.equal(await hand.page.getByText(/en attente$/).count(), 0));
    const log = await logged(rokia, ids);
    assert.deepEqual(log.map(({ comment }) => comment), order, "in the order of the keys");
    assert.deepEqual(log.slice(1).map(({ action }) => action), order.slice(1).map((_, place) => (place % 2 === 1 ? "approve" : "reject")));
    assert.equal(await hand.page.getByRole("alert").count(), 0);
    await hand.doesNotSee(/Changé entre-temps|Déjà (publié|refusé)/);
    await hand.leaves();
  });

  test("a session that ends in the middle of a batch: what was decided is kept, and made after signing in", async () => {
    await clears();
    const ids = await comeIn(house, "Session", 8);
    const hand = await house.stranger();
    const signsIn = async (page) => {
      await page.goto("/login?next=/queue");
      for (const [label, value] of Object.entries(ROKIA)) await page.getByLabel(label, { exact: true }).fill(value);
      await Promise.all([page.waitForEvent("load"), page.getByRole("button", { name: "Se connecter" }).click()]);
    };
    await signsIn(hand.page);
    await hand.page.goto("/queue?order=oldest");
    const release = await holds(hand.page);
    for (let number = 0; number < 6; number += 1) await press(hand, "a");
    const other = await hand.window.context.newPage();
    await other.goto("/queue");
    await other.getByText("Menu").click();
    await Promise.all([other.waitForEvent("load"), other.getByRole("button", { name: "Se déconnecter" }).click()]);
    release();
    await hand.sees("Votre session est terminée");
    assert.deepEqual(await logged(rokia, ids), [], "nobody decides without a session");
    for (const id of ids.slice(0, 6)) assert.match(await row(hand, id).innerText(), /Publié/);
    await press(hand, "a");
    assert.ok(await row(hand, ids[6]).getByRole("button", { name: /^Publier/ }).isVisible(), "no more is decided meanwhile");

    await signsIn(other);
    await eventually(async () => assert.deepEqual((await logged(rokia, ids)).map(({ comment }) => comment), ids.slice(0, 6)), LONG_PATIENCE_MS);
    await eventually(async () => assert.equal(await hand.page.getByText("Votre session est terminée").count(), 0), LONG_PATIENCE_MS);
    await press(hand, "a");
    await eventually(async () => assert.equal((await logged(rokia, ids)).length, 7));
    await hand.leaves();
  });

  test("two tabs of one person: the second says what the first decided, and when both decide one counts", async () => {
    await clears();
    const ids = await comeIn(house, "Onglets", 3);
    const hand = await house.moderator();
    await hand.page.goto("/queue?order=oldest");
    const second = { page: await hand.window.context.newPage() };
    await second.page.goto("/queue?order=oldest");
    await press(hand, "a");
    await eventually(async () => assert.match(await row(second, ids[0]).innerText(), /Publié\s+par Rokia/));
    const releases = [await holds(hand.page), await holds(second.page)];
    await hand.page.bringToFront();
    await press(hand, "a");
    await second.page.bringToFront();
    for (const key of ["j", "r"]) await press(second, key);
    for (const { page } of [hand, second]) {
      assert.equal(await page.locator(`#i${ids[1]}`).getByRole("button", { name: /^Publier/ }).count(), 0, "both have decided");
    }
    releases[0]();
    await eventually(async () => assert.equal((await logged(rokia, ids)).length, 2));
    releases[1]();
    await eventually(async () => assert.match(await row(second, ids[1]).innerText(), /Déjà publié\s+par Rokia/));
    assert.deepEqual((await logged(rokia, ids)).map(({ action }) => action), ["approve", "approve"]);
    await hand.leaves();
  });

  test("a comment that its author erased meanwhile says so, and the others go through", async () => {
    await clears();
    const made = [];
    for (const body of ["Le premier.", "Je le regrette.", "Le dernier."]) made.push(await house.hasComment({ body, thread: "regret" }));
    const hand = await house.moderator();
    await hearsNothing(hand);
    const answer = await fetch(`${house.receiptAddress(made[1].receipt)}/erase`, { method: "POST", redirect: "manual" });
    assert.ok(answer.status < 400, `${answer.status}`);
    for (let number = 0; number < 3; number += 1) await press(hand, "a");
    await eventually(async () => assert.match(await row(hand, made[1].id).innerText(), /Changé entre-temps|[Ee]ffacé/));
    await eventually(async () => {
      const log = await logged(rokia, made.map(({ id }) => id));
      const approved = log.filter(({ action }) => action === "approve").map(({ comment }) => comment);
      assert.deepEqual(approved, [made[0].id, made[2].id]);
    });
    await hand.leaves();
  });

  test("Q12: a comment that changed and waits again says so, and the next press counts", async () => {
    await clears();
    const [id] = await comeIn(house, "Périmé", 1);
    const hand = await house.moderator();
    await hearsNothing(hand);
    await decides(id, ["reject", "restore"]);
    await press(hand, "a");
    await eventually(async () => assert.match(await row(hand, id).innerText(), /Changé entre-temps/));
    assert.ok(await row(hand, id).getByRole("button", { name: /^Publier/ }).isVisible(), "its buttons are back");
    assert.equal((await logged(rokia, [id])).length, 2, "what was decided about another version is not applied");
    await row(hand, id).getByRole("button", { name: /^Publier/ }).click();
    await eventually(async () => assert.deepEqual((await logged(rokia, [id])).map(({ action }) => action), ["reject", "restore", "approve"]));
    await hand.leaves();
  });
});
