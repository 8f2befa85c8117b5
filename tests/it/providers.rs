//! Every provider's every answer, and the verdict it becomes: one table, each row through the real client.
//!
//! [`table`] is the conformance table; a test holds it against the lists of codes in `src/captcha/providers`, so that
//! no code is without a row. Below it, what a whole exchange with the pretended provider shows. To add an
//! answer: its row.

use std::{path::Path, sync::Arc, time::Duration};

use futures_util::future::join_all;
use palabre::{
    captcha::{Ask, Captcha, Finding, Form, Spent},
    domain::{
        address::ClientAddress,
        captcha::{CaptchaSettings, ProviderId},
        reason::Reason,
        score::Score,
        site::{Site, SiteSettings},
        timestamp::Timestamp,
        verdict::{BadToken, NotRun, Verdict, Why},
    },
    keys::{Keys, hex},
};

use tokio::{io::AsyncReadExt as _, net::TcpListener};

use crate::fake_provider::{Canned, Claims, FakeProvider, Fault, Levels, SECRET, SECRET_WITHOUT_SCORES, Scenario};
use crate::service::client;

const HOST: &str = "www.faso.example";
const NONCE: &str = "the-nonce-of-the-form";
/// 2026-11-24T12:00:00Z.
const NOW_MS: i64 = 1_795_521_600_000;
const NOW: &str = "2026-11-24T12:00:00Z";

use ProviderId::{
    Cap, Friendly, Hcaptcha, Mcaptcha, Prosopo, RecaptchaEnterprise, RecaptchaV2, RecaptchaV3, Siteverify, Turnstile,
};

const OUTSIDE: [ProviderId; 10] = [
    RecaptchaV3,
    RecaptchaV2,
    RecaptchaEnterprise,
    Hcaptcha,
    Turnstile,
    Siteverify,
    Friendly,
    Prosopo,
    Cap,
    Mcaptcha,
];

/// A site that verifies with a fake, and the captcha that does it.
struct Scene {
    fake: FakeProvider,
    captcha: Captcha,
    site: Site,
}

impl Scene {
    async fn with(provider: ProviderId, secret: &str) -> Self {
        let fake = FakeProvider::start_at(NOW_MS).await;
        let settings = SiteSettings {
            origins: Some(vec![format!("https://{HOST}")]),
            captcha: CaptchaSettings {
                provider: Some(provider),
                secret: Some(secret.to_owned().into()),
                site_key: Some("fake-site-key".to_owned()),
                project: Some("fake".to_owned()),
                verify_url: Some(fake.url_of(provider).parse().expect("a URL")),
                ..CaptchaSettings::default()
            },
            ..SiteSettings::default()
        };
        let site = Site::resolve("faso", Some(&settings), &SiteSettings::default()).expect("a site");
        let captcha = captcha();
        Self { fake, captcha, site }
    }

    async fn new(provider: ProviderId) -> Self {
        Self::with(provider, SECRET).await
    }

    fn token(&self, score: f64) -> String {
        self.fake.mint(Claims {
            score,
            hostname: HOST.to_owned(),
            cdata: NONCE.to_owned(),
            ..Claims::default()
        })
    }

    async fn find_as(&self, token: &str, token_spent: Spent, form: &Form) -> Finding {
        let ask = Ask {
            site: &self.site,
            thread: "/a",
            token: Some(token),
            form,
            honeypot: false,
            links: 0,
            known_author: false,
            seen_elsewhere: false,
            client: None,
            token_spent,
            now: Timestamp(self.fake.now_ms()),
        };
        self.captcha.verify(&ask).await
    }

    async fn find(&self, token: &str) -> Finding {
        self.find_as(token, Spent::Never, &form()).await
    }

    async fn verdict(&self, token: &str) -> Verdict {
        self.find(token).await.verdict
    }
}

/// Patient, so that a busy machine changes no verdict.
fn captcha() -> Captcha {
    with_budget(Duration::from_mins(1))
}

fn with_budget(budget: Duration) -> Captcha {
    Captcha::with_budget(Arc::new(Keys::new(&[7; 32], &[])), true, budget)
}

fn form() -> Form {
    Form::Valid {
        nonce: NONCE.to_owned(),
        age_ms: 20_000,
    }
}

fn wrong(text: &str) -> Verdict {
    Verdict::Misconfigured(text.to_owned())
}

fn bad(bad: BadToken) -> Verdict {
    Verdict::BadToken(bad)
}

fn scored(thousandths: i64, raw: &str) -> Verdict {
    Verdict::Scored {
        score: Score::from_thousandths(thousandths).expect("in range"),
        raw: raw.to_owned(),
    }
}

const PASSED: Verdict = Verdict::Binary { pass: true };
const FAILED: Verdict = Verdict::Binary { pass: false };
const GARBAGE: Verdict = Verdict::Unavailable(Why::Garbage);
const DOWN: Verdict = Verdict::Unavailable(Why::ServerError);
const QUOTA: Verdict = Verdict::Unavailable(Why::Quota);
const BLOCKED: Verdict = Verdict::NotRun(NotRun::Blocked);
const QUOTA_TEXT: &str = "Over Enterprise free quota. Please ensure your project has an active billing account: https://cloud.google.com/recaptcha/docs/billing-information";

/// Provider, status, body, verdict.
type Row = (ProviderId, u16, String, Verdict);

fn table() -> Vec<Row> {
    let mut rows = Vec::new();
    rows.extend(rows_for_all());
    rows.extend(rows_of_codes());
    rows.extend(rows_of_siteverify());
    rows.extend(rows_of_enterprise());
    rows.extend(rows_of_friendly());
    rows.extend(rows_of_prosopo());
    rows.extend(rows_of_hosted_ones());
    rows
}

/// What is no answer of any of them.
fn rows_for_all() -> Vec<Row> {
    let mut rows = Vec::new();
    for provider in OUTSIDE {
        for (status, verdict) in [
            (429, QUOTA),
            (500, DOWN),
            (502, DOWN),
            (503, DOWN),
            (307, wrong("the verify address answers with status 307")),
            (401, wrong("the verify address answers with status 401")),
            (403, wrong("the verify address answers with status 403")),
            (404, wrong("the verify address answers with status 404")),
            (418, GARBAGE),
        ] {
            rows.push((provider, status, String::new(), verdict));
        }
        for body in ["", "<!doctype html><p>One moment", "{", "[]", "null", "{}"] {
            rows.push((provider, 200, body.to_owned(), GARBAGE));
        }
    }
    rows
}

/// The documented and seen codes of those that answer with `error-codes`.
fn rows_of_codes() -> Vec<Row> {
    let google = [
        ("missing-input-secret", wrong("missing-input-secret")),
        ("invalid-input-secret", wrong("invalid-input-secret")),
        ("invalid-keys", wrong("invalid-keys")),
        ("bad-request", wrong("bad-request")),
        ("missing-input-response", BLOCKED),
        ("invalid-input-response", bad(BadToken::Malformed)),
        ("timeout-or-duplicate", bad(BadToken::Expired)),
        ("browser-error", Verdict::NotRun(NotRun::BrowserError)),
        (QUOTA_TEXT, QUOTA),
    ];
    let hcaptcha = [
        ("missing-input-secret", wrong("missing-input-secret")),
        ("invalid-input-secret", wrong("invalid-input-secret")),
        ("sitekey-secret-mismatch", wrong("sitekey-secret-mismatch")),
        ("bad-request", wrong("bad-request")),
        ("invalid-sitekey", wrong("invalid-sitekey")),
        ("missing-remoteip", wrong("missing-remoteip")),
        ("invalid-remoteip", wrong("invalid-remoteip")),
        ("not-using-dummy-passcode", wrong("not-using-dummy-passcode")),
        ("not-using-dummy-secret", wrong("not-using-dummy-secret")),
        ("missing-input-response", BLOCKED),
        ("invalid-input-response", bad(BadToken::Malformed)),
        ("invalid-or-already-seen-response", bad(BadToken::Expired)),
        ("already-seen-response", bad(BadToken::Duplicate)),
        ("expired-input-response", bad(BadToken::Expired)),
    ];
    let turnstile = [
        ("missing-input-secret", wrong("missing-input-secret")),
        ("invalid-input-secret", wrong("invalid-input-secret")),
        ("bad-request", wrong("bad-request")),
        ("missing-input-response", BLOCKED),
        ("invalid-input-response", bad(BadToken::Malformed)),
        ("timeout-or-duplicate", bad(BadToken::Expired)),
        ("internal-error", DOWN),
    ];
    let mut rows = Vec::new();
    for (provider, codes) in [
        (RecaptchaV3, &google[..]),
        (RecaptchaV2, &google[..]),
        (Hcaptcha, &hcaptcha[..]),
        (Turnstile, &turnstile[..]),
        // Who imitates reCAPTCHA imitates its codes.
        (Siteverify, &turnstile[..]),
    ] {
        let unknown = ("flux-capacitor-empty", wrong("flux-capacitor-empty"));
        for (code, verdict) in codes.iter().chain([&unknown]) {
            let body = format!(r#"{{"success":false,"error-codes":["{code}"]}}"#);
            rows.push((provider, 200, body.clone(), verdict.clone()));
            rows.push((provider, 400, body, verdict.clone()));
            let beside_success = format!(r#"{{"success":true,"score":0.9,"error-codes":["{code}"]}}"#);
            rows.push((provider, 200, beside_success, verdict.clone()));
        }
    }
    for provider in [RecaptchaV3, RecaptchaV2, Hcaptcha, Turnstile] {
        rows.push((provider, 200, r#"{"success":false}"#.to_owned(), GARBAGE));
    }
    rows.push((Siteverify, 200, r#"{"success":false}"#.to_owned(), FAILED));
    rows
}

/// Their yes, with what must stand beside it.
#[expect(clippy::too_many_lines, reason = "a table: one line an answer")]
fn rows_of_siteverify() -> Vec<Row> {
    let yes = |more: &str| format!(r#"{{"success":true,"challenge_ts":"{NOW}","hostname":"{HOST}"{more}}}"#);
    let at = |host: &str, more: &str| format!(r#"{{"success":true,"challenge_ts":"{NOW}","hostname":"{host}"{more}}}"#);
    let with_score = |score: &str| yes(&format!(r#","action":"comment","score":{score}"#));
    let evil = || bad(BadToken::WrongHost("evil.example".to_owned()));
    let no_host = || bad(BadToken::WrongHost(String::new()));
    let login = || bad(BadToken::WrongAction("login".to_owned()));
    let bound = |more: &str| yes(&format!(r#","action":"comment","cdata":"{NONCE}"{more}"#));
    let old = |at: &str, more: &str| format!(r#"{{"success":true,"challenge_ts":"{at}","hostname":"{HOST}"{more}}}"#);
    vec![
        (
            RecaptchaV3,
            200,
            with_score("0.8999999761581421"),
            scored(900, "0.8999999761581421"),
        ),
        (RecaptchaV3, 200, with_score("0.9"), scored(900, "0.9")),
        (RecaptchaV3, 200, with_score("0"), scored(0, "0")),
        (RecaptchaV3, 200, with_score("1"), scored(1000, "1")),
        (RecaptchaV3, 200, with_score("1.5"), GARBAGE),
        (RecaptchaV3, 200, with_score("-0.1"), GARBAGE),
        (RecaptchaV3, 200, with_score("\"0.9\""), GARBAGE),
        // The secret of a v2 key.
        (RecaptchaV3, 200, yes(""), wrong("success without score")),
        (
            RecaptchaV3,
            200,
            yes(r#","score":0.9"#),
            bad(BadToken::WrongAction(String::new())),
        ),
        (RecaptchaV3, 200, yes(r#","score":0.9,"action":"login""#), login()),
        (
            RecaptchaV3,
            200,
            at("evil.example", r#","score":0.9,"action":"comment""#),
            evil(),
        ),
        (
            RecaptchaV3,
            200,
            at("", r#","score":0.9,"action":"comment""#),
            no_host(),
        ),
        (
            RecaptchaV3,
            200,
            old("2026-11-24T11:52:59Z", r#","score":0.9,"action":"comment""#),
            bad(BadToken::Expired),
        ),
        (
            RecaptchaV3,
            200,
            old("2026-11-24T12:05:01Z", r#","score":0.9,"action":"comment""#),
            bad(BadToken::Malformed),
        ),
        (RecaptchaV2, 200, yes(""), PASSED),
        // The secret of a v3 key, whose success is no yes.
        (RecaptchaV2, 200, with_score("0.1"), wrong("success with a score")),
        (RecaptchaV2, 200, at("evil.example", ""), evil()),
        (
            RecaptchaV2,
            200,
            r#"{"success":true,"hostname":"www.faso.example"}"#.to_owned(),
            GARBAGE,
        ),
        (Hcaptcha, 200, yes(r#","credit":false"#), PASSED),
        (Hcaptcha, 200, yes(r#","score":0.1"#), scored(900, "0.1")),
        (
            Hcaptcha,
            200,
            yes(r#","score":0.8999999761581421"#),
            scored(100, "0.8999999761581421"),
        ),
        (Hcaptcha, 200, yes(r#","score":0"#), scored(1000, "0")),
        (Hcaptcha, 200, yes(r#","score":1.1"#), GARBAGE),
        (Hcaptcha, 200, at("not-provided", ""), PASSED),
        (Hcaptcha, 200, at("evil.example", ""), evil()),
        (Hcaptcha, 200, at("", ""), no_host()),
        (Turnstile, 200, bound(""), PASSED),
        (
            Turnstile,
            200,
            bound(r#","error-codes":[],"metadata":{"interactive":true}"#),
            PASSED,
        ),
        (
            Turnstile,
            200,
            yes(r#","action":"comment","cdata":"another-form""#),
            bad(BadToken::WrongSite),
        ),
        (Turnstile, 200, yes(r#","action":"comment""#), bad(BadToken::WrongSite)),
        (
            Turnstile,
            200,
            yes(&format!(r#","action":"login","cdata":"{NONCE}""#)),
            login(),
        ),
        (Turnstile, 200, at("evil.example", r#","action":"comment""#), evil()),
        // What the dummy secret answers.
        (
            Turnstile,
            200,
            at("example.com", r#","error-codes":[]"#),
            bad(BadToken::WrongHost("example.com".to_owned())),
        ),
        (
            Turnstile,
            200,
            old(
                "2026-11-24T11:49:59Z",
                &format!(r#","action":"comment","cdata":"{NONCE}""#),
            ),
            bad(BadToken::Expired),
        ),
        (Siteverify, 200, r#"{"success":true}"#.to_owned(), PASSED),
        (
            Siteverify,
            200,
            r#"{"success":true,"score":0.7}"#.to_owned(),
            scored(700, "0.7"),
        ),
        (Siteverify, 200, at("evil.example", ""), evil()),
        (Siteverify, 200, yes(r#","action":"login""#), login()),
        (
            Siteverify,
            200,
            yes(r#","action":"comment","score":0.3"#),
            scored(300, "0.3"),
        ),
    ]
}

fn rows_of_enterprise() -> Vec<Row> {
    let token = |valid: bool, more: &str| format!(r#""tokenProperties":{{"valid":{valid}{more}}}"#);
    let no = |reason: &str| format!("{{{}}}", token(false, &format!(r#","invalidReason":"{reason}""#)));
    let good = |host: &str, action: &str| {
        token(
            true,
            &format!(
                r#","invalidReason":"INVALID_REASON_UNSPECIFIED","hostname":"{host}","action":"{action}","createTime":"{NOW}""#
            ),
        )
    };
    let yes = |risk: &str| format!(r#"{{"name":"n",{},"riskAnalysis":{risk}}}"#, good(HOST, "comment"));
    let failed = |status: &str, message: &str| {
        format!(r#"{{"error":{{"code":400,"status":"{status}","message":"{message}"}}}}"#)
    };
    let answers = [
        (200, no("MALFORMED"), bad(BadToken::Malformed)),
        (200, no("EXPIRED"), bad(BadToken::Expired)),
        (200, no("DUPE"), bad(BadToken::Duplicate)),
        (200, no("MISSING"), BLOCKED),
        (200, no("BROWSER_ERROR"), Verdict::NotRun(NotRun::BrowserError)),
        (200, no("UNKNOWN_INVALID_REASON"), bad(BadToken::Malformed)),
        (
            200,
            no("INVALID_REASON_UNSPECIFIED"),
            wrong("INVALID_REASON_UNSPECIFIED"),
        ),
        (200, no("UNEXPECTED_ACTION"), bad(BadToken::WrongAction(String::new()))),
        (200, no("FLUX_CAPACITOR"), wrong("FLUX_CAPACITOR")),
        // A member at its default may be left out.
        (
            200,
            r#"{"tokenProperties":{}}"#.to_owned(),
            wrong("INVALID_REASON_UNSPECIFIED"),
        ),
        (
            200,
            yes(r#"{"score":0.8999999761581421,"reasons":["AUTOMATION"]}"#),
            scored(900, "0.8999999761581421"),
        ),
        (200, yes(r#"{"score":0.1}"#), scored(100, "0.1")),
        (200, yes(r#"{"reasons":[]}"#), wrong("success without score")),
        (200, yes(r#"{"score":7}"#), GARBAGE),
        (
            200,
            format!(
                r#"{{{},"riskAnalysis":{{"score":0.9}}}}"#,
                good("evil.example", "comment")
            ),
            bad(BadToken::WrongHost("evil.example".to_owned())),
        ),
        (
            200,
            format!(r#"{{{},"riskAnalysis":{{"score":0.9}}}}"#, good(HOST, "login")),
            bad(BadToken::WrongAction("login".to_owned())),
        ),
        (
            400,
            failed("INVALID_ARGUMENT", "API key not valid."),
            wrong("INVALID_ARGUMENT: API key not valid."),
        ),
        (400, String::new(), wrong("the verify address answers with status 400")),
        (401, failed("UNAUTHENTICATED", "No."), wrong("UNAUTHENTICATED: No.")),
        (
            403,
            failed("PERMISSION_DENIED", "Not enabled."),
            wrong("PERMISSION_DENIED: Not enabled."),
        ),
        (404, failed("NOT_FOUND", "No project."), wrong("NOT_FOUND: No project.")),
        (429, failed("RESOURCE_EXHAUSTED", "Quota exceeded."), QUOTA),
        (503, failed("UNAVAILABLE", "Later."), DOWN),
    ];
    answers
        .map(|(status, body, verdict)| (RecaptchaEnterprise, status, body, verdict))
        .into()
}

fn rows_of_friendly() -> Vec<Row> {
    let no = |code: &str| format!(r#"{{"success":false,"error":{{"error_code":"{code}","detail":"words"}}}}"#);
    let yes = |origin: &str| {
        format!(r#"{{"success":true,"data":{{"challenge":{{"timestamp":"{NOW}","origin":"{origin}"}}}}}}"#)
    };
    let answers = [
        (401, no("auth_required"), wrong("auth_required")),
        (401, no("auth_invalid"), wrong("auth_invalid")),
        (400, no("sitekey_invalid"), wrong("sitekey_invalid")),
        (400, no("bad_request"), wrong("bad_request")),
        (400, no("response_missing"), BLOCKED),
        (200, no("response_invalid"), bad(BadToken::Malformed)),
        (200, no("response_timeout"), bad(BadToken::Expired)),
        (200, no("response_duplicate"), bad(BadToken::Duplicate)),
        (200, no("flux-capacitor-empty"), wrong("flux-capacitor-empty")),
        (500, no("internal"), DOWN),
        (200, yes(&format!("https://{HOST}")), PASSED),
        (200, yes(""), bad(BadToken::WrongHost(String::new()))),
        (
            200,
            yes("https://evil.example"),
            bad(BadToken::WrongHost("evil.example".to_owned())),
        ),
        (200, r#"{"success":true}"#.to_owned(), GARBAGE),
        (200, r#"{"success":false}"#.to_owned(), GARBAGE),
        (400, yes(&format!("https://{HOST}")), GARBAGE),
    ];
    answers
        .map(|(status, body, verdict)| (Friendly, status, body, verdict))
        .into()
}

fn rows_of_prosopo() -> Vec<Row> {
    let answers = [
        (200, r#"{"status":"ok","verified":true}"#, PASSED),
        (200, r#"{"verified":false}"#, FAILED),
        (200, r#"{"verified":true,"score":0.1}"#, scored(900, "0.1")),
        (
            200,
            r#"{"verified":true,"score":0.8999999761581421}"#,
            scored(100, "0.8999999761581421"),
        ),
        (200, r#"{"verified":true,"score":1}"#, scored(0, "1")),
        (200, r#"{"verified":true,"score":0.0004}"#, scored(1000, "0.0004")),
        // Its own back end was late: not the best of all scores.
        (200, r#"{"verified":true,"score":0}"#, DOWN),
        (200, r#"{"verified":true,"score":0.0}"#, DOWN),
        (200, r#"{"verified":true,"score":2}"#, GARBAGE),
        // A token that it cannot decode.
        (200, r#"{"verified":false,"score":0}"#, bad(BadToken::Malformed)),
        (200, r#"{"verified":false,"score":0.9}"#, FAILED),
        (400, "{}", wrong("the verify address answers with status 400")),
    ];
    answers
        .map(|(status, body, verdict)| (Prosopo, status, body.to_owned(), verdict))
        .into()
}

fn rows_of_hosted_ones() -> Vec<Row> {
    let no = |error: &str| format!(r#"{{"success":false,"error":"{error}"}}"#);
    let code = |code: &str| format!(r#"{{"success":false,"error-codes":["{code}"]}}"#);
    let cap = [
        (200, r#"{"success":true}"#.to_owned(), PASSED),
        (200, r#"{"success":false}"#.to_owned(), FAILED),
        (
            400,
            no("Missing required parameters"),
            wrong("Missing required parameters"),
        ),
        (
            403,
            no("Invalid site key or secret"),
            wrong("Invalid site key or secret"),
        ),
        (404, no("Token not found"), bad(BadToken::Malformed)),
        (403, no("Token expired"), bad(BadToken::Expired)),
        (400, no("flux-capacitor-empty"), wrong("flux-capacitor-empty")),
        (200, code("missing-input-secret"), wrong("missing-input-secret")),
        (200, code("invalid-input-secret"), wrong("invalid-input-secret")),
        (200, code("missing-input-response"), BLOCKED),
        (200, code("invalid-input-response"), bad(BadToken::Malformed)),
        (200, code("timeout-or-duplicate"), bad(BadToken::Expired)),
    ];
    let mcaptcha = [
        (200, r#"{"valid":true}"#.to_owned(), PASSED),
        (200, r#"{"valid":false}"#.to_owned(), FAILED),
        (200, r#"{"success":true}"#.to_owned(), GARBAGE),
        (
            400,
            "{}".to_owned(),
            wrong("the verify address answers with status 400"),
        ),
    ];
    let cap = cap.map(|(status, body, verdict)| (Cap, status, body, verdict));
    let mcaptcha = mcaptcha.map(|(status, body, verdict)| (Mcaptcha, status, body, verdict));
    cap.into_iter().chain(mcaptcha).collect()
}

#[tokio::test]
async fn every_answer_becomes_its_verdict() {
    let table = table();
    let by_provider = OUTSIDE.map(|provider| {
        let rows = table.iter().filter(move |row| row.0 == provider);
        async move {
            let mut scene = Scene::new(provider).await;
            let mut wrong = Vec::new();
            let mut failures = 0;
            for (_, status, body, expected) in rows {
                // The breaker is not what is looked at: three failures never open it.
                if failures == 3 {
                    scene.captcha = captcha();
                    failures = 0;
                }
                if matches!(expected, Verdict::Unavailable(_)) {
                    // Turnstile is asked twice.
                    failures = if provider == Turnstile { 3 } else { failures + 1 };
                }
                scene.fake.set(Scenario {
                    canned: Some(Canned {
                        status: *status,
                        body: body.clone(),
                    }),
                    ..Scenario::default()
                });
                let finding = scene.find("a-token").await;
                if finding.verdict != *expected || finding.checked_ms.is_none() {
                    wrong.push(format!("{provider:?} {status} {body}: {finding:?}, not {expected:?}"));
                }
            }
            wrong
        }
    });
    let wrong: Vec<String> = join_all(by_provider).await.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for provider in OUTSIDE {
        let rows = table.iter().filter(|row| row.0 == provider).count();
        assert!(rows >= 15, "{provider:?} has {rows} rows");
    }
}

/// Lists of codes stand in the sources as `("code", Meaning::…)`.
#[test]
fn no_code_of_the_sources_is_without_a_row() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/captcha/providers");
    let table = table();
    let mut count = 0;
    for (file, provider) in [
        ("recaptcha_v3", RecaptchaV3),
        ("recaptcha_v3", RecaptchaV2),
        ("recaptcha_enterprise", RecaptchaEnterprise),
        ("hcaptcha", Hcaptcha),
        ("turnstile", Turnstile),
        ("siteverify", Siteverify),
        ("friendly", Friendly),
        ("cap", Cap),
    ] {
        let source = std::fs::read_to_string(folder.join(file).with_extension("rs")).expect("a source");
        let source = source.split("#[cfg(test)]").next().expect("split gives one");
        for line in source.lines().filter(|line| line.contains("\", Meaning::")) {
            let code = line.split('"').nth(1).expect("a code");
            let quoted = format!("\"{code}\"");
            let has_row = table.iter().any(|row| row.0 == provider && row.2.contains(&quoted));
            assert!(has_row, "{provider:?}: {code}");
            count += 1;
        }
    }
    assert!(count > 50, "the lists were not found: {count}");
}

/// What the exchange with the pretended provider itself ends in: good, used again, late, made up.
#[tokio::test]
async fn a_token_counts_once_in_its_life_with_every_provider() {
    for provider in OUTSIDE {
        let scene = Scene::new(provider).await;
        let is_scored = matches!(
            provider,
            RecaptchaV3 | RecaptchaEnterprise | Hcaptcha | Siteverify | Prosopo
        );
        let secret_refused = match provider {
            RecaptchaEnterprise => "INVALID_ARGUMENT: API key not valid. Please pass a valid API key.",
            Friendly => "auth_invalid",
            Cap => "Invalid site key or secret",
            Prosopo | Mcaptcha => "the verify address answers with status 401",
            _ => "invalid-input-secret",
        };
        let scene_for_v2 = Scene::with(provider, SECRET_WITHOUT_SCORES).await;
        let scene = if provider == RecaptchaV2 { &scene_for_v2 } else { &scene };
        let token = scene.token(0.9);
        let good = scene.verdict(&token).await;
        if is_scored {
            assert_eq!(
                good.score().map(Score::thousandths),
                Some(900),
                "{provider:?}: {good:?}"
            );
            let low = scene.verdict(&scene.token(0.1)).await;
            assert_eq!(low.score().map(Score::thousandths), Some(100), "{provider:?}: {low:?}");
        } else {
            assert_eq!(good, PASSED, "{provider:?}");
        }
        // Turnstile answers the same submission the same again; another one asks with another key.
        let other_form = Form::Valid {
            nonce: "another-form".to_owned(),
            age_ms: 20_000,
        };
        let again = scene.find_as(&token, Spent::Never, &other_form).await.verdict;
        assert!(!is_good(&again), "{provider:?} a second time: {again:?}");
        let late = scene.token(0.9);
        scene.fake.advance(Duration::from_mins(21));
        let late = scene.verdict(&late).await;
        assert!(!is_good(&late), "{provider:?} late: {late:?}");
        let made_up = scene.verdict("made-up").await;
        assert!(!is_good(&made_up), "{provider:?} made up: {made_up:?}");

        let probed = scene.captcha.probe(&scene.site, "nobodys").await;
        assert_eq!(probed.as_deref(), Ok("answers and knows the secret"), "{provider:?}");
        let stranger = Scene::with(provider, "hush-hush").await;
        let finding = stranger.find(&stranger.token(0.9)).await;
        assert_eq!(finding.verdict, wrong(secret_refused), "{provider:?}");
        assert!(!format!("{finding:?}").contains("hush-hush"));
        assert_eq!(stranger.fake.calls(), 1, "{provider:?}");
        let probed = stranger.captcha.probe(&stranger.site, "nobodys").await;
        assert_eq!(
            probed,
            Err(format!("does not accept our configuration: {secret_refused}")),
            "{provider:?}"
        );
    }
}

fn is_good(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Scored { .. } | Verdict::Binary { pass: true })
}

#[tokio::test]
async fn no_fault_of_any_provider_says_anything_about_a_person() {
    let faults = [
        (Fault::RefuseConnection, "unavailable"),
        (Fault::Hang, "unavailable"),
        (Fault::Status(500), "unavailable"),
        (Fault::Status(429), "unavailable"),
        (Fault::Status(403), "misconfigured"),
        (Fault::Html, "unavailable"),
        (Fault::Garbage, "unavailable"),
        (Fault::Bom, "unavailable"),
        (Fault::Huge, "unavailable"),
        (Fault::LostReply, "unavailable"),
        (Fault::QuotaText, "unavailable"),
        (Fault::InternalError, "unavailable"),
        (Fault::OutageReply, "unavailable"),
        (Fault::InvalidSecret, "misconfigured"),
        (Fault::UnknownCode, "misconfigured"),
        (Fault::Redirect, "misconfigured"),
    ];
    for provider in OUTSIDE {
        let mut scene = Scene::new(provider).await;
        for (number, (fault, class)) in faults.into_iter().enumerate() {
            if fault == Fault::Hang {
                scene.captcha = with_budget(Duration::from_millis(300));
            } else if number % 3 == 2 || provider == Turnstile {
                scene.captcha = captcha();
            }
            scene.fake.fault(fault);
            let before = scene.fake.calls();
            let finding = scene.find(&scene.token(0.9)).await;
            assert_eq!(finding.verdict.class(), class, "{provider:?} {fault:?}: {finding:?}");
            assert!(Reason::of_verdict(&finding.verdict).is_some(), "{provider:?} {fault:?}");
            assert!(finding.checked_ms.is_some(), "{provider:?} {fault:?}");
            assert!(!format!("{finding:?}").contains(SECRET), "{provider:?} {fault:?}");
            assert_eq!(scene.fake.followed(), 0);
            let most = if provider == Turnstile { 2 } else { 1 };
            assert!(scene.fake.calls() - before <= most, "{provider:?} {fault:?}");
        }
    }
}

#[tokio::test]
async fn turnstile_is_asked_once_more_after_a_lost_reply() {
    let scene = Scene::new(Turnstile).await;
    for (fault, calls) in [
        (Fault::LostReply, 2),
        (Fault::InternalError, 2),
        (Fault::Status(502), 2),
    ] {
        let before = scene.fake.calls();
        scene.fake.fault_times(fault, 1);
        let finding = scene.find(&scene.token(0.9)).await;
        assert_eq!(finding.verdict, PASSED, "{fault:?}");
        assert_eq!(scene.fake.calls() - before, calls, "{fault:?}");
    }

    let lost = Scene::new(Turnstile).await;
    lost.fake.fault(Fault::LostReply);
    let token = lost.token(0.9);
    assert_eq!(lost.verdict(&token).await, Verdict::Unavailable(Why::Connect));
    assert_eq!(lost.fake.calls(), 2, "exactly one more");
    lost.fake.fault(Fault::None);
    let again = lost.find_as(&token, Spent::SameSubmission, &form()).await;
    assert_eq!(again.verdict, PASSED, "the same submission asks the same question");
    let other_form = Form::Valid {
        nonce: "another-form".to_owned(),
        age_ms: 20_000,
    };
    let other = lost.find_as(&token, Spent::Never, &other_form).await;
    assert_eq!(other.verdict, bad(BadToken::Expired), "another form asks another");
    let foreign = lost.find_as(&token, Spent::Foreign, &form()).await;
    assert_eq!(foreign.verdict, bad(BadToken::Foreign));

    let google = Scene::new(RecaptchaV3).await;
    google.fake.fault_times(Fault::LostReply, 1);
    let verdict = google.verdict(&google.token(0.9)).await;
    assert_eq!(verdict, Verdict::Unavailable(Why::Connect));
    assert_eq!(google.fake.calls(), 1, "the others' tokens are used up by the first");
}

#[tokio::test]
async fn a_turnstile_token_counts_with_its_form_only() {
    let scene = Scene::new(Turnstile).await;
    let unbound = || {
        scene.fake.mint(Claims {
            hostname: HOST.to_owned(),
            ..Claims::default()
        })
    };
    let find = async |token: &str, form: &Form| scene.find_as(token, Spent::Never, form).await.verdict;
    assert_eq!(find(&scene.token(0.9), &Form::Missing).await, bad(BadToken::WrongSite));
    assert_eq!(find(&unbound(), &form()).await, bad(BadToken::WrongSite));
    assert_eq!(
        find(&unbound(), &Form::Missing).await,
        PASSED,
        "the publisher's own page"
    );
    let long = "x".repeat(2049);
    let before = scene.fake.calls();
    assert_eq!(find(&long, &form()).await, bad(BadToken::Malformed));
    assert_eq!(scene.fake.calls(), before, "no token of theirs is that long");
}

#[tokio::test]
async fn a_prosopo_token_of_a_published_test_key_is_not_asked_about() {
    let mut scene = Scene::new(Prosopo).await;
    let answer = |body: &str| Scenario {
        canned: Some(Canned {
            status: 200,
            body: body.to_owned(),
        }),
        ..Scenario::default()
    };
    scene.fake.set(answer(r#"{"status":"ok","verified":true}"#));
    let test_key = "5EARALUe4HXQwKo5KanZSGGKqJV4VTaytpezFwv8ZHbZewmh";
    let token_of = |key: &str| format!("0x0000{:02x}{}00", key.len() * 4, hex(key.as_bytes()));
    assert_eq!(scene.verdict(&token_of(test_key)).await, bad(BadToken::WrongSite));
    let shouted = token_of(test_key).to_uppercase();
    assert_eq!(scene.verdict(&shouted).await, bad(BadToken::WrongSite));
    assert_eq!(scene.fake.calls(), 0, "the answer would be yes, whatever the secret");
    assert_eq!(scene.verdict(&token_of("5OurOwnKey")).await, PASSED);
    scene.site.captcha.site_key = Some(test_key.to_owned());
    assert_eq!(
        scene.verdict(&token_of(test_key)).await,
        PASSED,
        "an owner who tries it out"
    );
}

#[tokio::test]
async fn a_friendly_token_may_be_longer_than_others() {
    let scene = Scene::new(Friendly).await;
    let refused = bad(BadToken::Malformed);
    assert_eq!(scene.verdict(&"x".repeat(16 * 1024)).await, refused);
    assert_eq!(scene.fake.calls(), 1, "the provider's own refusal");
    assert_eq!(scene.verdict(&"x".repeat(16 * 1024 + 1)).await, refused);
    assert_eq!(scene.fake.calls(), 1);
}

#[tokio::test]
async fn what_a_provider_remarks_is_kept_as_a_note() {
    for (provider, body) in [
        (
            Hcaptcha,
            format!(
                r#"{{"success":true,"challenge_ts":"{NOW}","hostname":"{HOST}","score":0.9,"score_reason":["a-token-seen","vpn"]}}"#
            ),
        ),
        (
            RecaptchaEnterprise,
            format!(
                r#"{{"tokenProperties":{{"valid":true,"hostname":"{HOST}","action":"comment","createTime":"{NOW}"}},"riskAnalysis":{{"score":0.1,"reasons":["a-token-seen","vpn"]}}}}"#
            ),
        ),
    ] {
        let scene = Scene::new(provider).await;
        scene.fake.set(Scenario {
            canned: Some(Canned { status: 200, body }),
            ..Scenario::default()
        });
        let finding = scene.find("a-token").await;
        assert_eq!(finding.verdict.score().map(Score::thousandths), Some(100));
        let words = "…-seen, vpn".to_owned();
        assert_eq!(finding.notes, [Reason::ProviderSays { words }], "without the token");
        assert!(finding.holds.is_empty());
    }
}

#[tokio::test]
async fn the_pretended_provider_keeps_to_its_scenario() {
    let scene = Scene::new(RecaptchaV3).await;
    let set = |levels, skew_ms, quota_after| {
        scene.fake.set(Scenario {
            levels,
            skew_ms,
            quota_after,
            ..Scenario::default()
        });
    };
    let level = async |score| scene.verdict(&scene.token(score)).await.score().map(Score::thousandths);
    set(Levels::Four, 0, None);
    assert_eq!(level(0.62).await, Some(700));
    set(Levels::Eleven, 0, None);
    assert_eq!(level(0.62).await, Some(600));
    for minutes in [-5, 5] {
        set(Levels::All, minutes * 60_000, None);
        assert_eq!(level(0.9).await, Some(900), "a clock {minutes} minutes off");
    }
    set(Levels::All, 0, Some(scene.fake.calls() + 1));
    assert_eq!(level(0.9).await, Some(900));
    assert_eq!(scene.verdict(&scene.token(0.9)).await, QUOTA);
}

#[tokio::test]
async fn nothing_is_waited_for_where_nobody_is_asked() {
    let scene = Scene::new(Friendly).await;
    let finding = scene.find_as("", Spent::Never, &form()).await;
    assert_eq!((finding.verdict, finding.checked_ms), (bad(BadToken::Missing), None));
    let finding = scene.find_as("a-token", Spent::SameSubmission, &form()).await;
    let ambiguous = Verdict::Unavailable(Why::AmbiguousDuplicate);
    assert_eq!((finding.verdict, finding.checked_ms), (ambiguous, None));
    assert_eq!(scene.fake.calls(), 0);
}

#[tokio::test]
async fn a_pretended_provider_is_told_what_to_do_over_http() {
    let fake = FakeProvider::start_at(NOW_MS).await;
    let base = format!("http://{}", fake.address());
    let client = client();
    let control = async |json: &'static str| {
        let request = client.post(format!("{base}/_control"));
        let sent = request.header("content-type", "application/json").body(json);
        sent.send().await.expect("an answer").status().as_u16()
    };
    assert_eq!(control(r#"{"fault": "lost_reply", "advance_seconds": 60}"#).await, 200);
    assert_eq!(fake.scenario().fault, Fault::LostReply);
    assert_eq!(fake.now_ms(), NOW_MS + 60_000);
    assert_eq!(control(r#"{"reset": true}"#).await, 200, "it can be taken back");
    assert_eq!(fake.scenario(), Scenario::default());
    assert_eq!(control(r#"{"fault": "refuse_connection"}"#).await, 400);
    assert_eq!(control(r#"{"foult": "hang"}"#).await, 422);

    let minted = client.post(format!("{base}/_token"));
    let minted = minted.form(&[("score", "0.3"), ("hostname", HOST)]).send();
    let token = minted.await.expect("an answer").text().await.expect("a token");
    let asked = client.post(fake.verify_url());
    let asked = asked.form(&[("secret", SECRET), ("response", token.as_str())]).send();
    let reply: serde_json::Value = asked.await.expect("an answer").json().await.expect("JSON");
    assert_eq!((&reply["success"], &reply["hostname"]), (&true.into(), &HOST.into()));
    assert!((reply["score"].as_f64().expect("a number") - 0.3).abs() < 1e-6);
    assert_eq!(reply["challenge_ts"], "2026-11-24T12:01:00Z", "its own clock");
}

/// What a provider is sent about the reader at `client`, with the setting as given.
async fn sent_about(provider: ProviderId, client: &str, send_address: bool) -> String {
    let mut scene = Scene::new(provider).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    scene.site.captcha.verify_url = Some(format!("http://{address}/").parse().expect("a URL"));
    scene.site.captcha.send_address = send_address;
    let provider = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.expect("a call");
        let (mut sent, mut piece) = (String::new(), [0; 4096]);
        while !sent.contains("a-token") {
            let read = connection.read(&mut piece).await.expect("a request");
            assert_ne!(read, 0, "the caller went before it had sent its token: {sent}");
            sent.push_str(&String::from_utf8_lossy(&piece[..read]));
        }
        sent
    });
    let ask = Ask {
        site: &scene.site,
        thread: "/a",
        token: Some("a-token"),
        form: &form(),
        honeypot: false,
        links: 0,
        known_author: false,
        seen_elsewhere: false,
        client: Some(ClientAddress::new(client.parse().expect("an address"))),
        token_spent: Spent::Never,
        now: Timestamp(NOW_MS),
    };
    let finding = scene.captcha.verify(&ask).await;
    assert!(matches!(finding.verdict, Verdict::Unavailable(_)), "{finding:?}");
    provider.await.expect("no panic")
}

#[tokio::test]
async fn the_readers_address_is_told_where_the_site_says_so_and_the_provider_takes_it() {
    for provider in OUTSIDE {
        let takes = !matches!(provider, Friendly | Prosopo | Cap | Mcaptcha);
        for (client, send, told) in [
            ("8.8.4.4", true, takes),
            ("8.8.4.4", false, false),
            ("10.0.0.7", true, false),
        ] {
            let sent = sent_about(provider, client, send).await;
            assert_eq!(sent.contains(client), told, "{provider:?} {client} {send}: {sent}");
            let name = if provider == RecaptchaEnterprise {
                "userIpAddress"
            } else {
                "remoteip"
            };
            assert_eq!(sent.contains(name), told, "{provider:?} {client} {send}: {sent}");
        }
    }
}
