//! A whole service for a test: the real router on a real port, its own storage, a clock that stands still.
//!
//! Tests speak of people: a [`Reader`] submits and reads, somebody with a token ([`Person`]) reviews,
//! decides and tunes. Each answer is an [`Answer`], asserted on as the person would see it.

use std::{path::Path, sync::Arc, time::Duration};

use palabre::{
    actions::{
        accounts::{self, Wanted},
        authority::Authority,
        identify::Role,
        setup, tokens,
    },
    app::App,
    clock::{Clock, ManualClock},
    config::Config,
    domain::{actor::Scope, draft::RawDraft, markup, person::fold_search, timestamp::Timestamp},
    error::Error,
    keys::{Purpose, hex},
    server,
    store::{Inserted, NewComment},
};
use reqwest::{Method, StatusCode, header::HeaderMap};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{example, stores::Storage};

/// Where the clock stands at first: 2026-11-24T10:00:00Z.
pub(crate) const START: Timestamp = Timestamp(1_795_514_400_000);

/// The site most tests use: French, everything read before it appears, the built-in check.
pub(crate) const SITE: &str = "[[site]]\nid = \"faso\"\nname = \"Le Faso\"\norigins = [\"https://faso.test\"]\n";

/// A running service.
pub(crate) struct Service {
    pub(crate) url: String,
    pub(crate) app: Arc<App>,
    pub(crate) clock: Arc<ManualClock>,
    client: reqwest::Client,
    shutdown: CancellationToken,
    task: Option<JoinHandle<Result<(), String>>>,
}

impl Service {
    /// Starts one with `config` (TOML) over the shipped defaults; limits are off unless `config` has a
    /// `[rate_limit]`.
    pub(crate) async fn start(storage: &Storage, config: &str) -> Self {
        Self::start_at(storage, config, ManualClock::at(START)).await
    }

    /// The same on a clock of the test's.
    pub(crate) async fn start_at(storage: &Storage, config: &str, clock: Arc<ManualClock>) -> Self {
        let mut environment = vec![
            ("PALABRE_SERVER__LISTEN".to_owned(), "127.0.0.1:0".to_owned()),
            ("PALABRE_DATABASE__URL".to_owned(), storage.url.clone()),
            (
                "PALABRE_SERVER__SECRET_FILE".to_owned(),
                storage.folder.join("palabre.key").display().to_string(),
            ),
        ];
        if !config.contains("[rate_limit]") {
            environment.push(("PALABRE_RATE_LIMIT__ENABLED".to_owned(), "false".to_owned()));
        }
        let mut config =
            Config::from_layers(Some((Path::new("test.toml"), config)), environment).expect("the test's configuration");
        let listener = TcpListener::bind(config.server.listen).await.expect("a free port");
        let address = listener.local_addr().expect("the bound address");
        config.listening_on(address);
        let app = App::new(config, storage.open().await, Clock::Manual(Arc::clone(&clock)))
            .await
            .expect("the service starts");
        let app = Arc::new(app);
        let shutdown = CancellationToken::new();
        palabre::http::start_metrics();
        let task = tokio::spawn(server::serve(Arc::clone(&app), listener, shutdown.clone()));
        Self {
            url: format!("http://{address}"),
            client: client(),
            task: Some(task),
            shutdown,
            clock,
            app,
        }
    }

    /// Stops it as a signal does, and waits until it has ended.
    pub(crate) async fn stop(mut self) {
        self.shutdown.cancel();
        if let Some(task) = self.task.take() {
            task.await.expect("no panic").expect("a clean end");
        }
    }

    pub(crate) fn reader(&self) -> Reader<'_> {
        Reader { service: self }
    }

    /// Somebody with a token for `sites`; none means all sites.
    pub(crate) async fn person(&self, name: &str, role: Role, sites: &[&str]) -> Person<'_> {
        let scope = if sites.is_empty() {
            Scope::All
        } else {
            Scope::Sites(sites.iter().map(|site| (*site).to_owned()).collect())
        };
        // The second of a name is told apart by a number, as people are asked to.
        for number in 1..100 {
            let wanted = tokens::Wanted {
                name: Some(numbered(name, number)),
                role,
                scope: scope.clone(),
                expires_at: None,
            };
            match tokens::create(&self.app, Authority::Operator, wanted).await {
                Err(Error::Invalid(wrong)) if wrong[0].code.as_str() == "name_taken" => {}
                made => {
                    return Person {
                        service: self,
                        token: made.expect("a token").secret,
                    };
                }
            }
        }
        panic!("a hundred people called {name}");
    }

    /// Somebody with that bearer token.
    pub(crate) fn bearer(&self, token: String) -> Person<'_> {
        Person { service: self, token }
    }

    pub(crate) async fn moderator(&self) -> Person<'_> {
        self.person("Mariam Modératrice", Role::Moderator, &[]).await
    }

    pub(crate) async fn owner(&self) -> Person<'_> {
        self.person("Oumar Propriétaire", Role::Owner, &[]).await
    }

    /// A request without anything but what `build` adds.
    pub(crate) async fn request(
        &self,
        method: Method,
        path: &str,
        build: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder,
    ) -> Answer {
        let request = build(self.client.request(method, format!("{}{path}", self.url)));
        Answer::of(request.send().await.expect("the service answers")).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.request(Method::GET, path, |request| request).await
    }

    pub(crate) async fn post_json(&self, path: &str, body: &Value) -> Answer {
        self.request(Method::POST, path, |request| request.json(body)).await
    }

    /// A comment as the path of a submission would store it: on `/article` of `faso`, held, without a
    /// score.
    pub(crate) fn seed(&self) -> NewComment {
        let raw = RawDraft {
            thread: "/article".to_owned(),
            name: "Aminata".to_owned(),
            email: "aminata@example.org".to_owned(),
            body: "Un point de vue.".to_owned(),
            ..RawDraft::default()
        };
        example::comment(&self.app.clock, raw)
    }

    /// Stores a comment past the form; what follows from its draft is filled in.
    pub(crate) async fn plants(&self, mut comment: NewComment) -> Uuid {
        let draft = &comment.content.draft;
        let email = self
            .app
            .keys
            .digest(Purpose::Email, "", draft.email.normalised().as_bytes());
        let rendered = markup::render(&draft.body);
        comment.content.email_key = hex(&email[..16]);
        comment.content.folded = fold_search(&format!("{} {}", draft.name.as_str(), draft.body));
        comment.content.links = i64::try_from(rendered.links).expect("few links");
        comment.content.html = rendered.html;
        let id = comment.id;
        assert_eq!(self.app.store.insert(comment).await.expect("stored"), Inserted::New);
        id
    }
}

/// The name, told apart from those before.
fn numbered(name: &str, number: usize) -> String {
    if number == 1 {
        name.to_owned()
    } else {
        format!("{name} {number}")
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.shutdown.cancel();
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// A client that follows nothing and believes no proxy.
pub(crate) fn client() -> reqwest::Client {
    // An error means that the service under test has installed it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(Duration::from_secs(20))
        .build()
        .expect("a client")
}

/// Waits until a condition holds, and fails with `what` when it does not within twenty seconds.
pub(crate) async fn eventually(what: &str, condition: impl AsyncFn() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while !condition().await {
        assert!(tokio::time::Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What a future gives, where it comes in time; a test that waited for ever would tell nothing.
pub(crate) async fn in_time<T>(what: &str, coming: impl Future<Output = T>) -> T {
    let waited = tokio::time::timeout(IN_TIME, coming).await;
    waited.unwrap_or_else(|_| panic!("not within {} s: {what}", IN_TIME.as_secs()))
}

/// Longer than anything here takes, also on a machine with much else to do.
const IN_TIME: Duration = Duration::from_mins(1);

/// What the service answered.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    /// Null when the body is no JSON.
    pub(crate) json: Value,
}

impl Answer {
    async fn of(response: reqwest::Response) -> Self {
        Self::read(response).await.expect("a body")
    }

    /// The same of a service that may be gone before the body has come.
    pub(crate) async fn read(response: reqwest::Response) -> reqwest::Result<Self> {
        let (status, headers) = (response.status(), response.headers().clone());
        // A stream has no end to wait for.
        let is_stream = headers
            .get("content-type")
            .is_some_and(|kind| kind == "text/event-stream");
        let text = if is_stream {
            String::new()
        } else {
            response.text().await?
        };
        Ok(Self {
            json: serde_json::from_str(&text).unwrap_or_default(),
            status,
            headers,
            text,
        })
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// The status and the code of an error: `(422, "invalid")`.
    pub(crate) fn error(&self) -> (u16, &str) {
        (self.status.as_u16(), self.json["code"].as_str().unwrap_or_default())
    }

    /// Fails with the whole answer unless it has that status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }

    pub(crate) fn id(&self) -> String {
        self.json["id"].as_str().expect("an id").to_owned()
    }
}

/// Somebody on the article's page.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    service: &'a Service,
}

/// A comment with valid fields on thread `/article`, to be changed by a test.
pub(crate) fn comment(body: &str) -> Value {
    json!({"thread": "/article", "name": "Aminata", "email": "aminata@example.org", "body": body})
}

impl Reader<'_> {
    /// Sends a comment from the article's page, with whatever `fields` hold.
    pub(crate) async fn submits(self, fields: &Value) -> Answer {
        self.submits_to("faso", fields).await
    }

    pub(crate) async fn submits_to(self, site: &str, fields: &Value) -> Answer {
        let path = format!("/api/v1/sites/{site}/comments");
        self.service
            .request(Method::POST, &path, |request| {
                request.header("origin", "https://faso.test").json(fields)
            })
            .await
    }

    /// The form token of a page that was opened now.
    pub(crate) async fn opens_form(self, thread: &str) -> String {
        self.opens_form_of("faso", thread).await
    }

    pub(crate) async fn opens_form_of(self, site: &str, thread: &str) -> String {
        let path = format!("/api/v1/sites/{site}/form?thread={}", encoded(thread));
        let answer = self.service.get(&path).await.expect(200);
        answer.json["form"].as_str().expect("a form token").to_owned()
    }

    /// The public thread.
    pub(crate) async fn reads(self, thread: &str) -> Answer {
        let path = format!("/api/v1/sites/faso/comments?thread={}", encoded(thread));
        self.service.get(&path).await
    }
}

/// Percent-encoded, for a query or a form.
pub(crate) fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Somebody with a bearer token.
pub(crate) struct Person<'a> {
    service: &'a Service,
    pub(crate) token: String,
}

impl Person<'_> {
    pub(crate) async fn gets(&self, path: &str) -> Answer {
        self.service
            .request(Method::GET, path, |request| request.bearer_auth(&self.token))
            .await
    }

    pub(crate) async fn posts(&self, path: &str, body: &Value) -> Answer {
        self.service
            .request(Method::POST, path, |request| {
                request.bearer_auth(&self.token).json(body)
            })
            .await
    }

    pub(crate) async fn sends(&self, method: &Method, path: &str, body: &Value) -> Answer {
        self.service
            .request(method.clone(), path, |request| {
                request.bearer_auth(&self.token).json(body)
            })
            .await
    }

    /// The waiting comments' bodies, in the queue's order.
    pub(crate) async fn sees_waiting(&self) -> Vec<String> {
        let answer = self.gets("/api/v1/moderation/queue").await.expect(200);
        answer.json["items"]
            .as_array()
            .expect("items")
            .iter()
            .map(|item| item["body"].as_str().expect("a body").to_owned())
            .collect()
    }

    /// `act` is approve, reject, spam, restore, hold or undo.
    pub(crate) async fn decides(&self, comment: &str, act: &str) -> Answer {
        self.posts(&format!("/api/v1/comments/{comment}/{act}"), &json!({}))
            .await
    }
}

/// A browser that holds the cookies of somebody who came in.
pub(crate) struct Browser<'a> {
    service: &'a Service,
    /// `name=value`, to be sent back.
    pub(crate) cookie: String,
}

/// The account that [`Service::signs_in`] makes: the first one, owner of every site.
pub(crate) const OWNER_NAME: &str = "Rokia Rédactrice";
pub(crate) const OWNER_EMAIL: &str = "rokia@example.org";
pub(crate) const PASSPHRASE: &str = "le marché de Koudougou à midi";

impl Service {
    /// Comes in as the first owner, who is made by the setup link when there is none yet.
    pub(crate) async fn signs_in(&self) -> Browser<'_> {
        if self.app.store.has_owner().await.expect("read") {
            return self.signs_in_as(OWNER_EMAIL, PASSPHRASE).await;
        }
        let code = setup::new_code(&self.app).await.expect("a setup code");
        let opened = self
            .request(Method::POST, "/setup", |request| request.form(&[("code", code)]))
            .await
            .expect(303);
        let browser = self.browser(&opened);
        let fields = [("name", OWNER_NAME), ("email", OWNER_EMAIL), ("passphrase", PASSPHRASE)];
        let made = browser.posts("/setup/you", &fields).await.expect(200);
        self.browser(&made)
    }

    /// Comes in by e-mail and passphrase.
    pub(crate) async fn signs_in_as(&self, email: &str, passphrase: &str) -> Browser<'_> {
        let answer = self
            .request(Method::POST, "/login", |request| {
                request.form(&[("email", email), ("passphrase", passphrase)])
            })
            .await
            .expect(303);
        self.browser(&answer)
    }

    /// A browser with the cookies of an answer.
    pub(crate) fn browser(&self, answer: &Answer) -> Browser<'_> {
        let cookies = answer.headers.get_all("set-cookie").iter();
        let pairs: Vec<&str> = cookies
            .filter_map(|cookie| cookie.to_str().ok()?.split(';').next())
            .collect();
        Browser {
            service: self,
            cookie: pairs.join("; "),
        }
    }

    /// Makes an account with a role on `sites` (none: every site) by a one-time link; gives its id.
    pub(crate) async fn invites(&self, name: &str, email: &str, role: Role, sites: &[&str]) -> (Uuid, String) {
        let scope = if sites.is_empty() {
            Scope::All
        } else {
            Scope::Sites(sites.iter().map(|site| (*site).to_owned()).collect())
        };
        // As in [`Service::person`].
        for number in 1..100 {
            let wanted = Wanted {
                name: numbered(name, number),
                email: email.to_owned(),
            };
            match accounts::add(&self.app, Authority::Operator, &wanted, role, &scope).await {
                Err(Error::Invalid(wrong)) if wrong[0].code.as_str() == "name_taken" => {}
                added => {
                    let added = added.expect("invited");
                    return (added.account, added.code.expect("a one-time link"));
                }
            }
        }
        panic!("a hundred people called {name}");
    }

    /// Opens a one-time link and chooses [`PASSPHRASE`].
    pub(crate) async fn accepts(&self, code: &str) -> Browser<'_> {
        let answer = self
            .request(Method::POST, "/invitation", |request| {
                request.form(&[("code", code), ("passphrase", PASSPHRASE)])
            })
            .await
            .expect(200);
        self.browser(&answer)
    }
}

impl Browser<'_> {
    pub(crate) async fn gets(&self, path: &str) -> Answer {
        self.service
            .request(Method::GET, path, |request| {
                request.header("cookie", &self.cookie).header("accept", "text/html")
            })
            .await
    }

    /// Calls the API with the session, as a script on a page of ours does.
    pub(crate) async fn sends(&self, method: &Method, path: &str, body: &Value) -> Answer {
        self.service
            .request(method.clone(), path, |request| {
                request
                    .header("cookie", &self.cookie)
                    .header("sec-fetch-site", "same-origin")
                    .json(body)
            })
            .await
    }

    /// Presses the button of a form on a page of ours.
    pub(crate) async fn posts(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.service
            .request(Method::POST, path, |request| {
                request
                    .header("cookie", &self.cookie)
                    .header("accept", "text/html")
                    .header("sec-fetch-site", "same-origin")
                    .form(fields)
            })
            .await
    }
}

/// The values of the inputs named `name` in a page, as a browser would send them.
pub(crate) fn values_of(html: &str, name: &str) -> Vec<String> {
    html.split("<input ")
        .skip(1)
        .filter_map(|rest| rest.split('>').next())
        .filter(|input| input.contains(&format!("name=\"{name}\"")))
        .map(|input| {
            let value = input.split_once(" value=\"").map_or("", |(_, rest)| rest);
            unescaped(value.split('"').next().unwrap_or_default())
        })
        .collect()
}

/// The text that HTML stands for.
pub(crate) fn unescaped(html: &str) -> String {
    let mut text = html.to_owned();
    for (entity, sign) in [
        ("&#60;", "<"),
        ("&lt;", "<"),
        ("&#62;", ">"),
        ("&gt;", ">"),
        ("&#34;", "\""),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&#38;", "&"),
        ("&amp;", "&"),
    ] {
        text = text.replace(entity, sign);
    }
    text
}
