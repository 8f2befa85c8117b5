//! What is written about the service says what holds: the API's document and the configuration's
//! comments.

use std::{collections::BTreeSet, env, fs, path::Path};

use palabre::config::SHIPPED;
use serde_json::Value;

use crate::{
    service::{SITE, Service},
    stores::on_sqlite,
};

/// Method and path of every operation of the document.
pub(crate) fn operations(document: &Value) -> BTreeSet<(String, String)> {
    let mut operations = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for method in methods.as_object().expect("methods").keys() {
            operations.insert((method.to_uppercase(), path.clone()));
        }
    }
    operations
}

#[tokio::test]
async fn the_served_document_is_the_written_one() {
    on_sqlite(async |storage| {
        let service = Service::start(storage, SITE).await;
        let served = service.get("/openapi.json").await.expect(200);
        assert!(served.header("content-type").starts_with("application/json"));
        let built: Value = serde_json::from_str(&palabre::http::openapi()).expect("the document is JSON");
        assert_eq!(served.json, built);
        assert!(
            built["openapi"]
                .as_str()
                .is_some_and(|version| version.starts_with("3."))
        );
        service.stop().await;
    })
    .await;
}

#[test]
fn the_committed_document_is_the_codes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/openapi.json");
    let built = palabre::http::openapi() + "\n";
    if env::var_os("UPDATE_DOCUMENTS").is_some() {
        fs::write(&path, &built).expect("docs/openapi.json is written");
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == built,
        "docs/openapi.json is out of date: renew it with `UPDATE_DOCUMENTS=1 cargo test --test it document`"
    );
}

/// The handlers as the source describes them, so that one without a route is noticed.
#[test]
fn every_described_handler_is_in_the_document() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http/api");
    let mut described = 0;
    for entry in fs::read_dir(folder).expect("src/http/api") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            continue;
        }
        let text = fs::read_to_string(path).expect("a source file");
        described += text.matches("#[utoipa::path(").count();
    }
    let document: Value = serde_json::from_str(&palabre::http::openapi()).expect("JSON");
    let operations = operations(&document);
    assert!(described > 15, "the handlers were not found");
    assert_eq!(
        operations.len(),
        described,
        "each described handler is a route: {operations:?}"
    );
    for methods in document["paths"].as_object().expect("paths").values() {
        for operation in methods.as_object().expect("methods").values() {
            let summary = operation["summary"].as_str().unwrap_or_default();
            assert!(!summary.is_empty(), "an operation without a summary: {operation}");
            assert!(
                operation["responses"]
                    .as_object()
                    .is_some_and(|answers| !answers.is_empty())
            );
        }
    }
}

#[test]
fn every_setting_has_a_comment_above_it() {
    let mut above = "";
    let mut settings = 0;
    for line in SHIPPED.lines() {
        // The sample of a site is commented out as a whole: its keys count as well.
        let sample = line.strip_prefix("# ").filter(|rest| is_setting(rest));
        let comment = if sample.is_some() { "# # " } else { "# " };
        if is_setting(sample.unwrap_or(line)) {
            settings += 1;
            // `secret` and `secret_file` share one comment: two ways to give one thing.
            let shares = line.contains("secret_file") && above.contains("secret = ");
            assert!(above.starts_with(comment) || shares, "no comment above: {line}");
        }
        above = line;
    }
    let table: toml::Table = SHIPPED.parse().expect("the shipped file is TOML");
    let keys: usize = table
        .values()
        .filter_map(toml::Value::as_table)
        .map(toml::Table::len)
        .sum();
    assert!(
        keys > 15 && settings > keys,
        "the settings were not found: {settings} of {keys}"
    );
}

fn is_setting(line: &str) -> bool {
    line.split_once(" = ")
        .is_some_and(|(key, _)| !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'))
}
