-- name: pending_put
INSERT INTO pending (device, spki_sha256, spki, source, created, expires, approved)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (device, spki_sha256) DO UPDATE SET
    spki = excluded.spki, source = excluded.source, created = excluded.created, expires = excluded.expires,
    approved = excluded.approved;

-- name: pending_get
SELECT device, spki_sha256, spki, source, created, expires, approved FROM pending
WHERE device = $1 AND spki_sha256 = $2;

-- name: pending_each
SELECT device, spki_sha256, spki, source, created, expires, approved FROM pending ORDER BY device, spki_sha256;

-- name: pending_each_of
SELECT device, spki_sha256, spki, source, created, expires, approved FROM pending
WHERE device = $1 ORDER BY spki_sha256;

-- name: pending_count
SELECT count(*) FROM pending;

-- name: pending_count_from
SELECT count(*) FROM pending WHERE source = $1;

-- name: pending_delete
DELETE FROM pending WHERE device = $1 AND spki_sha256 = $2;

-- name: pending_delete_of
DELETE FROM pending WHERE device = $1;

-- name: pending_delete_expired
DELETE FROM pending WHERE expires <= $1;
