// The built-in check, loaded once a reader writes: a proof of work (ALTCHA, protocol 2), key =
// PBKDF2(nonce || counter as 32 bits big-endian, salt, cost), in a worker where the page allows one, else
// in slices between which the page gets its turn; none without WebCrypto. Other checks: outside.js, with
// the same `start`. Nothing here is newer than Safari 14 and Chrome 85 (comments.js says why).

/**
 * @typedef {{algorithm: string, cost: number, keyLength: number, keyPrefix: string, nonce: string, salt: string}} Parameters
 * @typedef {{parameters: Parameters, signature?: string}} Challenge
 */

/**
 * @param {{captcha: {challenge?: Challenge}}} got what `GET /form` answered
 * @param {{signal: AbortSignal}} page
 */
export function start({ captcha: { challenge } }, { signal }) {
  const proof = challenge ? solve(challenge, signal) : null;
  return { answer: async () => ({ captcha: (await proof) ?? undefined }), solve, renew: async () => null };
}

/**
 * Solves `challenge`; resolves to the answer (base64 of JSON), or to null when it cannot be solved here:
 * no WebCrypto, another algorithm, aborted.
 * @param {Challenge} challenge
 * @param {AbortSignal} [signal]
 * @returns {Promise<string | null>}
 */
export async function solve(challenge, signal) {
  const { parameters } = challenge;
  if (!globalThis.crypto?.subtle || !/^PBKDF2\/SHA-(256|384|512)$/i.test(parameters.algorithm)) return null;
  const started = performance.now();
  const found = await searchAside(parameters, signal).catch(() => search(parameters, signal)).catch(() => null);
  if (!found) return null;
  const time = Math.round(performance.now() - started);
  return btoa(JSON.stringify({ challenge, solution: { ...found, time } }));
}

/** @param {Parameters} parameters @param {AbortSignal} [signal] @returns {Promise<{counter: number, derivedKey: string} | null>} */
function searchAside(parameters, signal) {
  return new Promise((resolve, reject) => {
    const source = `${search};onmessage=({data})=>search(data).then(postMessage,()=>postMessage(0))`;
    const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    // Hosts that enforce Trusted Types need a policy for this one address.
    const policy = /** @type {any} */ (globalThis).trustedTypes?.createPolicy("palabre", { createScriptURL: () => address });
    const worker = new Worker(policy?.createScriptURL(address) ?? address);
    const end = () => {
      worker.terminate();
      URL.revokeObjectURL(address);
      reject(new Error("check: no worker"));
    };
    worker.onmessage = ({ data }) => {
      if (data) resolve(data);
      end();
    };
    worker.onerror = end;
    signal?.addEventListener("abort", end);
    worker.postMessage(parameters);
  });
}

/**
 * Stands alone: its text is the worker's program as well.
 * @param {Parameters} parameters
 * @param {AbortSignal} [signal]
 * @returns {Promise<{counter: number, derivedKey: string} | null>}
 */
async function search({ algorithm, cost, keyLength, keyPrefix, nonce, salt }, signal) {
  const BATCH = 16;
  /** @param {string} hex */
  const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  const settings = { name: "PBKDF2", hash: algorithm.slice(7).toUpperCase(), salt: bytes(salt), iterations: cost };
  /** @param {number} counter */
  const derive = async (counter) => {
    const password = Uint8Array.of(...bytes(nonce), counter >>> 24, counter >>> 16, counter >>> 8, counter);
    const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
    const derived = new Uint8Array(await crypto.subtle.deriveBits(settings, key, keyLength * 8));
    return Array.from(derived, (byte) => byte.toString(16).padStart(2, "0")).join("");
  };
  for (let first = 0; first < 2 ** 32 - BATCH && !signal?.aborted; first += BATCH) {
    const keys = await Promise.all(Array.from({ length: BATCH }, (_, index) => derive(first + index)));
    const index = keys.findIndex((key) => key.startsWith(keyPrefix.toLowerCase()));
    if (index >= 0) return { counter: first + index, derivedKey: keys[index] };
    await new Promise((resolve) => setTimeout(resolve));
  }
  return null;
}
