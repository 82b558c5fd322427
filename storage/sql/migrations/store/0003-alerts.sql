-- Alerts, grouped by cause: class and device ("" is the gateway itself). At most one that is open for each cause.

CREATE TABLE alert (
    id           TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    cls          TEXT    NOT NULL,
    device       TEXT    NOT NULL,
    sev          INTEGER NOT NULL CHECK (sev BETWEEN 1 AND 6),
    state        INTEGER NOT NULL CHECK (state BETWEEN 1 AND 4),
    first        INTEGER NOT NULL,
    last         INTEGER NOT NULL,
    count        INTEGER NOT NULL CHECK (count > 0),
    until        INTEGER NOT NULL,
    changed      INTEGER NOT NULL,
    by_whom      TEXT    NOT NULL,
    note         TEXT    NOT NULL,
    msg          TEXT    NOT NULL,
    has_evidence INTEGER NOT NULL CHECK (has_evidence IN (0, 1)),
    log          TEXT    NOT NULL,          -- name of the last event's log, "" without evidence
    seq          INTEGER NOT NULL,
    rev          INTEGER NOT NULL CHECK (rev > 0)
) STRICT;
CREATE UNIQUE INDEX alert_open ON alert (cls, device) WHERE state <> 4;
CREATE INDEX alert_by_first ON alert (first, id);
CREATE INDEX alert_by_device ON alert (device, first, id);
CREATE INDEX alert_snoozed ON alert (until, id) WHERE state = 3;
CREATE INDEX alert_resolved ON alert (changed, id) WHERE state = 4;

-- What counts towards a threshold and has not met it yet. times: 8 bytes each, big-endian, ms.
CREATE TABLE alert_window (
    cls    TEXT    NOT NULL,
    device TEXT    NOT NULL,
    until  INTEGER NOT NULL,
    times  BLOB    NOT NULL CHECK (length(times) <= 128),
    PRIMARY KEY (cls, device)
) STRICT;
CREATE INDEX alert_window_until ON alert_window (until);
