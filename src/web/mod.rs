//! What people see: texts, pages, static files. Everything is embedded in the binary.
//!
//! A page is a struct with owned fields that derives [`askama::Template`]; a page of `http` fills and
//! renders it. Nothing here asks the store or knows a request. Always: no inline script and no inline
//! style (the policy forbids both), every flow works without JavaScript, one `<h1>` a page, words
//! from [`texts`] in the page's language, people's own words escaped and isolated.
//!
//! To add a page: a template in `templates/` that extends `reader.html` or `admin.html`, its struct
//! in the file of its surface, a sample in the tests below (they check what must hold of every page).

pub mod alarm;
pub mod assets;
pub mod bulk;
pub mod captcha;
pub mod defence;
pub mod docs;
pub mod entrance;
pub mod escape;
pub mod feed;
pub mod form;
pub mod frame;
pub mod moment;
pub mod people;
pub mod queue;
mod queue_item;
pub mod sites;
pub mod texts;
pub mod thread;
pub mod widget;

#[cfg(test)]
mod tests;
