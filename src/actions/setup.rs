//! The first run: a one-time code, then the first account.
//!
//! The code, printed at every start while nobody owns anything, opens a session that serves for two things:
//! to make sites ([`built_in_owner`]), and the first account, which owns every site. From then on the code is worth
//! nothing, and what is left of the first run (a site, its check, a first comment) is the new owner's.

use std::time::Duration;

use super::{
    accounts::{self, Wanted},
    credentials,
    identify::{self, Identity},
    sign_in::{self, Caller, Counted, Entry},
};
use crate::{
    app::App,
    domain::{
        account::{EVERY_SITE, Rights, Role},
        actor::{Actor, ActorKind},
        code::Code,
        word::words,
    },
    error::Error,
    keys::{new_secret, sha256_hex},
    limits::{Action, Demand},
    store::{NewAccount, NewSession},
};

/// How long a setup code can be redeemed.
pub const CODE_LIFE: Duration = Duration::from_mins(10);

/// How long the first account may take.
const SETUP_LIFE: Duration = Duration::from_hours(1);

/// Where the first run stands, under this name among the store's facts.
const STEP: &str = "setup_step";

/// And the site that it makes.
const SITE: &str = "setup_site";

/// What is left of the first run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Left {
    /// Nobody owns anything yet.
    Account,
    /// The new owner names their site.
    Site,
    /// And how robots are kept out.
    Robots,
    /// And posts a first comment.
    Try,
    /// Nothing.
    Nothing,
}

words!(Left);

/// Whether somebody owns everything: the first run's code is worth nothing any more.
pub async fn has_owner(app: &App) -> Result<bool, Error> {
    Ok(app.store.has_owner().await?)
}

/// What is left of the first run.
pub async fn left(app: &App) -> Result<Left, Error> {
    if !app.store.has_owner().await? {
        return Ok(Left::Account);
    }
    let step = app.store.meta(STEP).await?;
    Ok([Left::Site, Left::Robots, Left::Try]
        .into_iter()
        .find(|left| step.as_deref() == Some(left.as_str()))
        .unwrap_or(Left::Nothing))
}

/// Notes what is left from now on.
pub async fn set_left(app: &App, left: Left) -> Result<(), Error> {
    Ok(app.store.set_meta(STEP, left.as_str()).await?)
}

/// The site that the first run makes, once it is named.
pub async fn site(app: &App) -> Result<Option<String>, Error> {
    Ok(app.store.meta(SITE).await?)
}

/// Notes it.
pub async fn set_site(app: &App, site: &str) -> Result<(), Error> {
    Ok(app.store.set_meta(SITE, site).await?)
}

/// A new setup code, good for ten minutes and once.
///
/// # Errors
/// 409 `setup_over` when there is an owner; errors of the store.
pub async fn new_code(app: &App) -> Result<String, Error> {
    if app.store.has_owner().await? {
        return Err(Error::Code(Code::SetupOver));
    }
    let code = new_secret();
    let expires = app.clock.now().plus(CODE_LIFE);
    app.store.add_setup_code(&sha256_hex(code.as_bytes()), expires).await?;
    Ok(code)
}

/// Redeems a setup code; gives the secret of the session that it opens, or `None` for a code that is
/// unknown, used or too old.
///
/// # Errors
/// 404 once there is an owner; [`Error::RateLimited`] after five wrong codes, for ten
/// minutes; errors of the store.
pub async fn redeem(app: &App, caller: &Caller, code: &str) -> Result<Option<String>, Error> {
    if app.store.has_owner().await? {
        return Err(Error::not_found());
    }
    app.limits
        .check(&[Demand::by_address(Action::SignIn, caller.address)])?;
    let tried = sign_in::count(app, &sign_in::by_address(Action::SetupCode, "setup", caller.address)).await?;
    let now = app.clock.now();
    let secret = new_secret();
    let session = NewSession {
        id: app.clock.new_id(),
        hash: sha256_hex(secret.as_bytes()),
        account: None,
        device: caller.device.clone(),
        at: now,
        expires_at: now.plus(SETUP_LIFE),
    };
    let code = sha256_hex(code.trim().as_bytes());
    if !app.store.redeem_setup_code(&code, session).await? {
        return Ok(None);
    }
    app.store.forget_try(tried).await?;
    Ok(Some(secret))
}

/// Whether the browser holds a session that a setup code opened.
pub async fn is_under_way(app: &App, caller: &Caller) -> Result<bool, Error> {
    let Some(secret) = &caller.session else {
        return Ok(false);
    };
    let session = identify::live_session(app, secret).await?;
    Ok(session.is_some_and(|session| session.account.is_none()))
}

/// Who makes sites in the first run: a built-in owner of every site, which is no account and counts as no owner. Its
/// passphrase is none, so what makes a site never asks for it.
///
/// # Errors
/// [`Error::Unauthenticated`] without a session that a setup code opened, and once there is an owner; errors of the
/// store.
pub async fn built_in_owner(app: &App, caller: &Caller) -> Result<Identity, Error> {
    if !is_under_way(app, caller).await? || app.store.has_owner().await? {
        return Err(Error::Unauthenticated);
    }
    let actor = Actor {
        kind: ActorKind::System,
        id: "setup".to_owned(),
        name: "Démonstration".to_owned(),
    };
    Ok(Identity::new(actor, Rights::on(Role::Owner, [EVERY_SITE]), None))
}

/// Makes the first account, owner of every site, and comes in. Gives its recovery codes, to be shown once.
///
/// # Errors
/// [`Error::Unauthenticated`] without a session that a setup code opened; errors of fields; 409
/// `setup_over` when somebody was first; [`Error::RateLimited`] after 25 tries within an hour; errors of the
/// store.
pub async fn make_first_owner(
    app: &App,
    caller: &Caller,
    wanted: &Wanted,
    passphrase: &str,
) -> Result<(Entry, Vec<String>), Error> {
    let Some(setup) = caller.session.as_deref() else {
        return Err(Error::Unauthenticated);
    };
    if !is_under_way(app, caller).await? {
        return Err(Error::Unauthenticated);
    }
    let setup = sha256_hex(setup.as_bytes());
    let by = Counted::by(Action::SignInAccount, format!("setup session {setup}"));
    let tried = sign_in::count(app, &[by]).await?;
    let typed = accounts::parse(wanted);
    let hash = credentials::hash_chosen(app, passphrase, [&wanted.name, &wanted.email]).await;
    let ((name, email), hash) = match (typed, hash) {
        (Ok(person), Ok(hash)) => (person, hash),
        (Err(Error::Invalid(mut errors)), Err(Error::Invalid(more))) => {
            errors.extend(more);
            return Err(Error::Invalid(errors));
        }
        (Err(error), _) | (_, Err(error)) => return Err(error),
    };
    let account = NewAccount {
        id: app.clock.new_id(),
        name: name.as_str().to_owned(),
        email: email.as_str().to_owned(),
        email_folded: email.normalised(),
        passphrase: Some(hash),
        rights: Rights::on(Role::Owner, [EVERY_SITE]),
        at: app.clock.now(),
    };
    let (codes, hashes) = credentials::new_recovery_codes(app, account.id);
    let (session, entry) = sign_in::new_session(app, caller, account.id);
    let actor = Actor {
        kind: ActorKind::Account,
        id: account.id.to_string(),
        name: account.name.clone(),
    };
    let audit = sign_in::service_entry(app, actor, "first_owner", app.clock.now());
    if !app
        .store
        .add_first_owner(account, hashes, session, &setup, audit)
        .await?
    {
        return Err(Error::Code(Code::SetupOver));
    }
    app.store.forget_try(tried).await?;
    set_left(app, Left::Site).await?;
    app.forget_sites();
    Ok((entry, codes))
}
