-- Vendor keys and the releases that they have signed. Texts of digests of keys are lower-case hex; signers: keyids with
-- a space between.

CREATE TABLE vendor_key (
    keyid   TEXT    NOT NULL PRIMARY KEY CHECK (length(keyid) = 64),
    spki    BLOB    NOT NULL CHECK (length(spki) <= 128),
    name    TEXT    NOT NULL,
    added   INTEGER NOT NULL,
    removed INTEGER NOT NULL
) STRICT;

CREATE TABLE release_entry (
    id             TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    product        TEXT    NOT NULL,
    counter        INTEGER NOT NULL CHECK (counter > 0),
    security_floor INTEGER NOT NULL CHECK (security_floor >= 0),
    version        TEXT    NOT NULL,
    channel        TEXT    NOT NULL,
    security_only  INTEGER NOT NULL CHECK (security_only IN (0, 1)),
    state          INTEGER NOT NULL CHECK (state BETWEEN 1 AND 2),
    released_at    INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    imported       INTEGER NOT NULL,
    changed        INTEGER NOT NULL,
    imported_by    TEXT    NOT NULL,
    bytes          INTEGER NOT NULL CHECK (bytes >= 0),
    file_count     INTEGER NOT NULL CHECK (file_count BETWEEN 1 AND 67),
    signers        TEXT    NOT NULL CHECK (length(signers) <= 520),
    rev            INTEGER NOT NULL CHECK (rev > 0),
    envelope       BLOB    NOT NULL CHECK (length(envelope) <= 32768),
    UNIQUE (product, counter),
    UNIQUE (product, version)
) STRICT;

CREATE TABLE release_file (
    release  TEXT    NOT NULL,
    n        INTEGER NOT NULL,
    role     INTEGER NOT NULL CHECK (role BETWEEN 1 AND 4),
    name     TEXT    NOT NULL,
    format   TEXT    NOT NULL,
    sha256   BLOB    NOT NULL CHECK (length(sha256) = 32),
    size     INTEGER NOT NULL CHECK (size >= 0),
    hardware TEXT    NOT NULL,
    PRIMARY KEY (release, n)
) STRICT;
CREATE INDEX release_file_by_sha256 ON release_file (sha256);

CREATE TABLE product (
    name            TEXT    NOT NULL PRIMARY KEY,
    counter_seen    INTEGER NOT NULL CHECK (counter_seen >= 0),
    floor_confirmed INTEGER NOT NULL CHECK (floor_confirmed >= 0)
) STRICT;
