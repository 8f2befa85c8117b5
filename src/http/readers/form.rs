//! What a form needs.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    app::App,
    domain::{language::Language, site::Site},
    web::widget,
};

/// What a form needs.
#[expect(clippy::struct_field_names, reason = "members have the names of the contract")]
#[derive(Serialize, ToSchema)]
pub(crate) struct Form<'a> {
    body_max: u32,
    captcha: FormCaptcha<'a>,
    /// The form token: for one submission within 24 hours.
    form: String,
    language: &'static str,
}

impl<'a> Form<'a> {
    /// The needs of a form under `thread` that has the form token `form`.
    pub(crate) fn of(
        app: &App,
        site: &'a Site,
        thread: &str,
        form: String,
        asks_fallback: bool,
        language: Language,
    ) -> Self {
        let (checks, now) = (&app.captcha, app.clock.now());
        let captcha = &site.captcha;
        Self {
            body_max: site.body_max,
            captcha: FormCaptcha {
                action: &captcha.action,
                challenge: checks.challenge(site, thread, &form, now),
                consent: captcha.consent.as_str(),
                fallback: checks.fallback_challenge(site, thread, &form, asks_fallback, now),
                integrity: widget::integrity(captcha),
                provider: captcha.provider.as_str(),
                script: widget::script(captcha),
                site_key: widget::site_key(captcha),
            },
            form,
            language: language.code(),
        }
    }
}

/// The captcha of a form.
#[derive(Serialize, ToSchema)]
struct FormCaptcha<'a> {
    action: &'a str,
    /// With `house`: an ALTCHA v2 challenge.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    challenge: Option<Value>,
    /// `focus`: the provider's script is loaded when the reader begins to write; `ask`: after a yes.
    consent: &'static str,
    /// With an outside provider that is down or, with `fallback=1`, does not run: such a challenge, to be
    /// sent back solved as `proof`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    fallback: Option<Value>,
    /// The digest of a script whose version is pinned, as `integrity` has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    integrity: Option<&'static str>,
    provider: &'static str,
    /// The address of the provider's script, with `mcaptcha` of its frame; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    script: Option<String>,
    site_key: Option<String>,
}
