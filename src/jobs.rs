//! What has to be done from time to time: forget limits, let texts expire, purge, seal the audit log,
//! learn what the signals of the built-in check are worth.
//!
//! Each periodic job of the store runs on one instance at a time, by a lease there, and is idempotent.
//! What an instance keeps in memory is its own to renew. To add one: a function here, called in [`run`] at
//! its interval.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::{
    app::App,
    captcha::Ratios,
    domain::{account::EVERY_SITE, status::Status},
    store::StoreError,
};

/// How often the jobs look.
const EVERY: Duration = Duration::from_mins(1);

/// How long one instance has a job for itself.
const LEASE: Duration = Duration::from_secs(50);

/// How long texts are kept, by the state that a comment is in.
const KEPT: [(Status, u64); 3] = [(Status::Refused, 30), (Status::Spam, 30), (Status::Rejected, 90)];

/// How long a hashed client address is kept.
const CLIENT_DAYS: u64 = 30;

/// Every how many looks signals are weighed anew.
const LEARN_EVERY: u32 = 5;

/// The verdicts that they are weighed with are at most that old.
const LEARN_DAYS: u64 = 90;

/// Entries are sealed once they are older than this: later ones may still be on their way in.
const SEAL_AFTER: Duration = Duration::from_mins(2);

/// Runs until `shutdown` is cancelled.
pub async fn run(app: Arc<App>, shutdown: CancellationToken) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut looks = 0_u32;
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = ticks.tick() => {}
        }
        app.limits.sweep();
        if let Err(error) = round(&app).await {
            tracing::error!(error = %error, "a round of housekeeping failed; the next one tries again");
        }
        if looks.is_multiple_of(LEARN_EVERY)
            && let Err(error) = learn(&app).await
        {
            tracing::error!(error = %error, "weighing signals anew failed; they weigh as before");
        }
        looks = looks.wrapping_add(1);
    }
}

/// One round of what is due in the store; nothing when another instance does it.
///
/// # Errors
/// Errors of the store.
pub async fn round(app: &App) -> Result<(), StoreError> {
    let now = app.clock.now();
    if !app.store.lease_job("housekeeping", LEASE, now).await? {
        return Ok(());
    }
    let sites = app.store.site_ids().await?;
    for site in &sites {
        for (status, days) in KEPT {
            let before = now.minus(Duration::from_hours(24 * days));
            while app.store.expire_texts(site, status, before).await? == 500 {}
        }
    }
    for site in sites.iter().map(String::as_str).chain([EVERY_SITE]) {
        app.store.seal(site, now.minus(SEAL_AFTER), now).await?;
    }
    app.store
        .forget_clients(now.minus(Duration::from_hours(24 * CLIENT_DAYS)))
        .await?;
    app.store.purge(now).await?;
    Ok(())
}

/// Weighs the built-in check's signals on each site by what its moderators decided; on this instance.
///
/// # Errors
/// Errors of the store.
pub async fn learn(app: &App) -> Result<(), StoreError> {
    let since = app.clock.now().minus(Duration::from_hours(24 * LEARN_DAYS));
    for site in app.store.site_ids().await? {
        let labelled = app.store.labelled_signals(&site, since).await?;
        app.captcha.weigh_with(&site, Ratios::learn(&labelled));
    }
    Ok(())
}
