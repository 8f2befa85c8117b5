-- In which order a comment stands among those that are listed in none: a number that nothing else depends on.
ALTER TABLE comments ADD COLUMN shuffle BIGINT NOT NULL DEFAULT 0;
UPDATE comments SET shuffle = (created_at * 7919 + draw) % 1000000;

-- Only what waits is listed by its score; what was decided is listed by its time. Each index more makes every
-- submission dearer, so the orders that are rarely asked for have none.
DROP INDEX comments_by_score;
CREATE INDEX comments_waiting_by_score ON comments (site_id, COALESCE(level, 1001), id) WHERE status = 'pending';
