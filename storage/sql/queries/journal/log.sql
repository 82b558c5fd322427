-- name: meta_get
SELECT epoch, audit_n, evidence FROM meta WHERE one = 1;

-- name: meta_insert
INSERT INTO meta (one, epoch, audit_n, evidence) VALUES (1, $1, 0, 0);

-- name: meta_audit
UPDATE meta SET audit_n = $1 WHERE one = 1;

-- name: meta_evidence
UPDATE meta SET evidence = evidence + 1 WHERE one = 1;

-- name: source_get
SELECT current, day, epochs, limit_reported FROM source WHERE device = $1;

-- name: source_put
INSERT INTO source (device, current, day, epochs, limit_reported, unread) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (device) DO UPDATE SET current = excluded.current, day = excluded.day, epochs = excluded.epochs,
    limit_reported = excluded.limit_reported, unread = source.unread + excluded.unread;

-- name: log_insert
INSERT INTO log (device, n, kind, epoch, next_seq, sealed, closed, equivocated, opened, changed, signed_size,
    raw_bytes, bundle_raw_bytes, bundle_bytes, range)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15);

-- name: log_update
UPDATE log SET next_seq = $1, sealed = $2, closed = $3, equivocated = $4, changed = $5, signed_size = $6,
    raw_bytes = $7, bundle_raw_bytes = $8, bundle_bytes = $9, range = $10
WHERE device = $11 AND n = $12;

-- name: log_get
SELECT device, n, kind, epoch, next_seq, sealed, closed, equivocated, opened, changed, signed_size, raw_bytes,
    bundle_raw_bytes, bundle_bytes, range
FROM log WHERE device = $1 AND n = $2;

-- name: log_find
SELECT device, n, kind, epoch, next_seq, sealed, closed, equivocated, opened, changed, signed_size, raw_bytes,
    bundle_raw_bytes, bundle_bytes, range
FROM log WHERE device = $1 AND kind = $2 AND epoch = $3;

-- name: log_count
SELECT COUNT(*) FROM log WHERE device = $1;

-- name: log_each
SELECT device, n, kind, epoch, next_seq, sealed, closed, equivocated, opened, changed, signed_size, raw_bytes,
    bundle_raw_bytes, bundle_bytes, range
FROM log ORDER BY device, n;

-- name: log_each_of
SELECT device, n, kind, epoch, next_seq, sealed, closed, equivocated, opened, changed, signed_size, raw_bytes,
    bundle_raw_bytes, bundle_bytes, range
FROM log WHERE device = $1 ORDER BY n;

-- name: log_each_unsigned
SELECT device, n, kind, epoch, next_seq, sealed, closed, equivocated, opened, changed, signed_size, raw_bytes,
    bundle_raw_bytes, bundle_bytes, range
FROM log INDEXED BY log_unsigned WHERE signed_size < next_seq AND device > $1 ORDER BY device, n;

-- name: checkpoint_put
INSERT INTO checkpoint (device, log, size, note) VALUES ($1, $2, $3, $4)
ON CONFLICT (device, log) DO UPDATE SET size = excluded.size, note = excluded.note;

-- name: checkpoint_get
SELECT size, note FROM checkpoint WHERE device = $1 AND log = $2;

-- name: evidence_put
INSERT INTO evidence (device, log, first, count, arrived, raw) VALUES ($1, $2, $3, $4, $5, $6);

-- name: evidence_get
SELECT first, count, raw FROM evidence WHERE device = $1 AND log = $2;

-- name: stats_log
SELECT COUNT(*), COALESCE(SUM(next_seq), 0), COALESCE(SUM(raw_bytes), 0), COALESCE(SUM(sealed), 0),
    COALESCE(SUM(bundle_raw_bytes), 0), COALESCE(SUM(bundle_bytes), 0)
FROM log;

-- name: stats_inbox
SELECT COUNT(*) FROM inbox;

-- name: stats_source
SELECT COALESCE(SUM(unread), 0) FROM source;
