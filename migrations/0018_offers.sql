-- A role that waits for its person's yes, because whoever gives it does not own all that the account works on. It counts
-- for nothing before that.
CREATE TABLE role_offers (
    account_id UUID NOT NULL REFERENCES accounts (id),
    site_id TEXT NOT NULL,
    role TEXT NOT NULL,
    -- Who offers: it ends when they no longer own the site. NULL = the operator.
    maker_id UUID REFERENCES accounts (id),
    at BIGINT NOT NULL,
    PRIMARY KEY (account_id, site_id)
);
CREATE INDEX role_offers_by_site ON role_offers (site_id);
CREATE INDEX role_offers_by_maker ON role_offers (maker_id);
