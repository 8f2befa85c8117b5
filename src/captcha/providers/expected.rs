//! What an answer of any outside provider must fit to count, and how its words become a verdict.
//!
//! A token counts for our hosts, our action and its own life; each provider's file says which of them its
//! answers carry. Invariant: a code about our own set-up or the provider's trouble says nothing about
//! the reader; no text of an answer is kept that repeats the token or the secret; lists of codes are open,
//! and a code that is on no list is kept word for word.

use std::time::Duration;

use secrecy::ExposeSecret;
use url::{Host, Url};

use crate::{
    captcha::{
        ask::{Ask, Spent},
        built_in::form_token::Form,
    },
    domain::{
        address::ClientAddress,
        captcha,
        score::Score,
        timestamp::Timestamp,
        verdict::{BadToken, NotRun, Verdict, Why},
    },
    outbound::address::may_be_called,
};

/// Longest token sent on, bytes, unless the provider says less; real ones are below 2.5 KiB.
pub(super) const TOKEN_MAX: usize = 8 * 1024;
/// How far the provider's clock and ours may differ.
const SKEW: Duration = Duration::from_mins(5);
/// Longest text of an answer that is kept, characters.
const QUOTE_MAX: usize = 200;

/// The reader's address as the provider is told it: where the site wants that, and where it is one of the
/// internet, not of a proxy that is not in `server.trusted_proxies`.
pub(super) fn told_address(ask: &Ask<'_>) -> Option<String> {
    ask.client
        .filter(|_| ask.site.captcha.send_address)
        .map(ClientAddress::ip)
        .filter(|ip| may_be_called(*ip, false))
        .map(|ip| ip.to_string())
}

/// The secret and the token of `ask`, if they are worth a call. A token that may have been spent by a lost
/// first call is one only where the provider `can_repeat` its answer.
pub(super) fn sendable<'a>(ask: &Ask<'a>, token_max: usize, can_repeat: bool) -> Result<(&'a str, &'a str), Verdict> {
    let token = sendable_token(ask.token, ask.token_spent, token_max, can_repeat)?;
    match &ask.site.captcha.secret {
        Some(secret) => Ok((secret.expose_secret(), token)),
        None => Err(Verdict::Misconfigured("no secret".to_owned())),
    }
}

fn sendable_token(token: Option<&str>, spent: Spent, token_max: usize, can_repeat: bool) -> Result<&str, Verdict> {
    let token = token.unwrap_or_default();
    if token.is_empty() {
        return Err(Verdict::BadToken(BadToken::Missing));
    }
    if token.len() > token_max || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Verdict::BadToken(BadToken::Malformed));
    }
    match spent {
        Spent::Never => Ok(token),
        Spent::Foreign => Err(Verdict::BadToken(BadToken::Foreign)),
        Spent::SameSubmission if can_repeat => Ok(token),
        // Asked again, the provider would say "duplicate" of a token that it may well have passed the
        // first time, when its answer was lost.
        Spent::SameSubmission => Err(Verdict::Unavailable(Why::AmbiguousDuplicate)),
    }
}

/// Where tokens are verified: the site's own address, else the provider's, which for reCAPTCHA may be its
/// second one.
pub(super) fn verify_url(captcha: &captcha::Captcha, vendors: Option<&str>) -> Result<Url, Verdict> {
    if let Some(url) = &captcha.verify_url {
        return Ok(url.clone());
    }
    let Some(vendors) = vendors else {
        return Err(Verdict::Misconfigured("no verify_url".to_owned()));
    };
    let mut url = Url::parse(vendors).map_err(|error| Verdict::Misconfigured(format!("verify address: {error}")))?;
    // <https://cloud.google.com/recaptcha/docs/faq>: the same service where google.com is blocked.
    if captcha.recaptcha_net && url.host_str() == Some("www.google.com") {
        url.set_host(Some("www.recaptcha.net"))
            .map_err(|error| Verdict::Misconfigured(format!("verify address: {error}")))?;
    }
    Ok(url)
}

/// The nonce of the form token that came with the submission.
pub(super) fn form_nonce<'a>(ask: &Ask<'a>) -> Option<&'a str> {
    match ask.form {
        Form::Valid { nonce, .. } | Form::Expired { nonce } => Some(nonce),
        Form::Missing | Form::Forged => None,
    }
}

/// What one code of a provider means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Our set-up: key, secret, call.
    Ours,
    /// The provider's own trouble.
    Outage,
    NotRun(NotRun),
    /// The token is none, or not of this provider.
    Malformed,
    Expired,
    /// The provider has seen the token before. Our record says that we never sent it.
    Duplicate,
}

/// A provider's list of codes.
pub(super) type Codes = [(&'static str, Meaning)];

/// What an answer must fit to count.
pub(super) struct Expected<'a> {
    pub(super) action: &'a str,
    pub(super) hostnames: &'a [String],
    pub(super) now: Timestamp,
    /// Secret and token: cut out of every text that is kept.
    pub(super) unspeakable: [&'a str; 2],
}

impl<'a> Expected<'a> {
    pub(super) fn of(ask: &Ask<'a>, secret: &'a str, token: &'a str) -> Self {
        Self {
            action: &ask.site.captcha.action,
            hostnames: &ask.site.captcha.hostnames,
            now: ask.now,
            unspeakable: [secret, token],
        }
    }

    /// What a status other than 200 says, where its body says nothing.
    pub(super) fn status(status: u16) -> Verdict {
        match status {
            429 => Verdict::Unavailable(Why::Quota),
            500..=599 => Verdict::Unavailable(Why::ServerError),
            // A redirect is not followed: the secret would travel to an address nobody wrote down.
            300..=399 | 401 | 403 | 404 => {
                Verdict::Misconfigured(format!("the verify address answers with status {status}"))
            }
            _ => Verdict::Unavailable(Why::Garbage),
        }
    }

    /// What the provider's codes say; where there are several, the first of our own faults, else the
    /// provider's, else an unknown one, else the reader's. `None` without a code.
    pub(super) fn codes<'c>(&self, codes: impl IntoIterator<Item = &'c str>, list: &Codes) -> Option<Verdict> {
        codes
            .into_iter()
            .map(|code| self.code(code, list))
            .min_by_key(|(rank, _)| *rank)
            .map(|(_, verdict)| verdict)
    }

    fn code(&self, code: &str, list: &Codes) -> (u8, Verdict) {
        let known = list.iter().find(|(name, _)| name.eq_ignore_ascii_case(code));
        match known.map(|(_, meaning)| *meaning) {
            Some(Meaning::Ours) => (0, Verdict::Misconfigured(self.quote(code))),
            Some(Meaning::Outage) => (1, Verdict::Unavailable(Why::ServerError)),
            Some(Meaning::NotRun(why)) => (3, Verdict::NotRun(why)),
            Some(Meaning::Malformed) => (4, Verdict::BadToken(BadToken::Malformed)),
            Some(Meaning::Expired) => (4, Verdict::BadToken(BadToken::Expired)),
            Some(Meaning::Duplicate) => (4, Verdict::BadToken(BadToken::Duplicate)),
            // A sentence that no list can hold: "Over Enterprise free quota. Please ensure …".
            None if code.to_ascii_lowercase().contains("quota") => (1, Verdict::Unavailable(Why::Quota)),
            // Held either way, but only this class keeps the words and puts them before the owner, who can
            // look them up; "garbage" would hide them.
            None => (2, Verdict::Misconfigured(self.quote(code))),
        }
    }

    /// The host a token was minted on must be one of ours; an empty one is none.
    pub(super) fn host(&self, host: &str) -> Result<(), Verdict> {
        let host = normal_host(host);
        if host.is_empty() || !self.hostnames.iter().any(|allowed| normal_host(allowed) == host) {
            return Err(Verdict::BadToken(BadToken::WrongHost(self.quote(&host))));
        }
        Ok(())
    }

    pub(super) fn action(&self, action: &str) -> Result<(), Verdict> {
        if action != self.action {
            return Err(Verdict::BadToken(BadToken::WrongAction(self.quote(action))));
        }
        Ok(())
    }

    /// The time at which a token was made. The provider keeps its life itself; this catches an answer that
    /// is played back, and a clock that is wrong, theirs or ours.
    pub(super) fn made_at(&self, made: &str, life: Option<Duration>) -> Result<(), Verdict> {
        let Some(made) = Timestamp::parse_rfc3339(made) else {
            return Err(Verdict::Unavailable(Why::Garbage));
        };
        if life.is_some_and(|life| self.now > made.plus(life + SKEW)) {
            return Err(Verdict::BadToken(BadToken::Expired));
        }
        if made > self.now.plus(SKEW) {
            return Err(Verdict::BadToken(BadToken::Malformed));
        }
        Ok(())
    }

    /// A text of the answer, fit to be kept and shown: one line, not long, nothing secret.
    pub(super) fn quote(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in self.unspeakable.iter().filter(|secret| !secret.is_empty()) {
            text = text.replace(secret, "…");
        }
        text.chars().filter(|c| !c.is_control()).take(QUOTE_MAX).collect()
    }
}

/// A provider's number as a score, turned where its 1 is a machine.
pub(super) fn scored(number: &serde_json::Number, one_is_a_machine: bool) -> Verdict {
    match number.as_f64().and_then(Score::from_provider) {
        Some(score) => Verdict::Scored {
            score: if one_is_a_machine { score.reversed() } else { score },
            raw: number.to_string(),
        },
        None => Verdict::Unavailable(Why::Garbage),
    }
}

/// Lower case and punycode, so that two spellings of one host are equal; a text that is no host stays
/// itself.
fn normal_host(host: &str) -> String {
    Host::parse(host).map_or_else(|_| host.to_lowercase(), |host| host.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::site::{Site, SiteSettings};

    fn expected(hostnames: &[String]) -> Expected<'_> {
        Expected {
            action: "comment",
            hostnames,
            now: Timestamp(0),
            unspeakable: ["the-secret", "the-token"],
        }
    }

    #[test]
    fn hosts_are_compared_exactly_after_normalising() {
        let allowed = ["www.faso.example", "Été.example", "127.0.0.1"].map(str::to_owned);
        for host in [
            "www.faso.example",
            "WWW.Faso.Example",
            "xn--t-9fab.example",
            "été.example",
            "127.0.0.1",
        ] {
            assert_eq!(expected(&allowed).host(host), Ok(()), "{host}");
        }
        let wrong = |host: &str| Err(Verdict::BadToken(BadToken::WrongHost(host.to_owned())));
        for host in [
            "",
            "evil.example",
            "faso.example",
            "www.faso.example.evil.example",
            "xwww.faso.example",
            "www.faso.example.",
        ] {
            assert_eq!(expected(&allowed).host(host), wrong(host));
        }
        let host = "www.faso.example";
        assert_eq!(expected(&[]).host(host), wrong(host), "an empty list allows none");
        assert_eq!(expected(&[String::new()]).host(""), wrong(""));
    }

    #[test]
    fn the_second_address_of_recaptcha_is_used_where_asked_for() {
        let site = Site::resolve("faso", None, &SiteSettings::default()).expect("a site");
        let mut captcha = site.captcha;
        let google = "https://www.google.com/recaptcha/api/siteverify";
        let asked = |captcha: &captcha::Captcha, vendors| verify_url(captcha, vendors).map(|url| url.to_string());
        assert_eq!(asked(&captcha, Some(google)).as_deref(), Ok(google));
        captcha.recaptcha_net = true;
        let net = "https://www.recaptcha.net/recaptcha/api/siteverify";
        assert_eq!(asked(&captcha, Some(google)).as_deref(), Ok(net));
        let other = "https://api.hcaptcha.com/siteverify";
        assert_eq!(asked(&captcha, Some(other)).as_deref(), Ok(other));
        assert!(asked(&captcha, None).is_err());
        captcha.verify_url = Url::parse("https://www.google.com/mine").ok();
        assert_eq!(
            asked(&captcha, Some(google)).as_deref(),
            Ok("https://www.google.com/mine")
        );
    }

    #[test]
    fn of_several_codes_the_one_to_be_mended_speaks() {
        let list: &Codes = &[
            ("secret", Meaning::Ours),
            ("late", Meaning::Expired),
            ("down", Meaning::Outage),
        ];
        let hosts = [];
        let codes = |codes: &[&str]| expected(&hosts).codes(codes.iter().copied(), list);
        let wrong = |text: &str| Some(Verdict::Misconfigured(text.to_owned()));
        assert_eq!(codes(&[]), None);
        assert_eq!(codes(&["late", "secret", "down"]), wrong("secret"));
        assert_eq!(codes(&["late", "down"]), Some(Verdict::Unavailable(Why::ServerError)));
        assert_eq!(codes(&["late", "the-token of\nthe-secret"]), wrong("… of…"));
        assert_eq!(codes(&["late", "Over quota"]), Some(Verdict::Unavailable(Why::Quota)));
        let long = "x".repeat(1000);
        assert_eq!(codes(&[&long]), wrong(&"x".repeat(QUOTE_MAX)));
    }

    #[test]
    fn tokens_that_are_not_worth_a_call() {
        let bad = |bad| Err(Verdict::BadToken(bad));
        let send = |token, spent| sendable_token(token, spent, TOKEN_MAX, false);
        let longest = "a".repeat(TOKEN_MAX);
        assert_eq!(send(Some(&longest), Spent::Never), Ok(longest.as_str()));
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
                Err(Verdict::Unavailable(Why::AmbiguousDuplicate)),
            ),
        ] {
            assert_eq!(send(token, spent), expected, "{token:?}");
        }
        assert_eq!(
            send(Some(&format!("{longest}a")), Spent::Never),
            bad(BadToken::Malformed)
        );
        let repeat = |spent| sendable_token(Some("abc"), spent, TOKEN_MAX, true);
        assert_eq!(repeat(Spent::SameSubmission), Ok("abc"));
        assert_eq!(repeat(Spent::Foreign), bad(BadToken::Foreign));
    }

    fn thousandths(number: f64, one_is_a_machine: bool) -> Option<i64> {
        let number = serde_json::Number::from_f64(number)?;
        scored(&number, one_is_a_machine).score().map(Score::thousandths)
    }

    proptest! {
        #[test]
        fn a_higher_number_is_more_of_a_person_or_less_where_reversed(low in 0.0..=1.0_f64, high in 0.0..=1.0_f64) {
            let (low, high) = if low <= high { (low, high) } else { (high, low) };
            prop_assert!(thousandths(low, false) <= thousandths(high, false));
            prop_assert!(thousandths(low, true) >= thousandths(high, true));
            prop_assert_eq!(thousandths(low, false).map(|h| 1000 - h), thousandths(low, true));
        }

        #[test]
        #[expect(clippy::cast_possible_truncation, reason = "the loss is what is tested")]
        fn float32_noise_never_moves_a_level(level in 0..=10_i64) {
            let exact = f64::from(i32::try_from(level).expect("small")) / 10.0;
            prop_assert_eq!(thousandths(f64::from(exact as f32), false), Some(level * 100));
            prop_assert_eq!(thousandths(f64::from(exact as f32), true), Some(1000 - level * 100));
        }

        #[test]
        fn what_is_no_number_from_0_to_1_is_no_score(number in prop_oneof![1.001..1e300_f64, -1e300..-0.001_f64]) {
            prop_assert_eq!(thousandths(number, false), None);
        }
    }
}
