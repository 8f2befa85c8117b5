//! Bad requests: each gets the answer of the contract, none a 5xx, none stores or changes anything.
//!
//! [`ROUTES`] lists every route that reads a body; what is wrong with a body is told by each of them in the
//! same way. What no HTTP client would send goes over a bare connection ([`raw`]).

use std::{fmt::Write as _, time::Duration};

use futures_util::future::join_all;
use proptest::{
    prelude::*,
    strategy::{Strategy, ValueTree as _},
    test_runner::{Config, TestRunner},
};
use reqwest::Method;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    service::{Answer, Person, SITE, Service, comment, encoded, in_time},
    stores::{Storage, on_sqlite},
};

/// Every route that reads a body, with its method. `{id}` is a comment.
const ROUTES: [(&str, &str); 18] = [
    ("POST", "/api/v1/sites/faso/comments"),
    ("POST", "/api/v1/comments/{id}/report"),
    ("POST", "/api/v1/comments/{id}/approve"),
    ("POST", "/api/v1/comments/{id}/undo"),
    ("POST", "/api/v1/moderation/decisions"),
    ("POST", "/api/v1/moderation/bulk"),
    ("PUT", "/api/v1/sites/faso/threads/a"),
    ("POST", "/api/v1/sites/faso/captcha/preview"),
    ("POST", "/api/v1/sites/faso/captcha/policies"),
    ("POST", "/api/v1/sites/faso/captcha/policies/1/revert"),
    ("POST", "/t/faso?thread=a"),
    ("POST", "/setup"),
    ("POST", "/queue/decide"),
    ("POST", "/queue/bulk"),
    ("POST", "/queue/all"),
    ("POST", "/queue/undo"),
    ("POST", "/sites/faso/captcha/policies"),
    ("POST", "/sites/faso/captcha/policies/1/revert"),
];

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

crate::stores::on_both_engines!(
    every_route_tells_what_is_wrong_with_a_body,
    what_nobody_reads_is_ignored,
    hostile_markup_is_stored_and_answered,
    line_ends_directions_and_formulas_do_no_harm_in_names_and_titles,
);

async fn every_route_tells_what_is_wrong_with_a_body(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let owner = service.owner().await;
    let sent = service.reader().submits(&comment("Là")).await.expect(202);
    let nested = format!("{{\"a\":{}1{}}}", "[".repeat(16), "]".repeat(16));
    let deep = format!("{{\"a\":{}1{}}}", "{\"b\":".repeat(20_000), "}".repeat(20_000));
    let large = format!("{{\"body\":\"{}\"}}", "x".repeat(130 * 1024));
    let large_form = format!("body={}", "x".repeat(130 * 1024));
    let cases: Vec<(&str, &[u8], u16, &str)> = vec![
        (JSON, b"", 400, "bad_json"),
        (JSON, b"{\"body\":", 400, "bad_json"),
        (JSON, b"{\"body\":\"x\"} {}", 400, "bad_json"),
        (JSON, b"[]", 400, "bad_json"),
        (JSON, b"\"text\"", 400, "bad_json"),
        (JSON, b"null", 400, "bad_json"),
        (JSON, b"{'body':'x'}", 400, "bad_json"),
        (JSON, b"{\"body\":NaN}", 400, "bad_json"),
        (JSON, b"{\"body\":1e999}", 400, "bad_json"),
        (JSON, b"\xef\xbb\xbf{\"body\":\"x\"}", 400, "bad_json"),
        (JSON, b"{\"body\":\"a\nb\"}", 400, "bad_json"),
        (JSON, b"{\"body\":\"x\",\"body\":\"y\"}", 400, "duplicate_key"),
        (JSON, b"{\"body\":\"x\",\"bo\\u0064y\":\"y\"}", 400, "duplicate_key"),
        (JSON, b"{\"x\":{\"a\":1,\"a\":2}}", 400, "duplicate_key"),
        (JSON, b"{\"body\":\"\xff\xfe\"}", 400, "bad_encoding"),
        (JSON, b"{\"body\":\"\xed\xa0\x80\"}", 400, "bad_encoding"),
        (JSON, b"{\"\xc3\":1}", 400, "bad_encoding"),
        (FORM, b"body=%ff%fe", 400, "bad_encoding"),
        (FORM, b"body=\xff", 400, "bad_encoding"),
        (FORM, b"%ff=x", 400, "bad_encoding"),
        (JSON, b"{\"body\":\"a\\u0000b\"}", 422, "bad_character"),
        (JSON, b"{\"a\\u0000b\":1}", 422, "bad_character"),
        (JSON, b"{\"body\":\"\\ud83d\"}", 422, "bad_character"),
        (JSON, b"{\"body\":\"\\ude00 x\"}", 422, "bad_character"),
        (JSON, b"{\"body\":\"\\ud83dx\"}", 422, "bad_character"),
        (FORM, b"body=a%00b", 422, "bad_character"),
        (JSON, nested.as_bytes(), 422, "too_deep"),
        (JSON, deep.as_bytes(), 422, "too_deep"),
        (JSON, large.as_bytes(), 413, "too_large"),
        (FORM, large_form.as_bytes(), 413, "too_large"),
        ("text/plain", b"{\"body\":\"x\"}", 415, "unsupported_media_type"),
        (
            "multipart/form-data; boundary=x",
            b"--x--",
            415,
            "unsupported_media_type",
        ),
        ("application/jsonp", b"{}", 415, "unsupported_media_type"),
        ("", b"{}", 415, "unsupported_media_type"),
    ];
    for (method, path) in ROUTES {
        let path = path.replace("{id}", &sent.id());
        for (content_type, body, status, code) in &cases {
            let answer = sends(&service, &owner, method, &path, content_type, body).await;
            let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
            assert_eq!(
                answer.status.as_u16(),
                *status,
                "{method} {path} {content_type} {shown}: {}",
                answer.text
            );
            assert!(!answer.header("x-request-id").is_empty());
            if path.starts_with("/api/") {
                assert_eq!(answer.header("content-type"), "application/problem+json");
                assert_eq!(answer.error(), (*status, *code), "{method} {path} {shown}");
                assert!(!answer.json["title"].as_str().expect("a title").is_empty());
                assert_ne!(answer.json["title"], *code, "{code} has a sentence");
            }
        }
    }
    assert_eq!(storage.integer("SELECT COUNT(*) FROM comments").await, Some(1));
    assert_eq!(storage.integer("SELECT COUNT(*) FROM policies").await, Some(0));
    let item = owner.gets(&format!("/api/v1/comments/{}", sent.id())).await;
    assert_eq!(
        (&item.json["status"], &item.json["version"]),
        (&json!("pending"), &json!(1))
    );
    service.stop().await;
}

async fn what_nobody_reads_is_ignored(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let (reader, moderator) = (service.reader(), service.moderator().await);
    let mut fields = comment("Bonjour");
    for (name, value) in [
        ("status", json!("approved")),
        ("id", json!("01890000-0000-7000-8000-000000000000")),
        ("score", json!(1.0)),
        ("site", json!("autre")),
        ("created_at", json!("1970-01-01T00:00:00Z")),
        ("html", json!("<script>alert(1)</script>")),
        ("deep", json!([[[[[{"a": [null, true, 1.5]}]]]]])),
        ("\u{1f600}", json!({})),
    ] {
        fields[name] = value;
    }
    let sent = reader.submits(&fields).await.expect(202);
    let item = moderator.gets(&format!("/api/v1/comments/{}", sent.id())).await;
    assert_eq!(item.json["status"], "pending");
    assert_eq!(item.json["site"], "faso");
    assert_eq!(item.json["html"], "<p>Bonjour</p>");
    assert_eq!(item.json["created_at"], "2026-11-24T10:00:00Z");

    // A field that is read must be a text; null is as good as not there.
    for value in [json!(true), json!(7), json!(["x"]), json!({"x": 1})] {
        for field in [
            "body", "name", "email", "thread", "parent", "website", "captcha", "form", "device",
        ] {
            let mut fields = comment("Bonjour");
            fields[field] = value.clone();
            let answer = reader.submits(&fields).await;
            assert_eq!(answer.error(), (422, "bad_type"), "{field} = {value}");
            assert_eq!(answer.json["errors"][0]["field"], field);
        }
    }
    let mut fields = comment("Rien de plus");
    for field in [
        "parent",
        "website",
        "captcha",
        "form",
        "device",
        "thread_url",
        "thread_title",
        "lang",
    ] {
        fields[field] = json!(null);
    }
    reader.submits(&fields).await.expect(202);
    assert_eq!(moderator.sees_waiting().await.len(), 2);
    service.stop().await;
}

async fn hostile_markup_is_stored_and_answered(storage: &Storage) {
    let service = Service::start(storage, &format!("{SITE}body_max = 20000\n")).await;
    let (reader, moderator) = (service.reader(), service.moderator().await);
    let fills = |piece: &str| piece.repeat(20_000 / piece.chars().count());
    let pieces = [
        "<b>",
        "<i>",
        "<a href=\"x\">",
        "<blockquote>",
        "<ul><li>",
        "</b>",
        "<svg>",
        "<math>",
        "<!--",
        "<![CDATA[",
        "<",
        ">",
        "> ",
        "- ",
        "[",
        "](",
        "![",
        "*",
        "_",
        "`",
        "~",
        "&",
        "&#x3c;",
        "\\",
        "|",
        "#",
        "(",
        "www.a.b ",
        "http://a.b ",
        "https://a.b/(",
        "\u{202e}",
        "\u{300}",
        "\u{1f600}",
        "\n",
        " \n",
        "\t",
        "<b\n",
    ];
    let mut stored = 0;
    for piece in pieces {
        let body = format!("x{}", fills(piece).chars().skip(1).collect::<String>());
        let answer = reader.submits(&comment(&body)).await.expect(202);
        stored += 1;
        let html = answer.json["html"].as_str().expect("HTML").to_lowercase();
        for forbidden in ["<svg", "<math", "<script", "<!--", "onerror="] {
            assert!(!html.contains(forbidden), "{piece:?} lets {forbidden} through");
        }
    }
    assert_eq!(moderator.sees_waiting().await.len(), stored.min(50));
    // Ten thousand tags and a hundred thousand links are more than a comment may hold: said at once.
    let tags = reader.submits(&comment(&"<b>".repeat(10_000))).await;
    assert_eq!(tags.error(), (422, "invalid"));
    assert_eq!(tags.json["errors"][0]["code"], "body_too_long");
    let links = reader.submits(&comment(&"http://a.b ".repeat(100_000))).await;
    assert_eq!(links.error(), (413, "too_large"));

    let item = |sent: Answer| {
        let moderator = &moderator;
        async move { moderator.gets(&format!("/api/v1/comments/{}", sent.id())).await }
    };
    let sent = reader
        .submits(&comment(&"www.exemple.org ".repeat(1_250)))
        .await
        .expect(202);
    let item = item(sent).await;
    assert_eq!(item.json["links"], 1_000, "so many are links, the others stay text");
    let html = item.json["html"].as_str().expect("HTML");
    assert_eq!(html.matches("www.exemple.org</a>").count(), 1_000);
    assert_eq!(
        html.matches("www.exemple.org").count(),
        1_250 + 1_000,
        "no word is lost"
    );
    service.stop().await;
}

async fn line_ends_directions_and_formulas_do_no_harm_in_names_and_titles(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let (reader, moderator) = (service.reader(), service.moderator().await);
    let formula = service
        .person("=cmd|' /C calc'!A0", palabre::actions::identify::Role::Moderator, &[])
        .await;
    for (name, title) in [
        ("=2+5+cmd|' /C calc'!A0", "=HYPERLINK(\"http://evil.test\")"),
        ("Awa\r\nSet-Cookie: a=b", "Un titre\r\n\r\n<script>alert(1)</script>"),
        (
            "Sa\u{202e}fil\u{202c}",
            "\u{2066}Titre\u{2069} \u{200f}à l’envers\u{7f}\u{1b}[31m",
        ),
        ("]]><script>", "]]>&<b>"),
        ("A\u{fffe}wa\u{ffff}", "Ti\u{fffe}tre"),
    ] {
        let mut fields = comment("Bonjour \u{b}\u{1} tous");
        fields["name"] = json!(name);
        fields["thread"] = json!(format!("/{}", encoded(title)));
        fields["thread_title"] = json!(title);
        let sent = reader.submits(&fields).await.expect(202);
        let path = format!("/api/v1/comments/{}/approve", sent.id());
        formula
            .posts(&path, &json!({"note": "=1+1\r\n@SUM(A1)", "reason": "-2+3"}))
            .await
            .expect(200);
    }
    let feed = service.get("/t/faso/feed.atom").await.expect(200);
    assert_eq!(feed.text.matches("<entry>").count(), 5);
    assert_no_harm(&feed.text);
    assert!(!feed.text.contains("<script"), "{}", feed.text);
    assert!(!feed.text.contains("Awa\nSet-Cookie"), "{}", feed.text);
    assert!(feed.text.contains("<name>Awa Set-Cookie: a=b</name>"), "{}", feed.text);
    let thread = reader.reads(&format!("/{}", encoded("]]>&<b>"))).await.expect(200);
    assert_eq!(thread.json["thread"]["title"], "]]>&<b>");
    assert_no_harm(&thread.text);

    let csv = service
        .request(Method::GET, "/api/v1/moderation/audit", |request| {
            request.bearer_auth(&moderator.token).header("accept", "text/csv")
        })
        .await
        .expect(200);
    assert_no_harm(&csv.text);
    let mut rows = csv::Reader::from_reader(csv.text.as_bytes());
    let mut formulas = 0;
    for row in rows.records() {
        for cell in &row.expect("a row as wide as the others") {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell}");
            assert!(!cell.contains(['\r', '\n']), "{cell:?}");
            formulas += usize::from(cell.starts_with("'="));
        }
    }
    assert_eq!(formulas, 10, "actor and note of five decisions: {}", csv.text);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queries_are_read_as_strictly_as_bodies() {
    on_sqlite(async |storage: &Storage| {
        let service = Service::start(storage, SITE).await;
        let owner = service.owner().await;
        let long = "x".repeat(20_000);
        for path in [
            "/api/v1/sites/faso/comments",
            "/api/v1/sites/faso/form",
            "/api/v1/sites/faso/counts",
            "/api/v1/moderation/queue",
            "/api/v1/moderation/context",
            "/api/v1/moderation/audit",
            "/t/faso",
            "/t/faso/fragment",
            "/t/faso/feed.atom",
            "/queue",
        ] {
            let status = async |query: &str| owner.gets(&format!("{path}?{query}")).await.status.as_u16();
            assert_eq!(status("thread=%ff").await, 400, "{path}");
            assert_eq!(status("thread=a%00b").await, 422, "{path}");
            for query in [
                &format!("thread={long}"),
                &format!("q={long}&author={long}&after={long}"),
                &"thread=a&".repeat(3_000),
                "limit=-1&limit=x&order=%27%3B--&score_max=x",
                "%",
                "=&=&&&=",
                "after=%E2%80%AE%F0%9F%98%80",
            ] {
                let status = status(query).await;
                assert!(status < 500, "{path}?{}: {status}", &query[..query.len().min(40)]);
            }
        }
        assert_eq!(
            owner
                .gets("/api/v1/sites/faso/comments?thread=a&limit=101")
                .await
                .status,
            422
        );
        assert_eq!(
            owner.gets("/api/v1/sites/faso/comments?thread=a&limit=0").await.status,
            422
        );
        for path in [
            "/%ff",
            "/t/%00",
            "/r/%ff",
            "/api/v1/comments/%F0%9F%98%80",
            "/static/..%2f..%2fCargo.toml",
            "/a//b",
        ] {
            let answer = service.get(path).await;
            assert!(
                (400..500).contains(&answer.status.as_u16()),
                "{path}: {}",
                answer.status
            );
        }
        service.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_in_headers_is_answered_or_cut_off() {
    on_sqlite(async |storage: &Storage| {
        let service = Service::start(storage, SITE).await;
        let body = comment("Bonjour").to_string();
        let post = |headers: &str| {
            format!(
                "POST /api/v1/sites/faso/comments HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
                 content-type: application/json\r\ncontent-length: {}\r\n{headers}\r\n{body}",
                body.len()
            )
        };
        for headers in [
            "origin: \u{e9}\u{ff}\r\n",
            "origin: null\r\norigin: https://evil.test\r\n",
            "x-forwarded-for: ,,;\"[::1\r\n",
            "x-forwarded-for: \u{e9}\r\n",
            "authorization: Bearer\r\n",
            "authorization: \u{e9}\r\n",
            "cookie: =;;;\u{e9}=\"\r\n",
            "idempotency-key: \u{e9}\u{1f600}\r\n",
            "accept: \u{e9}, */*;q=x\r\n",
            "accept-language: \u{e9};q=9,,-\r\n",
            "if-none-match: \"\r\n",
            "content-encoding: gzip\r\n",
            "expect: 200-ok\r\n",
            "accept-encoding: \u{e9}, gzip;q=-1\r\n",
        ] {
            let status = status_of(&raw(&service, post(headers).as_bytes()).await);
            assert!((200..500).contains(&status), "{headers}: {status}");
        }
        let key = format!("idempotency-key: {}\r\n", "k".repeat(8_000));
        assert_eq!(status_of(&raw(&service, post(&key).as_bytes()).await), 202);
        // What is no HTTP gets a 4xx of the parser, or nothing.
        for request in [
            "GET / HTTP/9.9\r\n\r\n".to_owned(),
            "\u{16}\u{3}\u{1}\u{2}".to_owned(),
            "GET /\0 HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(),
            "GET / HTTP/1.1\r\nhost: x\r\nbroken header\r\n\r\n".to_owned(),
            "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n".to_owned(),
            "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabc".to_owned(),
            format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(100_000)),
            format!("GET / HTTP/1.1\r\nhost: x\r\na: {}\r\n\r\n", "a".repeat(1_000_000)),
        ] {
            let answer = raw(&service, request.as_bytes()).await;
            let status = status_of(&answer);
            assert!(status == 0 || (400..500).contains(&status), "{status}");
        }
        service.get("/healthz").await.expect(200);
        service.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_does_not_arrive_in_ten_seconds_is_given_up() {
    on_sqlite(async |storage: &Storage| {
        let service = Service::start(storage, SITE).await;
        let post = |path: &str| {
            format!(
                "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n\
                 content-length: 100\r\n\r\n{{\"body\":"
            )
        };
        let (api, page) = (post("/api/v1/sites/faso/comments"), post("/t/faso?thread=a"));
        let answers = join_all([&api, &page].map(|request| raw(&service, request.as_bytes()))).await;
        for answer in &answers {
            assert_eq!(status_of(answer), 408, "{answer}");
        }
        assert!(answers[0].contains("\"code\":\"timeout\""), "{}", answers[0]);
        assert_eq!(storage.integer("SELECT COUNT(*) FROM comments").await, Some(0));
        service.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_is_still_sending_hears_the_answer() {
    on_sqlite(async |storage: &Storage| {
        let service = Service::start(storage, SITE).await;
        let address = service.url.trim_start_matches("http://");
        let piece = vec![b' '; 64 * 1024];
        for (content_type, status) in [(JSON, 413), ("text/plain", 415)] {
            let mut connection = TcpStream::connect(address).await.expect("a connection");
            let head = format!(
                "POST /api/v1/sites/faso/comments HTTP/1.1\r\nhost: x\r\ncontent-type: {content_type}\r\n\
                 content-length: {}\r\n\r\n",
                16 * piece.len()
            );
            connection.write_all(head.as_bytes()).await.expect("sent");
            for _ in 0..16 {
                connection.write_all(&piece).await.expect("nobody hangs up meanwhile");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            let mut answer = [0; 4096];
            let answered = in_time("an answer", connection.read(&mut answer)).await;
            let read = answered.expect("an answer");
            let answer = String::from_utf8_lossy(&answer[..read]);
            assert_eq!(status_of(&answer), status, "{answer}");
        }
        service.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_bytes_make_a_route_fail() {
    on_sqlite(async |storage: &Storage| {
        let service = Service::start(storage, SITE).await;
        let owner = service.owner().await;
        let sent = service.reader().submits(&comment("Là")).await.expect(202);
        let mut runner = TestRunner::new(Config::default());
        let bytes = prop_oneof![
            prop::collection::vec(any::<u8>(), 0..300),
            "\\PC{0,200}".prop_map(String::into_bytes),
            damaged(comment("Un *texte* <b>à</b> abîmer").to_string().into_bytes()),
            damaged(b"thread=%2Fa&name=A&email=a%40example.org&body=x&form=y&lang=fr&cuts=1".to_vec()),
            damaged(br#"{"decisions":[{"key":"k","comment":"x","action":"approve","version":1}]}"#.to_vec()),
            damaged(br#"{"base":0,"cuts":{"publish_from":0.7,"refuse_below":0.2},"explore":0.02,"days":30}"#.to_vec()),
        ];
        for round in 0..40 {
            for (method, path) in ROUTES {
                let path = path.replace("{id}", &sent.id());
                let body = bytes.new_tree(&mut runner).expect("a value").current();
                let content_type = [JSON, FORM][round % 2];
                let answer = sends(&service, &owner, method, &path, content_type, &body).await;
                assert!(
                    answer.status.as_u16() < 500,
                    "{method} {path} {content_type} {:?}: {}",
                    String::from_utf8_lossy(&body),
                    answer.text
                );
            }
            let query: Vec<u8> = prop::collection::vec(any::<u8>(), 0..60)
                .new_tree(&mut runner)
                .expect("a value")
                .current();
            let query = percent_encoded(&query);
            for path in [
                format!("/api/v1/sites/faso/comments?thread=a&after={query}"),
                format!("/api/v1/moderation/queue?q={query}"),
                format!("/api/v1/moderation/queue?{query}"),
                format!("/api/v1/moderation/context?ids={query}"),
                format!("/t/faso?thread={query}"),
                format!("/r/{query}x"),
                format!("/{query}"),
            ] {
                let answer = owner.gets(&path).await;
                assert!(answer.status.as_u16() < 500, "{path}: {}", answer.text);
            }
        }
        service.stop().await;
    })
    .await;
}

/// A valid body with a few of its bytes changed, dropped or doubled.
fn damaged(valid: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3), 0..4).prop_map(move |changes| {
        let mut body = valid.clone();
        for (index, byte, change) in changes {
            let place = index.index(body.len().max(1));
            match change {
                0 if place < body.len() => body[place] = byte,
                1 if place < body.len() => {
                    body.remove(place);
                }
                _ => body.insert(place, byte),
            }
        }
        body
    })
}

/// Every byte as `%xx`.
fn percent_encoded(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "%{byte:02x}");
        text
    })
}

/// Sends bytes with a token that may do everything; an empty `content_type` is none.
async fn sends(
    service: &Service,
    owner: &Person<'_>,
    method: &str,
    path: &str,
    content_type: &str,
    body: &[u8],
) -> Answer {
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    service
        .request(method, path, |request| {
            let request = request
                .bearer_auth(&owner.token)
                .header("origin", &service.url)
                .body(body.to_vec());
            if content_type.is_empty() {
                request
            } else {
                request.header("content-type", content_type)
            }
        })
        .await
}

/// Sends bytes over a bare connection and gives all that comes back until the other side ends.
async fn raw(service: &Service, request: &[u8]) -> String {
    let address = service.url.trim_start_matches("http://");
    let mut connection = TcpStream::connect(address).await.expect("a connection");
    // The other side may well have hung up before all is sent.
    let _ = connection.write_all(request).await;
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    loop {
        // A first byte may take as long as the service's own patience; a connection that is kept open
        // after its answer would never end.
        let patience = Duration::from_secs(if answer.is_empty() { 15 } else { 1 });
        match tokio::time::timeout(patience, connection.read(&mut piece)).await {
            Ok(Ok(read @ 1..)) => answer.extend_from_slice(&piece[..read]),
            _ => break,
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// The status of a bare answer; 0 when there is none.
fn status_of(answer: &str) -> u16 {
    answer
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3))
        .and_then(|status| status.parse().ok())
        .unwrap_or(0)
}

/// No control characters but line ends, and none that turns the direction of what follows.
#[track_caller]
fn assert_no_harm(text: &str) {
    let harm = text.chars().find(|c| {
        (c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
            || matches!(c, '\u{fffe}' | '\u{ffff}')
    });
    assert_eq!(harm, None, "{text}");
}
