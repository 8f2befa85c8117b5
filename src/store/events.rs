//! Events as they are written, in the transaction of what they tell.

use uuid::Uuid;

use crate::{clock::random_bytes, domain::timestamp::Timestamp};

/// Inserts an [`Event`] inside a write transaction, and, with `$is_told`, what it is to be delivered to the
/// receivers of its site. An undo drops what waits of the decision that it takes back; who never heard of that
/// does not hear of the undo.
macro_rules! write_event {
    ($conn:expr, $event:expr, $is_told:expr) => {{
        let event: &$crate::domain::event::Event = $event;
        sqlx::query(
            "INSERT INTO events (id, site_id, kind, comment_id, comment_version, decision_id, actor_kind, actor_id, \
             at, seq) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(event.id)
        .bind(event.site.as_str())
        .bind(event.kind.as_str())
        .bind(event.comment)
        .bind(event.version)
        .bind(event.decision)
        .bind(event.actor_kind.as_str())
        .bind(event.actor_id.as_str())
        .bind(event.at.0)
        .bind(event.seq)
        .execute(&mut *$conn)
        .await?;
        let undone = event
            .decision
            .filter(|_| event.kind == $crate::domain::event::Kind::Undone);
        if let Some(undone) = undone {
            // The lease stays: what is on its way now is waited for.
            sqlx::query(
                "UPDATE deliveries SET state = 'dropped', done_at = $2 WHERE event_id = $1 AND state = 'waiting'",
            )
            .bind(undone)
            .bind(event.at.0)
            .execute(&mut *$conn)
            .await?;
        }
        if $is_told && event.comment.is_some() {
            // Index: the primary key of receivers.
            sqlx::query(
                "INSERT INTO deliveries (event_id, receiver_kind, receiver_id, site_id, comment_id, seq, state, \
                 not_before, attempts, leased_until) \
                 SELECT $1, r.kind, r.id, r.site_id, $3, $4, 'waiting', $5, 0, 0 FROM receivers r \
                 WHERE r.site_id = $2 AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.event_id = $6 \
                 AND d.receiver_kind = r.kind AND d.receiver_id = r.id AND d.state = 'dropped' AND d.attempts = 0)",
            )
            .bind(event.id)
            .bind(event.site.as_str())
            .bind(event.comment)
            .bind(event.seq)
            .bind(event.at.plus(event.kind.waits()).0)
            .bind(undone)
            .execute(&mut *$conn)
            .await?;
        }
    }};
}
pub(super) use write_event;

/// The id of an event at `now` that has none of its own.
pub(super) fn event_id(now: Timestamp) -> Uuid {
    let millis = u64::try_from(now.0).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random_bytes()).into_uuid()
}

/// The first id that an event of `at` can have.
pub(super) fn event_time(at: Timestamp) -> Uuid {
    let millis = u64::try_from(at.0).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid()
}
