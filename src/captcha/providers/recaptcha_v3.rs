//! Google reCAPTCHA v3: a score, 1 is a person, usually one of 0.1 0.3 0.7 0.9.
//!
//! `success` says only that the token is good; the action must be compared. Sources:
//! <https://developers.google.com/recaptcha/docs/verify> and
//! <https://developers.google.com/recaptcha/docs/v3>. To treat a new code: its line in [`CODES`] and its
//! row in `tests/it/providers.rs`.

use std::time::Duration;

use super::{
    expected::{Codes, Meaning, TOKEN_MAX},
    siteverify::{Member, Profile, Scores, Sends},
};
use crate::domain::verdict::{NotRun, Verdict, Why};

/// "API Request", <https://developers.google.com/recaptcha/docs/verify>.
pub(super) const VERIFY_URL: &str = "https://www.google.com/recaptcha/api/siteverify";
/// "Each reCAPTCHA user response token is valid for two minutes", same page.
pub(super) const TOKEN_LIFE: Duration = Duration::from_mins(2);

/// The first six are Google's list, the last two were seen.
pub(super) const CODES: &Codes = &[
    ("missing-input-secret", Meaning::Ours),
    ("invalid-input-secret", Meaning::Ours),
    ("bad-request", Meaning::Ours),
    ("missing-input-response", Meaning::NotRun(NotRun::Blocked)),
    ("invalid-input-response", Meaning::Malformed),
    // Our record says that we never sent it before, so it is a slow writer's.
    ("timeout-or-duplicate", Meaning::Expired),
    ("invalid-keys", Meaning::Ours),
    ("browser-error", Meaning::NotRun(NotRun::BrowserError)),
];

pub(super) const PROFILE: Profile = Profile {
    url: Some(VERIFY_URL),
    sends: Sends::Form,
    sends_site_key: false,
    takes_address: true,
    token_max: TOKEN_MAX,
    token_life: Some(TOKEN_LIFE),
    scores: Scores::Needed,
    host: Member::Needed,
    host_withheld: None,
    action: Member::Needed,
    time: Member::Needed,
    binds_form: false,
    codes: CODES,
    bare_no: Verdict::Unavailable(Why::Garbage),
};
