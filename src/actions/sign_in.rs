//! The door: e-mail and passphrase, the second step, recovery, the way out.
//!
//! Invariant: an account that is not there costs the same work and gets the same answer as a wrong
//! passphrase; every try is counted in the store before anything is compared, by address and by account,
//! and taken back when it succeeds; no captcha stands here. A stranger who uses up an account's tries, those
//! of a neighbourhood, or all that can be hashed, does not shut its owner out: a browser that came in before
//! carries a mark, is counted on its own and has a place of its own where passphrases are hashed
//! (OWASP, « Slow Down Online Guessing Attacks with Device Cookies »). Who has lost the mark, or the
//! passphrase, comes in by a recovery code or by a one-time link of an owner (`accounts.rs`).

use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::credentials;
use crate::{
    app::App,
    domain::{
        account::{EVERY_SITE, Passphrase},
        actor::{Actor, ActorKind},
        address::ClientAddress,
        audit::AuditDetail,
        code::Code,
        timestamp::Timestamp,
    },
    error::Error,
    keys::{Purpose, hex, new_secret, sha256_hex},
    limits::{Action, Demand, Limits, Refusal},
    rooms::Comer,
    store::{Account, NewAudit, NewSession},
};

/// A session ends after this long at the latest.
pub const SESSION_LIFE: Duration = Duration::from_hours(30 * 24);

/// How long a browser is known by its mark.
pub const MARK_LIFE: Duration = Duration::from_hours(365 * 24);

/// How long the second step waits for its code.
const PASS_LIFE: Duration = Duration::from_mins(5);

/// How often a failed try at an account is written down; those in between are counted.
const FAILED_EVERY: Duration = Duration::from_hours(1);

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
/// 401 `sign_in_failed` for anything that is wrong; [`Error::RateLimited`]; [`Error::Unavailable`] at once when
/// too many wait to be hashed; errors of the store.
pub async fn sign_in(
    app: &App,
    caller: &Caller,
    email: &str,
    passphrase: &str,
    code: Option<&str>,
) -> Result<Step, Error> {
    let comer = comer(app, caller);
    // First, so that whoever is turned away there has lost no try.
    let turn = app.hashing.join(comer)?;
    app.limits.check(&[match comer {
        Comer::Stranger => Demand::by_address(Action::SignIn, caller.address),
        // A neighbourhood that is shut is no reason to shut out who lives there.
        Comer::Known => Demand::by_household(Action::SignIn, caller.address),
    }])?;
    let email = folded(email);
    let account = app.store.account_by_email(&email).await?;
    let tried = count_try(app, caller, &email, account.as_ref()).await?;
    let typed = Passphrase::typed(passphrase);
    let known = account.as_ref().and_then(|account| account.passphrase.clone());
    let is_right = credentials::verify_in(turn, typed, known).await?;
    let account_id = account.as_ref().map(|account| account.id);
    let Some(account) = account.filter(|account| is_right && account.disabled_at.is_none()) else {
        note_failed(app, account_id).await?;
        return Err(Error::Code(Code::SignInFailed));
    };
    if account.has_second_step() {
        let Some(code) = code.filter(|code| !code.trim().is_empty()) else {
            let pass = Pass {
                account: account.id,
                tried,
                passphrase: credentials::fingerprint(&account),
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
/// 401 `pass_ended` after five minutes, 401 `code_bad`, 401 `second_step_unreadable` where no key opens the seed and
/// only a recovery code counts; [`Error::RateLimited`]; errors of the store.
pub async fn second_step(app: &App, caller: &Caller, pass: &str, code: &str) -> Result<Entry, Error> {
    let ended = || Error::Code(Code::PassEnded);
    let pass: Pass = app.keys.open(Purpose::Door, pass).ok_or_else(ended)?;
    if app.clock.now().0 >= pass.until {
        return Err(ended());
    }
    let account = app.store.account(pass.account).await?;
    let account = account
        .filter(|account| account.disabled_at.is_none() && credentials::fingerprint(account) == pass.passphrase)
        .ok_or_else(ended)?;
    let tried = count_try(app, caller, &folded(&account.email), Some(&account)).await?;
    check_code(app, &account, code).await?;
    for tried in [pass.tried, tried] {
        app.store.forget_try(tried).await?;
    }
    enter(app, caller, &account, "sign_in").await
}

/// Chooses a new passphrase by a recovery code; with a second step its code (or another recovery code) as
/// well. All other sessions end. Nothing is used up by a try that fails.
///
/// # Errors
/// 401 `recovery_failed`; `passphrase_…` as a field's error, for who has a recovery code;
/// [`Error::RateLimited`]; errors of the store.
pub async fn recover(
    app: &App,
    caller: &Caller,
    email: &str,
    recovery_code: &str,
    second: &str,
    passphrase: &str,
) -> Result<Entry, Error> {
    let failed = || Error::Code(Code::RecoveryFailed);
    app.limits
        .check(&[Demand::by_address(Action::SignIn, caller.address)])?;
    let account = app.store.account_by_email(&folded(email)).await?;
    let account = account.filter(|account| account.disabled_at.is_none() && account.passphrase.is_some());
    // Nobody's code is looked for as well: it costs the same.
    let id = account.as_ref().map_or(Uuid::nil(), |account| account.id);
    let is_known = credentials::knows_recovery_code(app, id, recovery_code).await?;
    // By the address alone: nobody else's tries may stand before the last way in, and 50 bits cannot be
    // guessed at that pace.
    let tried = count(app, &by_address(Action::SignIn, "address", caller.address)).await?;
    let Some(account) = account.filter(|_| is_known) else {
        return Err(failed());
    };
    let hash = credentials::hash_chosen(app, passphrase, [&account.name, &account.email]).await?;
    if account.has_second_step() {
        check_code(app, &account, second).await.map_err(|_| failed())?;
    }
    if !credentials::use_recovery_code(app, account.id, recovery_code).await? {
        return Err(failed());
    }
    let audit = entry(app, &account, "passphrase_recovered");
    app.store.set_passphrase(account.id, hash, None, audit).await?;
    app.store.forget_try(tried).await?;
    enter(app, caller, &account, "sign_in").await
}

/// Ends a session.
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

/// Whether somebody came in with that browser before, whoever it was.
fn comer(app: &App, caller: &Caller) -> Comer {
    let mark = caller.mark.as_deref().and_then(|mark| open_mark(app, mark));
    mark.map_or(Comer::Stranger, |_| Comer::Known)
}

/// Counts a try by the address and by the account, or by the browser that came into it before; then the
/// neighbours' tries do not count.
async fn count_try(app: &App, caller: &Caller, email: &str, account: Option<&Account>) -> Result<Uuid, Error> {
    let mark = caller.mark.as_deref().and_then(|mark| open_mark(app, mark));
    let known = mark.filter(|mark| account.is_some_and(|account| account.id == mark.account));
    let mut counted = by_address(Action::SignIn, "address", caller.address).to_vec();
    let by_account = match known {
        Some(mark) => {
            counted.truncate(1);
            format!("browser {}", mark.device)
        }
        None => format!("email {email}"),
    };
    counted.push(Counted::by(Action::SignInAccount, by_account));
    count(app, &counted).await
}

/// What a try is counted by.
#[derive(Debug, Clone)]
pub(super) struct Counted {
    action: Action,
    /// The quota of a neighbourhood.
    is_wide: bool,
    by: String,
}

impl Counted {
    pub(super) fn by(action: Action, by: String) -> Self {
        Self {
            action,
            is_wide: false,
            by,
        }
    }

    /// The units of its quota, and the time in which the empty bucket fills; `None`: not limited.
    fn quota(&self, app: &App) -> Option<(u32, Duration)> {
        let quota = app.config.rate_limit.of(self.action);
        if self.is_wide {
            quota.wide_window()
        } else {
            Some((quota.burst.get(), quota.window()))
        }
    }
}

/// The address and its neighbourhood.
pub(super) fn by_address(action: Action, what: &str, address: ClientAddress) -> [Counted; 2] {
    [
        Counted::by(action, format!("{what} {}", address.narrow())),
        Counted {
            is_wide: true,
            ..Counted::by(action, format!("{what} {}", address.wide()))
        },
    ]
}

/// Counts a try by each of these, in the store; gives its id, by which it is taken back.
///
/// # Errors
/// [`Error::RateLimited`] with the longest wait; nothing was counted then.
pub(super) async fn count(app: &App, counted: &[Counted]) -> Result<Uuid, Error> {
    let id = app.clock.new_id();
    if matches!(app.limits, Limits::Off) {
        return Ok(id);
    }
    let limited: Vec<(&Counted, u32, Duration)> = counted
        .iter()
        .filter_map(|counted| counted.quota(app).map(|(burst, window)| (counted, burst, window)))
        .collect();
    let keys = limited
        .iter()
        .flat_map(|(counted, burst, window)| {
            let what = if counted.is_wide { "tries nearby" } else { "tries" };
            // Tries are forgotten after a day.
            let window = (*window).min(Duration::from_hours(24));
            let window = i64::try_from(window.as_millis()).unwrap_or(i64::MAX);
            // Under the old keys too: what was counted under them goes on counting.
            app.keys
                .digests(Purpose::Recovery, what, counted.by.as_bytes())
                .map(move |(_, key)| (hex(&key[..16]), *burst, window))
        })
        .collect();
    let Some((retry_after, which)) = app.store.count_try(id, keys, app.clock.now()).await? else {
        return Ok(id);
    };
    let refused = limited.get(which).or(limited.last());
    let (action, wide, burst, refill) = refused
        .map_or((Action::SignIn, false, 1, retry_after), |(counted, burst, window)| {
            (counted.action, counted.is_wide, *burst, *window)
        });
    Err(Error::RateLimited(Refusal {
        action,
        wide,
        retry_after,
        burst,
        refill,
    }))
}

/// Takes the code of the second step, or a recovery code in its place; each counts once.
pub(super) async fn check_code(app: &App, account: &Account, code: &str) -> Result<(), Error> {
    let is_right = match credentials::totp_step(app, account, code)? {
        Some(step) => app.store.take_totp_step(account.id, step, None).await?,
        None => credentials::use_recovery_code(app, account.id, code).await?,
    };
    if is_right {
        return Ok(());
    }
    let failed = entry(app, account, "code_failed");
    let name = format!("code_failed {}", account.id);
    app.store.add_audit_at_most(&name, FAILED_EVERY, failed).await?;
    let code = if credentials::is_seed_readable(app, account) {
        Code::CodeBad
    } else {
        Code::SecondStepUnreadable
    };
    Err(Error::Code(code))
}

/// An e-mail as accounts are found by it; what is longer than any address is nobody's.
pub(super) fn folded(email: &str) -> String {
    let email = email.trim();
    if email.len() > 254 {
        String::new()
    } else {
        email.to_lowercase()
    }
}

/// An entry of the audit log about an account's own act.
pub(super) fn entry(app: &App, account: &Account, action: &'static str) -> NewAudit {
    audit_of(app, account.id, account.name.clone(), action)
}

fn audit_of(app: &App, account: Uuid, name: String, action: &'static str) -> NewAudit {
    let actor = Actor {
        kind: ActorKind::Account,
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

/// Writes down a try that failed, at an account or at none; those at none together, so that a stranger who tries on
/// and on fills nothing. For an unknown e-mail it costs the same. What was typed is not kept: it may be a passphrase.
async fn note_failed(app: &App, account: Option<Uuid>) -> Result<(), Error> {
    let actor = Actor::system("door");
    let entry = NewAudit {
        detail: account.map(|account| AuditDetail::Account { account, roles: None }.text()),
        ..service_entry(app, actor, "sign_in_failed", app.clock.now())
    };
    let name = format!("sign_in_failed {}", account.unwrap_or_default());
    app.store.add_audit_at_most(&name, FAILED_EVERY, entry).await?;
    Ok(())
}
