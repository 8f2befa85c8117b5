-- Whose link let the account in: through it the passphrase was chosen last. NULL = the operator's, or the first run's.
-- Of accounts of before nobody knows it: there the account itself stands, but where no owner of a single site could
-- have made one.
ALTER TABLE accounts ADD COLUMN let_in_by UUID REFERENCES accounts (id);
UPDATE accounts SET let_in_by = id WHERE passphrase IS NOT NULL
    AND EXISTS (SELECT 1 FROM account_roles r WHERE r.role = 'owner' AND r.site_id <> '*');

-- Who has not come in yet has no role: each waits with the link of whoever offers it.
INSERT INTO role_offers (account_id, site_id, role, maker_id, at)
    SELECT r.account_id, r.site_id, r.role, (SELECT i.maker_id FROM invitations i WHERE i.account_id = r.account_id),
        a.created_at
    FROM account_roles r JOIN accounts a ON a.id = r.account_id
    WHERE a.passphrase IS NULL AND NOT EXISTS (
        SELECT 1 FROM role_offers o WHERE o.account_id = r.account_id AND o.site_id = r.site_id);
DELETE FROM account_roles WHERE account_id IN (SELECT id FROM accounts WHERE passphrase IS NULL);

-- One-time links: one of each kind for an account and a maker.
CREATE TABLE links (
    hash TEXT NOT NULL PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES accounts (id),
    -- On whose rights it stands; NULL = the operator's.
    maker_id UUID REFERENCES accounts (id),
    expires_at BIGINT NOT NULL,
    -- In place of a lost passphrase; else it gives what its maker offers.
    is_reset BOOLEAN NOT NULL
);
INSERT INTO links (hash, account_id, maker_id, expires_at, is_reset)
    SELECT i.hash, i.account_id, i.maker_id, i.expires_at, a.passphrase IS NOT NULL
    FROM invitations i JOIN accounts a ON a.id = i.account_id;
DROP TABLE invitations;
ALTER TABLE links RENAME TO invitations;
CREATE UNIQUE INDEX invitations_by_account ON invitations (account_id, is_reset, maker_id);
CREATE UNIQUE INDEX invitations_of_operator ON invitations (account_id, is_reset) WHERE maker_id IS NULL;
CREATE INDEX invitations_by_maker ON invitations (maker_id);
