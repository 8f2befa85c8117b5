//! What readers' pages send and get.

use std::collections::HashMap;

use utoipa::ToSchema;
use uuid::Uuid;

/// A new comment. As a form also with WordPress's names: `author`, `email`, `url`, `comment`,
/// `comment_post_ID`, `comment_parent`, `g-recaptcha-response`.
#[derive(ToSchema)]
pub(in crate::http::api) struct NewComment {
    /// The publisher's own key of the discussion, 1 to 512 characters.
    thread: String,
    /// Kept only on one of the site's origins.
    thread_url: Option<String>,
    thread_title: Option<String>,
    /// For a new thread on a site with signed threads: base64url HMAC-SHA256 of `thread`.
    thread_sig: Option<String>,
    /// The public comment that is answered.
    parent: Option<Uuid>,
    /// 1 to 80 characters.
    name: String,
    /// Never shown publicly.
    email: String,
    /// http or https, https where no scheme is given. What is no address is left out and refuses nothing.
    website: Option<String>,
    /// Markdown text, 1 to `body_max` characters.
    body: String,
    /// The provider's token, or the solved proof of work.
    captcha: Option<String>,
    /// The solved challenge of `captcha.fallback`, where the provider is an outside one.
    proof: Option<String>,
    /// `blocked` or `consent_refused`: why the page has no token of an outside provider.
    captcha_not_run: Option<String>,
    /// The form token of `GET /sites/{site}/form`.
    form: Option<String>,
    /// fr, en, pt, es or ar.
    lang: Option<String>,
    /// The device token of an earlier answer.
    device: Option<String>,
}

/// What became of a new comment.
#[derive(ToSchema)]
pub(in crate::http::api) struct Accepted {
    id: Uuid,
    /// approved or pending; erased (with `id` alone) for a repeat of an erased comment.
    status: String,
    /// Sanitised; behind a link whose words are not its address stands its host: `<a …>here</a> (example.org)`.
    html: String,
    /// A code that its reader can read out to a person.
    reference: String,
    /// Opens `/r/{receipt}` for 90 days.
    receipt: String,
    receipt_url: String,
    device: String,
    /// A sentence for the reader.
    message: String,
    /// `website`, where what was sent as one is no http or https address; absent otherwise.
    left_out: Option<Vec<String>>,
    /// One more silent check that a page may make, of a comment that is held.
    step_up: Option<StepUp>,
}

/// A second check: passed, its mark goes; it never refuses and never publishes.
#[derive(ToSchema)]
pub(in crate::http::api) struct StepUp {
    /// proof or token.
    kind: String,
    /// With proof: an ALTCHA v2 challenge, eight times the plain work.
    challenge: Option<HashMap<String, String>>,
    /// Ten minutes after the submission.
    until: String,
    /// With proof, where the site names one: the interactive provider, for a page whose proof fails. It is loaded
    /// after the reader's yes alone.
    second: Option<SecondOffer>,
}

/// The interactive provider that may be offered to a reader.
#[derive(ToSchema)]
pub(in crate::http::api) struct SecondOffer {
    provider: String,
    site_key: Option<String>,
    action: String,
    /// The address of the provider's script.
    script: Option<String>,
    /// The digest of a script whose version is pinned, as `integrity` has it.
    #[schema(required = false)]
    integrity: Option<String>,
    /// The path of the module here that shows the check.
    module: String,
    /// The question to the reader, the words of the two buttons, and what is said at the end.
    offer: String,
    accept: String,
    decline: String,
    done: String,
    failed: String,
    /// The company's page on readers' data, and the words of the link.
    details: Option<String>,
    details_label: Option<String>,
}

/// The answer to a second check.
#[derive(ToSchema)]
pub(in crate::http::api) struct StepUpAnswer {
    /// With kind proof: the solved challenge.
    proof: Option<String>,
    /// With kind token: one fresh token of the provider; with kind proof: one of the interactive provider.
    captcha: Option<String>,
    /// The form token that the fresh token is bound to.
    form: Option<String>,
}

/// What a second check gave.
#[derive(ToSchema)]
pub(in crate::http::api) struct StepUpResult {
    /// pending, approved, rejected or refused.
    status: String,
    passed: bool,
}

/// An error, as `application/problem+json` (RFC 9457).
#[derive(ToSchema)]
pub(in crate::http::api) struct Problem {
    r#type: String,
    /// A sentence in the reader's language.
    title: String,
    status: u16,
    /// A stable word to act on.
    code: String,
    request_id: String,
    /// With `invalid`.
    errors: Option<Vec<FieldProblem>>,
}

/// One field to correct.
#[derive(ToSchema)]
pub(in crate::http::api) struct FieldProblem {
    field: String,
    code: String,
    message: String,
}

/// What a form needs.
#[derive(ToSchema)]
pub(in crate::http::api) struct Form {
    /// The form token: for one submission within 24 hours.
    form: String,
    captcha: FormCaptcha,
    body_max: u32,
    language: String,
}

/// The captcha of a form.
#[derive(ToSchema)]
pub(in crate::http::api) struct FormCaptcha {
    provider: String,
    site_key: Option<String>,
    /// `focus`: the provider's script is loaded when the reader begins to write; `ask`: after a yes.
    consent: String,
    /// The address of the provider's script, with `mcaptcha` of its frame; absent where there is none.
    script: Option<String>,
    /// The digest of a script whose version is pinned, as `integrity` has it.
    #[schema(required = false)]
    integrity: Option<String>,
    action: String,
    /// With `house`: an ALTCHA v2 challenge.
    challenge: Option<HashMap<String, String>>,
    /// With an outside provider that is down or, with `fallback=1`, does not run: such a challenge, to be
    /// sent back solved as `proof`.
    fallback: Option<HashMap<String, String>>,
}

/// A page of a thread.
#[derive(ToSchema)]
pub(in crate::http::api) struct ThreadPage {
    thread: Thread,
    comments: Vec<TopComment>,
    /// The key of the next page.
    next: Option<String>,
}

/// A thread.
#[derive(ToSchema)]
pub(in crate::http::api) struct Thread {
    key: String,
    title: Option<String>,
    url: Option<String>,
    /// Public comments, replies included.
    count: i64,
    open: bool,
}

/// A public top-level comment.
#[derive(ToSchema)]
pub(in crate::http::api) struct TopComment {
    id: Uuid,
    parent: Option<Uuid>,
    name: String,
    website: Option<String>,
    created_at: String,
    /// Sanitised; behind a link whose words are not its address stands its host: `<a …>here</a> (example.org)`.
    html: String,
    /// At most 50, oldest first.
    replies: Vec<Reply>,
    /// The key of further replies.
    replies_next: Option<String>,
}

/// A public reply.
#[derive(ToSchema)]
pub(in crate::http::api) struct Reply {
    id: Uuid,
    parent: Option<Uuid>,
    name: String,
    website: Option<String>,
    created_at: String,
    /// Sanitised; behind a link whose words are not its address stands its host: `<a …>here</a> (example.org)`.
    html: String,
}

/// A page of replies.
#[derive(ToSchema)]
pub(in crate::http::api) struct Replies {
    comments: Vec<Reply>,
    next: Option<String>,
}

/// A report of a public comment.
#[derive(ToSchema)]
pub(in crate::http::api) struct Report {
    reason: String,
}
