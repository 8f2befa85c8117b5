//! The sites, and the settings of each.

use std::sync::Arc;

use axum::extract::{Path, Request, State};

use super::{
    PageResult, Problem, Visitor, admin_page, bar,
    form::{sentence, told, with_status},
    frame, see_other,
};
use crate::{
    actions::{
        defend,
        identify::{Identity, Role},
        sites::{self, Change, Settings},
    },
    app::App,
    domain::{captcha::ProviderId, language::Language, timestamp::Timestamp},
    error::Error,
    http::{
        body::Fields,
        extract::{Query, RequestLanguage},
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
            .iter()
            .map(|found| SiteEntry {
                id: found.site.id.clone(),
                name: found.site.name.clone(),
            })
            .collect(),
    }))
}

async fn page(app: &App, who: &Identity, language: Language) -> Result<SitesPage, Error> {
    let found = sites::list(app, who).await?;
    let rows = found.iter().map(|site| SiteRow {
        id: site.site.id.clone(),
        name: site.site.name.clone(),
        origins: site.site.origins.clone(),
        is_owner: who.may(Role::Owner, &site.site.id).is_ok(),
    });
    let mut frame = frame(app, Some(who), language, Place::Sites, language.say("sites-title"));
    frame.setup_href = super::setup::href(app, who).await?;
    Ok(SitesPage {
        frame,
        sites: rows.collect(),
        new: (who.rights.everywhere() == Some(Role::Owner)).then(|| new_fields(language)),
        ..SitesPage::default()
    })
}

/// The fields of a new site: French, everything read before it appears.
pub(super) fn new_fields(language: Language) -> SiteFields {
    SiteFields {
        languages: language_choices(language, Language::Fr.code()),
        moderations: word_choices(language, "moderation", &["before", "after"], "before"),
        ..SiteFields::default()
    }
}

/// The same with what was typed.
pub(super) fn typed_fields(language: Language, fields: &Fields) -> Result<SiteFields, Error> {
    let mut typed = new_fields(language);
    typed.name = fields.text("name")?;
    typed.origins = fields.text("origins")?;
    typed.time_zone = fields.text("time_zone")?;
    select(&mut typed.languages, &fields.text("language")?);
    select(&mut typed.moderations, &fields.text("moderation")?);
    Ok(typed)
}

fn language_choices(language: Language, selected: &str) -> Vec<Choice> {
    let codes = Language::ALL.map(Language::code);
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
pub(super) fn provider_choices(language: Language, providers: &[ProviderId], selected: &str) -> Vec<Choice> {
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
pub(super) fn change_of(fields: &Fields) -> Result<Change, Error> {
    let mut change = Change::default();
    for key in [
        "name",
        "language",
        "time_zone",
        "moderation",
        "threads",
        "captcha.provider",
        "captcha.site_key",
        "captcha.verify_url",
        "captcha.project",
        "captcha.consent",
        "captcha.action",
        "captcha.second.provider",
        "captcha.second.site_key",
        "captcha.second.verify_url",
    ] {
        if let Some(text) = fields.optional(sites::field_of(key))? {
            // A name that was emptied is said to be missing.
            if text.trim().is_empty() && key != "name" {
                change.set(key, serde_json::Value::Null);
            } else {
                change.set(key, text.trim());
            }
        }
    }
    for key in ["body_max", "cdn_max_age"] {
        if let Some(text) = fields.optional(key)? {
            match text.trim().parse::<u32>() {
                Ok(number) => change.set(key, number),
                Err(_) if text.trim().is_empty() => change.set(key, serde_json::Value::Null),
                Err(_) => change.set(key, text),
            }
        }
    }
    for key in ["origins", "captcha.hostnames"] {
        if let Some(text) = fields.optional(sites::field_of(key))? {
            let whole = |line: &str| match key {
                // As people name a site.
                "origins" if !line.contains("://") => format!("https://{line}"),
                _ => line.to_owned(),
            };
            let lines: Vec<String> = text.split_whitespace().map(whole).collect();
            if lines.is_empty() {
                change.set(key, serde_json::Value::Null);
            } else {
                change.set(key, lines);
            }
        }
    }
    for key in ["captcha.recaptcha_net", "captcha.send_address", "captcha.feedback"] {
        if let Some(answer) = fields.optional(sites::field_of(key))? {
            change.set(key, answer == "yes");
        }
    }
    for key in ["captcha.secret", "captcha.second.secret"] {
        let field = sites::field_of(key);
        if let Some(secret) = fields.optional(field)?.filter(|secret| !secret.trim().is_empty()) {
            change.set(key, secret);
        } else if fields.optional(&format!("{field}_remove"))?.is_some() {
            change.set(key, serde_json::Value::Null);
        }
    }
    Ok(change)
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
pub(super) async fn test(app: &App, who: &Identity, site: &str, language: Language) -> Result<(String, bool), Problem> {
    let tests = match defend::test_keys(app, who, site).await {
        Err(error @ Error::RateLimited(_)) => return Ok((sentence(&error, language)?, true)),
        tests => tests?,
    };
    let answer = super::defence::in_words(&tests, language);
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
    let setting = |key: &'static str, kind: Kind| -> Result<Setting, Error> {
        let kind = match kind {
            Kind::Choices(mut choices) => {
                let chosen = value(key)?;
                if !chosen.is_empty() {
                    select(&mut choices, &chosen);
                }
                Kind::Choices(choices)
            }
            kind => kind,
        };
        let mut shown = value(key)?;
        if matches!(kind, Kind::Secret(_)) {
            shown = language.say("secret-hidden");
        }
        Ok(Setting {
            name: sites::field_of(key),
            kind,
            value: shown,
            is_fixed: found.is_fixed(key),
        })
    };
    let words = |name: &str, values: &[&str]| Kind::Choices(word_choices(language, name, values, ""));
    let since = |at: Option<Timestamp>| at.map(|at| Moment::new(language, at.0));
    let about = vec![
        setting("name", Kind::Line)?,
        setting("origins", Kind::Lines)?,
        setting(
            "language",
            Kind::Choices(language_choices(language, site.language.code())),
        )?,
        setting("time_zone", Kind::Line)?,
    ];
    let review = vec![
        setting("moderation", words("moderation", &["before", "after"]))?,
        setting("body_max", Kind::Line)?,
        setting("threads", words("threads", &["open", "signed"]))?,
        setting("cdn_max_age", Kind::Line)?,
    ];
    let selected = site.captcha.provider.as_str();
    let providers = provider_choices(language, &ProviderId::ALL, selected);
    let robots = vec![
        setting("captcha.provider", Kind::Choices(providers))?,
        setting("captcha.site_key", Kind::Line)?,
        setting("captcha.secret", Kind::Secret(since(found.secret_since)))?,
        setting("captcha.verify_url", Kind::Line)?,
        setting("captcha.project", Kind::Line)?,
        setting("captcha.consent", words("consent", &["", "focus", "ask"]))?,
        setting("captcha.hostnames", Kind::Lines)?,
        setting("captcha.action", Kind::Line)?,
        setting("captcha.recaptcha_net", words("recaptcha_net", &["no", "yes"]))?,
        setting("captcha.send_address", words("send_address", &["no", "yes"]))?,
        setting("captcha.feedback", words("feedback", &["no", "yes"]))?,
    ];
    let second = site.captcha.second.as_ref();
    let mut seconds = vec![Choice {
        label: language.say("second-none"),
        ..Choice::default()
    }];
    let interactive: Vec<ProviderId> = ProviderId::ALL.into_iter().filter(|id| id.is_interactive()).collect();
    let selected = second.map_or("", |second| second.provider.as_str());
    seconds.extend(provider_choices(language, &interactive, selected));
    let second = vec![
        setting("captcha.second.provider", Kind::Choices(seconds))?,
        setting("captcha.second.site_key", Kind::Line)?,
        setting("captcha.second.secret", Kind::Secret(since(found.second_secret_since)))?,
        setting("captcha.second.verify_url", Kind::Line)?,
    ];
    let group = |heading, settings| Group {
        heading,
        settings,
        ..Group::default()
    };
    let title = language.say_with("settings-title", "site", &site.name);
    Ok(SettingsPage {
        frame: frame(app, Some(who), language, Place::Sites, title),
        site: site.id.clone(),
        groups: vec![
            group("settings-about", about),
            group("settings-review", review),
            group("settings-robots", robots),
            Group {
                about: "settings-second-about",
                ..group("settings-second", second)
            },
        ],
        ..SettingsPage::default()
    })
}
