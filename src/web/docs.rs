//! `GET /docs`: the HTTP contract as a page, made by the server from the OpenAPI description, so that
//! it needs no script and no foreign file.

use askama::Template;

use super::frame::AdminFrame;
use super::texts::Say as _;

/// The page.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "docs.html")]
pub struct DocsPage {
    pub frame: AdminFrame,
    /// The version of the contract.
    pub version: String,
    /// What stands above all operations; plain text.
    pub description: String,
    pub groups: Vec<OperationGroup>,
}

/// Operations that belong together (a tag of OpenAPI).
#[derive(Debug, Clone, Default)]
pub struct OperationGroup {
    pub name: String,
    pub description: String,
    pub operations: Vec<Operation>,
}

/// One call.
#[derive(Debug, Clone, Default)]
pub struct Operation {
    /// Upper case: `GET`.
    pub method: String,
    /// With its parameters in braces.
    pub path: String,
    pub summary: String,
    pub description: String,
    pub parameters: Vec<Parameter>,
    /// The name of the body's schema or its media type; `None` without a body.
    pub body: Option<String>,
    pub answers: Vec<Answer>,
}

/// One parameter.
#[derive(Debug, Clone, Default)]
pub struct Parameter {
    pub name: String,
    /// `path`, `query` or `header`.
    pub place: String,
    pub is_required: bool,
    /// The type in words: `string`, `integer`, `array of string`.
    pub kind: String,
    pub description: String,
}

/// One answer.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// `200`, `4XX`, `default`.
    pub status: String,
    pub description: String,
}
