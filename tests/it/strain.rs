//! Strain: work that a stranger chooses is bounded, counted first, and never stands in anybody's way.
//!
//! Nothing here is measured in time (`benches/hostile` does): a room whose places are all held shows who
//! waits for one and who does not.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use palabre::{
    actions::{
        accounts,
        authority::Authority,
        identify::{self, Role},
        own_account, setup,
    },
    clock::ManualClock,
};
use reqwest::Method;
use tokio::sync::OwnedSemaphorePermit;
use totp_rs::{Builder, Secret, Totp};

use crate::{
    service::{Answer, Browser, OWNER_EMAIL, PASSPHRASE, SITE, START, Service, comment, eventually},
    stores::{Storage, on_both_engines},
};

on_both_engines!(
    h1_what_cannot_match_is_answered_before_the_passphrase_is_looked_at,
    h1_a_weak_passphrase_is_a_try,
    h1_strength_is_estimated_where_passphrases_are_hashed,
    h1_hostile_passphrases_without_a_code_take_no_place,
    h1_a_code_is_not_used_up_by_a_try_that_fails,
    h1_a_long_text_is_rendered_in_its_room_and_a_short_one_passes_by,
    h8_a_flood_of_strangers_does_not_keep_a_known_browser_waiting,
    h8_a_neighbourhood_has_tries_of_its_own,
    h8_a_neighbourhood_that_is_shut_leaves_a_known_browser_its_way_in,
    h8_codes_of_the_first_run_are_counted_by_neighbourhood,
    h8_tries_of_a_flood_run_out,
);

const AWA: &str = "awa@example.org";

/// What takes long to estimate, and what a passphrase cannot be.
fn hostile() -> [String; 6] {
    [
        "4@8({[<369!1|0$57+%2".repeat(5),
        "4@8({[<369!1|0$57+%2".repeat(5_000),
        "\u{FDFA}".repeat(30_000),
        format!("e{}", "\u{300}\u{316}".repeat(30_000)),
        "court".to_owned(),
        String::new(),
    ]
}

/// Behind a proxy that names the client, with the limits of the shipped file.
fn limited() -> String {
    format!("[server]\ntrusted_proxies = [\"127.0.0.1\"]\n[rate_limit]\nenabled = true\n{SITE}")
}

impl Service {
    async fn posts_from(&self, address: &str, path: &str, fields: &[(&str, &str)], cookie: &str) -> Answer {
        self.request(Method::POST, path, |request| {
            request
                .header("x-forwarded-for", address)
                .header("cookie", cookie)
                .header("sec-fetch-site", "same-origin")
                .header("accept", "text/html")
                .form(fields)
        })
        .await
    }

    async fn recovers(&self, address: &str, email: &str, codes: [&str; 2], passphrase: &str) -> Answer {
        let fields = [
            ("email", email),
            ("recovery_code", codes[0]),
            ("code", codes[1]),
            ("passphrase", passphrase),
        ];
        self.posts_from(address, "/login/recovery", &fields, "").await
    }

    /// A moderator who chose a passphrase, and the recovery codes that were shown.
    async fn has_moderator(&self, email: &str) -> (Vec<String>, Browser<'_>) {
        let (_, link) = self.invites("Awa", email, Role::Moderator, &[]).await;
        let fields = [("code", link.as_str()), ("passphrase", PASSPHRASE)];
        let accepted = self
            .posts_from("203.0.113.200", "/invitation", &fields, "")
            .await
            .expect(200);
        let codes = accepted.text.split("<li><code>").skip(1);
        let codes = codes.filter_map(|rest| rest.split('<').next()).map(str::to_owned);
        (codes.collect(), self.browser(&accepted))
    }

    /// A second step for whoever sits at the browser.
    async fn confirms_second_step(&self, browser: &Browser<'_>) -> Totp {
        let session = browser
            .cookie
            .split("; ")
            .find_map(|pair| pair.strip_prefix("palabre_session="));
        let who = identify::by_session(&self.app, session.expect("a session")).await;
        let who = who.expect("signed in");
        let seed = own_account::begin_second_step(&self.app, &who, PASSPHRASE)
            .await
            .expect("begun");
        let totp = Builder::new()
            .with_secret(Secret::try_from_base32(&seed.secret).expect("base 32"))
            .build_noncompliant();
        own_account::confirm_second_step(&self.app, &who, &self.shows(&totp))
            .await
            .expect("confirmed");
        self.clock.advance(Duration::from_secs(30));
        totp
    }

    /// What the app on somebody's phone shows now.
    fn shows(&self, totp: &Totp) -> String {
        let now = u64::try_from(self.app.clock.now().0 / 1000).expect("after 1970");
        totp.generate(now).to_string()
    }

    /// A browser that holds the session of a setup code.
    async fn begins_setup(&self) -> Browser<'_> {
        let code = setup::new_code(&self.app).await.expect("a setup code");
        let opened = self
            .posts_from("203.0.113.201", "/setup", &[("code", &code)], "")
            .await
            .expect(303);
        self.browser(&opened)
    }

    /// Holds all places where passphrases are hashed.
    async fn fills_hashing_room(&self) -> OwnedSemaphorePermit {
        let places = Arc::clone(&self.app.hashing.places);
        places.acquire_many_owned(2).await.expect("open")
    }

    async fn signs_in_from(&self, address: &str, email: &str, passphrase: &str, cookie: &str) -> Answer {
        let fields = [("email", email), ("passphrase", passphrase)];
        self.posts_from(address, "/login", &fields, cookie).await
    }
}

async fn tries_counted(storage: &Storage) -> i64 {
    let tries = storage
        .integer("SELECT COUNT(DISTINCT try_id) FROM sign_in_tries")
        .await;
    tries.expect("a number")
}

async fn h1_what_cannot_match_is_answered_before_the_passphrase_is_looked_at(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let owner = service.signs_in().await;
    service.confirms_second_step(&owner).await;
    let (codes, awa) = service.has_moderator(AWA).await;
    service
        .invites("Issa", "invited@example.org", Role::Moderator, &[])
        .await;
    let (gone, link) = service.invites("Ali", "gone@example.org", Role::Moderator, &[]).await;
    service.accepts(&link).await;
    accounts::set_disabled(&service.app, Authority::Operator, gone, true)
        .await
        .expect("shut out");
    let entries = storage.integer("SELECT COUNT(*) FROM audit_entries").await;
    let mut answers = Vec::new();
    for (email, code) in [
        (AWA, "AAAAA-AAAAA"),
        (AWA, ""),
        (AWA, &codes[0].repeat(2)),
        (OWNER_EMAIL, codes[0].as_str()),
        ("invited@example.org", &codes[0]),
        ("gone@example.org", &codes[0]),
        ("nobody@example.org", &codes[0]),
        ("", ""),
        (&"x".repeat(30_000), &"y".repeat(30_000)),
    ] {
        for passphrase in hostile() {
            let passphrase = &passphrase[..passphrase.floor_char_boundary(10_000)];
            let answer = service.recovers("192.0.2.1", email, [code, "000000"], passphrase).await;
            assert_eq!(
                answer.status, 401,
                "{email:.30} {code:.30} {passphrase:.20}: {}",
                answer.text
            );
            answers.push(answer.text.replace(&format!("value=\"{email}\""), "value=\"\""));
        }
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "one answer for all");
    assert!(answers[0].contains("Ces renseignements ne vont pas ensemble"));
    assert_eq!(
        storage.integer("SELECT COUNT(*) FROM audit_entries").await,
        entries,
        "nothing more is written for an account that is there"
    );
    for (tries, passphrase) in hostile().iter().enumerate() {
        let passphrase = &passphrase[..passphrase.floor_char_boundary(10_000)];
        let fields = [("code", "no-such-link"), ("passphrase", passphrase)];
        service
            .posts_from("192.0.2.1", "/invitation", &fields, "")
            .await
            .expect(404);
        // The fifth wrong one in a row ends the session.
        if tries > 3 {
            continue;
        }
        // Who does not know the current passphrase is told nothing about the new one.
        let fields = [("current", "wrong"), ("passphrase", passphrase)];
        let asked = awa.posts("/account/passphrase", &fields).await.expect(422);
        assert!(asked.text.contains("id=\"current-error\"") && !asked.text.contains("id=\"passphrase-error\""));
    }
    service.stop().await;
}

async fn h1_a_weak_passphrase_is_a_try(storage: &Storage) {
    let service = Service::start(storage, &limited()).await;
    let newcomer = service.begins_setup().await;
    let weak = [
        ("name", "Rokia"),
        ("email", OWNER_EMAIL),
        ("passphrase", "motdepasse123"),
    ];
    let mut statuses = Vec::new();
    for _ in 0..26 {
        statuses.push(newcomer.posts("/setup/you", &weak).await.status.as_u16());
    }
    assert_eq!(statuses, [vec![422; 25], vec![429]].concat(), "the first owner");
    let (codes, awa) = service.has_moderator(AWA).await;
    let mut statuses = Vec::new();
    for _ in 0..6 {
        let answer = service
            .recovers("192.0.2.1", AWA, [&codes[0], ""], "motdepasse123")
            .await;
        statuses.push(answer.status.as_u16());
    }
    assert_eq!(statuses, [422, 422, 422, 422, 422, 429], "a recovery code");
    // Whoever knows the current one guesses nothing: the new one may be weak as often as it is.
    for _ in 0..26 {
        let fields = [("current", PASSPHRASE), ("passphrase", "motdepasse123")];
        awa.posts("/account/passphrase", &fields).await.expect(422);
    }
    let (_, link) = service.invites("Issa", "issa@example.org", Role::Moderator, &[]).await;
    let mut statuses = Vec::new();
    for number in 0..26 {
        let fields = [("code", link.as_str()), ("passphrase", "motdepasse123")];
        let from = format!("10.{number}.0.1");
        statuses.push(
            service
                .posts_from(&from, "/invitation", &fields, "")
                .await
                .status
                .as_u16(),
        );
    }
    assert_eq!(statuses, [vec![422; 25], vec![429]].concat(), "a one-time link");
    // Elsewhere the same recovery code still opens: nothing was used up.
    let recovered = service
        .recovers("198.51.100.1", AWA, [&codes[0], ""], "une phrase toute nouvelle")
        .await;
    assert_eq!(recovered.status, 303, "{}", recovered.text);
    service.stop().await;
}

async fn h1_strength_is_estimated_where_passphrases_are_hashed(storage: &Storage) {
    let service = Service::start(storage, &limited()).await;
    let newcomer = service.begins_setup().await;
    let fields = [("name", ""), ("email", ""), ("passphrase", "court")];
    waits_for_a_place(&service, storage, newcomer.posts("/setup/you", &fields)).await;
    let (codes, awa) = service.has_moderator(AWA).await;
    let recovering = service.recovers("192.0.2.1", AWA, [&codes[0], ""], "court");
    waits_for_a_place(&service, storage, recovering).await;
    let fields = [("current", PASSPHRASE), ("passphrase", "court")];
    waits_for_a_place(&service, storage, awa.posts("/account/passphrase", &fields)).await;
    let (_, link) = service.invites("Issa", "issa@example.org", Role::Moderator, &[]).await;
    let fields = [("code", link.as_str()), ("passphrase", "court")];
    let accepting = service.posts_from("192.0.2.2", "/invitation", &fields, "");
    waits_for_a_place(&service, storage, accepting).await;
    service.stop().await;
}

/// Counted, and then in the queue for a place while the rest of the service answers.
async fn waits_for_a_place(service: &Service, storage: &Storage, choosing: impl Future<Output = Answer>) {
    let before = tries_counted(storage).await;
    let places = service.fills_hashing_room().await;
    let counted = async {
        eventually("the try is counted", async || {
            tries_counted(storage).await == before + 1
        })
        .await;
        service.get("/healthz").await.expect(200);
        drop(places);
    };
    // Ready at once only if the answer came while all places were held.
    let mut choosing = std::pin::pin!(choosing);
    tokio::select! {
        biased;
        answer = &mut choosing => panic!("answered without a place: {}", answer.text),
        () = counted => {}
    }
    choosing.await.expect(422);
}

async fn h1_hostile_passphrases_without_a_code_take_no_place(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    service.signs_in().await;
    service.has_moderator(AWA).await;
    let places = service.fills_hashing_room().await;
    let [signs, ..] = hostile();
    let emails = [AWA, OWNER_EMAIL, "nobody@example.org", ""];
    let tries = (0..20).map(|number| service.recovers("192.0.2.1", emails[number % 4], ["AAAAA-AAAAA", ""], &signs));
    for answer in join_all(tries).await {
        answer.expect(401);
    }
    service.get("/healthz").await.expect(200);
    drop(places);
    service.stop().await;
}

async fn h1_a_code_is_not_used_up_by_a_try_that_fails(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    service.signs_in().await;
    let (codes, browser) = service.has_moderator(AWA).await;
    let totp = service.confirms_second_step(&browser).await;
    let new = "une phrase toute nouvelle";
    let shown = service.shows(&totp);
    let recovers = async |first: &str, second: &str, passphrase: &str| {
        let answer = service.recovers("192.0.2.1", AWA, [first, second], passphrase).await;
        answer.status.as_u16()
    };
    assert_eq!(
        recovers("AAAAA-AAAAA", &shown, new).await,
        401,
        "the recovery code is wrong"
    );
    assert_eq!(
        recovers(&codes[0], &shown, "court").await,
        422,
        "the passphrase is weak"
    );
    assert_eq!(
        recovers(&codes[0], "000000", new).await,
        401,
        "the second step is wrong"
    );
    assert_eq!(recovers(&codes[0], &shown, new).await, 303, "both still count");
    assert_eq!(recovers(&codes[0], &codes[1], new).await, 401, "a used recovery code");
    assert_eq!(
        recovers("AAAAA-AAAAA", &codes[2], new).await,
        401,
        "another in the app's place"
    );
    assert_eq!(recovers(&codes[1], &codes[2], "court").await, 422);
    assert_eq!(recovers(&codes[1], &codes[2], new).await, 303, "none was used up");
    assert_eq!(recovers(&codes[2], &codes[3], new).await, 401, "now it is");
    service.stop().await;
}

async fn h1_a_long_text_is_rendered_in_its_room_and_a_short_one_passes_by(storage: &Storage) {
    let long_bodies = format!("{SITE}body_max = 20000\n");
    let service = Service::start(storage, &long_bodies).await;
    let places = Arc::clone(&service.app.rendering.places);
    let held = places.acquire_many_owned(2).await.expect("open");
    renders_when_a_place_is_free(&service, storage, held).await;
    let html = storage
        .integer("SELECT CAST(MAX(LENGTH(html)) AS BIGINT) FROM comments")
        .await;
    assert_eq!(html, Some(100_007), "nothing of it is lost");
    service.stop().await;
}

/// Sends a long text, and meanwhile a short one; only then is the room free.
async fn renders_when_a_place_is_free(service: &Service, storage: &Storage, held: OwnedSemaphorePermit) {
    let reader = service.reader();
    let hostile = comment(&"&".repeat(20_000));
    let mut rendering = std::pin::pin!(reader.submits(&hostile));
    let others = async {
        eventually("it is under way", async || {
            service.app.room.places.available_permits() < 256
        })
        .await;
        service.get("/healthz").await.expect(200);
        reader.submits(&comment("Un point de vue.")).await.expect(202);
    };
    tokio::select! {
        biased;
        answer = &mut rendering => panic!("rendered without a place: {}", answer.text),
        () = others => {}
    }
    assert_eq!(
        storage.integer("SELECT COUNT(*) FROM comments").await,
        Some(1),
        "the short one is stored"
    );
    drop(held);
    rendering.await.expect(202);
}

async fn h8_a_flood_of_strangers_does_not_keep_a_known_browser_waiting(storage: &Storage) {
    let service = Service::start(storage, &limited()).await;
    let owner = service.signs_in().await;
    let held = Arc::clone(&service.app.hashing.for_strangers);
    let held = held.acquire_owned().await.expect("open");
    let signs_in = async |number: usize, passphrase: &str, cookie: &str| {
        let address = format!("10.{number}.0.1");
        service.signs_in_from(&address, OWNER_EMAIL, passphrase, cookie).await
    };
    let flood = join_all((0..9).map(|number| signs_in(number, "wrong", "")));
    let others = async {
        eventually("nine strangers are in the queue", async || {
            service.app.hashing.strangers() == 9
        })
        .await;
        eventually("their tries are counted", async || tries_counted(storage).await == 9).await;
        let before = tries_counted(storage).await;
        for number in 20..40 {
            let turned_away = signs_in(number, PASSPHRASE, "").await.expect(503);
            assert_eq!(turned_away.header("retry-after"), "5");
        }
        let program = service
            .post_json(
                "/login",
                &serde_json::json!({"email": OWNER_EMAIL, "passphrase": PASSPHRASE}),
            )
            .await;
        assert_eq!(program.error(), (503, "unavailable"));
        assert_eq!(tries_counted(storage).await, before, "who is turned away loses no try");
        // Who came in before has a place, and so have a recovery code and a link.
        signs_in(50, PASSPHRASE, &owner.cookie).await.expect(303);
        let (codes, _) = service.has_moderator(AWA).await;
        let new = "une phrase toute nouvelle";
        service
            .recovers("10.51.0.1", AWA, [&codes[0], ""], new)
            .await
            .expect(303);
        // A mark that is none of ours is a stranger's.
        signs_in(52, PASSPHRASE, "palabre_browser=v1.x.y.z").await.expect(503);
        drop(held);
    };
    let (flooded, ()) = futures_util::future::join(flood, others).await;
    assert!(
        flooded.iter().all(|answer| answer.status == 401),
        "who waits has their turn"
    );
    signs_in(60, PASSPHRASE, "").await.expect(303);
    service.stop().await;
}

async fn h8_a_neighbourhood_has_tries_of_its_own(storage: &Storage) {
    // One clock for all, so that no id comes twice.
    let clock = ManualClock::at(START);
    for (network, elsewhere) in [("2001:db8:1:", "2001:db8:2::1"), ("198.51.100.", "198.51.101.1")] {
        let service = Service::start_at(storage, &limited(), Arc::clone(&clock)).await;
        service.signs_in().await;
        let mut statuses = Vec::new();
        for number in 0..35 {
            // Each from a household of its own, at an account of its own.
            let address = if network.contains(':') {
                format!("{network}{number}::1")
            } else {
                format!("{network}{number}")
            };
            let email = format!("somebody{number}@example.org");
            let answer = service.signs_in_from(&address, &email, "wrong", "").await;
            statuses.push(answer.status.as_u16());
        }
        assert_eq!(statuses, [vec![401; 30], vec![429; 5]].concat(), "{network}");
        // The same neighbours' recoveries, and their tries after a restart.
        let household = format!("{network}{}", if network.contains(':') { "99::1" } else { "99" });
        let recovering = service.recovers(&household, AWA, ["AAAAA-AAAAA", ""], "x").await;
        assert_eq!(recovering.status, 429, "{network}");
        service.stop().await;
        let service = Service::start_at(storage, &limited(), Arc::clone(&clock)).await;
        let paused = service.signs_in_from(&household, OWNER_EMAIL, PASSPHRASE, "").await;
        assert_eq!(paused.status, 429, "{network}");
        assert!(
            paused.header("ratelimit").starts_with("\"sign_in_wide\""),
            "{}",
            paused.header("ratelimit")
        );
        let wait: u64 = paused.header("retry-after").parse().expect("seconds");
        assert!((1..=1_800).contains(&wait), "{wait}");
        service
            .signs_in_from(elsewhere, OWNER_EMAIL, PASSPHRASE, "")
            .await
            .expect(303);
        service.stop().await;
    }
}

async fn h8_a_neighbourhood_that_is_shut_leaves_a_known_browser_its_way_in(storage: &Storage) {
    let service = Service::start(storage, &limited()).await;
    let owner = service.signs_in().await;
    let (_, awa) = service.has_moderator(AWA).await;
    for number in 0..30 {
        let address = format!("2001:db8:1:{number:x}::1");
        let email = format!("somebody{number}@example.org");
        service.signs_in_from(&address, &email, "wrong", "").await.expect(401);
    }
    let home = "2001:db8:1:ff::1";
    service
        .signs_in_from(home, OWNER_EMAIL, PASSPHRASE, "")
        .await
        .expect(429);
    service
        .signs_in_from(home, OWNER_EMAIL, PASSPHRASE, &owner.cookie)
        .await
        .expect(303);
    // The mark of one account is none for another: that counts as a stranger's try in the store.
    service
        .signs_in_from(home, OWNER_EMAIL, PASSPHRASE, &awa.cookie)
        .await
        .expect(429);
    // And a household's own tries count for everybody in it.
    for _ in 0..4 {
        service.signs_in_from(home, OWNER_EMAIL, "wrong", &owner.cookie).await;
    }
    service
        .signs_in_from(home, OWNER_EMAIL, PASSPHRASE, &owner.cookie)
        .await
        .expect(429);
    service.stop().await;
}

async fn h8_codes_of_the_first_run_are_counted_by_neighbourhood(storage: &Storage) {
    let service = Service::start(storage, &limited()).await;
    let mut statuses = Vec::new();
    for number in 0..32 {
        let address = format!("2001:db8:1:{number:x}::1");
        let answer = service.posts_from(&address, "/setup", &[("code", "wrong")], "").await;
        statuses.push(answer.status.as_u16());
    }
    assert!(statuses[..30].iter().all(|status| *status != 429), "{statuses:?}");
    assert_eq!(statuses[30..], [429, 429]);
    let code = setup::new_code(&service.app).await.expect("a setup code");
    let elsewhere = service
        .posts_from("2001:db8:2::1", "/setup", &[("code", &code)], "")
        .await;
    elsewhere.expect(303);
    service.stop().await;
}

async fn h8_tries_of_a_flood_run_out(storage: &Storage) {
    let service = Service::start(storage, &limited()).await;
    service.signs_in().await;
    let flood = async |from: usize| {
        for number in from..from + 40 {
            let email = format!("somebody{number}@example.org");
            let address = format!("10.{number}.0.1");
            service.signs_in_from(&address, &email, "wrong", "").await.expect(401);
        }
    };
    let rows = async || storage.integer("SELECT COUNT(*) FROM sign_in_tries").await;
    flood(0).await;
    assert_eq!(rows().await, Some(3 * 40), "by address, neighbourhood and account");
    service.clock.advance(Duration::from_hours(1));
    flood(40).await;
    assert_eq!(
        rows().await,
        Some(3 * 40),
        "those of an hour ago went with the next ones"
    );
    service.clock.advance(Duration::from_hours(1));
    palabre::jobs::round(&service.app).await.expect("a round");
    assert_eq!(rows().await, Some(0));
    service.stop().await;
}
