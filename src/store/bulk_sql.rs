// Included by `units.rs` behind `decide_sql.rs`: a part of a bulk, each of its decisions made as any other.

use sqlx::AssertSqlSafe;

use crate::{
    domain::{actor::Scope, bulk::BulkState},
    store::bulk::{self, Bulk, BulkPart},
};

/// `None`: it is not there, or nothing is left to do.
pub(in crate::store) async fn bulk_part(
    connection: &mut Connection,
    part: &BulkPart,
) -> Result<Option<Bulk>, StoreError> {
    // The lock: until the commit nobody else makes a part of it, and nobody stops it.
    let found: Option<Bulk> = sqlx::query_as(AssertSqlSafe(format!(
        "UPDATE bulk_operations SET state = state WHERE id = $1 AND state IN ('running', 'undoing') RETURNING {}",
        bulk::COLUMNS
    )))
    .bind(part.bulk)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(mut bulk) = found else {
        return Ok(None);
    };
    match bulk.state {
        BulkState::Running => decide_some(connection, part, &mut bulk).await?,
        _ => take_some_back(connection, part, &mut bulk).await?,
    }
    sqlx::query(
        "UPDATE bulk_operations SET state = $2, done = $3, skipped = $4, undone = $5, not_undone = $6, cursor = $7, \
         undone_at = $8 WHERE id = $1",
    )
    .bind(bulk.id)
    .bind(bulk.state.as_str())
    .bind(bulk.done)
    .bind(bulk.skipped)
    .bind(bulk.undone)
    .bind(bulk.not_undone)
    .bind(bulk.cursor)
    .bind(bulk.undone_at)
    .execute(connection)
    .await?;
    Ok(Some(bulk))
}

/// Decides what comes next. What is no longer as it was when the bulk began is left to whoever changed it.
async fn decide_some(connection: &mut Connection, part: &BulkPart, bulk: &mut Bulk) -> Result<(), StoreError> {
    // Index: the primary key.
    let rows: Vec<(i64, Uuid, i64)> =
        sqlx::query_as("SELECT place, comment_id, version FROM bulk_rows WHERE bulk_id = $1 ORDER BY place LIMIT $2")
            .bind(bulk.id)
            .bind(part.most())
            .fetch_all(&mut *connection)
            .await?;
    for ((_, comment, version), id) in rows.iter().zip(&part.ids) {
        let wanted = Decide {
            version: Some(*version),
            ..of_bulk(bulk, part, *id, *comment, bulk.action)
        };
        match decide(connection, &wanted).await? {
            Decided::Applied(_) => bulk.done += 1,
            _ => bulk.skipped += 1,
        }
    }
    if let Some((place, ..)) = rows.last() {
        sqlx::query("DELETE FROM bulk_rows WHERE bulk_id = $1 AND place <= $2")
            .bind(bulk.id)
            .bind(*place)
            .execute(connection)
            .await?;
    }
    if bulk.done + bulk.skipped >= bulk.expect {
        bulk.state = BulkState::Done;
    }
    Ok(())
}

/// Takes back what was decided last. What somebody changed since stays as they left it.
async fn take_some_back(connection: &mut Connection, part: &BulkPart, bulk: &mut Bulk) -> Result<(), StoreError> {
    // Index: audit_by_bulk.
    let decisions: Vec<(Uuid, Option<Uuid>)> = sqlx::query_as(
        "SELECT id, comment_id FROM audit_entries WHERE bulk_id = $1 AND id < $2 AND action <> 'undo' \
         ORDER BY id DESC LIMIT $3",
    )
    .bind(bulk.id)
    .bind(bulk.cursor.unwrap_or(Uuid::max()))
    .bind(part.most())
    .fetch_all(&mut *connection)
    .await?;
    for ((decision, comment), id) in decisions.iter().zip(&part.ids) {
        let wanted = Decide {
            of: Some(*decision),
            ..of_bulk(bulk, part, *id, comment.unwrap_or_default(), Act::Undo)
        };
        match decide(connection, &wanted).await? {
            Decided::Applied(_) => bulk.undone += 1,
            _ => bulk.not_undone += 1,
        }
        bulk.cursor = Some(*decision);
    }
    if bulk.undone + bulk.not_undone >= bulk.done {
        bulk.state = BulkState::Undone;
        bulk.undone_at = Some(part.at.0);
    }
    Ok(())
}

fn of_bulk(bulk: &Bulk, part: &BulkPart, id: Uuid, comment: Uuid, act: Act) -> Decide {
    let by = (bulk.by(), Scope::Sites(vec![bulk.site_id.clone()]));
    Decide {
        how: crate::domain::decision_facts::How::Bulk,
        bulk: Some(bulk.id),
        ..Decide::new(id, comment, act, by, part.at)
    }
}
