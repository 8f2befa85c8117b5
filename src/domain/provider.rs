//! The captcha providers this build knows, and what sets each apart.

use serde::{Deserialize, Serialize};

use super::word::words;

/// The captcha providers this build knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[derive(strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum ProviderId {
    /// The built-in check: signed form token, time, honeypot, proof of work. Its word is `house`; `built_in` is read
    /// as well.
    #[serde(rename = "house", alias = "built_in")]
    #[strum(serialize = "house")]
    BuiltIn,
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
    pub const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

    /// The word used in configuration, store and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }

    /// Whether it is another server than this one.
    #[must_use]
    pub fn is_outside(self) -> bool {
        !matches!(self, Self::BuiltIn | Self::Off)
    }

    /// Whether it has no address of its own, so that `verify_url` says who checks, and from where its widget comes.
    #[must_use]
    pub fn needs_address(self) -> bool {
        matches!(self, Self::Siteverify | Self::Cap | Self::Mcaptcha)
    }

    /// Whether its widget lets a person answer, so that it may serve as the second check.
    #[must_use]
    pub fn is_interactive(self) -> bool {
        matches!(
            self,
            Self::RecaptchaV2 | Self::Hcaptcha | Self::Turnstile | Self::Friendly | Self::Prosopo
        )
    }
}

/// When a reader's page loads the script of an outside provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[derive(strum::EnumString, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Consent {
    /// When the reader begins to write.
    Focus,
    /// When the reader has said yes; who says no is checked by the built-in check.
    Ask,
}

words!(Consent);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_provider_is_written_as_ever() {
        let words = [
            "house",
            "off",
            "recaptcha_v3",
            "recaptcha_v2",
            "recaptcha_enterprise",
            "hcaptcha",
            "turnstile",
            "siteverify",
            "friendly",
            "prosopo",
            "cap",
            "mcaptcha",
        ];
        assert!(ProviderId::ALL.iter().map(|provider| provider.as_str()).eq(words));
        for (provider, word) in ProviderId::ALL.iter().copied().zip(words) {
            let written = serde_json::to_value(provider).expect("JSON");
            assert_eq!(written, word);
            assert_eq!(
                serde_json::from_value::<ProviderId>(written).expect("readable"),
                provider
            );
        }
    }

    #[test]
    fn built_in_is_read_and_answered_as_house() {
        let read: ProviderId = serde_json::from_value("built_in".into()).expect("readable");
        assert_eq!(read, ProviderId::BuiltIn);
        assert_eq!(serde_json::to_value(read).expect("JSON"), "house");
        for unknown in ["House", "builtin", "built-in", ""] {
            assert!(
                serde_json::from_value::<ProviderId>(unknown.into()).is_err(),
                "{unknown}"
            );
        }
    }
}
