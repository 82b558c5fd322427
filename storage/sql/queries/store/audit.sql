-- name: audit_next
UPDATE counter SET value = value + 1 WHERE name = 'audit.n' RETURNING value;

-- name: audit_insert
INSERT INTO audit (n, t, sev, res, cls, subj, obj, msg) VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: audit_each
SELECT n, t, sev, res, cls, subj, obj, msg FROM audit WHERE n > $1 ORDER BY n LIMIT $2;

-- name: audit_delete
DELETE FROM audit WHERE n <= $1;
