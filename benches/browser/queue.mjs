/**
 * What deciding costs in the browser: fifty comments by key, on a line of 400 ms a round trip and a processor slowed to
 * a quarter, and what the page weighs before the first key.
 *
 *     npm --prefix tests/browser ci --ignore-scripts && cargo build --profile dist
 *     PALABRE_BIN=target/dist/palabre node benches/browser/queue.mjs
 *
 * Starts the binary on a fresh database and a browser beside it, as the tests in `tests/browser` do (`PALABRE_CHROMIUM`
 * names the browser), and takes about half a minute. A key is sent as soon as the paint after the last one was seen,
 * which is as fast as a person's hand could follow. The figures are the browser's own: a slower binary moves them
 * little. They are quoted and not asserted; only a decision that is lost or misapplied fails the run. Each figure is
 * the median of three.
 */

import assert from "node:assert/strict";
import { loadavg } from "node:os";
import { isAbsolute, resolve } from "node:path";
import { fileURLToPath } from "node:url";

// The tests read paths from where they lie.
const { PALABRE_BIN } = process.env;
if (PALABRE_BIN && !isAbsolute(PALABRE_BIN)) process.env.PALABRE_BIN = resolve(PALABRE_BIN);
const { eventually, startPalabre } = await import(fileURLToPath(new URL("../../tests/browser/support.js", import.meta.url)));

const TIMES = 3;
const DECISIONS = 50;
const ROUND_TRIP_MS = 400;
const SLOWED = 4;
/** How long everything may take to arrive, in milliseconds. */
const PATIENCE_MS = 60_000;

/** What each figure should be at most, where something is asked of it. */
const BARS = {
  "wall time of 50 decisions, ms": 3000,
  "key to paint, p50, ms": 40,
  "key to paint, p98, ms": 100,
  "first key to paint, its module included, ms": undefined,
  "main thread's processor time, of it style and layout, of it scripts; ms a decision": undefined,
  "until all are stored, ms": undefined,
  "writes": 6,
  "reads": 0,
  "layout shift": 0.01,
  "page of 50, HTML, B": 18_000,
  "page of 50, styles, B": 4_000,
  "page of 50, scripts, B": 8_000,
  "page of 50, in all, B": 30_000,
  "page of 50, requests": 3,
};

const house = await startPalabre({ PALABRE_RATE_LIMIT__ENABLED: "false" });
try {
  const person = await house.moderator();
  await person.signsIn();
  for (let number = 0; number < TIMES * DECISIONS; number += 1) {
    const body = `Avis ${number}. La passerelle sert à ceux qui vont au marché, à l’école et à la gare ; le détour est long.`;
    await house.hasComment({ body, name: `Lectrice ${number}`, thread: `article-${number % 7}` });
  }
  const runs = [];
  for (let time = 0; time < TIMES; time += 1) {
    const hand = await house.moderator();
    runs.push(await measures(hand));
    await hand.leaves();
  }
  console.log("| figure | median | of | bar |\n|---|---|---|---|");
  for (const [name, bar] of Object.entries(BARS)) {
    const values = runs.map((run) => run[name]).sort((one, other) => Number.parseFloat(one) - Number.parseFloat(other));
    console.log(`| ${name} | ${values[TIMES >> 1]} | ${values.join(", ")} | ${bar === undefined ? "" : `<= ${bar}`} |`);
  }
  // A machine that does something else makes frames late.
  console.log(`\nLoad of the machine in the last minute: ${loadavg()[0].toFixed(1)}.`);
} finally {
  await house.stop();
}

/** Loads the queue and decides all that it shows. */
async function measures(person) {
  const { page } = person;
  const slow = await person.window.context.newCDPSession(page);
  await slow.send("Network.enable");
  await slow.send("Network.setCacheDisabled", { cacheDisabled: true });
  const asked = listens(slow);
  await slow.send("Network.emulateNetworkConditions", { offline: false, latency: ROUND_TRIP_MS, downloadThroughput: -1, uploadThroughput: -1 });
  await slow.send("Emulation.setCPUThrottlingRate", { rate: SLOWED });
  await page.goto("/queue?order=oldest", { timeout: PATIENCE_MS });
  await eventually(() => assert.ok(asked.isLoaded(), "the page has arrived"), PATIENCE_MS);
  const weight = asked.weight();
  const before = await decided(page);
  assert.equal(await page.getByRole("article").count(), DECISIONS);
  await page.evaluate(watchesPaints);
  await slow.send("Performance.enable", { timeDomain: "threadTicks" });
  const cpu = async () => Object.fromEntries((await slow.send("Performance.getMetrics")).metrics.map(({ name, value }) => [name, 1000 * value]));
  const cpuBefore = await cpu();

  const writesBefore = asked.calls.length;
  const began = performance.now();
  for (let number = 0; number < DECISIONS; number += 1) {
    await page.keyboard.press(number % 2 === 0 ? "a" : "r");
    await page.evaluate((n) => globalThis.painted(n), number);
  }
  const { paints, first, shift } = await page.evaluate(() => globalThis.measured());
  const cpuAfter = await cpu();
  const wall = paints.at(-1).at - first;
  const calls = asked.calls.slice(writesBefore);
  await slow.send("Emulation.setCPUThrottlingRate", { rate: 1 });
  await eventually(async () => {
    const now = await decided(page);
    assert.equal(now.approved - before.approved, DECISIONS / 2, "as many are published as were decided");
    assert.equal(now.rejected - before.rejected, DECISIONS / 2);
  }, PATIENCE_MS);
  const stored = performance.now() - began;
  await slow.send("Network.emulateNetworkConditions", { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
  const writes = asked.calls.slice(writesBefore).filter(({ method, path }) => method === "POST" && path.endsWith("/decisions"));
  const reads = calls.filter(({ method, path }) => method === "GET" && path.startsWith("/api/") && !path.endsWith("/events"));

  const latencies = paints.map(({ took }) => took).sort((one, other) => one - other);
  const used = (...names) => (names.reduce((sum, name) => sum + cpuAfter[name] - cpuBefore[name], 0) / DECISIONS).toFixed(1);
  const share = (of) => Math.round(latencies[Math.ceil(of * DECISIONS) - 1]);
  return {
    "wall time of 50 decisions, ms": Math.round(wall),
    "key to paint, p50, ms": share(0.5),
    "key to paint, p98, ms": share(0.98),
    "first key to paint, its module included, ms": Math.round(paints[0].took),
    "main thread's processor time, of it style and layout, of it scripts; ms a decision": [used("TaskDuration"), used("RecalcStyleDuration", "LayoutDuration"), used("ScriptDuration")].join(" / "),
    "until all are stored, ms": Math.round(stored),
    "writes": writes.length,
    "reads": reads.length,
    "layout shift": Number(shift.toFixed(4)),
    ...weight,
  };
}

/** Runs in the page: from the next key on, when each decision was painted. A decision hands the focus on. */
function watchesPaints() {
  const paints = [];
  const waiting = new Map();
  let shift = 0;
  let first;
  let held = document.activeElement;
  new PerformanceObserver((list) => {
    for (const { value } of list.getEntries()) shift += value;
  }).observe({ type: "layout-shift", buffered: false });
  addEventListener("keydown", ({ timeStamp }) => {
    first ??= timeStamp;
    const looks = () => {
      if (document.activeElement === held) return requestAnimationFrame(looks);
      held = document.activeElement;
      // The message comes after the frame is drawn.
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        const at = performance.now();
        paints.push({ at, took: at - timeStamp });
        waiting.get(paints.length - 1)?.();
      };
      port2.postMessage(null);
    };
    requestAnimationFrame(looks);
  }, true);
  globalThis.painted = (number) => new Promise((done) => {
    if (paints.length > number) done();
    else waiting.set(number, done);
  });
  globalThis.measured = () => ({ paints, first, shift });
}

/** Listens to what the page asks for: calls of the API, and answers with their bytes on the wire. */
function listens(session) {
  const calls = [];
  const answers = new Map();
  session.on("Network.requestWillBeSent", ({ requestId, type, request: { url, method } }) => {
    const path = new URL(url).pathname;
    if (path.startsWith("/api/")) calls.push({ method, path });
    else if (!path.endsWith("icon.svg") && type !== "EventSource") answers.set(requestId, { type, bytes: 0 });
  });
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    if (answers.has(requestId)) answers.get(requestId).bytes = encodedDataLength;
  });
  const sum = (wanted) => [...answers.values()].filter(({ type }) => wanted === undefined || type === wanted).reduce((all, { bytes }) => all + bytes, 0);
  return {
    calls,
    isLoaded: () => answers.size >= 3 && [...answers.values()].every(({ bytes }) => bytes > 0),
    weight: () => ({
      "page of 50, HTML, B": sum("Document"),
      "page of 50, styles, B": sum("Stylesheet"),
      "page of 50, scripts, B": sum("Script"),
      "page of 50, in all, B": sum(),
      "page of 50, requests": answers.size,
    }),
  };
}

/** How many are published and refused, by the API. */
function decided(page) {
  return page.evaluate(async () => {
    const found = {};
    for (const status of ["approved", "rejected"]) {
      const { items, next } = await (await fetch(`/api/v1/moderation/queue?status=${status}&limit=100`)).json();
      found[status] = items.length;
      if (next) throw new Error("more than a hundred: count by page");
    }
    return found;
  });
}
