// Makes the comment form better; without it the form posts and the server answers with pages.
//
// It checks the fields, keeps the draft on this device, prepares the check from the first focus on, never
// before, and sends (send.js, check.js). A text never gets lost, whatever is clicked is one comment, nodes are
// made with createElement only (for Trusted Types), nothing is stored but the draft, its key, what was said of
// the comment just sent (for this tab) and, if ticked, name and e-mail.
//
// The form's own post is the way out: it is hindered only while a request of ours is under way, and each of them
// ends. Nothing here is newer than Safari 14 and Chrome 85, which tests/browser/old-browsers.test.js holds.

const FIELDS = ["body", "name", "email"];
const FORM_LIFE_MS = 20 * 60 * 1000;
const REQUEST_WAIT_MS = 20 * 1000;
/** @type {Intl.DateTimeFormatOptions} */
const DATE = { year: "numeric", month: "long", day: "numeric", hour: "2-digit", minute: "2-digit" };
const SCRIPT_WAIT_MS = 8 * 1000;

for (const form of document.querySelectorAll("form[data-site][data-texts]")) {
  if (form instanceof HTMLFormElement) enhance(form);
}

/** @param {HTMLFormElement} form */
function enhance(form) {
  /** @type {Record<string, any>} */
  const texts = JSON.parse(form.dataset.texts ?? "{}");
  const { site = "", thread = "", language = "fr", base = "" } = form.dataset;
  const api = `${base}/api/v1/sites/${encodeURIComponent(site)}`;
  /** @param {string} name @returns {any} */
  const part = (name) => form.querySelector(`#palabre-${name}`);
  const [summary, summaryTitle, summaryList, status, counter, remember] =
    ["summary", "summary-title", "summary-list", "status", "counter", "remember"].map(part);
  const button = /** @type {HTMLElement} */ (form.querySelector(".palabre-send"));
  const title = document.title;
  const send = button.textContent ?? "";
  const here = `${site}:${thread}`;
  const names = { draft: `palabre-draft:${here}`, key: `palabre-key:${here}`, thanks: `palabre-thanks:${here}`,
    device: `palabre-device:${site}`, person: `palabre-person:${site}` };
  // In a page that was kept it may be an old one.
  let bodyMax = Number(form.dataset.bodyMax);
  let hasBeenSubmitted = !summary.hidden;
  let isSending = false;
  let isByForm = false;
  // And nothing was typed since.
  let isThanked = false;

  /** @param {string} name */
  const field = (name) => /** @type {HTMLInputElement | HTMLTextAreaElement} */ (form.elements.namedItem(name));
  // Its line ends are LF.
  const bodyText = () => field("body").value;
  /** @param {Record<string, string>} forms @param {number} count */
  const counted = (forms, count) =>
    (forms[new Intl.PluralRules(language).select(count)] ?? forms.other).replace("%", String(count));

  // Asked for on the first focus, and again when it has grown old.
  /** @type {{at: number, data: Promise<any>, check: Promise<any>, stop: AbortController} | null} */
  let prepared = null;
  // The server gave one.
  let isReached = false;
  // The last form token: the next keeps its age.
  let before = "";
  const prepare = () => {
    if (prepared && Date.now() - prepared.at < FORM_LIFE_MS) return prepared;
    prepared?.stop.abort();
    const stop = new AbortController();
    const ask = async (more = {}) => {
      const query = new URLSearchParams({ thread, lang: language, before, ...more });
      const response = await request(`${api}/form?${query}`, { cache: "no-store" });
      const got = await response.json();
      if (!got.form) throw new Error(`form: ${response.status}`);
      return got;
    };
    const data = ask();
    const context = { form, texts, signal: stop.signal, fallback: () => ask({ fallback: "1" }) };
    const check = data.then(async (got) => got.captcha.provider !== "off" && (await import(form.dataset.check ?? "")).start(got, context))
      .catch(() => null);
    data.then((got) => { bodyMax = got.body_max; before = got.form; isReached = true; }).catch(() => { prepared = null; });
    prepared = { at: Date.now(), data, check, stop };
    return prepared;
  };
  /** @type {Promise<any> | null} */
  let sending = null;
  const loadSending = () => {
    sending = sending ?? import(form.dataset.send ?? "").catch(() => { sending = null; });
    return sending;
  };
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
    if (!Number.isNaN(date.getTime())) time.textContent = date.toLocaleString(language, DATE);
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
  if (draft && !bodyText()) {
    field("body").value = draft;
    const clear = element("button", { type: "button" }, texts.draft_clear);
    clear.addEventListener("click", () => {
      field("body").value = "";
      forget(names.draft);
      fill(status);
      field("body").focus();
    });
    fill(status, element("div", { class: "palabre-said" }, element("p", {}, texts.draft_restored), element("p", {}, clear)));
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
    if (counter.textContent && Date.now() - announcedAt > 10 * 1000) {
      announcedAt = Date.now();
      hear(counter.textContent);
    }
  });
  const saveDraft = () => (bodyText().trim() ? write(names.draft, bodyText()) : forget(names.draft));
  addEventListener("pagehide", saveDraft);

  // Nothing is flagged before the first submit; a right value clears its error at once.
  /** @returns {{field: string, message: string}[]} */
  const validate = () => {
    const errors = [];
    const surplus = [...bodyText()].length - bodyMax;
    const email = field("email").value.trim();
    if (!bodyText().trim()) errors.push({ field: "body", message: texts.body_missing });
    else if (surplus > 0 && isReached) errors.push({ field: "body", message: counted(texts.body_too_long_script, surplus) });
    if (!field("name").value.trim()) errors.push({ field: "name", message: texts.name_missing });
    if (!email) errors.push({ field: "email", message: texts.email_missing });
    else if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email)) errors.push({ field: "email", message: texts.email_bad });
    return errors;
  };
  /** @param {string} name @param {string | undefined} message */
  const mark = (name, message) => {
    const input = field(name);
    const id = `palabre-${name}-error`;
    part(`${name}-error`)?.remove();
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
    fill(summaryList, ...errors.map((error) => {
      const target = FIELDS.includes(error.field) ? `palabre-${error.field}` : "form";
      return element("li", {}, element("a", { href: `#${target}` }, error.message));
    }));
    summaryList.hidden = errors.length === 0;
    for (const line of summary.querySelectorAll("p:not(#palabre-summary-title)")) line.remove();
    summary.hidden = errors.length === 0 && !heading;
    document.title = summary.hidden ? title : `${texts.error_prefix} ${title}`;
    if (!summary.hidden) {
      fill(status);
      summary.focus();
    }
  };
  /** @param {Event} event */
  summaryList.onclick = (event) => {
    const href = event.target instanceof HTMLAnchorElement && event.target.getAttribute("href");
    const target = href && form.querySelector(href);
    if (target instanceof HTMLElement) {
      event.preventDefault();
      target.focus();
    }
  };
  form.addEventListener("input", (event) => {
    const name = event.target instanceof HTMLElement ? event.target.getAttribute("name") : null;
    if (name && isThanked) {
      isThanked = false;
      forget(names.thanks, "sessionStorage");
    }
    if (!hasBeenSubmitted || !name || field(name)?.getAttribute("aria-invalid") !== "true") return;
    if (!validate().some((error) => error.field === name)) mark(name, undefined);
  });

  // One at a time, with a key that is kept until an answer came. What breaks before our request began, the form
  // sends at once; where no answer came, the next press is the form's. Where not even a form token came, the form's own
  // post would ask for one press more: the next press tries as before, with the same key, and what breaks then the form
  // sends at once.
  form.addEventListener("submit", (event) => {
    if ((isByForm && before) || !globalThis.fetch || !globalThis.AbortController) return;
    if (isSending || (isThanked && !bodyText())) return event.preventDefault();
    hasBeenSubmitted = true;
    const errors = validate();
    showErrors(errors);
    if (errors.length) return event.preventDefault();
    saveDraft();
    page.hasPosted = false;
    isBusy(true);
    event.preventDefault();
    const isAgain = isByForm;
    ours().then(() => { isByForm = false; }).catch(() => {
      isByForm = true;
      if (before) carry(before);
      if (isAgain || (isReached && !page.hasPosted)) return HTMLFormElement.prototype.submit.call(form);
      say(navigator.onLine === false ? texts.offline : texts.network, "", true);
    }).then(() => isBusy(false));
  });
  const ours = async () => {
    const ready = prepare();
    const sending = await soon(loadSending(), SCRIPT_WAIT_MS);
    if (!sending) throw new Error("send: script did not load");
    await sending.send(page, ready);
  };
  /** @param {boolean} is */
  const isBusy = (is) => {
    isSending = is;
    if (is) hear(texts.sending);
    button.style.width = is ? `${button.offsetWidth}px` : "";
    button.textContent = is ? texts.sending : send;
  };
  /** The form posts the token that was sent, so that both are one comment. @param {string} token */
  const carry = (token) => {
    if (!form.elements.namedItem("form")) form.append(element("input", { type: "hidden", name: "form" }));
    field("form").value = token;
  };

  /** @param {string} message @param {string} [receipt] @param {boolean} [isProblem] */
  const say = (message, receipt, isProblem) => {
    const lines = [element("p", {}, message)];
    if (receipt && /^(https?:\/\/|\/)/.test(receipt)) {
      lines.push(element("p", {}, element("a", { class: "palabre-link", href: receipt }, texts.receipt_link)));
    }
    const box = element("div", { class: isProblem ? "palabre-problem" : "palabre-said" }, ...lines);
    fill(status, box);
    if (isProblem) box.scrollIntoView({ block: "nearest" });
  };
  /** For who listens to the page. @param {string} message */
  const hear = (message) => fill(status, element("p", { class: "palabre-heard" }, message));
  /** It stays until something is typed, also over a reload of this tab. @param {string} message @param {string} [receipt] */
  const thank = (message, receipt) => {
    isThanked = true;
    write(names.thanks, JSON.stringify({ message, receipt }), "sessionStorage");
    say(message, receipt);
  };
  const thanked = parse(read(names.thanks, "sessionStorage"));
  if (thanked.message && summary.hidden && !bodyText()) thank(thanked.message, thanked.receipt);
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
  const page = { form, api, texts, names, status, counter, remember, field, bodyText, say, thank, showErrors, startAnew, settle,
    element, fill, request, soon, read, write, forget, parse, hasPosted: false };
}

/** It ends, also where the line does not. @param {string} url @param {RequestInit} [options] @returns {Promise<Response>} */
function request(url, options = {}) {
  const stop = new AbortController();
  return new Promise((resolve, reject) => {
    setTimeout(() => {
      stop.abort();
      reject(new Error("request: no answer"));
    }, REQUEST_WAIT_MS);
    fetch(url, { credentials: "omit", ...options, signal: stop.signal }).then(resolve, reject);
  });
}

/** What a promise gives in time, else nothing. @param {Promise<any>} promise @param {number} milliseconds */
function soon(promise, milliseconds) {
  return Promise.race([promise, new Promise((resolve) => setTimeout(resolve, milliseconds))]);
}

/** @param {string} name @param {Record<string, string>} attributes @param {...(string | Node)} children @returns {HTMLElement} */
function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** @param {HTMLElement} node @param {...(string | Node)} children */
function fill(node, ...children) {
  node.textContent = "";
  node.append(...children);
}

// Where storage is switched off nothing is kept, and everything else works.
/** @param {string} key @param {"localStorage" | "sessionStorage"} box @returns {string | null} */
function read(key, box = "localStorage") { try { return globalThis[box].getItem(key); } catch { return null; } }
/** @param {string} key @param {string} value @param {"localStorage" | "sessionStorage"} box */
function write(key, value, box = "localStorage") { try { globalThis[box].setItem(key, value); } catch {} }
/** @param {string} key @param {"localStorage" | "sessionStorage"} box */
function forget(key, box = "localStorage") { try { globalThis[box].removeItem(key); } catch {} }
/** @param {string | null} json @returns {Record<string, string>} */
function parse(json) { try { return JSON.parse(json ?? "{}") ?? {}; } catch { return {}; } }
