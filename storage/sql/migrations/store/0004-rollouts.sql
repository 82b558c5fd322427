-- Rollouts, the attempts of their devices, and what is known of what devices run. Times of 0 are "never", texts of ""
-- "not known". plan and progress are packed by storage/repo (repo_rollout_pack.h). States of attempts: 1 planned, 9
-- deferred, 2 to 8 open, from 10 on ended; of rollouts that have ended: 6, 8, 9.

CREATE TABLE rollout (
    id           TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 19),
    name         TEXT    NOT NULL,
    release      TEXT    NOT NULL CHECK (length(release) = 16),
    product      TEXT    NOT NULL,
    version      TEXT    NOT NULL,
    counter      INTEGER NOT NULL CHECK (counter > 0),
    plan         BLOB    NOT NULL CHECK (length(plan) <= 1024),
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
CREATE INDEX rollout_by_created ON rollout (created, id);
CREATE INDEX rollout_by_timer ON rollout (timer, id) WHERE timer <> 0;
CREATE INDEX rollout_live ON rollout (created, id) WHERE state NOT IN (6, 8, 9);

CREATE TABLE attempt (
    id              TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 28),
    rollout         TEXT    NOT NULL,
    device          TEXT    NOT NULL,
    wave            INTEGER NOT NULL CHECK (wave BETWEEN 0 AND 31),
    place           INTEGER NOT NULL CHECK (place >= 0),
    back            INTEGER NOT NULL CHECK (back IN (0, 1)),
    state           INTEGER NOT NULL CHECK (state BETWEEN 1 AND 16),
    code            INTEGER NOT NULL CHECK (code >= 0),
    rev             INTEGER NOT NULL CHECK (rev >= 0),
    progress        INTEGER NOT NULL CHECK (progress BETWEEN 0 AND 255),
    breaks          INTEGER NOT NULL CHECK (breaks BETWEEN 0 AND 255),
    online          INTEGER NOT NULL CHECK (online IN (0, 1)),
    proved          INTEGER NOT NULL CHECK (proved IN (0, 1)),
    cancel          INTEGER NOT NULL CHECK (cancel IN (0, 1)),
    taken           INTEGER NOT NULL CHECK (taken IN (0, 1)),
    first_offer     INTEGER NOT NULL,
    offered         INTEGER NOT NULL,
    sent            INTEGER NOT NULL,
    step_since      INTEGER NOT NULL,
    until           INTEGER NOT NULL,
    confirm_since   INTEGER NOT NULL,
    cancel_since    INTEGER NOT NULL,
    boot_before     TEXT    NOT NULL,
    boot_confirm    TEXT    NOT NULL,
    timer           INTEGER NOT NULL,
    created         INTEGER NOT NULL,
    changed         INTEGER NOT NULL,
    release         TEXT    NOT NULL,
    version         TEXT    NOT NULL,
    counter         INTEGER NOT NULL CHECK (counter >= 0),
    before_release  TEXT    NOT NULL,
    before_version  TEXT    NOT NULL,
    before_counter  INTEGER NOT NULL CHECK (before_counter >= 0),
    UNIQUE (rollout, back, wave, place)
) STRICT;
CREATE UNIQUE INDEX attempt_by_device ON attempt (device, rollout, back);
CREATE UNIQUE INDEX attempt_one_forward ON attempt (device) WHERE back = 0 AND state < 10;
CREATE INDEX attempt_by_state ON attempt (rollout, back, state, wave, place);
CREATE INDEX attempt_replanned ON attempt (rollout, back, state, wave, place) WHERE state = 1 AND rev > 0;
CREATE INDEX attempt_by_timer ON attempt (timer, id) WHERE timer <> 0;

CREATE TABLE inventory (
    device          TEXT    NOT NULL PRIMARY KEY,
    product         TEXT    NOT NULL,
    hardware        TEXT    NOT NULL,
    version         TEXT    NOT NULL,
    slots           TEXT    NOT NULL,
    boot            TEXT    NOT NULL,
    agent           TEXT    NOT NULL,
    attributes      TEXT    NOT NULL CHECK (length(attributes) <= 4096),
    uptime_s        INTEGER NOT NULL,
    seen            INTEGER NOT NULL,
    job_n           INTEGER NOT NULL CHECK (job_n >= 0),
    floor_confirmed INTEGER NOT NULL CHECK (floor_confirmed >= 0),
    release         TEXT    NOT NULL,
    counter         INTEGER NOT NULL CHECK (counter >= 0)
) STRICT;
CREATE INDEX inventory_by_product ON inventory (product, device);
