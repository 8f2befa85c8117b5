//! What keeps a comment for a person whatever the captcha says: limits that hold, and a sender nobody vouches for.

use super::{path::Path, submission::Submission};
use crate::{
    captcha::Form,
    domain::{draft::Draft, reason::Reason, verdict::Verdict},
    keys::Purpose,
    limits::{Action, Demand},
};

impl Path {
    /// The e-mail's, the device's and the site's limits: they hold, and never refuse.
    pub(super) fn held_by_limits(&self, email_key: &[u8; 32], device: Option<&str>) -> Vec<Reason> {
        let site = self.site.site.id.as_str();
        let mut demands = vec![Demand::by_email(email_key), Demand::by_site(site)];
        demands.extend(device.map(|device| Demand::by_device(site, device)));
        self.app
            .limits
            .check(&demands)
            .unwrap_or_default()
            .into_iter()
            .map(|action| match action {
                Action::SubmitEmail => Reason::EmailRate,
                Action::SubmitDevice => Reason::DeviceRate,
                _ => Reason::SiteSurge,
            })
            .collect()
    }

    pub(super) fn email_digest(&self, draft: &Draft) -> [u8; 32] {
        self.app
            .keys
            .digest(Purpose::Email, "", draft.email.normalised().as_bytes())
    }
}

/// Neither a page of the site nor a valid form of ours vouches for it. A captcha's own good verdict
/// does, where it is bound to a page.
pub(super) fn unvouched(submission: &Submission, form: &Form, verdict: &Verdict) -> Option<Reason> {
    if matches!(form, Form::Valid { .. }) {
        return None;
    }
    if !submission.known_origin {
        return Some(Reason::OriginUnknown);
    }
    let no_captcha = submission.captcha.as_deref().is_none_or(str::is_empty);
    match form {
        _ if !no_captcha => None,
        Form::Expired { .. } => Some(Reason::FormExpired),
        Form::Forged => Some(Reason::FormForged),
        // A captcha that did not run says the same.
        _ => (!matches!(verdict, Verdict::NotRun(_))).then_some(Reason::FormMissing),
    }
}
