//! Writing: balanced HTML of bounded depth.
//!
//! [`Writer`] takes the steps one by one. Invariant: whatever the steps are, the HTML is balanced, has
//! no empty paragraph or inline tag, and is at most [`DEPTH_MAX`] blocks and as many inline tags deep; what
//! cannot be opened is shown as typed; all text goes through `escape`.
//!
//! To write another element: an arm in `Writer::open_element` for Markdown, in `Writer::open_tag` and
//! `Writer::close_tag` for a tag; a block needs its [`BlockKind`] too.

use std::{collections::HashMap, fmt::Write as _};

use super::{
    read::{Element, Step},
    scan::{DEPTH_MAX, HtmlTag, TagName, link_address},
};

/// Links beyond this many in one body are shown as text.
pub(super) const LINKS_MAX: usize = 1_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BlockKind {
    Quote,
    Unordered,
    Ordered,
    Item,
    Pre,
}

impl BlockKind {
    fn name(self) -> &'static str {
        match self {
            Self::Quote => "blockquote",
            Self::Unordered => "ul",
            Self::Ordered => "ol",
            Self::Item => "li",
            Self::Pre => "pre",
        }
    }

    fn is_list(self) -> bool {
        matches!(self, Self::Unordered | Self::Ordered)
    }
}

#[derive(Debug)]
struct Block {
    id: usize,
    kind: BlockKind,
    from_markdown: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Inline {
    id: usize,
    name: &'static str,
}

#[derive(Debug)]
struct Link {
    id: usize,
    address: String,
    is_written: bool,
}

/// What closing a Markdown element has to do.
#[derive(Debug, Default)]
struct Ending {
    block: Option<usize>,
    inline: Option<usize>,
    ends_flow: bool,
    text: String,
}

/// A row of text: none begun, in a paragraph of its own, or straight in a list item or `pre`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Flow {
    #[default]
    None,
    Paragraph,
    Bare,
}

/// Blocks are written as they open; paragraphs and inline tags when the first text in them comes, so that
/// none is empty and every inline tag closes before its block.
#[derive(Debug, Default)]
pub(super) struct Writer {
    pub(super) html: String,
    /// Links in `html`, at most [`LINKS_MAX`].
    pub(super) links: usize,
    /// Whether `html` shows anything but white space.
    pub(super) has_words: bool,
    ids: usize,
    blocks: Vec<Block>,
    flow: Flow,
    /// The next text must stand in a paragraph, also in a list item.
    wants_paragraph: bool,
    /// A typed list marker that the next paragraph begins with.
    marker: Option<String>,
    /// Line breaks not written yet, and whether the last was a `<br>`, which absorbs the newline after it.
    line_breaks: usize,
    last_break_was_tag: bool,
    /// Inline tags that hold for the next text, and those that are open in `html`.
    wanted: Vec<Inline>,
    open: Vec<Inline>,
    link: Option<Link>,
    endings: Vec<Ending>,
    /// What an opening tag of the reader opened, by its step; absent if it was shown as typed.
    tags: HashMap<usize, Opened>,
}

#[derive(Clone, Copy, Debug)]
enum Opened {
    Block(usize),
    Inline(usize),
    Nothing,
}

impl Writer {
    pub(super) fn step(&mut self, index: usize, step: &Step<'_>) {
        match step {
            Step::Open(element) => {
                let ending = self.open_element(element);
                self.endings.push(ending);
            }
            Step::Close => self.close_element(),
            Step::Tag { tag, partner } => {
                let counts = match partner {
                    _ if !tag.closing => self.open_tag(index, tag, partner.is_some()),
                    partner => self.close_tag(tag, *partner),
                };
                if !counts {
                    self.text(tag.source);
                }
            }
            Step::Text(text) => self.text(text),
            Step::Url(url) => {
                let is_code = self.is_in_pre() || self.wanted.iter().any(|inline| inline.name == "code");
                let link = if is_code { None } else { self.open_link(url) };
                self.text(url);
                if let Some(id) = link {
                    self.close_inline(id);
                }
            }
            Step::LineBreak => self.line_break(false),
        }
    }

    fn open_element(&mut self, element: &Element) -> Ending {
        let block = |block| Ending {
            block,
            ends_flow: true,
            ..Ending::default()
        };
        match element {
            Element::Paragraph => {
                self.start_paragraph();
                block(None)
            }
            Element::Quote => block(self.open_block(BlockKind::Quote, true)),
            Element::List { typed: true, .. } => {
                self.end_flow();
                block(None)
            }
            Element::List { ordered: true, .. } => block(self.open_block(BlockKind::Ordered, true)),
            Element::List { .. } => block(self.open_block(BlockKind::Unordered, true)),
            Element::Item(marker) => {
                if self.endings.last().is_some_and(|list| list.block.is_some()) {
                    return block(self.open_block(BlockKind::Item, true));
                }
                self.start_paragraph();
                self.marker = Some(format!("{marker} "));
                block(None)
            }
            Element::CodeBlock => {
                let block = self.open_block(BlockKind::Pre, true);
                Ending {
                    block,
                    inline: self.open_inline("code"),
                    ends_flow: true,
                    ..Ending::default()
                }
            }
            Element::Pre => block(self.open_block(BlockKind::Pre, true)),
            Element::Code => Ending {
                inline: self.open_inline("code"),
                ..Ending::default()
            },
            Element::Em => Ending {
                inline: self.open_inline("em"),
                ..Ending::default()
            },
            Element::Strong => Ending {
                inline: self.open_inline("strong"),
                ..Ending::default()
            },
            Element::Link { address, title, image } => self.open_markdown_link(address, title, *image),
        }
    }

    /// A link of Markdown, its title in brackets after it. One that leads nowhere allowed is shown as typed.
    fn open_markdown_link(&mut self, address: &str, title: &str, image: bool) -> Ending {
        let is_in_link = self.link.is_some();
        let inline = self.open_link(address);
        if inline.is_some() || (image && is_in_link) {
            let text = if title.is_empty() {
                String::new()
            } else {
                format!(" ({title})")
            };
            return Ending {
                inline,
                text,
                ..Ending::default()
            };
        }
        self.text(if image { "![" } else { "[" });
        let title = if title.is_empty() {
            String::new()
        } else {
            format!(" \"{title}\"")
        };
        Ending {
            text: format!("]({address}{title})"),
            ..Ending::default()
        }
    }

    fn close_element(&mut self) {
        let Some(ending) = self.endings.pop() else {
            return;
        };
        if let Some(id) = ending.inline {
            self.close_inline(id);
        }
        self.text(&ending.text);
        if ending.ends_flow {
            self.end_flow();
        }
        if let Some(id) = ending.block {
            self.close_block(id);
        }
    }

    /// Does what an opening tag says; `false` if it has to be shown as typed.
    fn open_tag(&mut self, index: usize, tag: &HtmlTag<'_>, is_paired: bool) -> bool {
        let is_prose = tag.has_bare_words && !is_paired;
        let opened = match tag.name {
            TagName::Br => {
                self.line_break(true);
                return true;
            }
            TagName::P if is_prose => return false,
            TagName::P => {
                self.end_flow();
                self.start_paragraph();
                return true;
            }
            TagName::Li => return !is_prose && self.open_item(),
            _ if !is_paired => return false,
            TagName::Em => self.open_inline("em").map(Opened::Inline),
            TagName::Strong => self.open_inline("strong").map(Opened::Inline),
            TagName::B => self.open_inline("b").map(Opened::Inline),
            TagName::I => self.open_inline("i").map(Opened::Inline),
            TagName::Code => self.open_inline("code").map(Opened::Inline),
            TagName::A if !self.may_link() => None,
            // Without an allowed address the tag counts, but its text is no link.
            TagName::A => {
                let link = tag.href.as_deref().and_then(|address| self.open_link(address));
                Some(link.map_or(Opened::Nothing, Opened::Inline))
            }
            TagName::Blockquote => self.open_block(BlockKind::Quote, false).map(Opened::Block),
            TagName::Ul => self.open_block(BlockKind::Unordered, false).map(Opened::Block),
            TagName::Ol => self.open_block(BlockKind::Ordered, false).map(Opened::Block),
            // With a closing tag after it, it is `TokenKind::Verbatim`.
            TagName::Pre => None,
        };
        opened.map(|opened| self.tags.insert(index, opened)).is_some()
    }

    fn close_tag(&mut self, tag: &HtmlTag<'_>, partner: Option<usize>) -> bool {
        match tag.name {
            TagName::Br => self.line_break(true),
            TagName::P => self.end_flow(),
            TagName::Li => return self.close_item(),
            _ => match partner.and_then(|opening| self.tags.remove(&opening)) {
                Some(Opened::Block(id)) => self.close_block(id),
                Some(Opened::Inline(id)) => self.close_inline(id),
                Some(Opened::Nothing) => {}
                None => return false,
            },
        }
        true
    }

    /// An item of the reader's own list: `<li>` ends the one before it. `false` outside of such a list.
    fn open_item(&mut self) -> bool {
        self.close_item();
        let is_in_list = self
            .blocks
            .last()
            .is_some_and(|block| block.kind.is_list() && !block.from_markdown);
        is_in_list && self.open_block(BlockKind::Item, false).is_some()
    }

    fn close_item(&mut self) -> bool {
        let inner = self
            .blocks
            .iter()
            .rev()
            .take_while(|block| !block.from_markdown && !block.kind.is_list());
        let item = inner
            .filter(|block| block.kind == BlockKind::Item)
            .map(|block| block.id)
            .next();
        item.map(|id| self.close_block(id)).is_some()
    }

    /// Opens a block and returns its id, or ends the text before it and returns `None` if it is too deep.
    fn open_block(&mut self, kind: BlockKind, from_markdown: bool) -> Option<usize> {
        self.end_flow();
        let needs_item = kind != BlockKind::Item && self.blocks.last().is_some_and(|block| block.kind.is_list());
        // A list keeps a place for its items.
        let needed = 1 + usize::from(needs_item) + usize::from(kind.is_list());
        if self.blocks.len() + needed > DEPTH_MAX {
            return None;
        }
        if needs_item {
            self.push_block(BlockKind::Item, false);
        }
        Some(self.push_block(kind, from_markdown))
    }

    fn push_block(&mut self, kind: BlockKind, from_markdown: bool) -> usize {
        self.ids += 1;
        self.blocks.push(Block {
            id: self.ids,
            kind,
            from_markdown,
        });
        let _ = write!(self.html, "<{}>", kind.name());
        self.ids
    }

    /// Closes a block and those in it; nothing if it is closed already.
    fn close_block(&mut self, id: usize) {
        let Some(at) = self.blocks.iter().rposition(|block| block.id == id) else {
            return;
        };
        self.end_flow();
        for block in self.blocks.drain(at..).rev() {
            let _ = write!(self.html, "</{}>", block.kind.name());
        }
    }

    fn is_in_pre(&self) -> bool {
        self.blocks.last().is_some_and(|block| block.kind == BlockKind::Pre)
    }

    fn start_paragraph(&mut self) {
        if self.marker.is_none() {
            self.end_flow();
        }
        self.wants_paragraph = true;
    }

    fn start_flow(&mut self) {
        if self.flow != Flow::None {
            return;
        }
        if self.blocks.last().is_some_and(|block| block.kind.is_list()) {
            self.push_block(BlockKind::Item, false);
        }
        let is_bare = match self.blocks.last().map(|block| block.kind) {
            Some(BlockKind::Pre) => true,
            Some(BlockKind::Item) => !self.wants_paragraph,
            _ => false,
        };
        self.flow = if is_bare { Flow::Bare } else { Flow::Paragraph };
        if !is_bare {
            self.html.push_str("<p>");
        }
        if let Some(marker) = self.marker.take() {
            self.has_words = true;
            escape(&marker, &mut self.html);
        }
    }

    /// Ends the text that is being written, and with it its paragraph and inline tags.
    pub(super) fn end_flow(&mut self) {
        if self.marker.is_some() {
            self.start_flow();
        }
        self.close_inlines_from(0);
        if self.flow == Flow::Paragraph {
            self.html.push_str("</p>");
        }
        self.flow = Flow::None;
        self.wants_paragraph = false;
        self.line_breaks = 0;
    }

    /// A newline of the source or a `<br>`; none is written at the start or end of a paragraph.
    fn line_break(&mut self, is_tag: bool) {
        if self.is_in_pre() {
            self.text("\n");
        } else if self.flow != Flow::None {
            let is_absorbed = !is_tag && self.line_breaks > 0 && self.last_break_was_tag;
            self.line_breaks += usize::from(!is_absorbed);
            self.last_break_was_tag = is_tag;
        }
    }

    pub(super) fn text(&mut self, text: &str) {
        if self.is_in_pre() {
            // HTML drops a newline straight after `<pre>`.
            let is_start = self.html.ends_with("<pre>");
            return self.words(if is_start {
                text.trim_start_matches(['\n', '\r'])
            } else {
                text
            });
        }
        for (index, line) in text.split('\n').enumerate() {
            if index > 0 {
                self.line_break(false);
            }
            self.words(line);
        }
    }

    fn words(&mut self, text: &str) {
        let is_blank = text.chars().all(char::is_whitespace);
        if text.is_empty() || (is_blank && self.flow == Flow::None && !self.is_in_pre()) {
            return;
        }
        self.start_flow();
        let shared = self
            .open
            .iter()
            .zip(&self.wanted)
            .take_while(|(open, wanted)| open == wanted)
            .count();
        self.close_inlines_from(shared);
        for _ in 0..std::mem::take(&mut self.line_breaks) {
            self.html.push_str("<br>");
        }
        for inline in &self.wanted[shared..] {
            let _ = write!(self.html, "<{}", inline.name);
            if let Some(link) = self.link.as_ref().filter(|link| link.id == inline.id) {
                self.html.push_str(" href=\"");
                escape(&link.address, &mut self.html);
                self.html.push('"');
            }
            self.html.push('>');
            self.open.push(*inline);
        }
        escape(text, &mut self.html);
        if !is_blank {
            self.has_words = true;
            if let Some(link) = &mut self.link {
                link.is_written = true;
            }
        }
    }

    fn close_inlines_from(&mut self, at: usize) {
        for inline in self.open.drain(at..).rev() {
            let _ = write!(self.html, "</{}>", inline.name);
        }
    }

    /// Makes an inline tag hold from the next text on; `None` if it is too deep.
    fn open_inline(&mut self, name: &'static str) -> Option<usize> {
        if self.wanted.len() >= DEPTH_MAX {
            return None;
        }
        self.ids += 1;
        self.wanted.push(Inline { id: self.ids, name });
        Some(self.ids)
    }

    fn may_link(&self) -> bool {
        self.link.is_none() && self.links < LINKS_MAX && self.wanted.len() < DEPTH_MAX
    }

    /// The same of a link; `None` if the address is not allowed, in another link, and beyond [`LINKS_MAX`].
    fn open_link(&mut self, typed: &str) -> Option<usize> {
        if !self.may_link() {
            return None;
        }
        let address = link_address(typed)?;
        let id = self.open_inline("a")?;
        self.links += 1;
        self.link = Some(Link {
            id,
            address,
            is_written: false,
        });
        Some(id)
    }

    /// Ends an inline tag. A link without text shows its address.
    fn close_inline(&mut self, id: usize) {
        if let Some(link) = self.link.as_ref().filter(|link| link.id == id) {
            if !link.is_written {
                let address = link.address.clone();
                self.text(&address);
            }
            self.link = None;
        }
        self.wanted.retain(|inline| inline.id != id);
    }
}

pub(super) fn escape(text: &str, html: &mut String) {
    for char in text.chars() {
        match char {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\r' => html.push('\n'),
            '\0' => html.push(char::REPLACEMENT_CHARACTER),
            _ => html.push(char),
        }
    }
}
