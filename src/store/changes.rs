//! What happened lately, for those who watch: comments that came in, and events with their entries of the audit log.

use uuid::Uuid;

use super::{
    audit::{self, AuditEntry},
    engines::{on_pool, push_scope},
    error::StoreError,
    events::event_time,
    from_row::from_row,
    open::Store,
    rows,
};
use crate::domain::{actor::Scope, status::Status, timestamp::Timestamp};

/// A comment that came in, without its texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    pub comment: Uuid,
    pub site: String,
    /// The thread's key.
    pub thread: String,
    /// As it is now.
    pub status: Status,
    pub version: i64,
    pub created_at: Timestamp,
}

from_row! {
    struct Row {
        id: Uuid,
        site_id: String,
        thread_key: String,
        status: String,
        version: i64,
        created_at: i64,
    }
}

impl Store {
    /// Comments of `sites` sent at `since` or later, newest first, at most `most`.
    pub async fn arrivals(&self, sites: &[String], since: Timestamp, most: i64) -> Result<Vec<Arrival>, StoreError> {
        if sites.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<Row> = on_pool!(self, |pool| {
            // Index: comments_by_time.
            let mut query = sqlx::QueryBuilder::new(
                "SELECT c.id, c.site_id, t.thread_key, c.status, c.version, c.created_at \
                 FROM comments c JOIN threads t ON t.id = c.thread_id WHERE c.created_at >= ",
            );
            query.push_bind(since.0).push(" AND c.site_id IN (");
            let mut list = query.separated(", ");
            for site in sites {
                list.push_bind(site.as_str());
            }
            query
                .push(") ORDER BY c.created_at DESC, c.id DESC LIMIT ")
                .push_bind(most);
            query.build_query_as().fetch_all(pool).await
        })?;
        rows.into_iter()
            .map(|row| {
                Ok(Arrival {
                    status: rows::status("comments", "status", &row.id, &row.status)?,
                    comment: row.id,
                    site: row.site_id,
                    thread: row.thread_key,
                    version: row.version,
                    created_at: Timestamp(row.created_at),
                })
            })
            .collect()
    }

    /// The events of the sites in `scope` from `since` or later that the audit log tells of, newest first, at most
    /// `most`, each as its entry there.
    pub async fn entries_since(
        &self,
        scope: &Scope,
        since: Timestamp,
        most: i64,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        // Ids are made with the time in front, so they are the index by time.
        let first = event_time(since);
        let found = on_pool!(self, |pool| {
            // Index: the primary key of events.
            let mut query = sqlx::QueryBuilder::new(format!(
                "SELECT {} FROM events e JOIN audit_entries a ON a.id = e.id \
                 LEFT JOIN audit_texts n ON n.entry_id = a.id WHERE e.id >= ",
                audit::COLUMNS
            ));
            query.push_bind(first);
            push_scope!(query, "e.site_id", scope);
            query.push(" ORDER BY e.id DESC LIMIT ").push_bind(most);
            query.build_query_as().fetch_all(pool).await
        })?;
        Ok(found)
    }
}
