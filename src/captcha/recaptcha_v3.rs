//! Google reCAPTCHA v3: a token goes out once, a score comes back.
//!
//! What must hold: the token counts only for our action, on our hosts, within its two minutes, and with a
//! score; a provider's code about our own set-up or its own trouble says nothing about the reader; no
//! text of an answer is kept that repeats the token or the secret. The list of codes is open: unknown
//! ones are kept word for word.
//!
//! Sources: <https://developers.google.com/recaptcha/docs/verify> and
//! <https://developers.google.com/recaptcha/docs/v3>. To treat a new code: a line in [`verdict_of_code`]
//! and a row in its test.

use std::time::Duration;

use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::Number;
use url::{Host, Url};

use super::{Answer, Ask, Captcha, Spent};
use crate::domain::{
    score::Score,
    timestamp::Timestamp,
    verdict::{BadToken, NotRun, Verdict, Why},
};

/// "API Request", <https://developers.google.com/recaptcha/docs/verify>.
pub(super) const VERIFY_URL: &str = "https://www.google.com/recaptcha/api/siteverify";
/// "Each reCAPTCHA user response token is valid for two minutes", same page.
const TOKEN_LIFE: Duration = Duration::from_mins(2);
/// How far the provider's clock and ours may differ.
const SKEW: Duration = Duration::from_mins(5);
/// Longest token sent on, bytes; real ones are below 2.5 KiB.
const TOKEN_MAX: usize = 8 * 1024;
/// Longest text of an answer that is kept, characters.
const QUOTE_MAX: usize = 200;

/// Verifies the token of `ask` with one call, or none where the answer is known without.
pub(super) async fn verify(captcha: &Captcha, ask: &Ask<'_>) -> Verdict {
    let token = match sendable(ask.token, ask.token_spent) {
        Ok(token) => token,
        Err(verdict) => return verdict,
    };
    let Some(secret) = &ask.site.captcha.secret else {
        return Verdict::Misconfigured("no secret".to_owned());
    };
    let url = match &ask.site.captcha.verify_url {
        Some(url) => url.clone(),
        None => match Url::parse(VERIFY_URL) {
            Ok(url) => url,
            Err(error) => return Verdict::Misconfigured(format!("verify address: {error}")),
        },
    };
    let secret = secret.expose_secret();
    let expected = Expected {
        action: &ask.site.captcha.action,
        hostnames: &ask.site.captcha.hostnames,
        now: ask.now,
        unspeakable: [secret, token],
    };
    captcha
        .ask_provider(&url, &[("secret", secret), ("response", token)], |answer| {
            expected.verdict(answer)
        })
        .await
}

/// The token, if it is worth a call.
fn sendable(token: Option<&str>, spent: Spent) -> Result<&str, Verdict> {
    let token = token.unwrap_or_default();
    if token.is_empty() {
        return Err(Verdict::BadToken(BadToken::Missing));
    }
    if token.len() > TOKEN_MAX || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Verdict::BadToken(BadToken::Malformed));
    }
    match spent {
        Spent::Never => Ok(token),
        Spent::Foreign => Err(Verdict::BadToken(BadToken::Foreign)),
        // Asked again, the provider would say `timeout-or-duplicate` of a token that it may well have
        // passed the first time, when its answer was lost.
        Spent::SameSubmission => Err(Verdict::Unavailable(Why::AmbiguousDuplicate)),
    }
}

/// The documented answer; further members are ignored.
#[derive(Deserialize)]
struct Reply {
    success: bool,
    score: Option<Number>,
    action: Option<String>,
    hostname: Option<String>,
    challenge_ts: Option<String>,
    #[serde(rename = "error-codes")]
    error_codes: Option<Vec<String>>,
}

/// What an answer must fit to count.
struct Expected<'a> {
    action: &'a str,
    hostnames: &'a [String],
    now: Timestamp,
    /// Secret and token: cut out of every text that is kept.
    unspeakable: [&'a str; 2],
}

impl Expected<'_> {
    fn verdict(&self, answer: &Answer) -> Verdict {
        match answer.status {
            200 => {}
            429 => return Verdict::Unavailable(Why::Quota),
            500..=599 => return Verdict::Unavailable(Why::ServerError),
            // A redirect is not followed: the secret would travel to an address nobody wrote down.
            300..=399 | 401 | 403 | 404 => {
                return Verdict::Misconfigured(format!("the verify address answers with status {}", answer.status));
            }
            _ => return Verdict::Unavailable(Why::Garbage),
        }
        // A byte order mark is garbage as well: Google sends none, so something on the way rewrote the
        // answer, and a rewritten score is no score.
        serde_json::from_slice(&answer.body).map_or(Verdict::Unavailable(Why::Garbage), |reply| self.judge(reply))
    }

    fn judge(&self, reply: Reply) -> Verdict {
        // Codes win over `success`: a key beyond its free quota may answer with success and a made-up
        // score beside the text that says so.
        let codes = reply.error_codes.unwrap_or_default();
        if let Some((_, verdict)) = codes
            .iter()
            .map(|code| verdict_of_code(code, |text| self.quote(text)))
            .min_by_key(|(rank, _)| *rank)
        {
            return verdict;
        }
        if !reply.success {
            return Verdict::Unavailable(Why::Garbage);
        }
        let Some(number) = reply.score else {
            return Verdict::Misconfigured("success without score".to_owned());
        };
        let Some(score) = number.as_f64().and_then(Score::from_provider) else {
            return Verdict::Unavailable(Why::Garbage);
        };
        let Some(made) = reply.challenge_ts.as_deref().and_then(Timestamp::parse_rfc3339) else {
            return Verdict::Unavailable(Why::Garbage);
        };
        let host = normal_host(&reply.hostname.unwrap_or_default());
        if !self.hostnames.iter().any(|allowed| normal_host(allowed) == host) || host.is_empty() {
            return Verdict::BadToken(BadToken::WrongHost(self.quote(&host)));
        }
        let action = reply.action.unwrap_or_default();
        if action != self.action {
            return Verdict::BadToken(BadToken::WrongAction(self.quote(&action)));
        }
        // The provider keeps the two minutes itself. This catches an answer that is played back, and a
        // clock that is wrong, theirs or ours.
        if self.now > made.plus(TOKEN_LIFE + SKEW) {
            return Verdict::BadToken(BadToken::Expired);
        }
        if made > self.now.plus(SKEW) {
            return Verdict::BadToken(BadToken::Malformed);
        }
        Verdict::Scored {
            score,
            raw: number.to_string(),
        }
    }

    /// A text of the answer, fit to be kept and shown: one line, not long, nothing secret.
    fn quote(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in self.unspeakable.iter().filter(|secret| !secret.is_empty()) {
            text = text.replace(secret, "…");
        }
        text.chars().filter(|c| !c.is_control()).take(QUOTE_MAX).collect()
    }
}

/// What one error code means, with its rank: where there are several, the lowest speaks. Our own faults
/// come first, the reader's last.
///
/// The first four codes are Google's list, as are `missing-input-response`, `invalid-input-response` and
/// `timeout-or-duplicate`; the others were seen.
fn verdict_of_code(code: &str, quote: impl Fn(&str) -> String) -> (u8, Verdict) {
    match code {
        "missing-input-secret" | "invalid-input-secret" | "bad-request" | "invalid-keys" => {
            (0, Verdict::Misconfigured(code.to_owned()))
        }
        "missing-input-response" => (3, Verdict::NotRun(NotRun::Blocked)),
        "browser-error" => (3, Verdict::NotRun(NotRun::BrowserError)),
        "invalid-input-response" => (4, Verdict::BadToken(BadToken::Malformed)),
        // Our record says that we never sent it before, so it is a slow writer's.
        "timeout-or-duplicate" => (4, Verdict::BadToken(BadToken::Expired)),
        text if text.to_ascii_lowercase().contains("quota") => (1, Verdict::Unavailable(Why::Quota)),
        // Held either way, but only this class keeps the words and puts them before the owner, who can
        // look them up; "garbage" would hide them.
        unknown => (2, Verdict::Misconfigured(quote(unknown))),
    }
}

/// Lower case and punycode, so that two spellings of one host are equal; a text that is no host stays
/// itself.
fn normal_host(host: &str) -> String {
    Host::parse(host).map_or_else(|_| host.to_lowercase(), |host| host.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-24T12:00:00Z";

    fn judge(status: u16, body: &str) -> Verdict {
        judge_for(&["www.faso.example".to_owned()], status, body)
    }

    fn judge_for(hostnames: &[String], status: u16, body: &str) -> Verdict {
        let expected = Expected {
            action: "comment",
            hostnames,
            now: Timestamp::parse_rfc3339(NOW).expect("a time"),
            unspeakable: ["the-secret", "the-token"],
        };
        expected.verdict(&Answer {
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
    fn every_code_has_its_class() {
        let long = "Over Enterprise free quota. Please ensure your project has an active billing account: https://cloud.google.com/recaptcha/docs/billing-information";
        for (code, expected) in [
            ("missing-input-secret", wrong("missing-input-secret")),
            ("invalid-input-secret", wrong("invalid-input-secret")),
            ("invalid-keys", wrong("invalid-keys")),
            ("bad-request", wrong("bad-request")),
            ("missing-input-response", Verdict::NotRun(NotRun::Blocked)),
            ("invalid-input-response", bad(BadToken::Malformed)),
            ("timeout-or-duplicate", bad(BadToken::Expired)),
            ("browser-error", Verdict::NotRun(NotRun::BrowserError)),
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
    fn hosts_are_compared_exactly_after_normalising() {
        let allowed = ["www.faso.example", "Été.example", "127.0.0.1"].map(str::to_owned);
        let seen = |host: &str| judge_for(&allowed, 200, &reply("0.9", "comment", host, NOW));
        for host in [
            "www.faso.example",
            "WWW.Faso.Example",
            "xn--t-9fab.example",
            "été.example",
            "127.0.0.1",
        ] {
            assert!(seen(host).score().is_some(), "{host}: {:?}", seen(host));
        }
        for host in [
            "",
            "evil.example",
            "faso.example",
            "www.faso.example.evil.example",
            "xwww.faso.example",
            "www.faso.example.",
        ] {
            assert_eq!(seen(host), bad(BadToken::WrongHost(host.to_owned())));
        }
        assert_eq!(
            judge_for(&[], 200, &reply("0.9", "comment", "www.faso.example", NOW)),
            bad(BadToken::WrongHost("www.faso.example".to_owned())),
            "an empty list allows none"
        );
        assert_eq!(
            judge_for(&[String::new()], 200, &reply("0.9", "comment", "", NOW)),
            bad(BadToken::WrongHost(String::new()))
        );
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

    #[test]
    fn tokens_that_are_not_worth_a_call() {
        let longest = "a".repeat(TOKEN_MAX);
        assert_eq!(sendable(Some(&longest), Spent::Never), Ok(longest.as_str()));
        for (token, spent, expected) in [
            (None, Spent::Never, bad(BadToken::Missing)),
            (Some(""), Spent::Foreign, bad(BadToken::Missing)),
            (Some("a b"), Spent::Never, bad(BadToken::Malformed)),
            (Some("a\u{7f}"), Spent::Never, bad(BadToken::Malformed)),
            (Some("é"), Spent::Never, bad(BadToken::Malformed)),
            (Some("a\r\nX: y"), Spent::Never, bad(BadToken::Malformed)),
            (Some("abc"), Spent::Foreign, bad(BadToken::Foreign)),
            (
                Some("abc"),
                Spent::SameSubmission,
                Verdict::Unavailable(Why::AmbiguousDuplicate),
            ),
        ] {
            assert_eq!(sendable(token, spent), Err(expected), "{token:?}");
        }
        assert_eq!(
            sendable(Some(&format!("{longest}a")), Spent::Never),
            Err(bad(BadToken::Malformed))
        );
    }
}
