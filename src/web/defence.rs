//! The owner's page of a site's check: whether it works, day by day, why answers are missing, what the
//! provider says of the keys; and the warning that stands on other pages while the set-up is wrong.
//!
//! Figures arrive as numbers and become words here. Shares are thousandths, waits milliseconds. A cause or
//! a provider that has no words yet is shown by the word it is stored under.

use askama::Template;

use super::frame::AdminFrame;
use super::moment::Moment;
use super::texts::{Arg, Say as _, decimal, text, whole_number};
use crate::domain::{defence::Fault, language::Language};

/// `GET /sites/{site}/defence`, and the answer to `POST /sites/{site}/defence/test`.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "defence.html")]
pub struct DefencePage {
    pub frame: AdminFrame,
    /// The site's id.
    pub site: String,
    /// The provider's name in the configuration.
    pub provider: String,
    pub keys: Keys,
    /// The days the figures are of.
    pub days: i64,
    /// Other periods to look at.
    pub periods: Vec<Period>,
    /// `unseen`, `works`, `partly` or `down`.
    pub standing: String,
    pub total: i64,
    pub answered: i64,
    pub without_token: i64,
    pub unavailable: i64,
    pub misconfigured: i64,
    pub missing: i64,
    pub expired: i64,
    pub waits: Option<Waits>,
    /// Scores seen, thousandths, rising.
    pub levels: Vec<i64>,
    /// Those that the key returns only since a few days.
    pub new_levels: Vec<i64>,
    pub is_paused: bool,
    /// Newest first.
    pub by_day: Vec<DayRow>,
    /// Most frequent first.
    pub causes: Vec<CauseRow>,
    /// Most frequent first.
    pub hosts: Vec<HostRow>,
    pub has_more_hosts: bool,
    pub calls_this_month: i64,
    /// `None`: the provider names no free quota.
    pub free_calls: Option<i64>,
    /// What the provider just said.
    pub answer: Option<TestAnswer>,
}

/// The keys of the provider, for the visitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Keys {
    /// The provider is no other server: there are neither keys nor calls.
    #[default]
    None,
    /// The visitor may not test them.
    Hidden,
    /// The visitor is an owner.
    Testable,
}

/// A link to another period.
#[derive(Debug, Clone, Default)]
pub struct Period {
    pub days: i64,
    pub is_current: bool,
}

/// Both quantiles, milliseconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct Waits {
    pub p50_ms: i64,
    pub p95_ms: i64,
}

/// One day of one provider.
#[derive(Debug, Clone, Default)]
pub struct DayRow {
    pub day: Moment,
    pub provider: String,
    pub total: i64,
    pub answered: i64,
    pub without_token: i64,
    pub unavailable: i64,
    pub misconfigured: i64,
    pub waits: Option<Waits>,
}

/// Why comments have no answer.
#[derive(Debug, Clone, Default)]
pub struct CauseRow {
    /// The stored detail, or the class where there is none.
    pub word: String,
    /// `reader`, `sender`, `provider` or `ours`.
    pub side: String,
    pub count: i64,
    /// Of the comments of the period, thousandths.
    pub share: i64,
}

/// A host that is not the site's.
#[derive(Debug, Clone, Default)]
pub struct HostRow {
    /// Empty: the provider named none.
    pub host: String,
    pub count: i64,
}

/// What is used of a free quota, ready to be shown.
#[derive(Debug)]
struct Quota {
    sentence: String,
    free: i64,
    near: i64,
    warning: Option<String>,
}

/// The answer to a test of the keys.
#[derive(Debug, Clone, Default)]
pub struct TestAnswer {
    pub message: String,
    pub is_problem: bool,
}

/// What the provider said to a token that nobody minted, in words. `result` is `not_needed`, `accepted`,
/// `accepts_anything`, `misconfigured` (with what it named) or `unavailable` (with why).
#[must_use]
pub fn test_sentence(language: Language, provider: &str, result: &str, detail: Option<&str>) -> String {
    let detail = detail.unwrap_or_default();
    text(
        language,
        &format!("test-{result}"),
        &[
            ("provider", provider_name(language, provider).into()),
            ("detail", detail.into()),
            ("why", detail.into()),
        ],
    )
}

/// What is wrong with the set-up of the site of that name.
#[must_use]
pub fn fault_sentence(language: Language, site: &str, fault: &Fault) -> String {
    match fault {
        Fault::TestKey => language.say_with("alarm-test_key", "site", site),
        Fault::AddressUnvouched => language.say_with("alarm-address_unvouched", "site", site),
        Fault::Undelivered(count) => text(
            language,
            "alarm-undelivered",
            &[("site", site.into()), ("count", Arg::Count(*count))],
        ),
        Fault::Misconfigured(seen) => text(
            language,
            "alarm-misconfigured",
            &[
                ("site", site.into()),
                ("detail", seen.detail.as_str().into()),
                ("count", Arg::Count(seen.count)),
                ("time", Moment::new(language, seen.at.0).time.into()),
            ],
        ),
    }
}

/// The provider as people call it.
#[must_use]
pub fn provider_name(language: Language, provider: &str) -> String {
    let name = match provider {
        "house" | "off" => return language.say(&format!("provider-{provider}")),
        "recaptcha_v3" => "reCAPTCHA v3",
        "recaptcha_v2" => "reCAPTCHA v2",
        "recaptcha_enterprise" => "reCAPTCHA Enterprise",
        "hcaptcha" => "hCaptcha",
        "turnstile" => "Turnstile",
        "friendly" => "Friendly Captcha",
        "prosopo" => "Prosopo",
        "cap" => "Cap",
        "mcaptcha" => "mCaptcha",
        other => other,
    };
    name.to_owned()
}

/// A share in thousandths as whole per cent: « 12 % », « moins de 1 % ».
fn percent(language: Language, thousandths: i64) -> String {
    if (1..10).contains(&thousandths) {
        return language.say("percent-under-one");
    }
    language.say_count("percent", &((thousandths + 5) / 10))
}

/// Milliseconds as seconds: « 0,12 s ».
fn seconds(language: Language, milliseconds: i64) -> String {
    if milliseconds < 10 {
        return language.say("defence-seconds-under");
    }
    text(
        language,
        "defence-seconds",
        &[("seconds", Arg::Thousandths(milliseconds))],
    )
}

impl DayRow {
    /// The median wait: « 0,12 s »; a dash where nobody was waited for.
    #[must_use]
    pub fn p50_in_words(&self, language: Language) -> String {
        wait(language, self.waits.map(|waits| waits.p50_ms))
    }

    /// The wait that 95 of 100 stay within.
    #[must_use]
    pub fn p95_in_words(&self, language: Language) -> String {
        wait(language, self.waits.map(|waits| waits.p95_ms))
    }
}

fn wait(language: Language, milliseconds: Option<i64>) -> String {
    milliseconds.map_or_else(|| "—".to_owned(), |milliseconds| seconds(language, milliseconds))
}

impl DefencePage {
    /// The first sentence of the page.
    fn standing_sentence(&self) -> String {
        let language = self.frame.language;
        if self.provider == "off" {
            return language.say("defence-off");
        }
        let period = language.say_count("defence-period", &self.days);
        text(
            language,
            &format!("defence-{}", self.standing),
            &[
                ("period", period.into()),
                ("answered", Arg::Count(self.answered)),
                ("total", Arg::Count(self.total)),
            ],
        )
    }

    fn is_outside(&self) -> bool {
        self.keys != Keys::None
    }

    fn may_test(&self) -> bool {
        self.keys == Keys::Testable
    }

    fn is_problem(&self) -> bool {
        self.provider != "off" && matches!(self.standing.as_str(), "partly" | "down")
    }

    fn has_missing_answers(&self) -> bool {
        self.answered < self.total
    }

    fn of_total(&self, count: i64) -> String {
        let language = self.frame.language;
        let share = crate::domain::defence::share(count, self.total);
        text(
            language,
            "defence-of-total",
            &[("count", Arg::Count(count)), ("share", percent(language, share).into())],
        )
    }

    fn waits_in_words(&self) -> String {
        let language = self.frame.language;
        text(
            language,
            "defence-waits-words",
            &[
                ("p50", wait(language, self.waits.map(|waits| waits.p50_ms)).into()),
                ("p95", wait(language, self.waits.map(|waits| waits.p95_ms)).into()),
            ],
        )
    }

    fn levels_in_words(&self, key: &str, levels: &[i64]) -> String {
        let language = self.frame.language;
        let levels: Vec<String> = levels.iter().map(|level| decimal(language, *level)).collect();
        language.say_with(key, "levels", &levels.join(" · "))
    }

    fn cause_in_words(&self, word: &str) -> String {
        let key = format!("cause-{word}");
        let said = self.frame.language.say(&key);
        if said == key { word.to_owned() } else { said }
    }

    fn side_in_words(&self, side: &str) -> String {
        self.frame.language.say(&format!("side-{side}"))
    }

    /// The free quota and what is used of it, with a warning from 80 % on.
    fn quota(&self) -> Option<Quota> {
        let language = self.frame.language;
        let free = self.free_calls?;
        let (used, near) = (self.calls_this_month, free / 10 * 8);
        let share = crate::domain::defence::share(used, free);
        let warning = if used >= free {
            Some("defence-quota-over")
        } else {
            (used >= near).then_some("defence-quota-near")
        };
        Some(Quota {
            sentence: text(
                language,
                "defence-quota",
                &[
                    ("used", Arg::Count(used)),
                    ("free", Arg::Count(free)),
                    ("share", percent(language, share).into()),
                ],
            ),
            free,
            near,
            warning: warning.map(|key| language.say(key)),
        })
    }

    fn share(&self, thousandths: i64) -> String {
        percent(self.frame.language, thousandths)
    }

    fn name_of(&self, provider: &str) -> String {
        provider_name(self.frame.language, provider)
    }

    fn number(&self, number: i64) -> String {
        whole_number(self.frame.language, number)
    }
}
