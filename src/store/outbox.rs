//! What happened, and who is still to be told of it.
//!
//! An event is written in the transaction of what it tells, its deliveries with it. Each delivery is claimed by one
//! instance at a time, for the length of a lease; one that is killed leaves a lease that runs out, so that a
//! delivery is made at least once. A later delivery about a comment waits for the earlier ones to the same
//! receiver. Ended deliveries are kept for 30 days, events for 90: the audit log tells what was before.

use std::time::Duration;

use uuid::Uuid;

use super::{
    engines::{in_tx, on_pool},
    error::StoreError,
    events::{event_id, event_time, write_event},
    from_row::from_row,
    open::Store,
    rows,
};
use crate::domain::{
    account::EVERY_SITE,
    actor::ActorKind,
    event::{Event, Kind},
    retention,
    timestamp::Timestamp,
};

/// Owners that one alarm is sent to at most.
const OWNERS: i64 = 1000;

/// Somebody who is told what happens on a site.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Receiver {
    /// `owner`: an account, by mail.
    pub kind: String,
    pub id: String,
}

/// A delivery that the caller has for itself until its lease ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Stays the same whenever it is delivered: of an event or, of an arrival, the comment's.
    pub event: Uuid,
    pub receiver: Receiver,
    pub site: String,
    pub kind: Kind,
    pub comment: Option<Uuid>,
    pub version: Option<i64>,
    pub decision: Option<Uuid>,
    /// The number among the comment's events; an arrival has 0.
    pub seq: Option<i64>,
    /// When it happened.
    pub at: Timestamp,
    /// How often it was claimed, this time included.
    pub attempts: i64,
}

/// What became of a claimed delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivered {
    Done,
    /// There is nothing to be told, or nobody to tell it to.
    Dropped,
    /// To be tried again then.
    Later {
        at: Timestamp,
        error: String,
    },
    /// Not to be tried again.
    Dead {
        error: String,
    },
}

from_row! {
    struct Row {
        event_id: Uuid,
        receiver_kind: String,
        receiver_id: String,
        site_id: String,
        comment_id: Option<Uuid>,
        seq: Option<i64>,
        attempts: i64,
        kind: Option<String>,
        comment_version: Option<i64>,
        decision_id: Option<Uuid>,
        at: Option<i64>,
    }
}

impl Store {
    /// From now on tells `receiver` what happens to the comments of `site`.
    pub async fn add_receiver(&self, site: &str, receiver: &Receiver) -> Result<(), StoreError> {
        let (site, receiver) = (site.to_owned(), receiver.clone());
        in_tx!(self, |conn| {
            sqlx::query("INSERT INTO receivers (site_id, kind, id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
                .bind(site)
                .bind(receiver.kind)
                .bind(receiver.id)
                .execute(&mut *conn)
                .await?;
            Ok(())
        })
    }

    /// Whether a delivery can be claimed at `now`.
    pub async fn has_due_deliveries(&self, now: Timestamp) -> Result<bool, StoreError> {
        let found: Option<(i64,)> = on_pool!(self, |pool| {
            // Index: deliveries_by_state.
            sqlx::query_as(
                "SELECT attempts FROM deliveries WHERE state = 'waiting' AND not_before <= $1 \
                 AND leased_until <= $1 LIMIT 1",
            )
            .bind(now.0)
            .fetch_optional(pool)
            .await
        })?;
        Ok(found.is_some())
    }

    /// Claims at most `most` deliveries that are due at `now`, for `lease`: nobody else gets them until then.
    pub async fn claim_deliveries(
        &self,
        now: Timestamp,
        lease: Duration,
        most: i64,
    ) -> Result<Vec<Delivery>, StoreError> {
        let until = now.plus(lease).0;
        let claimed: Vec<Row> = in_tx!(self, |conn| {
            // Index: deliveries_by_state, deliveries_by_comment. In an order of all rows, so that two instances do not
            // wait for each other's.
            let due: Vec<Row> = sqlx::query_as(
                "SELECT d.event_id, d.receiver_kind, d.receiver_id, d.site_id, d.comment_id, d.seq, d.attempts, \
                 e.kind, e.comment_version, e.decision_id, COALESCE(e.at, c.created_at) AS at \
                 FROM deliveries d LEFT JOIN events e ON e.id = d.event_id LEFT JOIN comments c ON c.id = d.event_id \
                 WHERE d.state = 'waiting' AND d.not_before <= $1 AND d.leased_until <= $1 AND NOT EXISTS ( \
                 SELECT 1 FROM deliveries o WHERE o.comment_id = d.comment_id AND o.receiver_kind = d.receiver_kind \
                 AND o.receiver_id = d.receiver_id AND o.seq < d.seq AND (o.state = 'waiting' OR o.leased_until > $1)) \
                 ORDER BY d.not_before, d.event_id, d.receiver_kind, d.receiver_id LIMIT $2",
            )
            .bind(now.0)
            .bind(most)
            .fetch_all(&mut *conn)
            .await?;
            let mut claimed = Vec::with_capacity(due.len());
            for mut row in due {
                // The condition again: on PostgreSQL another instance may have taken it since it was found.
                let taken: Option<(i64,)> = sqlx::query_as(
                    "UPDATE deliveries SET leased_until = $5, attempts = attempts + 1 WHERE event_id = $1 \
                     AND receiver_kind = $2 AND receiver_id = $3 AND state = 'waiting' AND not_before <= $4 \
                     AND leased_until <= $4 RETURNING attempts",
                )
                .bind(row.event_id)
                .bind(row.receiver_kind.as_str())
                .bind(row.receiver_id.as_str())
                .bind(now.0)
                .bind(until)
                .fetch_optional(&mut *conn)
                .await?;
                if let Some((attempts,)) = taken {
                    row.attempts = attempts;
                    claimed.push(row);
                }
            }
            Ok(claimed)
        })?;
        claimed.into_iter().map(delivery).collect()
    }

    /// Says what became of a claimed delivery. `false`: the lease had ended, and another claim decides.
    pub async fn end_delivery(
        &self,
        delivery: &Delivery,
        delivered: Delivered,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (event, receiver, attempts) = (delivery.event, delivery.receiver.clone(), delivery.attempts);
        let (state, not_before, error) = match delivered {
            Delivered::Done => ("done", None, None),
            Delivered::Dropped => ("dropped", None, None),
            Delivered::Later { at, error } => ("waiting", Some(at.0), Some(error)),
            Delivered::Dead { error } => ("dead", None, Some(error)),
        };
        let done_at = not_before.is_none().then_some(now.0);
        in_tx!(self, |conn| {
            // What an undo dropped on its way stays dropped unless it arrived.
            let ended = sqlx::query(
                "UPDATE deliveries SET leased_until = 0, \
                 state = CASE WHEN state = 'waiting' OR $5 = 'done' THEN $5 ELSE state END, \
                 not_before = COALESCE($6, not_before), last_error = $7, done_at = COALESCE(done_at, $8) \
                 WHERE event_id = $1 AND receiver_kind = $2 AND receiver_id = $3 AND attempts = $4 \
                 AND leased_until > 0 AND state IN ('waiting', 'dropped')",
            )
            .bind(event)
            .bind(receiver.kind)
            .bind(receiver.id)
            .bind(attempts)
            .bind(state)
            .bind(not_before)
            .bind(error)
            .bind(done_at)
            .execute(&mut *conn)
            .await?;
            let is_ended = ended.rows_affected() == 1;
            if is_ended && state == "done" {
                // Of a decision the first time counts.
                sqlx::query("UPDATE decision_facts SET told_at = $2 WHERE id = $1 AND told_at IS NULL")
                    .bind(event)
                    .bind(now.0)
                    .execute(&mut *conn)
                    .await?;
            }
            Ok(is_ended)
        })
    }

    /// How many deliveries there are by state.
    pub async fn delivery_counts(&self) -> Result<Vec<(String, i64)>, StoreError> {
        Ok(on_pool!(self, |pool| {
            // Index: deliveries_by_state.
            sqlx::query_as("SELECT state, COUNT(*) FROM deliveries GROUP BY state ORDER BY state LIMIT 10")
                .fetch_all(pool)
                .await
        })?)
    }

    /// How many deliveries of a site were given up since `since`.
    pub async fn dead_deliveries(&self, site: &str, since: Timestamp) -> Result<i64, StoreError> {
        let (count,): (i64,) = on_pool!(self, |pool| {
            // Index: deliveries_dead.
            sqlx::query_as("SELECT COUNT(*) FROM deliveries WHERE site_id = $1 AND state = 'dead' AND done_at >= $2")
                .bind(site)
                .bind(since.0)
                .fetch_one(pool)
                .await
        })?;
        Ok(count)
    }

    /// Writes the event that a site's check is set up wrongly, and a delivery for each owner who came in; gives how
    /// many. Nothing where there is no owner, or where one was written less than `silence` ago.
    pub async fn raise_alarm(&self, site: &str, silence: Duration, now: Timestamp) -> Result<u64, StoreError> {
        let event = Event {
            id: event_id(now),
            site: site.to_owned(),
            kind: Kind::CheckAlarm,
            comment: None,
            version: None,
            decision: None,
            actor_kind: ActorKind::System,
            actor_id: "warnings".to_owned(),
            at: now,
            seq: None,
        };
        let since = now.minus(silence).0;
        in_tx!(self, |conn| {
            // Index: events_of_alarms.
            let earlier: Option<(i64,)> = sqlx::query_as(
                "SELECT at FROM events WHERE site_id = $1 AND kind = 'check_alarm' AND at > $2 ORDER BY at DESC LIMIT 1",
            )
            .bind(event.site.as_str())
            .bind(since)
            .fetch_optional(&mut *conn)
            .await?;
            if earlier.is_some() {
                return Ok(0);
            }
            // Index: account_roles_by_site.
            let owners: Vec<(Uuid,)> = sqlx::query_as(
                "SELECT DISTINCT a.id FROM account_roles r JOIN accounts a ON a.id = r.account_id \
                 WHERE r.site_id IN ($1, $2) AND r.role = 'owner' AND a.passphrase IS NOT NULL \
                 AND a.disabled_at IS NULL ORDER BY a.id LIMIT $3",
            )
            .bind(event.site.as_str())
            .bind(EVERY_SITE)
            .bind(OWNERS)
            .fetch_all(&mut *conn)
            .await?;
            if owners.is_empty() {
                return Ok(0);
            }
            write_event!(conn, &event, false);
            let mut written = 0;
            for (owner,) in owners {
                sqlx::query(
                    "INSERT INTO deliveries (event_id, receiver_kind, receiver_id, site_id, state, not_before, \
                     attempts, leased_until) VALUES ($1, 'owner', $2, $3, 'waiting', $4, 0, 0)",
                )
                .bind(event.id)
                .bind(owner.to_string())
                .bind(event.site.as_str())
                .bind(event.at.0)
                .execute(&mut *conn)
                .await?;
                written += 1;
            }
            Ok(written)
        })
    }

    /// Forgets deliveries that ended too long ago ([`retention`]), and events that nobody is still to be told, of these
    /// at most 1,000 a call.
    pub async fn forget_deliveries(&self, now: Timestamp) -> Result<(), StoreError> {
        let deliveries = now.minus(retention::DELIVERIES);
        let first = event_time(now.minus(retention::EVENTS));
        in_tx!(self, |conn| {
            // Index: deliveries_by_state.
            sqlx::query(
                "DELETE FROM deliveries WHERE state IN ('done', 'dropped', 'dead') AND not_before < $1 \
                 AND done_at < $1",
            )
            .bind(deliveries.0)
            .execute(&mut *conn)
            .await?;
            // Index: the primary key, whose ids begin with the time.
            sqlx::query(
                "DELETE FROM events WHERE id IN (SELECT e.id FROM events e WHERE e.id < $1 AND NOT EXISTS ( \
                 SELECT 1 FROM deliveries d WHERE d.event_id = e.id) ORDER BY e.id LIMIT 1000)",
            )
            .bind(first)
            .execute(&mut *conn)
            .await?;
            Ok(())
        })
    }
}

fn delivery(row: Row) -> Result<Delivery, StoreError> {
    let kind = match &row.kind {
        None => Kind::Arrived,
        Some(word) => Kind::parse(word).ok_or_else(|| rows::corrupt("events", "kind", &row.event_id, word))?,
    };
    Ok(Delivery {
        event: row.event_id,
        receiver: Receiver {
            kind: row.receiver_kind,
            id: row.receiver_id,
        },
        site: row.site_id,
        kind,
        comment: row.comment_id,
        version: row.comment_version,
        decision: row.decision_id,
        seq: row.seq,
        at: Timestamp(row.at.unwrap_or(0)),
        attempts: row.attempts,
    })
}
