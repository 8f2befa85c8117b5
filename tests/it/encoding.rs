//! What readers write is kept as they wrote it, or the store is refused before anybody writes.

use palabre::store::{Opening, Store};
use reqwest::Method;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection, sqlite::SqliteConnectOptions};
use uuid::Uuid;

use crate::{
    child::Place,
    service::{SITE, Service, comment, encoded},
    stores::{Storage, on_postgres},
};

crate::stores::on_both_engines!(
    f6_what_readers_write_is_kept_as_they_wrote_it,
    f6_no_text_anywhere_is_a_500
);

/// Texts that some encodings, or some software, cannot hold.
const TEXTS: [&str; 12] = [
    "👍🏿 👩‍👩‍👧‍👦 🏴󠁧󠁢󠁳󠁣󠁴󠁿",
    "شكرا جزيلا",
    "« cœur, 5 € » … – ‘’ Ÿ ž",
    "𝕱𝖆𝖚𝖙 𠀋 𐍈 𞤀𞤣𞤤𞤢𞤥",
    "a\u{ffff}b \u{fffe} \u{1fffe} \u{10ffff}",
    "\u{e000} \u{f8ff} \u{f0000} \u{10fffd}",
    "\u{fdd0} \u{fdef} \u{2028} \u{2029} \u{85} \u{9f}",
    "\u{fffd}\u{feff}\u{200b}x\u{202e}",
    "\u{1b}[31m \u{7f} \u{8}",
    "e\u{301}\u{316} \u{1112}\u{1161}\u{11ab}",
    "\\ ' \" ; -- % _ $1 \\x00 \\u0000 %00 &#0;",
    "İıſK Å",
];

async fn f6_what_readers_write_is_kept_as_they_wrote_it(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let moderator = service.moderator().await;
    for (number, text) in TEXTS.iter().enumerate() {
        let mut fields = comment(text);
        fields["name"] = json!(format!("Awa {number} {text}").chars().take(60).collect::<String>());
        fields["thread"] = json!(format!("/{number}"));
        fields["thread_title"] = json!(text);
        let id = service.reader().submits(&fields).await.expect(202).id();
        let item = moderator.gets(&format!("/api/v1/comments/{id}")).await.expect(200);
        assert_eq!(item.json["body"].as_str(), Some(*text), "{text:?}");
    }
    service.stop().await;
}

async fn f6_no_text_anywhere_is_a_500(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let owner = service.owner().await;
    let long = |sign: &str, characters: usize| sign.repeat(characters);
    let mut texts: Vec<String> = TEXTS.iter().map(|text| (*text).to_owned()).collect();
    texts.extend([
        long("𝕱", 512),
        long("👍", 80),
        long("é", 5000),
        "a\0b".to_owned(),
        String::new(),
    ]);
    // Signs that do not repeat, so that no index can make them small.
    texts.push(
        (0..512)
            .filter_map(|number| char::from_u32(0x1_f300 + number * 7 % 0x2_0000))
            .collect(),
    );
    for text in &texts {
        let mut fields = comment("Bonjour");
        for field in [
            "thread",
            "name",
            "email",
            "website",
            "body",
            "thread_url",
            "thread_title",
            "parent",
            "thread_sig",
        ] {
            let mut fields = fields.clone();
            fields[field] = json!(if field == "email" {
                format!("{text}@example.org")
            } else {
                text.clone()
            });
            is_no_500(service.reader().submits(&fields).await.status.as_u16(), field, text);
        }
        fields["thread"] = json!(text);
        let answer = service.reader().submits(&fields).await;
        let kept = (1..=512).contains(&text.chars().count()) && !text.contains(char::is_control);
        assert_eq!(
            answer.status.as_u16(),
            if kept { 202 } else { 422 },
            "{text:?}: {}",
            answer.text
        );
        let id = service.reader().submits(&comment("Merci")).await.id();
        for (path, body) in [
            (
                format!("/api/v1/comments/{id}/reject"),
                json!({"reason": text, "note": text}),
            ),
            (
                format!("/api/v1/comments/{id}/report"),
                json!({"reason": "other", "note": text}),
            ),
            (
                "/api/v1/tokens".to_owned(),
                json!({"name": text, "role": "moderator", "sites": ["faso"]}),
            ),
            (
                "/api/v1/moderators".to_owned(),
                json!({"name": text, "email": format!("{text}@example.org"), "role": "moderator", "sites": ["faso"]}),
            ),
        ] {
            is_no_500(owner.posts(&path, &body).await.status.as_u16(), &path, text);
        }
        let asked = encoded(&text.chars().take(513).collect::<String>());
        for path in [
            format!("/api/v1/moderation/queue?q={asked}&thread={asked}"),
            format!("/api/v1/moderation/queue?author={asked}&reason={asked}&after={asked}"),
            format!("/api/v1/sites/faso/comments?thread={asked}"),
            format!("/t/faso?thread={asked}&reply={asked}"),
        ] {
            is_no_500(owner.gets(&path).await.status.as_u16(), &path, text);
        }
        let thread = format!("/api/v1/sites/faso/threads/{asked}");
        let about = json!({"title": text, "url": format!("https://faso.test/{text}")});
        let put = owner.sends(&Method::PUT, &thread, &about).await;
        is_no_500(put.status.as_u16(), &thread, text);
    }
    // Half of a pair is no character.
    for half in ["\\ud800", "\\udc00x", "\\ud83d\\ud83d"] {
        let body = format!("{{\"thread\":\"/a\",\"name\":\"Awa\",\"email\":\"a@example.org\",\"body\":\"{half}\"}}");
        let answer = service
            .request(Method::POST, "/api/v1/sites/faso/comments", |request| {
                request.header("content-type", "application/json").body(body.clone())
            })
            .await;
        assert!((400..500).contains(&answer.status.as_u16()), "{half}: {}", answer.text);
    }
    service.stop().await;
}

#[track_caller]
fn is_no_500(status: u16, place: &str, text: &str) {
    let text: String = text.chars().take(20).collect();
    assert!(status < 500, "{place} with {text:?}: {status}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f6_a_postgresql_database_that_is_not_utf8_is_refused_and_left_as_it_was() {
    on_postgres(async |storage| {
        for encoding in ["LATIN1", "SQL_ASCII", "WIN1252", "EUC_JP"] {
            let database = Database::make(encoding).await;
            let place = Place::new(storage, SITE).with("PALABRE_DATABASE__URL", &database.url);
            for command in [&["serve"][..], &["token", "list"], &["setup-code"]] {
                place
                    .runs(command)
                    .refused_with(&[encoding, "UTF8", "createdb", "template0", "database.url"]);
            }
            let said = place.runs(&["doctor"]);
            assert_eq!(said.code, Some(1));
            assert!(
                said.out.contains("fail  store:") && said.out.contains(encoding),
                "{}",
                said.out
            );
            let tables = database
                .number("SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'")
                .await;
            assert_eq!(tables, 0, "{encoding}: nothing was made");
            database.drop().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f6_the_connection_speaks_utf8_whatever_role_database_and_address_say() {
    on_postgres(async |storage| {
        let database = Database::make("UTF8").await;
        database
            .execute(&format!(
                "ALTER DATABASE {} SET client_encoding = 'LATIN1'",
                database.name
            ))
            .await;
        let url = format!("{}?options=-c%20client_encoding%3DLATIN9", database.url);
        let place = Place::new(storage, SITE).with("PALABRE_DATABASE__URL", &url);
        let child = place.starts();
        for text in TEXTS {
            let answer = child.submits(&Uuid::now_v7().to_string(), &comment(text)).await;
            answer.expect("an answer").expect(202);
        }
        place.runs(&["doctor"]).well();
        child.stops();
        let kept = database
            .number("SELECT COUNT(*) FROM comments WHERE body = '« cœur, 5 € » … – ‘’ Ÿ ž'")
            .await;
        assert_eq!(kept, 1);
        database.drop().await;
    })
    .await;
}

#[tokio::test]
async fn f6_a_sqlite_file_in_utf_16_is_refused_and_left_as_it_was() {
    for encoding in ["UTF-16le", "UTF-16be"] {
        let storage = Storage::sqlite();
        let options = SqliteConnectOptions::new()
            .filename(storage.file())
            .create_if_missing(true)
            .pragma("encoding", format!("'{encoding}'"));
        let mut connection = SqliteConnection::connect_with(&options).await.expect("a database");
        for statement in ["CREATE TABLE t (a TEXT)", "DROP TABLE t"] {
            sqlx::query(statement).execute(&mut connection).await.expect("done");
        }
        connection.close().await.expect("closed");
        let before = std::fs::read(storage.file()).expect("the file");
        let error = Store::open(&storage.database(), Opening::Serve)
            .await
            .expect_err("refused")
            .to_string();
        for word in ["palabre.db", encoding, "UTF-8", "database.url"] {
            assert!(error.contains(word), "{word:?} is not in: {error}");
        }
        let place = Place::new(&storage, SITE);
        place.runs(&["serve"]).refused_with(&["palabre.db", encoding]);
        assert!(place.runs(&["doctor"]).out.contains("fail  store:"));
        assert_eq!(std::fs::read(storage.file()).expect("the file"), before);
    }
}

/// A database of the test's own on the server.
struct Database {
    server: String,
    name: String,
    url: String,
}

impl Database {
    async fn make(encoding: &str) -> Self {
        let server = std::env::var("PALABRE_TEST_POSTGRES").expect("a server");
        let name = format!("test_{}", Uuid::now_v7().simple());
        let mut url = url::Url::parse(&server).expect("an address");
        url.set_path(&name);
        let made = Self {
            server,
            name,
            url: url.to_string(),
        };
        made.on_server(&format!(
            "CREATE DATABASE {} ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0 LOCALE_PROVIDER libc",
            made.name
        ))
        .await;
        made
    }

    async fn drop(self) {
        self.on_server(&format!("DROP DATABASE {} WITH (FORCE)", self.name))
            .await;
    }

    async fn on_server(&self, statement: &str) {
        let mut connection = PgConnection::connect(&self.server).await.expect("the server answers");
        sqlx::query(AssertSqlSafe(statement.to_owned()))
            .execute(&mut connection)
            .await
            .expect(statement);
    }

    async fn execute(&self, statement: &str) {
        let mut connection = PgConnection::connect(&self.url).await.expect("the server answers");
        sqlx::query(AssertSqlSafe(statement.to_owned()))
            .execute(&mut connection)
            .await
            .expect(statement);
    }

    async fn number(&self, query: &str) -> i64 {
        let mut connection = PgConnection::connect(&self.url).await.expect("the server answers");
        let (number,): (i64,) = sqlx::query_as(AssertSqlSafe(query.to_owned()))
            .fetch_one(&mut connection)
            .await
            .expect(query);
        number
    }
}
