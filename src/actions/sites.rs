//! Sites and their settings, as owners change them on pages and by the API.
//!
//! A change is a set of keys, named as in `config.toml`, with new values; `null` takes a key back to its
//! default. What the file sets is the file's: changing it is a conflict. The result is checked by the
//! same rules as the file. A provider's secret that is typed here is stored encrypted and never given out
//! again.
//!
//! Two things hold whoever asks. A secret goes to nobody but whom it was typed for: provider, secret and address are
//! one (`CHECKS`), the file sets all of them or none, and a kept secret is dropped when the provider or the origin of
//! the address changes. And an owner of one site reaches nobody else's: an address that becomes a source of
//! readers' pages is an owner's of every site (`vouched`). To add a key: its row in
//! [`SETTINGS`].

use std::sync::Arc;

use serde_json::{Map, Value};
use unicode_normalization::UnicodeNormalization as _;
use url::Url;

use super::identify::{Identity, Role};
use crate::{
    app::{App, DEMO_SITE, SiteInForce, second_secret_place, secret_place},
    domain::{
        captcha::{ProviderId, address_mark, is_plain_address},
        code::Code,
        draft::FieldError,
        settings::{SETTINGS, Setting, SettingFault},
        site::{Site, SiteSettings, is_site_id},
        timestamp::Timestamp,
    },
    error::Error,
    outbound::address::check_address,
    store::{NewAudit, Secrets, StoredSite},
};

/// The keys of a check, provider, secret and address, which belong together; the second check's after the first's.
const CHECKS: [[&str; 3]; 2] = [
    ["captcha.provider", "captcha.secret", "captcha.verify_url"],
    [
        "captcha.second.provider",
        "captcha.second.secret",
        "captcha.second.verify_url",
    ],
];

/// The keys whose values are encrypted, and never given out; of the first check and of the second.
const SECRETS: [&str; 2] = [CHECKS[0][1], CHECKS[1][1]];

/// The keys that may be changed here.
pub fn keys() -> impl Iterator<Item = &'static str> {
    SETTINGS.iter().map(|setting| setting.key)
}

/// The name of a key's field; the key itself where it is none of a site's.
#[must_use]
pub fn field_of(key: &'static str) -> &'static str {
    Setting::of(key).map_or(key, |setting| setting.field)
}

/// Characters of a text among the settings at most; entries of a list at most.
const TEXT_MAX: usize = 512;
const LIST_MAX: usize = 50;

/// New values by key: `name`, `captcha.provider`. Keys that are none of a site's are left out.
#[derive(Debug, Clone, Default)]
pub struct Change(Map<String, Value>);

impl Change {
    /// From an object as the API takes it, with `captcha` as an object inside. An object that is null takes all of its
    /// keys back.
    #[must_use]
    pub fn of_object(object: &Map<String, Value>) -> Self {
        let mut change = Self::default();
        for key in keys() {
            if let Some(value) = named(object, key) {
                change.set(key, value.clone());
            }
        }
        change
    }

    /// Without the keys that are taken back to their defaults: a new site has no others.
    #[must_use]
    pub fn of_new_site(mut self) -> Self {
        self.0.retain(|_, value| !value.is_null());
        self
    }

    /// Names a new value for a key; a key that is not a site's is left out.
    pub fn set(&mut self, key: &str, value: impl Into<Value>) {
        if Setting::of(key).is_some() {
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

/// The provider and the address of one check.
type Check<'a> = (Option<ProviderId>, Option<&'a Url>);

/// Those of the first check and of the second, in the order of [`CHECKS`].
fn checks_of(settings: &SiteSettings) -> [Check<'_>; 2] {
    let (first, second) = (&settings.captcha, &settings.captcha.second);
    [
        (
            Some(first.provider.unwrap_or(ProviderId::BuiltIn)),
            first.verify_url.as_ref(),
        ),
        (second.provider, second.verify_url.as_ref()),
    ]
}

/// Checks that the addresses of a change are the caller's to give: on the pages of a site stand what runs on the origin
/// of all, so an owner of some sites names no address that becomes a source of them, nor one for later, without
/// a provider that it is asked at; a token names none at all. Gives the mark to be kept of who vouches for the address.
///
/// # Errors
/// 403 `verify_url_forbidden`; `verify_url_missing` where a provider is chosen for an address nobody vouched for.
fn vouched(
    who: &Identity,
    before: &SiteSettings,
    mark: Option<&str>,
    after: &SiteSettings,
    change: &Change,
) -> Result<Option<String>, Error> {
    let (old, new) = (checks_of(before), checks_of(after));
    if who.rights.everywhere() != Some(Role::Owner) {
        let may = |(old, new): (Check<'_>, Check<'_>)| {
            let (provider, address) = new;
            let own = provider.zip(address).map(|(provider, url)| address_mark(provider, url));
            let is_new_address = old.1 != address;
            let would_be_source = provider.is_none_or(|id| id.needs_address() || !id.is_outside());
            let is_vouched = own.is_some() && own.as_deref() == mark;
            new == old
                || is_vouched
                || match (address, who.account) {
                    (_, None) if is_new_address => false,
                    (None, _) => true,
                    // A provider that brings no address into pages: only what is new is looked at.
                    (Some(_), _) if provider.is_some_and(ProviderId::needs_address) => false,
                    (Some(_), _) => !is_new_address || !would_be_source,
                }
        };
        if !old.into_iter().zip(new).all(may) {
            return Err(Error::Code(Code::VerifyUrlForbidden));
        }
        return Ok(mark.map(str::to_owned));
    }
    let [(provider, address), _] = new;
    let own = provider.zip(address).map(|(provider, url)| address_mark(provider, url));
    let known = mark.and_then(|mark| mark.split_once(' ')).map(|(_, address)| address);
    if change.0.contains_key("captcha.verify_url") || address.is_some_and(|url| known == Some(url.as_str())) {
        return Ok(own);
    }
    let chooses = change.0.contains_key("captcha.provider");
    if chooses && address.is_some() && provider.is_some_and(ProviderId::needs_address) {
        return Err(Error::field("verify_url", Code::VerifyUrlMissing));
    }
    Ok(mark.map(str::to_owned))
}

/// The secrets that were typed for the providers and addresses that a change leaves, and the keys of those that were
/// not. A secret that the change brings or takes away itself is none of them.
fn still_fitting(
    mut kept: Secrets,
    before: &SiteSettings,
    after: &SiteSettings,
    change: &Change,
) -> (Secrets, Vec<&'static str>) {
    let place = |(provider, address): Check<'_>| (provider, address.map(Url::origin));
    let secrets = [&mut kept.first, &mut kept.second];
    let pairs = checks_of(before).into_iter().zip(checks_of(after));
    let mut dropped = Vec::new();
    for ((secret, (old, new)), key) in secrets.into_iter().zip(pairs).zip(SECRETS) {
        if !change.0.contains_key(key) && place(old) != place(new) && secret.take().is_some() {
            dropped.push(key);
        }
    }
    (kept, dropped)
}

/// Whether a setting that is [`Setting::typed_again`] becomes another. A page sends each key with every save; a secret that is
/// named is a new one.
fn wants_typing(before: &SiteSettings, after: &SiteSettings, change: &Change) -> bool {
    let [before, after] = [before, after].map(|settings| {
        let mut written = serde_json::to_value(settings).unwrap_or_default();
        let provider = settings.captcha.provider.unwrap_or(ProviderId::BuiltIn);
        put(&mut written, "captcha.provider", provider.as_str().into());
        written
    });
    let mut typed_again = SETTINGS.iter().filter(|setting| setting.typed_again);
    typed_again.any(|setting| {
        if setting.is_secret() {
            change.0.contains_key(setting.key)
        } else {
            at(&before, setting.key) != at(&after, setting.key)
        }
    })
}

/// The settings with new values laid over them; secrets apart.
fn apply(settings: &SiteSettings, change: &Change) -> Result<SiteSettings, Vec<FieldError>> {
    let mut wrong = Vec::new();
    let mut written = serde_json::to_value(settings).unwrap_or_default();
    for setting in SETTINGS.iter().filter(|setting| !setting.is_secret()) {
        let (key, field) = (setting.key, setting.field);
        let Some(value) = change.0.get(key) else {
            continue;
        };
        let mut alone = Value::Object(Map::new());
        put(&mut alone, key, value.clone());
        if !is_short(value) || serde_json::from_value::<SiteSettings>(alone).is_err() {
            wrong.push(FieldError::new(field, Code::ValueBad));
            continue;
        }
        if key == "name" && value.as_str().is_some_and(|name| name.trim().is_empty()) {
            wrong.push(FieldError::new(field, Code::SiteNameMissing));
        }
        put(&mut written, key, value.clone());
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    serde_json::from_value(written).map_err(|_| vec![FieldError::new("name", Code::ValueBad)])
}

fn is_short(value: &Value) -> bool {
    match value {
        Value::String(text) => text.chars().count() <= TEXT_MAX,
        Value::Array(list) => list.len() <= LIST_MAX && list.iter().all(is_short),
        _ => true,
    }
}

/// Checks settings as the file's are checked, with the secrets that stand or are new; gives both as they
/// are to be stored.
fn checked(
    app: &App,
    site: &str,
    mut settings: SiteSettings,
    kept: Secrets,
    change: &Change,
) -> Result<(SiteSettings, Secrets), Error> {
    let seal = |key: &'static str, place: String, kept| match change.0.get(key) {
        None => Ok(kept),
        Some(Value::Null) => Ok(None),
        Some(Value::String(secret)) if (1..=TEXT_MAX).contains(&secret.trim().len()) => {
            Ok(Some((app.keys.seal(&place, secret.trim()), app.clock.now())))
        }
        Some(_) => Err(Error::field(field_of(key), Code::ValueBad)),
    };
    check_new_addresses(app, &settings, change)?;
    let secrets = Secrets {
        first: seal("captcha.secret", secret_place(site), kept.first)?,
        second: seal("captcha.second.secret", second_secret_place(site), kept.second)?,
    };
    app.put_secrets(site, &secrets, &mut settings.captcha);
    let resolved = Site::resolve(site, app.config.site(site), &settings)
        .map_err(|faults| Error::Invalid(field_errors(&faults)))?;
    let section = resolved.captcha.section_with_test_key();
    if let Some(section) = section.filter(|_| app.config.is_public()) {
        let field = if section == "captcha" {
            "secret"
        } else {
            "second_secret"
        };
        return Err(Error::field(field, Code::TestKeyPublic));
    }
    Ok((settings, secrets))
}

/// Checks that the addresses which a change names may be called, and may stand in a page's policy.
fn check_new_addresses(app: &App, settings: &SiteSettings, change: &Change) -> Result<(), Error> {
    let allow_private = app.config.outgoing.allow_private_addresses;
    let addresses = checks_of(settings).map(|(_, address)| address);
    let mut wrong = Vec::new();
    for (address, [.., key]) in addresses.into_iter().zip(CHECKS) {
        let must_not_be = |url: &&Url| !is_plain_address(url) || check_address(url, allow_private).is_err();
        if change.0.contains_key(key) && address.is_some_and(|url| must_not_be(&url)) {
            wrong.push(FieldError::new(field_of(key), Code::VerifyUrlBad));
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(Error::Invalid(wrong))
    }
}

/// The errors of the fields that faults are about, each once.
fn field_errors(faults: &[SettingFault]) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> = Vec::new();
    for fault in faults {
        let setting = Setting::of(fault.key);
        let (field, code) = setting.map_or(("name", Code::ValueBad), |setting| (setting.field, setting.fault));
        if !errors.iter().any(|error| (error.field, error.code) == (field, code)) {
            errors.push(FieldError::new(field, code));
        }
    }
    errors
}

/// The value at a key such as `captcha.second.provider`, if it is named; null inside of a null.
fn named<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    match key.split_once('.') {
        Some((outer, inner)) => match object.get(outer)? {
            Value::Object(object) => named(object, inner),
            Value::Null => Some(&Value::Null),
            _ => None,
        },
        None => object.get(key),
    }
}

/// The same of a value; null where there is none.
fn at<'a>(written: &'a Value, key: &str) -> &'a Value {
    let found = written.as_object().and_then(|object| named(object, key));
    found.unwrap_or(&Value::Null)
}

/// Puts a value at a key; null takes it away.
fn put(written: &mut Value, key: &str, value: Value) {
    let Some(object) = written.as_object_mut() else {
        return;
    };
    if let Some((outer, inner)) = key.split_once('.') {
        let entry = object.entry(outer).or_insert_with(|| Value::Object(Map::new()));
        put(entry, inner, value);
    } else if value.is_null() {
        object.remove(key);
    } else {
        object.insert(key.to_owned(), value);
    }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of_json(value: &Value) -> Change {
        Change::of_object(value.as_object().expect("an object"))
    }

    #[test]
    fn the_keys_of_checks_are_rows_and_hold_all_secrets() {
        assert!(CHECKS.as_flattened().iter().all(|key| Setting::of(key).is_some()));
        let secrets: Vec<&str> = SETTINGS
            .iter()
            .filter(|row| row.is_secret())
            .map(|row| row.key)
            .collect();
        assert_eq!(secrets, SECRETS);
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
