//! Owners see how their check holds and test its keys; moderators look; a wrong set-up is told in red.

use std::time::Duration;

use palabre::{
    actions::identify::Role,
    domain::{
        draft::RawDraft,
        provider::ProviderId,
        reason::Reason,
        score::Score,
        triage::Action,
        verdict::{BadToken, NotRun, Verdict, Why},
    },
};
use serde_json::{Value, json};

use crate::{
    example::{Sent as _, draft},
    fake_provider::{FakeProvider, Fault, SECRET},
    service::{Person, SITE, START, Service, comment, unescaped},
    stores::{Storage, on_both_engines},
};

on_both_engines!(
    the_figures_are_those_of_the_comments,
    what_a_reader_met_is_told_to_the_owner,
    a_key_that_returns_more_levels_is_told_of,
    a_test_of_the_keys_says_what_the_provider_answers,
    tests_of_keys_are_limited_by_site,
    a_wrong_set_up_stands_in_red_for_an_hour,
    a_vendors_test_key_stands_in_red,
    moderators_look_and_owners_test,
    the_page_says_it_in_words_and_works_without_a_script,
    the_built_in_check_has_nothing_to_test,
);

const API: &str = "/api/v1/sites/faso/captcha/defence";
const TEST: &str = "/api/v1/sites/faso/captcha/test";
const PAGE: &str = "/sites/faso/defence";

/// The site with Google's score, whose provider nobody calls here.
fn site() -> String {
    site_with("")
}

fn site_with(more: &str) -> String {
    format!("{SITE}[site.captcha]\nprovider = \"recaptcha_v3\"\nsecret = \"{SECRET}\"\n{more}")
}

/// The site whose provider is the fake.
fn site_of(fake: &FakeProvider) -> String {
    let url = fake.verify_url();
    format!(
        "[outgoing]\nallow_private_addresses = true\n{}",
        site_with(&format!("verify_url = \"{url}\"\n"))
    )
}

/// A comment of `provider` that was checked that many hours ago.
async fn checked(service: &Service, provider: ProviderId, verdict: Verdict, hours_ago: u64, waited: Option<i64>) {
    let mut seed = service.seed();
    seed.content.draft = draft(RawDraft {
        thread: "/article".to_owned(),
        name: "Awa".to_owned(),
        email: "awa@example.org".to_owned(),
        body: "Un mot.".to_owned(),
        ..RawDraft::default()
    });
    seed.at = service.app.clock.now().minus(Duration::from_hours(hours_ago));
    seed.submitted().captcha.provider = provider;
    seed.submitted().outcome.reasons = Reason::of_verdict(&verdict).into_iter().collect();
    seed.submitted().outcome.level = verdict.score();
    seed.submitted().outcome.action = Action::Hold;
    seed.submitted().captcha.verdict = verdict;
    seed.submitted().captcha.checked_ms = waited;
    service.plants(seed).await;
}

fn scored(thousandths: i64) -> Verdict {
    let score = Score::from_thousandths(thousandths).expect("in range");
    Verdict::Scored {
        score,
        raw: score.to_string(),
    }
}

async fn told(person: &Person<'_>) -> Value {
    person.gets(API).await.expect(200).json
}

/// A hundred comments over two days, seven days ago three of another provider, and one of long ago.
async fn a_month(service: &Service) {
    for number in 0..40 {
        checked(service, ProviderId::RecaptchaV3, scored(900), 1, Some(100 + number)).await;
        checked(service, ProviderId::RecaptchaV3, scored(300), 25, Some(200)).await;
    }
    for _ in 0..6 {
        checked(
            service,
            ProviderId::RecaptchaV3,
            Verdict::BadToken(BadToken::Missing),
            1,
            None,
        )
        .await;
        checked(
            service,
            ProviderId::RecaptchaV3,
            Verdict::Unavailable(Why::Timeout),
            25,
            Some(3001),
        )
        .await;
    }
    for host in ["evil.example", "evil.example", "miroir.example"] {
        let verdict = Verdict::BadToken(BadToken::WrongHost(host.to_owned()));
        checked(service, ProviderId::RecaptchaV3, verdict, 1, Some(90)).await;
    }
    checked(
        service,
        ProviderId::RecaptchaV3,
        Verdict::BadToken(BadToken::Expired),
        1,
        Some(90),
    )
    .await;
    checked(
        service,
        ProviderId::RecaptchaV3,
        Verdict::BadToken(BadToken::Expired),
        25,
        Some(90),
    )
    .await;
    checked(
        service,
        ProviderId::RecaptchaV3,
        Verdict::NotRun(NotRun::Blocked),
        1,
        None,
    )
    .await;
    let refused = Verdict::Misconfigured("invalid-keys".to_owned());
    checked(service, ProviderId::RecaptchaV3, refused, 25, Some(90)).await;
    checked(service, ProviderId::RecaptchaV3, scored(700), 1, Some(100)).await;
    for _ in 0..3 {
        checked(service, ProviderId::BuiltIn, scored(500), 7 * 24, None).await;
    }
    checked(service, ProviderId::RecaptchaV3, scored(100), 40 * 24, Some(100)).await;
}

async fn the_figures_are_those_of_the_comments(storage: &Storage) {
    let service = Service::start(storage, &site()).await;
    let owner = service.owner().await;
    a_month(&service).await;

    let defence = told(&owner).await;
    assert_eq!(
        (&defence["provider"], &defence["days"]),
        (&json!("recaptcha_v3"), &json!(30))
    );
    assert_eq!(defence["since"], "2026-10-25T10:00:00Z");
    let figures = ["total", "answered", "without_token", "unavailable", "misconfigured"].map(|name| &defence[name]);
    assert_eq!(figures, [100, 81, 12, 6, 1].map(|count| json!(count)).each_ref());
    assert_eq!(defence["standing"], "partly");
    assert_eq!(
        (&defence["missing_share"], &defence["expired_share"]),
        (&json!(0.06), &json!(0.02))
    );
    assert_eq!(defence["latency"], json!({"count": 93, "p50_ms": 130, "p95_ms": 3000}));
    assert_eq!(
        defence["levels"],
        json!([0.3, 0.7, 0.9]),
        "the old one is out of the period"
    );
    assert_eq!(defence["breaker"], "closed");
    assert_eq!(
        defence["faults"],
        json!([]),
        "what was wrong yesterday is not wrong now"
    );
    assert_eq!(
        (&defence["calls_this_month"], &defence["free_calls"]),
        (&json!(93), &json!(10_000))
    );

    let causes: Vec<_> = defence["causes"].as_array().expect("causes").iter().take(3).collect();
    let cause = |verdict: &str, detail: &str, side: &str, count: i64| json!({"verdict": verdict, "detail": detail, "side": side, "count": count});
    assert_eq!(
        causes,
        [
            &cause("bad_token", "missing", "reader", 6),
            &cause("unavailable", "timeout", "provider", 6),
            &cause("bad_token", "wrong_host", "ours", 3),
        ]
    );
    assert_eq!(
        defence["hosts"],
        json!([{"host": "evil.example", "count": 2}, {"host": "miroir.example", "count": 1}])
    );

    let days = defence["by_day"].as_array().expect("days");
    let names: Vec<_> = days
        .iter()
        .map(|day| (&day["day"], &day["provider"], &day["total"]))
        .collect();
    assert_eq!(
        names,
        [
            (&json!("2026-11-24"), &json!("recaptcha_v3"), &json!(52)),
            (&json!("2026-11-23"), &json!("recaptcha_v3"), &json!(48)),
            (&json!("2026-11-17"), &json!("house"), &json!(3)),
        ]
    );
    assert_eq!(
        days[0]["verdicts"],
        json!({"scored": 41, "bad_token": 10, "not_run": 1})
    );
    assert_eq!(
        days[0]["details"],
        json!({"missing": 6, "wrong_host": 3, "expired": 1, "blocked": 1})
    );
    assert_eq!(days[1]["latency"], json!({"count": 48, "p50_ms": 200, "p95_ms": 3000}));
    assert_eq!(days[2]["latency"], Value::Null, "nobody was waited for");

    let longest = owner.gets(&format!("{API}?days=90")).await.expect(200).json;
    assert_eq!((&longest["total"], &longest["levels"][0]), (&json!(101), &json!(0.1)));
    let shortest = owner.gets(&format!("{API}?days=1")).await.expect(200).json;
    assert_eq!(
        (&shortest["total"], &shortest["by_day"].as_array().map(Vec::len)),
        (&json!(52), &Some(1))
    );
    for days in ["0", "91", "many", "-1"] {
        let answer = owner.gets(&format!("{API}?days={days}")).await;
        assert_eq!(answer.error(), (422, "invalid"), "{days}");
        assert_eq!(answer.json["errors"][0]["code"], "days_bad");
    }
    service.stop().await;
}

async fn what_a_reader_met_is_told_to_the_owner(storage: &Storage) {
    let fake = FakeProvider::start_at(START.0).await;
    let service = Service::start(storage, &site_of(&fake)).await;
    let (reader, owner) = (service.reader(), service.owner().await);
    let send = async |token: Option<String>, text: &str| {
        let mut fields = comment(text);
        fields["captcha"] = json!(token);
        fields["form"] = json!(reader.opens_form("/article").await);
        reader.submits(&fields).await.expect(202);
    };
    let none = told(&owner).await;
    assert_eq!(
        (&none["standing"], &none["latency"], &none["by_day"]),
        (&json!("unseen"), &Value::Null, &json!([]))
    );

    send(Some(fake.token(0.9, "comment", "faso.test")), "Un").await;
    send(Some(fake.token(0.9, "comment", "evil.example")), "Deux").await;
    send(None, "Trois").await;
    fake.fault(Fault::Status(500));
    for number in 0..5 {
        send(
            Some(fake.token(0.9, "comment", "faso.test")),
            &format!("Panne {number}"),
        )
        .await;
    }
    let defence = told(&owner).await;
    assert_eq!(
        (&defence["total"], &defence["answered"], &defence["unavailable"]),
        (&json!(8), &json!(1), &json!(5))
    );
    assert_eq!(defence["standing"], "partly");
    assert_eq!(defence["hosts"], json!([{"host": "evil.example", "count": 1}]));
    assert_eq!(defence["levels"], json!([0.9]));
    assert_eq!(defence["breaker"], "open", "five failures in a row");
    let page = service.signs_in().await.gets(PAGE).await.expect(200).text;
    assert!(page.contains("Le service ne répond plus"), "{page}");
    service.stop().await;
}

async fn a_key_that_returns_more_levels_is_told_of(storage: &Storage) {
    let service = Service::start(storage, &site()).await;
    let moderator = service.moderator().await;
    let told = async || moderator.gets(API).await.expect(200).json["new_levels"].clone();
    for number in 0..29 {
        checked(
            &service,
            ProviderId::RecaptchaV3,
            scored([100, 900][number % 2]),
            8 * 24,
            None,
        )
        .await;
    }
    checked(&service, ProviderId::RecaptchaV3, scored(300), 1, None).await;
    assert_eq!(told().await, json!([]), "too few to know what is usual");
    checked(&service, ProviderId::RecaptchaV3, scored(900), 10 * 24, None).await;
    checked(&service, ProviderId::RecaptchaV3, scored(900), 1, None).await;
    checked(&service, ProviderId::RecaptchaV3, scored(700), 6 * 24, None).await;
    checked(&service, ProviderId::BuiltIn, scored(500), 1, None).await;
    assert_eq!(told().await, json!([0.3, 0.7]));
    let page = service.signs_in().await.gets(PAGE).await.expect(200);
    assert!(
        page.text.contains("d’autres scores qu’avant\u{202f}: 0,3 · 0,7."),
        "{}",
        page.text
    );
    service.clock.advance(Duration::from_hours(8 * 24));
    assert_eq!(told().await, json!([]), "a week later they are usual");
    service.stop().await;
}

async fn a_test_of_the_keys_says_what_the_provider_answers(storage: &Storage) {
    let fake = FakeProvider::start_at(START.0).await;
    let service = Service::start(storage, &site_of(&fake)).await;
    let owner = service.owner().await;
    for (fault, result, detail, words) in [
        (Fault::None, "accepted", Value::Null, "connaît votre clé secrète"),
        (
            Fault::InvalidSecret,
            "misconfigured",
            json!("invalid-input-secret"),
            "refuse vos réglages",
        ),
        (Fault::QuotaText, "unavailable", json!("quota"), "le quota est épuisé"),
        (Fault::Html, "unavailable", json!("garbage"), "réponse illisible"),
        (Fault::RefuseConnection, "unavailable", json!("connect"), "injoignable"),
    ] {
        fake.fault(fault);
        let answer = owner.posts(TEST, &json!({})).await.expect(200).json;
        assert_eq!(
            (&answer["result"], &answer["detail"]),
            (&json!(result), &detail),
            "{fault:?}: {answer}"
        );
        let message = answer["message"].as_str().expect("words");
        assert!(
            message.contains("reCAPTCHA v3") && message.contains(words),
            "{fault:?}: {message}"
        );
        assert!(!message.contains(SECRET));
    }
    fake.fault(Fault::None);
    let calls = fake.calls();
    let english = owner
        .posts(&format!("{TEST}?lang=en"), &json!({}))
        .await
        .expect(200)
        .json;
    assert!(
        english["message"]
            .as_str()
            .is_some_and(|words| words.starts_with("All is well"))
    );
    assert_eq!(fake.calls(), calls + 1, "one call a test");
    let defence = told(&owner).await;
    assert_eq!(defence["total"], 0, "a test is nobody's comment");

    let browser = service.signs_in().await;
    fake.fault(Fault::InvalidSecret);
    let page = browser.posts(&format!("{PAGE}/test"), &[]).await.expect(200);
    assert_eq!(page.header("cache-control"), "no-store");
    let said = "reCAPTCHA v3 répond, mais refuse vos réglages\u{202f}: «\u{202f}invalid-input-secret\u{202f}»";
    assert!(unescaped(&page.text).contains(said), "{}", page.text);
    service.stop().await;
}

async fn tests_of_keys_are_limited_by_site(storage: &Storage) {
    let fake = FakeProvider::start_at(START.0).await;
    let config = format!(
        "[rate_limit]\ncaptcha_test = {{ burst = 2, per_hour = 2 }}\n{}",
        site_of(&fake)
    );
    let service = Service::start(storage, &config).await;
    let (owner, other) = (
        service.owner().await,
        service.person("Issa", Role::Owner, &["faso"]).await,
    );
    owner.posts(TEST, &json!({})).await.expect(200);
    other.posts(TEST, &json!({})).await.expect(200);
    let answer = owner.posts(TEST, &json!({})).await;
    assert_eq!(answer.error(), (429, "rate_limited"));
    assert!(
        answer
            .header("retry-after")
            .parse::<u64>()
            .is_ok_and(|seconds| seconds > 1000)
    );
    let page = service.signs_in().await.posts(&format!("{PAGE}/test"), &[]).await;
    assert_eq!(page.status, 429);
    assert_eq!(fake.calls(), 2, "a refused test asks nobody");
    service.stop().await;
}

async fn a_wrong_set_up_stands_in_red_for_an_hour(storage: &Storage) {
    let fake = FakeProvider::start_at(START.0).await;
    let service = Service::start(storage, &site_of(&fake)).await;
    let (reader, owner) = (service.reader(), service.owner().await);
    let browser = service.signs_in().await;
    let pages = ["/queue", "/queue?status=spam&site=faso", "/sites/faso/captcha", PAGE];
    let red = "<section class=\"alarm\"";
    for page in pages {
        assert!(!browser.gets(page).await.expect(200).text.contains(red), "{page}");
    }
    fake.fault(Fault::InvalidSecret);
    for text in ["Un", "Deux"] {
        let mut fields = comment(text);
        fields["captcha"] = json!(fake.token(0.9, "comment", "faso.test"));
        let sent = reader.submits(&fields).await.expect(202);
        assert_eq!(sent.json["status"], "pending", "never the reader's fault");
    }
    for page in pages {
        let text = browser.gets(page).await.expect(200).text;
        assert!(text.contains(red), "{page}");
        assert!(
            text.contains("Le Faso\u{202f}: le service de vérification refuse nos réglages"),
            "{page}"
        );
        assert!(
            text.contains("2 commentaires") && text.contains("le dernier à 10:00 UTC"),
            "{page}"
        );
        assert_eq!(
            text.matches("État de la vérification</a>").count() > 0,
            page != PAGE,
            "{page}"
        );
    }
    let english = browser.gets("/queue?lang=en").await.expect(200).text;
    assert!(english.contains("the captcha service refuses our settings"));
    let faults = told(&owner).await["faults"].clone();
    let expected = json!([
        {"code": "misconfigured", "detail": "invalid-input-secret", "count": 2, "at": "2026-11-24T10:00:00Z"}
    ]);
    assert_eq!(faults, expected);
    assert_eq!(told(&owner).await["standing"], "down");

    service.clock.advance(Duration::from_secs(3601));
    for page in pages {
        assert!(!browser.gets(page).await.expect(200).text.contains(red), "{page}");
    }
    service.stop().await;
}

async fn a_vendors_test_key_stands_in_red(storage: &Storage) {
    let config = site().replace(SECRET, "6LeIxAcTAAAAAGG-vFI1TnRWxMZNFuojJ4WifJWe");
    let service = Service::start(storage, &config).await;
    let browser = service.signs_in().await;
    let faults = told(&service.owner().await).await["faults"].clone();
    assert_eq!(faults[0]["code"], "test_key");
    for page in ["/queue", "/sites/faso/captcha", PAGE] {
        let text = browser.gets(page).await.expect(200).text;
        assert!(text.contains("clé d’essai publique"), "{page}");
        assert!(!text.contains("6LeIxAcTAAAAAGG"), "no secret on a page");
    }
    service.stop().await;
}

async fn moderators_look_and_owners_test(storage: &Storage) {
    let fake = FakeProvider::start_at(START.0).await;
    let service = Service::start(storage, &format!("{}[[site]]\nid = \"sahel\"\n", site_of(&fake))).await;
    let moderator = service.person("Awa", Role::Moderator, &["faso"]).await;
    let foreigner = service.person("Issa", Role::Owner, &["sahel"]).await;
    let browse = async |person: &Person<'_>, path: &str| {
        service
            .request(reqwest::Method::GET, path, |request| {
                request.bearer_auth(&person.token).header("accept", "text/html")
            })
            .await
    };
    moderator.gets(API).await.expect(200);
    assert_eq!(moderator.posts(TEST, &json!({})).await.error(), (403, "forbidden"));
    assert_eq!(foreigner.gets(API).await.error(), (404, "not_found"));
    assert_eq!(foreigner.posts(TEST, &json!({})).await.error(), (404, "not_found"));
    assert_eq!(service.get(API).await.error(), (401, "unauthenticated"));

    let page = browse(&moderator, PAGE).await.expect(200);
    assert!(!page.text.contains("Tester mes clés</button>"));
    assert!(page.text.contains("Seul un propriétaire du site peut tester les clés."));
    let queue = browse(&moderator, "/queue").await.expect(200);
    assert!(queue.text.contains(&format!("href=\"{PAGE}\"")), "the way there");
    assert!(!queue.text.contains("/sites/sahel/"), "and to no other site");
    browse(&foreigner, PAGE).await.expect(404);
    assert_eq!(
        service.get(PAGE).await.header("location"),
        "/login?next=%2Fsites%2Ffaso%2Fdefence"
    );
    assert_eq!(fake.calls(), 0);
    service.stop().await;
}

async fn the_page_says_it_in_words_and_works_without_a_script(storage: &Storage) {
    let service = Service::start(storage, &site()).await;
    let browser = service.signs_in().await;
    let fresh = browser.gets(PAGE).await.expect(200).text;
    assert!(fresh.contains("rien ne dit encore si la vérification fonctionne"));
    assert!(!fresh.contains("<table"), "no figures, no table");
    a_month(&service).await;
    let page = browser.gets(PAGE).await.expect(200);
    assert!(page.header("content-security-policy").contains("default-src 'none'"));
    assert!(!page.text.contains("<script"));
    for words in [
        "<h1>Défense\u{202f}: Le Faso</h1>",
        "La vérification ne fonctionne qu’en partie\u{202f}: en 30 jours, 81 commentaires vérifiés sur 100.",
        "Aucun texte n’est perdu",
        "Service en place\u{202f}: reCAPTCHA v3.",
        "Scores reçus\u{202f}: 0,3 · 0,7 · 0,9.",
        "Quota gratuit utilisé\u{202f}: 93 appels sur 10\u{202f}000 ce mois-ci (moins de 1\u{202f}%).",
        "evil.example",
        "24 novembre 2026",
        "vérification intégrée",
        "Tester mes clés</button>",
        "/sites/faso/captcha\">Seuils et scores</a>",
    ] {
        assert!(page.text.contains(words), "{words}: {}", page.text);
    }
    let english = browser.gets(&format!("{PAGE}?lang=en&days=7")).await.expect(200).text;
    assert!(english.contains("The check works only in part: in 7 days, 81 comments checked of 100."));
    for odd in ["0", "91", "many"] {
        let usual = browser.gets(&format!("{PAGE}?days={odd}")).await.expect(200).text;
        assert!(usual.contains("en 30 jours"), "{odd}: the usual period");
    }
    let link = format!("href=\"{PAGE}\"");
    for from in ["/queue", "/sites/faso/captcha"] {
        assert!(browser.gets(from).await.expect(200).text.contains(&link), "{from}");
    }
    service.stop().await;
}

async fn the_built_in_check_has_nothing_to_test(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let owner = service.owner().await;
    checked(&service, ProviderId::BuiltIn, scored(900), 1, None).await;
    let defence = told(&owner).await;
    assert_eq!(
        (&defence["provider"], &defence["standing"]),
        (&json!("house"), &json!("works"))
    );
    assert_eq!(
        (&defence["breaker"], &defence["free_calls"]),
        (&Value::Null, &Value::Null)
    );
    let answer = owner.posts(TEST, &json!({})).await.expect(200).json;
    assert_eq!(answer["result"], "not_needed");
    let page = service.signs_in().await.gets(PAGE).await.expect(200).text;
    assert!(page.contains("La vérification fonctionne\u{202f}: en 30 jours, 1 commentaire vérifié sur 1."));
    assert!(!page.contains("Tester mes clés"), "no key, no button");
    service.stop().await;
}
