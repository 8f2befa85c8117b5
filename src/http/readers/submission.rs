//! A new comment as it is sent.

use axum::http::HeaderMap;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    actions::submit::Submission,
    domain::{draft::RawDraft, language::Language},
    error::Error,
    http::request::{
        body::Fields,
        extract::{Client, Provenance},
    },
};

/// What a form may call a field beside its name: as WordPress does, or as a provider's widget does.
const OTHER_NAMES: [(&str, &str); 9] = [
    ("thread", "comment_post_ID"),
    ("parent", "comment_parent"),
    ("name", "author"),
    ("website", "url"),
    ("body", "comment"),
    ("captcha", "g-recaptcha-response"),
    ("captcha", "h-captcha-response"),
    ("captcha", "cf-turnstile-response"),
    ("captcha", "altcha"),
];

/// A new comment. As a form also with WordPress's names: `author`, `email`, `url`, `comment`,
/// `comment_post_ID`, `comment_parent`, `g-recaptcha-response`.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewComment {
    /// The publisher's own key of the discussion, 1 to 512 characters.
    thread: String,
    /// Kept only on one of the site's origins.
    thread_url: Option<String>,
    thread_title: Option<String>,
    /// For a new thread on a site with signed threads: base64url HMAC-SHA256 of `thread`.
    thread_sig: Option<String>,
    /// The public comment that is answered.
    #[schema(value_type = Option<Uuid>)]
    parent: Option<String>,
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
    /// The field that nobody sees ([`crate::web::thread::HONEYPOT_FIELD`]).
    #[schema(ignore)]
    subject: Option<String>,
}

impl NewComment {
    /// The comment of a body or of a form.
    ///
    /// # Errors
    /// `bad_type`.
    pub(crate) fn of(fields: &Fields) -> Result<Self, Error> {
        if fields.is_form {
            fields.named_also(&OTHER_NAMES).typed()
        } else {
            fields.typed()
        }
    }

    pub(crate) fn lang(&self) -> Option<&str> {
        self.lang.as_deref()
    }

    pub(crate) fn parse(
        self,
        headers: &HeaderMap,
        Client(client): Client,
        provenance: Provenance,
        language: Language,
    ) -> Submission {
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        Submission {
            raw: RawDraft {
                thread: self.thread,
                thread_url: self.thread_url,
                thread_title: self.thread_title,
                thread_sig: self.thread_sig,
                parent: given(self.parent),
                name: self.name,
                email: self.email,
                website: given(self.website),
                body: self.body,
            },
            captcha: given(self.captcha),
            proof: given(self.proof),
            captcha_not_run: given(self.captcha_not_run),
            form: given(self.form),
            honeypot: given(self.subject).is_some(),
            device: given(self.device),
            idempotency_key: headers
                .get("idempotency-key")
                .map(|key| String::from_utf8_lossy(key.as_bytes()).into_owned())
                .filter(|key| !key.is_empty()),
            language,
            known_origin: provenance == Provenance::Known,
            client,
        }
    }
}
