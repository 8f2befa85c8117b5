//! Each setting of a site is one row, and each row is reached from the form, the API, the file, the document and the
//! texts: a new row fails here until it has them all.

use std::path::Path;

use palabre::{
    config::{Config, SHIPPED},
    domain::{
        language::Language,
        settings::{Kind, SETTINGS, Setting},
    },
    web::texts::Say as _,
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    service::{SITE, Service},
    stores::{Storage, on_both_engines, on_sqlite},
};

on_both_engines!(f7_each_missing_key_of_a_provider_is_told_at_once);

/// A site whose second check has a provider, so that each setting has a place in an answer.
const WITH_SECOND: &str = "[site.captcha.second]\nprovider = \"turnstile\"\nsite_key = \"k\"\nsecret = \"s\"\n";

#[tokio::test]
async fn each_setting_is_on_the_form_and_in_the_api() {
    on_sqlite(async |storage| {
        let service = Service::start(storage, &format!("{SITE}{WITH_SECOND}")).await;
        let (owner, browser) = (service.owner().await, service.signs_in().await);
        let page = browser.gets("/sites/faso/settings").await.expect(200);
        let shown = owner.gets("/api/v1/sites/faso").await.expect(200).json;
        for setting in &SETTINGS {
            let named = format!("name=\"{}\"", setting.field);
            let is_fixed = ["name", "origins"].contains(&setting.key) || setting.key.starts_with("captcha.second.");
            assert!(
                page.text.contains(&named) || is_fixed && page.text.contains(&label(setting, Language::Fr)),
                "{}: not on the form",
                setting.key
            );
            let pointer = format!("/{}", setting.key.replace('.', "/"));
            let pointer = if setting.is_secret() {
                format!("{pointer}_set")
            } else {
                pointer
            };
            assert!(shown.pointer(&pointer).is_some(), "{}: not in the answer", setting.key);
            // A known key of another JSON type is told by its name.
            let wrong = in_objects(setting.key, json!([[1]]));
            let answer = owner.sends(&Method::PATCH, "/api/v1/sites/faso", &wrong).await;
            assert_eq!(answer.status, 422, "{}: {}", setting.key, answer.text);
            assert!(answer.text.contains(setting.key), "{}: {}", setting.key, answer.text);
        }
        service.stop().await;
    })
    .await;
}

#[test]
fn each_setting_is_known_to_the_file_and_documented() {
    for setting in &SETTINGS {
        let (section, name) = match setting.key.rsplit_once('.') {
            Some((section, name)) => (format!("[site.{section}]"), name),
            None => ("[[site]]".to_owned(), setting.key),
        };
        let below = SHIPPED.split(&format!("# {section}\n")).nth(1).expect("the section");
        let own: Vec<&str> = below.lines().take_while(|line| !line.starts_with("# [")).collect();
        assert!(
            own.iter().any(|line| line.starts_with(&format!("# {name} = "))) || setting.is_secret(),
            "{}: not in config.toml",
            setting.key
        );
        let site = format!(
            "[[site]]\nid = \"faso\"\n{}",
            if section == "[[site]]" { "" } else { &section }
        );
        let text = format!("{site}\n{name} = [[1]]\n");
        let error = Config::from_layers(Some((Path::new("my.toml"), &text)), []).expect_err("another type");
        let error = error.to_string();
        assert!(
            error.contains(name) && !error.contains("unknown field"),
            "{}: {error}",
            setting.key
        );
    }
}

#[test]
fn each_setting_is_in_the_document() {
    let document: Value = serde_json::from_str(&palabre::http::openapi()).expect("JSON");
    for call in ["NewSite", "SiteChange", "SiteSettings"] {
        for setting in &SETTINGS {
            let mut key = setting.key.to_owned();
            if call == "SiteSettings" && setting.is_secret() {
                key.push_str("_set");
            }
            let mut schema = &document["components"]["schemas"][call];
            for part in key.split('.') {
                schema = &resolved(&document, schema)["properties"][part];
            }
            assert!(!schema.is_null(), "{call} has no {key}");
        }
    }
}

/// Where a schema leads to, by itself or as one of several.
fn resolved<'d>(document: &'d Value, schema: &'d Value) -> &'d Value {
    let several = ["oneOf", "anyOf", "allOf"]
        .into_iter()
        .find_map(|word| schema[word].as_array());
    let of_several = several.and_then(|several| several.iter().find(|one| one.get("$ref").is_some()));
    let reference = of_several.unwrap_or(schema)["$ref"].as_str();
    let pointer = reference.and_then(|reference| reference.strip_prefix('#'));
    pointer.and_then(|pointer| document.pointer(pointer)).unwrap_or(schema)
}

#[test]
fn each_setting_has_its_texts() {
    for language in [Language::Fr, Language::En] {
        for setting in &SETTINGS {
            let says = |key: &str| {
                let text = language.say(key);
                assert!(!text.is_empty() && text != key, "{}: no text {key}", setting.key);
            };
            says(&format!("field-{}", setting.field));
            says(setting.fault.as_str());
            if matches!(setting.kind, Kind::Words(_) | Kind::Flag) {
                for word in setting.words() {
                    says(&format!("{}-{word}", setting.field));
                }
            }
        }
    }
}

async fn f7_each_missing_key_of_a_provider_is_told_at_once(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let owner = service.owner().await;
    let change = json!({
        "body_max": 0, "time_zone": "Mars/Olympus",
        "captcha": {"provider": "recaptcha_enterprise", "second": {"provider": "turnstile"}},
    });
    let answer = owner
        .sends(&Method::PATCH, "/api/v1/sites/faso", &change)
        .await
        .expect(422);
    let errors = answer.json["errors"].as_array().expect("errors");
    let told: Vec<(&str, &str)> = errors
        .iter()
        .map(|error| {
            let text = |name: &str| error[name].as_str().expect("a text");
            (text("field"), text("code"))
        })
        .collect();
    assert_eq!(
        told,
        [
            ("body_max", "body_max_bad"),
            ("time_zone", "time_zone_bad"),
            ("secret", "secret_missing"),
            ("site_key", "site_key_missing"),
            ("project", "project_bad"),
            ("second_secret", "secret_missing"),
            ("second_site_key", "site_key_missing"),
        ]
    );
    service.stop().await;
}

fn label(setting: &Setting, language: Language) -> String {
    language.say(&format!("field-{}", setting.field))
}

/// `{"captcha":{"action":value}}` for `captcha.action`.
fn in_objects(key: &str, value: Value) -> Value {
    key.rsplit('.').fold(value, |inner, part| json!({ part: inner }))
}
