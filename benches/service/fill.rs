//! Stores with comments in them, written through the store itself.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use palabre::{
    clock::{Clock, draw},
    domain::{
        draft::RawDraft,
        provider::ProviderId,
        site::{Moderation, SiteSettings},
        status::Status,
        triage::{self, Signals},
        verdict::Verdict,
    },
    store::{NewComment, Opening, Store},
};
use uuid::Uuid;

use super::{
    example::{self, Sent as _},
    server::Storage,
    text,
};

/// The thread that is listed.
pub(crate) const LISTED_THREAD: &str = "/listed";

/// Every fourth comment of the listed thread answers the one before.
const REPLY_EVERY: usize = 4;

/// An empty store with the site.
pub(crate) async fn site(storage: &Storage) {
    open(storage, 64).await.close().await;
}

/// The listed thread with `comments` approved comments.
pub(crate) async fn thread_of(storage: &Storage, comments: usize) {
    let store = open(storage, 64).await;
    let mut above = None;
    for number in 0..comments {
        let mut comment = comment(number, LISTED_THREAD.to_owned());
        comment.status = Status::Approved;
        if number % REPLY_EVERY == 1 {
            comment.content.root = above;
            comment.content.draft.parent = above;
        } else {
            above = Some(comment.id);
        }
        store.insert(comment).await.expect("stored");
    }
    store.close().await;
}

/// `comments` more that wait: every hundredth on the listed thread, the others on 2,000 threads.
pub(crate) async fn waiting(storage: &Storage, comments: usize) {
    let store = open(storage, 64).await;
    let store = write(store, 128, comments, |number| {
        if number % 100 == 0 {
            LISTED_THREAD.to_owned()
        } else {
            format!("/article-{}", number % 2_000)
        }
    })
    .await;
    store.close().await;
}

/// Comments a second that `writers` at once get stored, with `batch` in one transaction.
pub(crate) async fn rate(storage: &Storage, writers: usize, batch: usize, comments: usize) -> f64 {
    let store = open(storage, batch).await;
    let started = Instant::now();
    let store = write(store, writers, comments, |number| format!("/article-{}", number % 20)).await;
    let elapsed = started.elapsed().as_secs_f64();
    store.close().await;
    comments as f64 / elapsed
}

async fn open(storage: &Storage, batch: usize) -> Store {
    let store = Store::open_with_batch(&storage.url.parse().expect("an address"), Opening::Serve, batch)
        .await
        .expect("a store");
    store
        .ensure_site("bench", &SiteSettings::default(), Clock::System.now())
        .await
        .expect("the site");
    store
}

async fn write(store: Store, writers: usize, comments: usize, thread: fn(usize) -> String) -> Store {
    let store = Arc::new(store);
    let next = Arc::new(AtomicUsize::new(0));
    let mut tasks = Vec::new();
    for _ in 0..writers {
        let (store, next) = (Arc::clone(&store), Arc::clone(&next));
        tasks.push(tokio::spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= comments {
                    return;
                }
                store.insert(comment(number, thread(number))).await.expect("stored");
            }
        }));
    }
    for task in tasks {
        task.await.expect("no failure");
    }
    Arc::into_inner(store).expect("all writers have ended")
}

/// A pending comment as `submit` makes it.
fn comment(number: usize, thread: String) -> NewComment {
    let raw = RawDraft {
        thread,
        name: text::name(number),
        email: format!("reader-{number}@example.org"),
        body: text::body(number),
        ..RawDraft::default()
    };
    let hash = |salt: u128| (salt << 64 | number as u128).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    let mut comment = example::comment(&Clock::System, raw);
    "bench".clone_into(&mut comment.site);
    comment.content.email_key = format!("{:032x}", hash(1));
    comment.content.body_digest = format!("{:032x}{:032x}", hash(4), hash(5));
    let submitted = comment.submitted();
    submitted.client_key = Some(format!("{:032x}", hash(2)));
    submitted.device_id = Some(format!("{:032x}", hash(3)));
    submitted.captcha.provider = ProviderId::Off;
    submitted.outcome = triage::decide(&Verdict::Off, &Signals::default(), Moderation::Before, None, draw());
    submitted.repeats.keys = vec![format!("k:{}", Uuid::from_u128(hash(6)))];
    submitted.repeats.digest = format!("{:032x}{:032x}", hash(7), hash(8));
    comment
}
