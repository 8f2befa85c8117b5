CREATE TABLE sites (
    id TEXT NOT NULL PRIMARY KEY,
    settings TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- Immutable: a change is a new version. Cuts are thousandths, shares parts per million.
CREATE TABLE policies (
    site_id TEXT NOT NULL REFERENCES sites (id),
    version BIGINT NOT NULL,
    base BIGINT NOT NULL,
    publish_from BIGINT,
    step_up_below BIGINT,
    refuse_below BIGINT,
    explore_ppm BIGINT NOT NULL,
    author TEXT NOT NULL,
    note TEXT NOT NULL,
    forecast TEXT NOT NULL,
    from_at BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (site_id, version)
);
