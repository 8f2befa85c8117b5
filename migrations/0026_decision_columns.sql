-- More of what a decision keeps. A site's charter will fill `charter_version` to `keyword`, repeats that are shown blind
-- `blind_of`, and notices and orders `source_id`; until then they are NULL.
ALTER TABLE decision_facts ADD COLUMN source_id UUID;
ALTER TABLE decision_facts ADD COLUMN charter_version BIGINT;
ALTER TABLE decision_facts ADD COLUMN article_key TEXT;
ALTER TABLE decision_facts ADD COLUMN ground TEXT;
ALTER TABLE decision_facts ADD COLUMN category TEXT;
ALTER TABLE decision_facts ADD COLUMN keyword TEXT;
ALTER TABLE decision_facts ADD COLUMN blind_of UUID;
-- The comment was drawn to be looked at whatever its score, and whoever decided was not told; NULL = decided before this.
ALTER TABLE decision_facts ADD COLUMN explored_hidden BOOLEAN;
-- When what it did took effect; NULL = it changed no state.
ALTER TABLE decision_facts ADD COLUMN effective_at BIGINT;
-- When a receiver first heard of it; NULL = none has.
ALTER TABLE decision_facts ADD COLUMN told_at BIGINT;
