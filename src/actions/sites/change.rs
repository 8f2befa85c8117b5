//! New values for a site's settings, by key, and what they make of the settings.

use serde_json::{Map, Value};

use crate::domain::{
    code::Code,
    draft::FieldError,
    settings::{SETTINGS, Setting, SettingFault},
    site::SiteSettings,
};

/// Characters of a text among the settings at most; entries of a list at most.
pub(super) const TEXT_MAX: usize = 512;
const LIST_MAX: usize = 50;

/// The keys that may be changed here.
pub fn keys() -> impl Iterator<Item = &'static str> {
    SETTINGS.iter().map(|setting| setting.key)
}

/// The name of a key's field; the key itself where it is none of a site's.
#[must_use]
pub fn field_of(key: &'static str) -> &'static str {
    Setting::of(key).map_or(key, |setting| setting.field)
}

/// New values by key: `name`, `captcha.provider`. Keys that are none of a site's are left out.
#[derive(Debug, Clone, Default)]
pub struct Change(pub(super) Map<String, Value>);

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

    pub(super) fn keys(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }
}

/// The settings with new values laid over them; secrets apart.
pub(super) fn apply(settings: &SiteSettings, change: &Change) -> Result<SiteSettings, Vec<FieldError>> {
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

/// The errors of the fields that faults are about, each once.
pub(super) fn field_errors(faults: &[SettingFault]) -> Vec<FieldError> {
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
pub(super) fn at<'a>(written: &'a Value, key: &str) -> &'a Value {
    let found = written.as_object().and_then(|object| named(object, key));
    found.unwrap_or(&Value::Null)
}

/// Puts a value at a key; null takes it away.
pub(super) fn put(written: &mut Value, key: &str, value: Value) {
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
