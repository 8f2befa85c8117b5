-- A captcha provider's secret that was typed into a page, encrypted; and since when.
ALTER TABLE sites ADD COLUMN sealed_secret TEXT;
ALTER TABLE sites ADD COLUMN secret_at BIGINT;
