-- name: rollout_insert
INSERT INTO rollout (id, name, release, product, version, counter, plan, state, progress, timer, attempts, created,
    changed, created_by, reason, rev)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 1);

-- name: rollout_update
UPDATE rollout SET name = $1, state = $2, progress = $3, timer = $4, attempts = $5, changed = $6, reason = $7,
    rev = rev + 1
WHERE id = $8 AND rev = $9;

-- name: rollout_get
SELECT id, name, release, product, version, counter, plan, state, progress, timer, attempts, created, changed,
    created_by, reason, rev
FROM rollout WHERE id = $1;

-- name: rollout_each
SELECT id, name, release, product, version, counter, plan, state, progress, timer, attempts, created, changed,
    created_by, reason, rev
FROM rollout WHERE (created, id) < ($1, $2) ORDER BY created DESC, id DESC LIMIT $3;

-- name: rollout_each_live
SELECT id, name, release, product, version, counter, plan, state, progress, timer, attempts, created, changed,
    created_by, reason, rev
FROM rollout WHERE state NOT IN (6, 8, 9) AND (created, id) > ($1, $2) ORDER BY created, id;

-- name: rollout_due
SELECT id, name, release, product, version, counter, plan, state, progress, timer, attempts, created, changed,
    created_by, reason, rev
FROM rollout WHERE timer <> 0 AND timer <= $1 ORDER BY timer, id LIMIT $2;

-- name: rollout_count
SELECT state, COUNT(*) FROM rollout GROUP BY state;

-- name: rollout_timer
SELECT coalesce(min(timer), 0) FROM rollout WHERE timer <> 0;
