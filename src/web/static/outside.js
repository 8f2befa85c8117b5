// The check of an outside provider, loaded in the place of check.js where a site uses one.
//
// In focus mode the provider's script is asked for at once, in ask mode after a yes, never before. `answer`
// makes the token at the moment of sending; where the check was declined, blocked or late, the built-in
// one (check.js) takes its place, and one sentence says so. What must hold: no reader is ever stopped
// here, and nothing goes to the provider after a no. Scripts that a blocker lets through as empty files
// count as blocked. A widget stands outside of any shadow root, since providers do not find it there.
// Nothing here is newer than Safari 14 and Chrome 85 (comments.js says why).
// To add a provider: its entry in PROVIDERS, with its script and policy on the server (src/web/widget.rs).

/**
 * @typedef {{parameters: object}} Challenge
 * @typedef {{provider: string, site_key?: string, action?: string, challenge?: Challenge, fallback?: Challenge,
 *   consent?: string, script?: string, integrity?: string}} Captcha
 * @typedef {{form: string, captcha: Captcha, language: string}} Preparation
 * @typedef {{form: HTMLFormElement, texts: Record<string, string>, signal: AbortSignal,
 *   fallback: () => Promise<Preparation>}} Page
 * @typedef {{form?: string, captcha?: string, proof?: string, captcha_not_run?: string, unsolved?: boolean}} Answer
 * @typedef {{form: HTMLFormElement, nonce: string, language: string, signal: AbortSignal, before?: Element | null}} Site
 * @typedef {{mint: (time?: number) => Promise<string | null>, renew: () => Promise<string | null>}} Widget
 * @typedef {{take: (token: string) => void, drop: () => void, fail: () => void}} Ticket
 */

const SCRIPT_WAIT_MS = 4 * 1000;
const TOKEN_WAIT_MS = 4 * 1000;
const READER_WAIT_MS = 60 * 1000;
const ASKED_WAIT_MS = 300 * 1000;
const OFFER_MS = 540 * 1000; // a second check is open for ten minutes
const FIELDS = ["captcha", "g-recaptcha-response", "h-captcha-response", "cf-turnstile-response", "altcha"];

/** What each provider needs from its loaded script. @type {Record<string, (captcha: Captcha, page: Site) => Promise<Widget> | Widget>} */
const PROVIDERS = {
  // https://developers.google.com/recaptcha/docs/v3: a token lives two minutes, so it is made at the end.
  recaptcha_v3: (captcha) => scored(captcha, loaded("grecaptcha")),
  // https://cloud.google.com/recaptcha/docs/instrument-web-pages
  recaptcha_enterprise: (captcha) => scored(captcha, loaded("grecaptcha").enterprise),
  // https://developers.google.com/recaptcha/docs/display
  recaptcha_v2: async (captcha, page) => {
    const api = loaded("grecaptcha");
    await new Promise((resolve) => api.ready(resolve));
    return rendered(page, 0, (box, ticket) => {
      const id = api.render(box, { sitekey: captcha.site_key, theme: theme(), ...callbacks(ticket) });
      return () => api.reset(id);
    });
  },
  // https://docs.hcaptcha.com/configuration
  hcaptcha: (captcha, page) => rendered(page, 0, (box, ticket) => {
    const api = loaded("hcaptcha");
    const id = api.render(box, { sitekey: captcha.site_key, hl: page.language, theme: theme(), ...callbacks(ticket),
      "chalexpired-callback": ticket.drop });
    return () => api.reset(id);
  }),
  // https://developers.cloudflare.com/turnstile/get-started/client-side-rendering/widget-configurations/
  turnstile: (captcha, page) => rendered(page, TOKEN_WAIT_MS, (box, ticket) => {
    const api = loaded("turnstile");
    const id = api.render(box, { sitekey: captcha.site_key, action: captcha.action, cData: page.nonce, language: page.language,
      appearance: "interaction-only", ...callbacks(ticket) });
    return () => api.reset(id);
  }),
  // https://developer.friendlycaptcha.com/docs/v2/sdk
  friendly: (captcha, page) => rendered(page, TOKEN_WAIT_MS, (box, ticket) => {
    box.addEventListener("frc:widget.complete", (event) => ticket.take(/** @type {CustomEvent} */ (event).detail.response));
    box.addEventListener("frc:widget.expire", ticket.drop);
    box.addEventListener("frc:widget.error", ticket.fail);
    const widget = loaded("frcaptcha").createWidget({ element: box, sitekey: captcha.site_key, startMode: "auto", language: page.language });
    return () => widget.reset();
  }),
  // https://docs.prosopo.io/en/basics/client-side-rendering/
  prosopo: (captcha, page) => rendered(page, 0, (box, ticket) => {
    const api = loaded("procaptcha");
    api.render(box, { siteKey: captcha.site_key, language: page.language, theme: theme(), ...callbacks(ticket) });
    return () => api.reset?.();
  }),
  // https://capjs.js.org/guide/invisible.html: nothing to see, it solves by itself.
  cap: (captcha, page) => rendered(page, TOKEN_WAIT_MS, (_, ticket) => {
    const Cap = loaded("Cap");
    const cap = new Cap({ apiEndpoint: new URL(`../${captcha.site_key}/`, captcha.script).href });
    const solve = () => cap.solve().then((/** @type {any} */ solved) => ticket.take(solved.token), ticket.fail);
    solve();
    return solve;
  }),
};

/** @param {Preparation} got @param {Page} page @returns what check.js gives as well */
export function start(got, page) {
  const { captcha } = got;
  const { form, texts, signal } = page;
  /** The reader's word: "yes", "no" or nothing yet; comments.js writes it down before it comes here. */
  const choice = () => form.dataset.choice;
  /** @type {Promise<void>} */
  const decided = new Promise((resolve) => {
    if (choice()) resolve();
    form.addEventListener("click", () => { if (choice()) resolve(); });
  });
  const builtIn = () => import(form.dataset.proof ?? "");
  /** @param {Challenge} challenge */
  const solve = async (challenge) => (await builtIn()).solve(challenge, signal);
  /** @type {Promise<Answer> | null} */
  let instead = null;
  /** @param {string | undefined} why @param {Promise<Preparation>} from */
  const useOwn = (why, from = page.fallback()) => {
    say(form, texts.check_own);
    return from.then(async ({ form, captcha }) => {
      const challenge = captcha.fallback ?? captcha.challenge;
      const proof = challenge && (await solve(challenge).catch(() => null));
      return { form, [captcha.fallback ? "proof" : "captcha"]: proof ?? undefined, captcha_not_run: why };
    }).catch(() => ({ captcha_not_run: why }));
  };
  // In ask mode a form token that is as old as the reader's first keystroke, should it be needed.
  const asks = captcha.consent === "ask";
  const spare = asks ? page.fallback() : undefined;
  spare?.catch(() => {});
  // Ends with the form, and where the built-in check takes over.
  const given = new AbortController();
  signal.addEventListener("abort", () => given.abort());
  const open = async () => {
    if (asks) await decided;
    if (choice() === "no") throw new Error("check: declined");
    if (asks) say(form, texts.check_on);
    return within(SCRIPT_WAIT_MS, load(captcha, { form, nonce: readNonce(got.form), language: got.language, signal: given.signal }));
  };
  // The provider is known not to answer, or the site has the built-in check by now: nobody else is asked.
  if (captcha.fallback || captcha.challenge) instead = useOwn(undefined, Promise.resolve(got));
  const opened = instead ? Promise.reject(new Error("check: not asked")) : open();
  /** @param {string} why */
  const turn = (why) => {
    given.abort();
    instead = instead ?? useOwn(why, spare);
    return instead;
  };
  opened.catch(() => { if (!signal.aborted && choice() !== "no") turn("blocked"); });
  decided.then(() => { if (choice() === "no" && !signal.aborted) turn("consent_refused"); });
  return {
    /** @returns {Promise<Answer>} */
    answer: async () => {
      if (choice() === "no" || (asks && !choice())) return turn("consent_refused");
      try {
        const captcha = await (await opened).mint();
        return captcha ? { captcha } : { unsolved: true };
      } catch {
        return turn("blocked");
      }
    },
    /** @param {Challenge} challenge @returns {Promise<string | null>} */
    solve: async (challenge) => (await builtIn()).solve(challenge),
    renew: async () => (await opened).renew(),
  };
}

/**
 * Offers a reader the check that a site names for when a comment's second proof did not pass (send.js), and loads it
 * after a yes.
 * @param {any} page send.js's
 * @param {{data: Promise<Preparation>, stop: AbortController}} prepared
 * @param {any} answer what the comment's posting answered
 * @param {(solved: Record<string, string | null>) => Promise<{passed?: boolean}>} give sends it
 */
export async function offer({ form, texts, status, element, fill }, prepared, answer, give) {
  const { second } = answer.step_up;
  const yes = element("button", { type: "button" }, second.accept);
  const no = element("button", { type: "button" }, second.decline);
  const question = element("p", {}, second.offer);
  if (second.details) {
    question.append(" ", element("a", { class: "palabre-link", href: second.details, rel: "noopener noreferrer", target: "_blank" }, second.details_label));
  }
  const box = element("div", { class: "palabre-second", tabindex: "-1" }, question, element("p", { class: "palabre-choice" }, yes, " ", no));
  status.append(box);
  const agreed = await new Promise((resolve) => {
    yes.addEventListener("click", () => resolve(true));
    no.addEventListener("click", () => resolve(false));
    setTimeout(resolve, OFFER_MS, false);
  });
  if (!box.isConnected) return;
  if (!agreed) {
    if (box.contains(document.activeElement)) document.getElementById(`c${answer.id}`)?.focus();
    box.remove();
    return;
  }
  const tell = (/** @type {string} */ sentence) => fill(box, element("p", {}, sentence));
  tell(texts.check_on);
  const before = box.appendChild(element("span", {}));
  box.focus();
  const make = async () => {
    const { form: token, language } = await prepared.data;
    const site = { form, nonce: readNonce(token), language, signal: prepared.stop.signal, before };
    const widget = await within(SCRIPT_WAIT_MS, load(second, site));
    return { captcha: await widget.mint(ASKED_WAIT_MS), form: token };
  };
  const result = await make().then(give).catch(() => /** @type {{passed?: boolean}} */ ({}));
  tell(result.passed ? second.done : second.failed);
}

/** One sentence in the place of the notice and its buttons. @param {HTMLFormElement} form @param {string} sentence */
function say(form, sentence) {
  const notice = form.querySelector("#palabre-check");
  if (!(notice instanceof HTMLElement)) return;
  const hadFocus = notice.contains(form.ownerDocument.activeElement);
  const line = document.createElement("p");
  line.className = "palabre-notice";
  line.append(sentence);
  notice.textContent = "";
  notice.append(line);
  if (hadFocus) notice.focus();
}

/** The nonce in a form token's claims, or nothing. @param {string} token */
function readNonce(token) {
  try {
    return JSON.parse(atob(token.split(".")[2].replace(/-/g, "+").replace(/_/g, "/"))).nonce ?? "";
  } catch {
    return "";
  }
}

/**
 * Loads what the provider needs.
 * @param {Captcha} captcha
 * @param {Site} page
 * @returns {Promise<Widget>} rejects when the script is blocked or there is none
 */
async function load(captcha, page) {
  if (captcha.provider === "siteverify") return brought(page);
  if (!captcha.script) throw new Error("check: no script");
  if (captcha.provider === "mcaptcha") return framed(captcha.script, page);
  if (captcha.provider === "cap") {
    Object.assign(globalThis, { CAP_CUSTOM_WASM_URL: new URL("cap_wasm.js", captcha.script).href });
  }
  await fetchScript(captcha.script, captcha.provider === "prosopo", captcha.integrity);
  if (page.signal.aborted) throw new Error("check: too late or declined");
  return PROVIDERS[captcha.provider](captcha, page);
}

/** @param {Captcha} captcha @param {any} api @returns {Promise<Widget>} */
async function scored(captcha, api) {
  await new Promise((resolve) => api.ready(resolve));
  const mint = () => within(TOKEN_WAIT_MS, api.execute(captcha.site_key, { action: captcha.action })).then((token) => {
    if (!token) throw new Error("check: no token");
    return token;
  });
  return { mint, renew: mint };
}

/** The publisher's page brings the check and puts its token into a field of the form. @param {Site} page @returns {Widget} */
function brought({ form }) {
  const mint = async () => {
    for (const name of FIELDS) {
      const field = form.elements.namedItem(name);
      if ((field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) && field.value) return field.value;
    }
    throw new Error("check: no token in the form");
  };
  return { mint, renew: async () => null };
}

/** mCaptcha: its frame posts the token. @param {string} address @param {Site} page */
function framed(address, page) {
  return rendered(page, TOKEN_WAIT_MS, (box, ticket) => {
    const frame = document.createElement("iframe");
    frame.title = "mCaptcha";
    frame.src = address;
    frame.setAttribute("sandbox", "allow-same-origin allow-scripts allow-popups");
    /** @param {MessageEvent} event */
    const listen = (event) => {
      if (event.source === frame.contentWindow && typeof event.data?.token === "string") ticket.take(event.data.token);
    };
    addEventListener("message", listen);
    page.signal.addEventListener("abort", () => removeEventListener("message", listen));
    box.append(frame);
    return () => { frame.src = address; };
  });
}

/**
 * A widget in its place, and the newest token it gave. `patience` is how long `mint` waits for a widget
 * that solves itself, in milliseconds; 0 for one that waits for the reader.
 * @param {Site} page
 * @param {number} patience
 * @param {(box: HTMLElement, ticket: Ticket) => () => unknown} render puts it into the box, gives what resets it
 * @returns {Widget}
 */
function rendered(page, patience, render) {
  /** @type {string | null} */
  let token = null;
  let failed = false;
  /** @type {(() => void)[]} */
  let waiting = [];
  const wake = () => {
    for (const one of waiting) one();
    waiting = [];
  };
  const ticket = {
    take: (/** @type {string} */ given) => { token = given; failed = false; wake(); },
    drop: () => { token = null; },
    fail: () => { token = null; failed = true; wake(); },
  };
  /** @param {number} time */
  const wait = (time) => new Promise((resolve) => {
    waiting.push(() => resolve(null));
    setTimeout(resolve, time);
  });
  const reset = render(place(page), ticket);
  const mint = async (time = patience) => {
    if (!token && !failed && time) await wait(time);
    if (failed) throw new Error("check: the provider failed");
    return token;
  };
  const renew = () => {
    ticket.drop();
    reset();
    return mint(READER_WAIT_MS);
  };
  return { mint, renew };
}

/** @param {Site} page @returns {HTMLElement} */
function place({ form, signal, before = form.querySelector("#palabre-summary") }) {
  const box = document.createElement("div");
  box.className = "palabre-widget";
  const root = form.getRootNode();
  signal.addEventListener("abort", () => box.remove());
  if (root instanceof ShadowRoot) {
    const slot = document.createElement("slot");
    slot.name = box.slot = "palabre-check";
    before?.before(slot);
    root.host.append(box);
    signal.addEventListener("abort", () => slot.remove());
  } else before?.before(box);
  return box;
}

/** The callbacks that reCAPTCHA's likes share. @param {Ticket} ticket */
function callbacks({ take, drop, fail }) {
  return { callback: take, "expired-callback": drop, "error-callback": fail };
}

function theme() {
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/** What a script left behind; a blocker's empty file leaves nothing. @param {string} name */
function loaded(name) {
  const api = /** @type {any} */ (globalThis)[name];
  if (!api) throw new Error(`check: ${name} did not load`);
  return api;
}

/** @template T @param {number} time @param {Promise<T>} promise @returns {Promise<T>} */
function within(time, promise) {
  return Promise.race([promise, new Promise((_, reject) => setTimeout(reject, time, new Error("check: no answer")))]);
}

/** @type {Map<string, Promise<void>>} */
const scripts = new Map();

/** @param {string} url @param {boolean} isModule @param {string} [integrity] the digest of a pinned script @returns {Promise<void>} */
function fetchScript(url, isModule, integrity) {
  const known = scripts.get(url);
  if (known) return known;
  // Hosts that enforce Trusted Types need a policy for this one address.
  const policy = /** @type {any} */ (globalThis).trustedTypes?.createPolicy?.("palabre", { createScriptURL: () => url });
  /** @type {Promise<void>} */
  const promise = new Promise((resolve, reject) => {
    const script = document.createElement("script");
    if (isModule) script.type = "module";
    script.src = policy ? policy.createScriptURL(url) : url;
    script.async = true;
    if (integrity) Object.assign(script, { integrity, crossOrigin: "anonymous" });
    script.onload = () => resolve();
    script.onerror = () => {
      // The next try asks again.
      scripts.delete(url);
      script.remove();
      reject(new Error("check: script did not load"));
    };
    document.head.append(script);
  });
  scripts.set(url, promise);
  return promise;
}
