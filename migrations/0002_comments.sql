CREATE TABLE threads (
    id UUID NOT NULL PRIMARY KEY,
    site_id TEXT NOT NULL REFERENCES sites (id),
    thread_key TEXT NOT NULL,
    -- From the first approved comment or from the publisher; a link only when set.
    title TEXT,
    url TEXT,
    open BOOLEAN NOT NULL,
    -- Raised by every change that a reader can see.
    content_version BIGINT NOT NULL,
    -- Creation time of the oldest pending comment; NULL = nothing waits here.
    oldest_pending_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX threads_by_key ON threads (site_id, thread_key);
CREATE INDEX threads_waiting ON threads (site_id, oldest_pending_at, id) WHERE oldest_pending_at IS NOT NULL;

CREATE TABLE comments (
    id UUID NOT NULL PRIMARY KEY,
    site_id TEXT NOT NULL REFERENCES sites (id) DEFERRABLE INITIALLY DEFERRED,
    thread_id UUID NOT NULL REFERENCES threads (id) DEFERRABLE INITIALLY DEFERRED,
    parent_id UUID,
    -- The top-level comment above; NULL = is one.
    root_id UUID,
    status TEXT NOT NULL,
    set_aside BOOLEAN NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    -- What the reader sent; blanked when the texts expire or are erased.
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    website TEXT,
    body TEXT NOT NULL,
    html TEXT NOT NULL,
    folded TEXT NOT NULL,
    language TEXT NOT NULL,
    thread_title TEXT,
    thread_url TEXT,
    -- Keyed hashes: they tell that two are the same, not who it is.
    email_key TEXT NOT NULL,
    client_key TEXT,
    device_id TEXT,
    body_digest TEXT NOT NULL,
    -- Code that a reader can read out to a person.
    reference TEXT NOT NULL,
    -- The automatic outcome, kept for ever; scores are thousandths, shares parts per million.
    provider TEXT NOT NULL,
    verdict TEXT NOT NULL,
    -- What the verdict's class leaves open: why a token does not count, why nobody answered.
    verdict_detail TEXT,
    -- How long the provider was waited for, milliseconds; NULL = nobody was asked.
    checked_ms BIGINT,
    -- What the built-in check saw, `name=value` by spaces; NULL = it did not look.
    signals TEXT,
    score_raw TEXT,
    level BIGINT,
    outcome TEXT NOT NULL,
    policy_version BIGINT,
    propensity_ppm BIGINT NOT NULL,
    draw BIGINT NOT NULL,
    explored BOOLEAN NOT NULL,
    reasons TEXT NOT NULL,
    links BIGINT NOT NULL,
    -- What became of it.
    label TEXT,
    decided_at BIGINT,
    appealed_at BIGINT,
    reports BIGINT NOT NULL
);
CREATE INDEX comments_by_status ON comments (site_id, status, created_at, id);
CREATE INDEX comments_by_score ON comments (site_id, status, COALESCE(level, 1001), id);
CREATE INDEX comments_by_time ON comments (site_id, created_at, id);
CREATE INDEX comments_waiting ON comments (thread_id, created_at, id) WHERE status = 'pending';
CREATE INDEX comments_public ON comments (thread_id, root_id, created_at, id) WHERE status = 'approved';
CREATE INDEX comments_by_email ON comments (site_id, email_key, status);
CREATE INDEX comments_by_device ON comments (site_id, device_id, status) WHERE device_id IS NOT NULL;
CREATE INDEX comments_with_client ON comments (created_at) WHERE client_key IS NOT NULL;
CREATE INDEX comments_by_body ON comments (site_id, body_digest, created_at) WHERE propensity_ppm < 1000000;

-- What makes a repeat: `k:` idempotency key, `n:` form nonce, `t:` hash of a captcha token.
CREATE TABLE repeat_keys (
    site_id TEXT NOT NULL,
    repeat_key TEXT NOT NULL,
    digest TEXT NOT NULL,
    comment_id UUID NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (site_id, repeat_key)
);
CREATE INDEX repeat_keys_by_expiry ON repeat_keys (expires_at);

-- A submission whose provider is being asked: only the inserter asks.
CREATE TABLE claims (
    site_id TEXT NOT NULL,
    claim_key TEXT NOT NULL,
    digest TEXT NOT NULL,
    claimed_until BIGINT NOT NULL,
    PRIMARY KEY (site_id, claim_key)
);

CREATE TABLE reports (
    comment_id UUID NOT NULL REFERENCES comments (id),
    reporter TEXT NOT NULL,
    reason TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (comment_id, reporter)
);
