//! The settings of a site: each is one row, which the form, the API, the file's check and the messages walk.
//!
//! To add one: its row here, its field in [`SiteSettings`](super::site::SiteSettings) and in
//! [`Site`](super::site::Site) with its default, its texts `field-…` and `hint-…`, and its lines in `config.toml`: a test
//! walks the rows and names the place that lacks one.

use super::code::Code;

/// A setting of a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// As in `config.toml` and in the API: `captcha.action`.
    pub key: &'static str,
    /// The name of its field in forms and errors, by which its texts are found too.
    pub field: &'static str,
    pub kind: Kind,
    /// Where it stands on the form: the group, and the place in it.
    pub place: (Group, u8),
    /// The code that is told of a value which it cannot have, or lacks.
    pub fault: Code,
    /// It says which script readers' pages load or who is sent a secret: by a session it is changed with the passphrase
    /// typed lately.
    pub typed_again: bool,
    /// It has no default: where nothing is written it is null.
    pub may_lack: bool,
    /// What the API's document says of it beside its name and what its kind says; empty where that is enough.
    note: &'static str,
}

/// What a setting holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One line.
    Text,
    /// The address of a service.
    Address,
    /// A whole number, both ends included.
    Number {
        least: u32,
        most: u32,
    },
    Flag,
    /// Texts, one a line in a form.
    Texts,
    /// One of these; an empty one stands for the default.
    Words(&'static [&'static str]),
    Language,
    Provider,
    /// A provider that asks a reader something, or none.
    SecondProvider,
    /// Encrypted where it is stored, and never given out.
    Secret,
}

impl Kind {
    /// Of which JSON type its values are.
    #[must_use]
    pub fn holds(self) -> Holds {
        match self {
            Self::Number { .. } => Holds::Number,
            Self::Flag => Holds::Flag,
            Self::Texts => Holds::Texts,
            _ => Holds::Text,
        }
    }
}

/// One of the two checks of a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    First,
    Second,
}

/// The JSON type of a setting's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    Text,
    Number,
    Flag,
    Texts,
}

/// The groups of the form, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, strum::VariantArray)]
pub enum Group {
    About,
    Review,
    Robots,
    Second,
}

impl Group {
    /// All of them, in their order.
    pub const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

    /// The key of its heading's text.
    #[must_use]
    pub fn heading(self) -> &'static str {
        match self {
            Self::About => "settings-about",
            Self::Review => "settings-review",
            Self::Robots => "settings-robots",
            Self::Second => "settings-second",
        }
    }

    /// The key of what is said under it; empty where nothing is.
    #[must_use]
    pub fn about(self) -> &'static str {
        match self {
            Self::Second => "settings-second-about",
            _ => "",
        }
    }

    /// Its settings, in the order of the form.
    #[must_use]
    pub fn settings(self) -> Vec<&'static Setting> {
        let mut own: Vec<_> = SETTINGS.iter().filter(|setting| setting.place.0 == self).collect();
        own.sort_by_key(|setting| setting.place.1);
        own
    }
}

const fn row(key: &'static str, field: &'static str, kind: Kind, group: Group, place: u8) -> Setting {
    Setting {
        key,
        field,
        kind,
        place: (group, place),
        fault: Code::ValueBad,
        typed_again: false,
        may_lack: false,
        note: "",
    }
}

impl Setting {
    const fn faulty(self, fault: Code) -> Self {
        Self { fault, ..self }
    }

    const fn typed_again(self) -> Self {
        Self {
            typed_again: true,
            ..self
        }
    }

    const fn may_lack(self) -> Self {
        Self { may_lack: true, ..self }
    }

    const fn note(self, note: &'static str) -> Self {
        Self { note, ..self }
    }

    /// What the API's document says of it; may be empty.
    #[must_use]
    pub fn about(&self) -> String {
        match self.kind {
            Kind::Words(words) => {
                let offered: Vec<&str> = words.iter().filter(|word| !word.is_empty()).copied().collect();
                format!("{}.", offered.join(" or "))
            }
            Kind::Secret => "Stored encrypted; null removes it.".to_owned(),
            Kind::Address => {
                "https; of a provider without an address of its own, and by a token, only an owner of every \
                              site gives it."
                    .to_owned()
            }
            Kind::SecondProvider => "turnstile, `recaptcha_v2`, hcaptcha, friendly or prosopo.".to_owned(),
            _ => self.note.to_owned(),
        }
    }

    /// Which check it belongs to; `None` where it is none's.
    #[must_use]
    pub fn check(&self) -> Option<Check> {
        match self.key.strip_prefix("captcha.")? {
            key if key.starts_with("second.") => Some(Check::Second),
            _ => Some(Check::First),
        }
    }

    /// The setting of that key.
    #[must_use]
    pub fn of(key: &str) -> Option<&'static Self> {
        SETTINGS.iter().find(|setting| setting.key == key)
    }

    /// Whether its value is a secret.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.kind == Kind::Secret
    }

    /// The words that a form offers for it, where they stand in its row; the empty one is the default.
    #[must_use]
    pub fn words(&self) -> &'static [&'static str] {
        match self.kind {
            Kind::Words(words) => words,
            Kind::Flag => &["no", "yes"],
            _ => &[],
        }
    }
}

/// The settings, in the order in which what is wrong with them is told.
pub const SETTINGS: [Setting; 23] = {
    use Group::{About, Review, Robots, Second};
    use Kind::{Address, Flag, Number, Provider, SecondProvider, Secret, Text, Texts, Words};
    [
        row("name", "name", Text, About, 1),
        row("language", "language", Kind::Language, About, 3),
        row("time_zone", "time_zone", Text, About, 4)
            .faulty(Code::TimeZoneBad)
            .note("Of IANA: `Africa/Ouagadougou`."),
        row("origins", "origins", Texts, About, 2).faulty(Code::OriginBad),
        row("moderation", "moderation", Words(&["before", "after"]), Review, 1),
        row("threads", "threads", Words(&["open", "signed"]), Review, 3),
        row("body_max", "body_max", Number { least: 1, most: 20_000 }, Review, 2).faulty(Code::BodyMaxBad),
        row(
            "cdn_max_age",
            "cdn_max_age",
            Number {
                least: 0,
                most: u32::MAX,
            },
            Review,
            4,
        ),
        row("captcha.provider", "provider", Provider, Robots, 1).typed_again(),
        row("captcha.site_key", "site_key", Text, Robots, 2)
            .faulty(Code::SiteKeyMissing)
            .typed_again()
            .may_lack(),
        row("captcha.secret", "secret", Secret, Robots, 3)
            .faulty(Code::SecretMissing)
            .typed_again(),
        row("captcha.verify_url", "verify_url", Address, Robots, 4)
            .faulty(Code::VerifyUrlMissing)
            .typed_again()
            .may_lack(),
        row("captcha.project", "project", Text, Robots, 5)
            .faulty(Code::ProjectBad)
            .may_lack(),
        row("captcha.recaptcha_net", "recaptcha_net", Flag, Robots, 9),
        row("captcha.send_address", "send_address", Flag, Robots, 10)
            .note("The provider is told the reader's address."),
        row("captcha.feedback", "feedback", Flag, Robots, 11)
            .note("The provider is told, some days later, what moderators decided."),
        row("captcha.consent", "consent", Words(&["", "focus", "ask"]), Robots, 6),
        row("captcha.action", "action", Text, Robots, 8),
        row("captcha.hostnames", "hostnames", Texts, Robots, 7),
        row("captcha.second.provider", "second_provider", SecondProvider, Second, 1)
            .faulty(Code::SecondProviderBad)
            .typed_again(),
        row("captcha.second.site_key", "second_site_key", Text, Second, 2)
            .faulty(Code::SiteKeyMissing)
            .typed_again()
            .may_lack(),
        row("captcha.second.secret", "second_secret", Secret, Second, 3)
            .faulty(Code::SecretMissing)
            .typed_again(),
        row("captcha.second.verify_url", "second_verify_url", Address, Second, 4)
            .faulty(Code::VerifyUrlMissing)
            .typed_again()
            .may_lack(),
    ]
};

/// What is wrong with a setting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {fault}")]
pub struct SettingFault {
    /// One of [`SETTINGS`], or `id`.
    pub key: &'static str,
    pub fault: Fault,
}

impl SettingFault {
    pub(super) fn new(key: &'static str, fault: Fault) -> Self {
        Self { key, fault }
    }

    /// What is wrong with a number, by the bounds of its setting.
    pub(super) fn of_number(key: &'static str, value: u32) -> Option<Self> {
        let Some(Kind::Number { least, most }) = Setting::of(key).map(|setting| setting.kind) else {
            return None;
        };
        let is_within = (least..=most).contains(&value);
        (!is_within).then(|| Self::new(key, Fault::OutOfBounds { value, least, most }))
    }

    /// All of them as one sentence for whoever wrote the file.
    #[must_use]
    pub fn in_one_line(faults: &[Self]) -> String {
        let lines: Vec<String> = faults.iter().map(Self::to_string).collect();
        lines.join("; ")
    }
}

/// Why a value cannot stand, in words for whoever wrote the file. Providers are named by their words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("{0:?} is not made of 1 to 64 lower-case letters, digits and hyphens")]
    NoSiteId(String),
    #[error("{value} is not in {least}..={most}")]
    OutOfBounds { value: u32, least: u32, most: u32 },
    #[error("{0:?} is not an origin such as https://www.example.org")]
    NoOrigin(String),
    #[error("{0:?} is not a time zone such as Africa/Ouagadougou")]
    NoTimeZone(String),
    #[error("{provider} needs its secret ({section}.secret, {section}.secret_file or the environment)")]
    SecretMissing {
        provider: &'static str,
        section: &'static str,
    },
    #[error("{0} has no address of its own; name the one that verifies tokens")]
    AddressMissing(&'static str),
    #[error("{0:?} is no http(s) address whose host is made of letters, digits, dots and hyphens, without a user name")]
    AddressNotPlain(String),
    #[error("{0} is asked with the site key beside the secret")]
    SiteKeyMissing(&'static str),
    #[error("{0} needs its site key to be shown")]
    SiteKeyNotShown(&'static str),
    #[error("{provider} needs the id of its Google Cloud project, not {found:?}")]
    NoProject { provider: &'static str, found: String },
    #[error("{0} asks a reader nothing; name turnstile, recaptcha_v2, hcaptcha, friendly or prosopo")]
    NotInteractive(&'static str),
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_setting_has_a_key_a_field_and_a_place_of_its_own() {
        let keys: BTreeSet<_> = SETTINGS.iter().map(|setting| setting.key).collect();
        let fields: BTreeSet<_> = SETTINGS.iter().map(|setting| setting.field).collect();
        let places: BTreeSet<_> = SETTINGS.iter().map(|setting| setting.place).collect();
        assert_eq!([keys.len(), fields.len(), places.len()], [SETTINGS.len(); 3]);
        let on_the_form: usize = Group::ALL.iter().map(|group| group.settings().len()).sum();
        assert_eq!(on_the_form, SETTINGS.len());
    }
}
