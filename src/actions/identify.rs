//! Who is asking: a bearer token or a session.
//!
//! Secrets are 256 random bits; only their SHA-256 is stored. A session has no rights of its own: it has
//! those of its account at that moment. Nor has a token more than its maker has at that moment.

use std::time::Duration;

use uuid::Uuid;

pub use crate::domain::account::Role;
use crate::{
    app::App,
    domain::{
        account::{EVERY_SITE, Rights},
        actor::{Actor, ActorKind, Scope},
        code::Code,
        timestamp::Timestamp,
    },
    error::Error,
    keys::sha256_hex,
    store::{LiveSession, LiveToken},
};

/// A session ends after this long without a request.
pub const IDLE: Duration = Duration::from_hours(12);

/// For how long a passphrase counts as typed lately, of which the last moment counts too.
pub const TYPED_LIFE: Duration = Duration::from_mins(10);

/// How exactly the last use of a session is kept.
const TOUCH_EVERY: Duration = Duration::from_mins(10);

/// Somebody who came in.
#[derive(Debug, Clone)]
pub struct Identity {
    pub actor: Actor,
    pub rights: Rights,
    /// The sites on which there is any role.
    pub scope: Scope,
    /// The account and its session; `None` for a bearer token.
    pub account: Option<SignedIn>,
    /// The bearer token; `None` for an account.
    pub program: Option<Program>,
    /// SHA-256 of the secret that they came in with; `None`: the command line.
    pass: Option<String>,
}

/// An account that came in by a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedIn {
    pub account: Uuid,
    pub session: Uuid,
    /// When the passphrase was last typed in this session.
    pub typed_at: Timestamp,
}

/// A program that came in by a bearer token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Program {
    pub token: Uuid,
    /// The account on whose rights it stands; `None`: the operator's.
    pub maker: Option<Uuid>,
    /// When the token ends; `None`: when it is revoked.
    pub expires_at: Option<Timestamp>,
}

impl Identity {
    pub(super) fn new(actor: Actor, rights: Rights, account: Option<SignedIn>) -> Self {
        let scope = if rights.everywhere().is_some() {
            Scope::All
        } else {
            Scope::Sites(rights.iter().map(|(site, _)| site.to_owned()).collect())
        };
        Self {
            actor,
            rights,
            scope,
            account,
            program: None,
            pass: None,
        }
    }

    fn with_pass(mut self, hash: String) -> Self {
        self.pass = Some(hash);
        self
    }

    /// Checks the role on a site: another's site is as if it were not there.
    ///
    /// # Errors
    /// 404, 403.
    pub fn may(&self, role: Role, site: &str) -> Result<(), Error> {
        match self.rights.at(site) {
            None => Err(Error::not_found()),
            Some(own) if own < role => Err(Error::Code(Code::Forbidden)),
            Some(_) => Ok(()),
        }
    }

    /// The ids of the sites on which there is any role, at most 20,000 where that is all of them.
    pub async fn sites(&self, app: &App) -> Result<Vec<String>, Error> {
        Ok(match &self.scope {
            Scope::All => app.store.site_ids().await?,
            Scope::Sites(sites) => sites.clone(),
        })
    }

    /// Checks that somebody is an owner, of any site.
    ///
    /// # Errors
    /// 403.
    pub fn may_own(&self) -> Result<(), Error> {
        if self.rights.owns_something() {
            Ok(())
        } else {
            Err(Error::Code(Code::Forbidden))
        }
    }

    /// The sites that are owned.
    #[must_use]
    pub fn owned(&self) -> Scope {
        if self.rights.everywhere() == Some(Role::Owner) {
            return Scope::All;
        }
        let own = self.rights.iter().filter(|(_, role)| *role == Role::Owner);
        Scope::Sites(own.map(|(site, _)| site.to_owned()).collect())
    }

    /// Checks that a person typed their passphrase lately: before what gives somebody power, so that a
    /// session alone, in a stranger's hand or ridden by a script, gives none. A bearer token has nothing
    /// to type; what it may do, each act says.
    ///
    /// # Errors
    /// 403 `retype_needed`.
    pub fn typed_lately(&self, app: &App) -> Result<(), Error> {
        let now = app.clock.now();
        match &self.account {
            Some(person) if person.typed_at.plus(TYPED_LIFE) < now => Err(Error::Code(Code::RetypeNeeded)),
            _ => Ok(()),
        }
    }

    /// As [`Identity::typed_lately`], for what no program does.
    ///
    /// # Errors
    /// 403: `forbidden` for a bearer token, `retype_needed`.
    pub fn typed_in_person(&self, app: &App) -> Result<(), Error> {
        self.person()?;
        self.typed_lately(app)
    }

    /// The account of a person; a bearer token has none.
    ///
    /// # Errors
    /// 403.
    pub fn person(&self) -> Result<SignedIn, Error> {
        self.account.ok_or(Error::Code(Code::Forbidden))
    }
}

/// Who a bearer token is.
///
/// # Errors
/// [`Error::Unauthenticated`] for an unknown, ended or revoked one.
pub async fn by_token(app: &App, secret: &str) -> Result<Identity, Error> {
    by_token_hash(app, sha256_hex(secret.as_bytes())).await
}

async fn by_token_hash(app: &App, hash: String) -> Result<Identity, Error> {
    let token = app.store.token_by_hash(&hash, app.clock.now()).await?;
    let token = token.ok_or(Error::Unauthenticated)?;
    Ok(identity_of_token(token).with_pass(hash))
}

fn identity_of_token(token: LiveToken) -> Identity {
    let (token, bound) = (token.row, token.maker_rights);
    let rights = match token.scope {
        Scope::All => Rights::on(token.role, [EVERY_SITE]),
        Scope::Sites(sites) => Rights::on(token.role, sites),
    };
    let rights = match bound {
        Some(bound) => rights.within(&bound),
        None => rights,
    };
    let actor = Actor {
        kind: ActorKind::Token,
        id: token.id.to_string(),
        name: token.name,
    };
    let program = Program {
        token: token.id,
        maker: token.maker,
        expires_at: token.expires_at,
    };
    Identity {
        program: Some(program),
        ..Identity::new(actor, rights, None)
    }
}

/// Who a session's cookie is. Notes that the session was used.
///
/// # Errors
/// [`Error::Unauthenticated`] for an unknown or ended one, and for one that only a setup code opened.
pub async fn by_session(app: &App, secret: &str) -> Result<Identity, Error> {
    let session = live_session(app, secret).await?.ok_or(Error::Unauthenticated)?;
    identity_of_session(session, sha256_hex(secret.as_bytes()))
}

/// As [`by_session`], for what a page asks by itself while nobody may be there: no use of the session.
///
/// # Errors
/// As [`by_session`].
pub async fn by_unused_session(app: &App, secret: &str) -> Result<Identity, Error> {
    by_session_hash(app, sha256_hex(secret.as_bytes())).await
}

async fn by_session_hash(app: &App, hash: String) -> Result<Identity, Error> {
    let session = unended_session(app, &hash).await?.ok_or(Error::Unauthenticated)?;
    identity_of_session(session, hash)
}

fn identity_of_session(session: LiveSession, hash: String) -> Result<Identity, Error> {
    let account = session.account.ok_or(Error::Unauthenticated)?;
    let actor = Actor {
        kind: ActorKind::Account,
        id: account.to_string(),
        name: session.name,
    };
    let signed_in = SignedIn {
        account,
        session: session.id,
        typed_at: session.typed_at,
    };
    Ok(Identity::new(actor, session.rights, Some(signed_in)).with_pass(hash))
}

/// Who somebody is by now that came in some time ago and has not left since. It does not count as use of
/// the session.
///
/// # Errors
/// [`Error::Unauthenticated`] when token or session have ended.
pub async fn again(app: &App, who: &Identity) -> Result<Identity, Error> {
    let hash = who.pass.clone().ok_or(Error::Unauthenticated)?;
    if who.account.is_none() {
        return by_token_hash(app, hash).await;
    }
    by_session_hash(app, hash).await
}

/// The session behind a cookie, of an account or of a setup code; `None` when it has ended. Notes that it
/// was used.
pub async fn live_session(app: &App, secret: &str) -> Result<Option<LiveSession>, Error> {
    let session = unended_session(app, &sha256_hex(secret.as_bytes())).await?;
    let now = app.clock.now();
    if let Some(session) = &session
        && session.seen_at.plus(TOUCH_EVERY) < now
    {
        app.store.touch_session(session.id, now).await?;
    }
    Ok(session)
}

async fn unended_session(app: &App, hash: &str) -> Result<Option<LiveSession>, Error> {
    let now = app.clock.now();
    let session = app.store.session(hash, now).await?;
    Ok(session.filter(|session| now < session.seen_at.plus(IDLE)))
}
