//! What must hold: the rows against the model after each step, and in the end what was told, counted and shown.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use palabre::domain::{
    actor::Scope,
    queue::{Filter, Order, Pile},
    status::Status,
    timestamp::Timestamp,
};
use sqlx::{Connection as _, PgConnection, SqliteConnection};
use uuid::Uuid;

use super::{BURST, Broken, EACH, RECEIVERS, SITES, World, failed, op::Op};
use crate::{
    history::{Fate, Hearing},
    model::{Entry, Model, Thread},
    stores::Storage,
};

/// Rows of a query, on either engine.
macro_rules! look {
    ($eye:expr, $sql:expr) => {
        match $eye {
            Eye::Sqlite(connection) => sqlx::query_as($sql).fetch_all(&mut **connection).await,
            Eye::Postgres(connection) => sqlx::query_as($sql).fetch_all(&mut **connection).await,
        }
        .map_err(|error| format!("the rows cannot be read: {error}"))
    };
}

/// A connection that looks at the rows behind the store's back.
pub(super) enum Eye {
    Sqlite(Box<SqliteConnection>),
    Postgres(Box<PgConnection>),
}

impl Eye {
    pub(super) async fn open(storage: &Storage) -> Result<Self, Broken> {
        let opened = if storage.is_postgres() {
            PgConnection::connect(&storage.url)
                .await
                .map(|it| Self::Postgres(Box::new(it)))
        } else {
            SqliteConnection::connect(&storage.url)
                .await
                .map(|it| Self::Sqlite(Box::new(it)))
        };
        opened.map_err(|error| format!("the rows cannot be looked at: {error}"))
    }

    pub(super) async fn close(self) {
        let _ = match self {
            Self::Sqlite(connection) => connection.close().await,
            Self::Postgres(connection) => connection.close().await,
        };
    }
}

impl World<'_> {
    /// The rows against the model, after each step.
    pub(super) async fn look_around(&mut self) -> Result<(), Broken> {
        self.look_at_comments().await?;
        self.look_at_histories().await?;
        self.look_at_threads().await?;
        self.look_at_limits()
    }

    async fn look_at_comments(&mut self) -> Result<(), Broken> {
        type Found = (
            Uuid,
            String,
            String,
            String,
            bool,
            i64,
            Option<String>,
            i64,
            Option<i64>,
            i64,
            i64,
            Option<i64>,
            Option<Uuid>,
            Option<String>,
            i64,
        );
        let rows: Vec<Found> = look!(
            &mut self.eye,
            "SELECT c.id, c.site_id, t.thread_key, c.status, c.set_aside, c.version, c.label, c.created_at, c.decided_at, \
             c.reports, c.event_seq, c.appealed_at, c.appeal_against, c.thread_title, c.open_reports FROM comments c JOIN threads t ON t.id = c.thread_id ORDER BY c.id"
        )?;
        let mut found = BTreeMap::new();
        for row in rows {
            let (id, site, thread, status, set_aside, version, label, created_at, decided_at, ..) = row;
            let (.., reports, seq, appealed_at, against, titled, open_reports) = row;
            let status = Status::parse(&status).ok_or_else(|| format!("the status of {id} is {status}"))?;
            let row = crate::model::Row {
                site,
                thread,
                status,
                set_aside,
                version,
                label,
                created_at,
                decided_at,
                reports,
                open_reports,
                seq,
                appealed_at,
                against,
                titled,
            };
            found.insert(id, row);
        }
        for id in found.keys().chain(self.model.comments.keys()) {
            let (is, must) = (found.get(id), self.model.comments.get(id));
            ensure!(is == must, "comment {id} is {is:#?} and must be {must:#?}");
        }
        Ok(())
    }

    /// Each decision follows from the one before, and each change has its event.
    async fn look_at_histories(&mut self) -> Result<(), Broken> {
        type Found = (Uuid, Uuid, String, String, Option<i64>, Option<Uuid>, Option<String>);
        let rows: Vec<Found> = look!(
            &mut self.eye,
            "SELECT id, comment_id, actor_id, action, to_version, undoes, detail FROM audit_entries \
             WHERE comment_id IS NOT NULL ORDER BY id"
        )?;
        let mut must: Vec<&Entry> = self.model.entries.iter().collect();
        must.sort_by_key(|entry| entry.id);
        let must: Vec<Found> = must
            .into_iter()
            .map(|entry| {
                let (actor, action) = (entry.actor.clone(), entry.action.clone());
                (
                    entry.id,
                    entry.comment,
                    actor,
                    action,
                    Some(entry.to_version),
                    entry.undoes,
                    entry.detail.clone(),
                )
            })
            .collect();
        ensure!(rows == must, "the histories are {rows:#?} and must be {must:#?}");
        self.look_at_facts().await?;
        let events: Vec<(Uuid, Option<i64>, String)> = look!(
            &mut self.eye,
            "SELECT comment_id, seq, kind FROM events WHERE comment_id IS NOT NULL ORDER BY comment_id, seq"
        )?;
        let must: Vec<_> = self
            .model
            .events
            .iter()
            .map(|(comment, seq, kind)| (*comment, Some(*seq), (*kind).to_owned()))
            .collect();
        ensure!(events == must, "what happened is {events:#?} and must be {must:#?}");
        Ok(())
    }

    /// What each decision keeps.
    async fn look_at_facts(&mut self) -> Result<(), Broken> {
        let kept: Vec<(Uuid, Option<String>, String, Option<Uuid>)> = look!(
            &mut self.eye,
            "SELECT id, restriction, source, reversed_by FROM decision_facts ORDER BY id"
        )?;
        let entries = self.model.entries.iter();
        let mut must: Vec<_> = entries
            .filter_map(|entry| {
                let facts = entry.facts.as_ref()?;
                let restriction = facts.restriction.map(str::to_owned);
                Some((entry.id, restriction, facts.source.to_owned(), facts.reversed_by))
            })
            .collect();
        must.sort_by_key(|(id, ..)| *id);
        ensure!(kept == must, "decisions keep {kept:#?} and must keep {must:#?}");
        Ok(())
    }

    async fn look_at_threads(&mut self) -> Result<(), Broken> {
        type Found = (String, String, bool, i64, Option<i64>, Option<String>, Option<Uuid>);
        let rows: Vec<Found> = look!(
            &mut self.eye,
            "SELECT site_id, thread_key, open, content_version, oldest_pending_at, title, title_from FROM threads"
        )?;
        ensure!(
            rows.len() == self.model.threads.len(),
            "there are {} threads",
            rows.len()
        );
        for (site, key, open, version, oldest, title, title_from) in rows {
            let thread = (site, key);
            let title = title.zip(title_from);
            let is = Thread { open, title };
            let must = self.model.threads.get(&thread);
            ensure!(must == Some(&is), "thread {thread:?} is {is:?}, and must be {must:?}");
            let must = self.model.oldest_waiting(&thread);
            ensure!(
                oldest == must,
                "in {thread:?} something waits since {oldest:?}, and must since {must:?}"
            );
            let public = self.model.public(&thread);
            if let Some((before, was_public)) = self.seen.get(&thread) {
                ensure!(
                    version >= *before,
                    "the content of {thread:?} went back from {before} to {version}"
                );
                ensure!(
                    version > *before || public == *was_public,
                    "readers of {thread:?} see something else under the same version {version}"
                );
            }
            self.seen.insert(thread, (version, public));
        }
        Ok(())
    }

    /// No address sent more than its burst and what came back since.
    fn look_at_limits(&self) -> Result<(), Broken> {
        let Some((reader, last)) = self.passed.last() else {
            return Ok(());
        };
        let own: Vec<_> = self.passed.iter().filter(|(other, _)| other == reader).collect();
        for (place, (_, since)) in own.iter().enumerate() {
            let sent = own.len() - place;
            let back = (last.0 - since.0) / i64::try_from(EACH.as_millis()).unwrap_or(i64::MAX);
            let most = i64::from(BURST) + back;
            ensure!(
                i64::try_from(sent).is_ok_and(|sent| sent <= most),
                "reader {reader} sent {sent} where {most} may pass"
            );
        }
        Ok(())
    }

    // ------------------------------------------------------------ the end

    /// Everything comes to rest: what was not answered is sent until it is, and what is due is told.
    pub(super) async fn end(&mut self) -> Result<(), Broken> {
        self.trace.push("the end".to_owned());
        self.all_arrive().await?;
        while self.go_on(5).await? {
            self.look_around().await?;
        }
        for op in std::mem::take(&mut self.unheard) {
            let again = match op {
                Op::Insert(comment, _) => self.again(&comment),
                Op::Decide(mut decide) => {
                    (decide.id, decide.at) = (self.clock.new_id(), self.clock.now());
                    Op::Decide(decide)
                }
                _ => continue,
            };
            self.perform(vec![(again, Fate::Acknowledged)]).await?;
        }
        self.look_around().await?;
        for _ in 0..1_000 {
            self.time.advance(Duration::from_mins(2));
            if self.tell(Hearing::Heard).await? == 0 {
                break;
            }
        }
        self.everybody_was_told()?;
        self.seal().await?;
        self.counts_are_rows().await
    }

    /// Each receiver heard of everything, in its order; of what was undone before it went out, of neither.
    fn everybody_was_told(&self) -> Result<(), Broken> {
        let told = self.model.comments.iter().filter(|(_, row)| row.site == SITES[0]);
        let mut must: BTreeSet<(Uuid, i64)> = told.map(|(id, _)| (*id, 0)).collect();
        let of_site = |comment: &Uuid| must_be_told(&self.model, comment);
        let events: Vec<(Uuid, i64)> = self
            .model
            .events
            .iter()
            .filter(|(comment, ..)| of_site(comment))
            .map(|(comment, seq, _)| (*comment, *seq))
            .collect();
        must.extend(events);
        let entries: BTreeMap<Uuid, &Entry> = self.model.entries.iter().map(|entry| (entry.id, entry)).collect();
        for receiver in RECEIVERS {
            let heard: Vec<(Uuid, i64)> = self
                .heard
                .iter()
                .filter(|(who, ..)| who == receiver)
                .map(|(_, comment, seq)| (*comment, *seq))
                .collect();
            let mut newest: BTreeMap<Uuid, i64> = BTreeMap::new();
            let mut once = BTreeSet::new();
            for (comment, seq) in &heard {
                if once.insert((*comment, *seq)) {
                    let before = newest.insert(*comment, *seq);
                    ensure!(
                        before.is_none_or(|before| before < *seq),
                        "{receiver} heard {seq} of {comment} after {before:?}"
                    );
                }
            }
            let mut may_miss = BTreeSet::new();
            for undo in self.model.entries.iter().filter(|entry| entry.undoes.is_some()) {
                let Some(undone) = undo.undoes.and_then(|id| entries.get(&id)) else {
                    continue;
                };
                let (undo, undone) = ((undo.comment, undo.seq), (undone.comment, undone.seq));
                ensure!(
                    once.contains(&undo) || !once.contains(&undone),
                    "{receiver} heard of {undone:?} and not that it was taken back"
                );
                may_miss.extend([undo, undone]);
            }
            for told in &must {
                ensure!(
                    once.contains(told) || may_miss.contains(told),
                    "{receiver} never heard of {told:?}"
                );
            }
            for told in &once {
                ensure!(
                    must.contains(told),
                    "{receiver} heard of {told:?}, which never happened"
                );
            }
        }
        Ok(())
    }

    /// The ids of all pages of a list.
    async fn pages(&self, mut filter: Filter) -> Result<Vec<Uuid>, Broken> {
        let mut ids = Vec::new();
        loop {
            let page = self.store.queue(&filter).await.map_err(failed)?.rows;
            let Some(last) = page.last() else { return Ok(ids) };
            filter.after = Some(last.page_key.clone());
            ids.extend(page.iter().map(|row| row.comment.id));
            ensure!(
                ids.len() <= self.model.comments.len(),
                "{:?} comes back to where it was",
                filter.order
            );
        }
    }

    /// What the product counts and shows against the model.
    async fn counts_are_rows(&self) -> Result<(), Broken> {
        for site in SITES {
            let filter = Filter {
                site: Some(site.to_owned()),
                ..Filter::all(Scope::All, Status::Pending)
            };
            for (pile, count) in self.store.pile_counts(&filter).await.map_err(failed)? {
                let of_site = self.model.comments.iter().filter(|(_, row)| row.site == site);
                let must: BTreeSet<Uuid> = of_site
                    .filter(|(_, row)| row.lies_on(pile))
                    .map(|(id, _)| *id)
                    .collect();
                ensure!(
                    i64::try_from(must.len()) == Ok(count),
                    "{count} are {pile:?} on {site}, and {} must be",
                    must.len()
                );
                let filter = Filter { pile, ..filter.clone() };
                let listed = self.store.queue(&filter).await.map_err(failed)?.rows;
                let listed: BTreeSet<Uuid> = listed.into_iter().map(|row| row.comment.id).collect();
                ensure!(
                    listed == must,
                    "{pile:?} of {site} has {listed:?} and must have {must:?}"
                );
            }
        }
        for order in Order::ALL {
            let filter = Filter {
                order: *order,
                limit: 3,
                ..Filter::all(Scope::All, Status::Pending)
            };
            let by_index = self.pages(filter.clone()).await?;
            // What narrows nothing makes the engine sort all that waits.
            let since = Some(Timestamp(0));
            let sorted = self.pages(Filter { since, ..filter }).await?;
            ensure!(by_index == sorted, "{order:?} lists {by_index:?} and sorts {sorted:?}");
            let appeals = self.model.appeals();
            ensure!(
                by_index.starts_with(&appeals),
                "{order:?} lists {by_index:?} and must begin with {appeals:?}"
            );
            let waiting = self.model.comments.values();
            let must = waiting.filter(|row| row.lies_on(Pile::Pending)).count();
            ensure!(by_index.len() == must, "{order:?} lists {by_index:?}, and {must} wait");
        }
        for thread in self.model.threads.keys() {
            let row = self
                .store
                .thread(&thread.0, &thread.1)
                .await
                .map_err(failed)?
                .ok_or("a thread is gone")?;
            let shown = self
                .store
                .public_thread(row.id, None, 1000, false, 1000)
                .await
                .map_err(failed)?;
            let shown: BTreeSet<Uuid> = shown.comments.into_iter().map(|comment| comment.id).collect();
            let must = self.model.public(thread);
            ensure!(shown == must, "{thread:?} shows {shown:?} and must show {must:?}");
        }
        Ok(())
    }
}

fn must_be_told(model: &Model, comment: &Uuid) -> bool {
    model.comments.get(comment).is_some_and(|row| row.site == SITES[0])
}
