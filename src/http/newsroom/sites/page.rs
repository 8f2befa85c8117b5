//! The sites, and the settings of each.

use std::sync::Arc;

use axum::extract::{Request, State};
use serde_json::Value;

use crate::{
    actions::{
        defend,
        identify::{Identity, Role},
        sites::{self, Change, Settings},
    },
    app::App,
    domain::{
        captcha::ProviderId,
        language::Language,
        settings::{self, SETTINGS},
    },
    error::Error,
    http::{
        error::Problem,
        newsroom::{
            bar, first_run,
            form::{sentence, told, with_status},
            insider::{Visitor, frame},
        },
        page::{PageResult, admin_page, see_other},
        request::{
            body::Fields,
            extract::{Path, Query, RequestLanguage},
        },
    },
    web::{
        defence::provider_name,
        entrance::SiteEntry,
        form::{Choice, choose as select},
        frame::Place,
        moment::Moment,
        sites::{ChoosePage, Group, Kind, Setting, SettingsPage, SiteFields, SiteRow, SitesPage},
        texts::Say as _,
    },
};

/// The list.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Visitor(who): Visitor,
    RequestLanguage(language): RequestLanguage,
    query: Query,
) -> PageResult {
    let chooses_for = query.0.text("page")?;
    if bar::is_page_of_sites(&chooses_for) {
        return choose(&app, &who, language, &chooses_for).await;
    }
    let page = page(&app, &who, language).await;
    Ok(admin_page(&page?))
}

/// Of which site a page is wanted; with one alone there is nothing to choose.
async fn choose(app: &App, who: &Identity, language: Language, name: &str) -> PageResult {
    let sites = bar::sites();
    if sites.site.is_some() {
        return Ok(see_other(&sites.page(name)));
    }
    let found = sites::list(app, who).await?;
    let place = if name == "captcha" {
        Place::Captcha
    } else {
        Place::Defence
    };
    let title = language.say(&format!("choose-{name}"));
    Ok(admin_page(&ChoosePage {
        frame: frame(app, Some(who), language, place, title),
        page: name.to_owned(),
        sites: found
            .into_iter()
            .map(|site| SiteEntry {
                id: site.id,
                name: site.name,
            })
            .collect(),
    }))
}

async fn page(app: &App, who: &Identity, language: Language) -> Result<SitesPage, Error> {
    let found = sites::list(app, who).await?;
    let rows = found.iter().map(|site| SiteRow {
        id: site.id.clone(),
        name: site.name.clone(),
        origins: site.origins.clone(),
        is_owner: who.may(Role::Owner, &site.id).is_ok(),
    });
    let mut frame = frame(app, Some(who), language, Place::Sites, language.say("sites-title"));
    frame.setup_href = first_run::href(app, who).await?;
    Ok(SitesPage {
        frame,
        sites: rows.collect(),
        new: (who.rights.everywhere() == Some(Role::Owner)).then(|| new_fields(language)),
        ..SitesPage::default()
    })
}

/// The fields of a new site: French, everything read before it appears.
pub(crate) fn new_fields(language: Language) -> SiteFields {
    SiteFields {
        languages: language_choices(language, Language::Fr.code()),
        moderations: word_choices(language, "moderation", &["before", "after"], "before"),
        ..SiteFields::default()
    }
}

/// The same with what was typed.
pub(crate) fn typed_fields(language: Language, fields: &Fields) -> Result<SiteFields, Error> {
    let mut typed = new_fields(language);
    typed.name = fields.text("name")?;
    typed.origins = fields.text("origins")?;
    typed.time_zone = fields.text("time_zone")?;
    select(&mut typed.languages, &fields.text("language")?);
    select(&mut typed.moderations, &fields.text("moderation")?);
    Ok(typed)
}

fn language_choices(language: Language, selected: &str) -> Vec<Choice> {
    let codes: Vec<&str> = Language::ALL.iter().map(|language| language.code()).collect();
    word_choices(language, "language", &codes, selected)
}

/// Choices whose words are the texts `{name}-{value}`.
fn word_choices(language: Language, name: &str, values: &[&str], selected: &str) -> Vec<Choice> {
    values
        .iter()
        .map(|value| Choice {
            value: (*value).to_owned(),
            label: language.say(&format!("{name}-{value}")),
            is_selected: *value == selected,
        })
        .collect()
}

/// The providers that can be chosen, by name.
pub(crate) fn provider_choices(language: Language, providers: &[ProviderId], selected: &str) -> Vec<Choice> {
    providers
        .iter()
        .map(|provider| Choice {
            value: provider.as_str().to_owned(),
            label: provider_name(language, provider.as_str()),
            is_selected: provider.as_str() == selected,
        })
        .collect()
}

/// The keys that a form names: an empty field takes its key back to the default.
pub(crate) fn change_of(fields: &Fields) -> Result<Change, Error> {
    let mut change = Change::default();
    for setting in &SETTINGS {
        let typed = fields.optional(setting.field)?;
        let value = if setting.is_secret() {
            let is_removed = fields.optional(&format!("{}_remove", setting.field))?.is_some();
            let typed = typed.filter(|secret| !secret.trim().is_empty());
            typed.map(Value::from).or(is_removed.then_some(Value::Null))
        } else {
            typed.map(|text| value_of(setting, &text))
        };
        if let Some(value) = value {
            change.set(setting.key, value);
        }
    }
    Ok(change)
}

/// What somebody typed, as the setting holds it; null takes it back to its default.
fn value_of(setting: &settings::Setting, text: &str) -> Value {
    let text = text.trim();
    match setting.kind {
        settings::Kind::Flag => (text == "yes").into(),
        // A name that was emptied is said to be missing.
        _ if text.is_empty() && setting.key != "name" => Value::Null,
        settings::Kind::Texts => {
            let whole = |line: &str| match setting.key {
                // As people name a site.
                "origins" if !line.contains("://") => format!("https://{line}"),
                _ => line.to_owned(),
            };
            text.split_whitespace().map(whole).collect()
        }
        settings::Kind::Number { .. } => text.parse::<u32>().map_or_else(|_| text.into(), Value::from),
        _ => text.into(),
    }
}

/// Makes a site, and leads to its settings.
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    Visitor(who): Visitor,
    RequestLanguage(language): RequestLanguage,
    request: Request,
) -> PageResult {
    let fields = Fields::read(request).await?;
    let id = fields.text("id")?.trim().to_owned();
    let made = async { sites::create(&app, &who, &id, &change_of(&fields)?).await };
    let Err(error) = made.await else {
        return Ok(see_other(&format!("/sites/{id}/settings?done=made")));
    };
    let mut page = page(&app, &who, language).await?;
    if page.new.is_none() {
        return Err(error.into());
    }
    page.frame.is_error = true;
    (page.errors, page.problem) = told(&error, language)?;
    page.id = id;
    page.new = Some(typed_fields(language, &fields)?);
    Ok(with_status(admin_page(&page), &error))
}

/// The settings of a site.
pub(crate) async fn settings(
    State(app): State<Arc<App>>,
    Visitor(who): Visitor,
    Path(site): Path<String>,
    RequestLanguage(language): RequestLanguage,
    query: Query,
) -> PageResult {
    let found = sites::settings(&app, &who, &site).await?;
    let mut page = settings_page(&app, &who, &found, language, None)?;
    page.flash = match query.0.text("done")?.as_str() {
        "saved" => Some(language.say(saved_words(query.0.text("dropped")? == "yes"))),
        "made" => Some(language.say("sites-made")),
        _ => None,
    };
    Ok(admin_page(&page))
}

/// Saves settings; with « test » the provider is asked about the keys as well.
pub(crate) async fn save(
    State(app): State<Arc<App>>,
    Visitor(who): Visitor,
    Path(site): Path<String>,
    RequestLanguage(language): RequestLanguage,
    request: Request,
) -> PageResult {
    let fields = Fields::read(request).await?;
    let saved = async { sites::change(&app, &who, &site, &change_of(&fields)?).await };
    let error = match saved.await {
        Ok(found) if fields.text("act")? == "test" => {
            let mut page = settings_page(&app, &who, &found, language, None)?;
            if !found.dropped.is_empty() {
                page.flash = Some(language.say(saved_words(true)));
            }
            page.answer = Some(test(&app, &who, &site, language).await?);
            return Ok(admin_page(&page));
        }
        Ok(found) => {
            let dropped = if found.dropped.is_empty() { "" } else { "&dropped=yes" };
            return Ok(see_other(&format!("/sites/{site}/settings?done=saved{dropped}")));
        }
        Err(error) => error,
    };
    let found = sites::settings(&app, &who, &site).await?;
    let mut page = settings_page(&app, &who, &found, language, Some(&fields))?;
    page.frame.is_error = true;
    (page.errors, page.problem) = told(&error, language)?;
    Ok(with_status(admin_page(&page), &error))
}

fn saved_words(has_dropped: bool) -> &'static str {
    if has_dropped {
        "settings-saved-dropped"
    } else {
        "settings-saved"
    }
}

/// What the provider says about the keys of a site, in words, and whether that is a problem.
pub(crate) async fn test(app: &App, who: &Identity, site: &str, language: Language) -> Result<(String, bool), Problem> {
    let tests = match defend::test_keys(app, who, site).await {
        Err(error @ Error::RateLimited(_)) => return Ok((sentence(&error, language)?, true)),
        tests => tests?,
    };
    let answer = crate::http::newsroom::defence::page::in_words(&tests, language);
    Ok((answer.message, answer.is_problem))
}

fn settings_page(
    app: &App,
    who: &Identity,
    found: &Settings,
    language: Language,
    typed: Option<&Fields>,
) -> Result<SettingsPage, Error> {
    let site = &found.site.site;
    let value = |key: &'static str| -> Result<String, Error> {
        match typed {
            Some(fields) if !found.is_fixed(key) => fields.text(sites::field_of(key)),
            _ => Ok(found.text(key)),
        }
    };
    let setting = |row: &settings::Setting| -> Result<Setting, Error> {
        let mut kind = kind_of(row, found, language);
        let mut shown = value(row.key)?;
        match &mut kind {
            Kind::Choices(choices) if !shown.is_empty() => select(choices, &shown),
            Kind::Secret(_) => shown = language.say("secret-hidden"),
            _ => {}
        }
        Ok(Setting {
            name: row.field,
            kind,
            value: shown,
            is_fixed: found.is_fixed(row.key),
        })
    };
    let mut groups = Vec::new();
    for &group in settings::Group::ALL {
        let rows = group.settings().into_iter();
        groups.push(Group {
            heading: group.heading(),
            about: group.about(),
            settings: rows.map(setting).collect::<Result<_, Error>>()?,
        });
    }
    let title = language.say_with("settings-title", "site", &site.name);
    Ok(SettingsPage {
        frame: frame(app, Some(who), language, Place::Sites, title),
        site: site.id.clone(),
        groups,
        ..SettingsPage::default()
    })
}

/// How a setting is typed; of choices what is in force is the selected one.
fn kind_of(setting: &settings::Setting, found: &Settings, language: Language) -> Kind {
    let site = &found.site.site;
    match setting.kind {
        settings::Kind::Text | settings::Kind::Address | settings::Kind::Number { .. } => Kind::Line,
        settings::Kind::Texts => Kind::Lines,
        settings::Kind::Secret => {
            let since = if setting.key == "captcha.secret" {
                found.secret_since
            } else {
                found.second_secret_since
            };
            Kind::Secret(since.map(|at| Moment::new(language, at.0)))
        }
        settings::Kind::Flag | settings::Kind::Words(_) => {
            Kind::Choices(word_choices(language, setting.field, setting.words(), ""))
        }
        settings::Kind::Language => Kind::Choices(language_choices(language, site.language.code())),
        settings::Kind::Provider => {
            let selected = site.captcha.provider.as_str();
            Kind::Choices(provider_choices(language, ProviderId::ALL, selected))
        }
        settings::Kind::SecondProvider => {
            let second = site.captcha.second.as_ref();
            let selected = second.map_or("", |second| second.provider.as_str());
            let interactive: Vec<ProviderId> = ProviderId::ALL
                .iter()
                .copied()
                .filter(|id| id.is_interactive())
                .collect();
            let none = Choice {
                label: language.say("second-none"),
                ..Choice::default()
            };
            let providers = provider_choices(language, &interactive, selected);
            Kind::Choices(std::iter::once(none).chain(providers).collect())
        }
    }
}
