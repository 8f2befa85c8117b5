//! How text gets into a page: escaped, and with a few marks on each letter.
//!
//! `askama.toml` names [`Shown`] for every page, so that no template has to think of it.

use std::fmt::{self, Write};

use askama::filters::{Escaper, Html};

use crate::domain::ink;

/// Escapes for HTML what [`ink::shown`] leaves.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shown;

impl Escaper for Shown {
    fn write_escaped_str<W: Write>(&self, to: W, text: &str) -> fmt::Result {
        Html.write_escaped_str(to, &ink::shown(text))
    }
}
