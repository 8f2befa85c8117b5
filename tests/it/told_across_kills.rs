//! Whole programs that deliver and tell, and are killed: what is delivered, and what the live feed says, afterwards.
//!
//! A receiver and a client of the feed remember ids. With that each mail, each comment and each decision is there once.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use palabre::{
    actions::identify::Role,
    clock::Clock,
    store::{Opening, Store},
};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    captcha_road::{POLICY, fake, recaptcha},
    child::{Child, Place},
    events::{PATH, Stream},
    fake_provider::{FakeProvider, SECRET},
    mail::{MailServer, Mood},
    service::{SITE, Service, comment, eventually, in_time},
    stores::{Storage, on_both_engines},
};

on_both_engines!(
    killed_again_and_again_each_mail_arrives_and_none_under_two_ids,
    killed_again_and_again_the_feed_tells_each_comment_and_each_decision,
);

/// How often a program is killed: `PALABRE_KILL_ROUNDS`, else that often.
fn rounds(usual: usize) -> usize {
    std::env::var("PALABRE_KILL_ROUNDS").map_or(usual, |rounds| rounds.parse().expect("a number"))
}

/// A published test key is a fault that stays.
const TEST_SECRET: &str = "6LeIxAcTAAAAAGG-vFI1TnRWxMZNFuojJ4WifJWe";

/// A site with two owners, who are written to about its check.
struct Owners<'a> {
    storage: &'a Storage,
    server: MailServer,
    config: String,
    /// What they got.
    received: Vec<Mail>,
    _provider: FakeProvider,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Mail {
    to: String,
    id: String,
    from: String,
}

impl<'a> Owners<'a> {
    async fn of(storage: &'a Storage) -> Self {
        let (fake, server) = (fake().await, MailServer::start().await);
        let site = recaptcha(&fake, POLICY).replace(SECRET, TEST_SECRET);
        let config = format!("{}{site}", server.settings());
        let service = Service::start(storage, &config).await;
        for email in ["une@exemple.test", "deux@exemple.test"] {
            let (_, code) = service.invites("Une", email, Role::Owner, &["faso"]).await;
            service.accepts(&code).await;
        }
        service.stop().await;
        Self {
            storage,
            server,
            config,
            received: Vec::new(),
            _provider: fake,
        }
    }

    /// Raises so many alarms, each to be told to both.
    async fn are_to_hear(&self, alarms: usize) {
        let opened = Store::open(&self.storage.database(), Opening::Beside).await;
        let store = opened.expect("opens");
        for _ in 0..alarms {
            let raised = store.raise_alarm("faso", Duration::ZERO, Clock::System.now()).await;
            assert_eq!(raised.expect("raised"), 2);
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        store.close().await;
    }

    fn take_what_came(&mut self) {
        for mail in self.server.take() {
            let line = |name: &str| {
                let line = mail.text.lines().find(|line| line.starts_with(name));
                line.unwrap_or_else(|| panic!("no {name}")).to_owned()
            };
            let (id, from) = (line("Message-ID:"), line("From:"));
            self.received.push(Mail { to: mail.to, id, from });
        }
    }

    /// The minute of a killed program's leases passes.
    async fn leases_run_out(&self) {
        self.storage
            .execute("UPDATE deliveries SET leased_until = 1 WHERE leased_until > 0")
            .await;
    }

    async fn have_heard_all(&mut self) {
        eventually("all are delivered", async || self.count("waiting").await == 0).await;
        self.take_what_came();
    }

    async fn count(&self, state: &str) -> usize {
        let count = format!("SELECT COUNT(*) FROM deliveries WHERE state = '{state}'");
        usize::try_from(self.storage.integer(&count).await.expect("counted")).expect("few")
    }

    /// None is lost, and each delivery has an id of its own, which stays. Gives how many came.
    async fn got_each_under_one_id(&self) -> usize {
        let distinct: BTreeSet<(&str, &str)> = self
            .received
            .iter()
            .map(|mail| (mail.to.as_str(), mail.id.as_str()))
            .collect();
        let ids: BTreeSet<&str> = distinct.iter().map(|(_, id)| *id).collect();
        assert_eq!(ids.len(), distinct.len(), "an id is one delivery's");
        assert_eq!(self.count("done").await, distinct.len());
        assert_eq!((self.count("waiting").await, self.count("dead").await), (0, 0));
        println!(
            "{} mails, {} of them again under the same id",
            self.received.len(),
            self.received.len() - distinct.len()
        );
        distinct.len()
    }
}

/// Each round raises alarms and kills the program once some more mails came.
async fn killed_again_and_again_each_mail_arrives_and_none_under_two_ids(storage: &Storage) {
    const ALARMS: usize = 6;
    let rounds = rounds(20);
    let mut owners = Owners::of(storage).await;
    let place = Place::new(storage, &owners.config);
    for round in 0..rounds {
        owners.are_to_hear(ALARMS).await;
        let child = place.starts();
        let enough = 1 + round * 7 % ALARMS;
        eventually("some are delivered", async || owners.server.count() >= enough).await;
        child.is_killed();
        drop(child);
        owners.take_what_came();
        owners.leases_run_out().await;
    }
    let child = place.starts();
    owners.have_heard_all().await;
    child.stops();
    owners.take_what_came();
    assert_eq!(owners.got_each_under_one_id().await, rounds * ALARMS * 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_programs_on_one_database_deliver_each_mail_once_and_none_is_lost_when_one_is_killed() {
    const ALARMS: usize = 10;
    let Some(storage) = Storage::postgres().await else {
        return;
    };
    let mut owners = Owners::of(&storage).await;
    owners.server.set(Mood::TakesItsTime);
    let place = |from: &str| Place::new(&storage, &owners.config).with("PALABRE_MAIL__FROM", from);
    let places = [place("one@example.org"), place("two@example.org")];
    let mut children: Vec<Child> = places.iter().map(Place::starts).collect();

    // Until each had its part in it.
    let mut sent: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..20 {
        owners.are_to_hear(ALARMS).await;
        owners.have_heard_all().await;
        sent.clear();
        for mail in &owners.received {
            *sent.entry(mail.from.clone()).or_default() += 1;
        }
        if sent.len() == 2 && sent.values().all(|sent| *sent >= ALARMS) {
            break;
        }
    }
    assert!(
        sent.len() == 2 && sent.values().all(|sent| *sent >= ALARMS),
        "both deliver: {sent:?}"
    );
    let arrived = owners.got_each_under_one_id().await;
    assert_eq!(owners.received.len(), arrived, "while both live, each comes once");

    for round in 0..rounds(4) {
        owners.are_to_hear(ALARMS).await;
        let enough = 1 + round * 7 % ALARMS;
        eventually("some are delivered", async || owners.server.count() >= enough).await;
        children[round % 2].is_killed();
        owners.leases_run_out().await;
        owners.have_heard_all().await;
        children[round % 2] = places[round % 2].starts();
    }
    for child in children {
        child.stops();
    }
    owners.take_what_came();
    assert_eq!(owners.got_each_under_one_id().await, arrived + rounds(4) * ALARMS * 2);
}

/// A client of the feed that remembers ids and goes on where it was.
#[derive(Default)]
struct Follower {
    last_id: String,
    arrived: BTreeSet<Uuid>,
    decided: BTreeMap<Uuid, Value>,
    /// How often it was told what it knew.
    again: usize,
}

impl Follower {
    async fn comes_back(&self, child: &Child, token: &str) -> Stream {
        let path = PATH;
        Stream::open(&child.url, path, |request| {
            let request = request.bearer_auth(token);
            if self.last_id.is_empty() {
                request
            } else {
                request.header("last-event-id", &self.last_id)
            }
        })
        .await
    }

    /// Hears the next that the stream tells; `None` at its end.
    async fn hears(&mut self, stream: &mut Stream) -> Option<()> {
        let (name, data) = stream.next().await?;
        self.last_id.clone_from(&stream.last_id);
        let id = || Uuid::parse_str(data["id"].as_str().expect("an id")).expect("an id");
        let is_new = match name.as_str() {
            "arrived" => self.arrived.insert(id()),
            "decided" => match self.decided.get(&id()) {
                Some(known) => {
                    assert_eq!(known, &data, "an id is one decision's");
                    false
                }
                None => self.decided.insert(id(), data).is_none(),
            },
            _ => return Some(()),
        };
        self.again += usize::from(!is_new);
        Some(())
    }

    fn knows(&self) -> usize {
        self.arrived.len() + self.decided.len()
    }
}

/// What was answered before the program was killed.
#[derive(Default)]
struct Answered {
    comments: BTreeSet<Uuid>,
    decisions: BTreeSet<Uuid>,
}

/// Each round some write and decide while somebody follows, and the program is killed in the midst of it: in turns once
/// some more was told, and once some more was answered, which is told later or not at all.
async fn killed_again_and_again_the_feed_tells_each_comment_and_each_decision(storage: &Storage) {
    const COMMENTS: usize = 8;
    let rounds = rounds(6);
    let place = Place::new(storage, SITE);
    let token = place
        .runs(&["token", "create", "--role", "moderator", "--all-sites"])
        .well();
    let token = token.trim();
    let (mut follower, mut answered) = (Follower::default(), Answered::default());
    for round in 0..rounds {
        let child = place.starts();
        let mut stream = follower.comes_back(&child, token).await;
        let enough = 1 + round * 5 % COMMENTS;
        let is_killed = Cell::new(false);
        let kills = || {
            if !is_killed.replace(true) {
                child.is_killed();
            }
        };
        let by_what_is_told = round % 2 == 0;
        let follows = async {
            let known = follower.knows();
            while follower.hears(&mut stream).await.is_some() {
                if by_what_is_told && follower.knows() - known >= enough {
                    kills();
                }
            }
        };
        let writes = async {
            for number in 0..COMMENTS {
                let (key, fields) = (format!("{round} {number}"), comment(&format!("Texte {round} {number}")));
                writes_and_decides(&child, token, &key, &fields, &mut answered).await;
                if !by_what_is_told && number + 1 >= enough {
                    kills();
                }
            }
        };
        in_time("the program is killed", async { tokio::join!(follows, writes) }).await;
    }
    let child = place.starts();
    let mut stream = follower.comes_back(&child, token).await;
    let comments = storage.ids("id", "comments").await;
    let decisions = storage.ids("id", "events WHERE decision_id IS NOT NULL").await;
    assert!(comments.is_superset(&answered.comments) && decisions.is_superset(&answered.decisions));
    in_time("all is told", async {
        while follower.knows() < comments.len() + decisions.len() {
            follower.hears(&mut stream).await.expect("it goes on");
        }
    })
    .await;
    assert_eq!(follower.arrived, comments);
    assert_eq!(follower.decided.keys().copied().collect::<BTreeSet<_>>(), decisions);
    assert!(
        comments.len() >= rounds && decisions.len() >= rounds / 2,
        "{} {}",
        comments.len(),
        decisions.len()
    );
    println!(
        "{} comments and {} decisions, {} of them told again",
        comments.len(),
        decisions.len(),
        follower.again
    );
    child.stops();
}

/// Both may come to nothing: the program is killed meanwhile.
async fn writes_and_decides(child: &Child, token: &str, key: &str, fields: &Value, answered: &mut Answered) {
    let id_in = |json: &Value| Uuid::parse_str(json.as_str().expect("an id")).expect("an id");
    let Ok(sent) = child.submits(key, fields).await else {
        return;
    };
    let sent = sent.expect(202);
    answered.comments.insert(id_in(&sent.json["id"]));
    let path = format!("/api/v1/comments/{}/approve", sent.id());
    let decided = child
        .request(Method::POST, &path, |request| {
            request.bearer_auth(token).json(&json!({}))
        })
        .await;
    if let Ok(decided) = decided {
        answered.decisions.insert(id_in(&decided.expect(200).json["decision"]));
    }
}
