// Keeps the review page true while it is open: what waits, what came in, what others decided or read. Nothing
// on the page moves by itself. The buttons are forms; deciding by key or press without leaving the page is the matter
// of decide.js, which comes with the first of them.
//
// One tab of a browser holds the stream and tells the others. When the server gives none, each asks for the
// counts every half minute instead, and learns by that whether the session is over.
//
// A browser that has no locks or no channel between its tabs (Safari until 15.3) holds a stream in each of them;
// one without a stream asks. Nothing else here is newer than Safari 14 and Chrome 85.
//
// The same change may be told again, to a page that knows it already: versions tell what is new.

/**
 * @typedef {HTMLElement & {dataset: Record<string, string>}} Element
 * @typedef {{n: number, more?: boolean}} Count
 * @typedef {typeof import("./decide.js").start} StartDeciding
 * @typedef {ReturnType<StartDeciding>} Deciding
 * @typedef {Awaited<NonNullable<ReturnType<Parameters<StartDeciding>[0]["panel"]>>>} Panel
 */

/** What the page has for sure. @param {string} id @returns {any} */
const part = (id) => document.getElementById(id);
/** What an event happened to. @param {Event} event @returns {any} */
const targetOf = (event) => event.target;
/** @type {Element} */
const live = part("live");
/** @type {HTMLElement} */
const heard = part("heard");
const { site, tab } = live.dataset;
const language = document.documentElement.lang;
/** @param {string} name @param {Record<string, unknown>} values @returns {string} */
const say = (name, values = {}) => live.dataset[name].replace(/\{(\w+)\}/g, (_, key) => String(values[key]));
/** @param {number} milliseconds @returns {Promise<void>} */
const wait = (milliseconds) => new Promise((wake) => setTimeout(wake, milliseconds));

// ------------------------------------------------------------------ what is told

/** How far back a stream begins, so that it misses nothing that was being stored. */
const WINDOW = 30 * 1000;

const opened = Date.parse(live.dataset.since);
/** Comments that came in just before the page was made. */
const known = new Set(live.dataset.known.split(" "));
/** Of comments that are not on the page: their version. @type {Map<string, number>} */
const versions = new Map();
/** Comments that came to this list since the page was made, and those that left it. @type {Set<string>} */
const fresh = new Set();
/** @type {Set<string>} */
const gone = new Set();
/** @type {Map<string, Record<string, Count>>} */
const counts = new Map();

/** @param {string} comment @returns {Element | null} */
const rowOf = (comment) => part(`i${comment}`);

/** Whether a comment that is not on the page is told in a version that was not told before. @param {string} comment @param {number} version */
function isNews(comment, version) {
  if (rowOf(comment) !== null || version <= (versions.get(comment) ?? 0)) return false;
  versions.set(comment, version);
  return true;
}

/** @type {Record<string, (data: any) => any>} */
const told = {
  arrived({ id, status, version, created_at }) {
    const isKnown = known.has(id) || Date.parse(created_at) < opened - WINDOW;
    if (isKnown || !isNews(id, version) || status !== tab || tab !== "pending") return;
    fresh.add(id);
    showFresh();
  },

  decided({ comment, action, from, to, version, actor, at }) {
    const row = rowOf(comment);
    const pile = action === "hold" ? "set_aside" : to;
    if (row === null) {
      if (Date.parse(at) >= opened && isNews(comment, version)) follows(comment, from, pile);
      return;
    }
    if (version <= Number(row.dataset.version)) return;
    row.dataset.version = String(version);
    const isKnown = sayable("word", action) !== undefined;
    if (!isKnown || pile === tab) {
      // It is again, or still, what this list shows: its buttons count. Without words for what happened they keep the
      // version that was read, and the press will say what is different.
      const said = isKnown ? `${sayable("word", action)} ${by(row, actor, at)}` : say("changed");
      reopen(row, said, isKnown);
      return;
    }
    settle(row, action, sayable("word", action), by(row, actor, at));
  },

  leased({ comment, lease }) {
    const row = rowOf(comment);
    if (row === null || row.dataset.verdict !== undefined) return;
    row.toggleAttribute("data-read", lease !== null && !lease.own);
    mark(row, { reader: lease === null || lease.own ? "" : say("reading", { name: lease.by }) });
  },

  counts({ site: of, counts: ofSite }) {
    counts.set(of, ofSite);
    showCounts();
  },

  /** A stream begins: somebody is signed in, and it tells who reads now. */
  opened() {
    resume();
    /** @type {NodeListOf<HTMLElement>} */
    const rows = document.querySelectorAll("article.item");
    for (const row of rows) mark(row, { reader: "" });
  },

  /** Asks for the counts; true when nobody is signed in here any more. */
  async poll() {
    const query = site === "" ? "" : `?site=${encodeURIComponent(site)}`;
    const response = await fetch(`/api/v1/moderation/counts${query}`).catch(() => undefined);
    if (response?.ok) {
      resume();
      counts.clear();
      for (const each of (await response.json()).sites) counts.set(each.site, each.counts);
      showCounts();
    }
    const isOut = response?.status === 401;
    if (isOut) endSession();
    return isOut;
  },
};

/** A comment that is not on the page comes to its list, or leaves it. @param {string} comment @param {string} from @param {string} to */
function follows(comment, from, to) {
  if (to === tab && from !== tab && !gone.delete(comment)) fresh.add(comment);
  if (to !== tab && (from === tab || fresh.has(comment)) && !fresh.delete(comment)) gone.add(comment);
  showFresh();
}

/** What waits, and what was decided, of all sites that the page is about, once all of them are known. */
function showCounts() {
  if (counts.size < Number(live.dataset.sites)) return;
  /** @type {NodeListOf<Element>} */
  const places = document.querySelectorAll("[data-count]");
  for (const place of places) {
    const all = [...counts.values()].map((each) => each[place.dataset.count]);
    const sum = all.reduce((before, { n }) => before + n, 0);
    const more = sum > 1000 || all.some((each) => each.more);
    place.textContent = more ? "1000+" : String(sum);
  }
}

const title = document.title;
const shows = document.createElement("a");
shows.href = live.dataset.here;

/** How many came in since the page was made, as a link that shows them. */
function showFresh() {
  if (over !== undefined) return;
  const n = fresh.size;
  document.title = n === 0 ? title : `(${n}) ${title}`;
  if (n === 0) return shows.remove();
  const sentence = say(new Intl.PluralRules(language).select(n) === "one" ? "one" : "other", { n });
  if (shows.isConnected && shows.textContent === sentence) return;
  shows.textContent = sentence;
  part("new").append(shows);
  announceSoon();
}

/**
 * A word for an act, « Publié »; undefined: the page has none.
 * @param {string} kind @param {string} action @returns {string | undefined}
 */
const sayable = (kind, action) => live.dataset[`${kind}${action[0].toUpperCase()}${action.slice(1)}`];

/** « par Awa, 10:42 ». @param {HTMLElement} row @param {string} person @param {string} at */
function by(row, person, at) {
  /** @type {Intl.DateTimeFormatOptions} */
  const options = { hour: "2-digit", minute: "2-digit", timeZone: row.dataset.zone };
  return say("by", { person, time: new Intl.DateTimeFormat(language, options).format(new Date(at)) });
}

/**
 * Says in the place of a row's buttons what was decided; the row keeps its height. A button may stand beside it.
 * @param {HTMLElement} row @param {string} action @param {string | undefined} word @param {string} detail @param {HTMLElement} [button]
 */
function settle(row, action, word, detail, button) {
  void dresses();
  /** @type {HTMLElement | null} */
  const acts = row.querySelector(".acts");
  /** @type {HTMLElement} */
  const note = row.querySelector(".note") ?? document.createElement("div");
  if (acts === null) {
    mark(row, { said: `${word} ${detail}` });
    return;
  }
  note.className = "note settled";
  note.tabIndex = -1;
  const bold = document.createElement("b");
  bold.textContent = word ?? "";
  const rest = document.createElement("span");
  rest.textContent = detail;
  note.textContent = "";
  note.append(bold, rest, ...(button === undefined ? [] : [button]));
  if (!acts.hidden) note.style.minBlockSize = `${acts.offsetHeight}px`;
  const isFocused = acts.contains(document.activeElement);
  acts.before(note);
  acts.hidden = true;
  row.dataset.verdict = action;
  /** @type {HTMLInputElement | null} */
  const box = row.querySelector(".pick input");
  if (box?.checked) {
    box.checked = false;
    box.dispatchEvent(new Event("change", { bubbles: true }));
  }
  mark(row, { said: "", reader: "" });
  // Whoever is put on the note hears it.
  if (isFocused) note.focus({ preventScroll: true });
  else announceOf(row, `${word} ${detail}`);
}

/** Puts the buttons of a row back, for the version that it has now. @param {HTMLElement} row @param {string} said */
function reopen(row, said, counts = true) {
  /** @type {(HTMLElement & {elements: any}) | null} */
  const acts = row.querySelector(".acts");
  const note = row.querySelector(".note");
  mark(row, { said });
  announceOf(row, said);
  delete row.dataset.verdict;
  if (acts !== null) {
    acts.hidden = false;
    if (counts) acts.elements.version.value = row.dataset.version;
  }
  if (note?.contains(document.activeElement)) acts?.querySelector("button")?.focus({ preventScroll: true });
  note?.remove();
}

/** What stands at the edge of each row: what changed in it, and who reads it. @type {Map<HTMLElement, {said: string, reader: string}>} */
const marks = new Map();

/** @param {HTMLElement} row @param {{said?: string, reader?: string}} change */
function mark(row, change) {
  const place = row.querySelector(".reading");
  if (place === null) return;
  const parts = { ...(marks.get(row) ?? { said: "", reader: place.textContent ?? "" }), ...change };
  marks.set(row, parts);
  place.textContent = [parts.said, parts.reader].filter((part) => part !== "").join(" · ");
}

/** Tells who listens to the page of a change in the row that they are in. @param {HTMLElement} row @param {string} sentence */
function announceOf(row, sentence) {
  if (row.contains(document.activeElement)) heard.textContent = sentence;
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let announcing;

/** Tells who listens to the page how many came in, every ten seconds at most. */
function announceSoon() {
  if (announcing !== undefined) return;
  heard.textContent = shows.textContent;
  announcing = setTimeout(() => {
    announcing = undefined;
    if (shows.isConnected && heard.textContent !== shows.textContent) announceSoon();
  }, 10 * 1000);
}

// ------------------------------------------------------------------ the end of the session

/** @type {HTMLElement | undefined} */
let over;

function endSession() {
  if (over !== undefined) return;
  const link = document.createElement("a");
  link.href = live.dataset.door;
  link.textContent = say("in");
  link.className = "button";
  const line = document.createElement("p");
  line.textContent = say("over");
  over = document.createElement("div");
  over.className = "flash is-problem";
  over.setAttribute("role", "alert");
  over.append(line, link);
  shows.remove();
  live.append(over);
  document.title = title;
}

/** Takes that back where somebody signed in again, in another tab. */
function resume() {
  if (over === undefined) return;
  over.remove();
  over = undefined;
  showFresh();
  watch();
}

// ------------------------------------------------------------------ the stream

const channel = globalThis.BroadcastChannel && new BroadcastChannel("palabre-queue");
/** @param {string} name @param {any} [data] */
const tell = (name, data) => {
  if (data === undefined || site === "" || data.site === site) return told[name](data);
};
/** @param {string} name @param {unknown} [data] @param {string} [id] */
const tellOthers = (name, data, id) => channel?.postMessage({ name, data, id });

/** Since when this tab, and those that it tells, have yet to hear. */
let begin = live.dataset.since;
/** The stream, in the tab that holds it, and what opens it again. @type {EventSource | undefined} */
let source;

channel?.addEventListener("message", ({ data: { name, data, id } }) => {
  if (name === "hello") {
    // A tab is there that may have missed what was told while it came.
    if (Date.parse(data) < Date.parse(begin)) begin = data;
    source?.close();
    source?.dispatchEvent(new Event("again"));
    return;
  }
  begin = id ?? begin;
  tell(name, data);
});

/** Follows a stream until the server gives none (false) or a tab asks for it from earlier on (true); a line that
    breaks is mended by the browser. */
function follow() {
  return new Promise((end) => {
    if (!globalThis.EventSource) return end(false);
    const stream = new EventSource(`/api/v1/moderation/events?since=${encodeURIComponent(begin)}`);
    source = stream;
    source.addEventListener("open", () => {
      tellOthers("opened");
      tell("opened");
    });
    for (const name of ["arrived", "decided", "leased", "counts"]) {
      stream.addEventListener(name, (event) => {
        begin = event.lastEventId;
        const data = JSON.parse(event.data);
        tellOthers(name, data, begin);
        tell(name, data);
      });
    }
    source.addEventListener("again", () => end(true));
    source.addEventListener("error", () => {
      if (stream.readyState === EventSource.CLOSED) end(false);
    });
  });
}

/** Holds the stream, and looks again where there is none, until nobody is signed in. */
async function hold() {
  for (;;) {
    while (await follow());
    source = undefined;
    tellOthers("poll");
    if (await tell("poll")) return;
    await wait(30 * 1000);
  }
}

/** @type {Promise<unknown> | undefined} */
let watching;

/** Waits for its turn to hold the stream. */
function watch() {
  if (watching !== undefined) return;
  const held = channel && navigator.locks ? navigator.locks.request("palabre-queue", hold) : hold();
  watching = held.finally(() => { watching = undefined; });
}

tellOthers("hello", live.dataset.since);
watch();

// ------------------------------------------------------------------ who reads what

/** @type {HTMLElement | undefined} */
let reading;
let active = Date.now();
for (const act of ["keydown", "pointermove", "scroll"]) {
  addEventListener(act, () => { active = Date.now(); }, { passive: true });
}

/** @param {string} comment */
function leases(comment, opened = false) {
  const headers = { "content-type": "application/json" };
  fetch("/api/v1/moderation/leases", { method: "POST", headers, body: JSON.stringify({ comment, opened }) }).catch(() => {});
}

/** Says who reads it: with decisions that are on their way, or by itself. */
function lease() {
  if (reading === undefined) return;
  const comment = reading.id.slice(1);
  if (!deciding?.rides(comment)) leases(comment);
}

/** Who stays in a row for a second reads it; who passes by does not. */
/** @type {ReturnType<typeof setTimeout> | undefined} */
let staying;
document.addEventListener("focusin", (event) => {
  const target = targetOf(event);
  const row = target.closest("article.item");
  if (row === null) return;
  takesInHand(row);
  if (row === reading) return;
  reading = row;
  clearTimeout(staying);
  staying = setTimeout(() => {
    if (tab === "pending" || tab === "set_aside") lease();
    if (isWide()) panel().then(({ show }) => show(row)).catch(() => {});
  }, 1000);
});

setInterval(() => {
  const isThere = document.hasFocus() && Date.now() - active < 120 * 1000;
  if (isThere && reading?.contains(document.activeElement)) lease();
}, 20 * 1000);

// ------------------------------------------------------------------ the row in hand

/** The row that a key, or the bar at the foot of a phone, acts on. @type {HTMLElement | undefined} */
let inHand;
let inHandSince = 0;

/** How long it has been, in milliseconds; undefined: another row is. @param {HTMLElement} row */
const heldFor = (row) => (row === inHand ? Math.round(performance.now() - inHandSince) : undefined);

/** @param {HTMLElement | null} row */
function takesInHand(row) {
  if (row !== inHand) inHandSince = performance.now();
  inHand?.classList.remove("is-current");
  inHand = row ?? undefined;
  inHand?.classList.add("is-current");
}

/** @returns {HTMLElement | null} */
const firstOpen = () => document.querySelector("article.item:not([data-verdict])");
takesInHand(document.querySelector("#next article") ?? firstOpen());

document.addEventListener("click", (event) => {
  const target = targetOf(event);
  const row = target.closest("article.item");
  if (row !== null && row.dataset.verdict === undefined) takesInHand(row);
});

/** What stands beside the list on a wide screen, or in front of it: the conversation, the author, the history. @type {Promise<Panel> | undefined} */
let panels;
const isWide = () => matchMedia("(min-width: 68.75em)").matches;

function panel() {
  // In its clothes, so that nothing moves.
  panels = panels ?? Promise.all([import(live.dataset.panel), dresses()]).then(([{ start }]) => start(page));
  return panels;
}

/** @type {Promise<unknown> | undefined} */
let dressed;

/** Asks once for the style of what is not there from the start; over when it is there, or cannot be. */
function dresses() {
  dressed = dressed ?? new Promise((end) => {
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = live.dataset.style;
    style.addEventListener("load", end);
    style.addEventListener("error", end);
    document.head.append(style);
  });
  return dressed;
}

// ------------------------------------------------------------------ deciding

const page = { live, heard, language, say, sayable, by, settle, reopen, endSession, takesInHand, firstOpen, panel, isWide, comesBack, leases, heldFor, completes, hasLetters, keepsLetters, fresh, showFresh, isOver: () => over !== undefined, inHand: () => inHand };

/** What decides, from the first key or press on. @type {Promise<Deciding | undefined> | undefined} */
let decide;
/** The same once it is there. @type {Deciding | undefined} */
let deciding;

/** How long it may take to come. */
const PATIENCE = 4000;

/** Does something with it; where it does not come, tries again with the next press. @param {(decision: Deciding) => void} act */
async function decides(act) {
  decide = decide ?? Promise.all([import(live.dataset.decide), dresses()]).then(([{ start }]) => (deciding = start(page))).catch(() => decide = undefined);
  const made = await Promise.race([decide, wait(PATIENCE)]);
  if (made !== undefined) act(made);
  // Without a line a form would lose the page.
  if (made === undefined && !navigator.onLine) {
    const line = part("off");
    line.hidden = false;
    line.textContent = heard.textContent = say("noLine");
    addEventListener("online", () => { line.hidden = true; }, { once: true });
    return true;
  }
  return made !== undefined;
}

/** Sends a form as it would have gone without a script. @param {HTMLFormElement} form @param {HTMLButtonElement} button */
function sendsAsForm(form, button) {
  const field = document.createElement("input");
  field.type = "hidden";
  field.name = button.name;
  field.value = button.value;
  form.append(field);
  form.submit();
}

/** The button that was pressed last: an older browser does not say which one sends a form. @type {HTMLButtonElement | null | undefined} */
let pressed;
document.addEventListener("click", (event) => { pressed = targetOf(event).closest("button"); }, true);

document.addEventListener("submit", async (event) => {
  const form = targetOf(event);
  /** @type {any} */
  const button = event.submitter ?? pressed;
  const isOfRows = form.matches(".acts, #bulk");
  if (!isOfRows || !button?.value || over !== undefined || !globalThis.fetch) return;
  event.preventDefault();
  const row = form.closest("article.item");
  const isDone = await decides((decision) => (row === null ? decision.together(button.value) : decision.one(row, button.value)));
  if (!isDone) sendsAsForm(form, button);
});

/** How many are chosen. */
document.addEventListener("change", (event) => {
  const target = targetOf(event);
  if (target.closest(".pick") === null) return;
  const n = document.querySelectorAll(".pick :checked").length;
  part("picked").textContent = say("picked", { n });
});

/** The hand goes back to its row when what stood before the list is closed, where the browser does not put it back. */
function comesBack() {
  const at = document.activeElement;
  if (inHand === undefined || at?.closest(".list")) return;
  if (inHand.tabIndex < 0) inHand.tabIndex = -1;
  inHand.focus({ preventScroll: true });
}
part("help").addEventListener("close", comesBack);

/** Entries under « Plus » that do nothing without this script. @param {Iterable<ParentNode>} places */
function completes(places) {
  for (const place of places) {
    for (const entry of place.querySelectorAll(".acts li[hidden]")) entry.removeAttribute("hidden");
  }
}
completes([document]);

document.addEventListener("click", (event) => {
  const button = targetOf(event).closest("[data-key]");
  if (button === null) return;
  button.closest("details")?.removeAttribute("open");
  void decides((decision) => decision.key(button.dataset.key));
});

/** The next page of the list comes below this one. */
document.addEventListener("click", async (event) => {
  const link = targetOf(event).closest(".next-page a");
  if (link === null || event.ctrlKey || event.metaKey || event.shiftKey || over !== undefined) return;
  event.preventDefault();
  if (!(await decides((decision) => decision.more(link)))) location.assign(link.href);
});

/** The bar at the foot of a phone: the buttons of the row in hand, in the same order. */
const first = document.querySelector(".items .acts > .approve");
if (first !== null) {
  const bar = document.createElement("div");
  bar.className = "thumb";
  /** @param {any} button @returns {string} */
  const words = (button) => button.firstChild.textContent;
  const reject = document.querySelector(".items .acts > .reject");
  /** @type {[string | null, string, (decision: Deciding) => void][]} */
  const buttons = [
    [reject && words(reject), "reject", (decision) => decision.pressed("reject")],
    [say("undo"), "quiet", (decision) => decision.undo()],
    [words(first), "approve", (decision) => decision.pressed("approve")],
  ];
  for (const [word, className, act] of buttons) {
    if (!word) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = className;
    button.textContent = word;
    button.addEventListener("click", () => decides(act));
    bar.append(button);
  }
  document.querySelector(".list")?.append(bar);
}

shows.addEventListener("click", async (event) => {
  event.preventDefault();
  if (!(await decides((decision) => decision.key(".")))) location.assign(shows.href);
});

// ------------------------------------------------------------------ keys

const KEYS = live.dataset.keys.split(" ");
/** Keys that one may hold down. */
const MOVES = ["j", "k", "J", "K"];
/** Whether letters alone are keys, on this device. */
const LETTERS = "palabre-letters";

function hasLetters() {
  try {
    return localStorage.getItem(LETTERS) !== "no";
  } catch {
    return true;
  }
}

/** @param {boolean} areKeys */
function keepsLetters(areKeys) {
  try {
    localStorage.setItem(LETTERS, areKeys ? "yes" : "no");
  } catch {
    // Where nothing may be kept, they stay keys.
  }
}

/** Whether « g » was pressed, which a letter follows. */
let goes = false;

document.addEventListener("keydown", (event) => {
  const target = targetOf(event);
  const { key, altKey, ctrlKey, metaKey, isComposing, repeat } = event;
  if (altKey || isComposing || over !== undefined || document.querySelector("dialog[open]") !== null) return;
  const isUndo = (ctrlKey || metaKey) && key === "z";
  if ((ctrlKey || metaKey) && !isUndo) return;
  // Letters act in the queue alone, and where nothing is typed.
  const isTyped = target.closest("input:not([type=checkbox]), select, textarea") !== null;
  const isHere = target === document.body || target.closest(".list, h1, dialog") !== null;
  if (isTyped || !isHere) return;
  if (!isUndo && key !== "?" && !hasLetters()) return;
  /** @type {any} */
  const link = goes && document.querySelector(`[data-go="${key}"]`);
  goes = key === "g" && !goes;
  if (link) {
    event.preventDefault();
    location.assign(link.href);
    return;
  }
  if (!isUndo && !KEYS.includes(key)) return;
  event.preventDefault();
  if (key === "g" || (repeat && !MOVES.includes(key))) return;
  void decides((decision) => (isUndo ? decision.undo() : decision.key(key)));
});
