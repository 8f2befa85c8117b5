/**
 * The people of the journeys: readers, moderators, owners.
 *
 * They act by what they see: labels, buttons, words. A journey never names a CSS class,
 * and waits on conditions (`eventually`), never on durations. A new thing that a person
 * does is one more method here, named as one would say it.
 */

import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const resultsFolder = join(dirname(fileURLToPath(import.meta.url)), "results");
const axePath = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** How long a person waits for something to appear, in milliseconds. */
export const PATIENCE_MS = 10_000;

/** The site that the demonstration makes. */
export const SITE = "demo";

/** Who sets the house up, by the labels of the form. */
export const FIRST_OWNER = {
  "Votre nom": "Rokia Sawadogo",
  "Adresse e-mail": "rokia@exemple.test",
  "Phrase secrète": "le marché de Koudougou à midi",
};

const RECOVERY_CODE = /^[0-9A-Z]{5}-[0-9A-Z]{5}$/;

/** The words of the thresholds page's buttons. */
const PREVIEW_BUTTON = "Voir l’effet";
const APPLY_BUTTON = /^(Appliquer ces seuils|Refuser d’office)/;
const REVERT_BUTTON = /^Revenir à la version/;

class Person {
  constructor(house, window) {
    this.house = house;
    this.window = window;
    this.page = window.page;
  }

  async opens(address) {
    const response = await this.page.goto(address);
    assert.ok(response.status() < 400, `${address} answers ${response.status()}`);
    return response;
  }

  async reloads() {
    await this.page.reload();
  }

  /** Presses what sends a form, and waits for the page that answers. */
  async presses(button) {
    await Promise.all([this.page.waitForEvent("load"), button.click()]);
  }

  async sees(text) {
    const found = this.page.getByText(text).first();
    await eventually(async () => assert.ok(await found.isVisible(), `the page shows ${text}`));
  }

  async doesNotSee(text) {
    assert.equal(await this.page.getByText(text).count(), 0, `the page does not show ${text}`);
  }

  /** Keeps a picture of the whole page as `results/{name}-{theme}-{width}.png`. */
  async takesPicture(name) {
    await mkdir(resultsFolder, { recursive: true });
    const { theme, width, javaScript } = this.window;
    const way = javaScript ? "" : "-noscript";
    await this.page.screenshot({
      path: join(resultsFolder, `${name}${way}-${theme}-${width}.png`),
      fullPage: true,
    });
  }

  /** No sideways scrolling, nothing in the console, no policy report, no other host asked. */
  async findsNothingWrong() {
    const overflow = await this.page.evaluate(
      () => document.documentElement.scrollWidth - window.innerWidth,
    );
    assert.ok(overflow <= 0, `the page is ${overflow} px wider than the window`);
    assert.deepEqual(this.window.complaints, [], "nothing in the console");
    assert.deepEqual(this.window.requestsToOthers(), [], "no other host is asked");
  }

  /** The violations that axe finds, one line each: rule, what is wrong, where. */
  async barriers() {
    await this.page.evaluate(await axeSource());
    // What lies under a bar at the edge of the screen is hidden until one scrolls on, and no smaller for that.
    await this.page.evaluate(() => {
      const flat = new CSSStyleSheet();
      flat.replaceSync(".top, .thumb, .bulk, .flash-line { position: static !important; }");
      document.adoptedStyleSheets = [flat];
    });
    const found = await this.#violations();
    await this.page.evaluate(() => { document.adoptedStyleSheets = []; });
    return found;
  }

  #violations() {
    return this.page.evaluate(async () => {
      const { violations } = await globalThis.axe.run(document, {
        runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
        resultTypes: ["violations"],
      });
      return violations.map(
        ({ id, help, nodes }) =>
          `${id}: ${help}: ${nodes.map((node) => `${node.html} ${node.failureSummary}`).join(" | ")}`,
      );
    });
  }

  async leaves() {
    await this.window.context.close();
  }
}

export class Reader extends Person {
  get body() {
    return this.page.getByRole("textbox", { name: /^Commentaire/ });
  }
  get name() {
    return this.page.getByRole("textbox", { name: /^Nom/ });
  }
  get email() {
    return this.page.getByRole("textbox", { name: /^Adresse e-mail/ });
  }
  get publishButton() {
    return this.page.getByRole("button", { name: "Publier le commentaire" });
  }

  /** Fills the fields given, as a person does: with the keyboard, in the order of the form. */
  async writes({ body, name, email }) {
    if (body !== undefined) await this.body.fill(body);
    if (name !== undefined) await this.name.fill(name);
    if (email !== undefined) await this.email.fill(email);
  }

  async publishes() {
    await this.publishButton.click();
  }

  async posts(comment) {
    await this.writes(comment);
    await this.publishes();
  }

  /** Somebody will read it: said after a comment is held, in the page or on its receipt. */
  async isToldThatAPersonWillReadIt() {
    await this.sees(/une personne le lira|en attente de relecture/i);
  }

  /** What the fields hold now. */
  async written() {
    return {
      body: await this.body.inputValue(),
      name: await this.name.inputValue(),
      email: await this.email.inputValue(),
    };
  }

  /** The message joined to a field by `aria-describedby`, when the field is marked as wrong. */
  async errorOf(field) {
    if ((await field.getAttribute("aria-invalid")) !== "true") return undefined;
    const ids = ((await field.getAttribute("aria-describedby")) ?? "").split(/\s+/).filter(Boolean);
    const texts = await Promise.all(ids.map((id) => this.page.locator(`[id="${id}"]`).innerText()));
    return texts.join(" ");
  }
}

export class Moderator extends Person {
  /** Through the link that the binary printed: a page with one button, then the first account. */
  async signsIn() {
    await this.opensSetupLink();
    await this.fillsIn(FIRST_OWNER);
    await this.presses(this.page.getByRole("button", { name: "Continuer" }));
    assert.equal(await this.page.getByRole("listitem").filter({ hasText: RECOVERY_CODE }).count(), 10);
    this.house.signedIn = await this.window.context.storageState();
  }

  async opensSetupLink() {
    await this.opens(this.house.setupLink);
    const buttons = this.page.getByRole("main").getByRole("button");
    assert.equal(await buttons.count(), 1, "the setup page has one button");
    await this.presses(buttons);
    assert.match(this.page.url(), /\/setup\/you$/, "the button leads on");
  }

  /** Fills in fields by their labels. */
  async fillsIn(fields) {
    for (const [label, value] of Object.entries(fields)) {
      await this.page.getByLabel(label, { exact: true }).fill(value);
    }
  }

  async opensQueue(status) {
    await this.opens(status === undefined ? "/queue" : `/queue?status=${status}`);
  }

  /** Opens the menu of the bar, where it is closed. */
  async opensMenu() {
    const menu = this.page.getByRole("banner").locator("details", { hasText: "Menu" });
    if ((await menu.getAttribute("open")) === null) await menu.locator("summary").click();
  }

  /** The article of the queue that shows a text. */
  entry(text) {
    return this.page.getByRole("article").filter({ hasText: text });
  }

  /** The button of a row, with « Plus » opened where it is in there; on a phone, the bar at the foot has the first two. */
  async buttonOf(text, button) {
    const row = this.entry(text);
    const found = row.getByRole("button", { name: new RegExp(`^${button}`), includeHidden: true });
    if (!(await found.isVisible()) && !["Publier", "Refuser"].includes(button)) await row.locator("summary").click();
    if (await found.isVisible()) return found;
    await row.getByRole("heading").click();
    return this.page.getByRole("main").locator(".thumb").getByRole("button", { name: button });
  }

  async approves(text) {
    await this.#decides(text, "Publier");
  }

  /** Many at once, as a program would with the moderator's session. */
  async approvesAtOnce(ids) {
    const decisions = ids.map((id) => ({ key: `approve-${id}`, comment: id, action: "approve" }));
    const results = await this.page.evaluate(async (body) => {
      const headers = { "content-type": "application/json" };
      const response = await fetch("/api/v1/moderation/decisions", { method: "POST", headers, body });
      return (await response.json()).results.map(({ result }) => result);
    }, JSON.stringify({ decisions }));
    assert.deepEqual(results, ids.map(() => "applied"));
  }

  async marksAsSpam(text) {
    await this.#decides(text, "Indésirable");
  }

  async setsAside(text) {
    await this.#decides(text, "Mettre de côté");
  }

  async rejects(text) {
    await this.#decides(text, "Refuser");
  }

  /** Takes the last decision back, by the button beside what was just said about it. */
  async undoes() {
    if (!this.window.javaScript) return this.presses(this.undoButton);
    const answered = this.page.waitForResponse((response) => response.url().endsWith("/moderation/decisions"));
    await this.undoButton.click();
    assert.equal((await answered).status(), 200);
  }

  /** Waits until the queue that is open lists a text, reloading it as a person would. */
  async seesWaiting(text) {
    await eventually(async () => {
      await this.opensQueue();
      assert.equal(await this.entry(text).count(), 1, `the queue lists ${text} once`);
    });
  }

  get undoButton() {
    return this.page.getByRole("main").getByRole("button", { name: /^Annuler/ }).first();
  }

  /** Presses a button of a row; where a script runs the page stays, and what was decided stands in its place. */
  async #decides(text, button) {
    const found = await this.buttonOf(text, button);
    if (!this.window.javaScript) {
      await this.presses(found);
      await this.undoButton.waitFor();
      return;
    }
    const answered = this.page.waitForResponse((response) => response.url().endsWith("/moderation/decisions"));
    await found.click();
    await this.entry(text).getByRole("button", { name: /^Annuler/ }).waitFor();
    assert.equal((await answered).status(), 200);
  }
}

/** Who sets the thresholds of a site; the setup link signs in as one. */
export class Owner extends Moderator {
  async opensThresholds() {
    await this.opens(`/sites/${SITE}/captcha`);
  }

  /** The three cuts as the fields show them: decimals with a point, or empty. */
  async cuts() {
    return {
      publish_from: await this.#cut("publish_from").inputValue(),
      step_up_below: await this.#cut("step_up_below").inputValue(),
      refuse_below: await this.#cut("refuse_below").inputValue(),
    };
  }

  async previews(cuts) {
    for (const [name, value] of Object.entries(cuts)) await this.#cut(name).fill(value);
    await this.presses(this.page.getByRole("button", { name: PREVIEW_BUTTON }));
  }

  /** The levels of the table, one line each: how many came in, and how many wait. */
  async figures() {
    const rows = this.page.getByRole("table").locator("tbody tr");
    const lines = await rows.evaluateAll((found) => found.map((row) => [...row.cells].map((cell) => cell.innerText)));
    return lines.map(([, received, , held]) => `${received} reçu, ${held} en relecture`);
  }

  /** The versions, newest first, as the page names them. */
  async versions() {
    const list = this.page.getByRole("region", { name: "Versions" }).getByRole("listitem");
    return list.evaluateAll((items) => items.map((item) => item.querySelector("p").innerText));
  }

  /** Applies what the preview shows, typing the site's id where it is asked for. */
  async applies({ note, confirmation = SITE }) {
    await this.page.getByRole("textbox", { name: /note/i }).fill(note);
    const field = this.page.getByRole("textbox", { name: /^Pour confirmer/ });
    if ((await field.count()) > 0) await field.fill(confirmation);
    await this.presses(this.page.getByRole("button", { name: APPLY_BUTTON }));
  }

  get revertButtons() {
    return this.page.getByRole("button", { name: REVERT_BUTTON });
  }

  get observeButton() {
    return this.page.getByRole("button", { name: "Revenir à l’observation" });
  }

  /** What opens the list of one's sites, in the bar. */
  get switcher() {
    return this.page.getByRole("banner").getByText(/^Site\u202f: /);
  }

  /** Goes back to an earlier version: the last one listed is the oldest. */
  async revertsToTheOldest() {
    await this.presses(this.revertButtons.last());
  }

  #cut(name) {
    return this.page.locator(`form input[name=${name}]:not([type=hidden])`);
  }
}

/** Tries a check again until it holds; after the patience of a person, its error is the test's. */
export async function eventually(check, patienceMs = PATIENCE_MS) {
  const end = Date.now() + patienceMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() >= end) throw error;
      await new Promise((wake) => setTimeout(wake, 50));
    }
  }
}

let loadedAxe;
function axeSource() {
  loadedAxe ??= readFile(axePath, "utf8");
  return loadedAxe;
}
