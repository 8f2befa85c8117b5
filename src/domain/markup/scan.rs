//! Scanning: what is a tag, what is a URL, what is text.
//!
//! [`scan`] goes over a body once and swaps each such piece for a mark that the Markdown parser passes
//! through as a word. Invariant: no `<` is left in the marked text; every character of the body is
//! either in it or in the source of one token; looking ahead is bounded or remembered, so that no body takes
//! more than linear time. What an address or an entity means is decided here too, for all of the module.
//!
//! To take out another kind of piece: a variant of [`TokenKind`], an arm in `Scanner::token`, and what to
//! make of it in `Scanned::words`.

use std::{borrow::Cow, fmt::Write as _};

use url::Url;

/// Nested blocks, and nested emphasis, beyond this many levels are shown as text or flattened.
pub(super) const DEPTH_MAX: usize = 16;

/// Characters of a link's address; a longer one is shown as text.
const ADDRESS_MAX: usize = 2_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TagName {
    P,
    Br,
    Em,
    Strong,
    B,
    I,
    Blockquote,
    Code,
    Pre,
    Ul,
    Ol,
    Li,
    A,
}

impl TagName {
    pub(super) const COUNT: usize = Self::A as usize + 1;

    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "p" => Self::P,
            "br" => Self::Br,
            "em" => Self::Em,
            "strong" => Self::Strong,
            "b" => Self::B,
            "i" => Self::I,
            "blockquote" => Self::Blockquote,
            "code" => Self::Code,
            "pre" => Self::Pre,
            "ul" => Self::Ul,
            "ol" => Self::Ol,
            "li" => Self::Li,
            "a" => Self::A,
            _ => return None,
        })
    }

    pub(super) fn is_block(self) -> bool {
        matches!(
            self,
            Self::P | Self::Blockquote | Self::Pre | Self::Ul | Self::Ol | Self::Li
        )
    }
}

#[derive(Clone, Debug)]
pub(super) struct HtmlTag<'a> {
    pub(super) name: TagName,
    pub(super) closing: bool,
    pub(super) href: Option<Cow<'a, str>>,
    /// Has attributes without a value: `a <p and q> b` is rather prose than a tag.
    pub(super) has_bare_words: bool,
    pub(super) source: &'a str,
}

#[derive(Debug)]
pub(super) enum TokenKind<'a> {
    /// Shown so, whatever Markdown would make of the source.
    Text(&'a str),
    Tag(HtmlTag<'a>),
    Url(Cow<'a, str>),
    /// `<pre>` or `<code>` with its content, in which Markdown does not count.
    Verbatim(TagName, &'a str),
}

#[derive(Debug)]
pub(super) struct Token<'a> {
    pub(super) source: &'a str,
    pub(super) kind: TokenKind<'a>,
}

/// Stands on both sides of a token's number. A rare sign that Markdown takes for punctuation, as it does
/// `<`, so that `**Bonjour !**<br>` keeps its emphasis; typed by a reader it is doubled.
pub(super) const MARK: char = '\u{2E0E}';

/// A body whose tags, URLs and every other `<` are taken out.
#[derive(Debug)]
pub(super) struct Scanned<'a> {
    /// The body with a mark, [`MARK`] and the token's number and [`MARK`], in each one's place.
    pub(super) marked: String,
    pub(super) tokens: Vec<Token<'a>>,
}

pub(super) fn scan(source: &str) -> Scanned<'_> {
    let mut scanner = Scanner {
        source,
        lowered: source.to_ascii_lowercase(),
        unclosed: [false; TagName::COUNT],
        no_url_before: 0,
        out: Scanned {
            marked: String::with_capacity(source.len() + source.len() / 4),
            tokens: Vec::new(),
        },
    };
    let mut at = 0;
    let mut flat_at = None;
    while let Some(char) = source[at..].chars().next() {
        if at == 0 || source.as_bytes()[at - 1] == b'\n' {
            flat_at = marker_too_deep(&source[at..]).map(|offset| at + offset);
        }
        let token = if flat_at == Some(at) {
            Some(Token {
                source: &source[at..=at],
                kind: TokenKind::Text(&source[at..=at]),
            })
        } else {
            scanner.token(at, char)
        };
        if let Some(token) = token {
            at += token.source.len();
            let index = scanner.out.tokens.len();
            // Writing to a String cannot fail.
            let _ = write!(scanner.out.marked, "{MARK}{index}{MARK}");
            scanner.out.tokens.push(token);
        } else {
            if char == MARK {
                scanner.out.marked.push(MARK);
            }
            scanner.out.marked.push(char);
            at += char.len_utf8();
        }
    }
    scanner.out
}

/// Where a line's container markers (`>`, `-`, `1.`) go deeper than [`DEPTH_MAX`]: that one is shown as
/// text, which also keeps the Markdown parser from nesting without bound.
fn marker_too_deep(line: &str) -> Option<usize> {
    let bytes = line.as_bytes();
    let is_gap = |at: usize| matches!(bytes.get(at), None | Some(b' ' | b'\t' | b'\n'));
    let mut at = 0;
    let mut markers = 0;
    loop {
        while matches!(bytes.get(at), Some(b' ' | b'\t')) {
            at += 1;
        }
        match bytes.get(at)? {
            b'>' => {}
            b'-' | b'+' | b'*' if is_gap(at + 1) => {}
            b'0'..=b'9' => {
                while bytes.get(at).is_some_and(u8::is_ascii_digit) {
                    at += 1;
                }
                if !matches!(bytes.get(at), Some(b'.' | b')')) || !is_gap(at + 1) {
                    return None;
                }
            }
            _ => return None,
        }
        markers += 1;
        if markers > DEPTH_MAX {
            let line = line.split('\n').next().unwrap_or_default();
            let is_rule = line
                .bytes()
                .all(|byte| matches!(byte, b' ' | b'\t') || byte == bytes[at])
                && matches!(bytes[at], b'-' | b'*');
            return (!is_rule).then_some(at);
        }
        at += 1;
    }
}

struct Scanner<'a> {
    source: &'a str,
    lowered: String,
    /// By tag name: no closing tag is left, so that looking for one stays linear.
    unclosed: [bool; TagName::COUNT],
    /// What ran up to here is no URL and is not tried again.
    no_url_before: usize,
    out: Scanned<'a>,
}

impl<'a> Scanner<'a> {
    fn token(&mut self, at: usize, char: char) -> Option<Token<'a>> {
        let rest = &self.source[at..];
        let before = self.source[..at].chars().next_back();
        let text = |len: usize, shown| Token {
            source: &rest[..len],
            kind: TokenKind::Text(shown),
        };
        match char {
            '<' => Some(self.angle(at, before)),
            '\\' if rest[1..].starts_with('\\') => Some(text(2, "\\")),
            '\\' if rest[1..].starts_with('<') => Some(text(2, "<")),
            // The definition of a reference link would not be shown at all.
            ':' if before == Some(']') => Some(text(1, ":")),
            // An entity that spells the mark itself.
            '&' => {
                let (decoded, len) = numeric_entity(rest)?;
                (decoded == MARK).then(|| text(len, "\u{2E0E}"))
            }
            'h' | 'H' | 'w' | 'W' => {
                let url = self.url(at, before)?;
                Some(Token {
                    source: url,
                    kind: TokenKind::Url(decode_entities(url)),
                })
            }
            _ => None,
        }
    }

    fn angle(&mut self, at: usize, before: Option<char>) -> Token<'a> {
        let rest = &self.source[at..];
        if let Some(tag) = html_tag(rest) {
            let is_verbatim = matches!(tag.name, TagName::Pre | TagName::Code) && !tag.closing && before != Some('`');
            if is_verbatim && let Some((inner, len)) = self.verbatim(at, &tag) {
                return Token {
                    source: &rest[..len],
                    kind: TokenKind::Verbatim(tag.name, inner),
                };
            }
            return Token {
                source: tag.source,
                kind: TokenKind::Tag(tag),
            };
        }
        if let Some(url) = self.url(at + 1, None)
            && rest[1 + url.len()..].starts_with('>')
        {
            return Token {
                source: &rest[..url.len() + 2],
                kind: TokenKind::Url(decode_entities(url)),
            };
        }
        Token {
            source: &rest[..1],
            kind: TokenKind::Text("<"),
        }
    }

    fn url(&mut self, at: usize, before: Option<char>) -> Option<&'a str> {
        if at < self.no_url_before {
            return None;
        }
        let run = url_run(&self.source[at..], before)?;
        let url = trimmed_url(run);
        if url.is_none() {
            self.no_url_before = at + run.len();
        }
        url
    }

    /// The content of `<pre>` or `<code>` up to its first closing tag, and the length of the whole.
    fn verbatim(&mut self, at: usize, tag: &HtmlTag<'a>) -> Option<(&'a str, usize)> {
        let closing = if tag.name == TagName::Pre { "</pre>" } else { "</code>" };
        let start = at + tag.source.len();
        if self.unclosed[tag.name as usize] {
            return None;
        }
        let Some(len) = self.lowered[start..].find(closing) else {
            self.unclosed[tag.name as usize] = true;
            return None;
        };
        Some((&self.source[start..start + len], tag.source.len() + len + closing.len()))
    }
}

/// The allowed tag at the start of `rest`. A tag holds no `<`, no backtick and no blank line: so reading
/// one ends at the next `<`, and neither a code span nor a paragraph can be swallowed by an attribute.
pub(super) fn html_tag(rest: &str) -> Option<HtmlTag<'_>> {
    let inside = rest.strip_prefix('<')?;
    let closing = inside.starts_with('/');
    let inside = inside.strip_prefix('/').unwrap_or(inside);
    let name_len = inside.find(|char: char| !char.is_ascii_alphabetic())?;
    if name_len > "blockquote".len() {
        return None;
    }
    let name = TagName::parse(&inside[..name_len])?;
    let mut left = &inside[name_len..];
    let mut href = None;
    let mut has_bare_words = false;
    let mut was_quoted = false;
    loop {
        let gap = left.len() - left.trim_start_matches([' ', '\t', '\n', '\u{c}', '/']).len();
        if left[..gap].matches('\n').count() > 1 {
            return None;
        }
        let spaced = gap > 0 || was_quoted;
        left = &left[gap..];
        if let Some(after) = left.strip_prefix('>') {
            let source = &rest[..rest.len() - after.len()];
            return Some(HtmlTag {
                name,
                closing,
                href,
                has_bare_words,
                source,
            });
        }
        if closing || !spaced {
            return None;
        }
        let stops = |char: char| char.is_whitespace() || matches!(char, '=' | '>' | '/' | '<' | '`' | '"' | '\'');
        let (attribute, after) = left.split_at(left.find(stops)?);
        if attribute.is_empty() || after.starts_with(['<', '`', '"', '\'']) {
            return None;
        }
        left = after;
        let Some(value) = after.trim_start_matches([' ', '\t', '\n']).strip_prefix('=') else {
            has_bare_words = true;
            was_quoted = false;
            continue;
        };
        let value = value.trim_start_matches([' ', '\t', '\n']);
        was_quoted = value.starts_with(['"', '\'']);
        let (value, after) = attribute_value(value)?;
        if href.is_none() && attribute.eq_ignore_ascii_case("href") {
            href = Some(decode_entities(value));
        }
        left = after;
    }
}

/// A quoted or bare attribute value, and what follows it.
fn attribute_value(rest: &str) -> Option<(&str, &str)> {
    let quote = rest.chars().next().filter(|char| matches!(char, '"' | '\''));
    let Some(quote) = quote else {
        return Some(rest.split_at(rest.find(|char: char| char.is_whitespace() || matches!(char, '>' | '<' | '`'))?));
    };
    let end = 1 + rest[1..].find([quote, '<', '`'])?;
    let value = &rest[1..end];
    let after = rest[end..].strip_prefix(quote)?;
    (!value.contains("\n\n")).then_some((value, after))
}

/// What may be a URL at the start of `rest`: `http://`, `https://` or `www.` up to a character that no URL
/// holds. `before` is the character in front of it.
fn url_run(rest: &str, before: Option<char>) -> Option<&str> {
    let starts = |prefix: &str| {
        rest.get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    let is_www = starts("www.");
    let follows_word = |char: char| char.is_alphanumeric() || (is_www && "./-_@:".contains(char));
    if !(is_www || starts("http://") || starts("https://")) || before.is_some_and(follows_word) {
        return None;
    }
    let stops =
        |char: char| char.is_whitespace() || char.is_control() || "<>\"`[]{}|\\^«»“”„".contains(char) || char == MARK;
    let run = &rest[..rest.find(stops).unwrap_or(rest.len())];
    let entity = ["&lt;", "&gt;", "&quot;", "&apos;", "&nbsp;", "&#"]
        .iter()
        .filter_map(|name| run.find(name))
        .min();
    Some(&run[..entity.unwrap_or(run.len())])
}

/// The URL of a run without trailing punctuation and unbalanced closing brackets; `None` if it is none.
fn trimmed_url(run: &str) -> Option<&str> {
    let mut url = run;
    let mut opening = url.matches('(').count();
    let mut closing = url.matches(')').count();
    while let Some(last) = url.chars().next_back() {
        match last {
            ')' if closing > opening => closing -= 1,
            '(' => opening -= 1,
            '?' | '!' | '.' | ',' | ':' | ';' | '*' | '_' | '~' | '\'' | '&' => {}
            _ if !last.is_ascii() && !last.is_alphanumeric() => {}
            _ => break,
        }
        url = &url[..url.len() - last.len_utf8()];
    }
    let host = url.split_once("//").map_or(url, |(_, host)| host);
    let is_host = host.starts_with(char::is_alphanumeric) && (host.len() < url.len() || host.matches('.').count() > 1);
    (is_host && link_address(url).is_some()).then_some(url)
}

/// What a link may lead to: an http, https or mailto address (`www.` alone means http), else `None`.
/// As typed where that is plain, else as the URL standard writes it.
pub(super) fn link_address(typed: &str) -> Option<String> {
    let typed = typed.trim();
    let typed = match typed.get(..4) {
        Some(www) if www.eq_ignore_ascii_case("www.") => Cow::from(format!("http://{typed}")),
        _ => Cow::from(typed),
    };
    if typed.len() > ADDRESS_MAX {
        return None;
    }
    let url = Url::parse(&typed).ok()?;
    let scheme = url.scheme();
    let is_allowed = match scheme {
        "http" | "https" => url.has_host(),
        "mailto" => url.path().contains('@'),
        _ => false,
    };
    if !is_allowed {
        return None;
    }
    let after = if scheme == "mailto" { ":" } else { "://" };
    let is_plain = typed
        .chars()
        .all(|char| char.is_alphanumeric() || (char.is_ascii_graphic() && !"\"<>\\`".contains(char)))
        && typed[scheme.len()..].starts_with(after);
    Some(if is_plain { typed.into_owned() } else { url.into() })
}

/// Decodes numeric character references and the five of XML, plus `&nbsp;`. Those left are shown as typed.
pub(super) fn decode_entities(text: &str) -> Cow<'_, str> {
    const NAMED: [(&str, char); 6] = [
        ("&amp;", '&'),
        ("&lt;", '<'),
        ("&gt;", '>'),
        ("&quot;", '"'),
        ("&apos;", '\''),
        ("&nbsp;", '\u{a0}'),
    ];
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        decoded.push_str(&rest[..at]);
        rest = &rest[at..];
        let named = NAMED
            .iter()
            .find(|(name, _)| rest.starts_with(name))
            .map(|(name, char)| (*char, name.len()));
        let (char, len) = named.or_else(|| numeric_entity(rest)).unwrap_or(('&', 1));
        decoded.push(char);
        rest = &rest[len..];
    }
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

/// The character of a numeric reference (`&#58;`, `&#x3a;`) at the start of `rest`, and its length.
fn numeric_entity(rest: &str) -> Option<(char, usize)> {
    let digits = rest.strip_prefix("&#")?;
    let (digits, radix) = match digits.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16),
        None => (digits, 10),
    };
    // At most seven digits count in Markdown, so a long row of them is not read again and again.
    let end = digits.bytes().take(8).position(|byte| byte == b';')?;
    let char = u32::from_str_radix(&digits[..end], radix)
        .ok()
        .and_then(char::from_u32)
        .filter(|char| *char != '\0');
    Some((
        char.unwrap_or(char::REPLACEMENT_CHARACTER),
        rest.len() - digits.len() + end + 1,
    ))
}
