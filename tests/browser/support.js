/**
 * The house that the people of the journeys (people.js) meet in.
 *
 * `startPalabre()` runs the release binary on a fresh database in an empty folder, as a
 * visitor of the demonstration does, and opens a browser beside it. `house.reader()`,
 * `house.moderator()` and `house.owner()` give people, each in a window of their own with
 * JavaScript on or off. Every request, cookie, console error and policy report of a window
 * is kept, so that a journey can say "and nobody else was asked".
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { Moderator, Owner, PATIENCE_MS, Reader, SITE } from "./people.js";

export { eventually, SITE } from "./people.js";

const here = dirname(fileURLToPath(import.meta.url));
const binary = resolve(here, process.env.PALABRE_BIN ?? "../../target/release/palabre");
const browserPath = process.env.PALABRE_CHROMIUM ?? "/usr/bin/chromium";

/** Both ways of reading: each journey is done with JavaScript on and off. */
export const WAYS = [
  { javaScript: true, name: "with JavaScript" },
  { javaScript: false, name: "without JavaScript" },
];

// ------------------------------------------------------------------ the house

/**
 * Starts the binary in an empty folder and a browser beside it; `settings` are further variables of
 * its environment, `words` those of its command line. Fails with the binary's whole output when no setup link is printed.
 */
export async function startPalabre(settings = {}, words = []) {
  const folder = await mkdtemp(join(tmpdir(), "palabre-browser-"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let server;
  try {
    server = await startServer(folder, port, settings, words);
    return new House({ url, folder, server, browser: await startBrowser() });
  } catch (error) {
    await server?.stop().catch(() => {});
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

class House {
  constructor({ url, folder, server, browser }) {
    this.url = url;
    this.folder = folder;
    this.server = server;
    this.browser = browser;
    this.signedIn = undefined;
  }

  /** The link that the binary prints at start; it opens a session once. */
  get setupLink() {
    return this.server.setupLink;
  }

  async reader(options = {}) {
    return new Reader(this, await this.#window(options));
  }

  /** A moderator who has not signed in, unless one did so before in this house. */
  async moderator(options = {}) {
    return new Moderator(this, await this.#window({ ...options, storageState: this.signedIn }));
  }

  /** Somebody who works on the site and has not signed in, whoever else has. */
  async stranger(options = {}) {
    return new Moderator(this, await this.#window(options));
  }

  /** An owner who has not signed in, unless somebody did so before in this house. */
  async owner(options = {}) {
    return new Owner(this, await this.#window({ ...options, storageState: this.signedIn }));
  }

  /** The key of the thread under the demonstration's article. */
  async demonstrationThread() {
    const page = await (await fetch(`${this.url}/demo`)).text();
    const input = page.match(/<input[^>]*name="?thread"?[^>]*>/)?.[0];
    const value = input?.match(/value="([^"]*)"/)?.[1];
    assert.ok(value, "the form of the demonstration names its thread");
    return value;
  }

  /**
   * A comment that came in over the API, as from a publisher's server.
   * Returns the answer: `{id, status, reference, receipt, …}`.
   */
  async hasComment({ body, name = "Awa Traoré", email = "awa@exemple.test", thread }) {
    const response = await fetch(`${this.url}/api/v1/sites/${SITE}/comments`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ thread, body, name, email, lang: "fr" }),
    });
    const answer = await response.json();
    assert.equal(response.status, 202, `the comment is held: ${JSON.stringify(answer)}`);
    return answer;
  }

  /** The address of a receipt, whether the answer carries the link or only its last part. */
  receiptAddress(receipt) {
    return new URL(/^(https?:|\/)/.test(receipt) ? receipt : `/r/${receipt}`, this.url).href;
  }

  async stop() {
    await this.browser.close();
    try {
      await this.server.stop();
    } finally {
      await rm(this.folder, { recursive: true, force: true });
    }
  }

  async #window({ javaScript = true, theme = "light", width = 1280, scripts = "run", forcedColors, storageState }) {
    const context = await this.browser.newContext({
      baseURL: this.url,
      javaScriptEnabled: javaScript,
      colorScheme: theme,
      viewport: { width, height: 900 },
      locale: "fr-FR",
      timezoneId: "Africa/Ouagadougou",
      reducedMotion: "reduce",
      forcedColors,
      storageState,
    });
    context.setDefaultTimeout(PATIENCE_MS);
    // A window whose own scripts do not run, but in which axe still can.
    if (scripts === "blocked") await context.route(/\.m?js(\?|$)/, (route) => route.abort());
    const page = await context.newPage();
    return new Window(this, context, page, { javaScript, theme, width, scripts });
  }
}

/** One browser window and the record of what it did. */
class Window {
  constructor(house, context, page, { javaScript, theme, width, scripts }) {
    Object.assign(this, { house, context, page, javaScript, theme, width });
    this.requests = [];
    this.complaints = [];

    context.on("request", (request) => this.requests.push(request));
    page.on("pageerror", (error) => this.complaints.push(`script: ${error.message}`));
    page.on("console", (message) => {
      if (!["error", "warning"].includes(message.type())) return;
      // A page that is an answer of 4xx itself (a form with its errors, a page that is not there)
      // counts for the browser's console as an error of loading; so do scripts that a test blocks.
      const text = message.text();
      const isThePage = message.location().url === page.url();
      if (isThePage && /Failed to load resource.*\b4\d\d\b/.test(text)) return;
      if (scripts === "blocked" && /ERR_FAILED/.test(text)) return;
      this.complaints.push(`console: ${text} (${message.location().url})`);
    });
  }

  /** Addresses asked for that are not the house's own. */
  requestsToOthers() {
    return this.requests
      .map((request) => request.url())
      .filter((address) => /^(https?|wss?):/.test(address))
      .filter((address) => new URL(address).origin !== this.house.url);
  }

  /** Requests to one path of the house, by their number. */
  requestsTo(pathPattern, method) {
    return this.requests.filter(
      (request) =>
        pathPattern.test(new URL(request.url()).pathname) &&
        (method === undefined || request.method() === method),
    ).length;
  }

  async cookies() {
    return (await this.context.cookies()).map((cookie) => cookie.name);
  }
}

// ------------------------------------------------------------------ processes

async function startServer(folder, port, settings, words) {
  const output = [];
  const environment = {
    PATH: process.env.PATH,
    HOME: folder,
    PALABRE_SERVER__LISTEN: `127.0.0.1:${port}`,
    PALABRE_SERVER__SECRET_FILE: join(folder, "palabre.key"),
    PALABRE_DATABASE__URL: `sqlite://${join(folder, "palabre.db")}`,
    ...settings,
  };
  const child = spawn(binary, words, { cwd: folder, env: environment, stdio: ["ignore", "pipe", "pipe"] });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const ended = new Promise((resolveEnd) => {
    child.once("error", (error) => resolveEnd(`cannot start ${binary}: ${error.message}`));
    child.once("exit", (code, signal) => resolveEnd(`ended with ${signal ?? code}`));
  });

  let timer;
  const setupLink = await new Promise((found, failed) => {
    const explain = (why) => failed(new Error(`${why}; its output:\n${output.join("")}`));
    const look = (piece) => {
      output.push(piece.toString());
      const plain = output.join("").replace(/\x1b\[[0-9;]*m/g, "");
      const link = plain.match(/https?:\/\/[^\s"'<>]+\/setup\?code=[^\s"'<>]+(?=[\s"'<>])/);
      if (link) found(link[0]);
    };
    child.stdout.on("data", look);
    child.stderr.on("data", look);
    ended.then(explain);
    timer = setTimeout(() => {
      kill();
      explain(`${binary} printed no setup link within ${PATIENCE_MS / 1000} s`);
    }, PATIENCE_MS);
  }).finally(() => clearTimeout(timer));

  return {
    setupLink,
    async stop() {
      child.kill("SIGTERM");
      const forced = setTimeout(kill, 15_000);
      const end = await ended;
      clearTimeout(forced);
      process.off("exit", kill);
      assert.equal(end, "ended with 0", `the server stops in good order; its output:\n${output.join("")}`);
    },
  };
}

function startBrowser() {
  return chromium.launch({
    executablePath: browserPath,
    args: [
      // The first is for root, the others because nothing but this machine is to be asked.
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

export function freePort() {
  return new Promise((found, failed) => {
    const probe = createServer();
    probe.once("error", failed);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => found(port));
    });
  });
}
