//! What is erased is gone: from the database file and its log within a minute, and from what the public sees.

use std::{collections::BTreeSet, fs, path::PathBuf, time::Duration};

use palabre::{domain::status::Status, jobs};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection};

use crate::{
    service::{Answer, Person, SITE, Service, comment, eventually},
    stores::{Storage, on_both_engines},
};

on_both_engines!(
    h11_the_title_of_an_erased_comment_is_public_no_more,
    h11_a_publishers_title_and_another_readers_stay,
);

const DAY: Duration = Duration::from_hours(24);

fn receipt_of(sent: &Answer) -> &str {
    sent.json["receipt"].as_str().expect("a receipt")
}

async fn erases(service: &Service, sent: &Answer) {
    let path = format!("/r/{}/erase", receipt_of(sent));
    service.post_json(&path, &json!({})).await.expect(200);
}

/// A word that stands nowhere else.
fn word(kind: &str, number: usize) -> String {
    format!("Zq{kind}{number:04}xv")
}

/// A comment whose every text can be recognised; its body is as long as `chars`.
fn telltale(number: usize, chars: usize) -> Value {
    let mut fields = comment(&format!("{} ", word("Corps", number)).repeat(chars / 13 + 1));
    fields["thread"] = json!(format!("/article-{}", number % 7));
    fields["name"] = json!(format!("Nom {}", word("Nom", number)));
    fields["email"] = json!(format!("{}@example.org", word("mail", number)));
    fields["website"] = json!(format!("https://{}.example", word("site", number).to_lowercase()));
    fields["thread_title"] = json!(format!("Titre {}", word("Titre", number)));
    fields["thread_url"] = json!(format!("https://faso.test/{}", word("adresse", number)));
    fields
}

/// Words of the comments that still stand in one of the store's files.
fn found(storage: &Storage, numbers: &[usize]) -> Vec<String> {
    let wal = PathBuf::from(format!("{}-wal", storage.file().display()));
    let files = [
        fs::read(storage.file()).expect("the file"),
        fs::read(wal).unwrap_or_default(),
    ];
    let mut found = BTreeSet::new();
    for file in &files {
        // Each word begins with zq, in capitals or not, and ends with xv.
        for (place, _) in file
            .windows(2)
            .enumerate()
            .filter(|(_, pair)| matches!(pair, [b'Z' | b'z', b'q']))
        {
            let word = String::from_utf8_lossy(&file[place..file.len().min(place + 16)]).to_lowercase();
            if let Some((word, _)) = word.split_once("xv") {
                found.insert(word.to_owned());
            }
        }
    }
    let is_of = |word: &String| {
        let digits: String = word.chars().filter(char::is_ascii_digit).collect();
        digits.parse().is_ok_and(|number: usize| numbers.contains(&number))
    };
    found.into_iter().filter(is_of).collect()
}

/// Sixty comments of all lengths, decided on in a mixed order, with notes.
async fn filled(service: &Service, moderator: &Person<'_>) -> Vec<Answer> {
    let mut all = Vec::new();
    for number in 0..60 {
        let chars = [40, 300, 900, 2_500, 6_000, 15_000][number % 6];
        all.push(service.reader().submits(&telltale(number, chars)).await.expect(202));
        if number % 2 == 1 {
            let earlier = number / 2;
            let act = ["approve", "reject", "spam", "hold"][number % 4];
            let note = json!({"note": word("Note", earlier)});
            let path = format!("/api/v1/comments/{}/{act}", all[earlier].id());
            moderator.posts(&path, &note).await.expect(200);
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h11_what_a_reader_erases_is_in_no_file() {
    let storage = Storage::sqlite();
    let service = Service::start(&storage, &format!("{SITE}body_max = 20000\n")).await;
    let moderator = service.moderator().await;
    let all = filled(&service, &moderator).await;
    // Somebody reads beside, as a backup does.
    let mut beside = SqliteConnection::connect(&storage.url).await.expect("a reader");
    let read = sqlx::query("SELECT COUNT(*) FROM comments").execute(&mut beside).await;
    read.expect("read");
    let numbers: Vec<usize> = (0..60).filter(|number| number % 3 != 0).collect();
    for number in &numbers {
        erases(&service, &all[*number]).await;
    }
    eventually("no word of theirs is in the files", async || {
        found(&storage, &numbers).is_empty()
    })
    .await;
    assert!(!found(&storage, &[0, 3, 6]).is_empty(), "the others are still there");
    beside.close().await.expect("closed");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h11_a_reader_that_stays_in_an_old_state_only_delays_it() {
    let storage = Storage::sqlite();
    let service = Service::start(&storage, SITE).await;
    let sent = service.reader().submits(&telltale(1, 4_000)).await.expect(202);
    let mut beside = SqliteConnection::connect(&storage.url).await.expect("a reader");
    for statement in ["BEGIN", "SELECT COUNT(*) FROM comments"] {
        sqlx::query(statement).execute(&mut beside).await.expect("read");
    }
    erases(&service, &sent).await;
    assert!(!found(&storage, &[1]).is_empty(), "the log keeps what that one reads");
    sqlx::query("COMMIT").execute(&mut beside).await.expect("read");
    eventually("no word is in the files", async || found(&storage, &[1]).is_empty()).await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h11_what_expires_is_in_no_file() {
    let storage = Storage::sqlite();
    let service = Service::start(&storage, &format!("{SITE}body_max = 20000\n")).await;
    let moderator = service.moderator().await;
    let all = filled(&service, &moderator).await;
    let mut expiring = Vec::new();
    for (number, sent) in all.iter().enumerate() {
        let id = sent.id().parse().expect("an id");
        let comment = service.app.store.comment(id).await.expect("read").expect("there");
        if matches!(comment.status, Status::Spam | Status::Rejected) {
            expiring.push(number);
        }
    }
    assert!(expiring.len() > 5, "{expiring:?}");
    service.clock.advance(DAY * 91);
    jobs::round(&service.app).await.expect("a round");
    eventually("no word of theirs is in the files", async || {
        found(&storage, &expiring).is_empty()
    })
    .await;
    service.stop().await;
}

async fn title(service: &Service) -> Value {
    let page = service.reader().reads("/article").await.expect(200);
    json!([page.json["thread"]["title"], page.json["thread"]["url"]])
}

async fn sends(service: &Service, body: &str, title: &str) -> Answer {
    let mut fields = comment(body);
    fields["thread_title"] = json!(title);
    fields["thread_url"] = json!(format!("https://faso.test/{title}"));
    service.reader().submits(&fields).await.expect(202)
}

async fn h11_the_title_of_an_erased_comment_is_public_no_more(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let moderator = service.moderator().await;
    let sent = sends(&service, "Un", "Awa-habite-ici").await;
    moderator.decides(&sent.id(), "approve").await.expect(200);
    assert_eq!(
        title(&service).await,
        json!(["Awa-habite-ici", "https://faso.test/Awa-habite-ici"])
    );
    erases(&service, &sent).await;
    assert_eq!(title(&service).await, json!([null, null]));
    // By expiry too: it gave the title, then it was found to be spam.
    let spam = sends(&service, "Deux", "Achetez-ici").await;
    moderator.decides(&spam.id(), "approve").await.expect(200);
    moderator.decides(&spam.id(), "spam").await.expect(200);
    service.clock.advance(DAY * 31);
    let before = service.reader().reads("/article").await;
    jobs::round(&service.app).await.expect("a round");
    assert_eq!(title(&service).await, json!([null, null]));
    let after = service.reader().reads("/article").await;
    assert_ne!(before.header("etag"), after.header("etag"), "caches learn of it");
    service.stop().await;
}

async fn h11_a_publishers_title_and_another_readers_stay(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let moderator = service.moderator().await;
    let [first, second, third] = [
        sends(&service, "Un", "Titre-un").await,
        sends(&service, "Deux", "Titre-un").await,
        sends(&service, "Trois", "Titre-trois").await,
    ];
    for sent in [&first, &second, &third] {
        moderator.decides(&sent.id(), "approve").await.expect(200);
    }
    erases(&service, &third).await;
    assert_eq!(title(&service).await[0], "Titre-un");
    erases(&service, &first).await;
    assert_eq!(title(&service).await[0], "Titre-un", "another comment says the same");
    let path = "/api/v1/sites/faso/threads/%2Farticle";
    let named = json!({"title": "Titre-un", "url": "https://faso.test/Titre-un"});
    moderator.sends(&Method::PUT, path, &named).await.expect(200);
    erases(&service, &second).await;
    assert_eq!(
        title(&service).await,
        json!(["Titre-un", "https://faso.test/Titre-un"]),
        "the publisher's own word stays"
    );
    service.stop().await;
}
