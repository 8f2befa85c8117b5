//! Strain: work that a stranger chooses is bounded, counted first, and never stands in anybody's way.
//!
//! Nothing here is measured in time (`benches/hostile` does): a room whose places are all held shows who
//! waits for one and who does not.

use futures_util::future::join_all;
use palabre::actions::{
    accounts::{self, By},
    identify::{self, Role},
    own_account, setup,
};
use reqwest::Method;
use tokio::sync::OwnedSemaphorePermit;
use totp_rs::{Builder, Secret, Totp};

use crate::{
    service::{Answer, Browser, OWNER_EMAIL, PASSPHRASE, SITE, Service, eventually},
    stores::{Storage, on_both_engines},
};

on_both_engines!(
    h1_what_cannot_match_is_answered_before_the_passphrase_is_looked_at,
    h1_a_weak_passphrase_is_a_try,
    h1_strength_is_estimated_where_passphrases_are_hashed,
    h1_hostile_passphrases_without_a_code_take_no_place,
    h1_a_code_is_not_used_up_by_a_try_that_fails,
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
        self.clock.advance(std::time::Duration::from_secs(30));
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
        let room = std::sync::Arc::clone(&self.app.hashing);
        room.acquire_many_owned(2).await.expect("open")
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
    accounts::set_disabled(&service.app, By::Operator, gone, true)
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
    for passphrase in hostile() {
        let passphrase = &passphrase[..passphrase.floor_char_boundary(10_000)];
        let fields = [("code", "no-such-link"), ("passphrase", passphrase)];
        service
            .posts_from("192.0.2.1", "/invitation", &fields, "")
            .await
            .expect(404);
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
    let mut statuses = Vec::new();
    for _ in 0..26 {
        let fields = [("current", PASSPHRASE), ("passphrase", "motdepasse123")];
        statuses.push(awa.posts("/account/passphrase", &fields).await.status.as_u16());
    }
    assert_eq!(statuses, [vec![422; 25], vec![429]].concat(), "one's own");
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
