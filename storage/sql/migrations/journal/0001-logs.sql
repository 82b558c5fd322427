-- One row: who this journal is.
CREATE TABLE meta (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    epoch INTEGER NOT NULL,             -- of the logs that the gateway numbers itself
    audit_n INTEGER NOT NULL,           -- highest number taken from the audit outbox
    evidence INTEGER NOT NULL           -- batches kept as evidence
) STRICT;

-- What acceptance remembers of a device beside its logs.
CREATE TABLE source (
    device TEXT PRIMARY KEY,
    current INTEGER,                    -- log.n of its open log; NULL before the first
    day INTEGER NOT NULL,               -- that epochs counts for
    epochs INTEGER NOT NULL,
    limit_reported INTEGER NOT NULL,
    unread INTEGER NOT NULL             -- events of old overlap, dropped without comparing
) STRICT, WITHOUT ROWID;

-- One append-only log. device is "gateway" for the gateway's own, which no device can be called.
CREATE TABLE log (
    device TEXT NOT NULL,
    n INTEGER NOT NULL,                 -- 0, 1, 2 … by device, in order of opening
    kind INTEGER NOT NULL,
    epoch INTEGER NOT NULL,             -- 64 bits, as signed
    next_seq INTEGER NOT NULL,
    sealed INTEGER NOT NULL,            -- bundles; events from sealed * 256 on are in inbox
    closed INTEGER NOT NULL,
    equivocated INTEGER NOT NULL,
    opened INTEGER NOT NULL,            -- ms
    changed INTEGER NOT NULL,           -- ms
    signed_size INTEGER NOT NULL,       -- of the newest checkpoint
    raw_bytes INTEGER NOT NULL,
    bundle_raw_bytes INTEGER NOT NULL,
    bundle_bytes INTEGER NOT NULL,
    range BLOB NOT NULL,                -- merkle_range_format()
    PRIMARY KEY (device, n),
    UNIQUE (device, kind, epoch)
) STRICT, WITHOUT ROWID;
CREATE INDEX log_unsigned ON log (changed, device, n) WHERE signed_size < next_seq;

-- One row for each batch received, until all of its events are sealed. A rowid table: rows go to the end.
CREATE TABLE inbox (
    device TEXT NOT NULL,
    log INTEGER NOT NULL,
    first INTEGER NOT NULL,
    count INTEGER NOT NULL,
    arrived INTEGER NOT NULL,           -- ms
    raw BLOB NOT NULL,                  -- (u16 length, bytes) × count
    PRIMARY KEY (device, log, first)
) STRICT;

-- 256 events for good: an entry bundle of C2SP tlog-tiles.
CREATE TABLE bundle (
    device TEXT NOT NULL,
    log INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    t0 INTEGER NOT NULL,                -- first and last arrival, ms
    t1 INTEGER NOT NULL,
    sev_mask INTEGER NOT NULL,          -- bit s: it holds an event of severity s
    raw_bytes INTEGER NOT NULL,
    arrivals BLOB NOT NULL,             -- (u16 events, i64 ms) for each run of one arrival
    z BLOB NOT NULL,                    -- zstd of the exact bundle
    PRIMARY KEY (device, log, idx)
) STRICT;
CREATE INDEX bundle_time ON bundle (t1, device, log, idx);
CREATE INDEX bundle_device_time ON bundle (device, t1, log, idx);

-- Hashes of level 1 and above of the tiles: level l covers 256^l events. Level 0 is made again from the events.
CREATE TABLE node (
    device TEXT NOT NULL,
    log INTEGER NOT NULL,
    level INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (device, log, level, idx)
) STRICT, WITHOUT ROWID;

-- The newest signed note of each log.
CREATE TABLE checkpoint (
    device TEXT NOT NULL,
    log INTEGER NOT NULL,
    size INTEGER NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (device, log)
) STRICT, WITHOUT ROWID;

-- The first batch that contradicted a log.
CREATE TABLE evidence (
    device TEXT NOT NULL,
    log INTEGER NOT NULL,
    first INTEGER NOT NULL,
    count INTEGER NOT NULL,
    arrived INTEGER NOT NULL,
    raw BLOB NOT NULL,
    PRIMARY KEY (device, log)
) STRICT, WITHOUT ROWID;
