//! The claim: of several equal submissions that ask an outside provider only one does.

use std::time::Duration;

use uuid::Uuid;

use super::{path::Path, repeats::Earlier};
use crate::{error::Error, store::Claim};

/// How long a repeat waits for the outcome of the submission it repeats.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often it looks meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(40);

/// Whose a submission is.
pub(super) enum Claimed {
    /// This one asks.
    Mine(Claim),
    /// Another one asked, and became this comment.
    Theirs(Uuid),
}

impl Path {
    /// Claims the submission, or waits until the one who has it is done.
    pub(super) async fn claim(&self, key: &str, digest: &str, keys: &[String]) -> Result<Claimed, Error> {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let claim = self
                .app
                .store
                .claim(&self.site.site.id, key, digest, self.app.clock.now())
                .await?;
            if claim != Claim::Others {
                return Ok(Claimed::Mine(claim));
            }
            while self
                .app
                .store
                .is_claimed(&self.site.site.id, key, self.app.clock.now())
                .await?
            {
                if let Earlier::Same(comment) = self.look_back(keys, digest).await? {
                    return Ok(Claimed::Theirs(comment));
                }
                if tokio::time::Instant::now() >= deadline {
                    return Err(Error::Unavailable(
                        "the same submission is still being checked".to_owned(),
                    ));
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
    }
}
