-- As sealed_secret, of the interactive provider of the second check.
ALTER TABLE sites ADD COLUMN sealed_second_secret TEXT;
ALTER TABLE sites ADD COLUMN second_secret_at BIGINT;
