//! What somebody comes in by: passphrases, the second step's codes, recovery codes.
//!
//! Passphrases are argon2id hashes, made in a room of their own (`rooms.rs`); seeds are encrypted and recovery codes are keyed hashes,
//! each bound to its account. Nothing here counts tries or knows a session: that is `door.rs`.

use std::time::Duration;

use argon2::{
    Argon2,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use totp_rs::Totp;
use uuid::Uuid;

use crate::{
    app::App,
    clock,
    domain::account::Passphrase,
    error::Error,
    keys::{Purpose, hex, new_secret, sha256_hex},
    rooms::{Comer, Turn},
    store::{Account, Invitation},
};

/// How long an invitation is good.
pub const INVITATION_LIFE: Duration = Duration::from_hours(7 * 24);

/// How long a link in place of a lost passphrase is good.
pub(super) const RESET_LIFE: Duration = Duration::from_hours(24);

/// Compared with where there is no account: a hash of the same cost, of a passphrase that nobody knows.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGlzIGhvbWU$WJ8pTCGAU9VbXVyuLMFTR/+5NIJCVvJ0Ur/dTy6f8fw";

/// The hash of a passphrase that somebody chose, by argon2id with the parameters of its crate: 19 MiB, two
/// passes (OWASP). How strong it is, is estimated in the same turn: that takes its time as well. Whoever calls
/// this knows first that the person may choose one, and has counted the try.
///
/// # Errors
/// `passphrase_…` as a field's error, also where it is one of the person's own `words` (name, e-mail);
/// [`Error::Unavailable`] when too many wait.
pub(super) async fn hash_chosen(app: &App, passphrase: &str, words: [&str; 2]) -> Result<String, Error> {
    let passphrase = passphrase.to_owned();
    let words = words.map(str::to_owned);
    let turn = app.hashing.join(Comer::Known)?;
    let hashed = turn.take(move || {
        let chosen = Passphrase::choose(&passphrase, &[&words[0], &words[1]])
            .map_err(|code| Error::field("passphrase", code))?;
        Argon2::default()
            .hash_password(chosen.expose().as_bytes())
            .map(|hash| hash.to_string())
            .map_err(|error| Error::Internal(format!("hash a passphrase: {error}")))
    });
    hashed.await?
}

/// Compares for somebody who is in, in a turn for who is known.
pub(super) async fn verify(app: &App, passphrase: Passphrase, known: Option<String>) -> Result<bool, Error> {
    verify_in(app.hashing.join(Comer::Known)?, passphrase, known).await
}

/// Compares; with no hash to compare with, for the same time.
pub(super) async fn verify_in(turn: Turn, passphrase: Passphrase, known: Option<String>) -> Result<bool, Error> {
    turn.take(move || {
        let hash = PasswordHash::new(known.as_deref().unwrap_or(NOBODY));
        hash.is_ok_and(|hash| {
            Argon2::default()
                .verify_password(passphrase.expose().as_bytes(), &hash)
                .is_ok()
        }) && known.is_some()
    })
    .await
}

/// Which passphrase an account has, without saying it.
pub(super) fn fingerprint(account: &Account) -> String {
    sha256_hex(account.passphrase.as_deref().unwrap_or_default().as_bytes())[..16].to_owned()
}

/// The time step of a code that is right by the account's seed now, give or take one step.
pub(super) fn totp_step(app: &App, account: &Account, code: &str) -> Result<Option<i64>, Error> {
    let Some(sealed) = &account.totp_seed else {
        return Ok(None);
    };
    if !is_seed_readable(app, account) {
        return Ok(None);
    }
    let totp = totp(app, account, sealed)?;
    let now = u64::try_from(app.clock.now().0 / 1000).unwrap_or(0);
    let code: String = code.chars().filter(char::is_ascii_digit).take(7).collect();
    if code.len() != 6 {
        return Ok(None);
    }
    Ok(totp.check(&code, now).and_then(|step| i64::try_from(step).ok()))
}

/// Whether one of the keys opens the account's seed; `true` without one. Where none does, codes from the app count
/// no more, and recovery codes do.
pub(super) fn is_seed_readable(app: &App, account: &Account) -> bool {
    let sealed = account.totp_seed.as_deref();
    sealed.is_none_or(|sealed| app.keys.unseal(&seed_place(account.id), sealed).is_some())
}

/// The generator behind an account's sealed seed: 6 digits, 30 seconds, SHA-1, one step either way
/// (RFC 6238, as every app reads it).
pub(super) fn totp(app: &App, account: &Account, sealed: &str) -> Result<Totp, Error> {
    let defect = |what: &str| Error::Internal(format!("the second step of account {}: {what}", account.id));
    let seed = app
        .keys
        .unseal(&seed_place(account.id), sealed)
        .ok_or_else(|| defect("its seed cannot be opened with these keys"))?;
    let seed = totp_rs::Secret::try_from_base32(&seed).map_err(|_| defect("its seed is no base 32"))?;
    totp_rs::Builder::new()
        .with_secret(seed)
        .with_issuer(Some("Palabre"))
        .with_account_name(account.email.replace(':', " "))
        .build()
        .map_err(|error| defect(&error.to_string()))
}

/// Where an account's seed is kept, for its encryption.
pub(super) fn seed_place(account: Uuid) -> String {
    format!("accounts.totp_seed:{account}")
}

/// Whether a recovery code is the account's and not used; using it comes later. Costs the same for an account
/// that is not there.
pub(super) async fn knows_recovery_code(app: &App, account: Uuid, code: &str) -> Result<bool, Error> {
    for hash in stored_forms(app, account, code) {
        if app.store.knows_recovery_code(account, &hash).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Uses a recovery code, once.
pub(super) async fn use_recovery_code(app: &App, account: Uuid, code: &str) -> Result<bool, Error> {
    let now = app.clock.now();
    for hash in stored_forms(app, account, code) {
        if app.store.use_recovery_code(account, &hash, now).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What may be stored of a code: its hash under each key, with the key's id. Those of before do not say under which
/// key they were made.
fn stored_forms(app: &App, account: Uuid, code: &str) -> Vec<String> {
    let hashes = recovery_hashes(app, account, code);
    let named = hashes.iter().map(|(key, hash)| format!("{key}:{hash}"));
    named.chain(hashes.iter().map(|(_, hash)| hash.clone())).collect()
}

/// Ten new recovery codes, `K7QM2-X9D5A`, and what is stored of them.
pub(super) fn new_recovery_codes(app: &App, account: Uuid) -> (Vec<String>, Vec<String>) {
    let codes: Vec<String> = (0..10).map(|_| new_recovery_code()).collect();
    let hash = |code: &String| {
        let hashes = recovery_hashes(app, account, code).into_iter();
        hashes.take(1).map(|(key, hash)| format!("{key}:{hash}"))
    };
    let hashes = codes.iter().flat_map(hash).collect();
    (codes, hashes)
}

/// Symbols of a recovery code.
const RECOVERY_SYMBOLS: usize = 10;

/// Symbols of Crockford's base 32 (<https://www.crockford.com/base32.html>): 50 random bits.
fn new_recovery_code() -> String {
    const SYMBOLS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut code: String = clock::random_bytes::<RECOVERY_SYMBOLS>()
        .iter()
        .map(|byte| char::from(SYMBOLS[usize::from(byte & 31)]))
        .collect();
    code.insert(5, '-');
    code
}

/// The code's hash under each key, the current one's first, with the key's id. Read as Crockford says: case and
/// hyphens do not count, O is 0, I and L are 1.
fn recovery_hashes(app: &App, account: Uuid, code: &str) -> Vec<(String, String)> {
    let read: String = code
        .chars()
        .filter(char::is_ascii_alphanumeric)
        // One more than a code has: what is longer is wrong already.
        .take(RECOVERY_SYMBOLS + 1)
        .map(|char| match char.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect();
    app.keys
        .digests(Purpose::Recovery, &account.to_string(), read.as_bytes())
        .map(|(key, hash)| (key.to_owned(), hex(&hash[..16])))
        .collect()
}

/// A one-time link of that maker, and its code.
pub(super) fn new_link(app: &App, maker: Option<Uuid>, life: Duration) -> (String, Invitation) {
    let code = new_secret();
    let invitation = Invitation {
        hash: sha256_hex(code.as_bytes()),
        maker,
        expires_at: app.clock.now().plus(life),
    };
    (code, invitation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobodys_hash_costs_what_a_real_one_does() {
        let nobody = PasswordHash::new(NOBODY).expect("a hash");
        let real = Argon2::default()
            .hash_password(b"the market of Koudougou")
            .expect("hashed");
        assert_eq!((&nobody.algorithm, &nobody.params), (&real.algorithm, &real.params));
        assert_eq!(nobody.version, real.version);
    }

    #[test]
    fn recovery_codes_can_be_written_down() {
        for _ in 0..100 {
            let code = new_recovery_code();
            assert_eq!((code.len(), code.find('-')), (11, Some(5)), "{code}");
            assert!(!code.contains(['I', 'L', 'O', 'U']), "{code}");
        }
    }
}
