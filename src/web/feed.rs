//! The Atom feed of a thread or a site (RFC 4287). Only published comments come here, and never an
//! e-mail address.

use askama::Template;

use crate::domain::{ink, language::Language};

/// `GET /t/{site}/feed.atom`; served as `application/atom+xml; charset=utf-8`.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "feed.xml")]
pub struct Feed {
    pub language: Language,
    /// A stable IRI: `urn:uuid:…`, `tag:…` or the feed's address.
    pub id: String,
    pub title: String,
    /// The absolute address of the feed.
    pub self_href: String,
    /// The absolute address of the page it belongs to.
    pub html_href: String,
    /// RFC 3339; the newest entry's time, or the thread's.
    pub updated: String,
    pub entries: Vec<FeedEntry>,
}

/// One published comment.
#[derive(Debug, Clone, Default)]
pub struct FeedEntry {
    /// `urn:uuid:` + the comment's id.
    pub id: String,
    /// « Aminata O. — titre de l’article ».
    pub title: String,
    pub author: String,
    /// RFC 3339.
    pub published: String,
    /// RFC 3339.
    pub updated: String,
    /// The absolute address of the comment.
    pub href: String,
    /// Sanitised HTML.
    pub html: String,
}

/// `text` without the characters that XML 1.0 forbids (control characters, U+FFFE, U+FFFF); a line
/// break or tab stays; and with a few marks on each letter. Escaping is the template's.
#[must_use]
pub fn xml_text(text: &str) -> String {
    ink::shown(text)
        .chars()
        .filter(|&character| {
            matches!(character, '\t' | '\n' | '\r')
                || !(character.is_control() || matches!(character, '\u{fffe}' | '\u{ffff}'))
        })
        .collect()
}
