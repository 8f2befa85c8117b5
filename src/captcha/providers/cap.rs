//! Cap, hosted by the publisher: yes or no.
//!
//! It takes JSON at `verify_url` (`https://cap.example.org/SITE_KEY/siteverify`) and answers `success`, or
//! the reason in `error` with a status of 4xx. A token lives 20 minutes and is good once; the answer names
//! neither host nor time. Source: <https://capjs.js.org/guide/standalone/>.

use super::{
    expected::{Codes, Meaning, TOKEN_MAX},
    siteverify::{Member, Profile, Scores, Sends},
};
use crate::domain::verdict::{NotRun, Verdict};

const CODES: &Codes = &[
    ("Invalid site key or secret", Meaning::Ours),
    ("Missing required parameters", Meaning::Ours),
    ("missing-input-secret", Meaning::Ours),
    ("invalid-input-secret", Meaning::Ours),
    ("missing-input-response", Meaning::NotRun(NotRun::Blocked)),
    ("Token not found", Meaning::Malformed),
    ("invalid-input-response", Meaning::Malformed),
    ("Token expired", Meaning::Expired),
    ("timeout-or-duplicate", Meaning::Expired),
];

pub(super) const PROFILE: Profile = Profile {
    url: None,
    sends: Sends::Json,
    sends_site_key: false,
    takes_address: false,
    token_max: TOKEN_MAX,
    token_life: None,
    scores: Scores::Unwanted,
    host: Member::IfGiven,
    host_withheld: None,
    action: Member::IfGiven,
    time: Member::IfGiven,
    binds_form: false,
    codes: CODES,
    bare_no: Verdict::Binary { pass: false },
};
