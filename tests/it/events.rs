//! Following the queue: what a stream tells, whom, and when it ends; leases.

use std::time::Duration;

use futures_util::{StreamExt as _, stream::BoxStream};
use palabre::{
    actions::{accounts, authority::Authority, identify::Role, tokens},
    clock::{Clock, ManualClock},
    keys::sha256_hex,
    live::{HEARTBEAT, STREAMS_EACH},
    store::{Opening, Store},
};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    service::{Answer, Browser, PASSPHRASE, Person, SITE, START, Service, comment, in_time},
    store_accounts::audit,
    stores::{Storage, on_both_engines, on_postgres},
};

on_both_engines!(
    a_stream_tells_what_comes_in_and_what_is_decided,
    a_stream_tells_of_its_callers_sites_only,
    a_stream_ends_with_the_account,
    a_stream_ends_with_session_role_or_token,
    a_stream_ends_when_another_process_shuts_the_account_out,
    h6_a_stream_of_a_token_ends_with_what_its_maker_may,
    a_stream_goes_on_from_where_it_was,
    a_stream_says_something_every_twenty_seconds_and_ends_with_its_session,
    watching_is_no_use_of_the_session,
    a_flood_hides_nothing,
    streams_are_bounded,
    a_lease_is_seen_by_the_others_and_keeps_nobody_out,
    people_who_change_places_wait_for_nobody,
    counts_are_told_by_site,
    a_page_names_what_its_stream_tells_once_more,
);

pub(crate) const PATH: &str = "/api/v1/moderation/events";
const COUNTS: &str = "/api/v1/moderation/counts";

const MORE_THAN_A_LOOK_READS: usize = 210;

/// Longer than the twenty seconds after which a stream says something.
const PATIENCE: Duration = Duration::from_secs(40);

/// A stream as its client sees it.
pub(crate) struct Stream {
    bytes: BoxStream<'static, reqwest::Result<Vec<u8>>>,
    text: String,
    /// The id of the last event.
    pub(crate) last_id: String,
}

impl Stream {
    pub(crate) async fn open(service: &str, path: &str, build: impl FnOnce(RequestBuilder) -> RequestBuilder) -> Self {
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let request = client.get(format!("{service}{path}")).header("accept-encoding", "gzip");
        let response = build(request).send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        let header = |name: &str| {
            response
                .headers()
                .get(name)
                .map(|value| value.to_str().expect("text").to_owned())
        };
        assert_eq!(header("content-type").as_deref(), Some("text/event-stream"));
        assert_eq!(header("cache-control").as_deref(), Some("no-store"));
        assert_eq!(header("x-accel-buffering").as_deref(), Some("no"));
        assert_eq!(header("content-encoding"), None, "what is compressed is held back");
        Self {
            bytes: response
                .bytes_stream()
                .map(|bytes| bytes.map(|bytes| bytes.to_vec()))
                .boxed(),
            text: String::new(),
            last_id: String::new(),
        }
    }

    /// The next block: an event's name with its data, or `:` for a comment; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                let value = |name: &str| {
                    block
                        .lines()
                        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
                };
                if block.starts_with(':') {
                    return Some((":".to_owned(), Value::Null));
                }
                if let Some(id) = value("id") {
                    id.clone_into(&mut self.last_id);
                }
                if let Some(event) = value("event") {
                    let data = serde_json::from_str(value("data").expect("data")).expect("JSON");
                    return Some((event.to_owned(), data));
                }
                assert_eq!(value("retry"), Some("3000"), "{block}");
                continue;
            }
            let bytes = tokio::time::timeout(PATIENCE, self.bytes.next())
                .await
                .expect("something in time")?;
            self.text += std::str::from_utf8(&bytes.ok()?).expect("UTF-8");
        }
    }

    /// The data of the next event of that name; others are passed over.
    async fn tells(&mut self, name: &str) -> Value {
        in_time(&format!("the stream tells {name}"), async {
            loop {
                let (event, data) = self.next().await.expect("it goes on");
                if event == name {
                    return data;
                }
            }
        })
        .await
    }

    /// Reads until the end; gives what was told before it.
    async fn ends(mut self) -> Vec<(String, Value)> {
        let mut told = Vec::new();
        // Its heart goes on beating where it does not end: each beat comes in time, and the end never.
        in_time("the stream ends", async {
            while let Some(event) = self.next().await {
                told.push(event);
            }
        })
        .await;
        told
    }
}

impl Person<'_> {
    async fn follows(&self, service: &Service) -> Stream {
        Stream::open(&service.url, PATH, |request| request.bearer_auth(&self.token)).await
    }

    async fn reads_first(&self, comment: Uuid) -> Answer {
        self.posts("/api/v1/moderation/leases", &json!({"comment": comment}))
            .await
    }
}

impl Browser<'_> {
    async fn follows(&self, service: &Service) -> Stream {
        Stream::open(&service.url, PATH, |request| request.header("cookie", &self.cookie)).await
    }

    async fn asks_to_follow(&self, service: &Service) -> Answer {
        service
            .request(Method::GET, PATH, |request| request.header("cookie", &self.cookie))
            .await
    }
}

fn two_sites() -> String {
    format!("{SITE}[[site]]\nid = \"sahel\"\nname = \"Le Sahel\"\n")
}

async fn a_stream_tells_what_comes_in_and_what_is_decided(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let mariam = service.moderator().await;
    let before = service.plants(service.seed()).await;
    let mut stream = mariam.follows(&service).await;
    let counts = stream.tells("counts").await;
    assert_eq!(
        (&counts["site"], &counts["counts"]["pending"]),
        (&json!("faso"), &json!({"n": 1, "more": false}))
    );

    let sent = service.reader().submits(&comment("Et moi ?")).await.expect(202);
    let arrived = stream.tells("arrived").await;
    assert_eq!(arrived["id"], sent.json["id"]);
    assert_eq!(
        arrived,
        json!({"id": sent.json["id"], "site": "faso", "thread": "/article", "status": "pending", "version": 1,
            "created_at": "2026-11-24T10:00:00Z"})
    );
    assert_eq!(stream.tells("counts").await["counts"]["pending"]["n"], 2);

    let oumar = service.owner().await;
    let made = oumar.decides(&before.to_string(), "reject").await.expect(200);
    let decided = stream.tells("decided").await;
    assert_eq!(decided["id"], made.json["decision"]);
    assert_eq!(
        (
            &decided["comment"],
            &decided["to"],
            &decided["version"],
            &decided["actor"]
        ),
        (
            &json!(before),
            &json!("rejected"),
            &json!(2),
            &json!("Oumar Propriétaire")
        )
    );
    let counts = stream.tells("counts").await;
    assert_eq!(
        (&counts["counts"]["pending"]["n"], &counts["counts"]["rejected"]["n"]),
        (&json!(1), &json!(1))
    );
    // A session's stream tells the same as a token's.
    let mut other = service.signs_in().await.follows(&service).await;
    oumar.decides(&before.to_string(), "undo").await.expect(200);
    for stream in [&mut stream, &mut other] {
        let decided = stream.tells("decided").await;
        assert_eq!(
            (&decided["undoes"], &decided["to"]),
            (&made.json["decision"], &json!("pending"))
        );
    }
    let metrics = mariam.gets("/metrics").await.expect(200);
    assert!(metrics.text.contains("\npalabre_streams 2"), "{}", metrics.text);
    // The end of the service is the end of its streams: it does not wait for them to leave.
    tokio::time::timeout(Duration::from_secs(8), service.stop())
        .await
        .expect("at once");
    stream.ends().await;
    other.ends().await;
}

async fn a_stream_tells_of_its_callers_sites_only(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    let faso = service.person("Awa", Role::Moderator, &["faso"]).await;
    let all = service.moderator().await;
    let (mut narrow, mut wide) = (faso.follows(&service).await, all.follows(&service).await);
    let mut there = service.seed();
    "sahel".clone_into(&mut there.site);
    let there = service.plants(there).await;
    all.reads_first(there).await.expect(200);
    all.decides(&there.to_string(), "approve").await.expect(200);
    let here = service.plants(service.seed()).await;
    faso.decides(&here.to_string(), "approve").await.expect(200);
    assert_eq!(wide.tells("arrived").await["site"], "sahel");
    assert_eq!(wide.tells("decided").await["comment"], json!(there));
    assert_eq!(wide.tells("decided").await["comment"], json!(here));
    let mut told = Vec::new();
    while told.last().is_none_or(|(name, _)| name != "decided") {
        told.push(narrow.next().await.expect("it goes on"));
    }
    for (name, data) in told {
        assert_eq!(data["site"], "faso", "{name}: {data}");
        assert!(!data.to_string().contains(&there.to_string()));
    }
    service.stop().await;
}

async fn a_stream_ends_with_the_account(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let owner = service.signs_in().await;
    let (id, code) = service
        .invites("Awa", "awa@example.org", Role::Moderator, &["faso"])
        .await;
    let guest = service.accepts(&code).await;
    let waiting = service.plants(service.seed()).await;
    let mut stream = guest.follows(&service).await;
    let leased = service
        .request(Method::POST, "/api/v1/moderation/leases", |request| {
            let request = request
                .header("cookie", &guest.cookie)
                .header("sec-fetch-site", "same-origin");
            request.json(&json!({"comment": waiting}))
        })
        .await
        .expect(200);
    assert_eq!(leased.json["lease"]["own"], true);
    assert_eq!(stream.tells("leased").await["lease"]["by"], "Awa");
    let mariam = service.moderator().await;
    let item = mariam.gets(&format!("/api/v1/comments/{waiting}")).await;
    assert_eq!(item.json["lease"]["by"], "Awa");

    let disabled = [("disabled", "yes")];
    owner
        .posts(&format!("/moderators/{id}/disabled"), &disabled)
        .await
        .expect(303);
    service.plants(service.seed()).await;
    let told = stream.ends().await;
    assert!(
        told.iter().all(|(name, _)| name != "arrived"),
        "nothing is told after that: {told:?}"
    );
    assert_eq!(guest.asks_to_follow(&service).await.error(), (401, "unauthenticated"));
    let item = mariam.gets(&format!("/api/v1/comments/{waiting}")).await;
    assert_eq!(item.json["lease"], Value::Null, "nobody reads it any more");

    // Let in again, then removed.
    owner
        .posts(&format!("/moderators/{id}/disabled"), &[("disabled", "no")])
        .await
        .expect(303);
    let stream = service
        .signs_in_as("awa@example.org", PASSPHRASE)
        .await
        .follows(&service)
        .await;
    owner.posts(&format!("/moderators/{id}/remove"), &[]).await.expect(303);
    stream.ends().await;
    assert_eq!(service.app.live.streams(), 0);
    service.stop().await;
}

async fn a_stream_ends_with_session_role_or_token(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    let owner = service.signs_in().await;
    let (id, code) = service
        .invites("Awa", "awa@example.org", Role::Moderator, &["faso"])
        .await;
    let enters = async || service.signs_in_as("awa@example.org", PASSPHRASE).await;
    service.accepts(&code).await;

    let (leaves, stays) = (enters().await, enters().await);
    let (left, mut kept) = (leaves.follows(&service).await, stays.follows(&service).await);
    leaves.posts("/logout", &[]).await.expect(303);
    left.ends().await;
    // Another's sign-out is nobody else's.
    let waiting = service.plants(service.seed()).await;
    assert_eq!(kept.tells("arrived").await["id"], json!(waiting));
    let by_role = [("site", "sahel"), ("role", "moderator")];
    owner
        .posts(&format!("/moderators/{id}/role"), &by_role)
        .await
        .expect(303);
    kept.ends().await;
    let mut both = stays.follows(&service).await;
    let sites = [both.tells("counts").await, both.tells("counts").await].map(|counts| counts["site"].clone());
    assert_eq!(
        sites,
        [json!("faso"), json!("sahel")],
        "a new stream has the new rights"
    );
    owner
        .posts(&format!("/moderators/{id}/role"), &[("site", "faso"), ("role", "none")])
        .await
        .expect(303);
    both.ends().await;
    let by_passphrase = stays.follows(&service).await;
    let changed = [
        ("current", PASSPHRASE),
        ("passphrase", "une autre pirogue sur le fleuve"),
    ];
    enters().await.posts("/account/passphrase", &changed).await.expect(303);
    by_passphrase.ends().await;

    let mariam = service.moderator().await;
    let stream = mariam.follows(&service).await;
    let hash = sha256_hex(mariam.token.as_bytes());
    let token = service
        .app
        .store
        .token_by_hash(&hash, START)
        .await
        .expect("read")
        .expect("it is there");
    mariam.reads_first(waiting).await.expect(200);
    tokens::revoke(&service.app, Authority::Operator, token.row.id)
        .await
        .expect("revoked");
    stream.ends().await;
    assert!(service.app.store.leases(START).await.expect("read").is_empty());
    service.stop().await;
}

async fn h6_a_stream_of_a_token_ends_with_what_its_maker_may(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    service.signs_in().await;
    let (id, code) = service.invites("Awa", "awa@example.org", Role::Owner, &["faso"]).await;
    let maker = service.accepts(&code).await;
    let opens = async || {
        let body = json!({"role": "owner", "site": "faso"});
        let made = maker.sends(&Method::POST, "/api/v1/tokens", &body).await.expect(201);
        let program = service.bearer(made.json["token"].as_str().expect("a secret").to_owned());
        let stream = program.follows(&service).await;
        (program, stream)
    };
    let (program, stream) = opens().await;
    let gives = async |role| {
        accounts::change_role(&service.app, Authority::Operator, id, "faso", role)
            .await
            .expect("done");
        service.app.live.notify();
    };
    gives(Some(Role::Moderator)).await;
    stream.ends().await;
    let again = program.follows(&service).await;
    gives(None).await;
    again.ends().await;
    gives(Some(Role::Owner)).await;
    let (_, stream) = opens().await;
    accounts::set_disabled(&service.app, Authority::Operator, id, true)
        .await
        .expect("done");
    service.app.live.notify();
    stream.ends().await;
    service.stop().await;
}

/// As the command line does beside a running server, or another instance.
async fn a_stream_ends_when_another_process_shuts_the_account_out(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    service.signs_in().await;
    let (id, code) = service.invites("Awa", "awa@example.org", Role::Moderator, &[]).await;
    let mut stream = service.accepts(&code).await.follows(&service).await;
    let beside = Store::open(&storage.database(), Opening::Beside)
        .await
        .expect("it opens");
    let mut entry = audit("account_disabled");
    (entry.id, entry.at) = (service.app.clock.new_id(), START);
    beside
        .set_disabled(id, Some((START, &palabre::domain::account::Rights::default())), entry)
        .await
        .expect("done");
    beside.close().await;
    assert_eq!(stream.next().await.expect("the counts").0, "counts");
    stream.ends().await;
    assert!(
        accounts::get(&service.app, id)
            .await
            .expect("read")
            .disabled_at
            .is_some()
    );
    service.stop().await;
}

async fn a_stream_goes_on_from_where_it_was(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let mariam = service.moderator().await;
    let mut stream = mariam.follows(&service).await;
    let seen = service.plants(service.seed()).await;
    stream.tells("arrived").await;
    let last = stream.last_id.clone();
    assert_eq!(last, "2026-11-24T10:00:00Z");
    drop(stream);
    service.clock.advance(Duration::from_mins(5));
    let missed = service.plants(service.seed()).await;
    service.clock.advance(Duration::from_mins(5));
    mariam.decides(&seen.to_string(), "spam").await.expect(200);
    service.clock.advance(Duration::from_mins(5));

    let mut again = Stream::open(&service.url, PATH, |request| {
        request.bearer_auth(&mariam.token).header("last-event-id", &last)
    })
    .await;
    assert_eq!(
        again.tells("arrived").await["id"],
        json!(seen),
        "what is at the edge comes twice"
    );
    assert_eq!(again.tells("arrived").await["id"], json!(missed));
    assert_eq!(again.tells("decided").await["comment"], json!(seen));
    let path = format!("{PATH}?since=2026-11-24T10:05:00Z");
    let mut later = Stream::open(&service.url, &path, |request| request.bearer_auth(&mariam.token)).await;
    assert_eq!(later.tells("arrived").await["id"], json!(missed));
    // At most an hour back.
    service.clock.advance(Duration::from_mins(53));
    let mut much_later = Stream::open(&service.url, &path, |request| request.bearer_auth(&mariam.token)).await;
    let (event, data) = much_later.next().await.expect("it tells");
    assert_eq!((event.as_str(), &data["comment"]), ("decided", &json!(seen)));
    for bad in ["yesterday", "1795514400", "%F0%28"] {
        let answer = mariam.gets(&format!("{PATH}?since={bad}")).await;
        assert!(matches!(answer.status.as_u16(), 400 | 422), "{bad}: {}", answer.text);
    }
    service.stop().await;
}

async fn a_stream_says_something_every_twenty_seconds_and_ends_with_its_session(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let mut stream = service.signs_in().await.follows(&service).await;
    stream.tells("counts").await;
    assert_eq!(stream.next().await.expect("it goes on").0, ":", "nothing else happens");
    // Also where something happens all the time: the session is looked at then.
    let mut told = String::new();
    while told != ":" {
        service.plants(service.seed()).await;
        while !matches!(told.as_str(), "counts" | ":") {
            told = stream.next().await.expect("it goes on").0;
        }
        if told == "counts" {
            told.clear();
        }
    }
    // Watching is no use of the session.
    service.clock.advance(Duration::from_hours(12));
    stream.ends().await;
    service.stop().await;
}

/// A page that is left open asks by itself: it comes back to its stream, or asks for the counts.
async fn watching_is_no_use_of_the_session(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let owner = service.signs_in().await;
    let counts = async || {
        service
            .request(Method::GET, COUNTS, |request| request.header("cookie", &owner.cookie))
            .await
    };
    service.clock.advance(Duration::from_hours(11));
    owner.follows(&service).await.tells("counts").await;
    counts().await.expect(200);
    service.clock.advance(Duration::from_hours(1));
    assert_eq!(owner.asks_to_follow(&service).await.error(), (401, "unauthenticated"));
    assert_eq!(counts().await.error(), (401, "unauthenticated"));

    let owner = service.signs_in().await;
    service.clock.advance(Duration::from_hours(11));
    owner.gets("/queue").await.expect(200);
    service.clock.advance(Duration::from_hours(11));
    owner.follows(&service).await.tells("counts").await;
    service.stop().await;
}

/// More happens between two looks than a look reads.
async fn a_flood_hides_nothing(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    let (id, code) = service
        .invites("Awa", "awa@example.org", Role::Moderator, &["faso"])
        .await;
    let guest = service.accepts(&code).await;
    let mut stream = guest.follows(&service).await;
    let mut wide = service.moderator().await.follows(&service).await;
    for stream in [&mut stream, &mut wide] {
        stream.tells("counts").await;
    }
    wide.tells("counts").await;

    let no_look = service.app.live.told.lock().await;
    let mut there = service.seed();
    "sahel".clone_into(&mut there.site);
    service.plants(there).await;
    for _ in 0..MORE_THAN_A_LOOK_READS {
        service.plants(service.seed()).await;
    }
    drop(no_look);
    let both = async { [wide.tells("counts").await, wide.tells("counts").await] };
    let [_, sahel] = tokio::time::timeout(HEARTBEAT, both).await.expect("of each site");
    assert_eq!(
        (&sahel["site"], &sahel["counts"]["pending"]["n"]),
        (&json!("sahel"), &json!(1))
    );
    assert_eq!(stream.tells("counts").await["counts"]["pending"]["more"], false);

    let stream = guest.follows(&service).await;
    let no_look = service.app.live.told.lock().await;
    let entry = |action| {
        let mut entry = audit(action);
        (entry.id, entry.at) = (service.app.clock.new_id(), START);
        entry
    };
    let shut_out = entry("account_disabled");
    service
        .app
        .store
        .set_disabled(
            id,
            Some((START, &palabre::domain::account::Rights::default())),
            shut_out,
        )
        .await
        .expect("done");
    for _ in 0..MORE_THAN_A_LOOK_READS {
        service
            .app
            .store
            .add_audit(entry("sign_in_failed"))
            .await
            .expect("added");
    }
    drop(no_look);
    tokio::time::timeout(HEARTBEAT * 3 / 4, stream.ends())
        .await
        .expect("not only at its beat");
    service.stop().await;
}

async fn streams_are_bounded(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let mariam = service.moderator().await;
    let mut own = Vec::new();
    for _ in 0..STREAMS_EACH {
        own.push(mariam.follows(&service).await);
    }
    let refused = mariam.gets(PATH).await;
    assert_eq!(refused.error(), (503, "streams_full"));
    assert!(!refused.header("retry-after").is_empty());
    // All of them hear of one thing.
    let waiting = service.plants(service.seed()).await;
    for stream in &mut own {
        assert_eq!(stream.tells("arrived").await["id"], json!(waiting));
    }
    drop(own);
    // Whoever leaves is noticed when something is told.
    service.plants(service.seed()).await;
    crate::service::eventually("places are given back", async || service.app.live.streams() == 0).await;
    service.stop().await;
}

async fn a_lease_is_seen_by_the_others_and_keeps_nobody_out(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    let (mariam, oumar) = (service.moderator().await, service.owner().await);
    let (a, b) = (
        service.plants(service.seed()).await,
        service.plants(service.seed()).await,
    );
    let (mut hers, mut his) = (mariam.follows(&service).await, oumar.follows(&service).await);
    let taken = mariam.reads_first(a).await.expect(200);
    let until = "2026-11-24T10:00:30Z";
    let lease = |by: &str, own: bool| json!({"by": by, "until": until, "own": own});
    assert_eq!(
        taken.json,
        json!({"comment": a, "lease": lease("Mariam Modératrice", true)})
    );
    assert_eq!(hers.tells("leased").await["lease"], lease("Mariam Modératrice", true));
    assert_eq!(his.tells("leased").await["lease"], lease("Mariam Modératrice", false));
    assert_eq!(
        oumar.reads_first(a).await.expect(200).json["lease"],
        lease("Mariam Modératrice", false)
    );
    let queue = oumar.gets("/api/v1/moderation/queue").await.expect(200);
    assert_eq!(queue.json["items"][0]["lease"], lease("Mariam Modératrice", false));
    assert_eq!(queue.json["items"][1]["lease"], Value::Null);

    // She goes on to the next one; the first is free at once, and tells.
    mariam.reads_first(b).await.expect(200);
    let told = [his.tells("leased").await, his.tells("leased").await];
    assert!(
        told.contains(&json!({"comment": a, "site": "faso", "lease": null})),
        "{told:?}"
    );
    assert_eq!(oumar.reads_first(a).await.expect(200).json["lease"]["own"], true);
    // What she reads, he may decide on.
    let decided = oumar.decides(&b.to_string(), "approve").await.expect(200);
    assert_eq!(decided.json["lease"], Value::Null, "whoever read it has read it");
    service.clock.advance(Duration::from_secs(30));
    let queue = oumar.gets("/api/v1/moderation/queue").await.expect(200);
    assert_eq!(queue.json["items"][0]["lease"], Value::Null, "it ran out by itself");

    let elsewhere = service.person("Issa", Role::Owner, &["sahel"]).await;
    assert_eq!(elsewhere.reads_first(a).await.error(), (404, "not_found"));
    assert_eq!(mariam.reads_first(Uuid::nil()).await.error(), (404, "not_found"));
    for body in [json!({}), json!({"comment": 7}), json!({"comment": "x"}), json!([])] {
        let answer = mariam.posts("/api/v1/moderation/leases", &body).await;
        assert!(answer.status.is_client_error(), "{body}: {}", answer.text);
    }

    // A lease goes along with decisions, which count whatever becomes of it.
    let rejects_with = async |comment: Uuid, lease: Value| {
        let decision = json!({"key": comment, "comment": comment, "action": "reject"});
        let body = json!({"decisions": [decision], "lease": lease});
        mariam.posts("/api/v1/moderation/decisions", &body).await
    };
    rejects_with(b, json!(a)).await.expect(200);
    let queue = oumar.gets("/api/v1/moderation/queue").await.expect(200);
    assert_eq!(
        queue.json["items"][0]["lease"]["by"], "Mariam Modératrice",
        "{}",
        queue.text
    );
    let unknown = rejects_with(a, json!(Uuid::nil())).await.expect(200);
    assert_eq!(unknown.json["results"][0]["result"], "applied");
    assert_eq!(rejects_with(a, json!("x")).await.error(), (422, "invalid"));
    service.stop().await;
}

async fn people_who_change_places_wait_for_nobody(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let (mariam, oumar) = (service.moderator().await, service.owner().await);
    let (a, b) = (
        service.plants(service.seed()).await,
        service.plants(service.seed()).await,
    );
    for round in 0..20 {
        let (hers, his) = if round % 2 == 0 { (a, b) } else { (b, a) };
        let (hers, his) = tokio::join!(mariam.reads_first(hers), oumar.reads_first(his));
        hers.expect(200);
        his.expect(200);
    }
    service.stop().await;
}

async fn counts_are_told_by_site(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    let faso = service.person("Awa", Role::Moderator, &["faso"]).await;
    let all = service.moderator().await;
    service.plants(service.seed()).await;
    let of = async |person: &Person<'_>, query: &str| {
        let answer = person.gets(&format!("{COUNTS}{query}")).await.expect(200);
        let sites = answer.json["sites"].as_array().expect("a list").clone();
        let pending = |site: &Value| (site["site"].clone(), site["counts"]["pending"]["n"].clone());
        sites.iter().map(pending).collect::<Vec<_>>()
    };
    let (here, there) = ((json!("faso"), json!(1)), (json!("sahel"), json!(0)));
    assert_eq!(of(&all, "").await, [here.clone(), there.clone()]);
    assert_eq!(of(&all, "?site=sahel").await, [there]);
    assert_eq!(of(&faso, "").await, [here]);
    let elsewhere = faso.gets(&format!("{COUNTS}?site=sahel")).await;
    assert_eq!(elsewhere.error(), (404, "not_found"));
    let nowhere = all.gets(&format!("{COUNTS}?site=nowhere")).await;
    assert_eq!(nowhere.error(), (404, "site_unknown"));
    service.stop().await;
}

/// A stream goes back over half a minute: without that the page would call new what it lists already, on
/// another of its pages.
async fn a_page_names_what_its_stream_tells_once_more(storage: &Storage) {
    let service = Service::start(storage, &two_sites()).await;
    let (_, code) = service
        .invites("Awa", "awa@example.org", Role::Moderator, &["faso"])
        .await;
    let guest = service.accepts(&code).await;
    let known = async || {
        let page = guest.gets("/queue").await.expect(200).text;
        let (_, rest) = page.split_once("data-known=\"").expect("it names them");
        rest.split_once('"').expect("a value").0.to_owned()
    };
    service.plants(service.seed()).await;
    service.clock.advance(Duration::from_secs(31));
    let here = service.plants(service.seed()).await;
    let mut there = service.seed();
    "sahel".clone_into(&mut there.site);
    service.plants(there).await;
    assert_eq!(known().await, here.to_string());
    service.clock.advance(Duration::from_secs(31));
    assert_eq!(known().await, "");
    service.stop().await;
}

/// Two instances on one PostgreSQL: each tells what the other one did.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_tells_what_another_instance_did() {
    on_postgres(async |storage: &Storage| {
        let clock = ManualClock::at(START);
        let here = Service::start_at(storage, SITE, std::sync::Arc::clone(&clock)).await;
        let there = Service::start_at(storage, SITE, clock).await;
        assert!(matches!(there.app.clock, Clock::Manual(_)));
        let mariam = here.moderator().await;
        let mut stream = mariam.follows(&here).await;
        let sent = there.reader().submits(&comment("D'ailleurs")).await.expect(202);
        assert_eq!(stream.tells("arrived").await["id"], sent.json["id"]);
        let oumar = there.owner().await;
        oumar
            .reads_first(Uuid::parse_str(&sent.id()).expect("an id"))
            .await
            .expect(200);
        assert_eq!(stream.tells("leased").await["lease"]["by"], "Oumar Propriétaire");
        oumar.decides(&sent.id(), "approve").await.expect(200);
        assert_eq!(stream.tells("decided").await["to"], "approved");
        here.stop().await;
        there.stop().await;
    })
    .await;
}
