//! How the instances share the jobs of the store: each job runs on the one that has its lease.

use std::time::Duration;

/// How long one instance has a job for itself.
pub(super) const LEASE: Duration = Duration::from_secs(50);
