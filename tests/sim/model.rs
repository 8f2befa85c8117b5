//! What must be true: the store as a few maps in memory, with rules of its own.
//!
//! Nothing here asks the product how a decision, a repeat or a policy works, because then both would be wrong alike.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use palabre::{
    domain::{
        actor::Scope,
        appeal::Asked,
        bulk::BulkState,
        decision::{Act, Decided},
        queue::Pile,
        status::Status,
        timestamp::Timestamp,
    },
    store::{BulkBegun, BulkPart, Claim, Decide, Inserted, NewBulk, NewComment},
};
use uuid::Uuid;

/// How long somebody who claimed a submission has it for themselves.
const CLAIM: Duration = Duration::from_secs(10);

/// Site and key of a thread, a repeat or a claim.
pub(crate) type Pair = (String, String);

/// A comment as its row must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) site: String,
    pub(crate) thread: String,
    pub(crate) status: Status,
    pub(crate) set_aside: bool,
    pub(crate) version: i64,
    pub(crate) label: Option<String>,
    pub(crate) created_at: i64,
    pub(crate) decided_at: Option<i64>,
    pub(crate) reports: i64,
    /// Those that came since somebody decided about it.
    pub(crate) open_reports: i64,
    /// The number of its newest event.
    pub(crate) seq: i64,
    pub(crate) appealed_at: Option<i64>,
    /// The decision appealed against.
    pub(crate) against: Option<Uuid>,
    /// What its form said the article is called.
    pub(crate) titled: Option<String>,
}

/// An article as its row must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Thread {
    pub(crate) open: bool,
    /// With the comment that it has it from.
    pub(crate) title: Option<(String, Uuid)>,
}

impl Row {
    /// Whether it must lie on a pile.
    pub(crate) fn lies_on(&self, pile: Pile) -> bool {
        let is_there = match pile {
            Pile::Pending => !self.set_aside,
            Pile::SetAside => self.set_aside,
            Pile::Reported => self.open_reports > 0,
            _ => true,
        };
        is_there && self.status == pile.status()
    }
}

impl Default for Thread {
    fn default() -> Self {
        Self {
            open: true,
            title: None,
        }
    }
}

/// One entry of a comment's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) id: Uuid,
    pub(crate) comment: Uuid,
    pub(crate) actor: String,
    pub(crate) action: String,
    pub(crate) from: Before,
    pub(crate) to_version: i64,
    pub(crate) undoes: Option<Uuid>,
    pub(crate) seq: i64,
    pub(crate) detail: Option<String>,
    /// Of a decision.
    pub(crate) facts: Option<Facts>,
}

/// What a decision keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) restriction: Option<&'static str>,
    pub(crate) source: &'static str,
    pub(crate) reversed_by: Option<Uuid>,
    /// Where it led; an undo leads nowhere of its own.
    to: Option<Status>,
}

/// What a decision found, and an undo brings back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Before {
    pub(crate) status: Status,
    pub(crate) set_aside: bool,
    pub(crate) label: Option<String>,
}

/// Whether anybody else may decide.
enum Others {
    May,
    None,
}

/// How far a bulk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Figures {
    pub(crate) state: BulkState,
    pub(crate) done: i64,
    pub(crate) skipped: i64,
    pub(crate) undone: i64,
    pub(crate) not_undone: i64,
}

/// A decision about many comments.
#[derive(Debug)]
struct Bulk {
    wanted: NewBulk,
    figures: Figures,
    /// What is still to be decided, in its order.
    to_decide: Vec<(Uuid, i64)>,
    /// What was decided and not yet taken back, the last one last: comment and decision.
    decided: Vec<(Uuid, Uuid)>,
}

#[derive(Debug, Clone)]
struct Key {
    digest: String,
    comment: Uuid,
    until: Timestamp,
}

/// All that the store must hold.
#[derive(Debug, Default)]
pub(crate) struct Model {
    pub(crate) comments: BTreeMap<Uuid, Row>,
    pub(crate) threads: BTreeMap<Pair, Thread>,
    keys: BTreeMap<Pair, Key>,
    /// The decision under each actor's key.
    pub(crate) decisions: BTreeMap<Pair, Uuid>,
    /// The newest version of each site's policy, and which cuts it has.
    pub(crate) policies: BTreeMap<String, (i64, usize)>,
    claims: BTreeMap<Pair, Timestamp>,
    leases: BTreeMap<Uuid, (String, Timestamp)>,
    reports: BTreeSet<(Uuid, String)>,
    pub(crate) entries: Vec<Entry>,
    /// What somebody decided about each comment and nobody took back, the latest last.
    in_force: BTreeMap<Uuid, Vec<Uuid>>,
    /// The person behind each actor, and the people who may decide on each site.
    pub(crate) people: BTreeMap<String, &'static str>,
    pub(crate) teams: BTreeMap<&'static str, Vec<&'static str>>,
    bulks: Vec<Bulk>,
    /// Comment, number and word of each event but arrivals.
    pub(crate) events: BTreeSet<(Uuid, i64, &'static str)>,
}

impl Model {
    /// What came before under these keys, as a submission that is sent now is told.
    pub(crate) fn repeats(&self, site: &str, keys: &[String], now: Timestamp) -> BTreeSet<(String, String, Uuid)> {
        let found = keys.iter().filter_map(|key| {
            let found = self.keys.get(&(site.to_owned(), key.clone()))?;
            (found.until > now).then(|| (key.clone(), found.digest.clone(), found.comment))
        });
        found.collect()
    }

    pub(crate) fn insert(&mut self, new: &NewComment) -> Inserted {
        let repeats = new.origin.repeats();
        let thread = (new.site.clone(), new.content.draft.thread.as_str().to_owned());
        let open = self.threads.entry(thread.clone()).or_default().open;
        let earlier = self.repeats(&new.site, &repeats.keys, new.at);
        if let Some((_, _, comment)) = earlier.iter().find(|(_, digest, _)| *digest == repeats.digest) {
            return Inserted::Repeat(*comment);
        }
        if !earlier.is_empty() {
            return Inserted::KeyTaken;
        }
        if !open {
            return Inserted::ThreadClosed;
        }
        for key in &repeats.keys {
            let held = Key {
                digest: repeats.digest.clone(),
                comment: new.id,
                until: repeats.until,
            };
            self.keys.insert((new.site.clone(), key.clone()), held);
        }
        let row = Row {
            site: new.site.clone(),
            thread: thread.1,
            status: new.status,
            set_aside: false,
            version: 1,
            label: None,
            created_at: new.at.0,
            decided_at: None,
            reports: 0,
            open_reports: 0,
            seq: 0,
            appealed_at: None,
            against: None,
            titled: new.content.draft.thread_title.clone(),
        };
        self.comments.insert(new.id, row);
        self.gives_its_title(new.id);
        Inserted::New
    }

    pub(crate) fn decide(&mut self, wanted: &Decide) -> Decided {
        let key = wanted.key.clone().map(|key| (wanted.actor.id.clone(), key));
        if let Some(earlier) = key.as_ref().and_then(|key| self.decisions.get(key)) {
            return Decided::Replayed(*earlier);
        }
        let Some(row) = self.comments.get(&wanted.comment) else {
            return Decided::NotFound;
        };
        if matches!(&wanted.scope, Scope::Sites(sites) if !sites.contains(&row.site)) {
            return Decided::NotFound;
        }
        if row.status == Status::Erased {
            return Decided::Erased;
        }
        if wanted.version.is_some_and(|version| version != row.version) {
            return Decided::Conflict;
        }
        let (to, undoes) = match wanted.act {
            Act::Approve => (after(Status::Approved, Some("approved")), None),
            Act::Reject => (after(Status::Rejected, Some("rejected")), None),
            Act::Spam => (after(Status::Spam, Some("spam")), None),
            Act::Restore => (after(Status::Pending, None), None),
            Act::Hold => {
                let mut aside = after(Status::Pending, None);
                aside.set_aside = true;
                (aside, None)
            }
            Act::Undo => {
                let made_it = |entry: &&Entry| {
                    entry.comment == wanted.comment
                        && entry.to_version == row.version
                        && entry.action != "undo"
                        && entry.actor == wanted.actor.id
                        && wanted.of.is_none_or(|of| of == entry.id)
                };
                match self.entries.iter().find(made_it) {
                    Some(entry) => (entry.from.clone(), Some(entry.id)),
                    None => return Decided::Conflict,
                }
            }
        };
        let stays = to.status == row.status && to.set_aside == row.set_aside;
        let says_something = match wanted.act {
            Act::Approve => row.open_reports > 0,
            act => matches!(act, Act::Hold | Act::Undo),
        };
        if stays && !says_something {
            return Decided::Unchanged;
        }
        let is_alone = match self.appeals_against(row, &wanted.actor.id) {
            Some(Others::May) => return Decided::OwnDecision,
            Some(Others::None) => true,
            None => false,
        };
        let detail = is_alone.then(|| "{\"alone\":true}".to_owned());
        if let Some(key) = key {
            self.decisions.insert(key, wanted.id);
        }
        let facts = facts(row, wanted.act, to.status);
        self.reverses(wanted, to.status);
        self.change(
            wanted.comment,
            wanted.id,
            &wanted.actor.id,
            wanted.act.as_str(),
            (undoes, detail),
            |row| {
                row.status = to.status;
                row.set_aside = to.set_aside;
                row.label = to.label;
                row.decided_at = Some(wanted.at.0);
                row.open_reports = if undoes.is_some() { row.reports } else { 0 };
            },
        );
        if let Some(entry) = self.entries.last_mut() {
            entry.facts = Some(facts);
        }
        self.happens(wanted.comment, word_of(wanted.act));
        self.gives_its_title(wanted.comment);
        self.leases.remove(&wanted.comment);
        Decided::Applied(wanted.id)
    }

    /// Of one site one is open.
    pub(crate) fn begin_bulk(&mut self, new: &NewBulk) -> BulkBegun {
        if self.is_busy(&new.site, new.id) {
            return BulkBegun::Busy;
        }
        self.bulks.push(Bulk {
            wanted: new.clone(),
            figures: Figures {
                state: BulkState::Running,
                done: 0,
                skipped: 0,
                undone: 0,
                not_undone: 0,
            },
            to_decide: new.rows.clone(),
            decided: Vec::new(),
        });
        BulkBegun::Yes
    }

    /// `false`: another one of its site is open. One that never began, or is taken back, stays as it is.
    pub(crate) fn undo_bulk(&mut self, id: Uuid) -> bool {
        let Some(place) = self.bulks.iter().position(|bulk| bulk.wanted.id == id) else {
            return true;
        };
        let (state, site) = (self.bulks[place].figures.state, self.bulks[place].wanted.site.clone());
        if matches!(state, BulkState::Undoing | BulkState::Undone) {
            return true;
        }
        if self.is_busy(&site, id) {
            return false;
        }
        let bulk = &mut self.bulks[place];
        bulk.to_decide.clear();
        bulk.figures.state = BulkState::Undoing;
        true
    }

    fn is_busy(&self, site: &str, but: Uuid) -> bool {
        let mut open = self.bulks.iter().filter(|bulk| is_open(bulk) && bulk.wanted.id != but);
        open.any(|bulk| bulk.wanted.site == site)
    }

    /// Those that were begun first come first.
    pub(crate) fn open_bulks(&self) -> Vec<Uuid> {
        let mut open: Vec<_> = self
            .bulks
            .iter()
            .filter(|bulk| is_open(bulk))
            .map(|bulk| (bulk.wanted.at, bulk.wanted.id))
            .collect();
        open.sort_unstable();
        open.into_iter().map(|(_, id)| id).collect()
    }

    /// The next part of one that is open: each decision is one of its maker's.
    pub(crate) fn go_on(&mut self, part: &BulkPart) -> Figures {
        let Some(place) = self.bulks.iter().position(|bulk| bulk.wanted.id == part.bulk) else {
            unreachable!("only such as are open go on");
        };
        for id in &part.ids {
            let bulk = &mut self.bulks[place];
            let is_undo = bulk.figures.state == BulkState::Undoing;
            let (comment, version, of) = if is_undo {
                match bulk.decided.pop() {
                    Some((comment, decision)) => (comment, None, Some(decision)),
                    None => break,
                }
            } else if bulk.to_decide.is_empty() {
                break;
            } else {
                let (comment, version) = bulk.to_decide.remove(0);
                (comment, Some(version), None)
            };
            let act = if is_undo { Act::Undo } else { bulk.wanted.act };
            let by = (bulk.wanted.actor.clone(), Scope::All);
            let decide = Decide {
                version,
                of,
                bulk: Some(part.bulk),
                ..Decide::new(*id, comment, act, by, part.at)
            };
            let applied = self.decide(&decide) == Decided::Applied(*id);
            let bulk = &mut self.bulks[place];
            let figures = &mut bulk.figures;
            let figure = match (is_undo, applied) {
                (false, true) => &mut figures.done,
                (false, false) => &mut figures.skipped,
                (true, true) => &mut figures.undone,
                (true, false) => &mut figures.not_undone,
            };
            *figure += 1;
            if applied && !is_undo {
                bulk.decided.push((comment, *id));
            }
        }
        let bulk = &mut self.bulks[place];
        match bulk.figures.state {
            BulkState::Running if bulk.to_decide.is_empty() => bulk.figures.state = BulkState::Done,
            BulkState::Undoing if bulk.decided.is_empty() => bulk.figures.state = BulkState::Undone,
            _ => {}
        }
        bulk.figures
    }

    /// The decisions that no longer hold by this one, and of one that is taken back those that hold again.
    fn reverses(&mut self, wanted: &Decide, to: Status) {
        let in_force = self.in_force.entry(wanted.comment).or_default();
        let undone = match wanted.act {
            Act::Undo => in_force.pop(),
            _ => None,
        };
        for entry in self.entries.iter_mut().filter(|entry| entry.comment == wanted.comment) {
            let Some(facts) = &mut entry.facts else { continue };
            if undone.is_some() && facts.reversed_by == undone {
                facts.reversed_by = None;
            }
            let is_taken_back = undone == Some(entry.id);
            let leads_elsewhere = wanted.act != Act::Undo
                && facts.reversed_by.is_none()
                && facts.to.is_some_and(|was| was != Status::Pending && was != to);
            if is_taken_back || leads_elsewhere {
                facts.reversed_by = Some(wanted.id);
            }
        }
        if wanted.act != Act::Undo {
            in_force.push(wanted.id);
        }
    }

    /// Whether the comment's reader appeals against a decision of that actor's, and whether others may decide.
    fn appeals_against(&self, row: &Row, actor: &str) -> Option<Others> {
        let against = self.entries.iter().find(|entry| Some(entry.id) == row.against)?;
        let person = self.people.get(actor)?;
        if self.people.get(&against.actor) != Some(person) {
            return None;
        }
        let others = self.teams.get(row.site.as_str())?.iter().any(|other| other != person);
        Some(if others { Others::May } else { Others::None })
    }

    pub(crate) fn appeal(&mut self, comment: Uuid, entry: Uuid, actor: &str, now: Timestamp) -> Asked {
        let Some(row) = self.comments.get(&comment) else {
            return Asked::Erased;
        };
        match (row.status, row.appealed_at) {
            (Status::Erased, _) => return Asked::Erased,
            (Status::Pending, Some(_)) => return Asked::Waiting,
            (_, Some(_)) => return Asked::Answered,
            (Status::Pending | Status::Approved, None) => return Asked::Needless,
            (Status::Refused | Status::Rejected | Status::Spam, None) => {}
        }
        let against = match row.status {
            Status::Refused => None,
            _ => self
                .in_force
                .get(&comment)
                .and_then(|decisions| decisions.last().copied()),
        };
        let named = against.map_or_else(|| "null".to_owned(), |decision| format!("\"{decision}\""));
        let detail = Some(format!("{{\"against\":{named}}}"));
        self.change(comment, entry, actor, "appeal", (None, detail), |row| {
            row.status = Status::Pending;
            row.label = None;
            row.appealed_at = Some(now.0);
            row.against = against;
        });
        self.happens(comment, "appealed");
        Asked::Brought
    }

    /// `false`: there was nothing left to erase.
    pub(crate) fn erase(&mut self, comment: Uuid, entry: Uuid, actor: &str, now: Timestamp) -> bool {
        let may = self
            .comments
            .get(&comment)
            .is_some_and(|row| row.status != Status::Erased);
        if may {
            self.change(comment, entry, actor, "erase", (None, None), |row| {
                row.status = Status::Erased;
                row.set_aside = false;
                row.decided_at = Some(now.0);
            });
            self.happens(comment, "erased");
            self.takes_its_title(comment);
            self.reports.retain(|(reported, _)| *reported != comment);
        }
        may
    }

    /// Erases what has been in its state since before `before`; gives how many.
    pub(crate) fn expire(&mut self, site: &str, status: Status, before: Timestamp) -> u64 {
        let is_old =
            |row: &Row| row.site == site && row.status == status && row.decided_at.unwrap_or(row.created_at) < before.0;
        let old: Vec<Uuid> = self
            .comments
            .iter()
            .filter(|(_, row)| is_old(row))
            .map(|(id, _)| *id)
            .collect();
        for id in &old {
            if let Some(row) = self.comments.get_mut(id) {
                row.status = Status::Erased;
                row.set_aside = false;
                row.version += 1;
            }
            self.happens(*id, "expired");
            self.takes_its_title(*id);
            self.reports.retain(|(reported, _)| reported != id);
        }
        u64::try_from(old.len()).unwrap_or(u64::MAX)
    }

    /// `false`: counted before.
    pub(crate) fn report(&mut self, comment: Uuid, reporter: &str) -> bool {
        let is_new = self.reports.insert((comment, reporter.to_owned()));
        if is_new {
            if let Some(row) = self.comments.get_mut(&comment) {
                row.reports += 1;
                row.open_reports += 1;
            }
            self.happens(comment, "reported");
        }
        is_new
    }

    /// Whether the proof of a second check counts, and whether its comment was still as it was seen.
    pub(crate) fn second_check(
        &mut self,
        comment: Uuid,
        seen: i64,
        entry: Uuid,
        key: Pair,
        until: Timestamp,
    ) -> (bool, bool) {
        if self.keys.contains_key(&key) {
            return (false, false);
        }
        let digest = String::new();
        self.keys.insert(key, Key { digest, comment, until });
        let may = self
            .comments
            .get(&comment)
            .is_some_and(|row| row.status == Status::Pending && row.version == seen);
        if may {
            self.change(comment, entry, "reader", "step_up", (None, None), |_| {});
            self.happens(comment, "check_passed");
        }
        (true, may)
    }

    pub(crate) fn claim(&mut self, key: Pair, now: Timestamp) -> Claim {
        let until = now.plus(CLAIM);
        match self.claims.get_mut(&key) {
            None => {
                self.claims.insert(key, until);
                Claim::Mine
            }
            Some(held) if held.0 <= now.0 => {
                *held = until;
                Claim::TakenOver
            }
            Some(_) => Claim::Others,
        }
    }

    /// Who has the comment then.
    pub(crate) fn lease(&mut self, comment: Uuid, who: &str, until: Timestamp, now: Timestamp) -> String {
        let held = self.leases.entry(comment).or_insert_with(|| (who.to_owned(), until));
        if held.0 == who || held.1.0 <= now.0 {
            *held = (who.to_owned(), until);
        }
        let holder = held.0.clone();
        self.leases
            .retain(|other, (holder, _)| holder != who || *other == comment);
        holder
    }

    pub(crate) fn add_policy(&mut self, site: &str, base: i64, cuts: usize) -> bool {
        let newest = self.policies.entry(site.to_owned()).or_insert((0, 0));
        let is_next = newest.0 == base;
        if is_next {
            *newest = (base + 1, cuts);
        }
        is_next
    }

    pub(crate) fn purge(&mut self, now: Timestamp) {
        self.keys.retain(|_, key| key.until > now);
        self.claims.retain(|_, until| until.plus(Duration::from_mins(1)) > now);
        self.leases.retain(|_, (_, until)| *until > now);
    }

    /// An article that has no title takes that of a comment which is published.
    fn gives_its_title(&mut self, comment: Uuid) {
        let Some(row) = self.comments.get(&comment).filter(|row| row.status == Status::Approved) else {
            return;
        };
        let thread = self.threads.entry((row.site.clone(), row.thread.clone())).or_default();
        if thread.title.is_none() {
            thread.title = row.titled.clone().map(|title| (title, comment));
        }
    }

    /// With a text goes the title that its article has from it; another public comment gives its own, the same first.
    fn takes_its_title(&mut self, comment: Uuid) {
        let Some(row) = self.comments.get_mut(&comment) else {
            return;
        };
        row.titled = None;
        let thread = (row.site.clone(), row.thread.clone());
        let Some((was, _)) = self
            .threads
            .get(&thread)
            .and_then(|it| it.title.clone())
            .filter(|(_, from)| *from == comment)
        else {
            return;
        };
        let others = self.of_thread(&thread, Status::Approved);
        let other = others
            .filter_map(|(id, row)| {
                row.titled
                    .clone()
                    .map(|title| (title != was, row.created_at, *id, title))
            })
            .min();
        if let Some(thread) = self.threads.get_mut(&thread) {
            thread.title = other.map(|(_, _, id, title)| (title, id));
        }
    }

    /// When the oldest comment of a thread came that waits, but for appeals.
    pub(crate) fn oldest_waiting(&self, thread: &Pair) -> Option<i64> {
        self.of_thread(thread, Status::Pending)
            .filter(|(_, row)| row.appealed_at.is_none())
            .map(|(_, row)| row.created_at)
            .min()
    }

    /// The appeals that wait, the longest waiting one first.
    pub(crate) fn appeals(&self) -> Vec<Uuid> {
        let waiting = self.comments.iter().filter(|(_, row)| row.lies_on(Pile::Pending));
        let mut appeals: Vec<_> = waiting.filter_map(|(id, row)| Some((row.appealed_at?, *id))).collect();
        appeals.sort_unstable();
        appeals.into_iter().map(|(_, id)| id).collect()
    }

    /// The public comments of a thread.
    pub(crate) fn public(&self, thread: &Pair) -> BTreeSet<Uuid> {
        self.of_thread(thread, Status::Approved).map(|(id, _)| *id).collect()
    }

    fn of_thread(&self, thread: &Pair, status: Status) -> impl Iterator<Item = (&Uuid, &Row)> {
        let (site, key) = thread.clone();
        self.comments
            .iter()
            .filter(move |(_, row)| row.site == site && row.thread == key && row.status == status)
    }

    fn change(
        &mut self,
        comment: Uuid,
        entry: Uuid,
        actor: &str,
        action: &str,
        (undoes, detail): (Option<Uuid>, Option<String>),
        change: impl FnOnce(&mut Row),
    ) {
        let Some(row) = self.comments.get_mut(&comment) else {
            return;
        };
        let from = Before {
            status: row.status,
            set_aside: row.set_aside,
            label: row.label.clone(),
        };
        change(row);
        row.version += 1;
        self.entries.push(Entry {
            id: entry,
            comment,
            actor: actor.to_owned(),
            action: action.to_owned(),
            from,
            to_version: row.version,
            undoes,
            seq: row.seq + 1,
            detail,
            facts: None,
        });
    }

    fn happens(&mut self, comment: Uuid, kind: &'static str) {
        if let Some(row) = self.comments.get_mut(&comment) {
            row.seq += 1;
            self.events.insert((comment, row.seq, kind));
        }
    }
}

fn facts(row: &Row, act: Act, to: Status) -> Facts {
    let was_public = row.status == Status::Approved;
    Facts {
        restriction: match to {
            Status::Approved => None,
            _ if was_public => Some("removed"),
            Status::Rejected | Status::Spam => Some("disabled"),
            _ => None,
        },
        source: if row.status == Status::Pending && row.appealed_at.is_some() {
            "appeal"
        } else if was_public && row.open_reports > 0 {
            "report"
        } else {
            "own"
        },
        reversed_by: None,
        to: (act != Act::Undo).then_some(to),
    }
}

fn is_open(bulk: &Bulk) -> bool {
    matches!(bulk.figures.state, BulkState::Running | BulkState::Undoing)
}

fn after(status: Status, label: Option<&str>) -> Before {
    Before {
        status,
        set_aside: false,
        label: label.map(str::to_owned),
    }
}

fn word_of(act: Act) -> &'static str {
    match act {
        Act::Approve => "approved",
        Act::Reject => "rejected",
        Act::Spam => "spam",
        Act::Restore => "restored",
        Act::Hold => "held",
        Act::Undo => "undone",
    }
}
