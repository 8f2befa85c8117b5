//! A new comment and a decision, on either engine: behind the writer's queue on SQLite, a transaction on PostgreSQL.

use super::{
    error::{Defect, StoreError},
    open::Store,
    units::{Decide, Done, Inserted, NewComment, Unit, postgres},
};
use crate::domain::decision::Decided;

impl Store {
    /// Stores a comment with its outcome, its thread and its repeat keys.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is stored then, or the commit's outcome is unknown and a repeat tells.
    pub async fn insert(&self, comment: NewComment) -> Result<Inserted, StoreError> {
        if let Self::Sqlite(sqlite) = self {
            let repeats = comment.origin.repeats();
            for key in &repeats.keys {
                sqlite.recent().note(&comment.site, key, repeats.until);
            }
        }
        let Done::Inserted(inserted) = self.unit(Unit::Insert(Box::new(comment))).await? else {
            return Err(Defect::Broken("mixed-up units".to_owned()).into());
        };
        if let (Self::Sqlite(sqlite), Inserted::ThreadClosed) = (self, inserted) {
            sqlite.recent().forget_threads();
        }
        Ok(inserted)
    }

    /// Applies a decision.
    pub async fn decide(&self, decision: Decide) -> Result<Decided, StoreError> {
        match self.unit(Unit::Decide(Box::new(decision))).await? {
            Done::Decided(decided) => Ok(decided),
            Done::Inserted(_) => Err(Defect::Broken("mixed-up units".to_owned()).into()),
        }
    }

    async fn unit(&self, unit: Unit) -> Result<Done, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.writer().unit(unit).await,
            Self::Postgres(pool) => {
                let unit = [unit];
                let first = unit_on_postgres(pool, &unit).await;
                match first {
                    // Somebody inserted the same key between our look and our insert: now it is seen.
                    Err(error) if error.is_unique_violation() => unit_on_postgres(pool, &unit).await,
                    other => other,
                }
            }
        }
    }
}

async fn unit_on_postgres(pool: &sqlx::PgPool, unit: &[Unit; 1]) -> Result<Done, StoreError> {
    let mut transaction = pool.begin().await?;
    let mut done = postgres::run_all(&mut transaction, unit).await?;
    transaction.commit().await?;
    done.pop()
        .ok_or_else(|| Defect::Broken("a unit gave no result".to_owned()).into())
}
