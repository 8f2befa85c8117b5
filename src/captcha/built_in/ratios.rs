//! What each thing that the built-in check sees is worth, from a shipped prior and a site's own verdicts.
//!
//! A submission shows one word of each signal (`proof=solved`, `age=calm` …). A word's ratio is
//! `ln P(word | person) / P(word | spam)`, in tenths: the sum of six is the log odds of a person. The prior
//! comes from public write-ups of such checks. [`Ratios::learn`] corrects it by what moderators approved
//! and marked as spam on the site (rejected comments are people's, only unwelcome, and count for neither),
//! with the prior as [`PSEUDO`] comments of each kind, capped at ±2. Invariant: a word never weighs
//! towards the other side than the prior's, and one that the prior gives no weight keeps none, so that
//! having no script costs nobody a point on any site.
//!
//! A score can be computed again at any time: the words are stored with the ratios in force then, as
//! `proof=solved age=calm honeypot=no links=few author=new body=new ratios=7,5,0,0,0,0`. [`replay`] sums
//! them up. Where a device token came, its record stands before the ratios, as `device=2/0/0`. To add a signal:
//! its words in [`WORDS`], its word in [`Signals::words`]; stored ones stay readable, since they carry their own
//! ratios.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::domain::{
    evidence::LabelledSignals,
    score::Score,
    trust::DeviceRecord,
    verdict::{Verdict, Why},
};

/// Comments of each kind that the prior counts for.
const PSEUDO: f64 = 20.0;
/// No word weighs more, tenths.
const CAP: f64 = 20.0;
/// Nobody reads a form and writes in less.
pub(super) const TOO_FAST_MS: i64 = 3_000;

/// Every word with its prior ratio in tenths.
const WORDS: [(&str, i32); 15] = [
    ("proof=solved", 7),
    ("proof=missing", 0),
    ("proof=implausible", 0),
    ("proof=forged", -20),
    ("age=hasty", -15),
    ("age=quick", -3),
    ("age=calm", 5),
    ("honeypot=yes", -20),
    ("honeypot=no", 0),
    ("links=many", -10),
    ("links=few", 0),
    ("author=known", 10),
    ("author=new", 0),
    ("body=seen", -15),
    ("body=new", 0),
];

/// What a proof of work is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// None came, it came too late, or its key was replaced meanwhile.
    Missing,
    /// Right, but in a time that no solver needs.
    Implausible,
    Solved,
    /// Wrong, changed, used, or made for another form.
    Forged,
}

/// What is seen of one submission.
#[derive(Debug)]
pub(super) struct Signals {
    pub(super) proof: Proof,
    /// How long the form was open, milliseconds.
    pub(super) age_ms: i64,
    pub(super) honeypot: bool,
    pub(super) links: usize,
    pub(super) known_author: bool,
    /// The same long text came under another article within a day.
    pub(super) seen_elsewhere: bool,
}

impl Signals {
    /// One word for each signal.
    fn words(&self) -> [&'static str; 6] {
        [
            match self.proof {
                Proof::Solved => "proof=solved",
                Proof::Missing => "proof=missing",
                Proof::Implausible => "proof=implausible",
                Proof::Forged => "proof=forged",
            },
            match self.age_ms {
                ..TOO_FAST_MS => "age=hasty",
                TOO_FAST_MS..10_000 => "age=quick",
                10_000.. => "age=calm",
            },
            if self.honeypot { "honeypot=yes" } else { "honeypot=no" },
            if self.links >= 3 { "links=many" } else { "links=few" },
            if self.known_author {
                "author=known"
            } else {
                "author=new"
            },
            if self.seen_elsewhere { "body=seen" } else { "body=new" },
        ]
    }
}

/// The ratio of every word, tenths, in the order of `WORDS`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ratios([i32; WORDS.len()]);

impl Default for Ratios {
    /// The shipped prior.
    fn default() -> Self {
        Self(WORDS.map(|(_, prior)| prior))
    }
}

impl Ratios {
    /// The prior, corrected by the verdicts of a site's moderators.
    #[must_use]
    pub fn learn(labelled: &[LabelledSignals]) -> Self {
        let mut counts = [[0.0_f64; 2]; WORDS.len()];
        let mut totals = [0.0_f64; 2];
        for row in labelled {
            let count = f64::from(u32::try_from(row.count).unwrap_or(0));
            totals[usize::from(row.spam)] += count;
            for word in row.signals.split(' ') {
                if let Some(place) = place(word) {
                    counts[place][usize::from(row.spam)] += count;
                }
            }
        }
        let mut ratios = Self::default();
        for (ratio, [people, spam]) in ratios.0.iter_mut().zip(counts) {
            *ratio = estimate(*ratio, people, spam, totals);
        }
        ratios
    }

    /// The score of what was seen, with the words and ratios that it follows from.
    pub(super) fn weigh(&self, signals: &Signals) -> (Verdict, String) {
        let words = signals.words();
        let tenths = words.map(|word| place(word).map_or(0, |place| self.0[place]));
        let ratios = tenths.map(|ratio| ratio.to_string()).join(",");
        (
            verdict(tenths.iter().sum()),
            format!("{} ratios={ratios}", words.join(" ")),
        )
    }
}

/// The verdict that stored signals gave; `None` when they are not in the form of this module.
#[must_use]
pub fn replay(signals: &str) -> Option<Verdict> {
    let ratios = signals.split(' ').find_map(|word| word.strip_prefix("ratios="))?;
    let tenths = ratios
        .split(',')
        .map(|ratio| ratio.parse::<i32>().ok())
        .sum::<Option<i32>>()?;
    Some(verdict(tenths))
}

/// The verdict that stored signals would have given of an author who is not known; `None` as [`replay`].
#[must_use]
pub fn without_trust(signals: &str) -> Option<Verdict> {
    let (words, ratios) = signals.split_once(" ratios=")?;
    let tenths = words
        .split(' ')
        .zip(ratios.split(','))
        .filter(|(word, _)| *word != "author=known")
        .map(|(_, ratio)| ratio.parse::<i32>().ok())
        .sum::<Option<i32>>()?;
    Some(verdict(tenths))
}

/// Whether a right proof of work is among stored signals.
#[must_use]
pub fn has_proof(signals: &str) -> bool {
    signals.split(' ').any(|word| word == "proof=solved")
}

/// The signals with the record of the device that they came from.
#[must_use]
pub fn with_record(signals: &str, record: DeviceRecord) -> String {
    signals.replacen(" ratios=", &format!(" device={record} ratios="), 1)
}

fn place(word: &str) -> Option<usize> {
    WORDS.iter().position(|(name, _)| *name == word)
}

/// A word's ratio from its prior and from how many of `totals` (people, spam) showed it.
fn estimate(prior: i32, people: f64, spam: f64, totals: [f64; 2]) -> i32 {
    if prior == 0 {
        return 0;
    }
    // Pseudo-counts around the word's own frequency that have the prior's ratio: with no verdicts at all
    // the estimate is the prior, with many it is what was counted.
    let frequency = (people + spam + 1.0) / (totals[0] + totals[1] + 2.0);
    let odds = (f64::from(prior) / 10.0).exp();
    let (as_person, as_spam) = (frequency * 2.0 * odds / (1.0 + odds), frequency * 2.0 / (1.0 + odds));
    let rate = |count: f64, total: f64, assumed: f64| (count + PSEUDO * assumed) / (total + PSEUDO);
    let ratio = (rate(people, totals[0], as_person) / rate(spam, totals[1], as_spam)).ln();
    let (lowest, highest) = if prior > 0 { (0.0, CAP) } else { (-CAP, 0.0) };
    #[expect(clippy::cast_possible_truncation, reason = "clamped to a small range")]
    let tenths = (ratio * 10.0).round().clamp(lowest, highest) as i32;
    tenths
}

/// The level of the score, 0.1 0.3 0.5 0.7 or 0.9, with the score itself to three decimals as its raw
/// form. No sum of tenths falls on an edge, so rounding cannot tip a level.
fn verdict(tenths: i32) -> Verdict {
    let h = 1.0 / (1.0 + (-f64::from(tenths) / 10.0).exp());
    let level = match h {
        ..0.15 => 100,
        0.15..0.4 => 300,
        0.4..0.65 => 500,
        0.65..0.85 => 700,
        _ => 900,
    };
    match Score::from_thousandths(level) {
        Some(score) => Verdict::Scored {
            score,
            raw: format!("{h:.3}"),
        },
        // Never: the levels are in range.
        None => Verdict::Unavailable(Why::Garbage),
    }
}

/// The ratios in force by site; a site without its own has the prior. Lost at a restart, and learned
/// again at once.
#[derive(Debug, Default)]
pub(super) struct RatiosBySite {
    ratios: Mutex<HashMap<String, Arc<Ratios>>>,
}

impl RatiosBySite {
    pub(super) fn of(&self, site: &str) -> Arc<Ratios> {
        let ratios = self.ratios.lock().unwrap_or_else(PoisonError::into_inner);
        ratios.get(site).cloned().unwrap_or_default()
    }

    pub(super) fn set(&self, site: &str, learned: Ratios) {
        let mut ratios = self.ratios.lock().unwrap_or_else(PoisonError::into_inner);
        ratios.insert(site.to_owned(), Arc::new(learned));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labelled(signals: &str, spam: bool, count: i64) -> LabelledSignals {
        LabelledSignals {
            signals: signals.to_owned(),
            spam,
            count,
        }
    }

    fn of(ratios: &Ratios, word: &str) -> i32 {
        ratios.0[place(word).expect("a word")]
    }

    #[test]
    fn signals_become_levels() {
        use Proof::{Forged, Implausible, Missing, Solved};
        let (yes, no) = (true, false);
        for (proof, age_ms, honeypot, links, known_author, seen_elsewhere, level, raw) in [
            (Solved, 60_000, no, 0, no, no, 700, "0.769"),
            (Missing, 60_000, no, 0, no, no, 500, "0.622"),
            (Implausible, 60_000, no, 0, no, no, 500, "0.622"),
            (Solved, 60_000, no, 0, yes, no, 900, "0.900"),
            (Missing, 60_000, no, 0, yes, no, 700, "0.818"),
            (Solved, 60_000, no, 2, no, no, 700, "0.769"),
            (Solved, 60_000, no, 3, no, no, 500, "0.550"),
            (Solved, 10_000, no, 0, no, no, 700, "0.769"),
            (Solved, 9_999, no, 0, no, no, 500, "0.599"),
            (Solved, 3_000, no, 0, no, no, 500, "0.599"),
            (Solved, 2_999, no, 0, no, no, 300, "0.310"),
            (Missing, 2_000, no, 0, no, no, 300, "0.182"),
            (Forged, 60_000, no, 0, no, no, 300, "0.182"),
            (Solved, 60_000, yes, 0, no, no, 300, "0.310"),
            (Solved, 60_000, no, 0, no, yes, 500, "0.426"),
            (Forged, 2_000, yes, 0, no, no, 100, "0.004"),
        ] {
            let signals = Signals {
                proof,
                age_ms,
                honeypot,
                links,
                known_author,
                seen_elsewhere,
            };
            let score = Score::from_thousandths(level).expect("in range");
            let raw = raw.to_owned();
            let (verdict, stored) = Ratios::default().weigh(&signals);
            assert_eq!(verdict, Verdict::Scored { score, raw });
            assert_eq!(replay(&stored), Some(verdict), "{stored}");
        }
    }

    #[test]
    fn what_is_stored_is_words_and_their_ratios() {
        let signals = Signals {
            proof: Proof::Solved,
            age_ms: 60_000,
            honeypot: false,
            links: 0,
            known_author: false,
            seen_elsewhere: false,
        };
        let (_, stored) = Ratios::default().weigh(&signals);
        let expected = "proof=solved age=calm honeypot=no links=few author=new body=new ratios=7,5,0,0,0,0";
        assert_eq!(stored, expected);
        for garbage in ["", "proof=solved", "ratios=", "ratios=7,x", "ratios=7;5"] {
            assert_eq!(replay(garbage), None, "{garbage}");
        }
    }

    #[test]
    fn h5_a_record_is_kept_beside_the_words_and_can_be_taken_off() {
        let signals = Signals {
            proof: Proof::Missing,
            age_ms: 60_000,
            honeypot: false,
            links: 0,
            known_author: true,
            seen_elsewhere: false,
        };
        let (verdict, stored) = Ratios::default().weigh(&signals);
        let record = DeviceRecord {
            approved: 2,
            rejected: 1,
            spam: 0,
        };
        let kept = with_record(&stored, record);
        assert!(
            kept.ends_with("author=known body=new device=2/1/0 ratios=0,5,0,0,10,0"),
            "{kept}"
        );
        assert_eq!(replay(&kept), Some(verdict));
        for stored in [&stored, &kept] {
            assert_eq!(
                without_trust(stored)
                    .and_then(|verdict| verdict.score())
                    .map(Score::thousandths),
                Some(500)
            );
            assert!(!has_proof(stored));
        }
        assert_eq!(without_trust("proof=solved"), None);
    }

    #[test]
    fn without_verdicts_the_prior_holds_and_with_many_the_counts_do() {
        assert_eq!(Ratios::learn(&[]), Ratios::default());
        // Here nine of ten spammers solve the proof, and half of the people.
        let ratios = Ratios::learn(&[
            labelled("proof=solved age=calm ratios=7,5", false, 5_000),
            labelled("proof=missing age=calm", false, 5_000),
            labelled("proof=solved age=calm", true, 4_500),
            labelled("proof=missing age=hasty", true, 500),
            labelled("nothing=known", true, 0),
        ]);
        assert_eq!(of(&ratios, "proof=solved"), 0, "never against what it stands for");
        assert_eq!(of(&ratios, "proof=missing"), 0);
        assert_eq!(of(&ratios, "age=calm"), 1, "ln 1/0.9");
        assert_eq!(of(&ratios, "age=hasty"), -20, "capped");
        // A few verdicts move it a little.
        let few = Ratios::learn(&[labelled("proof=solved", false, 10), labelled("proof=missing", true, 10)]);
        assert!((8..20).contains(&of(&few, "proof=solved")), "{few:?}");
    }

    #[test]
    fn each_site_has_its_own() {
        let by_site = RatiosBySite::default();
        let learned = Ratios::learn(&[labelled("links=many", true, 400), labelled("links=few", false, 400)]);
        by_site.set("faso", learned.clone());
        assert_eq!(*by_site.of("faso"), learned);
        assert_eq!(*by_site.of("sahel"), Ratios::default());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn h5_trust_only_helps_and_never_publishes_what_has_no_proof(
            proof in proptest::sample::select(vec![Proof::Missing, Proof::Implausible, Proof::Solved, Proof::Forged]),
            (age_ms, links) in (0_i64..100_000, 0_usize..5),
            (honeypot, seen_elsewhere) in (any::<bool>(), any::<bool>()),
            mut cuts in proptest::array::uniform3(0_i64..=1000),
            (people, spam) in (0_i64..5_000, 0_i64..5_000),
        ) {
            cuts.sort_unstable();
            let cut = |place: usize| Score::from_thousandths(cuts[place]);
            let cuts = crate::domain::policy::Cuts {
                refuse_below: cut(0), step_up_below: cut(1), publish_from: cut(2),
            };
            let ratios = Ratios::learn(&[labelled("author=known", false, people), labelled("author=known", true, spam)]);
            let score = |known_author| {
                let signals = Signals { proof, age_ms, honeypot, links, known_author, seen_elsewhere };
                let (verdict, stored) = ratios.weigh(&signals);
                (verdict.score().expect("a score"), stored)
            };
            let ((without, _), (with, stored)) = (score(false), score(true));
            prop_assert!(with >= without);
            prop_assert_eq!(without_trust(&stored).and_then(|verdict| verdict.score()), Some(without));
            let is_held = !has_proof(&stored) && crate::domain::trust::publishes(&cuts, with, without);
            let publishes = |score| cuts.band(score) == crate::domain::policy::Band::Publish;
            prop_assert!(proof == Proof::Solved || is_held || publishes(with) == publishes(without));
        }

        #[test]
        fn whatever_is_counted_no_word_changes_sides_or_leaves_its_bounds(
            rows in proptest::collection::vec((0..WORDS.len(), 0..WORDS.len(), any::<bool>(), 0_i64..100_000), 0..40),
        ) {
            let rows: Vec<LabelledSignals> = rows
                .into_iter()
                .map(|(one, other, spam, count)| labelled(&format!("{} {}", WORDS[one].0, WORDS[other].0), spam, count))
                .collect();
            let ratios = Ratios::learn(&rows);
            for (ratio, (word, prior)) in ratios.0.iter().zip(WORDS) {
                prop_assert!((-20..=20).contains(ratio), "{word} {ratio}");
                prop_assert!(ratio * prior >= 0 && (prior != 0 || *ratio == 0), "{word} {ratio}");
            }
        }
    }
}
