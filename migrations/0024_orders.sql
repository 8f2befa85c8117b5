-- Counted in each article, so that the index alone must tell what waits there.
DROP INDEX comments_waiting;
CREATE INDEX comments_waiting ON comments (thread_id, created_at, id, set_aside, status, appealed_at)
    WHERE status = 'pending' AND appealed_at IS NULL;

-- Each order of what waits by an index, so that a page costs the same however much waits behind it; the mixed one has
-- none, because each submission would write to another page of it. What was set aside and what its reader appealed
-- about is listed elsewhere, so that neither is read on the way.
DROP INDEX comments_waiting_by_score;
CREATE INDEX comments_waiting_by_score ON comments (site_id, COALESCE(level, 1001), id)
    WHERE status = 'pending' AND set_aside = FALSE AND appealed_at IS NULL;
CREATE INDEX comments_waiting_by_doubt ON comments (site_id, ABS(COALESCE(level, 1501) - 500), id)
    WHERE status = 'pending' AND set_aside = FALSE AND appealed_at IS NULL;
CREATE INDEX comments_waiting_by_reports ON comments (site_id, reports, id)
    WHERE status = 'pending' AND set_aside = FALSE AND appealed_at IS NULL;
