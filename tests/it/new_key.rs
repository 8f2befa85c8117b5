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
    h12_doctor_counts_what_no_key_opens_any_more,
    h12_key_new_changes_the_key_and_prints_the_line,
    h12_key_new_is_refused_where_it_would_harm,
);

const MINUTE: Duration = Duration::from_mins(1);

/// Each place of the code that uses a key, and the test that takes it to a new one.
const USES: [(&str, &str, &str); 16] = [
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
    ("actions/sign_in.rs", "Door", "h12_moderators_come_in_under_a_new_key"),
    (
        "actions/sign_in.rs",
        "Recovery",
        "h12_moderators_come_in_under_a_new_key",
    ),
    (
        "actions/receipt.rs",
        "Receipt",
        "h12_what_readers_hold_goes_on_under_a_new_key",
    ),
    (
        "actions/session_tries.rs",
        "Recovery",
        "h2_five_wrong_passphrases_in_a_row_end_the_session_and_no_other",
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

async fn h12_doctor_counts_what_no_key_opens_any_more(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let clock = Arc::clone(&service.clock);
    let owner = service.signs_in().await;
    sets_up_second_step(&service, &owner).await;
    let who = identity(&service, &owner).await;
    let codes = own_account::renew_recovery_codes(&service.app, &who, PASSPHRASE)
        .await
        .expect("made");
    let first = service.app.keys.id().to_owned();
    service.stop().await;
    let keys = |config: &str| {
        let said = Place::new(storage, &format!("{config}{SITE}")).runs(&["doctor"]);
        let lines = said.out.lines().filter(|line| line.contains("  keys: "));
        (said.code, lines.map(str::to_owned).collect::<Vec<_>>())
    };
    let (code, lines) = keys("");
    assert_eq!((code, lines.len()), (Some(0), 1), "{lines:?}");

    // Nothing is dead while the old file is named, and codes that do not say their key are not either.
    let old_file = renews_key(storage, 5);
    Service::start_at(storage, &format!("{old_file}{SITE}"), Arc::clone(&clock))
        .await
        .stop()
        .await;
    let (code, lines) = keys(&old_file);
    assert_eq!((code, lines.len()), (Some(0), 1), "{lines:?}");
    let alive = "10 recovery codes, 0 second steps and 0 provider secrets hang on old keys";
    assert!(lines[0].starts_with("ok    ") && lines[0].contains(alive), "{lines:?}");

    // Then the file is taken away too early.
    let (code, lines) = keys("");
    assert_eq!((code, lines.len()), (Some(1), 1), "{lines:?}");
    let dead = "no key opens 10 recovery codes, 0 second steps and 0 provider secrets any more";
    assert!(lines[0].starts_with("fail  ") && lines[0].contains(dead), "{lines:?}");
    assert!(
        lines[0].contains(&first) && lines[0].contains("server.old_secret_files"),
        "{lines:?}"
    );

    // Seeds and secrets under a third key, of which nobody has the file, apart from what hangs on the old one.
    for statement in [
        "UPDATE accounts SET totp_seed = 'v1.00000000.AAAA' WHERE totp_seed IS NOT NULL",
        "UPDATE sites SET sealed_secret = 'v1.00000001.AAAA', sealed_second_secret = 'v1.00000001.AAAA'",
    ] {
        storage.execute(statement).await;
    }
    let (code, lines) = keys(&old_file);
    assert_eq!((code, lines.len()), (Some(1), 2), "{lines:?}");
    let dead = "no key opens 0 recovery codes, 1 second steps and 2 provider secrets any more";
    assert!(lines[0].starts_with("fail  ") && lines[0].contains(dead), "{lines:?}");
    assert!(lines[0].contains("00000000 and 00000001"), "{lines:?}");
    assert!(lines[1].contains(alive), "{lines:?}");

    // Used codes and codes of before keys were named are nothing to mourn.
    storage
        .execute("UPDATE accounts SET totp_seed = NULL, totp_confirmed = FALSE")
        .await;
    storage
        .execute("UPDATE sites SET sealed_secret = NULL, sealed_second_secret = NULL")
        .await;
    storage
        .execute("UPDATE recovery_codes SET hash = SUBSTR(hash, 10)")
        .await;
    let (code, lines) = keys("");
    assert_eq!((code, lines.len()), (Some(0), 1), "{lines:?}");
    storage
        .execute("UPDATE recovery_codes SET hash = '00000002:' || hash, used_at = 1")
        .await;
    let (code, lines) = keys("");
    assert_eq!((code, lines.len()), (Some(0), 1), "{lines:?}");
    assert_eq!(codes.len(), 10);
}

async fn h12_key_new_changes_the_key_and_prints_the_line(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let clock = Arc::clone(&service.clock);
    let owner = service.signs_in().await;
    let totp = sets_up_second_step(&service, &owner).await;
    let first = service.reader().submits(&comment("Un")).await.expect(202);
    let receipt = first.json["receipt"].as_str().expect("a receipt").to_owned();
    service.stop().await;

    let file = storage.folder.join("palabre.key");
    let mut config = SITE.to_owned();
    let mut former = Vec::new();
    for times in 1..=2 {
        let was = fs::read_to_string(&file).expect("a key");
        let place = Place::new(storage, &config);
        let said = place.runs(&["key", "new"]);
        let is_now = fs::read_to_string(&file).expect("a key");
        assert_ne!(was, is_now);
        for key in [&was, &is_now] {
            let key = key.trim();
            assert!(!said.err.contains(key) && !said.out.contains(key), "no key is printed");
        }
        for words in [
            "recovery codes",
            "Copies made until now need the former key",
            "config.toml",
        ] {
            assert!(said.err.contains(words), "{words:?} is not in:\n{}", said.err);
        }
        let line = said.well();
        assert_eq!(line.lines().count(), 1, "{line}");
        let named: toml::Table = line.parse().expect("a line of TOML");
        let named = named["old_secret_files"].as_array().expect("a list").clone();
        assert_eq!(named.len(), times, "the former ones are kept");
        former.insert(0, was);
        for (file, key) in named.iter().zip(&former) {
            let file = storage.folder.join(file.as_str().expect("a name"));
            assert_eq!(&fs::read_to_string(&file).expect("a former key"), key);
            let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&file).expect("there").permissions());
            assert_eq!(mode & 0o777, 0o600);
        }
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&file).expect("there").permissions());
        assert_eq!(mode & 0o777, 0o600);

        // Without the line a start says both ways to go on, and so does another change.
        for command in [&["serve"][..], &["key", "new"]] {
            place.runs(command).refused_with(&[
                "put the file of key",
                "back at palabre.key",
                "name that file in server.old_secret_files",
            ]);
        }
        assert_eq!(fs::read_to_string(&file).expect("a key"), is_now);
        // This test's own process works elsewhere.
        let whole = storage.folder.join("palabre.key.before").display().to_string();
        config = format!(
            "[server]\n{}{SITE}",
            line.replace("\"palabre.key.before", &format!("\"{whole}"))
        );
        let service = Service::start_at(storage, &config, Arc::clone(&clock)).await;
        service.get(&format!("/r/{receipt}")).await.expect(200);
        service.clock.advance(MINUTE);
        let login = json!({"email": OWNER_EMAIL, "passphrase": PASSPHRASE, "code": code_now(&service, &totp)});
        service.post_json("/login", &login).await.expect(200);
        service.stop().await;
    }
    Place::new(storage, &config).runs(&["doctor"]).well();
}

async fn h12_key_new_is_refused_where_it_would_harm(storage: &Storage) {
    let file = storage.folder.join("palabre.key");
    let key = || fs::read_to_string(&file).ok();
    let place = Place::new(storage, SITE);
    // No store, no key to change.
    place.runs(&["key", "new"]).refused_with(&["nothing was changed"]);
    assert_eq!(key(), None);
    // While it runs; on PostgreSQL by where it listens.
    let child = place.starts();
    let listen = child.url.trim_start_matches("http://").to_owned();
    let was = key();
    let said = Place::new(storage, SITE)
        .with("PALABRE_SERVER__LISTEN", &listen)
        .runs(&["key", "new"]);
    said.refused_with(&["nothing was changed", "stop it first"]);
    assert_eq!(key(), was);
    child.stops();
    // From the environment.
    let given = was.clone().expect("a key").trim().to_owned();
    let said = Place::new(storage, SITE)
        .with("PALABRE_SERVER__SECRET", &given)
        .runs(&["key", "new"]);
    said.refused_with(&[
        "nothing was changed",
        "PALABRE_SERVER__SECRET",
        "server.old_secret_files",
    ]);
    assert!(
        !said.err.contains("palabre.key") && !said.err.contains(&given),
        "{}",
        said.err
    );
    // The variable wins over config.toml, so the variable is what is printed.
    let said = Place::new(storage, SITE)
        .with("PALABRE_SERVER__OLD_SECRET_FILES", "")
        .runs(&["key", "new"]);
    assert!(
        said.out
            .starts_with("PALABRE_SERVER__OLD_SECRET_FILES=palabre.key.before-"),
        "{}\n{}",
        said.out,
        said.err
    );
    let line = said.well();
    let aside = storage.folder.join(line.trim().split('=').nth(1).expect("a file"));
    assert_eq!(fs::read_to_string(&aside).ok(), was);
    // Gone, or another's: nothing is made.
    fs::remove_file(&file).expect("gone");
    place.runs(&["key", "new"]).refused_with(&["palabre.key is missing"]);
    assert_eq!(key(), None);
    fs::write(&file, sha256_hex(b"another's")).expect("a key");
    let was = key();
    place
        .runs(&["key", "new"])
        .refused_with(&["was made with key", "palabre.key holds key"]);
    assert_eq!(key(), was);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h12_a_key_change_that_is_killed_anywhere_leaves_one_key_in_place() {
    const CALLS: &str = "link,linkat,rename,renameat,renameat2,unlink,unlinkat,fsync,fchown,chown";
    let storage = Storage::sqlite();
    let place = Place::new(&storage, SITE);
    place.starts().stops();
    let file = storage.folder.join("palabre.key");
    let first = fs::read_to_string(&file).expect("a key");
    let (mut kills, mut old, mut new) = (0, 0, 0);
    for when in 1..100 {
        let ended = place.runs_killed_at(CALLS, when, &["key", "new"]);
        let now = fs::read_to_string(&file).expect("there is a key at every moment");
        let asides: Vec<_> = fs::read_dir(&storage.folder)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| path.display().to_string().contains("palabre.key.before-"))
            .collect();
        if now == first {
            old += 1;
        } else {
            new += 1;
            let kept = asides
                .iter()
                .any(|aside| fs::read_to_string(aside).expect("whole") == first);
            assert!(kept, "the former key is never lost");
            fs::write(&file, &first).expect("put back");
        }
        for aside in asides {
            fs::remove_file(aside).expect("taken away");
        }
        if ended.code == Some(0) {
            break;
        }
        kills += 1;
        place.starts().stops();
    }
    assert!(kills > 1 && old > 0 && new > 0, "{kills} kills: {old} old, {new} new");
    assert!(!storage.folder.join("palabre.key.palabre-new").exists());
}

/// A log of another file is found before the lock is taken.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h12_key_new_touches_nothing_where_the_log_is_another_files() {
    let storage = Storage::sqlite();
    let place = Place::new(&storage, SITE);
    place.starts().stops();
    place.runs(&["backup", "copy.db"]).well();
    let child = place.starts();
    let sent = child.submits("one", &comment("Un")).await;
    sent.expect("an answer").expect(202);
    child.is_killed();
    drop(child);
    let key = fs::read(storage.folder.join("palabre.key")).expect("a key");
    fs::copy(storage.folder.join("copy.db"), storage.file()).expect("copied over it");
    place
        .runs(&["key", "new"])
        .refused_with(&["nothing was changed", "palabre.db-wal", "not the log of"]);
    assert_eq!(fs::read(storage.folder.join("palabre.key")).expect("a key"), key);
}
