//! What decisions keep beside their entries of the audit log, as it is read; `decide_sql.rs` writes it.

use uuid::Uuid;

use super::{
    engines::on_pool,
    error::StoreError,
    from_row::{from_row, read_as_word},
    open::Store,
};
use crate::domain::decision_facts::{How, Restriction, Source};

read_as_word!(Restriction);
read_as_word!(Source);
read_as_word!(How);

from_row! {
    /// What one decision keeps.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct DecisionFacts {
        /// The decision.
        pub id: Uuid,
        /// 0 = as the comment was sent.
        pub revision: i64,
        pub restriction: Option<Restriction>,
        pub source: Source,
        /// By spaces.
        pub detection_codes: String,
        pub decided_how: How,
        pub policy_version: Option<i64>,
        /// Thousandths.
        pub score_seen: Option<i64>,
        pub focused_ms: Option<i64>,
        /// The later decision that took it back or led elsewhere.
        pub reversed_by: Option<Uuid>,
        pub reversed_at: Option<i64>,
        /// It was drawn for exploration, and whoever decided was not told; `None` on decisions of before.
        pub explored_hidden: Option<bool>,
        /// When what it did took effect; `None`: it changed no state.
        pub effective_at: Option<i64>,
        /// When a receiver first heard of it.
        pub told_at: Option<i64>,
    }
}

impl Store {
    /// What the decisions on a comment keep, oldest first, at most 200. One of before this table has none.
    pub async fn decision_facts(&self, comment: Uuid) -> Result<Vec<DecisionFacts>, StoreError> {
        Ok(on_pool!(self, |pool| {
            // Index: audit_by_comment, and the primary key.
            sqlx::query_as(
                "SELECT f.id, f.revision, f.restriction, f.source, f.detection_codes, f.decided_how, f.policy_version, \
                 f.score_seen, f.focused_ms, f.reversed_by, f.reversed_at, f.explored_hidden, f.effective_at, \
                 f.told_at FROM audit_entries a \
                 JOIN decision_facts f ON f.id = a.id WHERE a.comment_id = $1 ORDER BY a.id LIMIT 200",
            )
            .bind(comment)
            .fetch_all(pool)
            .await
        })?)
    }
}
