//! Every word that Palabre says, by language and key (Fluent).
//!
//! Two groups of files stand in `texts/`: `{fr,en,pt,es,ar}.ftl` hold what readers see, and
//! `admin.{fr,en}.ftl` what moderators and owners see. The keys of readers' errors are the codes
//! of the HTTP contract (`body_missing`); `reason-` + code is the sentence of a reason of triage.
//! Always: all files of a group have the same keys with the same variables; readers meet no jargon
//! and no exclamation mark; French has ’ and a narrow no-break space before ; : ! ?. The tests
//! below hold this. To add a text, add its key to every file of its group.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::types::FluentNumber;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

use crate::domain::language::Language;
use crate::domain::reason::Reason;

/// A variable of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arg {
    /// Shown as it is.
    Text(String),
    /// A whole number: chooses the plural form, shown with the language's grouping (`1 240`).
    Count(i64),
    /// A decimal in thousandths (a score, a cut), shown with the language's comma: 300 is `0,3`.
    Thousandths(i64),
}

impl From<&str> for Arg {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Arg {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Arg {
    fn from(count: i64) -> Self {
        Self::Count(count)
    }
}

/// The text of `key` in `language`, with its variables. Never panics: a key that is not there is
/// returned as it is, a variable that was not given shows its name.
#[must_use]
pub fn text(language: Language, key: &str, args: &[(&str, Arg)]) -> String {
    let bundles = [reader_bundle(language), admin_bundle(language.for_admin())];
    let Some((bundle, pattern)) = bundles
        .into_iter()
        .find_map(|bundle| Some((bundle, bundle.get_message(key)?.value()?)))
    else {
        return key.to_owned();
    };
    let mut fluent_args = FluentArgs::with_capacity(args.len());
    for (name, value) in args {
        let value = match value {
            Arg::Text(text) => FluentValue::from(text.as_str()),
            Arg::Count(count) => FluentValue::Number(FluentNumber::from(*count)),
            Arg::Thousandths(thousandths) => FluentValue::from(decimal(language, *thousandths)),
        };
        fluent_args.set((*name).to_owned(), value);
    }
    // The errors are missing variables; the text then shows their names.
    let mut errors = Vec::new();
    bundle
        .format_pattern(pattern, Some(&fluent_args), &mut errors)
        .into_owned()
}

/// Whether `key` is a text of readers (so that it exists in all five languages).
#[must_use]
pub fn is_reader_text(key: &str) -> bool {
    reader_bundle(Language::Fr).has_message(key)
}

/// The sentence of a reason of triage for moderators: `Score 0,3 : sous le seuil 0,5`.
#[must_use]
pub fn reason(language: Language, reason: &Reason) -> String {
    let fields = match serde_json::to_value(reason) {
        Ok(serde_json::Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let args: Vec<(&str, Arg)> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), argument(value)))
        .collect();
    text(language, &format!("reason-{}", reason.code()), &args)
}

/// A figure of a reason: whole numbers count, other numbers are scores and cuts.
fn argument(value: &serde_json::Value) -> Arg {
    if let Some(count) = value.as_i64() {
        return Arg::Count(count);
    }
    if let Some(decimal) = value.as_f64() {
        #[expect(clippy::cast_possible_truncation, reason = "a score is within 0..=1")]
        return Arg::Thousandths((decimal * 1000.0).round() as i64);
    }
    Arg::Text(value.as_str().unwrap_or_default().to_owned())
}

/// A duration in words, rounded up to a unit a person would use: `45 secondes`, `3 minutes`.
#[must_use]
pub fn duration(language: Language, seconds: u64) -> String {
    let (key, count) = match seconds {
        0..=90 => ("duration-seconds", seconds),
        91..=5400 => ("duration-minutes", seconds.div_ceil(60)),
        5401..=172_800 => ("duration-hours", seconds.div_ceil(3600)),
        _ => ("duration-days", seconds.div_ceil(86_400)),
    };
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    text(language, key, &[("count", Arg::Count(count))])
}

/// A number of thousandths as a decimal without needless zeros: 300 is `0,3` (French) or `0.3`.
#[must_use]
pub fn decimal(language: Language, thousandths: i64) -> String {
    let sign = if thousandths < 0 { "-" } else { "" };
    let magnitude = thousandths.unsigned_abs();
    let fraction = format!("{:03}", magnitude % 1000);
    let fraction = fraction.trim_end_matches('0');
    let whole = magnitude / 1000;
    if fraction.is_empty() {
        return format!("{sign}{whole}");
    }
    let comma = match language {
        Language::En | Language::Ar => '.',
        Language::Fr | Language::Pt | Language::Es => ',',
    };
    format!("{sign}{whole}{comma}{fraction}")
}

/// A whole number with the language's grouping of thousands: `1 240`, `1,240`, `1.240`.
#[must_use]
pub fn whole_number(language: Language, number: i64) -> String {
    let separator = match language {
        Language::Fr => "\u{202f}",
        Language::En | Language::Ar => ",",
        Language::Pt | Language::Es => ".",
    };
    let digits = number.unsigned_abs().to_string();
    let mut grouped = String::with_capacity(digits.len() * 2);
    if number < 0 {
        grouped.push('-');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push_str(separator);
        }
        grouped.push(digit);
    }
    grouped
}

/// The text of `key` in each plural form of the language, by the form's name in `Intl.PluralRules`, with `%` where
/// its variable `count` stands. A form that is written as `other` is left out.
#[must_use]
pub fn counted_forms(language: Language, key: &str) -> serde_json::Map<String, serde_json::Value> {
    // A number of each form (<https://www.unicode.org/cldr/charts/48/supplemental/language_plural_rules.html>).
    let forms: &[(&str, i64)] = match language {
        Language::Ar => &[
            ("other", 100),
            ("zero", 0),
            ("one", 1),
            ("two", 2),
            ("few", 3),
            ("many", 11),
        ],
        Language::Fr | Language::Pt | Language::Es => &[("other", 2), ("one", 1), ("many", 1_000_000)],
        Language::En => &[("other", 2), ("one", 1)],
    };
    let mut texts = serde_json::Map::new();
    for (form, count) in forms {
        let text = text(language, key, &[("count", Arg::Count(*count))]).replace(&whole_number(language, *count), "%");
        if texts.get("other").is_none_or(|other| *other != text) {
            texts.insert((*form).to_owned(), text.into());
        }
    }
    texts
}

/// Short calls for templates: `{{ language.say("queue-title") }}`.
pub trait Say {
    /// The text of `key` without variables.
    fn say(&self, key: &str) -> String;
    /// The text of `key` with the variable `count`.
    fn say_count(&self, key: &str, count: &i64) -> String;
    /// The text of `key` with one variable of text.
    fn say_with(&self, key: &str, name: &str, value: &str) -> String;
}

impl Say for Language {
    fn say(&self, key: &str) -> String {
        text(*self, key, &[])
    }

    fn say_count(&self, key: &str, count: &i64) -> String {
        text(*self, key, &[("count", Arg::Count(*count))])
    }

    fn say_with(&self, key: &str, name: &str, value: &str) -> String {
        text(*self, key, &[(name, value.into())])
    }
}

type Bundle = FluentBundle<FluentResource>;

fn reader_bundle(language: Language) -> &'static Bundle {
    static FR: LazyLock<Bundle> = LazyLock::new(|| bundle(Language::Fr, READER_FR));
    static EN: LazyLock<Bundle> = LazyLock::new(|| bundle(Language::En, READER_EN));
    static PT: LazyLock<Bundle> = LazyLock::new(|| bundle(Language::Pt, READER_PT));
    static ES: LazyLock<Bundle> = LazyLock::new(|| bundle(Language::Es, READER_ES));
    static AR: LazyLock<Bundle> = LazyLock::new(|| bundle(Language::Ar, READER_AR));
    match language {
        Language::Fr => &FR,
        Language::En => &EN,
        Language::Pt => &PT,
        Language::Es => &ES,
        Language::Ar => &AR,
    }
}

fn admin_bundle(language: Language) -> &'static Bundle {
    static FR: LazyLock<Bundle> = LazyLock::new(|| bundle(Language::Fr, ADMIN_FR));
    static EN: LazyLock<Bundle> = LazyLock::new(|| bundle(Language::En, ADMIN_EN));
    match language {
        Language::Fr => &FR,
        Language::En | Language::Pt | Language::Es | Language::Ar => &EN,
    }
}

/// A bundle of one file. What does not parse is left out (a test refuses that), never a panic.
fn bundle(language: Language, source: &str) -> Bundle {
    let identifier: LanguageIdentifier = language.code().parse().unwrap_or_default();
    let mut bundle = Bundle::new_concurrent(vec![identifier]);
    // Isolation marks would be visible as odd characters in attributes and JSON; the templates
    // isolate people's words with <bdi> and dir="auto" instead.
    bundle.set_use_isolating(false);
    bundle.set_formatter(Some(match language {
        Language::Fr => |value, _| grouped(Language::Fr, value),
        Language::En | Language::Ar => |value, _| grouped(Language::En, value),
        Language::Pt | Language::Es => |value, _| grouped(Language::Es, value),
    }));
    let resource = match FluentResource::try_new(source.to_owned()) {
        Ok(resource) | Err((resource, _)) => resource,
    };
    bundle.add_resource_overriding(resource);
    bundle
}

/// Numbers in texts, grouped; other values keep Fluent's own form.
fn grouped(language: Language, value: &FluentValue<'_>) -> Option<String> {
    match value {
        FluentValue::Number(number) => {
            #[expect(clippy::cast_possible_truncation, reason = "made from an i64 count above")]
            let whole = number.value as i64;
            Some(whole_number(language, whole))
        }
        _ => None,
    }
}

const READER_FR: &str = include_str!("texts/fr.ftl");
const READER_EN: &str = include_str!("texts/en.ftl");
const READER_PT: &str = include_str!("texts/pt.ftl");
const READER_ES: &str = include_str!("texts/es.ftl");
const READER_AR: &str = include_str!("texts/ar.ftl");
const ADMIN_FR: &str = include_str!("texts/admin.fr.ftl");
const ADMIN_EN: &str = include_str!("texts/admin.en.ftl");

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::domain::{code::Code, score::Score};

    const READER_FILES: [(Language, &str); 5] = [
        (Language::Fr, READER_FR),
        (Language::En, READER_EN),
        (Language::Pt, READER_PT),
        (Language::Es, READER_ES),
        (Language::Ar, READER_AR),
    ];
    const ADMIN_FILES: [(Language, &str); 2] = [(Language::Fr, ADMIN_FR), (Language::En, ADMIN_EN)];

    /// Every key of a file with the variables that its text names.
    fn keys(source: &str) -> BTreeMap<String, BTreeSet<String>> {
        let resource = FluentResource::try_new(source.to_owned()).expect("the file parses");
        let count = resource.entries().count();
        let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut current = None;
        for line in source.lines() {
            if let Some((key, _)) = line.split_once(" =")
                && !line.starts_with(['#', ' ', '}'])
            {
                assert!(
                    keys.insert(key.to_owned(), BTreeSet::new()).is_none(),
                    "{key} stands twice"
                );
                current = Some(key.to_owned());
            }
            let Some(current) = current.as_ref() else {
                continue;
            };
            for variable in line.split('$').skip(1) {
                let name = variable.split([' ', '}', ',']).next().expect("split gives one");
                keys.get_mut(current).expect("just inserted").insert(name.to_owned());
            }
        }
        assert_eq!(keys.len(), count, "every line with a key was read as a message");
        keys
    }

    #[test]
    fn all_languages_have_the_same_keys_and_variables() {
        for files in [&READER_FILES[..], &ADMIN_FILES[..]] {
            let expected = keys(files[0].1);
            for (language, source) in files {
                assert_eq!(keys(source), expected, "{language}");
            }
        }
        let readers = keys(READER_FR);
        assert!(
            keys(ADMIN_FR).keys().all(|key| !readers.contains_key(key)),
            "a key belongs to one group"
        );
    }

    #[test]
    fn readers_meet_neither_jargon_nor_exclamation_marks() {
        for (language, source) in READER_FILES {
            for line in source.lines().filter(|line| !line.starts_with('#')) {
                let text = line.split_once(" = ").map_or(line, |(_, text)| text);
                assert!(!text.contains(['!', '¡']), "{language}: {line}");
                for word in text
                    .to_lowercase()
                    .split(|character: char| !character.is_alphanumeric())
                {
                    assert!(
                        !["score", "token", "captcha", "bot", "jeton", "spam", "honeypot"].contains(&word),
                        "{language}: {line}"
                    );
                }
            }
        }
    }

    #[test]
    fn french_has_its_typography() {
        for (language, source) in READER_FILES.into_iter().chain(ADMIN_FILES) {
            if language != Language::Fr {
                continue;
            }
            for line in source.lines().filter(|line| !line.starts_with('#')) {
                assert!(!line.contains('\''), "’ and not ': {line}");
                for mark in [" ;", " :", " !", " ?", " »", "« ", "\u{a0}"] {
                    assert!(!line.contains(mark), "narrow no-break space around {mark:?}: {line}");
                }
                let text = line.split_once(" = ").map_or(line, |(_, text)| text);
                let glued = text.char_indices().any(|(at, mark)| {
                    matches!(mark, ';' | '!' | '?' | ':')
                        && !text[..at].ends_with('\u{202f}')
                        && !text[at..].starts_with("://")
                });
                assert!(!glued, "a space before the mark: {line}");
            }
        }
    }

    #[test]
    fn numbers_take_the_form_of_the_language() {
        assert_eq!(decimal(Language::Fr, 300), "0,3");
        assert_eq!(decimal(Language::En, 305), "0.305");
        assert_eq!(decimal(Language::Fr, 1000), "1");
        assert_eq!(decimal(Language::Fr, 50), "0,05");
        assert_eq!(whole_number(Language::Fr, 1_240_000), "1\u{202f}240\u{202f}000");
        assert_eq!(whole_number(Language::En, -999), "-999");
        assert_eq!(Language::Fr.say_count("comments_count", &1), "1 commentaire");
        assert_eq!(
            Language::Fr.say_count("comments_count", &1240),
            "1\u{202f}240 commentaires"
        );
        assert_eq!(Language::Fr.say_count("comments_count", &0), "Aucun commentaire");
        assert_eq!(Language::Ar.say_count("comments_count", &2), "تعليقان");
        assert_eq!(duration(Language::Fr, 1), "1 seconde");
        assert_eq!(duration(Language::En, 121), "3 minutes");
        assert_eq!(duration(Language::En, 5401), "2 hours");
        assert_eq!(
            duration(Language::Fr, u64::MAX),
            "213\u{202f}503\u{202f}982\u{202f}334\u{202f}602 jours"
        );
    }

    #[test]
    fn a_count_has_the_plural_forms_of_its_language() {
        let forms = |language, key| serde_json::Value::Object(counted_forms(language, key));
        assert_eq!(
            forms(Language::Fr, "characters_left"),
            serde_json::json!({"one": "% caractère restant", "other": "% caractères restants"})
        );
        for &language in Language::ALL {
            for key in ["characters_left", "body_too_long_script"] {
                let forms = counted_forms(language, key);
                assert!(
                    forms.len() >= if language == Language::Ar { 6 } else { 2 },
                    "{language} {key}"
                );
                let has_digit =
                    |text: &serde_json::Value| text.to_string().contains(|char: char| char.is_ascii_digit());
                assert!(!forms.values().any(has_digit), "{language} {key}: {forms:?}");
                assert!(forms["other"].to_string().contains('%'), "{language} {key}");
            }
        }
        let surplus = |count| text(Language::Ar, "body_too_long", &[("surplus", Arg::Count(count))]);
        assert!(surplus(11).contains("حرفًا") && surplus(100).ends_with("حرف."));
    }

    #[test]
    fn a_missing_key_or_variable_never_panics() {
        assert_eq!(Language::Fr.say("no-such-key"), "no-such-key");
        assert_eq!(Language::Fr.say(""), "");
        assert!(Language::Fr.say("rate_limited").contains("wait"));
    }

    #[test]
    fn every_code_has_a_sentence_in_every_language() {
        for code in Code::ALL {
            for &language in Language::ALL {
                let sentence = language.say(code.as_str());
                assert_ne!(sentence, code.as_str(), "{code} has no sentence in {language}");
            }
        }
    }

    #[test]
    fn every_reason_is_a_sentence_in_both_languages() {
        let score = Score::from_thousandths(300).expect("in range");
        let cut = Score::from_thousandths(500).expect("in range");
        assert_eq!(
            reason(Language::Fr, &Reason::ScoreBelow { score, cut }),
            "Score 0,3\u{202f}: sous le seuil 0,5"
        );
        let one = Score::from_thousandths(1000).expect("in range");
        assert_eq!(
            reason(Language::Fr, &Reason::ScoreAtLeast { score: one, cut }),
            "Score 1\u{202f}: atteint le seuil 0,5"
        );
        assert_eq!(reason(Language::Fr, &Reason::Links { count: 1 }), "1 lien");
        assert_eq!(reason(Language::Pt, &Reason::Links { count: 2 }), "2 links");
        let why = "timeout".to_owned();
        assert_eq!(
            reason(Language::Fr, &Reason::Unavailable { why }),
            "Service de vérification trop lent"
        );
        let seen = "{ $cut }".to_owned();
        assert!(reason(Language::Fr, &Reason::WrongHost { seen }).contains("{ $cut }"));
        for reason_value in every_reason() {
            for language in [Language::Fr, Language::En] {
                let sentence = reason(language, &reason_value);
                assert!(
                    !sentence.starts_with("reason-") && !sentence.contains("{$"),
                    "{sentence}"
                );
            }
        }
    }

    fn every_reason() -> Vec<Reason> {
        let score = Score::from_thousandths(0).expect("in range");
        let cut = Score::from_thousandths(1000).expect("in range");
        let word = || "seen".to_owned();
        vec![
            Reason::Observe,
            Reason::ModerationBefore,
            Reason::ScoreBelow { score, cut },
            Reason::ScoreHeld { score },
            Reason::ScoreAtLeast { score, cut },
            Reason::ScoreRefused { score, cut },
            Reason::StepUp { score, cut },
            Reason::StepUpPassed,
            Reason::Links { count: 3 },
            Reason::LinkDisguised {
                shown: word(),
                host: word(),
            },
            Reason::ManyLinks,
            Reason::TrustWithoutProof,
            Reason::CheckOff,
            Reason::CaptchaPassed,
            Reason::CaptchaFailed,
            Reason::TokenMissing,
            Reason::TokenMalformed,
            Reason::TokenExpired,
            Reason::TokenDuplicate,
            Reason::TokenForeign,
            Reason::WrongAction { seen: word() },
            Reason::WrongHost { seen: word() },
            Reason::WrongSite,
            Reason::NotRun { why: word() },
            Reason::Misconfigured { detail: word() },
            Reason::Unavailable { why: word() },
            Reason::ProviderSays { words: word() },
            Reason::FormMissing,
            Reason::FormExpired,
            Reason::FormForged,
            Reason::FormReused,
            Reason::Honeypot,
            Reason::TooFast { seconds: 2 },
            Reason::ProofMissing,
            Reason::ProofForged,
            Reason::CheckedHere { score },
            Reason::EmailRate,
            Reason::DeviceRate,
            Reason::SiteSurge,
            Reason::OriginUnknown,
            Reason::LeaseLost,
            Reason::ProviderBusy,
        ]
    }
}
