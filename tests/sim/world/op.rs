//! What the store is asked to do, and what the model says comes of it.

use palabre::{
    clock::Clock,
    domain::{
        actor::Actor,
        appeal::Asked,
        decision::{Act, Decided},
        origin::{Origin, Submitted},
        retention,
        timestamp::Timestamp,
    },
    store::{
        BulkBegun, Claim, Comment, Decide, Inserted, NewAudit, NewBulk, NewComment, PolicyRow, Store, StoreError,
        TakenBack, ThreadRow,
    },
};
use uuid::Uuid;

use super::{LEASE, Planted, SITES};
use crate::model::{Model, Pair};

/// What a request does to the store.
#[derive(Debug, Clone)]
pub(super) enum Op {
    Insert(Box<NewComment>, IsRetry),
    Decide(Box<Decide>),
    Bulk(Box<NewBulk>),
    UndoBulk(Uuid),
    /// With the comment as the reader saw it.
    SecondCheck(Box<Comment>, Box<NewAudit>),
    Claim(String, Timestamp),
    Lease(Uuid, String, Actor, Timestamp),
    Appeal(Box<Comment>, Box<NewAudit>),
    Report(Uuid, String, Timestamp),
    Erase(Box<Comment>, Box<NewAudit>),
    /// Its site, its cuts and its row.
    Policy(&'static str, usize, Box<PolicyRow>, Box<NewAudit>),
    Thread(&'static str, Box<ThreadRow>, Box<NewAudit>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IsRetry {
    Yes,
    No,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Inserted(Inserted),
    Decided(Decided),
    Begun(BulkBegun),
    Claimed(Claim),
    Leased(String),
    Asked(Asked),
    /// Whether it counted, and of a second check whether it changed the comment.
    Counted(bool, bool),
    Done,
}

impl Op {
    /// Whether it is one message to the writer, so that its place among others is where it was sent.
    pub(super) fn is_one_write(&self) -> bool {
        !matches!(self, Self::SecondCheck(..) | Self::Lease(..))
    }

    pub(super) fn name(&self) -> String {
        match self {
            Self::Insert(comment, _) => format!("comment {} is {:?}", comment.id, comment.status),
            Self::Decide(decide) => format!("{} decides {:?} on {}", decide.actor.id, decide.act, decide.comment),
            Self::Bulk(bulk) => format!(
                "{} decides {:?} on {} of {}",
                bulk.actor.id,
                bulk.act,
                bulk.rows.len(),
                bulk.site
            ),
            Self::UndoBulk(bulk) => format!("bulk {bulk} is taken back"),
            Self::SecondCheck(seen, _) => format!("second check of {}", seen.id),
            Self::Claim(key, _) => key.clone(),
            Self::Lease(comment, _, who, _) => format!("{} reads {comment}", who.id),
            Self::Appeal(seen, _) => format!("appeal of {}", seen.id),
            Self::Report(comment, by, _) => format!("{by} reports {comment}"),
            Self::Erase(seen, _) => format!("{} is erased", seen.id),
            Self::Policy(site, cuts, row, _) => format!("{site} takes cuts {cuts} as version {}", row.policy.version),
            Self::Thread(site, row, _) => format!("{site}{} is open: {}", row.thread_key, row.open),
        }
    }

    pub(super) async fn perform(
        &self,
        store: &Store,
        planted: Option<Planted>,
        clock: &Clock,
    ) -> Result<Outcome, StoreError> {
        match (self, planted) {
            (Self::Insert(comment, IsRetry::No), Some(Planted::AnswerBeforeCommit))
                if comment.id.as_u128() % 7 == 3 =>
            {
                return Ok(Outcome::Inserted(Inserted::New));
            }
            (Self::Insert(comment, IsRetry::Yes), Some(Planted::DoubledRetry)) => {
                let mut doubled = comment.clone();
                submitted(&mut doubled).repeats.keys = vec![clock.new_id().to_string()];
                return store.insert(*doubled).await.map(Outcome::Inserted);
            }
            (Self::Decide(decide), Some(Planted::LostUndo)) if decide.act == Act::Undo => {
                return Ok(Outcome::Decided(Decided::Applied(decide.id)));
            }
            _ => {}
        }
        Ok(match self {
            Self::Insert(comment, _) => Outcome::Inserted(store.insert((**comment).clone()).await?),
            Self::Decide(decide) => Outcome::Decided(store.decide((**decide).clone()).await?),
            Self::Bulk(bulk) => Outcome::Begun(store.begin_bulk((**bulk).clone()).await?),
            Self::UndoBulk(bulk) => Outcome::Counted(store.undo_bulk(*bulk).await?, true),
            Self::SecondCheck(seen, audit) => {
                let key = second_check_key(seen);
                let until = audit.at.plus(retention::REPEAT_KEYS);
                let counts = store.take_key(&seen.site, &key.1, seen.id, until).await?;
                let changes = counts && store.replace_reasons(seen, &[], (**audit).clone()).await?;
                Outcome::Counted(counts, changes)
            }
            Self::Claim(key, now) => Outcome::Claimed(store.claim(SITES[0], key, "digest", *now).await?),
            Self::Lease(comment, site, actor, now) => {
                let lease = store
                    .lease_comment(*comment, site, actor, now.plus(LEASE), *now)
                    .await?;
                Outcome::Leased(lease.holder_id)
            }
            Self::Appeal(seen, audit) => Outcome::Asked(store.appeal(seen, (**audit).clone(), audit.at).await?),
            Self::Report(comment, by, now) => {
                let counted = store.report(*comment, std::slice::from_ref(by), "abuse", *now).await?;
                Outcome::Counted(counted, true)
            }
            Self::Erase(seen, audit) => Outcome::Counted(store.erase(seen, (**audit).clone(), audit.at).await?, true),
            Self::Policy(site, _, row, audit) => {
                let added = store.add_policy(site, (**row).clone(), (**audit).clone()).await?;
                Outcome::Counted(added, true)
            }
            Self::Thread(site, row, audit) => {
                store
                    .set_thread(site, (**row).clone(), TakenBack::default(), (**audit).clone(), audit.at)
                    .await?;
                Outcome::Done
            }
        })
    }

    pub(super) fn apply(&self, model: &mut Model) -> Outcome {
        match self {
            Self::Insert(comment, _) => Outcome::Inserted(model.insert(comment)),
            Self::Decide(decide) => Outcome::Decided(model.decide(decide)),
            Self::Bulk(bulk) => Outcome::Begun(model.begin_bulk(bulk)),
            Self::UndoBulk(bulk) => Outcome::Counted(model.undo_bulk(*bulk), true),
            Self::SecondCheck(seen, audit) => {
                let until = audit.at.plus(retention::REPEAT_KEYS);
                let (counts, changes) =
                    model.second_check(seen.id, seen.version, audit.id, second_check_key(seen), until);
                Outcome::Counted(counts, changes)
            }
            Self::Claim(key, now) => Outcome::Claimed(model.claim((SITES[0].to_owned(), key.clone()), *now)),
            Self::Lease(comment, _, actor, now) => {
                Outcome::Leased(model.lease(*comment, &actor.id, now.plus(LEASE), *now))
            }
            Self::Appeal(seen, audit) => Outcome::Asked(model.appeal(seen.id, audit.id, &audit.actor.id, audit.at)),
            Self::Report(comment, by, _) => Outcome::Counted(model.report(*comment, by), true),
            Self::Erase(seen, audit) => {
                Outcome::Counted(model.erase(seen.id, audit.id, &audit.actor.id, audit.at), true)
            }
            Self::Policy(site, cuts, row, _) => Outcome::Counted(model.add_policy(site, row.base, *cuts), true),
            Self::Thread(site, row, _) => {
                let key = ((*site).to_owned(), row.thread_key.clone());
                model.threads.entry(key).or_default().open = row.open;
                Outcome::Done
            }
        }
    }
}

pub(super) fn submitted(comment: &mut NewComment) -> &mut Submitted {
    let Origin::Submitted(submitted) = &mut comment.origin;
    submitted
}

fn second_check_key(seen: &Comment) -> Pair {
    (seen.site.clone(), format!("proof:{}", seen.id))
}
