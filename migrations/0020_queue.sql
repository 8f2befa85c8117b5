-- In which order a comment stands among those that are listed in none: a number that nothing else depends on.
ALTER TABLE comments ADD COLUMN shuffle BIGINT NOT NULL DEFAULT 0;
UPDATE comments SET shuffle = (created_at * 7919 + draw) % 1000000;

-- The first page of what waits is read from an index in each order, however much waits behind it. What was decided is
-- listed by its time.
DROP INDEX comments_by_score;
CREATE INDEX comments_waiting_by_score ON comments (site_id, COALESCE(level, 1001), id) WHERE status = 'pending';
CREATE INDEX comments_waiting_by_doubt ON comments (site_id, ABS(COALESCE(level, 1501) - 500), id)
    WHERE status = 'pending';
CREATE INDEX comments_waiting_by_reports ON comments (site_id, reports, id) WHERE status = 'pending';
CREATE INDEX comments_waiting_shuffled ON comments (site_id, shuffle, id) WHERE status = 'pending';
