-- A try at the door counts until then; what has run out goes with the next tries.
ALTER TABLE sign_in_tries ADD COLUMN expires_at BIGINT NOT NULL DEFAULT 0;
-- Those of before count for the longest time that they could.
UPDATE sign_in_tries SET expires_at = at + 86400000;
DROP INDEX sign_in_tries_by_time;
CREATE INDEX sign_in_tries_by_expiry ON sign_in_tries (expires_at);
