//! Request bodies: JSON and urlencoded forms become [`Fields`], strictly.
//!
//! A body is refused, with a code of its own, when it is not UTF-8, names a field twice, nests deeper
//! than 16, holds a NUL or half a surrogate pair, is over 128 KiB or does not arrive within ten
//! seconds. Fields that nobody reads are ignored. One that is read and is of another JSON type is told by name
//! (`bad_type`); the calls of the API tell all of theirs at once ([`super::typed`]).

use std::{cell::Cell, fmt, time::Duration};

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, header},
};
use http_body_util::LengthLimitError;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::{domain::code::Code, error::Error};

/// The largest body.
pub(crate) const SIZE_MAX: usize = 128 * 1024;

/// How long a body may take to arrive.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// How deep JSON may nest.
const DEPTH_MAX: usize = 16;

/// The fields of a body or of a query.
#[derive(Debug, Default, Clone)]
pub(crate) struct Fields {
    values: Map<String, Value>,
    /// It was a form.
    pub(crate) is_form: bool,
}

impl Fields {
    /// Reads the body of a request, in whichever of the two encodings it says.
    ///
    /// # Errors
    /// [`Error`] with the code of what is wrong with it.
    pub(crate) async fn read(request: Request) -> Result<Self, Error> {
        let kind = kind(request.headers())?;
        let bytes = bytes(request.into_body()).await?;
        match kind {
            Kind::Json => Self::from_json(&bytes),
            Kind::Form => Self::from_form(&bytes),
        }
    }

    /// As [`Fields::read`], where a body may be left out.
    ///
    /// # Errors
    /// As [`Fields::read`].
    pub(crate) async fn read_optional(request: Request) -> Result<Self, Error> {
        if request.headers().contains_key(header::CONTENT_TYPE) {
            return Self::read(request).await;
        }
        if bytes(request.into_body()).await?.is_empty() {
            Ok(Self::default())
        } else {
            Err(Error::Code(Code::UnsupportedMediaType))
        }
    }

    /// The fields of a JSON object.
    ///
    /// # Errors
    /// As [`Fields::read`].
    pub(crate) fn from_json(bytes: &[u8]) -> Result<Self, Error> {
        let text = std::str::from_utf8(bytes).map_err(|_| Error::Code(Code::BadEncoding))?;
        match parse_json(text)? {
            Value::Object(values) => Ok(Self { values, is_form: false }),
            _ => Err(Error::Code(Code::BadJson)),
        }
    }

    /// The fields of a urlencoded form or query; of a field given twice the first counts.
    ///
    /// # Errors
    /// As [`Fields::read`].
    pub(crate) fn from_form(bytes: &[u8]) -> Result<Self, Error> {
        let pairs = bytes.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
        let decoded = pairs.map(|pair| {
            let split = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
            Ok((
                decode(&pair[..split])?,
                decode(pair.get(split + 1..).unwrap_or_default())?,
            ))
        });
        Ok(Self::of_form(decoded.collect::<Result<_, Error>>()?))
    }

    /// The fields of a form that was read elsewhere; of a field given twice the first counts.
    pub(crate) fn of_form(pairs: Vec<(String, String)>) -> Self {
        let mut values = Map::new();
        for (name, value) in pairs {
            values.entry(name).or_insert(Value::String(value));
        }
        Self { values, is_form: true }
    }

    /// A text, empty when it is not there.
    ///
    /// # Errors
    /// `bad_type` when it is there and no text.
    pub(crate) fn text(&self, name: &str) -> Result<String, Error> {
        Ok(self.optional(name)?.unwrap_or_default())
    }

    /// A text; `None` when it is not there or null.
    ///
    /// # Errors
    /// `bad_type` when it is there and no text.
    pub(crate) fn optional(&self, name: &str) -> Result<Option<String>, Error> {
        match self.values.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(bad_type(name)),
        }
    }

    /// The first of several names that is there and not empty.
    ///
    /// # Errors
    /// As [`Fields::optional`].
    pub(crate) fn first_of(&self, names: &[&str]) -> Result<Option<String>, Error> {
        for name in names {
            if let Some(text) = self.optional(name)?.filter(|text| !text.is_empty()) {
                return Ok(Some(text));
            }
        }
        Ok(None)
    }

    /// A whole number.
    ///
    /// # Errors
    /// `bad_type` when it is there and no whole number, in a form `bad_json`.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, Error> {
        match self.values.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Number(number)) => number.as_i64().map(Some).ok_or_else(|| bad_type(name)),
            Some(Value::String(text)) if self.is_form && text.is_empty() => Ok(None),
            Some(Value::String(text)) if self.is_form => text.parse().map(Some).map_err(|_| Error::Code(Code::BadJson)),
            Some(_) => Err(bad_type(name)),
        }
    }

    /// Checks that none of these is null, where null could mean nothing: a change must not pass for done.
    ///
    /// # Errors
    /// [`Error::BadType`] with those that are.
    pub(crate) fn refuse_null(&self, names: &[&str]) -> Result<(), Error> {
        let wrong: Vec<String> = names
            .iter()
            .filter(|name| self.is_null(name))
            .map(|name| (*name).to_owned())
            .collect();
        if wrong.is_empty() {
            Ok(())
        } else {
            Err(Error::BadType(wrong))
        }
    }

    /// The same, where the second name of a pair counts for the first while that is not there or empty.
    pub(crate) fn named_also(&self, names: &[(&str, &str)]) -> Self {
        let is_empty = |value: Option<&Value>| value.is_none_or(|value| value.as_str() == Some(""));
        let mut all = self.clone();
        for (own, other) in names {
            if is_empty(all.values.get(*own))
                && let Some(value) = self.values.get(*other)
            {
                all.values.insert((*own).to_owned(), value.clone());
            }
        }
        all
    }

    /// Whether the field is there and null.
    pub(crate) fn is_null(&self, name: &str) -> bool {
        self.values.get(name).is_some_and(Value::is_null)
    }

    /// Everything, as it came.
    pub(crate) fn all(&self) -> &Map<String, Value> {
        &self.values
    }
}

fn bad_type(name: &str) -> Error {
    Error::BadType(vec![name.to_owned()])
}

enum Kind {
    Json,
    Form,
}

/// Whether a body is said to be a form.
pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    matches!(kind(headers), Ok(Kind::Form))
}

/// Whether a body is said to be JSON.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    matches!(kind(headers), Ok(Kind::Json))
}

fn kind(headers: &HeaderMap) -> Result<Kind, Error> {
    let given = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        "application/json" => Ok(Kind::Json),
        "application/x-www-form-urlencoded" => Ok(Kind::Form),
        _ => Err(Error::Code(Code::UnsupportedMediaType)),
    }
}

/// A whole body.
///
/// # Errors
/// As [`Fields::read`].
pub(crate) async fn bytes(body: Body) -> Result<axum::body::Bytes, Error> {
    let reading = axum::body::to_bytes(body, SIZE_MAX);
    match tokio::time::timeout(PATIENCE, reading).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if is_length_limit(&error) => Err(Error::Code(Code::TooLarge)),
        Ok(Err(_)) => Err(Error::Code(Code::BadEncoding)),
        Err(_) => Err(Error::Code(Code::Timeout)),
    }
}

fn is_length_limit(error: &axum::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        if error.is::<LengthLimitError>() {
            return true;
        }
        source = error.source();
    }
    false
}

/// Percent-decoding that refuses what is not UTF-8, where the usual libraries put a replacement sign.
fn decode(bytes: &[u8]) -> Result<String, Error> {
    let text = String::from_utf8(percent_decoded(bytes)).map_err(|_| Error::Code(Code::BadEncoding))?;
    if text.contains('\0') {
        return Err(Error::Code(Code::BadCharacter));
    }
    Ok(text)
}

/// The bytes of a name or a value in a form; a `%` that begins no escape stands for itself.
pub(crate) fn percent_decoded(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&first, after)) = rest.split_first() {
        let hex = |index: usize| after.get(index).and_then(|byte| char::from(*byte).to_digit(16));
        (plain, rest) = match (first, hex(0), hex(1)) {
            (b'%', Some(high), Some(low)) => {
                plain.push(u8::try_from(high * 16 + low).unwrap_or_default());
                (plain, &after[2..])
            }
            (b'+', ..) => {
                plain.push(b' ');
                (plain, after)
            }
            _ => {
                plain.push(first);
                (plain, after)
            }
        };
    }
    plain
}

/// JSON with the checks that `serde_json`'s own `Value` does not make.
fn parse_json(text: &str) -> Result<Value, Error> {
    let fault = Cell::new(None);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let seed = Strict {
        depth: 0,
        fault: &fault,
    };
    let parsed = seed.deserialize(&mut deserializer).and_then(|value| {
        deserializer.end()?;
        Ok(value)
    });
    parsed.map_err(|error| {
        fault.take().unwrap_or_else(|| {
            // What is wrong further on was not come to.
            let lines = text.split_inclusive('\n').take(error.line().saturating_sub(1));
            let until = lines.map(str::len).sum::<usize>() + error.column();
            if first_half_pair(text).is_some_and(|at| at < until) {
                Error::Code(Code::BadCharacter)
            } else {
                Error::Code(Code::BadJson)
            }
        })
    })
}

/// Where in JSON the first escape stands that is half a surrogate pair: no character, so no library reads it.
fn first_half_pair(text: &str) -> Option<usize> {
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let escape = &rest[at..];
        let length = match (unit(escape), escape.get(6..).map(|next| (next, unit(next)))) {
            (Some(0xD800..=0xDBFF), Some((_, Some(0xDC00..=0xDFFF)))) => 12,
            // The text or an escape ends in between: that is what is wrong with it.
            (Some(0xD800..=0xDBFF), Some((next, None)))
                if next.is_empty() || next == "\\" || next.starts_with("\\u") =>
            {
                6
            }
            (Some(0xD800..=0xDFFF), _) => return Some(text.len() - escape.len()),
            (Some(_), _) => 6,
            (None, _) => escape.char_indices().nth(2).map_or(escape.len(), |(place, _)| place),
        };
        rest = &escape[length..];
    }
    None
}

/// The UTF-16 unit of an escape such as `\u00e9` with which the text begins.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u16::from_str_radix(digits, 16).ok()).flatten()
}

#[derive(Clone, Copy)]
struct Strict<'a> {
    depth: usize,
    fault: &'a Cell<Option<Error>>,
}

impl Strict<'_> {
    fn fail<E: serde::de::Error>(self, error: Error) -> E {
        self.fault.set(Some(error));
        E::custom("refused")
    }

    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth == DEPTH_MAX {
            return Err(self.fail(Error::Code(Code::TooDeep)));
        }
        Ok(Self {
            depth: self.depth + 1,
            ..self
        })
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("not a number"))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Value, E> {
        self.visit_string(text.to_owned())
    }

    fn visit_string<E: serde::de::Error>(self, text: String) -> Result<Value, E> {
        if text.contains('\0') {
            return Err(self.fail(Error::Code(Code::BadCharacter)));
        }
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let deeper = self.deeper()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(deeper)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let deeper = self.deeper()?;
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if key.contains('\0') {
                return Err(self.fail(Error::Code(Code::BadCharacter)));
            }
            if map.contains_key(&key) {
                return Err(self.fail(Error::Code(Code::DuplicateKey)));
            }
            let value = entries.next_value_seed(deeper)?;
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(body: &[u8]) -> &'static str {
        Fields::from_json(body).map_or_else(|error| error.code().as_str(), |_| "ok")
    }

    #[test]
    fn json_is_read_strictly() {
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(code(b"{\"a\":1}"), "ok");
        assert_eq!(code(b"{\"a\":1"), "bad_json");
        assert_eq!(code(b"[]"), "bad_json");
        assert_eq!(code(b"{} {}"), "bad_json");
        assert_eq!(code(b"{\"a\":1,\"a\":2}"), "duplicate_key");
        assert_eq!(code(b"{\"b\":{\"a\":1,\"a\":2}}"), "duplicate_key");
        assert_eq!(code(b"{\"a\":\"\xff\"}"), "bad_encoding");
        assert_eq!(code(br#"{"a":"\u0000"}"#), "bad_character");
        assert_eq!(code(br#"{"a":"\ud800"}"#), "bad_character");
        assert_eq!(code(br#"{"a":"\udc00x"}"#), "bad_character");
        for (body, wanted) in [
            (r#"{"a":"\ud83d\ude00"}"#, "ok"),
            (r#"{"\ud83d":1}"#, "bad_character"),
            (r#"{"a":"\ud83d\n"}"#, "bad_character"),
            (r#"{"a":"\ud83dé"}"#, "bad_character"),
            (r#"{"a":"\ud83d\ud83d"}"#, "bad_character"),
            (r#"{"a":"\ude00\ud83d"}"#, "bad_character"),
            ("{\n\"b\": 1,\n\"a\":\n\"\\ud83d\"}", "bad_character"),
            (r#"{"a":"\\ud83d"}"#, "ok"),
            (r#"{"a":"\ud83d"#, "bad_json"),
            (r#"{"a":"\ud83d\u"#, "bad_json"),
            (r#"{"a":"\ud83d\uzzzz"}"#, "bad_json"),
            (r#"{"a":"\uzzzz"}"#, "bad_json"),
            (r#"{"a":"\u12"#, "bad_json"),
            (r#"{"a":"\"#, "bad_json"),
            // Of two faults the first counts.
            (r#"{"a":x,"b":"\ud83d"}"#, "bad_json"),
            (r#"{"a":1,"a":"\ud83d"}"#, "duplicate_key"),
            ("surrogate", "bad_json"),
            (r#"{"recursion limit": hex escape}"#, "bad_json"),
        ] {
            assert_eq!(code(body.as_bytes()), wanted, "{body}");
        }
        assert_eq!(code(nested(15).as_bytes()), "ok");
        assert_eq!(code(nested(16).as_bytes()), "too_deep");
        assert_eq!(code(nested(5000).as_bytes()), "too_deep");
    }

    #[test]
    fn forms_are_decoded_strictly() {
        let fields = Fields::from_form(b"a=1+2%C3%A9&b&a=9&c=%zz").expect("readable");
        assert_eq!(fields.text("a").expect("text"), "1 2\u{e9}");
        assert_eq!(fields.text("b").expect("text"), "");
        assert_eq!(fields.text("c").expect("text"), "%zz");
        assert_eq!(
            Fields::from_form(b"a=%ff").map_err(|e| e.code().as_str()).err(),
            Some("bad_encoding")
        );
        assert_eq!(
            Fields::from_form(b"a=%00").map_err(|e| e.code().as_str()).err(),
            Some("bad_character")
        );
    }
}
