// The check of a comment, loaded once a reader writes. `start` runs from the first focus on, `mint`
// at the moment of sending. To add a provider, add its branch to both.
//
// The built-in check is a proof of work (ALTCHA, protocol 2): WebCrypto derives off the main thread,
// and between batches the page gets its turn, so that no task is long. PBKDF2:
// key = derive(nonce || counter as 32 bits big-endian, salt, cost).

/**
 * @typedef {{algorithm: string, cost: number, expiresAt?: number, keyLength: number,
 *   keyPrefix: string, nonce: string, salt: string}} Parameters
 * @typedef {{parameters: Parameters, signature?: string}} Challenge
 * @typedef {{provider: string, site_key?: string, action?: string, challenge?: Challenge}} Captcha
 */

const BATCH = 16;

/**
 * What can be done before sending: solves a challenge, or loads the provider's script.
 * @param {Captcha} captcha
 * @param {AbortSignal} signal
 * @returns {Promise<string | null>} the answer, or null when there is none (yet)
 */
export async function start(captcha, signal) {
  if (captcha.challenge) return solve(captcha.challenge, signal);
  if (captcha.provider === "recaptcha_v3" && captcha.site_key && !("grecaptcha" in globalThis)) {
    await load(`https://www.google.com/recaptcha/api.js?render=${encodeURIComponent(captcha.site_key)}`);
  }
  return null;
}

/**
 * A fresh token of a provider whose tokens are short-lived; null when there is none.
 * @param {Captcha} captcha
 * @returns {Promise<string | null>}
 */
export async function mint(captcha) {
  const grecaptcha = /** @type {any} */ (globalThis).grecaptcha;
  if (captcha.provider !== "recaptcha_v3" || !grecaptcha) return null;
  await new Promise((resolve) => grecaptcha.ready(resolve));
  return grecaptcha.execute(captcha.site_key, { action: captcha.action });
}

/** @param {string} url @returns {Promise<void>} */
function load(url) {
  // Hosts that enforce Trusted Types need a policy for this one address.
  const policy = /** @type {any} */ (globalThis).trustedTypes?.createPolicy?.("palabre", { createScriptURL: () => url });
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = policy ? policy.createScriptURL(url) : url;
    script.async = true;
    script.onload = () => resolve();
    script.onerror = () => reject(new Error("check: script did not load"));
    document.head.append(script);
  });
}

/** @param {string} hex @returns {Uint8Array} */
function bytes(hex) {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** @param {ArrayBuffer} buffer @returns {string} */
function hex(buffer) {
  return Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Solves `challenge`; resolves to the answer for the field `captcha` (base64 of JSON), or to null
 * when it cannot be solved here: no WebCrypto, another algorithm, aborted, expired.
 * @param {Challenge} challenge
 * @param {AbortSignal} signal
 * @returns {Promise<string | null>}
 */
async function solve(challenge, signal) {
  const parameters = challenge.parameters;
  const digest = /^PBKDF2\/(SHA-(?:256|384|512))$/i.exec(parameters.algorithm)?.[1]?.toUpperCase();
  if (!digest || !globalThis.crypto?.subtle) return null;
  const nonce = bytes(parameters.nonce);
  const salt = bytes(parameters.salt);
  const prefix = parameters.keyPrefix.toLowerCase();
  const started = performance.now();

  /** @param {number} counter */
  const derive = async (counter) => {
    const password = new Uint8Array(nonce.length + 4);
    password.set(nonce);
    new DataView(password.buffer).setUint32(nonce.length, counter);
    const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
    const settings = { name: "PBKDF2", hash: digest, salt, iterations: parameters.cost };
    return hex(await crypto.subtle.deriveBits(settings, key, parameters.keyLength * 8));
  };

  for (let first = 0; first < 2 ** 32 - BATCH; first += BATCH) {
    if (signal.aborted) return null;
    if (parameters.expiresAt && parameters.expiresAt * 1000 < Date.now()) return null;
    const counters = Array.from({ length: BATCH }, (_, index) => first + index);
    const keys = await Promise.all(counters.map(derive));
    const found = keys.findIndex((key) => key.startsWith(prefix));
    if (found >= 0) {
      const time = Math.round(performance.now() - started);
      const solution = { counter: first + found, derivedKey: keys[found], time };
      return btoa(JSON.stringify({ challenge, solution }));
    }
  }
  return null;
}
