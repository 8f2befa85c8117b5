-- What happened, in the words of the event vocabulary; ids and codes only, never changed. The arrival of a comment has
-- no row: the comment's own is the event.
CREATE TABLE events (
    id UUID NOT NULL PRIMARY KEY,
    site_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    comment_id UUID,
    -- The comment's version after it.
    comment_version BIGINT,
    -- The decision that it tells, or takes back.
    decision_id UUID,
    actor_kind TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    -- The number among the comment's events, from 1; NULL = about no comment.
    seq BIGINT
);
CREATE INDEX events_of_alarms ON events (site_id, at) WHERE kind = 'check_alarm';

-- The number of the comment's latest event; 0 = its arrival.
ALTER TABLE comments ADD COLUMN event_seq BIGINT NOT NULL DEFAULT 0;

-- Who is told what happens to the comments of a site.
CREATE TABLE receivers (
    site_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (site_id, kind, id)
);

-- One row for each event and receiver.
CREATE TABLE deliveries (
    -- The event's id; of an arrival: the comment's.
    event_id UUID NOT NULL,
    receiver_kind TEXT NOT NULL,
    receiver_id TEXT NOT NULL,
    site_id TEXT NOT NULL,
    comment_id UUID,
    seq BIGINT,
    -- `waiting`, `done`, `dropped` or `dead`.
    state TEXT NOT NULL,
    not_before BIGINT NOT NULL,
    -- How often it was claimed; it also tells one claim from the next.
    attempts BIGINT NOT NULL,
    -- Until when one instance has it for itself; 0 = nobody has.
    leased_until BIGINT NOT NULL,
    last_error TEXT,
    done_at BIGINT,
    PRIMARY KEY (event_id, receiver_kind, receiver_id)
);
CREATE INDEX deliveries_by_state ON deliveries (state, not_before);
CREATE INDEX deliveries_by_comment ON deliveries (comment_id, receiver_kind, receiver_id, seq)
    WHERE comment_id IS NOT NULL;
CREATE INDEX deliveries_dead ON deliveries (site_id, done_at) WHERE state = 'dead';

-- A stream that goes on after the upgrade finds what it would have found before it.
INSERT INTO events (id, site_id, kind, comment_id, comment_version, decision_id, actor_kind, actor_id, at, seq)
    SELECT id, site_id, CASE action WHEN 'approve' THEN 'approved' WHEN 'reject' THEN 'rejected' WHEN 'spam' THEN 'spam'
        WHEN 'restore' THEN 'restored' WHEN 'hold' THEN 'held' WHEN 'undo' THEN 'undone' WHEN 'appeal' THEN 'appealed'
        WHEN 'erase' THEN 'erased' ELSE 'check_passed' END,
        comment_id, to_version, CASE action WHEN 'undo' THEN undoes WHEN 'appeal' THEN NULL WHEN 'erase' THEN NULL
        WHEN 'step_up' THEN NULL ELSE id END, actor_kind, actor_id, at,
        ROW_NUMBER() OVER (PARTITION BY comment_id ORDER BY id)
    FROM (SELECT * FROM audit_entries WHERE comment_id IS NOT NULL
        AND action IN ('approve', 'reject', 'spam', 'restore', 'hold', 'undo', 'appeal', 'erase', 'step_up')
        ORDER BY id DESC LIMIT 200) AS latest;
UPDATE comments SET event_seq = (SELECT MAX(e.seq) FROM events e WHERE e.comment_id = comments.id)
    WHERE id IN (SELECT comment_id FROM events);

-- Alarms are events now.
DELETE FROM meta WHERE name LIKE 'warned:%';
