-- A decision about all comments that fit a filter, made in parts by a job. Each comment's has its entry in the audit log.
CREATE TABLE bulk_operations (
    id UUID NOT NULL PRIMARY KEY,
    site_id TEXT NOT NULL,
    -- JSON. Of words and authors that were looked for only that they were.
    filter TEXT NOT NULL,
    action TEXT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    actor TEXT NOT NULL,
    at BIGINT NOT NULL,
    -- How many comments fitted when it began.
    expect BIGINT NOT NULL,
    -- `running`, `done`, `undoing` or `undone`.
    state TEXT NOT NULL,
    -- Comments decided, and those that somebody changed before their turn.
    done BIGINT NOT NULL,
    skipped BIGINT NOT NULL,
    -- Decisions taken back, and those of comments that somebody changed since.
    undone BIGINT NOT NULL,
    not_undone BIGINT NOT NULL,
    -- Of one that is taken back: the last decision that was gone over; the next ones are earlier.
    cursor UUID,
    undone_at BIGINT
);
CREATE UNIQUE INDEX bulk_operations_open ON bulk_operations (site_id) WHERE state IN ('running', 'undoing');

-- What is still to be decided, in the order of `place`, each comment in the version in which it fitted.
CREATE TABLE bulk_rows (
    bulk_id UUID NOT NULL,
    place BIGINT NOT NULL,
    comment_id UUID NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (bulk_id, place)
);

-- The bulk in which a decision was made or taken back; NULL = by itself.
ALTER TABLE audit_entries ADD COLUMN bulk_id UUID;
CREATE INDEX audit_by_bulk ON audit_entries (bulk_id, id) WHERE bulk_id IS NOT NULL;
