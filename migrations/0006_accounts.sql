CREATE TABLE accounts (
    id UUID NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    -- In lower case; the id of an account that was removed.
    email_folded TEXT NOT NULL UNIQUE,
    -- argon2id in PHC form; NULL = invited, has not come in yet.
    passphrase TEXT,
    -- Encrypted; NULL = no second step. It counts once a code from it was typed.
    totp_seed TEXT,
    totp_confirmed BOOLEAN NOT NULL,
    -- The newest time step whose code was taken: no code counts twice.
    totp_step BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    disabled_at BIGINT
);

-- What an account may do; `*` stands for every site.
CREATE TABLE account_roles (
    account_id UUID NOT NULL REFERENCES accounts (id),
    site_id TEXT NOT NULL,
    role TEXT NOT NULL,
    PRIMARY KEY (account_id, site_id)
);
CREATE INDEX account_roles_by_site ON account_roles (site_id, role);

-- Keyed hashes of one-time codes.
CREATE TABLE recovery_codes (
    account_id UUID NOT NULL REFERENCES accounts (id),
    hash TEXT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (account_id, hash)
);

-- One-time links: an account has at most one that counts.
CREATE TABLE invitations (
    hash TEXT NOT NULL PRIMARY KEY,
    account_id UUID NOT NULL UNIQUE REFERENCES accounts (id),
    expires_at BIGINT NOT NULL
);

-- Sessions of before had no account behind them: they end here.
DROP TABLE sessions;
CREATE TABLE sessions (
    id UUID NOT NULL PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    -- NULL = opened by a setup code, for the first account alone.
    account_id UUID REFERENCES accounts (id),
    -- What kind of browser, in words; the user agent itself is not kept.
    device TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
CREATE INDEX sessions_by_account ON sessions (account_id) WHERE account_id IS NOT NULL;

-- Tries at the door that have not succeeded, by keyed hashes of what they are counted by.
CREATE TABLE sign_in_tries (
    counted_by TEXT NOT NULL,
    at BIGINT NOT NULL,
    try_id UUID NOT NULL,
    PRIMARY KEY (counted_by, at, try_id)
);
CREATE INDEX sign_in_tries_by_id ON sign_in_tries (try_id);
CREATE INDEX sign_in_tries_by_time ON sign_in_tries (at);
