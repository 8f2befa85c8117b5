//! Who is asking: a bearer token or a session, and the one-time code that opens the first session.
//!
//! Until accounts exist, redeeming a setup code opens a session as a built-in owner named
//! « Démonstration », who is no account. Secrets are 256 random bits; only their SHA-256 is stored.

use std::time::Duration;

use crate::{
    app::App,
    domain::timestamp::Timestamp,
    error::Error,
    keys::{new_secret, sha256_hex},
    store::{Actor, Scope, SessionRow, TokenRow},
};

/// How long a setup code can be redeemed.
pub const CODE_LIFE: Duration = Duration::from_mins(10);

/// A session ends after this long without a request.
const IDLE: Duration = Duration::from_hours(12);

/// A session ends after this long at the latest.
pub const SESSION_LIFE: Duration = Duration::from_hours(30 * 24);

/// How exactly the last use of a session is kept.
const TOUCH_EVERY: Duration = Duration::from_mins(10);

/// What somebody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Decides about comments.
    Moderator,
    /// Sets the cuts as well.
    Owner,
}

impl Role {
    /// The role of that word, `None` for any other word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "moderator" => Some(Self::Moderator),
            "owner" => Some(Self::Owner),
            _ => None,
        }
    }

    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Moderator => "moderator",
            Self::Owner => "owner",
        }
    }
}

/// Somebody who came in.
#[derive(Debug, Clone)]
pub struct Identity {
    pub actor: Actor,
    pub role: Role,
    pub scope: Scope,
}

impl Identity {
    /// Checks the role, then the site: another's site is as if it were not there.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`].
    pub fn may(&self, role: Role, site: &str) -> Result<(), Error> {
        if !self.scope.allows(site) {
            return Err(Error::not_found());
        }
        if self.role < role {
            return Err(Error::Forbidden("forbidden"));
        }
        Ok(())
    }
}

/// Who a bearer token is.
///
/// # Errors
/// [`Error::Unauthenticated`] for an unknown, ended or revoked one.
pub async fn by_token(app: &App, secret: &str) -> Result<Identity, Error> {
    let hash = sha256_hex(secret.as_bytes());
    let token = app.store.token_by_hash(&hash, app.clock.now()).await?;
    token.and_then(identity_of_token).ok_or(Error::Unauthenticated)
}

fn identity_of_token(token: TokenRow) -> Option<Identity> {
    Some(Identity {
        role: Role::parse(&token.role)?,
        actor: Actor {
            kind: "token",
            id: token.id.to_string(),
            name: token.name,
        },
        scope: token.scope,
    })
}

/// Who a session's cookie is.
///
/// # Errors
/// [`Error::Unauthenticated`] for an unknown or ended one.
pub async fn by_session(app: &App, secret: &str) -> Result<Identity, Error> {
    let now = app.clock.now();
    let hash = sha256_hex(secret.as_bytes());
    let session = app
        .store
        .session(&hash, now)
        .await?
        .filter(|session| now < session.seen_at.plus(IDLE))
        .ok_or(Error::Unauthenticated)?;
    if session.seen_at.plus(TOUCH_EVERY) < now {
        app.store.touch_session(&hash, now).await?;
    }
    Ok(Identity {
        role: Role::parse(&session.role).ok_or(Error::Unauthenticated)?,
        actor: Actor {
            kind: "session",
            id: session.actor_id,
            name: session.name,
        },
        scope: session.scope,
    })
}

/// A new setup code, good for ten minutes and once.
///
/// # Errors
/// Errors of the store.
pub async fn new_setup_code(app: &App) -> Result<String, Error> {
    let code = new_secret();
    let expires = app.clock.now().plus(CODE_LIFE);
    app.store.add_setup_code(&sha256_hex(code.as_bytes()), expires).await?;
    Ok(code)
}

/// Redeems a setup code; gives the new session's secret, or `None` for a code that is unknown, used or
/// too old.
///
/// # Errors
/// Errors of the store.
pub async fn redeem(app: &App, code: &str) -> Result<Option<String>, Error> {
    let now = app.clock.now();
    let secret = new_secret();
    let session = SessionRow {
        actor_id: "demonstration".to_owned(),
        name: "Démonstration".to_owned(),
        role: Role::Owner.as_str().to_owned(),
        scope: Scope::All,
        seen_at: now,
        expires_at: now.plus(SESSION_LIFE),
    };
    let opened = app
        .store
        .redeem_setup_code(
            &sha256_hex(code.as_bytes()),
            &sha256_hex(secret.as_bytes()),
            session,
            now,
        )
        .await?;
    Ok(opened.then_some(secret))
}

/// Ends a session.
///
/// # Errors
/// Errors of the store.
pub async fn sign_out(app: &App, secret: &str) -> Result<(), Error> {
    Ok(app.store.end_session(&sha256_hex(secret.as_bytes())).await?)
}

/// Makes a bearer token; gives its secret, which is shown once.
///
/// # Errors
/// [`Error::NotFound`] for a site that is not there; errors of the store.
pub async fn new_token(
    app: &App,
    name: Option<String>,
    role: Role,
    scope: Scope,
    expires_at: Option<Timestamp>,
) -> Result<String, Error> {
    if let Scope::Sites(sites) = &scope {
        for site in sites {
            app.site(site).await?;
        }
    }
    let secret = format!("plb_{}", new_secret());
    let id = app.clock.new_id();
    let token = TokenRow {
        id,
        name: name.unwrap_or_else(|| format!("token-{}", &id.simple().to_string()[20..])),
        role: role.as_str().to_owned(),
        scope,
        created_at: app.clock.now(),
        expires_at,
        revoked_at: None,
    };
    app.store.add_token(token, &sha256_hex(secret.as_bytes())).await?;
    Ok(secret)
}
