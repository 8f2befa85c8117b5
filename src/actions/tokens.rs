//! Bearer tokens for scripts and servers. A token never may more than its maker may at that moment, and ends
//! with them; one that a token makes stands on the same maker, ends no later and is revoked with it. Its secret
//! is shown once.

use uuid::Uuid;

use super::{
    accounts::{cut, sites_of},
    audit_entries::on_sites,
    authority::Authority,
    identify::Identity,
    sign_in,
};
use crate::{
    app::App,
    domain::{
        account::{EVERY_SITE, Rights, Role},
        actor::Scope,
        audit::AuditDetail,
        code::Code,
        person::Name,
        timestamp::Timestamp,
    },
    error::Error,
    keys::{new_secret, sha256_hex},
    store::{Bounded, NewAudit, TokenRow, TokensWanted},
};

/// Tokens on a page at most.
pub const PAGE_MAX: i64 = 500;

/// Live tokens of a site at most, and as many of those that work on every site.
pub const TOKENS_MAX: i64 = 1000;

/// A token to be made.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// What the audit log calls it; one is made up without it.
    pub name: Option<String>,
    pub role: Role,
    pub scope: Scope,
    /// `None`: until it is revoked.
    pub expires_at: Option<Timestamp>,
}

/// A token that was made.
#[derive(Debug)]
pub struct Made {
    pub id: Uuid,
    /// Shown once; only its hash is stored.
    pub secret: String,
}

/// The live tokens that work on sites of `who`'s alone, newest first. At most `limit`, after the token `after`;
/// and after which one it goes on, if it does.
///
/// # Errors
/// 403 for who owns nothing; errors of the store.
pub async fn list(
    app: &App,
    who: &Identity,
    after: Option<Uuid>,
    limit: i64,
) -> Result<(Vec<TokenRow>, Option<Uuid>), Error> {
    who.may_own()?;
    let wanted = TokensWanted {
        scope: who.owned(),
        live_at: Some(app.clock.now()),
        after,
        limit: limit + 1,
    };
    let mut found = app.store.tokens(&wanted).await?;
    let next = cut(&mut found, limit, |token| token.id);
    Ok((found, next))
}

/// Makes a token. A token makes others at most with its own role, sites and end.
///
/// # Errors
/// `name_…`, `site_missing`, `expires_bad` as errors of fields; 404 for a site that is not
/// theirs or not there; 403, also `retype_needed`; errors of the store.
pub async fn create(app: &App, by: Authority<'_>, wanted: Wanted) -> Result<Made, Error> {
    let sites = sites_of(app, by, &wanted.scope).await?;
    let now = app.clock.now();
    if wanted.expires_at.is_some_and(|at| at <= now) {
        return Err(Error::field("expires", Code::ExpiresBad));
    }
    let id = app.clock.new_id();
    let name = match wanted.name.filter(|name| !name.trim().is_empty()) {
        Some(name) => Name::parse(&name)
            .map_err(|error| Error::field("name", error.code()))?
            .as_str()
            .to_owned(),
        // Digits of ten, which are told apart: of sixteen, 3 and e look alike, and 4 and a.
        None => format!("token-{:015}", id.as_u128() % 1_000_000_000_000_000),
    };
    let mut parent = None;
    if let Authority::Somebody(who) = by {
        who.typed_lately(app)?;
        if let Some(program) = &who.program {
            let outlives = |end| wanted.expires_at.is_none_or(|at| at > end);
            if program.expires_at.is_some_and(outlives) {
                return Err(Error::Code(Code::Forbidden));
            }
            parent = Some(program.token);
        }
    }
    let secret = format!("plb_{}", new_secret());
    let token = TokenRow {
        id,
        name,
        role: wanted.role,
        scope: wanted.scope,
        created_at: now,
        expires_at: wanted.expires_at,
        revoked_at: None,
        maker: by.maker(),
        parent,
    };
    let detail = AuditDetail::TokenMade {
        name: &token.name,
        role: token.role.as_str(),
        sites: &sites,
        token: id,
    };
    let audit = on_sites(app, entry(app, by, "token_made", &detail), &rights_of(&token));
    let hash = sha256_hex(secret.as_bytes());
    match app.store.add_token(token, &hash, TOKENS_MAX, audit).await? {
        Bounded::Done => {
            app.forget_sites();
            Ok(Made { id, secret })
        }
        Bounded::Full { site } => Err(Error::full(Code::TokensFull, Some(&site), TOKENS_MAX)),
    }
}

/// Ends a token.
///
/// # Errors
/// 404 for one that is not live or not theirs; errors of the store.
pub async fn revoke(app: &App, by: Authority<'_>, id: Uuid) -> Result<(), Error> {
    if let Authority::Somebody(who) = by {
        who.may_own()?;
    }
    let token = app.store.token(id).await?.ok_or_else(Error::not_found)?;
    let works_on = rights_of(&token);
    if let Authority::Somebody(who) = by
        && !who.rights.own_all_of(&works_on)
    {
        return Err(Error::not_found());
    }
    let audit = entry(app, by, "token_revoked", &AuditDetail::Token { token: id });
    let audit = on_sites(app, audit, &works_on);
    if !app.store.revoke_token(id, app.clock.now(), audit).await? {
        return Err(Error::not_found());
    }
    app.forget_sites();
    Ok(())
}

/// Where a token works. Its role counts as an owner's does: whoever may end it owns all of that.
fn rights_of(token: &TokenRow) -> Rights {
    match &token.scope {
        Scope::All => Rights::on(Role::Owner, [EVERY_SITE]),
        Scope::Sites(sites) => Rights::on(Role::Owner, sites.clone()),
    }
}

fn entry(app: &App, by: Authority<'_>, action: &'static str, detail: &AuditDetail<'_>) -> NewAudit {
    NewAudit {
        detail: Some(detail.text()),
        ..sign_in::service_entry(app, by.actor(), action, app.clock.now())
    }
}
