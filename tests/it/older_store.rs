//! A store of an older version, with rows in it, becomes one of today: nobody loses what they could do, and nobody
//! gets more.

use std::{fs, path::Path};

use palabre::{
    domain::{
        account::{Rights, Role},
        actor::Scope,
        queue::{Filter, Order},
        status::Status,
    },
    store::Account,
};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection, migrate::Migrator};
use uuid::Uuid;

use crate::stores::Storage;

crate::stores::on_both_engines!(
    tenants_links_and_roles_of_before_are_kept_as_offers,
    appeals_of_before_wait_apart_from_the_rest,
);

/// Brings an empty store to the schema `version` and no further.
async fn at_schema(storage: &Storage, version: u32) {
    let folder = storage.folder.join("migrations");
    fs::create_dir(&folder).expect("made");
    let known = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    for file in fs::read_dir(known).expect("the migrations") {
        let file = file.expect("a file");
        let name = file.file_name().into_string().expect("UTF-8");
        let number: u32 = name
            .split('_')
            .next()
            .and_then(|number| number.parse().ok())
            .expect("a number");
        if number <= version {
            fs::copy(file.path(), folder.join(name)).expect("copied");
        }
    }
    let migrator = Migrator::new(folder).await.expect("read");
    if storage.is_postgres() {
        let mut connection = PgConnection::connect(&storage.url).await.expect("the server answers");
        migrator
            .run_direct(None, &mut connection, false)
            .await
            .expect("migrated");
    } else {
        // As the server makes it: its mark is what it is known by.
        let url = format!("{}?mode=rwc", storage.url);
        let mut connection = SqliteConnection::connect(&url).await.expect("opened");
        migrator
            .run_direct(None, &mut connection, false)
            .await
            .expect("migrated");
        let mark = AssertSqlSafe(format!("PRAGMA application_id = {}", 0x504c_4252));
        sqlx::query(mark).execute(&mut connection).await.expect("marked");
        connection.close().await.expect("closed");
    }
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// As each engine writes it in a statement.
fn literal(storage: &Storage, number: u128) -> String {
    if storage.is_postgres() {
        format!("'{}'", id(number))
    } else {
        format!("X'{}'", id(number).simple())
    }
}

/// 1 owns every site, 2 owns `faso`, 3 moderates `faso` and has come in; 4 was invited by 2, 5 by the operator, and
/// neither has come in; 3 lost the passphrase and has a link of 2's; `quais` is offered to 3 by 1.
async fn tenants_links_and_roles_of_before_are_kept_as_offers(storage: &Storage) {
    at_schema(storage, 18).await;
    let at = |number| literal(storage, number);
    for (number, passphrase) in [(1, "'p'"), (2, "'p'"), (3, "'p'"), (4, "NULL"), (5, "NULL")] {
        let statement = format!(
            "INSERT INTO accounts (id, name, email, email_folded, passphrase, totp_confirmed, totp_step, created_at) \
             VALUES ({}, 'Nom {number}', '{number}@faso.test', '{number}@faso.test', {passphrase}, FALSE, 0, 7)",
            at(number)
        );
        storage.execute(&statement).await;
    }
    for (account, site, role) in [
        (1, "*", "owner"),
        (2, "faso", "owner"),
        (3, "faso", "moderator"),
        (4, "faso", "owner"),
        (5, "*", "moderator"),
    ] {
        let statement = format!(
            "INSERT INTO account_roles (account_id, site_id, role) VALUES ({}, '{site}', '{role}')",
            at(account)
        );
        storage.execute(&statement).await;
    }
    for (account, maker) in [(3, at(2)), (4, at(2)), (5, "NULL".to_owned())] {
        let statement = format!(
            "INSERT INTO invitations (hash, account_id, expires_at, maker_id) VALUES ('h{account}', {}, 9000, {maker})",
            at(account)
        );
        storage.execute(&statement).await;
    }
    let statement = format!(
        "INSERT INTO role_offers (account_id, site_id, role, maker_id, at) VALUES ({}, 'quais', 'moderator', {}, 8)",
        at(3),
        at(1)
    );
    storage.execute(&statement).await;

    let store = storage.open().await;
    let mut accounts = Vec::new();
    for number in 1..=5 {
        accounts.push(store.account(id(number)).await.expect("read").expect("there"));
    }
    let rights = |account: &Account| -> Vec<(String, Role)> {
        account
            .rights
            .iter()
            .map(|(site, role)| (site.to_owned(), role))
            .collect()
    };
    let role = |site: &str, role| vec![(site.to_owned(), role)];
    assert_eq!(rights(&accounts[0]), role("*", Role::Owner));
    assert_eq!(rights(&accounts[1]), role("faso", Role::Owner));
    assert_eq!(rights(&accounts[2]), role("faso", Role::Moderator));
    // Of who has not come in these are what their links give.
    assert_eq!(rights(&accounts[3]), role("faso", Role::Owner));
    assert_eq!(rights(&accounts[4]), role("*", Role::Moderator));
    let roles = "SELECT COUNT(*) FROM account_roles";
    assert_eq!(
        storage.integer(roles).await,
        Some(3),
        "nobody who has not come in holds a role"
    );
    let now = palabre::domain::timestamp::Timestamp(8000);
    for (hash, account, is_way_in) in [("h3", 3, true), ("h4", 4, true), ("h5", 5, true)] {
        let link = store.live_link(hash, now).await.expect("read").expect(hash);
        assert_eq!((link.account, link.is_way_in), (id(account), is_way_in), "{hash}");
    }
    let offers = store.account(id(3)).await.expect("read").expect("there").offers;
    assert_eq!(offers, Rights::default().with("quais", Role::Moderator));
    // Owners of a single site could have made any of these accounts.
    assert_eq!(store.offers_without_link(id(3)).await.expect("read"), Rights::default());
    let let_in = "SELECT COUNT(*) FROM accounts WHERE let_in_by = id";
    assert_eq!(storage.integer(let_in).await, Some(3));
    store.close().await;
}

/// In article 1 an appeal waits and a comment that came later; in 2 an appeal alone; in 3 a comment alone, and an appeal
/// that was answered.
async fn appeals_of_before_wait_apart_from_the_rest(storage: &Storage) {
    at_schema(storage, 20).await;
    let at = |number| literal(storage, number);
    let site = "INSERT INTO sites (id, settings, created_at) VALUES ('faso', '{}', 0)";
    storage.execute(site).await;
    for (thread, oldest) in [(1, "10"), (2, "20"), (3, "30")] {
        let statement = format!(
            "INSERT INTO threads (id, site_id, thread_key, open, content_version, oldest_pending_at, created_at) \
             VALUES ({}, 'faso', '/{thread}', TRUE, 1, {oldest}, 1)",
            at(thread)
        );
        storage.execute(&statement).await;
    }
    for (comment, thread, status, created_at, appealed_at) in [
        (11, 1, "pending", 10, "90"),
        (12, 1, "pending", 15, "NULL"),
        (13, 2, "pending", 20, "80"),
        (14, 3, "pending", 30, "NULL"),
        (15, 3, "approved", 25, "70"),
    ] {
        let statement = format!(
            "INSERT INTO comments (id, site_id, thread_id, status, set_aside, version, created_at, name, email, body, \
             html, folded, language, email_key, body_digest, reference, provider, verdict, outcome, propensity_ppm, draw, \
             explored, reasons, links, appealed_at, reports) VALUES ({}, 'faso', {}, '{status}', FALSE, 2, {created_at}, \
             'n', 'e', 'b', 'h', 'f', 'fr', 'k', 'd', 'r', 'off', 'off', 'refuse', 1000000, 0, FALSE, '[]', 0, \
             {appealed_at}, 0)",
            at(comment),
            at(thread)
        );
        storage.execute(&statement).await;
    }

    let store = storage.open().await;
    for (thread, oldest) in [(1, Some(15)), (2, None), (3, Some(30))] {
        let stored = format!("SELECT oldest_pending_at FROM threads WHERE thread_key = '/{thread}'");
        assert_eq!(storage.integer(&stored).await, oldest, "article {thread}");
    }
    let filter = Filter {
        order: Order::Article,
        ..Filter::all(Scope::Sites(vec!["faso".to_owned()]), Status::Pending)
    };
    let listed = store.queue(&filter).await.expect("listed").rows;
    let listed: Vec<Uuid> = listed.iter().map(|row| row.comment.id).collect();
    assert_eq!(listed, [13, 11, 12, 14].map(id));
    store.close().await;
}
