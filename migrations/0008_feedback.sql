-- The provider's own name of a check, kept where the site wants to tell it what became of the comment, until
-- that is done.
ALTER TABLE comments ADD COLUMN assessment TEXT;
CREATE INDEX comments_untold ON comments (site_id, label, decided_at) WHERE assessment IS NOT NULL;
