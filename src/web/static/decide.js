// Decides: at once on the page, and behind it on the server. Loaded with the first key or press; without it the buttons
// of each row are forms.
//
// What was decided waits in one list, in its order. One request at a time takes up to twenty of it; each has a key, so
// that one whose answer was lost is sent again and counts once. What the server refuses is said in its row.

/** Decisions in one request. */
const AT_ONCE = 20;
/** Decisions without an answer after which deciding pauses. */
const MOST = 200;
/** How long the first failure is waited out, and the longest wait, in milliseconds. */
const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30 * 1000;

/**
 * @typedef {{row: HTMLElement, key: string, version: number, action: string, focusedMs: number | undefined}} Decision
 * @typedef {{
 *   live: HTMLElement, heard: HTMLElement, language: string,
 *   say: (name: string, values?: Record<string, unknown>) => string,
 *   sayable: (kind: string, action: string) => string | undefined,
 *   by: (row: HTMLElement, person: string, at: string) => string,
 *   settle: (row: HTMLElement, action: string, word: string, detail: string, button?: HTMLElement) => void,
 *   reopen: (row: HTMLElement, said: string) => void,
 *   takesInHand: (row: HTMLElement | null) => void, inHand: () => HTMLElement | undefined,
 *   firstOpen: () => HTMLElement | null, panel: () => Promise<{latest: (made: Decision[][], undo: (of: Decision[]) => void) => void, show: (row: HTMLElement) => void, opens: (row: HTMLElement, key: string) => void}>, isWide: () => boolean,
 *   leases: (comment: string, opened?: boolean) => void, heldFor: (row: HTMLElement) => number | undefined, hasLetters: () => boolean, keepsLetters: (areKeys: boolean) => void, completes: (rows: Iterable<Element>) => void, fresh: Set<string>, showFresh: () => void, endSession: () => void, isOver: () => boolean,
 * }} Page
 */

/**
 * Begins; gives what keys and presses do.
 * @param {Page} page
 */
export function start(page) {
  const { live, heard, say } = page;
  const tab = live.dataset.tab;

  /** What has no answer yet, in its order. @type {Decision[]} */
  const waiting = [];
  /** What was decided here and not taken back, each with what was decided together with it. @type {Decision[][]} */
  const made = [];
  let isSending = false;
  /** The comment whose lease goes with the next request. @type {string | undefined} */
  let leased;

  // ---------------------------------------------------------------- rows

  /** @returns {HTMLElement[]} */
  const rows = () => Array.from(document.querySelectorAll("article.item"));
  /** @param {HTMLElement} row */
  const actsOf = (row) => /** @type {HTMLFormElement | null} */ (row.querySelector("form.acts"));
  /** Whether nothing was decided about it here or elsewhere. @param {HTMLElement} row */
  const isOpen = (row) => actsOf(row)?.hidden === false;
  /** @param {HTMLElement} row */
  const author = (row) => row.querySelector("h3")?.textContent ?? "";
  /** @returns {HTMLInputElement[]} */
  const picked = () => Array.from(document.querySelectorAll(".pick input:checked"));

  /** Takes a row in hand; where none is left, goes to what comes after the list. @param {HTMLElement | undefined} row */
  function takes(row) {
    const to = row ?? atTheEnd();
    page.takesInHand(row ?? null);
    if (to.tabIndex < 0) to.tabIndex = -1;
    to.focus({ preventScroll: true });
    to.scrollIntoView({ block: "nearest" });
  }

  const empty = document.createElement("h2");
  empty.className = "empty";
  empty.textContent = say("empty");

  /** The link to more, or that nothing is left. @returns {HTMLElement} */
  function atTheEnd() {
    const more = document.querySelector(".next-page a");
    if (more instanceof HTMLElement) return more;
    document.querySelector(".items")?.append(empty);
    return empty;
  }

  /** The next open row after one, or the nearest before it. @param {HTMLElement} row */
  function after(row) {
    const all = rows();
    const place = all.indexOf(row);
    return all.slice(place + 1).find(isOpen) ?? all.slice(0, place).reverse().find(isOpen);
  }

  /** To the next row: an open one that nobody else reads, or any. @param {number} step @param {boolean} any */
  function moves(step, any) {
    const row = page.inHand() ?? page.firstOpen() ?? undefined;
    const all = rows().filter((each) => each === row || any || (isOpen(each) && !each.hasAttribute("data-read")));
    if (row === undefined) return;
    const isThere = row.contains(document.activeElement);
    takes(isThere || !isOpen(row) ? all[all.indexOf(row) + step] ?? row : row);
  }

  // ---------------------------------------------------------------- deciding

  /** @param {string} text */
  function tells(text) {
    heard.textContent = text;
  }

  /** Whether one more can be decided now; says why not. */
  function isReady() {
    if (page.isOver()) return false;
    if (waiting.length < MOST) return true;
    tells(say("full"));
    return false;
  }

  /** Whether an act leads out of the list that is shown. @param {string} action */
  const leaves = (action) => (action === "hold" ? "set_aside" : { approve: "approved", reject: "rejected", spam: "spam", restore: "pending" }[action]) !== tab || tab === "reported";

  /** Decides about rows in one step. @param {HTMLElement[]} of @param {string} action */
  function decides(of, action) {
    const step = of.map((row) => sends(row, action));
    made.push(step);
    for (const row of of) {
      if (leaves(action)) page.settle(row, action, page.sayable("word", action) ?? "", say("own"), undoButton(step, row));
      else page.reopen(row, `${page.sayable("word", action)} ${say("own")}`);
    }
    counts(tab, leaves(action) ? -of.length : 0);
    showLatest();
    const count = document.querySelector(`[data-count="${tab}"]`)?.textContent ?? String(rows().filter(isOpen).length);
    const name = of.length === 1 ? author(of[0]) : String(of.length);
    tells(say("done", { said: page.sayable("word", action), name, left: count }));
  }

  /** The button of a row that takes its decision back. @param {Decision[]} step @param {HTMLElement} row */
  function undoButton(step, row) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet";
    button.textContent = say("undo");
    const name = document.createElement("span");
    name.className = "sr";
    name.textContent = `, ${author(row)}`;
    button.append(name);
    button.addEventListener("click", () => undoes(step));
    return button;
  }

  /** @param {HTMLElement} row @param {string} action */
  function one(row, action) {
    if (!isOpen(row) || !isReady()) return;
    const next = after(row);
    decides([row], action);
    takes(next);
  }

  /** @param {string} action */
  function together(action) {
    const chosen = picked().map((box) => /** @type {HTMLElement} */ (box.closest("article.item"))).filter(isOpen);
    if (chosen.length === 0 || !isReady()) return;
    const last = chosen[chosen.length - 1];
    decides(chosen.slice(0, MOST - waiting.length), action);
    takes(after(last));
  }

  /** Presses the button of the row in hand; says why where it cannot. @param {string} action */
  function pressed(action) {
    const row = page.inHand();
    if (row === undefined || !isReady()) return;
    if (!isOpen(row)) {
      const said = row.querySelector(".settled")?.textContent;
      tells(said ? say("taken", { said }) : say("notHere"));
      return;
    }
    const button = actsOf(row)?.querySelector(`button[value="${action}"]`);
    if (button === null) tells(say("notHere"));
    else one(row, action);
  }

  /** Takes a step back, by default the last one. @param {Decision[]} [step] */
  function undoes(step = made[made.length - 1]) {
    const place = made.indexOf(/** @type {Decision[]} */ (step));
    if (place < 0 || !isReady()) {
      if (place < 0) tells(say("nothing"));
      return;
    }
    made.splice(place, 1);
    const back = /** @type {Decision[]} */ (step);
    let returned = 0;
    for (const { row, action } of back) {
      sends(row, "undo");
      if (leaves(action)) returned += 1;
      page.reopen(row, "");
    }
    counts(tab, returned);
    showLatest();
    empty.remove();
    takes(back[0].row);
    tells(say("undone", { name: back.length === 1 ? author(back[0].row) : String(back.length) }));
  }

  /** Puts a decision behind the others. @param {HTMLElement} row @param {string} action */
  function sends(row, action) {
    const random = crypto.getRandomValues(new Uint8Array(16));
    const key = Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
    const version = Number(row.dataset.version);
    const decision = { row, key, version, action, focusedMs: page.heldFor(row) };
    // As it will be, so that its own echo is no news.
    row.dataset.version = String(version + 1);
    waiting.push(decision);
    void deliver();
    return decision;
  }

  /** What a list counts, until the server says so. @param {string | undefined} pile @param {number} change */
  function counts(pile, change) {
    for (const place of document.querySelectorAll(`[data-count="${pile}"]`)) {
      const n = Number(place.textContent);
      if (Number.isInteger(n)) place.textContent = String(Math.max(0, n + change));
    }
  }

  function showLatest() {
    if (page.isWide()) void page.panel().then((panel) => panel.latest(made, undoes)).catch(() => {});
  }

  // ---------------------------------------------------------------- the server

  async function deliver() {
    if (isSending) return;
    isSending = true;
    let pause = FIRST_WAIT;
    while (waiting.length > 0) {
      const batch = waiting.slice(0, AT_ONCE);
      const response = await ask(batch, false);
      if (response?.ok) {
        const { results } = await response.json();
        waiting.splice(0, batch.length);
        batch.forEach((decision, place) => ends(decision, results[place]));
        pause = FIRST_WAIT;
      } else if (response !== undefined && response.status >= 400 && response.status < 500 && ![401, 429].includes(response.status)) {
        waiting.splice(0, batch.length);
        batch.forEach((decision) => ends(decision, undefined));
      } else {
        if (response?.status === 401) page.endSession();
        showWaiting(true);
        await new Promise((wake) => {
          setTimeout(wake, pause);
          addEventListener("online", wake, { once: true });
        });
        pause = Math.min(2 * pause, LONGEST_WAIT);
      }
      if (response?.ok) showWaiting(false);
    }
    showWaiting(false);
    isSending = false;
    if (leased !== undefined) page.leases(leased);
    leased = undefined;
  }

  /** Lets a lease go with decisions that are still to be sent; false: none are. @param {string} comment */
  function rides(comment) {
    if (waiting.length === 0) return false;
    leased = comment;
    return true;
  }

  /** @param {Decision[]} batch @param {boolean} keepalive */
  function ask(batch, keepalive) {
    const decisions = batch.map(({ row, key, version, action, focusedMs }) => ({ key, comment: row.id.slice(1), version, action, focused_ms: focusedMs }));
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ decisions, lease: leased });
    leased = undefined;
    return fetch("/api/v1/moderation/decisions", { method: "POST", headers, body, keepalive }).catch(() => undefined);
  }

  /**
   * What became of a decision; one that was not made is said in its row: what somebody else decided, or that it changed,
   * and then its buttons count again.
   * @param {Decision} decision
   * @param {{result: string, item?: {version: number, status: string, set_aside: boolean, decided?: {action: string, actor: string, at: string}}} | undefined} result
   */
  function ends({ row, key }, result) {
    if (result?.result === "applied" || result?.result === "replayed") return;
    for (const step of made) {
      const place = step.findIndex((decision) => decision.key === key);
      if (place >= 0) step.splice(place, 1);
      if (step.length === 0) made.splice(made.indexOf(step), 1);
    }
    showLatest();
    const item = result?.item;
    row.dataset.version = String(item?.version ?? row.dataset.version);
    const decided = item?.decided;
    const word = decided && page.sayable("already", decided.action);
    const pile = item?.set_aside ? "set_aside" : item?.status;
    if (decided && word && pile !== tab) {
      const detail = page.by(row, decided.actor, decided.at);
      const keep = document.createElement("button");
      keep.type = "button";
      keep.textContent = say("keep");
      keep.addEventListener("click", () => {
        keep.remove();
        takes(after(row));
      });
      page.settle(row, decided.action, word, detail, keep);
      tells(`${author(row)} : ${word} ${detail}`);
      return;
    }
    counts(tab, 1);
    page.reopen(row, say("changed"));
    tells(`${author(row)} : ${say("changed")}`);
  }

  const line = /** @type {HTMLElement} */ (document.getElementById("off"));

  /** How many wait for the line to come back, where it is away. @param {boolean} isAway */
  function showWaiting(isAway) {
    const n = waiting.length;
    line.hidden = !isAway || n === 0 || page.isOver();
    line.textContent = line.hidden ? "" : say(new Intl.PluralRules(page.language).select(n) === "one" ? "waitsOne" : "waitsOther", { n });
  }

  addEventListener("pagehide", () => {
    for (let sent = 0; sent < waiting.length; sent += AT_ONCE) void ask(waiting.slice(sent, sent + AT_ONCE), true);
  });
  addEventListener("beforeunload", (event) => {
    if (waiting.length > 0) event.preventDefault();
  });

  // ---------------------------------------------------------------- choosing, and what else keys do

  /** @param {HTMLInputElement} box @param {boolean} isChosen */
  function picks(box, isChosen) {
    if (box.checked === isChosen) return;
    box.checked = isChosen;
    box.dispatchEvent(new Event("change", { bubbles: true }));
  }

  /** The row that was chosen last, where a range begins. @type {HTMLElement | undefined} */
  let begun;

  function picksRow() {
    const row = page.inHand();
    const box = /** @type {HTMLInputElement | null | undefined} */ (row?.querySelector(".pick input"));
    if (!row || !box || !isOpen(row)) return;
    picks(box, !box.checked);
    begun = row;
  }

  document.addEventListener("click", (event) => {
    const target = /** @type {Element} */ (event.target);
    if (!(target instanceof HTMLInputElement) || target.closest(".pick") === null) return;
    const row = /** @type {HTMLElement} */ (target.closest("article.item"));
    if (event.shiftKey && begun !== undefined) {
      const all = rows();
      const [from, to] = [all.indexOf(begun), all.indexOf(row)].sort((a, b) => a - b);
      for (const each of all.slice(from, to + 1).filter(isOpen)) {
        picks(/** @type {HTMLInputElement} */ (each.querySelector(".pick input")), target.checked);
      }
    }
    begun = row;
  });

  function picksAll() {
    const boxes = rows().filter(isOpen).map((row) => /** @type {HTMLInputElement} */ (row.querySelector(".pick input")));
    const isChosen = boxes.some((box) => !box.checked);
    for (const box of boxes) picks(box, isChosen);
  }

  /** Asks for a page of a list. @param {URL} address @param {(page: Document | null) => void} then */
  function asksFor(address, then) {
    const request = new XMLHttpRequest();
    request.open("GET", address);
    request.responseType = "document";
    request.timeout = 10 * 1000;
    request.onloadend = () => then(request.status === 200 ? request.response : null);
    request.send();
  }

  /** @param {ParentNode | null} place @returns {HTMLElement[]} */
  const rowsIn = (place) => (place === null ? [] : [.../** @type {NodeListOf<HTMLElement>} */ (place.querySelectorAll(".items li > article"))]);
  /** Whether a row is not here yet. @param {HTMLElement} row */
  const isNew = (row) => document.getElementById(row.id) === null;

  /** Puts what came in meanwhile below what is there. */
  function appends() {
    if (page.fresh.size === 0) return;
    const wanted = new Set(page.fresh);
    const address = new URL(live.dataset.here ?? "", location.href);
    address.searchParams.set("order", "newest");
    asksFor(address, (found) => {
      const items = rowsIn(found).filter((row) => wanted.has(row.id.slice(1)) && isNew(row));
      const list = document.querySelector(".items");
      if (items.length === 0 || list === null) return location.assign(live.dataset.here ?? "");
      const rowsOfNew = document.createElement("ol");
      rowsOfNew.className = "rows card";
      for (const row of items.reverse()) {
        const item = document.createElement("li");
        item.append(document.adoptNode(row));
        rowsOfNew.append(item);
        page.fresh.delete(row.id.slice(1));
      }
      const section = document.createElement("section");
      const gap = document.createElement("h2");
      gap.className = "group";
      gap.textContent = say(items.length === 1 ? "one" : "other", { n: items.length });
      section.append(gap, rowsOfNew);
      list.append(section);
      page.showFresh();
      showsNew(items);
    });
  }

  /** Rows were put at the end: they are what one can do, and the first is taken in hand where nothing else is left. @param {HTMLElement[]} items */
  function showsNew(items) {
    empty.remove();
    page.completes(items);
    if (rows().filter(isOpen).length === items.filter(isOpen).length) takes(items.find(isOpen) ?? items[0]);
  }

  let isLoading = false;

  /** Puts the next page of the list below what is there. @param {HTMLAnchorElement} link */
  function more(link) {
    if (isLoading) return;
    isLoading = true;
    asksFor(new URL(link.href), (found) => {
      isLoading = false;
      const list = document.querySelector(".items");
      const items = rowsIn(found).filter(isNew);
      if (found === null || list === null || items.length === 0) return location.assign(link.href);
      const isHeld = document.activeElement === link;
      const before = list.children.length;
      const common = found.querySelector(".tools > p");
      if (common !== null && common.textContent !== document.querySelector(".tools > p")?.textContent) list.append(document.adoptNode(common));
      for (const section of found.querySelectorAll(".items > section")) {
        for (const row of rowsIn(section)) {
          if (!items.includes(row)) row.closest("li")?.remove();
        }
        const heading = section.querySelector("header h2");
        if (heading !== null) {
          heading.id = `g${before}-${heading.id}`;
          section.setAttribute("aria-labelledby", heading.id);
        }
        if (section.querySelector("article") !== null) list.append(document.adoptNode(section));
      }
      const next = found.querySelector(".next-page");
      const place = link.closest(".next-page");
      if (next === null) place?.remove();
      else place?.replaceWith(document.adoptNode(next));
      showsNew(items);
      if (isHeld) takes(items.find(isOpen) ?? items[0]);
    });
  }

  /** Shows what stands around the row in hand. @param {string} key */
  function reads(key) {
    const row = page.inHand();
    if (row === undefined) return;
    page.leases(row.id.slice(1), true);
    void page.panel().then((panel) => {
      panel.latest(made, undoes);
      return panel.opens(row, key);
    }).catch(() => tells(say("notHere")));
  }

  const letters = /** @type {HTMLInputElement} */ (document.getElementById("letters"));
  letters.addEventListener("change", () => page.keepsLetters(letters.checked));

  function opensHelp() {
    letters.checked = page.hasLetters();
    const help = /** @type {HTMLDialogElement | null} */ (document.getElementById("help"));
    if (help?.showModal) help.showModal();
    else help?.setAttribute("open", "");
  }

  /** @type {Record<string, () => void>} */
  const keys = {
    j: () => moves(1, false),
    k: () => moves(-1, false),
    J: () => moves(1, true),
    K: () => moves(-1, true),
    a: () => pressed("approve"),
    r: () => pressed("reject"),
    s: () => pressed("spam"),
    h: () => pressed("hold"),
    u: () => undoes(),
    x: picksRow,
    "*": picksAll,
    A: () => together("approve"),
    R: () => together("reject"),
    S: () => together("spam"),
    c: () => reads("c"),
    p: () => reads("p"),
    o: () => {
      const row = page.inHand();
      const link = row?.querySelector(".why a") ?? row?.closest("section")?.querySelector(".group a");
      if (link instanceof HTMLAnchorElement) open(link.href, "_blank", "noreferrer");
      else tells(say("notHere"));
    },
    "/": () => document.getElementById("q")?.focus(),
    ".": appends,
    "?": opensHelp,
  };

  return { key: (/** @type {string} */ key) => keys[key]?.(), one, together, pressed, more, rides, undo: () => undoes() };
}
