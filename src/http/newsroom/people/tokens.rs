//! Bearer tokens of one's sites.

use std::sync::Arc;

use axum::extract::{Request, State};
use uuid::Uuid;

use super::{
    api::after,
    moderators::{role_choices, site_choices},
    sent::NewToken,
};
use crate::{
    actions::{authority::Authority, identify::Identity, tokens},
    app::App,
    domain::{account::Role, actor::Scope, language::Language},
    http::{
        error::Problem,
        newsroom::{
            form::{told, with_status},
            insider::{Visitor, frame},
        },
        page::{PageResult, admin_page, no_referrer, see_other},
        request::{
            body::Fields,
            extract::{Path, Query, RequestLanguage},
            fields::parse_id,
        },
    },
    web::{
        form::choose,
        frame::Place,
        moment::Moment,
        people::{OncePage, TokenRow, TokensPage},
        texts::Say as _,
    },
};

/// The tokens.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Visitor(who): Visitor,
    RequestLanguage(language): RequestLanguage,
    query: Query,
) -> PageResult {
    let after = after(&query.0)?;
    let mut page = page_after(&app, &who, language, after).await?;
    page.flash = (query.0.text("done")? == "revoked").then(|| language.say("token-done-revoked"));
    Ok(admin_page(&page))
}

/// Tokens on a page.
const ROWS: i64 = 100;

async fn page(app: &App, who: &Identity, language: Language) -> Result<TokensPage, Problem> {
    page_after(app, who, language, None).await
}

async fn page_after(app: &App, who: &Identity, language: Language, after: Option<Uuid>) -> Result<TokensPage, Problem> {
    let (tokens, next) = tokens::list(app, who, after, ROWS).await?;
    let sites = site_choices(app, who, language).await?;
    let name_of = |site: &String| {
        let choice = sites.iter().find(|choice| choice.value == *site);
        choice.map_or_else(|| site.clone(), |choice| choice.label.clone())
    };
    let rows = tokens.into_iter().map(|token| TokenRow {
        id: token.id.to_string(),
        is_owner: token.role == Role::Owner,
        sites: match &token.scope {
            Scope::All => Vec::new(),
            Scope::Sites(ids) => ids.iter().map(name_of).collect(),
        },
        made: Moment::new(language, token.created_at.0),
        ends: token.expires_at.map(|at| Moment::new(language, at.0)),
        name: token.name,
    });
    Ok(TokensPage {
        frame: frame(app, Some(who), language, Place::Tokens, language.say("tokens-title")),
        tokens: rows.collect(),
        next_href: next.map(|next| format!("/tokens?after={next}")),
        roles: role_choices(language),
        sites,
        ..TokensPage::default()
    })
}

/// Makes a token; its secret is shown once.
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    Visitor(who): Visitor,
    RequestLanguage(language): RequestLanguage,
    request: Request,
) -> PageResult {
    let fields = Fields::read(request).await?;
    let made = async {
        let wanted = NewToken::parse(&fields, app.clock.now())?;
        tokens::create(&app, Authority::Somebody(&who), wanted).await
    };
    let error = match made.await {
        Ok(made) => {
            let title = language.say("token-once-title");
            return Ok(no_referrer(admin_page(&OncePage {
                frame: frame(&app, Some(&who), language, Place::Tokens, title),
                explanation: language.say("token-once-explanation"),
                secret: made.secret,
                next: "/tokens",
            })));
        }
        Err(error) => error,
    };
    let mut page = page(&app, &who, language).await?;
    page.frame.is_error = true;
    (page.errors, page.problem) = told(&error, language)?;
    page.name = fields.text("name")?;
    page.days = fields.text("expires")?;
    choose(&mut page.roles, &fields.text("role")?);
    choose(&mut page.sites, &fields.text("site")?);
    Ok(with_status(admin_page(&page), &error))
}

/// Ends a token.
pub(crate) async fn revoke(
    State(app): State<Arc<App>>,
    Visitor(who): Visitor,
    Path(id): Path<String>,
    _: Query,
) -> PageResult {
    let revoked = async { tokens::revoke(&app, Authority::Somebody(&who), parse_id(&id)?).await };
    revoked.await?;
    Ok(see_other("/tokens?done=revoked"))
}
