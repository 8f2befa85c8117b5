//! The pages through which a visitor of the service itself comes in: home, sign-in, set-up link,
//! and the page that tells what went wrong.

use askama::Template;

use super::form::FormErrors;
use super::frame::AdminFrame;
use super::people::OfferRow;
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

/// `GET /login`: e-mail and passphrase.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "login.html")]
pub struct LoginPage {
    pub frame: AdminFrame,
    /// Whether anybody may sign in here; when not, `problem` says why.
    pub is_open: bool,
    /// Why it did not work, as a sentence.
    pub problem: Option<String>,
    pub errors: FormErrors,
    pub email: String,
    /// Where to go on to afterwards: a path of ours, or empty.
    pub next: String,
}

/// The second step of signing in.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "login_code.html")]
pub struct LoginCodePage {
    pub frame: AdminFrame,
    pub errors: FormErrors,
    /// What the first step gave.
    pub pass: String,
    pub next: String,
}

/// In between: the passphrase is asked for again before an act that gives power, which is done then.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "retype.html")]
pub struct RetypePage {
    pub frame: AdminFrame,
    pub errors: FormErrors,
    /// Why it cannot be done now.
    pub problem: Option<String>,
    /// Where the form was sent to: a path of ours.
    pub action: String,
    /// What was typed into that form, by the names of its fields.
    pub values: Vec<(String, String)>,
    /// Whether the second step's code is asked for as well.
    pub asks_code: bool,
}

/// `GET /login/recovery`: a recovery code and a new passphrase.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "login_recovery.html")]
pub struct RecoveryPage {
    pub frame: AdminFrame,
    pub problem: Option<String>,
    pub errors: FormErrors,
    pub email: String,
}

/// `GET /invitation?code=…`: a one-time link; `no-store`, `Referrer-Policy: no-referrer`.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "invitation.html")]
pub struct InvitationPage {
    pub frame: AdminFrame,
    /// Why the link does not count.
    pub problem: Option<String>,
    pub errors: FormErrors,
    /// The code of the link; `None` shows `problem` alone.
    pub code: Option<String>,
    pub email: String,
    /// Whether the person has an account already, and no passphrase is chosen here.
    pub has_account: bool,
    /// What is answered here; empty: one comes in first.
    pub offers: Vec<OfferRow>,
}

/// `GET /setup?code=…`: one button; without a code a field for it.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "setup.html")]
pub struct SetupPage {
    pub frame: AdminFrame,
    /// Whether anybody may come in here; when not, `problem` says why.
    pub is_open: bool,
    pub errors: FormErrors,
    /// The code of the link, posted to `/setup` by the button.
    pub code: Option<String>,
    /// Why it did not work, as a sentence.
    pub problem: Option<String>,
}

/// `GET /setup/you`: the first account.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "setup_you.html")]
pub struct SetupYouPage {
    pub frame: AdminFrame,
    pub errors: FormErrors,
    pub name: String,
    pub email: String,
}

/// Recovery codes, shown once.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "codes.html")]
pub struct CodesPage {
    pub frame: AdminFrame,
    pub codes: Vec<String>,
    /// Where to go on to.
    pub next: String,
}

impl CodesPage {
    /// The codes as a file to be kept, one a line.
    #[must_use]
    pub fn download(&self) -> String {
        format!("data:text/plain;charset=utf-8,{}%0A", self.codes.join("%0A"))
    }
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
