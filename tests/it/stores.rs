//! Storage of its own for each test, on each engine.
//!
//! A test takes `&Storage`, opens it itself, and is listed in [`on_both_engines!`], which makes a module
//! of its name with the tests `sqlite` and `postgres`. SQLite gets a fresh file in a folder of its own;
//! PostgreSQL a schema of its own on the server named in `PALABRE_TEST_POSTGRES` (`tests/run` starts
//! one). Without that variable the tests on PostgreSQL say that they were not run and pass; with
//! `PALABRE_TEST_REQUIRE_ALL` they fail. Folder and schema go when the [`Storage`] is dropped, also
//! after a failure.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    io::Write as _,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::Once,
};

use palabre::{
    config::DatabaseUrl,
    store::{Opening, Store},
};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};
use uuid::Uuid;

/// Where one test keeps its rows.
#[derive(Debug)]
pub(crate) struct Storage {
    /// For a configuration's `database.url`.
    pub(crate) url: String,
    /// A folder of the test's own, for a key file or a backup too.
    pub(crate) folder: PathBuf,
    /// The server and the schema on it; `None` on SQLite.
    schema: Option<(String, String)>,
}

impl Storage {
    /// A SQLite file that does not exist yet.
    pub(crate) fn sqlite() -> Self {
        let folder = folder();
        Self {
            url: format!("sqlite://{}", folder.join("palabre.db").display()),
            folder,
            schema: None,
        }
    }

    /// An empty schema; `None` when no server is named, which fails where all must be run.
    pub(crate) async fn postgres() -> Option<Self> {
        let Ok(server) = env::var("PALABRE_TEST_POSTGRES") else {
            assert!(
                env::var_os("PALABRE_TEST_REQUIRE_ALL").is_none(),
                "PALABRE_TEST_POSTGRES names no server: run tests/run"
            );
            say_not_run();
            return None;
        };
        let schema = format!("test_{}", Uuid::now_v7().simple());
        execute_on(&server, format!("CREATE SCHEMA {schema}")).await;
        let separator = if server.contains('?') { '&' } else { '?' };
        Some(Self {
            url: format!("{server}{separator}options=-c%20search_path%3D{schema}"),
            folder: folder(),
            schema: Some((server, schema)),
        })
    }

    /// For [`Store::open`].
    pub(crate) fn database(&self) -> DatabaseUrl {
        self.url.parse().expect("the address of a database")
    }

    /// Opens it as the server does.
    pub(crate) async fn open(&self) -> Store {
        Store::open(&self.database(), Opening::Serve)
            .await
            .expect("the test's own storage opens")
    }

    pub(crate) fn is_postgres(&self) -> bool {
        self.schema.is_some()
    }

    /// The path of the SQLite file.
    pub(crate) fn file(&self) -> &Path {
        Path::new(self.url.trim_start_matches("sqlite://"))
    }

    /// Runs one statement behind the store's back.
    pub(crate) async fn execute(&self, statement: &str) {
        if self.is_postgres() {
            execute_on(&self.url, statement.to_owned()).await;
        } else {
            sqlx::query(AssertSqlSafe(statement.to_owned()))
                .execute(&mut self.sqlite_connection().await)
                .await
                .expect(statement);
        }
    }

    /// The one integer that a query gives.
    pub(crate) async fn integer(&self, query: &str) -> Option<i64> {
        let (found,): (Option<i64>,) = if self.is_postgres() {
            let mut connection = PgConnection::connect(&self.url).await.expect("the server answers");
            sqlx::query_as(AssertSqlSafe(query.to_owned()))
                .fetch_one(&mut connection)
                .await
                .expect(query)
        } else {
            sqlx::query_as(AssertSqlSafe(query.to_owned()))
                .fetch_one(&mut self.sqlite_connection().await)
                .await
                .expect(query)
        };
        found
    }

    /// Table, column and whether it may be NULL, of all tables but the migrations' own.
    pub(crate) async fn columns(&self) -> Vec<(String, String, bool)> {
        let mut columns: Vec<(String, String, bool)> = if self.is_postgres() {
            let mut connection = PgConnection::connect(&self.url).await.expect("the server answers");
            sqlx::query_as(
                "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT), is_nullable = 'YES' \
                 FROM information_schema.columns WHERE table_schema = current_schema()",
            )
            .fetch_all(&mut connection)
            .await
            .expect("the columns")
        } else {
            sqlx::query_as(
                "SELECT t.name, c.name, c.\"notnull\" = 0 FROM sqlite_master t \
                 JOIN pragma_table_info(t.name) c WHERE t.type = 'table'",
            )
            .fetch_all(&mut self.sqlite_connection().await)
            .await
            .expect("the columns")
        };
        columns.retain(|(table, ..)| table != "_sqlx_migrations");
        columns.sort();
        columns
    }

    /// The first column of each row, which is text.
    pub(crate) async fn texts(&self, query: &str) -> Vec<String> {
        let found: Vec<(String,)> = if self.is_postgres() {
            let mut connection = PgConnection::connect(&self.url).await.expect("the server answers");
            sqlx::query_as(AssertSqlSafe(query.to_owned()))
                .fetch_all(&mut connection)
                .await
                .expect(query)
        } else {
            sqlx::query_as(AssertSqlSafe(query.to_owned()))
                .fetch_all(&mut self.sqlite_connection().await)
                .await
                .expect(query)
        };
        found.into_iter().map(|(text,)| text).collect()
    }

    /// How the engine would answer a query, as it tells it.
    pub(crate) async fn plan(&self, query: &str) -> String {
        if self.is_postgres() {
            return self.texts(&format!("EXPLAIN {query}")).await.join("\n");
        }
        let steps: Vec<(i64, i64, i64, String)> = sqlx::query_as(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {query}")))
            .fetch_all(&mut self.sqlite_connection().await)
            .await
            .expect(query);
        steps.into_iter().map(|(.., step)| step).collect::<Vec<_>>().join("\n")
    }

    /// The ids in a column of `table`, which may have a `WHERE`.
    pub(crate) async fn ids(&self, column: &str, table: &str) -> BTreeSet<Uuid> {
        let text = if self.is_postgres() {
            format!("CAST({column} AS TEXT)")
        } else {
            format!("HEX({column})")
        };
        let ids = self.texts(&format!("SELECT {text} FROM {table}")).await;
        ids.iter().map(|id| Uuid::parse_str(id).expect("an id")).collect()
    }

    /// What gives every row of all tables but the migrations' own, with its table's name, as text.
    pub(crate) async fn query_of_all_rows(&self) -> String {
        let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (table, column, _) in self.columns().await {
            tables.entry(table).or_default().push(format!("QUOTE(\"{column}\")"));
        }
        let selects = tables.iter().map(|(table, columns)| {
            let row = if self.is_postgres() {
                "CAST(t AS TEXT)".to_owned()
            } else {
                columns.join(" || ' ' || ")
            };
            format!("SELECT '{table}: ' || {row} FROM {table} t")
        });
        selects.collect::<Vec<_>>().join(" UNION ALL ")
    }

    async fn sqlite_connection(&self) -> SqliteConnection {
        SqliteConnection::connect(&self.url).await.expect("the file opens")
    }
}

impl Drop for Storage {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
        let Some((server, schema)) = self.schema.take() else {
            return;
        };
        // In a thread of its own, because a drop cannot wait inside the test's runtime.
        let dropping = std::thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime")
                .block_on(execute_on(&server, format!("DROP SCHEMA {schema} CASCADE")));
        });
        if dropping.join().is_err() {
            let _ = writeln!(std::io::stderr(), "a test's schema could not be dropped");
        }
    }
}

/// Runs a test on SQLite.
pub(crate) async fn on_sqlite(test: impl AsyncFnOnce(&Storage)) {
    test(&Storage::sqlite()).await;
}

/// Runs a test on PostgreSQL, where a server is named.
pub(crate) async fn on_postgres(test: impl AsyncFnOnce(&Storage)) {
    if let Some(storage) = Storage::postgres().await {
        test(&storage).await;
    }
}

/// Makes of each `async fn name(storage: &Storage)` the tests `name::sqlite` and `name::postgres`.
macro_rules! on_both_engines {
    ($($test:ident),+ $(,)?) => {$(
        mod $test {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                $crate::stores::on_sqlite(super::$test).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                $crate::stores::on_postgres(super::$test).await;
            }
        }
    )+};
}
pub(crate) use on_both_engines;

fn folder() -> PathBuf {
    let folder = env::temp_dir().join(format!("palabre-test-{}", Uuid::now_v7().simple()));
    fs::DirBuilder::new()
        .mode(0o700)
        .create(&folder)
        .expect("a folder for the test");
    folder
}

async fn execute_on(url: &str, statement: String) {
    let mut connection = PgConnection::connect(url).await.expect("the PostgreSQL server answers");
    sqlx::query("SET lock_timeout = '20s'")
        .execute(&mut connection)
        .await
        .expect("a time to wait for locks");
    sqlx::query(AssertSqlSafe(statement.clone()))
        .execute(&mut connection)
        .await
        .expect(&statement);
    let _ = connection.close().await;
}

/// Once, and past the test harness, which keeps what a passing test prints.
fn say_not_run() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let _ = writeln!(
            std::io::stderr(),
            "\nPALABRE_TEST_POSTGRES is not set: NO test was run on PostgreSQL (tests/run does that)\n"
        );
    });
}
