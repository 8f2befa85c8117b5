-- Reports that nobody has decided about since they came: none when a comment is decided, all of them again when that is undone.
ALTER TABLE comments ADD COLUMN open_reports BIGINT NOT NULL DEFAULT 0;
UPDATE comments SET open_reports = reports WHERE status = 'approved';

-- What was set aside, and what is public and reported: few rows, and none of them new, so no submission pays for these.
CREATE INDEX comments_aside ON comments (site_id, created_at, id) WHERE status = 'pending' AND set_aside = TRUE;
CREATE INDEX comments_reported ON comments (site_id, reports, id) WHERE status = 'approved' AND open_reports > 0;
