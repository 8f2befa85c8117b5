// Included by `units.rs` behind `unit_sql.rs`, whose imports serve here too: a moderator's decision.

crate::store::from_row::from_row! {
    struct Current {
        site_id: String,
        thread_id: Uuid,
        status: String,
        set_aside: bool,
        version: i64,
        label: Option<String>,
        open_reports: i64,
        thread_title: Option<String>,
        thread_url: Option<String>,
        appealed_at: Option<i64>,
        appeal_against: Option<Uuid>,
        reasons: String,
        level: Option<i64>,
        policy_version: Option<i64>,
        explored: bool,
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
        is_reported: current.open_reports > 0,
        judge: judge(connection, wanted, &current).await?,
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
        Ok(change) => write(connection, wanted, &current, &found, &change).await,
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
        "SELECT site_id, thread_id, status, set_aside, version, label, open_reports, thread_title, thread_url, \
         appealed_at, appeal_against, reasons, level, policy_version, explored, \
         EXISTS (SELECT 1 FROM receivers r WHERE r.site_id = comments.site_id) AS has_receiver \
         FROM comments WHERE id = $1",
    )
    .bind(wanted.comment)
    .fetch_optional(connection)
    .await?;
    Ok(current.filter(|current| wanted.scope.allows(&current.site_id)))
}

/// Who the caller is to the decision that the comment's reader appealed against.
async fn judge(connection: &mut Connection, wanted: &Decide, current: &Current) -> Result<Judge, StoreError> {
    let Some(against) = current.appeal_against else {
        return Ok(Judge::Another);
    };
    let made: Option<(ActorKind, String)> =
        sqlx::query_as("SELECT actor_kind, actor_id FROM audit_entries WHERE id = $1")
            .bind(against)
            .fetch_optional(&mut *connection)
            .await?;
    let Some((kind, id)) = made else {
        return Ok(Judge::Another);
    };
    let own = person_behind!(&mut *connection, wanted.actor.kind, &wanted.actor.id)?;
    if own != person_behind!(&mut *connection, kind, &id)? {
        return Ok(Judge::Another);
    }
    let is_alone = !has_another!(&mut *connection, &own, current.site_id.as_str(), wanted.at)?;
    Ok(if is_alone { Judge::Alone } else { Judge::Own })
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
    found: &decision::Current,
    change: &decision::Change,
) -> Result<Decided, StoreError> {
    let (from, to) = (found.standing, change.to);
    let changed: Option<(i64,)> = sqlx::query_as(
        "UPDATE comments SET status = $3, set_aside = $4, label = $5, decided_at = $6, version = version + 1, \
         open_reports = CASE WHEN $7 THEN reports ELSE 0 END, event_seq = event_seq + 1 \
         WHERE id = $1 AND version = $2 RETURNING event_seq",
    )
    .bind(wanted.comment)
    .bind(current.version)
    .bind(to.status.as_str())
    .bind(to.set_aside)
    .bind(change.label.as_deref())
    .bind(wanted.at.0)
    .bind(change.undoes.is_some())
    .fetch_optional(&mut *connection)
    .await?;
    let Some((seq,)) = changed else {
        return Ok(Decided::Conflict);
    };
    record(connection, wanted, current, found, change).await?;
    reverse(connection, wanted, current, change).await?;
    keep_facts(connection, wanted, current, from, to).await?;
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
             WHERE thread_id = $1 AND status = 'pending' AND appealed_at IS NULL) WHERE id = $1",
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
    found: &decision::Current,
    change: &decision::Change,
) -> Result<(), StoreError> {
    let from = found.standing;
    let detail = (found.judge == Judge::Alone).then(|| AuditDetail::Alone { alone: true }.text());
    sqlx::query(
        "INSERT INTO audit_entries (id, site_id, at, actor_kind, actor_id, actor, action, comment_id, from_status, \
         to_status, from_aside, from_label, from_version, to_version, reason, text_digest, undoes, decision_key, \
         detail, bulk_id) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)",
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
    .bind(detail)
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

/// Notes which earlier decisions no longer hold: the one that is taken back, or those that had led elsewhere. What one
/// that is taken back had reversed holds again.
async fn reverse(
    connection: &mut Connection,
    wanted: &Decide,
    current: &Current,
    change: &decision::Change,
) -> Result<(), StoreError> {
    if let Some(undone) = change.undoes {
        sqlx::query("UPDATE decision_facts SET reversed_by = $2, reversed_at = $3 WHERE id = $1")
            .bind(undone)
            .bind(wanted.id)
            .bind(wanted.at.0)
            .execute(&mut *connection)
            .await?;
        // Index: audit_by_comment.
        sqlx::query(
            "UPDATE decision_facts SET reversed_by = NULL, reversed_at = NULL WHERE reversed_by = $1 \
             AND id IN (SELECT id FROM audit_entries WHERE comment_id = $2)",
        )
        .bind(undone)
        .bind(wanted.comment)
        .execute(connection)
        .await?;
    } else if current.version > 1 {
        // Index: audit_by_comment.
        sqlx::query(
            "UPDATE decision_facts SET reversed_by = $1, reversed_at = $2 WHERE reversed_at IS NULL \
             AND id IN (SELECT id FROM audit_entries WHERE comment_id = $3 \
             AND action IN ('approve', 'reject', 'spam') AND to_status <> $4)",
        )
        .bind(wanted.id)
        .bind(wanted.at.0)
        .bind(wanted.comment)
        .bind(change.to.status.as_str())
        .execute(connection)
        .await?;
    }
    Ok(())
}

async fn keep_facts(
    connection: &mut Connection,
    wanted: &Decide,
    current: &Current,
    from: Standing,
    to: Standing,
) -> Result<(), StoreError> {
    let reasons: Vec<Reason> = crate::store::rows::json("comments", "reasons", &wanted.comment, &current.reasons)?;
    let codes: Vec<&str> = reasons.iter().map(Reason::code).collect();
    let source = Source::of(from.status, current.appealed_at.is_some(), current.open_reports);
    sqlx::query(
        "INSERT INTO decision_facts (id, revision, restriction, source, detection_codes, decided_how, policy_version, \
         score_seen, focused_ms, explored_hidden, effective_at) VALUES ($1, 0, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(wanted.id)
    .bind(Restriction::of(from.status, to.status).map(Restriction::as_str))
    .bind(source.as_str())
    .bind(codes.join(" "))
    .bind(wanted.how.as_str())
    .bind(current.policy_version)
    .bind(current.level)
    .bind(wanted.focused_ms)
    .bind(current.explored)
    .bind((from.status != to.status).then_some(wanted.at.0))
    .execute(&mut *connection)
    .await?;
    // One of many that fitted a filter was not seen.
    let account = wanted.actor.account().filter(|_| wanted.how == How::Person);
    if let Some(account) = account {
        sqlx::query(NOTE_SQL)
            .bind(wanted.comment)
            .bind(account)
            .bind(Seen::Decided.as_str())
            .bind(wanted.at.0)
            .execute(connection)
            .await?;
    }
    Ok(())
}
