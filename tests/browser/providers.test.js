/**
 * The form with an outside check: loaded when the reader wants it, and never in the reader's way.
 * The providers' scripts are ours, given by the browser's routes: no test asks the network.
 * Covers A9, A10, B3 (captcha) and the sentences of blocked, declined and silent checks.
 */

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { eventually, freePort, SITE, startPalabre } from "./support.js";
import { challenge, FORM, isAskedForMore, POSTED, posts, readProof, repliesWith, STEP_UP } from "./checks.js";

const AUTHOR = { name: "Awa Traoré", email: "awa@exemple.test" };
const OWN_CHECK = /nous utilisons notre propre vérification/;
const GOOGLE = "https://www.google.com/recaptcha/api.js";
const THREAD = `/t/${SITE}?thread=essai`;

/** What each provider's script leaves in the page, as far as the form uses it. */
const SCRIPTS = {
  recaptcha_v3: "globalThis.grecaptcha = { ready: (then) => then(), execute: async (key, { action }) => `v3/${key}/${action}` };",
  turnstile:
    "globalThis.turnstile = { reset() {}, render(box, { sitekey, action, cData, callback }) {" +
    " box.append('…'); setTimeout(() => callback(['turnstile', sitekey, action, cData].join('/'))); return 'w1'; } };",
  hcaptcha:
    "globalThis.hcaptcha = { reset() {}, render(box, { sitekey, callback }) { const button = document.createElement('button');" +
    " button.type = 'button'; button.append('Je suis là'); button.style.minHeight = '44px'; button.onclick = () => callback(`hcaptcha/${sitekey}`);" +
    " box.append(button); return 0; } };",
  recaptcha_v2:
    "globalThis.grecaptcha = { ready: (then) => then(), reset() {}, render(box, { sitekey, callback }) {" +
    " setTimeout(() => callback(`v2/${sitekey}`)); return 0; } };",
  recaptcha_enterprise:
    "globalThis.grecaptcha = { enterprise: { ready: (then) => then(), execute: async (key, { action }) => `enterprise/${key}/${action}` } };",
  friendly:
    "globalThis.frcaptcha = { createWidget({ element, sitekey }) { setTimeout(() => element.dispatchEvent(" +
    "new CustomEvent('frc:widget.complete', { detail: { response: `friendly/${sitekey}` } }))); return { reset() {} }; } };",
  prosopo:
    "globalThis.procaptcha = { render(box, { siteKey, callback }) { setTimeout(() => callback(`prosopo/${siteKey}`)); } };",
  cap:
    "globalThis.Cap = class { constructor({ apiEndpoint }) { this.endpoint = apiEndpoint; }" +
    " async solve() { return { success: true, token: `cap/${this.endpoint}` }; } };",
  // The frame's own page, not a script of ours.
  mcaptcha: "<!doctype html><script>parent.postMessage({ token: `mcaptcha/${new URL(location).searchParams.get('sitekey')}` }, '*')</script>",
};

/** The other providers: where their script is, and the token that their part of the form gets. */
const OTHERS = [
  ["recaptcha_v2", "https://www.google.com/recaptcha/api.js?render=explicit", "v2/key"],
  ["recaptcha_enterprise", "https://www.google.com/recaptcha/enterprise.js?render=key", "enterprise/key/comment"],
  ["friendly", "https://cdn.jsdelivr.net/npm/@friendlycaptcha/sdk@1.0.2/site.min.js", "friendly/key"],
  ["prosopo", "https://js.prosopo.io/js/procaptcha.bundle.js", "prosopo/key"],
  ["cap", "https://check.example.test/assets/widget.js", "cap/https://check.example.test/key/"],
  ["mcaptcha", "https://check.example.test/widget/?sitekey=key", "mcaptcha/key"],
];

/** A service that verifies any token, with a score but hCaptcha's, and keeps what it was asked. */
async function startVerifier() {
  const plain = { success: true, action: "comment", hostname: "127.0.0.1" };
  const server = createServer((request, response) => {
    let asked = "";
    request.on("data", (piece) => { asked += piece; }).on("end", () => {
      server.asked.push(asked);
      response.setHeader("content-type", "application/json");
      const answer = /response=hcaptcha/.test(asked) ? plain : { ...plain, score: 0.9 };
      response.end(JSON.stringify({ ...answer, challenge_ts: new Date().toISOString() }));
    });
  });
  server.asked = [];
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return server;
}

function configuration(provider, { consent, verifyUrl, more = "" }) {
  return `
[outgoing]
allow_private_addresses = true
[rate_limit]
enabled = false
[[site]]
id = "${SITE}"
[site.captcha]
provider = "${provider}"
site_key = "key"
secret = "secret"
project = "a-project"
hostnames = ["127.0.0.1"]
consent = "${consent}"
verify_url = "${verifyUrl}"
${more}`;
}

describe("a form with an outside check", () => {
  let verifier, house, folder;
  before(async () => {
    verifier = await startVerifier();
    folder = await mkdtemp(join(tmpdir(), "palabre-providers-"));
  });
  afterEach(() => house?.stop());
  after(async () => {
    verifier.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function startWith(provider, { consent = "focus", verifyUrl, more } = {}) {
    const address = verifyUrl ?? `http://127.0.0.1:${verifier.address().port}/siteverify`;
    const file = join(folder, "config.toml");
    await writeFile(file, configuration(provider, { consent, verifyUrl: address, more }));
    house = await startPalabre({}, ["serve", "--config", file]);
  }

  /** A reader on the thread, in whose window `script` stands for every other host. */
  async function opens({ script, type = "text/javascript", pinned = script, ...options }) {
    const reader = await house.reader(options);
    await reader.window.context.route(
      (address) => address.origin !== house.url,
      (route) => (script === undefined ? route.abort("blockedbyclient") : route.fulfill({ contentType: type, headers: { "access-control-allow-origin": "*" }, body: script })),
    );
    await repliesWith(reader, { fallback: challenge(20), pinned });
    await reader.opens(THREAD);
    await reader.page.waitForLoadState("networkidle");
    assert.deepEqual(reader.window.requestsToOthers(), [], "nobody is asked before the reader writes");
    return reader;
  }

  test("reCAPTCHA v3 loads at the first focus, and its token is made for this sending", async () => {
    await startWith("recaptcha_v3");
    const reader = await opens({ script: SCRIPTS.recaptcha_v3 });
    await reader.sees(/Google.*se charge quand vous commencez à écrire/);
    await reader.body.focus();
    await eventually(() => assert.deepEqual(reader.window.requestsToOthers(), [`${GOOGLE}?render=key`]));
    const sent = await posts(reader, { body: "Avec Google", ...AUTHOR });
    assert.equal(sent.captcha, "v3/key/comment");
    assert.equal(sent.captcha_not_run, undefined);
    await reader.isToldThatAPersonWillReadIt();
    assert.match(verifier.asked.at(-1), /response=v3%2Fkey%2Fcomment/);
    assert.deepEqual(reader.window.complaints, []);
  });

  test("Turnstile is bound to the form by its nonce", async () => {
    await startWith("turnstile");
    const reader = await opens({ script: SCRIPTS.turnstile });
    await reader.body.focus();
    const sent = await posts(reader, { body: "Avec Cloudflare", ...AUTHOR });
    const { nonce } = JSON.parse(Buffer.from(sent.form.split(".")[2], "base64url"));
    assert.match(nonce, /^[\w-]{22}$/);
    assert.equal(sent.captcha, `turnstile/key/comment/${nonce}`);
    await reader.sees(/sera lu par une personne|une personne le lira/);
    assert.deepEqual(reader.window.complaints, []);
  });

  test("hCaptcha waits for the reader, who can solve it or go without", async () => {
    await startWith("hcaptcha");
    const reader = await opens({ script: SCRIPTS.hcaptcha });
    await reader.writes({ body: "Avec hCaptcha", ...AUTHOR });
    const solved = reader.page.getByRole("button", { name: "Je suis là" });
    await solved.waitFor();
    await reader.publishes();
    await reader.sees(/vérification n’a pas abouti/);
    assert.equal(reader.window.requestsTo(POSTED, "POST"), 0);
    await reader.takesPicture("check-unsolved");
    assert.deepEqual(await reader.barriers(), []);
    await solved.click();
    const sent = await posts(reader, {});
    assert.equal(sent.captcha, "hcaptcha/key");
    await reader.sees(/sera lu par une personne|une personne le lira/);

    await reader.reloads();
    await reader.writes({ body: "Sans hCaptcha", ...AUTHOR });
    await solved.waitFor();
    await reader.publishes();
    await reader.sees(/vérification n’a pas abouti/);
    const without = await posts(reader, {}, reader.page.getByRole("button", { name: "Continuer sans" }));
    assert.deepEqual([without.captcha, without.captcha_not_run], [undefined, "consent_refused"]);
    assert.ok(readProof(without.proof), "the built-in check took over");
    await reader.sees(/sera lu par une personne|une personne le lira/);
    assert.deepEqual(reader.window.complaints, []);
  });

  for (const [provider, address, token] of OTHERS) {
    test(`${provider} gives its token`, async () => {
      const path = { cap: "/key/siteverify", mcaptcha: "/api/v1/pow/siteverify" }[provider];
      await startWith(provider, { verifyUrl: path && `https://check.example.test${path}` });
      const reader = await opens({ script: SCRIPTS[provider], type: provider === "mcaptcha" ? "text/html" : "text/javascript" });
      await reader.body.focus();
      await eventually(() => assert.deepEqual(reader.window.requestsToOthers(), [address]));
      const sent = await posts(reader, { body: `Avec ${provider}`, ...AUTHOR });
      assert.deepEqual([sent.captcha, sent.captcha_not_run], [token, undefined]);
      await reader.sees(/sera lu par une personne|une personne le lira/);
      assert.deepEqual(reader.window.complaints, []);
    });
  }

  test("H2: a pinned script that is not the vendor's does not run", async () => {
    await startWith("friendly");
    const reader = await opens({ script: `${SCRIPTS.friendly} globalThis.hasRun = true;`, pinned: "" });
    await reader.body.focus();
    await reader.sees(OWN_CHECK);
    const sent = await posts(reader, { body: "Un script échangé", ...AUTHOR });
    assert.deepEqual([sent.captcha, sent.captcha_not_run], [undefined, "blocked"]);
    assert.ok(readProof(sent.proof));
    assert.equal(await reader.page.evaluate(() => globalThis.hasRun), undefined);
  });

  test("a check that the publisher's page brings puts its token into the form", async () => {
    await startWith("siteverify");
    const reader = await opens({ script: "" });
    await reader.page.evaluate(() => {
      const field = document.createElement("input");
      Object.assign(field, { type: "hidden", name: "captcha", value: "brought" });
      document.querySelector("form[data-site]").append(field);
    });
    const sent = await posts(reader, { body: "Une vérification d’ailleurs", ...AUTHOR });
    assert.deepEqual([sent.captcha, sent.captcha_not_run], ["brought", undefined]);
    await reader.sees(/sera lu par une personne|une personne le lira/);
    assert.deepEqual(reader.window.requestsToOthers(), []);
    assert.deepEqual(reader.window.complaints, []);
  });

  test("a blocked script is replaced by our own check", async () => {
    await startWith("recaptcha_v3");
    const reader = await opens({ script: undefined });
    await reader.body.focus();
    await reader.sees(OWN_CHECK);
    const sent = await posts(reader, { body: "Un bloqueur veille", ...AUTHOR });
    assert.deepEqual([sent.captcha, sent.captcha_not_run], [undefined, "blocked"]);
    assert.deepEqual(readProof(sent.proof), challenge(20).solution);
    await reader.sees(/sera lu par une personne|une personne le lira/);
  });

  test("an emptied script counts as blocked", async () => {
    await startWith("turnstile");
    const reader = await opens({ script: "" });
    await reader.body.focus();
    await reader.sees(OWN_CHECK);
    const sent = await posts(reader, { body: "Un script vidé", ...AUTHOR });
    assert.equal(sent.captcha_not_run, "blocked");
    assert.ok(readProof(sent.proof));
  });

  test("a script that never comes does not keep the reader", async () => {
    await startWith("recaptcha_v3");
    const reader = await opens({ script: SCRIPTS.recaptcha_v3 });
    await reader.window.context.route(`${GOOGLE}*`, () => {});
    const sent = await posts(reader, { body: "Google se tait", ...AUTHOR });
    assert.equal(sent.captcha_not_run, "blocked");
    assert.ok(readProof(sent.proof));
    await reader.sees(/sera lu par une personne|une personne le lira/);
  });

  test("a provider whose server is down loses nothing, and the reader is told in plain words", async () => {
    await startWith("recaptcha_v3", { verifyUrl: `http://127.0.0.1:${await freePort()}/siteverify` });
    const reader = await opens({ script: SCRIPTS.recaptcha_v3 });
    await posts(reader, { body: "Le service est tombé", ...AUTHOR });
    await reader.sees(/Notre service de vérification ne répond pas.*sera lu par une personne/);
  });

  test("a provider known to be down is not asked at all", async () => {
    await startWith("recaptcha_v3");
    const reader = await opens({ script: SCRIPTS.recaptcha_v3 });
    await repliesWith(reader, { always: challenge(20) });
    await reader.body.focus();
    await reader.sees(OWN_CHECK);
    const sent = await posts(reader, { body: "Personne d’autre", ...AUTHOR });
    assert.deepEqual([sent.captcha, sent.captcha_not_run], [undefined, undefined]);
    assert.deepEqual(readProof(sent.proof), challenge(20).solution);
    assert.deepEqual(reader.window.requestsToOthers(), []);
  });

  test("one fresh token is sent where the first had expired", async () => {
    await startWith("recaptcha_v3");
    const reader = await opens({ script: SCRIPTS.recaptcha_v3 });
    await isAskedForMore(reader, { kind: "token" });
    const sent = [];
    await reader.page.route(STEP_UP, (route) => {
      sent.push(route.request().postDataJSON());
      return route.fulfill({ json: { status: "pending", passed: true } });
    });
    const { form } = await posts(reader, { body: "Un jeton trop vieux", ...AUTHOR });
    await reader.isToldThatAPersonWillReadIt();
    await eventually(() => assert.equal(sent.length, 1));
    assert.deepEqual(sent, [{ captcha: "v3/key/comment", form }]);
    assert.deepEqual(reader.window.complaints, []);
  });

  describe("where the browser cannot do the second proof of work", () => {
    /** On the thread of a site that is never sure of a score, and has hCaptcha for that. */
    async function sends(body) {
      const verifyUrl = `http://127.0.0.1:${verifier.address().port}/siteverify`;
      await startWith("recaptcha_v3", {
        more: `[site.captcha.second]\nprovider = "hcaptcha"\nsite_key = "second"\nsecret = "secret"\nverify_url = "${verifyUrl}"\n` +
          "[site.captcha.policy]\nstep_up_below = 1.0\n",
      });
      const reader = await opens({ script: SCRIPTS.recaptcha_v3 + SCRIPTS.hcaptcha });
      await reader.page.evaluate(() => Object.defineProperty(crypto, "subtle", { value: undefined }));
      await posts(reader, { body, ...AUTHOR });
      await reader.sees(/Votre commentaire est bien enregistré\. Une vérification de hCaptcha peut confirmer/);
      assert.deepEqual(reader.window.requestsToOthers(), [`${GOOGLE}?render=key`], "hCaptcha is not asked before the yes");
      return reader;
    }

    test("the reader may take the check of another provider", async () => {
      const reader = await sends("Un vieux navigateur");
      await reader.takesPicture("second-check-offered");
      assert.deepEqual(await reader.barriers(), []);
      const asked = verifier.asked.length;
      await reader.page.getByRole("button", { name: "Faire la vérification hCaptcha" }).click();
      const widget = reader.page.getByRole("status").getByRole("button", { name: "Je suis là" });
      await widget.waitFor();
      await reader.takesPicture("second-check-asked");
      await widget.click();
      await reader.sees(/Merci, la vérification est faite\./);
      assert.match(verifier.asked.slice(asked).join(), /response=hcaptcha%2Fsecond/);
      assert.deepEqual(await reader.barriers(), []);
      assert.deepEqual(reader.window.complaints, []);
    });

    test("a no changes nothing and loads nothing", async () => {
      const reader = await sends("Sans façon");
      await reader.page.getByRole("button", { name: "Non merci" }).click();
      await eventually(async () => assert.equal(await reader.page.getByText(/Une vérification de hCaptcha/).count(), 0));
      await reader.isToldThatAPersonWillReadIt();
      assert.equal(reader.window.requestsToOthers().length, 1);
      assert.equal(reader.window.requestsTo(STEP_UP, "POST"), 0);
      assert.deepEqual(reader.window.complaints, []);
    });

    test("a blocked provider is told in plain words", async () => {
      const reader = await sends("Un bloqueur passe");
      await reader.window.context.route("https://js.hcaptcha.com/**", (route) => route.abort("blockedbyclient"));
      await reader.page.getByRole("button", { name: "Faire la vérification hCaptcha" }).click();
      await reader.sees(/La vérification n’a pas abouti.*une personne le lira/);
    });
  });

  test("who goes without before writing is never shown to the provider", async () => {
    await startWith("turnstile");
    const reader = await opens({ script: SCRIPTS.turnstile });
    await reader.page.getByRole("button", { name: "Continuer sans" }).click();
    await reader.sees(OWN_CHECK);
    const sent = await posts(reader, { body: "Sans Cloudflare", ...AUTHOR });
    assert.deepEqual([sent.captcha, sent.captcha_not_run], [undefined, "consent_refused"]);
    assert.deepEqual(readProof(sent.proof), challenge(20).solution);
    assert.deepEqual(reader.window.requestsToOthers(), []);
    assert.deepEqual(reader.window.complaints, []);
  });

  test("where the site asks first, nothing loads before the reader's yes", async () => {
    await startWith("recaptcha_v3", { consent: "ask" });
    const reader = await opens({ script: SCRIPTS.recaptcha_v3 });
    await reader.sees(/seulement si vous l’activez/);
    await reader.writes({ body: "D’abord la question", ...AUTHOR });
    await eventually(() => assert.ok(reader.window.requestsTo(FORM) >= 1));
    await reader.page.waitForLoadState("networkidle");
    assert.deepEqual(reader.window.requestsToOthers(), []);
    await reader.page.getByRole("button", { name: "Activer la vérification Google" }).click();
    await reader.sees(/vérification est activée/);
    await eventually(() => assert.equal(reader.window.requestsToOthers().length, 1));
    const sent = await posts(reader, {});
    assert.equal(sent.captcha, "v3/key/comment");
    await reader.isToldThatAPersonWillReadIt();
    assert.deepEqual(reader.window.complaints, []);
  });

  for (const [name, says] of [
    ["a no", true],
    ["no answer", false],
  ]) {
    test(`where the site asks first, ${name} leads to our own check`, async () => {
      await startWith("recaptcha_v3", { consent: "ask" });
      const reader = await opens({ script: SCRIPTS.recaptcha_v3 });
      if (says) {
        await reader.page.getByRole("button", { name: "Continuer sans" }).click();
        await reader.sees(OWN_CHECK);
      }
      const sent = await posts(reader, { body: `Avec ${name}`, ...AUTHOR });
      assert.deepEqual([sent.captcha, sent.captcha_not_run], [undefined, "consent_refused"]);
      assert.deepEqual(readProof(sent.proof), challenge(20).solution);
      await reader.sees(/sera lu par une personne|une personne le lira/);
      assert.deepEqual(reader.window.requestsToOthers(), []);
      assert.deepEqual(reader.window.complaints, []);
    });
  }

  test("without JavaScript the form posts, shows no dead button and asks nobody", async () => {
    await startWith("recaptcha_v3", { consent: "ask" });
    const reader = await opens({ script: SCRIPTS.recaptcha_v3, javaScript: false });
    assert.equal(await reader.page.getByRole("button", { name: /Activer|Continuer sans/ }).count(), 0);
    await reader.posts({ body: "Sans JavaScript", ...AUTHOR });
    await reader.isToldThatAPersonWillReadIt();
    assert.deepEqual(reader.window.requestsToOthers(), []);
  });

  for (const look of [
    { theme: "light", width: 1280 },
    { theme: "dark", width: 1280 },
    { theme: "light", width: 360 },
    { theme: "dark", width: 320 },
  ]) {
    test(`the question and its answers are for everybody, ${look.theme}, ${look.width} px`, async () => {
      await startWith("recaptcha_v3", { consent: "ask" });
      const reader = await opens({ script: SCRIPTS.recaptcha_v3, ...look });
      await reader.takesPicture("check-asked");
      assert.deepEqual(await reader.barriers(), []);
      for (const button of await reader.page.getByRole("button").all()) {
        const { height } = await button.boundingBox();
        assert.ok(height >= 44, `${await button.innerText()}: ${height} px`);
      }
      await reader.page.getByRole("button", { name: "Continuer sans" }).click();
      await reader.sees(OWN_CHECK);
      await reader.takesPicture("check-own");
      assert.deepEqual(await reader.barriers(), []);
      await reader.findsNothingWrong();
    });
  }
});
