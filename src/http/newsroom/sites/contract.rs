//! What the API says and takes of a site's settings: one walk over their rows for the answer, for what arrives and for the
//! document, so that a new setting needs nothing here.

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Object, RefOr, Schema,
        schema::{ArrayBuilder, KnownFormat, ObjectBuilder, SchemaFormat, SchemaType, Type},
    },
};

use crate::{
    actions::sites::{Change, Settings},
    domain::settings::{Holds, SETTINGS, Setting},
    error::Error,
    http::request::body::Fields,
};

/// A site's settings as they are in force. Secrets are never given out: `secret_set` says that there is one.
pub(crate) struct SiteSettings<'a>(pub(crate) &'a Settings);

/// A site to be made.
pub(crate) struct NewSite {
    pub(crate) id: String,
    pub(crate) settings: Change,
}

/// New values of a site's settings; null takes a key back to its default.
pub(crate) struct SiteChange(pub(crate) Change);

impl Serialize for SiteSettings<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Settings {
            site, in_file, dropped, ..
        } = self.0;
        let site = &site.site;
        let in_force = serde_json::to_value(site.as_written()).map_err(serde::ser::Error::custom)?;
        let mut members = Map::new();
        for setting in &SETTINGS {
            let pointer = format!("/{}", setting.key.replace('.', "/"));
            let value = match setting.check() {
                Some(check) if setting.is_secret() => Value::Bool(site.captcha.has_secret(check)),
                _ => in_force.pointer(&pointer).cloned().unwrap_or(Value::Null),
            };
            put(&mut members, &said_as(setting), value);
        }
        if site.captcha.second.is_none() {
            put(&mut members, "captcha.second", Value::Null);
        }
        members.insert("dropped".to_owned(), dropped.clone().into());
        members.insert("id".to_owned(), site.id.clone().into());
        members.insert("set_in_file".to_owned(), in_file.clone().into());
        members.serialize(serializer)
    }
}

/// The name under which a setting is told.
fn said_as(setting: &Setting) -> Cow<'static, str> {
    if setting.is_secret() {
        format!("{}_set", setting.key).into()
    } else {
        setting.key.into()
    }
}

/// Puts a value at a path such as `captcha.action`.
fn put(members: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            members.insert(path.to_owned(), value);
        }
        Some((within, rest)) => {
            let inner = members.entry(within).or_insert_with(|| Map::new().into());
            if let Value::Object(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}

impl NewSite {
    /// # Errors
    /// `bad_type` with the keys that are of another type.
    pub(crate) fn of(fields: &Fields) -> Result<Self, Error> {
        let (id, mut wrong) = match fields.text("id") {
            Ok(id) => (id, Vec::new()),
            Err(_) => (String::new(), vec!["id".to_owned()]),
        };
        wrong.extend(of_other_types(fields));
        told(wrong)?;
        let settings = Change::of_object(fields.all()).of_new_site();
        Ok(Self { id, settings })
    }
}

impl SiteChange {
    /// # Errors
    /// `bad_type` with the keys that are of another type.
    pub(crate) fn of(fields: &Fields) -> Result<Self, Error> {
        told(of_other_types(fields))?;
        fields.refuse_null(&["captcha"])?;
        Ok(Self(Change::of_object(fields.all())))
    }
}

fn told(wrong: Vec<String>) -> Result<(), Error> {
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(Error::BadType(wrong))
    }
}

/// The settings, and what they stand in, that came as another JSON type.
fn of_other_types(fields: &Fields) -> Vec<String> {
    let mut wrong: Vec<String> = Vec::new();
    for setting in &SETTINGS {
        let mut within = fields.all();
        let mut path = String::new();
        let mut parts = setting.key.split('.').peekable();
        while let Some(part) = parts.next() {
            path.push_str(part);
            let value = within.get(part).unwrap_or(&Value::Null);
            match (value, parts.peek()) {
                (Value::Null, _) => break,
                (Value::Object(inner), Some(_)) => within = inner,
                (value, None) if holds(setting, value) => break,
                _ => {
                    if !wrong.contains(&path) {
                        wrong.push(path);
                    }
                    break;
                }
            }
            path.push('.');
        }
    }
    wrong
}

fn holds(setting: &Setting, value: &Value) -> bool {
    match setting.kind.holds() {
        Holds::Text => value.is_string(),
        Holds::Number => value.is_i64() || value.is_u64(),
        Holds::Flag => value.is_boolean(),
        Holds::Texts => value
            .as_array()
            .is_some_and(|values| values.iter().all(Value::is_string)),
    }
}

/// Which way the settings go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Told: each with a default is there, secrets are not.
    Out,
    /// Taken: each may be left out, and null.
    In,
}

impl ToSchema for SiteSettings<'_> {
    fn name() -> Cow<'static, str> {
        "SiteSettings".into()
    }
}

impl PartialSchema for SiteSettings<'_> {
    fn schema() -> RefOr<Schema> {
        let texts = || ArrayBuilder::new().items(text(false));
        object("", Way::Out, false)
            .description(Some("A site's settings as they are in force."))
            .property("id", text(false))
            .property(
                "set_in_file",
                texts().description(Some(
                    "Keys that `config.toml` sets, such as `captcha.provider`: they are changed there alone.",
                )),
            )
            .property(
                "dropped",
                texts().description(Some(
                    "Of a change: the keys of kept secrets that it dropped, because they were typed for another provider or \
                     address.",
                )),
            )
            .required("id")
            .required("set_in_file")
            .required("dropped")
            .into()
    }
}

impl ToSchema for NewSite {}

impl PartialSchema for NewSite {
    fn schema() -> RefOr<Schema> {
        object("", Way::In, true)
            .description(Some("A site to be made."))
            .property(
                "id",
                ObjectBuilder::new().schema_type(Type::String).description(Some(
                    "1 to 64 lower-case letters, digits and hyphens; part of addresses.",
                )),
            )
            .required("id")
            .into()
    }
}

impl ToSchema for SiteChange {}

impl PartialSchema for SiteChange {
    fn schema() -> RefOr<Schema> {
        object("", Way::In, false)
            .description(Some(
                "New values of a site's settings; null takes a key back to its default. `captcha` itself is never null: each \
                 of its keys is taken back by itself.",
            ))
            .into()
    }
}

/// The settings below a path, empty or with a dot at its end; `may_be_null` says it of the objects right below.
fn object(below: &str, way: Way, may_be_null: bool) -> ObjectBuilder {
    let mut object = ObjectBuilder::new();
    let mut inner: Vec<&str> = Vec::new();
    for setting in &SETTINGS {
        let said = match way {
            Way::Out => said_as(setting),
            Way::In => setting.key.into(),
        };
        let Some(rest) = said.strip_prefix(below) else { continue };
        match rest.split_once('.') {
            None => {
                object = object.property(rest, property(setting, way));
                if way == Way::Out && !setting.may_lack {
                    object = object.required(rest);
                }
            }
            Some((within, _)) => {
                let key = &setting.key[..below.len() + within.len()];
                if !inner.contains(&key) {
                    inner.push(key);
                }
            }
        }
    }
    for key in inner {
        let within = &key[below.len()..];
        // The second check is there or not, as a whole.
        let is_second = !below.is_empty();
        let is_nullable = may_be_null || is_second;
        let below = format!("{key}.");
        let members = self::object(&below, way, false).schema_type(kinds(Type::Object, is_nullable));
        object = object.property(within, members);
        if way == Way::Out && !is_nullable {
            object = object.required(within);
        }
    }
    object
}

fn property(setting: &Setting, way: Way) -> RefOr<Schema> {
    let is_nullable = way == Way::In || setting.may_lack;
    let about = Some(setting.about()).filter(|about| !about.is_empty());
    if way == Way::Out && setting.is_secret() {
        let about = Some("The secret itself is never given out.");
        return ObjectBuilder::new()
            .schema_type(Type::Boolean)
            .description(about)
            .into();
    }
    let own = ObjectBuilder::new().description(about.clone());
    match setting.kind.holds() {
        Holds::Text => own.schema_type(kinds(Type::String, is_nullable)).into(),
        Holds::Flag => own.schema_type(kinds(Type::Boolean, is_nullable)).into(),
        Holds::Number => own
            .schema_type(kinds(Type::Integer, is_nullable))
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .into(),
        Holds::Texts => ArrayBuilder::new()
            .schema_type(kinds(Type::Array, is_nullable))
            .items(text(false))
            .description(about)
            .into(),
    }
}

fn text(is_nullable: bool) -> Object {
    ObjectBuilder::new()
        .schema_type(kinds(Type::String, is_nullable))
        .build()
}

fn kinds(kind: Type, is_nullable: bool) -> SchemaType {
    if is_nullable {
        SchemaType::Array(vec![kind, Type::Null])
    } else {
        kind.into()
    }
}
