// The conversation around the row in hand, its author's latest comments, its history, and one's own latest decisions.
// They stand beside the list on a wide screen, and there the module is loaded when a row kept the focus for a second; on
// a narrow one they come in front of it when they are asked for.

/** Rows whose context is asked for at once: the one in hand, and the next two. */
const AT_ONCE = 3;
/** Rows whose context is kept. */
const KEPT = 60;
/** Own decisions that are shown. */
const LATEST = 5;

/**
 * @typedef {{id: string, name?: string, status: string, status_word: string, at: string, depth?: number, here?: boolean, excerpt: string, thread_title?: string}} Said
 * @typedef {{id: string, thread: {title: string, url: string | null}, conversation: Said[], author: {email: string, last: Said[]}, history: {at: string, sentence: string}[]}} Context
 * @typedef {{row: HTMLElement, action: string}} Decision
 * @typedef {{say: (name: string) => string, sayable: (kind: string, action: string) => string | undefined, language: string, isWide: () => boolean, comesBack: () => void}} Page
 */

/**
 * Begins, with an empty panel; gives what shows something in it.
 * @param {Page} page
 */
export function start(page) {
  const { say } = page;
  /** @type {Map<string, Context>} */
  const known = new Map();
  /** @type {HTMLElement | undefined} */
  let shown;

  const aside = document.createElement("aside");
  aside.setAttribute("aria-label", say("context"));
  aside.tabIndex = 0;
  const around = document.createElement("div");
  around.className = "around";
  const context = document.createElement("div");
  const latest = document.createElement("section");
  latest.className = "last";
  around.append(context, latest);
  aside.append(around);
  document.querySelector(".desk")?.append(aside);

  /** What stands in front of the list on a narrow screen. */
  const sheet = document.createElement("dialog");
  sheet.className = "sheet";
  sheet.setAttribute("aria-label", say("context"));
  const closes = element("button", say("close"));
  closes.addEventListener("click", () => ("close" in sheet ? sheet.close() : /** @type {Element} */ (sheet).removeAttribute("open")));
  sheet.append(closes);
  sheet.addEventListener("close", () => {
    // It is told a moment later, when it may be open again.
    if (sheet.open) return;
    aside.append(around);
    page.comesBack();
  });
  document.body.append(sheet);

  /** Reads on about a row: `c` its conversation, `p` its author. @param {HTMLElement} row @param {string} key */
  async function opens(row, key) {
    if (page.isWide()) {
      aside.focus();
    } else {
      sheet.append(around);
      if ("showModal" in sheet) sheet.showModal();
      else /** @type {Element} */ (sheet).setAttribute("open", "");
    }
    await show(row);
    const section = /** @type {HTMLElement | null} */ (context.querySelector(key === "p" ? ".of-author" : "section"));
    section?.scrollIntoView({ block: "nearest" });
    const heading = section?.querySelector("h2");
    if (!heading) return;
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  }

  /** @param {HTMLElement} row */
  async function show(row) {
    shown = row;
    const id = row.id.slice(1);
    if (!known.has(id)) {
      const open = [...document.querySelectorAll("article.item:not([data-verdict])")];
      const place = open.indexOf(row);
      const next = place < 0 ? [] : open.slice(place + 1);
      const ids = [row, ...next].map((each) => each.id.slice(1)).filter((each) => !known.has(each)).slice(0, AT_ONCE);
      const response = await fetch(`/api/v1/moderation/context?ids=${ids.join(",")}`).catch(() => undefined);
      if (!response?.ok) return;
      for (const item of (await response.json()).items) known.set(item.id, item);
      for (const old of [...known.keys()].slice(0, Math.max(0, known.size - KEPT))) known.delete(old);
    }
    const found = known.get(id);
    if (shown === row) fills(context, found ? parts(found, row) : []);
  }

  /** @param {Context} found @param {HTMLElement} row */
  function parts(found, row) {
    const made = [];
    if (found.conversation.length > 1) {
      const talk = section(say("talk"));
      if (found.thread.url !== null) {
        const link = element("a", say("open"));
        link.setAttribute("href", found.thread.url);
        link.setAttribute("rel", "noreferrer");
        talk.append(link);
      }
      talk.append(list("talk", found.conversation, (said) => {
        const name = element("b", "");
        name.append(element("bdi", said.name ?? ""));
        const rest = said.here ? say("this") : said.status_word;
        return [name, `, ${rest}`, element("span", said.excerpt)];
      }));
      made.push(talk);
    }
    if (found.author.last.length > 0) {
      const past = section(say("past"));
      past.className = "of-author";
      past.append(hint(found.author.email), list("past", found.author.last, (said) => {
        return [element("span", said.excerpt), element("em", said.status_word)];
      }));
      made.push(past);
    }
    const story = section(say("story"));
    const time = new Intl.DateTimeFormat(page.language, { day: "2-digit", month: "2-digit", hour: "2-digit", minute: "2-digit", timeZone: row.dataset.zone });
    story.append(list("story", found.history, ({ at, sentence }) => [element("time", time.format(new Date(at))), ` ${sentence}`]));
    made.push(story);
    return made;
  }

  /** @param {HTMLElement} place @param {Node[]} parts */
  function fills(place, parts) {
    place.textContent = "";
    place.append(...parts);
  }

  /** @param {string} title */
  function section(title) {
    const made = document.createElement("section");
    made.append(element("h2", title));
    return made;
  }

  /** @param {string} text */
  function hint(text) {
    const made = element("p", text);
    made.className = "muted";
    made.dir = "ltr";
    return made;
  }

  /** @param {string} tag @param {string} text */
  function element(tag, text) {
    const made = document.createElement(tag);
    made.textContent = text;
    if (tag === "span") made.dir = "auto";
    return made;
  }

  /**
   * @template T
   * @param {string} className @param {T[]} items @param {(item: T) => (Node | string)[]} parts
   */
  function list(className, items, parts) {
    const made = document.createElement("ol");
    made.className = className;
    for (const item of items) {
      const line = document.createElement("li");
      const { status, here, depth } = /** @type {Said} */ (/** @type {unknown} */ (item));
      if (status) line.dataset.status = status;
      line.classList.toggle("is-here", here === true);
      line.classList.toggle("is-in", (depth ?? 0) > 0);
      line.append(...parts(item));
      made.append(line);
    }
    return made;
  }

  /** Own latest decisions, each with what takes it back. @param {Decision[][]} made @param {(step: Decision[]) => void} undo */
  function showLatest(made, undo) {
    const steps = made.slice(-LATEST).reverse();
    const lines = steps.map((step) => {
      const [{ row, action }] = step;
      const line = document.createElement("li");
      const name = step.length === 1 ? row.querySelector("h3")?.textContent ?? "" : String(step.length);
      const word = page.sayable("word", action) ?? "";
      const button = element("button", say("undo"));
      button.className = "quiet";
      button.setAttribute("aria-label", `${say("undo")} : ${word}, ${name}`);
      button.addEventListener("click", () => undo(step));
      const text = element("bdi", name);
      line.append(element("b", word), text, button);
      line.dataset.status = action;
      return line;
    });
    const all = document.createElement("ol");
    all.className = "latest";
    all.append(...lines);
    fills(latest, lines.length === 0 ? [] : [element("h2", say("latest")), all]);
  }

  return { show, latest: showLatest, opens };
}
