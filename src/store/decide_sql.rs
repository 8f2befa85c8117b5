// Included by `units.rs` behind `unit_sql.rs`, whose imports serve here too: a moderator's decision.

crate::store::from_row::from_row! {
    struct Current {
        site_id: String,
        thread_id: Uuid,
        status: String,
        set_aside: bool,
        version: i64,
        label: Option<String>,
        thread_title: Option<String>,
        thread_url: Option<String>,
        has_receiver: bool,
    }
}

async fn decide(connection: &mut Connection, wanted: &Decide) -> Result<Decided, StoreError> {
    // The lock first: of two that came at once with one key, the second waits for it and sees the first.
    let current = lock_comment(connection, wanted).await?;
    if let Some(earlier) = earlier_with_key(connection, wanted).await? {
        return Ok(Decided::Replayed(earlier));
    }
    let Some(current) = current else {
        return Ok(Decided::NotFound);
    };
    let found = decision::Current {
        standing: Standing {
            status: crate::store::rows::status("comments", "status", &wanted.comment, &current.status)?,
            set_aside: current.set_aside,
        },
        version: current.version,
    };
    let earlier = match wanted.act {
        Act::Undo => latest(connection, wanted, current.version).await?,
        _ => None,
    };
    let act = decision::Wanted {
        act: wanted.act,
        version: wanted.version,
        of: wanted.of,
        actor: &wanted.actor.id,
    };
    match decision::apply(found, act, earlier) {
        Ok(change) => write(connection, wanted, &current, found.standing, &change).await,
        Err(unchanged) => Ok(unchanged),
    }
}

async fn earlier_with_key(connection: &mut Connection, wanted: &Decide) -> Result<Option<Uuid>, StoreError> {
    let Some(key) = &wanted.key else {
        return Ok(None);
    };
    let found: Option<(Uuid,)> =
        sqlx::query_as("SELECT id FROM audit_entries WHERE actor_id = $1 AND decision_key = $2")
            .bind(wanted.actor.id.as_str())
            .bind(key.as_str())
            .fetch_optional(connection)
            .await?;
    Ok(found.map(|(id,)| id))
}

/// The comment as it is, with its thread's row locked until the end of the transaction.
async fn lock_comment(connection: &mut Connection, wanted: &Decide) -> Result<Option<Current>, StoreError> {
    sqlx::query(
        "UPDATE threads SET content_version = content_version \
         WHERE id = (SELECT thread_id FROM comments WHERE id = $1)",
    )
    .bind(wanted.comment)
    .execute(&mut *connection)
    .await?;
    let current: Option<Current> = sqlx::query_as(
        "SELECT site_id, thread_id, status, set_aside, version, label, thread_title, thread_url, \
         EXISTS (SELECT 1 FROM receivers r WHERE r.site_id = comments.site_id) AS has_receiver \
         FROM comments WHERE id = $1",
    )
    .bind(wanted.comment)
    .fetch_optional(connection)
    .await?;
    Ok(current.filter(|current| wanted.scope.allows(&current.site_id)))
}

/// The decision that gave the comment its version, if a decision did.
async fn latest(
    connection: &mut Connection,
    wanted: &Decide,
    version: i64,
) -> Result<Option<decision::Earlier>, StoreError> {
    crate::store::from_row::from_row! {
        struct Entry {
            id: Uuid,
            actor_id: String,
            from_status: Option<String>,
            from_aside: Option<bool>,
            from_label: Option<String>,
        }
    }
    let entry: Option<Entry> = sqlx::query_as(
        "SELECT id, actor_id, from_status, from_aside, from_label FROM audit_entries \
         WHERE comment_id = $1 AND to_version = $2 AND action <> 'undo' ORDER BY id DESC LIMIT 1",
    )
    .bind(wanted.comment)
    .bind(version)
    .fetch_optional(connection)
    .await?;
    let Some(entry) = entry else { return Ok(None) };
    let word = entry.from_status.unwrap_or_default();
    Ok(Some(decision::Earlier {
        id: entry.id,
        actor: entry.actor_id,
        from: Standing {
            status: crate::store::rows::status("audit_entries", "from_status", &entry.id, &word)?,
            set_aside: entry.from_aside.unwrap_or(false),
        },
        from_label: entry.from_label,
    }))
}

async fn write(
    connection: &mut Connection,
    wanted: &Decide,
    current: &Current,
    from: Standing,
    change: &decision::Change,
) -> Result<Decided, StoreError> {
    let to = change.to;
    let changed: Option<(i64,)> = sqlx::query_as(
        "UPDATE comments SET status = $3, set_aside = $4, label = $5, decided_at = $6, version = version + 1, \
         event_seq = event_seq + 1 WHERE id = $1 AND version = $2 RETURNING event_seq",
    )
    .bind(wanted.comment)
    .bind(current.version)
    .bind(to.status.as_str())
    .bind(to.set_aside)
    .bind(change.label.as_deref())
    .bind(wanted.at.0)
    .fetch_optional(&mut *connection)
    .await?;
    let Some((seq,)) = changed else {
        return Ok(Decided::Conflict);
    };
    record(connection, wanted, current, from, change).await?;
    let event = Event {
        id: wanted.id,
        site: current.site_id.clone(),
        kind: Kind::of(wanted.act),
        comment: Some(wanted.comment),
        version: Some(current.version + 1),
        decision: change.undoes.or(Some(wanted.id)),
        actor_kind: wanted.actor.kind,
        actor_id: wanted.actor.id.clone(),
        at: wanted.at,
        seq: Some(seq),
    };
    write_event!(connection, &event, current.has_receiver);
    // Whoever read it has read it.
    sqlx::query("DELETE FROM review_leases WHERE comment_id = $1")
        .bind(wanted.comment)
        .execute(&mut *connection)
        .await?;
    if to.status == Status::Approved || from.status == Status::Approved {
        let publishes = to.status == Status::Approved;
        sqlx::query(PUBLISHED_SQL)
            .bind(current.thread_id)
            .bind(1_i64)
            .bind(current.thread_title.as_deref().filter(|_| publishes))
            .bind(current.thread_url.as_deref().filter(|_| publishes))
            .bind(current.thread_title.as_ref().filter(|_| publishes).map(|_| wanted.comment))
            .bind(current.thread_url.as_ref().filter(|_| publishes).map(|_| wanted.comment))
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
    Ok(Decided::Applied(wanted.id))
}

async fn record(
    connection: &mut Connection,
    wanted: &Decide,
    current: &Current,
    from: Standing,
    change: &decision::Change,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO audit_entries (id, site_id, at, actor_kind, actor_id, actor, action, comment_id, from_status, \
         to_status, from_aside, from_label, from_version, to_version, reason, text_digest, undoes, decision_key, \
         bulk_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)",
    )
    .bind(wanted.id)
    .bind(current.site_id.as_str())
    .bind(wanted.at.0)
    .bind(wanted.actor.kind.as_str())
    .bind(wanted.actor.id.as_str())
    .bind(wanted.actor.name.as_str())
    .bind(wanted.act.as_str())
    .bind(wanted.comment)
    .bind(from.status.as_str())
    .bind(change.to.status.as_str())
    .bind(from.set_aside)
    .bind(current.label.as_deref())
    .bind(current.version)
    .bind(current.version + 1)
    .bind(wanted.reason.as_deref())
    .bind(wanted.note_digest.as_deref())
    .bind(change.undoes)
    .bind(wanted.key.as_deref())
    .bind(wanted.bulk)
    .execute(&mut *connection)
    .await?;
    if let Some(note) = &wanted.note {
        sqlx::query("INSERT INTO audit_texts (entry_id, comment_id, note) VALUES ($1, $2, $3)")
            .bind(wanted.id)
            .bind(wanted.comment)
            .bind(note.as_str())
            .execute(connection)
            .await?;
    }
    Ok(())
}
