-- ("user" is a reserved word in PostgreSQL, so the table is "person".)

-- name: user_get
SELECT name, role, password_hash, disabled, created, rev FROM person WHERE name = $1;

-- name: user_insert
INSERT INTO person (name, role, password_hash, disabled, created, rev) VALUES ($1, $2, $3, $4, $5, 1)
ON CONFLICT (name) DO NOTHING;

-- name: user_update
UPDATE person SET role = $1, password_hash = $2, disabled = $3, created = $4, rev = rev + 1
WHERE name = $5 AND rev = $6;

-- name: user_each
SELECT name, role, password_hash, disabled, created, rev FROM person ORDER BY name;
