-- name: inbox_insert
INSERT INTO inbox (device, log, first, count, arrived, raw) VALUES ($1, $2, $3, $4, $5, $6);

-- name: inbox_each_from
SELECT first, count, arrived, raw FROM inbox WHERE device = $1 AND log = $2 AND first > $3 ORDER BY first;

-- name: inbox_delete_to
DELETE FROM inbox WHERE device = $1 AND log = $2 AND first + count <= $3;

-- name: inbox_search
SELECT device, log, first, count, arrived, raw FROM inbox
WHERE (device, log, first) > ($1, $2, $3) ORDER BY device, log, first;

-- name: bundle_insert
INSERT INTO bundle (device, log, idx, t0, t1, sev_mask, raw_bytes, arrivals, z)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: bundle_get
SELECT raw_bytes, arrivals, z FROM bundle WHERE device = $1 AND log = $2 AND idx = $3;

-- name: bundle_search
SELECT device, log, idx, t1, raw_bytes, arrivals, z FROM bundle
WHERE (t1, device, log, idx) < ($1, $2, $3, $4) AND t1 >= $5 AND t0 < $6 AND (sev_mask & $7) <> 0
ORDER BY t1 DESC, device DESC, log DESC, idx DESC;

-- name: bundle_search_of
SELECT device, log, idx, t1, raw_bytes, arrivals, z FROM bundle
WHERE device = $1 AND (t1, log, idx) < ($2, $3, $4) AND t1 >= $5 AND t0 < $6 AND (sev_mask & $7) <> 0
ORDER BY t1 DESC, log DESC, idx DESC;

-- name: node_insert
INSERT INTO node (device, log, level, idx, hash) VALUES ($1, $2, $3, $4, $5);

-- name: node_each
SELECT idx, hash FROM node WHERE device = $1 AND log = $2 AND level = $3 AND idx >= $4 AND idx < $5 ORDER BY idx;
