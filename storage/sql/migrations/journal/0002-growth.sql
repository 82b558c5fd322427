-- Every append to a log but the root log, in the order of commits: what whoever derives something from the events walks.
-- Rows that all have read go, but for the last one: the numbers are never used again.
CREATE TABLE growth (
    n INTEGER NOT NULL PRIMARY KEY,
    device TEXT NOT NULL,
    log INTEGER NOT NULL,
    first INTEGER NOT NULL,
    count INTEGER NOT NULL
) STRICT;
