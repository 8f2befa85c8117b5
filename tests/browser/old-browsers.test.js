/**
 * Browsers as old as Safari 14 and Chrome 85, and lines and hosts that keep a script away: the comment arrives all
 * the same, by the form or by the script, once, and the review page decides by its forms.
 *
 * Old browsers stand in by what they lack: every script is parsed as ES2020 and uses no newer name, and each newer
 * interface is taken away before a page loads: those that scripts like to use one by one, and all together.
 * `PALABRE_LONG=1` takes every one away by itself as well, and adds the cases whose waits cannot be shortened.
 */

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { parse } from "acorn";
import { FORM, POSTED } from "./checks.js";
import { eventually, SITE, startPalabre } from "./support.js";

const SCRIPTS = new URL("../../src/web/static/", import.meta.url);

/** What came after Safari 14 or Chrome 85 and a script is likely to use, by the path to it; and what a page may lack for
    other reasons: cryptography on a plain line, workers by a policy. */
const LIKELY = [
  "AbortSignal.timeout", "AbortSignal.any", "structuredClone", "Array.prototype.at", "Array.prototype.findLast", "Object.hasOwn",
  "String.prototype.replaceAll", "Promise.any", "WeakRef", "Element.prototype.replaceChildren", "Document.prototype.adoptedStyleSheets",
  "HTMLFormElement.prototype.requestSubmit", "SubmitEvent", "BroadcastChannel", "Navigator.prototype.locks",
  "Crypto.prototype.randomUUID", "Crypto.prototype.subtle", "Worker",
];

/** The others. */
const NEWER = [
  ...LIKELY,
  "AbortSignal.abort", "AbortSignal.prototype.throwIfAborted", "String.prototype.at", "Array.prototype.findLastIndex",
  "Array.prototype.toSorted", "Array.prototype.toReversed", "Array.prototype.with", "Array.fromAsync",
  "Object.groupBy", "Map.groupBy", "String.prototype.isWellFormed", "String.prototype.toWellFormed",
  "Promise.withResolvers", "Promise.try", "AggregateError", "FinalizationRegistry", "Iterator", "Set.prototype.union",
  "Element.prototype.setHTMLUnsafe", "Element.prototype.checkVisibility", "Document.prototype.replaceChildren",
  "DocumentFragment.prototype.replaceChildren", "CSSStyleSheet.prototype.replaceSync", "ShadowRoot.prototype.adoptedStyleSheets",
  "FormDataEvent", "HTMLDialogElement", "HTMLElement.prototype.inert", "HTMLElement.prototype.showPopover",
  "Navigator.prototype.userAgentData", "Navigator.prototype.clipboard", "CompressionStream", "DecompressionStream", "scheduler",
  "requestIdleCallback", "ResizeObserver", "Intl.DisplayNames", "Intl.ListFormat", "Intl.Segmenter", "Intl.RelativeTimeFormat",
  "Intl.DurationFormat", "Intl.supportedValuesOf", "URL.canParse", "URLPattern", "ElementInternals", "reportError", "navigation",
  "trustedTypes", "URL.createObjectURL", "Element.prototype.ariaLive", "Element.prototype.role",
];
const IS_LONG = Boolean(process.env.PALABRE_LONG);

/** Uses of what is there under an old name, so that taking it away says nothing: `[name, what it does there]`. */
const CHANGED = [
  ["styles of dates", () => {
    const format = Date.prototype.toLocaleString;
    Date.prototype.toLocaleString = function (language, options = {}) {
      if ("dateStyle" in options || "timeStyle" in options) throw new RangeError("no styles of dates");
      return format.call(this, language, options);
    };
  }],
  ["newer selectors", () => {
    for (const prototype of [Document.prototype, Element.prototype, DocumentFragment.prototype]) {
      for (const name of ["querySelector", "querySelectorAll", "matches", "closest"]) {
        const found = prototype[name];
        if (found) prototype[name] = function (selector) {
          if (/:(is|where|has|focus-visible|not\([^)]*,)/.test(selector)) throw new SyntaxError(selector);
          return found.call(this, selector);
        };
      }
    }
  }],
  ["signals of listeners", () => {
    const listen = EventTarget.prototype.addEventListener;
    EventTarget.prototype.addEventListener = function (type, listener, options) {
      if (options && typeof options === "object") options = { capture: options.capture, once: options.once, passive: options.passive };
      return listen.call(this, type, listener, options);
    };
  }],
  ["scrolling with options", () => {
    const scroll = Element.prototype.scrollIntoView;
    Element.prototype.scrollIntoView = function (to) { scroll.call(this, Boolean(to)); };
  }],
];

/** What is in the way of a reader's script, with the presses that the reader then needs. */
const HINDRANCES = [
  ["localStorage throws", { init: () => throwing("localStorage") }],
  ["sessionStorage throws", { init: () => throwing("sessionStorage") }],
  ["fetch is missing", { init: () => { delete globalThis.fetch; } }],
  ["fetch rejects", { init: () => { globalThis.fetch = () => Promise.reject(new TypeError("no")); }, presses: 2 }],
  ["AbortController is missing", { init: () => { delete globalThis.AbortController; delete globalThis.AbortSignal; } }],
  ["onLine is false on a working line", { init: () => Object.defineProperty(Navigator.prototype, "onLine", { get: () => false }) }],
  ["workers never answer", { init: () => { globalThis.Worker = class { postMessage() {} terminate() {} addEventListener() {} }; } }],
  ["the host allows no script", { policy: "script-src 'none'" }],
  ["the host allows no module but the first", { policy: "script-src 'none'; script-src-elem PAGE" }],
  ["the host allows no connection", { policy: "connect-src 'none'", presses: 2 }],
  ["the host allows no worker", { policy: "worker-src 'none'" }],
  ["the form's preparation is refused", { answers: [FORM, { status: 503, body: "{}" }] }],
  ["the form's preparation is a page", { answers: [FORM, { status: 200, contentType: "text/html", body: "<p>Bienvenue</p>" }] }],
  ["the form's preparation hangs", { answers: [FORM, "hangs"] }],
  ["what stands between answers with a page", { answers: [POSTED, { status: 200, contentType: "text/html", body: "<p>Bienvenue</p>" }], presses: 2 }],
  ["what stands between refuses with a page", { answers: [POSTED, { status: 403, contentType: "text/html", body: "<p>Non</p>" }], presses: 2 }],
];

/** Modules of the form; the others are loaded where a provider asks for it. */
const MODULES = ["comments.js", "send.js", "check.js"];
const HTML = { status: 200, contentType: "text/html", body: "<!doctype html><p>Bienvenue</p>" };

for (const module of MODULES) {
  const path = new RegExp(`-${module.replace(".", "\\.")}$`);
  HINDRANCES.push([`${module} is blocked`, { answers: [path, "blocked"] }]);
  HINDRANCES.push([`${module} hangs`, { answers: [path, "hangs"] }]);
  HINDRANCES.push([`${module} answers 200 with HTML`, { answers: [path, HTML] }]);
  if (IS_LONG) HINDRANCES.push([`${module} is empty`, { answers: [path, { status: 200, contentType: "text/javascript", body: "" }] }]);
}
if (IS_LONG) {
  HINDRANCES.push(["what stands between answers with JSON of its own", { answers: [POSTED, { status: 200, json: { ok: true } }], presses: 2 }]);
  HINDRANCES.push(["Intl.PluralRules is missing", { init: () => { delete Intl.PluralRules; } }]);
  HINDRANCES.push(["workers fail", { init: () => { globalThis.Worker = class { postMessage() { setTimeout(() => this.onerror?.()); } terminate() {} }; } }]);
  HINDRANCES.push(["onLine is missing", { init: () => Object.defineProperty(Navigator.prototype, "onLine", { get: () => undefined }) }]);
  HINDRANCES.push(["fetch throws", { init: () => { globalThis.fetch = () => { throw new TypeError("no"); }; }, presses: 2 }]);
  HINDRANCES.push(["the comment's answer hangs", { answers: [POSTED, "hangs"], presses: 2 }]);
  HINDRANCES.push(["fetch never answers and hears no abort", { init: () => { globalThis.fetch = () => new Promise(() => {}); }, presses: 2 }]);
}

// ------------------------------------------------------------------ what is written in the scripts

test("every script is ES2020 and uses no newer name", async () => {
  const called = new Set(NEWER.filter((path) => path.includes(".")).map((path) => path.split(".").pop()));
  const globals = new Set(NEWER.filter((path) => !path.includes(".")));
  // Guarded where they are used, which the cases below show, or another's under the same name.
  for (const guarded of ["writeText", "request", "abort", "any", "with", "try", "createObjectURL"]) called.delete(guarded);
  for (const guarded of ["BroadcastChannel", "Worker", "trustedTypes"]) globals.delete(guarded);
  const assigned = new Set(["adoptedStyleSheets", "inert", "role", "ariaLive"]);
  const options = new Set(["dateStyle", "timeStyle", "submitter"]);
  const scripts = (await readdir(SCRIPTS)).filter((file) => file.endsWith(".js"));
  assert.ok(scripts.length >= 6, `the scripts are found: ${scripts}`);
  for (const file of scripts) {
    const source = await readFile(new URL(file, SCRIPTS), "utf8");
    const tree = parse(source, { ecmaVersion: 2020, sourceType: "module", locations: true });
    const used = [];
    (function walk(node) {
      if (!node || typeof node !== "object") return;
      const note = (names, name) => { if (names.has(name)) used.push(`${name} (line ${node.loc.start.line})`); };
      const isCall = node.type === "CallExpression" && node.callee.type === "MemberExpression";
      if (isCall) note(called, node.callee.property.name);
      if (isCall && node.callee.object.name === "AbortSignal") note(new Set(["timeout", "any", "abort"]), node.callee.property.name);
      if (node.type === "AssignmentExpression" && node.left.type === "MemberExpression") note(assigned, node.left.property.name);
      if (node.type === "Property") note(options, node.key.name);
      if (node.type === "Identifier") note(globals, node.name);
      for (const [key, child] of Object.entries(node)) {
        if (!node.computed && ((node.type === "MemberExpression" && key === "property") || (node.type === "Property" && key === "key"))) continue;
        Array.isArray(child) ? child.forEach(walk) : walk(child);
      }
    })(tree);
    assert.deepEqual(used, [], `${file} uses nothing newer than the oldest browser`);
  }
});

// ------------------------------------------------------------------ what happens without

describe("what a browser may lack", () => {
  let house, moderator;
  const AUTHOR = { name: "Awa Traoré", email: "awa@exemple.test" };

  before(async () => {
    house = await startPalabre({ PALABRE_RATE_LIMIT__ENABLED: "false" });
    moderator = await house.moderator();
    await moderator.signsIn();
  });
  after(() => house?.stop());

  test("F1: with each newer interface away, and with all, the comment arrives at the first press, once", async () => {
    const cases = [
      ...(IS_LONG ? NEWER : LIKELY).map((path) => [`without ${path}`, { without: [path] }]),
      ...CHANGED.map(([name, init]) => [`without ${name}`, { init }]),
      ["without all of them", { without: NEWER, inits: CHANGED.map(([, init]) => init) }],
    ];
    await arriveOnce(cases);
  });

  test("F1: whatever keeps a script away or silent, the comment arrives, once", async () => {
    await arriveOnce(HINDRANCES);
  });

  test("F1: the review page decides by its forms", async () => {
    const cases = [
      ["without all of them", { without: NEWER, inits: CHANGED.map(([, init]) => init) }],
      ["without EventSource", { without: ["EventSource"] }],
      ["without fetch", { init: () => { delete globalThis.fetch; } }],
      ["where the policy allows no script", { policy: "script-src 'none'" }],
    ];
    for (const path of ["BroadcastChannel", "Navigator.prototype.locks"]) {
      cases.push([`without ${path}`, { without: [path] }]);
    }
    for (const [how, answer] of [["blocked", "blocked"], ["hanging", "hangs"], ["as HTML", HTML]]) {
      cases.push([`with queue.js ${how}`, { answers: [/-queue\.js$/, answer] }]);
      cases.push([`with decide.js ${how}`, { answers: [/-decide\.js$/, answer] }]);
    }
    const thread = await house.demonstrationThread();
    await inTurn(cases, async ([name, hindrance]) => {
      const text = `À décider ${name}.`;
      await house.hasComment({ body: text, thread });
      const person = await house.moderator();
      await hinder(person, hindrance);
      await person.page.goto("/queue?order=newest", { waitUntil: "commit" });
      const button = person.entry(text).getByRole("button", { name: /^Publier/ });
      await button.click({ noWaitAfter: true });
      await person.undoButton.waitFor();
      await person.leaves();
      await eventually(async () => assert.deepEqual(await bodies("approved", text), [text], name));
    });
  });

  test("F1: without locks and channel each tab of the review page still hears what comes in", async () => {
    const tabs = [await house.moderator(), await house.moderator()];
    for (const tab of tabs) {
      await hinder(tab, { without: ["BroadcastChannel", "Navigator.prototype.locks"] });
      await tab.opensQueue();
    }
    await house.hasComment({ body: "Tout juste arrivé.", thread: await house.demonstrationThread() });
    for (const tab of tabs) {
      await tab.sees(/nouveau/);
      assert.deepEqual(tab.window.complaints, []);
      await tab.leaves();
    }
  });

  /** Writes and publishes in each case, as often as it takes and no oftener than it may; each comment is there once. */
  async function arriveOnce(cases) {
    const sent = [];
    await inTurn(cases, async ([name, hindrance]) => {
      const text = `Écrit ${name}, ${sent.length}.`;
      sent.push(text);
      const reader = await house.reader();
      await hinder(reader, hindrance);
      await reader.page.goto("/demo", { waitUntil: "commit" });
      await reader.writes({ body: text, ...AUTHOR });
      let presses = 0;
      for (;;) {
        presses += 1;
        await reader.publishButton.click({ noWaitAfter: true });
        const told = await reader.page.getByText(/une personne le lira/i).or(reader.page.getByText(/texte est conservé/)).first();
        await told.waitFor({ timeout: 45_000 });
        const words = await told.innerText().catch(() => "");
        if (!/texte est conservé/.test(words)) break;
        assert.equal(await reader.body.inputValue(), text, `${name}: the words are still there`);
        assert.ok(presses < (hindrance.presses ?? 1), `${name}: not sent after ${presses} presses`);
        // What was told before stands there until the next page has come: it must not be read twice.
        await told.evaluate((line) => { line.textContent = ""; });
      }
      await reader.leaves();
    });
    const queue = await bodies("pending");
    const missing = sent.filter((text) => queue.filter((body) => body === text).length !== 1);
    assert.deepEqual(missing, [], "each is there once");
  }

  /** The texts of the queue, or those that are one text. */
  async function bodies(status, text) {
    const query = new URLSearchParams({ site: SITE, status, limit: "100" });
    const found = [];
    for (let after = ""; after !== null;) {
      if (after) query.set("after", after);
      const response = await moderator.window.context.request.get(`/api/v1/moderation/queue?${query}`);
      assert.equal(response.status(), 200);
      const page = await response.json();
      found.push(...page.items.map(({ body }) => body));
      after = page.next ?? null;
    }
    return text === undefined ? found : found.filter((body) => body === text);
  }
});

/** Four at a time: most of them wait for a clock. */
async function inTurn(cases, act) {
  const left = [...cases];
  const worker = async () => {
    for (let next = left.shift(); next; next = left.shift()) {
      await act(next).catch((error) => {
        error.message = `${next[0]}: ${error.message}`;
        throw error;
      });
    }
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
}

/** Puts into a person's window what a case says. */
async function hinder(person, { without = [], init, inits = init ? [init] : [], answers, policy }) {
  const { context, page } = person.window;
  context.setDefaultTimeout(30_000); // four at a time on few cores
  await page.addInitScript(takeAway, without);
  await page.addInitScript(() => {
    globalThis.throwing = (name) => Object.defineProperty(globalThis, name, { get() { throw new DOMException("no", "SecurityError"); } });
  });
  for (const one of inits) await page.addInitScript(one);
  if (answers) {
    const [path, answer] = answers;
    await context.route((address) => path.test(address.pathname), (route) => {
      if (answer === "blocked") return route.abort();
      if (answer === "hangs") return undefined;
      return route.fulfill(answer);
    });
  }
  if (policy) {
    await context.route((address) => /^\/(demo|queue)$/.test(address.pathname), async (route) => {
      const response = await route.fetch({ maxRedirects: 0 });
      const body = await response.text();
      const first = body.match(/[^"]*-comments\.js/)?.[0] ?? "";
      const own = policy.replace("PAGE", new URL(first, route.request().url()).href);
      await route.fulfill({ response, body, headers: { ...response.headers(), "content-security-policy": own } });
    });
  }
}

function takeAway(paths) {
  for (const path of paths) {
    const names = path.split(".");
    const last = names.pop();
    let owner = globalThis;
    for (const name of names) owner = owner?.[name];
    if (owner !== undefined && owner !== null) Reflect.deleteProperty(owner, last);
  }
}
