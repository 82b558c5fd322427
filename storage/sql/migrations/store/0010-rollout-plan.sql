-- A plan may be longer than 0004 gave it room for: up to 32 waves with a query of 255 bytes each (REPO_PLAN_MAX). A check
-- cannot be changed in place: the table is made anew, and takes its rows and its indices with it.

CREATE TABLE rollout_new (
    id           TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 19),
    name         TEXT    NOT NULL,
    release      TEXT    NOT NULL CHECK (length(release) = 16),
    product      TEXT    NOT NULL,
    version      TEXT    NOT NULL,
    counter      INTEGER NOT NULL CHECK (counter > 0),
    plan         BLOB    NOT NULL CHECK (length(plan) <= 10240),
    state        INTEGER NOT NULL CHECK (state BETWEEN 1 AND 9),
    progress     BLOB    NOT NULL CHECK (length(progress) <= 8192),
    timer        INTEGER NOT NULL,
    attempts     INTEGER NOT NULL CHECK (attempts >= 0),
    created      INTEGER NOT NULL,
    changed      INTEGER NOT NULL,
    created_by   TEXT    NOT NULL,
    reason       TEXT    NOT NULL,
    rev          INTEGER NOT NULL CHECK (rev > 0)
) STRICT;
INSERT INTO rollout_new (id, name, release, product, version, counter, plan, state, progress, timer, attempts, created,
    changed, created_by, reason, rev)
SELECT id, name, release, product, version, counter, plan, state, progress, timer, attempts, created, changed,
    created_by, reason, rev
FROM rollout;
DROP TABLE rollout;
ALTER TABLE rollout_new RENAME TO rollout;
CREATE INDEX rollout_by_created ON rollout (created, id);
CREATE INDEX rollout_by_timer ON rollout (timer, id) WHERE timer <> 0;
CREATE INDEX rollout_live ON rollout (created, id) WHERE state NOT IN (6, 8, 9);
CREATE INDEX rollout_by_state ON rollout (state);
