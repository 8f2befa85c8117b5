//! The road of a comment, from the form to the reader's eyes, on both engines.

use serde_json::json;

use crate::{
    service::{SITE, Service, comment},
    stores::Storage,
};

crate::stores::on_both_engines!(a_comment_goes_from_the_form_to_the_article);

async fn a_comment_goes_from_the_form_to_the_article(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let (reader, moderator) = (service.reader(), service.moderator().await);

    let sent = reader.submits(&comment("Bonjour *tous*")).await.expect(202);
    assert_eq!(sent.json["status"], "pending");
    let posted = service
        .request(reqwest::Method::POST, "/api/v1/sites/faso/comments", |request| {
            request
                .header("origin", "https://faso.test")
                .header("content-type", "application/x-www-form-urlencoded")
                .body("comment_post_ID=%2Farticle&author=Salif&email=salif%40example.org&comment=Par+formulaire")
        })
        .await
        .expect(202);
    assert_eq!(reader.reads("/article").await.json["thread"]["count"], 0);
    assert_eq!(moderator.sees_waiting().await, ["Bonjour *tous*", "Par formulaire"]);

    let approved = moderator.decides(&sent.id(), "approve").await.expect(200);
    assert_eq!(approved.json["status"], "approved");
    assert!(approved.json["decision"].is_string());
    moderator.decides(&posted.id(), "reject").await.expect(200);

    let article = reader.reads("/article").await.expect(200);
    assert_eq!(article.json["thread"]["count"], 1);
    assert_eq!(article.json["comments"][0]["html"], "<p>Bonjour <em>tous</em></p>");
    assert!(!article.text.contains("aminata@example.org"));
    assert!(!article.text.contains("Par formulaire"));

    moderator
        .posts(
            "/api/v1/moderation/decisions",
            &json!({"decisions": [{"key": "u1", "comment": sent.id(), "action": "undo"}]}),
        )
        .await
        .expect(200);
    assert_eq!(reader.reads("/article").await.json["thread"]["count"], 0);
    service.stop().await;
}
