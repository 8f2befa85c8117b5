-- Append-only. Holds ids, codes and digests; texts live in audit_texts and can be erased without
-- breaking a seal.
CREATE TABLE audit_entries (
    id UUID NOT NULL PRIMARY KEY,
    site_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    comment_id UUID,
    from_status TEXT,
    to_status TEXT,
    from_aside BOOLEAN,
    from_label TEXT,
    from_version BIGINT,
    to_version BIGINT,
    reason TEXT,
    text_digest TEXT,
    undoes UUID,
    decision_key TEXT,
    detail TEXT
);
CREATE INDEX audit_by_site ON audit_entries (site_id, id);
CREATE INDEX audit_by_comment ON audit_entries (comment_id, id) WHERE comment_id IS NOT NULL;
CREATE UNIQUE INDEX audit_by_key ON audit_entries (actor_id, decision_key) WHERE decision_key IS NOT NULL;

CREATE TABLE audit_texts (
    entry_id UUID NOT NULL PRIMARY KEY REFERENCES audit_entries (id),
    comment_id UUID,
    note TEXT NOT NULL
);
CREATE INDEX audit_texts_by_comment ON audit_texts (comment_id) WHERE comment_id IS NOT NULL;

-- Each seal hashes the one before it and the entries since, in id order.
CREATE TABLE audit_seals (
    site_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    last_id UUID NOT NULL,
    entries BIGINT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (site_id, number)
);
