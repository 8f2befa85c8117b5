//! What a reader sent, turned into types that cannot be wrong, or the list of what to correct.
//!
//! [`Draft::parse`] is the only way to a [`Draft`]; whatever holds one needs no further check of its
//! fields. All errors of a form are found in one pass, in the order of the form.

use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

use super::{
    code::Code,
    person::{Email, Name, Website, one_line},
    reserved_names::ReservedNames,
};

/// The fields of a submission as they arrived, whatever the encoding was.
#[derive(Debug, Clone, Default)]
pub struct RawDraft {
    pub thread: String,
    pub thread_url: Option<String>,
    pub thread_title: Option<String>,
    pub thread_sig: Option<String>,
    pub parent: Option<String>,
    pub name: String,
    pub email: String,
    pub website: Option<String>,
    pub body: String,
}

/// A submission with valid fields.
#[derive(Debug, Clone)]
pub struct Draft {
    pub thread: ThreadKey,
    pub thread_url: Option<String>,
    pub thread_title: Option<String>,
    pub thread_sig: Option<String>,
    pub parent: Option<Uuid>,
    pub name: Name,
    pub email: Email,
    pub website: Option<Website>,
    /// Optional fields whose content was of no use, so that they were left out: `website`.
    pub left_out: Vec<&'static str>,
    /// 1..=`body_max` Unicode scalar values, line ends are LF.
    pub body: String,
}

/// One thing to correct: a field's name in the contract, a code, and a figure for its sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    pub field: &'static str,
    pub code: Code,
    /// How many characters too many, where that is what is wrong.
    pub surplus: Option<usize>,
}

impl FieldError {
    /// An error without a figure.
    #[must_use]
    pub fn new(field: &'static str, code: Code) -> Self {
        Self {
            field,
            code,
            surplus: None,
        }
    }
}

/// What a draft is checked against.
#[derive(Debug)]
pub struct Rules<'a> {
    /// Longest body, Unicode scalar values.
    pub body_max: u32,
    /// Names that no reader may take.
    pub reserved_names: &'a ReservedNames,
}

impl Draft {
    /// Checks every field.
    ///
    /// # Errors
    /// All that is wrong, in the order of the form: body, name, e-mail, then the thread and the parent. An
    /// optional field refuses nothing.
    pub fn parse(raw: RawDraft, rules: &Rules<'_>) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        let body = keep(body(&raw.body, rules.body_max), &mut errors);
        let name = keep(name(&raw.name, rules.reserved_names), &mut errors);
        let email = keep(email(&raw.email), &mut errors);
        let website = Website::parse(raw.website.as_deref().unwrap_or_default());
        let thread = keep(
            ThreadKey::parse(&raw.thread).ok_or(FieldError::new("thread", Code::ThreadBad)),
            &mut errors,
        );
        let parent = keep(parent(raw.parent.as_deref()), &mut errors);
        let (Some(body), Some(name), Some(email), Some(thread), Some(parent)) = (body, name, email, thread, parent)
        else {
            return Err(errors);
        };
        Ok(Self {
            thread,
            thread_url: raw.thread_url.filter(|url| !url.is_empty() && url.len() <= 2048),
            thread_title: raw.thread_title.as_deref().and_then(title),
            thread_sig: raw.thread_sig,
            parent,
            name,
            email,
            left_out: website.is_err().then_some("website").into_iter().collect(),
            website: website.unwrap_or_default(),
            body,
        })
    }

    /// SHA-256 of thread, parent, name, e-mail and body: what makes two submissions the same one.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        let parent = self.parent.unwrap_or_default();
        for part in [
            self.thread.as_str().as_bytes(),
            parent.as_bytes(),
            self.name.as_str().as_bytes(),
            self.email.as_str().as_bytes(),
            self.body.as_bytes(),
        ] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    }
}

/// The publisher's own key of a discussion: 1..=512 characters in NFC, no control characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ThreadKey(String);

impl ThreadKey {
    /// `None` when it is empty, too long or holds a control character.
    #[must_use]
    pub fn parse(raw: &str) -> Option<Self> {
        let key: String = raw.nfc().collect();
        let length = key.chars().count();
        ((1..=512).contains(&length) && !key.chars().any(char::is_control)).then_some(Self(key))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A title as one line of at most 300 characters, without control and direction characters.
#[must_use]
pub fn title(raw: &str) -> Option<String> {
    Some(one_line(raw).chars().take(300).collect::<String>()).filter(|line| !line.is_empty())
}

fn keep<T>(result: Result<T, FieldError>, errors: &mut Vec<FieldError>) -> Option<T> {
    result.map_err(|error| errors.push(error)).ok()
}

fn body(raw: &str, max: u32) -> Result<String, FieldError> {
    let body = raw.replace("\r\n", "\n").replace('\r', "\n");
    if body.trim().is_empty() {
        return Err(FieldError::new("body", Code::BodyMissing));
    }
    let length = body.chars().count();
    let max = max as usize;
    if length > max {
        return Err(FieldError {
            field: "body",
            code: Code::BodyTooLong,
            surplus: Some(length - max),
        });
    }
    Ok(body)
}

fn name(raw: &str, reserved: &ReservedNames) -> Result<Name, FieldError> {
    let name = Name::parse(raw).map_err(|error| FieldError::new("name", error.code()))?;
    if reserved.refuse(&name) {
        return Err(FieldError::new("name", Code::NameReserved));
    }
    Ok(name)
}

fn email(raw: &str) -> Result<Email, FieldError> {
    Email::parse(raw).map_err(|error| FieldError::new("email", error.code()))
}

/// An empty parent and WordPress's `0` mean none; anything that is no id cannot exist.
fn parent(raw: Option<&str>) -> Result<Option<Uuid>, FieldError> {
    match raw.map(str::trim) {
        None | Some("" | "0") => Ok(None),
        Some(text) => Uuid::parse_str(text)
            .map(Some)
            .map_err(|_| FieldError::new("parent", Code::ParentMissing)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    static RULES: LazyLock<Rules<'static>> = LazyLock::new(|| Rules {
        body_max: 10,
        reserved_names: Box::leak(Box::default()),
    });

    fn raw() -> RawDraft {
        RawDraft {
            thread: "/a".into(),
            name: "Aminata".into(),
            email: "aminata@example.org".into(),
            body: "Bonjour".into(),
            ..RawDraft::default()
        }
    }

    fn codes(raw: RawDraft) -> Vec<&'static str> {
        let errors = Draft::parse(raw, &RULES).err().unwrap_or_default();
        errors.into_iter().map(|error| error.code.as_str()).collect()
    }

    #[test]
    fn every_error_is_named_in_one_pass() {
        assert_eq!(
            codes(RawDraft::default()),
            ["body_missing", "name_missing", "email_missing", "thread_bad"]
        );
        let too_long = RawDraft {
            body: "12345678901\r\n".into(),
            parent: Some("seven".into()),
            ..raw()
        };
        let errors = Draft::parse(too_long, &RULES).expect_err("two errors");
        assert_eq!(errors[0].surplus, Some(2));
        assert_eq!(
            errors.iter().map(|e| e.code.as_str()).collect::<Vec<_>>(),
            ["body_too_long", "parent_missing"]
        );
    }

    #[test]
    fn f5_a_website_that_is_none_is_left_out_and_named() {
        for (typed, kept) in [
            ("javascript:alert(1)", None),
            ("aucun", None),
            ("www.example.org", Some("https://www.example.org")),
        ] {
            let website = Some(typed.to_owned());
            let draft = Draft::parse(RawDraft { website, ..raw() }, &RULES).expect("valid");
            assert_eq!(draft.website.as_ref().map(Website::as_str), kept);
            assert_eq!(draft.left_out.is_empty(), kept.is_some(), "{typed}");
        }
    }

    #[test]
    fn a_line_end_counts_once() {
        let draft = Draft::parse(
            RawDraft {
                body: "a\r\nb\rc\nd".into(),
                parent: Some("0".into()),
                ..raw()
            },
            &RULES,
        )
        .expect("valid");
        assert_eq!(draft.body, "a\nb\nc\nd");
        assert_eq!(draft.parent, None);
    }

    #[test]
    fn thread_keys_are_compared_after_nfc() {
        assert_eq!(ThreadKey::parse("e\u{301}te"), ThreadKey::parse("\u{e9}te"));
        assert_eq!(ThreadKey::parse("a\nb"), None);
        assert_eq!(ThreadKey::parse(&"x".repeat(513)), None);
        assert!(ThreadKey::parse(&"x".repeat(512)).is_some());
    }
}
