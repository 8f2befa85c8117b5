//! One history over the real store: requests that are lost, late, doubled or answered to nobody on their way there, a
//! process that ends, receivers that are killed; and after each step the question whether all is as the model says.
//!
//! Whatever is on its way arrives one after the other, and on SQLite those that arrive together are queued before the
//! writer runs, so that it cuts its batches where the history says. So one seed gives one trace, on either engine.

/// Ends with what is not as it must be.
macro_rules! ensure {
    ($holds:expr, $($said:tt)+) => {
        if !$holds {
            return Err(format!($($said)+));
        }
    };
}

mod checks;
mod op;
mod wanted;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use futures_util::future::join_all;
use palabre::{
    clock::{Clock, ManualClock},
    domain::{
        decision::{Act, Decided},
        retention,
        site::SiteSettings,
        timestamp::Timestamp,
    },
    limits::{Limits, Quota, Quotas},
    store::{BulkPart, Decide, Delivered, NewComment, Receiver, Store, StoreError},
};
use uuid::Uuid;

use self::{
    checks::Eye,
    op::{Op, Outcome},
    wanted::MODERATORS,
};
use crate::{
    history::{Fate, Hearing, Request, Span, Step},
    model::{Figures, Model, Pair},
    stores::Storage,
};

/// Monday 24 November 2025, 16:00 UTC.
const START: Timestamp = Timestamp(1_764_000_000_000);

/// Requests on their way at most.
const UNDER_WAY: usize = 4;

/// Nothing is on its way for longer: whoever waits is told so before, and entries are sealed after two minutes.
const PATIENCE: Duration = Duration::from_mins(1);

/// How long one receiver has a delivery for itself.
const LEASE: Duration = Duration::from_mins(1);

/// Comments that an address may send at once, and how long each more takes.
const BURST: u32 = 4;
const EACH: Duration = Duration::from_mins(3);

/// The site whose events are told, and another.
const SITES: [&str; 2] = ["faso", "sahel"];

const ARTICLES: [(&str, &str); 4] = [("faso", "/a"), ("faso", "/b"), ("faso", "/c"), ("sahel", "/a")];

const RECEIVERS: [&str; 2] = ["a", "b"];

/// Cuts of a policy in thousandths: refuse below, ask again below, publish from.
const CUTS: [(Option<i64>, Option<i64>, Option<i64>); 4] = [
    (None, None, None),
    (None, None, Some(700)),
    (Some(200), None, Some(600)),
    (Some(100), Some(300), Some(500)),
];

/// What each policy lets through of what it would refuse, in parts per million.
const EXPLORED: i64 = 100_000;

/// A fault that is put in to see whether it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Planted {
    /// A submission is acknowledged, and its commit never comes.
    AnswerBeforeCommit,
    /// A delivery counts as made, and nobody heard it.
    DroppedDelivery,
    /// An article that nobody waits for any more still counts as waited for.
    CountNotLowered,
    /// An undo is acknowledged and does nothing.
    LostUndo,
    /// A retry is stored a second time.
    DoubledRetry,
    /// Whoever's decision a reader appeals against counts as the only one who may decide.
    CountsAsAlone,
    /// An appeal does not know what it is against.
    AgainstNobody,
    /// A bulk counts as taken back before it is.
    HalfUndoneBulk,
    /// A bulk decides what somebody changed before its turn.
    OverwritingBulk,
}

impl Planted {
    pub(crate) const ALL: [Self; 9] = [
        Self::AnswerBeforeCommit,
        Self::DroppedDelivery,
        Self::CountNotLowered,
        Self::LostUndo,
        Self::DoubledRetry,
        Self::CountsAsAlone,
        Self::AgainstNobody,
        Self::HalfUndoneBulk,
        Self::OverwritingBulk,
    ];
}

/// What a history did, line by line.
pub(crate) type Trace = Vec<String>;

/// What is not as it must be.
pub(crate) type Broken = String;

/// Runs a history to its end.
pub(crate) async fn run(storage: &Storage, steps: &[Step], planted: Option<Planted>) -> Result<Trace, Broken> {
    let mut world = World::new(storage, planted).await?;
    let result = world.live(steps).await;
    world.store.close().await;
    result.map(|()| world.trace)
}
struct World<'a> {
    storage: &'a Storage,
    store: Store,
    eye: Eye,
    time: Arc<ManualClock>,
    clock: Clock,
    limits: Limits,
    /// When each reader's submissions passed.
    passed: Vec<(u8, Timestamp)>,
    model: Model,
    under_way: VecDeque<(Op, Fate, Timestamp)>,
    /// What was sent with a key and never answered.
    unheard: Vec<Op>,
    submitted: Vec<NewComment>,
    decided: Vec<Decide>,
    /// Those that were sent, whether they arrived or not.
    bulks: Vec<Uuid>,
    /// Receiver, comment and number of what was heard, in order.
    heard: Vec<(String, Uuid, i64)>,
    /// The content version of each thread and what was public then.
    seen: BTreeMap<Pair, (i64, BTreeSet<Uuid>)>,
    planted: Option<Planted>,
    trace: Trace,
}

impl<'a> World<'a> {
    async fn new(storage: &'a Storage, planted: Option<Planted>) -> Result<Self, Broken> {
        let store = storage.open().await;
        for site in SITES {
            store
                .ensure_site(site, &SiteSettings::default(), START)
                .await
                .map_err(failed)?;
        }
        for id in RECEIVERS {
            store.add_receiver(SITES[0], &receiver(id)).await.map_err(failed)?;
        }
        let mut model = Model::default();
        for moderator in &MODERATORS {
            for statement in moderator.made_by(storage.is_postgres()) {
                storage.execute(&statement).await;
            }
            model.people.insert(moderator.actor_id(), moderator.person);
            let team = model.teams.entry(moderator.site).or_default();
            team.push(moderator.person);
        }
        if planted == Some(Planted::CountsAsAlone) {
            storage.execute("UPDATE accounts SET disabled_at = 0").await;
        }
        let time = ManualClock::at(START);
        let quotas = Quotas {
            submit: Quota::new(BURST, 20),
            ..Quotas::default()
        };
        let clock = Clock::Manual(Arc::clone(&time));
        let of_limits = clock.clone();
        let limits = Limits::with_clock(&quotas, move || since_start(of_limits.now()))?;
        Ok(Self {
            storage,
            store,
            eye: Eye::open(storage).await?,
            time,
            clock,
            limits,
            passed: Vec::new(),
            model,
            under_way: VecDeque::new(),
            unheard: Vec::new(),
            submitted: Vec::new(),
            decided: Vec::new(),
            bulks: Vec::new(),
            heard: Vec::new(),
            seen: BTreeMap::new(),
            planted,
            trace: Vec::new(),
        })
    }

    async fn live(&mut self, steps: &[Step]) -> Result<(), Broken> {
        for step in steps {
            self.trace.push(format!("{step:?}"));
            self.step(*step).await.map_err(|broken| format!("{step:?}: {broken}"))?;
            self.look_around()
                .await
                .map_err(|broken| format!("after {step:?}: {broken}"))?;
        }
        self.end().await.map_err(|broken| format!("at the end: {broken}"))
    }

    async fn step(&mut self, step: Step) -> Result<(), Broken> {
        match step {
            Step::Send(request, fate) => self.send(request, fate).await,
            Step::Arrive(most) => self.arrive(usize::from(most)).await,
            Step::Tell(hearing) => self.tell(hearing).await.map(|_| ()),
            Step::Wait(span) => self.wait(span).await,
            Step::GoOn(most) => self.go_on(usize::from(most)).await.map(|_| ()),
            Step::Expire => self.expire().await,
            Step::Seal => self.seal().await,
            Step::Purge => {
                let now = self.clock.now();
                self.model.purge(now);
                self.store.purge(now).await.map_err(failed)
            }
            Step::Restart => self.restart().await,
        }
    }

    async fn send(&mut self, request: Request, fate: Fate) -> Result<(), Broken> {
        while self.under_way.len() >= UNDER_WAY {
            self.arrive(1).await?;
        }
        if let Some(op) = self.wanted(request).await? {
            self.under_way.push_back((op, fate, self.clock.now()));
        }
        Ok(())
    }

    // ------------------------------------------------------------ what arrives

    async fn arrive(&mut self, most: usize) -> Result<(), Broken> {
        let mut together = Vec::new();
        for _ in 0..most.min(self.under_way.len()) {
            let Some((op, fate, sent)) = self.under_way.pop_front() else {
                break;
            };
            match fate {
                Fate::Slow(more @ 1..) => self.under_way.push_back((op, Fate::Slow(more - 1), sent)),
                Fate::Lost | Fate::Busy => self.is_not_heard(op),
                Fate::Acknowledged | Fate::Ambiguous | Fate::Slow(0) => {
                    if op.is_one_write() {
                        together.push((op, fate));
                    } else {
                        self.perform(std::mem::take(&mut together)).await?;
                        self.perform(vec![(op, fate)]).await?;
                    }
                }
            }
        }
        self.perform(together).await
    }

    /// Does all at once on SQLite, where the writer has one queue; one after the other on PostgreSQL.
    async fn perform(&mut self, ops: Vec<(Op, Fate)>) -> Result<(), Broken> {
        let (store, planted, clock) = (&self.store, self.planted, &self.clock);
        let results = if self.storage.is_postgres() {
            let mut results = Vec::with_capacity(ops.len());
            for (op, _) in &ops {
                results.push(op.perform(store, planted, clock).await);
            }
            results
        } else {
            join_all(ops.iter().map(|(op, _)| op.perform(store, planted, clock))).await
        };
        for ((op, fate), result) in ops.into_iter().zip(results) {
            let expected = op.apply(&mut self.model);
            let came = result.map_err(failed)?;
            self.trace.push(format!("  {} -> {came:?}", op.name()));
            ensure!(
                came == expected,
                "{} came to {came:?} and must come to {expected:?}",
                op.name()
            );
            if self.planted == Some(Planted::CountNotLowered)
                && let (Op::Decide(decide), Outcome::Decided(Decided::Applied(_))) = (&op, &came)
                && decide.act == Act::Approve
            {
                let raise = "UPDATE threads SET oldest_pending_at = COALESCE(oldest_pending_at, 1)";
                self.storage.execute(raise).await;
            }
            if self.planted == Some(Planted::AgainstNobody) && matches!(op, Op::Appeal(..)) {
                let forget = "UPDATE comments SET appeal_against = NULL";
                self.storage.execute(forget).await;
            }
            if fate == Fate::Ambiguous {
                self.is_not_heard(op);
            }
        }
        Ok(())
    }

    fn is_not_heard(&mut self, op: Op) {
        self.trace.push(format!("  {}: no answer", op.name()));
        if matches!(op, Op::Insert(..) | Op::Decide(_)) {
            self.unheard.push(op);
        }
    }

    async fn all_arrive(&mut self) -> Result<(), Broken> {
        while !self.under_way.is_empty() {
            self.arrive(UNDER_WAY).await?;
        }
        Ok(())
    }

    /// Makes a part of each bulk that is open, as the job does; gives whether any was.
    async fn go_on(&mut self, comments: usize) -> Result<bool, Broken> {
        let open = self.store.open_bulks().await.map_err(failed)?;
        let must = self.model.open_bulks();
        ensure!(open == must, "the bulks {open:?} are open, and {must:?} must be");
        for bulk in &open {
            let part = BulkPart {
                bulk: *bulk,
                ids: (0..comments).map(|_| self.clock.new_id()).collect(),
                at: self.clock.now(),
            };
            if self.planted == Some(Planted::OverwritingBulk) {
                let as_it_is = "UPDATE bulk_rows SET version = (SELECT version FROM comments WHERE id = comment_id)";
                self.storage.execute(as_it_is).await;
            }
            let expected = self.model.go_on(&part);
            let made = if self.planted == Some(Planted::HalfUndoneBulk) && expected.undone > 0 {
                self.storage
                    .execute("UPDATE bulk_operations SET state = 'undone' WHERE state = 'undoing'")
                    .await;
                self.store.bulk(*bulk).await
            } else {
                self.store.advance_bulk(part).await
            };
            let bulk = made.map_err(failed)?.ok_or("a bulk that is open does not go on")?;
            let figures = Figures {
                state: bulk.state,
                done: bulk.done,
                skipped: bulk.skipped,
                undone: bulk.undone,
                not_undone: bulk.not_undone,
            };
            let bulk = bulk.id;
            self.trace.push(format!("  bulk {bulk} is at {figures:?}"));
            ensure!(
                figures == expected,
                "bulk {bulk} is at {figures:?} and must be at {expected:?}"
            );
        }
        Ok(!open.is_empty())
    }

    // ------------------------------------------------------------ what is told

    /// Gives what was claimed.
    async fn tell(&mut self, hearing: Hearing) -> Result<usize, Broken> {
        let now = self.clock.now();
        let claimed = self.store.claim_deliveries(now, LEASE, 8).await.map_err(failed)?;
        for (place, delivery) in claimed.iter().enumerate() {
            let comment = delivery.comment.ok_or("a delivery is about no comment")?;
            let told = (delivery.receiver.id.clone(), comment, delivery.seq.unwrap_or(-1));
            self.trace.push(format!("  {hearing:?} {told:?}"));
            let is_dropped = self.planted == Some(Planted::DroppedDelivery) && place == 1;
            if matches!(hearing, Hearing::Heard | Hearing::HeardThenKilled) && !is_dropped {
                self.heard.push(told);
            }
            let delivered = match hearing {
                Hearing::Heard => Delivered::Done,
                Hearing::Failed => Delivered::Later {
                    at: now.plus(Duration::from_secs(30)),
                    error: "nobody is there".to_owned(),
                },
                Hearing::HeardThenKilled | Hearing::Killed => continue,
            };
            let ended = self
                .store
                .end_delivery(delivery, delivered, now)
                .await
                .map_err(failed)?;
            ensure!(ended, "the claim of {:?} was not its own", delivery.event);
        }
        Ok(claimed.len())
    }

    // ------------------------------------------------------------ time

    async fn wait(&mut self, span: Span) -> Result<(), Broken> {
        let by = match span {
            Span::Seconds(seconds) => Duration::from_secs(seconds.into()),
            Span::Minutes(minutes) => Duration::from_mins(minutes.into()),
            Span::Days(days) => Duration::from_hours(24 * u64::from(days)),
        };
        let then = self.clock.now().plus(by);
        if self.under_way.iter().any(|(_, _, sent)| sent.plus(PATIENCE).0 < then.0) {
            self.all_arrive().await?;
        }
        self.time.advance(by);
        Ok(())
    }

    async fn expire(&mut self) -> Result<(), Broken> {
        let now = self.clock.now();
        for site in SITES {
            for (status, before) in retention::run_out(now) {
                let expired = self
                    .store
                    .expire_texts(site, status, before, now)
                    .await
                    .map_err(failed)?;
                let expected = self.model.expire(site, status, before);
                ensure!(
                    expired == expected,
                    "{expired} texts in {status:?} ran out, and {expected} must"
                );
            }
        }
        Ok(())
    }

    async fn seal(&mut self) -> Result<(), Broken> {
        let now = self.clock.now();
        for site in SITES {
            self.store
                .seal(site, now.minus(Duration::from_mins(2)), now)
                .await
                .map_err(failed)?;
        }
        self.check_seals().await
    }

    async fn check_seals(&self) -> Result<(), Broken> {
        for site in SITES {
            let (_, fault) = self.store.check_seals(site).await.map_err(failed)?;
            ensure!(fault.is_none(), "a seal does not hold: {fault:?}");
        }
        Ok(())
    }

    /// The process ends: what is on its way is answered to nobody, and never arrives.
    async fn restart(&mut self) -> Result<(), Broken> {
        while let Some((op, ..)) = self.under_way.pop_front() {
            self.is_not_heard(op);
        }
        self.store.close().await;
        let opened = self.storage.open().await;
        let eye = Eye::open(self.storage).await?;
        std::mem::replace(&mut self.eye, eye).close().await;
        self.store = opened;
        Ok(())
    }
}

fn receiver(id: &str) -> Receiver {
    Receiver {
        kind: "recorder".to_owned(),
        id: id.to_owned(),
    }
}

fn picked<T>(of: &[T], which: u8) -> Option<&T> {
    of.get(usize::from(which).checked_rem(of.len())?)
}

fn since_start(now: Timestamp) -> Duration {
    Duration::from_millis(u64::try_from(now.0 - START.0).unwrap_or(0))
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn failed(error: StoreError) -> Broken {
    format!("the store failed: {error}")
}
