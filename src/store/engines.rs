//! One expression for both engines: a row, a read, a write transaction, and the sites that a query is narrowed to.

/// Declares a struct that `query_as` reads from a row of either engine: each field from the column of its name, and
/// the rows of `..part: Type`, which stand first, from the same row. Its error names the column that is missing or
/// does not fit.
///
/// `derive(sqlx::FromRow)` does no more for us, and its procedural macro links both engines' drivers: SQLite, its C
/// and TLS would be built a second time for the compiler alone.
macro_rules! from_row {
    (
        $(#[$about_struct:meta])*
        $visible:vis struct $name:ident {
            $(..$part:ident: $rows:ty,)*
            $($(#[$about_field:meta])* $readable:vis $column:ident: $value:ty,)+
        }
    ) => {
        $(#[$about_struct])*
        $visible struct $name {
            $($part: $rows,)*
            $($(#[$about_field])* $readable $column: $value,)+
        }
        $crate::store::engines::from_row!(@on ::sqlx::sqlite::SqliteRow, $name, $($part)*, $($column)+);
        $crate::store::engines::from_row!(@on ::sqlx::postgres::PgRow, $name, $($part)*, $($column)+);
    };
    (@on $row:ty, $name:ident, $($part:ident)*, $($column:ident)+) => {
        impl ::sqlx::FromRow<'_, $row> for $name {
            fn from_row(row: &$row) -> ::sqlx::Result<Self> {
                Ok(Self {
                    $($part: ::sqlx::FromRow::from_row(row)?,)*
                    $($column: ::sqlx::Row::try_get(row, stringify!($column))?,)+
                })
            }
        }
    };
}
pub(super) use from_row;

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

#[cfg(test)]
mod tests {
    use sqlx::{Connection as _, Error, SqliteConnection};

    from_row! {
        #[derive(Debug, PartialEq)]
        struct Part {
            id: i64,
            name: Option<String>,
        }
    }

    from_row! {
        #[derive(Debug, PartialEq)]
        struct Whole {
            ..part: Part,
            sort: i64,
        }
    }

    async fn read(select: &'static str) -> Result<Whole, Error> {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await?;
        sqlx::query_as(select).fetch_one(&mut connection).await
    }

    #[tokio::test]
    async fn a_row_is_read_by_the_names_of_its_columns() {
        let part = Part { id: 7, name: None };
        let read = read("SELECT 1 AS other, 3 AS sort, NULL AS name, 7 AS id").await;
        assert_eq!(read.expect("read"), Whole { part, sort: 3 });
    }

    #[tokio::test]
    async fn a_column_that_is_missing_or_does_not_fit_is_named() {
        let missing = read("SELECT 7 AS id, 3 AS sort").await.expect_err("no name");
        assert!(
            matches!(&missing, Error::ColumnNotFound(column) if column == "name"),
            "{missing}"
        );
        let unfit = read("SELECT 7 AS id, 'n' AS name, 'three' AS sort")
            .await
            .expect_err("text");
        assert!(
            matches!(&unfit, Error::ColumnDecode { index, .. } if index.contains("sort")),
            "{unfit}"
        );
    }
}
