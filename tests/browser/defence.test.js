/**
 * The owner's page of the check: whether it works, day by day, why answers are missing,
 * what the provider says of the keys, and the warning on other pages while the set-up is
 * wrong. In every look, with the keyboard, and without JavaScript.
 * The provider is one of this machine that does not know the secret.
 * Covers B1, B9, B10, B11 and B12 of this page.
 */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { writeFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { startPalabre, SITE, WAYS } from "./support.js";

const LOOKS = [
  { theme: "light", width: 1280 },
  { theme: "dark", width: 1280 },
  { theme: "light", width: 360 },
  { theme: "dark", width: 320 },
];

const PAGE = `/sites/${SITE}/defence`;
const TEST_BUTTON = "Tester mes clés";
const REFUSES = /refuse nos réglages/;

/** A provider that answers as reCAPTCHA does to a secret that it does not know, or to good ones. */
async function startProvider() {
  let answer = { success: false, "error-codes": ["invalid-input-secret"] };
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(answer));
    });
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    url: `http://127.0.0.1:${server.address().port}/siteverify`,
    answers: (next) => (answer = next),
    stop: () => new Promise((stopped) => server.close(stopped)),
  };
}

/** Google's answer to a good token. */
function goodAnswer(score) {
  return {
    success: true,
    score,
    action: "comment",
    hostname: "127.0.0.1",
    challenge_ts: new Date().toISOString(),
  };
}

async function startHouse(provider) {
  const folder = await mkdtemp(join(tmpdir(), "palabre-defence-"));
  const config = join(folder, "config.toml");
  await writeFile(
    config,
    `[outgoing]
allow_private_addresses = true
[[site]]
id = "${SITE}"
name = "Le Courrier des Quais"
[site.captcha]
provider = "recaptcha_v3"
site_key = "public"
secret = "of-the-test"
verify_url = "${provider.url}"
hostnames = ["127.0.0.1", "quais.example"]
`,
  );
  const house = await startPalabre({}, ["serve", "--config", config]);
  let number = 0;
  return {
    house,
    /** A comment with a token, to which the provider answers so. */
    async receives(answer, token = `token-${(number += 1)}`) {
      provider.answers(answer);
      const response = await fetch(`${house.url}/api/v1/sites/${SITE}/comments`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          thread: "quais",
          body: `Un avis ${(number += 1)}`,
          name: "Awa",
          email: `awa${number % 3}@exemple.test`,
          captcha: token ?? undefined,
        }),
      });
      assert.equal(response.status, 202, await response.text());
    },
    async stop() {
      await house.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

describe("the page of the check", () => {
  let provider, scene, house;

  before(async () => {
    provider = await startProvider();
    scene = await startHouse(provider);
    house = scene.house;
    const owner = await house.owner();
    await owner.signsIn();
    await owner.opens(PAGE);
    await owner.sees(/rien ne dit encore si la vérification fonctionne/);
    await owner.leaves();
    for (const score of [0.9, 0.9, 0.7, 0.3]) await scene.receives(goodAnswer(score));
    await scene.receives(goodAnswer(0.9), null);
    await scene.receives({ ...goodAnswer(0.9), hostname: "un-hote-tout-a-fait-etranger.a-la-maison.example" });
    await scene.receives({ success: false, "error-codes": ["timeout-or-duplicate"] });
    await scene.receives({ success: false, "error-codes": ["invalid-input-secret"] });
    provider.answers({ success: false, "error-codes": ["invalid-input-secret"] });
  });
  after(async () => {
    await scene?.stop();
    await provider?.stop();
  });

  async function isForEverybody(person, name) {
    await person.takesPicture(name);
    assert.deepEqual(await person.barriers(), [], `${name}: axe finds nothing`);
    await person.findsNothingWrong();
  }

  for (const look of LOOKS) {
    test(`${look.theme}, ${look.width} px: figures, warning and the answer of the provider`, async () => {
      const owner = await house.owner(look);
      await owner.opens(PAGE);
      await owner.sees(/ne fonctionne qu’en partie/);
      await owner.sees(REFUSES);
      await isForEverybody(owner, "defence");
      for (const page of ["/queue", `/sites/${SITE}/captcha`]) {
        await owner.opens(page);
        await owner.sees(REFUSES);
        await isForEverybody(owner, page === "/queue" ? "queue-warned" : "captcha-warned");
      }
      await owner.leaves();
    });
  }

  for (const { javaScript, name } of WAYS) {
    test(`${name}: from the queue to the page, another period, and a test of the keys`, async () => {
      const owner = await house.owner({ javaScript });
      await owner.opensQueue();
      await owner.presses(owner.page.getByRole("link", { name: /^État de la vérification\s:/ }));
      await owner.presses(owner.page.getByRole("link", { name: "7 jours" }));
      await owner.sees(/en 7 jours/);
      await owner.presses(owner.page.getByRole("button", { name: TEST_BUTTON }));
      await owner.sees(/répond, mais refuse vos réglages/);
      await owner.takesPicture("defence-tested");
      await owner.findsNothingWrong();
      await owner.leaves();
    });
  }

  test("the button is large enough for a thumb and reached by the keyboard", async () => {
    const owner = await house.owner({ width: 360 });
    await owner.opens(PAGE);
    const button = owner.page.getByRole("button", { name: TEST_BUTTON });
    const { height } = await button.boundingBox();
    assert.ok(height >= 44, `${height} px`);
    await button.focus();
    provider.answers({ success: false, "error-codes": ["invalid-input-response"] });
    await Promise.all([owner.page.waitForEvent("load"), owner.page.keyboard.press("Enter")]);
    await owner.sees(/Tout va bien/);
    await owner.leaves();
  });
});
