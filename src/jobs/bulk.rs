//! Goes on with the bulks that are open, part by part, wherever the one who began them is: also after a kill, and on any
//! instance. Two that work on the same one wait for each other in the store.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{actions::bulk, app::App};

/// How often it is looked whether one is open.
const EVERY: Duration = Duration::from_secs(1);

/// Runs until `shutdown` is cancelled. A part that is cut off by it is made whole, or by the next process.
pub(super) async fn run(app: &Arc<App>, shutdown: CancellationToken) {
    let mut ticks = tokio::time::interval_at(Instant::now() + EVERY, EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let working = async {
        let mut was_well = true;
        loop {
            ticks.tick().await;
            let mut is_open = true;
            while is_open {
                let began = Instant::now();
                let went_on = bulk::go_on(app).await;
                if let (Err(error), true) = (&went_on, was_well) {
                    tracing::error!(%error, "a decision about many comments cannot go on; it is tried again");
                }
                was_well = went_on.is_ok();
                is_open = went_on.unwrap_or(false);
                if is_open {
                    // Half as long for everybody else.
                    tokio::time::sleep(began.elapsed() / 2).await;
                }
            }
        }
    };
    tokio::select! {
        () = shutdown.cancelled() => {}
        () = working => {}
    }
}
