-- name: release_insert
INSERT INTO release_entry (id, product, counter, security_floor, version, channel, security_only, state, released_at,
    expires_at, imported, changed, imported_by, bytes, file_count, signers, envelope, rev)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, 1);

-- name: release_update
UPDATE release_entry SET state = $1, changed = $2, damaged = $3, rev = rev + 1 WHERE id = $4 AND rev = $5;

-- name: release_get
SELECT id, product, counter, security_floor, version, channel, security_only, state, released_at, expires_at, imported,
    changed, imported_by, bytes, file_count, signers, damaged, rev
FROM release_entry WHERE id = $1;

-- name: release_find
SELECT id, product, counter, security_floor, version, channel, security_only, state, released_at, expires_at, imported,
    changed, imported_by, bytes, file_count, signers, damaged, rev
FROM release_entry WHERE product = $1 AND version = $2;

-- name: release_each
SELECT id, product, counter, security_floor, version, channel, security_only, state, released_at, expires_at, imported,
    changed, imported_by, bytes, file_count, signers, damaged, rev
FROM release_entry WHERE (product, counter) > ($1, $2) ORDER BY product, counter LIMIT $3;

-- name: release_envelope
SELECT envelope FROM release_entry WHERE id = $1;

-- name: release_file_insert
INSERT INTO release_file (release, n, role, name, format, sha256, size, hardware)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: release_file_each
SELECT role, name, format, sha256, size, hardware FROM release_file WHERE release = $1 ORDER BY n;

-- name: release_refs
SELECT count(*) FROM release_file f JOIN release_entry r ON r.id = f.release WHERE f.sha256 = $1 AND r.state = $2;

-- name: release_damage
UPDATE release_entry SET damaged = $1, changed = $1, rev = rev + 1
WHERE state = $2 AND damaged = 0 AND id IN (SELECT release FROM release_file WHERE sha256 = $3);

-- name: product_put
INSERT INTO product (name, counter_seen, floor_confirmed) VALUES ($1, $2, $3)
ON CONFLICT (name) DO UPDATE SET
    counter_seen = excluded.counter_seen, floor_confirmed = excluded.floor_confirmed;

-- name: product_get
SELECT name, counter_seen, floor_confirmed FROM product WHERE name = $1;
