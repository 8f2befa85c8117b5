//! Google reCAPTCHA v2, with its box or invisible: yes or no.
//!
//! The same service as v3, whose answers carry neither score nor action here. A score means that the key
//! is one of v3, where `success` does not mean a person. Source:
//! <https://developers.google.com/recaptcha/docs/verify>.

use super::{
    recaptcha_v3,
    siteverify::{Member, Profile, Scores},
};

pub(super) const PROFILE: Profile = Profile {
    scores: Scores::Unwanted,
    action: Member::Ignored,
    ..recaptcha_v3::PROFILE
};
