-- Facts about this store as a whole.
CREATE TABLE meta (
    name TEXT NOT NULL PRIMARY KEY,
    content TEXT NOT NULL
);

-- Which instance does a periodic job now.
CREATE TABLE job_leases (
    name TEXT NOT NULL PRIMARY KEY,
    claimed_until BIGINT NOT NULL
);
