//! One declaration of a row for both engines.

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
        $crate::store::from_row::from_row!(@on ::sqlx::sqlite::SqliteRow, $name, $($part)*, $($column)+);
        $crate::store::from_row::from_row!(@on ::sqlx::postgres::PgRow, $name, $($part)*, $($column)+);
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

/// Lets a column that holds a word be read as the enum of such words; another word is an error of that column.
macro_rules! read_as_word {
    ($word:ty) => {
        impl<DB: ::sqlx::Database> ::sqlx::Type<DB> for $word
        where
            String: ::sqlx::Type<DB>,
        {
            fn type_info() -> DB::TypeInfo {
                <String as ::sqlx::Type<DB>>::type_info()
            }

            fn compatible(kind: &DB::TypeInfo) -> bool {
                <String as ::sqlx::Type<DB>>::compatible(kind)
            }
        }

        impl<'r, DB: ::sqlx::Database> ::sqlx::Decode<'r, DB> for $word
        where
            String: ::sqlx::Decode<'r, DB>,
        {
            fn decode(value: DB::ValueRef<'r>) -> Result<Self, ::sqlx::error::BoxDynError> {
                Ok(<String as ::sqlx::Decode<'r, DB>>::decode(value)?.parse()?)
            }
        }
    };
}
pub(super) use read_as_word;

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
