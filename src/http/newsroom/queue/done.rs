//! What the last press on the review page did, as its address tells it to the page that comes after.

use uuid::Uuid;

use crate::{
    actions::{identify::Identity, review},
    app::App,
    domain::{decision::Act, language::Language},
    http::request::{cursor, extract::Query},
    web::{
        moment::Moment,
        queue::{QueueFlash, conflict_sentence, decided_sentence},
        texts::Say as _,
    },
};

/// What the last press did, and to which comment; of several, to the last one.
pub(super) struct Done {
    pub(super) comment: Uuid,
    pub(super) flash: QueueFlash,
    /// It stands where it stood: the hand stays there.
    pub(super) stays: bool,
}

/// What the last press did, from the parameters that the page adds to the address.
pub(super) async fn done(app: &App, who: &Identity, query: &Query, language: Language) -> Option<Done> {
    let id = query.0.first_of(&["done"]).ok().flatten()?;
    let id = Uuid::parse_str(&id).ok()?;
    let text = |name| query.0.text(name).unwrap_or_default();
    if let Some(together) = query.0.first_of(&["together"]).ok().flatten() {
        let together = cursor::decode(&together)?;
        return Some(done_together(id, together, &text("left"), language));
    }
    let item = review::item(app, who, id).await.ok()?;
    let comment = &item.row.comment;
    let result = text("result");
    let entry = item.decision.as_ref();
    if result == "applied" {
        let entry = entry?;
        let act = Act::parse(&entry.action)?;
        let can_be_undone = act != Act::Undo;
        return Some(Done {
            comment: id,
            stays: !can_be_undone,
            flash: QueueFlash {
                message: decided_sentence(language, act, &comment.name),
                decisions: if can_be_undone {
                    vec![entry.id.to_string()]
                } else {
                    Vec::new()
                },
                is_problem: false,
            },
        });
    }
    let message = match entry {
        _ if result == "undo-failed" => language.say("undo-failed"),
        _ if result == "own-decision" => language.say("own_decision"),
        Some(entry) => conflict_sentence(language, comment.status, &entry.actor, &Moment::new(language, entry.at)),
        None => language.say("conflict"),
    };
    Some(Done {
        comment: id,
        stays: true,
        flash: QueueFlash {
            message,
            decisions: Vec::new(),
            is_problem: true,
        },
    })
}

/// What a press for several at once did: the decisions that it made, and how many it left.
fn done_together(comment: Uuid, decisions: Vec<String>, left: &str, language: Language) -> Done {
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let left: i64 = left.parse().unwrap_or_default();
    let mut said = Vec::new();
    if !decisions.is_empty() || left == 0 {
        said.push(language.say_count("bulk-done", &count(decisions.len())));
    }
    if left > 0 {
        said.push(language.say_count("bulk-left", &left));
    }
    Done {
        comment,
        stays: false,
        flash: QueueFlash {
            message: said.join(" "),
            decisions: decisions.into_iter().filter(|id| Uuid::parse_str(id).is_ok()).collect(),
            is_problem: left > 0,
        },
    }
}
