//! Decisions as they are sent, one by one and many at once.

use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    actions::decide::{BATCH_MAX, NewDecision},
    domain::{code::Code, decision::Act},
    error::Error,
    http::request::fields::parse_id,
};

/// A decision about one comment.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Decision {
    /// The version it is made on; without it, whatever is there.
    version: Option<i64>,
    reason: Option<String>,
    note: Option<String>,
    /// How long the comment had the focus, in milliseconds.
    focused_ms: Option<i64>,
    /// For undo: the decision to take back.
    #[schema(value_type = Option<Uuid>)]
    of: Option<String>,
    /// As the header `Idempotency-Key`: a repeat with the same key changes nothing.
    key: Option<String>,
}

impl Decision {
    pub(crate) fn parse(self, comment: Uuid, act: Act) -> Result<NewDecision, Error> {
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        Ok(NewDecision {
            comment,
            act,
            version: self.version,
            key: given(self.key),
            reason: given(self.reason),
            note: given(self.note),
            focused_ms: self.focused_ms,
            of: given(self.of).map(|id| parse_id(&id)).transpose()?,
        })
    }
}

/// 1 to 100 decisions.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Decisions {
    decisions: Vec<KeyedDecision>,
    /// A comment that the caller reads now: its lease is taken along, as `POST /moderation/leases` takes it.
    #[schema(value_type = Option<Uuid>)]
    lease: Option<String>,
}

impl Decisions {
    /// The comment whose lease is taken along.
    ///
    /// # Errors
    /// 422 `value_bad` for what is no id.
    pub(crate) fn lease(&self) -> Result<Option<Uuid>, Error> {
        let parse = |id: &str| Uuid::parse_str(id).map_err(|_| Error::field("lease", Code::ValueBad));
        self.lease.as_deref().map(parse).transpose()
    }

    /// Each decision with its comment's id as it came.
    pub(crate) fn parse(self) -> Result<Vec<(String, NewDecision)>, Error> {
        if self.decisions.is_empty() || self.decisions.len() > BATCH_MAX {
            return Err(Error::field("decisions", Code::DecisionsBad));
        }
        self.decisions.into_iter().map(KeyedDecision::parse).collect()
    }
}

/// One of many decisions.
#[derive(Deserialize, ToSchema)]
struct KeyedDecision {
    /// A repeat with the same key changes nothing.
    key: String,
    #[schema(value_type = Uuid)]
    comment: String,
    /// approve, reject, spam, restore, hold or undo.
    action: String,
    version: Option<i64>,
    reason: Option<String>,
    note: Option<String>,
    /// How long the comment had the focus, in milliseconds.
    focused_ms: Option<i64>,
    #[schema(value_type = Option<Uuid>)]
    of: Option<String>,
}

impl KeyedDecision {
    fn parse(self) -> Result<(String, NewDecision), Error> {
        let act = Act::parse(&self.action).ok_or_else(|| Error::field("decisions", Code::DecisionsBad))?;
        let comment = Uuid::parse_str(&self.comment).unwrap_or_default();
        let decision = Decision {
            version: self.version,
            reason: self.reason,
            note: self.note,
            focused_ms: self.focused_ms,
            of: self.of,
            key: Some(self.key),
        };
        Ok((self.comment, decision.parse(comment, act)?))
    }
}
