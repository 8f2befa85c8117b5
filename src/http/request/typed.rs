//! A body as the type that its call takes.
//!
//! A known field of another JSON type is a fault of the program that sent it, and is told as such, with the names of all
//! such fields (422 `bad_type`): so reading goes on behind one, with an empty value in its place. In a call that makes or
//! does something null is as good as not there; in one that changes something it takes back what is set, or is told where
//! there is nothing to go back to ([`Fields::refuse_null`]). Both read as `None`, an empty text, zero, no, an empty list;
//! a call that tells them apart asks [`Fields::is_null`]. What nobody knows is ignored. A form holds texts: numbers, yes
//! and no are read from them, and what is empty is not there.

use std::cell::{Cell, RefCell};

use axum::extract::Request;
use serde::{
    de::{DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor, value::StrDeserializer},
    forward_to_deserialize_any,
};
use serde_json::{Map, Value};

use super::body::Fields;
use crate::{domain::code::Code, error::Error};

impl Fields {
    /// As [`Fields::read`], as a `T`.
    ///
    /// # Errors
    /// As [`Fields::read`] and [`Fields::typed`].
    pub(crate) async fn read_as<T: DeserializeOwned>(request: Request) -> Result<T, Error> {
        Self::read(request).await?.typed()
    }

    /// The fields as a `T`.
    ///
    /// # Errors
    /// [`Error::BadType`] with the path of each known field that is of another type, such as `captcha.second.secret`; in
    /// a form `bad_json`.
    pub(crate) fn typed<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let wrong = RefCell::default();
        let fields = Given {
            found: Found::Object(self.all()),
            place: Place {
                within: "",
                name: "",
                list: None,
            },
            is_form: self.is_form,
            wrong: &wrong,
        };
        let read = T::deserialize(fields);
        let wrong = wrong.take();
        if wrong.is_empty() {
            // What ends the reading is a text of a form.
            read.map_err(|_| Error::Code(Code::BadJson))
        } else {
            Err(Error::BadType(wrong))
        }
    }
}

/// What stands at a place.
#[derive(Clone, Copy)]
enum Found<'a> {
    /// Nothing, or null.
    Nothing,
    Object(&'a Map<String, Value>),
    Other(&'a Value),
}

impl<'a> Found<'a> {
    fn of(value: Option<&'a Value>) -> Self {
        match value {
            None | Some(Value::Null) => Self::Nothing,
            Some(Value::Object(object)) => Self::Object(object),
            Some(other) => Self::Other(other),
        }
    }
}

#[derive(Clone, Copy)]
struct Place<'a> {
    /// `captcha.`; empty at the top.
    within: &'a str,
    name: &'a str,
    /// Of an entry of a list: its number, and whether the list is told already.
    list: Option<(usize, &'a Cell<bool>)>,
}

/// A value where one of a certain type belongs.
#[derive(Clone, Copy)]
struct Given<'a> {
    found: Found<'a>,
    place: Place<'a>,
    is_form: bool,
    /// The paths of what is of another type.
    wrong: &'a RefCell<Vec<String>>,
}

impl<'a> Given<'a> {
    /// Whether it counts as not there. In a list nothing does.
    fn is_nothing(&self) -> bool {
        match self.found {
            Found::Nothing => self.place.list.is_none(),
            Found::Other(Value::String(text)) => self.is_form && text.is_empty(),
            _ => false,
        }
    }

    /// Tells it as of another type; of a list that holds such an entry the list, once.
    fn is_wrong(&self) {
        let Place { within, name, list } = self.place;
        if list.is_none_or(|(_, is_told)| !is_told.replace(true)) {
            self.wrong.borrow_mut().push(format!("{within}{name}"));
        }
    }

    /// The number, or the yes or no, that a form's text stands for; `None` where it is no form's.
    fn of_form<T: std::str::FromStr>(&self) -> Result<Option<T>, Ended> {
        match self.found {
            Found::Other(Value::String(text)) if self.is_form => text.parse().map(Some).map_err(|_| Ended),
            _ => Ok(None),
        }
    }

    /// What `read` finds; the empty value of that type where nothing is there, or something of another type.
    fn or_empty<T: Default>(&self, read: impl FnOnce(&'a Value) -> Option<T>) -> T {
        let value = match self.found {
            Found::Other(value) => read(value),
            _ => None,
        };
        if value.is_none() && !self.is_nothing() {
            self.is_wrong();
        }
        value.unwrap_or_default()
    }
}

impl<'de> Deserializer<'de> for Given<'_> {
    type Error = Ended;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Ended> {
        Err(Ended)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Ended> {
        if self.is_nothing() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Ended> {
        visitor.visit_str(self.or_empty(Value::as_str))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Ended> {
        self.deserialize_str(visitor)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Ended> {
        match self.of_form()? {
            Some(number) => visitor.visit_i64(number),
            None => visitor.visit_i64(self.or_empty(Value::as_i64)),
        }
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Ended> {
        match self.of_form()? {
            Some(number) => visitor.visit_f64(number),
            None => visitor.visit_f64(self.or_empty(Value::as_f64)),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Ended> {
        match self.of_form()? {
            Some(answer) => visitor.visit_bool(answer),
            None => visitor.visit_bool(self.or_empty(Value::as_bool)),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Ended> {
        if self.is_form && !self.is_nothing() {
            return Err(Ended);
        }
        let list = self.or_empty(|value| value.as_array().map(Vec::as_slice));
        visitor.visit_seq(Entries {
            list: list.iter().enumerate(),
            whole: self,
            is_told: Cell::new(false),
        })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Ended> {
        let object = if let Found::Object(object) = self.found {
            Some(object)
        } else {
            if !self.is_nothing() && !self.is_form {
                self.is_wrong();
            }
            None
        };
        let Place { within, name, list } = self.place;
        let within = match list {
            Some((number, _)) => format!("{within}{name}[{number}]."),
            None if name.is_empty() => String::new(),
            None => format!("{within}{name}."),
        };
        visitor.visit_map(Members {
            object,
            within: &within,
            names: names.iter(),
            name: "",
            is_form: self.is_form,
            wrong: self.wrong,
        })
    }

    forward_to_deserialize_any! {
        i8 i16 i32 u8 u16 u32 u64 i128 u128 f32 char bytes byte_buf unit unit_struct newtype_struct tuple tuple_struct
        map enum identifier ignored_any
    }
}

/// The entries of a list.
struct Entries<'a, L> {
    list: L,
    whole: Given<'a>,
    is_told: Cell<bool>,
}

impl<'de, 'a, L: Iterator<Item = (usize, &'a Value)>> SeqAccess<'de> for Entries<'a, L> {
    type Error = Ended;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Ended> {
        let Some((number, value)) = self.list.next() else {
            return Ok(None);
        };
        let entry = Given {
            found: Found::of(Some(value)),
            place: Place {
                list: Some((number, &self.is_told)),
                ..self.whole.place
            },
            ..self.whole
        };
        seed.deserialize(entry).map(Some)
    }
}

/// The fields of a type, each with what stands there, in the order in which the type names them.
struct Members<'a> {
    object: Option<&'a Map<String, Value>>,
    within: &'a str,
    names: std::slice::Iter<'static, &'static str>,
    name: &'static str,
    is_form: bool,
    wrong: &'a RefCell<Vec<String>>,
}

impl<'de> MapAccess<'de> for Members<'_> {
    type Error = Ended;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Ended> {
        let Some(name) = self.names.next() else {
            return Ok(None);
        };
        self.name = name;
        seed.deserialize(StrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Ended> {
        let value = self.object.and_then(|object| object.get(self.name));
        seed.deserialize(Given {
            found: Found::of(value),
            place: Place {
                within: self.within,
                name: self.name,
                list: None,
            },
            is_form: self.is_form,
            wrong: self.wrong,
        })
    }
}

/// A text of a form that is no number, or neither yes nor no.
#[derive(Debug)]
struct Ended;

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a text of a form stands for nothing of that type")
    }
}

impl std::error::Error for Ended {}

impl serde::de::Error for Ended {
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        Self
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Outer {
        text: String,
        number: Option<i64>,
        share: Option<f64>,
        answer: bool,
        texts: Option<Vec<String>>,
        inner: Option<Inner>,
        list: Vec<Inner>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Inner {
        own: Option<String>,
    }

    fn of_json(json: &str) -> Result<Outer, Error> {
        Fields::from_json(json.as_bytes()).expect("JSON").typed()
    }

    fn wrong_in(json: &str) -> Vec<String> {
        match of_json(json) {
            Err(Error::BadType(wrong)) => wrong,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_not_there_is_as_null() {
        let nothing = Outer {
            text: String::new(),
            number: None,
            share: None,
            answer: false,
            texts: None,
            inner: None,
            list: Vec::new(),
        };
        assert_eq!(of_json("{}").expect("typed"), nothing);
        let null =
            r#"{"text":null,"number":null,"share":null,"answer":null,"texts":null,"inner":null,"list":null,"x":[1]}"#;
        assert_eq!(of_json(null).expect("typed"), nothing);
        let form = Fields::from_form(b"text=&number=&share=&texts=&x=7").expect("a form");
        assert_eq!(form.typed::<Outer>().expect("typed"), nothing);
    }

    #[test]
    fn what_is_there_is_read() {
        let found = of_json(
            r#"{"text":"a","number":-7,"share":1,"answer":true,"texts":["b"],"inner":{"own":"c"},"list":[{},{"own":"d"}]}"#,
        )
        .expect("typed");
        let inner = |own: Option<&str>| Inner {
            own: own.map(str::to_owned),
        };
        let expected = Outer {
            text: "a".to_owned(),
            number: Some(-7),
            share: Some(1.0),
            answer: true,
            texts: Some(vec!["b".to_owned()]),
            inner: Some(inner(Some("c"))),
            list: vec![inner(None), inner(Some("d"))],
        };
        assert_eq!(found, expected);
        let form = Fields::from_form(b"text=a&number=-7&answer=true").expect("a form");
        let found: Outer = form.typed().expect("typed");
        assert_eq!((found.text.as_str(), found.number, found.answer), ("a", Some(-7), true));
        for bad in [&b"number=7x"[..], b"answer=yes", b"texts=a"] {
            let bad = Fields::from_form(bad).expect("a form").typed::<Outer>();
            assert!(matches!(bad, Err(Error::Code(Code::BadJson))), "{bad:?}");
        }
    }

    #[test]
    fn everything_of_another_type_is_told_once_in_the_order_of_the_type() {
        assert_eq!(
            wrong_in(
                r#"{"list":[{"own":1},7,null,{"own":[]}],"inner":{"own":{}},"texts":["a",null,1],"answer":"true",
                    "share":"1","number":1.5,"text":7}"#
            ),
            [
                "text",
                "number",
                "share",
                "answer",
                "texts",
                "inner.own",
                "list[0].own",
                "list",
                "list[3].own"
            ]
        );
        assert_eq!(wrong_in(r#"{"inner":[],"list":{}}"#), ["inner", "list"]);
    }
}
