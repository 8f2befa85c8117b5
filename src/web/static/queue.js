// Keeps the review page true while it is open: what waits, what came in, what others decided or read. Nothing
// on the page moves by itself, and nothing is decided here: the buttons are forms.
//
// One tab of a browser holds the stream and tells the others. When the server gives none, each asks for the
// counts every half minute instead, and learns by that whether the session is over.

const live = document.getElementById("live");
const { site, tab } = live.dataset;
const language = document.documentElement.lang;
const say = (name, values = {}) => live.dataset[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
const wait = (milliseconds) => new Promise((wake) => setTimeout(wake, milliseconds));

// ------------------------------------------------------------------ what is told

const opened = Date.parse(live.dataset.since);
const title = document.title;
const fresh = new Set();
const counts = new Map();

const rowOf = (comment) => document.getElementById(`i${comment}`);

const told = {
  arrived({ id, status, created_at }) {
    if (status !== tab || tab !== "pending" || Date.parse(created_at) < opened || rowOf(id)) return;
    fresh.add(id);
    showFresh();
  },

  decided({ comment, action, to, version, actor, at }) {
    if (to !== tab && fresh.delete(comment)) showFresh();
    const row = rowOf(comment);
    if (row === null || version <= Number(row.dataset.version)) return;
    row.dataset.version = version;
    const template = `said${action[0].toUpperCase()}${action.slice(1)}`;
    if (!(template in live.dataset)) {
      // Its buttons keep the version that was read: the press will say what is different.
      row.querySelector(".reading").textContent = say("changed");
      return;
    }
    const options = { hour: "2-digit", minute: "2-digit", timeZone: row.dataset.zone };
    const time = new Intl.DateTimeFormat(language, options).format(new Date(at));
    showDecided(row, say(template, { person: actor, time }), to === tab);
  },

  leased({ comment, lease }) {
    const row = rowOf(comment);
    if (row === null || row.querySelector(".note")) return;
    row.querySelector(".reading").textContent =
      lease === null || lease.own ? "" : say("reading", { name: lease.by });
  },

  counts({ site: from, counts: ofSite }) {
    counts.set(from, ofSite);
    showCounts([...counts.values()]);
  },

  /** Asks for the counts; true when nobody is signed in here any more. */
  async poll() {
    const query = site === "" ? "" : `&site=${encodeURIComponent(site)}`;
    const response = await fetch(`/api/v1/moderation/queue?limit=1${query}`).catch(() => undefined);
    if (response?.ok) showCounts([(await response.json()).counts]);
    const isOver = response?.status === 401;
    if (isOver) told.over();
    return isOver;
  },

  over() {
    const link = document.createElement("a");
    link.href = live.dataset.door;
    link.textContent = say("in");
    link.className = "button";
    const line = document.createElement("p");
    line.textContent = say("over");
    const flash = document.createElement("div");
    flash.className = "flash is-problem";
    flash.role = "alert";
    flash.append(line, link);
    live.replaceChildren(flash);
    document.title = title;
  },
};

/** What waits, and what was decided, of all sites that the page is about. */
function showCounts(sites) {
  for (const place of document.querySelectorAll("[data-count]")) {
    const all = sites.map((each) => each[place.dataset.count]);
    const sum = all.reduce((before, { n }) => before + n, 0);
    const more = sum > 1000 || all.some((each) => each.more);
    place.textContent = more ? "1000+" : String(sum);
  }
}

/** How many came in since the page was opened, as a link that shows them. */
function showFresh() {
  const n = fresh.size;
  document.title = n === 0 ? title : `(${n}) ${title}`;
  const link = live.querySelector("a") ?? document.createElement("a");
  link.href = live.dataset.here;
  link.className = "button";
  link.textContent = say(new Intl.PluralRules(language).select(n) === "one" ? "one" : "other", { n });
  if (n === 0) link.remove();
  else live.append(link);
}

/** Says in the place of a row's buttons what somebody did; it keeps its height. */
function showDecided(row, sentence, isBack) {
  const acts = row.querySelector(".acts");
  const note = row.querySelector(".note") ?? document.createElement("p");
  if (acts === null || isBack) {
    // It is again, or still, what this list shows: its buttons count, for the version that it has now.
    row.querySelector(".reading").textContent = sentence;
    note.remove();
    if (acts !== null) {
      acts.hidden = false;
      acts.elements.version.value = row.dataset.version;
    }
    return;
  }
  note.className = "note decided";
  note.textContent = sentence;
  note.tabIndex = -1;
  if (!acts.hidden) note.style.minBlockSize = `${acts.offsetHeight}px`;
  const isFocused = acts.contains(document.activeElement);
  acts.before(note);
  acts.hidden = true;
  row.querySelector(".reading").textContent = "";
  if (isFocused) note.focus({ preventScroll: true });
}

// ------------------------------------------------------------------ the stream

const channel = new BroadcastChannel("palabre-queue");
const tell = (name, data) => {
  if (data === undefined || site === "" || data.site === site) return told[name](data);
};
const tellOthers = (name, data) => channel.postMessage({ name, data });
channel.addEventListener("message", ({ data: { name, data } }) => tell(name, data));

let last = live.dataset.since;

/** Holds a stream until the server gives none; a line that breaks is mended by the browser. */
function follow() {
  return new Promise((end) => {
    const source = new EventSource(`/api/v1/moderation/events?since=${encodeURIComponent(last)}`);
    for (const name of ["arrived", "decided", "leased", "counts"]) {
      source.addEventListener(name, (event) => {
        last = event.lastEventId;
        const data = JSON.parse(event.data);
        tellOthers(name, data);
        tell(name, data);
      });
    }
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) end();
    });
  });
}

navigator.locks.request("palabre-queue", async () => {
  for (;;) {
    await follow();
    tellOthers("poll");
    if (await tell("poll")) return;
    await wait(30_000);
  }
});

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

document.addEventListener("focusin", ({ target }) => {
  const row = target.closest("article.item");
  if (row === null || row === reading || tab !== "pending") return;
  reading = row;
  lease();
});

setInterval(() => {
  const isThere = document.hasFocus() && Date.now() - active < 120_000;
  if (isThere && reading?.contains(document.activeElement)) lease();
}, 20_000);
