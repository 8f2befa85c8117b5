-- What whoever lifts a suspension must own, as a JSON list of sites (`*` stands for every site): what whoever gave it
-- owned of the account. NULL = not suspended. Who gave one before this column is not known.
ALTER TABLE accounts ADD COLUMN suspended_over TEXT;
UPDATE accounts SET suspended_over = '["*"]' WHERE disabled_at IS NOT NULL;
-- Links whose maker is shut out slept until now; they have ended.
DELETE FROM invitations WHERE maker_id IN (SELECT id FROM accounts WHERE disabled_at IS NOT NULL);
