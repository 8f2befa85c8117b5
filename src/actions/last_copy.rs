//! Where the newest copy of a SQLite store was written and when, so that `doctor` can say whether there is one.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{app::App, domain::timestamp::Timestamp, error::Error};

/// The name under which a store keeps it.
const LAST_COPY: &str = "last_copy";

/// A copy that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastCopy {
    /// From the root on.
    pub file: PathBuf,
    /// Unix milliseconds.
    at: i64,
}

impl LastCopy {
    /// When it was made.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        Timestamp(self.at)
    }
}

/// Notes that a copy was made now.
///
/// # Errors
/// Errors of the store; [`Error::Internal`] for a name that is not in UTF-8.
pub async fn note(app: &App, file: &Path) -> Result<(), Error> {
    let copy = LastCopy {
        file: std::path::absolute(file).unwrap_or_else(|_| file.to_owned()),
        at: app.clock.now().0,
    };
    let text = serde_json::to_string(&copy).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(app.store.set_meta(LAST_COPY, &text).await?)
}

/// The newest copy that the store knows of; a copy that was put back knows of the one before it.
///
/// # Errors
/// Errors of the store; [`Error::Internal`] where what it holds is no such note.
pub async fn read(app: &App) -> Result<Option<LastCopy>, Error> {
    let Some(text) = app.store.meta(LAST_COPY).await? else {
        return Ok(None);
    };
    let read = serde_json::from_str(&text);
    read.map(Some)
        .map_err(|error| Error::Internal(format!("corrupt data in meta.content, row {LAST_COPY}: {error}")))
}
