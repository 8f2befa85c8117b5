//! Which fields a JSON call knows, and of which JSON type each is: looked at before anything else is read.
//!
//! A known field of another type is a fault of the program that sent it, and is told as such, with the names of all such
//! fields (422 `bad_type`); in a call that makes or does something null is as good as not there; in one that
//! changes something it takes back what is set, or is told where there is nothing to go back to
//! ([`Fields::refuse_null`]). What nobody knows is ignored. Forms hold texts alone and are not looked at. To add a field: its line in the shape of its call (a test walks the API's document).

use axum::extract::Request;
use serde_json::{Map, Value};

use super::body::Fields;
use crate::{error::Error, web::thread::HONEYPOT_FIELD};

/// The type of a field.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Text,
    Integer,
    Number,
    Flag,
    Texts,
    Object(Shape),
    Objects(Shape),
}

/// Known fields with their types.
pub(super) type Shape = &'static [(&'static str, Kind)];

impl Fields {
    /// As [`Fields::read`], and of that shape.
    ///
    /// # Errors
    /// As [`Fields::read`] and [`Fields::shaped`].
    pub(super) async fn read_as(request: Request, shape: Shape) -> Result<Self, Error> {
        Self::read(request).await?.shaped(shape)
    }

    /// The same, whose known fields are of their types.
    ///
    /// # Errors
    /// [`Error::BadType`] with the path of each that is not, such as `captcha.second.secret`.
    pub(super) fn shaped(self, shape: Shape) -> Result<Self, Error> {
        if !self.is_form {
            let mut wrong = Vec::new();
            look(self.all(), shape, "", &mut wrong);
            if !wrong.is_empty() {
                return Err(Error::BadType(wrong));
            }
        }
        Ok(self)
    }
}

fn look(values: &Map<String, Value>, shape: &[(&str, Kind)], within: &str, wrong: &mut Vec<String>) {
    for (name, kind) in shape {
        let Some(value) = values.get(*name).filter(|value| !value.is_null()) else {
            continue;
        };
        let fits = match (kind, value) {
            (Kind::Text, Value::String(_)) | (Kind::Number, Value::Number(_)) | (Kind::Flag, Value::Bool(_)) => true,
            (Kind::Integer, Value::Number(number)) => number.is_i64(),
            (Kind::Texts, Value::Array(list)) => list.iter().all(Value::is_string),
            (Kind::Object(inner), Value::Object(object)) => {
                look(object, inner, &format!("{within}{name}."), wrong);
                true
            }
            (Kind::Objects(inner), Value::Array(list)) => {
                for (index, object) in list
                    .iter()
                    .enumerate()
                    .filter_map(|(i, one)| Some((i, one.as_object()?)))
                {
                    look(object, inner, &format!("{within}{name}[{index}]."), wrong);
                }
                list.iter().all(Value::is_object)
            }
            _ => false,
        };
        if !fits {
            wrong.push(format!("{within}{name}"));
        }
    }
}

pub(super) const NEW_COMMENT: Shape = &[
    ("thread", Kind::Text),
    ("thread_url", Kind::Text),
    ("thread_title", Kind::Text),
    ("thread_sig", Kind::Text),
    ("parent", Kind::Text),
    ("name", Kind::Text),
    ("email", Kind::Text),
    ("website", Kind::Text),
    ("body", Kind::Text),
    ("captcha", Kind::Text),
    ("proof", Kind::Text),
    ("captcha_not_run", Kind::Text),
    ("form", Kind::Text),
    ("lang", Kind::Text),
    ("device", Kind::Text),
    (HONEYPOT_FIELD, Kind::Text),
];

pub(super) const REPORT: Shape = &[("reason", Kind::Text), ("lang", Kind::Text)];

pub(super) const STEP_UP_ANSWER: Shape = &[("proof", Kind::Text), ("captcha", Kind::Text), ("form", Kind::Text)];

pub(super) const DECISION: Shape = &[
    ("key", Kind::Text),
    ("comment", Kind::Text),
    ("action", Kind::Text),
    ("version", Kind::Integer),
    ("reason", Kind::Text),
    ("note", Kind::Text),
    ("of", Kind::Text),
];

pub(super) const DECISIONS: Shape = &[("decisions", Kind::Objects(DECISION))];

pub(super) const NEW_LEASE: Shape = &[("comment", Kind::Text)];

pub(super) const THREAD_SETTINGS: Shape = &[("title", Kind::Text), ("url", Kind::Text), ("open", Kind::Flag)];

const CUTS: Shape = &[
    ("publish_from", Kind::Number),
    ("step_up_below", Kind::Number),
    ("refuse_below", Kind::Number),
];

pub(super) const TRIAL: Shape = &[
    ("cuts", Kind::Object(CUTS)),
    ("explore", Kind::Number),
    ("from", Kind::Text),
    ("days", Kind::Integer),
    ("after", Kind::Text),
];

pub(super) const NEW_POLICY: Shape = &[
    ("base", Kind::Integer),
    ("cuts", Kind::Object(CUTS)),
    ("explore", Kind::Number),
    ("note", Kind::Text),
    ("from", Kind::Text),
    ("confirm", Kind::Text),
];

pub(super) const REVERT: Shape = &[("base", Kind::Integer), ("note", Kind::Text), ("confirm", Kind::Text)];

const SECOND_CHECK: Shape = &[
    ("provider", Kind::Text),
    ("site_key", Kind::Text),
    ("secret", Kind::Text),
    ("verify_url", Kind::Text),
];

const SITE_CAPTCHA: Shape = &[
    ("provider", Kind::Text),
    ("site_key", Kind::Text),
    ("secret", Kind::Text),
    ("verify_url", Kind::Text),
    ("project", Kind::Text),
    ("recaptcha_net", Kind::Flag),
    ("send_address", Kind::Flag),
    ("feedback", Kind::Flag),
    ("consent", Kind::Text),
    ("action", Kind::Text),
    ("hostnames", Kind::Texts),
    ("second", Kind::Object(SECOND_CHECK)),
];

/// Of a new site and of a change of one.
pub(super) const SITE: Shape = &[
    ("id", Kind::Text),
    ("name", Kind::Text),
    ("language", Kind::Text),
    ("time_zone", Kind::Text),
    ("origins", Kind::Texts),
    ("moderation", Kind::Text),
    ("threads", Kind::Text),
    ("body_max", Kind::Integer),
    ("cdn_max_age", Kind::Integer),
    ("captcha", Kind::Object(SITE_CAPTCHA)),
];

pub(super) const NEW_MODERATOR: Shape = &[
    ("email", Kind::Text),
    ("name", Kind::Text),
    ("role", Kind::Text),
    ("site", Kind::Text),
    ("sites", Kind::Texts),
    ("all_sites", Kind::Flag),
];

pub(super) const MODERATOR_CHANGE: Shape = &[("site", Kind::Text), ("role", Kind::Text), ("disabled", Kind::Flag)];

pub(super) const NEW_TOKEN: Shape = &[
    ("name", Kind::Text),
    ("role", Kind::Text),
    ("site", Kind::Text),
    ("sites", Kind::Texts),
    ("all_sites", Kind::Flag),
    ("expires", Kind::Integer),
];
