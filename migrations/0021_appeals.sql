-- The decision that the reader appealed against; NULL = none by a person: the policy refused it, or nobody appealed.
ALTER TABLE comments ADD COLUMN appeal_against UUID;

-- Appeals wait apart, before all else, so the other index and a thread's `oldest_pending_at` leave them out.
CREATE INDEX comments_appealed ON comments (site_id, appealed_at, id)
    WHERE status = 'pending' AND appealed_at IS NOT NULL;
DROP INDEX comments_waiting;
CREATE INDEX comments_waiting ON comments (thread_id, created_at, id) WHERE status = 'pending' AND appealed_at IS NULL;
UPDATE threads SET oldest_pending_at = (SELECT MIN(c.created_at) FROM comments c WHERE c.thread_id = threads.id
    AND c.status = 'pending' AND c.appealed_at IS NULL)
    WHERE id IN (SELECT thread_id FROM comments WHERE status = 'pending' AND appealed_at IS NOT NULL);

-- What a decision keeps beside its entry of the audit log; words and figures, never a text. Decisions of before have none.
CREATE TABLE decision_facts (
    -- Of its entry.
    id UUID NOT NULL PRIMARY KEY,
    -- Of the text that was decided about; 0 = as it was sent.
    revision BIGINT NOT NULL,
    -- `disabled` before publication, `removed` after; NULL = it restricts nothing.
    restriction TEXT,
    -- Why it was looked at: `own`, `report` or `appeal`.
    source TEXT NOT NULL,
    -- The automatic reasons in force then, by spaces.
    detection_codes TEXT NOT NULL,
    -- `person`, `bulk`, `rule` or `import`.
    decided_how TEXT NOT NULL,
    -- Of the automatic outcome; NULL = none was in force.
    policy_version BIGINT,
    -- Thousandths; NULL = there was none.
    score_seen BIGINT,
    -- How long the row had the focus, as the page says; NULL = it did not say.
    focused_ms BIGINT,
    -- The later decision that took it back or led elsewhere; NULL = it holds.
    reversed_by UUID,
    reversed_at BIGINT
);
