//! What the staff pages say is so: shares count what their labels name, a rule that refuses readers says so and
//! asks, a list stays in its order under the hand, the menu keeps the site, the first rule can be taken back.

use std::time::Duration;

use palabre::{
    actions::identify::Role,
    clock::ManualClock,
    domain::{draft::RawDraft, triage::Action},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    example::{Sent as _, draft},
    service::{Answer, Browser, Person, SITE, START, Service, unescaped, values_of},
    stores::{Storage, on_both_engines},
    tuning::{Dice, scored, site, wilson},
};

on_both_engines!(
    s1_what_a_label_names_is_what_is_counted,
    s1_each_sentence_counts_what_it_names,
    s2_refusing_whom_moderators_publish_asks,
    s2_refusing_more_than_half_asks,
    s2_what_refuses_nobody_asks_nothing,
    s2_what_nobody_rereads_asks,
    s2_a_rule_for_later_is_asked_about_alike,
    s2_going_back_is_asked_about_alike,
    s2_the_page_says_what_the_press_does,
    s2_the_question_is_about_what_holds_at_the_press,
    s8_an_article_stays_in_its_place_until_it_is_empty,
    s8_one_comes_back_to_the_row_after_the_decided_one,
    s8_every_order_and_filter_keeps_its_page,
    s8_decisions_from_elsewhere_move_nothing,
    s8_what_is_taken_back_is_where_it_was,
    s8_a_page_that_was_worked_off_leads_to_what_waits,
    s14_the_menu_keeps_the_site,
    s14_pages_about_no_site_carry_it,
    s14_without_a_site_one_chooses,
    s14_whoever_has_one_site_sees_no_switcher,
    s15_the_first_rule_can_be_taken_back,
    s15_the_page_offers_the_observation_last,
    s15_what_the_file_set_can_be_taken_back,
);

// ------------------------------------------------------------------ shares

async fn captcha(person: &Person<'_>, call: &str) -> Value {
    person
        .gets(&format!("/api/v1/sites/faso/captcha/{call}"))
        .await
        .expect(200)
        .json
}

async fn tune(person: &Person<'_>, call: &str, body: Value) -> Answer {
    person.posts(&format!("/api/v1/sites/faso/captcha/{call}"), &body).await
}

/// Comments at a level on which moderators decided so.
async fn judged(service: &Service, owner: &Person<'_>, level: i64, verdicts: &[(&str, usize)]) {
    let mut decisions = Vec::new();
    for (act, count) in verdicts {
        for _ in 0..*count {
            let id = scored(service, level, Action::Hold).await;
            decisions.push(json!({"key": id, "comment": id, "action": act}));
        }
    }
    for some in decisions.chunks(100) {
        let done = owner
            .posts("/api/v1/moderation/decisions", &json!({"decisions": some}))
            .await
            .expect(200);
        for result in done.json["results"].as_array().expect("results") {
            assert_eq!(result["result"], "applied", "{result}");
        }
    }
}

/// The cells of the table of levels, by row; the last two are the shares.
fn level_cells(html: &str) -> Vec<Vec<String>> {
    let body = html
        .split("<tbody>")
        .nth(1)
        .and_then(|rest| rest.split("</tbody>").next())
        .expect("a table");
    let rows = body.split("<tr>").skip(1);
    rows.map(|row| {
        let cells = row
            .split('<')
            .filter(|tag| tag.starts_with("td") || tag.starts_with("th"));
        cells
            .map(|cell| unescaped(cell.split_once('>').map_or("", |(_, text)| text)))
            .collect()
    })
    .collect()
}

fn of_hundred(hits: usize, all: usize) -> [i64; 3] {
    let number = |count: usize| f64::from(u32::try_from(count).expect("small"));
    let (low, high) = wilson(number(hits), number(all));
    [number(hits) / number(all), low, high].map(|share| {
        #[expect(clippy::cast_possible_truncation, reason = "a share")]
        let thousandths = (share * 1000.0).round() as i64;
        (thousandths + 5) / 10
    })
}

async fn s1_what_a_label_names_is_what_is_counted(storage: &Storage) {
    let service = Service::start(storage, &site()).await;
    let (browser, owner) = (service.signs_in().await, service.owner().await);
    let mut dice = Dice(41);
    let mut drawn = Vec::new();
    for level in [0, 100, 300, 500, 700, 900, 1000] {
        let counts: [usize; 3] = std::array::from_fn(|_| usize::try_from(dice.below(14)).expect("small"));
        let [approved, rejected, spam] = counts;
        judged(
            &service,
            &owner,
            level,
            &[("approve", approved), ("reject", rejected), ("spam", spam)],
        )
        .await;
        scored(&service, level, Action::Hold).await;
        drawn.push(counts);
    }
    for (language, by_you, by_people) in [
        ("fr", "Publiés par vous", "Écrits par une personne"),
        ("en", "Published by you", "Written by a person"),
    ] {
        let page = browser
            .gets(&format!("/sites/faso/captcha?lang={language}"))
            .await
            .expect(200);
        let text = unescaped(&page.text);
        let place = |label: &str| text.find(&format!(">{label}<")).expect("the column is there");
        assert!(place(by_you) < place(by_people), "in this order");
        assert!(!text.contains("Publiables") && !text.contains("Publishable"));
        let rows = level_cells(&page.text);
        assert_eq!(rows.len(), drawn.len());
        for (cells, [approved, rejected, spam]) in rows.iter().zip(&drawn) {
            let decided = approved + rejected + spam;
            for (cell, hits) in cells[cells.len() - 2..].iter().zip([*approved, approved + rejected]) {
                if decided < 8 {
                    assert!(cell.contains(&decided.to_string()), "{cell}");
                    continue;
                }
                let [share, low, high] = of_hundred(hits, decided);
                let expected = match language {
                    "fr" => format!("{share} sur 100 ({low} à {high})"),
                    _ => format!("{share} in 100 ({low} to {high})"),
                };
                assert_eq!(*cell, expected, "{approved} {rejected} {spam}: {cells:?}");
            }
        }
    }
    let evidence = captcha(&owner, "evidence").await;
    for (row, [approved, rejected, spam]) in evidence["levels"].as_array().expect("levels").iter().zip(&drawn) {
        let decided = approved + rejected + spam;
        assert_eq!(
            (&row["approved"], &row["rejected"]),
            (&json!(approved), &json!(rejected))
        );
        for (name, hits) in [("approved_share", *approved), ("human_share", approved + rejected)] {
            let figure = |name: &str, part: &str| row[name][part].as_f64().expect("a figure");
            let number = |count: usize| f64::from(u32::try_from(count).expect("small"));
            let share = if decided == 0 {
                0.0
            } else {
                number(hits) / number(decided)
            };
            assert!((figure(name, "share") - share).abs() < 1e-9, "{name}: {row}");
        }
        for part in ["share", "low", "high"] {
            assert_eq!(row[part], row["human_share"][part], "as before: {row}");
        }
    }
    service.stop().await;
}

async fn s1_each_sentence_counts_what_it_names(storage: &Storage) {
    let service = Service::start(storage, &site()).await;
    let (browser, owner) = (service.signs_in().await, service.owner().await);
    judged(&service, &owner, 300, &[("approve", 3), ("spam", 1)]).await;
    // The same site had another check before: its scores are others.
    for _ in 0..5 {
        let mut seed = service.seed();
        seed.submitted().captcha.provider = palabre::domain::provider::ProviderId::BuiltIn;
        seed.submitted().captcha.verdict = palabre::domain::verdict::Verdict::Scored {
            score: palabre::domain::score::Score::from_thousandths(900).expect("in range"),
            raw: "0.9".to_owned(),
        };
        seed.submitted().outcome.level = palabre::domain::score::Score::from_thousandths(900);
        let id = service.plants(seed).await;
        owner.decides(&id.to_string(), "approve").await.expect(200);
    }
    service.plants(service.seed()).await;
    let page = browser.gets("/sites/faso/captcha").await.expect(200);
    let text = unescaped(&page.text);
    assert!(
        text.contains("Sur les 4 mis en relecture, les modérateurs en ont publié 3."),
        "{text}"
    );
    assert!(
        text.contains("1 commentaire n’a pas reçu de score"),
        "one came without a score: {text}"
    );
    service.stop().await;
}

// ------------------------------------------------------------------ refusing

fn refuse(base: i64, cut: f64) -> Value {
    json!({"base": base, "cuts": {"refuse_below": cut}})
}

fn with(mut body: Value, name: &str, value: impl Into<Value>) -> Value {
    body[name] = value.into();
    body
}

async fn is_asked(owner: &Person<'_>, body: &Value) {
    let preview = tune(owner, "preview", body.clone()).await.expect(200);
    assert_eq!(preview.json["confirm_needed"], true, "{body}");
    for confirm in [Value::Null, json!(""), json!("Le Faso"), json!("sahel")] {
        let answer = tune(owner, "policies", with(body.clone(), "confirm", confirm)).await;
        assert_eq!(answer.error(), (422, "confirm_needed"), "{body}");
    }
}

async fn is_not_asked(owner: &Person<'_>, body: &Value) {
    let preview = tune(owner, "preview", body.clone()).await.expect(200);
    assert_eq!(preview.json["confirm_needed"], false, "{body}");
    tune(owner, "policies", body.clone()).await.expect(201);
}

async fn s2_refusing_whom_moderators_publish_asks(storage: &Storage) {
    let service = Service::start(storage, &site()).await;
    let owner = service.owner().await;
    judged(&service, &owner, 900, &[("approve", 90)]).await;
    // Exactly one in twenty, and below.
    judged(&service, &owner, 100, &[("approve", 2), ("reject", 8), ("spam", 30)]).await;
    is_not_asked(&owner, &refuse(0, 0.2)).await;
    judged(&service, &owner, 100, &[("approve", 1)]).await;
    // Whenever the rule would refuse them: also where another rule refuses them already.
    is_asked(&owner, &refuse(1, 0.2)).await;
    is_asked(&owner, &with(refuse(1, 0.2), "note", "le même")).await;
    tune(&owner, "policies", with(refuse(1, 0.2), "confirm", "faso"))
        .await
        .expect(201);
    // What refuses less, and them still.
    judged(&service, &owner, 50, &[("spam", 40)]).await;
    is_asked(&owner, &refuse(2, 0.15)).await;
    is_not_asked(&owner, &refuse(2, 0.1)).await;
    // The other cuts refuse nobody.
    let gentle = json!({"base": 3, "cuts": {"step_up_below": 0.95, "publish_from": 0.95}});
    is_not_asked(&owner, &gentle).await;
    let mixed = json!({"base": 4, "cuts": {"refuse_below": 0.2, "step_up_below": 0.5, "publish_from": 0.2}});
    assert_eq!(tune(&owner, "preview", mixed).await.error(), (422, "cuts_cross"));
    let mixed = json!({"base": 4, "cuts": {"refuse_below": 0.2, "step_up_below": 0.2, "publish_from": 0.2}});
    is_asked(&owner, &mixed).await;
    let why = tune(&owner, "preview", mixed).await.expect(200).json;
    assert_eq!(why["confirm_why"], json!(["published"]), "{why}");
    assert_eq!(
        why["refused"],
        json!({"total": 81, "approved": 3, "rejected": 8, "spam": 70, "undecided": 0}),
    );
    service.stop().await;
}

async fn s2_refusing_more_than_half_asks(storage: &Storage) {
    let service = Service::start(storage, &site()).await;
    let owner = service.owner().await;
    judged(&service, &owner, 100, &[("spam", 30)]).await;
    is_asked(&owner, &refuse(0, 0.5)).await;
    judged(&service, &owner, 300, &[("spam", 31)]).await;
    judged(&service, &owner, 900, &[("approve", 30)]).await;
    is_asked(&owner, &refuse(0, 0.5)).await;
    is_not_asked(&owner, &refuse(0, 0.2)).await;
    scored(&service, 900, Action::Hold).await;
    // 61 of 122.
    judged(&service, &owner, 900, &[("approve", 30)]).await;
    is_not_asked(&owner, &refuse(1, 0.5)).await;
    // What came in long ago is no reason.
    service.clock.advance(Duration::from_hours(24 * 31));
    judged(&service, &owner, 100, &[("spam", 30)]).await;
    judged(&service, &owner, 900, &[("approve", 10)]).await;
    is_asked(&owner, &refuse(2, 0.2)).await;
    // A preview of other days says what the press will ask.
    let long = with(refuse(2, 0.2), "days", 365);
    let preview = tune(&owner, "preview", long).await.expect(200).json;
    assert_eq!(preview["confirm_needed"], true, "{preview}");
    service.stop().await;
}

async fn s2_what_refuses_nobody_asks_nothing(storage: &Storage) {
    let service = Service::start(storage, &site()).await;
    let owner = service.owner().await;
    judged(&service, &owner, 100, &[("approve", 40)]).await;
    // All of it is read by a person.
    is_not_asked(&owner, &with(refuse(0, 0.5), "explore", 1)).await;
    is_asked(&owner, &with(refuse(1, 0.5), "explore", 0.999)).await;
    // The share in force is kept where none is named.
    is_not_asked(&owner, &refuse(1, 0.5)).await;
    is_not_asked(&owner, &refuse(2, 0.0)).await;
    is_not_asked(&owner, &json!({"base": 3, "cuts": {}})).await;
    service.stop().await;
}

async fn s2_what_nobody_rereads_asks(storage: &Storage) {
    let service = Service::start(storage, &site()).await;
    let owner = service.owner().await;
    judged(&service, &owner, 100, &[("spam", 40)]).await;
    judged(&service, &owner, 900, &[("approve", 40)]).await;
    is_asked(&owner, &with(refuse(0, 0.2), "explore", 0)).await;
    is_not_asked(&owner, &with(refuse(0, 0.2), "explore", 0.02)).await;
    is_asked(&owner, &with(refuse(1, 0.2), "explore", 0)).await;
    service.stop().await;
}

async fn s2_a_rule_for_later_is_asked_about_alike(storage: &Storage) {
    let service = Service::start(storage, &site()).await;
    let owner = service.owner().await;
    judged(&service, &owner, 100, &[("approve", 20), ("spam", 20)]).await;
    judged(&service, &owner, 50, &[("spam", 1)]).await;
    let later = |base: i64, cut: f64, day: &str| with(refuse(base, cut), "from", format!("2026-12-{day}T10:00:00Z"));
    is_asked(&owner, &later(0, 0.2, "01")).await;
    tune(&owner, "policies", with(refuse(0, 0.08), "confirm", "faso"))
        .await
        .expect(201);
    // From tomorrow nothing is refused: what comes after that raises it again, on few verdicts.
    is_not_asked(
        &owner,
        &with(json!({"base": 1, "cuts": {}}), "from", "2026-11-25T10:00:00Z"),
    )
    .await;
    let again = tune(&owner, "policies", later(2, 0.08, "02")).await;
    assert_eq!(again.error(), (422, "confirm_needed"));
    let sooner = with(refuse(2, 0.08), "from", "2026-11-25T09:00:00Z");
    tune(&owner, "policies", sooner).await.expect(201);
    service.stop().await;
}

async fn s2_going_back_is_asked_about_alike(storage: &Storage) {
    let service = Service::start(storage, &site()).await;
    let (browser, owner) = (service.signs_in().await, service.owner().await);
    judged(&service, &owner, 100, &[("spam", 40)]).await;
    judged(&service, &owner, 900, &[("approve", 60)]).await;
    is_not_asked(&owner, &refuse(0, 0.2)).await;
    is_not_asked(&owner, &json!({"base": 1, "cuts": {}})).await;
    judged(&service, &owner, 100, &[("approve", 10)]).await;
    for body in [json!({"base": 2}), json!({"base": 2, "confirm": "Faso"})] {
        let answer = tune(&owner, "policies/1/revert", body).await;
        assert_eq!(answer.error(), (422, "confirm_needed"));
    }
    let list = browser.gets("/sites/faso/captcha").await.expect(200);
    assert_eq!(
        values_of(&list.text, "revert"),
        ["1"],
        "the way back leads to the question"
    );
    let asked = browser
        .posts("/sites/faso/captcha/policies/1/revert", &[("base", "2")])
        .await
        .expect(422);
    let looked = browser.gets("/sites/faso/captcha?revert=1").await.expect(200);
    for page in [&asked, &looked] {
        assert_eq!(values_of(&page.text, "confirm"), [""], "it asks for the site's id");
        assert!(page.text.contains("/captcha/policies/1/revert\""));
        assert_eq!(apply_button(&page.text).0, "reject");
    }
    let back = [("base", "2"), ("confirm", "faso"), ("note", "Retour")];
    browser
        .posts("/sites/faso/captcha/policies/1/revert", &back)
        .await
        .expect(303);
    let newest = captcha(&owner, "policies").await["policies"][0].clone();
    assert_eq!(newest["cuts"]["refuse_below"], 0.2);
    assert_eq!((&newest["version"], &newest["note"]), (&json!(3), &json!("Retour")));
    tune(&owner, "policies/2/revert", json!({"base": 3})).await.expect(201);
    service.stop().await;
}

/// Class and words of the button that applies.
fn apply_button(html: &str) -> (String, String) {
    let form = html.split("<form class=\"apply\"").nth(1).expect("a form that applies");
    let form = form.split("</form>").next().expect("it ends");
    let button = form.split("<button type=\"submit\" class=\"").nth(1).expect("a button");
    let (class, rest) = button.split_once("\">").expect("a class");
    (class.to_owned(), unescaped(rest.split('<').next().expect("its words")))
}

fn query(cut: &str) -> String {
    format!("/sites/faso/captcha?preview=1&publish_from=&step_up_below=&refuse_below={cut}")
}

async fn s2_the_page_says_what_the_press_does(storage: &Storage) {
    let service = Service::start(storage, &site()).await;
    let (browser, owner) = (service.signs_in().await, service.owner().await);
    service.clock.advance(Duration::from_hours(24 * 60));
    judged(&service, &owner, 900, &[("approve", 20)]).await;
    service
        .clock
        .advance(Duration::from_hours(24 * 9) + Duration::from_hours(12));
    let browser_of_then = service.signs_in().await;
    // 60 in ten days, half of them published.
    judged(&service, &owner, 100, &[("approve", 25), ("spam", 25)]).await;
    for _ in 0..10 {
        scored(&service, 100, Action::Hold).await;
    }
    drop(browser);
    let page = browser_of_then.gets(&query("0.2")).await.expect(200);
    let text = unescaped(&page.text);
    let (class, words) = apply_button(&page.text);
    assert_eq!(class, "reject", "{words}");
    assert_eq!(
        words,
        "Refuser d’office environ 6 commentaires par jour, dont 3 que vous auriez publiés"
    );
    assert!(
        text.contains("Seraient refusés d’office\u{202f}: 60. Vos modérateurs en ont publié 25, refusé 0, classé indésirables 25\u{202f}; 10 pas encore lus."),
        "{text}"
    );
    let english = browser_of_then
        .gets(&format!("{}&lang=en", query("0.2")))
        .await
        .expect(200);
    assert_eq!(
        apply_button(&english.text).1,
        "Refuse automatically about 6 comments a day, 3 of which you would have published"
    );
    let (class, words) = apply_button(&browser_of_then.gets(&query("0.1")).await.expect(200).text);
    assert_eq!(
        (class.as_str(), words.as_str()),
        ("reject", "Appliquer ces seuils"),
        "nobody came yet below that"
    );
    let gentle = browser_of_then
        .gets("/sites/faso/captcha?preview=1&publish_from=0.8&step_up_below=&refuse_below=")
        .await
        .expect(200);
    assert_eq!(
        apply_button(&gentle.text),
        ("publish".to_owned(), "Appliquer ces seuils".to_owned())
    );
    assert!(!gentle.text.contains("Seraient refusés"));
    service.stop().await;
}

async fn s2_the_question_is_about_what_holds_at_the_press(storage: &Storage) {
    let service = Service::start(storage, &site()).await;
    let (browser, owner) = (service.signs_in().await, service.owner().await);
    judged(&service, &owner, 100, &[("spam", 30)]).await;
    judged(&service, &owner, 900, &[("approve", 60)]).await;
    let preview = browser.gets(&query("0.2")).await.expect(200);
    assert!(values_of(&preview.text, "confirm").is_empty(), "nothing is asked yet");
    judged(&service, &owner, 100, &[("approve", 5)]).await;
    let mut fields = vec![
        ("base", "0"),
        ("publish_from", ""),
        ("step_up_below", ""),
        ("refuse_below", "0.2"),
        ("note", "Assez"),
    ];
    let asked = browser.posts("/sites/faso/captcha/policies", &fields).await.expect(422);
    assert_eq!(values_of(&asked.text, "confirm"), [""]);
    assert_eq!(values_of(&asked.text, "note"), ["Assez"], "what was typed stays");
    assert_eq!(apply_button(&asked.text).0, "reject");
    assert!(apply_button(&asked.text).1.starts_with("Refuser d’office"));
    // Somebody else was first: then there is nothing to type for.
    tune(&owner, "policies", json!({"base": 0, "cuts": {}}))
        .await
        .expect(201);
    assert_eq!(
        tune(&owner, "policies", refuse(0, 0.2)).await.error(),
        (409, "conflict")
    );
    assert_eq!(
        tune(&owner, "policies/1/revert", json!({"base": 0})).await.error(),
        (409, "conflict")
    );
    browser.posts("/sites/faso/captcha/policies", &fields).await.expect(409);
    fields[0].1 = "1";
    fields.push(("confirm", "faso"));
    browser.posts("/sites/faso/captcha/policies", &fields).await.expect(303);
    service.stop().await;
}

// ------------------------------------------------------------------ the list

/// A waiting comment on an article, a minute after the one before.
async fn waits(service: &Service, thread: &str) -> String {
    service.clock.advance(Duration::from_mins(1));
    let mut seed = service.seed();
    seed.content.draft = draft(RawDraft {
        thread: thread.to_owned(),
        name: "Awa".to_owned(),
        email: "awa@example.org".to_owned(),
        body: format!("Un avis sur {thread}"),
        ..RawDraft::default()
    });
    seed.submitted().outcome.draw = (service.app.clock.now().0 * 7919) % 1_000_000;
    service.plants(seed).await.to_string()
}

/// The comments of a page, in their order, and the one that it comes back to.
#[derive(Debug, PartialEq, Eq)]
struct List {
    rows: Vec<String>,
    next: Option<String>,
}

fn list(page: &Answer) -> List {
    let items: Vec<&str> = page.text.split("<li").skip(1).collect();
    let id_of = |item: &&str| {
        let id = item.split(" id=\"i").nth(1)?.split('"').next()?;
        Uuid::parse_str(id).ok().map(|_| id.to_owned())
    };
    List {
        rows: items.iter().filter_map(id_of).collect(),
        next: items
            .iter()
            .find(|item| item.starts_with(" id=\"next\""))
            .and_then(id_of),
    }
}

/// Presses a button of a row, and comes back.
async fn presses(browser: &Browser<'_>, page: &Answer, comment: &str, action: &str) -> Answer {
    let form = page
        .text
        .split("<form")
        .find(|form| values_of(form, "comment").first().is_some_and(|own| own == comment))
        .unwrap_or_else(|| panic!("{comment} is on the page"));
    let form = form.split("</form>").next().expect("it ends");
    let (version, return_to) = (values_of(form, "version"), values_of(form, "return_to"));
    let fields = [
        ("comment", comment),
        ("version", version[0].as_str()),
        ("return_to", return_to[0].as_str()),
        ("action", action),
    ];
    let pressed = browser.posts("/queue/decide", &fields).await.expect(303);
    assert!(
        pressed.header("location").ends_with("#next"),
        "{}",
        pressed.header("location")
    );
    browser.gets(pressed.header("location")).await.expect(200)
}

/// Presses « Annuler », and comes back.
async fn takes_back(browser: &Browser<'_>, page: &Answer) -> Answer {
    let (decision, return_to) = (values_of(&page.text, "decision"), values_of(&page.text, "return_to"));
    let fields = [("decision", decision[0].as_str()), ("return_to", return_to[0].as_str())];
    let pressed = browser.posts("/queue/undo", &fields).await.expect(303);
    browser.gets(pressed.header("location")).await.expect(200)
}

/// The next page.
async fn turns(browser: &Browser<'_>, page: &Answer) -> Answer {
    let link = page
        .text
        .split("class=\"next-page\"><a href=\"")
        .nth(1)
        .expect("there is more");
    let address = unescaped(link.split('"').next().expect("an address"));
    browser.gets(&address).await.expect(200)
}

async fn s8_an_article_stays_in_its_place_until_it_is_empty(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let browser = service.signs_in().await;
    let mut rows = Vec::new();
    for thread in ["/bus", "/eau", "/port", "/bus", "/eau", "/port", "/bus"] {
        rows.push((thread, waits(&service, thread).await));
    }
    let of = |thread: &str| {
        let own = rows.iter().filter(|(of, _)| *of == thread);
        own.map(|(_, id)| id.clone()).collect::<Vec<_>>()
    };
    let mut expected = [of("/bus"), of("/eau"), of("/port")].concat();
    let mut page = browser.gets("/queue").await.expect(200);
    assert_eq!(list(&page).rows, expected);
    // The oldest of the second article, the oldest of the first, and so on: nothing changes places.
    for place in [3, 0, 4, 0, 1] {
        let decided = expected.remove(place);
        page = presses(&browser, &page, &decided, "approve").await;
        assert_eq!(list(&page).rows, expected, "after {decided}");
        assert_eq!(
            list(&page).next,
            expected.get(place).or(expected.last()).cloned(),
            "on goes the hand"
        );
    }
    // Whoever opens the list anew sees it in its own order.
    let anew = browser.gets("/queue").await.expect(200);
    assert_eq!(list(&anew).rows.len(), expected.len());
    service.stop().await;
}

async fn s8_one_comes_back_to_the_row_after_the_decided_one(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let browser = service.signs_in().await;
    for number in 0..125 {
        waits(&service, &format!("/{}", number % 9)).await;
    }
    let mut page = browser.gets("/queue").await.expect(200);
    let first = list(&page);
    assert_eq!((first.rows.len(), first.next.as_ref()), (50, first.rows.first()));
    for _ in 0..3 {
        let before = list(&page).rows;
        page = presses(&browser, &page, &before[12], "reject").await;
        let after = list(&page);
        assert_eq!(after.rows[..12], before[..12], "the same page");
        assert_eq!(after.rows[12..49], before[13..], "in the same order");
        assert_eq!(after.next.as_deref(), Some(before[13].as_str()));
    }
    let mut second = turns(&browser, &page).await;
    for _ in 0..3 {
        let before = list(&second).rows;
        assert!(
            before.iter().all(|row| !list(&page).rows.contains(row)),
            "nothing twice"
        );
        second = presses(&browser, &second, &before[4], "spam").await;
        let after = list(&second);
        assert_eq!(after.rows[..4], before[..4], "page two stays page two");
        assert_eq!(after.rows[4..49], before[5..50]);
        assert_eq!(after.next.as_deref(), Some(before[5].as_str()));
    }
    let third = turns(&browser, &second).await;
    let rows = list(&third).rows;
    assert_eq!(rows.len(), 125 - 6 - 100);
    let last = rows.last().expect("a row").clone();
    let end = presses(&browser, &third, &last, "approve").await;
    assert_eq!(
        list(&end).next.as_ref(),
        rows.iter().rev().nth(1),
        "after the last: the one above"
    );
    // What is set aside is out of the list: the hand goes on.
    let before = list(&page).rows;
    let aside = presses(&browser, &page, &before[2], "hold").await;
    assert_eq!(list(&aside).next.as_deref(), Some(before[3].as_str()));
    assert!(!list(&aside).rows.contains(&before[2]));
    let set_aside = browser.gets("/queue?aside=1").await.expect(200);
    assert_eq!(list(&set_aside).rows, before[2..3]);
    let back = takes_back(&browser, &aside).await;
    assert_eq!(list(&back).next.as_deref(), Some(before[2].as_str()), "taken back");
    service.stop().await;
}

async fn s8_every_order_and_filter_keeps_its_page(storage: &Storage) {
    let service = Service::start(storage, &site()).await;
    let (browser, owner) = (service.signs_in().await, service.owner().await);
    let mut dice = Dice(5);
    for number in 0..80 {
        service.clock.advance(Duration::from_secs(30));
        let mut seed = service.seed();
        seed.content.draft = draft(RawDraft {
            thread: format!("/{}", number % 7),
            name: ["Awa", "Issa"][number % 2].to_owned(),
            email: "awa@example.org".to_owned(),
            body: format!("Le marché {number}"),
            ..RawDraft::default()
        });
        let level =
            palabre::domain::score::Score::from_thousandths(dice.one_of(&[100, 300, 700, 900])).expect("in range");
        seed.submitted().outcome.level = Some(level);
        seed.submitted().outcome.draw = i64::try_from(dice.below(1_000_000)).expect("small");
        let id = service.plants(seed).await;
        for reporter in 0..dice.below(3) {
            let device = [format!("{reporter}")];
            let done = service.app.store.report(id, &device, "insulte", START);
            done.await.expect("reported");
        }
    }
    for order in ["article", "oldest", "newest", "score", "doubt", "reports", "mixed"] {
        for filter in [
            "",
            "&site=faso",
            "&q=march%C3%A9&author=Awa",
            "&score_max=0.7&since=2026-11-24T10:00:00Z",
        ] {
            let first = browser
                .gets(&format!("/queue?status=pending&order={order}{filter}"))
                .await
                .expect(200);
            let mut page = first;
            for number in 0..2 {
                let before = list(&page).rows;
                let place = 1 + usize::try_from(dice.below(8)).expect("small");
                let after = presses(&browser, &page, &before[place], "reject").await;
                let now = list(&after);
                assert_eq!(now.rows[..place], before[..place], "{order}{filter}, page {number}");
                let rest = before.len() - place - 1;
                assert_eq!(
                    now.rows[place..place + rest],
                    before[place + 1..],
                    "{order}{filter}, page {number}"
                );
                assert_eq!(now.next.as_deref(), Some(before[place + 1].as_str()), "{order}{filter}");
                for given in filter.split('&').filter(|given| !given.is_empty()) {
                    let (name, value) = given.split_once('=').expect("a parameter");
                    let back = values_of(&after.text, "return_to").remove(0);
                    let fields: Vec<(String, String)> =
                        url::form_urlencoded::parse(back.split_once('?').expect("a query").1.as_bytes())
                            .into_owned()
                            .collect();
                    let value: String = url::form_urlencoded::parse(format!("x={value}").as_bytes())
                        .map(|(_, value)| value.into_owned())
                        .collect();
                    assert!(fields.contains(&(name.to_owned(), value)), "{back} keeps {given}");
                }
                let back = takes_back(&browser, &after).await;
                assert_eq!(list(&back).rows, before, "taken back: {order}{filter}");
                assert_eq!(list(&back).next.as_deref(), Some(before[place].as_str()));
                if number == 0 {
                    if !back.text.contains("class=\"next-page\"") {
                        break;
                    }
                    page = turns(&browser, &back).await;
                }
            }
        }
    }
    // On the other lists too.
    for id in owner.gets("/api/v1/moderation/queue?limit=60").await.expect(200).json["items"]
        .as_array()
        .expect("items")
    {
        owner
            .decides(id["id"].as_str().expect("an id"), "reject")
            .await
            .expect(200);
    }
    for order in ["article", "newest", "oldest"] {
        let page = browser
            .gets(&format!("/queue?status=rejected&order={order}"))
            .await
            .expect(200);
        let before = list(&page).rows;
        let after = presses(&browser, &page, &before[6], "restore").await;
        let now = list(&after);
        assert_eq!(now.rows[..6], before[..6], "{order}");
        assert_eq!(now.rows[6..49], before[7..50], "{order}");
        assert_eq!(now.next.as_deref(), Some(before[7].as_str()), "{order}");
        takes_back(&browser, &after).await;
    }
    service.stop().await;
}

async fn s8_decisions_from_elsewhere_move_nothing(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let (browser, other) = (service.signs_in().await, service.moderator().await);
    for number in 0..20 {
        waits(&service, &format!("/{}", number % 4)).await;
    }
    let page = browser.gets("/queue").await.expect(200);
    let before = list(&page).rows;
    // The oldest of two articles, the next row, and the one after it.
    for place in [0, 5, 9, 10] {
        other.decides(&before[place], "approve").await.expect(200);
    }
    let after = presses(&browser, &page, &before[8], "reject").await;
    let mut expected = before.clone();
    expected.retain(|row| ![0, 5, 8, 9, 10].map(|place| &before[place]).contains(&row));
    assert_eq!(list(&after).rows, expected);
    assert_eq!(list(&after).next.as_deref(), Some(before[11].as_str()));
    // One that somebody else decided: told, and on to what is after it.
    let late = presses(&browser, &page, &before[5], "reject").await;
    assert_eq!(list(&late).rows, expected);
    assert_eq!(list(&late).next.as_deref(), Some(before[6].as_str()));
    // One that somebody else changed and that waits: one looks at it again.
    other.decides(&before[12], "approve").await.expect(200);
    other.decides(&before[12], "restore").await.expect(200);
    let changed = presses(&browser, &page, &before[12], "reject").await;
    assert_eq!(list(&changed).next.as_deref(), Some(before[12].as_str()));
    // What came back, and what came in, is in its article's place.
    other.decides(&before[0], "restore").await.expect(200);
    let new = waits(&service, "/0").await;
    let again = presses(&browser, &after, &before[6], "reject").await;
    let rows = list(&again).rows;
    assert_eq!(rows[0], before[0]);
    assert_eq!(rows.iter().position(|row| *row == new), Some(5), "{rows:?}");
    service.stop().await;
}

async fn s8_what_is_taken_back_is_where_it_was(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let browser = service.signs_in().await;
    for thread in ["/bus", "/eau", "/bus", "/eau", "/port"] {
        waits(&service, thread).await;
    }
    let page = browser.gets("/queue").await.expect(200);
    let before = list(&page).rows;
    let one = presses(&browser, &page, &before[0], "approve").await;
    // The article is empty, and is where it was when its last comment comes back.
    let two = presses(&browser, &one, &before[1], "approve").await;
    assert_eq!(list(&two).rows, before[2..]);
    let back = takes_back(&browser, &two).await;
    assert_eq!(list(&back).rows, before[1..]);
    assert_eq!(list(&back).next.as_deref(), Some(before[1].as_str()));
    service.stop().await;
}

async fn s8_a_page_that_was_worked_off_leads_to_what_waits(storage: &Storage) {
    let service = Service::start(storage, SITE).await;
    let browser = service.signs_in().await;
    for number in 0..52 {
        waits(&service, &format!("/{}", number % 2)).await;
    }
    let first = browser.gets("/queue").await.expect(200);
    let mut page = turns(&browser, &first).await;
    let rows = list(&page).rows;
    assert_eq!(rows.len(), 2);
    for row in rows {
        page = presses(&browser, &page, &row, "approve").await;
    }
    assert!(!page.text.contains("Rien à relire"), "fifty wait");
    assert_eq!(list(&page).rows, list(&first).rows);
    assert!(
        values_of(&page.text, "decision").len() == 1,
        "the last one can be taken back"
    );
    service.stop().await;
}

// ------------------------------------------------------------------ the menu

fn three_sites() -> String {
    ["faso", "fleuve", "courrier"]
        .map(|id| format!("[[site]]\nid = \"{id}\"\nname = \"Le {id}\"\norigins = [\"https://{id}.test\"]\n"))
        .concat()
}

/// The addresses of the bar, by their words.
fn bar(page: &Answer) -> Vec<(String, String)> {
    let header = page.text.split("<header class=\"top\">").nth(1).expect("a bar");
    let header = header.split("</header>").next().expect("it ends");
    header
        .split("<a ")
        .skip(1)
        .map(|link| {
            let (tag, words) = link.split_once('>').expect("a tag");
            let address = tag.split("href=\"").nth(1).and_then(|rest| rest.split('"').next());
            let words = words.trim_start_matches("<bdi>").split('<').next().expect("words");
            (unescaped(words), unescaped(address.expect("an address")))
        })
        .collect()
}

fn entry(page: &Answer, words: &str) -> String {
    let all = bar(page);
    let found = all.iter().find(|(own, _)| own == words);
    found.unwrap_or_else(|| panic!("{words} is in {all:?}")).1.clone()
}

const OF_FLEUVE: [(&str, &str); 3] = [
    ("File de relecture", "/queue?site=fleuve"),
    ("Seuils", "/sites/fleuve/captcha"),
    ("Défense", "/sites/fleuve/defence"),
];

async fn s14_the_menu_keeps_the_site(storage: &Storage) {
    let service = Service::start(storage, &three_sites()).await;
    let browser = service.signs_in().await;
    for (address, other) in [
        ("/queue?site=fleuve", "/queue?site=courrier"),
        ("/queue?status=spam&site=fleuve", "/queue?status=spam&site=courrier"),
        ("/sites/fleuve/captcha", "/sites/courrier/captcha"),
        (
            "/sites/fleuve/captcha?preview=1&publish_from=0.5",
            "/sites/courrier/captcha",
        ),
        ("/sites/fleuve/defence?days=7", "/sites/courrier/defence"),
        ("/sites/fleuve/settings", "/sites/courrier/settings"),
    ] {
        let page = browser.gets(address).await.expect(200);
        for (words, expected) in OF_FLEUVE {
            assert_eq!(entry(&page, words), expected, "{address}");
        }
        assert_eq!(entry(&page, "Équipe"), "/moderators?site=fleuve", "{address}");
        assert_eq!(entry(&page, "Jetons"), "/tokens?site=fleuve", "{address}");
        assert_eq!(entry(&page, "Sites"), "/sites?site=fleuve", "{address}");
        assert_eq!(entry(&page, "Palabre"), "/?site=fleuve", "{address}");
        assert_eq!(entry(&page, "Le courrier"), other, "{address}");
    }
    let wrong = [
        ("base", "0"),
        ("publish_from", "2"),
        ("step_up_below", ""),
        ("refuse_below", ""),
    ];
    let page = browser.posts("/sites/fleuve/captcha/policies", &wrong).await;
    assert_eq!(entry(&page, "Défense"), "/sites/fleuve/defence");
    service.stop().await;
}

async fn s14_pages_about_no_site_carry_it(storage: &Storage) {
    let service = Service::start(storage, &three_sites()).await;
    let browser = service.signs_in().await;
    for path in [
        "/",
        "/moderators",
        "/tokens",
        "/account",
        "/sites",
        "/account/passphrase",
    ] {
        let page = browser.gets(&format!("{path}?site=fleuve")).await.expect(200);
        for (words, expected) in OF_FLEUVE {
            assert_eq!(entry(&page, words), expected, "{path}");
        }
        assert_eq!(entry(&page, "Équipe"), "/moderators?site=fleuve", "{path}");
        assert_eq!(entry(&page, "Le courrier"), format!("{path}?site=courrier"), "{path}");
        assert_eq!(entry(&page, "Tous les sites"), path);
        // A site that is not theirs, or none at all, is no site.
        for unknown in ["nulle-part", "%22%3E", ""] {
            let page = browser.gets(&format!("{path}?site={unknown}")).await.expect(200);
            assert_eq!(entry(&page, "Seuils"), "/sites?page=captcha", "{path} {unknown}");
        }
    }
    service.stop().await;
}

async fn s14_without_a_site_one_chooses(storage: &Storage) {
    let service = Service::start(storage, &three_sites()).await;
    let browser = service.signs_in().await;
    for path in ["/", "/queue", "/moderators", "/tokens", "/account", "/sites"] {
        let page = browser.gets(path).await.expect(200);
        assert_eq!(entry(&page, "Seuils"), "/sites?page=captcha", "{path}");
        assert_eq!(entry(&page, "Défense"), "/sites?page=defence", "{path}");
        assert_eq!(entry(&page, "File de relecture"), "/queue", "{path}");
    }
    for name in ["captcha", "defence"] {
        let page = browser.gets(&format!("/sites?page={name}")).await.expect(200);
        for site in ["faso", "fleuve", "courrier"] {
            assert!(
                page.text.contains(&format!("href=\"/sites/{site}/{name}\"")),
                "{site} {name}"
            );
        }
        assert!(page.header("set-cookie").is_empty());
    }
    // Somebody with two of them chooses among these.
    let (_, code) = service
        .invites("Issa", "issa@example.org", Role::Moderator, &["faso", "fleuve"])
        .await;
    let issa = service.accepts(&code).await;
    let page = issa.gets("/sites?page=captcha").await.expect(200);
    assert!(page.text.contains("/sites/fleuve/captcha") && !page.text.contains("courrier"));
    let page = issa.gets("/account?site=courrier").await.expect(200);
    assert_eq!(entry(&page, "Seuils"), "/sites?page=captcha", "another's site is none");
    service.stop().await;
}

async fn s14_whoever_has_one_site_sees_no_switcher(storage: &Storage) {
    let service = Service::start(storage, &three_sites()).await;
    let (_, code) = service
        .invites("Issa", "issa@example.org", Role::Moderator, &["fleuve"])
        .await;
    let issa = service.accepts(&code).await;
    for path in [
        "/",
        "/queue",
        "/account",
        "/sites/fleuve/captcha",
        "/sites/fleuve/defence",
    ] {
        let page = issa.gets(path).await.expect(200);
        assert!(!bar(&page).iter().any(|(words, _)| words == "Tous les sites"), "{path}");
        assert_eq!(entry(&page, "Seuils"), "/sites/fleuve/captcha", "{path}");
        assert_eq!(entry(&page, "Défense"), "/sites/fleuve/defence", "{path}");
    }
    let chosen = issa.gets("/sites?page=captcha").await.expect(303);
    assert_eq!(chosen.header("location"), "/sites/fleuve/captcha");
    service.stop().await;
}

// ------------------------------------------------------------------ the way back to the beginning

async fn s15_the_first_rule_can_be_taken_back(storage: &Storage) {
    let open = format!("{SITE}moderation = \"after\"\n[site.captcha]\nprovider = \"off\"\n");
    let service = Service::start(storage, &open).await;
    let owner = service.owner().await;
    let publish = json!({"base": 0, "cuts": {"publish_from": 0.5}, "explore": 0.05});
    tune(&owner, "policies", publish).await.expect(201);
    assert_eq!(status_of_a_comment(&service).await, 201);
    for base in [0, 2] {
        let stale = tune(&owner, "policies/0/revert", json!({"base": base})).await;
        assert_eq!(stale.error(), (409, "conflict"), "{base}");
    }
    let moderator = service.moderator().await;
    let refused = tune(&moderator, "policies/0/revert", json!({"base": 1})).await;
    assert_eq!(refused.error(), (403, "forbidden"));
    let made = tune(&owner, "policies/0/revert", json!({"base": 1, "note": "On relit tout"}))
        .await
        .expect(201)
        .json;
    assert_eq!((&made["version"], &made["base"]), (&json!(2), &json!(1)));
    assert_eq!(
        made["cuts"],
        json!({"publish_from": null, "step_up_below": null, "refuse_below": null})
    );
    assert_eq!(made["note"], "On relit tout");
    assert_eq!(status_of_a_comment(&service).await, 202, "everything is held");
    // A version that waits for its time does not come back.
    let later = json!({"base": 2, "cuts": {"publish_from": 0.5}, "from": "2026-11-25T10:00:00Z"});
    tune(&owner, "policies", later).await.expect(201);
    tune(&owner, "policies/0/revert", json!({"base": 3})).await.expect(201);
    service.clock.advance(Duration::from_hours(25));
    assert_eq!(status_of_a_comment(&service).await, 202);
    for n in ["-1", "99", "one"] {
        let missing = tune(&owner, &format!("policies/{n}/revert"), json!({"base": 4})).await;
        assert_eq!(missing.error(), (404, "not_found"), "{n}");
    }
    service.stop().await;
}

async fn status_of_a_comment(service: &Service) -> u16 {
    let reader = service.reader();
    let mut fields = crate::service::comment(&format!("Texte {}", service.app.clock.new_id()));
    fields["form"] = json!(reader.opens_form("/article").await);
    reader.submits(&fields).await.status.as_u16()
}

async fn s15_the_page_offers_the_observation_last(storage: &Storage) {
    let service = Service::start(storage, &site()).await;
    let (browser, owner) = (service.signs_in().await, service.owner().await);
    let revert = "/captcha/policies/0/revert\"";
    let fresh = browser.gets("/sites/faso/captcha").await.expect(200);
    assert!(unescaped(&fresh.text).contains("Observation\u{202f}: tout est relu"));
    assert!(!fresh.text.contains(revert), "one observes already");
    tune(&owner, "policies", json!({"base": 0, "cuts": {"publish_from": 0.5}}))
        .await
        .expect(201);
    tune(&owner, "policies", json!({"base": 1, "cuts": {"publish_from": 0.7}}))
        .await
        .expect(201);
    let page = browser.gets("/sites/faso/captcha").await.expect(200);
    let versions = page.text.split("<ol class=\"history\">").nth(1).expect("a list");
    let versions: Vec<&str> = versions.split("<li").skip(1).collect();
    assert_eq!(versions.len(), 3);
    let last = versions[2];
    assert!(last.contains("Version 0") && last.contains(revert) && last.contains("Revenir à l’observation"));
    assert_eq!(values_of(last, "base"), ["2"]);
    let pressed = browser
        .posts("/sites/faso/captcha/policies/0/revert", &[("base", "2")])
        .await
        .expect(303);
    let done = browser.gets(pressed.header("location")).await.expect(200);
    let text = unescaped(&done.text);
    assert!(
        text.contains("Version 3 en vigueur. Observation\u{202f}: tout est relu."),
        "{text}"
    );
    assert!(!done.text.contains(revert));
    let stale = browser
        .posts("/sites/faso/captcha/policies/0/revert", &[("base", "2")])
        .await
        .expect(409);
    assert!(stale.text.contains("Quelqu’un a changé les seuils"));
    let moderator = service.moderator().await;
    let looks = service
        .request(reqwest::Method::GET, "/sites/faso/captcha", |request| {
            request.bearer_auth(&moderator.token).header("accept", "text/html")
        })
        .await
        .expect(200);
    assert!(!looks.text.contains(revert));
    service.stop().await;
}

async fn s15_what_the_file_set_can_be_taken_back(storage: &Storage) {
    // A test key of the vendor's makes a banner, too.
    let config = format!(
        "{SITE}moderation = \"after\"\n[site.captcha]\nprovider = \"recaptcha_v2\"\n\
         secret = \"6LeIxAcTAAAAAGG-vFI1TnRWxMZNFuojJ4WifJWe\"\nsite_key = \"6LeIxAcTAAAAAJcZVRqyHh71UMIEGNQ_MXjiZKhI\"\n\
         [site.captcha.policy]\npublish_from = 0.7\nrefuse_below = 0.2\n"
    );
    let service = Service::start(storage, &config).await;
    let (browser, owner) = (service.signs_in().await, service.owner().await);
    for path in ["/sites/faso/captcha", "/sites/faso/defence", "/queue"] {
        let page = browser.gets(path).await.expect(200);
        let banner = page.text.split("<section class=\"alarm\"").nth(1).expect("a banner");
        let banner = banner.split("</section>").next().expect("it ends");
        assert!(
            banner.contains("action=\"/sites/faso/captcha/policies/0/revert\"")
                && banner.contains("Revenir à l’observation"),
            "{path}: {banner}"
        );
        assert_eq!(values_of(banner, "base"), ["1"], "{path}");
    }
    browser
        .posts("/sites/faso/captcha/policies/0/revert", &[("base", "1")])
        .await
        .expect(303);
    let list = captcha(&owner, "policies").await["policies"].clone();
    assert_eq!(
        list[0]["cuts"],
        json!({"publish_from": null, "step_up_below": null, "refuse_below": null})
    );
    assert_eq!(list[1]["author"], "config.toml");
    let page = browser.gets("/queue").await.expect(200);
    assert!(page.text.contains("class=\"alarm\"") && !page.text.contains("policies/0/revert"));
    service.stop().await;
    let later = ManualClock::at(START.plus(Duration::from_hours(1)));
    let again = Service::start_at(storage, &config, later).await;
    let owner = again.person("Awa", Role::Owner, &[]).await;
    assert_eq!(
        captcha(&owner, "policies").await["policies"],
        list,
        "the file does not come back by a start"
    );
    again.stop().await;
}
