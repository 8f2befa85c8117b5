//! Who runs the service looks after it: whether the store answers, and what there is to count.

use crate::{app::App, error::Error};

/// What is counted when somebody asks; counters go on by themselves.
#[derive(Debug)]
pub struct Figures {
    pub submissions_under_way: usize,
    /// Deliveries by state: waiting, done, dropped, dead.
    pub deliveries: [(&'static str, i64); 4],
    pub streams: usize,
    pub rate_limit_keys: usize,
}

/// sqlite or postgres.
#[must_use]
pub fn engine(app: &App) -> &'static str {
    app.store.engine()
}

/// Whether the store answers.
pub async fn check_store(app: &App) -> Result<(), Error> {
    Ok(app.store.ping().await?)
}

/// The figures of now.
pub async fn figures(app: &App) -> Result<Figures, Error> {
    let counts = app.store.delivery_counts().await?;
    let count_of = |state| {
        let found = counts.iter().find(|(own, _)| own == state);
        (state, found.map_or(0, |(_, count)| *count))
    };
    Ok(Figures {
        submissions_under_way: app.submissions.len(),
        deliveries: ["waiting", "done", "dropped", "dead"].map(count_of),
        streams: app.live.streams(),
        rate_limit_keys: app.limits.keys(),
    })
}
