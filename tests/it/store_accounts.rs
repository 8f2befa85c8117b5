//! What the store promises about accounts, one-time links, codes and tries, on both engines.

use std::{sync::Arc, time::Duration};

use palabre::{
    domain::{
        account::{EVERY_SITE, Rights, Role},
        actor::{Actor, ActorKind, Scope},
        timestamp::Timestamp,
    },
    store::{
        Account, AccountAdded, AccountChange, AccountsWanted, Giver, Invitation, Kept, LiveLink, NewAccount, NewAudit,
        NewSession, Sealed, Store,
    },
};
use uuid::Uuid;

use crate::{
    store::{OTHER, SITE, START, Scene, at_once, session},
    stores::{Storage, on_both_engines},
};

on_both_engines!(
    h12_what_is_sealed_under_another_key_is_found_and_replaced_once,
    h12_recovery_codes_say_under_which_key_they_were_made,
    h13_a_name_is_taken_where_its_people_work,
    the_first_owner_is_made_once_among_ten,
    an_account_is_invited_comes_in_and_is_found,
    a_link_is_redeemed_once_and_ends_what_was_before,
    the_last_owner_stays,
    tenants_offers_count_among_the_invited_and_are_answered_once,
    tenants_an_invitation_that_is_made_anew_gives_what_is_offered_there_alone,
    h9_the_owners_of_a_site_are_found_among_eleven_hundred_others,
    two_owners_cannot_take_each_other_away,
    who_is_shut_out_or_removed_is_gone_at_once,
    a_changed_passphrase_ends_other_sessions,
    sessions_are_listed_and_ended_by_account,
    a_time_step_and_a_recovery_code_count_once,
    a_store_says_which_sites_it_has_and_keeps_servers_out,
    tries_at_the_door_are_counted_one_by_one_also_at_once,
    h8_tries_that_came_back_leave_the_table_with_the_next_ones,
);

fn minutes(minutes: u64) -> Duration {
    Duration::from_mins(minutes)
}

/// An entry about no site.
pub(crate) fn audit(action: &'static str) -> NewAudit {
    NewAudit {
        id: Uuid::now_v7(),
        site: EVERY_SITE.to_owned(),
        at: START,
        actor: Actor {
            kind: ActorKind::System,
            id: "test".to_owned(),
            name: "test".to_owned(),
        },
        action,
        comment: None,
        from_status: None,
        to_status: None,
        detail: None,
    }
}

fn account(email: &str, rights: Rights) -> NewAccount {
    NewAccount {
        id: Uuid::now_v7(),
        name: format!("Name of {email}"),
        email: email.to_owned(),
        email_folded: email.to_lowercase(),
        passphrase: None,
        rights,
        at: START,
    }
}

fn owner_of(site: &str) -> Rights {
    Rights::on(Role::Owner, [site])
}

fn link(hash: &str) -> Invitation {
    Invitation {
        hash: hash.to_owned(),
        maker: None,
        expires_at: START.plus(minutes(60)),
    }
}

fn session_of(account: Uuid, hash: &str) -> NewSession {
    NewSession {
        account: Some(account),
        ..session(hash)
    }
}

/// An account that came in by its link, with one session whose hash is the e-mail.
async fn comes_in(store: &Store, email: &str, rights: Rights) -> Uuid {
    let new = account(email, rights);
    let id = new.id;
    let hash = format!("link of {email}");
    let added = store.add_account(new, link(&hash), 99, audit("added")).await;
    assert_eq!(added.expect("added"), AccountAdded::Done);
    let redeemed = store.redeem_invitation(
        &hash,
        id,
        format!("hash of {email}"),
        vec!["r1".to_owned(), "r2".to_owned()],
        session_of(id, email),
        audit("redeemed"),
    );
    assert!(redeemed.await.expect("answered"));
    id
}

async fn found(store: &Store, id: Uuid) -> Account {
    store.account(id).await.expect("read").expect("it is there")
}

async fn tenants_an_invitation_that_is_made_anew_gives_what_is_offered_there_alone(storage: &Storage) {
    let store = storage.open().await;
    let maker = comes_in(&store, "owner@example.org", owner_of(SITE)).await;
    let new = account("invited@example.org", owner_of(SITE).with(OTHER, Role::Moderator));
    let id = new.id;
    store
        .add_account(new, link("of the operator"), 99, audit("added"))
        .await
        .expect("added");
    let anew = |hash: &str, sites: &[&str]| {
        let link = Invitation {
            maker: Some(maker),
            ..link(hash)
        };
        let sites = sites.iter().map(|site| (*site).to_owned()).collect();
        store.renew_invitation(id, link, sites, audit("made anew"))
    };
    assert!(!anew("nowhere", &["elsewhere"]).await.expect("answered"));
    assert!(store.live_link("nowhere", START).await.expect("read").is_none());
    assert!(anew("anew", &[SITE]).await.expect("answered"));
    let given = |link: Option<LiveLink>| link.map(|link| (link.account, link.is_way_in, link.offers));
    assert_eq!(
        given(store.live_link("anew", START).await.expect("read")),
        Some((id, true, owner_of(SITE)))
    );
    assert_eq!(
        given(store.live_link("of the operator", START).await.expect("read")),
        Some((id, true, Rights::on(Role::Moderator, [OTHER]))),
        "what is offered elsewhere stays with the link of before"
    );
    store.close().await;
}

async fn the_first_owner_is_made_once_among_ten(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let store = &scene.store;
    assert!(!store.has_owner().await.expect("read"));
    store.open_session(session("setup"), None, None).await.expect("opened");
    let made = at_once((0..10).map(|number| {
        let store = Arc::clone(store);
        async move {
            let email = format!("a{number}@example.org");
            let new = account(&email, owner_of(EVERY_SITE));
            let session = session_of(new.id, &email);
            let made = store
                .add_first_owner(new, vec![format!("r{number}")], session, "setup", audit("first"))
                .await;
            (email, made.expect("answered"))
        }
    }))
    .await;
    let winners: Vec<_> = made.iter().filter(|(_, made)| *made).collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(storage.integer("SELECT COUNT(*) FROM accounts").await, Some(1));
    assert_eq!(storage.integer("SELECT COUNT(*) FROM recovery_codes").await, Some(1));
    assert!(
        store.session("setup", START).await.expect("read").is_none(),
        "the setup session is over"
    );
    let live = store.session(&winners[0].0, START).await.expect("read").expect("open");
    assert_eq!(live.rights, owner_of(EVERY_SITE));
    assert!(store.has_owner().await.expect("read"));
}

async fn an_account_is_invited_comes_in_and_is_found(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let store = &scene.store;
    let new = account("Awa@example.org", Rights::on(Role::Moderator, [SITE]));
    let id = new.id;
    let added = store.add_account(new, link("h"), 99, audit("added")).await;
    assert_eq!(added.expect("added"), AccountAdded::Done);
    let again = account("AWA@example.org", owner_of(SITE));
    let added = store.add_account(again, link("h2"), 99, audit("added")).await;
    assert_eq!(added.expect("answered"), AccountAdded::Exists, "one account each");
    assert!(!store.has_owner().await.expect("read"));
    let invited = found(store, id).await;
    assert_eq!((invited.passphrase, invited.disabled_at), (None, None));
    assert_eq!((invited.email.as_str(), invited.created_at), ("Awa@example.org", START));
    assert!(!invited.totp_confirmed && invited.totp_seed.is_none());
    let live = LiveLink {
        account: id,
        is_way_in: true,
        offers: Rights::on(Role::Moderator, [SITE]),
    };
    assert_eq!(store.live_link("h", START).await.expect("read"), Some(live));
    assert_eq!(
        store.live_link("h", START.plus(minutes(60))).await.expect("read"),
        None,
        "too late"
    );
    assert_eq!(store.live_link("h2", START).await.expect("read"), None);

    let issa = comes_in(store, "issa@example.org", owner_of(EVERY_SITE)).await;
    let by_email = store
        .account_by_email("issa@example.org")
        .await
        .expect("read")
        .expect("known");
    assert_eq!((by_email.id, by_email.rights), (issa, owner_of(EVERY_SITE)));
    assert!(
        store
            .account_by_email("Issa@example.org")
            .await
            .expect("read")
            .is_none(),
        "folded by the caller"
    );
    let wanted = AccountsWanted {
        scope: Scope::All,
        after: None,
        limit: 9,
    };
    let all: Vec<_> = store
        .accounts(&wanted)
        .await
        .expect("read")
        .into_iter()
        .map(|account| account.id)
        .collect();
    assert_eq!(all, [id, issa], "by e-mail");
    let names = async |site: &str| {
        let mut names = store.names_on(site).await.expect("read");
        names.sort();
        names
    };
    assert_eq!(
        names(SITE).await,
        ["Name of Awa@example.org", "Name of issa@example.org"]
    );
    assert_eq!(names(OTHER).await, ["Name of issa@example.org"]);
    store
        .rename_account(issa, "Issa", audit("renamed"))
        .await
        .expect("renamed");
    assert_eq!(names(OTHER).await, ["Issa"]);
    let entries = storage.integer("SELECT COUNT(*) FROM audit_entries").await;
    assert_eq!(
        entries,
        Some(4),
        "each change left its entry, and what was refused none"
    );
}

async fn h12_what_is_sealed_under_another_key_is_found_and_replaced_once(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let store = &scene.store;
    let awa = comes_in(store, "awa@example.org", owner_of(SITE)).await;
    let issa = comes_in(store, "issa@example.org", owner_of(OTHER)).await;
    for (account, seed) in [(awa, "v1.old.a"), (issa, "v1.new.b")] {
        store
            .set_totp_seed(account, Some(seed.to_owned()), None)
            .await
            .expect("kept");
    }
    storage
        .execute("UPDATE sites SET sealed_secret = 'v1.old.c', sealed_second_secret = 'v1.new.d' WHERE id = 'faso'")
        .await;
    let found = store
        .sealed_otherwise("new", (Uuid::nil(), ""), 10)
        .await
        .expect("read");
    let expected = [
        (Kept::Seed(awa), "v1.old.a"),
        (Kept::Secret(SITE.to_owned()), "v1.old.c"),
    ];
    assert_eq!(
        found,
        expected.map(|(kept, sealed)| Sealed {
            kept,
            sealed: sealed.to_owned()
        })
    );
    assert!(
        store
            .sealed_otherwise("new", (awa, SITE), 10)
            .await
            .expect("read")
            .is_empty()
    );
    for was in found {
        assert!(store.seal_anew(was.clone(), "v1.new.x".to_owned()).await.expect("done"));
        assert!(
            !store.seal_anew(was, "v1.new.y".to_owned()).await.expect("done"),
            "once"
        );
    }
    assert!(
        store
            .sealed_otherwise("new", (Uuid::nil(), ""), 10)
            .await
            .expect("read")
            .is_empty()
    );
}

async fn h12_recovery_codes_say_under_which_key_they_were_made(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let store = &scene.store;
    let awa = comes_in(store, "awa@example.org", owner_of(SITE)).await;
    let by_key = async || store.recovery_codes_by_key().await.expect("read");
    let key = "0a1b2c3d";
    assert_eq!(by_key().await, [(String::new(), 2)], "of before");
    assert_eq!(store.name_key_of_recovery_codes(key).await.expect("done"), 2);
    assert_eq!(store.name_key_of_recovery_codes("ffffffff").await.expect("done"), 0);
    assert_eq!(by_key().await, [(key.to_owned(), 2)]);
    let code = format!("{key}:r1");
    assert!(store.knows_recovery_code(awa, &code).await.expect("read"));
    assert!(store.use_recovery_code(awa, &code, START).await.expect("used"));
    assert!(!store.knows_recovery_code(awa, &code).await.expect("read"), "no more");
    assert_eq!(by_key().await, [(key.to_owned(), 1)]);
}

async fn a_link_is_redeemed_once_and_ends_what_was_before(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let store = &scene.store;
    let id = comes_in(store, "awa@example.org", owner_of(SITE)).await;
    store
        .set_totp_seed(id, Some("sealed".to_owned()), None)
        .await
        .expect("kept");
    assert!(store.take_totp_step(id, 7, Some(audit("on"))).await.expect("taken"));
    assert!(found(store, id).await.has_second_step());
    for hash in ["first", "second"] {
        store.set_reset_link(id, link(hash), audit("link")).await.expect("kept");
    }
    assert_eq!(
        store.live_link("first", START).await.expect("read"),
        None,
        "one link at a time"
    );
    assert!(
        store.session("awa@example.org", START).await.expect("read").is_some(),
        "all as it was until then"
    );
    let redeemed = at_once((0..10).map(|number| {
        let store = Arc::clone(store);
        async move {
            let hash = format!("s{number}");
            let recovery = vec![format!("n{number}")];
            let session = session_of(id, &hash);
            let done = store
                .redeem_invitation("second", id, format!("p{number}"), recovery, session, audit("redeemed"))
                .await;
            (number, done.expect("answered"))
        }
    }))
    .await;
    let winners: Vec<_> = redeemed.into_iter().filter(|(_, done)| *done).collect();
    assert_eq!(winners.len(), 1);
    let winner = winners[0].0;
    let now = found(store, id).await;
    assert_eq!(now.passphrase, Some(format!("p{winner}")));
    assert!(!now.has_second_step(), "the second step is set up anew");
    assert_eq!(
        storage.integer("SELECT COUNT(*) FROM sessions").await,
        Some(1),
        "all others are over"
    );
    assert!(
        !store.use_recovery_code(id, "r1", START).await.expect("answered"),
        "codes of before are gone"
    );
    assert!(
        store
            .use_recovery_code(id, &format!("n{winner}"), START)
            .await
            .expect("answered")
    );
    let late = NewSession {
        at: START.plus(minutes(60)),
        ..session_of(id, "late")
    };
    store
        .set_reset_link(id, link("third"), audit("link"))
        .await
        .expect("kept");
    let done = store.redeem_invitation("third", id, "p".to_owned(), Vec::new(), late, audit("redeemed"));
    assert!(!done.await.expect("answered"), "it has run out");
}

async fn h9_the_owners_of_a_site_are_found_among_eleven_hundred_others(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let store = &scene.store;
    for number in 0..1100 {
        let new = account(
            &format!("a{number:04}@example.org"),
            Rights::on(Role::Moderator, [OTHER]),
        );
        let added = store
            .add_account(new, link(&number.to_string()), 2000, audit("added"))
            .await;
        assert_eq!(added.expect("answered"), AccountAdded::Done);
    }
    let zoe = comes_in(store, "zoe@example.org", owner_of(SITE)).await;
    let all = comes_in(store, "zz@example.org", owner_of(EVERY_SITE)).await;
    let mut found = store.owners_of(SITE).await.expect("read");
    found.sort_by(|a, b| a.1.cmp(&b.1));
    let expected = [(zoe, "zoe@example.org".to_owned()), (all, "zz@example.org".to_owned())];
    assert_eq!(found, expected);
    let full = store.add_account(
        account("b@example.org", owner_of(OTHER)),
        link("b"),
        1100,
        audit("added"),
    );
    let site = Some(OTHER.to_owned());
    assert_eq!(full.await.expect("answered"), AccountAdded::Full { site });
}

async fn tenants_offers_count_among_the_invited_and_are_answered_once(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let store = &scene.store;
    let giver = || Giver {
        rights: Some(owner_of(OTHER)),
        link: link("not made"),
        link_audit: Vec::new(),
        reset_until: START,
        is_inviting: false,
        offer_audit: vec![audit("offered")],
        most: 2,
    };
    let mut people = Vec::new();
    for name in ["a", "b", "c"] {
        people.push(comes_in(store, &format!("{name}@example.org"), owner_of(SITE)).await);
    }
    let offers = async |id: Uuid, role: Role| {
        let offered = store.set_role(id, OTHER, Some(role), Some(giver()), START, audit("given"));
        offered.await.expect("answered")
    };
    assert_eq!(offers(people[0], Role::Owner).await, AccountChange::Offered);
    assert_eq!(offers(people[1], Role::Owner).await, AccountChange::Offered);
    assert_eq!(offers(people[2], Role::Owner).await, AccountChange::Full);
    assert_eq!(
        offers(people[1], Role::Moderator).await,
        AccountChange::Offered,
        "another role"
    );
    let new = || account("d@example.org", owner_of(OTHER));
    let site = Some(OTHER.to_owned());
    let full = store.add_account(new(), link("d"), 2, audit("added")).await;
    assert_eq!(full.expect("answered"), AccountAdded::Full { site });
    assert_eq!(found(store, people[0]).await.rights, owner_of(SITE));

    let answers = async |id: Uuid, role: Role, is_accepted: bool| {
        let answered = store.answer_offer(id, (OTHER, role), None, is_accepted, START, audit("answered"));
        answered.await.expect("answered")
    };
    assert!(!answers(people[1], Role::Owner, true).await, "another role was offered");
    assert!(!answers(people[2], Role::Owner, true).await);
    let twice = at_once((0..4).map(|_| {
        let (store, id) = (Arc::clone(store), people[0]);
        async move {
            let answered = store.answer_offer(id, (OTHER, Role::Owner), None, true, START, audit("answered"));
            answered.await.expect("answered")
        }
    }));
    assert_eq!(twice.await.into_iter().filter(|done| *done).count(), 1);
    assert_eq!(
        found(store, people[0]).await.rights,
        owner_of(SITE).with(OTHER, Role::Owner)
    );
    assert!(answers(people[1], Role::Moderator, false).await);
    assert_eq!(found(store, people[1]).await.rights, owner_of(SITE));
    let added = store.add_account(new(), link("d"), 2, audit("added")).await;
    assert_eq!(added.expect("answered"), AccountAdded::Done);
}

async fn the_last_owner_stays(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let store = &scene.store;
    let id = comes_in(store, "awa@example.org", owner_of(SITE)).await;
    let last = AccountChange::LastOwner;
    let invited = account("invited@example.org", owner_of(SITE));
    let invited_id = invited.id;
    store
        .add_account(invited, link("h"), 99, audit("added"))
        .await
        .expect("added");
    let other = comes_in(store, "other@example.org", owner_of(OTHER)).await;
    let attempts = async |account: Uuid| {
        [
            store
                .set_role(account, SITE, None, None, START, audit("taken"))
                .await
                .expect("answered"),
            store
                .set_role(account, SITE, Some(Role::Moderator), None, START, audit("given"))
                .await
                .expect("answered"),
            store
                .set_disabled(account, Some((START, &Rights::default())), audit("disabled"))
                .await
                .expect("answered"),
            store
                .remove_account(account, START, audit("removed"))
                .await
                .expect("answered"),
        ]
    };
    assert_eq!(attempts(id).await, [last; 4], "who was only invited owns nothing yet");
    assert_eq!(found(store, id).await.rights, owner_of(SITE));
    assert_eq!(
        store
            .remove_account(invited_id, START, audit("removed"))
            .await
            .expect("answered"),
        AccountChange::Done
    );
    // Who owns every site owns this one.
    let done = AccountChange::Done;
    assert_eq!(
        store
            .set_role(other, EVERY_SITE, Some(Role::Owner), None, START, audit("given"))
            .await
            .expect("answered"),
        done
    );
    assert_eq!(
        store
            .set_role(other, EVERY_SITE, None, None, START, audit("taken"))
            .await
            .expect("answered"),
        last,
        "of every site, also those to come"
    );
    assert_eq!(
        store
            .set_disabled(id, Some((START, &Rights::default())), audit("disabled"))
            .await
            .expect("answered"),
        done
    );
    assert_eq!(
        store
            .remove_account(other, START, audit("removed"))
            .await
            .expect("answered"),
        last,
        "who is shut out does not count"
    );
    let nobody = Uuid::now_v7();
    let unknown = AccountChange::Unknown;
    assert_eq!(attempts(nobody).await, [unknown; 4]);
}

async fn two_owners_cannot_take_each_other_away(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let mut owners = Vec::new();
    for number in 0..8 {
        owners.push(comes_in(&scene.store, &format!("o{number}@example.org"), owner_of(SITE)).await);
    }
    let removed = at_once(owners.into_iter().map(|owner| {
        let store = Arc::clone(&scene.store);
        async move {
            store
                .remove_account(owner, START, audit("removed"))
                .await
                .expect("answered")
        }
    }))
    .await;
    let stay = removed
        .iter()
        .filter(|change| **change == AccountChange::LastOwner)
        .count();
    assert_eq!(stay, 1, "{removed:?}");
    assert!(scene.store.has_owner().await.expect("read"));
}

async fn who_is_shut_out_or_removed_is_gone_at_once(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let store = &scene.store;
    comes_in(store, "owner@example.org", owner_of(EVERY_SITE)).await;
    let id = comes_in(store, "awa@example.org", Rights::on(Role::Moderator, [SITE])).await;
    let live = async || store.session("awa@example.org", START).await.expect("read");
    assert_eq!(live().await.expect("open").rights, Rights::on(Role::Moderator, [SITE]));
    store
        .set_role(id, OTHER, Some(Role::Owner), None, START, audit("given"))
        .await
        .expect("given");
    let rights = live().await.expect("open").rights;
    assert_eq!(
        (rights.at(SITE), rights.at(OTHER)),
        (Some(Role::Moderator), Some(Role::Owner)),
        "at once"
    );
    store
        .set_disabled(id, Some((START, &Rights::default())), audit("disabled"))
        .await
        .expect("shut out");
    assert!(live().await.is_none());
    store.set_disabled(id, None, audit("enabled")).await.expect("let in");
    assert!(live().await.is_none(), "the session is over for good");
    store.set_reset_link(id, link("h"), audit("link")).await.expect("kept");
    store
        .set_disabled(id, Some((START, &Rights::default())), audit("disabled"))
        .await
        .expect("shut out");
    assert_eq!(
        store.live_link("h", START).await.expect("read"),
        None,
        "no link opens it"
    );
    store.set_disabled(id, None, audit("enabled")).await.expect("let in");
    store
        .open_session(session_of(id, "again"), None, None)
        .await
        .expect("opened");
    let gone = store
        .remove_account(id, START, audit("removed"))
        .await
        .expect("answered");
    assert_eq!(gone, AccountChange::Done);
    assert!(store.session("again", START).await.expect("read").is_none());
    assert!(store.account_by_email("awa@example.org").await.expect("read").is_none());
    assert_eq!(store.recovery_codes_left(id).await.expect("read"), 0);
    let emails = "SELECT COUNT(*) FROM accounts WHERE email LIKE '%awa%' OR email_folded LIKE '%awa%'";
    assert_eq!(storage.integer(emails).await, Some(0), "no trace but the name");
    let mut back = account("awa@example.org", Rights::on(Role::Moderator, [SITE]));
    "Awa, back again".clone_into(&mut back.name);
    let added = store.add_account(back, link("h3"), 99, audit("added")).await;
    assert_eq!(added.expect("answered"), AccountAdded::Done, "and may come again");
}

async fn a_changed_passphrase_ends_other_sessions(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let store = &scene.store;
    let id = comes_in(store, "awa@example.org", owner_of(SITE)).await;
    let own = session_of(id, "own");
    store.open_session(own.clone(), None, None).await.expect("opened");
    let is_open = async |hash: &str| store.session(hash, START).await.expect("read").is_some();
    store
        .set_passphrase(id, "p2".to_owned(), Some(own.id), audit("changed"))
        .await
        .expect("set");
    assert_eq!(found(store, id).await.passphrase.as_deref(), Some("p2"));
    assert_eq!((is_open("own").await, is_open("awa@example.org").await), (true, false));
    store
        .set_passphrase(id, "p3".to_owned(), None, audit("changed"))
        .await
        .expect("set");
    assert!(!is_open("own").await);
}

async fn sessions_are_listed_and_ended_by_account(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let store = &scene.store;
    let awa = comes_in(store, "awa@example.org", owner_of(SITE)).await;
    let issa = comes_in(store, "issa@example.org", owner_of(OTHER)).await;
    let (older, newer) = (session_of(awa, "older"), session_of(awa, "newer"));
    for session in [&older, &newer] {
        store.open_session(session.clone(), None, None).await.expect("opened");
    }
    store
        .touch_session(newer.id, START.plus(minutes(2)))
        .await
        .expect("touched");
    store
        .touch_session(older.id, START.plus(minutes(1)))
        .await
        .expect("touched");
    store.note_typed(newer.id, START.plus(minutes(2))).await.expect("noted");
    let list = async |since: Timestamp| -> Vec<Uuid> {
        let found = store.sessions_of(awa, START, since).await.expect("read");
        found.into_iter().map(|session| session.id).collect()
    };
    assert_eq!(
        list(START).await,
        [newer.id, older.id],
        "the last used first; the first was not used since"
    );
    assert_eq!(list(Timestamp(START.0 - 1)).await.len(), 3);
    let ended = async |account, only, keep| {
        store
            .end_sessions_of(account, only, keep, audit("ended"))
            .await
            .expect("answered")
    };
    assert_eq!(
        ended(issa, Some(older.id), None).await,
        0,
        "another's session is not there"
    );
    assert_eq!(ended(awa, Some(older.id), None).await, 1);
    assert_eq!(ended(awa, None, Some(newer.id)).await, 1, "all others");
    assert_eq!(list(Timestamp(0)).await, [newer.id]);
    assert!(store.session("issa@example.org", START).await.expect("read").is_some());
}

async fn a_time_step_and_a_recovery_code_count_once(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let store = &scene.store;
    let id = comes_in(store, "awa@example.org", owner_of(SITE)).await;
    store
        .set_totp_seed(id, Some("sealed".to_owned()), None)
        .await
        .expect("kept");
    assert!(!found(store, id).await.has_second_step(), "not before a code was typed");
    let once = async |what: &str, tries: Vec<bool>| {
        assert_eq!(tries.iter().filter(|taken| **taken).count(), 1, "{what}: {tries:?}");
    };
    let steps = at_once((0..10).map(|_| {
        let store = Arc::clone(store);
        async move {
            store
                .take_totp_step(id, 100, Some(audit("on")))
                .await
                .expect("answered")
        }
    }))
    .await;
    once("step", steps).await;
    assert!(found(store, id).await.has_second_step());
    assert!(
        !store.take_totp_step(id, 99, None).await.expect("answered"),
        "nor an earlier one"
    );
    assert!(store.take_totp_step(id, 101, None).await.expect("answered"));
    store
        .set_totp_seed(id, None, Some(audit("off")))
        .await
        .expect("removed");
    assert!(!found(store, id).await.has_second_step());

    let codes = at_once((0..10).map(|_| {
        let store = Arc::clone(store);
        async move { store.use_recovery_code(id, "r1", START).await.expect("answered") }
    }))
    .await;
    once("code", codes).await;
    assert_eq!(store.recovery_codes_left(id).await.expect("read"), 1);
    let other = comes_in(store, "issa@example.org", owner_of(OTHER)).await;
    store
        .set_recovery_codes(other, vec!["own".to_owned()], audit("renewed"))
        .await
        .expect("set");
    assert!(
        !store.use_recovery_code(id, "own", START).await.expect("answered"),
        "another's"
    );
    assert!(
        !store.use_recovery_code(other, "r2", START).await.expect("answered"),
        "replaced"
    );
}

async fn tries_at_the_door_are_counted_one_by_one_also_at_once(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let window = 300_000;
    let counted = |key: &str| vec![(format!("{key} a"), 5, window), (format!("{key} b"), 8, window)];
    let tries = at_once((0..20).map(|_| {
        let store = Arc::clone(&scene.store);
        let counted = counted("1");
        async move { store.count_try(Uuid::now_v7(), counted, START).await.expect("counted") }
    }))
    .await;
    let passed = tries.iter().filter(|wait| wait.is_none()).count();
    assert_eq!(passed, 5, "{tries:?}");
    assert!(
        tries
            .iter()
            .flatten()
            .all(|(wait, place)| (*wait, *place) == (Duration::from_mins(5), 0))
    );
    let count =
        async |id, keys: Vec<(String, u32, i64)>, at| scene.store.count_try(id, keys, at).await.expect("counted");
    // What the refused ones would have been counted by as well is as it was.
    let other = |number: usize| vec![(format!("other {number}"), 5, window), ("1 b".to_owned(), 8, window)];
    for number in 0..3 {
        assert_eq!(count(Uuid::now_v7(), other(number), START).await, None);
    }
    let refused = count(Uuid::now_v7(), other(3), START).await;
    assert_eq!(refused, Some((Duration::from_mins(5), 1)), "5 and 3 by the second");

    // One that is counted by two keys is one; what ran out counts no more; the right one takes all back.
    assert_eq!(count(Uuid::now_v7(), counted("3"), START).await, None);
    let keys = ["3 a".to_owned(), "3 b".to_owned()];
    let left = async |at| scene.store.tries(&keys, at).await.expect("read");
    assert_eq!(left(START).await, 1);
    assert_eq!(left(START.plus(Duration::from_mins(5))).await, 0);
    scene.store.forget_tries(keys.to_vec()).await.expect("forgotten");
    assert_eq!(left(START).await, 0);

    // Failures are written down once an hour, whatever their number.
    let hour = Duration::from_hours(1);
    let writes = async |at| {
        let (mut entry, store) = (audit("sign_in_failed"), &scene.store);
        (entry.id, entry.at) = (Uuid::now_v7(), at);
        store.add_audit_at_most("here", hour, entry).await.expect("counted")
    };
    assert!(writes(START).await);
    assert!(!writes(START).await);
    assert!(writes(START.plus(hour)).await);

    let taken_back = Uuid::now_v7();
    assert_eq!(count(taken_back, counted("2"), START).await, None);
    for _ in 0..4 {
        assert_eq!(count(Uuid::now_v7(), counted("2"), START).await, None);
    }
    assert!(count(Uuid::now_v7(), counted("2"), START).await.is_some());
    scene.store.forget_try(taken_back).await.expect("forgotten");
    assert_eq!(count(Uuid::now_v7(), counted("2"), START).await, None, "one came in");
    let later = START.plus(minutes(5));
    assert_eq!(
        count(Uuid::now_v7(), counted("1"), later).await,
        None,
        "the window is over"
    );
}

async fn a_store_says_which_sites_it_has_and_keeps_servers_out(storage: &Storage) {
    let scene = Scene::open(storage).await;
    assert!(!scene.store.has_site("nowhere").await.expect("read"));
    // The scene's own is a server's.
    let kept = scene.store.keep_servers_out().await;
    assert_eq!(matches!(kept, Ok(None)), scene.store.engine() == "postgres");
    assert_eq!(kept.is_err(), scene.store.engine() == "sqlite");
}

async fn h8_tries_that_came_back_leave_the_table_with_the_next_ones(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let rows = async || {
        storage
            .integer("SELECT COUNT(*) FROM sign_in_tries")
            .await
            .expect("a number")
    };
    let tries = async |from: usize, minute: u64| {
        let at = START.plus(minutes(minute));
        for number in from..from + 100 {
            let keys = vec![
                (format!("address {number}"), 5, 300_000),
                (format!("nearby {}", number / 10), 30, 1_800_000),
                (format!("email {number}"), 25, 3_600_000),
            ];
            assert_eq!(
                scene.store.count_try(Uuid::now_v7(), keys, at).await.expect("counted"),
                None
            );
        }
    };
    // A flood that never uses the same address or account again, an hour and more of it.
    tries(0, 0).await;
    assert_eq!(rows().await, 300);
    for (from, minute) in [(100, 20), (200, 40), (300, 60), (400, 80), (500, 100)] {
        tries(from, minute).await;
    }
    // Of the last hour the accounts, of the last half hour the neighbourhoods, and the newest whole.
    assert_eq!(rows().await, 100 + 200 + 300);
    tries(1_000, 200).await;
    assert_eq!(rows().await, 300, "nothing but the last");
    scene.store.purge(START.plus(minutes(261))).await.expect("purged");
    assert_eq!(rows().await, 0);
}

async fn h13_a_name_is_taken_where_its_people_work(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let store = &scene.store;
    let awa = comes_in(store, "awa@example.org", owner_of(SITE)).await;
    comes_in(store, "issa@example.org", owner_of(SITE)).await;
    let taken = store
        .rename_account(awa, "name of ISSA@example.org", audit("renamed"))
        .await;
    assert!(matches!(taken, Err(palabre::store::StoreError::NameTaken)), "{taken:?}");
    let entries = storage
        .integer("SELECT COUNT(*) FROM audit_entries WHERE action = 'renamed'")
        .await;
    assert_eq!(entries, Some(0), "nothing is stored");
    let mut new = account("third@example.org", owner_of(OTHER));
    "Name of issa@example.org".clone_into(&mut new.name);
    let added = store.add_account(new, link("h"), 99, audit("added")).await;
    assert_eq!(added.expect("answered"), AccountAdded::Done, "another site");
}
