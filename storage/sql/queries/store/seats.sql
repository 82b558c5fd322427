-- name: seats_insert
INSERT INTO seats (rollout, number, list) VALUES ($1, $2, $3);

-- name: seats_get
SELECT list FROM seats WHERE rollout = $1 AND number = $2;

-- name: seats_drop
DELETE FROM seats WHERE rollout = $1 AND number < $2;
