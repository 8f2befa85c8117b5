//! One's own account: name, passphrase, second step, recovery codes, sessions.
//!
//! What opens the door to more asks for the passphrase again; wrong tries are counted by session
//! (`session_tries.rs`). A change of passphrase ends all other sessions.

use uuid::Uuid;

use super::{
    audit_entries::on_sites,
    credentials,
    identify::{IDLE, Identity, SignedIn},
    session_tries,
    sign_in::{self, Counted},
};
use crate::{
    app::App,
    domain::{
        account::{Passphrase, Rights},
        audit::{AuditDetail, roles},
        code::Code,
        person::Name,
    },
    error::Error,
    keys::sha256_hex,
    limits::Action,
    store::{Account, NewAudit, SessionEntry},
};

/// What the page of one's own account shows.
#[derive(Debug)]
pub struct Overview {
    pub account: Account,
    /// The roles offered that are answered here, without a link.
    pub offers: Rights,
    /// The session that asks.
    pub current: Uuid,
    /// Last used first.
    pub sessions: Vec<SessionEntry>,
    pub recovery_codes_left: i64,
}

/// A second step that is not confirmed yet.
#[derive(Debug)]
pub struct Seed {
    /// Base 32, to be typed into an app.
    pub secret: String,
    /// `otpauth://totp/…`, to be scanned.
    pub url: String,
}

/// One's own account with its sessions.
///
/// # Errors
/// 403 for a bearer token; errors of the store.
pub async fn overview(app: &App, who: &Identity) -> Result<Overview, Error> {
    let (person, account) = me(app, who).await?;
    Ok(Overview {
        sessions: sessions(app, who).await?,
        offers: app.store.offers_without_link(account.id).await?,
        recovery_codes_left: app.store.recovery_codes_left(account.id).await?,
        current: person.session,
        account,
    })
}

/// One's own sessions, last used first.
///
/// # Errors
/// 403 for a bearer token; errors of the store.
pub async fn sessions(app: &App, who: &Identity) -> Result<Vec<SessionEntry>, Error> {
    let now = app.clock.now();
    let person = who.person()?;
    Ok(app.store.sessions_of(person.account, now, now.minus(IDLE)).await?)
}

/// Ends one of one's own sessions, or with `None` all but this one; gives how many ended.
///
/// # Errors
/// 404 for one that is not one's own; errors of the store.
pub async fn end_sessions(app: &App, who: &Identity, only: Option<Uuid>) -> Result<u64, Error> {
    let (person, account) = me(app, who).await?;
    let keep = if only.is_some() { None } else { Some(person.session) };
    let audit = sign_in::entry(app, &account, "sessions_ended");
    let ended = app.store.end_sessions_of(account.id, only, keep, audit).await?;
    if only.is_some() && ended == 0 {
        return Err(Error::not_found());
    }
    Ok(ended)
}

/// Changes one's name.
///
/// # Errors
/// `name_…` as a field's error, `name_taken` where a colleague's looks like it; errors of the store.
pub async fn rename(app: &App, who: &Identity, name: &str) -> Result<(), Error> {
    let (_, account) = me(app, who).await?;
    let name = Name::parse(name).map_err(|error| Error::field("name", error.code()))?;
    let detail = AuditDetail::Renamed {
        account: account.id,
        from: &account.name,
        to: name.as_str(),
    };
    let audit = NewAudit {
        detail: Some(detail.text()),
        ..sign_in::entry(app, &account, "account_renamed")
    };
    let audit = on_sites(app, audit, &account.rights);
    app.store.rename_account(account.id, name.as_str(), audit).await?;
    app.forget_sites();
    Ok(())
}

/// Accepts the role that a site's owner offers, or refuses it: by the link with that code, or without one where whoever
/// let one in could give it too. From the first on one works there, and no owner of one's other sites alone
/// has the whole account in their power.
///
/// # Errors
/// 404 where none is offered, or not by that link, or where it needs one; to accept also
/// 403 `retype_needed`, and `name_taken` as a field's error where a colleague there is called so; errors
/// of the store.
pub async fn answer_offer(
    app: &App,
    who: &Identity,
    site: &str,
    code: Option<&str>,
    is_accepted: bool,
) -> Result<(), Error> {
    let (_, account) = me(app, who).await?;
    let now = app.clock.now();
    let link = code.map(|code| sha256_hex(code.as_bytes()));
    let offers = match &link {
        Some(hash) => {
            let link = app.store.live_link(hash, now).await?;
            let link = link.filter(|link| link.account == account.id);
            link.ok_or_else(Error::not_found)?.offers
        }
        None => app.store.offers_without_link(account.id).await?,
    };
    let offered = offers.iter().find(|(offered, _)| *offered == site);
    let (_, role) = offered.ok_or_else(Error::not_found)?;
    if is_accepted {
        who.typed_in_person(app)?;
    }
    let there = Rights::on(role, [site]);
    let action = if is_accepted { "role_accepted" } else { "role_refused" };
    let detail = AuditDetail::Account {
        account: account.id,
        roles: Some(roles(&there)),
    };
    let audit = NewAudit {
        detail: Some(detail.text()),
        ..sign_in::entry(app, &account, action)
    };
    let audit = on_sites(app, audit, &there);
    let offer = (site, role);
    if !app
        .store
        .answer_offer(account.id, offer, link.as_deref(), is_accepted, now, audit)
        .await?
    {
        return Err(Error::not_found());
    }
    app.forget_sites();
    Ok(())
}

/// Changes one's passphrase; all other sessions end.
///
/// # Errors
/// `passphrase_wrong` for the current one, `passphrase_…` for the new one, as errors of fields;
/// 401 `session_ended` after five wrong ones in a row; errors of the store.
pub async fn change_passphrase(app: &App, who: &Identity, current: &str, new: &str) -> Result<(), Error> {
    let (person, account) = me(app, who).await?;
    let tried = compare(app, person, &account, "current", current).await?;
    // It was right, whatever comes of the new one.
    confirmed(app, person, &account, tried).await?;
    let hash = credentials::hash_chosen(app, new, [&account.name, &account.email]).await?;
    let audit = sign_in::entry(app, &account, "passphrase_changed");
    app.store
        .set_passphrase(account.id, hash, Some(person.session), audit)
        .await
        .map_err(Into::into)
}

/// Begins a second step: a new seed, which counts once a code from it is typed.
///
/// # Errors
/// `passphrase_wrong` as a field's error; 401 `session_ended` after five wrong ones in a row; 409
/// `second_step_on`; errors of the store.
pub async fn begin_second_step(app: &App, who: &Identity, passphrase: &str) -> Result<Seed, Error> {
    let (person, mut account) = me(app, who).await?;
    if account.has_second_step() {
        return Err(Error::Code(Code::SecondStepOn));
    }
    confirm(app, person, &account, passphrase).await?;
    let seed = totp_rs::Secret::from(crate::clock::random_bytes::<20>().to_vec()).to_base32();
    let sealed = app.keys.seal(&credentials::seed_place(account.id), &seed);
    app.store.set_totp_seed(account.id, Some(sealed.clone()), None).await?;
    account.totp_seed = Some(sealed);
    seed_of(app, &account)
}

/// The seed of a second step that waits for its first code.
///
/// # Errors
/// 404 when none waits; errors of the store.
pub async fn waiting_seed(app: &App, who: &Identity) -> Result<Seed, Error> {
    let (_, account) = me(app, who).await?;
    if account.has_second_step() || account.totp_seed.is_none() || !credentials::is_seed_readable(app, &account) {
        return Err(Error::not_found());
    }
    seed_of(app, &account)
}

fn seed_of(app: &App, account: &Account) -> Result<Seed, Error> {
    let sealed = account.totp_seed.as_deref().ok_or_else(Error::not_found)?;
    let totp = credentials::totp(app, account, sealed)?;
    Ok(Seed {
        secret: totp.secret().to_base32(),
        url: totp
            .to_url()
            .map_err(|error| Error::Internal(format!("the address of a second step: {error}")))?,
    })
}

/// Confirms a second step by its first code.
///
/// # Errors
/// `code_bad` as a field's error; 404 when none waits; [`Error::RateLimited`].
pub async fn confirm_second_step(app: &App, who: &Identity, code: &str) -> Result<(), Error> {
    let (person, account) = me(app, who).await?;
    if account.has_second_step() || account.totp_seed.is_none() || !credentials::is_seed_readable(app, &account) {
        return Err(Error::not_found());
    }
    // The seed is on the page: there is nothing to be guessed, and no session ends by it.
    let by = Counted::by(Action::SignInAccount, format!("first code {}", person.session));
    let tried = sign_in::count(app, &[by]).await?;
    let bad = || Error::field("code", Code::CodeBad);
    let step = credentials::totp_step(app, &account, code)?.ok_or_else(bad)?;
    let audit = sign_in::entry(app, &account, "second_step_on");
    if !app.store.take_totp_step(account.id, step, Some(audit)).await? {
        return Err(bad());
    }
    app.store.forget_try(tried).await?;
    Ok(())
}

/// Removes the second step.
///
/// # Errors
/// `passphrase_wrong` as a field's error; 401 `session_ended` after five wrong ones in a row; errors of the store.
pub async fn remove_second_step(app: &App, who: &Identity, passphrase: &str) -> Result<(), Error> {
    let (person, account) = me(app, who).await?;
    confirm(app, person, &account, passphrase).await?;
    let audit = sign_in::entry(app, &account, "second_step_off");
    app.store.set_totp_seed(account.id, None, Some(audit)).await?;
    Ok(())
}

/// Makes ten new recovery codes, to be shown once; the ones before no longer count.
///
/// # Errors
/// As [`remove_second_step`].
pub async fn renew_recovery_codes(app: &App, who: &Identity, passphrase: &str) -> Result<Vec<String>, Error> {
    let (person, account) = me(app, who).await?;
    confirm(app, person, &account, passphrase).await?;
    let (codes, hashes) = credentials::new_recovery_codes(app, account.id);
    let audit = sign_in::entry(app, &account, "recovery_codes_renewed");
    app.store.set_recovery_codes(account.id, hashes, audit).await?;
    Ok(codes)
}

/// Types the passphrase again, and with a second step its code, or a recovery code: the session counts as typed
/// lately from now on.
///
/// # Errors
/// `passphrase_wrong`, `code_missing` and `code_bad` as errors of fields; 403 for a bearer
/// token; 401 `session_ended` after five wrong ones in a row; errors of the store.
pub async fn type_again(app: &App, who: &Identity, passphrase: &str, code: &str) -> Result<(), Error> {
    let (person, account) = me(app, who).await?;
    let tried = compare(app, person, &account, "passphrase", passphrase).await?;
    if account.has_second_step() {
        if code.trim().is_empty() {
            app.store.forget_try(tried).await?;
            return Err(Error::field("code", Code::CodeMissing));
        }
        match sign_in::check_code(app, &account, code).await {
            Ok(()) => {}
            Err(Error::Code(code @ (Code::CodeBad | Code::SecondStepUnreadable))) => {
                let error = Error::field("code", code);
                return Err(session_tries::wrong(app, person, &account, error).await?);
            }
            Err(error) => return Err(error),
        }
    }
    session_tries::right(app, person).await?;
    Ok(app.store.note_typed(person.session, app.clock.now()).await?)
}

/// Whether a code is asked for beside the passphrase.
///
/// # Errors
/// 403 for a bearer token; errors of the store.
pub async fn has_second_step(app: &App, who: &Identity) -> Result<bool, Error> {
    let (_, account) = me(app, who).await?;
    Ok(account.has_second_step())
}

/// Asks for the passphrase again. Where there is a second step, that alone does not count as typed lately.
async fn confirm(app: &App, person: SignedIn, account: &Account, passphrase: &str) -> Result<(), Error> {
    let tried = compare(app, person, account, "current", passphrase).await?;
    confirmed(app, person, account, tried).await
}

/// The passphrase was right. Where there is a second step, that alone does not forget wrong codes.
async fn confirmed(app: &App, person: SignedIn, account: &Account, tried: Uuid) -> Result<(), Error> {
    app.store.forget_try(tried).await?;
    if !account.has_second_step() {
        session_tries::right(app, person).await?;
        app.store.note_typed(person.session, app.clock.now()).await?;
    }
    Ok(())
}

/// Compares the passphrase that stands in `field`; gives the try, which counts until it is taken back.
async fn compare(
    app: &App,
    person: SignedIn,
    account: &Account,
    field: &'static str,
    passphrase: &str,
) -> Result<Uuid, Error> {
    let tried = session_tries::count(app, person, account).await?;
    let typed = Passphrase::typed(passphrase);
    match credentials::verify(app, typed, account.passphrase.clone()).await {
        Ok(true) => Ok(tried),
        Ok(false) => {
            let error = Error::field(field, Code::PassphraseWrong);
            Err(session_tries::wrong(app, person, account, error).await?)
        }
        Err(error) => {
            // Nothing was compared.
            app.store.forget_try(tried).await?;
            Err(error)
        }
    }
}

async fn me(app: &App, who: &Identity) -> Result<(SignedIn, Account), Error> {
    let person = who.person()?;
    let account = app.store.account(person.account).await?;
    Ok((person, account.ok_or(Error::Unauthenticated)?))
}
