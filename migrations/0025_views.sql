-- Who saw a comment, and how: what was shown in a list is not seen. Kept for a time (`review.views_days`).
CREATE TABLE views (
    comment_id UUID NOT NULL,
    -- Of the text that was seen; 0 = as it was sent.
    revision BIGINT NOT NULL,
    account UUID NOT NULL,
    -- `focused` for a second, `opened`, `decided` or `exported`.
    how TEXT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (comment_id, revision, account, how)
);
CREATE INDEX views_by_last ON views (last_at);
