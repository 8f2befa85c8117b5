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
