//! A site: one publication, with where it lives, how it is moderated and which captcha guards its form (`captcha`).
//!
//! [`SiteSettings`] is what a person wrote, in `config.toml` or in the store, every key optional;
//! [`Site`] is what holds after the file, the store and the defaults are laid over each other. The file
//! wins over the store, key by key.

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::{
    captcha::{Captcha, CaptchaSettings},
    language::Language,
    settings::{Fault, SettingFault},
    web_origin::origin,
};

/// Whether the captcha policy may publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moderation {
    /// Nothing is published without a moderator.
    Before,
    /// The policy may publish.
    After,
}

/// Whether a reader's post may open a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Threads {
    /// Any thread key makes a thread.
    Open,
    /// A new thread needs the publisher's signature.
    Signed,
}

/// A site as written by a person: an absent key falls through to the next layer.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SiteSettings {
    /// What readers and moderators see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Language of readers' pages and messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// Where the newsroom's clocks stand: `Africa/Ouagadougou`; for pages without JavaScript.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Origins of the pages that carry the form: `https://www.example.org`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origins: Option<Vec<String>>,
    /// See [`Moderation`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moderation: Option<Moderation>,
    /// See [`Threads`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threads: Option<Threads>,
    /// Longest body, Unicode scalar values, 1..=20000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_max: Option<u32>,
    /// Seconds a shared cache may keep a thread's public answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cdn_max_age: Option<u32>,
    /// The captcha.
    #[serde(default, skip_serializing_if = "CaptchaSettings::is_empty")]
    pub captcha: CaptchaSettings,
}

/// A site as it is in force.
#[derive(Debug, Clone)]
pub struct Site {
    /// Its key in URLs: lower-case letters, digits and hyphens.
    pub id: String,
    pub name: String,
    pub language: Language,
    pub time_zone: TimeZone,
    /// Normalised origins, `scheme://host[:port]`.
    pub origins: Vec<String>,
    pub moderation: Moderation,
    pub threads: Threads,
    /// Unicode scalar values, 1..=20000.
    pub body_max: u32,
    /// Seconds.
    pub cdn_max_age: u32,
    pub captcha: Captcha,
}

impl Site {
    /// The site with the provider of its second check in the place of the first; `None` without one.
    #[must_use]
    pub fn second(&self) -> Option<Self> {
        let captcha = self.captcha.second.as_deref()?.clone();
        Some(Self {
            captcha,
            ..self.clone()
        })
    }
}

/// Longest body a site allows unless it says otherwise, Unicode scalar values.
pub const BODY_MAX_DEFAULT: u32 = 5000;

impl Site {
    /// Lays `file` over `store` over the defaults.
    ///
    /// # Errors
    /// All that is wrong, each with its setting.
    pub fn resolve(id: &str, file: Option<&SiteSettings>, store: &SiteSettings) -> Result<Self, Vec<SettingFault>> {
        let mut faults = Vec::new();
        if !is_site_id(id) {
            faults.push(SettingFault::new("id", Fault::NoSiteId(id.to_owned())));
        }
        let empty = SiteSettings::default();
        let file = file.unwrap_or(&empty);
        let number = |key, written: Option<u32>, default| {
            let value = written.unwrap_or(default);
            (value, SettingFault::of_number(key, value))
        };
        let (body_max, fault) = number("body_max", file.body_max.or(store.body_max), BODY_MAX_DEFAULT);
        faults.extend(fault);
        let (cdn_max_age, fault) = number("cdn_max_age", file.cdn_max_age.or(store.cdn_max_age), 0);
        faults.extend(fault);
        let mut origins = Vec::new();
        for typed in file.origins.as_ref().or(store.origins.as_ref()).into_iter().flatten() {
            match origin(typed) {
                Ok(origin) => origins.push(origin),
                Err(fault) => faults.push(SettingFault::new("origins", fault)),
            }
        }
        let name = file.time_zone.as_ref().or(store.time_zone.as_ref());
        let time_zone = name.map_or(Ok(TimeZone::UTC), |name| time_zone(name));
        let time_zone = time_zone.unwrap_or_else(|fault| {
            faults.push(SettingFault::new("time_zone", fault));
            TimeZone::UTC
        });
        let captcha = Captcha::resolve(&file.captcha, &store.captcha, &origins, &mut faults);
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Self {
            captcha,
            id: id.to_owned(),
            name: file
                .name
                .clone()
                .or_else(|| store.name.clone())
                .unwrap_or_else(|| id.to_owned()),
            language: file.language.or(store.language).unwrap_or_default(),
            time_zone,
            origins,
            moderation: file.moderation.or(store.moderation).unwrap_or(Moderation::Before),
            threads: file.threads.or(store.threads).unwrap_or(Threads::Open),
            body_max,
            cdn_max_age,
        })
    }
}

impl Site {
    /// What is in force, as somebody would write it; secrets are left out.
    #[must_use]
    pub fn as_written(&self) -> SiteSettings {
        SiteSettings {
            name: Some(self.name.clone()),
            language: Some(self.language),
            time_zone: Some(self.time_zone.iana_name().unwrap_or("UTC").to_owned()),
            origins: Some(self.origins.clone()),
            moderation: Some(self.moderation),
            threads: Some(self.threads),
            body_max: Some(self.body_max),
            cdn_max_age: Some(self.cdn_max_age),
            captcha: self.captcha.as_written(),
        }
    }
}

/// Whether `id` may name a site.
#[must_use]
pub fn is_site_id(id: &str) -> bool {
    (1..=64).contains(&id.len())
        && id
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// The time zone of that name in the database of IANA (<https://www.iana.org/time-zones>).
fn time_zone(name: &str) -> Result<TimeZone, Fault> {
    TimeZone::get(name).map_err(|_| Fault::NoTimeZone(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_wins_over_the_store_and_the_store_over_the_default() {
        let file = SiteSettings {
            name: Some("Le Faso".into()),
            ..SiteSettings::default()
        };
        let store = SiteSettings {
            name: Some("Autre".into()),
            body_max: Some(900),
            ..SiteSettings::default()
        };
        let site = Site::resolve("faso", Some(&file), &store).expect("valid");
        assert_eq!(
            (site.name.as_str(), site.body_max, site.cdn_max_age),
            ("Le Faso", 900, 0)
        );
    }

    #[test]
    fn f7_all_that_is_wrong_is_told_with_its_setting() {
        use crate::domain::{captcha::SecondSettings, provider::ProviderId, settings::Setting};

        let file = SiteSettings {
            body_max: Some(0),
            origins: Some(vec![
                "nowhere".into(),
                "https://a.test".into(),
                "https://a.test/path".into(),
            ]),
            time_zone: Some("Mars/Olympus".into()),
            captcha: CaptchaSettings {
                provider: Some(ProviderId::RecaptchaEnterprise),
                second: SecondSettings {
                    provider: Some(ProviderId::Turnstile),
                    ..SecondSettings::default()
                },
                ..CaptchaSettings::default()
            },
            ..SiteSettings::default()
        };
        let faults = Site::resolve("A", Some(&file), &SiteSettings::default()).expect_err("wrong");
        let keys: Vec<&str> = faults.iter().map(|fault| fault.key).collect();
        assert_eq!(
            keys,
            [
                "id",
                "body_max",
                "origins",
                "origins",
                "time_zone",
                "captcha.secret",
                "captcha.site_key",
                "captcha.project",
                "captcha.second.secret",
                "captcha.second.site_key"
            ]
        );
        assert!(keys[1..].iter().all(|key| Setting::of(key).is_some()));
        let line = SettingFault::in_one_line(&faults);
        assert!(
            line.contains("; body_max: 0 is not in 1..=20000; origins: \"nowhere\" is not"),
            "{line}"
        );
    }

    #[test]
    fn origins_are_normalised_and_give_the_hosts() {
        let file = SiteSettings {
            origins: Some(vec!["https://www.Example.org:443".into(), "http://a.test:8000/".into()]),
            ..SiteSettings::default()
        };
        let site = Site::resolve("a", Some(&file), &SiteSettings::default()).expect("valid");
        assert_eq!(site.origins, ["https://www.example.org", "http://a.test:8000"]);
        assert_eq!(site.captcha.hostnames, ["www.example.org", "a.test"]);
        for bad in ["example.org", "ftp://x.org", "https://x.org/path", ""] {
            assert!(origin(bad).is_err(), "{bad}");
        }
    }
}
