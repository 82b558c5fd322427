-- name: seats_insert
INSERT INTO seats (rollout, number, list) VALUES ($1, $2, $3);

-- name: seats_get
SELECT list FROM seats WHERE rollout = $1 AND number = $2;

-- name: seats_drop
DELETE FROM seats WHERE rollout = $1 AND number < $2;

-- name: seats_drop_lost
DELETE FROM seats WHERE (rollout, number) IN (SELECT s.rollout, s.number FROM seats s
    WHERE NOT EXISTS (SELECT 1 FROM rollout r WHERE r.id = s.rollout) LIMIT $1);
