//! A program that is killed in the midst of a decision about ten thousand comments: another one goes on with it, or takes
//! it back, and each comment is decided once.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    bulk::{PATH, multiply},
    child::{Child, PATIENCE, Place},
    service::{Answer, SITE, comment},
    stores::{Storage, on_both_engines},
};

on_both_engines!(
    bulk_of_ten_thousand_killed_in_its_midst_decides_each_comment_once,
    bulk_of_ten_thousand_killed_in_its_midst_is_taken_back_whole,
);

const MANY: i64 = 10_000;

/// A program with ten thousand comments that wait, and a moderator's token.
struct Newsroom<'a> {
    storage: &'a Storage,
    place: Place,
    token: String,
}

impl<'a> Newsroom<'a> {
    async fn of(storage: &'a Storage) -> Self {
        let place = Place::new(storage, SITE);
        let token = place
            .runs(&["token", "create", "--role", "moderator", "--all-sites"])
            .well();
        let child = place.starts();
        for number in 0..8 {
            let mut fields = comment("Un point de vue.");
            fields["thread"] = json!(format!("/article-{number}"));
            child
                .submits(&number.to_string(), &fields)
                .await
                .expect("an answer")
                .expect(202);
        }
        child.stops();
        multiply(storage, MANY).await;
        Self {
            storage,
            place,
            token: token.trim().to_owned(),
        }
    }

    async fn asks(&self, child: &Child, method: Method, path: &str, body: &Value) -> Answer {
        let sending = child.request(method, path, |request| request.bearer_auth(&self.token).json(body));
        sending.await.expect("the server answers")
    }

    /// Counts, begins, and gives the path of the bulk.
    async fn begins(&self, child: &Child, action: &str) -> String {
        let counted = json!({"filter": {"site": "faso"}, "dry_run": true});
        let counted = self.asks(child, Method::POST, PATH, &counted).await.expect(200);
        assert_eq!(
            (&counted.json["count"], &counted.json["more"]),
            (&json!(MANY), &json!(false))
        );
        let wanted = json!({"filter": {"site": "faso"}, "action": action, "expect": MANY});
        let begun = self.asks(child, Method::POST, PATH, &wanted).await.expect(202);
        format!("{PATH}/{}", begun.json["bulk_id"].as_str().expect("an id"))
    }

    async fn progress(&self, child: &Child, bulk: &str) -> Value {
        self.asks(child, Method::GET, bulk, &json!({})).await.expect(200).json
    }

    /// Waits until it is so far, as long as it goes on.
    async fn follows(&self, child: &Child, bulk: &str, is_there: impl Fn(&Value) -> bool) -> Value {
        let (mut last, mut since) = (Value::Null, Instant::now());
        loop {
            let progress = self.progress(child, bulk).await;
            if is_there(&progress) {
                return progress;
            }
            if progress != last {
                (last, since) = (progress, Instant::now());
            }
            assert!(since.elapsed() < PATIENCE, "it does not go on: {last}\n{}", child.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Kills it once so many are counted there, and starts another one.
    async fn is_killed_at(&self, child: Child, bulk: &str, figure: &str, least: i64) -> Child {
        let progress = self
            .follows(&child, bulk, |it| it[figure].as_i64() >= Some(least))
            .await;
        child.is_killed();
        drop(child);
        assert!(
            progress[figure].as_i64() < Some(MANY),
            "it was killed in its midst: {progress}"
        );
        self.place.starts()
    }

    async fn count(&self, query: &str) -> i64 {
        self.storage.integer(query).await.expect("counted")
    }

    /// So many have that status, and nobody any other; so many entries and events tell of as many decisions.
    async fn has(&self, status: &str, decisions: i64, undone: i64) {
        let with_status = format!("SELECT COUNT(*) FROM comments WHERE status = '{status}'");
        assert_eq!(self.count(&with_status).await, MANY);
        let decided = "audit_entries WHERE comment_id IS NOT NULL AND action <> 'undo'";
        let taken_back = "audit_entries WHERE action = 'undo'";
        for (of, count) in [(decided, decisions), (taken_back, undone)] {
            assert_eq!(self.count(&format!("SELECT COUNT(*) FROM {of}")).await, count, "{of}");
            let once = format!("SELECT COUNT(DISTINCT comment_id) FROM {of} AND bulk_id IS NOT NULL");
            assert_eq!(self.count(&once).await, count, "{of}: each comment once");
        }
        assert_eq!(
            self.count("SELECT COUNT(*) FROM events WHERE decision_id IS NOT NULL")
                .await,
            decisions + undone
        );
        let other_version = "SELECT COUNT(*) FROM comments c WHERE c.version <> 1 + (SELECT COUNT(*) FROM audit_entries a \
                             WHERE a.comment_id = c.id)";
        assert_eq!(self.count(other_version).await, 0);
        let waits = "SELECT COUNT(*) FROM threads WHERE oldest_pending_at IS NOT NULL";
        assert_eq!(self.count(waits).await, if status == "pending" { 8 } else { 0 });
        assert_eq!(self.count("SELECT COUNT(*) FROM bulk_rows").await, 0);
    }
}

async fn bulk_of_ten_thousand_killed_in_its_midst_decides_each_comment_once(storage: &Storage) {
    let newsroom = Newsroom::of(storage).await;
    let child = newsroom.place.starts();
    let began = Instant::now();
    let bulk = newsroom.begins(&child, "approve").await;
    let child = newsroom.is_killed_at(child, &bulk, "done", 1_000).await;
    let child = newsroom.is_killed_at(child, &bulk, "done", 4_000).await;
    let done = newsroom.follows(&child, &bulk, |it| it["state"] == "done").await;
    println!("{MANY} decided in {:?}, two kills among it", began.elapsed());
    assert_eq!((&done["done"], &done["skipped"]), (&json!(MANY), &json!(0)));
    newsroom.has("approved", MANY, 0).await;
    let counts = newsroom
        .asks(&child, Method::GET, "/api/v1/moderation/counts", &json!({}))
        .await;
    assert_eq!(counts.json["sites"][0]["counts"]["pending"]["n"], 0, "{}", counts.text);
    child.stops();
}

async fn bulk_of_ten_thousand_killed_in_its_midst_is_taken_back_whole(storage: &Storage) {
    let newsroom = Newsroom::of(storage).await;
    let child = newsroom.place.starts();
    let bulk = newsroom.begins(&child, "spam").await;
    let child = newsroom.is_killed_at(child, &bulk, "done", 600).await;
    let undo = format!("{bulk}/undo");
    newsroom.asks(&child, Method::POST, &undo, &json!({})).await.expect(202);
    let child = newsroom.is_killed_at(child, &bulk, "undone", 200).await;
    // Twice, because nobody knows whether the first was heard.
    let again = newsroom.asks(&child, Method::POST, &undo, &json!({})).await;
    assert!(matches!(again.status.as_u16(), 200 | 202), "{}", again.text);
    let undone = newsroom.follows(&child, &bulk, |it| it["state"] == "undone").await;
    let done = undone["done"].as_i64().expect("a number");
    assert!((600..MANY).contains(&done), "{undone}");
    assert_eq!((&undone["undone"], &undone["not_undone"]), (&undone["done"], &json!(0)));
    newsroom.has("pending", done, done).await;
    child.stops();
}
