//! A comment body becomes safe HTML, and no word of the reader is lost on the way.
//!
//! A body is Markdown in which only the tags of `scan::TagName`, written as HTML, count; every other `<`
//! is shown as typed. Five steps: `scan` swaps tags, bare URLs and every other `<` for marks, so that the
//! Markdown parser meets no HTML; `read` turns its events into steps, and marries opening and closing
//! tags; `write` prints balanced HTML of bounded depth; ammonia cleans it in `render` from an empty allow list.
//! Invariant: ammonia comes last and nothing is cut after it; what has no effect (a stray tag, a refused
//! link, a 17th level) is shown as text; every step is linear in the length of the body,
//! that of the cleaner's serialiser by what `with_breaks` does.
//!
//! What is stored is made ready for people's eyes by [`shown`], each time it is shown.
//!
//! To allow another tag: add it to `TagName`, to `Writer::open_tag` or `close_tag`, and to `render::CLEANER`.

mod excerpt;
mod plain;
mod read;
mod render;
mod scan;
mod shown;
#[cfg(test)]
mod tests;
mod write;

pub use self::{
    excerpt::excerpt,
    plain::plain_text,
    render::{Rendered, render},
    shown::{Disguise, shown},
};
