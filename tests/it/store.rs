//! The contract of every public method of `Store`, on both engines.
//!
//! Each test is a sentence listed in [`on_both_engines!`]; what only one engine has (files, locks)
//! stands at the end. A [`Scene`] is an open store with two sites, a clock that stands still and ids
//! that count up. It keeps one file because the scene and the sentences are read together; a new method
//! of the store gets its sentence here, and [`every_public_method_is_called_here`] asks for it.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs,
    future::Future,
    path::Path,
    sync::Arc,
    time::Duration,
};

use palabre::{
    clock::{Clock, ManualClock},
    config::DatabaseUrl,
    domain::{
        account::Role,
        actor::Scope,
        appeal::{self, Asked},
        decision::{Act, Decided, Standing},
        draft::RawDraft,
        person::fold_search,
        policy::{Cuts, Policy},
        provider::ProviderId,
        queue::{Filter, Order, Pile},
        reason::Reason,
        score::Score,
        site::SiteSettings,
        status::Status,
        timestamp::Timestamp,
        triage::{Action, Outcome},
        verdict::{BadToken, Verdict, Why},
    },
    store::{
        Claim, Comment, Decide, Inserted, NewAudit, NewComment, NewSession, Opening, PolicyRow, SealFault, Secrets,
        Store, TakenBack, ThreadRow, TokenRow, TokensWanted,
    },
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{
    acts::{self, moderator},
    example::{self, Sent as _},
    layering::rust_files,
    stores::{Storage, on_both_engines},
};

on_both_engines!(
    a_comment_is_read_back_as_it_was_stored,
    a_repeated_key_gives_one_comment,
    what_is_known_before_a_submission_holds_after_a_restart_and_a_closing,
    twenty_at_once_with_one_key_give_one_new_and_nineteen_repeats,
    a_key_taken_by_another_content_stores_nothing,
    a_key_that_ran_out_may_be_taken_again,
    two_hundred_at_once_in_one_thread_and_in_many_are_all_stored,
    a_bad_unit_among_good_ones_fails_alone,
    a_closed_thread_takes_no_comment,
    the_first_approved_comment_gives_its_thread_a_title,
    a_parent_is_a_public_comment_of_the_same_thread,
    an_earlier_draw_of_the_same_body_is_found,
    h5_a_device_has_the_record_that_people_gave_it,
    an_author_is_known_by_device_or_by_email,
    of_two_decisions_on_one_version_one_applies,
    a_decision_with_a_used_key_changes_nothing,
    one_key_tried_many_times_at_once_decides_once,
    a_decision_in_another_scope_finds_nothing,
    undo_puts_back_status_mark_and_label,
    undo_refuses_what_is_not_the_callers_or_not_the_last,
    hold_on_a_held_comment_raises_its_version,
    the_waiting_time_and_the_content_version_are_right_after_any_acts,
    decisions_and_inserts_at_once_leave_the_right_waiting_time,
    an_appeal_brings_a_refused_comment_before_a_person_once,
    erasing_blanks_a_comment_for_good,
    h11_erasures_are_brought_to_their_end_on_either_engine,
    h12_keyed_hashes_of_emails_are_set_anew_but_for_erased_ones,
    a_report_counts_once_a_reporter,
    a_thread_is_read_in_pages_without_gaps_or_repeats,
    replies_are_capped_and_read_on,
    replies_of_a_withdrawn_comment_are_neither_seen_nor_counted,
    a_publisher_names_and_closes_a_thread,
    every_order_pages_through_the_whole_queue,
    the_article_order_begins_with_the_longest_waiting_article,
    each_filter_of_the_queue_narrows_it,
    signs_of_like_are_taken_literally,
    an_empty_scope_sees_nothing,
    pile_counts_stop_at_one_thousand_and_one,
    the_newest_arrival_of_a_site_is_known_whatever_became_of_it,
    a_claim_is_held_by_one_until_its_lease_ends,
    of_owners_who_change_one_base_one_succeeds,
    the_policy_in_force_is_the_newest_whose_time_has_come,
    a_site_keeps_its_first_settings,
    a_token_opens_until_it_ends_or_is_revoked,
    a_session_lasts_until_its_end,
    a_setup_code_is_redeemed_once_among_twenty_tries,
    facts_about_the_store_are_kept,
    audit_entries_are_read_in_order_by_scope,
    the_latest_decision_is_the_one_that_made_the_version,
    seals_hold_until_an_entry_is_touched,
    a_seal_ends_before_the_first_entry_that_is_too_young,
    erasing_a_note_keeps_seals_whole,
    evidence_counts_levels_outcomes_and_labels,
    the_check_is_told_by_day_cause_wait_and_host,
    signals_are_counted_by_what_people_decided,
    what_a_provider_is_to_be_told_is_found_in_the_order_of_decisions,
    a_key_is_taken_once,
    reasons_are_replaced_on_the_version_that_was_read,
    texts_expire_by_status_and_age,
    client_keys_are_forgotten,
    purge_deletes_what_has_run_out,
    a_job_is_leased_to_one,
    a_schema_of_a_newer_program_is_refused,
    a_closed_store_answers_no_more,
);

pub(crate) const SITE: &str = "faso";
pub(crate) const OTHER: &str = "sahel";

/// Monday 24 November 2025, 16:00 UTC.
pub(crate) const START: Timestamp = Timestamp(1_764_000_000_000);

/// An open store with two sites.
pub(crate) struct Scene {
    pub(crate) store: Arc<Store>,
    pub(crate) clock: Clock,
}

impl Scene {
    pub(crate) async fn open(storage: &Storage) -> Self {
        let store = storage.open().await;
        for site in [SITE, OTHER] {
            store
                .ensure_site(site, &SiteSettings::default(), START)
                .await
                .expect("a site");
        }
        Self {
            store: Arc::new(store),
            clock: Clock::Manual(ManualClock::at(START)),
        }
    }

    /// A comment to be held, in the thread `/a` of the first site.
    pub(crate) fn comment(&self) -> NewComment {
        self.comment_saying("/a", "Aminata", "Un point de vue.")
    }

    pub(crate) fn comment_in(&self, thread: &str) -> NewComment {
        self.comment_saying(thread, "Aminata", "Un point de vue.")
    }

    fn comment_saying(&self, thread: &str, name: &str, body: &str) -> NewComment {
        let raw = RawDraft {
            thread: thread.to_owned(),
            name: name.to_owned(),
            email: "lectrice@example.org".to_owned(),
            body: body.to_owned(),
            ..RawDraft::default()
        };
        let mut comment = example::comment(&self.clock, raw);
        SITE.clone_into(&mut comment.site);
        comment.at = START;
        comment.submitted().reference = comment.id.to_string();
        comment.submitted().captcha.provider = ProviderId::RecaptchaV3;
        comment
    }

    async fn insert(&self, comment: NewComment) -> Uuid {
        let id = comment.id;
        assert_eq!(self.store.insert(comment).await.expect("stored"), Inserted::New);
        id
    }

    pub(crate) async fn insert_with(&self, change: impl FnOnce(&mut NewComment)) -> Uuid {
        let mut comment = self.comment();
        change(&mut comment);
        self.insert(comment).await
    }

    async fn insert_public(&self) -> Uuid {
        self.insert_with(|comment| comment.status = Status::Approved).await
    }

    async fn insert_reply(&self, root: Uuid, status: Status, at: Timestamp) -> Uuid {
        self.insert_with(|comment| {
            comment.content.draft.parent = Some(root);
            comment.content.root = Some(root);
            comment.status = status;
            comment.at = at;
        })
        .await
    }

    pub(crate) fn decision(&self, comment: Uuid, act: Act) -> Decide {
        Decide {
            at: START,
            ..acts::decision(&self.clock, comment, act, (moderator("m1"), Scope::All))
        }
    }

    pub(crate) async fn decide(&self, decision: Decide) -> Decided {
        self.store.decide(decision).await.expect("decided")
    }

    /// Decides and must succeed; gives the decision's id.
    pub(crate) async fn act(&self, comment: Uuid, act: Act) -> Uuid {
        let decision = self.decision(comment, act);
        let id = decision.id;
        assert_eq!(self.decide(decision).await, Decided::Applied(id));
        id
    }

    async fn get(&self, id: Uuid) -> Comment {
        self.store.comment(id).await.expect("read").expect("it is there")
    }

    async fn thread(&self, key: &str) -> ThreadRow {
        self.store.thread(SITE, key).await.expect("read").expect("it is there")
    }

    async fn public(&self, key: &str) -> palabre::store::PublicThread {
        let thread = self.thread(key).await.id;
        self.store
            .public_thread(thread, None, 1000, false, 1000)
            .await
            .expect("read")
    }

    pub(crate) fn audit(&self, action: &'static str) -> NewAudit {
        NewAudit {
            at: START,
            ..acts::audit(&self.clock, SITE, action, moderator("m1"))
        }
    }

    async fn queue(&self, filter: &Filter) -> Vec<Uuid> {
        let rows = self.store.queue(filter).await.expect("listed").rows;
        rows.into_iter().map(|row| row.comment.id).collect()
    }
}

fn minutes(count: u64) -> Duration {
    Duration::from_mins(count)
}

fn score(thousandths: i64) -> Score {
    Score::from_thousandths(thousandths).expect("in range")
}

fn filter() -> Filter {
    Filter {
        scope: Scope::All,
        site: Some(SITE.to_owned()),
        pile: Pile::Pending,
        order: Order::Oldest,
        words: Vec::new(),
        thread: None,
        author: None,
        reason: None,
        score_max: None,
        links: None,
        since: None,
        places: Vec::new(),
        after: None,
        limit: 100,
    }
}

/// Runs all at once and gives what they gave, in no order.
pub(crate) async fn at_once<T: Send + 'static>(
    futures: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    futures.into_iter().collect::<JoinSet<T>>().join_all().await
}

// ---------------------------------------------------------------- comments

async fn a_comment_is_read_back_as_it_was_stored(storage: &Storage) {
    let scene = Scene::open(storage).await;
    assert!(!scene.store.has_comments().await.expect("read"));
    let mut comment = scene.comment_saying("/é", "Zoé", "a < b\n« c » 😀");
    comment.submitted().captcha.verdict = Verdict::Scored {
        score: score(300),
        raw: "0.30000001192092896".to_owned(),
    };
    comment.submitted().outcome = Outcome {
        action: Action::StepUp,
        level: Some(score(300)),
        policy_version: Some(7),
        propensity_ppm: 20_000,
        draw: 999_999,
        explored: true,
        reasons: vec![
            Reason::StepUp {
                score: score(300),
                cut: score(500),
            },
            Reason::Links { count: 2 },
        ],
    };
    comment.content.links = 2;
    comment.submitted().device_id = Some("device".to_owned());
    scene.insert(comment.clone()).await;
    let stored = scene.get(comment.id).await;
    assert_eq!(
        (stored.name.as_str(), stored.body.as_str(), stored.html.as_str()),
        ("Zoé", "a < b\n« c » 😀", comment.content.html.as_str())
    );
    assert_eq!(
        (stored.site.as_str(), stored.version, stored.set_aside),
        (SITE, 1, false)
    );
    assert_eq!(
        (stored.status, stored.created_at, stored.reports),
        (Status::Pending, START, 0)
    );
    assert_eq!(stored.email, "lectrice@example.org");
    assert_eq!(
        (stored.verdict.as_str(), stored.provider.as_str()),
        ("scored", "recaptcha_v3")
    );
    assert_eq!(stored.score_raw.as_deref(), Some("0.30000001192092896"));
    assert_eq!((stored.level, stored.outcome), (Some(score(300)), Action::StepUp));
    assert_eq!((stored.policy_version, stored.propensity_ppm), (Some(7), 20_000));
    assert_eq!((stored.draw, stored.explored, stored.links), (999_999, true, 2));
    assert_eq!(stored.reasons, comment.submitted().outcome.reasons);
    assert_eq!(stored.device_id.as_deref(), Some("device"));
    assert_eq!(stored.language, "fr");
    assert_eq!((stored.parent, stored.root, stored.appealed_at), (None, None, None));
    assert_eq!(scene.thread("/é").await.id, stored.thread);
    let item = scene.store.queue_item(comment.id).await.expect("read").expect("there");
    assert_eq!((item.comment.id, item.thread_key.as_str()), (comment.id, "/é"));
    assert!(scene.store.comment(Uuid::nil()).await.expect("read").is_none());
    assert!(scene.store.queue_item(Uuid::nil()).await.expect("read").is_none());
    assert!(scene.store.thread(OTHER, "/é").await.expect("read").is_none());
    assert!(scene.store.has_comments().await.expect("read"));
    scene.store.ping().await.expect("it answers");
    assert_eq!(scene.store.integrity().await.expect("checked"), None);
    assert_eq!(
        scene.store.engine(),
        if storage.is_postgres() { "postgres" } else { "sqlite" }
    );
}

async fn a_repeated_key_gives_one_comment(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let keyed = |keys: &[&str]| {
        let mut comment = scene.comment();
        comment.submitted().repeats.keys = keys.iter().map(|&key| key.to_owned()).collect();
        comment
    };
    let first = scene.insert(keyed(&["k:1", "n:1"])).await;
    for keys in [&["k:1"][..], &["k:2", "n:1"]] {
        let repeat = scene.store.insert(keyed(keys)).await.expect("answered");
        assert_eq!(repeat, Inserted::Repeat(first), "{keys:?}");
    }
    let mut elsewhere = keyed(&["k:1"]);
    elsewhere.site = String::from(OTHER);
    scene.insert(elsewhere).await;
    let keys = ["k:1", "k:2", "n:1"].map(str::to_owned);
    let found = scene.store.repeats(SITE, &keys, START).await.expect("read");
    let found: HashSet<_> = found.into_iter().map(|r| (r.key, r.digest, r.comment)).collect();
    let expected = ["k:1", "n:1"].map(|key| (key.to_owned(), "d1".to_owned(), first));
    assert_eq!(found, HashSet::from(expected));
    assert!(scene.store.repeats(SITE, &[], START).await.expect("read").is_empty());
    let later = START.plus(Duration::from_hours(24));
    assert!(scene.store.repeats(SITE, &keys, later).await.expect("read").is_empty());
    let before = async |thread: &str, keys: &[String], now| {
        let before = scene.store.before_submission(SITE, thread, keys, now).await;
        let before = before.expect("read");
        let mut keys: Vec<String> = before.repeats.into_iter().map(|repeat| repeat.key).collect();
        keys.sort();
        (before.thread_open, keys)
    };
    let found = ["k:1", "n:1"].map(str::to_owned).to_vec();
    assert_eq!(before("/a", &keys, START).await, (Some(true), found.clone()));
    assert_eq!(before("/a", &[], START).await, (Some(true), Vec::new()));
    assert_eq!(before("/a", &keys, later).await, (Some(true), Vec::new()));
    assert_eq!(before("/elsewhere", &keys, START).await, (None, found));
}

async fn what_is_known_before_a_submission_holds_after_a_restart_and_a_closing(storage: &Storage) {
    async fn before(scene: &Scene, thread: &str, key: &str, now: Timestamp) -> (Option<bool>, usize) {
        let keys = [key.to_owned()];
        let before = scene.store.before_submission(SITE, thread, &keys, now).await;
        let before = before.expect("read");
        (before.thread_open, before.repeats.len())
    }
    let mut comment = Uuid::nil();
    let a_day_later = START.plus(Duration::from_hours(25));
    let until = a_day_later.plus(Duration::from_hours(1));
    // SQLite's server asks once about a thread, and then knows by itself what need not be asked.
    for run in 0..2 {
        let scene = Scene::open(storage).await;
        if run == 0 {
            let mut old = scene.comment();
            old.submitted().repeats.keys = vec!["k:old".to_owned()];
            comment = scene.insert(old).await;
        }
        for (now, known) in [(START, 1), (START, 1), (a_day_later, 0), (a_day_later, 0)] {
            assert_eq!(before(&scene, "/a", "k:old", now).await, (Some(true), known));
            assert_eq!(before(&scene, "/a", "k:new", now).await, (Some(true), 0));
            assert_eq!(before(&scene, "/b", "k:new", now).await, (None, 0));
        }
        let key = format!("s:{run}");
        assert!(scene.store.take_key(SITE, &key, comment, until).await.expect("taken"));
        assert_eq!(before(&scene, "/a", &key, a_day_later).await, (Some(true), 1));
        scene.store.close().await;
    }

    let scene = Scene::open(storage).await;
    assert_eq!(before(&scene, "/a", "k:new", until).await, (Some(true), 0));
    let mut row = scene.thread("/a").await;
    row.open = false;
    let audit = scene.audit("thread");
    scene
        .store
        .set_thread(SITE, row, TakenBack::default(), audit, START)
        .await
        .expect("closed");
    let mut late = scene.comment();
    late.id = Uuid::from_u128(7);
    let refused = scene.store.insert(late).await.expect("answered");
    assert_eq!(refused, Inserted::ThreadClosed);
    assert_eq!(before(&scene, "/a", "k:new", until).await, (Some(false), 0));
}

async fn twenty_at_once_with_one_key_give_one_new_and_nineteen_repeats(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let inserted = at_once((0..20).map(|_| {
        let mut comment = scene.comment();
        comment.submitted().repeats.keys = vec!["k:same".to_owned(), "n:same".to_owned()];
        let store = Arc::clone(&scene.store);
        async move { (comment.id, store.insert(comment).await.expect("answered")) }
    }))
    .await;
    let new: Vec<Uuid> = inserted
        .iter()
        .filter(|(_, i)| *i == Inserted::New)
        .map(|(id, _)| *id)
        .collect();
    assert_eq!(new.len(), 1);
    let repeats = inserted.iter().filter(|(_, i)| *i == Inserted::Repeat(new[0])).count();
    assert_eq!(repeats, 19, "{inserted:?}");
    assert_eq!(scene.queue(&filter()).await, new);
}

async fn a_key_taken_by_another_content_stores_nothing(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let inserted = at_once((0..10).map(|number| {
        let mut comment = scene.comment();
        comment.submitted().repeats.keys = vec![String::from("n:same"), format!("t:{number}")];
        comment.submitted().repeats.digest = format!("d{number}");
        let store = Arc::clone(&scene.store);
        async move { store.insert(comment).await.expect("answered") }
    }))
    .await;
    let count = |wanted| inserted.iter().filter(|inserted| **inserted == wanted).count();
    assert_eq!(
        (count(Inserted::New), count(Inserted::KeyTaken)),
        (1, 9),
        "{inserted:?}"
    );
    assert_eq!(storage.integer("SELECT COUNT(*) FROM comments").await, Some(1));
    assert_eq!(storage.integer("SELECT COUNT(*) FROM repeat_keys").await, Some(2));
}

async fn a_key_that_ran_out_may_be_taken_again(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let at = |at: Timestamp, digest: &str| {
        let mut comment = scene.comment();
        comment.submitted().repeats.keys = vec!["k:1".to_owned(), "n:1".to_owned()];
        comment.submitted().repeats.digest = String::from(digest);
        comment.at = at;
        comment.submitted().repeats.until = at.plus(minutes(10));
        comment
    };
    let first = scene.insert(at(START, "d1")).await;
    let within = scene.store.insert(at(START.plus(minutes(9)), "d1")).await;
    assert_eq!(within.expect("answered"), Inserted::Repeat(first));
    let later = START.plus(minutes(10));
    let second = scene.insert(at(later, "d2")).await;
    let found = scene
        .store
        .repeats(SITE, &["k:1".to_owned()], later)
        .await
        .expect("read");
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].comment, found[0].digest.as_str()), (second, "d2"));
}

async fn two_hundred_at_once_in_one_thread_and_in_many_are_all_stored(storage: &Storage) {
    let scene = Scene::open(storage).await;
    for many in [false, true] {
        let inserted = at_once((0..200).map(|number| {
            let thread = if many {
                format!("/many/{}", number % 40)
            } else {
                "/one".to_owned()
            };
            let mut comment = scene.comment_in(&thread);
            comment.status = if number % 2 == 0 {
                Status::Pending
            } else {
                Status::Approved
            };
            comment.submitted().repeats.keys = vec![format!("k:{many}{number}")];
            comment.at = START.plus(Duration::from_millis(number));
            let store = Arc::clone(&scene.store);
            async move { store.insert(comment).await.expect("stored") }
        }))
        .await;
        assert_eq!(inserted.len(), 200);
        assert!(inserted.iter().all(|inserted| *inserted == Inserted::New));
    }
    assert_eq!(storage.integer("SELECT COUNT(*) FROM comments").await, Some(400));
    assert_eq!(storage.integer("SELECT COUNT(*) FROM repeat_keys").await, Some(400));
    assert_eq!(storage.integer("SELECT COUNT(*) FROM threads").await, Some(41));
    let one = scene.thread("/one").await;
    assert_eq!(one.content_version, 1 + 100);
    assert_eq!(scene.public("/one").await.count, 100);
    let waiting = "SELECT oldest_pending_at FROM threads WHERE thread_key = ";
    assert_eq!(storage.integer(&format!("{waiting}'/one'")).await, Some(START.0));
    assert_eq!(
        storage.integer(&format!("{waiting}'/many/38'")).await,
        Some(START.0 + 38)
    );
    assert_eq!(storage.integer(&format!("{waiting}'/many/39'")).await, None);
}

async fn a_bad_unit_among_good_ones_fails_alone(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let decided = scene.insert_public().await;
    let inserted = at_once((0..51).map(|number| {
        let mut comment = scene.comment();
        comment.submitted().repeats.keys = vec![format!("k:{number}")];
        if number == 25 {
            comment.site = String::from("nowhere");
        }
        let mut decision = scene.decision(decided, Act::Hold);
        decision.actor.id = format!("m{number}");
        let store = Arc::clone(&scene.store);
        async move {
            if number % 10 == 9 {
                store.decide(decision).await.expect("decided");
            }
            (number, store.insert(comment).await)
        }
    }))
    .await;
    for (number, inserted) in inserted {
        assert_eq!(inserted.is_err(), number == 25, "{number}: {inserted:?}");
    }
    assert_eq!(storage.integer("SELECT COUNT(*) FROM comments").await, Some(51));
    assert_eq!(storage.integer("SELECT COUNT(*) FROM repeat_keys").await, Some(50));
    assert_eq!(
        storage
            .integer("SELECT COUNT(*) FROM threads WHERE site_id = 'nowhere'")
            .await,
        Some(0)
    );
    assert_eq!(scene.get(decided).await.version, 6);
}

async fn a_closed_thread_takes_no_comment(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let mut first = scene.comment();
    first.submitted().repeats.keys = vec!["k:1".to_owned()];
    let id = scene.insert(first.clone()).await;
    let mut row = scene.thread("/a").await;
    row.open = false;
    let audit = scene.audit("thread");
    scene
        .store
        .set_thread(SITE, row, TakenBack::default(), audit, START)
        .await
        .expect("closed");
    let refused = scene.store.insert(scene.comment()).await.expect("answered");
    assert_eq!(refused, Inserted::ThreadClosed);
    let repeat = scene.store.insert(first).await.expect("answered");
    assert_eq!(repeat, Inserted::Repeat(id), "what was accepted before stays so");
    assert_eq!(storage.integer("SELECT COUNT(*) FROM comments").await, Some(1));
}

async fn the_first_approved_comment_gives_its_thread_a_title(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let titled = |title: &str| {
        let mut comment = scene.comment();
        comment.content.draft.thread_title = Some(title.to_owned());
        comment.content.draft.thread_url = Some(format!("https://www.example.org/{title}"));
        comment
    };
    let held = scene.insert(titled("held")).await;
    scene.insert(scene.comment()).await;
    assert_eq!(scene.thread("/a").await.title, None);
    let item = scene.store.queue_item(held).await.expect("read").expect("there");
    assert_eq!((item.thread_title, item.claimed_title.as_deref()), (None, Some("held")));
    scene.act(held, Act::Reject).await;
    assert_eq!(scene.thread("/a").await.title, None);
    let second = scene.insert(titled("second")).await;
    scene.act(second, Act::Approve).await;
    scene.act(held, Act::Approve).await;
    let thread = scene.thread("/a").await;
    assert_eq!(thread.title.as_deref(), Some("second"));
    assert_eq!(thread.url.as_deref(), Some("https://www.example.org/second"));

    // Published at once, many in one batch: one of them gives both.
    at_once((0..30).map(|number| {
        let mut comment = titled(&format!("t{number}"));
        comment.content.draft.thread = scene.comment_in("/b").content.draft.thread;
        comment.status = Status::Approved;
        if number % 3 == 0 {
            comment.content.draft.thread_title = None;
            comment.content.draft.thread_url = None;
        }
        let store = Arc::clone(&scene.store);
        async move { store.insert(comment).await.expect("stored") }
    }))
    .await;
    let thread = scene.thread("/b").await;
    let title = thread.title.expect("a title");
    assert_eq!(thread.url, Some(format!("https://www.example.org/{title}")));
}

async fn a_parent_is_a_public_comment_of_the_same_thread(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let root = scene.insert_public().await;
    let reply = scene.insert_reply(root, Status::Approved, START).await;
    let held = scene.insert(scene.comment()).await;
    let parent = async |site: &str, thread: &str, id| {
        let found = scene.store.parent(site, thread, id).await.expect("read");
        found.map(|parent| parent.root)
    };
    assert_eq!(parent(SITE, "/a", root).await, Some(root));
    assert_eq!(parent(SITE, "/a", reply).await, Some(root));
    assert_eq!(parent(SITE, "/a", held).await, None);
    assert_eq!(parent(SITE, "/b", root).await, None);
    assert_eq!(parent(OTHER, "/a", root).await, None);
    scene.act(root, Act::Reject).await;
    assert_eq!(parent(SITE, "/a", root).await, None);
    assert_eq!(
        parent(SITE, "/a", reply).await,
        None,
        "nobody sees it under a withdrawn comment"
    );
}

async fn an_earlier_draw_of_the_same_body_is_found(storage: &Storage) {
    let scene = Scene::open(storage).await;
    for (minute, draw, propensity_ppm) in [(1, 11, 20_000), (2, 22, 20_000), (0, 33, 1_000_000)] {
        scene
            .insert_with(|comment| {
                comment.content.body_digest = String::from("same");
                comment.at = START.plus(minutes(minute));
                comment.submitted().outcome.draw = draw;
                comment.submitted().outcome.propensity_ppm = propensity_ppm;
            })
            .await;
    }
    let draw = async |site: &str, body: &str, since| scene.store.earlier_draw(site, body, since).await.expect("read");
    assert_eq!(draw(SITE, "same", START).await, Some(11));
    assert_eq!(draw(SITE, "same", START.plus(minutes(1))).await, Some(22));
    assert_eq!(draw(SITE, "same", START.plus(minutes(2))).await, None);
    assert_eq!(draw(SITE, "other", START).await, None);
    assert_eq!(draw(OTHER, "same", START).await, None);
}

async fn h5_a_device_has_the_record_that_people_gave_it(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let of_device = async |minute| {
        scene
            .insert_with(|comment| {
                comment.submitted().device_id = Some("device".to_owned());
                comment.at = START.plus(minutes(minute));
            })
            .await
    };
    let record = async |site: &str, device: &str, since| {
        let record = scene.store.device_record(site, device, since).await.expect("read");
        (record.approved, record.rejected, record.spam)
    };
    for act in [Act::Approve, Act::Approve, Act::Reject, Act::Spam, Act::Hold] {
        let comment = of_device(0).await;
        scene.act(comment, act).await;
    }
    // Published by a policy: nobody has read it.
    scene
        .insert_with(|comment| {
            comment.submitted().device_id = Some("device".to_owned());
            comment.status = Status::Approved;
        })
        .await;
    assert_eq!(record(SITE, "device", START).await, (2, 1, 1));
    assert_eq!(record(SITE, "another", START).await, (0, 0, 0));
    assert_eq!(record(OTHER, "device", START).await, (0, 0, 0));
    let late = START.plus(minutes(60 * 24 * 365));
    assert_eq!(record(SITE, "device", late).await, (0, 0, 0));
    // What is blanked is remembered while it counts, but for good words.
    for status in [Status::Spam, Status::Rejected] {
        scene
            .store
            .expire_texts(SITE, status, late, late)
            .await
            .expect("blanked");
    }
    assert_eq!(record(SITE, "device", START).await, (2, 1, 1));
    scene.store.purge(late).await.expect("purged");
    assert_eq!(record(SITE, "device", START).await, (2, 0, 0));
}

async fn an_author_is_known_by_device_or_by_email(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let by = async |email: &str, device: Option<&str>, status, minute| {
        scene
            .insert_with(|comment| {
                comment.content.email_key = String::from(email);
                comment.submitted().device_id = device.map(str::to_owned);
                comment.status = status;
                comment.at = START.plus(minutes(minute));
            })
            .await
    };
    by("e1", Some("d1"), Status::Approved, 5).await;
    by("e2", Some("d1"), Status::Spam, 6).await;
    by("e1", None, Status::Rejected, 3).await;
    let on_device = scene.get(by("e1", Some("d1"), Status::Pending, 9).await).await;
    let by_email = scene.get(by("e1", None, Status::Pending, 9).await).await;
    let records = scene
        .store
        .author_records(&[&on_device, &by_email])
        .await
        .expect("read");
    let known = records[&on_device.id];
    assert_eq!(
        (known.approved, known.rejected, known.spam, known.verified),
        (1, 0, 1, true)
    );
    assert_eq!(known.first_seen, Some(START.plus(minutes(5))));
    let typed = records[&by_email.id];
    assert_eq!(
        (typed.approved, typed.rejected, typed.spam, typed.verified),
        (1, 1, 0, false)
    );
    assert_eq!(typed.first_seen, Some(START.plus(minutes(3))));
    assert!(scene.store.author_records(&[]).await.expect("read").is_empty());
}

// ---------------------------------------------------------------- decisions

async fn of_two_decisions_on_one_version_one_applies(storage: &Storage) {
    let scene = Scene::open(storage).await;
    for round in 0..10 {
        let comment = scene.insert(scene.comment()).await;
        let mut decided = at_once([Act::Approve, Act::Spam].map(|act| {
            let mut decision = scene.decision(comment, act);
            decision.version = Some(1);
            let store = Arc::clone(&scene.store);
            async move { store.decide(decision).await.expect("decided") }
        }))
        .await;
        decided.sort_by_key(|decided| *decided == Decided::Conflict);
        assert!(matches!(decided[0], Decided::Applied(_)), "round {round}: {decided:?}");
        assert_eq!(decided[1], Decided::Conflict, "round {round}");
        assert_eq!(scene.get(comment).await.version, 2);
        assert_eq!(scene.store.history(comment).await.expect("read").len(), 1);
    }
    let comment = scene.insert(scene.comment()).await;
    scene.act(comment, Act::Approve).await;
    assert_eq!(
        scene.decide(scene.decision(comment, Act::Approve)).await,
        Decided::Unchanged
    );
    assert_eq!(
        scene.decide(scene.decision(Uuid::nil(), Act::Approve)).await,
        Decided::NotFound
    );
}

async fn a_decision_with_a_used_key_changes_nothing(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let comment = scene.insert(scene.comment()).await;
    let keyed = |act| Decide {
        key: Some("key".to_owned()),
        version: Some(1),
        ..scene.decision(comment, act)
    };
    let first = keyed(Act::Approve);
    assert_eq!(scene.decide(first.clone()).await, Decided::Applied(first.id));
    assert_eq!(scene.decide(keyed(Act::Approve)).await, Decided::Replayed(first.id));
    assert_eq!(scene.decide(keyed(Act::Spam)).await, Decided::Replayed(first.id));
    assert_eq!(scene.get(comment).await.status, Status::Approved);
    let mut of_another = keyed(Act::Spam);
    of_another.actor = moderator("m2");
    of_another.version = Some(2);
    assert_eq!(scene.decide(of_another.clone()).await, Decided::Applied(of_another.id));
}

async fn one_key_tried_many_times_at_once_decides_once(storage: &Storage) {
    let scene = Scene::open(storage).await;
    for (version, act) in [(Some(1), Act::Approve), (None, Act::Approve), (None, Act::Hold)] {
        let comment = scene.insert(scene.comment()).await;
        let decided = at_once((0..12).map(|_| {
            let decision = Decide {
                key: Some(format!("{version:?}{act:?}")),
                version,
                ..scene.decision(comment, act)
            };
            let store = Arc::clone(&scene.store);
            async move { store.decide(decision).await.expect("decided") }
        }))
        .await;
        let applied: Vec<_> = decided.iter().filter(|d| matches!(d, Decided::Applied(_))).collect();
        assert_eq!(applied.len(), 1, "{decided:?}");
        let replayed = decided.iter().filter(|d| matches!(d, Decided::Replayed(_))).count();
        assert_eq!(replayed, 11, "{decided:?}");
        assert_eq!(scene.get(comment).await.version, 2);
    }
}

async fn a_decision_in_another_scope_finds_nothing(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let comment = scene.insert(scene.comment()).await;
    let scoped = |sites: &[&str]| Decide {
        scope: Scope::Sites(sites.iter().map(|&site| site.to_owned()).collect()),
        ..scene.decision(comment, Act::Approve)
    };
    assert_eq!(scene.decide(scoped(&[OTHER])).await, Decided::NotFound);
    assert_eq!(scene.decide(scoped(&[])).await, Decided::NotFound);
    assert_eq!(scene.get(comment).await.version, 1);
    assert!(matches!(
        scene.decide(scoped(&[OTHER, SITE])).await,
        Decided::Applied(_)
    ));
}

async fn undo_puts_back_status_mark_and_label(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let comment = scene
        .insert_with(|comment| {
            comment.status = Status::Refused;
            comment.submitted().outcome.level = Some(score(100));
        })
        .await;
    let label = async || {
        let found = scene
            .store
            .comments_at_levels(SITE, "recaptcha_v3", &[score(100)], START, None, 10)
            .await
            .expect("read");
        found[0].label.clone()
    };
    let standing = async || {
        let comment = scene.get(comment).await;
        (comment.status, comment.set_aside, comment.version)
    };
    scene.act(comment, Act::Hold).await;
    assert_eq!(standing().await, (Status::Pending, true, 2));
    assert_eq!(label().await, None);
    let rejected = scene.act(comment, Act::Reject).await;
    assert_eq!(label().await.as_deref(), Some("rejected"));
    let approved = scene.act(comment, Act::Approve).await;
    assert_eq!(standing().await, (Status::Approved, false, 4));
    assert_eq!(label().await.as_deref(), Some("approved"));

    let mut undo = scene.decision(comment, Act::Undo);
    undo.of = Some(rejected);
    assert_eq!(
        scene.decide(undo.clone()).await,
        Decided::Conflict,
        "something happened since"
    );
    undo.of = Some(approved);
    assert_eq!(scene.decide(undo.clone()).await, Decided::Applied(undo.id));
    assert_eq!(standing().await, (Status::Rejected, false, 5));
    assert_eq!(label().await.as_deref(), Some("rejected"));
    let history = scene.store.history(comment).await.expect("read");
    assert_eq!(history.last().expect("an entry").undoes, Some(approved));
    assert_eq!(
        scene.decide(scene.decision(comment, Act::Undo)).await,
        Decided::Conflict,
        "an undo is not undone"
    );

    scene.act(comment, Act::Hold).await;
    scene.act(comment, Act::Spam).await;
    scene.act(comment, Act::Undo).await;
    assert_eq!(standing().await, (Status::Pending, true, 8));
    assert_eq!(label().await, None);
    scene.act(comment, Act::Restore).await;
    assert_eq!(standing().await, (Status::Pending, false, 9));
    scene.act(comment, Act::Undo).await;
    assert_eq!(standing().await, (Status::Pending, true, 10));
}

async fn undo_refuses_what_is_not_the_callers_or_not_the_last(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let comment = scene.insert(scene.comment()).await;
    assert_eq!(
        scene.decide(scene.decision(comment, Act::Undo)).await,
        Decided::Conflict,
        "nothing was decided"
    );
    let decision = scene.act(comment, Act::Approve).await;
    for of in [None, Some(decision)] {
        let mut undo = scene.decision(comment, Act::Undo);
        undo.actor = moderator("m2");
        undo.of = of;
        assert_eq!(scene.decide(undo).await, Decided::Conflict);
    }
    let mut stale = scene.decision(comment, Act::Undo);
    stale.version = Some(1);
    assert_eq!(scene.decide(stale).await, Decided::Conflict);
    assert_eq!(scene.get(comment).await.version, 2);
    let before = scene.thread("/a").await.content_version;
    scene.act(comment, Act::Undo).await;
    assert_eq!(scene.get(comment).await.status, Status::Pending);
    assert_eq!(scene.thread("/a").await.content_version, before + 1);
    assert_eq!(scene.public("/a").await.count, 0);
}

async fn hold_on_a_held_comment_raises_its_version(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let comment = scene.insert(scene.comment()).await;
    scene.act(comment, Act::Hold).await;
    scene.act(comment, Act::Hold).await;
    let held = scene.get(comment).await;
    assert_eq!((held.status, held.set_aside, held.version), (Status::Pending, true, 3));
    let since = async |before, most| scene.store.set_aside_before(before, most).await.expect("read");
    assert_eq!(since(START.plus(minutes(1)), 10).await, [(comment, 3)]);
    assert!(since(START, 10).await.is_empty(), "not before that");
    assert!(since(START.plus(minutes(1)), 0).await.is_empty());
}

// ---------------------------------------------------------------- what a thread keeps of its comments

/// One thing that can happen in a thread; `which` counts round the comments there are.
#[derive(Debug, Clone)]
enum Event {
    Insert {
        status: Status,
        minute: u64,
    },
    Decide {
        which: usize,
        act: Act,
        actor: u8,
        version: VersionGiven,
    },
    Appeal {
        which: usize,
    },
    Erase {
        which: usize,
    },
}

#[derive(Debug, Clone, Copy)]
enum VersionGiven {
    None,
    Right,
    Stale,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let status = prop_oneof![
        3 => Just(Status::Pending),
        2 => Just(Status::Approved),
        1 => Just(Status::Refused),
    ];
    let act = prop_oneof![
        1 => Just(Act::Approve),
        1 => Just(Act::Reject),
        1 => Just(Act::Spam),
        1 => Just(Act::Hold),
        1 => Just(Act::Restore),
        2 => Just(Act::Undo),
    ];
    let version = prop_oneof![
        3 => Just(VersionGiven::None),
        3 => Just(VersionGiven::Right),
        1 => Just(VersionGiven::Stale),
    ];
    let event = prop_oneof![
        3 => (status, 0_u64..6).prop_map(|(status, minute)| Event::Insert { status, minute }),
        6 => (0_usize..8, act, 0_u8..2, version)
            .prop_map(|(which, act, actor, version)| Event::Decide { which, act, actor, version }),
        1 => (0_usize..8).prop_map(|which| Event::Appeal { which }),
        1 => (0_usize..8).prop_map(|which| Event::Erase { which }),
    ];
    prop::collection::vec(event, 1..24)
}

/// What the store should say of one comment.
#[derive(Debug)]
struct Modelled {
    id: Uuid,
    at: Timestamp,
    standing: Standing,
    version: i64,
    appealed: bool,
    /// Who made the decision that made this version, and what was before.
    last: Option<(u8, Standing)>,
}

impl Modelled {
    fn of(comment: &NewComment) -> Self {
        Self {
            id: comment.id,
            at: comment.at,
            standing: Standing {
                status: comment.status,
                set_aside: false,
            },
            version: 1,
            appealed: false,
            last: None,
        }
    }

    /// Moves on; gives how much the thread's content version rises.
    fn becomes(&mut self, to: Standing) -> i64 {
        let public = |standing: Standing| standing.status == Status::Approved;
        let rises = i64::from(public(self.standing) || public(to));
        self.standing = to;
        self.version += 1;
        rises
    }
}

async fn the_waiting_time_and_the_content_version_are_right_after_any_acts(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let mut runner = TestRunner::new(Config {
        cases: 40,
        failure_persistence: None,
        ..Config::default()
    });
    let case = std::cell::Cell::new(0);
    let result = tokio::task::block_in_place(|| {
        runner.run(&events(), |events| {
            case.set(case.get() + 1);
            let thread = format!("/case/{}", case.get());
            tokio::runtime::Handle::current().block_on(follow(&scene, storage, &thread, &events));
            Ok(())
        })
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

async fn follow(scene: &Scene, storage: &Storage, thread: &str, events: &[Event]) {
    let mut model: Vec<Modelled> = Vec::new();
    let mut content_version = 1;
    for event in events {
        match *event {
            Event::Insert { status, minute } => {
                let mut comment = scene.comment_in(thread);
                comment.status = status;
                comment.at = START.plus(minutes(minute));
                content_version += i64::from(status == Status::Approved);
                model.push(Modelled::of(&comment));
                scene.insert(comment).await;
            }
            _ if model.is_empty() => continue,
            Event::Decide {
                which,
                act,
                actor,
                version,
            } => {
                let place = which % model.len();
                let comment = &mut model[place];
                let mut decision = scene.decision(comment.id, act);
                decision.actor = moderator(&format!("m{actor}"));
                decision.version = match version {
                    VersionGiven::None => None,
                    VersionGiven::Right => Some(comment.version),
                    VersionGiven::Stale => Some(comment.version - 1),
                };
                let expected = expected(comment, act, actor, version);
                let decided = scene.decide(decision.clone()).await;
                match expected {
                    Ok(to) => {
                        assert_eq!(decided, Decided::Applied(decision.id), "{event:?}");
                        comment.last = (act != Act::Undo).then_some((actor, comment.standing));
                        content_version += comment.becomes(to);
                    }
                    Err(other) => assert_eq!(decided, other, "{event:?}"),
                }
            }
            Event::Appeal { which } => {
                let place = which % model.len();
                let comment = &mut model[place];
                let stored = scene.get(comment.id).await;
                let audit = scene.audit("appeal");
                let asked = scene.store.appeal(&stored, audit, START).await.expect("done");
                let must = appeal::ask(comment.standing.status, comment.appealed);
                assert_eq!(asked, must, "{event:?}");
                if asked == Asked::Brought {
                    comment.appealed = true;
                    comment.last = None;
                    content_version += comment.becomes(Standing {
                        status: Status::Pending,
                        set_aside: false,
                    });
                }
            }
            Event::Erase { which } => {
                let place = which % model.len();
                let comment = &mut model[place];
                let stored = scene.get(comment.id).await;
                let done = scene
                    .store
                    .erase(&stored, scene.audit("erase"), START)
                    .await
                    .expect("done");
                assert_eq!(done, comment.standing.status != Status::Erased);
                if done {
                    content_version += comment.becomes(Standing {
                        status: Status::Erased,
                        set_aside: false,
                    });
                }
            }
        }
        let waiting = model
            .iter()
            .filter(|c| c.standing.status == Status::Pending && !c.appealed);
        let oldest = waiting.map(|c| c.at.0).min();
        let stored = format!("SELECT oldest_pending_at FROM threads WHERE thread_key = '{thread}'");
        assert_eq!(storage.integer(&stored).await, oldest, "after {event:?}");
        let row = scene.thread(thread).await;
        assert_eq!(row.content_version, content_version, "after {event:?}");
        let public = model.iter().filter(|c| c.standing.status == Status::Approved).count();
        assert_eq!(scene.public(thread).await.comments.len(), public, "after {event:?}");
    }
    for comment in &model {
        let stored = scene.get(comment.id).await;
        assert_eq!(
            (stored.status, stored.set_aside),
            (comment.standing.status, comment.standing.set_aside)
        );
        assert_eq!(stored.version, comment.version);
    }
}

/// Where a decision should lead, or what it should be answered.
fn expected(comment: &Modelled, act: Act, actor: u8, version: VersionGiven) -> Result<Standing, Decided> {
    if comment.standing.status == Status::Erased {
        return Err(Decided::Erased);
    }
    if matches!(version, VersionGiven::Stale) {
        return Err(Decided::Conflict);
    }
    if act == Act::Undo {
        return match comment.last {
            Some((who, before)) if who == actor => Ok(before),
            _ => Err(Decided::Conflict),
        };
    }
    match act.leads_to() {
        Some(to) if to == comment.standing && act != Act::Hold => Err(Decided::Unchanged),
        Some(to) => Ok(to),
        None => Err(Decided::Conflict),
    }
}

async fn decisions_and_inserts_at_once_leave_the_right_waiting_time(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let mut held = Vec::new();
    for minute in 0..40 {
        held.push(
            scene
                .insert_with(|comment| comment.at = START.plus(minutes(minute)))
                .await,
        );
    }
    at_once(held.into_iter().zip(100_u64..).map(|(id, minute)| {
        let decision = scene.decision(id, Act::Approve);
        let mut comment = scene.comment();
        comment.at = START.plus(minutes(minute));
        let store = Arc::clone(&scene.store);
        async move {
            let (decided, inserted) = tokio::join!(store.decide(decision), store.insert(comment));
            assert!(matches!(decided, Ok(Decided::Applied(_))), "{decided:?}");
            assert!(matches!(inserted, Ok(Inserted::New)), "{inserted:?}");
        }
    }))
    .await;
    let oldest = storage.integer("SELECT oldest_pending_at FROM threads").await;
    assert_eq!(oldest, Some(START.plus(minutes(100)).0));
    assert_eq!(scene.thread("/a").await.content_version, 1 + 40);
}

async fn an_appeal_brings_a_refused_comment_before_a_person_once(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let id = scene.insert_with(|comment| comment.status = Status::Refused).await;
    let comment = scene.get(id).await;
    let asked = at_once((0..6).map(|_| {
        let (store, comment, audit) = (Arc::clone(&scene.store), comment.clone(), scene.audit("appeal"));
        async move {
            store
                .appeal(&comment, audit, START.plus(minutes(1)))
                .await
                .expect("done")
        }
    }))
    .await;
    let brought = asked.iter().filter(|asked| **asked == Asked::Brought).count();
    let waiting = asked.iter().filter(|asked| **asked == Asked::Waiting).count();
    assert_eq!((brought, waiting), (1, 5));
    let comment = scene.get(id).await;
    assert_eq!((comment.status, comment.version), (Status::Pending, 2));
    assert_eq!(comment.appealed_at, Some(START.plus(minutes(1))));
    assert_eq!(scene.queue(&filter()).await, [id]);
    let entries = scene
        .store
        .audit_entries(&Scope::All, None, None, 10)
        .await
        .expect("read");
    assert_eq!(entries.len(), 1);
    assert_eq!((entries[0].from_version, entries[0].to_version), (Some(1), Some(2)));
}

async fn erasing_blanks_a_comment_for_good(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let id = scene
        .insert_with(|comment| {
            comment.submitted().device_id = Some("device".to_owned());
            comment.submitted().outcome.level = Some(score(700));
            comment.content.draft.thread_title = Some("Titre".to_owned());
            comment.content.draft.website =
                palabre::domain::person::Website::parse("https://example.org").expect("valid");
        })
        .await;
    let mut decision = scene.decision(id, Act::Approve);
    decision.note = Some("une note".to_owned());
    scene.decide(decision).await;
    scene
        .store
        .report(id, &["r1".to_owned()], "insulte", START)
        .await
        .expect("reported");
    let before = scene.thread("/a").await.content_version;
    let comment = scene.get(id).await;
    for first in [true, false] {
        let done = scene
            .store
            .erase(&comment, scene.audit("erase"), START)
            .await
            .expect("done");
        assert_eq!(done, first);
    }
    assert_eq!(
        scene.thread("/a").await.content_version,
        before + 1,
        "readers saw one change"
    );
    let erased = scene.get(id).await;
    assert_eq!((erased.status, erased.version), (Status::Erased, 3));
    let entries = "SELECT to_version FROM audit_entries WHERE action = 'erase'";
    assert_eq!(storage.integer(entries).await, Some(3));
    let texts = [
        &erased.name,
        &erased.email,
        &erased.body,
        &erased.html,
        &erased.email_key,
    ];
    assert!(texts.iter().all(|text| text.is_empty()), "{erased:?}");
    assert_eq!((erased.website, erased.device_id), (None, None));
    assert_eq!(erased.level, Some(score(700)), "evidence stays");
    let history = scene.store.history(id).await.expect("read");
    assert!(history.iter().all(|entry| entry.note.is_none()));
    assert_eq!(storage.integer("SELECT COUNT(*) FROM reports").await, Some(0));
    let left = "SELECT COUNT(*) FROM comments WHERE folded <> '' OR body_digest <> '' OR client_key IS NOT NULL \
                OR thread_title IS NOT NULL OR thread_url IS NOT NULL";
    assert_eq!(storage.integer(left).await, Some(0));
    assert_eq!(scene.decide(scene.decision(id, Act::Restore)).await, Decided::Erased);
    assert_eq!(scene.decide(scene.decision(id, Act::Undo)).await, Decided::Erased);
    assert_eq!(scene.public("/a").await.count, 0);

    // What readers never saw changes nothing for them.
    let held = scene.get(scene.insert(scene.comment_in("/b")).await).await;
    scene
        .store
        .erase(&held, scene.audit("erase"), START)
        .await
        .expect("done");
    assert_eq!(scene.thread("/b").await.content_version, 1);
}

async fn h11_erasures_are_brought_to_their_end_on_either_engine(storage: &Storage) {
    let scene = Scene::open(storage).await;
    assert!(scene.store.finish_erasures().await.expect("nothing to do"));
    let comment = scene.insert(scene.comment()).await;
    let comment = scene.get(comment).await;
    let audit = scene.audit("erase");
    assert!(scene.store.erase(&comment, audit, START).await.expect("erased"));
    assert!(scene.store.finish_erasures().await.expect("done"));
    assert!(scene.store.finish_erasures().await.expect("done before"));
}

async fn h12_keyed_hashes_of_emails_are_set_anew_but_for_erased_ones(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let [first, second] = [scene.insert(scene.comment()).await, scene.insert(scene.comment()).await];
    let found = scene.store.emails_after(Uuid::nil(), 1).await.expect("read");
    assert_eq!((found.len(), found[0].0), (1, first));
    assert_eq!(found[0].1, "lectrice@example.org");
    let rest = scene.store.emails_after(first, 10).await.expect("read");
    assert_eq!(rest.iter().map(|(id, ..)| *id).collect::<Vec<_>>(), [second]);
    let erased = scene.get(second).await;
    assert!(
        scene
            .store
            .erase(&erased, scene.audit("erase"), START)
            .await
            .expect("erased")
    );
    let keys = [first, second].map(|id| (id, "new".to_owned())).to_vec();
    scene.store.set_email_keys(keys).await.expect("set");
    assert_eq!(scene.get(first).await.email_key, "new");
    assert_eq!(scene.get(second).await.email_key, "");
    assert!(scene.store.emails_after(first, 10).await.expect("read").is_empty());
}

async fn a_report_counts_once_a_reporter(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let id = scene.insert_public().await;
    let reported = at_once(["r1", "r1", "r1", "r2"].into_iter().map(|reporter| {
        let store = Arc::clone(&scene.store);
        async move {
            store
                .report(id, &[reporter.to_owned()], "insulte", START)
                .await
                .expect("done")
        }
    }))
    .await;
    assert_eq!(reported.into_iter().filter(|counted| *counted).count(), 2);
    let comment = scene.get(id).await;
    assert_eq!((comment.reports, comment.version), (2, 1));
    // Under a new key the same reader has a new name, and the former one beside it.
    let again = ["new".to_owned(), "r1".to_owned()];
    assert!(!scene.store.report(id, &again, "insulte", START).await.expect("done"));
    let missing = scene
        .store
        .report(Uuid::nil(), &["r1".to_owned()], "insulte", START)
        .await;
    assert!(missing.is_err(), "there is no such comment");
}

// ---------------------------------------------------------------- what the public reads

async fn a_thread_is_read_in_pages_without_gaps_or_repeats(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let mut all = Vec::new();
    // Seven at each of three times, so that pages break inside a time.
    for number in 0..21 {
        let at = START.plus(minutes(number % 3));
        let id = scene
            .insert_with(|comment| {
                comment.status = Status::Approved;
                comment.at = at;
            })
            .await;
        all.push((at.0, id));
        scene.insert(scene.comment()).await;
    }
    all.sort_unstable();
    let thread = scene.thread("/a").await.id;
    for newest_first in [false, true] {
        for limit in [1, 2, 5, 21] {
            let mut read = Vec::new();
            let mut after = None;
            loop {
                let page = scene
                    .store
                    .public_thread(thread, after, limit, newest_first, 0)
                    .await
                    .expect("read");
                assert_eq!(page.count, 21);
                let Some(last) = page.comments.last() else { break };
                after = Some((last.created_at, last.id));
                read.extend(page.comments.iter().map(|c| (c.created_at, c.id)));
            }
            if newest_first {
                read.reverse();
            }
            assert_eq!(read, all, "newest first {newest_first}, {limit} a page");
        }
    }
}

async fn replies_are_capped_and_read_on(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let root = scene.insert_public().await;
    let lonely = scene.insert_public().await;
    let mut replies = Vec::new();
    for number in 0..9 {
        let at = START.plus(minutes(number / 4));
        replies.push((at.0, scene.insert_reply(root, Status::Approved, at).await));
        scene.insert_reply(root, Status::Pending, at).await;
    }
    replies.sort_unstable();
    let thread = scene.thread("/a").await.id;
    let page = scene
        .store
        .public_thread(thread, None, 10, false, 3)
        .await
        .expect("read");
    assert_eq!(page.count, 11);
    assert_eq!(page.comments.iter().map(|c| c.id).collect::<Vec<_>>(), [root, lonely]);
    let shown: Vec<_> = page.replies[&root].iter().map(|c| (c.created_at, c.id)).collect();
    assert_eq!(shown, replies[..4], "one more than asked for, as a sign of more");
    assert!(!page.replies.contains_key(&lonely));
    let mut read = replies[..3].to_vec();
    loop {
        let after = *read.last().expect("three at least");
        let more = scene.store.replies_after(root, after, 2).await.expect("read");
        if more.is_empty() {
            break;
        }
        read.extend(more.iter().map(|c| (c.created_at, c.id)));
    }
    assert_eq!(read, replies);
}

async fn replies_of_a_withdrawn_comment_are_neither_seen_nor_counted(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let kept = scene.insert_public().await;
    let withdrawn = scene.insert_public().await;
    let reply = scene
        .insert_reply(withdrawn, Status::Approved, START.plus(minutes(1)))
        .await;
    let elsewhere = scene.comment_in("/b");
    let held = scene.insert(elsewhere).await;
    let keys = ["/a", "/b", "/none"].map(str::to_owned);
    let figures = async || {
        let counts = scene.store.counts(SITE, &keys).await.expect("read");
        let of_thread = scene.store.feed(SITE, Some("/a"), 10).await.expect("read");
        let of_site = scene.store.feed(SITE, None, 10).await.expect("read");
        let page = scene.public("/a").await;
        let shown = page.comments.len() + page.replies.values().map(Vec::len).sum::<usize>();
        assert_eq!(page.count, i64::try_from(shown).expect("few"));
        assert_eq!((of_thread.len(), counts.get("/none")), (shown, None));
        (shown, of_site.len(), counts)
    };
    let counts = |a: i64, b: i64| {
        let counts = [("/a".to_owned(), a), ("/b".to_owned(), b)];
        counts.into_iter().filter(|(_, n)| *n > 0).collect::<HashMap<_, _>>()
    };
    assert_eq!(figures().await, (3, 3, counts(3, 0)));
    scene.act(withdrawn, Act::Reject).await;
    assert_eq!(figures().await, (1, 1, counts(1, 0)));
    let replies = scene.store.replies_after(withdrawn, (i64::MIN, Uuid::nil()), 10).await;
    assert!(replies.expect("read").is_empty());
    scene.act(withdrawn, Act::Undo).await;
    scene.act(held, Act::Approve).await;
    assert_eq!(figures().await, (3, 4, counts(3, 1)));
    let feed = scene.store.feed(SITE, None, 1).await.expect("read");
    assert_eq!(
        (feed[0].0.id, feed[0].1.thread_key.as_str()),
        (reply, "/a"),
        "the newest first"
    );
    assert!(scene.store.feed(OTHER, None, 10).await.expect("read").is_empty());
    assert!(scene.store.counts(OTHER, &keys).await.expect("read").is_empty());
    assert!(scene.store.counts(SITE, &[]).await.expect("read").is_empty());
    assert_eq!(scene.get(kept).await.status, Status::Approved);
}

async fn a_publisher_names_and_closes_a_thread(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let row = |title: Option<&str>, open| ThreadRow {
        id: scene.clock.new_id(),
        thread_key: "/a".to_owned(),
        title: title.map(str::to_owned),
        url: None,
        open,
        content_version: 0,
    };
    let set = async |row| {
        let audit = scene.audit("thread");
        scene
            .store
            .set_thread(SITE, row, TakenBack::default(), audit, START)
            .await
            .expect("set");
    };
    set(row(Some("Titre"), true)).await;
    let made = scene.thread("/a").await;
    assert_eq!(
        (made.title.as_deref(), made.open, made.content_version),
        (Some("Titre"), true, 1)
    );
    set(row(None, false)).await;
    let closed = scene.thread("/a").await;
    assert_eq!((closed.id, closed.open, closed.content_version), (made.id, false, 2));
    assert_eq!(
        closed.title.as_deref(),
        Some("Titre"),
        "an absent title leaves the one there is"
    );
    set(row(Some("Autre titre"), true)).await;
    assert_eq!(scene.thread("/a").await.title.as_deref(), Some("Autre titre"));
    let taken_back = TakenBack {
        title: true,
        url: false,
    };
    let mut with_url = row(None, true);
    with_url.url = Some("https://faso.test/a".to_owned());
    let audit = scene.audit("thread");
    scene
        .store
        .set_thread(SITE, with_url, taken_back, audit, START)
        .await
        .expect("set");
    let bare = scene.thread("/a").await;
    assert_eq!((bare.title, bare.url.as_deref()), (None, Some("https://faso.test/a")));
    assert!(scene.store.thread(OTHER, "/a").await.expect("read").is_none());
    assert_eq!(
        scene
            .store
            .audit_entries(&Scope::All, None, None, 10)
            .await
            .expect("read")
            .len(),
        4
    );
}

// ---------------------------------------------------------------- the queue

const ORDERS: [&str; 7] = ["article", "oldest", "newest", "score", "doubt", "reports", "mixed"];

async fn every_order_pages_through_the_whole_queue(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let mut all = HashSet::new();
    for number in 0_u64..40 {
        let mut comment = scene.comment_in(&format!("/{}", number % 6));
        comment.at = START.plus(minutes(number * 7 % 5));
        let level =
            [None, Some(100), Some(300), Some(500), Some(700), Some(900)][usize::try_from(number % 6).expect("small")];
        comment.submitted().outcome.level = level.map(score);
        comment.submitted().outcome.draw = i64::try_from(number * 13 % 7).expect("small");
        let id = scene.insert(comment).await;
        for reporter in 0..number % 3 {
            let reporter = reporter.to_string();
            scene
                .store
                .report(id, &[reporter], "insulte", START)
                .await
                .expect("reported");
        }
        all.insert(id);
    }
    assert_eq!(Order::parse("random"), None);
    for word in ORDERS {
        let order = Order::parse(word).expect("an order");
        for limit in [1, 7, 40] {
            let mut filter = Filter {
                order,
                limit,
                ..filter()
            };
            let mut rows = Vec::new();
            loop {
                let page = scene.store.queue(&filter).await.expect("listed").rows;
                let Some(last) = page.last() else { break };
                filter.after = Some(last.page_key.clone());
                rows.extend(page);
            }
            let ids: HashSet<_> = rows.iter().map(|row| row.comment.id).collect();
            assert_eq!((rows.len(), &ids), (40, &all), "{word}, {limit} a page");
            let keys: Vec<i64> = rows.iter().map(|row| sort_key(order, &row.comment)).collect();
            if order != Order::Article {
                assert!(keys.is_sorted(), "{word}: {keys:?}");
            }
        }
    }
    // A page key of another order, or of no order, begins at the start.
    for after in [vec!["1".to_owned()], vec!["x".to_owned(), "y".to_owned()], Vec::new()] {
        let filter = Filter {
            after: Some(after),
            ..filter()
        };
        assert_eq!(scene.queue(&filter).await.len(), 40);
    }
}

/// What must not fall along the queue.
fn sort_key(order: Order, comment: &Comment) -> i64 {
    let level = comment.level.map(Score::thousandths);
    match order {
        Order::Article => 0,
        Order::Oldest => comment.created_at.0,
        Order::Newest => -comment.created_at.0,
        Order::Score => level.unwrap_or(i64::MAX),
        Order::Doubt => level.map_or(i64::MAX, |level| (level - 500).abs()),
        Order::Reports => -comment.reports,
        // The random part of the id.
        Order::Mixed => i64::try_from(comment.id.as_u128() & u128::from(u32::MAX)).expect("32 bits"),
    }
}

async fn the_article_order_begins_with_the_longest_waiting_article(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let held = async |thread: &str, minute| {
        let mut comment = scene.comment_in(thread);
        comment.at = START.plus(minutes(minute));
        scene.insert(comment).await
    };
    let late = held("/late", 5).await;
    let early = held("/early", 1).await;
    let early_too = held("/early", 9).await;
    let late_too = held("/late", 6).await;
    let by_article = Filter {
        order: Order::Article,
        ..filter()
    };
    assert_eq!(scene.queue(&by_article).await, [early, early_too, late, late_too]);
    scene.act(early, Act::Approve).await;
    assert_eq!(scene.queue(&by_article).await, [late, late_too, early_too]);
    let key = async |id| scene.store.queue_key(id, &by_article).await.expect("read");
    assert!(key(early).await.is_some(), "also of one that was decided");
    assert_eq!(key(Uuid::nil()).await, None);
    let approved = Filter {
        pile: Pile::Approved,
        ..by_article
    };
    assert_eq!(scene.queue(&approved).await, [early]);
}

/// What is tried, and how it narrows a filter.
type Narrowing = (&'static str, Box<dyn Fn(&mut Filter)>);

async fn each_filter_of_the_queue_narrows_it(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let mut comment = scene.comment_saying("/b", "Zoé Traoré", "Une ŒUVRE d’été à lire");
    comment.submitted().outcome.level = Some(score(300));
    comment.submitted().outcome.reasons = vec![Reason::Links { count: 3 }];
    comment.content.links = 3;
    comment.content.email_key = String::from("e2");
    comment.at = START.plus(minutes(5));
    let wanted = scene.insert(comment).await;
    let plain = scene.insert(scene.comment()).await;
    let mut elsewhere = scene.comment();
    elsewhere.site = String::from(OTHER);
    let elsewhere = scene.insert(elsewhere).await;
    let approved = scene.insert_public().await;
    let sites = |sites: &[&str]| Scope::Sites(sites.iter().map(|&site| site.to_owned()).collect());

    assert_eq!(scene.queue(&filter()).await, [plain, wanted]);
    let narrowed: Vec<Narrowing> = vec![
        (
            "words",
            Box::new(|f| f.words = vec![fold_search("œuvre"), fold_search("ÉTÉ")]),
        ),
        ("the name's words", Box::new(|f| f.words = vec![fold_search("traoré")])),
        ("thread", Box::new(|f| f.thread = Some("/b".to_owned()))),
        (
            "author's name",
            Box::new(|f| f.author = Some((fold_search("ZOE"), "none".to_owned()))),
        ),
        (
            "author's e-mail",
            Box::new(|f| f.author = Some(("none".to_owned(), "e2".to_owned()))),
        ),
        ("reason", Box::new(|f| f.reason = Some("links".to_owned()))),
        ("score", Box::new(|f| f.score_max = Some(300))),
        ("links", Box::new(|f| f.links = Some(3))),
        ("since", Box::new(|f| f.since = Some(START.plus(minutes(5))))),
    ];
    for (name, narrow) in narrowed {
        let mut filter = filter();
        narrow(&mut filter);
        assert_eq!(scene.queue(&filter).await, [wanted], "{name}");
    }
    let none: Vec<Narrowing> = vec![
        (
            "both words must occur",
            Box::new(|f| f.words = vec!["oeuvre".to_owned(), "absent".to_owned()]),
        ),
        ("reason", Box::new(|f| f.reason = Some("link".to_owned()))),
        ("score", Box::new(|f| f.score_max = Some(299))),
        ("links", Box::new(|f| f.links = Some(4))),
        ("thread", Box::new(|f| f.thread = Some("/B".to_owned()))),
    ];
    for (name, narrow) in none {
        let mut filter = filter();
        narrow(&mut filter);
        assert!(scene.queue(&filter).await.is_empty(), "{name}");
    }
    let all = Filter { site: None, ..filter() };
    assert_eq!(scene.queue(&all).await.len(), 3);
    let scoped = Filter {
        scope: sites(&[OTHER]),
        ..all.clone()
    };
    assert_eq!(scene.queue(&scoped).await, [elsewhere]);
    let both = Filter {
        scope: sites(&[OTHER, SITE]),
        ..all
    };
    assert_eq!(scene.queue(&both).await.len(), 3);
    let crossed = Filter {
        scope: sites(&[OTHER]),
        ..filter()
    };
    assert!(scene.queue(&crossed).await.is_empty());
    let published = Filter {
        pile: Pile::Approved,
        ..filter()
    };
    assert_eq!(scene.queue(&published).await, [approved]);

    let reply = scene
        .insert_reply(approved, Status::Pending, START.plus(minutes(9)))
        .await;
    let rows = scene.store.queue(&filter()).await.expect("listed").rows;
    let row = rows.iter().find(|row| row.comment.id == reply).expect("listed");
    assert_eq!(row.parent_name.as_deref(), Some("Aminata"));
    assert_eq!(row.parent_body.as_deref(), Some("Un point de vue."));
}

async fn signs_of_like_are_taken_literally(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let mut ids = BTreeMap::new();
    for body in ["100%", "1000", "a_b", "axb", "c\\d", "cd", "o'clock"] {
        let name = format!("N{body}");
        ids.insert(body, scene.insert(scene.comment_saying("/a", &name, body)).await);
    }
    for (word, bodies) in [
        ("%", vec!["100%"]),
        ("0%", vec!["100%"]),
        ("_", vec!["a_b"]),
        ("a_b", vec!["a_b"]),
        ("\\", vec!["c\\d"]),
        ("c\\d", vec!["c\\d"]),
        ("o'c", vec!["o'clock"]),
        ("100", vec!["100%", "1000"]),
    ] {
        let expected: HashSet<Uuid> = bodies.iter().map(|body| ids[body]).collect();
        let by_word = Filter {
            words: vec![fold_search(word)],
            ..filter()
        };
        let found: HashSet<Uuid> = scene.queue(&by_word).await.into_iter().collect();
        assert_eq!(found, expected, "word {word:?}");
    }
    let by_author = Filter {
        author: Some((fold_search("N_"), "none".to_owned())),
        ..filter()
    };
    assert!(scene.queue(&by_author).await.is_empty());
    let by_reason = Filter {
        reason: Some("obs%".to_owned()),
        ..filter()
    };
    assert!(scene.queue(&by_reason).await.is_empty());
}

async fn an_empty_scope_sees_nothing(storage: &Storage) {
    let scene = Scene::open(storage).await;
    scene.insert(scene.comment()).await;
    scene.store.add_audit(scene.audit("sign_in")).await.expect("added");
    let nobody = Scope::Sites(Vec::new());
    let filter = Filter {
        scope: nobody.clone(),
        site: None,
        ..filter()
    };
    assert!(scene.queue(&filter).await.is_empty());
    let counts = scene.store.pile_counts(&filter).await.expect("counted");
    assert!(counts.iter().all(|(_, count)| *count == 0));
    let entries = scene.store.audit_entries(&nobody, None, None, 10).await.expect("read");
    assert!(entries.is_empty());
}

async fn the_newest_arrival_of_a_site_is_known_whatever_became_of_it(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let newest = async |site: &str| scene.store.last_received(site).await.expect("read");
    assert_eq!(newest(SITE).await, None);
    for (minute, status) in [(3, Status::Pending), (9, Status::Refused), (5, Status::Approved)] {
        scene
            .insert_with(|comment| {
                comment.status = status;
                comment.at = START.plus(minutes(minute));
            })
            .await;
    }
    assert_eq!(newest(SITE).await, Some(START.plus(minutes(9))));
    assert_eq!(newest("nowhere").await, None);
}

async fn pile_counts_stop_at_one_thousand_and_one(storage: &Storage) {
    let scene = Scene::open(storage).await;
    at_once((0..1010).map(|number| {
        let mut comment = scene.comment_in(&format!("/{}", number % 50));
        if number >= 1005 {
            comment.status = Status::Approved;
        }
        let store = Arc::clone(&scene.store);
        async move {
            // A full queue of the writer asks to come back, as the server's readers do.
            while store.insert(comment.clone()).await.is_err() {
                tokio::task::yield_now().await;
            }
        }
    }))
    .await;
    let counts = async |filter: Filter| {
        let counts = scene.store.pile_counts(&filter).await.expect("counted");
        assert_eq!(counts.iter().map(|(pile, _)| *pile).collect::<Vec<_>>(), Pile::ALL);
        counts.into_iter().map(|(_, count)| count).collect::<Vec<_>>()
    };
    assert_eq!(counts(filter()).await, [1001, 0, 0, 5, 0, 0, 0, 0]);
    let mut all = filter();
    all.site = None;
    assert_eq!(counts(all.clone()).await, [1001, 0, 0, 5, 0, 0, 0, 0]);
    all.scope = Scope::Sites(vec![OTHER.to_owned()]);
    assert_eq!(counts(all).await, [0; 8]);

    let by_site = async |sites: &[&str]| {
        let sites: Vec<String> = sites.iter().map(|site| (*site).to_owned()).collect();
        scene.store.counts_by_site(&sites).await.expect("counted")
    };
    let told = by_site(&[SITE, OTHER, "nowhere"]).await;
    assert_eq!(told.len(), 2, "{told:?}");
    for of_site in told {
        let piles: Vec<Pile> = of_site.counts.iter().map(|(pile, _)| *pile).collect();
        assert_eq!(piles, Pile::ALL);
        let counts: Vec<i64> = of_site.counts.into_iter().map(|(_, count)| count).collect();
        let expected = if of_site.site == SITE {
            [1001, 0, 0, 5, 0, 0, 0, 0]
        } else {
            [0; 8]
        };
        assert_eq!(counts, expected, "{}", of_site.site);
    }
    assert_eq!(by_site(&[]).await, []);
}

// ---------------------------------------------------------------- claims, policies, sites

async fn a_claim_is_held_by_one_until_its_lease_ends(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let claims = async |site: &'static str, now: Timestamp| {
        let mut claims = at_once((0..10).map(|_| {
            let store = Arc::clone(&scene.store);
            async move { store.claim(site, "k:1", "digest", now).await.expect("claimed") }
        }))
        .await;
        claims.sort_by_key(|claim| *claim == Claim::Others);
        assert!(claims[1..].iter().all(|claim| *claim == Claim::Others), "{claims:?}");
        claims[0]
    };
    let claimed = async |now| scene.store.is_claimed(SITE, "k:1", now).await.expect("read");
    assert!(!claimed(START).await);
    assert_eq!(claims(SITE, START).await, Claim::Mine);
    let within = START.plus(Duration::from_millis(9_999));
    assert!(claimed(within).await);
    assert_eq!(claims(SITE, within).await, Claim::Others);
    let after = START.plus(Duration::from_secs(10));
    assert!(!claimed(after).await);
    assert_eq!(claims(SITE, after).await, Claim::TakenOver);
    assert!(claimed(after).await);
    assert_eq!(claims(OTHER, after).await, Claim::Mine);
}

pub(crate) fn policy_row(base: i64, from: Timestamp) -> PolicyRow {
    PolicyRow {
        policy: Policy {
            version: base + 1,
            cuts: Cuts {
                publish_from: Some(score(900)),
                step_up_below: None,
                refuse_below: Some(score(100)),
            },
            explore_ppm: 20_000,
        },
        base,
        author: "Awa".to_owned(),
        note: "une note".to_owned(),
        forecast: "{\"n\":1}".to_owned(),
        from,
        at: START,
    }
}

async fn of_owners_who_change_one_base_one_succeeds(storage: &Storage) {
    let scene = Scene::open(storage).await;
    for base in 0..4 {
        let added = at_once((0..8).map(|_| {
            let (store, audit) = (Arc::clone(&scene.store), scene.audit("policy"));
            async move {
                store
                    .add_policy(SITE, policy_row(base, START), audit)
                    .await
                    .expect("answered")
            }
        }))
        .await;
        assert_eq!(added.into_iter().filter(|added| *added).count(), 1, "base {base}");
    }
    let audit = scene.audit("policy");
    assert!(
        !scene
            .store
            .add_policy(SITE, policy_row(2, START), audit)
            .await
            .expect("answered")
    );
    let entries = scene
        .store
        .audit_entries(&Scope::All, None, None, 100)
        .await
        .expect("read");
    assert_eq!(entries.len(), 4, "only what succeeded is in the log");
    let versions: Vec<i64> = scene
        .store
        .policies(SITE, 3)
        .await
        .expect("read")
        .iter()
        .map(|row| row.policy.version)
        .collect();
    assert_eq!(versions, [4, 3, 2]);
    assert!(scene.store.policies(OTHER, 3).await.expect("read").is_empty());
}

async fn the_policy_in_force_is_the_newest_whose_time_has_come(storage: &Storage) {
    let scene = Scene::open(storage).await;
    assert!(scene.store.policy_in_force(SITE, START).await.expect("read").is_none());
    let row = policy_row(0, START);
    let audit = scene.audit("policy");
    assert!(scene.store.add_policy(SITE, row.clone(), audit).await.expect("added"));
    let later = START.plus(minutes(60));
    let audit = scene.audit("policy");
    assert!(
        scene
            .store
            .add_policy(SITE, policy_row(1, later), audit)
            .await
            .expect("added")
    );
    let in_force = async |now| {
        let found = scene.store.policy_in_force(SITE, now).await.expect("read");
        found.map(|row| row.policy.version)
    };
    assert_eq!(in_force(START.minus(minutes(1))).await, None);
    assert_eq!(in_force(START).await, Some(1));
    assert_eq!(in_force(later.minus(Duration::from_millis(1))).await, Some(1));
    assert_eq!(in_force(later).await, Some(2));
    let read = scene.store.policy(SITE, 1).await.expect("read").expect("there");
    assert_eq!(
        (read.policy, read.base, read.from, read.at),
        (row.policy, 0, START, START)
    );
    assert_eq!(
        (read.author, read.note, read.forecast),
        (row.author, row.note, row.forecast)
    );
    assert!(scene.store.policy(SITE, 9).await.expect("read").is_none());
    assert!(scene.store.policy(OTHER, 1).await.expect("read").is_none());
}

async fn a_site_keeps_its_first_settings(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let named = |name: &str| SiteSettings {
        name: Some(name.to_owned()),
        ..SiteSettings::default()
    };
    for name in ["Le Journal", "Un autre"] {
        scene
            .store
            .ensure_site("alpha", &named(name), START)
            .await
            .expect("made");
    }
    let entry = || crate::store_accounts::audit("site");
    let read = async |id: &str| scene.store.stored_site(id).await.expect("read");
    let first = read("alpha").await.expect("there");
    assert_eq!(first.settings.name.as_deref(), Some("Le Journal"));
    assert!(first.secrets.first.is_none() && first.secrets.second.is_none());
    assert!(read("nowhere").await.is_none());
    let ids = ["sahel", "nowhere", "alpha"].map(str::to_owned);
    let some = scene.store.stored_sites(&ids).await.expect("read");
    let some: Vec<_> = some.into_iter().map(|(id, site)| (id, site.settings.name)).collect();
    let (alpha, sahel) = ("alpha".to_owned(), "sahel".to_owned());
    assert_eq!(some, [(alpha, Some("Le Journal".to_owned())), (sahel, None)]);
    assert!(scene.store.stored_sites(&[]).await.expect("read").is_empty());
    let sealed = |text: &str| Some((text.to_owned(), START));
    let secrets = |first, second| Secrets { first, second };
    let made = async |id: &str| {
        let secrets = secrets(sealed("first"), sealed("second"));
        let added = scene.store.add_site(id, &named("Neuf"), secrets, None, entry()).await;
        added.expect("answered")
    };
    assert!(!made("alpha").await, "there is one");
    assert!(made("neuf").await);
    let kept = read("neuf").await.expect("there").secrets;
    assert_eq!((kept.first, kept.second), (sealed("first"), sealed("second")));
    let changed = async |name: &str| {
        let done = scene
            .store
            .set_site("alpha", &first, &named(name), Secrets::default(), None, entry())
            .await;
        done.expect("answered")
    };
    assert!(changed("Le Soir").await);
    assert!(!changed("Le Matin").await, "somebody was first");
    assert_eq!(
        read("alpha").await.expect("there").settings.name.as_deref(),
        Some("Le Soir")
    );
    // Of two changes at once, one of which changes a secret alone, the second does not undo it.
    for new in [
        secrets(sealed("first"), None),
        secrets(sealed("first"), sealed("second")),
    ] {
        let both = read("alpha").await.expect("there");
        let with = async |name: &str, secrets| {
            let done = scene
                .store
                .set_site("alpha", &both, &named(name), secrets, None, entry())
                .await;
            done.expect("answered")
        };
        assert!(with("Le Soir", new.clone()).await);
        assert!(!with("Le Matin", Secrets::default()).await, "somebody was first");
        let kept = read("alpha").await.expect("there").secrets;
        assert_eq!((kept.first, kept.second), (new.first, new.second));
    }
    assert_eq!(
        scene.store.site_ids().await.expect("read"),
        ["alpha", SITE, "neuf", OTHER]
    );
}

// ---------------------------------------------------------------- who may come in

async fn a_token_opens_until_it_ends_or_is_revoked(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let entry = || crate::store_accounts::audit("token");
    let token = |scope: Scope, expires_at| TokenRow {
        id: scene.clock.new_id(),
        name: format!("Awa on {scope:?}"),
        role: Role::Moderator,
        scope,
        created_at: START,
        expires_at,
        revoked_at: None,
        maker: None,
        parent: None,
    };
    let sites = Scope::Sites(vec![SITE.to_owned()]);
    let later = START.plus(minutes(60));
    let scoped = token(sites.clone(), Some(later));
    let endless = token(Scope::All, None);
    scene
        .store
        .add_token(scoped.clone(), "h1", 9, entry())
        .await
        .expect("added");
    scene
        .store
        .add_token(endless.clone(), "h2", 9, entry())
        .await
        .expect("added");
    let opens = async |hash: &str, now| {
        let found = scene.store.token_by_hash(hash, now).await.expect("read");
        found.map(|live| live.row)
    };
    let found = opens("h1", START).await.expect("it opens");
    assert_eq!(
        (found.id, found.name, found.role),
        (scoped.id, scoped.name, scoped.role)
    );
    assert_eq!((found.scope, found.expires_at), (sites, Some(later)));
    assert!(opens("h1", later).await.is_none());
    let read = scene.store.token(scoped.id).await.expect("read");
    assert!(read.is_some(), "live or not");
    let names = scene.store.token_names_on(SITE, START).await.expect("read");
    assert_eq!(names.len(), 2, "{names:?}");
    let elsewhere = scene.store.token_names_on(OTHER, START).await.expect("read");
    assert_eq!(elsewhere, std::slice::from_ref(&endless.name));
    assert!(opens("none", START).await.is_none());
    assert_eq!(
        opens("h2", Timestamp(i64::MAX - 1)).await.expect("it opens").scope,
        Scope::All
    );
    assert!(
        scene
            .store
            .revoke_token(endless.id, later, entry())
            .await
            .expect("done")
    );
    assert!(
        !scene
            .store
            .revoke_token(endless.id, later, entry())
            .await
            .expect("done")
    );
    assert!(
        !scene
            .store
            .revoke_token(Uuid::nil(), later, entry())
            .await
            .expect("done")
    );
    assert!(opens("h2", START).await.is_none());
    let all = TokensWanted {
        scope: Scope::All,
        live_at: None,
        after: None,
        limit: 9,
    };
    let tokens = scene.store.tokens(&all).await.expect("read");
    assert_eq!(
        tokens.iter().map(|token| token.id).collect::<Vec<_>>(),
        [endless.id, scoped.id]
    );
    assert_eq!(tokens[0].revoked_at, Some(later));
    assert!(
        scene
            .store
            .add_token(token(Scope::All, None), "h1", 9, entry())
            .await
            .is_err()
    );
}

/// A session that a setup code opens, with `hash`.
pub(crate) fn session(hash: &str) -> NewSession {
    NewSession {
        id: Uuid::now_v7(),
        hash: hash.to_owned(),
        account: None,
        device: "Firefox · Linux".to_owned(),
        at: START,
        expires_at: START.plus(minutes(60)),
    }
}

async fn a_session_lasts_until_its_end(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let store = &scene.store;
    let opened = session("h1");
    store.open_session(opened.clone(), None, None).await.expect("opened");
    let read = async |hash: &str, now| store.session(hash, now).await.expect("read");
    let found = read("h1", START).await.expect("it is open");
    assert_eq!((found.id, found.account, found.seen_at), (opened.id, None, START));
    assert!(found.rights.is_empty());
    assert!(read("h1", opened.expires_at).await.is_none());
    let seen = START.plus(minutes(5));
    store.touch_session(opened.id, seen).await.expect("touched");
    assert_eq!(read("h1", seen).await.expect("open").seen_at, seen);
    assert!(read("h2", START).await.is_none());
    store
        .open_session(session("h2"), Some("h1"), None)
        .await
        .expect("opened");
    assert!(read("h1", START).await.is_none(), "the new one stands in its place");
    store.end_session("h2", None).await.expect("ended");
    store.end_session("h2", None).await.expect("nothing to end is fine");
    assert!(read("h2", START).await.is_none());
}

async fn a_setup_code_is_redeemed_once_among_twenty_tries(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let end = START.plus(minutes(10));
    scene.store.add_setup_code("code", end).await.expect("kept");
    scene.store.add_setup_code("late", end).await.expect("kept");
    let redeemed = at_once((0..20).map(|number| {
        let store = Arc::clone(&scene.store);
        async move {
            let hash = format!("h{number}");
            let done = store.redeem_setup_code("code", session(&hash)).await;
            (hash, done.expect("answered"))
        }
    }))
    .await;
    let winners: Vec<_> = redeemed.into_iter().filter(|(_, done)| *done).collect();
    assert_eq!(winners.len(), 1);
    assert!(scene.store.session(&winners[0].0, START).await.expect("read").is_some());
    assert_eq!(storage.integer("SELECT COUNT(*) FROM sessions").await, Some(1));
    let after = NewSession {
        at: end,
        ..session("h")
    };
    assert!(
        !scene.store.redeem_setup_code("late", after).await.expect("answered"),
        "it has run out"
    );
    let unknown = scene.store.redeem_setup_code("unknown", session("h")).await;
    assert!(!unknown.expect("answered"));
}

async fn facts_about_the_store_are_kept(storage: &Storage) {
    let scene = Scene::open(storage).await;
    assert_eq!(scene.store.meta("key_id").await.expect("read"), None);
    for content in ["a", "b"] {
        scene.store.set_meta("key_id", content).await.expect("set");
    }
    assert_eq!(scene.store.meta("key_id").await.expect("read").as_deref(), Some("b"));
}

// ---------------------------------------------------------------- the audit log

async fn audit_entries_are_read_in_order_by_scope(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let mut ids = Vec::new();
    for number in 0..6 {
        let mut audit = scene.audit("sign_in");
        audit.site = String::from([SITE, OTHER][number % 2]);
        audit.detail = Some("{\"n\":1}".to_owned());
        ids.push(audit.id);
        scene.store.add_audit(audit).await.expect("added");
    }
    let read = async |scope: &Scope, site: Option<&str>, after, limit| {
        let entries = scene
            .store
            .audit_entries(scope, site, after, limit)
            .await
            .expect("read");
        entries.iter().map(|entry| entry.id).collect::<Vec<_>>()
    };
    assert_eq!(read(&Scope::All, None, None, 10).await, ids);
    assert_eq!(read(&Scope::All, None, Some(ids[1]), 2).await, ids[2..4]);
    let first_site = [ids[0], ids[2], ids[4]];
    assert_eq!(read(&Scope::All, Some(SITE), None, 10).await, first_site);
    let scope = Scope::Sites(vec![SITE.to_owned()]);
    assert_eq!(read(&scope, None, None, 10).await, first_site);
    assert!(read(&scope, Some(OTHER), None, 10).await.is_empty());
    let entries = scene.store.audit_entries(&scope, None, None, 1).await.expect("read");
    assert_eq!(
        (entries[0].action.as_str(), entries[0].actor.as_str()),
        ("sign_in", "Awa")
    );
    assert_eq!(
        (entries[0].at, entries[0].detail.as_deref()),
        (START.0, Some("{\"n\":1}"))
    );
    assert!(
        scene
            .store
            .add_audit(NewAudit {
                id: ids[0],
                ..scene.audit("again")
            })
            .await
            .is_err()
    );
}

async fn the_latest_decision_is_the_one_that_made_the_version(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let comment = scene.insert(scene.comment()).await;
    let untouched = scene.insert(scene.comment()).await;
    let latest = async || {
        let found = scene.store.latest_decisions(&[comment, untouched]).await.expect("read");
        found.into_iter().map(|entry| entry.id).collect::<Vec<_>>()
    };
    assert!(latest().await.is_empty());
    let mut decision = scene.decision(comment, Act::Reject);
    decision.note = Some("une note".to_owned());
    decision.note_digest = Some("digest".to_owned());
    decision.reason = Some("insulte".to_owned());
    scene.decide(decision.clone()).await;
    assert_eq!(latest().await, [decision.id]);
    let about = async |id| scene.store.decided_comment(id).await.expect("read");
    assert_eq!(about(decision.id).await, Some(comment));
    assert_eq!(about(Uuid::nil()).await, None);
    let undone = scene.act(comment, Act::Undo).await;
    assert_eq!(latest().await, [undone]);
    let history = scene.store.history(comment).await.expect("read");
    let first = &history[0];
    assert_eq!((first.id, first.action.as_str()), (decision.id, "reject"));
    assert_eq!(
        (first.from_status.as_deref(), first.to_status.as_deref()),
        (Some("pending"), Some("rejected"))
    );
    assert_eq!((first.from_version, first.to_version), (Some(1), Some(2)));
    assert_eq!(
        (first.reason.as_deref(), first.note.as_deref()),
        (Some("insulte"), Some("une note"))
    );
    assert_eq!(
        (first.text_digest.as_deref(), history[1].undoes),
        (Some("digest"), Some(decision.id))
    );
    assert!(scene.store.latest_decisions(&[]).await.expect("read").is_empty());
}

/// A site with three decisions and a note, sealed in two seals.
async fn sealed(scene: &Scene) -> Uuid {
    let comment = scene.insert(scene.comment()).await;
    let mut decision = scene.decision(comment, Act::Approve);
    decision.note = Some("une note".to_owned());
    decision.note_digest = Some("digest".to_owned());
    decision.key = Some("key".to_owned());
    scene.decide(decision).await;
    scene.act(comment, Act::Reject).await;
    let until = START.plus(minutes(1));
    assert_eq!(
        scene.store.seal(SITE, START, until).await.expect("sealed"),
        0,
        "nothing is older"
    );
    assert_eq!(scene.store.seal(SITE, until, until).await.expect("sealed"), 2);
    assert_eq!(scene.store.seal(SITE, until, until).await.expect("sealed"), 0);
    scene.act(comment, Act::Undo).await;
    assert_eq!(scene.store.seal(SITE, until, until).await.expect("sealed"), 1);
    assert_eq!(scene.store.check_seals(SITE).await.expect("checked"), (2, None));
    comment
}

async fn seals_hold_until_an_entry_is_touched(storage: &Storage) {
    let scene = Scene::open(storage).await;
    sealed(&scene).await;
    assert_eq!(scene.store.check_seals(OTHER).await.expect("checked"), (0, None));
    let at_once_sealed = at_once((0..4).map(|_| {
        let store = Arc::clone(&scene.store);
        async move { store.seal(SITE, START.plus(minutes(1)), START).await.expect("sealed") }
    }))
    .await;
    assert_eq!(at_once_sealed.iter().sum::<i64>(), 0);
    let fault = |number| {
        let site = SITE.to_owned();
        Some(SealFault { site, number })
    };
    let check = async || scene.store.check_seals(SITE).await.expect("checked").1;
    let first = "FROM audit_entries WHERE action = 'approve'";
    for (column, other) in [
        ("at", "at + 1"),
        ("actor_kind", "'session'"),
        ("actor_id", "'m9'"),
        ("action", "'spam'"),
        ("comment_id", "NULL"),
        ("from_status", "'spam'"),
        ("to_status", "'spam'"),
        ("from_aside", "TRUE"),
        ("from_label", "'spam'"),
        ("from_version", "7"),
        ("to_version", "7"),
        ("reason", "'r'"),
        ("text_digest", "NULL"),
        ("undoes", "id"),
        ("decision_key", "'other'"),
        ("detail", "'{}'"),
    ] {
        storage
            .execute(&format!("CREATE TABLE kept AS SELECT id, {column} AS old {first}"))
            .await;
        let set = format!("UPDATE audit_entries SET {column} =");
        storage
            .execute(&format!("{set} {other} WHERE id = (SELECT id FROM kept)"))
            .await;
        assert_eq!(check().await, fault(1), "{column}");
        storage
            .execute(&format!(
                "{set} (SELECT old FROM kept) WHERE id = (SELECT id FROM kept)"
            ))
            .await;
        storage.execute("DROP TABLE kept").await;
        assert_eq!(check().await, None, "{column} put back");
    }
    storage
        .execute("UPDATE audit_entries SET reason = 'r' WHERE action = 'undo'")
        .await;
    assert_eq!(check().await, fault(2), "an entry of the second seal");
    storage
        .execute("UPDATE audit_entries SET reason = NULL WHERE action = 'undo'")
        .await;
    storage
        .execute("UPDATE audit_seals SET number = 9 WHERE number = 1")
        .await;
    assert_eq!(check().await, fault(1), "a seal is gone");
    storage
        .execute("UPDATE audit_seals SET number = 1 WHERE number = 9")
        .await;
    storage
        .execute("DELETE FROM audit_entries WHERE action = 'reject'")
        .await;
    assert_eq!(check().await, fault(1), "an entry is gone");
}

async fn a_seal_ends_before_the_first_entry_that_is_too_young(storage: &Storage) {
    let scene = Scene::open(storage).await;
    // Ids are made a moment before the time is read, so that their orders can differ.
    for minute in [0, 2, 1] {
        let mut audit = scene.audit("sign_in");
        audit.at = START.plus(minutes(minute));
        scene.store.add_audit(audit).await.expect("added");
    }
    assert_eq!(
        scene
            .store
            .seal(SITE, START.plus(minutes(2)), START)
            .await
            .expect("sealed"),
        1
    );
    assert_eq!(scene.store.check_seals(SITE).await.expect("checked"), (1, None));
    assert_eq!(
        scene
            .store
            .seal(SITE, START.plus(minutes(3)), START)
            .await
            .expect("sealed"),
        2
    );
    assert_eq!(scene.store.check_seals(SITE).await.expect("checked"), (2, None));
}

async fn erasing_a_note_keeps_seals_whole(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let id = sealed(&scene).await;
    let comment = scene.get(id).await;
    assert!(
        scene
            .store
            .erase(&comment, scene.audit("erase"), START)
            .await
            .expect("done")
    );
    assert_eq!(storage.integer("SELECT COUNT(*) FROM audit_texts").await, Some(0));
    assert_eq!(scene.store.check_seals(SITE).await.expect("checked"), (2, None));
}

// ---------------------------------------------------------------- evidence

async fn the_check_is_told_by_day_cause_wait_and_host(storage: &Storage) {
    // START is 2025-11-24, day 20,416 since 1970, at 16:00.
    const DAY: i64 = 20_416;
    let scene = Scene::open(storage).await;
    let checked = async |verdict: Verdict, hours_ago: u64, waited: Option<i64>| {
        scene
            .insert_with(|comment| {
                comment.submitted().outcome.reasons = vec![Reason::Links { count: 1 }];
                comment.submitted().outcome.reasons.extend(Reason::of_verdict(&verdict));
                comment.submitted().captcha.verdict = verdict;
                comment.submitted().captcha.checked_ms = waited;
                comment.at = START.minus(Duration::from_hours(hours_ago));
            })
            .await
    };
    let host = |seen: &str| Verdict::BadToken(BadToken::WrongHost(seen.to_owned()));
    let passed = Verdict::Binary { pass: true };
    checked(passed.clone(), 0, Some(129)).await;
    checked(passed.clone(), 0, Some(120)).await;
    checked(passed, 24, Some(70_000)).await;
    checked(Verdict::Unavailable(Why::Timeout), 1, Some(3000)).await;
    checked(Verdict::Unavailable(Why::BreakerOpen), 1, None).await;
    checked(Verdict::BadToken(BadToken::Missing), 1, None).await;
    checked(Verdict::Misconfigured("old".to_owned()), 3, Some(5)).await;
    checked(Verdict::Misconfigured("invalid-input-secret".to_owned()), 2, Some(5)).await;
    for seen in ["evil.example", "", "evil.example", "also.example"] {
        checked(host(seen), 1, Some(80)).await;
    }
    scene
        .insert_with(|comment| {
            comment.submitted().captcha.provider = ProviderId::BuiltIn;
            OTHER.clone_into(&mut comment.site);
            comment.submitted().captcha.checked_ms = Some(1);
        })
        .await;

    let told = async |since| {
        let counts = scene.store.verdicts_by_day(SITE, since).await.expect("read");
        let told = counts
            .into_iter()
            .map(|c| (c.day, c.verdict, c.detail.unwrap_or_default(), c.count));
        told.collect::<Vec<_>>()
    };
    let expected = |day, verdict: &str, detail: &str, count| (day, verdict.to_owned(), detail.to_owned(), count);
    let today = [
        expected(DAY, "bad_token", "missing", 1),
        expected(DAY, "bad_token", "wrong_host", 4),
        expected(DAY, "misconfigured", "", 2),
        expected(DAY, "passed", "", 2),
        expected(DAY, "unavailable", "breaker_open", 1),
        expected(DAY, "unavailable", "timeout", 1),
    ];
    let mut all = today.to_vec();
    all.push(expected(DAY - 1, "passed", "", 1));
    assert_eq!(
        told(START.minus(Duration::from_hours(48))).await,
        all,
        "newest day first"
    );
    assert_eq!(told(START.minus(Duration::from_hours(5))).await, today);

    let waits = scene.store.waits_by_day(SITE, Timestamp(0)).await.expect("read");
    let waits: Vec<_> = waits.iter().map(|w| (w.day, w.wait_ms, w.count)).collect();
    let expected = [
        (DAY, 0, 2),
        (DAY, 80, 4),
        (DAY, 120, 2),
        (DAY, 3000, 1),
        (DAY - 1, 10_000, 1),
    ];
    assert_eq!(waits, expected, "in steps of ten, those who were not asked left out");

    let calls = async |provider: &str, since| scene.store.provider_calls(SITE, provider, since).await.expect("read");
    assert_eq!(calls("recaptcha_v3", Timestamp(0)).await, 10);
    assert_eq!(calls("recaptcha_v3", START).await, 2);
    assert_eq!(calls("house", Timestamp(0)).await, 0);

    let hosts = scene.store.foreign_hosts(SITE, Timestamp(0)).await.expect("read");
    let seen: Vec<_> = hosts.seen.iter().map(|(host, count)| (host.as_str(), *count)).collect();
    assert_eq!(seen, [("evil.example", 2), ("", 1), ("also.example", 1)]);
    assert!(!hosts.has_more);
    for number in 0..12 {
        checked(host(&format!("h{number}.example")), 0, None).await;
    }
    let hosts = scene.store.foreign_hosts(SITE, Timestamp(0)).await.expect("read");
    assert_eq!(
        (hosts.seen.len(), hosts.seen[0].1),
        (10, 2),
        "ten, the most frequent first"
    );

    let wrong = async |site, hours| {
        let since = START.minus(Duration::from_hours(hours));
        scene.store.misconfigured(site, since).await.expect("read")
    };
    let newest = wrong(SITE, 3).await.expect("two");
    assert_eq!((newest.count, newest.detail.as_str()), (2, "invalid-input-secret"));
    assert_eq!(newest.at, START.minus(Duration::from_hours(2)));
    assert_eq!(wrong(SITE, 1).await, None);
    assert_eq!(wrong(OTHER, 9).await, None);
}

async fn signals_are_counted_by_what_people_decided(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let seen = async |signals: Option<&str>, minute, act: Option<Act>| {
        let mut comment = scene.comment();
        comment.submitted().captcha.signals = signals.map(str::to_owned);
        comment.at = START.plus(minutes(minute));
        // Published by the policy: no person's word.
        comment.status = if act.is_none() {
            Status::Approved
        } else {
            Status::Pending
        };
        let id = scene.insert(comment).await;
        if let Some(act) = act {
            scene.act(id, act).await;
        }
    };
    seen(Some("proof=solved age=calm"), 1, Some(Act::Approve)).await;
    seen(Some("proof=solved age=calm"), 2, Some(Act::Approve)).await;
    seen(Some("proof=solved age=calm"), 3, Some(Act::Spam)).await;
    seen(Some("proof=missing age=calm"), 4, Some(Act::Reject)).await;
    seen(Some("proof=missing age=calm"), 5, None).await;
    seen(None, 6, Some(Act::Approve)).await;
    let counts = async |site: &str, since| {
        let rows = scene.store.labelled_signals(site, since).await.expect("counted");
        let mut rows: Vec<_> = rows.into_iter().map(|row| (row.signals, row.spam, row.count)).collect();
        rows.sort();
        rows
    };
    let solved = |spam, count| ("proof=solved age=calm".to_owned(), spam, count);
    assert_eq!(counts(SITE, START).await, [solved(false, 2), solved(true, 1)]);
    let later = START.plus(minutes(2));
    assert_eq!(counts(SITE, later).await, [solved(false, 1), solved(true, 1)]);
    assert!(counts(OTHER, START).await.is_empty());
}

async fn what_a_provider_is_to_be_told_is_found_in_the_order_of_decisions(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let checked = async |name: &str, decided: Option<(Act, u64)>| {
        let id = scene
            .insert_with(|comment| comment.submitted().captcha.assessment = Some(name.to_owned()))
            .await;
        if let Some((act, minute)) = decided {
            let mut decision = scene.decision(id, act);
            decision.at = START.plus(minutes(minute));
            assert_eq!(scene.decide(decision.clone()).await, Decided::Applied(decision.id));
        }
        id
    };
    let late = checked("late", Some((Act::Approve, 20))).await;
    let early = checked("early", Some((Act::Approve, 10))).await;
    checked("spam", Some((Act::Spam, 10))).await;
    checked("rejected", Some((Act::Reject, 10))).await;
    checked("waiting", None).await;
    let untold = async |site: &str, spam, minute, limit| {
        let before = START.plus(minutes(minute));
        let found = scene.store.untold(site, spam, before, limit).await.expect("found");
        let names = found.into_iter().map(|untold| untold.assessment);
        names.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(untold(SITE, false, 30, 9).await, "early late");
    assert_eq!(untold(SITE, false, 30, 1).await, "early");
    assert_eq!(
        untold(SITE, false, 20, 9).await,
        "early",
        "the last one is not that old"
    );
    assert_eq!(untold(SITE, true, 30, 9).await, "spam");
    assert_eq!(untold(OTHER, false, 30, 9).await, "");
    scene.store.forget_assessments(vec![early]).await.expect("forgotten");
    assert_eq!(untold(SITE, false, 30, 9).await, "late");
    let created = scene.get(late).await.created_at;
    let forget = async |site: &str, before| {
        scene
            .store
            .forget_old_assessments(site, before)
            .await
            .expect("forgotten");
    };
    forget(SITE, created).await;
    forget(OTHER, created.plus(minutes(60))).await;
    assert_eq!(untold(SITE, false, 30, 9).await, "late");
    forget(SITE, created.plus(minutes(60))).await;
    assert_eq!(untold(SITE, false, 30, 9).await + &untold(SITE, true, 30, 9).await, "");
}

async fn a_key_is_taken_once(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let comment = scene.insert(scene.comment()).await;
    let until = START.plus(minutes(60));
    let taken = at_once((0..6).map(|_| {
        let store = Arc::clone(&scene.store);
        async move { store.take_key(SITE, "s:1", comment, until).await.expect("answered") }
    }))
    .await;
    assert_eq!(taken.into_iter().filter(|taken| *taken).count(), 1);
    let take = async |site: &str, key: &str| scene.store.take_key(site, key, comment, until).await.expect("answered");
    assert!(take(SITE, "s:2").await && take(OTHER, "s:1").await);
    let found = scene
        .store
        .repeats(SITE, &["s:1".to_owned()], START)
        .await
        .expect("looked up");
    assert_eq!(found.len(), 1);
    scene.store.purge(until).await.expect("purged");
    assert!(take(SITE, "s:1").await, "forgotten in time");
}

async fn reasons_are_replaced_on_the_version_that_was_read(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let before = scene.get(scene.insert(scene.comment()).await).await;
    let replace = async |comment: &Comment| {
        let audit = scene.audit("step_up");
        let reasons = [Reason::StepUpPassed];
        scene
            .store
            .replace_reasons(comment, &reasons, audit)
            .await
            .expect("answered")
    };
    assert!(replace(&before).await);
    let after = scene.get(before.id).await;
    assert_eq!((after.version, after.status), (2, Status::Pending));
    assert_eq!(after.reasons, [Reason::StepUpPassed]);
    assert!(!replace(&before).await, "another version is there now");
    scene.act(before.id, Act::Approve).await;
    let approved = scene.get(before.id).await;
    assert!(!replace(&approved).await, "it waits no more");
    assert_eq!(scene.get(before.id).await.version, 3);
    let entries = storage
        .integer("SELECT COUNT(*) FROM audit_entries WHERE action = 'step_up' AND to_version = 2")
        .await;
    assert_eq!(entries, Some(1));
}

async fn evidence_counts_levels_outcomes_and_labels(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let scored = async |level: i64, action, minute, act: Option<Act>| {
        let mut comment = scene.comment();
        comment.submitted().captcha.verdict = Verdict::Scored {
            score: score(level),
            raw: "x".to_owned(),
        };
        comment.submitted().outcome.level = Some(score(level));
        comment.submitted().outcome.action = action;
        comment.at = START.plus(minutes(minute));
        let id = scene.insert(comment).await;
        if let Some(act) = act {
            scene.act(id, act).await;
        }
        id
    };
    scored(900, Action::Publish, 0, None).await;
    let old = scored(100, Action::Refuse, 0, Some(Act::Spam)).await;
    let newest = scored(100, Action::Hold, 9, Some(Act::Approve)).await;
    let rejected = scored(100, Action::StepUp, 5, Some(Act::Reject)).await;
    scored(900, Action::Hold, 5, None).await;
    scene.insert(scene.comment()).await;
    scene
        .insert_with(|comment| comment.submitted().captcha.provider = ProviderId::BuiltIn)
        .await;

    let levels = scene.store.levels(SITE, "recaptcha_v3", START).await.expect("read");
    assert_eq!(
        levels.iter().map(|l| l.level).collect::<Vec<_>>(),
        [score(100), score(900)]
    );
    let low = &levels[0];
    assert_eq!(
        (low.total, low.published, low.held, low.stepped_up, low.refused),
        (3, 0, 1, 1, 1)
    );
    assert_eq!((low.approved, low.rejected, low.spam), (1, 1, 1));
    assert_eq!((levels[1].total, levels[1].published, levels[1].labelled()), (2, 1, 0));
    let since = START.plus(minutes(5));
    let levels = scene.store.levels(SITE, "recaptcha_v3", since).await.expect("read");
    assert_eq!(levels.iter().map(|l| l.total).collect::<Vec<_>>(), [2, 1]);
    assert!(
        scene
            .store
            .levels(OTHER, "recaptcha_v3", START)
            .await
            .expect("read")
            .is_empty()
    );

    let verdicts = scene.store.verdict_counts(SITE, START).await.expect("read");
    assert_eq!(verdicts, [("off".to_owned(), 2), ("scored".to_owned(), 5)]);

    let last = async |site: &str| scene.store.last_received(site).await.expect("read");
    assert_eq!(last(SITE).await, Some(START.plus(minutes(9))));
    assert_eq!(last(OTHER).await, None);

    let held = async |site: &str, since| {
        let held = scene.store.held_then_approved(site, "recaptcha_v3", since).await;
        held.expect("read")
    };
    let of_another = scene.store.held_then_approved(SITE, "house", START).await;
    assert_eq!(of_another.expect("read"), 0, "another provider's scores are others");
    let first = async |provider: &str, since| scene.store.first_scored(SITE, provider, since).await.expect("read");
    assert_eq!(first("recaptcha_v3", START).await, Some(START));
    assert_eq!(
        first("recaptcha_v3", START.plus(minutes(4))).await,
        Some(START.plus(minutes(5)))
    );
    assert_eq!(first("recaptcha_v3", START.plus(minutes(60))).await, None);
    assert_eq!(first("turnstile", START).await, None);
    assert_eq!(held(SITE, START).await, 1);
    assert_eq!(held(SITE, START.plus(minutes(10))).await, 0);
    assert_eq!(held(OTHER, START).await, 0);

    let changed = async |levels: &[Score], before, limit| {
        let found = scene
            .store
            .comments_at_levels(SITE, "recaptcha_v3", levels, START, before, limit)
            .await
            .expect("read");
        found.into_iter().map(|changed| changed.id).collect::<Vec<_>>()
    };
    assert_eq!(changed(&[score(100)], None, 10).await, [rejected, newest, old]);
    assert_eq!(changed(&[score(100)], None, 1).await, [rejected]);
    assert_eq!(changed(&[score(100)], Some(rejected), 10).await, [newest, old]);
    assert_eq!(changed(&[score(100), score(900)], None, 10).await.len(), 5);
    assert!(changed(&[], None, 10).await.is_empty());
}

// ---------------------------------------------------------------- what time does

async fn texts_expire_by_status_and_age(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let cut = START.plus(minutes(10));
    let refused = async |minute| {
        scene
            .insert_with(|comment| {
                comment.status = Status::Refused;
                comment.at = START.plus(minutes(minute));
                comment.submitted().device_id = Some("device".to_owned());
            })
            .await
    };
    let old = refused(9).await;
    let young = refused(10).await;
    let spam_lately = scene.insert(scene.comment()).await;
    let mut decision = scene.decision(spam_lately, Act::Spam);
    decision.at = cut;
    decision.note = Some("une note".to_owned());
    scene.decide(decision).await;
    let public = scene.insert_public().await;
    let version = scene.thread("/a").await.content_version;
    assert_eq!(
        scene
            .store
            .expire_texts(SITE, Status::Refused, cut, cut)
            .await
            .expect("done"),
        1
    );
    assert_eq!(
        scene
            .store
            .expire_texts(SITE, Status::Refused, cut, cut)
            .await
            .expect("done"),
        0
    );
    let erased = scene.get(old).await;
    assert_eq!(
        (erased.status, erased.version, erased.body.as_str()),
        (Status::Erased, 2, "")
    );
    assert_eq!((erased.email.as_str(), erased.device_id), ("", None));
    assert_eq!(scene.get(young).await.status, Status::Refused);
    assert_eq!(
        scene
            .store
            .expire_texts(SITE, Status::Spam, cut, cut)
            .await
            .expect("done"),
        0,
        "spam only since"
    );
    let later = cut.plus(minutes(1));
    assert_eq!(
        scene
            .store
            .expire_texts(SITE, Status::Spam, later, later)
            .await
            .expect("done"),
        1
    );
    assert_eq!(storage.integer("SELECT COUNT(*) FROM audit_texts").await, Some(0));
    assert_eq!(scene.get(public).await.status, Status::Approved);
    assert_eq!(
        scene.thread("/a").await.content_version,
        version,
        "readers saw nothing of it"
    );
    // A decision made before the expiry finds nothing left to decide.
    assert_eq!(scene.decide(scene.decision(old, Act::Approve)).await, Decided::Erased);
}

async fn client_keys_are_forgotten(storage: &Storage) {
    let scene = Scene::open(storage).await;
    for minute in 0..4 {
        scene
            .insert_with(|comment| comment.at = START.plus(minutes(minute)))
            .await;
    }
    let before = START.plus(minutes(2));
    assert_eq!(scene.store.forget_clients(before).await.expect("done"), 2);
    assert_eq!(scene.store.forget_clients(before).await.expect("done"), 0);
    let kept = "SELECT COUNT(*) FROM comments WHERE client_key IS NOT NULL";
    assert_eq!(storage.integer(kept).await, Some(2));
}

async fn purge_deletes_what_has_run_out(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let store = &scene.store;
    scene
        .insert_with(|comment| comment.submitted().repeats.keys = vec!["k:1".to_owned()])
        .await;
    store.claim(SITE, "k:2", "digest", START).await.expect("claimed");
    for code in ["used", "unused"] {
        store.add_setup_code(code, START.plus(minutes(10))).await.expect("kept");
    }
    store.redeem_setup_code("used", session("h1")).await.expect("answered");
    let rows = async || {
        let mut rows = Vec::new();
        for table in ["repeat_keys", "claims", "sessions", "setup_codes"] {
            rows.push(
                storage
                    .integer(&format!("SELECT COUNT(*) FROM {table}"))
                    .await
                    .expect("a count"),
            );
        }
        rows
    };
    for (minute, left) in [
        (0, [1, 1, 1, 2]),
        (10, [1, 0, 1, 0]),
        (60, [1, 0, 0, 0]),
        (24 * 60, [0; 4]),
    ] {
        store.purge(START.plus(minutes(minute))).await.expect("purged");
        assert_eq!(rows().await, left, "after {minute} minutes");
    }
}

async fn a_job_is_leased_to_one(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let leased = async |now: Timestamp| {
        let leased = at_once((0..12).map(|_| {
            let store = Arc::clone(&scene.store);
            async move { store.lease_job("retention", minutes(1), now).await.expect("answered") }
        }))
        .await;
        leased.into_iter().filter(|leased| *leased).count()
    };
    assert_eq!(leased(START).await, 1);
    assert_eq!(leased(START.plus(Duration::from_secs(59))).await, 0);
    assert_eq!(leased(START.plus(minutes(1))).await, 1);
    assert!(
        scene
            .store
            .lease_job("seals", minutes(1), START)
            .await
            .expect("answered")
    );
}

// ---------------------------------------------------------------- opening and closing

async fn a_schema_of_a_newer_program_is_refused(storage: &Storage) {
    storage.open().await.close().await;
    let (empty, now) = if storage.is_postgres() {
        ("'\\x00'", "now()")
    } else {
        ("x'00'", "CURRENT_TIMESTAMP")
    };
    let row = format!(
        "INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) \
         VALUES (9876, 'later', {now}, TRUE, {empty}, 0)"
    );
    storage.execute(&row).await;
    for opening in [Opening::Serve, Opening::Beside] {
        let error = Store::open(&storage.database(), opening)
            .await
            .expect_err("too new")
            .to_string();
        assert!(
            error.contains("schema 9876") && error.contains("newer program"),
            "{error}"
        );
    }
}

async fn a_closed_store_answers_no_more(storage: &Storage) {
    let scene = Scene::open(storage).await;
    let accepted: Vec<_> = (0..50)
        .map(|_| {
            let (store, comment) = (Arc::clone(&scene.store), scene.comment());
            tokio::spawn(async move { store.insert(comment).await })
        })
        .collect();
    tokio::task::yield_now().await;
    scene.store.close().await;
    let mut stored = 0;
    for answer in accepted {
        stored += i64::from(answer.await.expect("it ends").is_ok());
    }
    assert!(scene.store.insert(scene.comment()).await.is_err());
    assert!(scene.store.ping().await.is_err());
    scene.store.close().await;
    let store = storage.open().await;
    let counted = storage.integer("SELECT COUNT(*) FROM comments").await;
    assert_eq!(counted, Some(stored), "what was acknowledged, and nothing else");
    store.close().await;
}

#[tokio::test]
async fn each_comment_can_be_given_a_transaction_of_its_own() {
    let storage = Storage::sqlite();
    let store = Store::open_with_batch(&storage.database(), Opening::Serve, 1).await;
    let scene = Scene {
        store: Arc::new(store.expect("it opens")),
        clock: Clock::Manual(ManualClock::at(START)),
    };
    scene
        .store
        .ensure_site(SITE, &SiteSettings::default(), START)
        .await
        .expect("a site");
    let inserted = at_once((0..30).map(|_| {
        let (store, comment) = (Arc::clone(&scene.store), scene.comment());
        async move { store.insert(comment).await.expect("stored") }
    }))
    .await;
    assert!(inserted.iter().all(|inserted| *inserted == Inserted::New));
    assert_eq!(storage.integer("SELECT COUNT(*) FROM comments").await, Some(30));
}

#[tokio::test]
async fn a_full_queue_of_writes_refuses_at_once_and_keeps_what_it_took() {
    let storage = Storage::sqlite();
    let scene = Scene::open(&storage).await;
    let inserted = at_once((0..1500).map(|_| {
        let (store, comment) = (Arc::clone(&scene.store), scene.comment());
        async move { store.insert(comment).await }
    }))
    .await;
    let (stored, refused): (Vec<_>, Vec<_>) = inserted.into_iter().partition(Result::is_ok);
    assert!(!refused.is_empty());
    for error in refused {
        let error = error.expect_err("refused").to_string();
        assert!(error.contains("1024 writes are waiting already"), "{error}");
    }
    let rows = storage.integer("SELECT COUNT(*) FROM comments").await;
    assert_eq!(rows, i64::try_from(stored.len()).ok());
    scene.insert(scene.comment()).await;
}

async fn refused(url: &DatabaseUrl, opening: Opening) -> String {
    Store::open(url, opening).await.expect_err("refused").to_string()
}

#[tokio::test]
async fn a_second_server_on_one_file_is_refused_until_the_first_closes() {
    let storage = Storage::sqlite();
    let first = storage.open().await;
    let error = refused(&storage.database(), Opening::Serve).await;
    assert!(error.contains("is in use by another palabre serve"), "{error}");
    first.close().await;
    storage.open().await.close().await;
}

#[tokio::test]
async fn a_command_writes_beside_a_running_server() {
    let storage = Storage::sqlite();
    let error = refused(&storage.database(), Opening::Beside).await;
    assert!(error.contains("does not exist"), "{error}");
    assert!(!storage.file().exists());
    let scene = Scene::open(&storage).await;
    let beside = Store::open(&storage.database(), Opening::Beside)
        .await
        .expect("it opens");
    beside.set_meta("name", "beside").await.expect("written");
    scene.store.set_meta("other", "server").await.expect("written");
    assert_eq!(scene.store.meta("name").await.expect("read").as_deref(), Some("beside"));
    beside.close().await;
}

#[tokio::test]
async fn a_database_of_another_program_is_refused_and_left_as_it_is() {
    let storage = Storage::sqlite();
    fs::write(storage.file(), []).expect("an empty file");
    storage.execute("CREATE TABLE other (id INTEGER)").await;
    let before = fs::read(storage.file()).expect("the file");
    for opening in [Opening::Serve, Opening::Beside] {
        let error = refused(&storage.database(), opening).await;
        assert!(error.contains("another program"), "{error}");
    }
    assert!(fs::read(storage.file()).expect("the file") == before, "it was changed");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_by_name() {
    let storage = Storage::sqlite();
    let noise: Vec<u8> = (0_u32..8192)
        .map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[2])
        .collect();
    fs::write(storage.file(), &noise).expect("written");
    let error = refused(&storage.database(), Opening::Serve).await;
    assert!(
        error.contains("palabre.db") && error.contains("not a database"),
        "{error}"
    );
    assert!(error.contains("backup"), "it says what to do: {error}");
    assert!(fs::read(storage.file()).expect("the file") == noise, "it was changed");
}

#[tokio::test]
async fn an_address_at_which_no_store_answers_is_refused() {
    let url = "postgres://palabre:hush@127.0.0.1:1/none".parse().expect("an address");
    let error = refused(&url, Opening::Serve).await;
    assert!(
        error.contains("cannot be reached") && !error.contains("hush"),
        "{error}"
    );
}

#[tokio::test]
async fn a_backup_opens_and_has_the_rows() {
    let storage = Storage::sqlite();
    let scene = Scene::open(&storage).await;
    let id = scene.insert(scene.comment()).await;
    let file = storage.folder.join("copy of today.db");
    assert!(scene.store.backup(&file).await.expect("copied"));
    let beside = palabre::store::check_copy(storage.file(), &file, "key_id").await;
    assert!(beside.is_err(), "not while a service runs on the store");
    assert!(
        scene.store.backup(&file).await.is_err(),
        "a file that exists is not overwritten"
    );
    scene.insert(scene.comment()).await;
    let url = DatabaseUrl::Sqlite(file.clone());
    let copy = Store::open(&url, Opening::Serve).await.expect("it opens");
    assert_eq!(
        copy.comment(id).await.expect("read").expect("there").body,
        "Un point de vue."
    );
    assert_eq!(copy.queue(&filter()).await.expect("listed").rows.len(), 1);
    assert_eq!(copy.integrity().await.expect("checked"), None);
    copy.close().await;
    if let Some(storage) = Storage::postgres().await {
        let store = storage.open().await;
        assert!(!store.backup(&storage.folder.join("copy")).await.expect("answered"));
        store.close().await;
    }
}

#[tokio::test]
async fn both_engines_end_with_the_same_tables_and_columns() {
    let sqlite = Storage::sqlite();
    sqlite.open().await.close().await;
    let columns = sqlite.columns().await;
    assert!(columns.contains(&("comments".to_owned(), "website".to_owned(), true)));
    assert!(columns.contains(&("comments".to_owned(), "body".to_owned(), false)));
    if let Some(postgres) = Storage::postgres().await {
        postgres.open().await.close().await;
        assert_eq!(postgres.columns().await, columns);
    }
}

// ---------------------------------------------------------------- the source itself

#[tokio::test]
async fn every_index_that_a_query_names_exists() {
    let storage = Storage::sqlite();
    storage.open().await.close().await;
    let mut named = 0;
    for source in store_sources() {
        let comments = source.lines().filter_map(|line| line.trim().strip_prefix("// Index"));
        let words = comments.flat_map(|line| line.split(|c: char| !c.is_ascii_lowercase() && c != '_'));
        for word in words.filter(|word| word.contains('_')) {
            let query = format!("SELECT COUNT(*) FROM sqlite_master WHERE type = 'index' AND name = '{word}'");
            assert_eq!(storage.integer(&query).await, Some(1), "{word}");
            named += 1;
        }
    }
    assert!(named > 20, "{named}");
}

#[test]
fn every_public_method_is_called_here() {
    let tests = concat!(
        include_str!("store.rs"),
        include_str!("appeals.rs"),
        include_str!("decision_facts.rs"),
        include_str!("store_accounts.rs"),
        include_str!("store_bulk.rs"),
        include_str!("store_watch.rs"),
        include_str!("context.rs"),
        include_str!("older_store.rs"),
        include_str!("outbox.rs"),
        include_str!("views.rs"),
        include_str!("failing_writes.rs")
    );
    let mut methods = 0;
    for source in store_sources() {
        let lines = source.lines().map(str::trim);
        for line in lines.filter_map(|line| line.strip_prefix("pub async fn ")) {
            let name = line.split('(').next().expect("a name");
            let called = [
                format!(".{name}("),
                format!("Store::{name}("),
                format!("store::{name}("),
            ];
            assert!(
                called.iter().any(|call| tests.contains(call)),
                "no test calls Store::{name}"
            );
            methods += 1;
        }
    }
    assert!(methods > 50, "{methods}");
}

/// SQLite answers `(a, b) IN (VALUES …)` by reading the whole table: such lists are joined instead.
#[test]
fn no_query_looks_for_pairs_with_in() {
    for source in store_sources() {
        for line in source.lines().filter(|line| !line.trim().starts_with("//")) {
            assert!(!line.contains(") IN ("), "{line}");
        }
    }
}

fn store_sources() -> Vec<String> {
    let files = rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store"));
    files
        .into_iter()
        .map(|file| fs::read_to_string(file).expect("text"))
        .collect()
}
