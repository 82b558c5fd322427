-- name: device_get
SELECT id, state, name, created, changed, rev FROM device WHERE id = $1;

-- name: device_insert
INSERT INTO device (id, state, name, created, changed, rev) VALUES ($1, $2, $3, $4, $5, 1)
ON CONFLICT (id) DO NOTHING;

-- name: device_update
UPDATE device SET state = $1, name = $2, created = $3, changed = $4, rev = rev + 1 WHERE id = $5 AND rev = $6;

-- name: device_each
SELECT id, state, name, created, changed, rev FROM device WHERE id > $1 ORDER BY id LIMIT $2;

-- name: device_count
SELECT count(*) FROM device WHERE state = $1;
