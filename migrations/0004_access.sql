-- Secrets are stored as SHA-256; `sites` is a JSON list of ids, NULL = all sites.
CREATE TABLE tokens (
    id UUID NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL,
    sites TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT
);

CREATE TABLE sessions (
    hash TEXT NOT NULL PRIMARY KEY,
    actor_id TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    sites TEXT,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE setup_codes (
    hash TEXT NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
