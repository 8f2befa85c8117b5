//! What is shown of a comment, wherever it is shown: where its links lead, and ink that stays with its letter.

use palabre::domain::status::Status;
use serde_json::{Value, json};

use crate::{
    service::{Answer, Service, comment},
    stores::Storage,
};

crate::stores::on_both_engines!(
    f9_a_link_that_pretends_to_lead_elsewhere_is_held_and_tells_where_it_leads_everywhere,
    f9_a_name_that_leads_elsewhere_tells_where,
    f8_marks_pile_up_nowhere_and_what_is_stored_stays_as_it_was_sent,
);

/// A site on which everything is published at once.
const OPEN_SITE: &str = "[[site]]\nid = \"faso\"\nname = \"Le Faso\"\norigins = [\"https://faso.test\"]\nmoderation = \"after\"\n\
                         [site.captcha]\nprovider = \"off\"\n[site.captcha.policy]\npublish_from = 0.5\n";

/// Every place that shows a published comment on `/article`, and its receipt.
async fn public_places(service: &Service, receipt: &str) -> Vec<(String, Answer)> {
    let mut places = Vec::new();
    let page = service
        .request(reqwest::Method::GET, &format!("/r/{receipt}"), |request| {
            request.header("accept", "text/html")
        })
        .await;
    places.push(("the receipt's page".to_owned(), page.expect(200)));
    for path in [
        "/api/v1/sites/faso/comments?thread=%2Farticle",
        "/t/faso?thread=%2Farticle",
        "/t/faso/fragment?thread=%2Farticle",
        "/t/faso/feed.atom",
        "/t/faso/feed.atom?thread=%2Farticle",
        &format!("/r/{receipt}"),
    ] {
        places.push((path.to_owned(), service.get(path).await.expect(200)));
    }
    places
}

async fn with_form(service: &Service, body: &str) -> Value {
    let mut fields = comment(body);
    fields["form"] = json!(service.reader().opens_form("/article").await);
    service.clock.advance(std::time::Duration::from_secs(20));
    fields
}

async fn f9_a_link_that_pretends_to_lead_elsewhere_is_held_and_tells_where_it_leads_everywhere(storage: &Storage) {
    let service = Service::start(storage, OPEN_SITE).await;
    let moderator = service.moderator().await;
    for (number, link) in [
        "[https://www.bceao.int/credit](https://evil.example/login)",
        "<a href=\"https://evil.example/login\">www.bceao.int</a>",
        "[**BCEAO.INT**](https://evil.example)",
        "https://www.bceao.int@evil.example/",
    ]
    .into_iter()
    .enumerate()
    {
        let answer = service
            .reader()
            .submits(&with_form(&service, &format!("Lisez {link} ({number})")).await)
            .await;
        let answer = answer.expect(202);
        assert!(
            answer.json["html"]
                .as_str()
                .is_some_and(|html| html.contains("</a> (evil.example)")),
            "{}",
            answer.text
        );
        let (id, receipt) = (
            answer.id(),
            answer.json["receipt"].as_str().expect("a receipt").to_owned(),
        );

        let item = moderator.gets(&format!("/api/v1/comments/{id}")).await.expect(200);
        let reasons = item.json["reasons"].as_array().expect("reasons").clone();
        let reason = reasons
            .iter()
            .find(|reason| reason["code"] == "link_disguised")
            .expect("the reason");
        let said = reason["message"].as_str().expect("a sentence").to_lowercase();
        assert!(said.contains("bceao.int") && said.contains("evil.example"), "{said}");
        assert!(
            item.json["html"]
                .as_str()
                .is_some_and(|html| html.contains("(evil.example)")),
            "{}",
            item.text
        );
        let page = service.signs_in().await.gets("/queue?status=pending").await.expect(200);
        assert!(page.text.contains("</a> (evil.example)"), "{}", page.text);
        assert!(
            item.json["body"]
                .as_str()
                .is_some_and(|body| body.contains(link) && !body.contains("(evil.example)"))
        );

        moderator.decides(&id, "approve").await.expect(200);
        for (path, shown) in public_places(&service, &receipt).await {
            assert!(shown.text.contains("(evil.example)"), "{path}: {}", shown.text);
        }
        moderator.decides(&id, "reject").await.expect(200);
    }
    // Words that say nothing of a host are published, with the host behind them.
    let answer = service
        .reader()
        .submits(&with_form(&service, "Tout est [ici](https://le-site.example/a)").await)
        .await;
    let answer = answer.expect(201);
    assert!(answer.text.contains("</a> (le-site.example)"), "{}", answer.text);
    // Stored before this was so: it is said when it is shown.
    let mut old = service.seed();
    old.status = Status::Approved;
    "[bceao.int](https://old.example)".clone_into(&mut old.content.draft.body);
    service.plants(old).await;
    let feed = service.get("/t/faso/feed.atom").await.expect(200);
    assert!(feed.text.contains("(old.example)"), "{}", feed.text);
    service.stop().await;
}

async fn f9_a_name_that_leads_elsewhere_tells_where(storage: &Storage) {
    let service = Service::start(storage, OPEN_SITE).await;
    let mut fields = with_form(&service, "Bonjour").await;
    fields["website"] = json!("https://evil.example/page");
    service.reader().submits(&fields).await.expect(201);
    for path in ["/t/faso?thread=%2Farticle", "/t/faso/fragment?thread=%2Farticle"] {
        let page = service.get(path).await.expect(200);
        assert!(page.text.contains("dir=\"ltr\">(evil.example)<"), "{}", page.text);
    }
    let mut fields = with_form(&service, "Bonsoir").await;
    fields["website"] = json!("https://evil.example/page");
    fields["name"] = json!("www.bceao.int");
    service.reader().submits(&fields).await.expect(202);
    let moderator = service.moderator().await;
    let queue = moderator
        .gets("/api/v1/moderation/queue?reason=link_disguised")
        .await
        .expect(200);
    assert_eq!(queue.json["items"].as_array().map(Vec::len), Some(1), "{}", queue.text);
    service.stop().await;
}

async fn f8_marks_pile_up_nowhere_and_what_is_stored_stays_as_it_was_sent(storage: &Storage) {
    let service = Service::start(storage, OPEN_SITE).await;
    let pile = "\u{310}".repeat(400);
    let piled = |word: &str, marks: &str| -> String {
        word.chars()
            .flat_map(|letter| std::iter::once(letter).chain(marks.chars()))
            .collect()
    };
    let body = piled("Bonjour", &pile);
    let name = piled("Awadioul", &"\u{310}".repeat(8));
    let title = format!("Un titre{}", "\u{310}".repeat(200));
    let mut fields = with_form(&service, &body).await;
    fields["name"] = json!(name);
    fields["thread_title"] = json!(title);
    let answer = service.reader().submits(&fields).await.expect(201);
    let receipt = answer.json["receipt"].as_str().expect("a receipt").to_owned();
    let moderator = service.moderator().await;
    let mut waits = with_form(&service, "[a](https://a.example), www.b.example").await;
    waits["parent"] = json!(answer.id());
    waits["name"] = json!(format!("bceao.int{}", "\u{310}".repeat(40)));
    waits["website"] = json!("https://evil.example");
    service.reader().submits(&waits).await.expect(202);

    for (path, shown) in public_places(&service, &receipt).await {
        has_small_piles(&path, &shown.text);
    }
    has_small_piles("the answer", &answer.text);
    let browser = service.signs_in().await;
    for path in ["/queue?status=pending", "/queue?status=approved"] {
        has_small_piles(path, &browser.gets(path).await.expect(200).text);
    }
    let item = moderator
        .gets(&format!("/api/v1/comments/{}", answer.id()))
        .await
        .expect(200);
    assert_eq!(item.json["body"].as_str(), Some(body.as_str()), "stored as it was sent");
    has_small_piles("html", item.json["html"].as_str().expect("html"));
    has_small_piles("name", item.json["name"].as_str().expect("a name"));

    // A form that comes back has what was typed.
    let form = [
        ("name", name.as_str()),
        ("email", "nobody"),
        ("body", body.as_str()),
        ("thread", "/article"),
    ];
    let page = service
        .request(reqwest::Method::POST, "/t/faso?thread=%2Farticle", |request| {
            request
                .header("origin", &service.url)
                .header("accept", "text/html")
                .form(&form)
        })
        .await;
    assert_eq!(page.status, 422);
    assert!(
        page.text.contains(&body) && page.text.contains(&name),
        "nothing typed is lost"
    );
    service.stop().await;
}

/// No letter bears more than four marks.
#[track_caller]
fn has_small_piles(place: &str, text: &str) {
    assert!(text.contains('\u{310}'), "{place} shows it: {text}");
    assert!(!text.contains(&"\u{310}".repeat(5)), "{place}: {text}");
}
