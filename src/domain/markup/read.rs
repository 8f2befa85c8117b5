//! Reading: Markdown's events and our tokens become one row of steps.
//!
//! [`read`] runs the Markdown parser over the marked text and puts the tokens back where their marks
//! stand; [`pair`] then finds each tag's other half. Invariant: opened and closed elements are
//! balanced, as the parser's events are; every token comes out once, as what it is or as typed; a tag that
//! stands in a list, a quote or code of Markdown has its other half there too, or none.
//!
//! To read another kind of Markdown: a variant of [`Element`], an arm in [`read`] or `Scanned::element`, and
//! how it is written in `Writer::open_element`.

use std::borrow::Cow;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag as Markdown};

use super::scan::{HtmlTag, MARK, Scanned, TagName, Token, TokenKind, decode_entities, html_tag};

#[derive(Debug)]
pub(super) enum Step<'a> {
    Open(Element),
    /// Ends the latest open element.
    Close,
    /// A tag the reader wrote; `partner` is the step of its other half.
    Tag {
        tag: HtmlTag<'a>,
        partner: Option<usize>,
    },
    Text(Cow<'a, str>),
    Url(&'a str),
    LineBreak,
}

#[derive(Debug)]
pub(super) enum Element {
    Paragraph,
    Quote,
    /// `typed`: its numbers are not 1, 2, 3 and so on, so they are kept as text.
    List {
        ordered: bool,
        typed: bool,
    },
    /// The marker as typed.
    Item(String),
    /// A code block of Markdown: `pre` with `code` in it.
    CodeBlock,
    Pre,
    Code,
    Em,
    Strong,
    Link {
        address: String,
        title: String,
        image: bool,
    },
}

impl Element {
    /// Whether a tag inside can only be closed inside.
    fn bounds_tags(&self) -> bool {
        !matches!(self, Self::Paragraph | Self::Em | Self::Strong | Self::Link { .. })
    }
}

pub(super) fn read<'a>(scanned: &'a Scanned<'a>) -> Vec<Step<'a>> {
    let mut steps = Vec::new();
    let mut lists: Vec<(usize, u64)> = Vec::new();
    let mut is_code = false;
    for (event, range) in Parser::new_ext(&scanned.marked, Options::empty()).into_offset_iter() {
        match event {
            Event::Start(Markdown::List(start)) => {
                lists.push((steps.len(), 1));
                steps.push(Step::Open(Element::List {
                    ordered: start.is_some(),
                    typed: false,
                }));
            }
            Event::Start(Markdown::Item) => {
                let marker = scanned.marked[range].split_whitespace().next().unwrap_or_default();
                if let Some((list, number)) = lists.last_mut() {
                    if let Step::Open(Element::List { ordered: true, typed }) = &mut steps[*list] {
                        *typed |= marker.trim_end_matches(['.', ')']) != number.to_string();
                    }
                    *number += 1;
                }
                steps.push(Step::Open(Element::Item(scanned.typed(marker))));
            }
            Event::Start(tag) => {
                let info = match &tag {
                    Markdown::CodeBlock(CodeBlockKind::Fenced(info)) if !info.is_empty() => Some(info.clone()),
                    _ => None,
                };
                is_code |= matches!(tag, Markdown::CodeBlock(_));
                steps.push(Step::Open(scanned.element(tag)));
                if let Some(info) = info {
                    steps.push(Step::Text(format!("{}\n", scanned.typed(&info)).into()));
                }
            }
            Event::End(tag) => {
                is_code = false;
                if matches!(tag, pulldown_cmark::TagEnd::List(_)) {
                    lists.pop();
                }
                steps.push(Step::Close);
            }
            Event::Text(text) if is_code => steps.push(Step::Text(scanned.typed(&text).into())),
            Event::Code(text) => {
                steps.push(Step::Open(Element::Code));
                steps.push(Step::Text(scanned.typed(&text).into()));
                steps.push(Step::Close);
            }
            Event::Rule => {
                steps.push(Step::Open(Element::Paragraph));
                steps.push(Step::Text(scanned.typed(scanned.marked[range].trim()).into()));
                steps.push(Step::Close);
            }
            Event::SoftBreak | Event::HardBreak => steps.push(Step::LineBreak),
            // The other kinds are of extensions that are off, and of HTML, which the scan took out.
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => {
                scanned.words(&text, &mut steps);
            }
            _ => {}
        }
    }
    steps
}

enum Piece<'a, 't> {
    Text(&'t str),
    Token(&'a Token<'a>),
}

impl<'a> Scanned<'a> {
    /// The tokens of a piece of marked text and the text between them.
    fn pieces<'t>(&'a self, text: &'t str) -> impl Iterator<Item = Piece<'a, 't>> {
        let mut rest = text;
        std::iter::from_fn(move || {
            let after = match rest.find(MARK) {
                None if rest.is_empty() => return None,
                None => return Some(Piece::Text(std::mem::take(&mut rest))),
                Some(0) => &rest[MARK.len_utf8()..],
                Some(at) => {
                    let (before, marked) = rest.split_at(at);
                    rest = marked;
                    return Some(Piece::Text(before));
                }
            };
            let number_len = after.bytes().take_while(u8::is_ascii_digit).count();
            let token = after[..number_len]
                .parse()
                .ok()
                .and_then(|index: usize| self.tokens.get(index));
            let ends = after[number_len..].strip_prefix(MARK);
            if let (Some(token), Some(ends)) = (token, ends) {
                rest = ends;
                return Some(Piece::Token(token));
            }
            let sign = &rest[..MARK.len_utf8()];
            rest = after.strip_prefix(MARK).unwrap_or(after);
            Some(Piece::Text(sign))
        })
    }

    /// Marked text with every token as the reader typed it.
    fn typed(&self, text: &str) -> String {
        self.pieces(text)
            .map(|piece| match piece {
                Piece::Text(text) => text,
                Piece::Token(token) => token.source,
            })
            .collect()
    }

    /// A link's address, whose entities Markdown has decoded outside of the tokens.
    fn address(&self, text: &str) -> String {
        let address: String = self
            .pieces(text)
            .map(|piece| match piece {
                Piece::Text(text) => text,
                Piece::Token(Token {
                    kind: TokenKind::Url(shown),
                    source,
                }) if !source.starts_with('<') => shown,
                Piece::Token(Token {
                    kind: TokenKind::Text(shown),
                    ..
                }) => shown,
                Piece::Token(token) => token.source,
            })
            .collect();
        let bare = address.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
        bare.map(str::to_owned).unwrap_or(address)
    }

    fn element(&self, tag: Markdown<'_>) -> Element {
        match tag {
            Markdown::BlockQuote(_) => Element::Quote,
            Markdown::CodeBlock(_) => Element::CodeBlock,
            Markdown::Emphasis => Element::Em,
            Markdown::Strong => Element::Strong,
            Markdown::Link { dest_url, title, .. } => self.link(&dest_url, &title, false),
            Markdown::Image { dest_url, title, .. } => self.link(&dest_url, &title, true),
            // Headings too; the rest is of extensions that are off.
            _ => Element::Paragraph,
        }
    }

    fn link(&self, address: &str, title: &str, image: bool) -> Element {
        Element::Link {
            address: self.address(address),
            title: self.typed(title),
            image,
        }
    }

    /// The steps of ordinary text.
    fn words(&'a self, text: &str, steps: &mut Vec<Step<'a>>) {
        for piece in self.pieces(text) {
            let token = match piece {
                Piece::Text(text) => {
                    steps.push(Step::Text(text.to_owned().into()));
                    continue;
                }
                Piece::Token(token) => token,
            };
            match &token.kind {
                TokenKind::Text(shown) => steps.push(Step::Text((*shown).into())),
                TokenKind::Url(url) => steps.push(Step::Url(url)),
                TokenKind::Tag(tag) => steps.push(Step::Tag {
                    tag: tag.clone(),
                    partner: None,
                }),
                TokenKind::Verbatim(name, inner) => {
                    steps.push(Step::Open(if *name == TagName::Pre {
                        Element::Pre
                    } else {
                        Element::Code
                    }));
                    verbatim_steps(inner, steps);
                    steps.push(Step::Close);
                }
            }
        }
    }
}

/// The content of `<pre>` or `<code>`: its inline tags count, Markdown and URLs do not.
fn verbatim_steps<'a>(inner: &'a str, steps: &mut Vec<Step<'a>>) {
    let mut rest = inner;
    while !rest.is_empty() {
        let tag = html_tag(rest).filter(|tag| !tag.name.is_block());
        let len = match &tag {
            Some(tag) => tag.source.len(),
            None => {
                1 + rest
                    .bytes()
                    .skip(1)
                    .position(|byte| byte == b'<')
                    .unwrap_or(rest.len() - 1)
            }
        };
        let (text, after) = rest.split_at(len);
        steps.push(match tag {
            Some(tag) => Step::Tag { tag, partner: None },
            None => Step::Text(decode_entities(text)),
        });
        rest = after;
    }
}

/// Finds each tag's other half. Tags of one name nest; tags of two names may cross; a list, a quote or code
/// of Markdown bounds them.
pub(super) fn pair(steps: &mut [Step<'_>]) {
    let mut waiting: [Vec<(usize, usize)>; TagName::COUNT] = Default::default();
    let mut bounds = Vec::new();
    let mut bound = 0;
    for index in 0..steps.len() {
        match &mut steps[index] {
            Step::Open(element) => {
                bounds.push((bound, element.bounds_tags()));
                if element.bounds_tags() {
                    bound = index + 1;
                }
            }
            Step::Close => {
                let Some((outer, is_bound)) = bounds.pop() else {
                    continue;
                };
                if is_bound {
                    for tags in &mut waiting {
                        tags.truncate(tags.partition_point(|(at, _)| *at < bound));
                    }
                }
                bound = outer;
            }
            Step::Tag { tag, .. } if !tag.closing => {
                waiting[tag.name as usize].push((bound, index));
            }
            Step::Tag { tag, partner } => {
                let tags = &mut waiting[tag.name as usize];
                if let Some((_, opening)) = tags.pop_if(|(at, _)| *at == bound) {
                    *partner = Some(opening);
                    if let Step::Tag { partner, .. } = &mut steps[opening] {
                        *partner = Some(index);
                    }
                }
            }
            Step::Text(_) | Step::Url(_) | Step::LineBreak => {}
        }
    }
}
