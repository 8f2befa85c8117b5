//! A new root key shuts nobody out: each use of a key, made under the old one, goes on under the new one while the
//! old file is named, and ends in a clear answer once it is gone.

use std::{collections::BTreeSet, fs, path::Path, sync::Arc, time::Duration};

use palabre::{
    actions::{
        identify::{self, Role},
        own_account,
    },
    keys::sha256_hex,
};
use reqwest::Method;
use serde_json::json;
use totp_rs::{Builder, Secret, Totp};

use crate::{
    child::Place,
    service::{Answer, Browser, OWNER_EMAIL, PASSPHRASE, SITE, Service, comment, eventually, values_of},
    stores::{Storage, on_both_engines},
    submit::solved,
};

on_both_engines!(
    h12_what_readers_hold_goes_on_under_a_new_key,
    h12_moderators_come_in_under_a_new_key,
    h12_seeds_and_secrets_are_sealed_anew_at_the_start,
    h12_an_unreadable_seed_leaves_the_recovery_codes,
    h12_doctor_counts_what_hangs_on_an_old_key,
);

const MINUTE: Duration = Duration::from_mins(1);

/// Each place of the code that uses a key, and the test that takes it to a new one.
const USES: [(&str, &str, &str); 15] = [
    (
        "actions/decide.rs",
        "Audit",
        "a digest that is kept and never made again",
    ),
    (
        "actions/thread.rs",
        "Client",
        "h12_what_readers_hold_goes_on_under_a_new_key",
    ),
    (
        "actions/credentials.rs",
        "Recovery",
        "h12_moderators_come_in_under_a_new_key",
    ),
    ("actions/door.rs", "Door", "h12_moderators_come_in_under_a_new_key"),
    ("actions/door.rs", "Recovery", "h12_moderators_come_in_under_a_new_key"),
    (
        "actions/receipt.rs",
        "Receipt",
        "h12_what_readers_hold_goes_on_under_a_new_key",
    ),
    (
        "actions/submit/holds.rs",
        "Email",
        "h12_what_readers_hold_goes_on_under_a_new_key",
    ),
    (
        "actions/submit/outcome.rs",
        "Client",
        "a digest of a month, that nothing is looked up by",
    ),
    (
        "actions/submit/device.rs",
        "Device",
        "h12_what_readers_hold_goes_on_under_a_new_key",
    ),
    (
        "actions/new_key.rs",
        "Email",
        "h12_what_readers_hold_goes_on_under_a_new_key",
    ),
    (
        "captcha/built_in/form_token.rs",
        "Form",
        "h12_what_readers_hold_goes_on_under_a_new_key",
    ),
    (
        "captcha/built_in/proof.rs",
        "Challenge",
        "h12_what_readers_hold_goes_on_under_a_new_key",
    ),
    ("keys.rs", "Thread", "h12_what_readers_hold_goes_on_under_a_new_key"),
    ("keys.rs", "Seal", "h12_seeds_and_secrets_are_sealed_anew_at_the_start"),
    ("keys.rs", "Fingerprint", "every test here: a store knows its key by it"),
];

#[test]
fn h12_every_use_of_a_key_has_its_row() {
    let mut used = BTreeSet::new();
    for (file, text) in files_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "") {
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for rest in code.split("Purpose::").skip(1) {
            let name: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
            if file != "keys.rs" || ["Thread", "Seal", "Fingerprint"].contains(&name.as_str()) {
                used.insert((file.clone(), name));
            }
        }
        if file == "keys.rs" {
            // And no purpose that is used nowhere.
            let names = text
                .split("pub enum Purpose {")
                .nth(1)
                .and_then(|rest| rest.split('}').next());
            for line in names.expect("the purposes").lines() {
                let name = line.trim().trim_end_matches(',');
                if !name.is_empty() && !name.starts_with("//") {
                    assert!(USES.iter().any(|(_, purpose, _)| *purpose == name), "{name} has no row");
                }
            }
        }
    }
    let rows: BTreeSet<(String, String)> = USES
        .iter()
        .map(|(file, purpose, _)| ((*file).to_owned(), (*purpose).to_owned()))
        .collect();
    assert_eq!(used, rows);
}

fn files_below(folder: &Path, prefix: &str) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = format!("{prefix}{}", path.file_name().expect("a name").to_string_lossy());
        if path.is_dir() {
            files.extend(files_below(&path, &format!("{name}/")));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push((name, fs::read_to_string(&path).expect("text")));
        }
    }
    files
}

/// Puts a new key in the place of the present one; gives the configuration that names the old file.
fn renews_key(storage: &Storage, number: u8) -> String {
    let (now, old) = (
        storage.folder.join("palabre.key"),
        storage.folder.join(format!("old-{number}.key")),
    );
    fs::rename(&now, &old).expect("moved");
    fs::write(&now, sha256_hex(&[number])).expect("a new key");
    format!("[server]\nold_secret_files = [\"{}\"]\n", old.display())
}

async fn identity(service: &Service, browser: &Browser<'_>) -> identify::Identity {
    let mut pairs = browser.cookie.split("; ");
    let session = pairs.find_map(|pair| pair.strip_prefix("palabre_session="));
    identify::by_session(&service.app, session.expect("a session"))
        .await
        .expect("signed in")
}

async fn sets_up_second_step(service: &Service, browser: &Browser<'_>) -> Totp {
    let who = identity(service, browser).await;
    let seed = own_account::begin_second_step(&service.app, &who, PASSPHRASE)
        .await
        .expect("begun");
    let totp = Builder::new()
        .with_secret(Secret::try_from_base32(&seed.secret).expect("base 32"))
        .build_noncompliant();
    own_account::confirm_second_step(&service.app, &who, &code_now(service, &totp))
        .await
        .expect("confirmed");
    service.clock.advance(Duration::from_secs(30));
    totp
}

fn code_now(service: &Service, totp: &Totp) -> String {
    let now = u64::try_from(service.app.clock.now().0 / 1000).expect("after 1970");
    totp.generate(now).to_string()
}

fn codes_on(page: &Answer) -> Vec<String> {
    let items = page.text.split("<li><code>").skip(1);
    items
        .filter_map(|rest| rest.split('<').next())
        .map(str::to_owned)
        .collect()
}

fn is_in(answer: &Answer) -> bool {
    let cookies = answer.headers.get_all("set-cookie").iter();
    cookies
        .filter_map(|cookie| cookie.to_str().ok())
        .any(|cookie| cookie.contains("palabre_session=") && !cookie.contains("Max-Age=0"))
}

async fn posts(service: &Service, path: &str, fields: &[(&str, &str)], cookie: &str) -> Answer {
    service
        .request(Method::POST, path, |request| {
            request
                .header("cookie", cookie)
                .header("accept", "text/html")
                .form(fields)
        })
        .await
}

async fn h12_what_readers_hold_goes_on_under_a_new_key(storage: &Storage) {
    let site = "moderation = \"after\"\n[site.captcha.policy]\npublish_from = 0.9\n";
    let signed = SITE.replace("\"faso\"", "\"sahel\"") + "threads = \"signed\"\n";
    let sites = format!("{SITE}{site}{signed}");
    let service = Service::start(storage, &sites).await;
    let clock = Arc::clone(&service.clock);
    let moderator = service.moderator().await;
    let (first, path) = (
        service.reader().submits(&comment("Un")).await.expect(202),
        "/api/v1/sites/faso/form?thread=%2Farticle",
    );
    moderator.decides(&first.id(), "approve").await.expect(200);
    let report = format!("/api/v1/comments/{}/report", first.id());
    service.post_json(&report, &json!({"reason": "spam"})).await;
    let form = service.get(path).await.expect(200);
    let signature = service.app.keys.thread_signature("sahel", "/signe");
    let token = moderator.token.clone();
    service.stop().await;

    let old_file = renews_key(storage, 1);
    let service = Service::start_at(storage, &format!("{old_file}{sites}"), Arc::clone(&clock)).await;
    let receipt = first.json["receipt"].as_str().expect("a receipt");
    service.get(&format!("/r/{receipt}")).await.expect(200);
    service.clock.advance(MINUTE);
    let mut fields = comment("Deux");
    fields["form"] = form.json["form"].clone();
    fields["captcha"] = json!(solved(&form.json["captcha"]["challenge"]));
    fields["device"] = first.json["device"].clone();
    let second = service.reader().submits(&fields).await.expect(202);
    assert_eq!(
        storage.integer("SELECT COUNT(DISTINCT device_id) FROM comments").await,
        Some(1),
        "the device is known"
    );
    assert_eq!(
        storage
            .integer("SELECT COUNT(*) FROM comments WHERE signals LIKE 'proof=solved%'")
            .await,
        Some(1),
        "form and proof count"
    );
    let mut signed = comment("Sur un fil signé");
    signed["thread"] = json!("/signe");
    signed["thread_sig"] = json!(signature);
    service.reader().submits_to("sahel", &signed).await.expect(202);
    let seen = async |query: &str| {
        let answer = service
            .request(Method::GET, &format!("/api/v1/moderation/queue?{query}"), |request| {
                request.bearer_auth(&token)
            })
            .await
            .expect(200);
        answer.json["items"].as_array().expect("items").clone()
    };
    eventually("the first is found by its e-mail", async || {
        seen("status=approved&author=aminata%40example.org").await.len() == 1
    })
    .await;
    let mut by_email = comment("Trois, d’un autre appareil");
    by_email["form"] = json!(service.reader().opens_form("/article").await);
    let by_email = service.reader().submits(&by_email).await.expect(202);
    let waiting = seen("site=faso").await;
    let item = waiting
        .iter()
        .find(|item| item["id"] == by_email.id())
        .expect("it waits");
    assert_eq!(item["author"]["approved"], 1, "the e-mail's record goes on");
    service.post_json(&report, &json!({"reason": "spam"})).await;
    assert_eq!(
        storage
            .integer("SELECT CAST(SUM(reports) AS BIGINT) FROM comments")
            .await,
        Some(1),
        "one reader is one report"
    );
    service.stop().await;

    // The old file is gone: what hangs on it is as if it were forged, and nothing breaks.
    let service = Service::start_at(storage, &sites, Arc::clone(&clock)).await;
    service.get(&format!("/r/{receipt}")).await.expect(404);
    let renewed = second.json["receipt"].as_str().expect("a receipt");
    service.get(&format!("/r/{renewed}")).await.expect(200);
    let mut fields = comment("Quatre");
    fields["device"] = first.json["device"].clone();
    fields["form"] = form.json["form"].clone();
    let fourth = service.reader().submits(&fields).await.expect(202);
    assert_ne!(fourth.json["device"], first.json["device"]);
    signed["thread"] = json!("/autre");
    service.reader().submits_to("sahel", &signed).await.expect(422);
    service.stop().await;
}

async fn h12_moderators_come_in_under_a_new_key(storage: &Storage) {
    let limits = "[rate_limit]\nsign_in = { burst = 1000, per_hour = 1000, wide_burst = 1000, wide_per_hour = 1000 }\nsign_in_account = { burst = 3, per_hour = 1 }\n";
    let config = format!("{limits}{SITE}");
    let service = Service::start(storage, &config).await;
    let clock = Arc::clone(&service.clock);
    let owner = service.signs_in().await;
    let totp = sets_up_second_step(&service, &owner).await;
    let (_, link) = service.invites("Awa", "awa@example.org", Role::Moderator, &[]).await;
    let accepted = posts(
        &service,
        "/invitation",
        &[("code", &link), ("passphrase", PASSPHRASE)],
        "",
    )
    .await;
    let codes = codes_on(&accepted.expect(200));
    let login = [("email", OWNER_EMAIL), ("passphrase", PASSPHRASE)];
    let passed = posts(&service, "/login", &login, "").await.expect(200);
    let pass = values_of(&passed.text, "pass").remove(0);
    for _ in 0..2 {
        let wrong = [("email", "awa@example.org"), ("passphrase", "tout autre chose")];
        posts(&service, "/login", &wrong, "").await.expect(401);
    }
    let cookie = owner.cookie.clone();
    service.stop().await;

    let old_file = renews_key(storage, 2);
    let service = Service::start_at(storage, &format!("{old_file}{config}"), Arc::clone(&clock)).await;
    let queue = async |cookie: &str| {
        service
            .request(Method::GET, "/queue", |request| {
                request.header("cookie", cookie).header("accept", "text/html")
            })
            .await
    };
    queue(&cookie).await.expect(200);
    let code = code_now(&service, &totp);
    let entered = posts(&service, "/login/code", &[("pass", &pass), ("code", &code)], "").await;
    assert!(is_in(&entered), "the pass and the seed go on: {}", entered.text);
    // The third wrong try is the last of three, and not the first.
    let wrong = [("email", "awa@example.org"), ("passphrase", "tout autre chose")];
    posts(&service, "/login", &wrong, "").await.expect(401);
    posts(&service, "/login", &wrong, "").await.expect(429);
    let recovers = async |service: &Service, code: &str| {
        let fields = [
            ("email", "awa@example.org"),
            ("recovery_code", code),
            ("code", ""),
            ("passphrase", "une phrase toute nouvelle"),
        ];
        posts(service, "/login/recovery", &fields, "").await
    };
    let recovered = recovers(&service, &codes[0]).await;
    assert!(is_in(&recovered), "{}", recovered.text);
    assert!(!is_in(&recovers(&service, &codes[0]).await), "once");
    service.stop().await;

    let service = Service::start_at(storage, &config, Arc::clone(&clock)).await;
    let refused = recovers(&service, &codes[1]).await;
    assert_eq!(refused.status, 401, "it hung on the old key: {}", refused.text);
    assert_eq!(
        posts(&service, "/login/code", &[("pass", &pass), ("code", "123456")], "")
            .await
            .status,
        401
    );
    service.stop().await;
}

async fn h12_seeds_and_secrets_are_sealed_anew_at_the_start(storage: &Storage) {
    let service = Service::start(storage, "").await;
    let clock = Arc::clone(&service.clock);
    let owner = service.signs_in().await;
    let totp = sets_up_second_step(&service, &owner).await;
    let everybody = service.owner().await;
    let captcha = json!({"provider": "recaptcha_v3", "site_key": "cle", "secret": "un-secret-que-personne-ne-lit"});
    let made = json!({"id": "faso", "captcha": captcha});
    everybody.posts("/api/v1/sites", &made).await.expect(201);
    service.stop().await;
    let old_file = renews_key(storage, 3);
    Service::start_at(storage, &old_file, Arc::clone(&clock))
        .await
        .stop()
        .await;
    // Without the old file from here on.
    let service = Service::start_at(storage, "", Arc::clone(&clock)).await;
    let login = json!({"email": OWNER_EMAIL, "passphrase": PASSPHRASE, "code": code_now(&service, &totp)});
    service.post_json("/login", &login).await.expect(200);
    let site = service.app.site("faso").await.expect("there");
    let secret = site.site.captcha.secret.as_ref().expect("a secret");
    assert_eq!(
        secrecy::ExposeSecret::expose_secret(secret),
        "un-secret-que-personne-ne-lit"
    );
    service.stop().await;
}

async fn h12_an_unreadable_seed_leaves_the_recovery_codes(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let owner = service.signs_in().await;
    sets_up_second_step(&service, &owner).await;
    let who = identity(&service, &owner).await;
    let codes = own_account::renew_recovery_codes(&service.app, &who, PASSPHRASE)
        .await
        .expect("made");
    // Sealed under a key that nobody has any more.
    storage
        .execute("UPDATE accounts SET totp_seed = 'v1.00000000.AAAA'")
        .await;
    let login = |code: &str| json!({"email": OWNER_EMAIL, "passphrase": PASSPHRASE, "code": code});
    let answer = service.post_json("/login", &login("123456")).await;
    assert_eq!(answer.error(), (401, "second_step_unreadable"), "{}", answer.text);
    assert!(
        answer.json["title"]
            .as_str()
            .expect("a sentence")
            .contains("code de secours"),
        "{}",
        answer.text
    );
    let fields = [("email", OWNER_EMAIL), ("passphrase", PASSPHRASE)];
    let passed = posts(&service, "/login", &fields, "").await.expect(200);
    let pass = values_of(&passed.text, "pass").remove(0);
    let page = posts(&service, "/login/code", &[("pass", &pass), ("code", "654321")], "").await;
    assert_eq!(page.status, 401);
    assert!(page.text.contains("code de secours"), "{}", page.text);
    service.post_json("/login", &login(&codes[0])).await.expect(200);
    // And the step can be set up anew.
    own_account::remove_second_step(&service.app, &who, PASSPHRASE)
        .await
        .expect("removed");
    storage
        .execute("UPDATE accounts SET totp_seed = 'v1.00000000.AAAA', totp_confirmed = FALSE")
        .await;
    owner.gets("/account").await.expect(200);
    let begun = own_account::confirm_second_step(&service.app, &who, "123456").await;
    assert!(begun.is_err());
    service.stop().await;
}

async fn h12_doctor_counts_what_hangs_on_an_old_key(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let clock = Arc::clone(&service.clock);
    service.signs_in().await;
    service.stop().await;
    let old_file = renews_key(storage, 4);
    let place = Place::new(storage, &format!("{old_file}{SITE}"));
    let said = place.runs(&["doctor"]);
    let said = format!("{}{}", said.out, said.err);
    assert!(said.contains("10 recovery codes"), "{said}");
    assert!(said.contains("keep the files"), "{said}");
    let service = Service::start_at(storage, &format!("{old_file}{SITE}"), Arc::clone(&clock)).await;
    let browser = service.signs_in_as(OWNER_EMAIL, PASSPHRASE).await;
    let who = identity(&service, &browser).await;
    own_account::renew_recovery_codes(&service.app, &who, PASSPHRASE)
        .await
        .expect("made");
    service.stop().await;
    let said = place.runs(&["doctor"]);
    let said = format!("{}{}", said.out, said.err);
    assert!(said.contains("0 recovery codes") && said.contains("can go"), "{said}");
}
