-- Times are Unix milliseconds, truth values 0 or 1, enums the numbers of gateway/core/model. The file's own texts compare
-- by bytes (SQLite's BINARY; in PostgreSQL a database with COLLATE "C").

CREATE TABLE device (
    id      TEXT    NOT NULL PRIMARY KEY,
    state   INTEGER NOT NULL CHECK (state BETWEEN 1 AND 7),
    name    TEXT    NOT NULL,
    created INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    rev     INTEGER NOT NULL CHECK (rev > 0)
) STRICT;
CREATE INDEX device_by_state ON device (state, id);

CREATE TABLE cert (
    device      TEXT    NOT NULL,
    sha256      BLOB    NOT NULL CHECK (length(sha256) = 32),
    spki_sha256 BLOB    NOT NULL CHECK (length(spki_sha256) = 32),
    serial      BLOB    NOT NULL CHECK (length(serial) = 16),
    not_before  INTEGER NOT NULL,
    not_after   INTEGER NOT NULL,
    revoked     INTEGER NOT NULL CHECK (revoked IN (0, 1)),
    used        INTEGER NOT NULL CHECK (used IN (0, 1)),
    der         BLOB    NOT NULL CHECK (length(der) <= 2048),
    PRIMARY KEY (device, sha256)
) STRICT;
CREATE INDEX cert_by_sha256 ON cert (sha256);
CREATE INDEX cert_by_revoked ON cert (revoked, not_after);

CREATE TABLE invite (
    device        TEXT    NOT NULL PRIMARY KEY,
    secret_sha256 BLOB    NOT NULL CHECK (length(secret_sha256) = 32),
    created       INTEGER NOT NULL,
    expires       INTEGER NOT NULL,
    bound         INTEGER NOT NULL CHECK (bound IN (0, 1)),
    spki_sha256   BLOB    NOT NULL CHECK (length(spki_sha256) = 32),
    wrong_count   INTEGER NOT NULL,
    wrong_since   INTEGER NOT NULL,
    rev           INTEGER NOT NULL CHECK (rev > 0)
) STRICT;

CREATE TABLE pending (
    device      TEXT    NOT NULL,
    spki_sha256 BLOB    NOT NULL CHECK (length(spki_sha256) = 32),
    spki        BLOB    NOT NULL CHECK (length(spki) <= 128),
    source      TEXT    NOT NULL,
    created     INTEGER NOT NULL,
    expires     INTEGER NOT NULL,
    approved    INTEGER NOT NULL CHECK (approved IN (0, 1)),
    PRIMARY KEY (device, spki_sha256)
) STRICT;
CREATE INDEX pending_by_source ON pending (source);
CREATE INDEX pending_by_expires ON pending (expires);

CREATE TABLE person (
    name          TEXT    NOT NULL PRIMARY KEY,
    role          INTEGER NOT NULL CHECK (role BETWEEN 1 AND 3),
    password_hash TEXT    NOT NULL,
    disabled      INTEGER NOT NULL CHECK (disabled IN (0, 1)),
    created       INTEGER NOT NULL,
    rev           INTEGER NOT NULL CHECK (rev > 0)
) STRICT;

CREATE TABLE setting (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL CHECK (length(value) <= 4096)
) STRICT;

-- The outbox: rows leave when the journal has them, so the numbers live in a row of their own.
CREATE TABLE audit (
    n    INTEGER NOT NULL PRIMARY KEY,
    t    INTEGER NOT NULL,
    sev  INTEGER NOT NULL CHECK (sev BETWEEN 1 AND 6),
    res  INTEGER NOT NULL CHECK (res BETWEEN 1 AND 3),
    cls  TEXT    NOT NULL,
    subj TEXT    NOT NULL,
    obj  TEXT    NOT NULL,
    msg  TEXT    NOT NULL
) STRICT;

CREATE TABLE counter (
    name  TEXT    NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT;
INSERT INTO counter (name, value) VALUES ('audit.n', 0);
