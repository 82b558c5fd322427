-- Tokens of programs. role: 1 viewer, 2 operator, 4 metrics. Times of 0 are "not known", "never". The one that opened
-- /metrics was a setting: it goes on as the token of that name.

CREATE TABLE token (
    name    TEXT    NOT NULL PRIMARY KEY,
    sha256  BLOB    NOT NULL UNIQUE CHECK (length(sha256) = 32),
    role    INTEGER NOT NULL CHECK (role IN (1, 2, 4)),
    made_by TEXT    NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    used    INTEGER NOT NULL
) STRICT;

INSERT INTO token (name, sha256, role, made_by, created, expires, used)
SELECT 'metrics', value, 4, '', 0, 0, 0 FROM setting WHERE name = 'metrics.token' AND length(value) = 32;
DELETE FROM setting WHERE name = 'metrics.token';
