//! The captcha client against the fake provider: every fault becomes the verdict that names it, and no
//! call is made twice.

use std::{
    net::TcpListener,
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use palabre::{
    captcha::{Ask, Captcha, Finding, Form, Spent},
    domain::{
        captcha::{CaptchaSettings, ProviderId},
        reason::Reason,
        site::{Site, SiteSettings},
        timestamp::Timestamp,
        verdict::{BadToken, NotRun, Verdict, Why},
    },
    keys::Keys,
};

use crate::fake_provider::{FakeProvider, Fault, SECRET};

const HOST: &str = "www.faso.example";

/// A site that verifies with a fake, and the captcha that does it.
struct Scene {
    fake: FakeProvider,
    captcha: Captcha,
    site: Site,
}

impl Scene {
    async fn new() -> Self {
        let fake = FakeProvider::start().await;
        let site = site(&fake.verify_url(), SECRET);
        let keys = Arc::new(Keys::new(&[7; 32], &[]));
        let captcha = Captcha::with_budget(keys, true, Duration::from_millis(700));
        Self { fake, captcha, site }
    }

    fn good_token(&self) -> String {
        self.fake.token(0.9, "comment", HOST)
    }

    async fn verdict(&self, token: &str) -> Verdict {
        self.find(Some(token), Spent::Never).await.verdict
    }

    async fn find(&self, token: Option<&str>, token_spent: Spent) -> Finding {
        let ask = Ask {
            site: &self.site,
            thread: "/a",
            token,
            form: &Form::Missing,
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
}

fn site(verify_url: &str, secret: &str) -> Site {
    let settings = SiteSettings {
        origins: Some(vec![format!("https://{HOST}")]),
        captcha: CaptchaSettings {
            provider: Some(ProviderId::RecaptchaV3),
            secret: Some(secret.to_owned().into()),
            verify_url: Some(verify_url.parse().expect("a URL")),
            ..CaptchaSettings::default()
        },
        ..SiteSettings::default()
    };
    Site::resolve("faso", Some(&settings), &SiteSettings::default()).expect("a site")
}

fn thousandths(verdict: &Verdict) -> i64 {
    verdict
        .score()
        .unwrap_or_else(|| panic!("a score, not {verdict:?}"))
        .thousandths()
}

#[tokio::test]
async fn a_score_arrives_without_its_float_noise() {
    let scene = Scene::new().await;
    for (score, expected) in [(0.1, 100), (0.3, 300), (0.7, 700), (0.9, 900)] {
        let verdict = scene.verdict(&scene.fake.token(score, "comment", HOST)).await;
        assert_eq!(thousandths(&verdict), expected);
        let Verdict::Scored { raw, .. } = verdict else { panic!() };
        assert!(raw.len() > 10, "{raw} is as received");
    }
    assert_eq!(scene.fake.calls(), 4);
}

#[tokio::test]
async fn every_fault_becomes_the_verdict_that_names_it() {
    let wrong = |text: &str| Verdict::Misconfigured(text.to_owned());
    for (fault, expected, calls) in [
        (Fault::RefuseConnection, Verdict::Unavailable(Why::Connect), 0),
        (Fault::Hang, Verdict::Unavailable(Why::Timeout), 1),
        (Fault::Status(500), Verdict::Unavailable(Why::ServerError), 1),
        (Fault::Status(502), Verdict::Unavailable(Why::ServerError), 1),
        (Fault::Status(503), Verdict::Unavailable(Why::ServerError), 1),
        (Fault::Status(429), Verdict::Unavailable(Why::Quota), 1),
        (
            Fault::Status(403),
            wrong("the verify address answers with status 403"),
            1,
        ),
        (Fault::Status(400), Verdict::Unavailable(Why::Garbage), 1),
        (Fault::Html, Verdict::Unavailable(Why::Garbage), 1),
        (Fault::Garbage, Verdict::Unavailable(Why::Garbage), 1),
        (Fault::Bom, Verdict::Unavailable(Why::Garbage), 1),
        (Fault::Huge, Verdict::Unavailable(Why::Garbage), 1),
        (Fault::LostReply, Verdict::Unavailable(Why::Connect), 1),
        (Fault::SuccessWithoutScore, wrong("success without score"), 1),
        (Fault::UnknownCode, wrong("flux-capacitor-empty"), 1),
        (Fault::QuotaText, Verdict::Unavailable(Why::Quota), 1),
        (Fault::Redirect, wrong("the verify address answers with status 307"), 1),
        (Fault::InvalidSecret, wrong("invalid-input-secret"), 1),
        (Fault::BrowserError, Verdict::NotRun(NotRun::BrowserError), 1),
        (
            Fault::EmptyHostname,
            Verdict::BadToken(BadToken::WrongHost(String::new())),
            1,
        ),
    ] {
        let scene = Scene::new().await;
        scene.fake.fault(fault);
        let token = scene.good_token();
        let verdict = scene.verdict(&token).await;
        assert_eq!(verdict, expected, "{fault:?}");
        assert!(Reason::of_verdict(&verdict).is_some(), "{fault:?} holds with a reason");
        assert_eq!(scene.fake.calls(), calls, "{fault:?} is asked once");
        assert_eq!(scene.fake.followed(), 0, "{fault:?}");

        scene.fake.fault(Fault::None);
        let verdict = scene.verdict(&scene.good_token()).await;
        assert_eq!(thousandths(&verdict), 900, "all is well after {fault:?}");
    }
}

#[tokio::test]
async fn a_token_counts_once_for_two_minutes_on_its_host_and_action() {
    let scene = Scene::new().await;
    let token = scene.good_token();
    assert_eq!(thousandths(&scene.verdict(&token).await), 900);
    let expired = Verdict::BadToken(BadToken::Expired);
    assert_eq!(scene.verdict(&token).await, expired, "a second time");

    let (in_time, too_late) = (scene.good_token(), scene.good_token());
    scene.fake.advance(Duration::from_mins(2));
    assert_eq!(thousandths(&scene.verdict(&in_time).await), 900);
    scene.fake.advance(Duration::from_millis(1));
    assert_eq!(scene.verdict(&too_late).await, expired);

    let login = scene.fake.token(0.9, "login", HOST);
    assert_eq!(
        scene.verdict(&login).await,
        Verdict::BadToken(BadToken::WrongAction("login".to_owned()))
    );
    let stolen = scene.fake.token(0.9, "comment", "evil.example");
    assert_eq!(
        scene.verdict(&stolen).await,
        Verdict::BadToken(BadToken::WrongHost("evil.example".to_owned()))
    );
    assert_eq!(scene.verdict("made-up").await, Verdict::BadToken(BadToken::Malformed));
}

#[tokio::test]
async fn a_lost_reply_spends_the_token_and_is_not_asked_again() {
    let scene = Scene::new().await;
    scene.fake.fault(Fault::LostReply);
    let token = scene.good_token();
    assert_eq!(scene.verdict(&token).await, Verdict::Unavailable(Why::Connect));
    scene.fake.fault(Fault::None);
    let again = scene.find(Some(&token), Spent::SameSubmission).await;
    assert_eq!(again.verdict, Verdict::Unavailable(Why::AmbiguousDuplicate));
    assert_eq!(scene.fake.calls(), 1);
    assert_eq!(
        scene.verdict(&token).await,
        Verdict::BadToken(BadToken::Expired),
        "it was spent indeed"
    );
}

#[tokio::test]
async fn what_is_known_without_the_provider_is_not_asked() {
    let scene = Scene::new().await;
    let token = scene.good_token();
    for (token, spent, expected) in [
        (None, Spent::Never, BadToken::Missing),
        (Some(""), Spent::Never, BadToken::Missing),
        (Some("a b"), Spent::Never, BadToken::Malformed),
        (Some(token.as_str()), Spent::Foreign, BadToken::Foreign),
    ] {
        assert_eq!(scene.find(token, spent).await.verdict, Verdict::BadToken(expected));
    }
    assert_eq!(scene.fake.calls(), 0);
}

#[tokio::test]
async fn a_wrong_secret_is_our_fault_and_is_not_shown() {
    let mut scene = Scene::new().await;
    scene.site = site(&scene.fake.verify_url(), "hush-hush");
    let finding = scene.find(Some(&scene.good_token()), Spent::Never).await;
    assert_eq!(
        finding.verdict,
        Verdict::Misconfigured("invalid-input-secret".to_owned())
    );
    for printed in [
        format!("{finding:?}"),
        format!("{:?}", scene.site),
        format!("{:?}", scene.captcha),
    ] {
        assert!(!printed.contains("hush-hush"), "{printed}");
    }
}

#[tokio::test]
async fn a_filled_trap_field_holds_with_any_provider() {
    let scene = Scene::new().await;
    let token = scene.good_token();
    let ask = Ask {
        site: &scene.site,
        thread: "/a",
        token: Some(&token),
        form: &Form::Missing,
        honeypot: true,
        links: 0,
        known_author: false,
        seen_elsewhere: false,
        client: None,
        token_spent: Spent::Never,
        now: Timestamp(scene.fake.now_ms()),
    };
    let finding = scene.captcha.verify(&ask).await;
    assert_eq!(thousandths(&finding.verdict), 900);
    assert_eq!(finding.holds, [Reason::Honeypot]);
}

#[tokio::test]
async fn a_dead_provider_is_left_alone_after_five_failures() {
    let scene = Scene::new().await;
    scene.fake.fault(Fault::Status(503));
    for _ in 0..5 {
        let verdict = scene.verdict(&scene.good_token()).await;
        assert_eq!(verdict, Verdict::Unavailable(Why::ServerError));
    }
    scene.fake.fault(Fault::None);
    let verdict = scene.verdict(&scene.good_token()).await;
    assert_eq!(verdict, Verdict::Unavailable(Why::BreakerOpen));
    assert_eq!(scene.fake.calls(), 5);

    let mut elsewhere = Scene::new().await;
    elsewhere.captcha = scene.captcha;
    let verdict = elsewhere.verdict(&elsewhere.good_token()).await;
    assert_eq!(thousandths(&verdict), 900, "another host has its own breaker");
}

#[tokio::test]
async fn a_live_provider_that_complains_is_asked_on() {
    let scene = Scene::new().await;
    scene.fake.fault(Fault::QuotaText);
    for _ in 0..12 {
        let verdict = scene.verdict(&scene.good_token()).await;
        assert_eq!(verdict, Verdict::Unavailable(Why::Quota));
    }
}

#[tokio::test]
async fn a_hanging_provider_costs_three_seconds() {
    let mut scene = Scene::new().await;
    scene.captcha = Captcha::new(Arc::new(Keys::new(&[7; 32], &[])), true);
    scene.fake.fault(Fault::Hang);
    let start = Instant::now();
    let verdict = scene.verdict(&scene.good_token()).await;
    assert_eq!(verdict, Verdict::Unavailable(Why::Timeout));
    let waited = start.elapsed();
    assert!(
        waited >= Duration::from_millis(2900) && waited < Duration::from_secs(15),
        "{waited:?}"
    );
}

#[tokio::test]
async fn private_addresses_are_called_only_where_allowed() {
    let mut scene = Scene::new().await;
    scene.captcha = Captcha::new(Arc::new(Keys::new(&[7; 32], &[])), false);
    let port = scene.fake.verify_url();
    let port = port.trim_start_matches("http://127.0.0.1:");
    for host in [
        "http://127.0.0.1",
        "https://127.0.0.1",
        "https://localhost",
        "https://[::1]",
        "https://[::ffff:127.0.0.1]",
    ] {
        scene.site = site(&format!("{host}:{port}"), SECRET);
        let verdict = scene.verdict(&scene.good_token()).await;
        let Verdict::Misconfigured(text) = &verdict else {
            panic!("{host}: {verdict:?}")
        };
        assert!(text.starts_with("verify address refused: "), "{text}");
    }
    scene.captcha = Captcha::new(Arc::new(Keys::new(&[7; 32], &[])), true);
    for host in [
        "http://169.254.169.254",
        "https://169.254.169.254",
        "https://[fd00:ec2::254]",
    ] {
        scene.site = site(&format!("{host}/latest/meta-data"), SECRET);
        assert!(
            matches!(scene.verdict(&scene.good_token()).await, Verdict::Misconfigured(_)),
            "{host}"
        );
    }
    assert_eq!(scene.fake.calls(), 0);
    scene.site = site(&format!("http://localhost:{port}"), SECRET);
    assert_eq!(thousandths(&scene.verdict(&scene.good_token()).await), 900);
}

#[tokio::test]
async fn the_built_in_check_from_form_to_score() {
    let captcha = Captcha::new(Arc::new(Keys::new(&[7; 32], &[])), false);
    let house = Site::resolve("faso", None, &SiteSettings::default()).expect("a site");
    let shown = Timestamp(1_764_000_000_000);
    let form_token = captcha.issue_form(&house, "/a", None, shown);
    let challenge = captcha
        .challenge(&house, "/a", &form_token, shown)
        .expect("a challenge");
    assert_eq!(
        captcha.challenge(&house, "/b", &form_token, shown),
        None,
        "another thread"
    );
    let google = site("http://127.0.0.1:1/", SECRET);
    assert_eq!(
        captcha.challenge(&google, "/a", &form_token, shown),
        None,
        "another provider"
    );

    let challenge: altcha::Challenge = serde_json::from_value(challenge).expect("the protocol's shape");
    let mut solution = altcha::solve_challenge(altcha::SolveChallengeOptions::new(&challenge))
        .expect("solvable")
        .expect("in time");
    solution.time = Some(900.0);
    let payload = altcha::Payload { challenge, solution };
    let proof = STANDARD.encode(serde_json::to_vec(&payload).expect("JSON"));

    let now = shown.plus(Duration::from_mins(2));
    let find = async |proof: Option<&str>, form_token: Option<&str>| {
        let form = captcha.check_form("faso", "/a", form_token, now);
        let ask = Ask {
            site: &house,
            thread: "/a",
            token: proof,
            form: &form,
            honeypot: false,
            links: 0,
            known_author: false,
            seen_elsewhere: false,
            client: None,
            token_spent: Spent::Never,
            now,
        };
        captcha.verify(&ask).await
    };
    let with_script = find(Some(&proof), Some(&form_token)).await;
    assert_eq!(thousandths(&with_script.verdict), 700);
    assert_eq!((with_script.holds, with_script.notes), (vec![], vec![]));
    let without_script = find(None, Some(&form_token)).await;
    assert_eq!(thousandths(&without_script.verdict), 500);
    assert_eq!(without_script.notes, [Reason::ProofMissing]);
    let other_form = captcha.issue_form(&house, "/a", None, shown);
    let replayed = find(Some(&proof), Some(&other_form)).await;
    assert_eq!(replayed.holds, [Reason::ProofForged]);
    assert_eq!(find(Some(&proof), None).await.holds, [Reason::FormMissing]);
}

/// Changing this process's own environment is unsafe, so the test runs itself again with the proxy in the
/// environment of the second run, and watches the proxy's door.
#[tokio::test]
async fn a_proxy_of_the_environment_is_not_used() {
    const CHILD: &str = "PALABRE_TEST_UNDER_A_PROXY";
    if std::env::var_os(CHILD).is_some() {
        let scene = Scene::new().await;
        assert_eq!(thousandths(&scene.verdict(&scene.good_token()).await), 900);
        return;
    }
    let proxy = TcpListener::bind("127.0.0.1:0").expect("a free port");
    proxy.set_nonblocking(true).expect("non-blocking");
    let address = format!("http://{}", proxy.local_addr().expect("an address"));
    let mut second_run = Command::new(std::env::current_exe().expect("this test's binary"));
    second_run
        .args(["a_proxy_of_the_environment_is_not_used", "--test-threads=1"])
        .env(CHILD, "1")
        .env_remove("NO_PROXY")
        .env_remove("no_proxy");
    for name in [
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
    ] {
        second_run.env(name, &address);
    }
    let output = tokio::task::spawn_blocking(move || second_run.output())
        .await
        .expect("no panic")
        .expect("it runs");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && printed.contains("1 passed"), "{printed}");
    let knock = proxy.accept().map_err(|error| error.kind());
    assert!(
        matches!(knock, Err(std::io::ErrorKind::WouldBlock)),
        "the proxy was called: {knock:?}"
    );
}
