//! A comment body becomes safe HTML, and no word of the reader is lost on the way.
//!
//! A body is Markdown in which only the tags of `scan::TagName`, written as HTML, count; every other `<`
//! is shown as typed. Five steps: `scan` swaps tags, bare URLs and every other `<` for marks, so that the
//! Markdown parser meets no HTML; `read` turns its events into steps, and marries opening and closing
//! tags; `write` prints balanced HTML of bounded depth; ammonia cleans it here from an empty allow list.
//! Always hold: ammonia comes last and nothing is cut after it; what has no effect (a stray tag, a refused
//! link, a 17th level) is shown as text; every step is linear in the length of the body,
//! that of the cleaner's serialiser by what `with_breaks` does.
//!
//! What is stored is made ready for people's eyes by [`shown`], each time it is shown.
//!
//! To allow another tag: add it to `TagName`, to `Writer::open_tag` or `close_tag`, and to `CLEANER`.

mod read;
mod scan;
mod shown;
#[cfg(test)]
mod tests;
mod write;

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use ammonia::{Builder, UrlRelative};
use unicode_segmentation::UnicodeSegmentation;

pub use self::shown::{Disguise, shown};
use self::{
    read::{pair, read},
    scan::{decode_entities, scan},
    write::Writer,
};

/// Nested blocks, and nested emphasis, beyond this many levels are shown as text or flattened.
const DEPTH_MAX: usize = 16;

/// Bytes of text without a tag that the cleaner is given at once.
const UNBROKEN: usize = 512;

/// Characters of a body that are rendered for each one of its excerpt: most of what is not shown is addresses.
const READ_FOR_EACH_CHAR: usize = 8;

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

/// The visible text of HTML that [`render`] made; blocks and line breaks become newlines.
#[must_use]
pub fn plain_text(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(&decode_entities(before));
        let (tag, after) = tag.split_once('>').unwrap_or((tag, ""));
        let inline = ["a", "b", "code", "em", "i", "strong"];
        let name = tag.trim_start_matches('/').split(' ').next().unwrap_or_default();
        if !inline.contains(&name) && !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        rest = after;
    }
    text.push_str(&decode_entities(rest));
    text.truncate(text.trim_end().len());
    text
}

/// The first words of a body as plain text on one line: at most `max_chars` Unicode scalar values, cut
/// between graphemes, with `…` at the end (counted) when something was left out. Only the beginning of the body
/// is read: a page shows many excerpts.
#[must_use]
pub fn excerpt(source: &str, max_chars: usize) -> String {
    let mut rest = source.chars();
    let read: String = rest
        .by_ref()
        .take(max_chars.saturating_mul(READ_FOR_EACH_CHAR))
        .collect();
    let is_whole = rest.all(char::is_whitespace);
    let text = plain_text(&shown(&render(&read).html))
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    if is_whole && text.chars().take(max_chars.saturating_add(1)).count() <= max_chars {
        return text;
    }
    let mut left = max_chars.saturating_sub(1);
    let mut end = 0;
    for grapheme in text.graphemes(true) {
        let chars = grapheme.chars().count();
        if chars > left {
            break;
        }
        left -= chars;
        end += grapheme.len();
    }
    let kept = text[..end].trim_end();
    if max_chars == 0 {
        String::new()
    } else {
        format!("{kept}…")
    }
}

/// The same HTML with an empty comment, which the cleaner takes out, wherever a text runs on for [`UNBROKEN`]
/// bytes. The serialiser behind ammonia looks for `<` up to the end of a text at each `&` and at each sign from
/// U+0080 to U+00BF in it (`html5ever::serialize`, 0.40), so one of twenty thousand `&` took quadratic time.
fn with_breaks(html: &str) -> Cow<'_, str> {
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
fn written(source: &str) -> Writer {
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
static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
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
