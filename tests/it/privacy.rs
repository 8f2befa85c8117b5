//! What must not get out: one journey fills the real program with distinctive e-mails, addresses, texts
//! and secrets, then looks for them in every public answer and in the log.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    child::{Child, Place},
    service::{Answer, values_of},
    stores::{Storage, on_both_engines},
};

on_both_engines!(nothing_private_is_in_a_public_answer_or_in_the_log);

const CONFIG: &str = r#"
[server]
trusted_proxies = ["127.0.0.1"]

[[site]]
id = "faso"
name = "Le Faso"
origins = ["https://faso.test"]

[[site]]
id = "filtre"
origins = ["https://faso.test"]
[site.captcha]
secret = "secret-partage-avec-un-fournisseur"
[site.captcha.policy]
refuse_below = 1.0
explore = 0.0
"#;

/// What a reader sends, all of it to be recognised anywhere.
struct Sent {
    name: &'static str,
    email: &'static str,
    address: &'static str,
    body: &'static str,
    answer: Answer,
}

impl Sent {
    fn text(&self, member: &str) -> String {
        self.answer.json[member].as_str().unwrap_or_default().to_owned()
    }
}

async fn sends(
    server: &Child,
    site: &str,
    (name, email, address, body): (&'static str, &'static str, &'static str, &'static str),
) -> Sent {
    let form = server
        .get(&format!("/api/v1/sites/{site}/form?thread=%2Farticle"))
        .await;
    let fields = json!({
        "thread": "/article", "thread_title": format!("Titre de {name}"), "thread_url": "https://faso.test/a",
        "name": name, "email": email, "body": body, "form": form.json["form"],
    });
    let answer = server
        .request(Method::POST, &format!("/api/v1/sites/{site}/comments"), |request| {
            request
                .header("origin", "https://faso.test")
                .header("x-forwarded-for", address)
                .header("user-agent", "Navigateur-Distinctif/1.0")
                .json(&fields)
        })
        .await
        .expect("the server answers");
    Sent {
        name,
        email,
        address,
        body,
        answer,
    }
}

#[expect(clippy::too_many_lines, reason = "one journey")]
async fn nothing_private_is_in_a_public_answer_or_in_the_log(storage: &Storage) {
    let place = Place::new(storage, CONFIG).with("PALABRE_LOG__LEVEL", "debug");
    let token = place
        .runs(&[
            "token",
            "create",
            "--role",
            "owner",
            "--all-sites",
            "--name",
            "Nom du jeton",
        ])
        .well()
        .trim()
        .to_owned();
    let server = place.starts();
    let published = sends(
        &server,
        "faso",
        ("Publiée", "publiee@prive.example", "203.0.113.11", "Texte publié"),
    )
    .await;
    let waiting = sends(
        &server,
        "faso",
        ("Attendue", "attendue@prive.example", "203.0.113.12", "Mot-en-attente"),
    )
    .await;
    let rejected = sends(
        &server,
        "faso",
        ("Rejetée", "rejetee@prive.example", "2001:db8:77::1", "Mot-rejeté"),
    )
    .await;
    let spam = sends(
        &server,
        "faso",
        ("Pourriel", "pourriel@prive.example", "203.0.113.14", "Mot-indésirable"),
    )
    .await;
    let undone = sends(
        &server,
        "faso",
        ("Reprise", "reprise@prive.example", "203.0.113.15", "Mot-repris"),
    )
    .await;
    let refused = sends(
        &server,
        "filtre",
        ("Écartée", "ecartee@prive.example", "203.0.113.16", "Mot-écarté"),
    )
    .await;
    assert_eq!(
        refused.answer.error(),
        (403, "captcha_refused"),
        "{}",
        refused.answer.text
    );
    for (sent, acts) in [
        (&published, &["approve"][..]),
        (&rejected, &["reject"]),
        (&spam, &["approve", "spam"]),
        (&undone, &["approve", "undo"]),
    ] {
        for act in acts {
            let path = format!("/api/v1/comments/{}/{act}", sent.text("id"));
            let body = json!({"note": "Note-interne-distinctive"});
            let done = server
                .request(Method::POST, &path, |request| request.bearer_auth(&token).json(&body))
                .await;
            done.expect("the server answers").expect(200);
        }
    }

    let everybody = [&published, &waiting, &rejected, &spam, &undone, &refused];
    let mut private: Vec<String> = everybody
        .iter()
        .flat_map(|sent| [sent.email.to_owned(), sent.address.to_owned()])
        .collect();
    private.extend(["prive.example", "203.0.113.", "Navigateur-Distinctif", "Note-interne"].map(str::to_owned));
    private.extend(["secret-partage-avec-un-fournisseur".to_owned(), token.clone()]);
    private.extend(
        everybody[1..]
            .iter()
            .flat_map(|sent| [sent.name.to_owned(), sent.body.to_owned()]),
    );

    for (what, answer) in public_answers(&server, &everybody).await {
        for secret in &private {
            assert!(!answer.contains(secret), "{secret:?} in {what}:\n{answer}");
        }
    }
    for (sent, other) in everybody.iter().zip(everybody.iter().cycle().skip(1)) {
        for accept in ["application/json", "text/html"] {
            let path = format!("/r/{}", sent.text("receipt"));
            let own = ask(&server, &path, accept).await.text;
            assert!(
                !own.contains(sent.email) && !own.contains(sent.address),
                "not even one's own: {own}"
            );
            for secret in [other.email, other.body, other.name, other.address] {
                assert!(
                    !own.contains(secret),
                    "{secret:?} in the receipt of {}:\n{own}",
                    sent.name
                );
            }
        }
    }
    let metrics = server
        .request(Method::GET, "/metrics", |request| request.bearer_auth(&token))
        .await
        .expect("the server answers")
        .expect(200);
    for secret in private
        .iter()
        .chain([&published.name.to_owned(), &published.text("id")])
    {
        assert!(!metrics.text.contains(secret), "{secret:?} in the metrics");
    }

    // The log knows no person at all: neither words nor keys, not even those that are public.
    for sent in everybody {
        private.extend([sent.name.to_owned(), sent.body.to_owned()]);
        private.extend(["receipt", "device", "reference"].map(|member| sent.text(member)));
    }
    private.retain(|secret| !secret.is_empty());
    server.is_told_to_end("TERM");
    let log = server.log_to_its_end();
    assert!(log.contains("answered"), "each request has its line");
    for secret in &private {
        let line = log.lines().find(|line| line.contains(secret.as_str()));
        assert!(line.is_none(), "{secret:?} in the log: {line:?}");
    }
    let key = std::fs::read_to_string(storage.folder.join("palabre.key")).unwrap_or_default();
    assert!(
        key.trim().is_empty() || !log.contains(key.trim()),
        "the root key in the log"
    );
}

async fn ask(server: &Child, path: &str, accept: &str) -> Answer {
    server
        .request(Method::GET, path, |request| request.header("accept", accept))
        .await
        .expect("the server answers")
}

/// What anybody can get, with what it was asked for.
async fn public_answers(server: &Child, everybody: &[&Sent]) -> Vec<(String, String)> {
    let mut paths: Vec<String> = ["faso", "filtre"]
        .iter()
        .flat_map(|site| {
            [
                format!("/api/v1/sites/{site}/comments?thread=%2Farticle&limit=100"),
                format!("/api/v1/sites/{site}/comments?thread=%2Farticle&order=oldest"),
                format!("/api/v1/sites/{site}/counts?thread=%2Farticle"),
                format!("/api/v1/sites/{site}/form?thread=%2Farticle"),
                format!("/t/{site}?thread=%2Farticle"),
                format!("/t/{site}/fragment?thread=%2Farticle"),
                format!("/t/{site}/feed.atom"),
                format!("/t/{site}/feed.atom?thread=%2Farticle"),
                format!("/sites/{site}/captcha"),
                format!("/api/v1/sites/{site}/captcha/evidence"),
            ]
        })
        .collect();
    for path in [
        "/",
        "/login",
        "/setup?code=x",
        "/queue",
        "/docs",
        "/openapi.json",
        "/healthz",
        "/readyz",
        "/metrics",
        "/nowhere",
        "/demo",
        "/r/x",
        "/api/v1/moderation/queue",
        "/api/v1/moderation/audit",
    ] {
        paths.push(path.to_owned());
    }
    for sent in everybody {
        let id = sent.text("id");
        paths.push(format!("/api/v1/comments/{id}"));
        paths.push(format!("/api/v1/comments/{id}/replies?after=x"));
        paths.push(format!("/t/faso?thread=%2Farticle&reply={id}"));
    }
    let mut answers = Vec::new();
    for path in paths {
        for accept in ["*/*", "text/html"] {
            let answer = ask(server, &path, accept).await;
            answers.push((path.clone(), format!("{:?}\n{}", answer.headers, answer.text)));
        }
    }
    let page = answers.iter().find(|(path, _)| path.starts_with("/t/faso?"));
    assert!(
        page.is_some_and(|(_, text)| text.contains("Texte publié")),
        "what is public is there"
    );
    assert!(page.is_some_and(|(_, text)| !values_of(text, "form").is_empty()));

    // Answers to mistakes: none repeats what was sent.
    let id = everybody[1].text("id");
    let wrong: [(&str, Value); 5] = [
        (
            "/api/v1/sites/faso/comments",
            json!({"thread": "/article", "name": "", "email": "attendue@prive.example"}),
        ),
        (
            "/api/v1/sites/faso/comments",
            json!({"thread": "/article", "name": "A", "email": "attendue@prive.example@", "body": "Mot-en-attente"}),
        ),
        (
            "/api/v1/sites/faso/comments",
            json!({"thread": "/article", "parent": id, "name": "A", "email": "a@b.example", "body": "x"}),
        ),
        (&format!("/api/v1/comments/{id}/report"), json!({"reason": "x"})),
        (&format!("/api/v1/comments/{id}/approve"), json!({})),
    ];
    for (path, body) in wrong {
        let answer = server
            .request(Method::POST, path, |request| {
                request.header("origin", "https://faso.test").json(&body)
            })
            .await
            .expect("the server answers");
        assert!(answer.status.is_client_error(), "{path}: {}", answer.text);
        answers.push((path.to_owned(), answer.text));
    }
    answers
}
