// Makes the comment form better; without it the form posts and the server answers with pages.
//
// It checks the fields on the spot, keeps the draft on this device, prepares the check from the first
// focus on (never before), sends JSON, and shows the reader's own comment at once. What it must keep:
// a text never gets lost, one comment whatever is clicked, nodes made with createElement only (hosts
// may enforce Trusted Types), nothing stored but the draft, its key and, if ticked, name and e-mail.

/**
 * @typedef {{form: string, captcha: {provider: string, site_key?: string, action?: string,
 *   challenge?: {parameters: {data?: unknown}}}, body_max: number, language: string}} Preparation
 */

const FIELDS = ["body", "name", "email", "website"];
const FORM_LIFE_MS = 20 * 60_000;
const CHECK_WAIT_MS = 8_000;
const REQUEST_WAIT_MS = 20_000;

for (const form of document.querySelectorAll("form[data-site][data-texts]")) {
  if (form instanceof HTMLFormElement) enhance(form);
}

/** @param {HTMLFormElement} form */
function enhance(form) {
  /** @type {Record<string, string>} */
  const texts = JSON.parse(form.dataset.texts ?? "{}");
  const { site = "", thread = "", language = "fr", base = "" } = form.dataset;
  const api = `${base}/api/v1/sites/${encodeURIComponent(site)}`;
  const summary = /** @type {HTMLElement} */ (form.querySelector("#palabre-summary"));
  const summaryTitle = /** @type {HTMLElement} */ (form.querySelector("#palabre-summary-title"));
  const summaryList = /** @type {HTMLElement} */ (form.querySelector("#palabre-summary-list"));
  const status = /** @type {HTMLElement} */ (form.querySelector("#palabre-status"));
  const counter = /** @type {HTMLElement} */ (form.querySelector("#palabre-counter"));
  const remember = /** @type {HTMLInputElement} */ (form.querySelector("#palabre-remember"));
  const title = document.title;
  const names = { draft: `palabre-draft:${site}:${thread}`, key: `palabre-key:${site}:${thread}`,
    device: `palabre-device:${site}`, person: `palabre-person:${site}` };
  let bodyMax = Number(form.dataset.bodyMax ?? 5000);
  let hasBeenSubmitted = !summary.hidden;
  let isSending = false;

  /** @param {string} name */
  const field = (name) => /** @type {HTMLInputElement | HTMLTextAreaElement} */ (form.elements.namedItem(name));
  const bodyText = () => field("body").value.replaceAll("\r\n", "\n");

  // The check: asked for on the first focus, again when its form token has grown old.
  /** @type {{at: number, data: Promise<Preparation>, answer: Promise<string | null>, mint: () => Promise<string | null>, stop: AbortController} | null} */
  let prepared = null;
  const prepare = () => {
    if (prepared && Date.now() - prepared.at < FORM_LIFE_MS) return prepared;
    prepared?.stop.abort();
    const stop = new AbortController();
    const query = new URLSearchParams({ thread, lang: language });
    const data = request(`${api}/form?${query}`, { cache: "no-store" }).then(async (response) => {
      if (!response.ok) throw new Error(`form: ${response.status}`);
      return /** @type {Promise<Preparation>} */ (response.json());
    });
    const module = data.then((got) => (got.captcha.provider === "off" ? null : import(form.dataset.check ?? "")));
    const answer = data.then(async (got) => (await module)?.start(got.captcha, stop.signal)).catch(() => null);
    const mint = () => Promise.all([data, module]).then(([got, check]) => check?.mint(got.captcha)).catch(() => null);
    data.then((got) => { bodyMax = got.body_max; }).catch(() => { prepared = null; });
    prepared = { at: Date.now(), data, answer, mint, stop };
    return prepared;
  };
  form.addEventListener("focusin", (event) => {
    if (event.target !== summary) prepare();
  });

  // Dates in the reader's own time zone.
  for (const time of form.closest(".palabre")?.querySelectorAll("time") ?? []) {
    const date = new Date(time.dateTime);
    if (!Number.isNaN(date.getTime())) time.textContent = date.toLocaleString(language, { dateStyle: "long", timeStyle: "short" });
  }

  // The draft, and name and e-mail where the reader asked for it.
  remember.closest("p")?.removeAttribute("hidden");
  const person = read(names.person);
  if (person) {
    const known = parse(person);
    remember.checked = true;
    for (const name of ["name", "email"]) if (!field(name).value) field(name).value = known[name] ?? "";
  }
  const draft = read(names.draft);
  if (draft && !field("body").value) {
    field("body").value = draft;
    const clear = element("button", { type: "button" }, texts.draft_clear);
    clear.addEventListener("click", () => {
      field("body").value = "";
      forget(names.draft);
      status.replaceChildren();
      field("body").focus();
    });
    status.replaceChildren(element("p", {}, texts.draft_restored), element("p", {}, clear));
  }
  let draftTimer = 0;
  let announcedAt = 0;
  field("body").addEventListener("input", () => {
    clearTimeout(draftTimer);
    draftTimer = setTimeout(saveDraft, 400);
    const left = bodyMax - [...bodyText()].length;
    counter.textContent = left > bodyMax / 10 ? "" : texts.characters_left.replace("%", String(left));
    if (counter.textContent && Date.now() - announcedAt > 10_000) {
      announcedAt = Date.now();
      status.replaceChildren(element("p", {}, counter.textContent));
    }
  });
  const saveDraft = () => (bodyText().trim() ? write(names.draft, field("body").value) : forget(names.draft));
  addEventListener("pagehide", saveDraft);

  // Errors: nothing is flagged before the first submit; a right value clears its own at once.
  /** @returns {{field: string, message: string}[]} */
  const validate = () => {
    const errors = [];
    const surplus = [...bodyText()].length - bodyMax;
    const email = field("email").value.trim();
    if (!bodyText().trim()) errors.push({ field: "body", message: texts.body_missing });
    else if (surplus > 0) errors.push({ field: "body", message: texts.body_too_long_script.replace("%", String(surplus)) });
    if (!field("name").value.trim()) errors.push({ field: "name", message: texts.name_missing });
    if (!email) errors.push({ field: "email", message: texts.email_missing });
    else if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email)) errors.push({ field: "email", message: texts.email_bad });
    return errors;
  };
  /** @param {string} name @param {string | undefined} message */
  const mark = (name, message) => {
    const input = field(name);
    const id = `palabre-${name}-error`;
    form.querySelector(`#${id}`)?.remove();
    const hint = name === "body" ? "palabre-counter" : "";
    if (message) {
      input.before(element("p", { class: "palabre-error", id }, message));
      input.setAttribute("aria-invalid", "true");
    } else input.removeAttribute("aria-invalid");
    const described = [message && id, hint].filter(Boolean).join(" ");
    if (described) input.setAttribute("aria-describedby", described);
    else input.removeAttribute("aria-describedby");
  };
  /** @param {{field: string, message: string}[]} errors @param {string} [heading] */
  const showErrors = (errors, heading) => {
    for (const name of FIELDS) mark(name, errors.find((error) => error.field === name)?.message);
    summaryTitle.textContent = heading ?? texts.error_title;
    summaryList.replaceChildren(...errors.map((error) => {
      const target = FIELDS.includes(error.field) ? `palabre-${error.field}` : "form";
      return element("li", {}, element("a", { href: `#${target}` }, error.message));
    }));
    summaryList.hidden = errors.length === 0;
    summary.querySelectorAll("p:not(#palabre-summary-title)").forEach((line) => line.remove());
    summary.hidden = errors.length === 0 && !heading;
    document.title = summary.hidden ? title : `${texts.error_prefix} ${title}`;
    if (!summary.hidden) {
      status.replaceChildren();
      summary.focus();
    }
  };
  summaryList.addEventListener("click", (event) => {
    const href = event.target instanceof HTMLAnchorElement && event.target.getAttribute("href");
    const target = href && form.querySelector(href);
    if (target instanceof HTMLElement) {
      event.preventDefault();
      target.focus();
    }
  });
  form.addEventListener("input", (event) => {
    const name = event.target instanceof HTMLElement ? event.target.getAttribute("name") : null;
    if (!hasBeenSubmitted || !name || field(name)?.getAttribute("aria-invalid") !== "true") return;
    if (!validate().some((error) => error.field === name)) mark(name, undefined);
  });

  // Sending: one at a time, with a key that is kept until an answer came.
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (isSending) return;
    hasBeenSubmitted = true;
    const errors = validate();
    showErrors(errors);
    if (errors.length) return;
    saveDraft();
    if (navigator.onLine === false) return say(texts.offline);
    isSending = true;
    say(texts.sending);
    try {
      const { response, answer } = await send();
      present(response, answer);
    } catch {
      say(navigator.onLine === false ? texts.offline : texts.network);
    } finally {
      isSending = false;
    }
  });

  const send = async () => {
    /** @type {Record<string, string>} */
    const comment = {};
    for (const [name, value] of new FormData(form)) {
      if (typeof value === "string" && (value || FIELDS.includes(name))) comment[name] = value;
    }
    comment.body = bodyText();
    const key = keyFor(comment);
    const preparation = prepare();
    const given = await Promise.race([preparation.answer.then((answer) => answer ?? preparation.mint()), wait(CHECK_WAIT_MS)]);
    const got = await Promise.race([preparation.data.catch(() => null), wait(CHECK_WAIT_MS)]);
    if (got) comment.form = got.form;
    if (given) comment.captcha = given;
    const device = read(names.device);
    if (device) comment.device = device;
    const response = await request(`${api}/comments`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json", "Idempotency-Key": key },
      body: JSON.stringify(comment),
    });
    return { response, answer: await response.json().catch(() => ({})) };
  };
  /** A retry of the same text keeps its key, other content gets a new one. @param {Record<string, string>} comment */
  const keyFor = (comment) => {
    const content = [comment.parent, comment.name, comment.email, comment.body].join("\n");
    const kept = parse(read(names.key));
    if (kept.content === content && kept.key) return kept.key;
    const key = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
    write(names.key, JSON.stringify({ content, key }));
    return key;
  };

  /** @param {Response} response @param {any} answer */
  const present = (response, answer) => {
    if (response.ok) return accepted(answer);
    prepared = null;
    if (answer.code === "captcha_refused") return refused(answer);
    if (Array.isArray(answer.errors) && answer.errors.length) return showErrors(answer.errors);
    if (response.status >= 500) return say(texts.unavailable);
    showErrors([], answer.detail ?? answer.title ?? texts.network);
  };
  const settle = () => {
    prepared?.stop.abort();
    prepared = null;
    hasBeenSubmitted = false;
    clearTimeout(draftTimer);
    forget(names.draft);
    forget(names.key);
  };
  /** @param {any} answer */
  const accepted = (answer) => {
    const body = bodyText();
    const name = field("name").value.trim();
    const parent = form.elements.namedItem("parent");
    settle();
    if (answer.device) write(names.device, answer.device);
    if (remember.checked) write(names.person, JSON.stringify({ name, email: field("email").value.trim() }));
    else forget(names.person);
    field("body").value = "";
    counter.textContent = "";
    say(answer.message ?? "", answer.receipt_url);
    if (!answer.id || !["pending", "approved"].includes(answer.status)) return;
    const own = ownComment(answer, name, body);
    place(own, parent instanceof HTMLInputElement ? parent.value : "");
    own.focus();
  };
  /** @param {any} answer */
  const refused = (answer) => {
    settle();
    const ask = element("button", { type: "button" }, texts.appeal_button);
    ask.addEventListener("click", async () => {
      try {
        const response = await request(answer.appeal, { method: "POST", headers: { Accept: "application/json" } });
        if (!response.ok) throw new Error(`appeal: ${response.status}`);
        say(texts.appeal_sent, answer.receipt_url);
        field("body").value = "";
      } catch {
        say(texts.network, answer.receipt_url);
        status.append(element("p", {}, ask));
      }
    });
    say(answer.detail ?? answer.title ?? "", answer.receipt_url);
    status.append(element("p", {}, ask));
  };
  /** @param {string} message @param {string} [receipt] */
  const say = (message, receipt) => {
    const lines = [element("p", {}, message)];
    if (receipt && /^(https?:\/\/|\/)/.test(receipt)) {
      lines.push(element("p", {}, element("a", { class: "palabre-link", href: receipt }, texts.receipt_link)));
    }
    status.replaceChildren(...lines);
  };
  /** @param {any} answer @param {string} name @param {string} body @returns {HTMLElement} */
  const ownComment = (answer, name, body) => {
    document.getElementById(`c${answer.id}`)?.closest("li")?.remove();
    const own = element("article", { class: "palabre-comment", id: `c${answer.id}`, tabindex: "-1", "aria-labelledby": `palabre-n${answer.id}` });
    const heading = element("h3", { class: "palabre-name", id: `palabre-n${answer.id}` }, element("bdi", {}, name));
    own.append(element("header", { class: "palabre-head" }, heading),
      element("p", { class: "palabre-mark" }, answer.status === "approved" ? texts.own_published : texts.own_waiting),
      element("div", { class: "palabre-body palabre-typed", dir: "auto" }, body));
    return own;
  };
  /** @param {HTMLElement} own @param {string} parent */
  const place = (own, parent) => {
    const section = form.closest(".palabre");
    const answered = parent ? document.getElementById(`c${parent}`) : null;
    let list = answered ? answered.closest("li")?.querySelector(".palabre-replies") : section?.querySelector(".palabre-list");
    if (!list) {
      list = element("ol", { class: answered ? "palabre-replies" : "palabre-list" });
      section?.querySelector(".palabre-empty")?.remove();
      if (answered) answered.after(list);
      else form.before(list);
    }
    if (answered) list.append(element("li", {}, own));
    else list.prepend(element("li", {}, own));
  };
}

/** @param {string} url @param {RequestInit} [options] @returns {Promise<Response>} */
function request(url, options = {}) {
  return fetch(url, { credentials: "omit", ...options, signal: AbortSignal.timeout(REQUEST_WAIT_MS) });
}

/** @param {number} milliseconds @returns {Promise<null>} */
function wait(milliseconds) {
  return new Promise((resolve) => setTimeout(() => resolve(null), milliseconds));
}

/** @param {string} name @param {Record<string, string>} attributes @param {...(string | Node)} children @returns {HTMLElement} */
function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// Storage may be switched off; then nothing is kept and everything else works.
/** @param {string} key @returns {string | null} */
function read(key) { try { return localStorage.getItem(key); } catch { return null; } }
/** @param {string} key @param {string} value */
function write(key, value) { try { localStorage.setItem(key, value); } catch { /* not kept */ } }
/** @param {string} key */
function forget(key) { try { localStorage.removeItem(key); } catch { /* nothing there */ } }
/** @param {string | null} json @returns {Record<string, string>} */
function parse(json) { try { return JSON.parse(json ?? "{}") ?? {}; } catch { return {}; } }
