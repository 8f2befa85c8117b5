/**
 * What the journeys about checks share: challenges with known answers, answers of the server with
 * something added, and what a page sent.
 */

import { createHash, pbkdf2Sync } from "node:crypto";

/** The form's preparation, where a comment is posted, and where one more check is answered. */
export const FORM = /\/api\/v1\/sites\/[^/]+\/form$/;
export const POSTED = /\/api\/v1\/sites\/[^/]+\/comments$/;
export const STEP_UP = /\/r\/[^/]+\/step-up$/;

/** A proof of work whose answer is `counter`, with that answer. */
export function challenge(counter) {
  const [nonce, salt] = ["0123456789abcdef0123456789abcdef", "fedcba9876543210"];
  const password = Buffer.alloc(20);
  password.write(nonce, "hex");
  password.writeUInt32BE(counter, 16);
  const derivedKey = pbkdf2Sync(password, Buffer.from(salt, "hex"), 1000, 32, "sha256").toString("hex");
  const keyPrefix = derivedKey.slice(0, 32);
  const parameters = { algorithm: "PBKDF2/SHA-256", cost: 1000, keyLength: 32, keyPrefix, nonce, salt };
  return { parameters, signature: "signed", solution: { counter, derivedKey } };
}

/** The answer in a solved proof of work, without its time; undefined when there is none. */
export function readProof(proof) {
  if (!proof) return undefined;
  const { counter, derivedKey } = JSON.parse(Buffer.from(proof, "base64")).solution;
  return { counter, derivedKey };
}

/** The form's preparation carries `fallback` where the page asks for one, or `always`. */
export async function repliesWith(reader, { fallback, always, pinned }) {
  await reader.page.route((address) => FORM.test(address.pathname), async (route) => {
    const response = await route.fetch();
    const answer = await response.json();
    const asked = new URL(route.request().url()).searchParams.has("fallback");
    const given = always ?? (asked ? fallback : undefined);
    if (given) answer.captcha.fallback = { parameters: given.parameters, signature: given.signature };
    // The script of a test stands for the one that a provider pins.
    if (pinned && answer.captcha.integrity) answer.captcha.integrity = `sha384-${createHash("sha384").update(pinned).digest("base64")}`;
    await route.fulfill({ response, json: answer });
  });
}

/** The answer to a comment asks for one more check. */
export async function isAskedForMore(reader, stepUp) {
  await reader.page.route((address) => POSTED.test(address.pathname), async (route) => {
    const response = await route.fetch();
    const answer = { ...(await response.json()), step_up: { ...stepUp, until: "2100-01-01T00:00:00Z" } };
    await route.fulfill({ response, json: answer });
  });
}

/** Writes what is given, publishes with `button` (the form's own by default): what the page sent. */
export async function posts(reader, comment, button = reader.publishButton) {
  await reader.writes(comment);
  const [request] = await Promise.all([
    reader.page.waitForRequest((one) => one.method() === "POST" && POSTED.test(new URL(one.url()).pathname)),
    button.click(),
  ]);
  return request.postDataJSON();
}
