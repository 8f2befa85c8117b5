// Makes the comment form better; without it the form posts and the server answers with pages.
//
// It checks the fields, keeps the draft on this device, prepares the check from the first focus on, never
// before, and sends (send.js, check.js). A text never gets lost, whatever is clicked is one comment, nodes are
// made with createElement only (for Trusted Types), nothing is stored but the draft, its key and, if ticked,
// name and e-mail.

const FIELDS = ["body", "name", "email"];
const FORM_LIFE_MS = 20 * 60_000;
const REQUEST_WAIT_MS = 20_000;

for (const form of document.querySelectorAll("form[data-site][data-texts]")) {
  if (form instanceof HTMLFormElement) enhance(form);
}

/** @param {HTMLFormElement} form */
function enhance(form) {
  /** @type {Record<string, any>} */
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

  /** @param {Record<string, string>} forms @param {number} count */
  const counted = (forms, count) =>
    (forms[new Intl.PluralRules(language).select(count)] ?? forms.other).replace("%", String(count));

  // Asked for on the first focus, and again when it has grown old.
  /** @type {{at: number, data: Promise<any>, check: Promise<any>, stop: AbortController} | null} */
  let prepared = null;
  let before = ""; // the last form token: the next keeps its age
  const prepare = () => {
    if (prepared && Date.now() - prepared.at < FORM_LIFE_MS) return prepared;
    prepared?.stop.abort();
    const stop = new AbortController();
    const ask = async (more = {}) => {
      const query = new URLSearchParams({ thread, lang: language, before, ...more });
      const response = await request(`${api}/form?${query}`, { cache: "no-store" });
      if (!response.ok) throw new Error(`form: ${response.status}`);
      return response.json();
    };
    const data = ask();
    const context = { form, texts, signal: stop.signal, fallback: () => ask({ fallback: "1" }) };
    const check = data.then(async (got) => got.captcha.provider !== "off" && (await import(form.dataset.check ?? "")).start(got, context))
      .catch(() => null);
    data.then((got) => { bodyMax = got.body_max; before = got.form; }).catch(() => { prepared = null; });
    prepared = { at: Date.now(), data, check, stop };
    return prepared;
  };
  /** @type {Promise<any> | null} */
  let sending = null;
  const loadSending = () => (sending ??= import(form.dataset.send ?? "").catch(() => { sending = null; }));
  form.addEventListener("focusin", (event) => {
    if (event.target instanceof Element && event.target.closest("#palabre-summary, #palabre-check")) return;
    prepare();
    loadSending();
  });
  // A yes or no to a check.
  form.addEventListener("click", ({ target }) => {
    const choice = target instanceof HTMLElement && target.dataset.consent;
    if (!choice) return;
    form.dataset.choice = choice;
    prepare();
  });

  // Dates in the zone of the reader.
  for (const time of form.closest(".palabre")?.querySelectorAll("time") ?? []) {
    const date = new Date(time.dateTime);
    if (!Number.isNaN(date.getTime())) time.textContent = date.toLocaleString(language, { dateStyle: "long", timeStyle: "short" });
  }

  // The draft; name and e-mail where the reader asked for it.
  for (const part of form.querySelectorAll("[data-scripted]")) part.removeAttribute("hidden");
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
    counter.classList.toggle("palabre-error", left < 0);
    counter.textContent = left > bodyMax / 10 ? ""
      : counted(left < 0 ? texts.body_too_long_script : texts.characters_left, Math.abs(left));
    if (counter.textContent && Date.now() - announcedAt > 10_000) {
      announcedAt = Date.now();
      status.replaceChildren(element("p", {}, counter.textContent));
    }
  });
  const saveDraft = () => (bodyText().trim() ? write(names.draft, field("body").value) : forget(names.draft));
  addEventListener("pagehide", saveDraft);

  // Nothing is flagged before the first submit; a right value clears its error at once.
  /** @returns {{field: string, message: string}[]} */
  const validate = () => {
    const errors = [];
    const surplus = [...bodyText()].length - bodyMax;
    const email = field("email").value.trim();
    if (!bodyText().trim()) errors.push({ field: "body", message: texts.body_missing });
    else if (surplus > 0) errors.push({ field: "body", message: counted(texts.body_too_long_script, surplus) });
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

  // One at a time, with a key that is kept until an answer came.
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
      const sending = await loadSending();
      if (!sending) throw new Error("send: script did not load");
      await sending.send(page, prepare());
    } catch {
      say(navigator.onLine === false ? texts.offline : texts.network);
    } finally {
      isSending = false;
    }
  });

  /** @param {string} message @param {string} [receipt] */
  const say = (message, receipt) => {
    const lines = [element("p", {}, message)];
    if (receipt && /^(https?:\/\/|\/)/.test(receipt)) {
      lines.push(element("p", {}, element("a", { class: "palabre-link", href: receipt }, texts.receipt_link)));
    }
    status.replaceChildren(...lines);
  };
  /** The next try has a check of its own. */
  const startAnew = () => {
    prepared?.stop.abort();
    prepared = null;
  };
  /** It was taken: nothing of it is kept. */
  const settle = () => {
    prepared = null;
    before = "";
    hasBeenSubmitted = false;
    clearTimeout(draftTimer);
    forget(names.draft);
    forget(names.key);
  };
  // For send.js.
  const page = { form, api, texts, names, status, counter, remember, field, bodyText, say, showErrors, startAnew, settle,
    element, request, read, write, forget, parse };
}

/** @param {string} url @param {RequestInit} [options] @returns {Promise<Response>} */
function request(url, options = {}) {
  return fetch(url, { credentials: "omit", ...options, signal: AbortSignal.timeout(REQUEST_WAIT_MS) });
}

/** @param {string} name @param {Record<string, string>} attributes @param {...(string | Node)} children @returns {HTMLElement} */
function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// Where storage is switched off nothing is kept, and everything else works.
/** @param {string} key @returns {string | null} */
function read(key) { try { return localStorage.getItem(key); } catch { return null; } }
/** @param {string} key @param {string} value */
function write(key, value) { try { localStorage.setItem(key, value); } catch { /* not kept */ } }
/** @param {string} key */
function forget(key) { try { localStorage.removeItem(key); } catch { /* nothing there */ } }
/** @param {string | null} json @returns {Record<string, string>} */
function parse(json) { try { return JSON.parse(json ?? "{}") ?? {}; } catch { return {}; } }
