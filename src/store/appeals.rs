//! Appeals: a reader asks for a person, whose decision that is against, and who may answer it. What waits of them is
//! listed before all else.

use std::collections::HashMap;

use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{
    audit::{self, AuditEntry, NewAudit, insert_entry},
    engines::{in_tx, on_pool, push_scope},
    error::StoreError,
    open::Store,
    person::{has_another, person_behind},
    queue::{MORE_COLUMNS, QueueRow, Row, TABLES, lies_in, push_narrowing, push_sites},
    rows::{self, COMMENT_COLUMNS, Comment},
};
use crate::domain::{
    actor::Actor,
    appeal::{self, Asked, Judge},
    audit::AuditDetail,
    queue::{Filter, PageKey, Pile},
    status::Status,
    timestamp::Timestamp,
};

/// Whose decision a reader appeals against, as the caller sees it.
#[derive(Debug, Clone)]
pub struct AppealSeen {
    /// The decision appealed against; `None`: the policy refused the comment, and no person.
    pub against: Option<AuditEntry>,
    pub judge: Judge,
}

impl Store {
    /// Brings a comment that was turned down before a person, once, and keeps the decision appealed against.
    /// `audit` is the entry but for what was before.
    pub async fn appeal(&self, comment: &Comment, audit: NewAudit, now: Timestamp) -> Result<Asked, StoreError> {
        let (id, thread) = (comment.id, comment.thread);
        in_tx!(self, |conn| {
            // The lock that decisions take.
            sqlx::query("UPDATE threads SET content_version = content_version WHERE id = $1")
                .bind(thread)
                .execute(&mut *conn)
                .await?;
            let (word, is_appealed): (String, bool) =
                sqlx::query_as("SELECT status, appealed_at IS NOT NULL FROM comments WHERE id = $1")
                    .bind(id)
                    .fetch_one(&mut *conn)
                    .await?;
            let status = rows::status("comments", "status", &id, &word)?;
            let asked = appeal::ask(status, is_appealed);
            if asked != Asked::Brought {
                return Ok(asked);
            }
            let against: Option<(Uuid,)> = match status {
                // By the policy.
                Status::Refused => None,
                // Index: audit_by_comment. What was undone since is not in force.
                _ => {
                    sqlx::query_as(
                        "SELECT a.id FROM audit_entries a WHERE a.comment_id = $1 AND a.to_status = $2 \
                         AND a.action <> 'undo' AND NOT EXISTS (SELECT 1 FROM audit_entries u \
                         WHERE u.comment_id = a.comment_id AND u.undoes = a.id) ORDER BY a.to_version DESC LIMIT 1",
                    )
                    .bind(id)
                    .bind(status.as_str())
                    .fetch_optional(&mut *conn)
                    .await?
                }
            };
            let against = against.map(|(decision,)| decision);
            // Back to pending says nothing of it, as a restoring does not.
            let (version,): (i64,) = sqlx::query_as(
                "UPDATE comments SET status = 'pending', label = NULL, appealed_at = $2, appeal_against = $3, \
                 version = version + 1 WHERE id = $1 RETURNING version",
            )
            .bind(id)
            .bind(now.0)
            .bind(against)
            .fetch_one(&mut *conn)
            .await?;
            let entry = NewAudit {
                from_status: Some(status.as_str()),
                detail: Some(AuditDetail::Appeal { against }.text()),
                ..audit
            };
            insert_entry!(conn, entry, Some(version));
            Ok(asked)
        })
    }

    /// The appeals among `comments`, by comment, as `who` sees them at `now`.
    pub async fn appeals_seen(
        &self,
        comments: &[&Comment],
        who: &Actor,
        now: Timestamp,
    ) -> Result<HashMap<Uuid, AppealSeen>, StoreError> {
        let mut seen: HashMap<Uuid, AppealSeen> = comments
            .iter()
            .filter(|comment| comment.appealed_at.is_some())
            .map(|comment| {
                let (against, judge) = (None, Judge::Another);
                (comment.id, AppealSeen { against, judge })
            })
            .collect();
        let appealed: Vec<(&Comment, Uuid)> = comments
            .iter()
            .filter_map(|comment| Some((*comment, comment.appeal_against?)))
            .collect();
        if appealed.is_empty() {
            return Ok(seen);
        }
        let entries = self.entries(appealed.iter().map(|(_, decision)| *decision)).await?;
        let own = on_pool!(self, |pool| person_behind!(pool, who.kind, &who.id))?;
        // Few people decide on few sites: each is looked at once.
        let mut is_own: HashMap<String, bool> = HashMap::new();
        let mut judges: HashMap<String, Judge> = HashMap::new();
        for (comment, decision) in appealed {
            let Some(entry) = entries.iter().find(|entry| entry.id == decision) else {
                continue;
            };
            let is_theirs = if let Some(known) = is_own.get(&entry.actor_id) {
                *known
            } else {
                let person = on_pool!(self, |pool| person_behind!(pool, entry.actor_kind, &entry.actor_id))?;
                *is_own.entry(entry.actor_id.clone()).or_insert(person == own)
            };
            let judge = match judges.get(&comment.site) {
                _ if !is_theirs => Judge::Another,
                Some(known) => *known,
                None => {
                    let site = comment.site.as_str();
                    let has_another = on_pool!(self, |pool| has_another!(pool, &own, site, now))?;
                    let judge = if has_another { Judge::Own } else { Judge::Alone };
                    *judges.entry(site.to_owned()).or_insert(judge)
                }
            };
            let against = Some(entry.clone());
            seen.insert(comment.id, AppealSeen { against, judge });
        }
        Ok(seen)
    }

    /// Entries of the audit log by their ids, in no order.
    async fn entries(&self, ids: impl Iterator<Item = Uuid>) -> Result<Vec<AuditEntry>, StoreError> {
        Ok(on_pool!(self, |pool| {
            // Index: the primary key.
            let mut query = QueryBuilder::new(format!(
                "SELECT {} FROM audit_entries a LEFT JOIN audit_texts n ON n.entry_id = a.id WHERE a.id IN (",
                audit::COLUMNS
            ));
            let mut list = query.separated(", ");
            for id in ids {
                list.push_bind(id);
            }
            query.push(")");
            query.build_query_as().fetch_all(pool).await
        })?)
    }

    /// A page of the appeals that wait, the longest waiting one first, whatever the order of the rest.
    pub(super) async fn appeals(&self, filter: &Filter) -> Result<Vec<QueueRow>, StoreError> {
        let after = match filter.page_key() {
            Some(PageKey::Appeal(at, id)) => Some((at, id)),
            _ => None,
        };
        let found: Vec<Row> = on_pool!(self, |pool| {
            // Index: comments_appealed.
            let mut query = QueryBuilder::new(format!(
                "SELECT {COMMENT_COLUMNS}, {MORE_COLUMNS}, c.appealed_at AS sort FROM {TABLES} \
                 WHERE {} AND c.appealed_at IS NOT NULL",
                lies_in(Pile::Pending)
            ));
            push_sites!(query, filter);
            // Looked at row by row: no index but that of the appeals may look like the shorter way.
            query.push(" AND CASE WHEN TRUE");
            push_narrowing!(query, filter);
            query.push(" THEN 1 ELSE 0 END = 1");
            if let Some((at, id)) = after {
                query.push(" AND (c.appealed_at, c.id) > (").push_bind(at);
                query.push(", ").push_bind(id).push(")");
            }
            query
                .push(" ORDER BY c.appealed_at, c.id LIMIT ")
                .push_bind(filter.limit);
            query.build_query_as().fetch_all(pool).await
        })?;
        found.into_iter().map(|row| row.into_item(Some(filter.order))).collect()
    }
}
