/**
 * Who works on a site: an owner invites, a moderator comes in, sets up a second step, is
 * suspended; a token is made. With JavaScript and without. Covers S2 and the accounts' pages.
 */

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { FIRST_OWNER } from "./people.js";
import { startPalabre, WAYS } from "./support.js";

/** The code that an app shows for a seed in base 32 (RFC 6238), `steps` of 30 s from now. */
function codeNow(seed, steps = 0) {
  const bits = [...seed].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0"));
  const bytes = bits.join("").match(/.{8}/g).map((byte) => Number.parseInt(byte, 2));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const hash = createHmac("sha1", Buffer.from(bytes)).update(counter).digest();
  const at = hash[19] & 15;
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

for (const { javaScript, name } of WAYS) {
  describe(`the team ${name}`, () => {
    const guest = { "Adresse e-mail": "awa@exemple.test", "Phrase secrète": "les ânes du marché de Gounghin" };
    let house, owner, moderator, link, seed;

    before(async () => {
      house = await startPalabre();
      owner = await house.owner({ javaScript });
      await owner.signsIn();
      moderator = await house.stranger({ javaScript });
    });
    after(() => house?.stop());

    /** Keeps a picture, and looks for barriers. */
    async function looksAt(person, page) {
      await person.takesPicture(page);
      if (javaScript) assert.deepEqual(await person.barriers(), [], `${page}: axe finds nothing`);
    }

    const press = (person, name) => person.presses(person.page.getByRole("button", { name }).first());

    test("an owner invites, and is shown the link once", async () => {
      await owner.opens("/moderators");
      await owner.fillsIn({ Nom: "Awa Ouédraogo", "Adresse e-mail": guest["Adresse e-mail"] });
      await owner.page.getByLabel("Site", { exact: true }).selectOption("demo");
      await press(owner, "Inviter");
      link = (await owner.page.locator("pre code").innerText()).trim();
      assert.match(link, /\/invitation\?code=/);
      assert.equal(await owner.page.getByRole("button", { name: "Copier" }).count(), javaScript ? 1 : 0);
      await looksAt(owner, "invitation-link");
    });

    test("the guest chooses a passphrase and is in, without the owners' pages", async () => {
      await moderator.opens(link);
      await looksAt(moderator, "invitation");
      await moderator.fillsIn({ "Phrase secrète": guest["Phrase secrète"] });
      await press(moderator, "Se connecter");
      await moderator.presses(moderator.page.getByRole("link", { name: "Continuer" }));
      await moderator.opens("/queue");
      assert.equal(await moderator.page.getByRole("link", { name: "Équipe" }).count(), 0);
    });

    test("they set up a second step, which is asked for from then on", async () => {
      await moderator.opens("/account");
      await looksAt(moderator, "account");
      await moderator.presses(moderator.page.getByRole("link", { name: "Ajouter une deuxième étape" }));
      await moderator.fillsIn({ "Phrase secrète actuelle": guest["Phrase secrète"] });
      await press(moderator, "Continuer");
      seed = (await moderator.page.locator("main code").first().innerText()).replaceAll(/\s/g, "");
      await looksAt(moderator, "second-step");
      await moderator.page.getByLabel("Code", { exact: true }).fill(codeNow(seed));
      await press(moderator, "Mettre en place");
      await moderator.sees("La deuxième étape est en place.");
      await moderator.opensMenu();
      await press(moderator, "Se déconnecter");
      await moderator.fillsIn(guest);
      await press(moderator, "Se connecter");
      await looksAt(moderator, "login-code");
      await moderator.page.getByLabel("Code", { exact: true }).fill(codeNow(seed, 1));
      await press(moderator, "Se connecter");
      assert.match(moderator.page.url(), /\/(queue|setup)/);
    });

    test("suspended, they are out at once", async () => {
      await owner.opens("/moderators");
      await looksAt(owner, "moderators");
      await press(owner, "Suspendre");
      await owner.sees("Compte suspendu");
      await moderator.opens("/queue");
      assert.match(moderator.page.url(), /\/login/);
    });

    test("removed, they are gone from the list", async () => {
      await owner.page.getByText("Retirer…").click();
      await press(owner, "Retirer Awa Ouédraogo");
      await owner.sees("Compte retiré.");
      await owner.doesNotSee(guest["Adresse e-mail"]);
    });

    test("a token is shown once, and opens the API until it is revoked", async () => {
      await owner.opens("/tokens");
      await owner.fillsIn({ "Nom du jeton": "Serveur" });
      await press(owner, "Faire le jeton");
      const token = (await owner.page.locator("pre code").innerText()).trim();
      const asks = async () => {
        const headers = { authorization: `Bearer ${token}` };
        return (await fetch(`${house.url}/api/v1/moderation/queue`, { headers })).status;
      };
      assert.equal(await asks(), 200);
      await owner.opens("/tokens");
      await looksAt(owner, "tokens");
      await press(owner, /^Révoquer/);
      assert.equal(await asks(), 401);
    });

    test("the passphrase is changed, and the old one opens nothing", async () => {
      await owner.opens("/account/passphrase");
      await owner.fillsIn({
        "Phrase secrète actuelle": FIRST_OWNER["Phrase secrète"],
        "Nouvelle phrase secrète": "court",
      });
      await press(owner, "Changer");
      await owner.sees("au moins 12 caractères");
      await looksAt(owner, "passphrase-errors");
      await owner.fillsIn({
        "Phrase secrète actuelle": FIRST_OWNER["Phrase secrète"],
        "Nouvelle phrase secrète": "une phrase toute nouvelle",
      });
      await press(owner, "Changer");
      await owner.sees("Phrase secrète changée");
    });

    test("nothing went wrong on the way", async () => {
      await owner.findsNothingWrong();
      await moderator.findsNothingWrong();
    });
  });
}
