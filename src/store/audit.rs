//! The audit log: appended to by decisions, policies and readers' own acts; sealed by a job.
//!
//! Entries hold ids, codes and salted digests; a note's text lives beside them and can be erased without
//! breaking a seal. A seal is the hash of the one before it and of the entries since, in id order.

use std::time::Duration;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{
    engines::{in_tx, on_pool, push_scope},
    error::StoreError,
    from_row::{from_row, read_as_word},
    lock::lock_accounts,
    open::Store,
    rows,
};
use crate::{
    domain::{
        actor::{ActorKind, Scope},
        event::{Event, Kind},
        timestamp::Timestamp,
    },
    keys::hex,
};

/// An entry that is no decision on a comment's status by a moderator (those write their own).
#[derive(Debug, Clone)]
pub struct NewAudit {
    pub id: Uuid,
    pub site: String,
    pub at: Timestamp,
    pub actor: crate::domain::actor::Actor,
    pub action: &'static str,
    pub comment: Option<Uuid>,
    pub from_status: Option<&'static str>,
    pub to_status: Option<&'static str>,
    /// Figures as JSON, never a text of a person.
    pub detail: Option<String>,
}

read_as_word!(ActorKind);

from_row! {
    /// An entry as it is read out.
    #[derive(Debug, Clone)]
    pub struct AuditEntry {
        pub id: Uuid,
        pub site_id: String,
        pub at: i64,
        pub actor_kind: ActorKind,
        /// Stays the same whatever the actor is called.
        pub actor_id: String,
        pub actor: String,
        pub action: String,
        pub comment_id: Option<Uuid>,
        pub from_status: Option<String>,
        pub to_status: Option<String>,
        pub from_version: Option<i64>,
        pub to_version: Option<i64>,
        pub reason: Option<String>,
        pub text_digest: Option<String>,
        pub undoes: Option<Uuid>,
        /// The bulk in which it was decided, or taken back.
        pub bulk_id: Option<Uuid>,
        pub detail: Option<String>,
        pub note: Option<String>,
    }
}

/// A seal that does not fit the entries it covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealFault {
    pub site: String,
    pub number: i64,
}

/// Inserts a [`NewAudit`] inside `in_tx!`, with the version that a comment has by it, and its event, if it is one.
macro_rules! insert_entry {
    ($conn:expr, $entry:expr) => {
        $crate::store::audit::insert_entry!($conn, $entry, None)
    };
    ($conn:expr, $entry:expr, $version:expr) => {{
        let entry: $crate::store::audit::NewAudit = $entry;
        let version: Option<i64> = $version;
        let event = $crate::store::audit::event_of(&entry, version);
        sqlx::query(
            "INSERT INTO audit_entries (id, site_id, at, actor_kind, actor_id, actor, action, comment_id, \
             from_status, to_status, detail, from_version, to_version) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        )
        .bind(entry.id)
        .bind(entry.site)
        .bind(entry.at.0)
        .bind(entry.actor.kind.as_str())
        .bind(entry.actor.id)
        .bind(entry.actor.name)
        .bind(entry.action)
        .bind(entry.comment)
        .bind(entry.from_status)
        .bind(entry.to_status)
        .bind(entry.detail)
        .bind(version.map(|version| version - 1))
        .bind(version)
        .execute(&mut *$conn)
        .await?;
        if let Some(mut event) = event {
            if let Some(comment) = event.comment {
                let seq: Option<(i64,)> =
                    sqlx::query_as("UPDATE comments SET event_seq = event_seq + 1 WHERE id = $1 RETURNING event_seq")
                        .bind(comment)
                        .fetch_optional(&mut *$conn)
                        .await?;
                event.seq = seq.map(|(seq,)| seq);
            }
            $crate::store::events::write_event!($conn, &event, true);
        }
    }};
}
pub(super) use insert_entry;

/// Inserts several of them, none a comment's.
macro_rules! insert_entries {
    ($conn:expr, $entries:expr) => {
        for entry in $entries {
            $crate::store::audit::insert_entry!($conn, entry);
        }
    };
}
pub(super) use insert_entries;

/// The event that an entry records, without its number; it has the entry's id.
pub(super) fn event_of(entry: &NewAudit, version: Option<i64>) -> Option<Event> {
    Kind::of_action(entry.action).map(|kind| Event {
        id: entry.id,
        site: entry.site.clone(),
        kind,
        comment: entry.comment,
        version,
        decision: None,
        actor_kind: entry.actor.kind,
        actor_id: entry.actor.id.clone(),
        at: entry.at,
        seq: None,
    })
}

impl From<NewAudit> for Vec<NewAudit> {
    fn from(entry: NewAudit) -> Self {
        vec![entry]
    }
}

/// The columns of an [`AuditEntry`]: entries as `a`, their notes as `n`.
pub(super) const COLUMNS: &str = "a.id, a.site_id, a.at, a.actor_kind, a.actor_id, a.actor, a.action, a.comment_id, \
     a.from_status, a.to_status, a.from_version, a.to_version, a.reason, a.text_digest, a.undoes, a.bulk_id, \
     a.detail, n.note";

impl Store {
    /// Appends one entry.
    pub async fn add_audit(&self, entry: NewAudit) -> Result<(), StoreError> {
        in_tx!(self, |conn| {
            insert_entry!(conn, entry);
            Ok(())
        })
    }

    /// Appends an entry of what anybody can make happen without end: one in each `every` by `name`. Those in between
    /// are counted, and their number stands in the next one as `unlisted`; `entry` has an object or nothing as its
    /// detail. Gives whether an entry was written.
    pub async fn add_audit_at_most(&self, name: &str, every: Duration, entry: NewAudit) -> Result<bool, StoreError> {
        let name = format!("unlisted {name}");
        let every = i64::try_from(every.as_millis()).unwrap_or(i64::MAX);
        in_tx!(self, |conn| {
            // Of those at once each is counted.
            lock_accounts!(conn);
            let kept: Option<(String,)> = sqlx::query_as("SELECT content FROM meta WHERE name = $1")
                .bind(name.as_str())
                .fetch_optional(&mut *conn)
                .await?;
            let (last, unlisted): (i64, u64) = match kept {
                Some((kept,)) => rows::json("meta", "content", &name, &kept)?,
                None => (i64::MIN, 0),
            };
            let now = entry.at.0;
            let is_due = now >= last.saturating_add(every);
            let kept = if is_due {
                let mut entry = entry;
                if unlisted > 0 {
                    entry.detail = Some(with_member(entry.detail.as_deref(), "unlisted", unlisted));
                }
                insert_entry!(conn, entry);
                (now, 0)
            } else {
                (last, unlisted.saturating_add(1))
            };
            sqlx::query(
                "INSERT INTO meta (name, content) VALUES ($1, $2) \
                 ON CONFLICT (name) DO UPDATE SET content = excluded.content",
            )
            .bind(name)
            .bind(format!("[{},{}]", kept.0, kept.1))
            .execute(&mut *conn)
            .await?;
            Ok(is_due)
        })
    }

    /// Entries of the sites in `scope` (and of `site`, if given) after the id `after`, oldest first.
    pub async fn audit_entries(
        &self,
        scope: &Scope,
        site: Option<&str>,
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let found = on_pool!(self, |pool| {
            // Index: audit_by_site with a site, else the primary key.
            let mut query = sqlx::QueryBuilder::new(format!(
                "SELECT {COLUMNS} FROM audit_entries a LEFT JOIN audit_texts n ON n.entry_id = a.id WHERE a.id > "
            ));
            query.push_bind(after.unwrap_or_default());
            if let Some(site) = site {
                query.push(" AND a.site_id = ").push_bind(site);
            }
            push_scope!(query, "a.site_id", scope);
            query.push(" ORDER BY a.id LIMIT ").push_bind(limit);
            query.build_query_as().fetch_all(pool).await
        })?;
        Ok(found)
    }

    /// The history of one comment, oldest first, at most 200 entries.
    pub async fn history(&self, comment: Uuid) -> Result<Vec<AuditEntry>, StoreError> {
        let found = on_pool!(self, |pool| {
            // Index: audit_by_comment.
            sqlx::query_as(sqlx::AssertSqlSafe(format!(
                "SELECT {COLUMNS} FROM audit_entries a LEFT JOIN audit_texts n ON n.entry_id = a.id \
                 WHERE a.comment_id = $1 ORDER BY a.id LIMIT 200"
            )))
            .bind(comment)
            .fetch_all(pool)
            .await
        })?;
        Ok(found)
    }

    /// The latest decision on each of `comments`.
    pub async fn latest_decisions(&self, comments: &[Uuid]) -> Result<Vec<AuditEntry>, StoreError> {
        if comments.is_empty() {
            return Ok(Vec::new());
        }
        let found = on_pool!(self, |pool| {
            // Index: audit_by_comment.
            let mut query = sqlx::QueryBuilder::new(format!(
                "SELECT {COLUMNS} FROM audit_entries a LEFT JOIN audit_texts n ON n.entry_id = a.id \
                 JOIN comments c ON c.id = a.comment_id AND c.version = a.to_version WHERE a.comment_id IN ("
            ));
            let mut list = query.separated(", ");
            for id in comments {
                list.push_bind(*id);
            }
            query.push(")");
            query.build_query_as().fetch_all(pool).await
        })?;
        Ok(found)
    }

    /// The comment that a decision was about.
    pub async fn decided_comment(&self, decision: Uuid) -> Result<Option<Uuid>, StoreError> {
        let found: Option<(Option<Uuid>,)> = on_pool!(self, |pool| {
            sqlx::query_as("SELECT comment_id FROM audit_entries WHERE id = $1")
                .bind(decision)
                .fetch_optional(pool)
                .await
        })?;
        Ok(found.and_then(|(comment,)| comment))
    }

    /// Seals what was appended before `until`, at most 10,000 entries; gives how many were sealed.
    pub async fn seal(&self, site: &str, until: Timestamp, now: Timestamp) -> Result<i64, StoreError> {
        let last = self.last_seal(site).await?;
        let (number, previous, after) = last.map_or((1, String::new(), Uuid::nil()), |seal| {
            (seal.number + 1, seal.hash, seal.last_id)
        });
        let mut entries = self.sealed_between(site, after, None).await?;
        // In id order, and ids are made a moment before the time is read: the first that is too young
        // ends the seal, or an older one after it would make the seal cover what was not hashed.
        let young = entries.iter().position(|entry| entry.at >= until.0);
        entries.truncate(young.unwrap_or(entries.len()));
        let Some(last_entry) = entries.last() else {
            return Ok(0);
        };
        let hash = chain(&previous, &entries);
        let (site, last_id, count) = (
            site.to_owned(),
            last_entry.id,
            i64::try_from(entries.len()).unwrap_or(0),
        );
        in_tx!(self, |conn| {
            let sealed = sqlx::query(
                "INSERT INTO audit_seals (site_id, number, at, last_id, entries, hash) \
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (site_id, number) DO NOTHING",
            )
            .bind(site.as_str())
            .bind(number)
            .bind(now.0)
            .bind(last_id)
            .bind(count)
            .bind(hash.as_str())
            .execute(&mut *conn)
            .await?;
            // None when another instance made this seal.
            Ok(if sealed.rows_affected() == 1 { count } else { 0 })
        })
    }

    /// Checks every seal of a site against its entries; gives the number of seals and the first that
    /// does not fit.
    pub async fn check_seals(&self, site: &str) -> Result<(i64, Option<SealFault>), StoreError> {
        let mut previous = String::new();
        let mut after = Uuid::nil();
        for number in 1.. {
            let seal: Option<Seal> = on_pool!(self, |pool| {
                sqlx::query_as(
                    "SELECT number, last_id, entries, hash FROM audit_seals WHERE site_id = $1 AND number = $2",
                )
                .bind(site)
                .bind(number)
                .fetch_optional(pool)
                .await
            })?;
            let fault = SealFault {
                site: site.to_owned(),
                number,
            };
            let Some(seal) = seal else {
                let later = self.last_seal(site).await?.filter(|last| last.number > number);
                return Ok((number - 1, later.map(|_| fault)));
            };
            let entries = self.sealed_between(site, after, Some(seal.last_id)).await?;
            if chain(&previous, &entries) != seal.hash {
                return Ok((number, Some(fault)));
            }
            previous = seal.hash;
            after = seal.last_id;
        }
        Ok((0, None))
    }

    async fn last_seal(&self, site: &str) -> Result<Option<Seal>, StoreError> {
        let found = on_pool!(self, |pool| {
            sqlx::query_as(
                "SELECT number, last_id, entries, hash FROM audit_seals WHERE site_id = $1 \
                 ORDER BY number DESC LIMIT 1",
            )
            .bind(site)
            .fetch_optional(pool)
            .await
        })?;
        Ok(found)
    }

    async fn sealed_between(&self, site: &str, after: Uuid, last: Option<Uuid>) -> Result<Vec<Sealed>, StoreError> {
        let last = last.unwrap_or(Uuid::max());
        let found = on_pool!(self, |pool| {
            // Index: audit_by_site.
            sqlx::query_as(
                "SELECT id, at, actor_kind, actor_id, action, comment_id, from_status, to_status, from_aside, \
                 from_label, from_version, to_version, reason, text_digest, undoes, decision_key, detail, bulk_id \
                 FROM audit_entries WHERE site_id = $1 AND id > $2 AND id <= $3 ORDER BY id LIMIT 10000",
            )
            .bind(site)
            .bind(after)
            .bind(last)
            .fetch_all(pool)
            .await
        })?;
        Ok(found)
    }
}

/// A detail with one more figure.
fn with_member(detail: Option<&str>, name: &str, figure: u64) -> String {
    let detail = detail.and_then(|detail| serde_json::from_str(detail).ok());
    let mut detail: serde_json::Map<String, serde_json::Value> = detail.unwrap_or_default();
    detail.insert(name.to_owned(), figure.into());
    serde_json::Value::Object(detail).to_string()
}

from_row! {
    struct Seal {
        number: i64,
        last_id: Uuid,
        hash: String,
    }
}

from_row! {
    /// What a seal covers of an entry: everything but the actor's name, which may change, and the texts.
    #[derive(serde::Serialize)]
    struct Sealed {
        id: Uuid,
        at: i64,
        actor_kind: String,
        actor_id: String,
        action: String,
        comment_id: Option<Uuid>,
        from_status: Option<String>,
        to_status: Option<String>,
        from_aside: Option<bool>,
        from_label: Option<String>,
        from_version: Option<i64>,
        to_version: Option<i64>,
        reason: Option<String>,
        text_digest: Option<String>,
        undoes: Option<Uuid>,
        decision_key: Option<String>,
        detail: Option<String>,
        // Left out where there is none: the seals of before know nothing of it.
        #[serde(skip_serializing_if = "Option::is_none")]
        bulk_id: Option<Uuid>,
    }
}

fn chain(previous: &str, entries: &[Sealed]) -> String {
    let mut hash = Sha256::new();
    hash.update(previous.as_bytes());
    for entry in entries {
        let line = serde_json::to_vec(entry).unwrap_or_default();
        hash.update((line.len() as u64).to_be_bytes());
        hash.update(&line);
    }
    hex(&hash.finalize())
}
