//! Sites and their settings.

use utoipa::ToSchema;

/// A site on which one has a role.
#[derive(ToSchema)]
pub(in crate::http::api) struct SiteEntry {
    id: String,
    name: String,
    language: String,
    origins: Vec<String>,
    /// owner or moderator.
    role: String,
}

#[derive(ToSchema)]
pub(in crate::http::api) struct Sites {
    sites: Vec<SiteEntry>,
}

/// The captcha of a site as it is in force.
#[expect(clippy::struct_excessive_bools, reason = "yes and no, as JSON has them")]
#[derive(ToSchema)]
pub(in crate::http::api) struct SiteCaptcha {
    provider: String,
    site_key: Option<String>,
    /// The secret itself is never given out.
    secret_set: bool,
    verify_url: Option<String>,
    project: Option<String>,
    recaptcha_net: bool,
    /// The provider is told the reader's address.
    send_address: bool,
    /// The provider is told, some days later, what moderators decided.
    feedback: bool,
    /// focus or ask.
    consent: String,
    action: String,
    hostnames: Vec<String>,
    /// The interactive provider of the second check; null without one.
    second: Option<SecondCheck>,
}

/// The interactive provider of a site's second check.
#[derive(ToSchema)]
pub(in crate::http::api) struct SecondCheck {
    /// turnstile, `recaptcha_v2`, hcaptcha, friendly or prosopo.
    provider: String,
    site_key: Option<String>,
    /// The secret itself is never given out.
    secret_set: bool,
    verify_url: Option<String>,
}

/// A site's settings as they are in force.
#[derive(ToSchema)]
pub(in crate::http::api) struct SiteSettings {
    id: String,
    name: String,
    language: String,
    /// Of IANA: `Africa/Ouagadougou`.
    time_zone: String,
    origins: Vec<String>,
    /// before or after.
    moderation: String,
    /// open or signed.
    threads: String,
    body_max: i64,
    cdn_max_age: i64,
    captcha: SiteCaptcha,
    /// Keys that `config.toml` sets, such as `captcha.provider`: they are changed there alone.
    set_in_file: Vec<String>,
    /// Of a change: the keys of kept secrets that it dropped, because they were typed for another provider or address.
    dropped: Vec<String>,
}

/// New values of a site's captcha.
#[derive(ToSchema)]
pub(in crate::http::api) struct SiteCaptchaChange {
    provider: Option<String>,
    site_key: Option<String>,
    /// Stored encrypted; null removes it.
    secret: Option<String>,
    /// https; of a provider without an address of its own, and by a token, only an owner of every site gives it.
    verify_url: Option<String>,
    project: Option<String>,
    recaptcha_net: Option<bool>,
    send_address: Option<bool>,
    feedback: Option<bool>,
    consent: Option<String>,
    action: Option<String>,
    hostnames: Option<Vec<String>>,
    /// null offers none.
    second: Option<SecondCheckChange>,
}

/// New values of the second check's provider.
#[derive(ToSchema)]
pub(in crate::http::api) struct SecondCheckChange {
    /// turnstile, `recaptcha_v2`, hcaptcha, friendly or prosopo; null offers none.
    provider: Option<String>,
    site_key: Option<String>,
    /// Stored encrypted; null removes it.
    secret: Option<String>,
    /// https; of a provider without an address of its own, and by a token, only an owner of every site gives it.
    verify_url: Option<String>,
}

/// New values of a site's settings; null takes a key back to its default.
#[derive(ToSchema)]
pub(in crate::http::api) struct SiteChange {
    name: Option<String>,
    language: Option<String>,
    time_zone: Option<String>,
    origins: Option<Vec<String>>,
    moderation: Option<String>,
    threads: Option<String>,
    body_max: Option<i64>,
    cdn_max_age: Option<i64>,
    /// Never null: each of its keys is taken back by itself.
    #[schema(nullable = false)]
    captcha: Option<SiteCaptchaChange>,
}

/// A site to be made.
#[derive(ToSchema)]
pub(in crate::http::api) struct NewSite {
    /// 1 to 64 lower-case letters, digits and hyphens; part of addresses.
    id: String,
    name: Option<String>,
    language: Option<String>,
    time_zone: Option<String>,
    origins: Option<Vec<String>>,
    moderation: Option<String>,
    threads: Option<String>,
    body_max: Option<i64>,
    cdn_max_age: Option<i64>,
    captcha: Option<SiteCaptchaChange>,
}
