//! Forms that a browser posts without a script: whatever refuses one, its answer holds what was typed, and
//! nothing that a reader cannot see keeps a text out.

use std::fmt::Write as _;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    service::{Answer, Person, SITE, Service, comment, encoded, unescaped, values_of},
    stores::Storage,
};

const FORM: &str = "application/x-www-form-urlencoded";
const TEXT: &str = "Mon texte, « entier » & <gardé> : l’été, 5 €";

crate::stores::on_both_engines!(
    f2_a_reply_to_what_is_gone_comes_back_without_it,
    f2_a_signature_and_whom_one_answers_are_carried_along,
    f3_every_refusal_gives_the_words_back,
    f3_a_failure_of_ours_gives_the_words_back_and_takes_them_once,
    f3_a_form_is_taken_in_the_encoding_of_its_page,
    f3_a_form_that_could_hold_files_is_taken,
    f3_what_breaks_off_or_is_no_form_comes_back_too,
);

async fn f2_a_reply_to_what_is_gone_comes_back_without_it(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let moderator = service.moderator().await;
    let mut stored = 0;
    for (act, pressed) in [
        (Some("reject"), "parent"),
        (Some("spam"), "comment_parent"),
        (Some("hold"), "parent"),
        (Some("erase"), "parent"),
        (None, "comment_parent"),
        (None, "parent"),
    ] {
        let root = service.reader().submits(&comment(&format!("{act:?} {pressed}"))).await;
        let root = root.expect(202);
        moderator.decides(&root.id(), "approve").await.expect(200);
        let page = service
            .get(&format!("/t/faso?thread=%2Farticle&reply={}", root.id()))
            .await
            .expect(200);
        let token = values_of(&page.text, "form").pop().expect("a token");
        let parent = match act {
            Some("erase") => {
                let receipt = root.json["receipt"].as_str().expect("a receipt");
                service
                    .request(Method::POST, &format!("/r/{receipt}/erase"), |request| request)
                    .await
                    .expect(200);
                root.id()
            }
            Some(act) => {
                moderator.decides(&root.id(), act).await.expect(200);
                root.id()
            }
            None if pressed == "parent" => "01890000-0000-7000-8000-000000000000".to_owned(),
            None => "128".to_owned(),
        };
        let text = format!("Je réponds, {act:?} {pressed}");
        let fields = [(pressed, parent.as_str()), ("form", token.as_str())];
        let back = posts(&service, &text, &fields).await.expect(422);
        assert!(
            back.text.contains("envoyez-le encore une fois"),
            "{act:?}: {}",
            back.text
        );
        assert_eq!(values_of(&back.text, "parent"), [""; 0], "{act:?}");
        assert!(unescaped(&back.text).contains(&text));
        assert_eq!(values_of(&back.text, "name"), ["Salif"]);

        let token = values_of(&back.text, "form").pop().expect("a fresh token");
        posts(&service, &text, &[("form", &token)]).await.expect(303);
        stored += 1;
        let items = waiting(&moderator).await;
        let own: Vec<_> = items.iter().filter(|item| item["body"] == json!(text)).collect();
        assert_eq!(own.len(), 1, "{act:?}");
        assert!(own[0]["parent"].is_null());
    }
    // Beside another error it goes as well; programs are told as before.
    let both = posts(&service, "", &[("parent", "sept")]).await.expect(422);
    assert_eq!(values_of(&both.text, "parent"), [""; 0]);
    assert!(both.text.contains("Écrivez votre commentaire."));
    let mut program = comment("Un programme");
    program["parent"] = json!("128");
    let told = service.reader().submits(&program).await.expect(422);
    assert_eq!(told.json["errors"][0]["code"], "parent_missing");
    assert_eq!(stored, 6);
    service.stop().await;
}

async fn f2_a_signature_and_whom_one_answers_are_carried_along(storage: &Storage) {
    let service = Service::start(storage, &format!("{SITE}threads = \"signed\"\n")).await;
    let moderator = service.moderator().await;
    let signature = service.app.keys.thread_signature("faso", "/article");
    // A form of the publisher's own page: first a mistake, then the press that needs one more.
    let back = posts(&service, "", &[("thread_sig", &signature)]).await.expect(422);
    assert_eq!(values_of(&back.text, "thread_sig"), [signature.as_str()]);
    let confirm = posts(&service, TEXT, &[("thread_sig", &signature)]).await.expect(200);
    let token = values_of(&confirm.text, "form").pop().expect("a token");
    let kept = values_of(&confirm.text, "thread_sig").pop().expect("the signature");
    posts(&service, TEXT, &[("thread_sig", &kept), ("form", &token)])
        .await
        .expect(303);
    let id = waiting(&moderator).await[0]["id"].as_str().expect("an id").to_owned();
    moderator.decides(&id, "approve").await.expect(200);

    // A reply that comes back for another reason still says whom it answers.
    let back = posts(&service, "", &[("parent", &id), ("form", &token)])
        .await
        .expect(422);
    assert_eq!(values_of(&back.text, "parent"), [id.as_str()]);
    assert!(back.text.contains("Répondre à Salif"));
    assert!(back.text.contains("Écrire plutôt un commentaire sur l’article"));
    service.stop().await;
}

async fn f3_every_refusal_gives_the_words_back(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let moderator = service.moderator().await;
    let sent = service.reader().submits(&comment("Avant")).await.expect(202);
    moderator.decides(&sent.id(), "approve").await.expect(200);
    let token = page_token(&service).await;

    // A site that is not there, in the two languages that are known of it.
    for (lang, says) in [("", "Ce site n’existe pas ici."), ("en", "There is no such site here.")] {
        for path in ["/t/parti?thread=%2Farticle", "/api/v1/sites/parti/comments"] {
            let gone = posts_to(&service, path, &[("lang", lang), ("body", TEXT)])
                .await
                .expect(404);
            assert!(gone.text.contains(says), "{path}: {}", gone.text);
            has_words(&gone);
        }
    }
    // No thread, one that cannot be, and an address in another encoding.
    for path in ["/t/faso", "/t/faso?thread=a%0Ab", "/t/faso?thread=caf%E9"] {
        let nowhere = posts_to(&service, path, &[("comment", TEXT), ("name", "Salif")])
            .await
            .expect(422);
        has_words(&nowhere);
    }
    // Another page's form, one that has expired, a sign that cannot be stored.
    let foreign = service
        .request(Method::POST, "/t/faso?thread=%2Farticle", |request| {
            request
                .header("origin", "https://ailleurs.test")
                .header("content-type", FORM)
                .body(form_body(&valid(TEXT, &[("form", &token)])))
        })
        .await
        .expect(200);
    has_words(&foreign);
    let nul = posts(&service, &format!("{TEXT}\0"), &[("form", &token)])
        .await
        .expect(422);
    has_words(&nul);
    assert!(nul.text.contains("<textarea"), "in the form");
    service.clock.advance(std::time::Duration::from_hours(25));
    let expired = posts(&service, TEXT, &[("form", &token)]).await.expect(200);
    has_words(&expired);
    let token = page_token(&service).await;

    // Too much for a request: 30,000 accented letters in the form, a file of two megabytes beside the words.
    let many = "é".repeat(30_000);
    let large = posts(&service, &many, &[("form", &token)]).await.expect(413);
    assert!(large.text.contains(&many));
    assert!(large.text.contains("<textarea"));
    assert!(large.text.contains("25\u{202f}000 caractères de trop"));
    let short = posts(&service, TEXT, &[("form", &token), ("autre", &"x".repeat(140 * 1024))]).await;
    has_words(&short.expect(413));

    // A thread that was closed meanwhile, whatever else is wrong.
    for body in [TEXT, &format!("{TEXT}{}", "x".repeat(6_000))] {
        closes(&service, &moderator).await;
        let closed = posts(&service, body, &[("form", &token)]).await.expect(409);
        assert!(closed.text.contains("Les commentaires sont fermés sur cet article."));
        assert!(closed.text.contains("Revenir aux commentaires"));
        has_words(&closed);
    }
    service.stop().await;

    let service = Service::start(
        storage,
        &format!(
            "[rate_limit]\nsubmit = {{ burst = 1, per_hour = 1, wide_burst = 1000, wide_per_hour = 1000 }}\n{SITE}"
        ),
    )
    .await;
    let page = service.get("/t/faso?thread=%2Fautre").await.expect(200);
    let token = values_of(&page.text, "form").pop().expect("a token");
    let there = [("thread", "/autre"), ("form", token.as_str())];
    posts(&service, "Le premier", &there).await.expect(303);
    let limited = posts(&service, TEXT, &there).await.expect(429);
    has_words(&limited);
    assert!(limited.text.contains("<textarea"));
    service.stop().await;
}

async fn f3_a_failure_of_ours_gives_the_words_back_and_takes_them_once(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let moderator = service.moderator().await;
    let token = page_token(&service).await;
    let permits = u32::try_from(service.app.room.places.available_permits()).expect("few");
    let full = service
        .app
        .room
        .places
        .acquire_many(permits)
        .await
        .expect("the whole room");
    let busy = posts(&service, TEXT, &[("form", &token)]).await.expect(503);
    has_words(&busy);
    assert!(!busy.header("retry-after").is_empty());
    let again = values_of(&busy.text, "form").pop().expect("a token");
    assert_eq!(
        again, token,
        "the same form: should it be stored after all, it is stored once"
    );
    drop(full);
    for _ in 0..2 {
        posts(&service, TEXT, &[("form", &again)]).await.expect(303);
    }
    assert_eq!(waiting(&moderator).await.len(), 1);
    service.stop().await;

    let service = Service::start(storage, SITE).await;
    let token = page_token(&service).await;
    storage.execute("ALTER TABLE threads RENAME TO elsewhere").await;
    let broken = posts(&service, TEXT, &[("form", &token)]).await;
    assert!(broken.status.as_u16() >= 500, "{}", broken.status);
    has_words(&broken);
    service.stop().await;
}

async fn f3_a_form_is_taken_in_the_encoding_of_its_page(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let moderator = service.moderator().await;
    let page = service.get("/t/faso?thread=%2Farticle").await.expect(200);
    assert!(
        page.text.contains("accept-charset=\"utf-8\""),
        "our own form says which"
    );
    for (content_type, body, expected) in [
        (FORM, "caf%E9+%80+%93mot%94", "café € “mot”"),
        (FORM, "%E9t%E9+%26%231588%3B", "été ش"),
        (FORM, "%D4%DF%D1%C7&_charset_=windows-1256", "شكرا"),
        (
            "application/x-www-form-urlencoded; charset=Shift_JIS",
            "%82%B1%82%F1",
            "こん",
        ),
        (FORM, "caf%C3%A9+%F0%9F%91%8D", "café 👍"),
    ] {
        let token = page_token(&service).await;
        let sent = service
            .request(Method::POST, "/t/faso?thread=%2Farticle", |request| {
                request
                    .header("origin", "https://faso.test")
                    .header("content-type", content_type)
                    .body(format!(
                        "thread=%2Farticle&name=A&email=a%40example.org&form={token}&body={body}"
                    ))
            })
            .await
            .expect(303);
        assert!(sent.header("location").starts_with("/r/"));
        let items = waiting(&moderator).await;
        assert!(items.iter().any(|item| item["body"] == json!(expected)), "{expected}");
    }
    // With something else that is wrong, the words come back as they were meant.
    let back = service
        .request(Method::POST, "/t/faso?thread=%2Farticle", |request| {
            request.header("content-type", FORM).body("body=l%92%E9t%E9")
        })
        .await
        .expect(400);
    assert!(back.text.contains("\nl’été</textarea>"), "{}", back.text);
    assert!(back.text.contains("Indiquez votre nom."));
    // Programs say what they mean, and are told.
    let program = service
        .request(Method::POST, "/api/v1/sites/faso/comments", |request| {
            request.header("content-type", FORM).body("body=caf%E9")
        })
        .await;
    assert_eq!(program.error(), (400, "bad_encoding"));
    service.stop().await;
}

async fn f3_a_form_that_could_hold_files_is_taken(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let moderator = service.moderator().await;
    for path in ["/t/faso?thread=%2Farticle", "/api/v1/sites/faso/comments"] {
        let token = page_token(&service).await;
        let text = format!("{TEXT} {path}");
        let fields = valid(&text, &[("form", &token)]);
        let sent = posts_multipart(&service, path, &fields, 1_000).await.expect(303);
        assert!(sent.header("location").starts_with("/r/"));
        let items = waiting(&moderator).await;
        assert!(items.iter().any(|item| item["body"] == json!(text)), "{path}");

        let wrong = posts_multipart(&service, path, &[("body", TEXT), ("thread", "/article")], 0).await;
        has_words(&wrong.expect(422));
        let large = posts_multipart(&service, path, &fields, 600 * 1024).await.expect(413);
        assert!(unescaped(&large.text).contains(&text), "the words beside a large file");
    }
    assert_eq!(storage.integer("SELECT COUNT(*) FROM comments").await, Some(2));
    service.stop().await;
}

async fn f3_what_breaks_off_or_is_no_form_comes_back_too(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    for (content_type, status) in [
        ("text/plain", 415),
        ("", 415),
        ("application/octet-stream", 415),
        ("multipart/form-data", 415),
        ("application/json", 400),
    ] {
        let back = service
            .request(Method::POST, "/t/faso?thread=%2Farticle", |request| {
                let request = request.body(format!("body={TEXT}\r\nname=Salif\r\n"));
                if content_type.is_empty() {
                    request
                } else {
                    request.header("content-type", content_type)
                }
            })
            .await
            .expect(status);
        has_words(&back);
        assert!(back.header("content-type").starts_with("text/html"));
    }
    // A line so weak that the form stops half-way.
    let address = service.url.strip_prefix("http://").expect("an address");
    let mut line = TcpStream::connect(address).await.expect("a connection");
    let half = format!("thread=%2Farticle&name=Salif&body={}%C3", encoded(TEXT));
    let head = format!(
        "POST /t/faso HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: {FORM}\r\n\
         content-length: 4000\r\n\r\n{half}"
    );
    line.write_all(head.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    line.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(unescaped(&answer).contains(TEXT), "{answer}");
    service.stop().await;
}

/// A page's token for the thread of the article.
async fn page_token(service: &Service) -> String {
    let page = service.get("/t/faso?thread=%2Farticle").await.expect(200);
    values_of(&page.text, "form").pop().expect("a token")
}

/// All that a comment needs, and `more`, which comes first.
fn valid<'a>(body: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = more.to_vec();
    fields.extend([
        ("thread", "/article"),
        ("name", "Salif"),
        ("email", "salif@example.org"),
        ("body", body),
    ]);
    fields
}

async fn posts(service: &Service, body: &str, more: &[(&str, &str)]) -> Answer {
    posts_to(service, "/t/faso?thread=%2Farticle", &valid(body, more)).await
}

/// Posts a form as a browser does.
async fn posts_to(service: &Service, path: &str, fields: &[(&str, &str)]) -> Answer {
    service
        .request(Method::POST, path, |request| {
            request
                .header("origin", "https://faso.test")
                .header("accept", "text/html,application/xhtml+xml")
                .header("content-type", FORM)
                .body(form_body(fields))
        })
        .await
}

fn form_body(fields: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    pairs.join("&")
}

/// Posts a form with a file of so many bytes at its end, as a browser does.
async fn posts_multipart(service: &Service, path: &str, fields: &[(&str, &str)], file: usize) -> Answer {
    let boundary = "----WebKitFormBoundaryAbC123";
    let mut body = String::new();
    for (name, value) in fields {
        let _ = write!(
            body,
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        );
    }
    let _ = write!(
        body,
        "--{boundary}\r\nContent-Disposition: form-data; name=\"body\"; filename=\"photo.jpg\"\r\n\
         Content-Type: image/jpeg\r\n\r\n{}\r\n--{boundary}--\r\n",
        "\u{1}".repeat(file)
    );
    service
        .request(Method::POST, path, |request| {
            request
                .header("origin", "https://faso.test")
                .header("accept", "text/html")
                .header("content-type", format!("multipart/form-data; boundary={boundary}"))
                .body(body)
        })
        .await
}

#[track_caller]
fn has_words(answer: &Answer) {
    assert!(
        unescaped(&answer.text).contains(TEXT),
        "{}: {}",
        answer.status,
        answer.text
    );
}

async fn closes(service: &Service, moderator: &Person<'_>) {
    service
        .request(Method::PUT, "/api/v1/sites/faso/threads/%2Farticle", |request| {
            request.bearer_auth(&moderator.token).json(&json!({"open": false}))
        })
        .await
        .expect(200);
}

async fn waiting(moderator: &Person<'_>) -> Vec<Value> {
    let answer = moderator.gets("/api/v1/moderation/queue").await.expect(200);
    answer.json["items"].as_array().expect("items").clone()
}
