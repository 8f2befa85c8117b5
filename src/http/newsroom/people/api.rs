//! Owners: who works on their sites, and bearer tokens. Everybody: one's own sessions.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use uuid::Uuid;

use super::{
    answer::{ChangedModerator, Invited, MadeToken, Moderator, Moderators, Session, Sessions, Token, Tokens},
    sent::{ModeratorChange, NewModerator, NewToken},
};
use crate::{
    actions::{accounts, authority::Authority, links, own_account, tokens},
    app::App,
    domain::{account::Role, code::Code},
    error::Error,
    http::{
        error::Problem,
        page::no_store,
        request::{
            body::Fields,
            extract::{Path, Query, Who},
            fields::parse_id,
        },
    },
};

/// The accounts that work on one's sites, by e-mail, with their roles on these.
#[utoipa::path(get, path = "/moderators", tag = "owners",
    params(("after" = Option<String>, Query), ("limit" = Option<i64>, Query, description = "1 to 1,000; 1,000")),
    responses((status = 200, description = "a page", body = Moderators<'_>),
        (status = 401, description = "unauthenticated"), (status = 403, description = "forbidden: owners only"),
        (status = 422, description = "after_bad, limit_bad")))]
pub(crate) async fn moderators(State(app): State<Arc<App>>, Who(who): Who, query: Query) -> Result<Response, Problem> {
    let found = async {
        let limit = limit(&query.0, accounts::PAGE_MAX)?;
        accounts::list(&app, &who, after(&query.0)?, limit).await
    };
    let (accounts, next) = found.await?;
    let moderators = accounts
        .iter()
        .map(|account| Moderator::seen_by(&who, account))
        .collect();
    Ok(no_store(Json(Moderators { moderators, next }).into_response()))
}

/// Gives somebody a role; who has no account yet gets a one-time link, good for seven days. The same as
/// `POST /moderators/invite`.
#[utoipa::path(post, path = "/moderators", tag = "owners", request_body = NewModerator,
    responses((status = 201, description = "link gives the role to who opens it; null where the person has it at once, answers on their account page, or has one's own link already", body = Invited),
        (status = 403, description = "forbidden, also to every bearer token; retype_needed"), (status = 404, description = "another's site"),
        (status = 409, description = "invitations_full with `site` and `limit`"), (status = 422, description = "invalid")))]
pub(crate) async fn add_moderator(
    state: State<Arc<App>>,
    who: Who,
    query: Query,
    request: Request,
) -> Result<Response, Problem> {
    invite(state, who, query, request).await
}

/// Invites somebody by a one-time link.
#[utoipa::path(post, path = "/moderators/invite", tag = "owners", request_body = NewModerator,
    responses((status = 201, description = "link gives the role to who opens it; null where the person has it at once, answers on their account page, or has one's own link already", body = Invited),
        (status = 403, description = "forbidden, also to every bearer token; retype_needed"), (status = 404, description = "another's site"),
        (status = 409, description = "invitations_full with `site` and `limit`"), (status = 422, description = "invalid")))]
pub(crate) async fn invite(
    State(app): State<Arc<App>>,
    Who(who): Who,
    _: Query,
    request: Request,
) -> Result<Response, Problem> {
    let sent: NewModerator = Fields::read_as(request).await?;
    let added = async {
        let (wanted, role, scope) = sent.parse()?;
        accounts::add(&app, Authority::Somebody(&who), &wanted, role, &scope).await
    };
    let added = added.await?;
    let body = Invited {
        id: added.account,
        link: added.code.map(|code| links::link(&app, &code)),
    };
    Ok(no_store((StatusCode::CREATED, Json(body)).into_response()))
}

/// Gives a role on a site or takes it away (`role` null), shuts out or lets in again (`disabled`). A role for who works
/// on sites that are not all one's own is offered: it stands in `offers` until the person accepts it, and `role` null
/// takes it back. So is one for an account that somebody let in who could not give it. `link` is one's own new link
/// where the role waits for it, or in place of another's for a lost passphrase, which a wider role ends.
#[utoipa::path(patch, path = "/moderators/{account}", tag = "owners", params(("account" = uuid::Uuid, Path)),
    request_body = ModeratorChange,
    responses((status = 200, description = "the account", body = ChangedModerator<'_>),
        (status = 403, description = "forbidden, to a bearer token also for a wider role; works_elsewhere, retype_needed"), (status = 404, description = "not_found"),
        (status = 409, description = "last_owner, invitations_full with `site` and `limit`"), (status = 422, description = "role_bad, role_missing, site_missing, change_missing")))]
pub(crate) async fn change_moderator(
    State(app): State<Arc<App>>,
    Who(who): Who,
    Path(id): Path<String>,
    _: Query,
    request: Request,
) -> Result<Response, Problem> {
    let fields = Fields::read(request).await?;
    let sent: ModeratorChange = fields.typed()?;
    fields.refuse_null(&["site", "disabled"])?;
    let changed = async {
        let account = accounts::seen(&app, &who, parse_id(&id)?).await?;
        // All is read before anything is changed.
        let (site, role) = role_change(&fields, &sent)?;
        let mut code = None;
        if let Some(site) = &site {
            let change = accounts::change_role(&app, Authority::Somebody(&who), account.id, site, role).await?;
            code = change.code;
        }
        if let Some(disabled) = sent.disabled {
            accounts::set_disabled(&app, Authority::Somebody(&who), account.id, disabled).await?;
        }
        Ok::<_, Error>((accounts::get(&app, account.id).await?, code))
    };
    let (account, code) = changed.await?;
    let link = code.map(|code| links::link(&app, &code));
    let body = ChangedModerator::seen_by(&who, &account, link);
    Ok(no_store(Json(body).into_response()))
}

/// The site of a change and the role there, `None` to take it away; without either, only who may come in changes.
///
/// # Errors
/// `site_missing`, `role_missing` where one is there without the other; `role_bad`; `change_missing` where nothing is
/// to be changed; as errors of fields.
fn role_change(fields: &Fields, sent: &ModeratorChange) -> Result<(Option<String>, Option<Role>), Error> {
    let site = sent.site.clone().filter(|site| !site.is_empty());
    let has_role = fields.all().contains_key("role");
    match (&site, has_role) {
        (Some(_), false) => return Err(Error::field("role", Code::RoleMissing)),
        (None, true) => return Err(Error::field("site", Code::SiteMissing)),
        (None, false) if !fields.all().contains_key("disabled") => {
            return Err(Error::field("role", Code::ChangeMissing));
        }
        _ => {}
    }
    Ok((site, sent.role()?))
}

/// Removes an account for good; its name stays where it decided.
#[utoipa::path(delete, path = "/moderators/{account}", tag = "owners", params(("account" = uuid::Uuid, Path)),
    responses((status = 204, description = "gone"), (status = 403, description = "forbidden, works_elsewhere"),
        (status = 404, description = "not_found"), (status = 409, description = "last_owner")))]
pub(crate) async fn remove_moderator(
    State(app): State<Arc<App>>,
    Who(who): Who,
    Path(id): Path<String>,
    _: Query,
) -> Result<Response, Problem> {
    let id = parse_id(&id)?;
    accounts::remove(&app, Authority::Somebody(&who), id).await?;
    Ok(no_store(StatusCode::NO_CONTENT.into_response()))
}

/// A new one-time link for somebody who lost the way in.
#[utoipa::path(post, path = "/moderators/{account}/link", tag = "owners", params(("account" = uuid::Uuid, Path)),
    responses((status = 201, description = "shown once", body = Invited),
        (status = 403, description = "forbidden, also to every bearer token; works_elsewhere, retype_needed"), (status = 404, description = "not_found")))]
pub(crate) async fn new_link(
    State(app): State<Arc<App>>,
    Who(who): Who,
    Path(id): Path<String>,
    _: Query,
) -> Result<Response, Problem> {
    let id = parse_id(&id)?;
    let code = links::reset(&app, Authority::Somebody(&who), id).await?;
    let link = Some(links::link(&app, &code));
    let body = Invited { id, link };
    Ok(no_store((StatusCode::CREATED, Json(body)).into_response()))
}

/// The live tokens of one's sites, newest first.
#[utoipa::path(get, path = "/tokens", tag = "owners",
    params(("after" = Option<String>, Query), ("limit" = Option<i64>, Query, description = "1 to 500; 500")),
    responses((status = 200, description = "a page", body = Tokens<'_>),
        (status = 403, description = "forbidden: owners only"), (status = 422, description = "after_bad, limit_bad")))]
pub(crate) async fn list_tokens(State(app): State<Arc<App>>, Who(who): Who, query: Query) -> Result<Response, Problem> {
    let found = async {
        let limit = limit(&query.0, tokens::PAGE_MAX)?;
        tokens::list(&app, &who, after(&query.0)?, limit).await
    };
    let (tokens, next) = found.await?;
    let tokens = tokens.iter().map(Token::of).collect();
    Ok(no_store(Json(Tokens { next, tokens }).into_response()))
}

/// Makes a token; its secret is in this answer and nowhere else.
#[utoipa::path(post, path = "/tokens", tag = "owners", request_body = NewToken,
    responses((status = 201, description = "shown once", body = MadeToken),
        (status = 403, description = "forbidden, retype_needed"), (status = 404, description = "another's site"),
        (status = 409, description = "tokens_full with `site` and `limit`"), (status = 422, description = "invalid")))]
pub(crate) async fn create_token(
    State(app): State<Arc<App>>,
    Who(who): Who,
    _: Query,
    request: Request,
) -> Result<Response, Problem> {
    let fields = Fields::read(request).await?;
    let made = async {
        let wanted = NewToken::parse(&fields, app.clock.now())?;
        tokens::create(&app, Authority::Somebody(&who), wanted).await
    };
    let made = made.await?;
    let body = MadeToken {
        id: made.id,
        token: made.secret,
    };
    Ok(no_store((StatusCode::CREATED, Json(body)).into_response()))
}

/// Ends a token at once.
#[utoipa::path(delete, path = "/tokens/{token}", tag = "owners", params(("token" = uuid::Uuid, Path)),
    responses((status = 204, description = "ended"), (status = 404, description = "not_found")))]
pub(crate) async fn revoke_token(
    State(app): State<Arc<App>>,
    Who(who): Who,
    Path(id): Path<String>,
    _: Query,
) -> Result<Response, Problem> {
    let id = parse_id(&id)?;
    tokens::revoke(&app, Authority::Somebody(&who), id).await?;
    Ok(no_store(StatusCode::NO_CONTENT.into_response()))
}

/// One's own sessions, last used first; a bearer token has none.
#[utoipa::path(get, path = "/sessions", tag = "moderators",
    responses((status = 200, description = "at most 100", body = Sessions<'_>),
        (status = 403, description = "forbidden: a token")))]
pub(crate) async fn sessions(State(app): State<Arc<App>>, Who(who): Who, _: Query) -> Result<Response, Problem> {
    let current = who.person()?.session;
    let sessions = own_account::sessions(&app, &who).await?;
    let sessions = sessions.iter().map(|session| Session::of(session, current)).collect();
    Ok(no_store(Json(Sessions { sessions }).into_response()))
}

/// Ends all of one's own sessions but this one.
#[utoipa::path(delete, path = "/sessions", tag = "moderators",
    responses((status = 204, description = "ended"), (status = 403, description = "forbidden: a token")))]
pub(crate) async fn end_other_sessions(
    State(app): State<Arc<App>>,
    Who(who): Who,
    _: Query,
) -> Result<Response, Problem> {
    own_account::end_sessions(&app, &who, None).await?;
    Ok(no_store(StatusCode::NO_CONTENT.into_response()))
}

/// Ends one of one's own sessions.
#[utoipa::path(delete, path = "/sessions/{session}", tag = "moderators", params(("session" = uuid::Uuid, Path)),
    responses((status = 204, description = "ended"), (status = 403, description = "forbidden: a token"),
        (status = 404, description = "not_found")))]
pub(crate) async fn end_session(
    State(app): State<Arc<App>>,
    Who(who): Who,
    Path(id): Path<String>,
    _: Query,
) -> Result<Response, Problem> {
    let id = parse_id(&id)?;
    own_account::end_sessions(&app, &who, Some(id)).await?;
    Ok(no_store(StatusCode::NO_CONTENT.into_response()))
}

/// The `limit` of a list that has at most `most` on a page.
///
/// # Errors
/// `limit_bad` as a field's error.
fn limit(query: &Fields, most: i64) -> Result<i64, Error> {
    match query.integer("limit").unwrap_or(Some(0)) {
        None => Ok(most),
        Some(limit) if (1..=most).contains(&limit) => Ok(limit),
        Some(_) => Err(Error::field("limit", Code::LimitBad)),
    }
}

/// Where a page begins: the `next` of the one before.
///
/// # Errors
/// `after_bad` as a field's error.
pub(crate) fn after(query: &Fields) -> Result<Option<Uuid>, Error> {
    let after = query.first_of(&["after"])?;
    let bad = |_| Error::field("after", Code::AfterBad);
    after.map(|after| Uuid::parse_str(&after).map_err(bad)).transpose()
}
