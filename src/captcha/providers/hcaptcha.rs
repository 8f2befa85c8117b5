//! hCaptcha: yes or no; with Enterprise a score whose 1 is a machine, turned here.
//!
//! It takes forms only. The site key goes along, so that a token of another site's widget does not count.
//! Under unusual load it withholds the host ("not-provided"). Source: <https://docs.hcaptcha.com/>,
//! "Verify the User Response Server Side" and its table of codes; the split of
//! `invalid-or-already-seen-response` was seen.

use super::{
    expected::{Codes, Meaning, TOKEN_MAX},
    recaptcha_v3::TOKEN_LIFE,
    siteverify::{Member, Profile, Scores, Sends},
};
use crate::domain::verdict::{NotRun, Verdict, Why};

const CODES: &Codes = &[
    ("missing-input-secret", Meaning::Ours),
    ("invalid-input-secret", Meaning::Ours),
    ("sitekey-secret-mismatch", Meaning::Ours),
    ("bad-request", Meaning::Ours),
    ("invalid-sitekey", Meaning::Ours),
    ("missing-remoteip", Meaning::Ours),
    ("invalid-remoteip", Meaning::Ours),
    ("not-using-dummy-passcode", Meaning::Ours),
    ("not-using-dummy-secret", Meaning::Ours),
    ("missing-input-response", Meaning::NotRun(NotRun::Blocked)),
    ("invalid-input-response", Meaning::Malformed),
    // Either: the gentler one, since our record says that we never sent it before.
    ("invalid-or-already-seen-response", Meaning::Expired),
    ("already-seen-response", Meaning::Duplicate),
    ("expired-input-response", Meaning::Expired),
];

pub(super) const PROFILE: Profile = Profile {
    url: Some("https://api.hcaptcha.com/siteverify"),
    sends: Sends::Form,
    sends_site_key: true,
    takes_address: true,
    token_max: TOKEN_MAX,
    // About two minutes; hCaptcha keeps it itself.
    token_life: Some(TOKEN_LIFE),
    scores: Scores::Optional { one_is_a_machine: true },
    host: Member::Needed,
    host_withheld: Some("not-provided"),
    action: Member::Ignored,
    time: Member::Needed,
    binds_form: false,
    codes: CODES,
    bare_no: Verdict::Unavailable(Why::Garbage),
};
