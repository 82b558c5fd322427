-- name: invite_get
SELECT device, secret_sha256, created, expires, bound, spki_sha256, wrong_count, wrong_since, rev FROM invite
WHERE device = $1;

-- name: invite_insert
INSERT INTO invite (device, secret_sha256, created, expires, bound, spki_sha256, wrong_count, wrong_since, rev)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1)
ON CONFLICT (device) DO NOTHING;

-- name: invite_update
UPDATE invite SET secret_sha256 = $1, created = $2, expires = $3, bound = $4, spki_sha256 = $5, wrong_count = $6,
    wrong_since = $7, rev = rev + 1
WHERE device = $8 AND rev = $9;

-- name: invite_delete
DELETE FROM invite WHERE device = $1;
