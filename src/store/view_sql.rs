//! The statement by which it is written down that somebody saw a comment, by itself or with a decision.

/// The comment as it was sent, the account, how, and when.
pub(super) const NOTE_SQL: &str = "INSERT INTO views (comment_id, revision, account, how, first_at, last_at) \
     VALUES ($1, 0, $2, $3, $4, $4) ON CONFLICT (comment_id, revision, account, how) DO UPDATE \
     SET last_at = excluded.last_at";
