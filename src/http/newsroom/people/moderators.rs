//! Who works on one's sites: inviting, roles, shutting out, one-time links.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::Response,
};
use uuid::Uuid;

use super::{
    api::after,
    sent::{NewModerator, role},
};
use crate::{
    actions::{
        accounts,
        authority::Authority,
        identify::{Identity, Role},
        links, sites,
    },
    app::App,
    domain::{account::EVERY_SITE, code::Code, language::Language},
    error::Error,
    http::{
        error::Problem,
        newsroom::{
            form::{sentence, told, with_status},
            insider::{Visitor, frame},
        },
        page::{PageResult, admin_page, no_referrer, see_other},
        request::{
            body::Fields,
            extract::{Path, Query, RequestLanguage},
            fields::parse_id,
        },
    },
    store::Account,
    web::{
        form::{Choice, choose},
        frame::Place,
        moment::Moment,
        people::{ModeratorsPage, OncePage, PersonRow, RoleRow},
        texts::Say as _,
    },
};

/// What can have been done just now.
const DONE: [&str; 7] = ["given", "offered", "role", "disabled", "enabled", "removed", "setup"];

/// The people.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Visitor(who): Visitor,
    RequestLanguage(language): RequestLanguage,
    query: Query,
) -> PageResult {
    let after = after(&query.0)?;
    let mut page = page_after(&app, &who, language, after).await?;
    let done = query.0.text("done")?;
    page.flash = DONE
        .contains(&done.as_str())
        .then(|| language.say(&format!("moderators-done-{done}")));
    Ok(admin_page(&page))
}

/// People on a page.
const ROWS: i64 = 100;

async fn page(app: &App, who: &Identity, language: Language) -> Result<ModeratorsPage, Problem> {
    page_after(app, who, language, None).await
}

async fn page_after(
    app: &App,
    who: &Identity,
    language: Language,
    after: Option<Uuid>,
) -> Result<ModeratorsPage, Problem> {
    let (accounts, next) = accounts::list(app, who, after, ROWS).await?;
    let sites = site_choices(app, who, language).await?;
    Ok(ModeratorsPage {
        frame: frame(
            app,
            Some(who),
            language,
            Place::Moderators,
            language.say("moderators-title"),
        ),
        people: accounts
            .iter()
            .map(|account| person_row(who, account, &sites, language))
            .collect(),
        next_href: next.map(|next| format!("/moderators?after={next}")),
        roles: role_choices(language),
        sites,
        ..ModeratorsPage::default()
    })
}

fn person_row(who: &Identity, account: &Account, sites: &[Choice], language: Language) -> PersonRow {
    let row = |site: &str, role: Role, is_offer: bool| RoleRow {
        is_offer,
        site: site.to_owned(),
        site_name: match sites.iter().find(|choice| choice.value == site) {
            Some(choice) => choice.label.clone(),
            None if site == EVERY_SITE => language.say("every-site"),
            None => site.to_owned(),
        },
        is_owner: role == Role::Owner,
        is_mine: sites.iter().any(|choice| choice.value == site),
    };
    let (roles, offers) = (account.rights.seen_by(&who.rights), account.offers.seen_by(&who.rights));
    // What other owners offer as well to who has not come in yet takes nothing of one's own invitation.
    let ruled = if account.passphrase.is_none() {
        &roles
    } else {
        &account.rights
    };
    let is_ruled = who.rights.stand_above(ruled) && who.rights.own_all_of(&account.suspended_over);
    let given = roles.iter().map(|(site, role)| row(site, role, false));
    let offered = offers.iter().map(|(site, role)| row(site, role, true));
    PersonRow {
        id: account.id.to_string(),
        name: account.name.clone(),
        email: account.email.clone(),
        standing: account.standing().to_owned(),
        has_second_step: account.has_second_step(),
        since: Moment::new(language, account.created_at.0),
        is_self: who.account.is_some_and(|own| own.account == account.id),
        is_ruled,
        roles: given.chain(offered).collect(),
    }
}

/// The sites that somebody owns, by name; who owns all may choose all.
pub(crate) async fn site_choices(app: &App, who: &Identity, language: Language) -> Result<Vec<Choice>, Error> {
    let mut choices = Vec::new();
    for site in sites::list(app, who).await? {
        if who.rights.at(&site.id) == Some(Role::Owner) {
            choices.push(Choice {
                label: site.name,
                value: site.id,
                is_selected: false,
            });
        }
    }
    if who.rights.everywhere() == Some(Role::Owner) {
        choices.push(Choice {
            value: EVERY_SITE.to_owned(),
            label: language.say("every-site"),
            is_selected: false,
        });
    }
    Ok(choices)
}

pub(crate) fn role_choices(language: Language) -> Vec<Choice> {
    [Role::Moderator, Role::Owner]
        .map(|role| Choice {
            value: role.as_str().to_owned(),
            label: language.say(&format!("role-{}", role.as_str())),
            is_selected: false,
        })
        .to_vec()
}

/// Invites somebody; their link is shown once.
pub(crate) async fn invite(
    State(app): State<Arc<App>>,
    Visitor(who): Visitor,
    RequestLanguage(language): RequestLanguage,
    request: Request,
) -> PageResult {
    let fields = Fields::read(request).await?;
    let wanted = accounts::Wanted {
        name: fields.text("name")?,
        email: fields.text("email")?,
    };
    let added = async {
        let (_, role, scope) = fields.typed::<NewModerator>()?.parse()?;
        accounts::add(&app, Authority::Somebody(&who), &wanted, role, &scope).await
    };
    let error = match added.await {
        Ok(added) => {
            let Some(code) = added.code else {
                return Ok(see_other(&done_for("given", added.is_offer)));
            };
            return Ok(link_page(&app, &who, language, &code, &wanted.name));
        }
        Err(error) => error,
    };
    let mut page = page(&app, &who, language).await?;
    page.frame.is_error = true;
    (page.errors, page.problem) = told(&error, language)?;
    page.name = wanted.name;
    page.email = wanted.email;
    choose(&mut page.roles, &fields.text("role")?);
    choose(&mut page.sites, &fields.text("site")?);
    Ok(with_status(admin_page(&page), &error))
}

/// Where a role leads that was given, or is only offered.
fn done_for(given: &str, is_offer: bool) -> String {
    format!("/moderators?done={}", if is_offer { "offered" } else { given })
}

fn link_page(app: &App, who: &Identity, language: Language, code: &str, name: &str) -> Response {
    let title = language.say_with("link-title", "name", name);
    no_referrer(admin_page(&OncePage {
        frame: frame(app, Some(who), language, Place::Moderators, title),
        explanation: language.say("link-explanation"),
        secret: links::link(app, code),
        next: "/moderators",
    }))
}

/// A new link for somebody who lost the way in.
pub(crate) async fn link(
    State(app): State<Arc<App>>,
    Visitor(who): Visitor,
    Path(id): Path<String>,
    RequestLanguage(language): RequestLanguage,
) -> PageResult {
    let made = async {
        let id = parse_id(&id)?;
        let code = links::reset(&app, Authority::Somebody(&who), id).await?;
        Ok((code, accounts::get(&app, id).await?))
    };
    match made.await {
        Ok((code, account)) => Ok(link_page(&app, &who, language, &code, &account.name)),
        Err(error) => refused(&app, &who, language, error).await,
    }
}

/// Changes a role, or takes it away.
pub(crate) async fn change_role(
    State(app): State<Arc<App>>,
    Visitor(who): Visitor,
    Path(id): Path<String>,
    RequestLanguage(language): RequestLanguage,
    request: Request,
) -> PageResult {
    let fields = Fields::read(request).await?;
    let changed = async {
        let account = accounts::seen(&app, &who, parse_id(&id)?).await?;
        let role = match fields.text("role")?.as_str() {
            "none" => None,
            word => Some(role(word)?),
        };
        let site = fields.text("site")?;
        let change = accounts::change_role(&app, Authority::Somebody(&who), account.id, &site, role).await?;
        Ok((change, account.name))
    };
    match changed.await {
        Ok((change, name)) => Ok(match change.code {
            Some(code) => link_page(&app, &who, language, &code, &name),
            None => see_other(&done_for("role", change.is_offer)),
        }),
        Err(error) => refused(&app, &who, language, error).await,
    }
}

/// Shuts somebody out, or lets them in again.
pub(crate) async fn set_disabled(
    State(app): State<Arc<App>>,
    Visitor(who): Visitor,
    Path(id): Path<String>,
    RequestLanguage(language): RequestLanguage,
    request: Request,
) -> PageResult {
    let disabled = Fields::read(request).await?.text("disabled")? != "no";
    let changed = async { accounts::set_disabled(&app, Authority::Somebody(&who), parse_id(&id)?, disabled).await };
    match changed.await {
        Ok(()) if disabled => Ok(see_other("/moderators?done=disabled")),
        Ok(()) => Ok(see_other("/moderators?done=enabled")),
        Err(error) => refused(&app, &who, language, error).await,
    }
}

/// Removes an account.
pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    Visitor(who): Visitor,
    Path(id): Path<String>,
    RequestLanguage(language): RequestLanguage,
) -> PageResult {
    let removed = async { accounts::remove(&app, Authority::Somebody(&who), parse_id(&id)?).await };
    match removed.await {
        Ok(()) => Ok(see_other("/moderators?done=removed")),
        Err(error) => refused(&app, &who, language, error).await,
    }
}

/// The people again, with why it could not be done.
async fn refused(app: &App, who: &Identity, language: Language, error: Error) -> PageResult {
    if error.status() != 409 && error.code() != Code::WorksElsewhere {
        return Err(error.into());
    }
    let mut page = page(app, who, language).await?;
    page.frame.is_error = true;
    page.problem = Some(sentence(&error, language)?);
    Ok(with_status(admin_page(&page), &error))
}
