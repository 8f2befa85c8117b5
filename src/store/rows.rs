//! Rows as they are stored, and the types they become.

use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{
    error::{Defect, StoreError},
    from_row::from_row,
};
use crate::domain::{
    account::Role, reason::Reason, score::Score, status::Status, timestamp::Timestamp, triage::Action,
};

/// One comment, whole.
#[derive(Debug, Clone)]
pub struct Comment {
    pub id: Uuid,
    pub site: String,
    pub thread: Uuid,
    pub parent: Option<Uuid>,
    /// The top-level comment above; `None` = is one.
    pub root: Option<Uuid>,
    pub status: Status,
    pub set_aside: bool,
    pub version: i64,
    pub created_at: Timestamp,
    pub name: String,
    pub email: String,
    pub website: Option<String>,
    pub body: String,
    pub html: String,
    pub language: String,
    pub email_key: String,
    pub device_id: Option<String>,
    pub reference: String,
    pub provider: String,
    pub verdict: String,
    /// What the built-in check saw, with the ratios in force then; `None`: it did not look.
    pub signals: Option<String>,
    pub score_raw: Option<String>,
    pub level: Option<Score>,
    /// The automatic outcome.
    pub outcome: Action,
    pub policy_version: Option<i64>,
    pub propensity_ppm: i64,
    pub draw: i64,
    pub explored: bool,
    pub reasons: Vec<Reason>,
    pub links: i64,
    pub appealed_at: Option<Timestamp>,
    /// The decision that the reader appealed against; `None`: no person's.
    pub appeal_against: Option<Uuid>,
    pub reports: i64,
    /// Those that came since somebody decided about it.
    pub open_reports: i64,
}

/// The columns of [`CommentRow`], for the head of a query.
pub(super) const COMMENT_COLUMNS: &str = "c.id, c.site_id, c.thread_id, c.parent_id, c.root_id, c.status, \
     c.set_aside, c.version, c.created_at, c.name, c.email, c.website, c.body, c.html, c.language, c.email_key, \
     c.device_id, c.reference, c.provider, c.verdict, c.signals, c.score_raw, c.level, c.outcome, c.policy_version, \
     c.propensity_ppm, c.draw, c.explored, c.reasons, c.links, c.appealed_at, c.appeal_against, \
     c.reports, c.open_reports";

from_row! {
    #[derive(Debug)]
    pub(super) struct CommentRow {
        pub(super) id: Uuid,
        site_id: String,
        pub(super) thread_id: Uuid,
        parent_id: Option<Uuid>,
        root_id: Option<Uuid>,
        status: String,
        set_aside: bool,
        version: i64,
        created_at: i64,
        name: String,
        email: String,
        website: Option<String>,
        body: String,
        html: String,
        language: String,
        email_key: String,
        device_id: Option<String>,
        reference: String,
        provider: String,
        verdict: String,
        signals: Option<String>,
        score_raw: Option<String>,
        level: Option<i64>,
        outcome: String,
        policy_version: Option<i64>,
        propensity_ppm: i64,
        draw: i64,
        explored: bool,
        reasons: String,
        links: i64,
        pub(super) appealed_at: Option<i64>,
        appeal_against: Option<Uuid>,
        reports: i64,
        open_reports: i64,
    }
}

impl TryFrom<CommentRow> for Comment {
    type Error = StoreError;

    fn try_from(row: CommentRow) -> Result<Self, StoreError> {
        let id = row.id;
        Ok(Self {
            status: status("comments", "status", &id, &row.status)?,
            level: level("comments", &id, row.level)?,
            outcome: Action::parse(&row.outcome).ok_or_else(|| corrupt("comments", "outcome", &id, &row.outcome))?,
            reasons: json("comments", "reasons", &id, &row.reasons)?,
            id,
            site: row.site_id,
            thread: row.thread_id,
            parent: row.parent_id,
            root: row.root_id,
            set_aside: row.set_aside,
            version: row.version,
            created_at: Timestamp(row.created_at),
            name: row.name,
            email: row.email,
            website: row.website,
            body: row.body,
            html: row.html,
            language: row.language,
            email_key: row.email_key,
            device_id: row.device_id,
            reference: row.reference,
            provider: row.provider,
            verdict: row.verdict,
            signals: row.signals,
            score_raw: row.score_raw,
            policy_version: row.policy_version,
            propensity_ppm: row.propensity_ppm,
            draw: row.draw,
            explored: row.explored,
            links: row.links,
            appealed_at: row.appealed_at.map(Timestamp),
            appeal_against: row.appeal_against,
            reports: row.reports,
            open_reports: row.open_reports,
        })
    }
}

pub(super) fn corrupt(
    table: &'static str,
    column: &'static str,
    row: &impl ToString,
    value: &impl ToString,
) -> StoreError {
    StoreError::Defect(Defect::Corrupt {
        table,
        column,
        row: row.to_string(),
        value: value.to_string(),
    })
}

pub(super) fn status(
    table: &'static str,
    column: &'static str,
    row: &impl ToString,
    word: &str,
) -> Result<Status, StoreError> {
    Status::parse(word).ok_or_else(|| corrupt(table, column, row, &word))
}

pub(super) fn role(table: &'static str, row: &impl ToString, word: &str) -> Result<Role, StoreError> {
    Role::parse(word).ok_or_else(|| corrupt(table, "role", row, &word))
}

pub(super) fn level(
    table: &'static str,
    row: &impl ToString,
    thousandths: Option<i64>,
) -> Result<Option<Score>, StoreError> {
    thousandths
        .map(|value| Score::from_thousandths(value).ok_or_else(|| corrupt(table, "level", row, &value)))
        .transpose()
}

/// Texts are not repeated in the error: what is corrupt may be somebody's words.
pub(super) fn json<T: DeserializeOwned>(
    table: &'static str,
    column: &'static str,
    row: &impl ToString,
    text: &str,
) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| corrupt(table, column, row, &error))
}
