/**
 * Every page in every look: no barrier that axe knows, no sideways scrolling at 320 px,
 * nothing in the console, no policy report; and a picture of each for the eye. The review queue also in each of its
 * states. Covers B1 (light, dark, 320 px, right to left, error state), B11, B12, B13 and V7.
 */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { FIRST_OWNER } from "./people.js";
import { eventually, SITE, startPalabre } from "./support.js";

const LOOKS = [
  { theme: "light", width: 1280 },
  { theme: "dark", width: 1280 },
  { theme: "light", width: 320 },
  { theme: "dark", width: 320 },
];

/** Smallest side of a control that posts or decides, in CSS pixels. */
const SMALLEST_ACTION_PX = 44;

describe("every page in every look", () => {
  const THREAD = "essai";
  let house, receipt;

  before(async () => {
    house = await startPalabre();
    const owner = await house.owner();
    await owner.signsIn();
    const text = "La place sera-t-elle *vraiment* plantée ?";
    await house.hasComment({ body: text, thread: THREAD });
    await owner.opensQueue();
    await owner.approves("La place sera-t-elle");
    ({ receipt } = await house.hasComment({
      body: `> Un mot\n\nUne réponse un peu plus longue, ${"avec-un-mot-sans-fin".repeat(8)}.`,
      name: "Prénom-Composé de la Très-Longue-Lignée-des-Lignes",
      thread: THREAD,
    }));
    await owner.leaves();
  });
  after(() => house?.stop());

  const READER_PAGES = [
    { name: "demo", address: () => "/demo" },
    { name: "thread", address: () => `/t/${SITE}?thread=${THREAD}` },
    { name: "thread-empty", address: () => `/t/${SITE}?thread=vide` },
    { name: "thread-arabic", address: () => `/t/${SITE}?thread=${THREAD}&lang=ar` },
    { name: "receipt", address: () => house.receiptAddress(receipt) },
    { name: "home", address: () => "/" },
    { name: "login", address: () => "/login" },
    { name: "recovery", address: () => "/login/recovery" },
    { name: "docs", address: () => "/docs" },
  ];

  const OWNER_PAGES = [
    { name: "queue", address: () => "/queue" },
    { name: "queue-approved", address: () => "/queue?status=approved" },
    { name: "queue-empty", address: () => "/queue?status=spam" },
    { name: "captcha", address: () => `/sites/${SITE}/captcha` },
    { name: "account", address: () => "/account" },
    { name: "account-passphrase", address: () => "/account/passphrase" },
    { name: "account-second-step", address: () => "/account/second-step" },
    { name: "moderators", address: () => "/moderators" },
    { name: "tokens", address: () => "/tokens" },
    { name: "sites", address: () => "/sites" },
    { name: "settings", address: () => `/sites/${SITE}/settings` },
    {
      name: "captcha-preview",
      address: () => `/sites/${SITE}/captcha?preview=1&publish_from=0.5&step_up_below=&refuse_below=0.3`,
    },
  ];

  async function isForEverybody(person, name) {
    await person.takesPicture(name);
    assert.deepEqual(await person.barriers(), [], `${name}: axe finds nothing`);
    await person.findsNothingWrong();
    await person.leaves();
  }

  for (const look of LOOKS) {
    describe(`${look.theme}, ${look.width} px`, () => {
      for (const { name, address } of READER_PAGES) {
        test(name, async () => {
          const reader = await house.reader(look);
          await reader.opens(address());
          await isForEverybody(reader, name);
        });
      }

      for (const { name, address } of OWNER_PAGES) {
        test(name, async () => {
          const owner = await house.owner(look);
          await owner.opens(address());
          await isForEverybody(owner, name);
        });
      }

      test("a page that is not there", async () => {
        const reader = await house.reader(look);
        await reader.page.goto("/nulle-part");
        await reader.sees("Page introuvable");
        await isForEverybody(reader, "not-found");
      });

      test("the two-step page", async () => {
        const reader = await house.reader({ ...look, scripts: "blocked" });
        await reader.opens(`/t/${SITE}/fragment?thread=${THREAD}`);
        await reader.posts({ body: "Un mot, puis <b>deux</b>.", name: "Awa Traoré", email: "awa@exemple.test" });
        await reader.sees("Encore un clic pour publier");
        await isForEverybody(reader, "confirm");
      });

      test("a reply, its form and the comment it answers", async () => {
        const reader = await house.reader(look);
        await reader.opens(`/t/${SITE}?thread=${THREAD}`);
        await reader.presses(reader.page.getByRole("link", { name: /^Répondre/ }).first());
        await reader.sees("Répondre à Awa Traoré");
        await isForEverybody(reader, "reply");
      });

      test("form errors, found by the page's script", async () => {
        const reader = await house.reader(look);
        await reader.opens("/demo");
        await reader.publishes();
        await reader.page.locator('[aria-invalid="true"]').first().waitFor();
        await isForEverybody(reader, "errors");
      });

      test("form errors, found by the server", async () => {
        const reader = await house.reader({ ...look, scripts: "blocked" });
        await reader.opens("/demo");
        await reader.publishes();
        await reader.page.waitForURL((address) => address.pathname.startsWith("/t/"));
        await isForEverybody(reader, "errors-server");
      });
    });
  }

  test("the Arabic page runs from right to left", async () => {
    const reader = await house.reader();
    await reader.opens(`/t/${SITE}?thread=${THREAD}&lang=ar`);
    const [language, direction] = await reader.page.evaluate(() => [
      document.documentElement.lang,
      getComputedStyle(document.documentElement).direction,
    ]);
    assert.deepEqual([language, direction], ["ar", "rtl"]);
    await reader.leaves();
  });

  test("what posts or decides is large enough for a thumb", async () => {
    const small = async (person, controls) => {
      const found = [];
      for (const control of await controls.all()) {
        if (!(await control.isVisible())) continue;
        const { width, height } = await control.boundingBox();
        if (Math.min(width, height) >= SMALLEST_ACTION_PX) continue;
        found.push(`${await control.innerText()}: ${width} x ${height}`);
      }
      await person.leaves();
      return found;
    };

    const reader = await house.reader({ width: 360 });
    await reader.opens(`/t/${SITE}?thread=${THREAD}`);
    const replies = reader.page.getByRole("link", { name: /^Répondre/ });
    await eventually(async () => assert.ok((await replies.count()) > 0, "a comment to answer"));
    assert.deepEqual(await small(reader, reader.publishButton.or(replies)), []);

    const owner = await house.owner({ width: 360 });
    await owner.opensQueue();
    const actions = owner.page.getByRole("article").getByRole("button");
    assert.deepEqual(await small(owner, actions), []);
  });
});

describe("the review queue in each of its states", () => {
  const QUEUE_LOOKS = {
    light: {},
    dark: { colorScheme: "dark" },
    "forced colours": { forcedColors: "active" },
    "320 px": { width: 320 },
    "right to left": { direction: "rtl" },
    "200 % text": { textSize: "200%" },
  };
  const BODIES = ["Le pont est long.", "Le marché est loin.", "La place est vide.", "La gare est close."];
  let house, owner, ids;

  before(async () => {
    house = await startPalabre({ PALABRE_RATE_LIMIT__ENABLED: "false" });
    owner = await house.owner();
    await owner.signsIn();
    ids = [];
    for (const body of BODIES) ids.push((await house.hasComment({ body, thread: "quais" })).id);
  });
  after(() => house?.stop());

  /** Looks at the page as it stands, in every look. */
  async function isForEverybody(state) {
    const { page } = owner;
    await owner.takesPicture(state);
    for (const [look, { colorScheme = "light", forcedColors = "none", width = 1280, direction = "ltr", textSize = "" }] of Object.entries(QUEUE_LOOKS)) {
      await page.emulateMedia({ colorScheme, forcedColors, reducedMotion: "reduce" });
      await page.setViewportSize({ width, height: 900 });
      const overflow = await page.evaluate(([dir, fontSize]) => {
        document.documentElement.dir = dir;
        document.documentElement.style.fontSize = fontSize;
        return document.documentElement.scrollWidth - window.innerWidth;
      }, [direction, textSize]);
      assert.deepEqual(await owner.barriers(), [], `${state}, ${look}: axe finds nothing`);
      assert.ok(overflow <= 0, `${state}, ${look}: the page is ${overflow} px wider than the window`);
    }
    await page.emulateMedia({ colorScheme: "light", forcedColors: "none" });
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.evaluate(() => {
      document.documentElement.dir = "ltr";
      document.documentElement.style.fontSize = "";
    });
  }

  const press = (key) => owner.page.keyboard.press(key);
  const decidesElsewhere = (comment, action) => owner.page.evaluate(async (decision) => {
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ decisions: [{ ...decision, key: `elsewhere-${decision.comment}` }] });
    await fetch("/api/v1/moderation/decisions", { method: "POST", headers, body });
  }, { comment, action });

  test("rows, the panel, a choice, the help and the menus", async () => {
    await owner.opensQueue();
    await press("j");
    await owner.page.getByRole("complementary", { name: "Contexte" }).getByText("Histoire de ce commentaire").waitFor();
    await isForEverybody("queue-panel");
    for (const key of ["x", "j", "x"]) await press(key);
    assert.equal(await owner.page.getByRole("checkbox", { checked: true }).count(), 2);
    await isForEverybody("queue-choice");
    await press("?");
    await owner.page.getByRole("dialog").waitFor();
    await isForEverybody("queue-help");
    await press("Escape");
    await owner.opensMenu();
    await isForEverybody("queue-menu");
    await owner.page.getByText("Filtrer").click();
    await owner.page.getByLabel("Motif").waitFor();
    await isForEverybody("queue-filters");
  });

  test("what was decided, what somebody decided first, and the end of the session", async () => {
    // Of what happens elsewhere this page does not hear.
    await owner.page.route(/moderation\/events/, (route) => route.abort());
    await owner.opensQueue();
    await decidesElsewhere(ids[1], "reject");
    await press("a");
    await press("a");
    await owner.page.getByText(/^Déjà refusé/).waitFor();
    await isForEverybody("queue-conflict");
    await owner.window.context.clearCookies();
    await press("a");
    await owner.page.getByRole("alert").waitFor();
    await isForEverybody("queue-session-over");
  });

  test("a form that came too late, an empty list and a search without a match", async () => {
    owner = await house.owner({ scripts: "blocked" });
    await owner.opensQueue();
    await decidesElsewhere(ids[2], "reject");
    await owner.presses(owner.entry(BODIES[2]).getByRole("button", { name: /^Publier/ }));
    await owner.sees(/Déjà refusé/);
    await isForEverybody("queue-error");
    await owner.opensQueue("spam");
    await isForEverybody("queue-empty");
    await owner.opens("/queue?q=introuvable");
    await isForEverybody("queue-no-match");
  });
});

describe("the first run in every look", () => {
  for (const look of LOOKS) {
    test(`${look.theme}, ${look.width} px`, async () => {
      const house = await startPalabre();
      try {
        const owner = await house.owner(look);
        const looksAt = async (name) => {
          await owner.takesPicture(name);
          assert.deepEqual(await owner.barriers(), [], `${name}: axe finds nothing`);
          await owner.findsNothingWrong();
        };
        await owner.opens("/setup?code=depasse");
        await looksAt("setup");
        await owner.opensSetupLink();
        await looksAt("setup-you");
        await owner.fillsIn({ "Votre nom": "Rokia", "Adresse e-mail": "rokia@exemple.test", "Phrase secrète": "motdepasse123" });
        await owner.presses(owner.page.getByRole("button", { name: "Continuer" }));
        await owner.sees("Cette phrase secrète serait devinée parmi les premières.");
        await looksAt("setup-you-errors");
        await owner.fillsIn(FIRST_OWNER);
        await owner.presses(owner.page.getByRole("button", { name: "Continuer" }));
        await looksAt("codes");
      } finally {
        await house.stop();
      }
    });
  }
});
