//! The device token: who sends again is known again, by a random number that we gave with the first answer.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{path::Path, submission::Submission};
use crate::{
    app::App,
    domain::{timestamp::Timestamp, trust},
    keys::Purpose,
};

/// The claims of a device token.
#[derive(Debug, Serialize, Deserialize)]
struct Device {
    d: String,
    /// When it was given, Unix milliseconds; a token of before that says nothing.
    #[serde(default)]
    at: Option<i64>,
}

impl Path {
    /// The device of an earlier answer, when its token is one of ours and was given within [`trust::LIFE`].
    pub(super) fn device(&self, submission: &Submission) -> Option<String> {
        let token = submission.device.as_deref()?;
        let device: Device = self.app.keys.open(Purpose::Device, token)?;
        let at = device.at.map_or_else(|| made_at(&device.d), Timestamp);
        (at >= self.now.minus(trust::LIFE)).then_some(device.d)
    }

    pub(super) fn sign_device(&self, id: &str, at: Timestamp) -> String {
        let device = Device {
            d: id.to_owned(),
            at: Some(at.0),
        };
        self.app.keys.sign(Purpose::Device, &device)
    }
}

/// Ordered by time, so that those of new readers stand side by side in their index.
pub(super) fn new_device(app: &App) -> String {
    app.clock.new_id().simple().to_string()
}

/// When a device was first given: its id is one of version 7.
fn made_at(device: &str) -> Timestamp {
    let made = Uuid::parse_str(device).ok().and_then(|id| id.get_timestamp());
    let (seconds, nanoseconds) = made.map_or((0, 0), |made| made.to_unix());
    Timestamp(i64::try_from(seconds).unwrap_or(0) * 1000 + i64::from(nanoseconds / 1_000_000))
}
