//! An outage is a 503 and a defect a 500, on both engines, told apart by codes and types and never by words; and what
//! is stored and cannot be read is a defect, never something that is not there.

use std::{sync::Arc, time::Duration};

use palabre::{
    actions::identify::Role,
    error::Error,
    store::{Defect, StoreError},
};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::{
    service::{SITE, Service},
    store::{START, Scene},
    stores::{Storage, on_both_engines, on_postgres},
};

on_both_engines!(
    a_stored_word_that_does_not_parse_is_a_defect,
    a_token_whose_stored_role_does_not_parse_is_not_taken_for_an_unknown_one,
    a_statement_that_fails_whenever_it_is_tried_is_a_defect,
);

async fn a_stored_word_that_does_not_parse_is_a_defect(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let audit = || crate::store_accounts::audit("sign_in_failed");
    let hour = Duration::from_hours(1);
    let row = crate::store::policy_row(0, START);
    assert!(
        scene
            .store
            .add_policy(crate::store::SITE, row, audit())
            .await
            .expect("added")
    );
    assert!(
        scene
            .store
            .add_audit_at_most("here", hour, audit())
            .await
            .expect("written")
    );
    storage.execute("UPDATE policies SET refuse_below = 1500").await;
    storage
        .execute("UPDATE meta SET content = 'x' WHERE name = 'unlisted here'")
        .await;

    // A cut that is left out would publish what it holds.
    let found = scene.store.policy_in_force(crate::store::SITE, START).await;
    is_corrupt(found, "policies", "refuse_below");
    let found = scene.store.policy(crate::store::SITE, 1).await;
    is_corrupt(found, "policies", "refuse_below");
    let found = scene.store.policies(crate::store::SITE, 9).await;
    is_corrupt(found, "policies", "refuse_below");
    let found = scene.store.add_audit_at_most("here", hour, audit()).await;
    is_corrupt(found, "meta", "content");
}

#[track_caller]
fn is_corrupt<T: std::fmt::Debug>(found: Result<T, StoreError>, in_table: &str, in_column: &str) {
    match found {
        Err(StoreError::Defect(Defect::Corrupt { table, column, .. })) => {
            assert_eq!((table, column), (in_table, in_column));
        }
        other => panic!("{other:?}"),
    }
}

async fn a_token_whose_stored_role_does_not_parse_is_not_taken_for_an_unknown_one(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let person = service.person("Awa", Role::Moderator, &["faso"]).await;
    let asks = async || person.gets("/api/v1/moderation/queue").await;
    asks().await.expect(200);
    storage.execute("UPDATE tokens SET role = 'janitor'").await;
    let answer = asks().await.expect(500);
    assert_eq!(answer.json["code"], "internal", "{}", answer.text);
    assert!(!answer.text.contains("janitor"), "{}", answer.text);
}

async fn a_statement_that_fails_whenever_it_is_tried_is_a_defect(storage: &Storage) {
    let scene = Scene::open(storage).await;
    scene.store.close().await;
    for table in ["meta", "threads", "comments"] {
        storage
            .execute(&format!("ALTER TABLE {table} RENAME TO {table}_before"))
            .await;
    }
    let scene = Scene {
        store: Arc::new(storage.open().await),
        ..scene
    };
    // A query of every path: a read, a write of its own, and those that are asked and written together.
    is_refused(scene.store.meta("x").await);
    is_refused(scene.store.set_meta("x", "y").await);
    let keys = ["a".to_owned()];
    let before = scene
        .store
        .before_submission(crate::store::SITE, "/article", &keys, START);
    is_refused(before.await);
    is_refused(scene.store.insert(scene.comment()).await);
}

#[track_caller]
fn is_refused<T: std::fmt::Debug>(found: Result<T, StoreError>) {
    let Err(error @ StoreError::Defect(Defect::Statement(_))) = found else {
        panic!("{found:?}");
    };
    assert_eq!(Error::from(error).status(), 500);
}

/// 22021 of PostgreSQL has the low byte of SQLite's "busy".
#[tokio::test]
async fn a_text_that_postgresql_cannot_hold_is_no_outage() {
    on_postgres(async |storage| {
        let scene = Scene::open(storage).await;
        is_refused(scene.store.set_meta("x", "a\0b").await);
    })
    .await;
}

#[tokio::test]
async fn a_table_that_somebody_else_keeps_locked_is_an_outage_on_postgresql() {
    on_postgres(async |storage| {
        let scene = Scene::open(storage).await;
        let mut other = PgConnection::connect(&storage.url).await.expect("the server answers");
        let mut held = other.begin().await.expect("begun");
        sqlx::query(AssertSqlSafe("LOCK TABLE meta IN ACCESS EXCLUSIVE MODE"))
            .execute(&mut *held)
            .await
            .expect("locked");
        let written = scene.store.set_meta("x", "y").await;
        let Err(error @ StoreError::Unavailable(_)) = written else {
            panic!("{written:?}");
        };
        assert_eq!(Error::from(error).status(), 503);
        held.rollback().await.expect("released");
        scene.store.set_meta("x", "y").await.expect("written");
    })
    .await;
}
