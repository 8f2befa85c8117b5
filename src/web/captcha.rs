//! The owner's page of a site's thresholds: what the scores were worth, what other cuts would have
//! done, and the versions with their way back.
//!
//! The preview is a GET form and changes nothing; applying and reverting are POSTs that make a new
//! version. Scores and cuts are thousandths here and become decimals of the language in words.

use askama::Template;

use super::frame::AdminFrame;
use super::moment::Moment;
use super::texts::{Arg, Say as _, decimal, text, whole_number};
use crate::domain::{
    language::Language,
    refusal::{Doubt, Price, Refused},
};

/// `GET /sites/{site}/captcha`.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "captcha.html")]
pub struct CaptchaPage {
    pub frame: AdminFrame,
    /// The site's id; the forms post to `/sites/{site}/captcha/policies` and
    /// `/sites/{site}/captcha/policies/{n}/revert`.
    pub site: String,
    pub site_name: String,
    /// The provider's name in the configuration: `house`, `recaptcha_v3`, `off`…
    pub provider: String,
    /// The days the figures are of: 30.
    pub days: i64,
    pub summary: Summary,
    /// By rising level; empty when there were no scores yet.
    pub levels: Vec<LevelRow>,
    /// The version in force; 0 while none was applied.
    pub version: i64,
    /// Its cuts in thousandths.
    pub cuts: CutsView,
    /// The site publishes nothing without a moderator (`moderation = "before"`).
    pub moderates_before: bool,
    /// The three fields as typed, or the cuts in force.
    pub fields: CutFields,
    /// Errors of the three fields or of the confirmation, as sentences.
    pub errors: Vec<CutError>,
    /// What the typed cuts would have done; `None` before a preview.
    pub preview: Option<Preview>,
    /// Newest first; empty while nothing was applied yet.
    pub history: Vec<PolicyRow>,
    /// Whether the visitor may apply and revert (owners); others see.
    pub may_apply: bool,
    /// Whether there is a rule to take back: the observation is offered then.
    pub may_observe: bool,
    /// What just happened: « Version 4 en vigueur. »
    pub flash: Option<String>,
}

/// The outcomes of the period.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// Comments with a score.
    pub scored: i64,
    pub published: i64,
    pub held: i64,
    pub step_up: i64,
    pub refused: i64,
    /// Of those held, how many moderators published.
    pub held_then_approved: i64,
    /// Comments of the period without a score (check off, not run, failed).
    pub unscored: i64,
}

/// One level of the score.
#[derive(Debug, Clone, Default)]
pub struct LevelRow {
    /// Thousandths.
    pub level: i64,
    pub total: i64,
    pub published: i64,
    pub held: i64,
    pub step_up: i64,
    pub refused: i64,
    /// Moderators' verdicts.
    pub approved: i64,
    pub rejected: i64,
    pub spam: i64,
    /// The share of verdicts that are « approved », with its Wilson 95 % interval; shown from 8
    /// verdicts on.
    pub approved_share: Interval,
    /// The same of « approved » and « rejected » together.
    pub human_share: Interval,
}

/// A share with its interval, each in thousandths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Interval {
    pub share: i64,
    pub low: i64,
    pub high: i64,
}

/// Three cuts in thousandths; `None` is absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CutsView {
    pub publish_from: Option<i64>,
    pub step_up_below: Option<i64>,
    pub refuse_below: Option<i64>,
}

/// The three number fields, as text with a dot (`0.5`) or empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CutFields {
    pub publish_from: String,
    pub step_up_below: String,
    pub refuse_below: String,
}

/// One error of the forms.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CutError {
    /// `publish_from`, `step_up_below`, `refuse_below` or `confirm`.
    pub field: String,
    pub message: String,
}

/// What the typed cuts would have done to the period's comments.
#[derive(Debug, Clone, Default)]
pub struct Preview {
    pub published: Change,
    pub held: Change,
    pub step_up: Change,
    pub refused: Change,
    /// How many comments would have had another outcome.
    pub changed: i64,
    /// At most 25 of them.
    pub comments: Vec<ChangedComment>,
    /// The version the change starts from; sent back as `base`.
    pub base: i64,
    /// The earlier version that these are the rules of; `None`: they were typed.
    pub revert: Option<i64>,
    /// What it would refuse, by the moderators' decisions.
    pub turned_away: Refused,
    pub price: Price,
    /// Why applying asks to type the site's id (field `confirm`); empty: it does not.
    pub doubts: Vec<Doubt>,
    /// The note as typed, kept when applying failed.
    pub note: String,
}

/// A count before and after.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Change {
    pub before: i64,
    pub after: i64,
}

/// A comment whose outcome would differ.
#[derive(Debug, Clone, Default)]
pub struct ChangedComment {
    pub name: String,
    pub moment: Moment,
    /// Thousandths.
    pub score: Option<i64>,
    /// `published`, `held`, `step_up` or `refused`.
    pub before: String,
    pub after: String,
    /// A status word (`approved`, `pending`…): what moderators decided.
    pub status: String,
    pub excerpt: String,
    /// Link to it in the queue; `None` when it cannot be shown there.
    pub href: Option<String>,
}

/// One version of the policy.
#[derive(Debug, Clone, Default)]
pub struct PolicyRow {
    pub version: i64,
    pub author: String,
    pub moment: Moment,
    pub note: String,
    pub cuts: CutsView,
    /// The one in force: it has no revert button.
    pub is_current: bool,
    /// Going back to it asks to type the site's id.
    pub is_asked_about: bool,
}

impl PolicyRow {
    /// Its rules in words, and by name where it has none: « Observation : tout est relu ».
    fn rules_in_words(&self, language: Language) -> String {
        if self.cuts == CutsView::default() {
            return language.say("version-observe");
        }
        self.cuts.in_words(language)
    }
}

impl CutsView {
    /// The cuts in words: « publier à partir de 0,7, écarter sous 0,3 ».
    #[must_use]
    pub fn in_words(&self, language: Language) -> String {
        let parts: Vec<String> = [
            ("cut-publish", self.publish_from),
            ("cut-step-up", self.step_up_below),
            ("cut-refuse", self.refuse_below),
        ]
        .into_iter()
        .filter_map(|(key, cut)| cut.map(|cut| text(language, key, &[("cut", Arg::Thousandths(cut))])))
        .collect();
        if parts.is_empty() {
            return language.say("cuts-observe");
        }
        parts.join(", ")
    }
}

impl LevelRow {
    /// Comments of the level on which a moderator decided.
    #[must_use]
    pub fn verdicts(&self) -> i64 {
        self.approved + self.rejected + self.spam
    }

    /// A share of its verdicts in words, as a natural frequency: « 94 sur 100 (85 à 98) ».
    #[must_use]
    pub fn share_in_words(&self, language: Language, interval: Interval) -> String {
        // Under eight verdicts an interval is so wide that a figure would only mislead.
        const FEWEST_VERDICTS: i64 = 8;
        let verdicts = self.verdicts();
        if verdicts < FEWEST_VERDICTS {
            return language.say_count("share-unknown", &verdicts);
        }
        let of_hundred = |thousandths: i64| Arg::Count((thousandths + 5) / 10);
        text(
            language,
            "share",
            &[
                ("share", of_hundred(interval.share)),
                ("low", of_hundred(interval.low)),
                ("high", of_hundred(interval.high)),
            ],
        )
    }
}

impl ChangedComment {
    /// « score 0,7 », or nothing without a score.
    #[must_use]
    pub fn score_in_words(&self, language: Language) -> String {
        self.score.map_or_else(String::new, |score| {
            text(language, "preview-score", &[("score", Arg::Thousandths(score))])
        })
    }
}

impl Change {
    /// « 12 → 30 (+18) », or « 12, sans changement ».
    #[must_use]
    pub fn in_words(&self, language: Language) -> String {
        let before = whole_number(language, self.before);
        if self.before == self.after {
            return language.say_with("change-none", "before", &before);
        }
        let difference = self.after - self.before;
        let sign = if difference > 0 { "+" } else { "−" };
        let magnitude = i64::try_from(difference.unsigned_abs()).unwrap_or(i64::MAX);
        text(
            language,
            "change",
            &[
                ("before", before.into()),
                ("after", Arg::Count(self.after)),
                (
                    "difference",
                    format!("{sign}{}", whole_number(language, magnitude)).into(),
                ),
            ],
        )
    }
}

impl CaptchaPage {
    /// The first sentence of the page.
    fn summary_sentence(&self) -> String {
        let language = self.frame.language;
        if self.summary.scored == 0 {
            return language.say("captcha-no-data");
        }
        let outcomes = [
            ("summary-published", self.summary.published),
            ("summary-held", self.summary.held),
            ("summary-step_up", self.summary.step_up),
            ("summary-refused", self.summary.refused),
        ]
        .map(|(key, count)| language.say_count(key, &count))
        .join(", ");
        text(
            language,
            "captcha-summary",
            &[
                ("days", Arg::Count(self.days)),
                ("scored", Arg::Count(self.summary.scored)),
                ("outcomes", outcomes.into()),
            ],
        )
    }

    fn held_sentence(&self) -> String {
        text(
            self.frame.language,
            "captcha-held-then-approved",
            &[
                ("held", Arg::Count(self.summary.held)),
                ("approved", Arg::Count(self.summary.held_then_approved)),
            ],
        )
    }

    /// What the rule would do to readers, with what moderators decided on such comments.
    fn refused_sentence(&self, refused: &Refused) -> String {
        text(
            self.frame.language,
            "preview-refused",
            &[
                ("count", Arg::Count(refused.total)),
                ("approved", Arg::Count(refused.approved)),
                ("rejected", Arg::Count(refused.rejected)),
                ("spam", Arg::Count(refused.spam)),
                ("undecided", Arg::Count(refused.undecided())),
            ],
        )
    }

    /// What the press of the button does.
    fn apply_words(&self, preview: &Preview) -> String {
        let language = self.frame.language;
        let Price {
            refused,
            published,
            days,
        } = preview.price;
        if preview.doubts.is_empty() || refused == 0 {
            return match preview.revert {
                Some(version) => language.say_count("revert-button", &version),
                None => language.say("apply-button"),
            };
        }
        let key = if days == 1 {
            "apply-refuses-by-day"
        } else {
            "apply-refuses"
        };
        let refuses = text(
            language,
            key,
            &[("count", Arg::Count(refused)), ("days", Arg::Count(days))],
        );
        if published == 0 {
            return refuses;
        }
        text(
            language,
            "apply-refuses-published",
            &[("refuses", refuses.into()), ("count", Arg::Count(published))],
        )
    }

    fn doubt_words(&self, doubt: Doubt) -> String {
        self.frame.language.say(&format!("doubt-{}", doubt.as_str()))
    }

    fn error(&self, field: &str) -> Option<&str> {
        self.errors
            .iter()
            .find(|error| error.field == field)
            .map(|error| error.message.as_str())
    }

    fn outcome_word(&self, outcome: &str) -> String {
        self.frame.language.say(&format!("outcome-{outcome}"))
    }

    fn verdict_word(&self, status: &str) -> String {
        self.frame.language.say(&format!("status-{status}"))
    }

    /// The newest version, the base of a revert.
    fn newest(&self) -> i64 {
        self.history.first().map_or(self.version, |row| row.version)
    }

    fn number(&self, number: i64) -> String {
        whole_number(self.frame.language, number)
    }

    fn score(&self, thousandths: i64) -> String {
        decimal(self.frame.language, thousandths)
    }
}
