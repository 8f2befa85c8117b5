//! The door: e-mail and passphrase, the second step, recovery, the way out.
//!
//! What must hold: an account that is not there costs the same work and gets the same answer as a wrong
//! passphrase; every try is counted in the store before anything is compared, by address and by account,
//! and taken back when it succeeds; no captcha stands here. A stranger who uses up an account's tries
//! does not shut its owner out: a browser that came in before carries a mark and is counted on its own
//! (OWASP, « Slow Down Online Guessing Attacks with Device Cookies »). Who has lost the mark, or the
//! passphrase, comes in by a recovery code or by a one-time link of an owner (`accounts.rs`).

use std::{sync::Arc, time::Duration};

use argon2::{
    Argon2,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use serde::{Deserialize, Serialize};
use totp_rs::Totp;
use uuid::Uuid;

use crate::{
    app::App,
    clock,
    domain::{
        account::{EVERY_SITE, Passphrase},
        address::ClientAddress,
        draft::FieldError,
        timestamp::Timestamp,
    },
    error::Error,
    keys::{Purpose, hex, new_secret, sha256_hex},
    limits::{Action, Demand, Limits, Refusal},
    store::{Account, Actor, NewAudit, NewSession},
};

/// A session ends after this long at the latest.
pub const SESSION_LIFE: Duration = Duration::from_hours(30 * 24);

/// How long a browser is known by its mark.
pub const MARK_LIFE: Duration = Duration::from_hours(365 * 24);

/// How long the second step waits for its code.
const PASS_LIFE: Duration = Duration::from_mins(5);

/// How long somebody waits for their turn to be hashed.
const HASH_WAIT: Duration = Duration::from_secs(10);

/// Compared with where there is no account: a hash of the same cost, of a passphrase that nobody knows.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGlzIGhvbWU$WJ8pTCGAU9VbXVyuLMFTR/+5NIJCVvJ0Ur/dTy6f8fw";

/// The browser that stands before the door.
#[derive(Debug, Clone)]
pub struct Caller {
    pub address: ClientAddress,
    /// What kind of browser, in words.
    pub device: String,
    /// The mark that it was given when somebody came in with it.
    pub mark: Option<String>,
    /// The secret of the session that it holds; it ends when another begins.
    pub session: Option<String>,
}

/// How far somebody came.
#[derive(Debug)]
pub enum Step {
    /// In.
    In(Entry),
    /// The passphrase is right; a code is asked for, together with this pass, within five minutes.
    Code { pass: String },
}

/// What the browser is given: the secret of its session, and its mark.
#[derive(Debug)]
pub struct Entry {
    pub secret: String,
    pub mark: String,
}

/// What a mark says.
#[derive(Debug, Serialize, Deserialize)]
struct Mark {
    account: Uuid,
    device: Uuid,
    until: i64,
}

/// What a pass to the second step says.
#[derive(Debug, Serialize, Deserialize)]
struct Pass {
    account: Uuid,
    /// The try to be taken back.
    tried: Uuid,
    /// Which passphrase it was: a changed one ends the pass.
    passphrase: String,
    until: i64,
}

/// Comes in by e-mail and passphrase, with a code when one is asked for and given.
///
/// # Errors
/// 401 `sign_in_failed` for anything that is wrong; [`Error::RateLimited`]; errors of the store.
pub async fn sign_in(
    app: &App,
    caller: &Caller,
    email: &str,
    passphrase: &str,
    code: Option<&str>,
) -> Result<Step, Error> {
    app.limits
        .check(&[Demand::by_address(Action::SignIn, caller.address)])?;
    let email = folded(email);
    let account = app.store.account_by_email(&email).await?;
    let tried = count_try(app, caller, &email, account.as_ref()).await?;
    let typed = Passphrase::typed(passphrase);
    let known = account.as_ref().and_then(|account| account.passphrase.clone());
    let is_right = verify(app, typed, known).await?;
    let account_id = account.as_ref().map(|account| account.id);
    let Some(account) = account.filter(|account| is_right && account.disabled_at.is_none()) else {
        // Written for an unknown e-mail as well: it costs the same.
        app.store.add_audit(failed_entry(app, account_id)).await?;
        return Err(Error::Http(401, "sign_in_failed"));
    };
    if account.has_second_step() {
        let Some(code) = code.filter(|code| !code.trim().is_empty()) else {
            let pass = Pass {
                account: account.id,
                tried,
                passphrase: fingerprint(&account),
                until: app.clock.now().plus(PASS_LIFE).0,
            };
            return Ok(Step::Code {
                pass: app.keys.sign(Purpose::Door, &pass),
            });
        };
        check_code(app, &account, code).await?;
    }
    app.store.forget_try(tried).await?;
    enter(app, caller, &account, "sign_in").await.map(Step::In)
}

/// Comes in by the code of the second step: from the app, or one of the recovery codes.
///
/// # Errors
/// 401 `pass_ended` after five minutes, 401 `code_bad`; [`Error::RateLimited`]; errors of the store.
pub async fn second_step(app: &App, caller: &Caller, pass: &str, code: &str) -> Result<Entry, Error> {
    let ended = || Error::Http(401, "pass_ended");
    let pass: Pass = app.keys.open(Purpose::Door, pass).ok_or_else(ended)?;
    if app.clock.now().0 >= pass.until {
        return Err(ended());
    }
    let account = app.store.account(pass.account).await?;
    let account = account
        .filter(|account| account.disabled_at.is_none() && fingerprint(account) == pass.passphrase)
        .ok_or_else(ended)?;
    let tried = count_try(app, caller, &folded(&account.email), Some(&account)).await?;
    check_code(app, &account, code).await?;
    for tried in [pass.tried, tried] {
        app.store.forget_try(tried).await?;
    }
    enter(app, caller, &account, "sign_in").await
}

/// Chooses a new passphrase by a recovery code; with a second step its code (or another recovery code) as
/// well. All other sessions end.
///
/// # Errors
/// 401 `recovery_failed`; `passphrase_…` as a field's error; [`Error::RateLimited`]; errors of the store.
pub async fn recover(
    app: &App,
    caller: &Caller,
    email: &str,
    recovery_code: &str,
    second: &str,
    passphrase: &str,
) -> Result<Entry, Error> {
    let failed = || Error::Http(401, "recovery_failed");
    app.limits
        .check(&[Demand::by_address(Action::SignIn, caller.address)])?;
    let chosen = choose(passphrase, &[email])?;
    let email = folded(email);
    let account = app.store.account_by_email(&email).await?;
    // By the address alone: nobody else's tries may stand before the last way in, and 50 bits cannot be
    // guessed at that pace.
    let by = format!("address {}", caller.address.narrow());
    let tried = count(app, &[(Action::SignIn, &by)]).await?;
    // The work comes before the comparison, so that it tells nothing.
    let hash = hash(app, chosen).await?;
    let account = account
        .filter(|account| account.disabled_at.is_none() && account.passphrase.is_some())
        .ok_or_else(failed)?;
    if account.has_second_step() {
        check_code(app, &account, second).await.map_err(|_| failed())?;
    }
    if !use_recovery_code(app, account.id, recovery_code).await? {
        return Err(failed());
    }
    let audit = entry(app, &account, "passphrase_recovered");
    app.store.set_passphrase(account.id, hash, None, audit).await?;
    app.store.forget_try(tried).await?;
    enter(app, caller, &account, "sign_in").await
}

/// Ends a session.
///
/// # Errors
/// Errors of the store.
pub async fn sign_out(app: &App, secret: &str) -> Result<(), Error> {
    let hash = sha256_hex(secret.as_bytes());
    let session = app.store.session(&hash, app.clock.now()).await?;
    let audit = session
        .and_then(|session| session.account.map(|account| (account, session.name)))
        .map(|(account, name)| audit_of(app, account, name, "sign_out"));
    Ok(app.store.end_session(&hash, audit).await?)
}

/// Opens a session for an account in place of the one that the browser holds.
async fn enter(app: &App, caller: &Caller, account: &Account, action: &'static str) -> Result<Entry, Error> {
    let (session, opened) = new_session(app, caller, account.id);
    let instead_of = caller.session.as_deref().map(|old| sha256_hex(old.as_bytes()));
    let audit = entry(app, account, action);
    app.store
        .open_session(session, instead_of.as_deref(), Some(audit))
        .await?;
    Ok(opened)
}

/// A session to be opened for an account, and what its browser is given.
pub(super) fn new_session(app: &App, caller: &Caller, account: Uuid) -> (NewSession, Entry) {
    let now = app.clock.now();
    let secret = new_secret();
    let session = NewSession {
        id: app.clock.new_id(),
        hash: sha256_hex(secret.as_bytes()),
        account: Some(account),
        device: caller.device.clone(),
        at: now,
        expires_at: now.plus(SESSION_LIFE),
    };
    let known = caller.mark.as_deref().and_then(|mark| open_mark(app, mark));
    let mark = Mark {
        account,
        device: known
            .filter(|known| known.account == account)
            .map_or_else(|| app.clock.new_id(), |known| known.device),
        until: now.plus(MARK_LIFE).0,
    };
    let mark = app.keys.sign(Purpose::Door, &mark);
    (session, Entry { secret, mark })
}

fn open_mark(app: &App, mark: &str) -> Option<Mark> {
    let mark: Mark = app.keys.open(Purpose::Door, mark)?;
    (app.clock.now().0 < mark.until).then_some(mark)
}

/// Counts a try by the address and by the account, or by the browser that came into it before.
async fn count_try(app: &App, caller: &Caller, email: &str, account: Option<&Account>) -> Result<Uuid, Error> {
    let mark = caller.mark.as_deref().and_then(|mark| open_mark(app, mark));
    let known = mark.filter(|mark| account.is_some_and(|account| account.id == mark.account));
    let by_account = match known {
        Some(mark) => format!("browser {}", mark.device),
        None => format!("email {email}"),
    };
    count(
        app,
        &[
            (Action::SignIn, &format!("address {}", caller.address.narrow())),
            (Action::SignInAccount, &by_account),
        ],
    )
    .await
}

/// Counts a try by each of these, in the store; gives its id, by which it is taken back.
///
/// # Errors
/// [`Error::RateLimited`] with the longest wait; nothing was counted then.
pub(super) async fn count(app: &App, counted: &[(Action, &str)]) -> Result<Uuid, Error> {
    let id = app.clock.new_id();
    if matches!(app.limits, Limits::Off) {
        return Ok(id);
    }
    let keys = counted
        .iter()
        .map(|(action, by)| {
            let quota = app.config.rate_limit.of(*action);
            let key = app.keys.digest(Purpose::Recovery, "tries", by.as_bytes());
            // Tries are forgotten after a day.
            let window = quota.window().min(Duration::from_hours(24));
            let window = i64::try_from(window.as_millis()).unwrap_or(i64::MAX);
            (hex(&key[..16]), quota.burst.get(), window)
        })
        .collect();
    let Some(retry_after) = app.store.count_try(id, keys, app.clock.now()).await? else {
        return Ok(id);
    };
    let action = counted.last().map_or(Action::SignIn, |(action, _)| *action);
    let quota = app.config.rate_limit.of(action);
    Err(Error::RateLimited(Refusal {
        action,
        wide: false,
        retry_after,
        burst: quota.burst.get(),
        refill: quota.window(),
    }))
}

/// Takes the code of the second step, or a recovery code in its place; each counts once.
async fn check_code(app: &App, account: &Account, code: &str) -> Result<(), Error> {
    let is_right = match totp_step(app, account, code)? {
        Some(step) => app.store.take_totp_step(account.id, step, None).await?,
        None => use_recovery_code(app, account.id, code).await?,
    };
    if is_right {
        return Ok(());
    }
    app.store.add_audit(entry(app, account, "code_failed")).await?;
    Err(Error::Http(401, "code_bad"))
}

/// The time step of a code that is right by the account's seed now, give or take one step.
pub(super) fn totp_step(app: &App, account: &Account, code: &str) -> Result<Option<i64>, Error> {
    let Some(sealed) = &account.totp_seed else {
        return Ok(None);
    };
    let totp = totp(app, account, sealed)?;
    let now = u64::try_from(app.clock.now().0 / 1000).unwrap_or(0);
    let code: String = code.chars().filter(char::is_ascii_digit).collect();
    if code.len() != 6 {
        return Ok(None);
    }
    Ok(totp.check(&code, now).and_then(|step| i64::try_from(step).ok()))
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

async fn use_recovery_code(app: &App, account: Uuid, code: &str) -> Result<bool, Error> {
    let hash = recovery_hash(app, account, code);
    Ok(app.store.use_recovery_code(account, &hash, app.clock.now()).await?)
}

/// Ten new recovery codes, `K7QM2-X9D5A`, and what is stored of them.
pub(super) fn new_recovery_codes(app: &App, account: Uuid) -> (Vec<String>, Vec<String>) {
    let codes: Vec<String> = (0..10).map(|_| new_recovery_code()).collect();
    let hashes = codes.iter().map(|code| recovery_hash(app, account, code)).collect();
    (codes, hashes)
}

/// Ten symbols of Crockford's base 32 (<https://www.crockford.com/base32.html>): 50 random bits.
fn new_recovery_code() -> String {
    const SYMBOLS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut code: String = clock::random_bytes::<10>()
        .iter()
        .map(|byte| char::from(SYMBOLS[usize::from(byte & 31)]))
        .collect();
    code.insert(5, '-');
    code
}

/// Read as Crockford says: case and hyphens do not count, O is 0, I and L are 1.
fn recovery_hash(app: &App, account: Uuid, code: &str) -> String {
    let read: String = code
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|char| match char.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect();
    hex(&app
        .keys
        .digest(Purpose::Recovery, &account.to_string(), read.as_bytes())[..16])
}

/// The passphrase that somebody chose.
///
/// # Errors
/// `passphrase_…` as a field's error.
pub(super) fn choose(passphrase: &str, words: &[&str]) -> Result<Passphrase, Error> {
    Passphrase::choose(passphrase, words).map_err(|code| {
        Error::Invalid(vec![FieldError {
            field: "passphrase",
            code,
            surplus: None,
        }])
    })
}

/// The hash of a passphrase, by argon2id with the parameters of its crate: 19 MiB, two passes (OWASP).
pub(super) async fn hash(app: &App, passphrase: Passphrase) -> Result<String, Error> {
    let hashed = hashing(app, move || {
        Argon2::default()
            .hash_password(passphrase.expose().as_bytes())
            .map(|hash| hash.to_string())
    });
    hashed
        .await?
        .map_err(|error| Error::Internal(format!("hash a passphrase: {error}")))
}

/// Compares; with no hash to compare with, for the same time.
pub(super) async fn verify(app: &App, passphrase: Passphrase, known: Option<String>) -> Result<bool, Error> {
    hashing(app, move || {
        let hash = PasswordHash::new(known.as_deref().unwrap_or(NOBODY));
        hash.is_ok_and(|hash| {
            Argon2::default()
                .verify_password(passphrase.expose().as_bytes(), &hash)
                .is_ok()
        }) && known.is_some()
    })
    .await
}

/// Runs where it may take its time, two at once: each takes 19 MiB.
async fn hashing<T: Send + 'static>(app: &App, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    let turn = tokio::time::timeout(HASH_WAIT, Arc::clone(&app.hashing).acquire_owned());
    let turn = turn
        .await
        .ok()
        .and_then(Result::ok)
        .ok_or_else(|| Error::Unavailable("too many sign-ins at once".to_owned()))?;
    let done = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        work()
    });
    done.await
        .map_err(|error| Error::Internal(format!("hash a passphrase: {error}")))
}

/// Which passphrase an account has, without saying it.
fn fingerprint(account: &Account) -> String {
    sha256_hex(account.passphrase.as_deref().unwrap_or_default().as_bytes())[..16].to_owned()
}

/// An e-mail as accounts are found by it; what is longer than any address is nobody's.
pub(super) fn folded(email: &str) -> String {
    let email = email.trim().to_lowercase();
    if email.len() > 254 { String::new() } else { email }
}

/// An entry of the audit log about an account's own act.
pub(super) fn entry(app: &App, account: &Account, action: &'static str) -> NewAudit {
    audit_of(app, account.id, account.name.clone(), action)
}

fn audit_of(app: &App, account: Uuid, name: String, action: &'static str) -> NewAudit {
    let actor = Actor {
        kind: "account",
        id: account.to_string(),
        name,
    };
    service_entry(app, actor, action, app.clock.now())
}

/// An entry about no site: owners of every site read it.
pub(super) fn service_entry(app: &App, actor: Actor, action: &'static str, at: Timestamp) -> NewAudit {
    NewAudit {
        id: app.clock.new_id(),
        site: EVERY_SITE.to_owned(),
        at,
        actor,
        action,
        comment: None,
        from_status: None,
        to_status: None,
        detail: None,
    }
}

/// A try that failed, at an account or at none. What was typed is not kept: it may be a passphrase.
fn failed_entry(app: &App, account: Option<Uuid>) -> NewAudit {
    let actor = Actor {
        kind: "system",
        id: "door".to_owned(),
        name: "palabre".to_owned(),
    };
    NewAudit {
        detail: account.map(|account| serde_json::json!({"account": account}).to_string()),
        ..service_entry(app, actor, "sign_in_failed", app.clock.now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobodys_hash_costs_what_a_real_one_does() {
        let nobody = PasswordHash::new(NOBODY).unwrap();
        let real = Argon2::default().hash_password(b"the market of Koudougou").unwrap();
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
