//! Sites and their settings, as owners change them on pages and by the API.
//!
//! A change is a set of keys, named as in `config.toml`, with new values; `null` takes a key back to its
//! default. What the file sets is the file's: changing it is a conflict. The result is checked by the
//! same rules as the file. A provider's secret that is typed here is stored encrypted and never given out
//! again.
//!
//! To add a key: its row in `domain/settings.rs`.

mod change;
mod checks;

use std::sync::Arc;

use serde_json::Value;
use unicode_normalization::UnicodeNormalization as _;

pub use self::change::{Change, field_of, keys};
use self::{
    change::{apply, at, put},
    checks::{CHECKS, SECRETS, checked, still_fitting, vouched, wants_typing},
};
use super::identify::{Identity, Role};
use crate::{
    app::{App, DEMO_SITE, SiteInForce},
    domain::{
        code::Code,
        draft::FieldError,
        site::{Site, SiteSettings, is_site_id},
        timestamp::Timestamp,
    },
    error::Error,
    store::{NewAudit, Secrets, StoredSite},
};

/// A site with what a page of settings needs to know about where each value comes from.
#[derive(Debug)]
pub struct Settings {
    pub site: Arc<SiteInForce>,
    /// Keys that `config.toml`, or the environment, sets.
    pub in_file: Vec<String>,
    /// Since when a secret that was typed here is kept, and the second check's.
    pub secret_since: Option<Timestamp>,
    pub second_secret_since: Option<Timestamp>,
    /// The keys of secrets that the change which gave these settings dropped: they were typed for another provider or
    /// address.
    pub dropped: Vec<&'static str>,
    /// What is written, in the file or here, without what falls to a default.
    written: Value,
}

impl Settings {
    /// What is written for a key such as `captcha.action`, as its field shows it: a list as lines, yes or no;
    /// empty where nothing is.
    #[must_use]
    pub fn text(&self, key: &str) -> String {
        match at(&self.written, key) {
            Value::String(text) => text.clone(),
            Value::Array(list) => {
                let lines: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
                lines.join("\n")
            }
            Value::Null => String::new(),
            Value::Bool(answer) => if *answer { "yes" } else { "no" }.to_owned(),
            other => other.to_string(),
        }
    }

    /// Whether the file sets a key.
    #[must_use]
    pub fn is_fixed(&self, key: &str) -> bool {
        self.in_file.iter().any(|fixed| fixed == key)
    }
}

/// The ids of the sites that somebody may see, in their order; the demonstration's comes last.
pub async fn ids(app: &App, who: &Identity) -> Result<Vec<String>, Error> {
    let mut ids = app.store.site_ids().await?;
    ids.retain(|id| who.scope.allows(id));
    ids.sort_by_key(|id| id == DEMO_SITE);
    Ok(ids)
}

/// The sites on which somebody has a role, by id; the demonstration's comes last. A role may be older than its site's
/// end.
pub async fn list(app: &App, who: &Identity) -> Result<Vec<Site>, Error> {
    let mut sites = app.settings_of(&who.sites(app).await?).await?;
    sites.sort_by(|one, other| (one.id == DEMO_SITE, &one.id).cmp(&(other.id == DEMO_SITE, &other.id)));
    Ok(sites)
}

/// A site's settings, for its owners.
///
/// # Errors
/// 404, 403; errors of the store.
pub async fn settings(app: &App, who: &Identity, site: &str) -> Result<Settings, Error> {
    who.may(Role::Owner, site)?;
    let in_force = app.site(site).await?;
    let stored = stored(app, site).await?;
    let mut written = serde_json::to_value(&stored.settings).unwrap_or_default();
    let of_file = serde_json::to_value(app.config.site(site)).unwrap_or_default();
    if in_force.site.captcha.lacks_address() {
        // Whoever may give it is to look at it, and not to save it along with something else.
        put(&mut written, "captcha.verify_url", Value::Null);
    }
    let in_file = in_file(app, site);
    for key in in_file.iter().filter(|key| !SECRETS.contains(&key.as_str())) {
        put(&mut written, key, Value::Null);
    }
    for key in keys() {
        let value = at(&of_file, key);
        if !value.is_null() {
            put(&mut written, key, value.clone());
        }
    }
    Ok(Settings {
        site: in_force,
        in_file,
        dropped: Vec::new(),
        secret_since: stored.secrets.first.map(|(_, since)| since),
        second_secret_since: stored.secrets.second.map(|(_, since)| since),
        written,
    })
}

async fn stored(app: &App, site: &str) -> Result<StoredSite, Error> {
    let stored = app.store.stored_site(site).await?;
    stored.ok_or(Error::Code(Code::SiteUnknown))
}

/// The keys that the file, or the environment, sets for a site.
fn in_file(app: &App, site: &str) -> Vec<String> {
    let Some(settings) = app.config.site(site) else {
        return Vec::new();
    };
    let written = serde_json::to_value(settings).unwrap_or_default();
    let is_set = |key: &str| {
        if CHECKS[0].contains(&key) {
            settings.captcha.sets_check()
        } else if CHECKS[1].contains(&key) {
            settings.captcha.second.sets_check()
        } else {
            !at(&written, key).is_null()
        }
    };
    keys().filter(|key| is_set(key)).map(str::to_owned).collect()
}

/// Makes a site; only who owns every site may.
///
/// # Errors
/// 403, also `retype_needed`; `id_bad` and all that [`change`] finds wrong, as errors of fields; 409
/// `site_exists`; errors of the store.
pub async fn create(app: &App, who: &Identity, id: &str, change: &Change) -> Result<Arc<SiteInForce>, Error> {
    if who.rights.everywhere() != Some(Role::Owner) {
        return Err(Error::Code(Code::Forbidden));
    }
    let mut wrong = Vec::new();
    if !is_site_id(id) {
        wrong.push(FieldError::new("id", Code::IdBad));
    }
    let settings = apply(&SiteSettings::default(), change).unwrap_or_else(|errors| {
        wrong.extend(errors);
        SiteSettings::default()
    });
    if !wrong.is_empty() {
        return Err(Error::Invalid(wrong));
    }
    let mark = vouched(who, &SiteSettings::default(), None, &settings, change)?;
    let (settings, secrets) = checked(app, id, settings, Secrets::default(), change)?;
    if wants_typing(&SiteSettings::default(), &settings, change) {
        who.typed_lately(app)?;
    }
    let audit = entry(app, who, id, "site_made", change, &[]);
    if !app.store.add_site(id, &settings, secrets, mark, audit).await? {
        return Err(Error::Code(Code::SiteExists));
    }
    app.forget_sites();
    app.site(id).await
}

/// A free id that is made from a name: `le-faso`, `le-faso-2`.
pub async fn free_id(app: &App, name: &str) -> Result<String, Error> {
    let letters: String = name
        .nfd()
        .filter(char::is_ascii)
        .map(|char| {
            if char.is_ascii_alphanumeric() {
                char.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .collect();
    let words: Vec<&str> = letters.split('-').filter(|word| !word.is_empty()).collect();
    let mut base = words.join("-");
    base.truncate(40);
    let base = base.trim_end_matches('-');
    let base = if base.is_empty() { "site" } else { base };
    let mut numbered = (2..).map(|number| format!("{base}-{number}"));
    let mut id = base.to_owned();
    while app.store.has_site(&id).await? {
        id = numbered.next().unwrap_or_default();
    }
    Ok(id)
}

/// Changes settings of a site.
///
/// # Errors
/// 404, 403, with `verify_url_forbidden` for an address that only an owner of every
/// site gives, and `retype_needed`; 409 `set_in_file` with the keys; what is wrong with a value, as errors of fields;
/// 409 `settings_changed` when somebody else changes them at the same time; errors of
/// the store.
pub async fn change(app: &App, who: &Identity, site: &str, change: &Change) -> Result<Settings, Error> {
    who.may(Role::Owner, site)?;
    let fixed = in_file(app, site);
    let touched: Vec<&str> = change
        .keys()
        .into_iter()
        .filter(|key| fixed.iter().any(|own| own == key))
        .collect();
    if !touched.is_empty() {
        return Err(Error::set_in_file(&touched));
    }
    let read = stored(app, site).await?;
    let settings = apply(&read.settings, change).map_err(Error::Invalid)?;
    let mark = vouched(who, &read.settings, read.vouched_address.as_deref(), &settings, change)?;
    let (kept, dropped) = still_fitting(read.secrets.clone(), &read.settings, &settings, change);
    let (settings, secrets) = checked(app, site, settings, kept, change)?;
    if wants_typing(&read.settings, &settings, change) {
        who.typed_lately(app)?;
    }
    let audit = entry(app, who, site, "site_changed", change, &dropped);
    if !app.store.set_site(site, &read, &settings, secrets, mark, audit).await? {
        return Err(Error::Code(Code::SettingsChanged));
    }
    app.forget_sites();
    let settings = self::settings(app, who, site).await?;
    Ok(Settings { dropped, ..settings })
}

/// An entry with the keys that were changed, and the secrets that went with them; of values only those that are nobody's
/// secret.
fn entry(
    app: &App,
    who: &Identity,
    site: &str,
    action: &'static str,
    change: &Change,
    dropped: &[&'static str],
) -> NewAudit {
    let mut values = change.0.clone();
    values.extend(dropped.iter().map(|key| ((*key).to_owned(), Value::Null)));
    for key in SECRETS {
        if let Some(secret) = values.get_mut(key) {
            *secret = Value::String(if secret.is_null() { "removed" } else { "changed" }.to_owned());
        }
    }
    NewAudit {
        id: app.clock.new_id(),
        site: site.to_owned(),
        at: app.clock.now(),
        actor: who.actor.clone(),
        action,
        comment: None,
        from_status: None,
        to_status: None,
        detail: Some(Value::Object(values).to_string()),
    }
}
