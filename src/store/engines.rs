//! One expression for both engines: a read, a write transaction, and the sites that a query is narrowed to.

/// Expands one read for both engines.
macro_rules! on_pool {
    ($store:expr, |$pool:ident| $body:expr) => {
        match $store {
            $crate::store::open::Store::Sqlite(sqlite) => match sqlite.readers().take().await {
                Ok(mut reader) => {
                    let result = {
                        let $pool = &mut reader.connection;
                        $body
                    };
                    if result.is_ok() {
                        reader.put_back();
                    }
                    result
                }
                Err(error) => Err(error),
            },
            $crate::store::open::Store::Postgres(pool) => {
                let $pool = pool;
                $body
            }
        }
    };
}
pub(super) use on_pool;

/// Expands one write transaction for both engines. The body is an async block's content that gives a
/// `Result<_, StoreError>` and owns all it uses; an error rolls back.
macro_rules! in_tx {
    ($store:expr, |$conn:ident| $body:expr) => {
        match $store {
            $crate::store::open::Store::Sqlite(sqlite) => {
                sqlite
                    .writer()
                    .run(move |$conn: &mut ::sqlx::SqliteConnection| Box::pin(async move { $body }))
                    .await
            }
            $crate::store::open::Store::Postgres(pool) => {
                let mut transaction = pool.begin().await?;
                let result = {
                    let $conn: &mut ::sqlx::PgConnection = &mut transaction;
                    async { $body }.await
                };
                match result {
                    Ok(value) => transaction.commit().await.map(|()| value).map_err(Into::into),
                    Err(error) => {
                        let _ = transaction.rollback().await;
                        Err(error)
                    }
                }
            }
        }
    };
}
pub(super) use in_tx;

/// Narrows a query to the sites of a scope. An empty list of sites is none at all: PostgreSQL knows no
/// `IN ()`.
macro_rules! push_scope {
    ($query:expr, $column:literal, $scope:expr) => {
        if let $crate::domain::actor::Scope::Sites(sites) = $scope {
            $query.push(if sites.is_empty() {
                concat!(" AND ", $column, " IN (NULL")
            } else {
                concat!(" AND ", $column, " IN (")
            });
            let mut list = $query.separated(", ");
            for site in sites {
                list.push_bind(site.as_str());
            }
            $query.push(")");
        }
    };
}
pub(super) use push_scope;
