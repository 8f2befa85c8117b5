//! The pages through which a visitor of the service itself comes in: home, sign-in, set-up link,
//! and the page that tells what went wrong.

use askama::Template;

use super::frame::AdminFrame;
use super::texts::Say as _;
use super::thread::Link;

/// `GET /`: where to go.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "home.html")]
pub struct HomePage {
    pub frame: AdminFrame,
    /// The sites the visitor may see, when signed in.
    pub sites: Vec<SiteEntry>,
    /// The version of the program.
    pub version: String,
}

/// A site in a list.
#[derive(Debug, Clone, Default)]
pub struct SiteEntry {
    pub id: String,
    pub name: String,
}

/// `GET /login`: how to get in. It asks for nothing: sessions come from one-time links.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "login.html")]
pub struct LoginPage {
    pub frame: AdminFrame,
    /// No owner exists yet: the set-up link printed at the start is the way in.
    pub has_no_owner: bool,
    /// Why sign-in is refused here (plain http on a public address); `None` when it is not.
    pub problem: Option<String>,
}

/// `GET /setup?code=…`: one button; the page is `no-store` and sends `Referrer-Policy: no-referrer`.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "setup.html")]
pub struct SetupPage {
    pub frame: AdminFrame,
    /// The code of the link, posted to `/setup` by the button; `None` shows `problem` alone.
    pub code: Option<String>,
    /// Why the code does not count (expired, used, wrong, too many tries), as a sentence.
    pub problem: Option<String>,
}

/// Any answer of 4xx or 5xx that is a page.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    /// Its title is the heading.
    pub frame: AdminFrame,
    /// What happened and what to do, in one or two sentences.
    pub sentence: String,
    /// The code of the contract: `not_found`.
    pub code: String,
    /// For the log; `None` when there is none.
    pub request_id: Option<String>,
    /// « Réessayer », « Retour à la file ».
    pub link: Option<Link>,
    /// Text of the reader that would otherwise be lost, shown for copying.
    pub kept_text: Option<String>,
}
