-- name: token_put
INSERT INTO token (name, sha256, role, made_by, created, expires, used) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (name) DO UPDATE SET
    sha256 = excluded.sha256, role = excluded.role, made_by = excluded.made_by, created = excluded.created,
    expires = excluded.expires, used = excluded.used;

-- name: token_get
SELECT name, sha256, role, made_by, created, expires, used FROM token WHERE name = $1;

-- name: token_find
SELECT name, sha256, role, made_by, created, expires, used FROM token WHERE sha256 = $1;

-- name: token_each
SELECT name, sha256, role, made_by, created, expires, used FROM token ORDER BY name;

-- name: token_delete
DELETE FROM token WHERE name = $1;
