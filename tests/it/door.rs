//! The door: who comes in, who does not, and what a stranger can do about it.

use std::time::Duration;

use palabre::{
    actions::{
        accounts,
        authority::Authority,
        identify::{self, Identity, Role},
        links, own_account,
    },
    clock::ManualClock,
    domain::actor::Scope,
};
use reqwest::Method;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret, Totp};

use crate::{
    service::{Answer, Browser, OWNER_EMAIL, PASSPHRASE, SITE, START, Service, values_of},
    stores::{Storage, on_both_engines},
};

on_both_engines!(
    whoever_does_not_come_in_learns_nothing,
    programs_come_in_by_json,
    a_session_is_new_at_each_sign_in,
    who_is_shut_out_is_out_at_once,
    a_passphrase_is_what_was_typed_on_any_keyboard,
    failed_tries_are_counted_across_a_restart,
    tries_at_once_are_counted_one_by_one,
    a_stranger_cannot_shut_an_owner_out,
    the_limits_do_not_tell_who_has_an_account,
    a_code_of_the_second_step_counts_once,
    the_second_step_waits_five_minutes_for_its_code,
    a_recovery_code_opens_once_and_ends_other_sessions,
    a_one_time_link_opens_once,
    no_other_page_posts_to_the_door,
    looking_at_what_changes_changes_nothing,
    whoever_comes_in_goes_on_to_a_page_of_ours,
    f6_everybody_lands_on_a_page_that_they_may_see,
    what_happens_at_the_door_is_written_down,
    h9_failed_tries_are_written_down_once_an_hour_with_their_number,
    h9_wrong_codes_are_written_down_once_an_hour_with_their_number,
);

const AWA: &str = "awa@example.org";

impl Service {
    /// A form post from `address`, as the proxy in front names it.
    async fn tries_from(&self, address: &str, path: &str, fields: &[(&str, &str)], cookie: &str) -> Answer {
        self.request(Method::POST, path, |request| {
            request
                .header("x-forwarded-for", address)
                .header("cookie", cookie)
                .header("accept", "text/html")
                .form(fields)
        })
        .await
    }

    async fn tries(&self, email: &str, passphrase: &str) -> Answer {
        let fields = [("email", email), ("passphrase", passphrase)];
        self.tries_from("192.0.2.1", "/login", &fields, "").await
    }

    async fn identity(&self, browser: &Browser<'_>) -> Identity {
        let secret = secret_of(browser);
        identify::by_session(&self.app, &secret).await.expect("signed in")
    }

    /// Sets up a second step for whoever sits at the browser, as its page does.
    async fn sets_up_second_step(&self, browser: &Browser<'_>) -> Totp {
        let who = self.identity(browser).await;
        let seed = own_account::begin_second_step(&self.app, &who, PASSPHRASE)
            .await
            .expect("begun");
        let totp = Builder::new()
            .with_secret(Secret::try_from_base32(&seed.secret).expect("base 32"))
            .build_noncompliant();
        own_account::confirm_second_step(&self.app, &who, &self.code_now(&totp))
            .await
            .expect("confirmed");
        self.clock.advance(Duration::from_secs(30));
        totp
    }

    /// What the app on somebody's phone shows now.
    fn code_now(&self, totp: &Totp) -> String {
        let now = u64::try_from(self.app.clock.now().0 / 1000).expect("after 1970");
        totp.generate(now).to_string()
    }
}

fn secret_of(browser: &Browser<'_>) -> String {
    let mut pairs = browser.cookie.split("; ");
    let session = pairs.find_map(|pair| pair.strip_prefix("palabre_session="));
    session.expect("a session").to_owned()
}

fn is_in(answer: &Answer) -> bool {
    let cookies = answer.headers.get_all("set-cookie").iter();
    cookies
        .filter_map(|cookie| cookie.to_str().ok())
        .any(|cookie| cookie.contains("palabre_session=") && !cookie.contains("Max-Age=0"))
}

/// The recovery codes on the page that shows them once.
fn codes_on(page: &Answer) -> Vec<String> {
    let items = page.text.split("<li><code>").skip(1);
    items
        .filter_map(|rest| rest.split('<').next())
        .map(str::to_owned)
        .collect()
}

async fn whoever_does_not_come_in_learns_nothing(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    service.signs_in().await;
    service
        .invites("Invited", "invited@example.org", Role::Moderator, &[])
        .await;
    let (awa, link) = service.invites("Awa", AWA, Role::Moderator, &[]).await;
    service.accepts(&link).await;
    accounts::set_disabled(&service.app, Authority::Operator, awa, true)
        .await
        .expect("shut out");
    let mut answers = Vec::new();
    for (email, passphrase) in [
        (OWNER_EMAIL, "une autre phrase secrète"),
        ("nobody@example.org", PASSPHRASE),
        ("invited@example.org", PASSPHRASE),
        ("invited@example.org", ""),
        (AWA, PASSPHRASE),
        ("", ""),
        (&"x".repeat(1000), &"y".repeat(5000)),
    ] {
        let answer = service.tries(email, passphrase).await;
        assert_eq!(answer.status, 401, "{email}: {}", answer.text);
        assert!(!is_in(&answer) && answer.headers.get("set-cookie").is_none(), "{email}");
        assert_eq!(values_of(&answer.text, "email"), [email], "what was typed stays");
        assert_eq!(values_of(&answer.text, "passphrase"), [""]);
        assert!(!answer.text.contains("captcha"), "no captcha stands here");
        answers.push(answer.text.replace(&format!("value=\"{email}\""), "value=\"\""));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "one answer for all");
    let right = service.tries(&OWNER_EMAIL.to_uppercase(), PASSPHRASE).await;
    assert!(right.status == 303 && is_in(&right), "{}", right.text);
    service.stop().await;
}

async fn programs_come_in_by_json(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    service.signs_in().await;
    let wrong = service
        .post_json("/login", &json!({"email": OWNER_EMAIL, "passphrase": "x"}))
        .await;
    assert_eq!(wrong.error(), (401, "sign_in_failed"));
    let right = service
        .post_json(
            "/login",
            &json!({"email": OWNER_EMAIL, "passphrase": PASSPHRASE, "role": "owner"}),
        )
        .await
        .expect(200);
    assert!(is_in(&right));
    assert_eq!(right.header("cache-control"), "no-store");
    let cookie = service.browser(&right).cookie;
    let logout = service
        .request(Method::POST, "/logout", |request| {
            request
                .header("cookie", &cookie)
                .header("sec-fetch-site", "same-origin")
                .json(&json!({}))
        })
        .await;
    assert_eq!(logout.status, 204);
    let queue = service
        .request(Method::GET, "/api/v1/moderation/queue", |request| {
            request.header("cookie", &cookie)
        })
        .await;
    assert_eq!(queue.error(), (401, "unauthenticated"));
    for (kind, body, error) in [
        ("text/plain", "email=a", (415, "unsupported_media_type")),
        ("application/json", "{", (400, "bad_json")),
        (
            "application/json",
            r#"{"email":"a","email":"b"}"#,
            (400, "duplicate_key"),
        ),
    ] {
        let answer = service
            .request(Method::POST, "/login", |request| {
                request.header("content-type", kind).body(body)
            })
            .await;
        assert_eq!(answer.status, error.0, "{kind}: {}", answer.text);
    }
    service.stop().await;
}

async fn a_session_is_new_at_each_sign_in(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let first = service.signs_in().await;
    let planted = "palabre_session=chosen-by-somebody-else";
    let fields = [("email", OWNER_EMAIL), ("passphrase", PASSPHRASE)];
    let entered = service
        .tries_from("192.0.2.1", "/login", &fields, planted)
        .await
        .expect(303);
    assert!(!entered.header("set-cookie").contains("chosen-by-somebody-else"));
    assert_eq!(
        service
            .request(Method::GET, "/queue", |request| request.header("cookie", planted))
            .await
            .status,
        303,
        "the planted one opens nothing"
    );
    let second = service.browser(
        &service
            .tries_from("192.0.2.1", "/login", &fields, &first.cookie)
            .await
            .expect(303),
    );
    assert_ne!(secret_of(&second), secret_of(&first));
    second.gets("/queue").await.expect(200);
    first.gets("/queue").await.expect(303);
    let stored = storage.integer("SELECT COUNT(*) FROM sessions").await;
    assert_eq!(stored, Some(2), "the one before ended in this browser, not in others");
    let hash = palabre::keys::sha256_hex(secret_of(&second).as_bytes());
    let replayed = service
        .request(Method::GET, "/queue", |request| {
            request.header("cookie", format!("palabre_session={hash}"))
        })
        .await;
    assert_eq!(replayed.status, 303, "what is stored is no session");
    service.stop().await;
}

async fn who_is_shut_out_is_out_at_once(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    service.signs_in().await;
    let (awa, link) = service.invites("Awa", AWA, Role::Moderator, &["faso"]).await;
    let browser = service.accepts(&link).await;
    browser.gets("/queue").await.expect(200);
    accounts::change_role(&service.app, Authority::Operator, awa, "faso", None)
        .await
        .expect("taken");
    let queue = browser.gets("/queue").await;
    assert!(!queue.text.contains("Le Faso"), "the role is read each time");
    browser.gets("/sites/faso/captcha").await.expect(404);
    accounts::change_role(&service.app, Authority::Operator, awa, "faso", Some(Role::Moderator))
        .await
        .expect("given");
    browser.gets("/sites/faso/captcha").await.expect(200);
    accounts::set_disabled(&service.app, Authority::Operator, awa, true)
        .await
        .expect("shut out");
    browser.gets("/sites/faso/captcha").await.expect(303);
    accounts::set_disabled(&service.app, Authority::Operator, awa, false)
        .await
        .expect("let in");
    browser.gets("/sites/faso/captcha").await.expect(303);
    service
        .signs_in_as(AWA, PASSPHRASE)
        .await
        .gets("/queue")
        .await
        .expect(200);
    service.stop().await;
}

async fn a_passphrase_is_what_was_typed_on_any_keyboard(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    service.signs_in().await;
    let long = "Tuntuŋ 🌾 ".repeat(111) + "x";
    assert_eq!(long.chars().count(), 1000);
    for (number, (chosen, typed, is_same)) in [
        // Composed or decomposed, full-width: the same letters.
        (
            "café élevé à Bobo",
            "cafe\u{301} e\u{301}leve\u{301} a\u{300} Bobo",
            true,
        ),
        ("１２ baobabs du matin", "12 baobabs du matin", true),
        ("  deux espaces autour  ", "  deux espaces autour  ", true),
        ("  deux espaces autour  ", "deux espaces autour", false),
        ("Majuscules et minuscules", "majuscules et minuscules", false),
        (&long, &long, true),
        // Not cut: the last of a thousand counts.
        (&long, &(long[..long.len() - 1].to_owned() + "y"), false),
    ]
    .into_iter()
    .enumerate()
    {
        let email = format!("p{number}@example.org");
        let (_, link) = service.invites("Awa", &email, Role::Moderator, &[]).await;
        let fields = [("code", link.as_str()), ("passphrase", chosen)];
        service
            .tries_from("192.0.2.1", "/invitation", &fields, "")
            .await
            .expect(200);
        let entered = service.tries(&email, typed).await;
        assert_eq!(is_in(&entered), is_same, "{number}");
    }
    service.stop().await;
}

/// Behind a proxy that names the client, with the limits of the shipped file.
fn limited() -> String {
    format!("[server]\ntrusted_proxies = [\"127.0.0.1\"]\n[rate_limit]\nenabled = true\n{SITE}")
}

async fn failed_tries_are_counted_across_a_restart(storage: &Storage) {
    let mut service = Service::start(storage, &limited()).await;
    let mark = service.signs_in().await.cookie;
    for _ in 0..5 {
        assert_eq!(service.tries(OWNER_EMAIL, "wrong").await.status, 401);
    }
    for restart in [false, true] {
        if restart {
            service.stop().await;
            service = Service::start(storage, &limited()).await;
        }
        let paused = service.tries(OWNER_EMAIL, PASSPHRASE).await;
        assert_eq!(paused.status, 429, "after a restart: {restart}");
        let wait: u64 = paused.header("retry-after").parse().expect("seconds");
        assert!((1..=300).contains(&wait), "{wait}");
        assert!(!is_in(&paused));
        assert_eq!(values_of(&paused.text, "email"), [OWNER_EMAIL], "what was typed stays");
    }
    // Elsewhere the same account opens.
    let fields = [("email", OWNER_EMAIL), ("passphrase", PASSPHRASE)];
    let elsewhere = service.tries_from("198.51.100.7", "/login", &fields, &mark).await;
    assert!(is_in(&elsewhere));
    service.stop().await;
    let later = ManualClock::at(START.plus(Duration::from_mins(5)));
    let service = Service::start_at(storage, &limited(), later).await;
    let later = service.tries(OWNER_EMAIL, PASSPHRASE).await;
    assert!(is_in(&later), "five minutes later: {}", later.text);
    service.stop().await;
}

async fn tries_at_once_are_counted_one_by_one(storage: &Storage) {
    let service = Service::start(storage, &limited()).await;
    service.signs_in().await;
    let fields = [("email", OWNER_EMAIL), ("passphrase", "wrong")];
    // From forty networks, so that only the limit by account stands in the way.
    let addresses: Vec<String> = (0..40).map(|number| format!("10.{number}.0.1")).collect();
    // As many at once as may wait to be hashed.
    let mut answers = Vec::new();
    for wave in addresses.chunks(8) {
        let tries = wave
            .iter()
            .map(|address| service.tries_from(address, "/login", &fields, ""));
        answers.extend(futures_util::future::join_all(tries).await);
    }
    let compared = answers.iter().filter(|answer| answer.status == 401).count();
    let paused = answers.iter().filter(|answer| answer.status == 429).count();
    assert_eq!((compared, paused), (25, 15));
    service.stop().await;
}

async fn a_stranger_cannot_shut_an_owner_out(storage: &Storage) {
    let service = Service::start(storage, &limited()).await;
    let code = palabre::actions::setup::new_code(&service.app).await.expect("a code");
    let opened = service
        .request(Method::POST, "/setup", |request| request.form(&[("code", code)]))
        .await
        .expect(303);
    let fields = [("name", "Rokia"), ("email", OWNER_EMAIL), ("passphrase", PASSPHRASE)];
    let made = service.browser(&opened).posts("/setup/you", &fields).await.expect(200);
    let (codes, owner) = (codes_on(&made), service.browser(&made));
    owner.posts("/logout", &[]).await.expect(303);

    let wrong = [("email", OWNER_EMAIL), ("passphrase", "wrong")];
    let right = [("email", OWNER_EMAIL), ("passphrase", PASSPHRASE)];
    for number in 0..30 {
        let stranger = service
            .tries_from(&format!("10.{number}.0.1"), "/login", &wrong, "")
            .await;
        assert_eq!(
            stranger.status.as_u16(),
            if number < 25 { 401 } else { 429 },
            "{number}"
        );
    }
    // Without the mark nobody comes in by guessing, whoever it is.
    let unknown = service.tries_from("203.0.113.1", "/login", &right, "").await;
    assert_eq!(unknown.status, 429);
    // The owner's own browser does not even notice.
    let own = service.tries_from("203.0.113.2", "/login", &right, &owner.cookie).await;
    assert!(is_in(&own), "{}", own.text);
    // Nor does another browser with a recovery code.
    let fields = [
        ("email", OWNER_EMAIL),
        ("recovery_code", codes[0].as_str()),
        ("passphrase", "une phrase toute nouvelle"),
    ];
    let recovered = service.tries_from("203.0.113.3", "/login/recovery", &fields, "").await;
    assert!(is_in(&recovered), "{}", recovered.text);
    // A mark of somebody else's is none.
    let (_, link) = service.invites("Awa", AWA, Role::Moderator, &[]).await;
    let other = service.accepts(&link).await;
    let borrowed = service.tries_from("203.0.113.4", "/login", &right, &other.cookie).await;
    assert_eq!(borrowed.status, 429);
    // Whoever took the marked browser guesses no more often than a stranger.
    let own = service.browser(&own).cookie;
    for number in 0..26 {
        let guess = service
            .tries_from(&format!("10.{}.0.1", number + 100), "/login", &wrong, &own)
            .await;
        assert_eq!(guess.status.as_u16(), if number < 25 { 401 } else { 429 }, "{number}");
    }
    service.stop().await;
}

async fn the_limits_do_not_tell_who_has_an_account(storage: &Storage) {
    let service = Service::start(storage, &limited()).await;
    service.signs_in().await;
    let mut statuses = Vec::new();
    for email in [OWNER_EMAIL, "nobody@example.org"] {
        let fields = [("email", email), ("passphrase", "wrong")];
        let mut of_this = Vec::new();
        for number in 0..27 {
            // Other networks each time, so that only the limit by account counts.
            let address = format!("10.{number}.{}.1", email.len());
            of_this.push(service.tries_from(&address, "/login", &fields, "").await.status);
        }
        statuses.push(of_this);
    }
    assert_eq!(statuses[0], statuses[1]);
    assert_eq!(statuses[0].iter().filter(|status| **status == 429).count(), 2);
    service.stop().await;
}

async fn a_code_of_the_second_step_counts_once(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let browser = service.signs_in().await;
    let totp = service.sets_up_second_step(&browser).await;
    let passed = service.tries(OWNER_EMAIL, PASSPHRASE).await.expect(200);
    assert!(!is_in(&passed), "the passphrase alone opens nothing");
    let pass = values_of(&passed.text, "pass").remove(0);
    let answers = async |code: &str| {
        service
            .tries_from("192.0.2.1", "/login/code", &[("pass", &pass), ("code", code)], "")
            .await
    };
    let code = service.code_now(&totp);
    for wrong in ["", "000000", "12345", "abcdef", &"1".repeat(1000)] {
        let refused = answers(wrong).await;
        assert_eq!(refused.status, 401, "{wrong}");
        assert!(!is_in(&refused) && refused.text.contains("id=\"code-error\""));
    }
    let spaced = format!("{} {}", &code[..3], &code[3..]);
    assert!(is_in(&answers(&spaced).await), "as the app shows it");
    let again = answers(&code).await;
    assert!(again.status == 401 && !is_in(&again), "no code counts twice");
    let login = json!({"email": OWNER_EMAIL, "passphrase": PASSPHRASE});
    let asked = service.post_json("/login", &login).await;
    assert_eq!(asked.error(), (401, "code_needed"));
    assert!(asked.json["pass"].is_string());
    let mut with_code = login.clone();
    with_code["code"] = json!(code);
    assert_eq!(service.post_json("/login", &with_code).await.error(), (401, "code_bad"));
    service.clock.advance(Duration::from_secs(30));
    with_code["code"] = json!(service.code_now(&totp));
    assert!(is_in(&service.post_json("/login", &with_code).await.expect(200)));
    // Ten of the same code at once: one comes in.
    service.clock.advance(Duration::from_secs(30));
    with_code["code"] = json!(service.code_now(&totp));
    let tries = futures_util::future::join_all((0..10).map(|_| service.post_json("/login", &with_code))).await;
    assert_eq!(tries.iter().filter(|answer| is_in(answer)).count(), 1);
    service.stop().await;
}

async fn the_second_step_waits_five_minutes_for_its_code(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let browser = service.signs_in().await;
    let totp = service.sets_up_second_step(&browser).await;
    let pass = async || {
        let passed = service.tries(OWNER_EMAIL, PASSPHRASE).await.expect(200);
        values_of(&passed.text, "pass").remove(0)
    };
    let answers = async |pass: &str| {
        let code = service.code_now(&totp);
        service
            .tries_from("192.0.2.1", "/login/code", &[("pass", pass), ("code", &code)], "")
            .await
    };
    let (late, in_time) = (pass().await, pass().await);
    service.clock.advance(Duration::from_secs(299));
    assert!(is_in(&answers(&in_time).await));
    service.clock.advance(Duration::from_secs(31));
    let ended = answers(&late).await;
    assert_eq!(ended.status, 401);
    assert!(
        !is_in(&ended) && values_of(&ended.text, "email").len() == 1,
        "the door again"
    );
    let before = pass().await;
    let who = service.identity(&browser).await;
    own_account::change_passphrase(&service.app, &who, PASSPHRASE, "une phrase toute nouvelle")
        .await
        .expect("changed");
    assert!(!is_in(&answers(&before).await), "a changed passphrase ends it");
    for forged in ["", "x", &browser.cookie] {
        assert!(!is_in(&answers(forged).await));
    }
    service.stop().await;
}

async fn a_recovery_code_opens_once_and_ends_other_sessions(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    service.signs_in().await;
    let (_, link) = service.invites("Awa", AWA, Role::Moderator, &[]).await;
    let accepted = service
        .tries_from(
            "192.0.2.1",
            "/invitation",
            &[("code", &link), ("passphrase", PASSPHRASE)],
            "",
        )
        .await
        .expect(200);
    let (codes, browser) = (codes_on(&accepted), service.browser(&accepted));
    assert_eq!(codes.len(), 10);
    let recovers = async |email: &str, recovery: &str, second: &str, passphrase: &str| {
        let fields = [
            ("email", email),
            ("recovery_code", recovery),
            ("code", second),
            ("passphrase", passphrase),
        ];
        service.tries_from("192.0.2.1", "/login/recovery", &fields, "").await
    };
    let new = "une phrase toute nouvelle";
    for (email, code) in [
        (AWA, "AAAAA-AAAAA"),
        (AWA, ""),
        ("nobody@example.org", codes[0].as_str()),
        (OWNER_EMAIL, codes[0].as_str()),
    ] {
        let refused = recovers(email, code, "", new).await;
        assert_eq!(refused.status, 401, "{email} {code}");
        assert!(!is_in(&refused) && refused.text.contains("Ces renseignements ne vont pas ensemble"));
    }
    let weak = recovers(AWA, &codes[0], "", "court").await;
    assert_eq!(weak.status, 422, "a weak passphrase uses no code up");
    browser.gets("/queue").await.expect(200);
    // As it was written down: lower case, without the hyphen, with O for 0.
    let written = codes[0].to_lowercase().replace('-', " ").replace('0', "o");
    let recovered = recovers(AWA, &written, "", new).await;
    assert!(is_in(&recovered), "{}", recovered.text);
    browser.gets("/queue").await.expect(303);
    assert!(!is_in(&recovers(AWA, &codes[0], "", new).await), "no code twice");
    assert_eq!(service.tries(AWA, PASSPHRASE).await.status, 401, "the old one is gone");
    let entered = service.tries(AWA, new).await;
    assert!(is_in(&entered));

    // With a second step both are needed; another recovery code stands for a lost phone.
    let browser = service.browser(&entered);
    let who = service.identity(&browser).await;
    let seed = own_account::begin_second_step(&service.app, &who, new)
        .await
        .expect("begun");
    let totp = Builder::new()
        .with_secret(Secret::try_from_base32(&seed.secret).expect("base 32"))
        .build_noncompliant();
    own_account::confirm_second_step(&service.app, &who, &service.code_now(&totp))
        .await
        .expect("confirmed");
    assert!(!is_in(&recovers(AWA, &codes[1], "", new).await));
    assert!(
        !is_in(&recovers(AWA, &codes[1], &codes[1], new).await),
        "not the same twice"
    );
    assert!(is_in(&recovers(AWA, &codes[2], &codes[3], new).await));
    service.clock.advance(Duration::from_secs(30));
    assert!(is_in(&recovers(AWA, &codes[4], &service.code_now(&totp), new).await));
    // And in place of the app's code at the second step.
    let passed = service.tries(AWA, new).await.expect(200);
    let pass = values_of(&passed.text, "pass").remove(0);
    for is_first in [true, false] {
        let fields = [("pass", pass.as_str()), ("code", codes[5].as_str())];
        let entered = service.tries_from("192.0.2.1", "/login/code", &fields, "").await;
        assert_eq!(is_in(&entered), is_first, "once");
    }
    service.stop().await;
}

async fn a_one_time_link_opens_once(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    service.signs_in().await;
    let (awa, link) = service.invites("Awa", AWA, Role::Moderator, &["faso"]).await;
    let path = format!("/invitation?code={link}");
    for _ in 0..2 {
        let page = service.get(&path).await.expect(200);
        assert!(page.text.contains("Awa") && page.text.contains(AWA));
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert_eq!(page.header("cache-control"), "no-store");
        assert!(!is_in(&page), "looking changes nothing");
    }
    let opens = async |code: &str, passphrase: &str| {
        let fields = [("code", code), ("passphrase", passphrase)];
        service.tries_from("192.0.2.1", "/invitation", &fields, "").await
    };
    for weak in ["", "court", "motdepasse123", "awa@example.org"] {
        let asked = opens(&link, weak).await.expect(422);
        assert_eq!(values_of(&asked.text, "code"), [link.as_str()], "the link still counts");
    }
    let both = futures_util::future::join_all([opens(&link, PASSPHRASE), opens(&link, PASSPHRASE)]).await;
    assert_eq!(both.iter().filter(|answer| is_in(answer)).count(), 1);
    for gone in [link.as_str(), "", "x", &"z".repeat(3000)] {
        let page = service.get(&format!("/invitation?code={gone}")).await;
        assert_eq!(page.status, 404, "{}", page.text);
        assert!(values_of(&page.text, "passphrase").is_empty());
        assert_eq!(opens(gone, PASSPHRASE).await.status, 404);
    }
    // A link in place of a lost passphrase: until it is used all stays as it was; then all else ends.
    let browser = service.signs_in_as(AWA, PASSPHRASE).await;
    let older = links::reset(&service.app, Authority::Operator, awa)
        .await
        .expect("a link");
    let newer = links::reset(&service.app, Authority::Operator, awa)
        .await
        .expect("a link");
    browser.gets("/queue").await.expect(200);
    assert_eq!(
        opens(&older, PASSPHRASE).await.status,
        404,
        "a newer one took its place"
    );
    assert!(is_in(&opens(&newer, "une phrase toute nouvelle").await));
    browser.gets("/queue").await.expect(303);
    assert_eq!(service.tries(AWA, PASSPHRASE).await.status, 401);

    let (_, week) = service.invites("Issa", "issa@example.org", Role::Moderator, &[]).await;
    let day = links::reset(&service.app, Authority::Operator, awa)
        .await
        .expect("a link");
    service.clock.advance(Duration::from_hours(24));
    assert_eq!(opens(&day, PASSPHRASE).await.status, 404, "a day");
    service.clock.advance(Duration::from_hours(6 * 24));
    assert_eq!(opens(&week, PASSPHRASE).await.status, 404, "a week");
    service.stop().await;
}

async fn no_other_page_posts_to_the_door(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    service.signs_in().await;
    let (_, link) = service.invites("Awa", AWA, Role::Moderator, &[]).await;
    let posts = [
        ("/login", vec![("email", OWNER_EMAIL), ("passphrase", PASSPHRASE)]),
        ("/login/code", vec![("pass", "x"), ("code", "000000")]),
        (
            "/login/recovery",
            vec![
                ("email", OWNER_EMAIL),
                ("recovery_code", "x"),
                ("passphrase", PASSPHRASE),
            ],
        ),
        ("/invitation", vec![("code", link.as_str()), ("passphrase", PASSPHRASE)]),
        ("/logout", vec![]),
        ("/setup/you", vec![]),
    ];
    for (path, fields) in posts {
        for (name, value) in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("origin", "https://elsewhere.example"),
            ("origin", "https://faso.test"),
            ("origin", "null"),
        ] {
            let answer = service
                .request(Method::POST, path, |request| request.header(name, value).form(&fields))
                .await;
            assert_eq!(answer.status, 403, "{path} {name}: {value}: {}", answer.text);
            assert!(answer.headers.get("set-cookie").is_none(), "{path} {name}: {value}");
        }
        let plain = service
            .request(Method::POST, path, |request| {
                request
                    .header("content-type", "text/plain")
                    .header("sec-fetch-site", "same-origin")
                    .body("code=x&email=y")
            })
            .await;
        assert!(!is_in(&plain), "{path}");
        if path.starts_with("/login") || path == "/invitation" {
            assert_eq!(plain.status, 415, "{path}: {}", plain.text);
        }
    }
    service.stop().await;
}

async fn looking_at_what_changes_changes_nothing(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let browser = service.signs_in().await;
    let (awa, link) = service.invites("Awa", AWA, Role::Moderator, &[]).await;
    let rows = async || {
        let mut rows = Vec::new();
        for table in [
            "sites",
            "accounts",
            "account_roles",
            "sessions",
            "tokens",
            "audit_entries",
            "invitations",
        ] {
            rows.push(storage.integer(&format!("SELECT COUNT(*) FROM {table}")).await);
        }
        rows
    };
    let before = rows().await;
    for path in [
        "/logout".to_owned(),
        "/login/code".to_owned(),
        format!("/login?email={OWNER_EMAIL}&passphrase=x"),
        format!("/invitation?code={link}&passphrase={PASSPHRASE}"),
        "/queue/decide".to_owned(),
        "/queue/bulk".to_owned(),
        "/queue/all?action=spam&counted=0&expect=0".to_owned(),
        "/queue/undo".to_owned(),
        "/sites/faso/captcha/policies".to_owned(),
        "/sites/faso/defence/test".to_owned(),
        "/sites/faso/settings?body_max=1".to_owned(),
        "/sites?id=neuf&name=Neuf".to_owned(),
        "/account/name?name=X".to_owned(),
        "/account/sessions".to_owned(),
        format!("/account/passphrase?current={PASSPHRASE}&passphrase=x"),
        format!("/account/second-step?current={PASSPHRASE}"),
        format!("/account/second-step/remove?current={PASSPHRASE}"),
        format!("/account/codes?current={PASSPHRASE}"),
        "/moderators?name=X&email=x@example.org&role=owner&site=faso".to_owned(),
        format!("/moderators/{awa}/role?site=faso&role=none"),
        format!("/moderators/{awa}/link"),
        format!("/moderators/{awa}/disabled?disabled=yes"),
        format!("/moderators/{awa}/remove"),
        "/tokens?role=owner&site=faso".to_owned(),
        format!("/tokens/{awa}/revoke"),
        "/setup/site?name=X".to_owned(),
        "/setup/robots?act=skip".to_owned(),
        "/setup/try?done=1".to_owned(),
    ] {
        for method in [Method::GET, Method::HEAD] {
            let answer = service
                .request(method.clone(), &path, |request| {
                    request.header("cookie", &browser.cookie).header("accept", "text/html")
                })
                .await;
            assert!(answer.headers.get("set-cookie").is_none(), "{method} {path}");
            // A later step of the first run leads to the one that is left.
            let is_known = matches!(answer.status.as_u16(), 200 | 405) || path.starts_with("/setup/");
            assert!(is_known, "{method} {path}: {}", answer.status);
        }
    }
    assert_eq!(rows().await, before);
    browser.gets("/queue").await.expect(200);
    service.get(&format!("/invitation?code={link}")).await.expect(200);
    service.stop().await;
}

async fn whoever_comes_in_goes_on_to_a_page_of_ours(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    service.signs_in().await;
    palabre::actions::setup::set_left(&service.app, palabre::actions::setup::Left::Nothing)
        .await
        .expect("set");
    for (asked, goes_to) in [
        ("/sites/faso/captcha?days=7", "/sites/faso/captcha?days=7"),
        ("", "/queue"),
        ("https://elsewhere.example/", "/queue"),
        ("//elsewhere.example/", "/queue"),
        ("/\\elsewhere.example/", "/queue"),
    ] {
        let query: String = url::form_urlencoded::byte_serialize(asked.as_bytes()).collect();
        let page = service.get(&format!("/login?next={query}")).await.expect(200);
        let next = values_of(&page.text, "next").remove(0);
        for next in [next.as_str(), asked] {
            let fields = [("email", OWNER_EMAIL), ("passphrase", PASSPHRASE), ("next", next)];
            let entered = service.tries_from("192.0.2.1", "/login", &fields, "").await.expect(303);
            assert_eq!(entered.header("location"), goes_to, "{asked}");
        }
    }
    service.stop().await;
}

async fn what_happens_at_the_door_is_written_down(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let browser = service.signs_in().await;
    service
        .tries("typed-by-mistake@example.org", "what-was-typed-there")
        .await;
    service.tries(OWNER_EMAIL, "what-was-typed-there").await;
    let (awa, link) = service.invites("Awa", AWA, Role::Moderator, &["faso"]).await;
    service.accepts(&link).await;
    accounts::set_disabled(&service.app, Authority::Operator, awa, true)
        .await
        .expect("shut out");
    browser.posts("/logout", &[]).await.expect(303);
    let entries = service
        .app
        .store
        .audit_entries(&Scope::All, Some("*"), None, 100)
        .await
        .expect("read");
    let mut written: Vec<&str> = entries.iter().map(|entry| entry.action.as_str()).collect();
    written.sort_unstable();
    assert_eq!(
        written,
        [
            "account_disabled",
            "account_invited",
            "first_owner",
            "link_redeemed",
            "sign_in_failed",
            "sign_in_failed",
            "sign_out"
        ]
    );
    let all: Value = json!(format!("{entries:?}"));
    for secret in ["typed", "example.org", &link, PASSPHRASE, &secret_of(&browser)] {
        assert!(!all.to_string().contains(secret), "{secret} is in no entry");
    }
    service.stop().await;
}

/// The details of the entries with that action, oldest first.
async fn details_of(service: &Service, action: &str) -> Vec<Value> {
    let entries = service
        .app
        .store
        .audit_entries(&Scope::All, Some("*"), None, 1000)
        .await;
    let entries = entries.expect("read").into_iter();
    let written = entries.filter(|entry| entry.action == action);
    written
        .map(|entry| entry.detail.map_or(Value::Null, |detail| detail.parse().expect("JSON")))
        .collect()
}

async fn h9_failed_tries_are_written_down_once_an_hour_with_their_number(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    service.signs_in().await;
    let (awa, link) = service.invites("Awa", AWA, Role::Moderator, &["faso"]).await;
    service.accepts(&link).await;
    let (shut_out, link) = service
        .invites("Issa", "issa@example.org", Role::Moderator, &["faso"])
        .await;
    service.accepts(&link).await;
    accounts::set_disabled(&service.app, Authority::Operator, shut_out, true)
        .await
        .expect("shut out");
    let tries = async |round: u32| {
        let waves = (0..6).map(|number| {
            let unknown = format!("nobody{round}-{number}@example.org");
            let service = &service;
            async move {
                service.tries(&unknown, "wrong").await.expect(401);
                service.tries(AWA, "wrong").await.expect(401);
            }
        });
        futures_util::future::join_all(waves).await;
        service.tries("issa@example.org", PASSPHRASE).await.expect(401);
    };
    tries(0).await;
    let at = |written: Vec<Value>, account: Value| -> Vec<Value> {
        written
            .into_iter()
            .filter(|detail| detail["account"] == account)
            .collect()
    };
    let written = details_of(&service, "sign_in_failed").await;
    assert_eq!(written.len(), 3, "{written:?}");
    assert_eq!(at(written, json!(awa)), [json!({"account": awa})]);
    // To the last moment of the hour.
    service
        .clock
        .advance(Duration::from_hours(1) - Duration::from_millis(1));
    tries(1).await;
    assert_eq!(details_of(&service, "sign_in_failed").await.len(), 3);
    service.clock.advance(Duration::from_millis(1));
    tries(2).await;
    let written = details_of(&service, "sign_in_failed").await;
    assert_eq!(written.len(), 6);
    assert_eq!(
        at(written.clone(), json!(awa)),
        [json!({"account": awa}), json!({"account": awa, "unlisted": 11})]
    );
    assert_eq!(at(written, Value::Null), [Value::Null, json!({"unlisted": 11})]);
    // Across a restart, and with nothing in between nothing is said of it.
    service.stop().await;
    let later = ManualClock::at(START.plus(Duration::from_mins(119)));
    let service = Service::start_at(storage, SITE, later).await;
    service.tries(AWA, "wrong").await.expect(401);
    assert_eq!(details_of(&service, "sign_in_failed").await.len(), 6);
    service.clock.advance(Duration::from_mins(1));
    service.tries(AWA, "wrong").await.expect(401);
    service.clock.advance(Duration::from_hours(1));
    service.tries(AWA, "wrong").await.expect(401);
    let written = at(details_of(&service, "sign_in_failed").await, json!(awa));
    assert_eq!(
        written[2..],
        [json!({"account": awa, "unlisted": 6}), json!({"account": awa})]
    );
    service.stop().await;
}

async fn h9_wrong_codes_are_written_down_once_an_hour_with_their_number(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let browser = service.signs_in().await;
    service.sets_up_second_step(&browser).await;
    for _ in 0..2 {
        for _ in 0..7 {
            let with_code = json!({"email": OWNER_EMAIL, "passphrase": PASSPHRASE, "code": "000000"});
            assert_eq!(service.post_json("/login", &with_code).await.error(), (401, "code_bad"));
        }
        service.clock.advance(Duration::from_hours(1));
    }
    let written = details_of(&service, "code_failed").await;
    assert_eq!(written, [Value::Null, json!({"unlisted": 6})]);
    service.stop().await;
}

async fn f6_everybody_lands_on_a_page_that_they_may_see(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    service.signs_in().await;
    let mut people = vec![OWNER_EMAIL];
    for (email, role) in [(AWA, Role::Moderator), ("issa@example.org", Role::Owner)] {
        let (_, link) = service.invites(email, email, role, &["faso"]).await;
        palabre::actions::setup::set_left(&service.app, palabre::actions::setup::Left::Site)
            .await
            .expect("set");
        let fields = [("code", link.as_str()), ("passphrase", PASSPHRASE)];
        let codes = service
            .tries_from("192.0.2.1", "/invitation", &fields, "")
            .await
            .expect(200);
        assert!(!codes.text.contains("/setup/"), "{email} by a one-time link");
        people.push(email);
    }
    for email in people {
        for next in [
            "",
            "/setup/site",
            "/setup",
            "/sites",
            "/sites/faso/settings",
            "/sites/faso/captcha?days=7",
            "/sites/nowhere/defence",
            "/sites/faso/captcha/policies",
            "/moderators",
            "/tokens",
            "/account/codes",
            "/account/name",
            "/logout",
            "/t/faso?thread=/article",
            "/nowhere",
        ] {
            let fields = [("email", email), ("passphrase", PASSPHRASE), ("next", next)];
            let entered = service.tries_from("192.0.2.1", "/login", &fields, "").await.expect(303);
            let place = entered.header("location");
            let page = service.browser(&entered).gets(place).await;
            assert_eq!(page.status, 200, "{email} to {next}: {place}");
        }
    }
    for (email, next, lands) in [
        (AWA, "/sites/faso/captcha?days=7", "/sites/faso/captcha?days=7"),
        (AWA, "/sites/faso/settings", "/queue"),
        ("issa@example.org", "/sites/faso/settings", "/sites/faso/settings"),
        ("issa@example.org", "/setup/site", "/queue"),
        (OWNER_EMAIL, "", "/setup/site"),
        (OWNER_EMAIL, "/tokens", "/tokens"),
    ] {
        let fields = [("email", email), ("passphrase", PASSPHRASE), ("next", next)];
        let entered = service.tries_from("192.0.2.1", "/login", &fields, "").await.expect(303);
        assert_eq!(entered.header("location"), lands, "{email} to {next}");
    }
    // By the second step and by a recovery code as well.
    let browser = service.signs_in_as(AWA, PASSPHRASE).await;
    let codes = codes_on(
        &browser
            .posts("/account/codes", &[("current", PASSPHRASE)])
            .await
            .expect(200),
    );
    let totp = service.sets_up_second_step(&browser).await;
    for next in ["", "/tokens"] {
        let passed = service.tries(AWA, PASSPHRASE).await.expect(200);
        let pass = values_of(&passed.text, "pass").remove(0);
        let code = service.code_now(&totp);
        let fields = [("pass", pass.as_str()), ("code", &code), ("next", next)];
        let entered = service
            .tries_from("192.0.2.1", "/login/code", &fields, "")
            .await
            .expect(303);
        assert_eq!(entered.header("location"), "/queue");
        service.clock.advance(Duration::from_secs(30));
    }
    let code = service.code_now(&totp);
    let fields = [
        ("email", AWA),
        ("recovery_code", codes[0].as_str()),
        ("code", &code),
        ("passphrase", "une phrase toute nouvelle"),
    ];
    let recovered = service
        .tries_from("192.0.2.1", "/login/recovery", &fields, "")
        .await
        .expect(303);
    assert_eq!(recovered.header("location"), "/queue");
    service.stop().await;
}
