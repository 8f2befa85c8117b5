//! What has to be done from time to time: forget limits, bring back what was set aside, let texts expire, purge, seal the audit log,
//! learn what the signals of the built-in check are worth, tell providers what became of comments, warn owners.
//! Every second: deliver what somebody is still to be told, and go on with decisions about many comments. Every few
//! seconds: bring erasures to their end. And all the time: tell those who watch the queue what happens in it.
//!
//! Each periodic job of the store runs on one instance at a time, by a lease there, and is idempotent.
//! What an instance keeps in memory is its own to renew. To add one: a function here, called in [`run`] at
//! its interval.

mod bulk;
mod deliver;
mod heard;
mod lease;
mod sites;
mod warn;
mod watch;

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

pub use self::{
    deliver::{deliver, deliver_with},
    heard::Heard,
    warn::warn,
};
use self::{lease::LEASE, sites::readable_sites};
use crate::{
    actions::new_key,
    app::App,
    captcha::{Ratios, Told},
    domain::{
        account::EVERY_SITE,
        actor::{Actor, Scope},
        decision::Act,
        decision_facts::How,
        retention,
        site::Site,
        timestamp::Timestamp,
    },
    error::Error,
    store::{Decide, StoreError},
};

/// How often the jobs look.
const EVERY: Duration = Duration::from_mins(1);

/// How long after the start they begin: the first readers have the store for themselves.
const AFTER_START: Duration = Duration::from_secs(1);

/// How often it is looked whether texts were erased that a file still holds.
const EMPTY_EVERY: Duration = Duration::from_secs(5);

/// Every how many looks signals are weighed anew, providers are told, and owners warned.
const LEARN_EVERY: u32 = 5;

/// The verdicts that they are weighed with are at most that old.
const LEARN_DAYS: u64 = 90;

/// How long after a decision the provider is told of it: until then somebody may see it otherwise.
const TELL_AFTER_DAYS: u64 = 7;

/// Decisions that one site's provider is told at a time, of each kind.
const TOLD_AT_ONCE: i64 = 100;

/// How long what was set aside stays there.
const ASIDE: Duration = Duration::from_hours(24);

/// Comments that come back from there in one round at most.
const BACK_AT_ONCE: i64 = 200;

/// Entries are sealed once they are older than this: later ones may still be on their way in.
const SEAL_AFTER: Duration = Duration::from_mins(2);

/// Runs until `shutdown` is cancelled.
pub async fn run(app: Arc<App>, shutdown: CancellationToken) {
    tokio::join!(
        watch::watch(Arc::clone(&app), shutdown.clone()),
        deliver::run(&app, shutdown.clone()),
        bulk::run(&app, shutdown.clone()),
        finish_erasures(&app, shutdown.clone()),
        rounds(&app, shutdown)
    );
}

/// Brings erasures to their end soon after each; while somebody reads an older state it is tried again.
async fn finish_erasures(app: &App, shutdown: CancellationToken) {
    let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + EMPTY_EVERY, EMPTY_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = ticks.tick() => {}
        }
        if let Err(error) = app.store.finish_erasures().await {
            tracing::error!(%error, "the database's log could not be emptied of what was erased; it is tried again");
        }
    }
}

async fn rounds(app: &App, shutdown: CancellationToken) {
    let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + AFTER_START, EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut looks = 0_u32;
    tokio::select! {
        () = shutdown.cancelled() => return,
        hashed = new_key::hash_emails_anew(app) => if let Err(error) = hashed {
            tracing::error!(%error, "hashing e-mails under the new key failed; the next start goes on");
        },
    }
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = ticks.tick() => {}
        }
        app.limits.sweep();
        if let Err(error) = round(app).await {
            tracing::error!(error = %error, "a round of housekeeping failed; the next one tries again");
        }
        if looks.is_multiple_of(LEARN_EVERY) {
            if let Err(error) = learn(app).await {
                tracing::error!(error = %error, "weighing signals anew failed; they weigh as before");
            }
            if let Err(error) = tell(app).await {
                tracing::error!(error = %error, "telling providers failed; the next time tries again");
            }
            if let Err(error) = warn(app).await {
                tracing::error!(error = %error, "warning owners failed; the next time tries again");
            }
        }
        looks = looks.wrapping_add(1);
    }
}

/// One round of what is due in the store; nothing when another instance does it.
pub async fn round(app: &App) -> Result<(), StoreError> {
    let now = app.clock.now();
    if !app.store.lease_job("housekeeping", LEASE, now).await? {
        return Ok(());
    }
    bring_back(app, now).await?;
    let sites = app.store.site_ids().await?;
    for site in &sites {
        for (status, before) in retention::run_out(now) {
            while app.store.expire_texts(site, status, before, now).await? == 500 {}
        }
    }
    for site in sites.iter().map(String::as_str).chain([EVERY_SITE]) {
        app.store.seal(site, now.minus(SEAL_AFTER), now).await?;
    }
    app.store.forget_clients(now.minus(retention::CLIENT_KEYS)).await?;
    app.store.purge(now).await?;
    let views = Duration::from_hours(24 * u64::from(app.config.review.views_days));
    while app.store.forget_views(now.minus(views)).await? == 1000 {}
    app.store.forget_deliveries(now).await?;
    Ok(())
}

/// Brings back to review what was set aside a day ago, unless somebody was faster.
async fn bring_back(app: &App, now: Timestamp) -> Result<(), StoreError> {
    for (comment, version) in app.store.set_aside_before(now.minus(ASIDE), BACK_AT_ONCE).await? {
        let by = (Actor::system("aside"), Scope::All);
        let wanted = Decide {
            version: Some(version),
            how: How::Rule,
            ..Decide::new(app.clock.new_id(), comment, Act::Restore, by, now)
        };
        app.store.decide(wanted).await?;
    }
    Ok(())
}

/// Weighs the built-in check's signals on each site by what its moderators decided; on this instance.
pub async fn learn(app: &App) -> Result<(), StoreError> {
    let since = app.clock.now().minus(Duration::from_hours(24 * LEARN_DAYS));
    for site in app.store.site_ids().await? {
        let labelled = app.store.labelled_signals(&site, since).await?;
        app.captcha.weigh_with(&site, Ratios::learn(&labelled));
    }
    Ok(())
}

/// Tells the providers of the sites that want it what moderators decided a week ago; forgets what is not to
/// be told. Nothing when another instance does it.
///
/// # Errors
/// Errors of the store. A provider that cannot be told now is told the next time.
pub async fn tell(app: &App) -> Result<(), Error> {
    let now = app.clock.now();
    if !app.store.lease_job("feedback", LEASE, now).await? {
        return Ok(());
    }
    for in_force in readable_sites(app).await? {
        let site = &in_force.site;
        let forget_before = if site.captcha.feedback {
            now.minus(retention::ASSESSMENTS)
        } else {
            now
        };
        app.store.forget_old_assessments(&site.id, forget_before).await?;
        let before = now.minus(Duration::from_hours(24 * TELL_AFTER_DAYS));
        for spam in [true, false] {
            tell_of(app, site, spam, before).await?;
        }
    }
    Ok(())
}

/// Tells one site's provider of one kind of decision, until all are told or it cannot be told now.
async fn tell_of(app: &App, site: &Site, spam: bool, before: Timestamp) -> Result<(), Error> {
    let mut done = Vec::new();
    for untold in app.store.untold(&site.id, spam, before, TOLD_AT_ONCE).await? {
        match app.captcha.tell_outcome(site, &untold.assessment, spam).await {
            Told::Yes | Told::Never => done.push(untold.comment),
            Told::NotNow => break,
        }
    }
    if !done.is_empty() {
        app.store.forget_assessments(done).await?;
    }
    Ok(())
}
