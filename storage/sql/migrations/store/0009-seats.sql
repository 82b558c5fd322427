-- Devices of a draft whose attempts are still to be made, packed by storage/repo (repo_seats.c), each list under the number
-- of its first attempt. And an index that nothing looks into any more.
CREATE TABLE seats (
    rollout      TEXT    NOT NULL,
    number       INTEGER NOT NULL CHECK (number >= 0),
    list         BLOB    NOT NULL CHECK (length(list) <= 131072),
    PRIMARY KEY (rollout, number)
) STRICT;
DROP INDEX attempt_replanned;
