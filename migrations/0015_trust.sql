-- What people found of a device's comments that were blanked since: whoever erases their spam stays known for
-- it. Which comments they were it does not say; forgotten after ninety days.
CREATE TABLE device_faults (
    site_id TEXT NOT NULL,
    device_id TEXT NOT NULL,
    -- `rejected` or `spam`.
    label TEXT NOT NULL,
    -- When it was decided.
    at BIGINT NOT NULL,
    comments BIGINT NOT NULL,
    PRIMARY KEY (site_id, device_id, label, at)
);
CREATE INDEX device_faults_by_time ON device_faults (at);

-- The comments that a thread's public title and link come from; NULL = the publisher's word. Erasing the comment
-- takes them along.
ALTER TABLE threads ADD COLUMN title_from UUID;
ALTER TABLE threads ADD COLUMN url_from UUID;
UPDATE threads SET title_from = (SELECT c.id FROM comments c WHERE c.thread_id = threads.id
    AND c.status = 'approved' AND c.thread_title = threads.title ORDER BY c.created_at, c.id LIMIT 1),
    url_from = (SELECT c.id FROM comments c WHERE c.thread_id = threads.id
    AND c.status = 'approved' AND c.thread_url = threads.url ORDER BY c.created_at, c.id LIMIT 1)
    WHERE site_id NOT IN (SELECT site_id FROM audit_entries WHERE action = 'thread');

-- The sites on which a removed account had come in and worked, as a JSON list: its decisions stand under its name,
-- which nobody else takes there. NULL = still there, or never came in.
ALTER TABLE accounts ADD COLUMN left_sites TEXT;
