//! The first words of a body, for lists.

use unicode_segmentation::UnicodeSegmentation;

use super::{plain::plain_text, render::render, shown::shown};

/// Characters of a body that are rendered for each one of its excerpt: most of what is not shown is addresses.
const READ_FOR_EACH_CHAR: usize = 8;

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
