/**
 * What the staff pages say is so: the shares of a score, the price of a rule that refuses, a list that keeps its
 * order, a menu that keeps the site, the way back to observing, and the current entry in forced colours. With
 * JavaScript and without.
 */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { eventually, SITE, startPalabre, WAYS } from "./support.js";

const OTHER_SITE = { Identifiant: "fleuve", "Nom du site": "Le Fleuve", "Adresses des pages": "https://fleuve.exemple.test" };
const LOOKS = [
  { theme: "light", width: 1280 },
  { theme: "dark", width: 1280 },
  { theme: "light", width: 360 },
  { theme: "light", width: 320 },
  { theme: "dark", width: 320 },
];

/** Comments on articles in turn: `articles` of them, `each` on each. */
async function cameIn(house, articles, each) {
  const ids = [];
  for (let round = 0; round < each; round += 1) {
    for (let article = 0; article < articles; article += 1) {
      const body = `Avis ${round} sur l’article ${article}.`;
      ids.push((await house.hasComment({ body, thread: `article-${article}` })).id);
    }
  }
  return ids;
}

/** The texts of the list, in their order. */
function rows(person) {
  return person.page.getByRole("article").locator("div[dir=auto]").allInnerTexts();
}


async function isInSight(person, locator, what) {
  await eventually(async () => {
    const [box, height] = [await locator.boundingBox(), await person.page.evaluate(() => window.innerHeight)];
    assert.ok(box !== null && box.y >= 0 && box.y + Math.min(box.height, 200) <= height, `${what} is in sight: ${JSON.stringify(box)}`);
  });
}

for (const { javaScript, name } of WAYS) {
  describe(`screens ${name}`, () => {
    let house, owner;

    before(async () => {
      house = await startPalabre({ PALABRE_RATE_LIMIT__ENABLED: "false" });
      owner = await house.owner({ javaScript });
      await owner.signsIn();
      await cameIn(house, 7, 9);
    });
    after(() => house?.stop());

    for (const width of [1280, 360]) {
      test(`S8: the hand goes on to the row after the decided one, at ${width} px`, async () => {
        const hand = await house.owner({ javaScript, width });
        await hand.opensQueue();
        for (const place of [9, 0, 6]) {
          const before = await rows(hand);
          await hand.approves(before[place]);
          const after = await rows(hand);
          if (javaScript) assert.deepEqual(after, before, "what is decided stays where it was");
          else assert.deepEqual(after.slice(0, 49), before.toSpliced(place, 1), "nothing else moved");
          await isInSight(hand, hand.entry(before[place + 1]).getByRole("heading"), "the next row");
          await isInSight(hand, hand.undoButton, "the way back");
          await hand.findsNothingWrong();
          if (javaScript) assert.deepEqual(await hand.barriers(), []);
          if (place === 9) await hand.takesPicture("queue-next");
          await hand.undoes();
          assert.deepEqual(await rows(hand), before, "taken back, it is where it was");
          await isInSight(hand, hand.entry(before[place]).getByRole("heading"), "what was taken back");
        }
        await hand.leaves();
      });
    }

    test("S8: a hard comment can be passed by, and page two stays page two", async () => {
      const hand = await house.owner({ javaScript });
      await hand.opensQueue();
      const [hard, ...others] = await rows(hand);
      for (const text of others.slice(0, 5)) await hand.approves(text);
      assert.equal((await rows(hand))[0], hard, "the article stays first");
      // With a script its press puts page two below page one; opened by itself it is a page as any other.
      await hand.page.goto(await hand.page.getByRole("link", { name: "La suite" }).getAttribute("href"));
      const before = await rows(hand);
      await hand.rejects(before[2]);
      assert.deepEqual(await rows(hand), javaScript ? before : before.toSpliced(2, 1));
      await hand.leaves();
    });

    test("S15: the first rule can be taken back by its button", async () => {
      await owner.opensThresholds();
      assert.equal(await owner.observeButton.count(), 0, "one observes already");
      await owner.previews({ publish_from: "0.5", step_up_below: "", refuse_below: "" });
      await owner.applies({ note: "" });
      await owner.opensThresholds();
      assert.equal((await owner.versions()).at(-1), "Version 0");
      await owner.takesPicture("thresholds-versions");
      await owner.presses(owner.observeButton);
      await owner.sees("Version 2 en vigueur. Observation\u202f: tout est relu.");
      assert.equal(await owner.observeButton.count(), 0);
    });

    test("S14: the menu keeps the site, and a switcher leads to another", async () => {
      assert.equal(await owner.switcher.count(), 0, "with one site there is nothing to switch");
      await owner.opens("/sites");
      await owner.fillsIn(OTHER_SITE);
      await owner.presses(owner.page.getByRole("button", { name: "Ajouter le site" }));
      const goes = async (words) => {
        if (!/^(Le |Tous )/.test(words)) await owner.opensMenu();
        await owner.presses(owner.page.getByRole("banner").getByRole("link", { name: words, exact: true }));
        return new URL(owner.page.url()).pathname + new URL(owner.page.url()).search;
      };
      assert.equal(await goes("Équipe"), "/moderators?site=fleuve");
      assert.equal(await goes("Seuils"), "/sites/fleuve/captcha");
      assert.equal(await goes("Défense"), "/sites/fleuve/defence");
      await owner.switcher.click();
      await owner.takesPicture("switcher");
      if (javaScript) assert.deepEqual(await owner.barriers(), []);
      assert.equal(await goes("Le Courrier des Quais"), `/sites/${SITE}/defence`);
      assert.equal(await goes("File de relecture"), `/queue?site=${SITE}`);
      assert.equal(await goes("Jetons"), `/tokens?site=${SITE}`);
      await owner.switcher.click();
      assert.equal(await goes("Tous les sites"), "/tokens");
      assert.equal(await goes("Défense"), "/sites/fleuve/defence", "the demonstration counts as none");
      // A form that leads back to its page leads back to its site.
      await owner.opens("/moderators?site=fleuve");
      await owner.fillsIn({ Nom: "Awa", "Adresse e-mail": "awa@exemple.test" });
      await owner.presses(owner.page.getByRole("button", { name: "Inviter" }));
      await owner.presses(owner.page.getByRole("link", { name: "Continuer" }));
      assert.match(owner.page.url(), /\/moderators\?site=fleuve$/);
      await owner.presses(owner.page.getByRole("button", { name: "Suspendre (Awa)" }));
      assert.match(owner.page.url(), /site=fleuve/);
      await owner.findsNothingWrong();
    });
  });
}

describe("what a rule costs", () => {
  let house;

  before(async () => {
    house = await startPalabre({ PALABRE_RATE_LIMIT__ENABLED: "false" });
    const owner = await house.owner();
    await owner.signsIn();
    for (let number = 0; number < 12; number += 1) {
      const reader = await house.reader({ javaScript: false });
      await reader.opens("/demo");
      await reader.posts({ body: `Un avis, le ${number}.`, name: "Awa", email: "awa@exemple.test" });
      await reader.isToldThatAPersonWillReadIt();
      await reader.leaves();
    }
    await owner.opensQueue();
    const texts = await rows(owner);
    for (const text of texts.slice(0, 9)) await owner.approves(text);
    await owner.rejects(texts[9]);
    await owner.marksAsSpam(texts[10]);
    await owner.leaves();
  });
  after(() => house?.stop());

  for (const { javaScript, name } of WAYS) {
    test(`S1: the two shares stand beside each other, with what they count, ${name}`, async () => {
      const owner = await house.owner({ javaScript });
      await owner.opensThresholds();
      const headers = await owner.page.getByRole("columnheader").allInnerTexts();
      const place = headers.indexOf("Publiés par vous");
      assert.ok(place > 0 && headers[place + 1] === "Écrits par une personne", `${headers}`);
      await owner.sees(/publiés et refusés, sans les indésirables/);
      await owner.takesPicture("shares");
      await owner.leaves();
    });
  }

  for (const look of LOOKS) {
    for (const { javaScript, name } of WAYS) {
      test(`S2: the button says what it does, and is asked about, ${look.theme}, ${look.width} px, ${name}`, async () => {
        const owner = await house.owner({ ...look, javaScript });
        await owner.opensThresholds();
        await owner.previews({ publish_from: "", step_up_below: "", refuse_below: "1" });
        const button = owner.page.getByRole("button", { name: /^Refuser d’office environ 12 commentaires par jour, dont \d+ que vous auriez publiés$/ });
        assert.equal(await button.count(), 1);
        await owner.sees(/Vos modérateurs en ont publié 9, refusé 1, classé indésirables 1\u202f; 1 pas encore lus\./);
        const [edge, ground, filled] = await button.evaluate((own) => {
          const { borderTopColor, backgroundColor } = getComputedStyle(own);
          const green = document.createElement("button");
          green.className = "publish";
          own.after(green);
          const filled = getComputedStyle(green).backgroundColor;
          green.remove();
          return [borderTopColor, backgroundColor, filled];
        });
        assert.notEqual(ground, filled, "it is not the green one");
        const [red, green] = edge.match(/\d+/g).map(Number);
        assert.ok(red > green, `outlined in red: ${edge}`);
        await owner.takesPicture("price");
        if (javaScript) assert.deepEqual(await owner.barriers(), []);
        await owner.applies({ note: "Essai", confirmation: "autre" });
        assert.match(await owner.page.title(), /^Erreur/);
        await owner.findsNothingWrong();
        await owner.leaves();
      });
    }
  }
});

describe("forced colours", () => {
  let house, receipt;

  before(async () => {
    house = await startPalabre({ PALABRE_RATE_LIMIT__ENABLED: "false" });
    const owner = await house.owner();
    await owner.signsIn();
    await owner.opens("/sites");
    await owner.fillsIn(OTHER_SITE);
    await owner.presses(owner.page.getByRole("button", { name: "Ajouter le site" }));
    ({ receipt } = await house.hasComment({ body: "Un avis.", thread: "couleurs" }));
    await owner.leaves();
  });
  after(() => house?.stop());

  const STAFF = [
    "/", "/queue", "/queue?status=spam", "/queue?site=fleuve", `/sites/${SITE}/captcha`, "/sites/fleuve/captcha",
    `/sites/${SITE}/captcha?preview=1&publish_from=0.5&step_up_below=&refuse_below=0.3`, `/sites/${SITE}/defence`,
    `/sites/${SITE}/defence?days=7`, "/sites", "/sites?page=captcha", `/sites/${SITE}/settings`, "/moderators", "/tokens",
    "/account", "/account/passphrase", "/docs",
  ];

  /** How each entry of the page's menus is marked, by whether it is the current one. */
  const marks = (page) =>
    page.evaluate(() => {
      const isSeen = (width, style, colour) => Number.parseFloat(width) > 0 && style !== "none" && !/^rgba\(.*, 0\)$|^transparent$/.test(colour);
      const markOf = (entry) => {
        const style = getComputedStyle(entry);
        const sides = ["Top", "Right", "Bottom", "Left"].map((side) =>
          isSeen(style[`border${side}Width`], style[`border${side}Style`], style[`border${side}Color`]));
        return [...sides, isSeen(style.outlineWidth, style.outlineStyle, style.outlineColor), style.boxShadow !== "none"].includes(true);
      };
      const entries = document.querySelectorAll("nav a, header details a, footer a, header form a");
      return [...entries].map((entry) => ({ text: entry.innerText, isCurrent: entry.hasAttribute("aria-current"), isMarked: markOf(entry) }));
    });

  for (const theme of ["light", "dark"]) {
    for (const address of STAFF) {
      test(`S26: the current entry alone is marked on ${address}, ${theme}`, async () => {
        const owner = await house.owner({ theme, forcedColors: "active" });
        await owner.opens(address);
        const entries = await marks(owner.page);
        assert.ok(entries.length > 0);
        for (const { text, isCurrent, isMarked } of entries) assert.equal(isMarked, isCurrent, `${text}: ${isCurrent}`);
        const buttons = await owner.page.getByRole("button").evaluateAll((all) =>
          all.map((button) => {
            const own = getComputedStyle(button);
            button.disabled = true;
            const disabled = getComputedStyle(button).color;
            button.disabled = false;
            return { text: button.innerText, edge: own.borderTopWidth, colour: own.color, disabled };
          }));
        for (const { text, edge, colour, disabled } of buttons) {
          assert.notEqual(edge, "0px", `${text} has an edge`);
          assert.notEqual(colour, disabled, `${text} is another colour when it does nothing`);
        }
        if (theme === "light") await owner.takesPicture(`forced${address.replaceAll(/[^a-z]+/g, "-")}`);
        assert.deepEqual(await owner.barriers(), []);
        await owner.findsNothingWrong();
        await owner.leaves();
      });
    }
  }

  test("S26: the reader's pages mark nothing that is not so", async () => {
    for (const address of [`/t/${SITE}?thread=couleurs`, "/demo", house.receiptAddress(receipt)]) {
      const reader = await house.reader({ forcedColors: "active" });
      await reader.opens(address);
      const found = await reader.page.evaluate(() => {
        const edges = (all) => all.map((one) => getComputedStyle(one).borderTopWidth);
        const comments = [...document.querySelectorAll("article, li[id^=c]")].map((one) => getComputedStyle(one).borderInlineStartWidth);
        return { buttons: edges([...document.querySelectorAll("button")].filter((own) => own.offsetParent !== null)), comments };
      });
      assert.ok(found.buttons.every((edge) => edge !== "0px"), `${address}: ${found.buttons}`);
      assert.ok(new Set(found.comments).size <= 1, `${address}: no comment is marked: ${found.comments}`);
      assert.deepEqual(await reader.barriers(), []);
      await reader.leaves();
    }
  });
});
