//! The command line, as a newsroom's technician meets it: what starts, what refuses to and why, and what
//! each command prints.
//!
//! What scripts use stands alone on standard output; a refusal is one sentence on standard error that
//! names the thing to mend, with exit code 1.

use std::{fs, net::TcpListener, time::Instant};

use palabre::{
    domain::timestamp::Timestamp,
    store::{Opening, Store},
};
use reqwest::Method;
use serde_json::json;
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::{
    child::{Child, PATIENCE, Place},
    service::{Answer, SITE, comment},
    stores::{Storage, on_postgres},
};

crate::stores::on_both_engines!(
    a_token_is_made_before_the_first_start_and_beside_a_running_server,
    a_setup_code_made_beside_a_running_server_lets_one_visitor_in,
    people_are_invited_listed_and_removed_beside_a_running_server,
    doctor_finds_a_sound_service_sound,
    doctor_finds_a_changed_audit_log,
    a_key_that_is_missing_or_not_the_stores_own_is_refused,
    observing_holds_what_the_policy_published,
    a_schema_from_a_newer_program_is_refused,
);

/// A site on which everything is published at once.
const OPEN_SITE: &str = "[[site]]\nid = \"faso\"\norigins = [\"https://faso.test\"]\nmoderation = \"after\"\n\
                         [site.captcha]\nprovider = \"off\"\n[site.captcha.policy]\npublish_from = 0.5\n";

// ---------------------------------------------------------------- what refuses to start

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let storage = Storage::sqlite();
    let place = Place::new(&storage, SITE);
    fs::write(storage.file(), "Once upon a time there was a file. ".repeat(200)).expect("a file");
    place
        .runs(&["serve"])
        .refused_with(&["palabre.db", "damaged or no database", "backup"]);

    fs::remove_file(storage.file()).expect("it goes");
    place.starts().stops();
    let mut own = fs::read(storage.file()).expect("the database");
    own[..100].fill(0xff);
    fs::write(storage.file(), &own).expect("damaged");
    place
        .runs(&["serve"])
        .refused_with(&["palabre.db", "damaged or no database", "backup"]);
    assert_eq!(
        fs::read(storage.file()).expect("the database"),
        own,
        "it is left as it was"
    );
}

#[tokio::test]
async fn a_level_of_the_log_that_is_none_is_refused() {
    let storage = Storage::sqlite();
    let place = Place::new(&storage, SITE).with("PALABRE_LOG__LEVEL", "palabre=loud");
    place
        .runs(&["serve"])
        .refused_with(&["log.level", "palabre=loud", "debug"]);
}

#[tokio::test]
async fn another_programs_database_is_refused_and_left_as_it_was() {
    let storage = Storage::sqlite();
    let options = SqliteConnectOptions::new()
        .filename(storage.file())
        .create_if_missing(true);
    let mut other = SqliteConnection::connect_with(&options).await.expect("a database");
    sqlx::query("CREATE TABLE posts (id INTEGER)")
        .execute(&mut other)
        .await
        .expect("a table");
    other.close().await.expect("closed");
    let before = fs::read(storage.file()).expect("the database");
    Place::new(&storage, SITE)
        .runs(&["serve"])
        .refused_with(&["palabre.db", "another program", "database.url"]);
    assert_eq!(fs::read(storage.file()).expect("the database"), before);
}

async fn a_schema_from_a_newer_program_is_refused(storage: &Storage) {
    let place = Place::new(storage, SITE);
    place.starts().stops();
    let newest = storage
        .integer("SELECT MAX(version) FROM _sqlx_migrations")
        .await
        .expect("a schema");
    storage
        .execute(
            "INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) \
             SELECT 9042, description, installed_on, success, checksum, execution_time FROM _sqlx_migrations \
             WHERE version = 1",
        )
        .await;
    place
        .runs(&["serve"])
        .refused_with(&["9042", &newest.to_string(), "newer"]);
}

#[tokio::test]
async fn a_second_server_on_one_file_is_refused_and_the_first_goes_on() {
    let storage = Storage::sqlite();
    let place = Place::new(&storage, SITE);
    let first = place.starts();
    place
        .runs(&["serve"])
        .refused_with(&["palabre.db", "in use by another palabre serve", "PostgreSQL"]);
    assert_eq!(first.get("/readyz").await.status, 200);
    // Killed, it leaves no lock behind.
    first.is_killed();
    drop(first);
    place.starts().stops();
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let storage = Storage::sqlite();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    Place::new(&storage, SITE)
        .with("PALABRE_SERVER__LISTEN", &address)
        .runs(&["serve"])
        .refused_with(&[&address, "in use"]);
}

#[tokio::test]
async fn a_postgresql_that_is_not_there_is_named_without_its_password() {
    let storage = Storage::sqlite();
    let nobody = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = nobody.local_addr().expect("an address").port();
    drop(nobody);
    let ended = Place::new(&storage, SITE)
        .with(
            "PALABRE_DATABASE__URL",
            &format!("postgres://palabre:hunter2@127.0.0.1:{port}/palabre"),
        )
        .runs(&["serve"]);
    assert!(!ended.err.contains("hunter2"), "{}", ended.err);
    ended.refused_with(&["PostgreSQL", "cannot be reached"]);
}

#[tokio::test]
async fn f7_the_address_of_a_file_is_understood_alike_by_every_command() {
    for spelling in ["sqlite:x.db", "sqlite://x.db", "sqlite://ABS", "sqlite:ABS"] {
        let storage = Storage::sqlite();
        let file = storage.folder.join("x.db");
        let url = spelling.replace("ABS", &file.display().to_string());
        let place = Place::new(&storage, SITE).with("PALABRE_DATABASE__URL", &url);
        for command in [&["backup", "copy.db"][..], &["key", "new"], &["doctor"]] {
            let ended = place.runs(command);
            let said = format!("{}{}", ended.out, ended.err);
            assert!(said.contains("x.db does not exist"), "{url}, {command:?}: {said}");
        }
        // Before the first start; later beside a server.
        place
            .runs(&["token", "create", "--role", "owner", "--all-sites"])
            .well();
        assert!(file.exists(), "{url}: no store was made");
        let child = place.starts();
        place.runs(&["token", "list"]).well();
        place.runs(&["backup", "copy.db"]).well();
        child.stops();
        let said = place.runs(&["doctor"]).well();
        assert!(said.contains("files: their owner's alone"), "{url}: {said}");
        place.runs(&["restore", "copy.db"]).well();
        place.runs(&["key", "new"]).well();
        let folder: Vec<_> = fs::read_dir(&storage.folder).expect("the folder").collect();
        let names: Vec<_> = folder
            .into_iter()
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        let strange = names.iter().filter(|name| name.to_string_lossy().contains(':'));
        assert_eq!(strange.count(), 0, "{url}: {names:?}");
    }
}

#[tokio::test]
async fn f7_an_address_that_names_no_database_is_refused_alike_by_every_command() {
    let commands = [
        &["serve"][..],
        &["doctor"],
        &["backup", "copy.db"],
        &["restore", "copy.db"],
        &["key", "new"],
        &["token", "list"],
        &["moderator", "list"],
        &["setup-code"],
        &["captcha", "observe", "--site", "faso"],
    ];
    let storage = Storage::sqlite();
    for url in [
        "",
        "x.db",
        "/var/lib/palabre/x.db",
        "file:x.db",
        "sqlite",
        "sqlite:",
        "sqlite://",
        "sqlite::memory:",
        "sqlite://:memory:",
        "sqlite:file:x.db?mode=memory",
        "sqlite://file:x.db",
        "mysql://palabre:hunter2@localhost/palabre",
        "postgres:palabre:hunter2@localhost/palabre",
    ] {
        let place = Place::new(&storage, SITE).with("PALABRE_DATABASE__URL", url);
        for command in commands {
            let ended = place.runs(command);
            ended.refused_with(&[
                "PALABRE_DATABASE__URL",
                "database.url: expected sqlite://",
                "postgres://",
            ]);
            assert!(!ended.err.contains("hunter2"), "{}", ended.err);
        }
    }
    let names = fs::read_dir(&storage.folder).expect("the folder");
    assert_eq!(names.count(), 1, "nothing was made beside the configuration");
}

#[tokio::test]
async fn f7_the_address_of_a_server_is_understood_alike_by_every_command() {
    let nobody = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = nobody.local_addr().expect("an address").port();
    drop(nobody);
    let storage = Storage::sqlite();
    for scheme in ["postgres", "postgresql"] {
        let url = format!("{scheme}://palabre:hunter2@127.0.0.1:{port}/palabre");
        let place = Place::new(&storage, SITE).with("PALABRE_DATABASE__URL", &url);
        for (command, word) in [
            (&["serve"][..], "cannot be reached"),
            (&["key", "new"], "cannot be reached"),
            (&["token", "list"], "cannot be reached"),
            (&["backup", "copy.db"], "pg_dump"),
            (&["restore", "copy.db"], "pg_restore"),
        ] {
            let ended = place.runs(command);
            ended.refused_with(&["PostgreSQL", word]);
            assert!(!ended.err.contains("hunter2"), "{}", ended.err);
        }
        let said = place.runs(&["doctor"]);
        assert!(
            said.out.contains("PostgreSQL database cannot be reached"),
            "{}",
            said.out
        );
    }
}

#[tokio::test]
async fn a_wrong_configuration_is_named_with_its_file_section_and_key() {
    let storage = Storage::sqlite();
    for (config, words) in [
        (
            "[server]\nlisten_on = \"x\"\n",
            &["config.toml", "server", "listen_on"][..],
        ),
        ("[sever]\nlisten = \"x\"\n", &["config.toml", "sever"]),
        (
            "[[site]]\nid = \"faso\"\n[site.captcha]\nsekret = \"x\"\n",
            &["config.toml", "faso", "captcha", "sekret"],
        ),
        (
            "[[site]]\nid = \"faso\"\n[site.captcha]\nprovider = \"recaptcha_v9\"\n",
            &["config.toml", "faso", "captcha.provider", "recaptcha_v9"],
        ),
        (
            "[[site]]\nid = \"faso\"\n[site.captcha.policy]\npublish_from = 0.2\nrefuse_below = 0.5\n",
            &["config.toml", "faso", "captcha.policy"],
        ),
        (
            // The vendor's documented key for automated tests.
            "[server]\npublic_url = \"https://comments.example.org\"\n[[site]]\nid = \"faso\"\n[site.captcha]\n\
             provider = \"recaptcha_v3\"\nsecret = \"6LeIxAcTAAAAAGG-vFI1TnRWxMZNFuojJ4WifJWe\"\n",
            &[
                "config.toml",
                "faso",
                "captcha.secret",
                "test key",
                "comments.example.org",
            ],
        ),
        ("[server\n", &["config.toml"]),
    ] {
        let place = Place::new(&storage, config);
        place.runs(&["serve"]).refused_with(words);
        // Not the server alone: nothing runs on a configuration that is not understood.
        place.runs(&["token", "list"]).refused_with(words);
    }
    Place::new(&storage, SITE)
        .with("PALABRE_SERVER__LISTEN_ON", "127.0.0.1:1")
        .runs(&["serve"])
        .refused_with(&["PALABRE_SERVER__LISTEN_ON", "server", "listen_on"]);
    Place::new(&storage, SITE)
        .runs(&["serve", "--config", "missing.toml"])
        .refused_with(&["missing.toml"]);
    assert!(!storage.file().exists(), "nothing was made");
}

async fn a_key_that_is_missing_or_not_the_stores_own_is_refused(storage: &Storage) {
    let place = Place::new(storage, SITE);
    let child = place.starts();
    submits(&child, "Bonjour").await.expect(202);
    child.stops();
    let (file, aside) = (storage.folder.join("palabre.key"), storage.folder.join("aside.key"));
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&file).expect("the key").permissions());
    assert_eq!(mode & 0o777, 0o600, "nobody else reads it");

    fs::rename(&file, &aside).expect("moved away");
    place
        .runs(&["serve"])
        .refused_with(&["palabre.key", "missing", "put its file back", "PALABRE_SERVER__SECRET"]);
    assert!(!file.exists(), "no new key is made");

    let elsewhere = Storage::sqlite();
    Place::new(&elsewhere, SITE).starts().stops();
    fs::copy(elsewhere.folder.join("palabre.key"), &file).expect("another's key");
    place
        .runs(&["serve"])
        .refused_with(&["palabre.key", "was made with key", "server.old_secret_files"]);

    // Named as an earlier key, it is enough; put back, everything is as before.
    place
        .with("PALABRE_SERVER__OLD_SECRET_FILES", "aside.key")
        .starts()
        .stops();
}

// ---------------------------------------------------------------- tokens and codes

async fn a_token_is_made_before_the_first_start_and_beside_a_running_server(storage: &Storage) {
    let place = Place::new(storage, SITE);
    let all = place
        .runs(&["token", "create", "--role", "owner", "--all-sites", "--name", "Script"])
        .well();
    let child = place.starts();
    let one = [
        "token",
        "create",
        "--role",
        "moderator",
        "--site",
        "faso",
        "--expires",
        "365d",
        "--name",
        "Ami",
    ];
    let one = place.runs(&one);
    assert_eq!(one.err, "", "nothing to read for a person who made a token");
    let one = one.well();
    for secret in [&all, &one] {
        assert!(
            secret.starts_with("plb_") && secret.ends_with('\n') && secret.lines().count() == 1,
            "{secret:?}"
        );
        assert_eq!(queue_with(&child, secret).await, 200);
    }

    let list = place.runs(&["token", "list"]).well();
    assert_eq!(list.lines().count(), 2, "{list}");
    assert!(list.contains("Script\towner\tall sites\tno end"), "{list}");
    assert!(list.contains("Ami\tmoderator\tfaso\tuntil 20"), "{list}");
    assert!(!list.contains(all.trim()) && !list.contains(one.trim()), "{list}");

    let line = list.lines().find(|line| line.contains("\tAmi\t")).expect("its line");
    let id = line.split('\t').next().expect("its id").to_owned();
    assert_eq!(place.runs(&["token", "revoke", &id]).well(), "");
    assert_eq!(queue_with(&child, &one).await, 401);
    assert_eq!(queue_with(&child, &all).await, 200);
    assert!(
        place
            .runs(&["token", "list"])
            .well()
            .contains("Ami\tmoderator\tfaso\trevoked 20")
    );
    place
        .runs(&["token", "revoke", &id])
        .refused_with(&["no live token", &id]);
    let nowhere = ["token", "create", "--role", "moderator", "--site", "nowhere"];
    place.runs(&nowhere).refused_with(&["make the token", "no such site"]);
    for wrong in [
        &["token", "create", "--role", "owner"][..],
        &["token", "create", "--all-sites"],
    ] {
        assert_eq!(place.runs(wrong).code, Some(2), "{wrong:?} is no whole command");
    }
    child.stops();
}

async fn a_setup_code_made_beside_a_running_server_lets_one_visitor_in(storage: &Storage) {
    let place = Place::new(storage, SITE);
    let child = place.starts();
    let said = place.runs(&["setup-code"]).well();
    assert_eq!(said.lines().count(), 1, "{said}");
    let (address, code) = said.trim().split_once("/setup?code=").expect("a link");
    assert!(address.starts_with("http://127.0.0.1:"), "{said}");
    let entered = redeem(&child, code).await;
    assert_eq!(entered.status, 303, "{}", entered.text);
    assert_eq!(entered.header("location"), "/setup/you");
    assert_ne!(redeem(&child, code).await.status, 303, "it is good once");
    assert!(!child.log().contains(code), "it is in no log");
    child.stops();
}

async fn people_are_invited_listed_and_removed_beside_a_running_server(storage: &Storage) {
    let place = Place::new(storage, SITE);
    let child = place.starts();
    let add = |email: &str, role: &str, site: &[&str]| {
        // Two people of one name are asked for a word that tells them apart.
        let name = if email.to_lowercase().starts_with("awa") {
            "Awa"
        } else {
            "Awa (sports)"
        };
        let words = ["moderator", "add", "--email", email, "--name", name, "--role", role];
        place.runs(&[&words[..], site].concat())
    };
    let invited = add("awa@example.org", "owner", &["--all-sites"]);
    let link = invited.well();
    assert_eq!(link.lines().count(), 1, "the link alone: {link}");
    let (address, code) = link.trim().split_once("/invitation?code=").expect("a link");
    assert!(address.starts_with("http://127.0.0.1:"), "{link}");
    assert!(
        place
            .runs(&["moderator", "list"])
            .well()
            .contains("owner:all sites\tinvited")
    );
    let accepts = async |code: &str| {
        let fields = [("code", code), ("passphrase", "le marché de Koudougou à midi")];
        let sent = child
            .request(Method::POST, "/invitation", |request| request.form(&fields))
            .await;
        sent.expect("an answer").status.as_u16()
    };
    assert_eq!(accepts(code).await, 200);
    assert_ne!(accepts(code).await, 200, "once");
    assert!(!child.log().contains(code), "it is in no log");

    let known = add("AWA@example.org", "moderator", &["--site", "faso"]);
    assert!(known.err.contains("have an account already"), "{}", known.err);
    assert_eq!(known.well(), "", "no link is needed");
    for (email, site, said) in [
        ("awa", &["--site", "faso"], "email"),
        ("issa@example.org", &["--site", "nowhere"], "site"),
    ] {
        let refused = add(email, "owner", site);
        assert_eq!(refused.code, Some(1));
        assert!(refused.err.to_lowercase().contains(said), "{}", refused.err);
    }
    place
        .runs(&["moderator", "remove", "--email", "awa@example.org"])
        .refused_with(&["awa@example.org", "last person"]);
    place
        .runs(&["moderator", "reset", "--email", "nobody@example.org"])
        .refused_with(&["no account of nobody@example.org"]);
    place.runs(&["setup-code"]).refused_with(&["moderator add"]);

    let other = add("issa@example.org", "owner", &["--all-sites"]).well();
    assert_eq!(accepts(other.trim().split_once("code=").expect("a link").1).await, 200);
    let reset = place.runs(&["moderator", "reset", "--email", "Awa@example.org"]).well();
    assert_eq!(accepts(reset.trim().split_once("code=").expect("a link").1).await, 200);
    assert_eq!(
        place
            .runs(&["moderator", "remove", "--email", "awa@example.org"])
            .well(),
        ""
    );
    let listed = place.runs(&["moderator", "list"]).well();
    assert_eq!(listed, "issa@example.org\tAwa (sports)\towner:all sites\tactive\n");
    for wrong in [
        &[
            "moderator",
            "add",
            "--email",
            "a@example.org",
            "--name",
            "A",
            "--role",
            "owner",
        ][..],
        &["moderator", "add", "--name", "A", "--role", "owner", "--all-sites"],
        &["moderator", "remove"],
    ] {
        assert_eq!(place.runs(wrong).code, Some(2), "{wrong:?} is no whole command");
    }
    child.stops();
}

// ---------------------------------------------------------------- backup

#[tokio::test]
async fn a_backup_made_beside_a_running_server_is_the_whole_service_in_one_file() {
    let storage = Storage::sqlite();
    let place = Place::new(&storage, SITE);
    let child = place.starts();
    submits(&child, "Bonjour").await.expect(202);
    let done = place.runs(&["backup", "copy.db"]);
    assert!(
        done.err.contains("copy.db written") && done.err.contains("palabre.key"),
        "{}",
        done.err
    );
    assert_eq!(done.well(), "");
    let copy = storage.folder.join("copy.db");
    let size = fs::metadata(&copy).expect("the copy").len();
    submits(&child, "Trop tard").await.expect(202);
    place
        .runs(&["backup", "copy.db"])
        .refused_with(&["copy.db", "exists already"]);
    assert_eq!(fs::metadata(&copy).expect("the copy").len(), size);
    place
        .runs(&["backup", "missing/copy.db"])
        .refused_with(&["missing/copy.db"]);
    child.stops();

    let restored = place.with("PALABRE_DATABASE__URL", "sqlite://copy.db");
    let token = restored
        .runs(&["token", "create", "--role", "moderator", "--all-sites"])
        .well();
    let child = restored.starts();
    let queue = queue(&child, &token).await.expect(200);
    assert!(
        queue.text.contains("Bonjour") && !queue.text.contains("Trop tard"),
        "{}",
        queue.text
    );
    restored.runs(&["doctor"]).well();
    child.stops();
}

#[tokio::test]
async fn a_backup_of_what_is_not_there_says_so() {
    let storage = Storage::sqlite();
    Place::new(&storage, SITE)
        .runs(&["backup", "copy.db"])
        .refused_with(&["palabre.db does not exist"]);
    assert!(!storage.folder.join("copy.db").exists());
    on_postgres(async |storage| {
        Place::new(storage, SITE)
            .runs(&["backup", "copy.db"])
            .refused_with(&["pg_dump"]);
        assert!(!storage.folder.join("copy.db").exists());
    })
    .await;
}

// ---------------------------------------------------------------- doctor

async fn doctor_finds_a_sound_service_sound(storage: &Storage) {
    let place = Place::new(storage, SITE);
    if !storage.is_postgres() {
        let early = place.runs(&["doctor"]);
        assert_eq!(early.code, Some(1));
        assert!(
            early.out.contains("fail  store:") && early.out.contains("does not exist"),
            "{}",
            early.out
        );
    }
    let child = place.starts();
    submits(&child, "Bonjour").await.expect(202);
    let said = place.runs(&["doctor"]).well();
    assert!(said.lines().all(|line| line.starts_with("ok    ")), "{said}");
    for words in [
        "configuration: read and valid",
        "files: their owner's alone",
        "store: sqlite answers",
        "store: whole",
        "client address: the connecting one",
        "faso: captcha house needs no one else",
        "faso: observes; every comment is held",
        "faso: 0 audit seals fit",
    ] {
        let words = words.replace("sqlite", if storage.is_postgres() { "postgres" } else { "sqlite" });
        assert!(said.contains(&words), "{words:?} is not in:\n{said}");
    }
    assert_eq!(child.get("/readyz").await.status, 200);

    let behind = place
        .with("PALABRE_SERVER__PUBLIC_URL", "https://comments.example.org")
        .runs(&["doctor"]);
    assert_eq!(behind.code, Some(1));
    let fault = "fail  client address: https://comments.example.org";
    assert!(
        behind.out.contains(fault) && behind.out.contains("server.trusted_proxies"),
        "{}",
        behind.out
    );
    child.stops();
}

async fn doctor_finds_a_changed_audit_log(storage: &Storage) {
    let place = Place::new(storage, SITE);
    let token = place
        .runs(&["token", "create", "--role", "moderator", "--all-sites"])
        .well();
    let child = place.starts();
    let sent = submits(&child, "Bonjour").await.expect(202);
    let path = format!("/api/v1/comments/{}/reject", sent.id());
    let decided = child
        .request(Method::POST, &path, |request| {
            request.bearer_auth(token.trim()).json(&json!({}))
        })
        .await
        .expect("an answer");
    decided.expect(200);
    child.stops();
    // What the jobs do two minutes later.
    let store = Store::open(&storage.database(), Opening::Serve)
        .await
        .expect("it opens");
    let later = Timestamp(i64::MAX / 2);
    assert_eq!(store.seal("faso", later, later).await.expect("sealed"), 1);
    store.close().await;
    drop(store);
    assert!(place.runs(&["doctor"]).well().contains("faso: 1 audit seals fit"));

    storage.execute("UPDATE audit_entries SET to_status = 'approved'").await;
    let said = place.runs(&["doctor"]);
    assert_eq!(said.code, Some(1));
    assert!(
        said.out.contains("fail  faso: audit seal 1 does not fit"),
        "{}",
        said.out
    );
    assert!(said.out.contains("the log was changed"), "{}", said.out);
    assert!(said.err.contains("palabre: 1 check failed"), "{}", said.err);
}

#[tokio::test]
async fn doctor_finds_a_damaged_page_that_a_start_does_not_meet() {
    let storage = Storage::sqlite();
    let place = Place::new(&storage, SITE);
    let child = place.starts();
    submits(&child, "Bonjour").await.expect(202);
    child.stops();
    let page = storage.integer("PRAGMA page_size").await.expect("a page size");
    let root = storage
        .integer("SELECT rootpage FROM sqlite_master WHERE name = 'comments_by_email'")
        .await
        .expect("an index");
    let mut file = fs::read(storage.file()).expect("the database");
    let start = usize::try_from((root - 1) * page).expect("in the file");
    file[start..start + 64].fill(0xaa);
    fs::write(storage.file(), file).expect("damaged");
    let said = place.runs(&["doctor"]);
    assert_eq!(said.code, Some(1), "{}\n{}", said.out, said.err);
    assert!(
        said.out.contains("fail  store: damaged, restore a backup"),
        "{}",
        said.out
    );
}

#[tokio::test]
async fn doctor_finds_a_provider_that_does_not_answer() {
    let storage = Storage::sqlite();
    let nobody = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = nobody.local_addr().expect("an address").port();
    drop(nobody);
    let config = format!(
        "{SITE}[site.captcha]\nprovider = \"recaptcha_v3\"\nsecret = \"hunter2\"\n\
         verify_url = \"http://127.0.0.1:{port}/\"\n[outgoing]\nallow_private_addresses = true\n"
    );
    let place = Place::new(&storage, &config);
    place.starts().stops();
    let said = place.runs(&["doctor"]);
    assert_eq!(said.code, Some(1), "{}", said.out);
    assert!(said.out.contains("fail  faso: captcha recaptcha_v3"), "{}", said.out);
    assert!(!said.out.contains("hunter2") && !said.err.contains("hunter2"));
}

#[tokio::test]
async fn h2_doctor_says_that_an_outside_provider_wants_a_second_host() {
    let second = "[site.captcha.second]\nprovider = \"turnstile\"\nsite_key = \"k\"\nsecret = \"s\"\n";
    let outside = "[site.captcha]\nprovider = \"recaptcha_v3\"\nsecret = \"s\"\nverify_url = \"http://127.0.0.1:9/\"\n";
    let apart = "[server]\npublic_url = \"http://127.0.0.1:8080\"\nadmin_url = \"http://localhost:8080\"\n";
    for (config, is_warned) in [
        (format!("{SITE}{outside}"), true),
        (format!("{SITE}{second}"), true),
        (format!("{apart}{SITE}{outside}"), false),
        (SITE.to_owned(), false),
    ] {
        let storage = Storage::sqlite();
        let place = Place::new(&storage, &config);
        place.starts().stops();
        let said = place.runs(&["doctor"]);
        let warning = said.out.lines().find(|line| line.starts_with("warn  faso: captcha"));
        assert_eq!(warning.is_some(), is_warned, "{}", said.out);
        assert!(
            warning.is_none_or(|line| line.contains("server.admin_url")),
            "{}",
            said.out
        );
    }
}

#[tokio::test]
async fn h4_a_file_that_sets_a_secret_alone_says_which_check_is_in_force() {
    for (secret, is_warned) in [("[site.captcha]\nsecret = \"s\"\n", true), ("", false)] {
        let storage = Storage::sqlite();
        let place = Place::new(&storage, &format!("{SITE}{secret}"));
        place.starts().stops();
        let said = place.runs(&["doctor"]);
        assert_eq!(said.err.contains("no captcha.provider"), is_warned, "{}", said.err);
    }
}

// ---------------------------------------------------------------- the rest

#[tokio::test]
async fn a_pretended_provider_is_not_for_other_machines() {
    let storage = Storage::sqlite();
    Place::new(&storage, SITE)
        .runs(&["fake-provider", "--listen", "0.0.0.0:0"])
        .refused_with(&["0.0.0.0:0", "loopback only"]);
}

async fn observing_holds_what_the_policy_published(storage: &Storage) {
    let place = Place::new(storage, OPEN_SITE);
    let child = place.starts();
    publishes(&child, "Avant").await.expect(201);
    let done = place.runs(&["captcha", "observe", "--site", "faso"]);
    assert!(done.err.contains("faso: version 2 holds everything"), "{}", done.err);
    assert_eq!(done.well(), "");
    // The running server learns of it within a second.
    let began = Instant::now();
    loop {
        let sent = publishes(&child, "Après").await;
        if sent.status == 202 {
            break;
        }
        sent.expect(201);
        assert!(began.elapsed() < PATIENCE, "it goes on publishing");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    place
        .runs(&["captcha", "observe", "--site", "nowhere"])
        .refused_with(&["nowhere"]);
    child.stops();
}

#[tokio::test]
async fn help_and_version_are_printed_without_a_configuration() {
    let storage = Storage::sqlite();
    let place = Place::new(&storage, "[server\n");
    let help = place.runs(&["--help"]).well();
    for command in [
        "serve",
        "token",
        "setup-code",
        "backup",
        "restore",
        "doctor",
        "captcha",
        "--config",
    ] {
        assert!(help.contains(command), "{command} is not in:\n{help}");
    }
    assert_eq!(
        place.runs(&["--version"]).well(),
        format!("palabre {}\n", env!("CARGO_PKG_VERSION"))
    );
    assert_eq!(place.runs(&["serv"]).code, Some(2));
    assert!(!storage.file().exists(), "nothing was made");
}

#[tokio::test]
async fn the_first_start_in_an_empty_folder_says_where_to_go() {
    let storage = Storage::sqlite();
    let place = Place::new(&storage, "");
    fs::remove_file(storage.folder.join("config.toml")).expect("an empty folder");
    let child = place.starts();
    let said = child.log();
    for page in ["/demo", "/queue", "/setup?code="] {
        assert!(
            said.contains(&format!("{}{page}", child.url)),
            "{page} is not in:\n{said}"
        );
    }
    assert_eq!(child.get("/demo").await.status, 200);
    child.stops();
}

async fn submits(child: &Child, body: &str) -> Answer {
    child
        .submits(&uuid::Uuid::now_v7().to_string(), &comment(body))
        .await
        .expect("an answer")
}

/// From the site's own page, with its form: what is held then, the policy holds.
async fn publishes(child: &Child, body: &str) -> Answer {
    let form = child.get("/api/v1/sites/faso/form?thread=%2Farticle").await.expect(200);
    let mut fields = comment(body);
    fields["form"] = form.json["form"].clone();
    child
        .submits(&uuid::Uuid::now_v7().to_string(), &fields)
        .await
        .expect("an answer")
}

async fn queue(child: &Child, token: &str) -> Answer {
    child
        .request(Method::GET, "/api/v1/moderation/queue", |request| {
            request.bearer_auth(token.trim())
        })
        .await
        .expect("an answer")
}

async fn queue_with(child: &Child, token: &str) -> u16 {
    queue(child, token).await.status.as_u16()
}

async fn redeem(child: &Child, code: &str) -> Answer {
    child
        .request(Method::POST, "/setup", |request| {
            request
                .header("origin", &child.url)
                .header("content-type", "application/x-www-form-urlencoded")
                .body(format!("code={code}"))
        })
        .await
        .expect("an answer")
}
