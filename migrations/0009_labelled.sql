-- What signals are weighed by: without it, all that waits would be read to find what is decided.
CREATE INDEX comments_labelled ON comments (site_id, created_at, id)
    WHERE signals IS NOT NULL AND label IN ('approved', 'spam');
