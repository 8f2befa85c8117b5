// Decides by key: at once on the page, and behind it on the server. Loaded with the first key; without it the buttons
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
 * @typedef {{row: HTMLElement, key: string, version: number, action: string}} Decision
 * @typedef {{
 *   live: HTMLElement, heard: HTMLElement,
 *   say: (name: string, values?: Record<string, unknown>) => string,
 *   saidOf: (row: HTMLElement, action: string, person: string, at: Date) => string | undefined,
 *   showDecided: (row: HTMLElement, sentence: string, isBack: boolean) => void,
 *   endSession: () => void, isOver: () => boolean,
 * }} Page
 */

/**
 * Begins; gives what does what a key says.
 * @param {Page} page
 * @returns {(key: string) => void}
 */
export function start(page) {
  const { live, heard, say, showDecided } = page;
  const name = document.querySelector("a.person bdi, span.person bdi")?.textContent ?? "";
  const language = document.documentElement.lang;

  /** What has no answer yet, in its order. @type {Decision[]} */
  const waiting = [];
  /** What was decided here and not taken back. @type {Decision[]} */
  const made = [];
  let isSending = false;

  // ---------------------------------------------------------------- rows

  /** @returns {HTMLElement[]} */
  const rows = () => [...document.querySelectorAll("article.item")];
  /** @param {HTMLElement} row */
  const actsOf = (row) => /** @type {HTMLFormElement | null} */ (row.querySelector("form.acts"));
  /** Whether nothing was decided about it here or elsewhere. @param {HTMLElement} row */
  const isOpen = (row) => actsOf(row)?.hidden === false;

  const inHand = () => {
    const row = document.activeElement?.closest("article.item");
    return /** @type {HTMLElement | undefined} */ (row ?? rows().find(isOpen));
  };

  /** @param {HTMLElement | undefined} row */
  function takes(row) {
    const to = row ?? document.querySelector("h1");
    if (!(to instanceof HTMLElement)) return;
    to.tabIndex = -1;
    to.focus({ preventScroll: true });
    to.scrollIntoView({ block: "nearest" });
  }

  /** The next open row after one, or the nearest before it. @param {HTMLElement} row */
  function after(row) {
    const all = rows();
    const place = all.indexOf(row);
    return all.slice(place + 1).find(isOpen) ?? all.slice(0, place).reverse().find(isOpen);
  }

  /** @param {number} step */
  function moves(step) {
    const row = inHand();
    const all = rows().filter((each) => isOpen(each) || each === row);
    if (row === undefined) return;
    const isThere = row.contains(document.activeElement);
    takes(isThere ? all[all.indexOf(row) + step] ?? row : row);
  }

  /** @param {HTMLElement} row @param {string} action */
  const sentence = (row, action) => page.saidOf(row, action, name, new Date()) ?? "";

  /** @param {HTMLElement} row */
  const author = (row) => row.querySelector("h2")?.textContent ?? "";

  // ---------------------------------------------------------------- deciding

  /** Presses the button of the row in hand that has this key. @param {string} key */
  function decides(key) {
    const row = inHand();
    if (row === undefined || !isOpen(row) || waiting.length >= MOST || page.isOver()) return;
    const button = actsOf(row)?.querySelector(`button[aria-keyshortcuts="${key}"]`);
    if (!(button instanceof HTMLButtonElement)) return;
    const action = button.value;
    const next = after(row);
    const decision = sends(row, action);
    made.push(decision);
    const said = sentence(row, action);
    showDecided(row, said, action === "hold" && live.dataset.tab === "pending");
    takes(next);
    heard.textContent = say("done", { said, name: author(row) });
  }

  function undoes() {
    const last = made.pop();
    if (last === undefined) return;
    const { row } = last;
    sends(row, "undo");
    showDecided(row, sentence(row, "undo"), true);
    takes(row);
    heard.textContent = say("undone", { name: author(row) });
  }

  /** Puts a decision behind the others. @param {HTMLElement} row @param {string} action */
  function sends(row, action) {
    const random = crypto.getRandomValues(new Uint8Array(16));
    const key = Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
    const version = Number(row.dataset.version);
    const decision = { row, key, version, action };
    // As it will be, so that its own echo is no news.
    row.dataset.version = String(version + 1);
    waiting.push(decision);
    void deliver();
    return decision;
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
        showWaiting();
        await new Promise((wake) => {
          setTimeout(wake, pause);
          addEventListener("online", wake, { once: true });
        });
        pause = Math.min(2 * pause, LONGEST_WAIT);
      }
      showWaiting();
    }
    isSending = false;
  }

  /** @param {Decision[]} batch @param {boolean} keepalive */
  function ask(batch, keepalive) {
    const decisions = batch.map(({ row, key, version, action }) => ({ key, comment: row.id.slice(1), version, action }));
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ decisions });
    return fetch("/api/v1/moderation/decisions", { method: "POST", headers, body, keepalive }).catch(() => undefined);
  }

  /**
   * What became of a decision; one that was not made is said in its row, which counts again.
   * @param {Decision} decision
   * @param {{result: string, item?: {version: number}} | undefined} result
   */
  function ends({ row, key }, result) {
    if (result?.result === "applied" || result?.result === "replayed") return;
    const own = made.findIndex((decision) => decision.key === key);
    if (own >= 0) made.splice(own, 1);
    row.dataset.version = String(result?.item?.version ?? row.dataset.version);
    showDecided(row, say("changed"), true);
    heard.textContent = `${author(row)} : ${say("changed")}`;
  }

  const line = document.createElement("p");
  line.className = "flash is-problem waits";

  /** How many wait for the line to come back. */
  function showWaiting() {
    const n = waiting.length;
    if (n === 0 || page.isOver()) return line.remove();
    line.textContent = say(new Intl.PluralRules(language).select(n) === "one" ? "waitsOne" : "waitsOther", { n });
    if (!line.isConnected) document.body.append(line);
  }

  addEventListener("pagehide", () => {
    if (waiting.length > 0) void ask(waiting.slice(0, AT_ONCE), true);
  });
  addEventListener("beforeunload", (event) => {
    if (waiting.length > 0) event.preventDefault();
  });

  return (key) => {
    if (key === "j") moves(1);
    else if (key === "k") moves(-1);
    else if (key === "u") undoes();
    else decides(key);
  };
}
