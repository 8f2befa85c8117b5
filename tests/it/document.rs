//! What is written about the service says what holds: the API's document and the configuration's
//! comments.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::Path,
};

use palabre::config::SHIPPED;
use serde_json::Value;

use crate::{
    layering::rust_files,
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
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http");
    let mut described = 0;
    for path in rust_files(&folder) {
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

/// The document as it was when its shapes were written beside the handlers. Programs are built on it.
const FORMER: &str = include_str!("document/former.json");

/// Where the former document was wrong.
const CORRECTED: [&str; 4] = [
    // A challenge holds more than texts.
    "get /api/v1/sites/{site}/form 200 captcha challenge",
    "get /api/v1/sites/{site}/form 200 captcha fallback",
    "post /api/v1/sites/{site}/comments 201 step_up challenge",
    "post /api/v1/sites/{site}/comments 202 step_up challenge",
];

/// Whatever the former document promised is still so: paths, parameters, statuses, and each field with its type. More
/// may come.
#[test]
fn the_document_keeps_what_it_promised() {
    let former: Value = serde_json::from_str(FORMER).expect("JSON");
    let present: Value = serde_json::from_str(&palabre::http::openapi()).expect("JSON");
    let mut broken = Vec::new();
    for (path, methods) in former["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let now = &present["paths"][path][method];
            let place = format!("{method} {path}");
            for parameter in list(&operation["parameters"]) {
                let is_same = |other: &&Value| {
                    let members = ["name", "in", "required", "schema"];
                    members.iter().all(|member| other[member] == parameter[member])
                };
                if list(&now["parameters"]).find(is_same).is_none() {
                    broken.push(format!("{place}: the parameter {}", parameter["name"]));
                }
            }
            let mut contents = vec![(place.clone(), &operation["requestBody"], &now["requestBody"])];
            for (status, answer) in members(&operation["responses"]) {
                let own = &now["responses"][status];
                if own.is_null() {
                    broken.push(format!("{place}: the status {status}"));
                }
                contents.push((format!("{place} {status}"), answer, own));
            }
            for (place, before, now) in contents {
                for (kind, content) in members(&before["content"]) {
                    let before = Shape::of(&former, &content["schema"]);
                    let now = Shape::of(&present, &now["content"][kind]["schema"]);
                    keeps(&before, &now, &place, &mut broken);
                }
            }
        }
    }
    broken.retain(|place| !CORRECTED.contains(&place.as_str()));
    assert!(broken.is_empty(), "no longer so:\n{}", broken.join("\n"));
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// A schema behind its references, its choice of null and its parts.
struct Shape<'a> {
    document: &'a Value,
    kind: &'a str,
    format: &'a str,
    is_nullable: bool,
    /// With whether it is required.
    fields: BTreeMap<&'a str, (bool, &'a Value)>,
    items: Option<&'a Value>,
    /// Of a table by keys of the sender's.
    values: Option<&'a Value>,
}

impl<'a> Shape<'a> {
    fn of(document: &'a Value, schema: &'a Value) -> Self {
        let mut shape = Self {
            document,
            kind: "",
            format: "",
            is_nullable: false,
            fields: BTreeMap::new(),
            items: None,
            values: None,
        };
        shape.add(schema);
        shape
    }

    fn add(&mut self, schema: &'a Value) {
        if let Some(reference) = schema["$ref"].as_str() {
            let name = reference.rsplit('/').next().expect("a name");
            self.add(&self.document["components"]["schemas"][name]);
        }
        for part in list(&schema["allOf"]).chain(list(&schema["oneOf"])) {
            self.add(part);
        }
        let kinds = schema["type"].as_str().into_iter();
        for kind in kinds.chain(list(&schema["type"]).filter_map(Value::as_str)) {
            if kind == "null" {
                self.is_nullable = true;
            } else {
                self.kind = kind;
            }
        }
        self.format = schema["format"].as_str().unwrap_or(self.format);
        self.items = schema.get("items").or(self.items);
        self.values = schema.get("additionalProperties").or(self.values);
        for (name, field) in members(&schema["properties"]) {
            let is_required = list(&schema["required"]).any(|required| required == name);
            self.fields.insert(name, (is_required, field));
        }
    }

    fn within(&self, schema: &'a Value) -> Self {
        Self::of(self.document, schema)
    }
}

fn keeps(before: &Shape<'_>, now: &Shape<'_>, place: &str, broken: &mut Vec<String>) {
    let is_same = (before.kind, before.format, before.is_nullable) == (now.kind, now.format, now.is_nullable);
    if !is_same || before.values.is_some() != now.values.is_some() {
        broken.push(place.to_owned());
    }
    for (name, (is_required, field)) in &before.fields {
        let place = format!("{place} {name}");
        match now.fields.get(name) {
            Some((required_now, own)) if required_now == is_required => {
                keeps(&before.within(field), &now.within(own), &place, broken);
            }
            _ => broken.push(place),
        }
    }
    for (before_inner, now_inner) in [(before.items, now.items), (before.values, now.values)] {
        if let (Some(inner), Some(own)) = (before_inner, now_inner) {
            keeps(&before.within(inner), &now.within(own), &format!("{place}[]"), broken);
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
