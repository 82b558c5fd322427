-- name: alert_insert
INSERT INTO alert (id, cls, device, sev, state, first, last, count, until, changed, by_whom, note, msg, has_evidence,
    log, seq, rev)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 1)
ON CONFLICT (id) DO NOTHING;

-- name: alert_update
UPDATE alert SET sev = $1, state = $2, first = $3, last = $4, count = $5, until = $6, changed = $7, by_whom = $8,
    note = $9, msg = $10, has_evidence = $11, log = $12, seq = $13, rev = rev + 1
WHERE id = $14 AND rev = $15;

-- name: alert_get
SELECT id, cls, device, sev, state, first, last, count, until, changed, by_whom, note, msg, has_evidence, log, seq, rev
FROM alert WHERE id = $1;

-- name: alert_open
SELECT id, cls, device, sev, state, first, last, count, until, changed, by_whom, note, msg, has_evidence, log, seq, rev
FROM alert WHERE cls = $1 AND device = $2 AND state <> 4;

-- name: alert_each
SELECT id, cls, device, sev, state, first, last, count, until, changed, by_whom, note, msg, has_evidence, log, seq, rev
FROM alert WHERE (first, id) < ($1, $2) AND sev >= $3 AND ((1 << state) & $4) <> 0
ORDER BY first DESC, id DESC LIMIT $5;

-- name: alert_each_of
SELECT id, cls, device, sev, state, first, last, count, until, changed, by_whom, note, msg, has_evidence, log, seq, rev
FROM alert WHERE device = $1 AND (first, id) < ($2, $3) AND sev >= $4 AND ((1 << state) & $5) <> 0
ORDER BY first DESC, id DESC LIMIT $6;

-- name: alert_each_due
SELECT id, cls, device, sev, state, first, last, count, until, changed, by_whom, note, msg, has_evidence, log, seq, rev
FROM alert WHERE state = 3 AND until <= $1 ORDER BY until, id LIMIT $2;

-- name: alert_count
SELECT COUNT(*) FROM alert;

-- name: alert_count_open
SELECT sev, COUNT(*) FROM alert WHERE state <> 4 GROUP BY sev;

-- name: alert_drop_resolved
DELETE FROM alert WHERE id IN (SELECT id FROM alert WHERE state = 4 ORDER BY changed, id LIMIT $1);

-- name: alert_window_get
SELECT cls, device, until, times FROM alert_window WHERE cls = $1 AND device = $2;

-- name: alert_window_put
INSERT INTO alert_window (cls, device, until, times) VALUES ($1, $2, $3, $4)
ON CONFLICT (cls, device) DO UPDATE SET until = excluded.until, times = excluded.times;

-- name: alert_window_delete_expired
DELETE FROM alert_window WHERE (cls, device) IN
    (SELECT cls, device FROM alert_window WHERE until < $1 ORDER BY until LIMIT $2);
