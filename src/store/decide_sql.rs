// Included by `units.rs` behind `unit_sql.rs`, whose imports serve here too: a moderator's decision.

#[derive(sqlx::FromRow)]
struct Current {
    site_id: String,
    thread_id: Uuid,
    status: String,
    set_aside: bool,
    version: i64,
    label: Option<String>,
    thread_title: Option<String>,
    thread_url: Option<String>,
}

/// Where a decision leads, and the label that the comment has then.
struct Change {
    to: Standing,
    label: Option<String>,
    undoes: Option<Uuid>,
}

async fn decide(connection: &mut Connection, decision: &Decide) -> Result<Decided, StoreError> {
    // The lock first: of two that came at once with one key, the second waits for it and sees the first.
    let current = lock_comment(connection, decision).await?;
    if let Some(earlier) = earlier_with_key(connection, decision).await? {
        return Ok(Decided::Replayed(earlier));
    }
    let Some(current) = current else {
        return Ok(Decided::NotFound);
    };
    let status = crate::store::rows::status("comments", "status", &decision.comment, &current.status)?;
    let from = Standing {
        status,
        set_aside: current.set_aside,
    };
    if status == Status::Erased {
        return Ok(Decided::Erased);
    }
    if decision.version.is_some_and(|version| version != current.version) {
        return Ok(Decided::Conflict);
    }
    let change = if decision.act == Act::Undo {
        match undone(connection, decision, current.version).await? {
            Some(change) => change,
            None => return Ok(Decided::Conflict),
        }
    } else {
        match after(decision.act, from) {
            Some(to) if to == from && decision.act != Act::Hold => return Ok(Decided::Unchanged),
            Some(to) => Change {
                label: label_of(decision.act).map(str::to_owned),
                undoes: None,
                to,
            },
            None => return Ok(Decided::Conflict),
        }
    };
    apply(connection, decision, &current, from, &change).await
}

async fn earlier_with_key(connection: &mut Connection, decision: &Decide) -> Result<Option<Uuid>, StoreError> {
    let Some(key) = &decision.key else {
        return Ok(None);
    };
    let found: Option<(Uuid,)> =
        sqlx::query_as("SELECT id FROM audit_entries WHERE actor_id = $1 AND decision_key = $2")
            .bind(decision.actor.id.as_str())
            .bind(key.as_str())
            .fetch_optional(connection)
            .await?;
    Ok(found.map(|(id,)| id))
}

/// The comment as it is, with its thread's row locked until the end of the transaction.
async fn lock_comment(connection: &mut Connection, decision: &Decide) -> Result<Option<Current>, StoreError> {
    sqlx::query(
        "UPDATE threads SET content_version = content_version \
         WHERE id = (SELECT thread_id FROM comments WHERE id = $1)",
    )
    .bind(decision.comment)
    .execute(&mut *connection)
    .await?;
    let current: Option<Current> = sqlx::query_as(
        "SELECT site_id, thread_id, status, set_aside, version, label, thread_title, thread_url \
         FROM comments WHERE id = $1",
    )
    .bind(decision.comment)
    .fetch_optional(connection)
    .await?;
    Ok(current.filter(|current| decision.scope.allows(&current.site_id)))
}

/// What an undo leads back to: the standing before the caller's own decision, if it is the last thing
/// that happened to the comment.
async fn undone(connection: &mut Connection, decision: &Decide, version: i64) -> Result<Option<Change>, StoreError> {
    #[derive(sqlx::FromRow)]
    struct Entry {
        id: Uuid,
        actor_id: String,
        from_status: Option<String>,
        from_aside: Option<bool>,
        from_label: Option<String>,
    }
    let entry: Option<Entry> = sqlx::query_as(
        "SELECT id, actor_id, from_status, from_aside, from_label FROM audit_entries \
         WHERE comment_id = $1 AND to_version = $2 AND action <> 'undo' ORDER BY id DESC LIMIT 1",
    )
    .bind(decision.comment)
    .bind(version)
    .fetch_optional(connection)
    .await?;
    let Some(entry) = entry else { return Ok(None) };
    if decision.of.is_some_and(|of| of != entry.id) || entry.actor_id != decision.actor.id {
        return Ok(None);
    }
    let word = entry.from_status.unwrap_or_default();
    Ok(Some(Change {
        to: Standing {
            status: crate::store::rows::status("audit_entries", "from_status", &entry.id, &word)?,
            set_aside: entry.from_aside.unwrap_or(false),
        },
        label: entry.from_label,
        undoes: Some(entry.id),
    }))
}

/// What a decision says about the comment: approve = a person and fine, reject = a person and not
/// fine, spam = spam; back to pending says nothing.
fn label_of(act: Act) -> Option<&'static str> {
    match act {
        Act::Approve => Some("approved"),
        Act::Reject => Some("rejected"),
        Act::Spam => Some("spam"),
        Act::Restore | Act::Hold | Act::Undo => None,
    }
}

async fn apply(
    connection: &mut Connection,
    decision: &Decide,
    current: &Current,
    from: Standing,
    change: &Change,
) -> Result<Decided, StoreError> {
    let to = change.to;
    let changed = sqlx::query(
        "UPDATE comments SET status = $3, set_aside = $4, label = $5, decided_at = $6, version = version + 1 \
         WHERE id = $1 AND version = $2",
    )
    .bind(decision.comment)
    .bind(current.version)
    .bind(to.status.as_str())
    .bind(to.set_aside)
    .bind(change.label.as_deref())
    .bind(decision.at.0)
    .execute(&mut *connection)
    .await?;
    if changed.rows_affected() == 0 {
        return Ok(Decided::Conflict);
    }
    record(connection, decision, current, from, change).await?;
    // Whoever read it has read it.
    sqlx::query("DELETE FROM review_leases WHERE comment_id = $1")
        .bind(decision.comment)
        .execute(&mut *connection)
        .await?;
    if to.status == Status::Approved || from.status == Status::Approved {
        let publishes = to.status == Status::Approved;
        sqlx::query(PUBLISHED_SQL)
            .bind(current.thread_id)
            .bind(1_i64)
            .bind(current.thread_title.as_deref().filter(|_| publishes))
            .bind(current.thread_url.as_deref().filter(|_| publishes))
            .bind(current.thread_title.as_ref().filter(|_| publishes).map(|_| decision.comment))
            .bind(current.thread_url.as_ref().filter(|_| publishes).map(|_| decision.comment))
            .execute(&mut *connection)
            .await?;
    }
    if to.status == Status::Pending || from.status == Status::Pending {
        sqlx::query(
            "UPDATE threads SET oldest_pending_at = (SELECT MIN(created_at) FROM comments \
             WHERE thread_id = $1 AND status = 'pending') WHERE id = $1",
        )
        .bind(current.thread_id)
        .execute(&mut *connection)
        .await?;
    }
    Ok(Decided::Applied(decision.id))
}

async fn record(
    connection: &mut Connection,
    decision: &Decide,
    current: &Current,
    from: Standing,
    change: &Change,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO audit_entries (id, site_id, at, actor_kind, actor_id, actor, action, comment_id, from_status, \
         to_status, from_aside, from_label, from_version, to_version, reason, text_digest, undoes, decision_key) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
    )
    .bind(decision.id)
    .bind(current.site_id.as_str())
    .bind(decision.at.0)
    .bind(decision.actor.kind)
    .bind(decision.actor.id.as_str())
    .bind(decision.actor.name.as_str())
    .bind(decision.act.as_str())
    .bind(decision.comment)
    .bind(from.status.as_str())
    .bind(change.to.status.as_str())
    .bind(from.set_aside)
    .bind(current.label.as_deref())
    .bind(current.version)
    .bind(current.version + 1)
    .bind(decision.reason.as_deref())
    .bind(decision.note_digest.as_deref())
    .bind(change.undoes)
    .bind(decision.key.as_deref())
    .execute(&mut *connection)
    .await?;
    if let Some(note) = &decision.note {
        sqlx::query("INSERT INTO audit_texts (entry_id, comment_id, note) VALUES ($1, $2, $3)")
            .bind(decision.id)
            .bind(decision.comment)
            .bind(note.as_str())
            .execute(connection)
            .await?;
    }
    Ok(())
}
