//! What readers see: a thread with its comments, the form under it, and the pages around them.
//!
//! [`Discussion`] is the one piece of markup that the plain page, the demonstration and the
//! fragment share. Names and bodies are people's words: they are escaped (or sanitised before they
//! come here, `html`) and stand in `<bdi>` or `dir="auto"`.

use askama::Template;

use super::frame::ReaderFrame;
use super::moment::Moment;
use super::texts::{Say as _, counted_forms, text};
use super::widget::CheckNotice;
use crate::domain::language::Language;

/// The name of the form field that people never see and leave empty. Plausible to a program that
/// fills in everything, and not a name that browsers complete by themselves.
pub const HONEYPOT_FIELD: &str = "subject";

/// The comments of one thread and the form.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "discussion.html")]
pub struct Discussion {
    pub language: Language,
    /// Our own address in front of paths: empty on our pages, `https://…` without a slash at the
    /// end in a fragment for other hosts.
    pub base: String,
    /// The number of published comments, replies included.
    pub count: i64,
    /// Top-level comments in the order they are shown.
    pub comments: Vec<CommentView>,
    /// Link to the next page of top-level comments (« Voir 20 de plus »); `None` on the last.
    pub more_href: Option<String>,
    /// How many more that link shows, at most a page.
    pub more_count: i64,
    /// Link back to the first page; `None` on it.
    pub first_href: Option<String>,
    /// `None` shows that the thread is closed.
    pub form: Option<FormView>,
}

/// One published comment, or the reader's own one that waits.
#[derive(Debug, Clone, Default)]
pub struct CommentView {
    pub id: String,
    pub name: String,
    /// An http(s) address, already checked.
    pub website: Option<String>,
    /// Its host, shown behind the name that leads there.
    pub website_host: Option<String>,
    pub moment: Moment,
    /// Sanitised HTML, put into the page as it is.
    pub html: String,
    /// Link that opens the form as a reply: `…&reply={id}#form`; `None` when it cannot be answered.
    pub reply_href: Option<String>,
    /// Link to this comment: `…#c{id}`.
    pub permalink: String,
    /// Whom it answers, shown on replies to replies (« En réponse à X »).
    pub in_reply_to: Option<String>,
    /// Oldest first; replies of replies are not shown from here.
    pub replies: Vec<CommentView>,
    /// Link to further replies.
    pub replies_next: Option<String>,
}

/// The values of the form as the reader typed them, or empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FormValues {
    /// The publisher's key of the thread.
    pub thread: String,
    pub thread_url: String,
    pub thread_title: String,
    /// The publisher's signature of the thread, or empty.
    pub thread_sig: String,
    /// The id of the comment that is answered, or empty.
    pub parent: String,
    pub name: String,
    pub email: String,
    pub website: String,
    pub body: String,
    /// What stood in the field that people do not see.
    pub honeypot: String,
}

/// The comment form.
#[derive(Debug, Clone, Default)]
pub struct FormView {
    /// The site's id.
    pub site: String,
    /// Where the form is posted: `/t/{site}?thread=…`, with the base in front in a fragment.
    pub action: String,
    pub values: FormValues,
    /// The signed form token; `None` in a fragment that may be cached.
    pub token: Option<String>,
    /// The name of the author who is answered; `None` for a comment on the article.
    pub reply_to: Option<String>,
    /// Link that turns a reply into a comment on the article.
    pub cancel_reply_href: String,
    /// Errors in the order of the fields; they fill the summary and stand under their fields.
    pub errors: Vec<FieldError>,
    /// A sentence above the form that belongs to no field: rate limit, expired form, refusal.
    pub problem: Option<String>,
    /// A sentence in the status line: « Merci. Votre commentaire est bien arrivé… ».
    pub status: Option<String>,
    /// Links shown under `problem` or `status` (the receipt, the appeal's page).
    pub status_link: Option<Link>,
    /// The most characters of a body.
    pub body_max: i64,
    /// The policy of the site lets comments appear at once: the notice then does not promise a
    /// reading before publication.
    pub publishes_at_once: bool,
    /// What is said about an outside check; `None` for `house`, `off`.
    pub check: Option<CheckNotice>,
}

/// One error of the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// `body`, `name`, `email`; another name puts it into the summary only.
    pub field: String,
    /// The sentence, in the reader's language.
    pub message: String,
}

/// A link with its words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Link {
    pub href: String,
    pub label: String,
}

impl FormView {
    /// The error of `field`, if any.
    #[must_use]
    pub fn error(&self, field: &str) -> Option<&str> {
        self.errors
            .iter()
            .find(|error| error.field == field)
            .map(|error| error.message.as_str())
    }

    /// The `aria-describedby` of `field`: the ids of its hint (when it has one) and its error.
    #[must_use]
    pub fn described_by(&self, field: &str, hint: &str) -> String {
        match (self.error(field).is_some(), hint.is_empty()) {
            (true, true) => format!("palabre-{field}-error"),
            (true, false) => format!("palabre-{field}-error {hint}"),
            (false, _) => hint.to_owned(),
        }
    }

    /// The id an entry of the summary links to.
    #[must_use]
    pub fn target(error: &FieldError) -> String {
        match error.field.as_str() {
            field @ ("body" | "name" | "email") => format!("palabre-{field}"),
            _ => "form".to_owned(),
        }
    }

    /// Values of an error page are kept; a fresh form leaves the fields empty.
    fn has_problem(&self) -> bool {
        self.problem.is_some() || !self.errors.is_empty()
    }

    /// The texts that the script needs, as one JSON object for a `data-` attribute.
    #[must_use]
    pub fn script_texts(&self, language: Language) -> String {
        /// In the plural forms of the language.
        const COUNTED: [&str; 2] = ["body_too_long_script", "characters_left"];
        const KEYS: [&str; 24] = [
            "body_missing",
            "name_missing",
            "email_missing",
            "email_bad",
            "error_title",
            "error_prefix",
            "sending",
            "offline",
            "network",
            "unavailable",
            "draft_restored",
            "draft_clear",
            "own_waiting",
            "own_published",
            "receipt_link",
            "appeal_button",
            "appeal_sent",
            "check_on",
            "check_own",
            "captcha_failed",
            "consent_no",
            "step_up_running",
            "form_heading",
            "parent_gone",
        ];
        let texts: serde_json::Map<String, serde_json::Value> = KEYS
            .into_iter()
            .map(|key| (key.to_owned(), text(language, key, &[]).into()))
            .chain(COUNTED.map(|key| (key.to_owned(), counted_forms(language, key).into())))
            .collect();
        serde_json::Value::Object(texts).to_string()
    }
}

/// `GET /t/{site}?thread=…`: the plain page of a thread.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "thread.html")]
pub struct ThreadPage {
    pub frame: ReaderFrame,
    pub site_name: String,
    /// The article's title; empty when none is known.
    pub article_title: String,
    /// The article's address, only when it is verified to be the site's.
    pub article_href: Option<String>,
    pub discussion: Discussion,
}

/// `GET /demo`: a French news article with its thread.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "demo.html")]
pub struct DemoPage {
    /// Its language is French: the article is.
    pub frame: ReaderFrame,
    /// The site's id, for the link to its thresholds.
    pub site: String,
    pub discussion: Discussion,
}

impl DemoPage {
    /// The title of the demonstration's article.
    pub const ARTICLE_TITLE: &'static str = "La passerelle des Tanneurs rouvrira au printemps";
}

/// `GET /t/{site}/fragment?thread=…`: the discussion alone, for a publisher's server to include.
/// Its form has no token.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "fragment.html")]
pub struct FragmentPage {
    pub discussion: Discussion,
}

/// Why the two-step page asks for one more press.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ConfirmReason {
    /// The form came without a token: an included fragment or a foreign form.
    #[default]
    FirstPress,
    /// The token had expired.
    Expired,
    /// The form stood on a page of another origin.
    OtherOrigin,
}

/// The two-step page: it shows the text and stores nothing until its button is pressed.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "confirm.html")]
pub struct ConfirmPage {
    pub frame: ReaderFrame,
    /// Where the button posts: `/t/{site}?thread=…`.
    pub action: String,
    pub values: FormValues,
    /// A fresh form token.
    pub token: String,
    pub reason: ConfirmReason,
    /// Link back to the thread without publishing.
    pub back_href: String,
}

impl ConfirmPage {
    fn why(&self) -> String {
        self.frame.language.say(match self.reason {
            ConfirmReason::FirstPress => "confirm_why_first",
            ConfirmReason::Expired => "form_expired",
            ConfirmReason::OtherOrigin => "confirm_why_origin",
        })
    }
}

/// A form that was not taken, where no form can stand: why, and what was typed, to copy.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "returned.html")]
pub struct ReturnedPage {
    pub frame: ReaderFrame,
    /// Why it was not taken.
    pub sentence: String,
    /// What was typed; empty where nothing was.
    pub text: String,
    /// Link back to the thread.
    pub back_href: Option<String>,
}

/// What became of a comment, as its author is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReceiptState {
    /// Waits for a person.
    #[default]
    Waiting,
    /// Waits for a person after an appeal.
    Appealed,
    Published,
    /// Not published by a moderator (rejected or spam: readers are told the same).
    NotPublished,
    /// Turned away by the filter; can be appealed.
    Refused,
    Erased,
}

/// `GET /r/{receipt}`: the state of a comment for its author, without an account.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "receipt.html")]
pub struct ReceiptPage {
    pub frame: ReaderFrame,
    pub state: ReceiptState,
    /// The reference a person can quote: `K7QM-2X9D`.
    pub reference: String,
    /// When the comment came in.
    pub sent: Moment,
    /// Until when the text of a refused comment is kept.
    pub kept_until: Option<Moment>,
    /// The reader's own text (sanitised HTML), while it is still there.
    pub html: Option<String>,
    /// Where the appeal is posted; `None` when there is nothing to appeal.
    pub appeal_action: Option<String>,
    /// Where the erasure is posted; `None` when erased.
    pub erase_action: Option<String>,
    /// Link back to the discussion.
    pub thread_href: Option<String>,
    /// The address of a website was left out, because it was none.
    pub is_website_left_out: bool,
}

impl ReceiptPage {
    fn state_sentence(&self) -> String {
        let language = self.frame.language;
        match self.state {
            ReceiptState::Waiting => language.say("receipt_waiting"),
            ReceiptState::Appealed => language.say("receipt_appealed"),
            ReceiptState::Published => language.say("receipt_published"),
            ReceiptState::NotPublished => language.say("receipt_not_published"),
            ReceiptState::Refused => match &self.kept_until {
                Some(until) => language.say_with("captcha_refused", "date", &until.date),
                None => language.say("captcha_refused_short"),
            },
            ReceiptState::Erased => language.say("receipt_erased"),
        }
    }
}
