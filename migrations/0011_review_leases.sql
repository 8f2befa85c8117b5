-- Who reads which waiting comment now: a hint to the others, which keeps nobody out.
CREATE TABLE review_leases (
    comment_id UUID NOT NULL PRIMARY KEY,
    site_id TEXT NOT NULL,
    holder_id TEXT NOT NULL,
    holder TEXT NOT NULL,
    leased_until BIGINT NOT NULL
);
CREATE INDEX review_leases_by_holder ON review_leases (holder_id);
