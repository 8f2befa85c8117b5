//! Who may come in, and what for: tokens, the setup link, sessions, and every route by role.
//!
//! The table [`ROUTES`] holds every operation of the API's document; a new route fails the test until it
//! has its line there.

use std::{collections::BTreeSet, time::Duration};

use palabre::{
    actions::identify::{self, Role},
    domain::status::Status,
    keys::sha256_hex,
    store::Scope,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    document::operations,
    service::{Answer, SITE, Service, values_of},
    stores::{Storage, on_both_engines},
};

on_both_engines!(
    a_bearer_token_counts_alone,
    a_token_ends_when_it_expires_or_is_revoked,
    the_setup_link_opens_one_session_within_ten_minutes,
    guesses_of_a_setup_code_are_limited,
    the_session_cookie_is_for_this_browser_and_host_only,
    sign_in_over_plain_http_is_refused_away_from_loopback,
    a_change_by_cookie_comes_from_a_page_of_ours,
    a_session_that_was_left_is_over,
    a_session_ends_after_twelve_idle_hours_and_thirty_days,
    every_route_by_role,
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
    let short = identify::new_token(&service.app, None, Role::Moderator, Scope::All, expires)
        .await
        .expect("a token");
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
        .expect("it is there");
    assert!(service.app.store.revoke_token(row.id, now).await.expect("revoked"));
    assert_eq!(ask(&long.token).await, 401, "at once");
    assert_eq!(ask(&hash).await, 401, "what is stored is no token");
    service.stop().await;
}

async fn opens(service: &Service, code: &str) -> Answer {
    service
        .request(Method::POST, "/setup", |request| request.form(&[("code", code)]))
        .await
}

async fn the_setup_link_opens_one_session_within_ten_minutes(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let code = identify::new_setup_code(&service.app).await.expect("a code");
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
    assert_eq!(opened.header("location"), "/queue");
    let cookie = opened
        .header("set-cookie")
        .split(';')
        .next()
        .expect("a cookie")
        .to_owned();
    let queue = service
        .request(Method::GET, "/queue", |request| request.header("cookie", &cookie))
        .await
        .expect(200);
    assert!(queue.text.contains("Démonstration"), "who one is");

    let second = opens(&service, &code).await;
    assert_eq!(second.status, StatusCode::FORBIDDEN, "once");
    assert!(second.header("set-cookie").is_empty());
    for wrong in ["", "wrong", &"x".repeat(10_000)] {
        let answer = opens(&service, wrong).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(answer.header("set-cookie").is_empty());
    }
    let late = identify::new_setup_code(&service.app).await.expect("a code");
    let in_time = identify::new_setup_code(&service.app).await.expect("a code");
    service.clock.advance(Duration::from_secs(599));
    opens(&service, &in_time).await.expect(303);
    service.clock.advance(Duration::from_secs(1));
    assert_eq!(
        opens(&service, &late).await.status,
        StatusCode::FORBIDDEN,
        "ten minutes"
    );

    let many = identify::new_setup_code(&service.app).await.expect("a code");
    let tries = futures_util::future::join_all((0..10).map(|_| opens(&service, &many))).await;
    let opened = tries
        .iter()
        .filter(|answer| answer.status == StatusCode::SEE_OTHER)
        .count();
    assert_eq!(opened, 1, "ten at once open one session");
    service.stop().await;
}

async fn guesses_of_a_setup_code_are_limited(storage: &Storage) {
    let service = Service::start(storage, &format!("[rate_limit]\nenabled = true\n{SITE}")).await;
    for _ in 0..5 {
        assert_eq!(opens(&service, "wrong").await.status, StatusCode::FORBIDDEN);
    }
    let code = identify::new_setup_code(&service.app).await.expect("a code");
    let paused = opens(&service, &code).await;
    assert_eq!(paused.status, StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = paused.header("retry-after").parse().expect("seconds");
    assert!((1..=300).contains(&wait), "{wait}");
    assert!(!paused.header("ratelimit").is_empty() && !paused.header("ratelimit-policy").is_empty());
    assert!(paused.header("set-cookie").is_empty(), "not even with the right one");
    service.stop().await;
}

async fn the_session_cookie_is_for_this_browser_and_host_only(storage: &Storage) {
    let parts = |answer: &Answer| -> BTreeSet<String> {
        answer
            .header("set-cookie")
            .split("; ")
            .skip(1)
            .map(str::to_owned)
            .collect()
    };
    let set = |parts: &[&str]| -> BTreeSet<String> { parts.iter().map(|part| (*part).to_owned()).collect() };
    let service = Service::start(storage, SITE).await;
    let code = identify::new_setup_code(&service.app).await.expect("a code");
    let local = opens(&service, &code).await.expect(303);
    assert!(local.header("set-cookie").starts_with("palabre_session="));
    let expected = set(&["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2592000"]);
    assert_eq!(parts(&local), expected);
    service.stop().await;

    let other = Storage::sqlite();
    let config = format!("[server]\npublic_url = \"https://comments.example.org\"\n{SITE}");
    let service = Service::start(&other, &config).await;
    let code = identify::new_setup_code(&service.app).await.expect("a code");
    let secure = opens(&service, &code).await.expect(303);
    assert!(secure.header("set-cookie").starts_with("__Host-palabre_session="));
    let expected = set(&["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2592000", "Secure"]);
    assert_eq!(parts(&secure), expected, "and no Domain, as __Host- asks");
    let cookie = secure.header("set-cookie").split(';').next().expect("a cookie");
    let get = async |cookie: &str| {
        service
            .request(Method::GET, "/api/v1/moderation/queue", |request| {
                request.header("cookie", cookie)
            })
            .await
            .status
            .as_u16()
    };
    assert_eq!(get(cookie).await, 200);
    assert_eq!(
        get(&cookie.replace("__Host-", "")).await,
        401,
        "a name that another host may set is not read"
    );
    service.stop().await;
}

async fn sign_in_over_plain_http_is_refused_away_from_loopback(storage: &Storage) {
    let config = format!("[server]\npublic_url = \"http://comments.example.org\"\n{SITE}");
    let service = Service::start(storage, &config).await;
    let code = identify::new_setup_code(&service.app).await.expect("a code");
    let page = service.get(&format!("/setup?code={code}")).await;
    assert!(page.text.contains("https") && values_of(&page.text, "code").is_empty());
    let refused = opens(&service, &code).await;
    assert_ne!(refused.status, StatusCode::SEE_OTHER);
    assert!(refused.header("set-cookie").is_empty());
    assert!(refused.text.contains("https"), "it says what to set up");
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
        "/login",
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
const ROUTES: [Route; 22] = [
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
    ("GET", "/api/v1/comments/{id}", "", [200, 200, 404, 401]),
    ("POST", "/api/v1/comments/{id}/{action}", "{}", [200, 200, 404, 401]),
    (
        "POST",
        "/api/v1/moderation/decisions",
        r#"{"decisions":[{"key":"1","comment":"x","action":"spam"}]}"#,
        [200, 200, 200, 401],
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
];

const REVERT: Route = (
    "POST",
    "/api/v1/sites/{site}/captcha/policies/{n}/revert",
    r#"{"base":7}"#,
    [403, 409, 404, 401],
);

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
    for (method, path, for_moderator) in [
        (Method::GET, "/queue", 200),
        (Method::POST, "/queue/decide", 404),
        (Method::POST, "/queue/undo", 404),
        (Method::GET, "/sites/faso/captcha", 200),
        (Method::POST, "/sites/faso/captcha/policies", 403),
        (Method::POST, "/sites/faso/captcha/policies/1/revert", 403),
        (Method::GET, "/sites/faso/defence", 200),
        (Method::POST, "/sites/faso/defence/test", 403),
        (Method::GET, "/sites/sahel/captcha", 404),
        (Method::GET, "/sites/sahel/defence", 404),
        (Method::POST, "/sites/sahel/captcha/policies", 404),
    ] {
        for token in [None, Some("wrong")] {
            let answer = browse(&method, path, token).await;
            assert_eq!(answer.status, 303, "{method} {path}: {}", answer.text);
            assert_eq!(answer.header("location"), "/login", "{method} {path}");
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
    for open in ["/", "/login", "/setup", "/docs", "/openapi.json", "/t/faso?thread=a"] {
        browse(&Method::GET, open, None).await.expect(200);
    }
    let home = browse(&Method::GET, "/", None).await;
    assert!(
        !home.text.contains("/sites/"),
        "which sites there are is nobody's business"
    );
    service.stop().await;
}
