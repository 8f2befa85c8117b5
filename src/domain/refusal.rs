//! What a rule that refuses readers does to them, and why it is asked about before it counts.
//!
//! Two kinds of doubt: the evidence speaks against the rule (moderators publish what it would refuse, or it
//! would refuse most of what comes in), or there is none (few verdicts, nobody rereads). Only levels count that
//! the site's provider really returned.

use super::{evidence::LevelCounts, policy::Cuts, word::words};

/// Fewer decided comments at a level than this are few; an owner types the site's id to refuse it.
pub const FEW_VERDICTS: i64 = 30;

/// Of so many decided comments of a level one at most may have been published.
const PUBLISHED_ONE_IN: i64 = 20;

/// All would-be refusals, in parts per million.
const ALL_PPM: i64 = 1_000_000;

/// A rule as it is wanted, or in force.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rule {
    pub cuts: Cuts,
    /// Share of would-be refusals that a person reads instead, parts per million.
    pub explore_ppm: i64,
}

/// Why a rule is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Doubt {
    /// Of a level that it refuses moderators published more than one in twenty.
    Published,
    /// It refuses more than half of the scored comments.
    Most,
    /// It newly refuses levels of which one has few verdicts, or that nobody has seen yet.
    FewVerdicts,
    /// Nobody will read any of what it refuses, which is new.
    Unread,
}

words!(Doubt);

/// The comments of a period that a rule would refuse, by what moderators decided on them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Refused {
    pub total: i64,
    pub approved: i64,
    pub rejected: i64,
    pub spam: i64,
}

impl Refused {
    /// Those that nobody decided on.
    #[must_use]
    pub fn undecided(&self) -> i64 {
        self.total - self.approved - self.rejected - self.spam
    }
}

/// What a rule costs readers, as a person would say it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Price {
    /// Comments refused in [`Price::days`].
    pub refused: i64,
    /// Of these, how many moderators would publish, by what they decided on the level.
    pub published: i64,
    /// 1, or the length of the period where a day has less than one.
    pub days: i64,
}

impl Rule {
    /// Whether it turns anybody away at all.
    #[must_use]
    pub fn refuses(&self) -> bool {
        self.cuts.refuse_below.is_some_and(|cut| cut.thousandths() > 0) && self.explore_ppm < ALL_PPM
    }

    fn refused_levels<'a>(&self, levels: &'a [LevelCounts]) -> impl Iterator<Item = &'a LevelCounts> + use<'a> {
        let cut = self.cuts.refuse_below;
        levels.iter().filter(move |row| cut.is_some_and(|cut| row.level < cut))
    }

    /// The comments that it would refuse, those that a person reads instead among them.
    #[must_use]
    pub fn refused(&self, levels: &[LevelCounts]) -> Refused {
        let mut sum = Refused::default();
        for row in self.refused_levels(levels) {
            sum.total += row.total;
            sum.approved += row.approved;
            sum.rejected += row.rejected;
            sum.spam += row.spam;
        }
        sum
    }

    /// What the evidence says against it, whatever is in force.
    #[must_use]
    pub fn doubts(&self, levels: &[LevelCounts]) -> Vec<Doubt> {
        if !self.refuses() {
            return Vec::new();
        }
        let mut doubts = Vec::new();
        if self
            .refused_levels(levels)
            .any(|row| row.approved * PUBLISHED_ONE_IN > row.labelled())
        {
            doubts.push(Doubt::Published);
        }
        let all: i64 = levels.iter().map(|row| row.total).sum();
        if self.refused(levels).total * 2 > all {
            doubts.push(Doubt::Most);
        }
        doubts
    }

    /// Where there is no evidence for what it does and the rule `before` did not.
    #[must_use]
    pub fn unknowns(&self, before: &Self, levels: &[LevelCounts]) -> Vec<Doubt> {
        if !self.refuses() {
            return Vec::new();
        }
        let raises = !before.refuses() || self.cuts.refuse_below > before.cuts.refuse_below;
        let mut doubts = Vec::new();
        if raises && self.has_few_verdicts(levels) {
            doubts.push(Doubt::FewVerdicts);
        }
        if self.explore_ppm == 0 && (raises || before.explore_ppm > 0) {
            doubts.push(Doubt::Unread);
        }
        doubts
    }

    /// Whether a level that it refuses has few verdicts, or nobody has seen any such level.
    #[must_use]
    pub fn has_few_verdicts(&self, levels: &[LevelCounts]) -> bool {
        let mut refused = self.refused_levels(levels).peekable();
        refused.peek().is_none() || refused.any(|row| row.labelled() < FEW_VERDICTS)
    }

    /// What it would do to readers if comments go on to come in as in the `days` (1 or more) that `levels` are of.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    pub fn price(&self, levels: &[LevelCounts], days: i64) -> Price {
        let turned_away = (ALL_PPM - self.explore_ppm).max(0) as f64 / ALL_PPM as f64;
        let (mut refused, mut published) = (0.0, 0.0);
        for row in self.refused_levels(levels) {
            refused += row.total as f64 * turned_away;
            published += row.total as f64 * turned_away * row.approved_share().share;
        }
        let of_day = |count: f64| count / days as f64;
        let says_it_by_day = of_day(refused) >= 1.0 && (published == 0.0 || of_day(published) >= 0.5);
        if says_it_by_day {
            return Price {
                refused: rounded(of_day(refused)),
                published: rounded(of_day(published)),
                days: 1,
            };
        }
        Price {
            refused: rounded(refused).max(i64::from(refused > 0.0)),
            published: rounded(published).max(i64::from(published > 0.0)),
            days,
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "counts of comments")]
fn rounded(count: f64) -> i64 {
    count.round() as i64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::score::Score;

    fn level(thousandths: i64, approved: i64, rejected: i64, spam: i64, undecided: i64) -> LevelCounts {
        let total = approved + rejected + spam + undecided;
        LevelCounts {
            level: Score::from_thousandths(thousandths).expect("in range"),
            total,
            published: 0,
            held: total,
            stepped_up: 0,
            refused: 0,
            approved,
            rejected,
            spam,
        }
    }

    fn rule(refuse_below: i64, explore_ppm: i64) -> Rule {
        Rule {
            cuts: Cuts {
                refuse_below: Score::from_thousandths(refuse_below),
                ..Cuts::default()
            },
            explore_ppm,
        }
    }

    #[test]
    fn s2_one_in_twenty_and_one_half_are_the_bounds() {
        let most = [level(900, 60, 0, 0, 0)];
        for (approved, spam, doubts) in [
            (0, 30, vec![]),
            (1, 19, vec![]),
            (2, 38, vec![]),
            (1, 18, vec![Doubt::Published]),
            (3, 40, vec![Doubt::Published]),
            (1, 0, vec![Doubt::Published]),
            (0, 60, vec![]),
            (0, 61, vec![Doubt::Most]),
            (10, 60, vec![Doubt::Published, Doubt::Most]),
        ] {
            let levels = [level(100, approved, 0, spam, 0), most[0].clone()];
            assert_eq!(rule(200, 20_000).doubts(&levels), doubts, "{approved} {spam}");
            assert_eq!(rule(200, 1_000_000).doubts(&levels), [], "a person reads them all");
            assert_eq!(
                rule(100, 20_000).doubts(&levels),
                [],
                "a score on the cut is not refused"
            );
            assert_eq!(rule(0, 20_000).doubts(&levels), []);
        }
        // One bad level among good ones is enough.
        let levels = [
            level(50, 0, 0, 500, 0),
            level(100, 1, 0, 10, 0),
            level(900, 600, 0, 0, 0),
        ];
        assert_eq!(rule(200, 0).doubts(&levels), [Doubt::Published]);
        assert_eq!(rule(100, 0).doubts(&levels), []);
    }

    #[test]
    fn s2_what_is_not_known_is_asked_where_it_is_new() {
        let levels = [level(100, 0, 0, 30, 0), level(300, 0, 0, 29, 5)];
        let none = Rule::default();
        assert_eq!(rule(200, 20_000).unknowns(&none, &levels), []);
        assert_eq!(rule(400, 20_000).unknowns(&none, &levels), [Doubt::FewVerdicts]);
        assert_eq!(
            rule(400, 20_000).unknowns(&rule(200, 20_000), &levels),
            [Doubt::FewVerdicts]
        );
        assert_eq!(rule(400, 20_000).unknowns(&rule(500, 20_000), &levels), []);
        assert_eq!(
            rule(400, 20_000).unknowns(&rule(500, 1_000_000), &levels),
            [Doubt::FewVerdicts],
            "until now all of it was read"
        );
        assert_eq!(
            rule(50, 20_000).unknowns(&none, &levels),
            [Doubt::FewVerdicts],
            "nobody saw one yet"
        );
        assert_eq!(rule(200, 0).unknowns(&none, &levels), [Doubt::Unread]);
        assert_eq!(rule(200, 0).unknowns(&rule(200, 1), &levels), [Doubt::Unread]);
        assert_eq!(rule(200, 0).unknowns(&rule(200, 0), &levels), []);
        assert_eq!(rule(400, 1_000_000).unknowns(&none, &[]), []);
    }

    #[test]
    fn s2_a_price_is_said_by_the_day_or_by_the_period() {
        let price = |refused, published, days| Price {
            refused,
            published,
            days,
        };
        let of = |approved, spam, days| rule(200, 20_000).price(&[level(100, approved, 0, spam, 0)], days);
        assert_eq!(of(180, 180, 30), price(12, 6, 1));
        assert_eq!(of(0, 360, 30), price(12, 0, 1));
        assert_eq!(
            of(9, 63, 30),
            price(71, 9, 30),
            "of less than one a day the days are named"
        );
        assert_eq!(of(9, 11, 30), price(20, 9, 30));
        assert_eq!(of(0, 1, 1), price(1, 0, 1));
        assert_eq!(of(1, 400, 30), price(393, 1, 30));
        assert_eq!(of(0, 0, 30), price(0, 0, 30));
        assert_eq!(
            rule(200, 1_000_000).price(&[level(100, 9, 0, 9, 0)], 30),
            price(0, 0, 30)
        );
        let unread = rule(200, 0).price(&[level(100, 0, 0, 0, 60)], 30);
        assert_eq!(unread, price(2, 0, 1));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn s2_a_price_is_part_of_what_came_in(
            counts in prop::collection::vec((0i64..=1000, 0i64..200, 0i64..200, 0i64..200, 0i64..200), 0..9),
            cut in 0i64..=1000, explore in 0i64..=1_000_000, days in 1i64..=30,
        ) {
            let levels: Vec<_> = counts.iter().map(|(at, a, r, s, u)| level(*at, *a, *r, *s, *u)).collect();
            let rule = rule(cut, explore);
            let (price, refused) = (rule.price(&levels, days), rule.refused(&levels));
            prop_assert!(price.published <= price.refused && price.refused <= refused.total);
            prop_assert!(price.days == 1 || price.days == days);
            prop_assert!(refused.undecided() >= 0);
            prop_assert!(rule.refuses() || rule.doubts(&levels).is_empty());
        }
    }
}
