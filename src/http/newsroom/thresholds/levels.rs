//! The levels that were seen on a site, and what became of their comments.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::policy::Policy;
use crate::{
    actions::thresholds,
    domain::{
        evidence::{self, Interval, LevelCounts},
        score::Score,
    },
};

/// What the scores of a site say.
#[derive(Serialize, ToSchema)]
pub(crate) struct Evidence<'a> {
    days: i64,
    levels: Vec<Level>,
    /// The version in force.
    policy: Option<Policy<'a>>,
    provider: &'static str,
    site: &'a str,
    /// Comments by verdict.
    verdicts: BTreeMap<&'a str, i64>,
}

impl<'a> Evidence<'a> {
    pub(crate) fn of(evidence: &'a thresholds::Evidence) -> Self {
        let site = &evidence.site;
        let verdicts = evidence.verdicts.iter();
        Self {
            days: evidence.days,
            levels: evidence.levels.iter().map(Level::of).collect(),
            policy: site.policy.as_ref().map(Policy::of),
            provider: site.site.captcha.provider.as_str(),
            site: &site.site.id,
            verdicts: verdicts.map(|(class, count)| (class.as_str(), *count)).collect(),
        }
    }
}

/// One score that was really returned.
#[expect(clippy::struct_field_names, reason = "members have the names of the contract")]
#[derive(Serialize, ToSchema)]
struct Level {
    /// By moderators.
    approved: i64,
    /// Those that moderators approved, among the decided ones.
    approved_share: Share,
    high: f64,
    /// People (approved or rejected) among the decided ones.
    human_share: Share,
    #[schema(value_type = f64)]
    level: Score,
    /// Wilson's 95 % interval.
    low: f64,
    outcomes: BandCounts,
    rejected: i64,
    /// The same as `human_share`.
    share: f64,
    spam: i64,
    total: i64,
}

impl Level {
    fn of(counts: &LevelCounts) -> Self {
        let human = counts.human_share();
        Self {
            approved: counts.approved,
            approved_share: Share::of(counts.approved_share()),
            high: human.high,
            human_share: Share::of(human),
            level: counts.level,
            low: human.low,
            outcomes: BandCounts {
                hold: counts.held,
                publish: counts.published,
                refuse: counts.refused,
                step_up: counts.stepped_up,
            },
            rejected: counts.rejected,
            share: human.share,
            spam: counts.spam,
            total: counts.total,
        }
    }
}

/// A share with Wilson's 95 % interval, each 0 to 1.
#[expect(clippy::struct_field_names, reason = "members have the names of the contract")]
#[derive(Serialize, ToSchema)]
struct Share {
    high: f64,
    low: f64,
    share: f64,
}

impl Share {
    fn of(interval: Interval) -> Self {
        Self {
            high: interval.high,
            low: interval.low,
            share: interval.share,
        }
    }
}

/// Comments by what happens to them.
#[derive(Serialize, ToSchema)]
pub(crate) struct BandCounts {
    hold: i64,
    publish: i64,
    refuse: i64,
    step_up: i64,
}

impl BandCounts {
    pub(crate) fn of(counts: evidence::BandCounts) -> Self {
        Self {
            hold: counts.hold,
            publish: counts.publish,
            refuse: counts.refuse,
            step_up: counts.step_up,
        }
    }
}
