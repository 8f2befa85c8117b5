//! The rows of the review page, and what is said once above them.

use crate::{
    actions::review::Item,
    domain::{
        decision::Act,
        language::Language,
        markup,
        queue::{Filter, Order, Pile},
        reason::Reason,
        score::Score,
        site::Site,
        status::Status,
        timestamp::Timestamp,
    },
    web::{
        moment::{Moment, ago},
        queue::{AuthorRecord, ParentExcerpt, QueueGroup, QueueItem, QueueReason, check_sentence, decision_sentence},
        texts::{self, Say as _},
    },
};

/// Characters of the answered comment that are shown.
const EXCERPT: usize = 140;

/// Makes rows for one reader at one time.
pub(super) struct Rows {
    pub(super) language: Language,
    pub(super) now: Timestamp,
    /// Whether there are several sites, so that each row names its own.
    pub(super) says_site: bool,
}

impl Rows {
    pub(super) fn row(&self, item: &Item, site: &Site) -> QueueItem {
        let language = self.language;
        let row = &item.row;
        let comment = &row.comment;
        let moment = |at: i64| Moment::in_zone(language, at, &site.time_zone);
        let since = |at: Timestamp| ago(language, at.0, self.now.0);
        let mut reasons: Vec<QueueReason> = comment
            .reasons
            .iter()
            .map(|reason| QueueReason {
                sentence: texts::reason(language, reason),
                is_strong: is_strong(reason),
            })
            .collect();
        if comment.reports > 0 {
            reasons.push(QueueReason {
                sentence: language.say_count("reason-reported", &comment.reports),
                is_strong: true,
            });
        }
        if comment.set_aside {
            reasons.push(QueueReason {
                sentence: language.say("reason-set_aside"),
                is_strong: false,
            });
        }
        QueueItem {
            id: comment.id.to_string(),
            version: comment.version,
            status: comment.status,
            pile: match comment.status {
                Status::Pending if comment.set_aside => Pile::SetAside,
                Status::Approved if comment.open_reports > 0 => Pile::Reported,
                status => status.into(),
            },
            name: comment.name.clone(),
            email: comment.email.clone(),
            website: comment.website.clone(),
            record: AuthorRecord {
                approved: item.author.approved,
                rejected: item.author.rejected,
                spam: item.author.spam,
                // The comment itself is the first one: then there is no record yet.
                first_seen: item
                    .author
                    .first_seen
                    .filter(|first| *first < comment.created_at)
                    .map(since),
                is_verified: item.author.verified,
            },
            moment: moment(comment.created_at.0),
            ago: since(comment.created_at),
            site_name: if self.says_site {
                site.name.clone()
            } else {
                String::new()
            },
            article_title: row
                .thread_title
                .clone()
                .or_else(|| row.claimed_title.clone())
                .unwrap_or_else(|| row.thread_key.clone()),
            article_href: row.thread_url.clone(),
            plea: self.plea(item, site),
            may_decide: item.appeal.as_ref().is_none_or(|appeal| appeal.judge.may_decide()),
            parent: row.parent_name.clone().map(|name| ParentExcerpt {
                name,
                excerpt: markup::excerpt(row.parent_body.as_deref().unwrap_or_default(), EXCERPT),
            }),
            html: markup::shown(&comment.html).into_owned(),
            reasons,
            check: if comment.reasons.iter().any(Reason::tells_of_the_check) {
                String::new()
            } else {
                check_sentence(language, &comment.verdict, comment.level.map(Score::thousandths))
            },
            decided: item.decision.as_ref().and_then(|entry| {
                let act = Act::parse(&entry.action)?;
                Some(decision_sentence(language, act, &entry.actor, &moment(entry.at)))
            }),
            conflict: None,
            read_by: item
                .lease
                .as_ref()
                .filter(|lease| !lease.own)
                .map(|lease| lease.by.clone()),
            zone: site.time_zone.iana_name().unwrap_or("UTC").to_owned(),
            is_next: false,
        }
    }

    /// That the reader asks for another look, whose decision that is about, and whether somebody else must answer.
    fn plea(&self, item: &Item, site: &Site) -> String {
        let Some(appeal) = &item.appeal else {
            return String::new();
        };
        let mut said = vec![self.language.say("queue-plea")];
        if let Some(entry) = &appeal.against
            && let Some(act) = Act::parse(&entry.action)
        {
            let at = Moment::in_zone(self.language, entry.at, &site.time_zone);
            said.push(format!("{}.", decision_sentence(self.language, act, &entry.actor, &at)));
        }
        if !appeal.judge.may_decide() {
            said.push(self.language.say("queue-plea-own"));
        }
        said.join(" ")
    }

    /// The rows under their articles where they are listed so, else under no heading, and what is true of all of
    /// them, which is then said of none.
    pub(super) fn grouped(&self, mut items: Vec<QueueItem>, list: &Filter) -> (Vec<QueueGroup>, Vec<String>) {
        let first = items.first().map(|item| item.reasons.clone()).unwrap_or_default();
        // One row alone says all about itself.
        let is_common = |reason: &QueueReason| {
            items.len() > 1 && !reason.is_strong && items.iter().all(|item| item.reasons.contains(reason))
        };
        let common: Vec<QueueReason> = first.into_iter().filter(is_common).collect();
        let by_article = list.order == Order::Article && list.pile == Pile::Pending;
        let mut groups: Vec<QueueGroup> = Vec::new();
        for item in &mut items {
            item.reasons.retain(|reason| !common.contains(reason));
        }
        for mut item in items {
            let is_appeal = list.pile == Pile::Pending && !item.plea.is_empty();
            let (title, href) = if is_appeal {
                (self.language.say("queue-appeals"), None)
            } else if by_article {
                (std::mem::take(&mut item.article_title), item.article_href.take())
            } else {
                (String::new(), None)
            };
            match groups.last_mut().filter(|group| group.title == title) {
                Some(group) => group.items.push(item),
                None => groups.push(QueueGroup {
                    said: self.language.say_with("queue-oldest", "ago", &item.ago),
                    title,
                    href,
                    items: vec![item],
                }),
            }
        }
        (groups, common.into_iter().map(|reason| reason.sentence).collect())
    }
}

/// Whether a reason tells a comment from the many.
fn is_strong(reason: &Reason) -> bool {
    matches!(
        reason,
        Reason::Links { .. }
            | Reason::ManyLinks
            | Reason::LinkDisguised { .. }
            | Reason::Honeypot
            | Reason::FormReused
            | Reason::TokenForeign
            | Reason::TooFast { .. }
            | Reason::EmailRate
            | Reason::DeviceRate
            | Reason::SiteSurge
    )
}
