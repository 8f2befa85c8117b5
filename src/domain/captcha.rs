//! The captcha of a site: which provider guards its form, with which keys, and which second one may be offered.
//!
//! [`CaptchaSettings`] is what a person wrote, every key optional; [`Captcha`] is what holds after the file, the
//! store and the defaults are laid over each other. Verifying is `crate::captcha`'s.
//!
//! Provider, secret and address of a check belong together, or a secret would be sent where somebody else says:
//! where the file sets one of them, it sets all, and the store's count for nothing.
//!
//! The address of some providers ([`ProviderId::needs_address`]) becomes a source of scripts or frames in readers'
//! pages, on the origin of all sites. It comes from the file or from an owner of every site, who has vouched for it
//! ([`address_mark`]). One that the store holds without that mark is left out of what holds
//! ([`Captcha::keep_vouched`]): who gave it before marks were kept is not known for sure (names in the log change
//! hands), a page must not run what a neighbour chose, and a comment that is held is lost to nobody.

use serde::{Deserialize, Serialize};
use url::Url;

pub use super::provider::{Consent, ProviderId};
use super::{
    policy::Cuts,
    settings::{Check, Fault, SettingFault},
};

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
    /// The interactive provider of the second check.
    #[serde(default, skip_serializing_if = "SecondSettings::is_empty")]
    pub second: SecondSettings,
    /// The file's policy, version 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicySettings>,
}

/// The interactive provider of the second check as written by a person.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SecondSettings {
    /// One that [`ProviderId::is_interactive`]; absent = none is offered.
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
}

impl SecondSettings {
    /// Whether provider, secret or address is written, which then holds for all three.
    #[must_use]
    pub fn sets_check(&self) -> bool {
        self.provider.is_some() || self.secret.is_some() || self.secret_file.is_some() || self.verify_url.is_some()
    }

    fn is_empty(&self) -> bool {
        self.provider.is_none() && self.site_key.is_none() && self.secret_file.is_none() && self.verify_url.is_none()
    }
}

impl CaptchaSettings {
    /// Whether provider, secret or address is written, which then holds for all three.
    #[must_use]
    pub fn sets_check(&self) -> bool {
        self.provider.is_some() || self.secret.is_some() || self.secret_file.is_some() || self.verify_url.is_some()
    }

    pub(super) fn is_empty(&self) -> bool {
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
            && self.second.is_empty()
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
    /// The interactive provider of the second check; it has no second of its own.
    pub second: Option<Box<Self>>,
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
    /// Whether that check has its secret.
    #[must_use]
    pub fn has_secret(&self, check: Check) -> bool {
        let captcha = match check {
            Check::First => Some(self),
            Check::Second => self.second.as_deref(),
        };
        captcha.is_some_and(|captcha| captcha.secret.is_some())
    }

    /// What is in force, as somebody would write it; secrets and the policy are left out.
    pub(super) fn as_written(&self) -> CaptchaSettings {
        let second = self.second.as_deref();
        CaptchaSettings {
            provider: Some(self.provider),
            site_key: self.site_key.clone(),
            secret: None,
            secret_file: None,
            verify_url: self.verify_url.clone(),
            project: self.project.clone(),
            recaptcha_net: Some(self.recaptcha_net),
            send_address: Some(self.send_address),
            feedback: Some(self.feedback),
            consent: Some(self.consent),
            action: Some(self.action.clone()),
            hostnames: Some(self.hostnames.clone()),
            second: SecondSettings {
                provider: second.map(|second| second.provider),
                site_key: second.and_then(|second| second.site_key.clone()),
                secret: None,
                secret_file: None,
                verify_url: second.and_then(|second| second.verify_url.clone()),
            },
            policy: None,
        }
    }

    /// Lays `file` over `store` over the defaults; `origins` are the site's. What is wrong goes to `faults`.
    pub(super) fn resolve(
        file: &CaptchaSettings,
        store: &CaptchaSettings,
        origins: &[String],
        faults: &mut Vec<SettingFault>,
    ) -> Self {
        let mut captcha = Self::resolve_first(file, store, origins);
        captcha.tell_needs(&FIRST, faults);
        captcha.second = captcha
            .resolve_second(&file.second, &store.second, faults)
            .map(Box::new);
        captcha
    }

    fn resolve_first(file: &CaptchaSettings, store: &CaptchaSettings, origins: &[String]) -> Self {
        let check = if file.sets_check() { file } else { store };
        let provider = check.provider.unwrap_or(ProviderId::BuiltIn);
        Self {
            provider,
            site_key: file.site_key.clone().or_else(|| store.site_key.clone()),
            secret: check.secret.clone(),
            verify_url: check.verify_url.clone(),
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
                .unwrap_or_else(|| super::web_origin::hosts(origins)),
            second: None,
        }
    }

    /// The second provider; what it does not name is the first one's.
    fn resolve_second(
        &self,
        file: &SecondSettings,
        store: &SecondSettings,
        faults: &mut Vec<SettingFault>,
    ) -> Option<Self> {
        let check = if file.sets_check() { file } else { store };
        let provider = check.provider?;
        if !provider.is_interactive() {
            let fault = Fault::NotInteractive(provider.as_str());
            faults.push(SettingFault::new("captcha.second.provider", fault));
            return None;
        }
        let settings = CaptchaSettings {
            provider: Some(provider),
            site_key: file.site_key.clone().or_else(|| store.site_key.clone()),
            secret: check.secret.clone(),
            verify_url: check.verify_url.clone(),
            recaptcha_net: Some(self.recaptcha_net),
            send_address: Some(self.send_address),
            // The reader has said yes to it, or it is not loaded.
            consent: Some(Consent::Ask),
            action: Some(self.action.clone()),
            hostnames: Some(self.hostnames.clone()),
            ..CaptchaSettings::default()
        };
        let second = Self::resolve_first(&settings, &CaptchaSettings::default(), &[]);
        second.tell_needs(&SECOND, faults);
        if second.lacks_site_key() {
            let fault = Fault::SiteKeyNotShown(provider.as_str());
            faults.push(SettingFault::new(SECOND.site_key, fault));
        }
        Some(second)
    }

    fn lacks_site_key(&self) -> bool {
        self.site_key.as_deref().is_none_or(str::is_empty)
    }

    /// What the provider cannot be asked without.
    fn tell_needs(&self, section: &Section, faults: &mut Vec<SettingFault>) {
        let provider = self.provider.as_str();
        let mut tell = |key, fault| faults.push(SettingFault::new(key, fault));
        if self.provider.is_outside() && self.secret.is_none() {
            let section_name = section.name;
            tell(
                section.secret,
                Fault::SecretMissing {
                    provider,
                    section: section_name,
                },
            );
        }
        if self.lacks_address() {
            tell(section.verify_url, Fault::AddressMissing(provider));
        }
        let is_asked_with_it = matches!(self.provider, ProviderId::RecaptchaEnterprise | ProviderId::Mcaptcha);
        if is_asked_with_it && self.lacks_site_key() {
            tell(section.site_key, Fault::SiteKeyMissing(provider));
        }
        let project = self.project.as_deref().unwrap_or_default();
        if self.provider == ProviderId::RecaptchaEnterprise && !is_project(project) {
            let found = project.to_owned();
            tell("captcha.project", Fault::NoProject { provider, found });
        }
    }

    /// Leaves an address out that would become a source of readers' pages and that no owner of every site has
    /// vouched for: the provider then cannot be asked, and comments are held. `mark` is what the store keeps,
    /// as [`address_mark`] makes it.
    pub fn keep_vouched(&mut self, mark: Option<&str>) {
        let own = self.verify_url.as_ref().map(|url| address_mark(self.provider, url));
        if self.provider.needs_address() && own.as_deref() != mark {
            self.verify_url = None;
        }
    }

    /// Whether its address is missing, because nobody who may has vouched for the one that is stored.
    #[must_use]
    pub fn lacks_address(&self) -> bool {
        self.provider.needs_address() && self.verify_url.is_none()
    }

    /// The addresses that hold what could break out of a header.
    #[must_use]
    pub fn address_faults(&self) -> Vec<SettingFault> {
        let checks = [
            (FIRST.verify_url, Some(self)),
            (SECOND.verify_url, self.second.as_deref()),
        ];
        let addresses = checks
            .into_iter()
            .filter_map(|(key, captcha)| Some((key, captcha?.verify_url.as_ref()?)));
        addresses
            .filter(|(_, url)| !is_plain_address(url))
            .map(|(key, url)| {
                let host = url.host_str().unwrap_or_default().to_owned();
                SettingFault::new(key, Fault::AddressNotPlain(host))
            })
            .collect()
    }

    /// The section, `captcha` or `captcha.second`, that holds a vendor's published test key.
    #[must_use]
    pub fn section_with_test_key(&self) -> Option<&'static str> {
        let second = self.second.as_deref();
        if self.has_test_key() {
            Some("captcha")
        } else {
            second.is_some_and(Self::has_test_key).then_some("captcha.second")
        }
    }

    /// Whether an outside provider is asked with a vendor's published test key, as secret or site key.
    #[must_use]
    pub fn has_test_key(&self) -> bool {
        let secret = self.secret.as_ref().map(secrecy::ExposeSecret::expose_secret);
        let has_secret = secret.is_some_and(|secret| TEST_SECRETS.contains(&secret));
        let site_key = self.site_key.as_deref();
        let has_site_key = site_key.is_some_and(|key| TEST_SITE_KEYS.contains(&key));
        self.provider.is_outside() && (has_secret || has_site_key)
    }
}

/// The keys of a check.
struct Section {
    name: &'static str,
    secret: &'static str,
    verify_url: &'static str,
    site_key: &'static str,
}

const FIRST: Section = Section {
    name: "captcha",
    secret: "captcha.secret",
    verify_url: "captcha.verify_url",
    site_key: "captcha.site_key",
};

const SECOND: Section = Section {
    name: "captcha.second",
    secret: "captcha.second.secret",
    verify_url: "captcha.second.verify_url",
    site_key: "captcha.second.site_key",
};

/// Whether that may be the id of a Google Cloud project
/// (<https://cloud.google.com/resource-manager/docs/creating-managing-projects>), or its number.
fn is_project(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b':' | b'.'))
        && text.bytes().any(|b| b.is_ascii_alphanumeric())
}

/// How it is written down that an owner of every site gave `address` for `provider`. The provider is part of it: an
/// address that was given to verify tokens was not given to bring scripts.
#[must_use]
pub fn address_mark(provider: ProviderId, address: &Url) -> String {
    format!("{} {address}", provider.as_str())
}

/// Whether an address may stand in a page's policy: http(s), a host of `[a-z0-9.-]`, no user name.
#[must_use]
pub fn is_plain_address(address: &Url) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
    matches!(address.scheme(), "http" | "https")
        && address
            .host_str()
            .is_some_and(|host| !host.is_empty() && host.bytes().all(is_plain))
        && address.username().is_empty()
        && address.password().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::site::{Site, SiteSettings};

    fn with_captcha(captcha: CaptchaSettings) -> Result<Site, Vec<SettingFault>> {
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
            wrong.first().map(|wrong| wrong.key.to_owned())
        };
        for provider in ProviderId::ALL.iter().copied().filter(|provider| provider.is_outside()) {
            let settings = CaptchaSettings {
                provider: Some(provider),
                ..CaptchaSettings::default()
            };
            let wrong = with_captcha(settings).expect_err("no secret");
            assert_eq!(wrong[0].key, "captcha.secret", "{wrong:?}");
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
}
