//! What other cuts would have done to the same comments.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    levels::BandCounts,
    policy::{Cuts, trial},
};
use crate::{
    actions::thresholds,
    domain::{
        markup,
        policy::{self, Band},
        refusal::{self, Doubt},
        score::Score,
        timestamp::Timestamp,
    },
    error::Error,
    store,
};

/// Cuts to try.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Trial {
    #[schema(value_type = Cuts)]
    cuts: Option<Cuts>,
    /// As in a version that is wanted.
    explore: Option<f64>,
    /// As in a version that is wanted.
    from: Option<String>,
    /// 1 to 365, default 30.
    pub(crate) days: Option<i64>,
    /// `next` of the page before.
    #[schema(value_type = Option<Uuid>)]
    pub(crate) after: Option<String>,
}

impl Trial {
    pub(crate) fn parse(&self) -> Result<thresholds::Trial, Error> {
        trial(self.cuts, self.explore, self.from.as_deref())
    }
}

/// What other cuts would have done to the same comments.
#[derive(Serialize, ToSchema)]
pub(crate) struct Preview<'a> {
    changed: i64,
    comments: Vec<Changed<'a>>,
    /// Applying asks for the site's id in `confirm`.
    confirm_needed: bool,
    /// Why: published, most, `few_verdicts`, unread.
    confirm_why: Vec<&'static str>,
    counts: BeforeAfter,
    cuts: Cuts,
    next: Option<Uuid>,
    refused: Refused,
}

impl<'a> Preview<'a> {
    pub(crate) fn of(preview: &'a thresholds::Preview, cuts: &policy::Cuts) -> Self {
        let comments = preview.comments.iter();
        let doubts = preview.refusal.doubts.iter().copied();
        Self {
            changed: preview.changed,
            comments: comments
                .map(|(changed, before, after)| Changed::of(changed, *before, *after))
                .collect(),
            confirm_needed: preview.refusal.is_asked_about(),
            confirm_why: doubts.map(Doubt::as_str).collect(),
            counts: BeforeAfter {
                after: BandCounts::of(preview.after),
                before: BandCounts::of(preview.before),
            },
            cuts: Cuts::of(cuts),
            next: preview.next,
            refused: Refused::of(&preview.refusal.refused),
        }
    }
}

/// Counts with the cuts in force and with the others.
#[derive(Serialize, ToSchema)]
struct BeforeAfter {
    after: BandCounts,
    before: BandCounts,
}

/// The comments of the last thirty days that the cuts would refuse, by the moderators' decisions.
#[derive(Serialize, ToSchema)]
struct Refused {
    approved: i64,
    rejected: i64,
    spam: i64,
    total: i64,
    undecided: i64,
}

impl Refused {
    fn of(refused: &refusal::Refused) -> Self {
        Self {
            approved: refused.approved,
            rejected: refused.rejected,
            spam: refused.spam,
            total: refused.total,
            undecided: refused.undecided(),
        }
    }
}

/// A comment whose outcome would differ.
#[derive(Serialize, ToSchema)]
struct Changed<'a> {
    after: &'static str,
    before: &'static str,
    #[schema(value_type = String)]
    created_at: Timestamp,
    excerpt: String,
    id: Uuid,
    label: Option<&'a str>,
    #[schema(value_type = f64)]
    level: Score,
    name: &'a str,
    status: &'a str,
}

impl<'a> Changed<'a> {
    fn of(changed: &'a store::Changed, before: Band, after: Band) -> Self {
        Self {
            after: word(after),
            before: word(before),
            created_at: changed.created_at,
            excerpt: markup::excerpt(&changed.body, 140),
            id: changed.id,
            label: changed.label.as_deref(),
            level: changed.level,
            name: &changed.name,
            status: &changed.status,
        }
    }
}

fn word(band: Band) -> &'static str {
    match band {
        Band::Refuse => "refuse",
        Band::StepUp => "step_up",
        Band::Hold => "hold",
        Band::Publish => "publish",
    }
}
