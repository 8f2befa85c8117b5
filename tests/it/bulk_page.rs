//! The page of a decision about all that fits a filter, by forms alone: counted, confirmed, followed, taken back.

use palabre::domain::{draft::RawDraft, status::Status};
use reqwest::Method;

use crate::{
    bulk::multiply,
    example::Sent as _,
    service::{Answer, Browser, SITE, Service, eventually, values_of},
    stores::{Storage, on_both_engines},
};

on_both_engines!(
    all_that_fits_is_counted_confirmed_and_taken_back,
    above_fifty_the_number_is_typed_and_a_changed_count_does_nothing,
    an_author_with_something_published_stands_first_and_is_taken_out,
    what_is_in_the_way_is_said_on_the_page,
);

const LIST: &str = "/queue/all?status=pending&links=1";

/// So many waiting comments with a link, by somebody who has nothing published.
async fn plants_links(service: &Service, count: usize) {
    for _ in 0..count {
        plants_link(service, "inconnu@example.org", Status::Pending).await;
    }
}

async fn plants_link(service: &Service, email: &str, status: Status) -> String {
    let mut comment = service.seed();
    comment.content.draft = crate::example::draft(RawDraft {
        thread: "/article".to_owned(),
        name: email.split('@').next().unwrap_or_default().to_owned(),
        email: email.to_owned(),
        body: "https://a.example".to_owned(),
        ..RawDraft::default()
    });
    comment.status = status;
    comment.submitted().device_id = None;
    service.plants(comment).await.to_string()
}

async fn sends(browser: &Browser<'_>, page: &Answer, action: &str, expect: &str) -> Answer {
    let mut fields = Vec::new();
    for name in ["status", "links", "site", "counted"] {
        for value in values_of(&page.text, name).into_iter().take(1) {
            fields.push((name, value));
        }
    }
    let mut fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    fields.extend([("action", action), ("expect", expect)]);
    browser.posts("/queue/all", &fields).await
}

async fn have(storage: &Storage, status: &str) -> i64 {
    let query = format!("SELECT COUNT(*) FROM comments WHERE status = '{status}'");
    storage.integer(&query).await.expect("counted")
}

async fn all_that_fits_is_counted_confirmed_and_taken_back(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let browser = service.signs_in().await;
    plants_links(&service, 3).await;
    service.plants(service.seed()).await;
    let queue = browser.gets("/queue?links=1").await.expect(200);
    assert!(
        queue.text.contains("href=\"/queue/all?status=pending&#38;links=1\""),
        "{}",
        queue.text
    );
    let plain = browser.gets("/queue").await.expect(200);
    assert!(!plain.text.contains("/queue/all"), "nothing narrows that list");

    let page = browser.gets(LIST).await.expect(200);
    assert!(
        page.text.contains("3 commentaires répondent à ce filtre."),
        "{}",
        page.text
    );
    assert!(!page.text.contains("Tapez 3"), "so few are not typed out");
    let none = sends(&browser, &page, "", "3").await.expect(422);
    assert!(none.text.contains("Choisissez une décision."), "{}", none.text);
    assert_eq!(have(storage, "pending").await, 4);

    let sent = sends(&browser, &page, "spam", "3").await.expect(303);
    let progress = sent.header("location").to_owned();
    assert!(progress.starts_with("/queue/all/"), "{progress}");
    let done = browser.gets(&progress).await.expect(200);
    assert!(done.text.contains("Indésirable\u{202f}: 3 sur 3."), "{}", done.text);
    assert_eq!((have(storage, "spam").await, have(storage, "pending").await), (3, 1));

    let undone = browser.posts(&format!("{progress}/undo"), &[]).await.expect(303);
    assert_eq!(undone.header("location"), progress);
    let back = browser.gets(&progress).await.expect(200);
    assert!(
        back.text.contains("Annulé\u{202f}: 3 sur 3 comme avant."),
        "{}",
        back.text
    );
    assert!(!back.text.contains("/undo\""), "it is not taken back twice");
    assert_eq!(have(storage, "pending").await, 4);
    service.stop().await;
}

async fn above_fifty_the_number_is_typed_and_a_changed_count_does_nothing(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let browser = service.signs_in().await;
    plants_links(&service, 1).await;
    multiply(storage, 450).await;
    let page = browser.gets(LIST).await.expect(200);
    assert!(page.text.contains("Tapez 450 pour confirmer"), "{}", page.text);
    for typed in ["", "45", "451", "beaucoup", "99999999999999999999"] {
        let wrong = sends(&browser, &page, "reject", typed).await.expect(422);
        assert!(
            wrong.text.contains("Tapez le nombre exact\u{202f}: 450."),
            "{typed}: {}",
            wrong.text
        );
        assert!(
            wrong.text.contains("value=\"reject\" required checked"),
            "{typed}: the choice is kept"
        );
    }
    plants_links(&service, 1).await;
    let changed = sends(&browser, &page, "reject", "450").await.expect(409);
    assert!(changed.text.contains("451 commentaires répondent"), "{}", changed.text);
    assert_eq!(have(storage, "pending").await, 451, "nothing was done");

    let sent = sends(&browser, &changed, "reject", " 4 51 ").await.expect(303);
    let progress = sent.header("location").to_owned();
    eventually("the rest follows by itself", async || {
        let page = browser.gets(&progress).await.expect(200);
        page.text.contains("Refusé\u{202f}: 451 sur 451.")
    })
    .await;
    assert_eq!(have(storage, "rejected").await, 451);
    service.stop().await;
}

async fn an_author_with_something_published_stands_first_and_is_taken_out(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let browser = service.signs_in().await;
    plants_link(&service, "habituee@example.org", Status::Approved).await;
    let regular = plants_link(&service, "habituee@example.org", Status::Pending).await;
    plants_link(&service, "inconnu@example.org", Status::Pending).await;

    let page = browser.gets(LIST).await.expect(200);
    let (known, rest) = page.text.split_once("id=\"rest\"").expect("both");
    assert!(
        known.contains("des auteurs déjà publiés") && known.contains(&regular),
        "{known}"
    );
    assert!(rest.contains("inconnu") && !rest.contains("habituee"), "{rest}");
    let fields = [
        ("comment", regular.as_str()),
        ("version", "1"),
        ("action", "approve"),
        ("return_to", LIST),
    ];
    let sent = browser.posts("/queue/decide", &fields).await.expect(303);
    let location = sent.header("location").to_owned();
    assert!(location.starts_with(&format!("{LIST}&done=")), "{location}");
    let page = browser.gets(&location).await.expect(200);
    assert!(page.text.contains("1 commentaire répond à ce filtre."), "{}", page.text);
    assert!(page.text.contains("action=\"/queue/undo\""), "and it can be taken back");
    let elsewhere = [fields[0], ("action", "hold"), ("return_to", "/queue/all@evil.example")];
    let sent = browser.posts("/queue/decide", &elsewhere).await.expect(303);
    assert!(
        sent.header("location").starts_with("/queue?"),
        "{}",
        sent.header("location")
    );
    service.stop().await;
}

async fn what_is_in_the_way_is_said_on_the_page(storage: &Storage) {
    let config = format!("{SITE}[[site]]\nid = \"sahel\"\nname = \"Le Sahel\"\n");
    let service = Service::start(storage, &config).await;
    let browser = service.signs_in().await;
    plants_links(&service, 1).await;
    let choice = browser.gets(LIST).await.expect(200);
    assert!(
        choice
            .text
            .contains("href=\"/queue/all?status=pending&#38;links=1&#38;site=faso\""),
        "{}",
        choice.text
    );
    assert!(
        !choice.text.contains("name=\"counted\""),
        "nothing is decided about two sites"
    );
    let both = sends(&browser, &choice, "spam", "0").await.expect(422);
    assert!(both.text.contains("Lequel"), "{}", both.text);

    let page = browser.gets(&format!("{LIST}&site=faso")).await.expect(200);
    // It has nothing left to go on with, and so stays open.
    storage
        .execute(
            "INSERT INTO bulk_operations (id, site_id, filter, action, actor_kind, actor_id, actor, at, expect, state, \
             done, skipped, undone, not_undone) SELECT id, 'faso', '{}', 'spam', 'account', 'x', 'Awa', 1, 1, \
             'running', 0, 0, 0, 0 FROM comments LIMIT 1",
        )
        .await;
    let busy = sends(&browser, &page, "spam", "1").await.expect(409);
    assert!(busy.text.contains("déjà en cours sur ce site"), "{}", busy.text);
    assert!(busy.text.contains("Voir la décision en cours"), "{}", busy.text);
    for path in ["/queue/all?status=erased&site=faso", "/queue/all?links=x"] {
        browser.gets(path).await.expect(422);
    }
    for path in ["/queue/all/x", "/queue/all/00000000-0000-0000-0000-000000000000"] {
        browser.gets(path).await.expect(404);
        let path = format!("{path}/undo");
        let undo = service.request(Method::POST, &path, |request| request.form(&[("a", "b")]));
        assert_eq!(undo.await.status, 303, "whoever did not come in is led to the door");
    }
    service.stop().await;
}
