//! The protocol that reCAPTCHA began and others speak: a secret and a token go out once, `success` comes
//! back with a host, a time and perhaps a score.
//!
//! A [`Profile`] says how one provider speaks it: where, which members its answers carry, what its codes
//! mean. [`ANY`] is the profile of the provider `siteverify`: a service that answers in this way and is
//! not known here. Invariant: codes win over `success`; a member that a profile needs and an answer
//! lacks counts as wrong, never as right. To add a provider that speaks it: a file with its profile.

use std::{collections::BTreeMap, time::Duration};

use serde::Deserialize;
use serde_json::Number;

use super::expected::{Codes, Expected, Meaning, TOKEN_MAX, form_nonce, scored, sendable, told_address, verify_url};
use crate::{
    captcha::{
        ask::{Ask, Finding},
        calls::Calls,
    },
    domain::{
        reason::Reason,
        verdict::{BadToken, NotRun, Verdict, Why},
    },
    outbound::http::{self, Answer, Body, Request},
};

/// How one provider speaks the protocol.
#[derive(Debug)]
pub(super) struct Profile {
    /// `None`: the site's `verify_url` is needed.
    pub(super) url: Option<&'static str>,
    pub(super) sends: Sends,
    /// Whether `sitekey` goes along where the site has one.
    pub(super) sends_site_key: bool,
    /// Whether `remoteip` is known to it.
    pub(super) takes_address: bool,
    /// Bytes.
    pub(super) token_max: usize,
    /// `None`: not known, and not held against the answer.
    pub(super) token_life: Option<Duration>,
    pub(super) scores: Scores,
    pub(super) host: Member,
    /// What stands for the host where the provider withholds it.
    pub(super) host_withheld: Option<&'static str>,
    pub(super) action: Member,
    pub(super) time: Member,
    /// Whether `cdata` must be the nonce of the form.
    pub(super) binds_form: bool,
    pub(super) codes: &'static Codes,
    /// What a no without a code is.
    pub(super) bare_no: Verdict,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sends {
    Form,
    Json,
}

/// Whether a member of the answer is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Member {
    /// An answer without it does not count.
    Needed,
    IfGiven,
    Ignored,
}

/// What an answer with success means with and without a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scores {
    /// 1 is a person; without one the key is of another kind.
    Needed,
    /// With one the key is of another kind, whose success does not mean a person.
    Unwanted,
    /// A plain yes without one.
    Optional { one_is_a_machine: bool },
}

/// Any service that answers as reCAPTCHA does, at the site's `verify_url`: what it gives is compared, 1 is
/// a person. Its codes are taken as reCAPTCHA's, since that is what such services imitate.
pub(super) const ANY: Profile = Profile {
    url: None,
    sends: Sends::Form,
    sends_site_key: false,
    takes_address: true,
    token_max: TOKEN_MAX,
    token_life: None,
    scores: Scores::Optional {
        one_is_a_machine: false,
    },
    host: Member::IfGiven,
    host_withheld: None,
    action: Member::IfGiven,
    time: Member::IfGiven,
    binds_form: false,
    codes: &[
        ("missing-input-secret", Meaning::Ours),
        ("invalid-input-secret", Meaning::Ours),
        ("bad-request", Meaning::Ours),
        ("missing-input-response", Meaning::NotRun(NotRun::Blocked)),
        ("invalid-input-response", Meaning::Malformed),
        ("timeout-or-duplicate", Meaning::Expired),
        ("internal-error", Meaning::Outage),
    ],
    bare_no: Verdict::Binary { pass: false },
};

/// Verifies the token of `ask` with one call; `Err` is a verdict that is known without.
pub(super) async fn verify(calls: &Calls, ask: &Ask<'_>, profile: &Profile) -> Result<Finding, Verdict> {
    verify_with(calls, ask, profile, None, calls.total_budget()).await
}

/// As [`verify`], within `budget`. With an `idempotency_key` the provider gives the same answer to the same
/// token again.
pub(super) async fn verify_with(
    calls: &Calls,
    ask: &Ask<'_>,
    profile: &Profile,
    idempotency_key: Option<&str>,
    budget: Duration,
) -> Result<Finding, Verdict> {
    let (secret, token) = sendable(ask, profile.token_max, idempotency_key.is_some())?;
    let url = verify_url(&ask.site.captcha, profile.url)?;
    let mut fields = vec![("secret", secret), ("response", token)];
    let site_key = ask.site.captcha.site_key.as_deref().filter(|key| !key.is_empty());
    fields.extend(site_key.filter(|_| profile.sends_site_key).map(|key| ("sitekey", key)));
    let address = told_address(ask).filter(|_| profile.takes_address);
    fields.extend(address.as_deref().map(|address| ("remoteip", address)));
    fields.extend(idempotency_key.map(|key| ("idempotency_key", key)));
    let as_json = match profile.sends {
        Sends::Form => None,
        Sends::Json => Some(http::json(&fields.iter().copied().collect::<BTreeMap<_, _>>())),
    };
    let request = Request {
        url: &url,
        headers: &[],
        body: as_json.as_deref().map_or(Body::Form(&fields), Body::Json),
    };
    let judge = Judge {
        profile,
        expected: Expected::of(ask, secret, token),
        form_nonce: form_nonce(ask),
    };
    Ok(calls
        .ask_provider(ask.site, &request, budget, |answer| judge.finding(answer))
        .await)
}

/// The documented members of all of them; further ones are ignored.
#[derive(Deserialize)]
struct Reply {
    success: bool,
    score: Option<Number>,
    action: Option<String>,
    hostname: Option<String>,
    challenge_ts: Option<String>,
    cdata: Option<String>,
    #[serde(rename = "error-codes")]
    error_codes: Option<Vec<String>>,
    /// Cap's word for a code.
    error: Option<String>,
    #[serde(alias = "score-reason")]
    score_reason: Option<Vec<String>>,
}

struct Judge<'a> {
    profile: &'a Profile,
    expected: Expected<'a>,
    form_nonce: Option<&'a str>,
}

impl Judge<'_> {
    fn finding(&self, answer: &Answer) -> Finding {
        // A byte order mark is garbage as well: no provider sends one, so something on the way rewrote the
        // answer, and a rewritten score is no score.
        let reply: Option<Reply> = serde_json::from_slice(&answer.body).ok();
        let Some(reply) = reply else {
            return match answer.status {
                200 => Verdict::Unavailable(Why::Garbage).into(),
                status => Expected::status(status).into(),
            };
        };
        // Codes win over `success`: a key beyond its free quota may answer with success and a made-up
        // score beside the text that says so. Some providers send them with a status of 4xx.
        if matches!(answer.status, 200 | 400..=428 | 430..=499)
            && let Some(verdict) = self.codes(&reply)
        {
            return verdict.into();
        }
        if answer.status != 200 {
            return Expected::status(answer.status).into();
        }
        match self.verdict(&reply) {
            Ok(verdict) => {
                let mut finding = Finding::of(verdict);
                let words = reply.score_reason.unwrap_or_default().join(", ");
                if !words.is_empty() {
                    finding.notes.push(Reason::ProviderSays {
                        words: self.expected.quote(&words),
                    });
                }
                finding
            }
            Err(verdict) => verdict.into(),
        }
    }

    fn codes(&self, reply: &Reply) -> Option<Verdict> {
        let codes = reply
            .error_codes
            .iter()
            .flatten()
            .chain(&reply.error)
            .map(String::as_str);
        self.expected.codes(codes, self.profile.codes)
    }

    fn verdict(&self, reply: &Reply) -> Result<Verdict, Verdict> {
        if !reply.success {
            return Err(self.profile.bare_no.clone());
        }
        let verdict = match (self.profile.scores, &reply.score) {
            (Scores::Needed, None) => return Err(Verdict::Misconfigured("success without score".to_owned())),
            (Scores::Unwanted, Some(_)) => return Err(Verdict::Misconfigured("success with a score".to_owned())),
            (Scores::Needed, Some(number)) => scored(number, false),
            (Scores::Optional { one_is_a_machine }, Some(number)) => scored(number, one_is_a_machine),
            (Scores::Unwanted | Scores::Optional { .. }, None) => Verdict::Binary { pass: true },
        };
        if matches!(verdict, Verdict::Unavailable(_)) {
            return Err(verdict);
        }
        if let Some(host) = compared(self.profile.host, reply.hostname.as_deref())
            && self.profile.host_withheld != Some(host)
        {
            self.expected.host(host)?;
        }
        if let Some(action) = compared(self.profile.action, reply.action.as_deref()) {
            self.expected.action(action)?;
        }
        // Both empty: the publisher's own page, without a form of ours. A token made for a form counts
        // with that form only.
        if self.profile.binds_form && reply.cdata.as_deref().unwrap_or_default() != self.form_nonce.unwrap_or_default()
        {
            return Err(Verdict::BadToken(BadToken::WrongSite));
        }
        if let Some(made) = compared(self.profile.time, reply.challenge_ts.as_deref()) {
            self.expected.made_at(made, self.profile.token_life)?;
        }
        Ok(verdict)
    }
}

/// The text that is compared, if any: a needed one that is absent is compared as empty.
fn compared(member: Member, given: Option<&str>) -> Option<&str> {
    match member {
        Member::Needed => Some(given.unwrap_or_default()),
        Member::IfGiven => given.filter(|text| !text.is_empty()),
        Member::Ignored => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        captcha::providers::recaptcha_v3,
        domain::{score::Score, timestamp::Timestamp},
    };

    const NOW: &str = "2026-11-24T12:00:00Z";

    fn judge(status: u16, body: &str) -> Verdict {
        finding(&recaptcha_v3::PROFILE, None, status, body).verdict
    }

    fn finding(profile: &Profile, form_nonce: Option<&str>, status: u16, body: &str) -> Finding {
        let judge = Judge {
            profile,
            expected: Expected {
                action: "comment",
                hostnames: &["www.faso.example".to_owned()],
                now: Timestamp::parse_rfc3339(NOW).expect("a time"),
                unspeakable: ["the-secret", "the-token"],
            },
            form_nonce,
        };
        judge.finding(&Answer {
            status,
            body: body.as_bytes().to_vec(),
        })
    }

    fn reply(score: &str, action: &str, host: &str, at: &str) -> String {
        format!(r#"{{"success":true,"score":{score},"action":"{action}","hostname":"{host}","challenge_ts":"{at}"}}"#)
    }

    fn codes(codes: &str) -> Verdict {
        judge(200, &format!(r#"{{"success":false,"error-codes":[{codes}]}}"#))
    }

    fn bad(bad: BadToken) -> Verdict {
        Verdict::BadToken(bad)
    }

    fn wrong(text: &str) -> Verdict {
        Verdict::Misconfigured(text.to_owned())
    }

    #[test]
    fn codes_are_read_and_kept_word_for_word() {
        let long = "Over Enterprise free quota. Please ensure your project has an active billing account: https://cloud.google.com/recaptcha/docs/billing-information";
        for (code, expected) in [
            (long, Verdict::Unavailable(Why::Quota)),
            ("Over free quota.", Verdict::Unavailable(Why::Quota)),
            ("something-new", wrong("something-new")),
            ("token the-token of the-secret\\n", wrong("token … of …")),
        ] {
            assert_eq!(codes(&format!("\"{code}\"")), expected, "{code}");
        }
        assert_eq!(
            codes(r#""invalid-input-response","invalid-input-secret""#),
            wrong("invalid-input-secret")
        );
        assert_eq!(
            codes(r#""timeout-or-duplicate","Over quota""#),
            Verdict::Unavailable(Why::Quota)
        );
        assert_eq!(codes(""), Verdict::Unavailable(Why::Garbage));
        assert_eq!(codes("7"), Verdict::Unavailable(Why::Garbage));
        assert_eq!(
            judge(
                200,
                r#"{"success":true,"score":0.9,"error-codes":["Over free quota."]}"#
            ),
            Verdict::Unavailable(Why::Quota)
        );
    }

    #[test]
    fn a_score_counts_with_its_action_host_and_time_only() {
        let host = "www.faso.example";
        for (raw, thousandths) in [
            ("0.8999999761581421", 900),
            ("0.9", 900),
            ("0.30000001192092896", 300),
            ("0", 0),
            ("1", 1000),
        ] {
            let expected = Verdict::Scored {
                score: Score::from_thousandths(thousandths).expect("in range"),
                raw: raw.to_owned(),
            };
            assert_eq!(judge(200, &reply(raw, "comment", host, NOW)), expected);
        }
        for (score, expected) in [
            ("1.5", Verdict::Unavailable(Why::Garbage)),
            ("-0.1", Verdict::Unavailable(Why::Garbage)),
            ("\"0.9\"", Verdict::Unavailable(Why::Garbage)),
            ("null", wrong("success without score")),
        ] {
            assert_eq!(judge(200, &reply(score, "comment", host, NOW)), expected, "{score}");
        }
        assert_eq!(judge(200, r#"{"success":true}"#), wrong("success without score"));
        for (action, seen) in [("login", "login"), ("", ""), ("Comment", "Comment"), ("the-token", "…")] {
            let expected = bad(BadToken::WrongAction(seen.to_owned()));
            assert_eq!(judge(200, &reply("0.9", action, host, NOW)), expected);
        }
        for at in [
            "2026-11-24T11:53:00Z",
            "2026-11-24T12:05:00Z",
            "2026-11-24T13:00:00+01:00",
            "2026-11-24T12:00:00+0000",
        ] {
            assert!(judge(200, &reply("0.9", "comment", host, at)).score().is_some(), "{at}");
        }
        for (at, expected) in [
            ("2026-11-24T11:52:59Z", bad(BadToken::Expired)),
            ("2026-11-24T12:05:01Z", bad(BadToken::Malformed)),
            ("yesterday", Verdict::Unavailable(Why::Garbage)),
        ] {
            assert_eq!(judge(200, &reply("0.9", "comment", host, at)), expected, "{at}");
        }
    }

    #[test]
    fn statuses_and_bodies_that_are_no_answer() {
        let good = reply("0.9", "comment", "www.faso.example", NOW);
        for status in [301, 302, 307, 401, 403, 404] {
            assert_eq!(
                judge(status, &good),
                wrong(&format!("the verify address answers with status {status}"))
            );
        }
        for (status, why) in [
            (429, Why::Quota),
            (500, Why::ServerError),
            (503, Why::ServerError),
            (400, Why::Garbage),
            (204, Why::Garbage),
        ] {
            assert_eq!(judge(status, &good), Verdict::Unavailable(why), "{status}");
        }
        for body in [
            "",
            "<!doctype html><p>One moment",
            "{",
            "[]",
            "null",
            &format!("\u{feff}{good}"),
            &format!("{good}{good}"),
        ] {
            assert_eq!(judge(200, body), Verdict::Unavailable(Why::Garbage), "{body:.30}");
        }
    }
}
