//! An error is told in the language of its request, wherever it comes from: a reader's or a member's page, the API, a body
//! or a query that cannot be read, a method that is not there. Every operation of the document and every route of a page
//! is asked in ways that fail.

use std::{fs, path::Path};

use palabre::{domain::language::Language, web::texts};
use reqwest::Method;
use serde_json::Value;

use crate::{
    document::operations,
    service::{Answer, SITE, Service},
    stores::{Storage, on_both_engines, on_sqlite},
};

on_both_engines!(
    a_site_is_heard_before_the_browser_and_a_wish_before_both,
    programs_are_answered_as_json_also_by_pages,
);

/// What is at no address, for every place of a path.
fn at_nothing(path: &str) -> String {
    let mut path = path.replace("{action}", "approve").replace("{n}", "7");
    for (place, value) in [("{site}", "nowhere"), ("{thread}", "a"), ("{file}", "none.js")] {
        path = path.replace(place, value);
    }
    while let (Some(from), Some(to)) = (path.find('{'), path.find('}')) {
        path.replace_range(from..=to, "00000000-0000-0000-0000-000000000000");
    }
    path
}

/// A path whose variables are bytes that are no text.
fn at_no_text(path: &str) -> String {
    let mut path = path.to_owned();
    while let (Some(from), Some(to)) = (path.find('{'), path.find('}')) {
        path.replace_range(from..=to, "%ff");
    }
    path
}

/// Ways to fail: what is added to the query, and the body with its type.
const WAYS: [(&str, &str, &str); 4] = [
    ("", "application/json", "{"),
    ("", "application/x-www-form-urlencoded", "a=%ff"),
    ("", "text/plain", "x"),
    ("&x=%ff", "application/json", "{}"),
];

/// Fails unless the words of an error are those of its codes in that language.
#[track_caller]
fn assert_told(answer: &Answer, language: Language, what: &str) {
    assert_eq!(answer.header("content-type"), "application/problem+json", "{what}");
    let word = |code: &Value| texts::text(language, code.as_str().expect("a code"), &[]);
    assert_eq!(answer.json["title"], word(&answer.json["code"]), "{what}");
    for error in answer.json["errors"].as_array().into_iter().flatten() {
        assert_eq!(error["message"], word(&error["code"]), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_fails_in_the_language_that_it_asks_for() {
    on_sqlite(calls_fail_in_the_language_that_they_ask_for).await;
}

async fn calls_fail_in_the_language_that_they_ask_for(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let owner = service.owner().await;
    let document: Value = serde_json::from_str(&palabre::http::openapi()).expect("JSON");
    for (language, other) in [(Language::En, "fr"), (Language::Fr, "en")] {
        for (method, path) in operations(&document) {
            let mut failures = 0;
            for method in [method.as_str(), "PURGE"] {
                for (query, kind, body) in WAYS {
                    for token in [None, Some(&owner.token)] {
                        // One way leads to no text at all.
                        let path = if kind == "text/plain" {
                            at_no_text(&path)
                        } else {
                            at_nothing(&path)
                        };
                        let address = format!("{path}?lang={language}{query}");
                        let what = format!("{method} {address} {kind} {body} {}", token.is_some());
                        let method = Method::from_bytes(method.as_bytes()).expect("a method");
                        let answer = service
                            .request(method, &address, |request| {
                                let request = request.header("content-type", kind).header("accept-language", other);
                                match token {
                                    Some(token) => request.bearer_auth(token).body(body),
                                    None => request.body(body),
                                }
                            })
                            .await;
                        if answer.status.as_u16() >= 400 {
                            failures += 1;
                            assert_told(&answer, language, &what);
                        }
                    }
                }
            }
            assert!(failures >= 8, "{method} {path} fails: {failures}");
        }
    }
    service.stop().await;
}

/// The paths of pages, from the source that serves them.
pub(crate) fn page_paths() -> Vec<String> {
    let source = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http/mod.rs")).expect("the routes");
    let routes = source.split(".route(").skip(1);
    let paths: Vec<String> = routes
        .filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next())
        .filter(|path| !path.starts_with("/static") && *path != "/openapi.json")
        .map(str::to_owned)
        .collect();
    assert!(paths.len() > 40, "the routes were not found: {paths:?}");
    paths
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_fails_in_the_language_that_its_browser_prefers() {
    on_sqlite(pages_fail_in_the_language_that_their_browser_prefers).await;
}

async fn pages_fail_in_the_language_that_their_browser_prefers(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let owner = service.signs_in().await;
    for language in [Language::En, Language::Fr] {
        let mut failures = 0;
        for path in page_paths()
            .iter()
            .flat_map(|path| [at_nothing(path), at_no_text(path)])
            .chain(["/nowhere".to_owned()])
        {
            for method in [Method::GET, Method::POST, Method::PUT] {
                for (query, kind, body) in WAYS {
                    for cookie in ["", &owner.cookie] {
                        let address = format!("{path}?{}", query.trim_start_matches('&'));
                        let what = format!("{method} {address} {kind} {body} {language}");
                        // Who goes out is out.
                        if path == "/logout" && method == Method::POST {
                            continue;
                        }
                        let answer = service
                            .request(method.clone(), &address, |request| {
                                request
                                    .header("accept", "text/html")
                                    .header("accept-language", format!("{language}-XX, de;q=0.9"))
                                    .header("sec-fetch-site", "same-origin")
                                    .header("cookie", cookie)
                                    .header("content-type", kind)
                                    .body(body)
                            })
                            .await;
                        if answer.status.as_u16() < 400 {
                            continue;
                        }
                        failures += 1;
                        if answer.header("content-type").starts_with("text/html") {
                            let tag = format!("<html lang=\"{language}\"");
                            assert!(answer.text.contains(&tag), "{what}: {}", answer.text);
                        } else {
                            // A body of JSON is a program's.
                            assert_eq!(kind, "application/json", "{what}: {}", answer.text);
                            assert_told(&answer, language, &what);
                        }
                    }
                }
            }
        }
        assert!(failures > 300, "the pages fail: {failures}");
    }
    service.stop().await;
}

async fn a_site_is_heard_before_the_browser_and_a_wish_before_both(storage: &Storage) {
    let sites = format!("{SITE}[[site]]\nid = \"peru\"\nlanguage = \"es\"\n");
    let service = Service::start(storage, &sites).await;
    let title = async |method: Method, path: &str, body: &str| {
        let answer = service
            .request(method, path, |request| {
                let request = request
                    .header("accept-language", "en")
                    .header("content-type", "application/json");
                request.body(body.to_owned())
            })
            .await;
        let code = answer.json["code"].as_str().expect("a code").to_owned();
        let told = Language::ALL
            .iter()
            .copied()
            .filter(|language| texts::text(*language, &code, &[]) == answer.json["title"]);
        told.map(Language::code).collect::<Vec<_>>().join(" ")
    };
    let comments = "/api/v1/sites/peru/comments";
    assert_eq!(title(Method::GET, comments, "").await, "es");
    assert_eq!(title(Method::GET, &format!("{comments}?lang=pt"), "").await, "pt");
    assert_eq!(title(Method::POST, comments, "{}").await, "es");
    assert_eq!(title(Method::POST, comments, "{").await, "es");
    assert_eq!(title(Method::POST, comments, r#"{"lang":"ar"}"#).await, "ar");
    assert_eq!(title(Method::POST, comments, r#"{"lang":"xx"}"#).await, "es");
    assert_eq!(title(Method::POST, &format!("{comments}?lang=pt"), "{").await, "pt");
    assert_eq!(title(Method::GET, "/api/v1/sites/peru/counts?lang=pt", "").await, "pt");
    assert_eq!(
        title(Method::PUT, comments, "").await,
        "es",
        "also of a method that is not there"
    );
    // Where no site says it and nobody asked, the browser does.
    assert_eq!(title(Method::POST, "/api/v1/sites/nowhere/comments", "{}").await, "en");
    let report = format!("/api/v1/comments/{}/report", uuid::Uuid::nil());
    assert_eq!(title(Method::POST, &report, r#"{"lang":"pt"}"#).await, "pt");
    // Programs of the newsroom are answered in French unless they ask, and in its two languages only.
    assert_eq!(title(Method::GET, "/api/v1/moderation/queue", "").await, "fr");
    assert_eq!(title(Method::GET, "/api/v1/moderation/queue?lang=pt", "").await, "en");
    service.stop().await;
}

async fn programs_are_answered_as_json_also_by_pages(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let owner = service.signs_in().await;
    // What stands before a handler is told as the client prefers: a query, a change from elsewhere, a method.
    for (method, path, status, code) in [
        (Method::GET, "/login?x=%ff", 400, "bad_encoding"),
        (Method::GET, "/queue?x=%ff", 400, "bad_encoding"),
        (Method::POST, "/queue/decide", 403, "csrf"),
        (Method::PUT, "/queue", 405, "method_not_allowed"),
        (Method::GET, "/nowhere", 404, "not_found"),
        (Method::GET, "/r/none", 404, "not_found"),
    ] {
        let send = async |accept: &str| {
            let build = |request: reqwest::RequestBuilder| {
                let request = request.header("cookie", &owner.cookie).header("accept", accept);
                request.header("accept-language", "en").form(&[("a", "b")])
            };
            service.request(method.clone(), path, build).await
        };
        let program = send("*/*").await;
        assert_eq!(program.error(), (status, code), "{method} {path}");
        assert_told(&program, Language::En, path);
        let person = send("text/html").await.expect(status);
        assert!(
            person.header("content-type").starts_with("text/html"),
            "{method} {path}"
        );
        assert!(
            person.text.contains("<html lang=\"en\"") && person.text.contains(code),
            "{method} {path}"
        );
    }
    service.stop().await;
}
