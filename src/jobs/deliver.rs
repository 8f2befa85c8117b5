//! Delivers what somebody is still to be told: at least once, and under the same id each time, so that a receiver
//! that remembers ids is told once.
//!
//! A delivery is claimed for a minute and given half of it; one that fails is tried again after a while that doubles
//! each time, and given up after [`TRIES`]: owners are shown how many were. To add a receiver: its kind in
//! [`send`].

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{heard::Heard, warn};
use crate::{
    app::App,
    clock::{Clock, below},
    domain::{event::Kind, timestamp::Timestamp},
    error::Error,
    store::{Delivered, Delivery, Store, StoreError},
};

/// How often it is looked whether something is due.
const EVERY: Duration = Duration::from_secs(1);

/// How long one instance has a delivery for itself.
const LEASE: Duration = Duration::from_mins(1);

/// How long one delivery may take: well within its lease.
const PATIENCE: Duration = Duration::from_secs(30);

/// Deliveries at the same time.
const AT_ONCE: i64 = 8;

/// How often a delivery is tried: for about half a day.
const TRIES: i64 = 12;

/// How long after the first failure it is tried again; each time twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(30);

/// How long it waits at most.
const LONGEST_WAIT: Duration = Duration::from_hours(3);

/// How long deliveries under way have at shutdown.
const DRAIN: Duration = Duration::from_millis(800);

/// Delivers until `shutdown` is cancelled; what is under way then has a moment, and is delivered anew by the next
/// claim if that is not enough.
pub(super) async fn run(app: &Arc<App>, shutdown: CancellationToken) {
    let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + EVERY, EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let end = async {
        shutdown.cancelled().await;
        tokio::time::sleep(DRAIN).await;
    };
    let delivering = async {
        let mut was_well = true;
        let mut may_be_more = false;
        loop {
            tokio::select! {
                biased;
                () = shutdown.cancelled() => return,
                _ = ticks.tick(), if !may_be_more => {}
                () = std::future::ready(()), if may_be_more => {}
            }
            let delivered = deliver(app).await;
            if let (Err(error), true) = (&delivered, was_well) {
                tracing::error!(%error, "what is to be told cannot be read or written; it is tried again");
            }
            was_well = delivered.is_ok();
            may_be_more = delivered.is_ok_and(|claimed| claimed > 0);
        }
    };
    tokio::select! {
        () = end => {}
        () = delivering => {}
    }
}

/// Delivers what is due now, at most eight; gives how many were claimed.
///
/// # Errors
/// Errors of the store. What cannot be delivered now is tried again later.
pub async fn deliver(app: &App) -> Result<usize, StoreError> {
    deliver_with(&app.store, &app.clock, |delivery| send(app, delivery)).await
}

/// The same by `send`, which says why a delivery cannot be made, without an address or a text.
pub async fn deliver_with<F>(store: &Store, clock: &Clock, send: impl Fn(Delivery) -> F) -> Result<usize, StoreError>
where
    F: Future<Output = Result<Heard, String>>,
{
    let now = clock.now();
    if !store.has_due_deliveries(now).await? {
        return Ok(0);
    }
    let claimed = store.claim_deliveries(now, LEASE, AT_ONCE).await?;
    let count = claimed.len();
    let deliveries = claimed.into_iter().map(async |delivery| {
        let told = tokio::time::timeout(PATIENCE, send(delivery.clone())).await;
        let told = told.unwrap_or_else(|_| Err("the receiver does not answer".to_owned()));
        end(store, clock.now(), &delivery, told).await
    });
    for ended in join_all(deliveries).await {
        ended?;
    }
    Ok(count)
}

async fn end(
    store: &Store,
    now: Timestamp,
    delivery: &Delivery,
    told: Result<Heard, String>,
) -> Result<(), StoreError> {
    let (event, receiver) = (delivery.event, &delivery.receiver);
    let delivered = match told {
        Ok(Heard::Yes) => Delivered::Done,
        Ok(Heard::Needless) => Delivered::Dropped,
        Err(error) if delivery.attempts >= TRIES => {
            tracing::error!(site = delivery.site, %event, kind = receiver.kind, receiver = receiver.id, error,
                "a delivery was given up");
            Delivered::Dead { error }
        }
        Err(error) => {
            tracing::warn!(site = delivery.site, %event, kind = receiver.kind, receiver = receiver.id, error,
                "a delivery failed; it is tried again");
            let at = now.plus(wait_after(delivery.attempts));
            Delivered::Later { at, error }
        }
    };
    store.end_delivery(delivery, delivered, now).await?;
    Ok(())
}

/// How long after the `attempts`th failure it is tried again, give or take a fifth: those that failed together do
/// not come back together.
fn wait_after(attempts: i64) -> Duration {
    let doublings = u32::try_from(attempts.clamp(1, 20) - 1).unwrap_or(0);
    let wait = FIRST_WAIT.saturating_mul(1 << doublings).min(LONGEST_WAIT);
    let per_mille = u32::try_from(below(401)).unwrap_or(0) + 800;
    wait.saturating_mul(per_mille) / 1000
}

async fn send(app: &App, delivery: Delivery) -> Result<Heard, String> {
    match (delivery.receiver.kind.as_str(), delivery.kind) {
        ("owner", Kind::CheckAlarm) => {
            let owner = Uuid::parse_str(&delivery.receiver.id).map_err(|_| "the owner's id is none".to_owned())?;
            match warn::write_to(app, &delivery, owner).await {
                Ok(told) => Ok(told),
                Err(Error::Unavailable(why)) => Err(why),
                Err(_) => Err("the alarm cannot be written".to_owned()),
            }
        }
        _ => Err("this program knows no such receiver".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_about_twice_as_long_up_to_the_longest() {
        for attempts in 1..40_u8 {
            let seconds = (30_u64 << (attempts.min(20) - 1)).min(3 * 3600);
            let wait = wait_after(attempts.into()).as_millis();
            let (least, most) = (u128::from(seconds * 800), u128::from(seconds * 1200));
            assert!((least..=most).contains(&wait), "{attempts}: {wait}");
        }
    }

    #[test]
    fn what_fails_together_does_not_come_back_together() {
        let waits: std::collections::HashSet<_> = (0..100).map(|_| wait_after(3)).collect();
        assert!(waits.len() > 20, "{}", waits.len());
    }
}
