/**
 * What a reader is told, and where: in sight of the thumb on a phone, and for as long as it is true. Covers
 * F4, the place of each answer (A18, A21), and the count of characters (A8).
 */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { FORM, POSTED } from "./checks.js";
import { eventually, SITE, startPalabre, WAYS } from "./support.js";

const AUTHOR = { name: "Awa Traoré", email: "awa@exemple.test" };
const THANKS = /Merci\. Votre commentaire est bien arrivé/;

describe("what was acknowledged", () => {
  let house;
  before(async () => { house = await startPalabre({ PALABRE_RATE_LIMIT__ENABLED: "false" }); });
  after(() => house?.stop());

  async function isStillThanked(reader, receipt) {
    await reader.sees(THANKS);
    await reader.sees(/Référence/);
    const link = reader.page.getByRole("link", { name: "Suivre mon commentaire" });
    assert.equal(await link.getAttribute("href"), receipt);
    assert.ok(!/^Erreur/.test(await reader.page.title()), "the title says no error");
    assert.equal(await reader.page.locator('[aria-invalid="true"]').count(), 0);
  }

  test("F4: stays after a second press, Enter in a field, a reload and the way back, until something is typed", async () => {
    const reader = await house.reader();
    await reader.opens("/demo");
    await reader.posts({ body: "Une seule fois", ...AUTHOR });
    await reader.sees(THANKS);
    const link = reader.page.getByRole("link", { name: "Suivre mon commentaire" });
    const receipt = await link.getAttribute("href");

    await reader.publishes();
    await reader.publishButton.dblclick();
    await isStillThanked(reader, receipt);
    for (const field of [reader.name, reader.email]) {
      await field.press("Enter");
      await isStillThanked(reader, receipt);
    }
    await reader.reloads();
    await isStillThanked(reader, receipt);
    await reader.publishes();
    await isStillThanked(reader, receipt);
    await Promise.all([reader.page.waitForURL(/\/r\//), link.click()]);
    await reader.page.goBack();
    await isStillThanked(reader, receipt);
    await reader.takesPicture("thanks");
    assert.deepEqual(await reader.barriers(), []);

    // Another page, and another tab, were told nothing.
    await reader.opens(`/t/${SITE}?thread=autre`);
    await reader.doesNotSee(THANKS);
    await reader.opens("/demo");
    await isStillThanked(reader, receipt);

    await reader.body.pressSequentially("Un");
    await reader.reloads();
    await reader.doesNotSee(THANKS);
    await reader.body.fill("");
    await reader.publishes();
    await reader.sees(/Écrivez votre commentaire/);
    assert.equal(reader.window.requestsTo(POSTED, "POST"), 1, "sent once");
    await reader.findsNothingWrong();
    await reader.leaves();
  });

  test("F4: the next comment is sent as ever", async () => {
    const reader = await house.reader();
    await reader.opens("/demo");
    for (const body of ["Le premier des deux", "Le second des deux"]) {
      await reader.posts({ body, ...AUTHOR });
      await eventually(async () => assert.equal(await reader.body.inputValue(), ""));
      await reader.sees(THANKS);
    }
    assert.equal(reader.window.requestsTo(POSTED, "POST"), 2);
    await reader.leaves();
  });

  test("F4: without JavaScript the receipt says it again at each look", async () => {
    const reader = await house.reader({ javaScript: false });
    await reader.opens("/demo");
    await reader.posts({ body: "Sans script, une fois", ...AUTHOR });
    await reader.isToldThatAPersonWillReadIt();
    await reader.reloads();
    await reader.isToldThatAPersonWillReadIt();
    assert.ok(!/^Erreur/.test(await reader.page.title()));
    await reader.leaves();
  });
});

describe("the answer to a press", () => {
  let house, owner;
  const json = (status, code, detail) => ({ status, contentType: "application/problem+json", json: { status, code, title: detail } });
  const ANSWERS = [
    ["refused by the filter", json(403, "captcha_refused", "Votre commentaire n’a pas pu être accepté automatiquement."), /accepté automatiquement/],
    ["the service cannot store", json(503, "unavailable", ""), /ne peut rien enregistrer/],
    ["too many", json(429, "rate_limited", "Beaucoup d’envois en peu de temps. Réessayez dans 2 minutes."), /Réessayez dans 2 minutes/],
    ["closed meanwhile", json(409, "thread_closed", "Les commentaires sont fermés sur cet article."), /sont fermés/],
    ["a page in between", { status: 502, contentType: "text/html", body: "<p>Bad gateway</p>" }, /Envoi impossible/],
    ["no network", "abort", /Envoi impossible/],
    ["offline", "offline", /Hors ligne/],
    ["fields", undefined, /Indiquez votre nom/],
  ];

  before(async () => {
    house = await startPalabre({ PALABRE_RATE_LIMIT__ENABLED: "false" });
    owner = await house.owner();
    await owner.signsIn();
  });
  after(() => house?.stop());

  async function isInSight(reader, words, name) {
    const message = reader.page.locator("#palabre-summary:visible, #palabre-status").filter({ hasText: words }).getByText(words).first();
    await message.waitFor();
    await eventually(async () => {
      const box = await message.boundingBox();
      assert.ok(box && box.y >= 0 && box.y + box.height <= 740, `${name}: in the window, ${JSON.stringify(box)}`);
    });
    return message;
  }

  for (const [name, answer, words] of ANSWERS) {
    test(`S5: the answer is in sight on a phone, with JavaScript: ${name}`, async () => {
      const reader = await house.reader({ width: 360, theme: name === "too many" ? "dark" : "light" });
      await reader.page.setViewportSize({ width: 360, height: 740 });
      await reader.opens("/demo");
      await reader.writes({ body: `Une ligne.\n${"Une autre ligne.\n".repeat(8)}`, ...AUTHOR, name: answer ? AUTHOR.name : "" });
      await reader.page.waitForLoadState("networkidle");
      if (answer === "offline") await reader.window.context.setOffline(true);
      else if (answer) await reader.page.route((address) => POSTED.test(address.pathname), (route) => (answer === "abort" ? route.abort() : route.fulfill(answer)));
      // The button at the very bottom of the window, where a thumb finds it.
      await reader.publishButton.evaluate((button) => button.scrollIntoView({ block: "end" }));
      await reader.publishes();
      await isInSight(reader, words, name);
      const frames = await reader.page.evaluate(() => {
        const box = [...document.querySelectorAll("#palabre-summary, .palabre-problem")].find((one) => one.offsetHeight > 0);
        const { borderTopWidth, borderInlineStartWidth, borderTopColor } = getComputedStyle(box);
        return { borderTopWidth, borderInlineStartWidth, borderTopColor };
      });
      assert.equal(frames.borderTopWidth, "2px", "in a frame");
      assert.equal(frames.borderInlineStartWidth, "8px", "with a bar");
      assert.match(frames.borderTopColor, /rgb\((163, 22, 27|255, 155, 148)\)/, "which is red");
      assert.equal(await reader.page.getByRole("status").count(), 1);
      assert.notEqual(await reader.body.inputValue(), "");
      if (answer !== "offline") {
        await reader.takesPicture(`answer-${name.replace(/ /g, "-")}`);
        assert.deepEqual(await reader.barriers(), []);
      }
      await reader.leaves();
    });
  }

  test("S5: the answer is in sight on a phone, without JavaScript: fields", async () => {
    const reader = await house.reader({ javaScript: false, width: 360 });
    await reader.page.setViewportSize({ width: 360, height: 740 });
    await reader.opens("/demo");
    await reader.writes({ body: "Une ligne" });
    await reader.presses(reader.publishButton);
    await isInSight(reader, /Indiquez votre nom/, "fields");
    await reader.takesPicture("answer-fields");
    await reader.leaves();
  });

  test("S5: the button says that it sends, and keeps its width", async () => {
    const reader = await house.reader({ width: 360 });
    await reader.opens("/demo");
    await reader.writes({ body: "Cela prend du temps", ...AUTHOR });
    const before = await reader.publishButton.boundingBox();
    let goOn;
    const held = new Promise((resolve) => { goOn = resolve; });
    await reader.page.route((address) => POSTED.test(address.pathname), async (route) => {
      await held;
      await route.continue();
    });
    await reader.publishes();
    const sending = reader.page.getByRole("button", { name: "Envoi en cours…" });
    await sending.waitFor();
    const during = await sending.boundingBox();
    assert.equal(Math.round(during.width), Math.round(before.width));
    assert.equal(Math.round(during.height), Math.round(before.height));
    assert.match(await reader.page.getByRole("status").textContent(), /Envoi en cours/);
    await reader.takesPicture("sending");
    goOn();
    await reader.sees(THANKS);
    await reader.publishButton.waitFor();
    await reader.leaves();
  });

  test("S5: the answer stands directly above the button, in one place, in each look", async () => {
    for (const [language, theme, width] of [["fr", "light", 320], ["fr", "dark", 360], ["ar", "light", 360], ["ar", "dark", 320]]) {
      const reader = await house.reader({ theme, width });
      await reader.opens(`/t/${SITE}?thread=place&lang=${language}`);
      await reader.page.locator("#palabre-body").fill("Une ligne");
      await reader.page.locator("#palabre-name").fill("Awa");
      await reader.page.locator("#palabre-email").fill("awa@exemple.test");
      await reader.page.route((address) => POSTED.test(address.pathname), (route) => route.fulfill(json(503, "unavailable", "")));
      await reader.page.locator(".palabre-send").click();
      const problem = reader.page.locator(".palabre-problem");
      await problem.waitFor();
      const below = await reader.page.evaluate(() => {
        const place = document.querySelector("#palabre-status");
        return place.nextElementSibling.className;
      });
      assert.equal(below, "palabre-send");
      await reader.takesPicture(`answer-${language}`);
      assert.deepEqual(await reader.barriers(), []);
      const overflow = await reader.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(overflow <= 0);
      await reader.leaves();
    }
  });

  test("S27: a text that is too long says by how much, in each language", async () => {
    const WORDS = {
      fr: ["1 caractère de trop", "12 caractères de trop", "1 caractère restant", "12 caractères restants"],
      en: ["1 character too many", "12 characters too many", "1 character left", "12 characters left"],
      pt: ["1 carácter a mais", "12 caracteres a mais", "1 carácter restante", "12 caracteres restantes"],
      es: ["Sobra 1 carácter", "Sobran 12 caracteres", "Queda 1 carácter", "Quedan 12 caracteres"],
      ar: ["حرف واحد زائد", "12 حرفًا زائدًا", "بقي حرف واحد", "بقي 12 حرفًا"],
    };
    for (const [language, [one, twelve, oneLeft, twelveLeft]] of Object.entries(WORDS)) {
      const reader = await house.reader({ width: 360, theme: language === "en" ? "dark" : "light" });
      await reader.opens(`/t/${SITE}?thread=long&lang=${language}`);
      const counter = reader.page.locator("#palabre-counter");
      const colors = [];
      for (const [length, words] of [[4_988, twelveLeft], [4_999, oneLeft], [5_001, one], [5_012, twelve]]) {
        await reader.page.locator("#palabre-body").fill("é".repeat(length));
        await eventually(async () => assert.ok((await counter.innerText()).startsWith(words), `${language} ${length}: ${await counter.innerText()}`));
        colors.push(await counter.evaluate((line) => getComputedStyle(line).color));
      }
      assert.equal(colors[0], colors[1]);
      assert.match(colors[2], /rgb\((163, 22, 27|255, 155, 148)\)/, "in red");
      await reader.page.locator("#palabre-name").fill("Awa");
      await reader.page.locator("#palabre-email").fill("awa@exemple.test");
      await reader.page.locator(".palabre-send").click();
      await reader.page.locator("#palabre-summary").getByText(twelve).waitFor();
      if (language === "fr" || language === "ar") {
        await reader.takesPicture(`too-long-${language}`);
        assert.deepEqual(await reader.barriers(), []);
      }
      await reader.leaves();
    }
  });
});

for (const { javaScript, name } of WAYS) {
  test(`F2: a reply whose comment is gone is sent at the second press, ${name}`, async () => {
    const house = await startPalabre({ PALABRE_RATE_LIMIT__ENABLED: "false" });
    try {
      const moderator = await house.moderator();
      await moderator.signsIn();
      const thread = await house.demonstrationThread();
      const { id } = await house.hasComment({ body: "Bientôt retiré", thread });
      await moderator.approvesAtOnce([id]);
      const reader = await house.reader({ javaScript });
      await reader.opens(`/demo?reply=${id}`);
      await reader.sees(/Répondre à Awa/);
      await reader.writes({ body: "Je réponds quand même", ...AUTHOR });
      await moderator.opensQueue("approved");
      await moderator.rejects("Bientôt retiré");
      await reader.publishes();
      await reader.sees(/envoyez-le encore une fois/);
      assert.equal(await reader.body.inputValue(), "Je réponds quand même");
      assert.equal(await reader.page.getByText(/Répondre à Awa/).count(), 0);
      await reader.takesPicture("parent-gone");
      assert.deepEqual(javaScript ? await reader.barriers() : [], []);
      await reader.publishes();
      await reader.isToldThatAPersonWillReadIt();
      await moderator.seesWaiting("Je réponds quand même");
      await reader.leaves();
    } finally {
      await house.stop();
    }
  });

  test(`F3: a thread that was closed meanwhile gives the words back, ${name}`, async () => {
    const house = await startPalabre({ PALABRE_RATE_LIMIT__ENABLED: "false" });
    try {
      const owner = await house.owner();
      await owner.signsIn();
      const thread = await house.demonstrationThread();
      const reader = await house.reader({ javaScript });
      const text = "Trop tard,\nmais je garde mes mots.";
      await reader.opens("/demo");
      await reader.writes({ body: text, ...AUTHOR });
      const closed = await owner.page.evaluate(async ([site, key]) => {
        const headers = { "content-type": "application/json" };
        const path = `/api/v1/sites/${site}/threads/${encodeURIComponent(key)}`;
        return (await fetch(path, { method: "PUT", headers, body: JSON.stringify({ open: false }) })).status;
      }, [SITE, thread]);
      assert.equal(closed, 200);
      await reader.publishes();
      await reader.sees(/commentaires sont fermés/);
      if (javaScript) assert.equal(await reader.body.inputValue(), text);
      else await reader.sees(/mais je garde mes mots/);
      await reader.takesPicture("closed");
      if (javaScript) assert.deepEqual(await reader.barriers(), []);
      await reader.leaves();
    } finally {
      await house.stop();
    }
  });
}
