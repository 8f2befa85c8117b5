//! Stored HTML as plain text.

use super::scan::decode_entities;

/// The visible text of HTML that [`super::render`] made; blocks and line breaks become newlines.
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
