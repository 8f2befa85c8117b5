//! A site: one publication, with where it lives, how it is moderated and which captcha guards its form.
//!
//! [`SiteSettings`] is what a person wrote, in `config.toml` or in the store, every key optional;
//! [`Site`] is what holds after the file, the store and the defaults are laid over each other. The file
//! wins over the store, key by key.

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{language::Language, policy::Cuts};

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

/// The captcha providers this build knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProviderId {
    /// The built-in check: signed form token, time, honeypot, proof of work.
    House,
    /// None.
    Off,
    /// Google reCAPTCHA v3: a score.
    RecaptchaV3,
    /// Google reCAPTCHA v2: yes or no.
    RecaptchaV2,
    /// Google reCAPTCHA Enterprise: a score with reasons.
    RecaptchaEnterprise,
    /// hCaptcha: yes or no; with Enterprise a score, turned on arrival.
    Hcaptcha,
    /// Cloudflare Turnstile: yes or no.
    Turnstile,
    /// Any service that answers as reCAPTCHA does.
    Siteverify,
    /// Friendly Captcha v2: yes or no.
    Friendly,
    /// Prosopo Procaptcha: yes or no; on paid plans a score, turned on arrival.
    Prosopo,
    /// Cap: yes or no.
    Cap,
    /// mCaptcha: yes or no.
    Mcaptcha,
}

impl ProviderId {
    /// Every provider.
    pub const ALL: [Self; 12] = [
        Self::House,
        Self::Off,
        Self::RecaptchaV3,
        Self::RecaptchaV2,
        Self::RecaptchaEnterprise,
        Self::Hcaptcha,
        Self::Turnstile,
        Self::Siteverify,
        Self::Friendly,
        Self::Prosopo,
        Self::Cap,
        Self::Mcaptcha,
    ];

    /// The word used in configuration, store and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::House => "house",
            Self::Off => "off",
            Self::RecaptchaV3 => "recaptcha_v3",
            Self::RecaptchaV2 => "recaptcha_v2",
            Self::RecaptchaEnterprise => "recaptcha_enterprise",
            Self::Hcaptcha => "hcaptcha",
            Self::Turnstile => "turnstile",
            Self::Siteverify => "siteverify",
            Self::Friendly => "friendly",
            Self::Prosopo => "prosopo",
            Self::Cap => "cap",
            Self::Mcaptcha => "mcaptcha",
        }
    }

    /// Whether it is another server than this one.
    #[must_use]
    pub fn is_outside(self) -> bool {
        !matches!(self, Self::House | Self::Off)
    }
}

/// When a reader's page loads the script of an outside provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// When the reader begins to write.
    Focus,
    /// When the reader has said yes; who says no is checked by the built-in check.
    Ask,
}

impl Consent {
    /// The word used in configuration and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Focus => "focus",
            Self::Ask => "ask",
        }
    }
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

/// The captcha of a site as written by a person.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CaptchaSettings {
    /// See [`ProviderId`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<ProviderId>,
    /// The provider's public key of this site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site_key: Option<String>,
    /// The provider's secret. Never written back.
    #[serde(default, skip_serializing)]
    pub secret: Option<secrecy::SecretString>,
    /// A file that holds the secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_file: Option<String>,
    /// Where tokens are verified; absent = the provider's own address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify_url: Option<Url>,
    /// The Google Cloud project of a reCAPTCHA Enterprise key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Script and verification of reCAPTCHA come from `www.recaptcha.net`; absent = false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recaptcha_net: Option<bool>,
    /// The provider is told the reader's address; absent = false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_address: Option<bool>,
    /// The provider is told, some days later, what moderators decided; absent = false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feedback: Option<bool>,
    /// See [`Consent`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<Consent>,
    /// The action a token must be minted for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Hosts a token may be minted on; absent = the origins' hosts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostnames: Option<Vec<String>>,
    /// The file's policy, version 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicySettings>,
}

impl CaptchaSettings {
    fn is_empty(&self) -> bool {
        self.provider.is_none()
            && self.site_key.is_none()
            && self.secret_file.is_none()
            && self.verify_url.is_none()
            && self.project.is_none()
            && self.recaptcha_net.is_none()
            && self.send_address.is_none()
            && self.feedback.is_none()
            && self.consent.is_none()
            && self.action.is_none()
            && self.hostnames.is_none()
            && self.policy.is_none()
    }
}

/// The policy of a site as written in the file.
#[derive(Debug, Clone, Copy, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PolicySettings {
    /// See [`Cuts`].
    #[serde(default)]
    pub publish_from: Option<super::score::Score>,
    /// See [`Cuts`].
    #[serde(default)]
    pub step_up_below: Option<super::score::Score>,
    /// See [`Cuts`].
    #[serde(default)]
    pub refuse_below: Option<super::score::Score>,
    /// Share of would-be refusals that a person sees all the same, 0..=1; absent = 0.02.
    #[serde(default)]
    pub explore: Option<super::score::Score>,
}

impl PolicySettings {
    /// The cuts alone.
    #[must_use]
    pub fn cuts(&self) -> Cuts {
        Cuts {
            publish_from: self.publish_from,
            step_up_below: self.step_up_below,
            refuse_below: self.refuse_below,
        }
    }

    /// The exploration share in parts per million; 2 % where none was written.
    #[must_use]
    pub fn explore_ppm(&self) -> i64 {
        explore_ppm(self.explore)
    }
}

/// The share of would-be refusals held for a person, in parts per million: 2 % where none is given.
#[must_use]
pub fn explore_ppm(share: Option<super::score::Score>) -> i64 {
    share.map_or(20_000, |share| share.thousandths() * 1000)
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

/// The captcha of a site as it is in force.
#[derive(Debug, Clone)]
pub struct Captcha {
    pub provider: ProviderId,
    pub site_key: Option<String>,
    pub secret: Option<secrecy::SecretString>,
    pub verify_url: Option<Url>,
    pub project: Option<String>,
    pub recaptcha_net: bool,
    pub send_address: bool,
    /// Only reCAPTCHA Enterprise takes it.
    pub feedback: bool,
    pub consent: Consent,
    pub action: String,
    pub hostnames: Vec<String>,
}

/// Longest body a site allows unless it says otherwise, Unicode scalar values.
pub const BODY_MAX_DEFAULT: u32 = 5000;

impl Site {
    /// Lays `file` over `store` over the defaults.
    ///
    /// # Errors
    /// A sentence that names the key and what is wrong with its value.
    pub fn resolve(id: &str, file: Option<&SiteSettings>, store: &SiteSettings) -> Result<Self, String> {
        if !is_site_id(id) {
            return Err(format!(
                "id: {id:?} is not made of 1 to 64 lower-case letters, digits and hyphens"
            ));
        }
        let empty = SiteSettings::default();
        let file = file.unwrap_or(&empty);
        let body_max = file.body_max.or(store.body_max).unwrap_or(BODY_MAX_DEFAULT);
        if !(1..=20_000).contains(&body_max) {
            return Err(format!("body_max: {body_max} is not in 1..=20000"));
        }
        let origins = file.origins.as_ref().or(store.origins.as_ref()).map_or_else(
            || Ok(Vec::new()),
            |list| list.iter().map(|o| origin(o)).collect::<Result<_, _>>(),
        )?;
        Ok(Self {
            captcha: Captcha::resolve(&file.captcha, &store.captcha, &origins)?,
            id: id.to_owned(),
            name: file
                .name
                .clone()
                .or_else(|| store.name.clone())
                .unwrap_or_else(|| id.to_owned()),
            language: file.language.or(store.language).unwrap_or_default(),
            time_zone: match file.time_zone.as_ref().or(store.time_zone.as_ref()) {
                Some(name) => time_zone(name)?,
                None => TimeZone::UTC,
            },
            origins,
            moderation: file.moderation.or(store.moderation).unwrap_or(Moderation::Before),
            threads: file.threads.or(store.threads).unwrap_or(Threads::Open),
            body_max,
            cdn_max_age: file.cdn_max_age.or(store.cdn_max_age).unwrap_or(0),
        })
    }
}

impl Captcha {
    fn resolve(file: &CaptchaSettings, store: &CaptchaSettings, origins: &[String]) -> Result<Self, String> {
        let provider = file.provider.or(store.provider).unwrap_or(ProviderId::House);
        let captcha = Self {
            provider,
            site_key: file.site_key.clone().or_else(|| store.site_key.clone()),
            secret: file.secret.clone().or_else(|| store.secret.clone()),
            verify_url: file.verify_url.clone().or_else(|| store.verify_url.clone()),
            project: file.project.clone().or_else(|| store.project.clone()),
            recaptcha_net: file.recaptcha_net.or(store.recaptcha_net).unwrap_or(false),
            send_address: file.send_address.or(store.send_address).unwrap_or(false),
            feedback: file.feedback.or(store.feedback).unwrap_or(false),
            // Those that track ask first.
            consent: file.consent.or(store.consent).unwrap_or(match provider {
                ProviderId::RecaptchaV3
                | ProviderId::RecaptchaV2
                | ProviderId::RecaptchaEnterprise
                | ProviderId::Hcaptcha => Consent::Ask,
                _ => Consent::Focus,
            }),
            action: file
                .action
                .clone()
                .or_else(|| store.action.clone())
                .unwrap_or_else(|| "comment".to_owned()),
            hostnames: file
                .hostnames
                .clone()
                .or_else(|| store.hostnames.clone())
                .unwrap_or_else(|| hosts(origins)),
        };
        if provider.is_outside() && captcha.secret.is_none() {
            return Err(format!(
                "captcha.secret: {} needs its secret (captcha.secret, captcha.secret_file or the environment)",
                provider.as_str()
            ));
        }
        captcha.check_needs()?;
        Ok(captcha)
    }

    /// What the provider cannot be asked without, beside its secret.
    fn check_needs(&self) -> Result<(), String> {
        let is_empty = |text: &Option<String>| text.as_deref().is_none_or(str::is_empty);
        let provider = self.provider.as_str();
        let needs_url = matches!(
            self.provider,
            ProviderId::Siteverify | ProviderId::Cap | ProviderId::Mcaptcha
        );
        if needs_url && self.verify_url.is_none() {
            return Err(format!(
                "captcha.verify_url: {provider} has no address of its own; name the one that verifies tokens"
            ));
        }
        let needs_site_key = matches!(self.provider, ProviderId::RecaptchaEnterprise | ProviderId::Mcaptcha);
        if needs_site_key && is_empty(&self.site_key) {
            return Err(format!(
                "captcha.site_key: {provider} is asked with the site key beside the secret"
            ));
        }
        if self.provider == ProviderId::RecaptchaEnterprise {
            let project = self.project.as_deref().unwrap_or_default();
            // <https://cloud.google.com/resource-manager/docs/creating-managing-projects>, and numbers.
            let is_project = (1..=64).contains(&project.len())
                && project
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b':' | b'.'))
                && project.bytes().any(|b| b.is_ascii_alphanumeric());
            if !is_project {
                return Err(format!(
                    "captcha.project: {provider} needs the id of its Google Cloud project, not {project:?}"
                ));
            }
        }
        Ok(())
    }
}

/// Published secrets that accept anything, or nothing: Google's for v2
/// (<https://developers.google.com/recaptcha/docs/faq>, "I'd like to run automated tests"), hCaptcha's
/// (<https://docs.hcaptcha.com/#integration-testing-test-keys>) and Turnstile's three
/// (<https://developers.cloudflare.com/turnstile/reference/testing/>).
const TEST_SECRETS: [&str; 5] = [
    "6LeIxAcTAAAAAGG-vFI1TnRWxMZNFuojJ4WifJWe",
    "0x0000000000000000000000000000000000000000",
    "1x0000000000000000000000000000000AA",
    "2x0000000000000000000000000000000AA",
    "3x0000000000000000000000000000000AA",
];
/// Published site keys whose tokens are made without a check, where the vendor names those and no secret:
/// Prosopo's two.
pub(crate) const TEST_SITE_KEYS: [&str; 2] = [
    "5EARALUe4HXQwKo5KanZSGGKqJV4VTaytpezFwv8ZHbZewmh",
    "5ETtechmZkn3CUVeJX7Z511oiuiu742aHLm91D5ZZw4fqoAG",
];

impl Captcha {
    /// Whether the secret or the site key is a vendor's published test key.
    #[must_use]
    pub fn has_test_key(&self) -> bool {
        use secrecy::ExposeSecret as _;
        self.secret
            .as_ref()
            .is_some_and(|secret| TEST_SECRETS.contains(&secret.expose_secret()))
            || self
                .site_key
                .as_ref()
                .is_some_and(|key| TEST_SITE_KEYS.contains(&key.as_str()))
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

/// The normalised origin of a typed address: scheme, host and a port that is not the scheme's own.
///
/// # Errors
/// A sentence that names the address, when it is no http(s) origin.
pub fn origin(typed: &str) -> Result<String, String> {
    Url::parse(typed)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.path() == "/" && url.query().is_none())
        .map(|url| url.origin().ascii_serialization())
        .ok_or_else(|| format!("origins: {typed:?} is not an origin such as https://www.example.org"))
}

/// The time zone of that name in the database of IANA (<https://www.iana.org/time-zones>).
///
/// # Errors
/// A sentence that names it, when there is none.
pub fn time_zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|_| format!("time_zone: {name:?} is not a time zone such as Africa/Ouagadougou"))
}

fn hosts(origins: &[String]) -> Vec<String> {
    origins
        .iter()
        .filter_map(|origin| Url::parse(origin).ok()?.host_str().map(str::to_owned))
        .collect()
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

    fn with_captcha(captcha: CaptchaSettings) -> Result<Site, String> {
        let file = SiteSettings {
            captcha,
            ..SiteSettings::default()
        };
        Site::resolve("a", Some(&file), &SiteSettings::default())
    }

    #[test]
    fn each_provider_says_which_key_it_needs() {
        let url = || Url::parse("https://cap.example/siteverify").ok();
        let text = |text: &str| Some(text.to_owned());
        let secret = || Some("s".to_owned().into());
        let needs = |provider, verify_url, site_key, project| {
            let settings = CaptchaSettings {
                provider: Some(provider),
                secret: secret(),
                verify_url,
                site_key,
                project,
                ..CaptchaSettings::default()
            };
            let wrong = with_captcha(settings).err()?;
            wrong.split(':').next().map(str::to_owned)
        };
        for provider in ProviderId::ALL.into_iter().filter(|provider| provider.is_outside()) {
            let settings = CaptchaSettings {
                provider: Some(provider),
                ..CaptchaSettings::default()
            };
            let wrong = with_captcha(settings).expect_err("no secret");
            assert!(wrong.starts_with("captcha.secret: "), "{wrong}");
            assert_eq!(
                needs(provider, url(), text("key"), text("a-project")),
                None,
                "{provider:?}"
            );
            let expected = match provider {
                ProviderId::Siteverify | ProviderId::Cap | ProviderId::Mcaptcha => text("captcha.verify_url"),
                ProviderId::RecaptchaEnterprise => text("captcha.site_key"),
                _ => None,
            };
            assert_eq!(needs(provider, None, None, None), expected, "{provider:?}");
        }
        assert_eq!(
            needs(ProviderId::Mcaptcha, url(), text(""), None),
            text("captcha.site_key")
        );
        for wrong in ["", "..", "a/b", "a?b", &"a".repeat(65)] {
            let found = needs(ProviderId::RecaptchaEnterprise, None, text("key"), text(wrong));
            assert_eq!(found, text("captcha.project"), "{wrong}");
        }
    }

    #[test]
    fn published_test_keys_are_known() {
        let has_test_key = |secret: &str, site_key: &str| {
            let settings = CaptchaSettings {
                provider: Some(ProviderId::Turnstile),
                secret: Some(secret.to_owned().into()),
                site_key: Some(site_key.to_owned()),
                ..CaptchaSettings::default()
            };
            with_captcha(settings).expect("valid").captcha.has_test_key()
        };
        for secret in TEST_SECRETS {
            assert!(has_test_key(secret, "key"), "{secret}");
        }
        for site_key in TEST_SITE_KEYS {
            assert!(has_test_key("secret", site_key), "{site_key}");
        }
        assert!(!has_test_key("secret", "key"));
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
