-- When somebody last typed, in this session, what they prove with who they are; before this column: long ago.
ALTER TABLE sessions ADD COLUMN typed_at BIGINT NOT NULL DEFAULT 0;

-- On whose rights a one-time link and a token stand; NULL = the operator's.
ALTER TABLE invitations ADD COLUMN maker_id UUID REFERENCES accounts (id);
CREATE INDEX invitations_by_maker ON invitations (maker_id);
ALTER TABLE tokens ADD COLUMN maker_id UUID REFERENCES accounts (id);
CREATE INDEX tokens_by_maker ON tokens (maker_id);
-- The token by which it was made, if one did: it ends with that one.
ALTER TABLE tokens ADD COLUMN parent_id UUID REFERENCES tokens (id);
CREATE INDEX tokens_by_parent ON tokens (parent_id);

-- Where a token works, in the place of a list within its row; `*` stands for every site.
CREATE TABLE token_sites (
    token_id UUID NOT NULL REFERENCES tokens (id),
    site_id TEXT NOT NULL,
    PRIMARY KEY (token_id, site_id)
);
CREATE INDEX token_sites_by_site ON token_sites (site_id);
INSERT INTO token_sites (token_id, site_id) SELECT id, '*' FROM tokens WHERE sites IS NULL;
INSERT INTO token_sites (token_id, site_id)
    SELECT t.id, s.id FROM tokens t JOIN sites s ON REPLACE(t.sites, '"' || s.id || '"', '') <> t.sites;
ALTER TABLE tokens DROP COLUMN sites;
