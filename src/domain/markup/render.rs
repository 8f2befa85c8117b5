//! The five steps from a body to the HTML that is stored: scan, read, pair, write, clean.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use ammonia::{Builder, UrlRelative};

use super::{
    read::{pair, read},
    scan::scan,
    write::Writer,
};

/// Bytes of text without a tag that the cleaner is given at once.
pub(super) const UNBROKEN: usize = 512;

/// A body as it may be shown, and what the triage wants to know of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// Sanitised HTML, never empty unless the source is blank.
    pub html: String,
    /// Number of links in `html`, at most 1,000.
    pub links: usize,
}

/// The sanitised HTML of a body and its number of links. `source` has LF line ends and no NUL.
#[must_use]
pub fn render(source: &str) -> Rendered {
    let mut writer = written(source);
    if !writer.has_words {
        // Markup alone, such as `<b></b>`: shown as typed rather than as an empty comment.
        writer = Writer::default();
        writer.text(source.trim());
        writer.end_flow();
    }
    Rendered {
        html: CLEANER.clean(&with_breaks(&writer.html)).to_string(),
        links: writer.links,
    }
}

/// The same HTML with an empty comment, which the cleaner takes out, wherever a text runs on for [`UNBROKEN`]
/// bytes. The serialiser behind ammonia looks for `<` up to the end of a text at each `&` and at each sign from
/// U+0080 to U+00BF in it (`html5ever::serialize`, 0.40), so one of twenty thousand `&` took quadratic time.
pub(super) fn with_breaks(html: &str) -> Cow<'_, str> {
    if html.split(['<', '>']).all(|piece| piece.len() <= UNBROKEN) {
        return Cow::Borrowed(html);
    }
    let mut broken = String::with_capacity(html.len() + html.len() / 16);
    for piece in html.split_inclusive('>') {
        let (mut text, tag) = piece.split_at(piece.find('<').unwrap_or(piece.len()));
        while text.len() > UNBROKEN {
            let end = text.floor_char_boundary(UNBROKEN);
            let entity = text[..end].rfind('&').filter(|at| !text[*at..end].contains(';'));
            let (before, after) = text.split_at(entity.unwrap_or(end));
            broken.push_str(before);
            broken.push_str("<!---->");
            text = after;
        }
        broken.push_str(text);
        broken.push_str(tag);
    }
    Cow::Owned(broken)
}

/// A body as the first four steps make it, before the cleaning.
pub(super) fn written(source: &str) -> Writer {
    let scanned = scan(source);
    let mut steps = read(&scanned);
    pair(&mut steps);
    let mut writer = Writer::default();
    for (index, step) in steps.iter().enumerate() {
        writer.step(index, step);
    }
    writer.end_flow();
    writer
}

/// The last word on what is allowed. What reaches it is already clean: a second wall, not the first.
pub(super) static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    builder
        .tags(HashSet::from([
            "p",
            "br",
            "em",
            "strong",
            "b",
            "i",
            "blockquote",
            "code",
            "pre",
            "ul",
            "ol",
            "li",
            "a",
        ]))
        .clean_content_tags(HashSet::new())
        .generic_attributes(HashSet::new())
        .tag_attributes(HashMap::from([("a", HashSet::from(["href"]))]))
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("nofollow ugc noopener"))
        .strip_comments(true);
    builder
});
