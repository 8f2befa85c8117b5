//! What readers see: threads, counts, the feed, plain pages, the fragment; and what nobody ever sees.
//!
//! To add a test: a sentence in the list below and its function.

use std::{collections::BTreeSet, time::Duration};

use palabre::{
    domain::{draft::RawDraft, status::Status},
    store::NewComment,
};
use reqwest::{Method, header};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    example::draft,
    service::{Answer, SITE, Service, comment, encoded, unescaped, values_of},
    stores::{Storage, on_both_engines},
};

on_both_engines!(
    a_thread_shows_replies_flat_under_their_root,
    a_thread_is_read_in_pages_both_ways,
    replies_beyond_fifty_are_read_on,
    a_page_that_cannot_be_asked_for_is_named,
    a_readers_copy_is_good_until_something_public_changes,
    a_site_may_let_shared_caches_keep_a_thread,
    a_long_thread_is_sent_compressed,
    counts_are_given_for_one_to_a_hundred_threads,
    the_feed_is_well_formed_and_holds_what_is_public,
    only_approved_comments_are_ever_public,
    what_is_withdrawn_is_gone_at_once,
    the_plain_page_posts_without_javascript,
    a_page_with_mistakes_keeps_what_was_typed,
    the_two_step_page_stores_nothing_until_its_button_is_pressed,
    the_fragment_carries_no_token,
    head_answers_as_get_without_a_body,
    wrong_paths_and_methods_are_told_apart,
    static_files_may_be_kept_for_ever,
    the_demonstration_shows_its_article_to_a_newcomer,
);

fn says(service: &Service, thread: &str, body: &str, status: Status) -> NewComment {
    let mut seed = service.seed();
    seed.content.draft = draft(RawDraft {
        thread: thread.to_owned(),
        name: "Aminata".to_owned(),
        email: "aminata@example.org".to_owned(),
        body: body.to_owned(),
        ..RawDraft::default()
    });
    seed.status = status;
    seed
}

async fn public(service: &Service, thread: &str, body: &str) -> Uuid {
    service.plants(says(service, thread, body, Status::Approved)).await
}

async fn public_reply(service: &Service, root: Uuid, body: &str) -> Uuid {
    let mut reply = says(service, "/article", body, Status::Approved);
    reply.content.draft.parent = Some(root);
    reply.content.root = Some(root);
    service.plants(reply).await
}

fn ids(list: &Value) -> Vec<String> {
    list.as_array()
        .expect("a list")
        .iter()
        .map(|comment| comment["id"].as_str().expect("an id").to_owned())
        .collect()
}

async fn if_none_match(service: &Service, path: &str, etag: &str) -> Answer {
    service
        .request(Method::GET, path, |request| request.header(header::IF_NONE_MATCH, etag))
        .await
}

async fn a_thread_shows_replies_flat_under_their_root(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let (reader, moderator) = (service.reader(), service.moderator().await);
    let mut sent = Vec::new();
    for (body, parent) in [
        ("Racine", None),
        ("Réponse", Some(0)),
        ("Réponse à la réponse", Some(1)),
        ("Autre", None),
    ] {
        service.clock.advance(Duration::from_secs(1));
        let mut fields = comment(body);
        if let Some(parent) = parent {
            fields["parent"] = json!(sent[parent]);
        }
        let id = reader.submits(&fields).await.expect(202).id();
        moderator.decides(&id, "approve").await.expect(200);
        sent.push(id);
    }
    let thread = reader.reads("/article").await.expect(200);
    assert_eq!(
        thread.json["thread"],
        json!({"key": "/article", "title": null, "url": null, "count": 4, "open": true})
    );
    assert_eq!(
        ids(&thread.json["comments"]),
        [&sent[3], &sent[0]].map(Clone::clone),
        "newest first"
    );
    let root = &thread.json["comments"][1];
    assert_eq!(
        ids(&root["replies"]),
        [&sent[1], &sent[2]].map(Clone::clone),
        "oldest first, on one level"
    );
    assert_eq!(root["replies_next"], Value::Null);
    assert_eq!(root["replies"][1]["parent"], sent[1], "whom it answers is kept");
    let reply = &root["replies"][0];
    assert_eq!(
        reply,
        &json!({"id": sent[1], "parent": sent[0], "name": "Aminata", "website": null,
            "created_at": "2026-11-24T10:00:02Z", "html": "<p>Réponse</p>"}),
        "a public comment has these members and no others"
    );
    let page = service.get("/t/faso?thread=%2Farticle").await.expect(200);
    for id in &sent {
        assert!(
            page.text.contains(&format!("id=\"c{id}\"")),
            "{id} is on the plain page"
        );
    }
    service.stop().await;
}

async fn a_thread_is_read_in_pages_both_ways(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let mut all = Vec::new();
    for number in 0..23 {
        if number % 4 == 0 {
            service.clock.advance(Duration::from_secs(1));
        }
        all.push(
            public(&service, "/article", &format!("Texte {number}"))
                .await
                .to_string(),
        );
    }
    for order in ["newest", "oldest"] {
        let mut seen = Vec::new();
        let mut after = String::new();
        loop {
            let path = format!("/api/v1/sites/faso/comments?thread=%2Farticle&limit=5&order={order}{after}");
            let page = service.get(&path).await.expect(200).json;
            seen.extend(ids(&page["comments"]));
            assert_eq!(page["thread"]["count"], 23);
            let Some(next) = page["next"].as_str() else { break };
            after = format!("&after={next}");
        }
        let mut expected = all.clone();
        if order == "newest" {
            expected.reverse();
        }
        assert_eq!(seen, expected, "{order}");
    }
    let plain = service.get("/t/faso?thread=%2Farticle").await.expect(200);
    let more = plain
        .text
        .split("href=\"")
        .find(|rest| rest.starts_with("/t/faso?") && rest.contains("after="))
        .expect("a link to the rest");
    let more = unescaped(more.split('"').next().expect("its end"));
    let rest = service.get(&more).await.expect(200);
    for id in &all[..3] {
        assert!(
            rest.text.contains(&format!("id=\"c{id}\"")),
            "{id} is on the second page"
        );
        assert!(
            !plain.text.contains(&format!("id=\"c{id}\"")),
            "{id} is not on the first"
        );
    }
    service.stop().await;
}

async fn replies_beyond_fifty_are_read_on(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let root = public(&service, "/article", "Racine").await;
    let mut all = Vec::new();
    for number in 0..110 {
        all.push(
            public_reply(&service, root, &format!("Réponse {number}"))
                .await
                .to_string(),
        );
    }
    let thread = service.reader().reads("/article").await.expect(200);
    let shown = &thread.json["comments"][0];
    assert_eq!(thread.json["thread"]["count"], 111);
    let mut seen = ids(&shown["replies"]);
    assert_eq!(seen.len(), 50);
    let mut next = shown["replies_next"].as_str().map(str::to_owned);
    while let Some(after) = next {
        let path = format!("/api/v1/comments/{root}/replies?after={after}");
        let page = service.get(&path).await.expect(200).json;
        seen.extend(ids(&page["comments"]));
        next = page["next"].as_str().map(str::to_owned);
    }
    assert_eq!(seen, all);
    service
        .moderator()
        .await
        .decides(&root.to_string(), "reject")
        .await
        .expect(200);
    let gone = service.get(&format!("/api/v1/comments/{root}/replies?after=x")).await;
    assert!(
        !gone.text.contains("Réponse"),
        "replies go with their root: {}",
        gone.text
    );
    service.stop().await;
}

async fn a_page_that_cannot_be_asked_for_is_named(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    for (query, field, code) in [
        ("thread=%2Fa&limit=0", "limit", "limit_bad"),
        ("thread=%2Fa&limit=101", "limit", "limit_bad"),
        ("thread=%2Fa&limit=many", "limit", "limit_bad"),
        ("thread=%2Fa&order=best", "order", "order_bad"),
        ("thread=%2Fa&after=%21%21", "after", "after_bad"),
        ("thread=", "thread", "thread_bad"),
        ("", "thread", "thread_bad"),
        ("thread=a%0Ab", "thread", "thread_bad"),
    ] {
        let answer = service.get(&format!("/api/v1/sites/faso/comments?{query}")).await;
        assert_eq!(answer.error(), (422, "invalid"), "{query}");
        assert_eq!(answer.json["errors"][0]["field"], field, "{query}");
        assert_eq!(answer.json["errors"][0]["code"], code, "{query}");
        let message = answer.json["errors"][0]["message"].as_str().expect("a message");
        assert!(message.contains(' '), "{query}: no sentence: {message}");
        let page = service.get(&format!("/t/faso?{query}")).await;
        assert_eq!(page.status, 422, "{query}");
    }
    for limit in ["1", "100"] {
        let path = format!("/api/v1/sites/faso/comments?thread=%2Fa&limit={limit}");
        service.get(&path).await.expect(200);
    }
    assert_eq!(
        service.get("/api/v1/sites/nowhere/comments?thread=a").await.error(),
        (404, "site_unknown")
    );
    service.stop().await;
}

async fn a_readers_copy_is_good_until_something_public_changes(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let (reader, moderator) = (service.reader(), service.moderator().await);
    let path = "/api/v1/sites/faso/comments?thread=%2Farticle";
    let sent = reader.submits(&comment("Bonjour")).await.expect(202);
    let mut copy = service.get(path).await.expect(200);
    assert_eq!(copy.header("cache-control"), "no-cache");

    let unchanged = async |copy: &Answer, why: &str| {
        let etag = copy.header("etag");
        let again = if_none_match(&service, path, etag).await;
        assert_eq!(again.status, 304, "{why}");
        assert!(again.text.is_empty());
        assert_eq!(again.header("etag"), etag, "{why}");
        assert_eq!(again.header("cache-control"), "no-cache");
        for form in [
            format!("\"x\", {etag}"),
            "*".to_owned(),
            etag.trim_start_matches("W/").to_owned(),
        ] {
            assert_eq!(if_none_match(&service, path, &form).await.status, 304, "{form}");
        }
    };
    unchanged(&copy, "nothing happened").await;
    reader.submits(&comment("Une autre attend")).await.expect(202);
    unchanged(&copy, "what waits is not public").await;
    let other = service
        .plants(says(&service, "/article", "Refusé", Status::Pending))
        .await;
    moderator.decides(&other.to_string(), "reject").await.expect(200);
    unchanged(&copy, "a rejection of what waited changes nothing public").await;

    let receipt = sent.json["receipt"].as_str().expect("a receipt");
    for act in ["approve", "undo", "approve", "spam", "restore", "approve", "erase"] {
        let shown = act == "approve";
        if act == "erase" {
            let erase = format!("/r/{receipt}/erase");
            service
                .request(Method::POST, &erase, |request| request)
                .await
                .expect(200);
        } else {
            moderator.decides(&sent.id(), act).await.expect(200);
        }
        if act == "restore" {
            unchanged(&copy, "from spam to pending changes nothing public").await;
            continue;
        }
        let now = if_none_match(&service, path, copy.header("etag")).await;
        assert_eq!(now.status, 200, "after {act} the copy is out of date");
        assert_eq!(now.text.contains("Bonjour"), shown, "after {act}");
        assert_eq!(now.json["thread"]["count"], i64::from(shown), "after {act}");
        copy = now;
        unchanged(&copy, act).await;
    }
    let others = service.get(&format!("{path}&order=oldest")).await.expect(200);
    assert_ne!(
        others.header("etag"),
        copy.header("etag"),
        "another page is another copy"
    );
    service.stop().await;
}

async fn a_site_may_let_shared_caches_keep_a_thread(storage: &Storage) {
    let site = SITE.replace("[[site]]\n", "[[site]]\ncdn_max_age = 30\n");
    let service = Service::start(storage, &site).await;
    let answer = service.reader().reads("/article").await.expect(200);
    assert_eq!(
        answer.header("cache-control"),
        "public, max-age=0, s-maxage=30, must-revalidate"
    );
    let counts = service.get("/api/v1/sites/faso/counts?thread=a").await.expect(200);
    assert!(counts.header("cache-control").contains("s-maxage=30"));
    let form = service.get("/api/v1/sites/faso/form?thread=a").await.expect(200);
    assert_eq!(form.header("cache-control"), "no-store", "a token is nobody else's");
    let page = service.get("/t/faso?thread=a").await.expect(200);
    assert_eq!(page.header("cache-control"), "no-store");
    service.stop().await;
}

async fn a_long_thread_is_sent_compressed(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    for _ in 0..20 {
        public(&service, "/article", &"Une phrase assez longue. ".repeat(20)).await;
    }
    let path = "/api/v1/sites/faso/comments?thread=%2Farticle";
    let plain = service.get(path).await.expect(200);
    assert_eq!(plain.header("content-encoding"), "");
    let packed = reqwest::Client::new()
        .get(format!("{}{path}", service.url))
        .header("accept-encoding", "gzip")
        .send()
        .await
        .expect("an answer");
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    assert!(
        packed.headers()["vary"]
            .to_str()
            .expect("text")
            .to_lowercase()
            .contains("accept-encoding")
    );
    assert_eq!(
        packed.headers()["etag"],
        plain.header("etag"),
        "weak, as the content is the same"
    );
    let bytes = packed.bytes().await.expect("a body");
    assert_eq!(bytes[..2], [0x1f, 0x8b], "it is gzip");
    assert!(
        bytes.len() * 4 < plain.text.len(),
        "{} of {}",
        bytes.len(),
        plain.text.len()
    );
    service.stop().await;
}

async fn counts_are_given_for_one_to_a_hundred_threads(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    for _ in 0..3 {
        public(&service, "/a b&c", "Oui").await;
    }
    for status in [Status::Pending, Status::Rejected, Status::Spam, Status::Refused] {
        service.plants(says(&service, "/b", "Non", status)).await;
    }
    let query = format!("thread={}&thread=%2Fb&lang=fr&thread=%2Fnowhere", encoded("/a b&c"));
    let answer = service
        .get(&format!("/api/v1/sites/faso/counts?{query}"))
        .await
        .expect(200);
    assert_eq!(answer.json, json!({"/a b&c": 3, "/b": 0, "/nowhere": 0}));
    let many = |count: usize| (0..count).map(|n| format!("thread=t{n}")).collect::<Vec<_>>().join("&");
    let hundred = service
        .get(&format!("/api/v1/sites/faso/counts?{}", many(100)))
        .await
        .expect(200);
    assert_eq!(hundred.json.as_object().expect("an object").len(), 100);
    for query in [many(101), String::new(), "thread=".to_owned(), "threads=a".to_owned()] {
        let answer = service.get(&format!("/api/v1/sites/faso/counts?{query}")).await;
        assert_eq!(answer.error(), (422, "invalid"));
        assert_eq!(answer.json["errors"][0]["code"], "thread_bad");
    }
    service.stop().await;
}

/// Checks that `xml` is well formed as far as our feed goes, and gives the text of each element by its
/// path.
fn elements(xml: &str) -> Vec<(String, String)> {
    let mut open: Vec<String> = Vec::new();
    let mut found = Vec::new();
    let body = xml
        .strip_prefix("<?xml version=\"1.0\" encoding=\"utf-8\"?>")
        .expect("a declaration");
    assert!(
        !body
            .chars()
            .any(|sign| sign.is_control() && !matches!(sign, '\n' | '\t' | '\r')),
        "control characters"
    );
    let mut rest = body.trim();
    while let Some(start) = rest.find('<') {
        let text = &rest[..start];
        check_entities(text);
        if !text.trim().is_empty() {
            found.push((open.join("/"), unescaped(text)));
        }
        let end = start + rest[start..].find('>').expect("a tag ends");
        let tag = &rest[start + 1..end];
        assert!(!tag.contains('<'), "a sign that is not escaped: {tag}");
        assert_eq!(tag.matches('"').count() % 2, 0, "quotes come in pairs: {tag}");
        check_entities(tag);
        let name = tag
            .trim_matches('/')
            .split_whitespace()
            .next()
            .expect("a name")
            .to_owned();
        if tag.starts_with('/') {
            assert_eq!(open.pop().as_deref(), Some(name.as_str()), "tags are closed in order");
        } else if tag.ends_with('/') {
            found.push((format!("{}/{name}", open.join("/")), unescaped(tag)));
        } else {
            open.push(name);
        }
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "everything is closed");
    found
}

fn check_entities(text: &str) {
    for rest in text.split('&').skip(1) {
        let entity = rest.split(';').next().expect("text");
        let is_known = ["amp", "lt", "gt", "quot", "apos"].contains(&entity)
            || entity
                .strip_prefix('#')
                .is_some_and(|number| number.parse::<u32>().is_ok());
        assert!(is_known && rest.contains(';'), "a bare ampersand: {text}");
    }
}

async fn the_feed_is_well_formed_and_holds_what_is_public(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let moderator = service.moderator().await;
    let mut hostile = says(
        &service,
        "/article",
        "<script>alert(1)</script> & ]]> *oui*",
        Status::Pending,
    );
    hostile.content.draft.name = palabre::domain::person::Name::parse("=cmd <b>&\u{202e}").expect("a name");
    hostile.content.draft.thread_title = Some("Titre <&> \"x\"".to_owned());
    let id = service.plants(hostile).await;
    moderator.decides(&id.to_string(), "approve").await.expect(200);
    service.clock.advance(Duration::from_secs(1));
    let second = public(&service, "/other", "Ailleurs\u{7} \u{1b}[31m").await;
    service
        .plants(says(&service, "/article", "En attente", Status::Pending))
        .await;

    let feed = service.get("/t/faso/feed.atom").await.expect(200);
    assert!(feed.header("content-type").starts_with("application/atom+xml"));
    let found = elements(&feed.text);
    let all = |path: &str| -> Vec<&str> {
        found
            .iter()
            .filter(|(at, _)| at == path)
            .map(|(_, text)| text.as_str())
            .collect()
    };
    assert_eq!(
        all("feed/entry/id"),
        [format!("urn:uuid:{second}"), format!("urn:uuid:{id}")],
        "newest first"
    );
    assert_eq!(all("feed/updated"), ["2026-11-24T10:00:01Z"]);
    assert_eq!(all("feed/title"), ["Le Faso"]);
    assert_eq!(all("feed/id").len(), 1);
    assert_eq!(all("feed/entry/author/name")[1], "=cmd <b>&");
    assert!(all("feed/entry/title")[1].contains("Titre <&> \"x\""));
    let html = all("feed/entry/content")[1];
    assert!(
        html.contains("&lt;script&gt;") && html.contains("<em>oui</em>"),
        "{html}"
    );
    assert!(!html.contains("<script"), "{html}");
    assert!(!feed.text.contains("En attente"));

    let one = service.get("/t/faso/feed.atom?thread=%2Farticle").await.expect(200);
    let entries = elements(&one.text)
        .into_iter()
        .filter(|(path, _)| path == "feed/entry/id");
    assert_eq!(
        entries.map(|(_, text)| text).collect::<Vec<_>>(),
        [format!("urn:uuid:{id}")]
    );
    let empty = service.get("/t/faso/feed.atom?thread=%2Fnowhere").await.expect(200);
    assert!(elements(&empty.text).iter().any(|(path, _)| path == "feed/updated"));
    assert_eq!(service.get("/t/nowhere/feed.atom").await.status, 404);
    service.stop().await;
}

/// Every public answer that could show something of `/article`.
async fn public_answers(service: &Service, comment: &str) -> Vec<(String, Answer)> {
    let mut answers = Vec::new();
    for path in [
        "/api/v1/sites/faso/comments?thread=%2Farticle".to_owned(),
        "/api/v1/sites/faso/comments?thread=%2Farticle&order=oldest&limit=100".to_owned(),
        "/api/v1/sites/faso/counts?thread=%2Farticle".to_owned(),
        format!("/api/v1/comments/{comment}/replies?after=x"),
        "/t/faso?thread=%2Farticle".to_owned(),
        format!("/t/faso?thread=%2Farticle&reply={comment}"),
        "/t/faso/fragment?thread=%2Farticle".to_owned(),
        "/t/faso/feed.atom".to_owned(),
        "/t/faso/feed.atom?thread=%2Farticle".to_owned(),
        format!("/api/v1/comments/{comment}"),
    ] {
        answers.push((path.clone(), service.get(&path).await));
    }
    answers
}

async fn only_approved_comments_are_ever_public(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    for status in [Status::Pending, Status::Rejected, Status::Spam, Status::Refused] {
        let mut seed = says(&service, "/article", "Introuvable, mot rare", status);
        seed.content.draft.name = palabre::domain::person::Name::parse("Zénobie").expect("a name");
        seed.content.draft.thread_title = Some("Un titre que personne n’a vérifié".to_owned());
        seed.content.draft.thread_url = Some("https://faso.test/inconnu".to_owned());
        let id = service.plants(seed).await.to_string();
        for (path, answer) in public_answers(&service, &id).await {
            for secret in ["Introuvable", "Zénobie", "vérifié", "inconnu"] {
                assert!(
                    !answer.text.contains(secret),
                    "{} in {path}: {}",
                    status.as_str(),
                    answer.text
                );
            }
        }
        let thread = service.reader().reads("/article").await.json;
        assert_eq!(
            (&thread["thread"]["count"], &thread["comments"]),
            (&json!(0), &json!([]))
        );
        let report = service
            .post_json(&format!("/api/v1/comments/{id}/report"), &json!({"reason": "x"}))
            .await;
        assert_eq!(
            report.error(),
            (404, "not_found"),
            "what is not public cannot be reported"
        );
        let mut reply = comment("Je réponds");
        reply["parent"] = json!(id);
        let refused = service.reader().submits(&reply).await;
        assert_eq!(refused.json["errors"][0]["code"], "parent_missing");
    }
    service.stop().await;
}

async fn what_is_withdrawn_is_gone_at_once(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let moderator = service.moderator().await;
    for act in ["undo", "reject", "spam", "restore", "hold"] {
        let id = service
            .plants(says(&service, "/article", "Retiré, mot rare", Status::Pending))
            .await;
        moderator.decides(&id.to_string(), "approve").await.expect(200);
        let reply = public_reply(&service, id, "Sous ce mot rare").await;
        let shown = service.reader().reads("/article").await;
        assert_eq!(shown.json["thread"]["count"], 2, "{act}: the comment and its reply");
        moderator.decides(&id.to_string(), act).await.expect(200);
        for comment in [id, reply] {
            for (path, answer) in public_answers(&service, &comment.to_string()).await {
                assert!(
                    !answer.text.contains("mot rare"),
                    "after {act} in {path}: {}",
                    answer.text
                );
            }
        }
        let counts = service.get("/api/v1/sites/faso/counts?thread=%2Farticle").await;
        assert_eq!(counts.json["/article"], 0, "after {act}: replies go with their root");
        assert_eq!(service.reader().reads("/article").await.json["thread"]["count"], 0);
    }
    service.stop().await;
}

/// Posts a form as a browser without JavaScript does.
async fn posts_form(service: &Service, path: &str, origin: &str, fields: &[(&str, &str)]) -> Answer {
    service
        .request(Method::POST, path, |request| {
            let request = request.header("accept", "text/html").form(fields);
            if origin.is_empty() {
                request
            } else {
                request.header("origin", origin)
            }
        })
        .await
}

const TYPED: [(&str, &str); 4] = [
    ("name", "Aminata"),
    ("email", "aminata@example.org"),
    ("body", "Le \"prix\" <du> mil & l'huile"),
    ("lang", "fr"),
];

/// The site, with a policy that publishes at once.
fn publishing() -> String {
    format!(
        "{SITE}moderation = \"after\"\n[site.captcha]\nprovider = \"off\"\n\
         [site.captcha.policy]\npublish_from = 0.5\n"
    )
}

async fn the_plain_page_posts_without_javascript(storage: &Storage) {
    let service = Service::start(storage, &publishing()).await;
    let path = "/t/faso?thread=%2Farticle";
    let page = service.get(path).await.expect(200);
    assert!(page.text.contains("<form") && page.text.contains("method=\"post\""));
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("referrer-policy"), "same-origin");
    assert!(page.header("content-security-policy").contains("default-src 'none'"));
    let token = values_of(&page.text, "form").remove(0);
    let thread = values_of(&page.text, "thread").remove(0);
    let mut fields = TYPED.to_vec();
    fields.extend([("form", token.as_str()), ("thread", thread.as_str())]);
    let own = service.url.clone();
    let posted = posts_form(&service, path, &own, &fields).await.expect(303);
    let place = posted.header("location").to_owned();
    assert!(
        place.starts_with("/t/faso?thread=%2Farticle#c"),
        "published: to the comment: {place}"
    );
    let shown = service.get(place.split('#').next().expect("a path")).await.expect(200);
    assert!(
        shown.text.contains("Le \"prix\" &lt;du&gt; mil &amp; l'huile"),
        "{}",
        shown.text
    );

    let again = posts_form(&service, path, &own, &fields).await.expect(303);
    assert_eq!(again.header("location"), place, "pressing twice is one comment");
    assert_eq!(service.reader().reads("/article").await.json["thread"]["count"], 1);

    let fresh = service.get(path).await.expect(200);
    let token = values_of(&fresh.text, "form").remove(0);
    let mut named = TYPED.to_vec();
    named.extend([
        ("form", token.as_str()),
        ("thread", "/article"),
        ("thread_url", "https://faso.test/article?x=1"),
    ]);
    named[2] = ("body", "Un autre");
    let posted = posts_form(&service, path, "https://faso.test", &named)
        .await
        .expect(303);
    assert!(
        posted.header("location").starts_with("https://faso.test/article?x=1#c"),
        "{}",
        posted.header("location")
    );
    let token = values_of(&service.get(path).await.text, "form").remove(0);
    named[2] = ("body", "Un troisième");
    named[4] = ("form", token.as_str());
    named[6] = ("thread_url", "https://elsewhere.example/");
    let posted = posts_form(&service, path, &own, &named).await.expect(303);
    assert!(posted.header("location").starts_with("/t/faso?"), "never elsewhere");

    // Named, so that its folder stays while the service runs.
    let fresh = Storage::sqlite();
    let held = Service::start(&fresh, SITE).await;
    let page = held.get(path).await.expect(200);
    let token = values_of(&page.text, "form").remove(0);
    fields[4] = ("form", token.as_str());
    let posted = posts_form(&held, path, &held.url.clone(), &fields).await.expect(303);
    let place = posted.header("location").to_owned();
    assert!(place.starts_with("/r/"), "held: to the receipt: {place}");
    let receipt = held
        .request(Method::GET, &place, |request| request.header("accept", "text/html"))
        .await
        .expect(200);
    assert_eq!(receipt.header("referrer-policy"), "no-referrer");
    assert_eq!(receipt.header("x-robots-tag"), "noindex");
    assert_eq!(receipt.header("cache-control"), "no-store");
    assert!(receipt.text.contains("Le \"prix\" &lt;du&gt; mil"));
    held.stop().await;
    service.stop().await;
}

async fn a_page_with_mistakes_keeps_what_was_typed(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let path = "/t/faso?thread=%2Farticle";
    let token = values_of(&service.get(path).await.text, "form").remove(0);
    for (lang, prefix) in [
        ("fr", "Erreur"),
        ("en", "Error:"),
        ("es", "Error:"),
        ("pt", "Erro:"),
        ("ar", "خطأ"),
    ] {
        let fields = [
            ("name", "A\"mi<nata"),
            ("email", "no address"),
            ("website", "javascript:alert(1)"),
            ("body", "</textarea><script>alert(1)</script> & é"),
            ("thread", "/article"),
            ("form", token.as_str()),
            ("lang", lang),
        ];
        let page = posts_form(&service, path, &service.url, &fields).await.expect(422);
        let title = page
            .text
            .split("<title>")
            .nth(1)
            .and_then(|rest| rest.split("</title>").next());
        assert!(
            title.is_some_and(|title| title.starts_with(prefix)),
            "{lang}: {title:?}"
        );
        assert_eq!(values_of(&page.text, "name"), ["A\"mi<nata"], "{lang}");
        assert_eq!(values_of(&page.text, "email"), ["no address"]);
        assert_eq!(values_of(&page.text, "website"), ["javascript:alert(1)"]);
        assert!(!page.text.contains("<script>alert"), "{lang}");
        let kept = page.text.split("</textarea>").next().expect("a text area");
        assert!(
            unescaped(kept).contains("</textarea><script>alert(1)</script> & é"),
            "{lang}"
        );
        assert_eq!(
            page.text.matches("aria-invalid=\"true\"").count(),
            1,
            "{lang}: the e-mail; a website is never wrong"
        );
        assert!(
            !values_of(&page.text, "form")[0].is_empty(),
            "{lang}: it can be sent again"
        );
    }
    let waiting = service.moderator().await.sees_waiting().await;
    assert!(waiting.is_empty(), "nothing was stored: {waiting:?}");
    service.stop().await;
}

async fn the_two_step_page_stores_nothing_until_its_button_is_pressed(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let moderator = service.moderator().await;
    let path = "/t/faso?thread=%2Farticle";
    let own = service.url.clone();
    let valid = values_of(&service.get(path).await.text, "form").remove(0);
    let expired = values_of(&service.get(path).await.text, "form").remove(0);
    service.clock.advance(Duration::from_hours(25));
    let fresh = values_of(&service.get(path).await.text, "form").remove(0);
    let mut number = 0;
    for (why, origin, token) in [
        ("no token, as from a fragment", own.as_str(), ""),
        ("no token and no origin", "", ""),
        ("an opaque origin", "null", ""),
        ("an expired one", own.as_str(), expired.as_str()),
        ("a forged one", own.as_str(), "v1.0.x.y"),
        ("an older one", own.as_str(), valid.as_str()),
        ("a foreign page", "https://elsewhere.example", fresh.as_str()),
    ] {
        number += 1;
        let body = format!("Texte {number} <b>&\"");
        let fields = [
            ("comment_post_ID", "/article"),
            ("author", "Aminata"),
            ("email", "aminata@example.org"),
            ("url", "https://aminata.example"),
            ("comment", body.as_str()),
            ("form", token),
        ];
        let page = posts_form(&service, path, origin, &fields).await.expect(200);
        assert_eq!(page.header("cache-control"), "no-store", "{why}");
        let before = moderator.sees_waiting().await.len();
        assert_eq!(before, number - 1, "{why}: nothing is stored yet");
        assert_eq!(values_of(&page.text, "body"), [body.as_str()], "{why}");
        assert_eq!(values_of(&page.text, "email"), ["aminata@example.org"], "{why}");
        let new_token = values_of(&page.text, "form").remove(0);
        assert_ne!(new_token, token, "{why}: a fresh token");

        let all: Vec<(&str, String)> = [
            "thread",
            "thread_url",
            "thread_title",
            "parent",
            "name",
            "email",
            "website",
            "body",
            "form",
            "lang",
        ]
        .into_iter()
        .map(|name| (name, values_of(&page.text, name).remove(0)))
        .collect();
        let all: Vec<(&str, &str)> = all.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let pressed = posts_form(&service, path, &own, &all).await.expect(303);
        assert!(pressed.header("location").starts_with("/r/"), "{why}");
        let waiting = moderator.sees_waiting().await;
        assert!(waiting.contains(&body), "{why}: {waiting:?}");
    }
    service.stop().await;
}

async fn the_fragment_carries_no_token(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    public(&service, "/article", "Bonjour").await;
    let path = "/t/faso/fragment?thread=%2Farticle";
    let first = service.get(path).await.expect(200);
    assert!(first.text.contains("Bonjour") && first.text.contains("<form"));
    assert!(values_of(&first.text, "form").is_empty(), "no token");
    assert!(!first.text.contains("<html") && !first.text.contains("nonce"));
    assert!(first.header("set-cookie").is_empty());
    assert_ne!(first.header("cache-control"), "no-store", "it may be kept");
    let addresses = first
        .text
        .split("action=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    assert!(
        addresses.is_some_and(|action| action.starts_with(&service.url)),
        "on the publisher's page addresses must be whole: {addresses:?}"
    );
    service.clock.advance(Duration::from_mins(1));
    let second = service.get(path).await.expect(200);
    assert_eq!(first.text, second.text, "it is the same for everybody");
    service.stop().await;
}

async fn head_answers_as_get_without_a_body(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    public(&service, "/article", "Bonjour").await;
    for path in [
        "/api/v1/sites/faso/comments?thread=%2Farticle",
        "/api/v1/sites/faso/counts?thread=%2Farticle",
        "/t/faso?thread=%2Farticle",
        "/t/faso/feed.atom",
        "/healthz",
        "/openapi.json",
        palabre::web::assets::url("comments.css"),
    ] {
        let get = service.get(path).await.expect(200);
        let head = service.request(Method::HEAD, path, |request| request).await.expect(200);
        assert!(head.text.is_empty(), "{path}");
        for name in ["content-type", "etag", "cache-control"] {
            assert_eq!(head.header(name), get.header(name), "{path}: {name}");
        }
    }
    service.stop().await;
}

async fn wrong_paths_and_methods_are_told_apart(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    for path in [
        "/api/v1/nothing",
        "/api/v2/sites",
        "/nothing",
        "/static/nothing.css",
        "/api/v1/comments/x/y/z",
    ] {
        let answer = service.get(path).await;
        assert_eq!(answer.error(), (404, "not_found"), "{path}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert_eq!(answer.json["type"], "about:blank");
        assert_eq!(answer.json["status"], 404);
        assert!(answer.json["title"].as_str().is_some_and(|title| title.contains(' ')));
        assert_eq!(answer.json["request_id"], answer.header("x-request-id"), "{path}");
    }
    let page = service
        .request(Method::GET, "/nothing", |request| request.header("accept", "text/html"))
        .await
        .expect(404);
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(page.text.contains("<h1"), "people get a page");
    let api = service
        .request(Method::GET, "/api/v1/nothing", |request| {
            request.header("accept", "text/html")
        })
        .await
        .expect(404);
    assert_eq!(api.header("content-type"), "application/problem+json");
    for (method, path) in [
        (Method::DELETE, "/api/v1/sites/faso/comments?thread=a"),
        (Method::POST, "/api/v1/moderation/queue"),
        (Method::GET, "/api/v1/moderation/decisions"),
        (Method::PATCH, "/healthz"),
        (Method::GET, "/queue/decide"),
        (Method::PUT, "/t/faso?thread=a"),
    ] {
        let answer = service.request(method.clone(), path, |request| request).await;
        assert_eq!(answer.error(), (405, "method_not_allowed"), "{method} {path}");
        let allow = answer.header("allow");
        assert!(
            allow.contains("GET") || allow.contains("POST"),
            "{method} {path}: allow: {allow:?}"
        );
    }
    service.stop().await;
}

async fn static_files_may_be_kept_for_ever(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    for name in [
        "admin.css",
        "comments.css",
        "comments.js",
        "check.js",
        "outside.js",
        "icon.svg",
    ] {
        let path = palabre::web::assets::url(name);
        let file = service.get(path).await.expect(200);
        assert_eq!(
            file.header("cache-control"),
            "public, max-age=31536000, immutable",
            "{name}"
        );
        assert_eq!(file.header("x-content-type-options"), "nosniff");
        assert!(!file.text.is_empty());
        let again = if_none_match(&service, path, file.header("etag")).await;
        assert_eq!(again.status, 304, "{name}");
        assert_eq!(
            service.get(&format!("/static/{name}")).await.status,
            404,
            "only under its hash"
        );
    }
    let page = service.get("/t/faso?thread=a").await.expect(200);
    let named: BTreeSet<&str> = page
        .text
        .split('"')
        .filter(|part| part.starts_with("/static/"))
        .collect();
    assert!(named.len() >= 3, "{named:?}");
    for path in named {
        service.get(path).await.expect(200);
    }
    service.stop().await;
}

async fn the_demonstration_shows_its_article_to_a_newcomer(storage: &Storage) {
    let service = Service::start(storage, palabre::config::SHIPPED).await;
    let page = service.get("/demo").await.expect(200);
    assert!(page.text.contains("lang=\"fr\"") && page.text.contains("<form"));
    let token = values_of(&page.text, "form").remove(0);
    let (thread, url) = (
        values_of(&page.text, "thread").remove(0),
        values_of(&page.text, "thread_url").remove(0),
    );
    let title = values_of(&page.text, "thread_title").remove(0);
    let mut fields = TYPED.to_vec();
    fields.extend([
        ("form", token.as_str()),
        ("thread", &thread),
        ("thread_url", &url),
        ("thread_title", &title),
    ]);
    let action = page
        .text
        .split("action=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    let action = unescaped(action.expect("an action"));
    let posted = posts_form(&service, &action, &service.url, &fields).await.expect(303);
    assert!(posted.header("location").starts_with("/r/"), "held");
    let browser = service.signs_in().await;
    let queue = browser.gets("/queue").await.expect(200);
    let id = values_of(&queue.text, "comment").remove(0);
    browser
        .posts(
            "/queue/decide",
            &[("comment", &id), ("version", "1"), ("action", "approve")],
        )
        .await
        .expect(303);
    let article = service.get("/demo").await.expect(200);
    assert!(article.text.contains(&format!("id=\"c{id}\"")), "the article shows it");

    let fresh = Storage::sqlite();
    let plain = Service::start(&fresh, SITE).await;
    assert_eq!(
        plain.get("/demo").await.status,
        404,
        "there is none beside a site of one's own"
    );
    plain.stop().await;
    service.stop().await;
}
