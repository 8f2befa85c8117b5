//! Sites and their settings, as owners change them on pages and by the API.
//!
//! A change is a set of keys, named as in `config.toml`, with new values; `null` takes a key back to its
//! default. What the file sets is the file's: changing it is a conflict. The result is checked by the
//! same rules as the file. A provider's secret that is typed here is stored encrypted and never given out
//! again.

use std::sync::Arc;

use serde_json::{Map, Value};
use unicode_normalization::UnicodeNormalization as _;

use super::identify::{Identity, Role};
use crate::{
    app::{App, SiteInForce, secret_place},
    domain::{
        draft::FieldError,
        site::{Site, SiteSettings, is_site_id},
        timestamp::Timestamp,
    },
    error::Error,
    store::{NewAudit, StoredSite},
};

/// The keys that may be changed here.
const KEYS: [&str; 19] = [
    "name",
    "language",
    "time_zone",
    "origins",
    "moderation",
    "threads",
    "body_max",
    "cdn_max_age",
    "captcha.provider",
    "captcha.site_key",
    "captcha.secret",
    "captcha.verify_url",
    "captcha.project",
    "captcha.recaptcha_net",
    "captcha.send_address",
    "captcha.feedback",
    "captcha.consent",
    "captcha.action",
    "captcha.hostnames",
];

/// The name of a key's field, in forms and errors.
#[must_use]
pub fn field_of(key: &'static str) -> &'static str {
    key.strip_prefix("captcha.").unwrap_or(key)
}

/// Characters of a text among the settings at most; entries of a list at most.
const TEXT_MAX: usize = 512;
const LIST_MAX: usize = 50;

/// New values by key: `name`, `captcha.provider`. Keys that are none of a site's are left out.
#[derive(Debug, Clone, Default)]
pub struct Change(Map<String, Value>);

impl Change {
    /// From an object as the API takes it, with `captcha` as an object inside.
    #[must_use]
    pub fn of_object(object: &Map<String, Value>) -> Self {
        let mut change = Self::default();
        for (key, value) in object {
            match value {
                Value::Object(inner) if key == "captcha" => {
                    for (key, value) in inner {
                        change.set(&format!("captcha.{key}"), value.clone());
                    }
                }
                value => change.set(key, value.clone()),
            }
        }
        change
    }

    /// Names a new value for a key; a key that is not a site's is left out.
    pub fn set(&mut self, key: &str, value: impl Into<Value>) {
        if KEYS.contains(&key) {
            self.0.insert(key.to_owned(), value.into());
        }
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }
}

/// A site with what a page of settings needs to know about where each value comes from.
#[derive(Debug)]
pub struct Settings {
    pub site: Arc<SiteInForce>,
    /// Keys that `config.toml`, or the environment, sets.
    pub in_file: Vec<String>,
    /// Since when a secret that was typed here is kept.
    pub secret_since: Option<Timestamp>,
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

/// The sites on which somebody has a role, by id.
///
/// # Errors
/// Errors of the store.
pub async fn list(app: &App, who: &Identity) -> Result<Vec<Arc<SiteInForce>>, Error> {
    let mut sites = Vec::new();
    for id in app.store.site_ids().await? {
        if who.scope.allows(&id) {
            sites.push(app.site(&id).await?);
        }
    }
    Ok(sites)
}

/// A site's settings, for its owners.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Forbidden`]; errors of the store.
pub async fn settings(app: &App, who: &Identity, site: &str) -> Result<Settings, Error> {
    who.may(Role::Owner, site)?;
    let in_force = app.site(site).await?;
    let stored = stored(app, site).await?;
    let mut written = serde_json::to_value(&stored.settings).unwrap_or_default();
    let of_file = serde_json::to_value(app.config.site(site)).unwrap_or_default();
    for key in KEYS {
        let value = at(&of_file, key);
        if !value.is_null() {
            put(&mut written, key, value.clone());
        }
    }
    Ok(Settings {
        site: in_force,
        in_file: in_file(app, site),
        secret_since: stored.secret.map(|(_, since)| since),
        written,
    })
}

async fn stored(app: &App, site: &str) -> Result<StoredSite, Error> {
    let stored = app.store.stored_site(site).await?;
    stored.ok_or(Error::NotFound("site_unknown"))
}

/// The keys that the file, or the environment, sets for a site.
fn in_file(app: &App, site: &str) -> Vec<String> {
    let Some(settings) = app.config.site(site) else {
        return Vec::new();
    };
    let written = serde_json::to_value(settings).unwrap_or_default();
    let is_set = |key: &str| match key {
        // Never written out.
        "captcha.secret" => settings.captcha.secret.is_some(),
        key => !at(&written, key).is_null(),
    };
    KEYS.into_iter().filter(|key| is_set(key)).map(str::to_owned).collect()
}

/// Makes a site; only who owns every site may.
///
/// # Errors
/// [`Error::Forbidden`]; `id_bad` and all that [`change`] finds wrong, as errors of fields; 409
/// `site_exists`; errors of the store.
pub async fn create(app: &App, who: &Identity, id: &str, change: &Change) -> Result<Arc<SiteInForce>, Error> {
    if who.rights.everywhere() != Some(Role::Owner) {
        return Err(Error::Forbidden("forbidden"));
    }
    let mut wrong = Vec::new();
    if !is_site_id(id) {
        wrong.push(FieldError::new("id", "id_bad"));
    }
    let settings = apply(&SiteSettings::default(), change).unwrap_or_else(|errors| {
        wrong.extend(errors);
        SiteSettings::default()
    });
    if !wrong.is_empty() {
        return Err(Error::Invalid(wrong));
    }
    let (settings, secret) = checked(app, id, settings, None, change)?;
    let audit = entry(app, who, id, "site_made", change);
    if !app.store.add_site(id, &settings, secret, audit).await? {
        return Err(Error::conflict("site_exists"));
    }
    app.forget_sites();
    app.site(id).await
}

/// A free id that is made from a name: `le-faso`, `le-faso-2`.
///
/// # Errors
/// Errors of the store.
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
    let taken = app.store.site_ids().await?;
    let mut numbered = (2..).map(|number| format!("{base}-{number}"));
    let mut id = base.to_owned();
    while taken.contains(&id) {
        id = numbered.next().unwrap_or_default();
    }
    Ok(id)
}

/// Changes settings of a site.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Forbidden`]; 409 `set_in_file` with the keys; what is wrong with a value,
/// as errors of fields; 409 `settings_changed` when somebody else changes them at the same time; errors of
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
        return Err(Error::Conflict {
            code: "set_in_file",
            current: Some(Box::new(serde_json::json!({"keys": touched}))),
        });
    }
    let read = stored(app, site).await?;
    let settings = apply(&read.settings, change).map_err(Error::Invalid)?;
    let (settings, secret) = checked(app, site, settings, read.secret.clone(), change)?;
    let audit = entry(app, who, site, "site_changed", change);
    if !app.store.set_site(site, &read, &settings, secret, audit).await? {
        return Err(Error::conflict("settings_changed"));
    }
    app.forget_sites();
    self::settings(app, who, site).await
}

/// The settings with new values laid over them; the secret apart.
fn apply(settings: &SiteSettings, change: &Change) -> Result<SiteSettings, Vec<FieldError>> {
    let mut wrong = Vec::new();
    let mut written = serde_json::to_value(settings).unwrap_or_default();
    for key in KEYS.into_iter().filter(|key| *key != "captcha.secret") {
        let field = field_of(key);
        let Some(value) = change.0.get(key) else {
            continue;
        };
        let mut alone = Value::Object(Map::new());
        put(&mut alone, key, value.clone());
        if !is_short(value) || serde_json::from_value::<SiteSettings>(alone).is_err() {
            wrong.push(FieldError::new(field, "value_bad"));
            continue;
        }
        if key == "name" && value.as_str().is_some_and(|name| name.trim().is_empty()) {
            wrong.push(FieldError::new(field, "site_name_missing"));
        }
        put(&mut written, key, value.clone());
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    serde_json::from_value(written).map_err(|_| vec![FieldError::new("name", "value_bad")])
}

fn is_short(value: &Value) -> bool {
    match value {
        Value::String(text) => text.chars().count() <= TEXT_MAX,
        Value::Array(list) => list.len() <= LIST_MAX && list.iter().all(is_short),
        _ => true,
    }
}

/// A secret, encrypted, and since when it is kept.
type Sealed = Option<(String, Timestamp)>;

/// Checks settings as the file's are checked, with the secret that stands or is new; gives both as they
/// are to be stored.
fn checked(
    app: &App,
    site: &str,
    mut settings: SiteSettings,
    sealed: Sealed,
    change: &Change,
) -> Result<(SiteSettings, Sealed), Error> {
    let sealed = match change.0.get("captcha.secret") {
        None => sealed,
        Some(Value::Null) => None,
        Some(Value::String(secret)) if (1..=TEXT_MAX).contains(&secret.trim().len()) => {
            Some((app.keys.seal(&secret_place(site), secret.trim()), app.clock.now()))
        }
        Some(_) => return Err(Error::Invalid(vec![FieldError::new("secret", "value_bad")])),
    };
    settings.captcha.secret = app.typed_secret(site, sealed.as_ref());
    let resolved =
        Site::resolve(site, app.config.site(site), &settings).map_err(|why| Error::Invalid(vec![of(&why)]))?;
    if resolved.captcha.provider.is_outside() && app.config.is_public() && resolved.captcha.has_test_key() {
        return Err(Error::Invalid(vec![FieldError::new("secret", "test_key_public")]));
    }
    Ok((settings, sealed))
}

/// The error of a field that a sentence of [`Site::resolve`] is about: it begins with the key.
fn of(why: &str) -> FieldError {
    match why.split(':').next().unwrap_or_default() {
        "origins" => FieldError::new("origins", "origin_bad"),
        "body_max" => FieldError::new("body_max", "body_max_bad"),
        "time_zone" => FieldError::new("time_zone", "time_zone_bad"),
        "captcha.secret" => FieldError::new("secret", "secret_missing"),
        "captcha.verify_url" => FieldError::new("verify_url", "verify_url_missing"),
        "captcha.site_key" => FieldError::new("site_key", "site_key_missing"),
        "captcha.project" => FieldError::new("project", "project_bad"),
        _ => FieldError::new("name", "value_bad"),
    }
}

/// The value at a key such as `captcha.provider`; null where there is none.
fn at<'a>(written: &'a Value, key: &str) -> &'a Value {
    key.split('.')
        .fold(written, |value, part| value.get(part).unwrap_or(&Value::Null))
}

/// Puts a value at a key; null takes it away.
fn put(written: &mut Value, key: &str, value: Value) {
    let (outer, inner) = key
        .split_once('.')
        .map_or((None, key), |(outer, inner)| (Some(outer), inner));
    let Some(mut object) = written.as_object_mut() else {
        return;
    };
    if let Some(outer) = outer {
        let entry = object.entry(outer).or_insert_with(|| Value::Object(Map::new()));
        let Some(found) = entry.as_object_mut() else {
            return;
        };
        object = found;
    }
    if value.is_null() {
        object.remove(inner);
    } else {
        object.insert(inner.to_owned(), value);
    }
}

/// An entry with the keys that were changed; of values only those that are nobody's secret.
fn entry(app: &App, who: &Identity, site: &str, action: &'static str, change: &Change) -> NewAudit {
    let mut values = change.0.clone();
    if let Some(secret) = values.get_mut("captcha.secret") {
        *secret = Value::String(if secret.is_null() { "removed" } else { "changed" }.to_owned());
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of_json(value: &Value) -> Change {
        Change::of_object(value.as_object().expect("an object"))
    }

    #[test]
    fn a_change_is_laid_over_what_is_there_and_null_takes_away() {
        let first = of_json(&json!({"name": "Le Faso", "body_max": 900, "captcha": {"provider": "hcaptcha"}, "x": 1}));
        let settings = apply(&SiteSettings::default(), &first).expect("valid");
        assert_eq!(
            (settings.name.as_deref(), settings.body_max),
            (Some("Le Faso"), Some(900))
        );
        let second = of_json(&json!({"body_max": null, "captcha": {"site_key": "k"}}));
        let settings = apply(&settings, &second).expect("valid");
        assert_eq!((settings.name.as_deref(), settings.body_max), (Some("Le Faso"), None));
        assert_eq!(settings.captcha.site_key.as_deref(), Some("k"));
        assert!(settings.captcha.provider.is_some(), "what is not named stays");
    }

    #[test]
    fn what_is_wrong_is_said_by_field() {
        let wrong = of_json(&json!({
            "name": " ", "language": "tlh", "body_max": "many", "origins": "https://a.test",
            "captcha": {"provider": "magic", "verify_url": "nowhere", "action": "x".repeat(513)},
        }));
        let errors = apply(&SiteSettings::default(), &wrong).expect_err("wrong");
        let fields: Vec<&str> = errors.iter().map(|error| error.field).collect();
        assert_eq!(
            fields,
            [
                "name",
                "language",
                "origins",
                "body_max",
                "provider",
                "verify_url",
                "action"
            ]
        );
    }
}
