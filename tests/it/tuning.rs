//! Owners tune the cuts on evidence: figures against a model, previews, versions, the way back; and each
//! stored outcome computed again.
//!
//! Random cases come from [`Dice`], which throws the same on every run.

use std::{collections::BTreeMap, time::Duration};

use palabre::{
    actions::identify::Role,
    clock::ManualClock,
    domain::{
        draft::RawDraft,
        policy::{Band, Cuts},
        provider::ProviderId,
        reason::Reason,
        score::Score,
        site::Moderation,
        status::Status,
        triage::{self, Action, Outcome, Signals},
        verdict::{BadToken, NotRun, Verdict, Why},
    },
    store::Comment,
};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    example::{Sent as _, draft},
    fake_provider::{FakeProvider, Fault, SECRET},
    service::{Answer, OWNER_NAME, Person, SITE, START, Service, comment, values_of},
    stores::{Storage, on_both_engines},
};

on_both_engines!(
    the_evidence_is_what_a_model_says,
    a_preview_lists_what_it_counts,
    wrong_cuts_are_named,
    refusing_what_nobody_judged_asks_for_the_sites_name,
    of_two_owners_on_one_base_one_succeeds,
    versions_never_change_and_can_be_gone_back_to,
    a_version_of_tomorrow_waits_until_then,
    the_files_policy_is_version_one,
    moderators_look_and_owners_apply,
    every_stored_outcome_can_be_computed_again,
    the_owners_page_previews_applies_and_reverts,
);

/// xorshift64, for cases that differ and can be repeated.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    pub(crate) fn one_of<T: Copy>(&mut self, list: &[T]) -> T {
        let place = usize::try_from(self.below(list.len() as u64)).expect("small");
        list[place]
    }
}

fn score(thousandths: i64) -> Score {
    Score::from_thousandths(thousandths).expect("in range")
}

/// A comment that came with a score of reCAPTCHA, as the service's site has it.
pub(crate) async fn scored(service: &Service, thousandths: i64, action: Action) -> Uuid {
    let mut seed = service.seed();
    seed.content.draft = draft(RawDraft {
        thread: "/article".to_owned(),
        name: "Awa".to_owned(),
        email: "awa@example.org".to_owned(),
        body: format!("Texte à {thousandths}"),
        ..RawDraft::default()
    });
    seed.submitted().captcha.provider = ProviderId::RecaptchaV3;
    seed.submitted().captcha.verdict = Verdict::Scored {
        score: score(thousandths),
        raw: score(thousandths).to_string(),
    };
    seed.submitted().outcome.level = Some(score(thousandths));
    seed.submitted().outcome.action = action;
    seed.status = match action {
        Action::Publish => Status::Approved,
        Action::Refuse => Status::Refused,
        Action::Hold | Action::StepUp => Status::Pending,
    };
    service.plants(seed).await
}

/// The site with Google's score, whose provider nobody calls here.
pub(crate) fn site() -> String {
    format!("{SITE}[site.captcha]\nprovider = \"recaptcha_v3\"\nsecret = \"{SECRET}\"\n")
}

async fn get(person: &Person<'_>, call: &str) -> Value {
    let path = format!("/api/v1/sites/faso/captcha/{call}");
    person.gets(&path).await.expect(200).json
}

async fn post(person: &Person<'_>, call: &str, body: Value) -> Answer {
    person.posts(&format!("/api/v1/sites/faso/captcha/{call}"), &body).await
}

#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Figures {
    total: i64,
    outcomes: BTreeMap<&'static str, i64>,
    labels: BTreeMap<&'static str, i64>,
}

/// Wilson's interval from the quadratic that defines it: |p − x| = z √(x(1 − x)/n).
#[expect(clippy::many_single_char_names, reason = "the letters of the quadratic formula")]
pub(crate) fn wilson(hits: f64, n: f64) -> (f64, f64) {
    let z2 = 1.959_963_984_540_054_f64.powi(2);
    let p = hits / n;
    let (a, b, c) = (1.0 + z2 / n, -(2.0 * p + z2 / n), p * p);
    let root = (b * b - 4.0 * a * c).max(0.0).sqrt();
    ((-b - root) / (2.0 * a), (-b + root) / (2.0 * a))
}

async fn the_evidence_is_what_a_model_says(storage: &Storage) {
    let service = Service::start(storage, &site()).await;
    let owner = service.owner().await;
    let mut dice = Dice(7);
    let old = scored(&service, 300, Action::Hold).await;
    owner.decides(&old.to_string(), "approve").await.expect(200);
    service.clock.advance(Duration::from_hours(31 * 24));

    let mut model: BTreeMap<i64, Figures> = BTreeMap::new();
    let mut comments = Vec::new();
    for _ in 0..120 {
        let level = dice.one_of(&[0, 100, 300, 700, 1000]);
        let action = dice.one_of(&[Action::Publish, Action::Hold, Action::StepUp, Action::Refuse]);
        comments.push((scored(&service, level, action).await, level));
        let figures = model.entry(level).or_default();
        figures.total += 1;
        *figures.outcomes.entry(action.as_str()).or_default() += 1;
    }
    for _ in 0..4 {
        service.plants(service.seed()).await;
    }
    let mut labels: BTreeMap<Uuid, Vec<Option<&'static str>>> = BTreeMap::new();
    for _ in 0..300 {
        let (id, _) = dice.one_of(&comments);
        let act = dice.one_of(&["approve", "reject", "spam", "restore", "hold", "undo"]);
        let done = owner.decides(&id.to_string(), act).await;
        let past = labels.entry(id).or_default();
        let applied = done.status == 200 && done.json["decision"].is_string();
        match act {
            _ if !applied => {}
            "undo" => {
                past.pop();
                // A second undo has nothing to take back: the one before is final now.
                let now = past.last().copied().flatten();
                *past = vec![now];
            }
            "approve" => past.push(Some("approved")),
            "reject" => past.push(Some("rejected")),
            "spam" => past.push(Some("spam")),
            _ => past.push(None),
        }
    }
    for (id, level) in &comments {
        if let Some(label) = labels.get(id).and_then(|past| past.last().copied().flatten()) {
            *model.entry(*level).or_default().labels.entry(label).or_default() += 1;
        }
    }

    let evidence = get(&owner, "evidence").await;
    assert_eq!((&evidence["site"], &evidence["days"]), (&json!("faso"), &json!(30)));
    let levels = evidence["levels"].as_array().expect("levels");
    let seen: Vec<f64> = levels
        .iter()
        .map(|row| row["level"].as_f64().expect("a level"))
        .collect();
    assert_eq!(seen, [0.0, 0.1, 0.3, 0.7, 1.0], "lowest first");
    for (row, figures) in levels.iter().zip(model.values()) {
        assert_eq!(row["total"], figures.total);
        for action in ["publish", "hold", "step_up", "refuse"] {
            let expected = figures.outcomes.get(action).copied().unwrap_or(0);
            assert_eq!(row["outcomes"][action], expected, "{action}: {row}");
        }
        let label = |name: &str| figures.labels.get(name).copied().unwrap_or(0);
        for name in ["approved", "rejected", "spam"] {
            assert_eq!(row[name], label(name), "{name}: {row}");
        }
        let people = f64::from(i32::try_from(label("approved") + label("rejected")).expect("small"));
        let all = people + f64::from(i32::try_from(label("spam")).expect("small"));
        let figure = |name: &str| row[name].as_f64().expect("a figure");
        assert!(all > 0.0, "the throws label every level");
        let (low, high) = wilson(people, all);
        for (name, expected) in [("share", people / all), ("low", low), ("high", high)] {
            assert!((figure(name) - expected).abs() < 1e-9, "{name}: {row}: {expected}");
        }
    }
    assert_eq!(evidence["verdicts"], json!({"off": 4, "scored": 120}));
    let longer = get(&owner, "evidence?days=60").await;
    assert_eq!(longer["verdicts"]["scored"], 121, "the old one is in a longer period");
    for days in ["0", "366", "many"] {
        let answer = owner
            .gets(&format!("/api/v1/sites/faso/captcha/evidence?days={days}"))
            .await;
        assert_eq!(answer.error(), (422, "invalid"), "{days}");
        assert_eq!(answer.json["errors"][0]["code"], "days_bad");
    }
    service.stop().await;
}

async fn a_preview_lists_what_it_counts(storage: &Storage) {
    let service = Service::start(storage, &site()).await;
    let owner = service.owner().await;
    let mut dice = Dice(11);
    let mut all: BTreeMap<String, i64> = BTreeMap::new();
    for _ in 0..90 {
        let level = dice.one_of(&[0, 100, 300, 500, 700, 900, 1000]);
        let id = scored(&service, level, Action::Hold).await;
        all.insert(id.to_string(), level);
        service.clock.advance(Duration::from_secs(1));
    }
    let mut current = None;
    for case in 0..12 {
        let mut three: Vec<i64> = (0..3)
            .map(|_| i64::try_from(dice.below(1001)).expect("small"))
            .collect();
        three.sort_unstable();
        let cut = |dice: &mut Dice, value: i64| (dice.below(3) > 0).then(|| score(value));
        let cuts = Cuts {
            refuse_below: cut(&mut dice, three[0]),
            step_up_below: cut(&mut dice, three[1]),
            publish_from: cut(&mut dice, three[2]),
        };
        let band_before = |level: i64| current.map_or(Band::Hold, |cuts: Cuts| cuts.band(score(level)));
        let changed: BTreeMap<&String, (Band, Band)> = all
            .iter()
            .map(|(id, level)| (id, (band_before(*level), cuts.band(score(*level)))))
            .filter(|(_, (before, after))| before != after)
            .collect();

        let mut listed = Vec::new();
        let mut after = Value::Null;
        loop {
            let body = json!({"cuts": cuts, "after": after});
            let page = post(&owner, "preview", body).await.expect(200).json;
            for (when, band_of) in [
                ("before", &band_before as &dyn Fn(i64) -> Band),
                ("after", &|level| cuts.band(score(level))),
            ] {
                let counts = page["counts"][when].as_object().expect("counts");
                let sum: i64 = counts.values().map(|count| count.as_i64().expect("a count")).sum();
                assert_eq!(sum, 90, "every comment is in one band");
                for (name, band) in [
                    ("refuse", Band::Refuse),
                    ("step_up", Band::StepUp),
                    ("hold", Band::Hold),
                    ("publish", Band::Publish),
                ] {
                    let expected = all.values().filter(|level| band_of(**level) == band).count();
                    assert_eq!(counts[name], expected, "{when} {name} of {cuts:?}");
                }
            }
            assert_eq!(page["changed"], changed.len(), "{cuts:?}");
            let comments = page["comments"].as_array().expect("comments");
            assert!(comments.len() <= 25);
            listed.extend(comments.clone());
            after = page["next"].clone();
            if after.is_null() {
                break;
            }
        }
        assert_eq!(listed.len(), changed.len(), "the list is as long as the count says");
        let ids: Vec<&str> = listed.iter().map(|one| one["id"].as_str().expect("an id")).collect();
        assert!(ids.is_sorted_by(|a, b| a > b), "newest first, each once");
        for one in &listed {
            let word = |band: Band| match band {
                Band::Refuse => "refuse",
                Band::StepUp => "step_up",
                Band::Hold => "hold",
                Band::Publish => "publish",
            };
            let (before, after) = changed[&one["id"].as_str().expect("an id").to_owned()];
            assert_eq!(
                (&one["before"], &one["after"]),
                (&json!(word(before)), &json!(word(after)))
            );
        }
        if case % 4 == 3 {
            let base = get(&owner, "policies").await["policies"][0]["version"]
                .as_i64()
                .unwrap_or(0);
            let body = json!({"base": base, "cuts": cuts, "confirm": "faso"});
            post(&owner, "policies", body).await.expect(201);
            current = Some(cuts);
        }
    }
    service.stop().await;
}

async fn wrong_cuts_are_named(storage: &Storage) {
    let service = Service::start(storage, &site()).await;
    let owner = service.owner().await;
    for cuts in [
        json!({"publish_from": 0.3, "refuse_below": 0.5}),
        json!({"publish_from": 0.3, "step_up_below": 0.5}),
        json!({"step_up_below": 0.2, "refuse_below": 0.5}),
    ] {
        for call in ["preview", "policies"] {
            let body = json!({"base": 0, "cuts": cuts, "confirm": "faso"});
            assert_eq!(
                post(&owner, call, body).await.error(),
                (422, "cuts_cross"),
                "{call}: {cuts}"
            );
        }
    }
    for (body, field, code) in [
        (json!({}), "cuts", "cuts_bad"),
        (json!({"cuts": null}), "cuts", "cuts_bad"),
        (json!({"cuts": {"publish_from": 1.1}}), "cuts", "cuts_bad"),
        (json!({"cuts": {"publish_from": -0.1}}), "cuts", "cuts_bad"),
        (json!({"cuts": {"publish_from": 0.1234}}), "cuts", "cuts_bad"),
        (json!({"cuts": {}, "explore": 2}), "explore", "cuts_bad"),
        (json!({"cuts": {}, "from": "tomorrow"}), "from", "from_bad"),
    ] {
        let answer = post(&owner, "policies", body.clone()).await;
        assert_eq!(answer.error(), (422, "invalid"), "{body}");
        assert_eq!(answer.json["errors"][0]["field"], field, "{body}");
        assert_eq!(answer.json["errors"][0]["code"], code, "{body}");
    }
    for (body, field) in [
        (json!({"cuts": []}), "cuts"),
        (json!({"cuts": {"publish_from": "0.5"}}), "cuts.publish_from"),
    ] {
        let answer = post(&owner, "policies", body.clone()).await;
        assert_eq!(answer.error(), (422, "bad_type"), "{body}");
        assert_eq!(answer.json["errors"][0]["field"], field, "{body}");
    }
    assert_eq!(
        get(&owner, "policies").await,
        json!({"policies": []}),
        "nothing was made"
    );
    service.stop().await;
}

async fn refusing_what_nobody_judged_asks_for_the_sites_name(storage: &Storage) {
    let service = Service::start(storage, &site()).await;
    let owner = service.owner().await;
    let refuse = |base: i64, cut: f64, confirm: Option<&str>| json!({"base": base, "cuts": {"refuse_below": cut}, "confirm": confirm});
    let unseen = post(&owner, "policies", refuse(0, 0.2, None)).await;
    assert_eq!(
        unseen.error(),
        (422, "confirm_needed"),
        "a level that nobody has seen yet"
    );

    for number in 0..30 {
        let id = scored(&service, 100, Action::Hold).await;
        scored(&service, 300, Action::Hold).await;
        let preview = post(&owner, "preview", json!({"cuts": {"refuse_below": 0.2}}))
            .await
            .expect(200);
        assert_eq!(preview.json["confirm_needed"], true, "{number} verdicts are few");
        for confirm in [None, Some(""), Some("Faso"), Some("sahel")] {
            let answer = post(&owner, "policies", refuse(0, 0.2, confirm)).await;
            assert_eq!(answer.error(), (422, "confirm_needed"), "{number} {confirm:?}");
        }
        owner.decides(&id.to_string(), "spam").await.expect(200);
    }
    let preview = post(&owner, "preview", json!({"cuts": {"refuse_below": 0.2}}))
        .await
        .expect(200);
    assert_eq!(preview.json["confirm_needed"], false, "thirty are enough");
    post(&owner, "policies", refuse(0, 0.2, None)).await.expect(201);
    let more = post(&owner, "policies", refuse(1, 0.5, None)).await;
    assert_eq!(more.error(), (422, "confirm_needed"), "0.3 has no verdict");
    post(&owner, "policies", refuse(1, 0.5, Some("faso"))).await.expect(201);
    post(&owner, "policies", refuse(2, 0.2, None)).await.expect(201);
    let gentler = post(&owner, "policies", json!({"base": 3, "cuts": {"step_up_below": 0.9}})).await;
    assert_eq!(gentler.status, 201, "what refuses less asks nothing");
    service.stop().await;
}

async fn of_two_owners_on_one_base_one_succeeds(storage: &Storage) {
    let service = Service::start(storage, &site()).await;
    let first = service.person("Oumar", Role::Owner, &[]).await;
    let second = service.person("Awa", Role::Owner, &["faso"]).await;
    for base in 0..5 {
        let body = |cut: f64| json!({"base": base, "cuts": {"publish_from": cut}});
        let (one, two) = tokio::join!(
            post(&first, "policies", body(0.5)),
            post(&second, "policies", body(0.7))
        );
        let mut statuses = [one.status.as_u16(), two.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409], "{} {}", one.text, two.text);
        let (winner, loser) = if one.status == 201 { (one, two) } else { (two, one) };
        assert_eq!(loser.error(), (409, "conflict"));
        assert_eq!(winner.json["version"], base + 1);
        assert_eq!(get(&first, "policies").await["policies"][0], winner.json);
    }
    for base in [-1, 0, 4, 6] {
        let body = json!({"base": base, "cuts": {}});
        assert_eq!(
            post(&first, "policies", body.clone()).await.error(),
            (409, "conflict"),
            "{base}"
        );
        assert_eq!(
            post(&first, "policies/1/revert", body).await.error(),
            (409, "conflict"),
            "{base}"
        );
    }
    service.stop().await;
}

async fn versions_never_change_and_can_be_gone_back_to(storage: &Storage) {
    let service = Service::start(storage, &site()).await;
    let owner = service.owner().await;
    scored(&service, 300, Action::Hold).await;
    let mut made = Vec::new();
    for (base, cuts, explore) in [
        (
            0,
            json!({"publish_from": 0.7, "step_up_below": 0.5, "refuse_below": 0.25}),
            json!(0.05),
        ),
        (
            1,
            json!({"publish_from": null, "step_up_below": 0.301, "refuse_below": null}),
            Value::Null,
        ),
        (
            2,
            json!({"publish_from": null, "step_up_below": null, "refuse_below": null}),
            json!(0),
        ),
    ] {
        service.clock.advance(Duration::from_mins(1));
        let body =
            json!({"base": base, "cuts": cuts, "explore": explore, "note": format!("Essai {base}"), "confirm": "faso"});
        let version = post(&owner, "policies", body).await.expect(201).json;
        assert_eq!(
            (&version["version"], &version["base"]),
            (&json!(base + 1), &json!(base))
        );
        assert_eq!(version["cuts"], cuts);
        assert_eq!(
            version["explore"],
            if explore.is_null() {
                // Not given: the share in force stays.
                json!(0.05)
            } else {
                json!(explore.as_f64())
            }
        );
        assert_eq!(
            (&version["author"], &version["note"]),
            (&json!("Oumar Propriétaire"), &json!(format!("Essai {base}")))
        );
        assert_eq!(version["from"], version["at"]);
        assert!(version["forecast"]["held"].is_i64(), "{version}");
        made.insert(0, version);
    }
    assert_eq!(get(&owner, "policies").await["policies"], json!(made), "newest first");
    for (base, n) in [(3, 1), (4, 2), (5, 5)] {
        let reverted = post(
            &owner,
            &format!("policies/{n}/revert"),
            json!({"base": base, "note": "retour"}),
        )
        .await
        .expect(201)
        .json;
        let original = made
            .iter()
            .find(|version| version["version"] == n)
            .expect("it was made");
        for rule in ["cuts", "explore"] {
            assert_eq!(
                reverted[rule].to_string(),
                original[rule].to_string(),
                "{rule} of {n}, to the byte"
            );
        }
        assert_eq!(
            (&reverted["version"], &reverted["note"]),
            (&json!(base + 1), &json!("retour"))
        );
        made.insert(0, reverted);
        assert_eq!(
            get(&owner, "policies").await["policies"],
            json!(made),
            "the others are untouched"
        );
    }
    for n in ["99", "-1", "one"] {
        let missing = post(&owner, &format!("policies/{n}/revert"), json!({"base": 6})).await;
        assert_eq!(missing.error(), (404, "not_found"), "{n}");
    }
    let audit = owner.gets("/api/v1/moderation/audit?site=faso").await.expect(200);
    let policies = audit.json["entries"]
        .as_array()
        .expect("entries")
        .iter()
        .filter(|entry| entry["action"] == "policy");
    let versions: Vec<&Value> = policies.map(|entry| &entry["detail"]["version"]).collect();
    assert_eq!(versions, [1, 2, 3, 4, 5, 6], "each is in the audit log");
    service.stop().await;
}

/// The site without a check, which publishes at once when the policy in force says so: what a reader
/// gets tells which version is in force.
fn open_site() -> String {
    format!("{SITE}moderation = \"after\"\n[site.captcha]\nprovider = \"off\"\n")
}

async fn status_of_a_comment(service: &Service) -> u16 {
    let reader = service.reader();
    let mut fields = comment(&format!("Texte {}", service.app.clock.new_id()));
    fields["form"] = json!(reader.opens_form("/article").await);
    reader.submits(&fields).await.status.as_u16()
}

async fn a_version_of_tomorrow_waits_until_then(storage: &Storage) {
    let service = Service::start(storage, &open_site()).await;
    let owner = service.owner().await;
    assert_eq!(status_of_a_comment(&service).await, 202, "without a policy all is held");
    let publish = json!({"base": 0, "cuts": {"publish_from": 0.5}});
    post(&owner, "policies", publish).await.expect(201);
    assert_eq!(status_of_a_comment(&service).await, 201, "from now on");

    let tomorrow = json!({"base": 1, "cuts": {}, "from": "2026-11-25T10:00:00Z"});
    let version = post(&owner, "policies", tomorrow).await.expect(201).json;
    assert_eq!(
        (&version["version"], &version["from"]),
        (&json!(2), &json!("2026-11-25T10:00:00Z"))
    );
    assert_eq!(status_of_a_comment(&service).await, 201, "not yet");
    assert_eq!(get(&owner, "evidence").await["policy"]["version"], 1);
    let next = json!({"base": 1, "cuts": {}});
    assert_eq!(
        post(&owner, "policies", next).await.error(),
        (409, "conflict"),
        "the newest is the base"
    );
    service.clock.advance(Duration::from_secs(24 * 3600 - 2));
    assert_eq!(status_of_a_comment(&service).await, 201, "two seconds before");
    service.clock.advance(Duration::from_secs(2));
    assert_eq!(status_of_a_comment(&service).await, 202, "now it is in force");
    assert_eq!(get(&owner, "evidence").await["policy"]["version"], 2);

    let past = json!({"base": 2, "cuts": {"publish_from": 0.5}, "from": "2020-01-01T00:00:00Z"});
    let version = post(&owner, "policies", past).await.expect(201).json;
    assert_eq!(
        version["from"], "2026-11-25T10:00:00Z",
        "nothing is in force before it was made"
    );
    service.stop().await;
}

async fn the_files_policy_is_version_one(storage: &Storage) {
    let policy = "[site.captcha.policy]\npublish_from = 0.7\nstep_up_below = 0.5\nrefuse_below = 0.2\nexplore = 0.1\n";
    let service = Service::start(storage, &format!("{}{policy}", site())).await;
    let owner = service.owner().await;
    let list = get(&owner, "policies").await;
    let first = &list["policies"][0];
    assert_eq!(
        (&first["version"], &first["base"], &first["author"]),
        (&json!(1), &json!(0), &json!("config.toml"))
    );
    assert_eq!(
        first["cuts"],
        json!({"publish_from": 0.7, "step_up_below": 0.5, "refuse_below": 0.2})
    );
    assert_eq!(first["explore"], 0.1);
    post(&owner, "policies", json!({"base": 1, "cuts": {}}))
        .await
        .expect(201);
    service.stop().await;

    let changed = format!("{}{policy}", site()).replace("0.7", "0.9");
    let later = ManualClock::at(START.plus(Duration::from_hours(1)));
    let again = Service::start_at(storage, &changed, later).await;
    let owner = again.person("Awa", Role::Owner, &[]).await;
    let list = get(&owner, "policies").await["policies"].clone();
    assert_eq!(
        list.as_array().expect("a list").len(),
        2,
        "a file that differs later is not applied"
    );
    assert_eq!(list[1], *first);
    again.stop().await;
}

async fn moderators_look_and_owners_apply(storage: &Storage) {
    let service = Service::start(storage, &site()).await;
    let moderator = service.person("Awa", Role::Moderator, &["faso"]).await;
    let owner = service.person("Oumar", Role::Owner, &["faso"]).await;
    get(&moderator, "evidence").await;
    get(&moderator, "policies").await;
    post(&moderator, "preview", json!({"cuts": {}})).await.expect(200);
    let body = json!({"base": 0, "cuts": {"publish_from": 0.5}});
    assert_eq!(
        post(&moderator, "policies", body.clone()).await.error(),
        (403, "forbidden")
    );
    post(&owner, "policies", body).await.expect(201);
    let revert = post(&moderator, "policies/1/revert", json!({"base": 1})).await;
    assert_eq!(revert.error(), (403, "forbidden"));
    let page = service
        .request(
            Method::GET,
            "/sites/faso/captcha?preview=1&publish_from=0.9",
            |request| request.bearer_auth(&moderator.token).header("accept", "text/html"),
        )
        .await
        .expect(200);
    assert!(page.text.contains("<table") || page.text.contains("preview"));
    assert!(
        !page.text.contains("/captcha/policies"),
        "no button that would be refused"
    );
    service.stop().await;
}

/// The verdict that a stored row came from: its class, its score and the reason that names the rest.
fn verdict_of(row: &Comment) -> Verdict {
    let named = row.reasons.iter().find_map(|reason| {
        Some(match reason {
            Reason::TokenMissing => Verdict::BadToken(BadToken::Missing),
            Reason::TokenMalformed => Verdict::BadToken(BadToken::Malformed),
            Reason::TokenExpired => Verdict::BadToken(BadToken::Expired),
            Reason::TokenDuplicate => Verdict::BadToken(BadToken::Duplicate),
            Reason::TokenForeign => Verdict::BadToken(BadToken::Foreign),
            Reason::WrongAction { seen } => Verdict::BadToken(BadToken::WrongAction(seen.clone())),
            Reason::WrongHost { seen } => Verdict::BadToken(BadToken::WrongHost(seen.clone())),
            Reason::WrongSite => Verdict::BadToken(BadToken::WrongSite),
            Reason::NotRun { why } => Verdict::NotRun(
                [
                    NotRun::NoScript,
                    NotRun::Blocked,
                    NotRun::ConsentRefused,
                    NotRun::BrowserError,
                ]
                .into_iter()
                .find(|one| one.as_str() == why)?,
            ),
            Reason::Misconfigured { detail } => Verdict::Misconfigured(detail.clone()),
            Reason::Unavailable { why } => Verdict::Unavailable(
                [
                    Why::Timeout,
                    Why::Connect,
                    Why::ServerError,
                    Why::Quota,
                    Why::Garbage,
                    Why::AmbiguousDuplicate,
                    Why::BreakerOpen,
                    Why::Busy,
                ]
                .into_iter()
                .find(|one| one.as_str() == why)?,
            ),
            _ => return None,
        })
    });
    let verdict = match (row.level, named) {
        (Some(score), _) => Verdict::Scored {
            score,
            raw: row.score_raw.clone().expect("a score has its number"),
        },
        (None, Some(verdict)) => verdict,
        (None, None) => Verdict::Off,
    };
    assert_eq!(verdict.class(), row.verdict, "{row:?}");
    verdict
}

fn signals_of(row: &Comment) -> Signals {
    let mut signals = Signals::default();
    for reason in &row.reasons {
        match reason {
            Reason::Links { .. } | Reason::ProofMissing | Reason::TooFast { .. } | Reason::CheckedHere { .. } => {
                signals.notes.push(reason.clone());
            }
            Reason::FormMissing
            | Reason::FormExpired
            | Reason::FormForged
            | Reason::FormReused
            | Reason::Honeypot
            | Reason::ProofForged
            | Reason::EmailRate
            | Reason::SiteSurge
            | Reason::OriginUnknown
            | Reason::LeaseLost
            | Reason::ProviderBusy => signals.holds.push(reason.clone()),
            _ => {}
        }
    }
    signals
}

#[expect(clippy::too_many_lines, reason = "one journey")]
async fn every_stored_outcome_can_be_computed_again(storage: &Storage) {
    let start = START.0;
    let fake = FakeProvider::start_at(start).await;
    let url = fake.verify_url();
    let captcha =
        format!("[site.captcha]\nprovider = \"recaptcha_v3\"\nsecret = \"{SECRET}\"\nverify_url = \"{url}\"\n");
    let config = format!(
        "[outgoing]\nallow_private_addresses = true\n{SITE}moderation = \"after\"\n{captcha}\
         [[site]]\nid = \"sahel\"\norigins = [\"https://faso.test\"]\n{captcha}"
    );
    let service = Service::start(storage, &config).await;
    let (reader, owner) = (service.reader(), service.owner().await);
    let mut dice = Dice(23);
    let mut ids = Vec::new();
    for round in 0..12 {
        if round > 0 {
            let mut three: Vec<f64> = (0..3)
                .map(|_| score(i64::try_from(dice.below(1001)).expect("small")).decimal())
                .collect();
            three.sort_by(f64::total_cmp);
            for (site, base) in [("faso", round - 1), ("sahel", round - 1)] {
                let body = json!({
                    "base": base, "confirm": site, "explore": 0.5,
                    "cuts": {"refuse_below": three[0], "step_up_below": three[1], "publish_from": three[2]},
                });
                let path = format!("/api/v1/sites/{site}/captcha/policies");
                owner.posts(&path, &body).await.expect(201);
            }
        }
        // The last round finds a provider that is down.
        fake.fault(if round == 11 { Fault::Status(500) } else { Fault::None });
        let sending = (0..25).map(|number| {
            let site = dice.one_of(&["faso", "sahel"]);
            let value = score(i64::try_from(dice.below(1001)).expect("small")).decimal();
            let mut fields = comment(&format!(
                "Texte {round} {number}{}",
                dice.one_of(&["", " https://example.org"])
            ));
            fields["thread"] = json!(format!("/{}", dice.below(5)));
            let token = match dice.below(10) {
                0 => None,
                1 => Some(fake.token(value, "login", "faso.test")),
                2 => Some(fake.token(value, "comment", "elsewhere.example")),
                3 => Some("no token".to_owned()),
                _ => Some(fake.token(value, "comment", "faso.test")),
            };
            fields["captcha"] = json!(token);
            let trap = dice.below(8) == 0;
            async move {
                let form = reader
                    .opens_form_of(site, fields["thread"].as_str().expect("a thread"))
                    .await;
                if trap {
                    fields[palabre::web::thread::HONEYPOT_FIELD] = json!("Rolex");
                } else {
                    fields["form"] = json!(form);
                }
                reader.submits_to(site, &fields).await
            }
        });
        for answer in futures_util::future::join_all(sending).await {
            assert!(matches!(answer.status.as_u16(), 201..=202 | 403), "{}", answer.text);
            let id = match answer.json["id"].as_str() {
                Some(id) => Uuid::parse_str(id).expect("an id"),
                None => continue,
            };
            ids.push(id);
        }
    }
    for site in ["faso", "sahel"] {
        let path = format!("/api/v1/moderation/queue?status=refused&site={site}&limit=100");
        for item in owner.gets(&path).await.expect(200).json["items"]
            .as_array()
            .expect("items")
        {
            ids.push(Uuid::parse_str(item["id"].as_str().expect("an id")).expect("an id"));
        }
    }
    assert_eq!(ids.len(), 300, "each submission is stored, whatever its outcome");

    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for id in ids {
        let row = service.app.store.comment(id).await.expect("read").expect("it is there");
        let policy = match row.policy_version {
            None => None,
            Some(version) => {
                let found = service.app.store.policy(&row.site, version).await.expect("read");
                Some(found.expect("a version stays for ever").policy)
            }
        };
        let moderation = if row.site == "faso" {
            Moderation::After
        } else {
            Moderation::Before
        };
        let again = triage::decide(
            &verdict_of(&row),
            &signals_of(&row),
            moderation,
            policy.as_ref(),
            row.draw,
        );
        let stored = Outcome {
            action: row.outcome,
            level: row.level,
            policy_version: row.policy_version,
            propensity_ppm: row.propensity_ppm,
            draw: row.draw,
            explored: row.explored,
            reasons: row.reasons.clone(),
        };
        assert_eq!(again, stored, "{row:?}");
        *seen.entry(row.outcome.as_str()).or_default() += 1;
        *seen
            .entry(if row.explored { "explored" } else { "not explored" })
            .or_default() += 1;
        *seen
            .entry(["without a policy", "with one"][usize::from(policy.is_some())])
            .or_default() += 1;
        let class = ["scored", "bad_token", "unavailable", "not_run", "misconfigured"];
        let class = class.into_iter().find(|class| *class == row.verdict);
        *seen.entry(class.unwrap_or("another class")).or_default() += 1;
    }
    for what in [
        "publish",
        "hold",
        "step_up",
        "refuse",
        "explored",
        "without a policy",
        "scored",
        "bad_token",
        "unavailable",
    ] {
        assert!(
            seen.get(what).copied().unwrap_or(0) > 2,
            "{what} is among the cases: {seen:?}"
        );
    }
    service.stop().await;
}

async fn the_owners_page_previews_applies_and_reverts(storage: &Storage) {
    let service = Service::start(storage, &site()).await;
    let (browser, owner) = (service.signs_in().await, service.owner().await);
    for level in [100, 300, 300, 700, 900] {
        scored(&service, level, Action::Hold).await;
    }
    let page = browser.gets("/sites/faso/captcha").await.expect(200);
    assert!(page.text.contains("<table") && page.text.contains("Le Faso"));
    assert_eq!(page.header("cache-control"), "no-store");
    for field in ["publish_from", "step_up_below", "refuse_below"] {
        assert_eq!(values_of(&page.text, field), [""], "{field}");
    }
    let preview = browser
        .gets("/sites/faso/captcha?preview=1&publish_from=0,7&step_up_below=&refuse_below=0.2")
        .await
        .expect(200);
    assert_eq!(values_of(&preview.text, "base"), ["0"]);
    assert!(preview.text.contains("Texte à 100") && preview.text.contains("Texte à 900"));
    assert!(!preview.text.contains("Texte à 300"), "only what would change");
    assert_eq!(values_of(&preview.text, "confirm"), [""], "it asks for the site's id");
    assert_eq!(
        get(&owner, "policies").await["policies"],
        json!([]),
        "looking changes nothing"
    );

    let apply = "/sites/faso/captcha/policies";
    let mut fields = vec![
        ("base", "0"),
        ("publish_from", "0,7"),
        ("step_up_below", ""),
        ("refuse_below", "0.2"),
        ("note", "Moins d’attente"),
    ];
    let asked = browser.posts(apply, &fields).await.expect(422);
    assert!(title(&asked).starts_with("Erreur"), "{}", title(&asked));
    assert_eq!(
        values_of(&asked.text, "note"),
        ["Moins d’attente"],
        "what was typed stays"
    );
    fields.push(("confirm", "faso"));
    let applied = browser.posts(apply, &fields).await.expect(303);
    assert!(applied.header("location").starts_with("/sites/faso/captcha?applied=1"));
    let done = browser.gets(applied.header("location")).await.expect(200);
    assert!(done.text.contains("Moins d’attente") && done.text.contains(OWNER_NAME));
    let made = get(&owner, "policies").await["policies"][0].clone();
    assert_eq!(
        made["cuts"],
        json!({"publish_from": 0.7, "step_up_below": null, "refuse_below": 0.2})
    );

    let stale = browser.posts(apply, &fields).await.expect(409);
    assert_eq!(
        values_of(&stale.text, "base").first().map(String::as_str),
        Some("1"),
        "made anew on what is there"
    );
    for (publish, refuse) in [("0.1", "0.5"), ("2", ""), ("abc", "")] {
        let wrong = [
            ("base", "1"),
            ("publish_from", publish),
            ("step_up_below", ""),
            ("refuse_below", refuse),
        ];
        let answer = browser.posts(apply, &wrong).await;
        assert!(
            title(&answer).starts_with("Erreur"),
            "{publish} {refuse}: {}",
            answer.text
        );
        assert_eq!(
            values_of(&answer.text, "publish_from")[0],
            publish,
            "what was typed stays"
        );
    }
    let observe = [
        ("base", "1"),
        ("publish_from", ""),
        ("step_up_below", ""),
        ("refuse_below", ""),
    ];
    browser.posts(apply, &observe).await.expect(303);
    let back = browser
        .posts("/sites/faso/captcha/policies/1/revert", &[("base", "2")])
        .await
        .expect(303);
    assert!(back.header("location").starts_with("/sites/faso/captcha?applied=3"));
    let policies = get(&owner, "policies").await["policies"].clone();
    assert_eq!(policies[0]["cuts"].to_string(), made["cuts"].to_string());
    assert_eq!(policies.as_array().expect("a list").len(), 3);
    service.stop().await;
}

fn title(page: &Answer) -> String {
    let title = page
        .text
        .split("<title>")
        .nth(1)
        .and_then(|rest| rest.split("</title>").next());
    title.unwrap_or_default().to_owned()
}
