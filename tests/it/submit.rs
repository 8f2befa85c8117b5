//! Submitting a comment over HTTP: each answer of the contract's table, and what a repeat, a page's origin,
//! a form, a receipt, a device and a policy change about it.
//!
//! What a captcha provider does is told in `captcha_road`, what a limit does in `limits_road`, what a
//! malformed request gets in `bad_input`.

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures_util::future::join_all;
use palabre::actions::identify::Role;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use crate::{
    captcha_road::{POLICY, assert_one_comment, fake, reasons, recaptcha, scored},
    fake_provider::Fault,
    service::{Answer, Person, SITE, Service, comment, encoded, eventually, values_of},
    stores::Storage,
};

/// No captcha, and a policy that publishes what no signal holds.
const PUBLISHES: &str = "moderation = \"after\"\n[site.captcha]\nprovider = \"off\"\n\
                         [site.captcha.policy]\npublish_from = 0.5\n";

/// The built-in check, whose best level is published.
const HOUSE: &str = "moderation = \"after\"\n[site.captcha.policy]\npublish_from = 0.9\n";

const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

crate::stores::on_both_engines!(
    every_field_that_is_wrong_is_named,
    f5_a_website_never_refuses_a_comment,
    f5_the_page_says_that_a_website_was_left_out,
    a_form_may_use_our_names_or_those_of_wordpress,
    a_body_is_counted_in_characters_with_one_for_a_line_end,
    names_are_cleaned_and_a_look_alike_of_a_moderator_is_refused,
    messages_come_in_the_language_asked_for_else_in_the_sites,
    a_repeat_with_the_same_key_gets_the_first_outcome_for_a_day,
    a_repeat_of_a_form_gets_the_first_outcome_and_another_text_is_held,
    a_repeat_of_an_erased_comment_says_so,
    twenty_equal_submissions_at_once_are_one_comment_and_one_call,
    a_reader_who_leaves_during_the_check_is_heard_all_the_same,
    a_signed_site_opens_threads_by_signature_only,
    a_closed_thread_takes_no_comment,
    a_reply_stands_under_a_public_comment_of_the_same_thread,
    an_address_of_the_thread_is_kept_only_when_it_is_the_sites,
    only_pages_of_the_site_and_our_own_may_post,
    a_form_from_a_foreign_page_asks_for_one_more_press,
    only_the_sites_pages_may_read_answers_in_a_browser,
    a_receipt_tells_the_state_and_erases,
    f13_a_receipt_is_a_page_or_json_as_is_preferred,
    each_level_gets_what_the_policy_says,
    a_refused_reader_may_ask_for_a_person_once,
    a_share_of_refusals_is_held_for_a_person_instead,
    trying_a_refused_text_again_draws_no_new_lot,
    without_a_policy_everything_is_held,
    a_known_device_makes_a_known_author_and_an_email_does_not,
    without_a_captcha_the_form_alone_vouches,
    the_built_in_check_weighs_what_it_sees,
    who_corrects_a_field_is_not_taken_for_hasty,
    a_form_older_than_a_day_is_held,
);

async fn every_field_that_is_wrong_is_named(storage: &Storage) {
    let service = Service::start(storage, &format!("{SITE}body_max = 20\n")).await;
    let (reader, moderator) = (service.reader(), service.moderator().await);
    let cases = [
        ("body", json!(""), "body_missing"),
        ("body", json!(" \n\t "), "body_missing"),
        ("body", json!("x".repeat(21)), "body_too_long"),
        ("name", json!("  "), "name_missing"),
        ("name", json!("\u{200b}\u{202e}"), "name_missing"),
        ("name", json!("n".repeat(81)), "name_too_long"),
        ("email", json!(""), "email_missing"),
        ("email", json!("aminata"), "email_bad"),
        ("email", json!("aminata@localhost"), "email_bad"),
        ("email", json!(format!("{}@example.org", "a".repeat(250))), "email_bad"),
        ("parent", json!("seven"), "parent_missing"),
        (
            "parent",
            json!("01890000-0000-7000-8000-000000000000"),
            "parent_missing",
        ),
        ("thread", json!(""), "thread_bad"),
        ("thread", json!("a\nb"), "thread_bad"),
        ("thread", json!("x".repeat(513)), "thread_bad"),
    ];
    for (field, value, code) in cases {
        let mut fields = comment("Bonjour");
        fields[field] = value.clone();
        let answer = reader.submits(&fields).await;
        assert_eq!(answer.error(), (422, "invalid"), "{field} = {value}");
        assert_eq!(field_codes(&answer), [(field.to_owned(), code.to_owned())], "{value}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert_eq!(answer.json["title"], "Quelques champs sont à revoir");
        assert!(!answer.json["request_id"].as_str().expect("an id").is_empty());
    }
    let all = reader.submits(&json!({})).await;
    let codes: Vec<String> = field_codes(&all).into_iter().map(|(_, code)| code).collect();
    assert_eq!(
        codes,
        ["body_missing", "name_missing", "email_missing", "thread_bad"],
        "all at once, in the order of the form"
    );
    let unknown = reader.submits_to("nulle-part", &comment("Bonjour")).await;
    assert_eq!(unknown.error(), (404, "site_unknown"));
    assert!(moderator.sees_waiting().await.is_empty());
    reader.submits(&comment("Bonjour")).await.expect(202);
    service.stop().await;
}

async fn f5_a_website_never_refuses_a_comment(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let (reader, moderator) = (service.reader(), service.moderator().await);
    let long = format!("https://example.org/{}", "a".repeat(500));
    for (typed, kept) in [
        ("www.example.org", Some("https://www.example.org")),
        ("facebook.com/awa", Some("https://facebook.com/awa")),
        ("http://example.org", Some("http://example.org")),
        ("", None),
        ("  ", None),
    ] {
        let mut fields = comment(&format!("Mon site : {typed}."));
        fields["website"] = json!(typed);
        let sent = reader.submits(&fields).await.expect(202);
        assert!(sent.json.get("left_out").is_none(), "{typed}: {}", sent.text);
        let item = item(&moderator, &sent.id()).await;
        assert_eq!(item.json["website"].as_str(), kept, "{typed}");
    }
    for typed in [
        "aucun",
        "je n’en ai pas",
        "awa@example.org",
        "javascript:alert(1)",
        "data:text/html,<b>x</b>",
        "ftp://example.org",
        "https://user:secret@example.org",
        "https://",
        "exemple.org\u{202e}",
        &long,
    ] {
        let mut fields = comment(&format!("Pas de site : {typed}"));
        fields["website"] = json!(typed);
        let sent = reader.submits(&fields).await.expect(202);
        assert_eq!(sent.json["left_out"], json!(["website"]), "{typed}");
        let message = sent.json["message"].as_str().expect("a sentence");
        assert!(
            message.contains("L’adresse du site web n’a pas été gardée"),
            "{message}"
        );
        let item = item(&moderator, &sent.id()).await;
        assert!(item.json["website"].is_null(), "{typed}");
    }
    service.stop().await;

    // Also where the comment is refused, and where it came before.
    let service = Service::start(storage, &format!("{SITE}{HOUSE}refuse_below = 0.9\nexplore = 0.0\n")).await;
    let mut fields = comment("Refusé d’office");
    fields["website"] = json!("aucun");
    fields["form"] = json!(service.reader().opens_form("/article").await);
    for _ in 0..2 {
        let sent = service.reader().submits(&fields).await;
        assert_eq!(sent.json["left_out"], json!(["website"]), "{}", sent.text);
    }
    service.stop().await;
}

async fn f5_the_page_says_that_a_website_was_left_out(storage: &Storage) {
    for config in [SITE.to_owned(), format!("{SITE}{PUBLISHES}")] {
        let service = Service::start(storage, &config).await;
        for (website, is_left_out) in [("aucun", true), ("facebook.com/awa", false)] {
            let page = service.get("/t/faso?thread=%2Farticle").await.expect(200);
            let token = values_of(&page.text, "form").pop().expect("a token");
            let sent = posts_page(
                &service,
                &service.url,
                &[
                    ("thread", "/article"),
                    ("name", "Awa"),
                    ("email", "awa@example.org"),
                    ("website", website),
                    ("body", &format!("{website}, {}", config.len())),
                    ("form", &token),
                ],
            )
            .await
            .expect(303);
            let next = sent.header("location").split('#').next().expect("a path").to_owned();
            let shown = service
                .request(Method::GET, &next, |request| request.header("accept", "text/html"))
                .await
                .expect(200);
            let says_so = shown.text.contains("L’adresse du site web n’a pas été gardée");
            assert_eq!(says_so, is_left_out, "{website}: {next}");
        }
        service.stop().await;
    }
}

async fn a_form_may_use_our_names_or_those_of_wordpress(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let moderator = service.moderator().await;
    let ours = [
        ("thread", "/article"),
        ("thread_title", "Le titre"),
        ("name", "Salif Ouédraogo"),
        ("email", "salif@example.org"),
        ("website", "https://salif.test/"),
        ("body", "Première ligne\r\nsuite & fin + 1 = 2"),
    ];
    let wordpress = [
        ("comment_post_ID", "/article"),
        ("thread_title", "Le titre"),
        ("author", "Salif Ouédraogo"),
        ("email", "salif@example.org"),
        ("url", "https://salif.test/"),
        ("comment", "Première ligne\r\nsuite & fin + 1 = 2"),
        ("comment_parent", "0"),
    ];
    for fields in [&ours[..], &wordpress[..]] {
        let sent = posts_form(&service, "/api/v1/sites/faso/comments", fields)
            .await
            .expect(202);
        let item = item(&moderator, &sent.id()).await;
        for (member, expected) in [
            ("thread", "/article"),
            ("name", "Salif Ouédraogo"),
            ("email", "salif@example.org"),
            ("website", "https://salif.test/"),
            ("body", "Première ligne\nsuite & fin + 1 = 2"),
        ] {
            assert_eq!(item.json[member], expected, "{member}");
        }
        assert!(item.json["parent"].is_null());
    }
    // A number of a post, as WordPress sends it; in JSON its names mean nothing.
    let numbered = [
        ("comment_post_ID", "42"),
        ("author", "A"),
        ("email", "a@example.org"),
        ("comment", "x"),
    ];
    posts_form(&service, "/api/v1/sites/faso/comments", &numbered)
        .await
        .expect(202);
    let as_json = json!({"comment_post_ID": "/a", "author": "A", "email": "a@example.org", "comment": "x"});
    service.reader().submits(&as_json).await.expect(422);
    service.stop().await;
}

async fn a_body_is_counted_in_characters_with_one_for_a_line_end(storage: &Storage) {
    let service = Service::start(storage, &format!("{SITE}body_max = 10\n")).await;
    let reader = service.reader();
    for fits in [
        "0123456789",
        "é\u{1f600}ع\r\n567890",
        "\u{1f600}\u{1f600}\u{1f600}\u{1f600}\u{1f600}",
    ] {
        reader.submits(&comment(fits)).await.expect(202);
    }
    let answer = reader.submits(&comment("0123\r\n5678901")).await.expect(422);
    assert_eq!(field_codes(&answer)[0].1, "body_too_long");
    let message = answer.json["errors"][0]["message"].as_str().expect("a sentence");
    assert!(message.contains("2 caractères"), "the surplus is told: {message}");
    let form = service
        .get("/api/v1/sites/faso/form?thread=%2Farticle")
        .await
        .expect(200);
    assert_eq!(form.json["body_max"], 10);
    service.stop().await;
}

async fn names_are_cleaned_and_a_look_alike_of_a_moderator_is_refused(storage: &Storage) {
    let config = format!("{SITE}[[site]]\nid = \"autre\"\norigins = [\"https://faso.test\"]\n");
    let service = Service::start(storage, &config).await;
    let moderator = service.person("Mariam Modératrice", Role::Moderator, &["faso"]).await;
    let named = |name: &str| {
        let mut fields = comment("Bonjour");
        fields["name"] = json!(name);
        fields
    };
    for look_alike in [
        "Mariam Modératrice",
        "mariam  moderatrice",
        "M\u{430}ri\u{430}m Modératrice",
        "Mariam_Modératrice",
        "\u{ff2d}ariam Modératrice",
        "Mariam\u{200b} Modératrice",
    ] {
        let answer = service.reader().submits(&named(look_alike)).await.expect(422);
        assert_eq!(field_codes(&answer)[0].1, "name_reserved", "{look_alike}");
    }
    for other in ["Paul Sawadogo", "🙂", "Awadogo"] {
        service.person(other, Role::Moderator, &["faso"]).await;
    }
    for look_alike in [
        "ᴘᴀᴜʟ ꜱᴀᴡᴀᴅᴏɢᴏ",
        "Paul Savvadogo",
        "Раul Sаwаdоgо",
        "— Paul\u{a0}Sawadogo 🙂",
        "🙂\u{fe0f}",
        "le faso",
        "Faso",
        "раӏаЬге",
        "Paul (rédaction)",
        "Modération",
    ] {
        // Whoever is refused has what was typed before them, also without JavaScript.
        let form = [
            ("thread", "/article"),
            ("author", look_alike),
            ("email", "awa@example.org"),
            ("comment", "Un long texte à ne pas perdre"),
        ];
        let answer = service.reader().submits(&named(look_alike)).await.expect(422);
        assert_eq!(field_codes(&answer)[0].1, "name_reserved", "{look_alike}");
        let page = service
            .request(Method::POST, "/t/faso?thread=%2Farticle", |request| request.form(&form))
            .await
            .expect(422);
        for kept in ["Un long texte à ne pas perdre", "awa@example.org", "Ce nom ressemble"] {
            assert!(page.text.contains(kept), "{look_alike}: {kept}");
        }
    }
    service
        .reader()
        .submits_to("autre", &named("Paul Sawadogo"))
        .await
        .expect(202);
    service.reader().submits(&named("Mariam")).await.expect(202);
    for (typed, kept) in [
        ("  Jose\u{301}\n\tBové ", "José Bové"),
        ("\u{202e}Salif\u{202c}", "Salif"),
        ("A\u{200b}wa", "Awa"),
        ("\u{1f469}\u{200d}\u{1f680} Awa", "\u{1f469}\u{200d}\u{1f680} Awa"),
        (&"é".repeat(80), &"é".repeat(80)),
    ] {
        let sent = service.reader().submits(&named(typed)).await.expect(202);
        assert_eq!(item(&moderator, &sent.id()).await.json["name"], kept);
    }
    service.stop().await;
}

async fn messages_come_in_the_language_asked_for_else_in_the_sites(storage: &Storage) {
    let config = ["fr", "en", "pt", "es", "ar"].map(|language| {
        format!("[[site]]\nid = \"site-{language}\"\nlanguage = \"{language}\"\norigins = [\"https://faso.test\"]\n")
    });
    let service = Service::start(storage, &config.concat()).await;
    let sentences = [
        (
            "fr",
            "Quelques champs sont à revoir",
            "Indiquez votre nom.",
            "une personne le lira",
        ),
        (
            "en",
            "Some fields need attention",
            "Enter your name.",
            "a person will read it",
        ),
        (
            "pt",
            "Alguns campos precisam de atenção",
            "Indique o seu nome.",
            "uma pessoa vai lê-lo",
        ),
        (
            "es",
            "Algunos campos necesitan atención",
            "Indique su nombre.",
            "una persona lo leerá",
        ),
        ("ar", "بعض الحقول تحتاج إلى مراجعة", "أدخل اسمك.", "وسيقرؤه شخص"),
    ];
    for (language, title, name_missing, held) in sentences {
        for (site, lang) in [
            (format!("site-{language}"), None),
            ("site-fr".to_owned(), Some(language)),
            (format!("site-{language}"), Some("xx")),
        ] {
            let mut fields = comment(&format!("Bonjour {site} {lang:?}"));
            fields["lang"] = json!(lang);
            let sent = service.reader().submits_to(&site, &fields).await.expect(202);
            let message = sent.json["message"].as_str().expect("a message");
            assert!(message.contains(held), "{message}");
            fields["name"] = json!("");
            let wrong = service.reader().submits_to(&site, &fields).await.expect(422);
            assert_eq!(wrong.json["title"], title);
            assert_eq!(wrong.json["errors"][0]["message"], name_missing);
        }
        let form = format!("/api/v1/sites/site-fr/form?thread=a&lang={language}");
        assert_eq!(service.get(&form).await.json["language"], language);
    }
    // Outside of pages for moderators a browser's own wish does not count.
    let answer = service
        .request(Method::POST, "/api/v1/sites/site-es/comments", |request| {
            request.header("accept-language", "en").json(&json!({}))
        })
        .await;
    assert_eq!(answer.json["title"], "Algunos campos necesitan atención");
    service.stop().await;
}

async fn a_repeat_with_the_same_key_gets_the_first_outcome_for_a_day(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let moderator = service.moderator().await;
    let first = submits_with_key(&service, "clé-1", &comment("Bonjour"))
        .await
        .expect(202);
    assert_eq!(first.header("idempotent-replayed"), "");
    let repeat = submits_with_key(&service, "clé-1", &comment("Bonjour"))
        .await
        .expect(200);
    assert_eq!(repeat.header("idempotent-replayed"), "true");
    for member in ["id", "status", "reference", "receipt", "device", "html", "message"] {
        assert_eq!(repeat.json[member], first.json[member], "{member}");
    }
    // The digest is of thread, parent, name, e-mail and body, as they are kept: a typed space more or a
    // website is no difference.
    let mut same = comment("Bonjour");
    same["name"] = json!(" Aminata ");
    same["website"] = json!("https://aminata.test");
    submits_with_key(&service, "clé-1", &same).await.expect(200);
    for (field, value) in [
        ("body", "Bonsoir"),
        ("name", "Awa"),
        ("email", "awa@example.org"),
        ("thread", "/autre"),
    ] {
        let mut other = comment("Bonjour");
        other[field] = json!(value);
        let answer = submits_with_key(&service, "clé-1", &other).await;
        assert_eq!(answer.error(), (422, "idempotency_mismatch"), "{field}");
    }
    submits_with_key(&service, "clé-2", &comment("Bonjour"))
        .await
        .expect(202);
    assert_eq!(moderator.sees_waiting().await.len(), 2);

    // What a moderator decided meanwhile does not change what the reader was told first.
    moderator.decides(&first.id(), "spam").await.expect(200);
    let later = submits_with_key(&service, "clé-1", &comment("Bonjour"))
        .await
        .expect(200);
    assert_eq!(later.json["status"], "pending");

    service.clock.advance(DAY.saturating_sub(MINUTE));
    submits_with_key(&service, "clé-1", &comment("Bonjour"))
        .await
        .expect(200);
    service.clock.advance(MINUTE * 2);
    let anew = submits_with_key(&service, "clé-1", &comment("Bonjour"))
        .await
        .expect(202);
    assert_ne!(anew.id(), first.id());
    service.stop().await;
}

async fn a_repeat_of_a_form_gets_the_first_outcome_and_another_text_is_held(storage: &Storage) {
    let service = Service::start(storage, &format!("{SITE}{PUBLISHES}")).await;
    let (reader, moderator) = (service.reader(), service.moderator().await);
    let form = reader.opens_form("/article").await;
    let with_form = |body: &str| {
        let mut fields = comment(body);
        fields["form"] = json!(form);
        fields
    };
    let first = reader.submits(&with_form("Bonjour")).await.expect(201);
    let repeat = reader.submits(&with_form("Bonjour")).await.expect(200);
    assert_eq!(repeat.header("idempotent-replayed"), "true");
    assert_eq!((repeat.id(), &repeat.json["status"]), (first.id(), &json!("approved")));

    let other = reader.submits(&with_form("Bonsoir")).await.expect(202);
    assert_ne!(other.id(), first.id());
    assert!(reasons_of(&moderator, &other).await.contains(&"form_reused".to_owned()));
    assert_eq!(reader.reads("/article").await.json["thread"]["count"], 1);
    service.stop().await;
}

async fn a_repeat_of_an_erased_comment_says_so(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let sent = submits_with_key(&service, "clé", &comment("À oublier"))
        .await
        .expect(202);
    let erase = format!("/r/{}/erase", receipt(&sent));
    let erased = service
        .request(Method::POST, &erase, |request| request)
        .await
        .expect(200);
    assert_eq!(erased.json["status"], "erased");
    let repeat = submits_with_key(&service, "clé", &comment("À oublier"))
        .await
        .expect(200);
    assert_eq!(repeat.json, json!({"id": sent.id(), "status": "erased"}));
    assert_eq!(repeat.header("idempotent-replayed"), "true");
    service.stop().await;
}

async fn twenty_equal_submissions_at_once_are_one_comment_and_one_call(storage: &Storage) {
    let fake = fake().await;
    let service = Service::start(storage, &recaptcha(&fake, POLICY)).await;
    let reader = service.reader();
    // By the form, and by nothing but the provider's token.
    for (index, has_form) in [true, false].into_iter().enumerate() {
        let mut fields = scored(&fake, &format!("Vingt fois, {index}"), 0.9);
        if has_form {
            fields["form"] = json!(reader.opens_form("/article").await);
        }
        let answers = join_all((0..20).map(|_| reader.submits(&fields))).await;
        assert_one_comment(&answers, 201);
        assert_eq!(fake.calls(), index + 1);
        assert_eq!(reader.reads("/article").await.json["thread"]["count"], index + 1);
    }
    // A refusal is the same for all as well.
    let fields = scored(&fake, "Vingt fois refusé", 0.1);
    let answers = join_all((0..20).map(|_| reader.submits(&fields))).await;
    for answer in &answers {
        assert_eq!(answer.error(), (403, "captcha_refused"));
        assert_eq!(answer.json["reference"], answers[0].json["reference"]);
    }
    assert_eq!(fake.calls(), 3);
    assert_eq!(storage.integer("SELECT COUNT(*) FROM comments").await, Some(3));
    service.stop().await;
}

async fn a_reader_who_leaves_during_the_check_is_heard_all_the_same(storage: &Storage) {
    let fake = fake().await;
    let service = Service::start(storage, &recaptcha(&fake, POLICY)).await;
    let moderator = service.moderator().await;
    fake.fault(Fault::Hang);
    let fields = scored(&fake, "Parti trop tôt", 0.9);
    let body = fields.to_string();
    let address = service.url.trim_start_matches("http://");
    let mut connection = TcpStream::connect(address).await.expect("a connection");
    let head = format!(
        "POST /api/v1/sites/faso/comments HTTP/1.1\r\nhost: {address}\r\norigin: https://faso.test\r\n\
         idempotency-key: partie\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    connection.write_all(head.as_bytes()).await.expect("sent");
    connection.write_all(body.as_bytes()).await.expect("sent");
    eventually("the provider is asked", async || fake.calls() == 1).await;
    drop(connection);
    eventually("the comment is stored", async || {
        moderator.sees_waiting().await == ["Parti trop tôt"]
    })
    .await;
    let retry = submits_with_key(&service, "partie", &fields).await.expect(200);
    assert_eq!(retry.header("idempotent-replayed"), "true");
    assert_eq!(retry.json["status"], "pending");
    assert_eq!(fake.calls(), 1);
    assert_eq!(moderator.sees_waiting().await.len(), 1);
    service.stop().await;
}

async fn a_signed_site_opens_threads_by_signature_only(storage: &Storage) {
    let service = Service::start(storage, &format!("{SITE}threads = \"signed\"\n")).await;
    let reader = service.reader();
    let signature = service.app.keys.thread_signature("faso", "/article");
    let other = service.app.keys.thread_signature("faso", "/autre");
    for wrong in [json!(null), json!(""), json!("x"), json!(other)] {
        let mut fields = comment("Bonjour");
        fields["thread_sig"] = wrong;
        let answer = reader.submits(&fields).await;
        assert_eq!(answer.error(), (422, "invalid"));
        assert_eq!(
            field_codes(&answer),
            [("thread".to_owned(), "thread_unknown".to_owned())]
        );
    }
    let mut fields = comment("Bonjour");
    fields["thread_sig"] = json!(signature);
    reader.submits(&fields).await.expect(202);
    reader.submits(&comment("Le fil existe")).await.expect(202);
    service.stop().await;
}

async fn a_closed_thread_takes_no_comment(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let (reader, moderator) = (service.reader(), service.moderator().await);
    let sent = reader.submits(&comment("Avant")).await.expect(202);
    moderator.decides(&sent.id(), "approve").await.expect(200);
    sets_open(&service, &moderator, false).await;
    let refused = reader.submits(&comment("Pendant")).await;
    assert_eq!(refused.error(), (409, "thread_closed"));
    assert_eq!(refused.json["title"], "Les commentaires sont fermés sur cet article.");
    let thread = reader.reads("/article").await;
    assert_eq!(thread.json["thread"]["open"], false);
    assert_eq!(thread.json["thread"]["count"], 1, "what stands there stays");
    sets_open(&service, &moderator, true).await;
    reader.submits(&comment("Après")).await.expect(202);
    service.stop().await;
}

async fn a_reply_stands_under_a_public_comment_of_the_same_thread(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let (reader, moderator) = (service.reader(), service.moderator().await);
    let root = reader.submits(&comment("Racine")).await.expect(202).id();
    let reply_to = |parent: &str, thread: &str| {
        let mut fields = comment(&format!("Réponse à {parent} dans {thread}"));
        fields["parent"] = json!(parent);
        fields["thread"] = json!(thread);
        fields
    };
    let early = reader.submits(&reply_to(&root, "/article")).await.expect(422);
    assert_eq!(field_codes(&early)[0].1, "parent_missing", "nobody can see it yet");
    moderator.decides(&root, "approve").await.expect(200);
    let elsewhere = reader.submits(&reply_to(&root, "/autre")).await.expect(422);
    assert_eq!(field_codes(&elsewhere)[0].1, "parent_missing");

    let reply = reader.submits(&reply_to(&root, "/article")).await.expect(202).id();
    moderator.decides(&reply, "approve").await.expect(200);
    let deeper = reader.submits(&reply_to(&reply, "/article")).await.expect(202).id();
    moderator.decides(&deeper, "approve").await.expect(200);
    let thread = reader.reads("/article").await;
    assert_eq!(thread.json["thread"]["count"], 3);
    let replies = thread.json["comments"][0]["replies"].as_array().expect("replies");
    let parents: Vec<&Value> = replies.iter().map(|reply| &reply["parent"]).collect();
    assert_eq!(
        parents,
        [&json!(root), &json!(reply)],
        "both under the root, each knowing its own"
    );

    moderator.decides(&root, "reject").await.expect(200);
    let late = reader.submits(&reply_to(&reply, "/article")).await.expect(422);
    assert_eq!(field_codes(&late)[0].1, "parent_missing", "its root is withdrawn");
    service.stop().await;
}

async fn an_address_of_the_thread_is_kept_only_when_it_is_the_sites(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let (reader, moderator) = (service.reader(), service.moderator().await);
    for (index, (address, is_kept)) in [
        ("https://faso.test/article", true),
        ("http://faso.test/article", false),
        ("https://faso.test:8443/article", false),
        ("https://faso.test.evil.test/", false),
        ("https://faso.test@evil.test/", false),
        ("//evil.test/", false),
        ("javascript:alert(1)//https://faso.test", false),
    ]
    .into_iter()
    .enumerate()
    {
        let thread = format!("/article-{index}");
        let mut fields = comment("Bonjour");
        fields["thread"] = json!(thread);
        fields["thread_url"] = json!(address);
        fields["thread_title"] = json!("Un titre");
        let sent = reader.submits(&fields).await.expect(202);
        assert!(
            reader.reads(&thread).await.json["thread"]["title"].is_null(),
            "unverified"
        );
        moderator.decides(&sent.id(), "approve").await.expect(200);
        let read = reader.reads(&thread).await;
        assert_eq!(read.json["thread"]["title"], "Un titre");
        let expected = if is_kept { json!(address) } else { Value::Null };
        assert_eq!(read.json["thread"]["url"], expected, "{address}");
    }
    service.stop().await;
}

async fn only_pages_of_the_site_and_our_own_may_post(storage: &Storage) {
    let service = Service::start(storage, &format!("{SITE}{PUBLISHES}")).await;
    let moderator = service.moderator().await;
    let port = service.url.rsplit(':').next().expect("a port").to_owned();
    let own = |host: &str| format!("http://{host}:{port}");
    let known = [
        "https://faso.test".to_owned(),
        own("127.0.0.1"),
        own("localhost"),
        own("[::1]"),
    ];
    for origin in &known {
        let form = service.reader().opens_form("/article").await;
        submits_from(&service, Some(origin), Some(&form)).await.expect(201);
    }
    for origin in [None, Some("null")] {
        let form = service.reader().opens_form("/article").await;
        submits_from(&service, origin, Some(&form)).await.expect(201);
        let held = submits_from(&service, origin, None).await.expect(202);
        assert!(
            reasons_of(&moderator, &held)
                .await
                .contains(&"origin_unknown".to_owned()),
            "{origin:?}"
        );
    }
    let foreign = [
        "https://evil.test".to_owned(),
        "http://faso.test".to_owned(),
        "https://faso.test:8443".to_owned(),
        "https://www.faso.test".to_owned(),
        "https://faso.test.evil.test".to_owned(),
        "http://localhost:1".to_owned(),
        own("127.0.0.2"),
        format!("https://localhost:{port}"),
        "file://".to_owned(),
        "garbage".to_owned(),
    ];
    let stored = storage.integer("SELECT COUNT(*) FROM comments").await;
    for origin in &foreign {
        let form = service.reader().opens_form("/article").await;
        let refused = submits_from(&service, Some(origin), Some(&form)).await;
        assert_eq!(refused.error(), (403, "origin_forbidden"), "{origin}");
        assert_eq!(refused.header("access-control-allow-origin"), "");
    }
    assert_eq!(storage.integer("SELECT COUNT(*) FROM comments").await, stored);
    service.stop().await;
}

async fn a_form_from_a_foreign_page_asks_for_one_more_press(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let form = service.reader().opens_form("/article").await;
    let fields = [
        ("thread", "/article"),
        ("name", "Salif"),
        ("email", "salif@example.org"),
        ("body", "Du texte \"à garder\""),
        ("form", &form),
    ];
    let page = posts_page(&service, "https://evil.test", &fields).await.expect(200);
    assert!(page.text.contains("Encore un clic pour publier"), "{}", page.text);
    assert_eq!(storage.integer("SELECT COUNT(*) FROM comments").await, Some(0));
    for value in ["Salif", "salif@example.org", "Du texte &#34;à garder&#34;"] {
        assert!(
            page.text.contains(&format!("value=\"{value}\"")),
            "{value}: {}",
            page.text
        );
    }
    let (_, rest) = page.text.split_once("name=\"form\" value=\"").expect("a fresh token");
    let fresh = rest.split('"').next().expect("its end");
    assert_ne!(fresh, form);

    let mut pressed = fields;
    pressed[4] = ("form", fresh);
    let stored = posts_page(&service, &service.url, &pressed).await.expect(303);
    assert!(
        stored.header("location").starts_with("/r/"),
        "{}",
        stored.header("location")
    );
    assert_eq!(storage.integer("SELECT COUNT(*) FROM comments").await, Some(1));
    service.stop().await;
}

async fn only_the_sites_pages_may_read_answers_in_a_browser(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let preflight = async |path: &str, origin: &str| {
        service
            .request(Method::OPTIONS, path, |request| {
                request
                    .header("origin", origin)
                    .header("access-control-request-method", "POST")
                    .header("access-control-request-headers", "content-type,idempotency-key")
            })
            .await
    };
    let comments = "/api/v1/sites/faso/comments";
    let allowed = preflight(comments, "https://faso.test").await.expect(204);
    assert_eq!(allowed.header("access-control-allow-origin"), "https://faso.test");
    assert!(allowed.header("access-control-allow-methods").contains("POST"));
    let headers = allowed.header("access-control-allow-headers").to_lowercase();
    assert!(
        headers.contains("content-type") && headers.contains("idempotency-key"),
        "{headers}"
    );
    for answer in [
        preflight(comments, "https://evil.test").await,
        preflight(comments, "null").await,
        preflight("/api/v1/sites/nulle-part/comments", "https://faso.test").await,
        preflight("/api/v1/moderation/queue", "https://faso.test").await,
        preflight("/api/v1/sites/faso/captcha/policies", "https://faso.test").await,
    ] {
        assert_eq!(answer.header("access-control-allow-origin"), "", "{}", answer.text);
        assert!(answer.status.as_u16() < 500);
    }
    let sent = service.reader().submits(&comment("Bonjour")).await.expect(202);
    assert_eq!(sent.header("access-control-allow-origin"), "https://faso.test");
    let wrong = service.reader().submits(&comment("")).await.expect(422);
    assert_eq!(wrong.header("access-control-allow-origin"), "https://faso.test");
    for answer in [allowed, sent, wrong] {
        assert_eq!(answer.header("access-control-allow-credentials"), "");
        assert!(answer.header("vary").to_lowercase().contains("origin"));
    }
    let read = service
        .request(Method::GET, &format!("{comments}?thread=%2Farticle"), |request| {
            request.header("origin", "https://faso.test")
        })
        .await
        .expect(200);
    let exposed = read.header("access-control-expose-headers").to_lowercase();
    assert!(exposed.contains("retry-after") && exposed.contains("etag"), "{exposed}");
    service.stop().await;
}

async fn a_receipt_tells_the_state_and_erases(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let (reader, moderator) = (service.reader(), service.moderator().await);
    let sent = reader.submits(&comment("Mon *texte*")).await.expect(202);
    let path = format!("/r/{}", receipt(&sent));
    let state = async || {
        let answer = service.get(&path).await.expect(200);
        answer.json["status"].as_str().expect("a status").to_owned()
    };
    let shown = service.get(&path).await.expect(200);
    assert_eq!(shown.json["reference"], sent.json["reference"]);
    assert_eq!(shown.json["html"], "<p>Mon <em>texte</em></p>");
    assert_eq!(shown.header("cache-control"), "no-store");
    for (act, status) in [
        ("approve", "approved"),
        ("reject", "rejected"),
        // A reader is not called a machine.
        ("spam", "rejected"),
        ("restore", "pending"),
    ] {
        moderator.decides(&sent.id(), act).await.expect(200);
        assert_eq!(state().await, status);
    }
    let page = service
        .request(Method::GET, &path, |request| request.header("accept", "text/html"))
        .await
        .expect(200);
    assert!(page.text.contains("Effacer pour toujours"));
    assert!(
        page.text.contains("noindex") || page.header("x-robots-tag").contains("noindex"),
        "no search engine keeps it"
    );
    // Held comments are read by a person anyway.
    let appeal = format!("{path}/appeal");
    let answer = service.request(Method::POST, &appeal, |request| request).await;
    assert_eq!(answer.error(), (409, "conflict"));

    let end = receipt(&sent).len() - 1;
    for forged in [&receipt(&sent)[..end], "x", &receipt(&sent)[1..]] {
        let answer = service.get(&format!("/r/{forged}")).await;
        assert_eq!(answer.error(), (404, "not_found"), "{forged}");
        let erase = format!("/r/{forged}/erase");
        service
            .request(Method::POST, &erase, |request| request)
            .await
            .expect(404);
    }
    // Neither a device token nor a form token opens a receipt.
    let device = sent.json["device"].as_str().expect("a device token");
    service.get(&format!("/r/{device}")).await.expect(404);

    service.clock.advance(DAY * 89);
    assert_eq!(state().await, "pending");
    let erase = format!("{path}/erase");
    service
        .request(Method::POST, &erase, |request| request)
        .await
        .expect(200);
    let erased = service.get(&path).await.expect(200);
    assert_eq!(erased.json["status"], "erased");
    assert!(!erased.text.contains("texte"), "{}", erased.text);
    service
        .request(Method::POST, &erase, |request| request)
        .await
        .expect(200);
    assert!(moderator.sees_waiting().await.is_empty());
    service.clock.advance(DAY * 2);
    service.get(&path).await.expect(404);
    service.stop().await;
}

async fn each_level_gets_what_the_policy_says(storage: &Storage) {
    let fake = fake().await;
    let service = Service::start(storage, &recaptcha(&fake, POLICY)).await;
    let (reader, moderator) = (service.reader(), service.moderator().await);
    // A score on a cut belongs to the gentler side, float noise or not.
    for (score, status, action, code) in [
        (0.9, 201, "publish", "score_at_least"),
        (0.7, 201, "publish", "score_at_least"),
        (0.69, 202, "hold", "score_below"),
        (0.4, 202, "hold", "score_below"),
        (0.39, 202, "step_up", "step_up"),
        (0.2, 202, "step_up", "step_up"),
    ] {
        let answer = reader
            .submits(&scored(&fake, &format!("Niveau {score}"), score))
            .await
            .expect(status);
        let wanted = if status == 201 { "approved" } else { "pending" };
        assert_eq!(answer.json["status"], wanted);
        let item = item(&moderator, &answer.id()).await;
        assert_eq!(item.json["outcome"]["action"], action, "{score}");
        assert_eq!(item.json["outcome"]["policy"], 1);
        assert_eq!(item.json["captcha"]["score"], score);
        assert_eq!(reasons(&item), [code], "{score}");
    }
    let refused = reader.submits(&scored(&fake, "Niveau 0.19", 0.19)).await;
    assert_eq!(refused.error(), (403, "captcha_refused"));
    assert_eq!(reader.reads("/article").await.json["thread"]["count"], 2);
    let clock = Arc::clone(&service.clock);
    service.stop().await;

    // Where everything is read first, the same policy publishes nothing, and refuses all the same.
    let before = recaptcha(&fake, POLICY).replace("\"after\"", "\"before\"");
    let service = Service::start_at(storage, &before, clock).await;
    let (reader, moderator) = (service.reader(), service.moderator().await);
    let held = reader.submits(&scored(&fake, "Relu avant", 0.9)).await.expect(202);
    assert_eq!(
        reasons_of(&moderator, &held).await,
        ["score_at_least", "moderation_before"]
    );
    reader
        .submits(&scored(&fake, "Refusé quand même", 0.1))
        .await
        .expect(403);
    service.stop().await;
}

async fn a_refused_reader_may_ask_for_a_person_once(storage: &Storage) {
    let fake = fake().await;
    let service = Service::start(storage, &recaptcha(&fake, POLICY)).await;
    let (reader, moderator) = (service.reader(), service.moderator().await);
    let fields = scored(&fake, "Je suis une personne", 0.1);
    let refused = submits_with_key(&service, "refus", &fields).await.expect(403);
    assert_eq!(refused.header("content-type"), "application/problem+json");
    let title = refused.json["title"].as_str().expect("a sentence");
    let reference = refused.json["reference"].as_str().expect("a reference");
    assert!(title.contains(reference), "{title}");
    assert!(title.contains("24 décembre 2026"), "kept thirty days: {title}");
    assert_eq!(refused.header("access-control-allow-origin"), "https://faso.test");
    assert!(moderator.sees_waiting().await.is_empty());

    let repeat = submits_with_key(&service, "refus", &fields).await.expect(403);
    assert_eq!(repeat.header("idempotent-replayed"), "true");
    assert_eq!(repeat.json["reference"], reference);
    assert_eq!(fake.calls(), 1);

    let appeal = refused.json["appeal"].as_str().expect("an address");
    let appeal = appeal
        .strip_prefix(&service.url)
        .expect("an address of ours")
        .to_owned();
    assert_eq!(appeal, format!("/r/{}/appeal", receipt(&refused)));
    for _ in 0..2 {
        let asked = service
            .request(Method::POST, &appeal, |request| request)
            .await
            .expect(200);
        assert_eq!(asked.json["status"], "pending");
        assert!(asked.json["appealed_at"].is_string());
        assert_eq!(moderator.sees_waiting().await, ["Je suis une personne"]);
    }
    let item = moderator.gets("/api/v1/moderation/queue").await.json["items"][0].clone();
    assert!(
        item["appealed_at"].is_string(),
        "its moderator sees that it was asked for"
    );
    let id = item["id"].as_str().expect("an id");
    moderator.decides(id, "reject").await.expect(200);
    service.request(Method::POST, &appeal, |request| request).await;
    assert!(
        moderator.sees_waiting().await.is_empty(),
        "a person has answered: once is once"
    );
    assert_eq!(reader.reads("/article").await.json["thread"]["count"], 0);
    service.stop().await;
}

async fn a_share_of_refusals_is_held_for_a_person_instead(storage: &Storage) {
    let fake = fake().await;
    let all_explored = POLICY.replace("explore = 0.0", "explore = 1.0");
    let service = Service::start(storage, &recaptcha(&fake, &all_explored)).await;
    let (reader, moderator) = (service.reader(), service.moderator().await);
    let held = reader.submits(&scored(&fake, "Exploré", 0.1)).await.expect(202);
    let item = item(&moderator, &held.id()).await;
    assert_eq!(item.json["outcome"]["action"], "hold");
    assert_eq!(item.json["outcome"]["propensity_ppm"], 1_000_000);
    assert_eq!(reasons(&item), ["score_refused"]);
    // Never published, and told like any other held comment.
    let plain = reader.submits(&scored(&fake, "Tenu", 0.5)).await.expect(202);
    let without = |answer: &Answer| {
        let message = answer.json["message"].as_str().expect("a message");
        message.replace(answer.json["reference"].as_str().expect("a reference"), "")
    };
    assert_eq!(without(&held), without(&plain));
    service.stop().await;
}

async fn trying_a_refused_text_again_draws_no_new_lot(storage: &Storage) {
    let fake = fake().await;
    let half = POLICY.replace("explore = 0.0", "explore = 0.5");
    let service = Service::start(storage, &recaptcha(&fake, &half)).await;
    let reader = service.reader();
    let mut outcomes = Vec::new();
    for text in 0..24 {
        let mut tries = Vec::new();
        for attempt in 0..4 {
            let mut fields = scored(&fake, &format!("Le texte {text}"), 0.1);
            fields["name"] = json!(format!("Nom {attempt}"));
            fields["email"] = json!(format!("a{attempt}@example.org"));
            tries.push(reader.submits(&fields).await.status.as_u16());
        }
        assert!(tries.iter().all(|status| *status == tries[0]), "{tries:?}");
        outcomes.push(tries[0]);
    }
    // Twenty-four fair lots fall on one side once in eight million times.
    assert!(outcomes.contains(&202) && outcomes.contains(&403), "{outcomes:?}");
    service.stop().await;
}

async fn without_a_policy_everything_is_held(storage: &Storage) {
    let fake = fake().await;
    let service = Service::start(storage, &recaptcha(&fake, "")).await;
    let (reader, moderator) = (service.reader(), service.moderator().await);
    for score in [0.0, 0.1, 0.9, 1.0] {
        let held = reader
            .submits(&scored(&fake, &format!("Niveau {score}"), score))
            .await
            .expect(202);
        let item = item(&moderator, &held.id()).await;
        assert_eq!(reasons(&item), ["observe"]);
        assert_eq!(item.json["captcha"]["score"], score, "the score is seen all the same");
        assert!(item.json["outcome"]["policy"].is_null());
    }
    service.stop().await;
}

async fn a_known_device_makes_a_known_author_and_an_email_does_not(storage: &Storage) {
    let service = Service::start(storage, &format!("{SITE}{HOUSE}")).await;
    let moderator = service.moderator().await;
    let sent = submits_house(&service, "Premier", |_| {}).await.expect(202);
    let device = sent.json["device"].clone();
    let unknown = submits_house(&service, "Deuxième", |fields| fields["device"] = device.clone())
        .await
        .expect(202);
    let devices = "SELECT COUNT(DISTINCT device_id) FROM comments";
    assert_eq!(storage.integer(devices).await, Some(1), "the same device goes on");
    for comment in [&sent, &unknown] {
        moderator.decides(&comment.id(), "approve").await.expect(200);
    }

    let by_email = submits_house(&service, "Troisième", |_| {}).await.expect(202);
    assert_eq!(storage.integer(devices).await, Some(2));
    for forged in [json!("x"), sent.json["receipt"].clone()] {
        submits_house(&service, &format!("Faux {forged}"), |fields| {
            fields["device"] = forged.clone();
        })
        .await
        .expect(202);
    }
    let known = submits_house(&service, "Quatrième", |fields| fields["device"] = device.clone())
        .await
        .expect(202);
    let item = item(&moderator, &known.id()).await;
    assert_eq!(item.json["captcha"]["score"], 0.7, "a proof is wanted all the same");
    assert_eq!(item.json["author"]["verified"], true);
    // Another's name and e-mail on a known device count as the device's: it is what vouches.
    let hint = self::item(&moderator, &by_email.id()).await;
    assert_eq!(
        hint.json["author"]["verified"], false,
        "an e-mail's record is shown as unverified"
    );
    assert_eq!(hint.json["captcha"]["score"], 0.5);
    service.stop().await;
}

async fn without_a_captcha_the_form_alone_vouches(storage: &Storage) {
    let service = Service::start(storage, &format!("{SITE}{PUBLISHES}")).await;
    let (reader, moderator) = (service.reader(), service.moderator().await);
    let form = service
        .get("/api/v1/sites/faso/form?thread=%2Farticle")
        .await
        .expect(200);
    assert_eq!(form.json["captcha"]["provider"], "off");
    assert!(form.json["captcha"].get("challenge").is_none());
    assert_eq!(form.header("cache-control"), "no-store");
    let mut fields = comment("Avec le formulaire");
    fields["form"] = form.json["form"].clone();
    let published = reader.submits(&fields).await.expect(201);
    assert_eq!(published.json["html"], "<p>Avec le formulaire</p>");
    assert_eq!(reasons_of(&moderator, &published).await, ["check_off"]);

    let without = reader.submits(&comment("Sans formulaire")).await.expect(202);
    assert_eq!(reasons_of(&moderator, &without).await, ["check_off", "form_missing"]);
    let mut elsewhere = comment("Le formulaire d’un autre fil");
    elsewhere["form"] = json!(reader.opens_form("/autre").await);
    let elsewhere = reader.submits(&elsewhere).await.expect(202);
    assert_eq!(reasons_of(&moderator, &elsewhere).await, ["check_off", "form_forged"]);
    let mut trapped = comment("Tout est rempli");
    trapped["form"] = json!(reader.opens_form("/article").await);
    trapped["subject"] = json!("buy");
    let trapped = reader.submits(&trapped).await.expect(202);
    assert_eq!(reasons_of(&moderator, &trapped).await, ["check_off", "honeypot"]);
    service.stop().await;
}

async fn the_built_in_check_weighs_what_it_sees(storage: &Storage) {
    let service = Service::start(storage, &format!("{SITE}{HOUSE}")).await;
    let (reader, moderator) = (service.reader(), service.moderator().await);
    let form = "/api/v1/sites/faso/form?thread=%2Farticle";
    let seen = async |answer: Answer| {
        let item = item(&moderator, &answer.expect(202).id()).await;
        (item.json["captcha"]["score"].clone(), reasons(&item))
    };
    let codes = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>();

    let plain = submits_house(&service, "Sans script", |_| {}).await;
    assert_eq!(
        seen(plain).await,
        (json!(0.5), codes(&["score_below", "proof_missing"]))
    );

    let opened = service.get(form).await.expect(200);
    assert_eq!(opened.json["captcha"]["provider"], "house");
    let proof = solved(&opened.json["captcha"]["challenge"]);
    let with_proof = |body: &str, form: &Value| {
        let mut fields = comment(body);
        fields["form"] = form.clone();
        fields["captcha"] = json!(proof);
        fields
    };
    // Ten minutes over a comment: nothing is held against it.
    service.clock.advance(MINUTE * 10);
    let answer = reader
        .submits(&with_proof("Avec une preuve", &opened.json["form"]))
        .await;
    assert_eq!(seen(answer).await, (json!(0.7), codes(&["score_below"])));

    let other = service.get(form).await.expect(200);
    service.clock.advance(MINUTE);
    let replayed = reader
        .submits(&with_proof("La preuve d’un autre formulaire", &other.json["form"]))
        .await;
    assert_eq!(
        seen(replayed).await,
        (json!(0.3), codes(&["score_below", "proof_forged"]))
    );

    let mut hasty = comment("Trop vite");
    hasty["form"] = json!(reader.opens_form("/article").await);
    service.clock.advance(Duration::from_secs(2));
    let hasty = reader.submits(&hasty).await;
    assert_eq!(
        seen(hasty).await,
        (json!(0.3), codes(&["score_below", "proof_missing", "too_fast"]))
    );

    let trapped = submits_house(&service, "Tout rempli", |fields| fields["subject"] = json!("buy")).await;
    assert_eq!(
        seen(trapped).await,
        (json!(0.3), codes(&["score_below", "honeypot", "proof_missing"]))
    );
    // With a form, the same proof of work in WordPress's manner.
    let opened = service.get(form).await.expect(200);
    let proof = solved(&opened.json["captcha"]["challenge"]);
    service.clock.advance(MINUTE);
    let fields = [
        ("comment_post_ID", "/article"),
        ("author", "Salif"),
        ("email", "salif@example.org"),
        ("comment", "Par formulaire"),
        ("altcha", &proof),
        ("form", opened.json["form"].as_str().expect("a token")),
    ];
    let posted = posts_form(&service, "/api/v1/sites/faso/comments", &fields).await;
    assert_eq!(seen(posted).await, (json!(0.7), codes(&["score_below"])));
    service.stop().await;
}

async fn who_corrects_a_field_is_not_taken_for_hasty(storage: &Storage) {
    let service = Service::start(storage, &format!("{SITE}{HOUSE}")).await;
    let moderator = service.moderator().await;
    let tick = Duration::from_secs(1);
    let first = service.reader().opens_form("/article").await;
    service.clock.advance(tick * 9);
    let path = format!("/api/v1/sites/faso/form?thread=%2Farticle&before={first}");
    let next = service.get(&path).await.expect(200);
    service.clock.advance(tick);
    let mut fields = comment("Corrigé");
    fields["form"] = next.json["form"].clone();
    let sent = service.reader().submits(&fields).await.expect(202);
    assert_eq!(reasons_of(&moderator, &sent).await, ["score_below", "proof_missing"]);

    // The same without JavaScript.
    let typed = |email: &'static str, form: String| {
        [
            ("thread", "/article".to_owned()),
            ("name", "Salif".to_owned()),
            ("email", email.to_owned()),
            ("body", "Corrigé sans script".to_owned()),
            ("form", form),
        ]
    };
    let post = async |fields: &[(&str, String); 5]| {
        let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
        posts_page(&service, &service.url, &fields).await
    };
    let first = service.reader().opens_form("/article").await;
    service.clock.advance(tick * 9);
    let again = post(&typed("salif", first.clone())).await.expect(422);
    let next = values_of(&again.text, "form").pop().expect("a token");
    assert_ne!(next, first);
    service.clock.advance(tick);
    post(&typed("salif@example.org", next)).await.expect(303);
    let queue = moderator
        .gets("/api/v1/moderation/queue?order=newest")
        .await
        .expect(200);
    let newest = &queue.json["items"][0];
    assert_eq!(newest["body"], "Corrigé sans script");
    assert!(
        !newest["reasons"].to_string().contains("too_fast"),
        "{}",
        newest["reasons"]
    );
    service.stop().await;
}

async fn a_form_older_than_a_day_is_held(storage: &Storage) {
    let service = Service::start(storage, &format!("{SITE}{HOUSE}")).await;
    let moderator = service.moderator().await;
    let mut fields = comment("Resté ouvert");
    fields["form"] = json!(service.reader().opens_form("/article").await);
    service.clock.advance(DAY + MINUTE);
    let held = service.reader().submits(&fields).await.expect(202);
    let codes = reasons_of(&moderator, &held).await;
    assert_eq!(codes, ["token_expired", "form_expired"]);
    // On the plain page the text comes back with a fresh token instead, and nothing is stored yet.
    let token = fields["form"].as_str().expect("a token").to_owned();
    let typed = [
        ("thread", "/article"),
        ("name", "Salif"),
        ("email", "salif@example.org"),
        ("body", "Resté ouvert aussi"),
        ("form", &token),
    ];
    let page = posts_page(&service, &service.url, &typed).await.expect(200);
    assert!(page.text.contains("Resté ouvert aussi"));
    assert_eq!(moderator.sees_waiting().await, ["Resté ouvert"]);
    service.stop().await;
}

/// Submits from a form that was opened a minute before, with `change` made to the fields.
async fn submits_house(service: &Service, body: &str, change: impl FnOnce(&mut Value)) -> Answer {
    let mut fields = comment(body);
    fields["form"] = json!(service.reader().opens_form("/article").await);
    service.clock.advance(MINUTE);
    change(&mut fields);
    service.reader().submits(&fields).await
}

/// The proof of work that a page's script would send.
pub(crate) fn solved(challenge: &Value) -> String {
    let challenge: altcha::Challenge = serde_json::from_value(challenge.clone()).expect("a challenge");
    let mut solution = altcha::solve_challenge(altcha::SolveChallengeOptions::new(&challenge))
        .expect("solvable")
        .expect("solved");
    // How long this machine took is not what is tested.
    solution.time = None;
    let payload = altcha::Payload { challenge, solution };
    STANDARD.encode(serde_json::to_vec(&payload).expect("JSON"))
}

async fn submits_with_key(service: &Service, key: &str, fields: &Value) -> Answer {
    service
        .request(Method::POST, "/api/v1/sites/faso/comments", |request| {
            request
                .header("origin", "https://faso.test")
                .header("idempotency-key", key.as_bytes())
                .json(fields)
        })
        .await
}

async fn submits_from(service: &Service, origin: Option<&str>, form: Option<&str>) -> Answer {
    let mut fields = comment(&format!("Depuis {origin:?} {}", form.unwrap_or("sans formulaire")));
    fields["form"] = json!(form);
    service
        .request(Method::POST, "/api/v1/sites/faso/comments", |request| {
            match origin {
                Some(origin) => request.header("origin", origin),
                None => request,
            }
            .json(&fields)
        })
        .await
}

/// Posts a form as a script of the site's page does.
async fn posts_form(service: &Service, path: &str, fields: &[(&str, &str)]) -> Answer {
    service
        .request(Method::POST, path, |request| {
            request
                .header("origin", "https://faso.test")
                .header("content-type", "application/x-www-form-urlencoded")
                .body(form_body(fields))
        })
        .await
}

/// Posts the plain page's form as a browser without scripts does.
async fn posts_page(service: &Service, origin: &str, fields: &[(&str, &str)]) -> Answer {
    service
        .request(Method::POST, "/t/faso?thread=%2Farticle", |request| {
            request
                .header("origin", origin)
                .header("accept", "text/html")
                .header("content-type", "application/x-www-form-urlencoded")
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

async fn sets_open(service: &Service, moderator: &Person<'_>, open: bool) {
    service
        .request(Method::PUT, "/api/v1/sites/faso/threads/%2Farticle", |request| {
            request.bearer_auth(&moderator.token).json(&json!({"open": open}))
        })
        .await
        .expect(200);
}

async fn item(moderator: &Person<'_>, comment: &str) -> Answer {
    moderator.gets(&format!("/api/v1/comments/{comment}")).await.expect(200)
}

async fn reasons_of(moderator: &Person<'_>, sent: &Answer) -> Vec<String> {
    reasons(&item(moderator, &sent.id()).await)
}

fn receipt(answer: &Answer) -> &str {
    answer.json["receipt"].as_str().expect("a receipt")
}

/// Field and code of each error; each has a sentence.
#[track_caller]
fn field_codes(answer: &Answer) -> Vec<(String, String)> {
    let text = |error: &Value, member: &str| error[member].as_str().expect(member).to_owned();
    answer.json["errors"]
        .as_array()
        .expect("errors")
        .iter()
        .map(|error| {
            assert!(!text(error, "message").is_empty());
            (text(error, "field"), text(error, "code"))
        })
        .collect()
}

async fn f13_a_receipt_is_a_page_or_json_as_is_preferred(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let sent = service.reader().submits(&comment("Mon texte")).await.expect(202);
    let path = format!("/r/{}", receipt(&sent));
    for (accept, mode, is_page) in [
        ("text/html", "", true),
        ("application/xhtml+xml", "", true),
        ("text/*", "", true),
        ("text/html;q=0.9, application/json;q=0.8", "", true),
        ("*/*", "navigate", true),
        ("application/json", "navigate", false),
        ("application/json, text/html;q=0.9", "", false),
        ("text/html;q=0, application/json", "", false),
        ("application/json, text/plain, */*", "cors", false),
        ("*/*", "", false),
    ] {
        for (method, path, status) in [
            (Method::GET, path.clone(), 200),
            (Method::GET, "/r/x".to_owned(), 404),
            (Method::GET, "/nowhere".to_owned(), 404),
            (Method::POST, format!("{path}/erase"), if is_page { 303 } else { 200 }),
        ] {
            let answer = service
                .request(method, &path, |request| {
                    let request = request.header("accept", accept);
                    if mode.is_empty() {
                        request
                    } else {
                        request.header("sec-fetch-mode", mode)
                    }
                })
                .await;
            assert_eq!(answer.status, status, "{path} {accept}");
            let is_json = answer.header("content-type").contains("json");
            assert_eq!(is_json, !is_page, "{path} {accept} {mode}");
        }
    }
    let owner = service.owner().await;
    for (accept, kind) in [
        ("text/csv;q=0.5, application/json", "application/json"),
        ("text/csv;q=0", "application/json"),
        ("application/x-ndjson;q=0.4, text/csv;q=0.6", "text/csv"),
    ] {
        let log = service
            .request(Method::GET, "/api/v1/moderation/audit", |request| {
                request.bearer_auth(&owner.token).header("accept", accept)
            })
            .await
            .expect(200);
        assert!(log.header("content-type").starts_with(kind), "{accept}");
    }
    service.stop().await;
}
