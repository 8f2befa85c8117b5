//! The languages in which Palabre speaks.
//!
//! Readers are answered in all five; moderators and owners in French or English
//! ([`Language::for_admin`]). To add a language: add the variant here, then its texts beside the
//! others in the web layer; the tests there compare the keys of all languages.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One of the five languages of readers' texts. The default is French.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[derive(strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Language {
    #[default]
    Fr,
    En,
    Pt,
    Es,
    Ar,
}

/// A language tag that is none of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown language {0:?}: expected one of fr, en, pt, es, ar")]
pub struct UnknownLanguage(pub String);

impl Language {
    /// Every language, in the order in which lists show them.
    pub const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

    /// The two-letter code of ISO 639-1, lower case.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.into_str()
    }

    /// Reads a language tag such as `fr`, `FR`, `fr-FR` or `pt_BR`; region and script are ignored.
    /// `None` when the language is not one of ours.
    #[must_use]
    pub fn parse(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next().unwrap_or_default();
        Self::ALL
            .iter()
            .copied()
            .find(|language| primary.eq_ignore_ascii_case(language.code()))
    }

    /// The best of an `Accept-Language` header's languages that is ours, by quality, then by
    /// order; `None` when it names none (or only with `q=0`).
    #[must_use]
    pub fn negotiate(accept_language: &str) -> Option<Self> {
        let mut best: Option<(Self, u16)> = None;
        for entry in accept_language.split(',').take(32) {
            let mut parts = entry.split(';');
            let Some(language) = parts.next().and_then(Self::parse) else {
                continue;
            };
            let quality = parts
                .find_map(|part| part.trim().strip_prefix("q="))
                .map_or(1000, thousandths);
            if quality > best.map_or(0, |(_, of_best)| of_best) {
                best = Some((language, quality));
            }
        }
        best.map(|(language, _)| language)
    }

    /// The value of the HTML attribute `dir`: `rtl` for Arabic, else `ltr`.
    #[must_use]
    pub fn direction(self) -> &'static str {
        match self {
            Self::Ar => "rtl",
            Self::Fr | Self::En | Self::Pt | Self::Es => "ltr",
        }
    }

    /// The language of the pages of moderators and owners: French stays, all others get English.
    #[must_use]
    pub fn for_admin(self) -> Self {
        match self {
            Self::Fr => Self::Fr,
            Self::En | Self::Pt | Self::Es | Self::Ar => Self::En,
        }
    }
}

/// A quality of `Accept-Language` (`0`, `0.8`, `1.000`) in thousandths; unreadable is 0.
fn thousandths(quality: &str) -> u16 {
    let (whole, fraction) = quality.trim().split_once('.').unwrap_or((quality.trim(), ""));
    match whole {
        "1" => 1000,
        "0" => format!("{fraction:0<3}").parse().unwrap_or(0),
        _ => 0,
    }
}

impl fmt::Display for Language {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

impl From<Language> for String {
    fn from(language: Language) -> Self {
        language.code().to_owned()
    }
}

impl TryFrom<String> for Language {
    type Error = UnknownLanguage;

    fn try_from(tag: String) -> Result<Self, UnknownLanguage> {
        Self::parse(&tag).ok_or(UnknownLanguage(tag))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_with_region_script_or_case_are_read() {
        for (tag, expected) in [
            ("fr", Some(Language::Fr)),
            ("FR-ca", Some(Language::Fr)),
            ("pt_BR", Some(Language::Pt)),
            ("ar-Arab-MA", Some(Language::Ar)),
            ("fra", None),
            ("de", None),
            ("", None),
        ] {
            assert_eq!(Language::parse(tag), expected, "{tag:?}");
        }
    }

    #[test]
    fn negotiation_takes_the_best_of_ours() {
        for (header, expected) in [
            ("de, en;q=0.5, fr;q=0.8", Some(Language::Fr)),
            ("en-GB,en;q=0.9,fr;q=0.9", Some(Language::En)),
            ("fr;q=0, en;q=0.001", Some(Language::En)),
            ("fr;q=0", None),
            ("*", None),
            (";;;q=,", None),
        ] {
            assert_eq!(Language::negotiate(header), expected, "{header:?}");
        }
    }

    #[test]
    fn it_travels_as_its_code() {
        assert_eq!(serde_json::to_string(&Language::Es).expect("it serialises"), "\"es\"");
        assert_eq!(
            serde_json::from_str::<Language>("\"fr-FR\"").expect("it is ours"),
            Language::Fr
        );
        assert!(serde_json::from_str::<Language>("\"xx\"").is_err());
    }
}
