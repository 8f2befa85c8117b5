//! Who may come in, and what for: tokens, the setup link, sessions, and every route by role.
//!
//! The table [`ROUTES`] holds every operation of the API's document; a new route fails the test until it
//! has its line there.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use palabre::{
    actions::{authority::Authority, identify::Role, setup, tokens},
    domain::{actor::Scope, status::Status},
    keys::sha256_hex,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    document::operations,
    language::page_paths,
    service::{Answer, Browser, OWNER_EMAIL, PASSPHRASE, SITE, Service, values_of},
    stores::{Storage, on_both_engines},
};

on_both_engines!(
    a_bearer_token_counts_alone,
    a_token_ends_when_it_expires_or_is_revoked,
    the_setup_link_opens_one_session_within_ten_minutes,
    the_setup_session_makes_one_owner_and_nothing_else,
    the_setup_session_makes_sites_until_there_is_an_owner,
    guesses_of_a_setup_code_are_limited_across_a_restart,
    the_cookies_are_for_this_browser_and_host_only,
    sign_in_over_plain_http_is_refused_away_from_loopback,
    a_change_by_cookie_comes_from_a_page_of_ours,
    a_session_that_was_left_is_over,
    a_session_ends_after_twelve_idle_hours_and_thirty_days,
    every_route_by_role,
    a_second_address_keeps_newsroom_and_readers_apart,
    pages_lead_to_the_door,
);

/// Two sites of one newsroom.
fn two_sites() -> String {
    format!("{SITE}[[site]]\nid = \"sahel\"\n")
}

async fn a_bearer_token_counts_alone(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let moderator = service.moderator().await;
    let browser = service.signs_in().await;
    let ask = async |authorization: &str, method: Method, path: &str, body: &Value| {
        service
            .request(method, path, |request| {
                request
                    .header("authorization", authorization)
                    .header("cookie", &browser.cookie)
                    .json(body)
            })
            .await
    };
    let queue = "/api/v1/moderation/queue";
    let good = format!("Bearer {}", moderator.token);
    for bad in [
        "Bearer wrong",
        "Bearer ",
        "Bearer",
        "Basic YTpi",
        "",
        &good.replace("Bearer ", "Token "),
    ] {
        let answer = ask(bad, Method::GET, queue, &json!({})).await;
        assert_eq!(
            answer.error(),
            (401, "unauthenticated"),
            "{bad:?}: the cookie does not help"
        );
        assert_eq!(answer.header("www-authenticate"), "Bearer");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    ask(&good, Method::GET, queue, &json!({})).await.expect(200);
    ask(&good.replace("Bearer", "bearer"), Method::GET, queue, &json!({}))
        .await
        .expect(200);
    let policies = "/api/v1/sites/faso/captcha/policies";
    let body = json!({"base": 0, "cuts": {}});
    let refused = ask(&good, Method::POST, policies, &body).await;
    assert_eq!(
        refused.error(),
        (403, "forbidden"),
        "a moderator's, whatever the owner's cookie says"
    );
    let id = service.plants(service.seed()).await;
    let path = format!("/api/v1/comments/{id}/approve");
    let done = service
        .request(Method::POST, &path, |request| {
            request
                .bearer_auth(&moderator.token)
                .header("cookie", &browser.cookie)
                .header("sec-fetch-site", "cross-site")
                .header("origin", "https://elsewhere.example")
        })
        .await;
    assert_eq!(done.status, 200, "a token is no cookie: no page can send it unasked");
    service.stop().await;
}

async fn a_token_ends_when_it_expires_or_is_revoked(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let now = service.app.clock.now();
    let expires = Some(now.plus(Duration::from_hours(1)));
    let wanted = tokens::Wanted {
        name: None,
        role: Role::Moderator,
        scope: Scope::All,
        expires_at: expires,
    };
    let short = tokens::create(&service.app, Authority::Operator, wanted)
        .await
        .expect("a token")
        .secret;
    let long = service.moderator().await;
    let ask = async |token: &str| {
        service
            .request(Method::GET, "/api/v1/moderation/queue", |request| {
                request.bearer_auth(token)
            })
            .await
            .status
            .as_u16()
    };
    assert_eq!((ask(&short).await, ask(&long.token).await), (200, 200));
    service.clock.advance(Duration::from_secs(3599));
    assert_eq!(ask(&short).await, 200);
    service.clock.advance(Duration::from_secs(1));
    assert_eq!((ask(&short).await, ask(&long.token).await), (401, 200));

    let hash = sha256_hex(long.token.as_bytes());
    let row = service
        .app
        .store
        .token_by_hash(&hash, now)
        .await
        .expect("read")
        .expect("it is there")
        .row;
    tokens::revoke(&service.app, Authority::Operator, row.id)
        .await
        .expect("revoked");
    assert_eq!(ask(&long.token).await, 401, "at once");
    assert_eq!(ask(&hash).await, 401, "what is stored is no token");
    service.stop().await;
}

async fn opens(service: &Service, code: &str) -> Answer {
    service
        .request(Method::POST, "/setup", |request| request.form(&[("code", code)]))
        .await
}

async fn new_code(service: &Service) -> String {
    setup::new_code(&service.app).await.expect("a code")
}

/// The form of the first account, as a browser sends it.
async fn makes_owner(browser: &Browser<'_>, name: &str, email: &str, passphrase: &str) -> Answer {
    let fields = [("name", name), ("email", email), ("passphrase", passphrase)];
    browser.posts("/setup/you", &fields).await
}

async fn the_setup_link_opens_one_session_within_ten_minutes(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let code = new_code(&service).await;
    for _ in 0..2 {
        let page = service.get(&format!("/setup?code={code}")).await.expect(200);
        assert_eq!(
            values_of(&page.text, "code"),
            [code.as_str()],
            "looking changes nothing"
        );
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert!(page.header("set-cookie").is_empty());
    }
    let opened = opens(&service, &code).await.expect(303);
    assert_eq!(opened.header("location"), "/setup/you");

    let second = opens(&service, &code).await;
    assert_eq!(second.status, StatusCode::FORBIDDEN, "once");
    assert!(second.header("set-cookie").is_empty());
    for wrong in ["", "wrong", &"x".repeat(10_000)] {
        let answer = opens(&service, wrong).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(answer.header("set-cookie").is_empty());
    }
    let (late, in_time) = (new_code(&service).await, new_code(&service).await);
    service.clock.advance(Duration::from_secs(599));
    opens(&service, &in_time).await.expect(303);
    service.clock.advance(Duration::from_secs(1));
    assert_eq!(
        opens(&service, &late).await.status,
        StatusCode::FORBIDDEN,
        "ten minutes"
    );

    let many = new_code(&service).await;
    let tries = futures_util::future::join_all((0..10).map(|_| opens(&service, &many))).await;
    let opened = tries
        .iter()
        .filter(|answer| answer.status == StatusCode::SEE_OTHER)
        .count();
    assert_eq!(opened, 1, "ten at once open one session");
    service.stop().await;
}

async fn the_setup_session_makes_sites_until_there_is_an_owner(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let nobody = service.browser(&service.get("/healthz").await);
    let code = new_code(&service).await;
    let first = service.browser(&opens(&service, &code).await.expect(303));
    let code = new_code(&service).await;
    let second = service.browser(&opens(&service, &code).await.expect(303));
    let body = json!({"id": "neuf", "name": "Neuf",
        "captcha": {"provider": "hcaptcha", "site_key": "k", "secret": "s"}});
    let foreign = service.request(Method::POST, "/api/v1/sites", |request| {
        request.header("cookie", &first.cookie).json(&body)
    });
    assert_eq!(foreign.await.error(), (403, "csrf"));
    let made = first.sends(&Method::POST, "/api/v1/sites", &body).await.expect(201);
    assert_eq!(made.json["captcha"]["provider"], "hcaptcha");
    assert_eq!(
        first.sends(&Method::POST, "/api/v1/sites", &body).await.error(),
        (409, "site_exists")
    );
    nobody.sends(&Method::POST, "/api/v1/sites", &body).await.expect(401);
    let invited = json!({"email": "x@example.org", "name": "X", "role": "owner", "all_sites": true});
    for (method, path, body) in [
        (Method::GET, "/api/v1/sites", json!({})),
        (Method::GET, "/api/v1/sites/neuf", json!({})),
        (Method::PATCH, "/api/v1/sites/neuf", json!({"name": "Autre"})),
        (Method::POST, "/api/v1/moderators", invited.clone()),
        (Method::POST, "/api/v1/moderators/invite", invited),
        (Method::GET, "/api/v1/moderators", json!({})),
        (
            Method::POST,
            "/api/v1/tokens",
            json!({"role": "owner", "all_sites": true}),
        ),
        (
            Method::POST,
            "/api/v1/sites/neuf/captcha/policies",
            json!({"base": 0, "cuts": {}}),
        ),
        (Method::GET, "/api/v1/moderation/audit", json!({})),
        (Method::GET, "/api/v1/sessions", json!({})),
    ] {
        let refused = first.sends(&method, path, &body).await;
        assert_eq!(refused.error(), (401, "unauthenticated"), "{method} {path}");
    }
    let made = makes_owner(&first, "Awa Ouédraogo", "awa@example.org", PASSPHRASE)
        .await
        .expect(200);
    let owner = service.browser(&made);
    for late in [&first, &second] {
        let body = json!({"id": "tard", "name": "Trop tard"});
        let refused = late.sends(&Method::POST, "/api/v1/sites", &body).await;
        assert_eq!(refused.error(), (401, "unauthenticated"));
    }
    let log = owner.gets("/api/v1/moderation/audit?site=neuf").await.expect(200);
    assert_eq!(log.json["entries"][0]["actor"], "Démonstration", "{}", log.text);
    service.stop().await;
}

async fn the_setup_session_makes_one_owner_and_nothing_else(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    for page in ["/queue", "/sites/faso/captcha", "/login"] {
        let led = service
            .request(Method::GET, page, |request| request.header("accept", "text/html"))
            .await
            .expect(303);
        let location = led.header("location");
        assert!(
            location.starts_with("/login") || location == "/setup",
            "{page}: {location}"
        );
    }
    let nobody = service.browser(&service.get("/healthz").await);
    assert_eq!(nobody.gets("/setup/you").await.expect(303).header("location"), "/setup");
    let unasked = makes_owner(&nobody, "Awa", "awa@example.org", PASSPHRASE)
        .await
        .expect(303);
    assert_eq!(unasked.header("location"), "/setup");

    let code = new_code(&service).await;
    let first = service.browser(&opens(&service, &code).await.expect(303));
    first.gets("/queue").await.expect(303);
    let api = service
        .request(Method::GET, "/api/v1/moderation/queue", |request| {
            request.header("cookie", &first.cookie)
        })
        .await;
    assert_eq!(api.error(), (401, "unauthenticated"), "it stands for nobody yet");
    for (name, email, passphrase, wrong) in [
        ("", "awa@example.org", PASSPHRASE, "name"),
        ("Awa", "awa", PASSPHRASE, "email"),
        ("Awa", "awa@example.org", "trop court", "passphrase"),
        ("Awa", "awa@example.org", "motdepasse123", "passphrase"),
        ("Awa Ouédraogo", "awa@example.org", "awa ouédraogo", "passphrase"),
        ("Awa", "awa@example.org", &"é".repeat(1001), "passphrase"),
    ] {
        let asked = makes_owner(&first, name, email, passphrase).await.expect(422);
        assert!(
            asked.text.contains(&format!("id=\"{wrong}-error\"")),
            "{wrong}: {}",
            asked.text
        );
        assert_eq!(values_of(&asked.text, "name"), [name], "what was typed stays");
        assert_eq!(values_of(&asked.text, "email"), [email]);
        assert_eq!(values_of(&asked.text, "passphrase"), [""], "but for the passphrase");
    }
    let other_code = new_code(&service).await;
    let second = service.browser(&opens(&service, &other_code).await.expect(303));
    let made = makes_owner(&first, "Awa Ouédraogo", "Awa@Example.org", PASSPHRASE)
        .await
        .expect(200);
    assert_eq!(made.header("cache-control"), "no-store");
    let codes = made.text.matches("<li><code>").count();
    assert_eq!(codes, 10, "recovery codes: {}", made.text);
    let owner = service.browser(&made);
    assert_ne!(owner.cookie, first.cookie, "a new session");
    assert!(owner.gets("/queue").await.expect(200).text.contains("Awa Ouédraogo"));
    first.gets("/queue").await.expect(303);

    // From now on there is no first run, for nobody.
    assert_eq!(
        makes_owner(&second, "Issa", "issa@example.org", PASSPHRASE)
            .await
            .status,
        404
    );
    for path in ["/setup", "/setup?code=x", "/setup/you"] {
        assert_eq!(owner.gets(path).await.status, 404, "{path}");
        assert_eq!(second.gets(path).await.status, 404, "{path}");
    }
    assert_eq!(opens(&service, "x").await.status, 404);
    assert!(setup::new_code(&service.app).await.is_err());
    let back = service.signs_in_as("awa@example.org", PASSPHRASE).await;
    back.gets("/queue").await.expect(200);
    service.stop().await;
}

async fn guesses_of_a_setup_code_are_limited_across_a_restart(storage: &Storage) {
    let config = format!("[rate_limit]\nenabled = true\n{SITE}");
    let mut service = Service::start(storage, &config).await;
    for _ in 0..5 {
        assert_eq!(opens(&service, "wrong").await.status, StatusCode::FORBIDDEN);
    }
    for restart in [false, true] {
        if restart {
            service.stop().await;
            service = Service::start(storage, &config).await;
        }
        let code = new_code(&service).await;
        let paused = opens(&service, &code).await;
        assert_eq!(paused.status, StatusCode::TOO_MANY_REQUESTS);
        let wait: u64 = paused.header("retry-after").parse().expect("seconds");
        assert!((1..=600).contains(&wait), "{wait}");
        assert!(!paused.header("ratelimit").is_empty() && !paused.header("ratelimit-policy").is_empty());
        assert!(paused.header("set-cookie").is_empty(), "not even with the right one");
    }
    service.clock.advance(Duration::from_mins(10));
    let code = new_code(&service).await;
    opens(&service, &code).await.expect(303);
    service.stop().await;
}

/// The attributes of each cookie that an answer sets, by its name.
fn cookies_of(answer: &Answer) -> BTreeMap<String, BTreeSet<String>> {
    let cookies = answer.headers.get_all("set-cookie").iter();
    cookies
        .map(|cookie| {
            let mut parts = cookie.to_str().expect("text").split("; ").map(str::to_owned);
            let pair = parts.next().expect("a pair");
            (pair.split('=').next().expect("a name").to_owned(), parts.collect())
        })
        .collect()
}

async fn the_cookies_are_for_this_browser_and_host_only(storage: &Storage) {
    let set = |parts: &[&str]| -> BTreeSet<String> { parts.iter().map(|part| (*part).to_owned()).collect() };
    let local = Service::start(storage, SITE).await;
    local.signs_in().await;
    let other = Storage::sqlite();
    let config = format!("[server]\npublic_url = \"https://comments.example.org\"\n{SITE}");
    let secure = Service::start(&other, &config).await;
    secure.signs_in().await;
    for (service, prefix, more) in [(&local, "", &[][..]), (&secure, "__Host-", &["Secure"][..])] {
        let entered = service
            .request(Method::POST, "/login", |request| {
                request.form(&[("email", OWNER_EMAIL), ("passphrase", PASSPHRASE)])
            })
            .await
            .expect(303);
        let common = ["HttpOnly", "SameSite=Lax", "Path=/"];
        let expected = [("session", "Max-Age=2592000"), ("browser", "Max-Age=31536000")].map(|(name, age)| {
            let attributes = set(&[&common[..], &[age], more].concat());
            (format!("{prefix}palabre_{name}"), attributes)
        });
        assert_eq!(cookies_of(&entered), BTreeMap::from(expected), "and no Domain");
    }
    let browser = secure.signs_in().await;
    let get = async |cookie: &str| {
        secure
            .request(Method::GET, "/api/v1/moderation/queue", |request| {
                request.header("cookie", cookie)
            })
            .await
            .status
            .as_u16()
    };
    assert_eq!(get(&browser.cookie).await, 200);
    assert_eq!(
        get(&browser.cookie.replace("__Host-", "")).await,
        401,
        "a name that another host may set is not read"
    );
    local.stop().await;
    secure.stop().await;
}

async fn sign_in_over_plain_http_is_refused_away_from_loopback(storage: &Storage) {
    let config = format!("[server]\npublic_url = \"http://comments.example.org\"\n{SITE}");
    let service = Service::start(storage, &config).await;
    let code = new_code(&service).await;
    let page = service.get(&format!("/setup?code={code}")).await;
    assert!(page.text.contains("https") && values_of(&page.text, "code").is_empty());
    let (_, invited) = service.invites("Awa", "awa@example.org", Role::Owner, &[]).await;
    let form = |path: &'static str, fields: Vec<(&'static str, String)>| (path, fields);
    let refused = [
        form("/setup", vec![("code", code)]),
        form(
            "/invitation",
            vec![("code", invited), ("passphrase", PASSPHRASE.to_owned())],
        ),
        form(
            "/login",
            vec![
                ("email", "awa@example.org".to_owned()),
                ("passphrase", PASSPHRASE.to_owned()),
            ],
        ),
        form(
            "/login/code",
            vec![("pass", "x".to_owned()), ("code", "000000".to_owned())],
        ),
        form("/login/recovery", vec![("email", "awa@example.org".to_owned())]),
    ];
    for (path, fields) in refused {
        let answer = service
            .request(Method::POST, path, |request| {
                request.header("accept", "text/html").form(&fields)
            })
            .await;
        assert_eq!(answer.status, 403, "{path}: {}", answer.text);
        assert!(answer.header("set-cookie").is_empty(), "{path}");
        assert!(
            answer.text.contains("https"),
            "{path} says what to set up: {}",
            answer.text
        );
    }
    let login = service.get("/login").await.expect(200);
    assert!(login.text.contains("https"));
    service.stop().await;
}

async fn a_change_by_cookie_comes_from_a_page_of_ours(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let browser = service.signs_in().await;
    let own = service.url.clone();
    let localhost = own.replace("127.0.0.1", "localhost");
    let cases: [(&[(&str, &str)], bool); 12] = [
        (&[], false),
        (&[("sec-fetch-site", "cross-site")], false),
        (&[("sec-fetch-site", "same-site")], false),
        (&[("sec-fetch-site", "cross-site"), ("origin", &own)], false),
        (&[("origin", "https://elsewhere.example")], false),
        (&[("origin", "https://faso.test")], false),
        (&[("origin", "null")], false),
        (&[("origin", "http://127.0.0.1:1")], false),
        (&[("sec-fetch-site", "same-origin")], true),
        (&[("sec-fetch-site", "none")], true),
        (&[("origin", &own)], true),
        (&[("origin", &localhost)], true),
    ];
    for (headers, is_allowed) in cases {
        let id = service.plants(service.seed()).await;
        for (path, fields) in [
            (format!("/api/v1/comments/{id}/approve"), None),
            (
                "/queue/decide".to_owned(),
                Some([("comment", id.to_string()), ("action", "spam".to_owned())]),
            ),
        ] {
            let answer = service
                .request(Method::POST, &path, |mut request| {
                    request = request.header("cookie", &browser.cookie);
                    for (name, value) in headers {
                        request = request.header(*name, *value);
                    }
                    match &fields {
                        Some(fields) => request.form(fields),
                        None => request,
                    }
                })
                .await;
            if is_allowed {
                assert!(
                    matches!(answer.status.as_u16(), 200 | 303),
                    "{headers:?} {path}: {}",
                    answer.text
                );
            } else {
                assert_eq!(answer.error(), (403, "csrf"), "{headers:?} {path}");
            }
        }
        let comment = service.app.store.comment(id).await.expect("read").expect("it is there");
        let changed = comment.status != Status::Pending;
        assert_eq!(changed, is_allowed, "{headers:?}: what was refused changed nothing");
    }
    let put = service
        .request(Method::PUT, "/api/v1/sites/faso/threads/a", |request| {
            request.header("cookie", &browser.cookie).json(&json!({"open": false}))
        })
        .await;
    assert_eq!(put.error(), (403, "csrf"));
    service.stop().await;
}

async fn a_session_that_was_left_is_over(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let browser = service.signs_in().await;
    let foreign = service
        .request(Method::POST, "/logout", |request| {
            request
                .header("cookie", &browser.cookie)
                .header("sec-fetch-site", "cross-site")
        })
        .await;
    assert_eq!(foreign.status, 403, "nobody else can sign one out");
    browser.gets("/queue").await.expect(200);
    let left = browser.posts("/logout", &[]).await.expect(303);
    assert_eq!(left.header("location"), "/login");
    assert!(
        left.header("set-cookie").contains("Max-Age=0"),
        "{}",
        left.header("set-cookie")
    );
    let replayed = browser.gets("/queue").await.expect(303);
    assert_eq!(
        replayed.header("location"),
        "/login?next=%2Fqueue",
        "the cookie is worth nothing any more"
    );
    let api = service
        .request(Method::GET, "/api/v1/moderation/queue", |request| {
            request.header("cookie", &browser.cookie)
        })
        .await;
    assert_eq!(api.error(), (401, "unauthenticated"));
    service.stop().await;
}

async fn a_session_ends_after_twelve_idle_hours_and_thirty_days(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let idle = service.signs_in().await;
    service.clock.advance(Duration::from_secs(12 * 3600 - 1));
    idle.gets("/queue").await.expect(200);
    service.clock.advance(Duration::from_secs(12 * 3600 - 1));
    idle.gets("/queue").await.expect(200);
    service.clock.advance(Duration::from_hours(12));
    idle.gets("/queue").await.expect(303);

    let busy = service.signs_in().await;
    for _ in 0..71 {
        service.clock.advance(Duration::from_hours(10));
        busy.gets("/queue").await.expect(200);
    }
    service.clock.advance(Duration::from_secs(10 * 3600 - 1));
    busy.gets("/queue").await.expect(200);
    service.clock.advance(Duration::from_secs(1));
    busy.gets("/queue").await.expect(303);
    service.stop().await;
}

/// An operation, the body it is tried with, and the statuses that a moderator of the site, an owner of
/// the site, an owner of another site and somebody without credentials get.
type Route = (&'static str, &'static str, &'static str, [u16; 4]);

/// `{id}` is a waiting comment of `faso`, `{public}` a public one.
const ROUTES: [Route; 53] = [
    ("GET", "/healthz", "", [200, 200, 200, 200]),
    ("GET", "/readyz", "", [200, 200, 200, 200]),
    ("GET", "/metrics", "", [403, 403, 403, 401]),
    ("GET", "/api/v1/sites/{site}/form?thread=%2Fa", "", [200, 200, 200, 200]),
    (
        "POST",
        "/api/v1/sites/{site}/comments",
        r#"{"thread":"/a","name":"Aminata","email":"a@example.org","body":"Oui"}"#,
        [202, 202, 202, 202],
    ),
    ("GET", "/r/{receipt}", "", [404, 404, 404, 404]),
    ("POST", "/r/{receipt}/appeal", "", [404, 404, 404, 404]),
    ("POST", "/r/{receipt}/erase", "", [404, 404, 404, 404]),
    (
        "POST",
        "/login",
        r#"{"email":"a@example.org","passphrase":"x"}"#,
        [401, 401, 401, 401],
    ),
    (
        "POST",
        "/login/code",
        r#"{"pass":"x","code":"1"}"#,
        [401, 401, 401, 401],
    ),
    // From a page of ours alone.
    ("POST", "/logout", "{}", [403, 403, 403, 403]),
    // A bearer token has no session.
    ("POST", "/login/retype", r#"{"passphrase":"x"}"#, [403, 403, 403, 401]),
    (
        "POST",
        "/r/{receipt}/step-up",
        r#"{"proof":"e30="}"#,
        [404, 404, 404, 404],
    ),
    (
        "GET",
        "/api/v1/sites/{site}/comments?thread=%2Fa",
        "",
        [200, 200, 200, 200],
    ),
    (
        "GET",
        "/api/v1/sites/{site}/counts?thread=%2Fa",
        "",
        [200, 200, 200, 200],
    ),
    ("GET", "/api/v1/comments/{id}/replies?after=x", "", [200, 200, 200, 200]),
    (
        "POST",
        "/api/v1/comments/{id}/report",
        r#"{"reason":"x"}"#,
        [404, 404, 404, 404],
    ),
    ("GET", "/api/v1/moderation/queue", "", [200, 200, 200, 401]),
    // Another's comment is left out.
    ("GET", "/api/v1/moderation/context?ids={id}", "", [200, 200, 200, 401]),
    ("GET", "/api/v1/comments/{id}", "", [200, 200, 404, 401]),
    ("POST", "/api/v1/comments/{id}/{action}", "{}", [200, 200, 404, 401]),
    (
        "POST",
        "/api/v1/moderation/decisions",
        r#"{"decisions":[{"key":"1","comment":"x","action":"spam"}]}"#,
        [200, 200, 200, 401],
    ),
    (
        "POST",
        "/api/v1/moderation/bulk",
        r#"{"filter":{"site":"faso"},"dry_run":true}"#,
        [200, 200, 404, 401],
    ),
    // A comment's id is no bulk's; whose one is, is asked in `bulk.rs`.
    ("GET", "/api/v1/moderation/bulk/{id}", "", [404, 404, 404, 401]),
    ("POST", "/api/v1/moderation/bulk/{id}/undo", "", [404, 404, 404, 401]),
    ("GET", "/api/v1/moderation/events", "", [200, 200, 200, 401]),
    ("GET", "/api/v1/moderation/counts", "", [200, 200, 200, 401]),
    ("GET", "/api/v1/moderation/counts?site={site}", "", [200, 200, 404, 401]),
    (
        "POST",
        "/api/v1/moderation/leases",
        r#"{"comment":"{id}"}"#,
        [200, 200, 404, 401],
    ),
    ("GET", "/api/v1/moderation/audit", "", [200, 200, 200, 401]),
    (
        "PUT",
        "/api/v1/sites/{site}/threads/{thread}",
        "{}",
        [200, 200, 404, 401],
    ),
    ("GET", "/api/v1/sites/{site}/captcha/evidence", "", [200, 200, 404, 401]),
    (
        "POST",
        "/api/v1/sites/{site}/captcha/preview",
        r#"{"cuts":{}}"#,
        [200, 200, 404, 401],
    ),
    ("GET", "/api/v1/sites/{site}/captcha/policies", "", [200, 200, 404, 401]),
    // 409: an owner came as far as the version it is made from.
    (
        "POST",
        "/api/v1/sites/{site}/captcha/policies",
        r#"{"base":7,"cuts":{}}"#,
        [403, 409, 404, 401],
    ),
    ("GET", "/api/v1/sites/{site}/captcha/defence", "", [200, 200, 404, 401]),
    ("POST", "/api/v1/sites/{site}/captcha/test", "{}", [403, 200, 404, 401]),
    ("GET", "/api/v1/sites", "", [200, 200, 200, 401]),
    // Who owns one site makes no other.
    ("POST", "/api/v1/sites", r#"{"id":"neuf"}"#, [403, 403, 403, 401]),
    ("GET", "/api/v1/sites/{site}", "", [403, 200, 404, 401]),
    (
        "PATCH",
        "/api/v1/sites/{site}",
        r#"{"body_max":900}"#,
        [403, 200, 404, 401],
    ),
    ("GET", "/api/v1/moderators", "", [403, 200, 200, 401]),
    // A program makes no accounts and no links.
    (
        "POST",
        "/api/v1/moderators",
        r#"{"email":"a@example.org","name":"A","role":"moderator","site":"faso"}"#,
        [403, 403, 404, 401],
    ),
    (
        "POST",
        "/api/v1/moderators/invite",
        r#"{"email":"b@example.org","name":"B","role":"moderator","site":"faso"}"#,
        [403, 403, 404, 401],
    ),
    (
        "PATCH",
        "/api/v1/moderators/{account}",
        r#"{"site":"faso","role":"moderator"}"#,
        [403, 200, 404, 401],
    ),
    ("POST", "/api/v1/moderators/{account}/link", "{}", [404, 403, 404, 401]),
    ("DELETE", "/api/v1/moderators/{account}", "", [404, 204, 404, 401]),
    ("GET", "/api/v1/tokens", "", [403, 200, 200, 401]),
    (
        "POST",
        "/api/v1/tokens",
        r#"{"role":"moderator","site":"faso"}"#,
        [403, 201, 404, 401],
    ),
    ("DELETE", "/api/v1/tokens/{token}", "", [403, 204, 404, 401]),
    // A bearer token has no sessions.
    ("GET", "/api/v1/sessions", "", [403, 403, 403, 401]),
    ("DELETE", "/api/v1/sessions", "", [403, 403, 403, 401]),
    ("DELETE", "/api/v1/sessions/{session}", "", [403, 403, 403, 401]),
];

const REVERT: Route = (
    "POST",
    "/api/v1/sites/{site}/captcha/policies/{n}/revert",
    r#"{"base":7}"#,
    [403, 409, 404, 401],
);

/// The ids of an account and of a token that work on `faso` alone.
async fn new_person(service: &Service) -> (String, String) {
    let email = format!("{}@example.org", uuid::Uuid::now_v7());
    let (account, _) = service.invites("Awa", &email, Role::Moderator, &["faso"]).await;
    let wanted = tokens::Wanted {
        name: None,
        role: Role::Moderator,
        scope: Scope::Sites(vec!["faso".to_owned()]),
        expires_at: None,
    };
    let token = tokens::create(&service.app, Authority::Operator, wanted)
        .await
        .expect("a token");
    (account.to_string(), token.id.to_string())
}

async fn every_route_by_role(storage: &Storage) {
    let config = format!("{SITE}[site.captcha.policy]\npublish_from = 0.5\n") + "[[site]]\nid = \"sahel\"\n";
    let service = Service::start(storage, &config).await;
    let people = [
        Some(service.person("Awa", Role::Moderator, &["faso"]).await.token),
        Some(service.person("Oumar", Role::Owner, &["faso"]).await.token),
        Some(service.person("Issa", Role::Owner, &["sahel"]).await.token),
        None,
    ];
    let mut tried = BTreeSet::new();
    for (method, path, body, statuses) in ROUTES.into_iter().chain([REVERT]) {
        let template = path.split('?').next().expect("a path");
        tried.insert((method.to_owned(), template.to_owned()));
        for (token, expected) in people.iter().zip(statuses) {
            let id = service.plants(service.seed()).await.to_string();
            let path = path
                .replace("{site}", "faso")
                .replace("{id}", &id)
                .replace("{action}", "approve")
                .replace("{thread}", "a")
                .replace("{n}", "1");
            let path = if path.contains("{account}") || path.contains("{token}") || path.contains("{session}") {
                let (account, token) = new_person(&service).await;
                path.replace("{account}", &account)
                    .replace("{token}", &token)
                    .replace("{session}", &token)
            } else {
                path
            };
            let body = body.replace("{id}", &id);
            let method = Method::from_bytes(method.as_bytes()).expect("a method");
            let answer = service
                .request(method.clone(), &path, |mut request| {
                    if let Some(token) = token {
                        request = request.bearer_auth(token);
                    }
                    if body.is_empty() {
                        request
                    } else {
                        request.header("content-type", "application/json").body(body)
                    }
                })
                .await;
            assert_eq!(
                answer.status.as_u16(),
                expected,
                "{method} {path} {token:?}: {}",
                answer.text
            );
            if answer.status.is_client_error() {
                assert_eq!(
                    answer.header("content-type"),
                    "application/problem+json",
                    "{method} {path}"
                );
            }
        }
    }
    let document: Value = serde_json::from_str(&palabre::http::openapi()).expect("JSON");
    assert_eq!(
        tried,
        operations(&document),
        "every operation of the document, and no other"
    );

    let all = service.moderator().await;
    let metrics = all.gets("/metrics").await.expect(200);
    assert!(metrics.text.contains("palabre_http_requests_total"));
    service.stop().await;
}

async fn a_second_address_keeps_newsroom_and_readers_apart(storage: &Storage) {
    let config = format!(
        "[server]\npublic_url = \"https://comments.example.org\"\nadmin_url = \"https://salle.example.org\"\n{SITE}"
    );
    let service = Service::start(storage, &config).await;
    let owner = service.owner().await;
    let ask = async |host: &str, path: &str| {
        service
            .request(Method::GET, path, |request| {
                request.header("host", host).bearer_auth(&owner.token)
            })
            .await
            .status
            .as_u16()
    };
    let (public, newsroom) = ("comments.example.org", "Salle.example.org:443");
    for path in [
        "/queue",
        "/login",
        "/sites/faso/captcha",
        "/api/v1/moderation/queue",
        "/api/v1/sites/faso",
        "/api/v1/sites/faso/captcha/evidence",
        "/api/v1/moderators",
    ] {
        assert_eq!(ask(public, path).await, 404, "{path}");
        assert_ne!(ask(newsroom, path).await, 404, "{path}");
    }
    for path in [
        "/t/faso?thread=a",
        "/api/v1/sites/faso/form?thread=a",
        "/api/v1/sites/faso/comments?thread=a",
    ] {
        assert_eq!(ask(public, path).await, 200, "{path}");
        assert_eq!(ask(newsroom, path).await, 404, "{path}");
        assert_eq!(
            ask("elsewhere.example", path).await,
            200,
            "any other name is the public one: {path}"
        );
    }
    for path in ["/healthz", "/docs", "/openapi.json"] {
        assert_eq!(
            (ask(public, path).await, ask(newsroom, path).await),
            (200, 200),
            "{path}"
        );
    }
    // One signs in there, with a cookie for that host, and links lead there.
    let (_, code) = service.invites("Awa", "awa@example.org", Role::Owner, &[]).await;
    let fields = [("code", code.as_str()), ("passphrase", PASSPHRASE)];
    let accepted = service
        .request(Method::POST, "/invitation", |request| {
            request
                .header("host", newsroom)
                .header("origin", "https://salle.example.org")
                .form(&fields)
        })
        .await
        .expect(200);
    assert!(cookies_of(&accepted).contains_key("__Host-palabre_session"));
    let link = palabre::actions::links::link(&service.app, "x");
    assert!(link.starts_with("https://salle.example.org/invitation"), "{link}");
    service.stop().await;
}

async fn pages_lead_to_the_door(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    let moderator = service.person("Awa", Role::Moderator, &["faso"]).await;
    let browse = async |method: &Method, path: &str, token: Option<&str>| {
        service
            .request(method.clone(), path, |request| {
                let request = request.header("accept", "text/html,*/*;q=0.8");
                let request = match token {
                    Some(token) => request.bearer_auth(token),
                    None => request,
                };
                if *method == Method::POST {
                    request.form(&[("base", "0")])
                } else {
                    request
                }
            })
            .await
    };
    let rows = [
        (Method::GET, "/queue", 200),
        (Method::POST, "/queue/decide", 404),
        (Method::POST, "/queue/bulk", 404),
        (Method::GET, "/queue/all?site=faso", 200),
        (Method::GET, "/queue/all?site=sahel", 404),
        (Method::POST, "/queue/all", 422),
        (Method::GET, "/queue/all/00000000-0000-0000-0000-000000000000", 404),
        (
            Method::POST,
            "/queue/all/00000000-0000-0000-0000-000000000000/undo",
            404,
        ),
        (Method::POST, "/queue/undo", 404),
        (Method::GET, "/sites/faso/captcha", 200),
        (Method::POST, "/sites/faso/captcha/policies", 403),
        (Method::POST, "/sites/faso/captcha/policies/1/revert", 403),
        (Method::GET, "/sites/faso/defence", 200),
        (Method::POST, "/sites/faso/defence/test", 403),
        (Method::GET, "/sites/sahel/captcha", 404),
        (Method::GET, "/sites/sahel/defence", 404),
        (Method::POST, "/sites/sahel/captcha/policies", 404),
        (Method::GET, "/sites", 200),
        (Method::POST, "/sites", 403),
        (Method::GET, "/sites/faso/settings", 403),
        (Method::POST, "/sites/faso/settings", 403),
        (Method::GET, "/sites/sahel/settings", 404),
        (Method::POST, "/sites/sahel/settings", 404),
        (Method::GET, "/setup/site", 404),
        (Method::POST, "/setup/site", 404),
        (Method::GET, "/setup/robots", 404),
        (Method::POST, "/setup/robots", 404),
        (Method::GET, "/setup/try", 404),
        (Method::POST, "/setup/try", 404),
        // Pages of accounts are for accounts, of the team and tokens for owners.
        (Method::GET, "/account", 403),
        (Method::POST, "/account/name", 403),
        (Method::POST, "/account/sessions", 403),
        (Method::GET, "/account/passphrase", 403),
        (Method::POST, "/account/passphrase", 403),
        (Method::GET, "/account/second-step", 403),
        (Method::POST, "/account/second-step", 403),
        (Method::GET, "/account/second-step/confirm", 403),
        (Method::POST, "/account/second-step/confirm", 403),
        (Method::GET, "/account/second-step/remove", 403),
        (Method::POST, "/account/second-step/remove", 403),
        (Method::GET, "/account/codes", 403),
        (Method::POST, "/account/codes", 403),
        (Method::GET, "/moderators", 403),
        (Method::POST, "/moderators", 403),
        (
            Method::POST,
            "/moderators/00000000-0000-0000-0000-000000000000/role",
            403,
        ),
        (
            Method::POST,
            "/moderators/00000000-0000-0000-0000-000000000000/link",
            404,
        ),
        (
            Method::POST,
            "/moderators/00000000-0000-0000-0000-000000000000/disabled",
            404,
        ),
        (
            Method::POST,
            "/moderators/00000000-0000-0000-0000-000000000000/remove",
            404,
        ),
        (Method::GET, "/tokens", 403),
        (Method::POST, "/tokens", 403),
        (Method::POST, "/tokens/00000000-0000-0000-0000-000000000000/revoke", 403),
    ];
    // Every page behind the door has a row; what each of one's own offers asks is in `offers.rs`.
    let elsewhere = [
        "/",
        "/login",
        "/invitation",
        "/logout",
        "/setup",
        "/setup/you",
        "/demo",
        "/docs",
        "/account/offers",
    ];
    let is_as = |pattern: &str, path: &str| {
        pattern.split('/').count() == path.split('/').count()
            && pattern
                .split('/')
                .zip(path.split('/'))
                .all(|(own, other)| own == other || own.starts_with('{'))
    };
    for page in page_paths() {
        let is_readers = page.starts_with("/t/") || page.starts_with("/r/") || page.starts_with("/login/");
        let has_row = rows.iter().any(|(_, path, _)| is_as(&page, path));
        assert!(
            has_row || is_readers || elsewhere.contains(&page.as_str()),
            "{page}: no row"
        );
    }
    for (method, path, for_moderator) in rows {
        for token in [None, Some("wrong")] {
            let answer = browse(&method, path, token).await;
            assert_eq!(answer.status, 303, "{method} {path}: {}", answer.text);
            let location = answer.header("location");
            assert!(
                location == "/login" || location.starts_with("/login?next=%2F"),
                "{method} {path}: {location}"
            );
        }
        let answer = browse(&method, path, Some(&moderator.token)).await;
        assert_eq!(
            answer.status.as_u16(),
            for_moderator,
            "{method} {path}: {}",
            answer.text
        );
        assert!(
            answer.header("content-type").starts_with("text/html"),
            "{method} {path}"
        );
    }
    for open in ["/", "/setup", "/docs", "/openapi.json", "/t/faso?thread=a"] {
        browse(&Method::GET, open, None).await.expect(200);
    }
    let home = browse(&Method::GET, "/", None).await;
    assert!(
        !home.text.contains("/sites/"),
        "which sites there are is nobody's business"
    );
    service.stop().await;
}
