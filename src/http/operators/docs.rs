//! The API's document, for programs and for people.
//!
//! It is made from the code ([`crate::http::openapi`]) and committed; what is committed is served, so that the service
//! carries a text and not what makes it. A test holds the two to be the same.

use std::sync::Arc;

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use serde_json::Value;

use crate::{
    app::App,
    http::{
        newsroom::insider::frame,
        page::{admin_page, no_store},
        request::extract::RequestLanguage,
    },
    web::{
        docs::{Answer, DocsPage, Operation, OperationGroup, Parameter},
        frame::Place,
        texts::Say as _,
    },
};

const DOCUMENT: &str = include_str!("../../../docs/openapi.json");

/// `/openapi.json`.
pub(crate) async fn json() -> Response {
    no_store(([(header::CONTENT_TYPE, "application/json")], DOCUMENT).into_response())
}

/// The same as a page.
pub(crate) async fn show(State(app): State<Arc<App>>, RequestLanguage(language): RequestLanguage) -> Response {
    let value: Value = serde_json::from_str(DOCUMENT).unwrap_or_default();
    admin_page(&DocsPage {
        frame: frame(&app, None, language, Place::Docs, language.say("nav-docs")),
        version: text(&value, "/info/version"),
        description: text(&value, "/info/description"),
        groups: groups(&value),
    })
}

fn groups(document: &Value) -> Vec<OperationGroup> {
    let tags = document["tags"].as_array().cloned().unwrap_or_default();
    tags.iter()
        .map(|tag| {
            let name = text(tag, "/name");
            OperationGroup {
                description: text(tag, "/description"),
                operations: operations(document, &name),
                name,
            }
        })
        .collect()
}

fn operations(document: &Value, tag: &str) -> Vec<Operation> {
    let mut operations = Vec::new();
    let no_paths = serde_json::Map::new();
    for (path, methods) in document["paths"].as_object().unwrap_or(&no_paths) {
        for (method, operation) in methods.as_object().unwrap_or(&no_paths) {
            let tagged = operation["tags"]
                .as_array()
                .is_some_and(|tags| tags.iter().any(|own| own == tag));
            if tagged {
                operations.push(Operation {
                    method: method.to_uppercase(),
                    path: path.clone(),
                    summary: text(operation, "/summary"),
                    description: text(operation, "/description"),
                    parameters: parameters(operation),
                    body: operation
                        .pointer("/requestBody/description")
                        .and_then(Value::as_str)
                        .map(str::to_owned),
                    answers: answers(operation),
                });
            }
        }
    }
    operations
}

fn parameters(operation: &Value) -> Vec<Parameter> {
    let list = operation["parameters"].as_array().cloned().unwrap_or_default();
    list.iter()
        .map(|parameter| Parameter {
            name: text(parameter, "/name"),
            place: text(parameter, "/in"),
            is_required: parameter["required"].as_bool().unwrap_or(false),
            kind: match &parameter["schema"]["type"] {
                Value::String(kind) => kind.clone(),
                Value::Array(kinds) => kinds
                    .iter()
                    .filter_map(Value::as_str)
                    .find(|kind| *kind != "null")
                    .unwrap_or_default()
                    .to_owned(),
                _ => String::new(),
            },
            description: text(parameter, "/description"),
        })
        .collect()
}

fn answers(operation: &Value) -> Vec<Answer> {
    operation["responses"]
        .as_object()
        .map(|answers| {
            answers
                .iter()
                .map(|(status, answer)| Answer {
                    status: status.clone(),
                    description: text(answer, "/description"),
                })
                .collect()
        })
        .unwrap_or_default()
}

fn text(value: &Value, pointer: &str) -> String {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}
