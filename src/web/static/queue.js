// Keeps the review page true while it is open: what waits, what came in, what others decided or read. Nothing
// on the page moves by itself. The buttons are forms; what is decided by key is the matter of decide.js, which comes
// with the first key.
//
// One tab of a browser holds the stream and tells the others. When the server gives none, each asks for the
// counts every half minute instead, and learns by that whether the session is over.
//
// A browser that has no locks or no channel between its tabs (Safari until 15.3) holds a stream in each of them;
// one without a stream asks. Nothing else here is newer than Safari 14 and Chrome 85.
//
// The same change may be told again, to a page that knows it already: versions tell what is new.

const live = document.getElementById("live");
const heard = document.getElementById("heard");
const { site, tab } = live.dataset;
const language = document.documentElement.lang;
const say = (name, values = {}) => live.dataset[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
const wait = (milliseconds) => new Promise((wake) => setTimeout(wake, milliseconds));

// ------------------------------------------------------------------ what is told

/** How far back a stream begins, so that it misses nothing that was being stored. */
const WINDOW = 30 * 1000;

const opened = Date.parse(live.dataset.since);
/** Comments that came in just before the page was made. */
const known = new Set(live.dataset.known.split(" "));
/** Of comments that are not on the page: their version. */
const versions = new Map();
/** Comments that came to this list since the page was made, and those that left it. */
const fresh = new Set();
const gone = new Set();
const counts = new Map();

const rowOf = (comment) => document.getElementById(`i${comment}`);

/** Whether a comment that is not on the page is told in a version that was not told before. */
function isNews(comment, version) {
  if (rowOf(comment) !== null || version <= (versions.get(comment) ?? 0)) return false;
  versions.set(comment, version);
  return true;
}

const told = {
  arrived({ id, status, version, created_at }) {
    const isKnown = known.has(id) || Date.parse(created_at) < opened - WINDOW;
    if (isKnown || !isNews(id, version) || status !== tab || tab !== "pending") return;
    fresh.add(id);
    showFresh();
  },

  decided({ comment, action, from, to, version, actor, at }) {
    const row = rowOf(comment);
    if (row === null) {
      if (Date.parse(at) >= opened && isNews(comment, version)) follows(comment, from, to);
      return;
    }
    if (version <= Number(row.dataset.version)) return;
    row.dataset.version = version;
    const said = saidOf(row, action, actor, new Date(at));
    if (said === undefined) {
      // Its buttons keep the version that was read: the press will say what is different.
      mark(row, { said: say("changed") });
      announceOf(row, say("changed"));
      return;
    }
    showDecided(row, said, to === tab);
  },

  leased({ comment, lease }) {
    const row = rowOf(comment);
    if (row === null || row.querySelector(".note")) return;
    mark(row, { reader: lease === null || lease.own ? "" : say("reading", { name: lease.by }) });
  },

  counts({ site: of, counts: ofSite }) {
    counts.set(of, ofSite);
    showCounts();
  },

  /** A stream begins: somebody is signed in, and it tells who reads now. */
  opened() {
    resume();
    for (const row of document.querySelectorAll("article.item")) mark(row, { reader: "" });
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

/** A comment that is not on the page comes to its list, or leaves it. */
function follows(comment, from, to) {
  if (to === tab && from !== tab && !gone.delete(comment)) fresh.add(comment);
  if (to !== tab && from === tab && !fresh.delete(comment)) gone.add(comment);
  showFresh();
}

/** What waits, and what was decided, of all sites that the page is about, once all of them are known. */
function showCounts() {
  if (counts.size < Number(live.dataset.sites)) return;
  for (const place of document.querySelectorAll("[data-count]")) {
    const all = [...counts.values()].map((each) => each[place.dataset.count]);
    const sum = all.reduce((before, { n }) => before + n, 0);
    const more = sum > 1000 || all.some((each) => each.more);
    place.textContent = more ? "1000+" : String(sum);
  }
}

const title = document.title;
const shows = document.createElement("a");
shows.href = live.dataset.here;
shows.className = "button";

/** How many came in since the page was made, as a link that shows them. */
function showFresh() {
  if (over !== undefined) return;
  const n = fresh.size;
  document.title = n === 0 ? title : `(${n}) ${title}`;
  if (n === 0) return shows.remove();
  const sentence = say(new Intl.PluralRules(language).select(n) === "one" ? "one" : "other", { n });
  if (shows.isConnected && shows.textContent === sentence) return;
  shows.textContent = sentence;
  live.append(shows);
  announceSoon();
}

/** « Publié par Awa, 10:42 »; undefined: the page has no words for that. */
function saidOf(row, action, person, at) {
  const template = `said${action[0].toUpperCase()}${action.slice(1)}`;
  if (!(template in live.dataset)) return undefined;
  const options = { hour: "2-digit", minute: "2-digit", timeZone: row.dataset.zone };
  return say(template, { person, time: new Intl.DateTimeFormat(language, options).format(at) });
}

/** Says in the place of a row's buttons what somebody did; it keeps its height. */
function showDecided(row, sentence, isBack) {
  const acts = row.querySelector(".acts");
  const note = row.querySelector(".note") ?? document.createElement("p");
  if (acts === null || isBack) {
    // It is again, or still, what this list shows: its buttons count, for the version that it has now.
    mark(row, { said: sentence });
    announceOf(row, sentence);
    if (acts !== null) {
      acts.hidden = false;
      acts.elements.version.value = row.dataset.version;
    }
    if (note.contains(document.activeElement)) acts?.querySelector("button").focus({ preventScroll: true });
    note.remove();
    return;
  }
  note.className = "note decided";
  note.textContent = sentence;
  note.tabIndex = -1;
  if (!acts.hidden) note.style.minBlockSize = `${acts.offsetHeight}px`;
  const isFocused = acts.contains(document.activeElement);
  acts.before(note);
  acts.hidden = true;
  mark(row, { said: "", reader: "" });
  // Whoever is put on the note hears it.
  if (isFocused) note.focus({ preventScroll: true });
  else announceOf(row, sentence);
}

/** What stands at the edge of each row: what changed in it, and who reads it. */
const marks = new Map();

function mark(row, change) {
  const place = row.querySelector(".reading");
  const parts = { ...(marks.get(row) ?? { said: "", reader: place.textContent }), ...change };
  marks.set(row, parts);
  place.textContent = [parts.said, parts.reader].filter((part) => part !== "").join(" · ");
}

/** Tells who listens to the page of a change in the row that they are in. */
function announceOf(row, sentence) {
  if (row.contains(document.activeElement)) heard.textContent = sentence;
}

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
  live.textContent = "";
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
const tell = (name, data) => {
  if (data === undefined || site === "" || data.site === site) return told[name](data);
};
const tellOthers = (name, data, id) => channel?.postMessage({ name, data, id });

/** Since when this tab, and those that it tells, have yet to hear. */
let begin = live.dataset.since;
/** The stream, in the tab that holds it, and what opens it again. */
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
    source = new EventSource(`/api/v1/moderation/events?since=${encodeURIComponent(begin)}`);
    source.addEventListener("open", () => {
      tellOthers("opened");
      tell("opened");
    });
    for (const name of ["arrived", "decided", "leased", "counts"]) {
      source.addEventListener(name, (event) => {
        begin = event.lastEventId;
        const data = JSON.parse(event.data);
        tellOthers(name, data, begin);
        tell(name, data);
      });
    }
    source.addEventListener("again", () => end(true));
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) end(false);
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

let reading;
let active = Date.now();
for (const act of ["keydown", "pointermove", "scroll"]) {
  addEventListener(act, () => { active = Date.now(); }, { passive: true });
}

function lease() {
  const comment = reading.id.slice(1);
  const headers = { "content-type": "application/json" };
  fetch("/api/v1/moderation/leases", { method: "POST", headers, body: JSON.stringify({ comment }) }).catch(() => {});
}

/** Who stays in a row for a second reads it; who passes by does not. */
let staying;
document.addEventListener("focusin", ({ target }) => {
  const row = target.closest("article.item");
  if (row === null || row === reading || tab !== "pending") return;
  reading = row;
  clearTimeout(staying);
  staying = setTimeout(lease, 1000);
});

setInterval(() => {
  const isThere = document.hasFocus() && Date.now() - active < 120 * 1000;
  if (isThere && reading?.contains(document.activeElement)) lease();
}, 20 * 1000);

// ------------------------------------------------------------------ keys

/** To the next row and back, those of the buttons, and the one that takes back. */
const KEYS = ["j", "k", ...live.dataset.keys.split(" "), "u"];

/** What does what a key says, from the first key on. */
let decide;

document.addEventListener("keydown", async (event) => {
  const { key, target, altKey, ctrlKey, metaKey, isComposing } = event;
  const isBusy = altKey || ctrlKey || metaKey || isComposing || over !== undefined;
  // Letters act in the queue alone, and where nothing is in hand.
  const isHere = target === document.body || target.closest(".items, h1") !== null;
  if (isBusy || !isHere || !KEYS.includes(key) || target.closest("input, select, textarea") !== null) return;
  event.preventDefault();
  const page = { live, heard, say, saidOf, showDecided, endSession, isOver: () => over !== undefined };
  decide = decide ?? import(live.dataset.decide).then(({ start }) => start(page));
  try {
    (await decide)(key);
  } catch {
    decide = undefined;
  }
});
