//! What somebody wants, made into what the store is asked to do: as the actions of the product make it.

use std::collections::{BTreeMap, BTreeSet};

use palabre::{
    domain::{
        actor::{Actor, ActorKind, Scope},
        address::ClientAddress,
        decision::Act,
        draft::RawDraft,
        policy::{Cuts, Policy},
        queue::Filter,
        retention,
        score::Score,
        site::Moderation,
        status::Status,
        triage::{self, Action, Signals},
        verdict::{Verdict, Why},
    },
    limits::{self, Demand},
    store::{Comment, Decide, NewAudit, NewBulk, NewComment, PolicyRow, ThreadRow},
};
use uuid::Uuid;

use super::{
    ARTICLES, Broken, CUTS, EXPLORED, SITES, World, failed,
    op::{IsRetry, Op, submitted},
    picked,
};
use crate::{
    acts, example,
    history::{Request, Version},
    model::Row,
};

impl World<'_> {
    /// What the store is asked to do; `None`: there is nothing that it could be done to.
    pub(super) async fn wanted(&mut self, request: Request) -> Result<Option<Op>, Broken> {
        let now = self.clock.now();
        Ok(match request {
            Request::Submit { reader, article, score } => self.submission(reader, article, score).await?,
            Request::SubmitAgain(of) => picked(&self.submitted, of).map(|earlier| self.again(earlier)),
            Request::OtherText(of) => picked(&self.submitted, of).map(|earlier| {
                let mut other = self.anew(earlier);
                submitted(&mut other).repeats.digest.push_str(" of another text");
                Op::Insert(Box::new(other), IsRetry::No)
            }),
            Request::SecondCheck(comment) => self.seen(comment).await?.map(|seen| {
                let audit = self.by_reader(&seen, "step_up");
                Op::SecondCheck(Box::new(seen), Box::new(audit))
            }),
            Request::Claim(key) => Some(Op::Claim(format!("claim {}", key % 3), now)),
            Request::Lease { who, comment } => self.seen(comment).await?.map(|seen| {
                let (actor, _) = moderator(who);
                Op::Lease(seen.id, seen.site, actor, now)
            }),
            Request::Decide {
                who,
                comment,
                act,
                version,
            } => self.seen_in_the_queue(comment).await?.map(|seen| {
                let acts = [Act::Approve, Act::Reject, Act::Spam, Act::Restore, Act::Hold];
                let mut decide = self.decision(who, seen.id, acts[usize::from(act) % acts.len()]);
                decide.version = match version {
                    Version::Seen => Some(seen.version),
                    Version::Before => Some(seen.version - 1),
                    Version::Any => None,
                };
                decide.key = Some(decide.id.to_string());
                self.decided.push(decide.clone());
                Op::Decide(Box::new(decide))
            }),
            Request::DecideAgain(of) => picked(&self.decided, of).map(|earlier| {
                let mut again = earlier.clone();
                (again.id, again.at) = (self.clock.new_id(), now);
                Op::Decide(Box::new(again))
            }),
            Request::Undo { who, comment, named } => self.seen(comment).await?.map(|seen| {
                let mut undo = self.decision(who, seen.id, Act::Undo);
                let last = self.model.entries.iter().rfind(|entry| entry.comment == seen.id);
                undo.of = last.filter(|_| named).map(|entry| entry.id);
                undo.key = Some(undo.id.to_string());
                Op::Decide(Box::new(undo))
            }),
            Request::Bulk { who, site, status, act } => {
                // Mostly the site that is told of.
                let site = SITES[usize::from(site == 3)];
                let statuses = [Status::Pending, Status::Pending, Status::Approved, Status::Spam];
                let acts = [Act::Approve, Act::Reject, Act::Spam, Act::Restore, Act::Hold];
                self.bulk(
                    who,
                    site,
                    statuses[usize::from(status) % statuses.len()],
                    acts[usize::from(act) % acts.len()],
                )
                .await?
            }
            Request::UndoBulk(which) => picked(&self.bulks, which).copied().map(Op::UndoBulk),
            Request::Appeal(comment) => self.seen_by_its_reader(comment).await?.map(|seen| {
                let audit = self.by_reader(&seen, "appeal");
                Op::Appeal(Box::new(seen), Box::new(audit))
            }),
            Request::Report { comment, reader } => self
                .seen(comment)
                .await?
                .filter(|seen| seen.status == Status::Approved)
                .map(|seen| Op::Report(seen.id, format!("reader {}", reader % 3), now)),
            Request::Erase(comment) => self.seen(comment).await?.map(|seen| {
                let audit = self.by_reader(&seen, "erase");
                Op::Erase(Box::new(seen), Box::new(audit))
            }),
            Request::Policy { site, cuts, stale } => {
                let site = SITES[usize::from(site) % SITES.len()];
                Some(self.policy(site, usize::from(cuts) % CUTS.len(), stale))
            }
            Request::Thread { article, open } => {
                let (site, key) = ARTICLES[usize::from(article) % ARTICLES.len()];
                let row = ThreadRow {
                    id: self.clock.new_id(),
                    thread_key: key.to_owned(),
                    title: None,
                    url: None,
                    open,
                    content_version: 0,
                };
                let audit = self.audit(site, "thread", Actor::system("publisher"));
                Some(Op::Thread(site, Box::new(row), Box::new(audit)))
            }
        })
    }

    /// A new comment as its path would store it, with what came before it looked up as that path does.
    async fn submission(&mut self, reader: u8, article: u8, score: u16) -> Result<Option<Op>, Broken> {
        let now = self.clock.now();
        let (site, thread) = ARTICLES[usize::from(article) % ARTICLES.len()];
        let reader = reader % 3;
        let client = ClientAddress::new(std::net::Ipv4Addr::new(192, 0, 2, reader).into());
        if self
            .limits
            .check(&[Demand::by_address(limits::Action::Submit, client)])
            .is_err()
        {
            self.trace.push("  one too many".to_owned());
            return Ok(None);
        }
        self.passed.push((reader, now));
        let number = self.submitted.len();
        let raw = RawDraft {
            thread: thread.to_owned(),
            // Some forms know what their article is called.
            thread_title: (!number.is_multiple_of(3)).then(|| format!("Titre {}", number % 3)),
            name: "Aminata".to_owned(),
            email: "lectrice@example.org".to_owned(),
            body: format!("Un point de vue, le {number}."),
            ..RawDraft::default()
        };
        let mut comment = example::comment(&self.clock, raw);
        site.clone_into(&mut comment.site);
        let verdict = match Score::from_thousandths(i64::from(score)) {
            Some(score) => Verdict::Scored {
                score,
                raw: String::new(),
            },
            None => Verdict::Unavailable(Why::Timeout),
        };
        let in_force = self.store.policy_in_force(site, now).await.map_err(failed)?;
        let draw = i64::from(score) * 8_999 % 1_000_000;
        let policy = in_force.map(|row| row.policy);
        let outcome = triage::decide(&verdict, &Signals::default(), Moderation::After, policy.as_ref(), draw);
        comment.status = match outcome.action {
            Action::Publish => Status::Approved,
            Action::Refuse => Status::Refused,
            Action::Hold | Action::StepUp => Status::Pending,
        };
        let expected = self.rule(site, i64::from(score), draw);
        ensure!(
            comment.status == expected,
            "the policy makes it {:?} and not {expected:?}",
            comment.status
        );
        let keys = vec![format!("form:{number}"), format!("token:{number}")];
        let sent = submitted(&mut comment);
        sent.captcha.verdict = verdict;
        sent.outcome = outcome;
        sent.repeats.keys = keys;
        sent.repeats.digest = format!("digest {number}");
        sent.repeats.until = now.plus(retention::REPEAT_KEYS);
        self.look_before(&comment).await?;
        self.submitted.push(comment.clone());
        Ok(Some(Op::Insert(Box::new(comment), IsRetry::No)))
    }

    /// What the cuts in force make of a score, by rules of our own.
    fn rule(&self, site: &str, score: i64, draw: i64) -> Status {
        let Some((_, cuts)) = self.model.policies.get(site) else {
            return Status::Pending;
        };
        let (refuse, step_up, publish) = CUTS[*cuts];
        if score > 1000 {
            Status::Pending
        } else if refuse.is_some_and(|cut| score < cut) {
            if draw < EXPLORED {
                Status::Pending
            } else {
                Status::Refused
            }
        } else if step_up.is_none_or(|cut| score >= cut) && publish.is_some_and(|cut| score >= cut) {
            Status::Approved
        } else {
            Status::Pending
        }
    }

    /// What a submission is told before it is stored.
    async fn look_before(&self, comment: &NewComment) -> Result<(), Broken> {
        let (site, thread) = (&comment.site, comment.content.draft.thread.as_str());
        let keys = &comment.origin.repeats().keys;
        let before = self
            .store
            .before_submission(site, thread, keys, comment.at)
            .await
            .map_err(failed)?;
        let found: BTreeSet<_> = before
            .repeats
            .into_iter()
            .map(|repeat| (repeat.key, repeat.digest, repeat.comment))
            .collect();
        let expected = self.model.repeats(site, keys, comment.at);
        ensure!(
            found == expected,
            "it came before as {found:?}, and must have as {expected:?}"
        );
        // That a thread was open is remembered; that one is closed is seen when it is written.
        let known = self.model.threads.get(&(site.clone(), thread.to_owned()));
        ensure!(
            before.thread_open.is_some() == known.is_some(),
            "the thread is {:?} and must be {known:?}",
            before.thread_open
        );
        ensure!(
            before.thread_open != Some(false) || known.is_some_and(|known| !known.open),
            "the thread counts as closed and is open"
        );
        Ok(())
    }

    pub(super) fn again(&self, earlier: &NewComment) -> Op {
        Op::Insert(Box::new(self.anew(earlier)), IsRetry::Yes)
    }

    /// The same comment, sent now.
    fn anew(&self, earlier: &NewComment) -> NewComment {
        let mut anew = earlier.clone();
        (anew.id, anew.new_thread_id, anew.at) = (self.clock.new_id(), self.clock.new_id(), self.clock.now());
        submitted(&mut anew).repeats.until = anew.at.plus(retention::REPEAT_KEYS);
        anew
    }

    /// What fits now, as it would be begun; nothing for who does not work there.
    async fn bulk(&mut self, who: u8, site: &'static str, status: Status, act: Act) -> Result<Option<Op>, Broken> {
        let (actor, scope) = moderator(who);
        if !scope.allows(site) {
            return Ok(None);
        }
        let filter = Filter {
            site: Some(site.to_owned()),
            ..Filter::all(scope, status)
        };
        let rows = self.store.bulk_matches(&filter, 1000).await.map_err(failed)?;
        let found: BTreeMap<Uuid, i64> = rows.iter().copied().collect();
        let fits = |row: &&Row| row.site == site && row.lies_on(status.into());
        let of_model = self.model.comments.iter();
        let must: BTreeMap<Uuid, i64> = of_model
            .filter(|(_, row)| fits(row))
            .map(|(id, row)| (*id, row.version))
            .collect();
        ensure!(found == must, "{found:?} fit, and {must:?} must");
        let count = self.store.bulk_count(&filter, 1000).await.map_err(failed)?;
        ensure!(
            i64::try_from(must.len()) == Ok(count),
            "{count} fit, and {} must",
            must.len()
        );
        let id = self.clock.new_id();
        self.bulks.push(id);
        Ok(Some(Op::Bulk(Box::new(NewBulk {
            id,
            site: site.to_owned(),
            filter: "{}".to_owned(),
            act,
            actor,
            at: self.clock.now(),
            rows,
        }))))
    }

    fn decision(&self, who: u8, comment: Uuid, act: Act) -> Decide {
        acts::decision(&self.clock, comment, act, moderator(who))
    }

    fn policy(&self, site: &'static str, cuts: usize, stale: bool) -> Op {
        let newest = self.model.policies.get(site).map_or(0, |(version, _)| *version);
        let base = if stale { (newest - 1).max(0) } else { newest };
        let score = |cut: Option<i64>| cut.and_then(Score::from_thousandths);
        let (refuse_below, step_up_below, publish_from) = CUTS[cuts];
        let row = PolicyRow {
            policy: Policy {
                version: base + 1,
                cuts: Cuts {
                    publish_from: score(publish_from),
                    step_up_below: score(step_up_below),
                    refuse_below: score(refuse_below),
                },
                explore_ppm: EXPLORED,
            },
            base,
            author: "owner".to_owned(),
            note: String::new(),
            forecast: "{}".to_owned(),
            from: self.clock.now(),
            at: self.clock.now(),
        };
        let audit = self.audit(site, "policy", Actor::system("owner"));
        Op::Policy(site, cuts, Box::new(row), Box::new(audit))
    }

    fn audit(&self, site: &str, action: &'static str, actor: Actor) -> NewAudit {
        acts::audit(&self.clock, site, action, actor)
    }

    fn by_reader(&self, seen: &Comment, action: &'static str) -> NewAudit {
        let reader = Actor {
            kind: ActorKind::Reader,
            id: "reader".to_owned(),
            name: String::new(),
        };
        let to = match action {
            "erase" => Status::Erased,
            _ => Status::Pending,
        };
        NewAudit {
            comment: Some(seen.id),
            from_status: Some(seen.status.as_str()),
            to_status: Some(to.as_str()),
            ..self.audit(&seen.site, action, reader)
        }
    }

    /// Mostly one that a person turned down.
    async fn seen_by_its_reader(&self, which: u8) -> Result<Option<Comment>, Broken> {
        let is_down = |row: &Row| matches!(row.status, Status::Rejected | Status::Spam);
        self.seen_among(which, 4, is_down).await
    }

    /// As often as not an appeal, where there is one.
    async fn seen_in_the_queue(&self, which: u8) -> Result<Option<Comment>, Broken> {
        self.seen_among(which, 2, |row| row.appealed_at.is_some()).await
    }

    /// One of such comments as it is now, but for each `but`th time.
    async fn seen_among(&self, which: u8, but: u8, is_such: fn(&Row) -> bool) -> Result<Option<Comment>, Broken> {
        let rows = self.model.comments.iter().filter(|(_, row)| is_such(row));
        let ids: Vec<Uuid> = rows.map(|(id, _)| *id).collect();
        match picked(&ids, which) {
            Some(id) if !which.is_multiple_of(but) => self.store.comment(*id).await.map_err(failed),
            _ => self.seen(which).await,
        }
    }

    /// One of the comments as it is now.
    pub(super) async fn seen(&self, which: u8) -> Result<Option<Comment>, Broken> {
        let ids: Vec<Uuid> = self.model.comments.keys().copied().collect();
        match picked(&ids, which) {
            Some(id) => self.store.comment(*id).await.map_err(failed),
            None => Ok(None),
        }
    }
}

/// Somebody who decides.
pub(super) struct Moderator {
    /// Of an account or of a token.
    id: u128,
    kind: ActorKind,
    /// The person behind it.
    pub(super) person: &'static str,
    /// Where that person has a role.
    pub(super) site: &'static str,
    is_everywhere: bool,
}

/// On the first site two people may decide, and one by a token as well; on the other one does.
pub(super) const MODERATORS: [Moderator; 4] = [
    Moderator {
        id: 1,
        kind: ActorKind::Account,
        person: "Awa",
        site: SITES[0],
        is_everywhere: true,
    },
    Moderator {
        id: 2,
        kind: ActorKind::Token,
        person: "Awa",
        site: SITES[0],
        is_everywhere: true,
    },
    Moderator {
        id: 3,
        kind: ActorKind::Account,
        person: "Issa",
        site: SITES[0],
        is_everywhere: false,
    },
    Moderator {
        id: 4,
        kind: ActorKind::Account,
        person: "Salif",
        site: SITES[1],
        is_everywhere: false,
    },
];

impl Moderator {
    pub(super) fn actor_id(&self) -> String {
        Uuid::from_u128(self.id).to_string()
    }

    /// What makes the account or the token.
    pub(super) fn made_by(&self, is_postgres: bool) -> Vec<String> {
        let literal = |id: u128| match Uuid::from_u128(id) {
            id if is_postgres => format!("'{id}'"),
            id => format!("X'{}'", id.simple()),
        };
        let (id, person, site) = (literal(self.id), self.person, self.site);
        if self.kind == ActorKind::Token {
            let maker = MODERATORS.iter().find(|maker| maker.person == person);
            let maker = literal(maker.map_or(0, |maker| maker.id));
            return vec![
                format!(
                    "INSERT INTO tokens (id, name, hash, role, created_at, maker_id) \
                     VALUES ({id}, 'of {person}', '{person}', 'moderator', 0, {maker})"
                ),
                format!("INSERT INTO token_sites (token_id, site_id) VALUES ({id}, '{site}')"),
            ];
        }
        vec![
            format!(
                "INSERT INTO accounts (id, name, email, email_folded, passphrase, totp_confirmed, totp_step, created_at) \
                 VALUES ({id}, '{person}', '{person}', '{person}', 'p', FALSE, 0, 0)"
            ),
            format!("INSERT INTO account_roles (account_id, site_id, role) VALUES ({id}, '{site}', 'moderator')"),
        ]
    }
}

fn moderator(who: u8) -> (Actor, Scope) {
    let moderator = &MODERATORS[usize::from(who) % MODERATORS.len()];
    let actor = Actor {
        kind: moderator.kind,
        id: moderator.actor_id(),
        name: moderator.person.to_owned(),
    };
    let scope = if moderator.is_everywhere {
        Scope::All
    } else {
        Scope::Sites(vec![moderator.site.to_owned()])
    };
    (actor, scope)
}
