//! Limits on the road of a comment: who must wait is told how long, who is held is not turned away.
//!
//! Addresses refuse with 429, e-mails and sites hold. The limiter runs on the machine's monotonic clock, so
//! the one test that waits waits as long as it was told to.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::{
    captcha_road::reasons,
    service::{Answer, SITE, Service, comment, encoded},
    stores::Storage,
};

crate::stores::on_both_engines!(
    whoever_waits_as_long_as_told_gets_through,
    a_form_beyond_the_limit_comes_back_with_its_values_and_the_wait,
    behind_a_trusted_proxy_each_reader_counts_alone,
    without_a_trusted_proxy_the_header_is_not_believed,
    ipv6_readers_are_counted_by_their_household,
    one_email_writing_too_much_is_held,
    a_surge_of_the_whole_site_is_held,
    a_refused_request_charges_nothing,
    a_repeat_charges_no_email_and_opens_no_thread,
    forms_and_reading_are_limited_too,
);

/// The site with `limits` under `[rate_limit]`; the publishing policy needs no captcha.
fn config(server: &str, limits: &str) -> String {
    format!(
        "{server}[rate_limit]\n{limits}\n{SITE}moderation = \"after\"\n[site.captcha]\nprovider = \"off\"\n\
         [site.captcha.policy]\npublish_from = 0.5\n"
    )
}

const PROXY: &str = "[server]\ntrusted_proxies = [\"127.0.0.1\", \"10.0.0.0/8\"]\n";

const ONE: &str = "submit = { burst = 1, per_hour = 1, wide_burst = 1000, wide_per_hour = 1000 }";

async fn whoever_waits_as_long_as_told_gets_through(storage: &Storage) {
    let limits = "submit = { burst = 2, per_hour = 1800, wide_burst = 1000, wide_per_hour = 100000 }";
    let service = Service::start(storage, &config("", limits)).await;
    let reader = service.reader();
    for body in ["Un", "Deux"] {
        reader.submits(&comment(body)).await.expect(202);
    }
    let refused = reader.submits(&comment("Trois")).await;
    assert_eq!(refused.error(), (429, "rate_limited"));
    let wait = assert_says_how_long(&refused, "submit", 2);
    assert!((1..=2).contains(&wait), "{wait}");
    assert!(refused.json["title"].as_str().expect("a title").contains("seconde"));

    tokio::time::sleep(Duration::from_secs(wait)).await;
    reader.submits(&comment("Trois")).await.expect(202);
    assert_eq!(storage.integer("SELECT COUNT(*) FROM comments").await, Some(3));
    service.stop().await;
}

async fn a_form_beyond_the_limit_comes_back_with_its_values_and_the_wait(storage: &Storage) {
    let service = Service::start(storage, &config("", ONE)).await;
    let reader = service.reader();
    reader.submits(&comment("Le premier")).await.expect(202);
    let form = reader.opens_form("/article").await;
    let body = format!(
        "thread=%2Farticle&name=Salif&email=salif%40example.org&website=https%3A%2F%2Fsalif.test&body={}&form={form}",
        encoded("Mon texte, \"entier\" & <gardé>")
    );
    for path in ["/t/faso?thread=%2Farticle", "/api/v1/sites/faso/comments"] {
        let page = service
            .request(Method::POST, path, |request| {
                request
                    .header("origin", &service.url)
                    .header("accept", "text/html")
                    .header("content-type", "application/x-www-form-urlencoded")
                    .body(body.clone())
            })
            .await
            .expect(429);
        assert_says_how_long(&page, "submit", 1);
        assert!(page.header("content-type").starts_with("text/html"));
        for kept in [
            "salif@example.org",
            "https://salif.test",
            "Mon texte, &#34;entier&#34; &#38; &#60;gardé&#62;",
            "value=\"Salif\"",
            "60 minutes",
        ] {
            assert!(page.text.contains(kept), "{kept} is missing: {}", page.text);
        }
    }
    assert_eq!(storage.integer("SELECT COUNT(*) FROM comments").await, Some(1));
    service.stop().await;
}

async fn behind_a_trusted_proxy_each_reader_counts_alone(storage: &Storage) {
    let service = Service::start(storage, &config(PROXY, ONE)).await;
    submits_from(&service, "203.0.113.7", "Un").await.expect(202);
    submits_from(&service, "203.0.113.8", "Deux").await.expect(202);
    submits_from(&service, "203.0.113.7", "Trois").await.expect(429);
    // What a reader writes in front of the address that the proxy adds is not believed.
    submits_from(&service, "198.51.100.1, 203.0.113.7", "Quatre")
        .await
        .expect(429);
    submits_from(&service, "203.0.113.7, 10.1.2.3", "Cinq")
        .await
        .expect(429);
    submits_from(&service, "203.0.113.9:4711", "Six").await.expect(202);
    submits_from(&service, "203.0.113.9", "Sept").await.expect(429);
    service.stop().await;
}

async fn without_a_trusted_proxy_the_header_is_not_believed(storage: &Storage) {
    let service = Service::start(storage, &config("", ONE)).await;
    submits_from(&service, "203.0.113.7", "Un").await.expect(202);
    submits_from(&service, "203.0.113.8", "Deux").await.expect(429);
    service.stop().await;
}

async fn ipv6_readers_are_counted_by_their_household(storage: &Storage) {
    let limits = "submit = { burst = 1, per_hour = 1, wide_burst = 3, wide_per_hour = 3 }";
    let service = Service::start(storage, &config(PROXY, limits)).await;
    submits_from(&service, "2001:db8:1:1::1", "Un").await.expect(202);
    submits_from(&service, "2001:db8:1:1:ffff:ffff:ffff:ffff", "Deux")
        .await
        .expect(429);
    submits_from(&service, "2001:db8:1:2::1", "Trois").await.expect(202);
    submits_from(&service, "[2001:db8:1:3::1]:443", "Quatre")
        .await
        .expect(202);
    // The fourth household of one /48 meets the wide limit.
    submits_from(&service, "2001:db8:1:4::1", "Cinq").await.expect(429);
    submits_from(&service, "2001:db8:2:1::1", "Six").await.expect(202);
    // An IPv4 address written as IPv6 is the same address.
    submits_from(&service, "203.0.113.7", "Sept").await.expect(202);
    submits_from(&service, "::ffff:203.0.113.7", "Huit").await.expect(429);
    service.stop().await;
}

async fn one_email_writing_too_much_is_held(storage: &Storage) {
    let service = Service::start(storage, &config("", "submit_email = { burst = 2, per_hour = 1 }")).await;
    let moderator = service.moderator().await;
    let published = |body: &'static str, email: &'static str| submits_vouched(&service, body, email);
    published("Un", "aminata@example.org").await.expect(201);
    published("Deux", "aminata@example.org").await.expect(201);
    let held = published("Trois", "Aminata@Example.ORG").await.expect(202);
    assert_eq!(held.json["status"], "pending");
    let item = moderator.gets(&format!("/api/v1/comments/{}", held.id())).await;
    assert!(reasons(&item).contains(&"email_rate".to_owned()), "{}", item.text);
    published("Quatre", "salif@example.org").await.expect(201);
    service.stop().await;
}

async fn a_surge_of_the_whole_site_is_held(storage: &Storage) {
    let service = Service::start(storage, &config("", "submit_site = { burst = 2, per_hour = 1 }")).await;
    let moderator = service.moderator().await;
    submits_vouched(&service, "Un", "a@example.org").await.expect(201);
    submits_vouched(&service, "Deux", "b@example.org").await.expect(201);
    let held = submits_vouched(&service, "Trois", "c@example.org").await.expect(202);
    let item = moderator.gets(&format!("/api/v1/comments/{}", held.id())).await;
    assert!(reasons(&item).contains(&"site_surge".to_owned()), "{}", item.text);
    service.stop().await;
}

async fn a_refused_request_charges_nothing(storage: &Storage) {
    let limits = "submit = { burst = 3, per_hour = 1, wide_burst = 1000, wide_per_hour = 1000 }\n\
                  new_thread = { burst = 1, per_hour = 1 }\nsubmit_email = { burst = 3, per_hour = 1 }";
    let service = Service::start(storage, &config("", limits)).await;
    let reader = service.reader();
    reader.submits(&comment("Ouvre /article")).await.expect(202);
    for attempt in 0..4 {
        let mut elsewhere = comment(&format!("Ouvrirait un autre fil {attempt}"));
        elsewhere["thread"] = json!("/autre");
        let refused = reader.submits(&elsewhere).await;
        assert_eq!(refused.error(), (429, "rate_limited"));
        assert_says_how_long(&refused, "new_thread", 1);
    }
    for _ in 0..4 {
        reader.submits(&comment("")).await.expect(422);
    }
    // Neither took anything of what is left: two more comments by address and by e-mail.
    let moderator = service.moderator().await;
    for body in ["Deux", "Trois"] {
        let sent = reader.submits(&comment(body)).await.expect(202);
        let item = moderator.gets(&format!("/api/v1/comments/{}", sent.id())).await;
        assert!(!reasons(&item).contains(&"email_rate".to_owned()), "{}", item.text);
    }
    reader.submits(&comment("Quatre")).await.expect(429);
    service.stop().await;
}

async fn a_repeat_charges_no_email_and_opens_no_thread(storage: &Storage) {
    let limits = "submit_email = { burst = 2, per_hour = 1 }\nnew_thread = { burst = 1, per_hour = 1 }\n\
                  submit = { burst = 6, per_hour = 1, wide_burst = 1000, wide_per_hour = 1000 }";
    let service = Service::start(storage, &config("", limits)).await;
    let moderator = service.moderator().await;
    let mut fields = comment("Le même");
    fields["form"] = json!(service.reader().opens_form("/article").await);
    service.reader().submits(&fields).await.expect(201);
    for _ in 0..4 {
        let repeat = service.reader().submits(&fields).await.expect(200);
        assert_eq!(repeat.header("idempotent-replayed"), "true");
    }
    let other = submits_vouched(&service, "Un autre", "aminata@example.org")
        .await
        .expect(201);
    let item = moderator.gets(&format!("/api/v1/comments/{}", other.id())).await;
    assert!(!reasons(&item).contains(&"email_rate".to_owned()), "{}", item.text);
    // By address every one of the six counted.
    service.reader().submits(&fields).await.expect(429);
    service.stop().await;
}

async fn forms_and_reading_are_limited_too(storage: &Storage) {
    let limits = "form = { burst = 1, per_hour = 1 }\nread = { burst = 2, per_hour = 1 }";
    let service = Service::start(storage, &config("", limits)).await;
    let form = "/api/v1/sites/faso/form?thread=%2Fa&lang=en";
    service.get(form).await.expect(200);
    let refused = service.get(form).await;
    assert_eq!(refused.error(), (429, "rate_limited"));
    assert_says_how_long(&refused, "form", 1);
    assert!(
        refused.json["title"]
            .as_str()
            .expect("a title")
            .contains("Try again in")
    );
    service.reader().reads("/a").await.expect(200);
    service.get("/api/v1/sites/faso/counts?thread=%2Fa").await.expect(200);
    let refused = service.reader().reads("/a").await;
    assert_says_how_long(&refused, "read", 2);
    service.stop().await;
}

/// Submits as the proxy in front would pass it on.
async fn submits_from(service: &Service, forwarded_for: &str, body: &str) -> Answer {
    service
        .request(Method::POST, "/api/v1/sites/faso/comments", |request| {
            request
                .header("origin", "https://faso.test")
                .header("x-forwarded-for", forwarded_for)
                .json(&comment(body))
        })
        .await
}

/// Submits with a fresh form, so that nothing but limits holds it.
async fn submits_vouched(service: &Service, body: &str, email: &str) -> Answer {
    let mut fields = comment(body);
    fields["form"] = json!(service.reader().opens_form("/article").await);
    fields["email"] = json!(email);
    service.reader().submits(&fields).await
}

/// The three headers agree; gives the seconds to wait.
#[track_caller]
fn assert_says_how_long(refused: &Answer, policy: &str, quota: u32) -> u64 {
    assert_eq!(refused.status, 429, "{}", refused.text);
    let wait: u64 = refused.header("retry-after").parse().expect("whole seconds");
    assert!(wait > 0);
    assert_eq!(refused.header("ratelimit"), format!("\"{policy}\";r=0;t={wait}"));
    let policy = format!("\"{policy}\";q={quota};w=");
    assert!(
        refused.header("ratelimit-policy").starts_with(&policy),
        "{} is not {policy}…",
        refused.header("ratelimit-policy")
    );
    wait
}
