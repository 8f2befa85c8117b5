//! Looks for the streams what happened in the queue: at once after a change here, and each second, because
//! another instance or the command line tells nobody.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::{actions::follow, app::App};

/// How long a change made elsewhere may wait until it is told.
const EVERY: Duration = Duration::from_secs(1);

/// How long after a look the next one begins at the earliest.
const PAUSE: Duration = Duration::from_millis(200);

/// After a look that told more than that the next one waits for its second: in a flood each change is told to
/// each stream, and the counts say the rest.
const MANY: usize = 50;

/// Runs until `shutdown` is cancelled, and ends the streams then.
pub(super) async fn watch(app: Arc<App>, shutdown: CancellationToken) {
    let looking = async {
        let mut was_well = true;
        loop {
            // Without streams there is nothing to look for; the first one looks itself.
            if app.live.streams() == 0 {
                app.live.notified().await;
            } else {
                let _ = tokio::time::timeout(EVERY, app.live.notified()).await;
            }
            let looked = follow::look(&app).await;
            if let (Err(error), true) = (&looked, was_well) {
                tracing::error!(%error, "what changed in the queue cannot be told to those who watch it");
            }
            was_well = looked.is_ok();
            let is_flood = looked.is_ok_and(|told| told > MANY);
            tokio::time::sleep(if is_flood { EVERY } else { PAUSE }).await;
        }
    };
    tokio::select! {
        () = shutdown.cancelled() => {}
        () = looking => {}
    }
    app.live.end();
}
