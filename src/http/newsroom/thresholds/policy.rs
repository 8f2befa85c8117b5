//! The versions of a site's policy.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    actions::thresholds,
    domain::{captcha::explore_ppm, code::Code, policy, score::Score, timestamp::Timestamp},
    error::Error,
    store::PolicyRow,
};

/// The versions of a policy, newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct Policies<'a> {
    pub(crate) policies: Vec<Policy<'a>>,
}

/// An immutable version.
#[derive(Serialize, ToSchema)]
pub(crate) struct Policy<'a> {
    #[schema(value_type = String)]
    at: Timestamp,
    author: &'a str,
    base: i64,
    cuts: Cuts,
    #[schema(value_type = Option<f64>)]
    explore: Option<Score>,
    forecast: BTreeMap<String, i64>,
    #[schema(value_type = String)]
    from: Timestamp,
    note: &'a str,
    version: i64,
}

impl<'a> Policy<'a> {
    pub(crate) fn of(row: &'a PolicyRow) -> Self {
        Self {
            at: row.at,
            author: &row.author,
            base: row.base,
            cuts: Cuts::of(&row.policy.cuts),
            explore: Score::from_thousandths(row.policy.explore_ppm / 1000),
            forecast: serde_json::from_str(&row.forecast).unwrap_or_default(),
            from: row.from,
            note: &row.note,
            version: row.policy.version,
        }
    }
}

/// Three cuts, 0 to 1 with at most three places; null is absent.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
pub(crate) struct Cuts {
    publish_from: Option<f64>,
    refuse_below: Option<f64>,
    step_up_below: Option<f64>,
}

impl Cuts {
    pub(crate) fn of(cuts: &policy::Cuts) -> Self {
        Self {
            publish_from: cuts.publish_from.map(Score::decimal),
            refuse_below: cuts.refuse_below.map(Score::decimal),
            step_up_below: cuts.step_up_below.map(Score::decimal),
        }
    }

    fn parse(self) -> Option<policy::Cuts> {
        let cut = |value: Option<f64>| match value {
            None => Some(None),
            Some(value) => Score::from_decimal(value).map(Some),
        };
        Some(policy::Cuts {
            publish_from: cut(self.publish_from)?,
            step_up_below: cut(self.step_up_below)?,
            refuse_below: cut(self.refuse_below)?,
        })
    }
}

/// The rules of a body, to be tried or to be made.
///
/// # Errors
/// `cuts_bad`, `from_bad` as errors of fields.
pub(crate) fn trial(cuts: Option<Cuts>, explore: Option<f64>, from: Option<&str>) -> Result<thresholds::Trial, Error> {
    let explore = match explore {
        None => None,
        Some(share) => Some(Score::from_decimal(share).ok_or_else(|| Error::field("explore", Code::CutsBad))?),
    };
    let from = match from.filter(|text| !text.is_empty()) {
        None => None,
        Some(text) => Some(Timestamp::parse_rfc3339(text).ok_or_else(|| Error::field("from", Code::FromBad))?),
    };
    Ok(thresholds::Trial {
        cuts: cuts
            .and_then(Cuts::parse)
            .ok_or_else(|| Error::field("cuts", Code::CutsBad))?,
        explore_ppm: explore.map(|share| explore_ppm(Some(share))),
        from,
    })
}

/// A version that is wanted.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewPolicy {
    /// The newest version; 0 when there is none.
    base: i64,
    #[schema(value_type = Cuts)]
    cuts: Option<Cuts>,
    explore: Option<f64>,
    note: Option<String>,
    /// In force from then on; default now.
    from: Option<String>,
    /// The site's id, where it is asked for.
    confirm: Option<String>,
}

impl NewPolicy {
    pub(crate) fn parse(self) -> Result<thresholds::NewPolicy, Error> {
        let trial = trial(self.cuts, self.explore, self.from.as_deref())?;
        Ok(thresholds::NewPolicy {
            base: self.base,
            cuts: trial.cuts,
            explore_ppm: trial.explore_ppm,
            note: self.note.unwrap_or_default(),
            from: trial.from,
            confirm: self.confirm.filter(|site| !site.is_empty()),
        })
    }
}

/// A version to go back to.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Revert {
    /// The newest version.
    base: i64,
    note: Option<String>,
    /// The site's id, where it is asked for.
    confirm: Option<String>,
}

impl Revert {
    /// The wish to go back to `version`.
    pub(crate) fn parse(self, version: i64) -> thresholds::WayBack {
        thresholds::WayBack {
            version,
            base: self.base,
            note: self.note.unwrap_or_default(),
            confirm: self.confirm.filter(|site| !site.is_empty()),
        }
    }
}
