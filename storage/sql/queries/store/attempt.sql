-- name: attempt_insert
INSERT INTO attempt (id, rollout, device, wave, place, back, state, code, rev, progress, breaks, online, proved,
    cancel, taken, first_offer, offered, sent, step_since, until, confirm_since, cancel_since, boot_before,
    boot_confirm, timer, created, changed, release, version, counter, before_release, before_version, before_counter)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
    $25, $26, $27, $28, $29, $30, $31, $32, $33);

-- name: attempt_update
UPDATE attempt SET state = $1, code = $2, rev = $3, progress = $4, breaks = $5, online = $6, proved = $7, cancel = $8,
    taken = $9, first_offer = $10, offered = $11, sent = $12, step_since = $13, until = $14, confirm_since = $15,
    cancel_since = $16, boot_before = $17, boot_confirm = $18, timer = $19, changed = $20, release = $21,
    version = $22, counter = $23, before_release = $24, before_version = $25, before_counter = $26
WHERE id = $27;

-- name: attempt_get
SELECT id, rollout, device, wave, place, back, state, code, rev, progress, breaks, online, proved, cancel, taken,
    first_offer, offered, sent, step_since, until, confirm_since, cancel_since, boot_before, boot_confirm, timer,
    created, changed, release, version, counter, before_release, before_version, before_counter
FROM attempt WHERE id = $1;

-- name: attempt_each
SELECT id, rollout, device, wave, place, back, state, code, rev, progress, breaks, online, proved, cancel, taken,
    first_offer, offered, sent, step_since, until, confirm_since, cancel_since, boot_before, boot_confirm, timer,
    created, changed, release, version, counter, before_release, before_version, before_counter
FROM attempt
WHERE rollout = $1 AND back = $2 AND (wave, place) >= ($3, $4) AND wave <= $5
    AND ($6 = 0 OR (taken = 1 AND state >= 10))
ORDER BY wave, place LIMIT $7;

-- name: attempt_each_in_state
SELECT id, rollout, device, wave, place, back, state, code, rev, progress, breaks, online, proved, cancel, taken,
    first_offer, offered, sent, step_since, until, confirm_since, cancel_since, boot_before, boot_confirm, timer,
    created, changed, release, version, counter, before_release, before_version, before_counter
FROM attempt WHERE rollout = $1 AND back = $2 AND state = $3 AND (wave, place) >= ($4, $5) AND wave <= $6
ORDER BY wave, place LIMIT $7;

-- name: attempt_each_of
SELECT id, rollout, device, wave, place, back, state, code, rev, progress, breaks, online, proved, cancel, taken,
    first_offer, offered, sent, step_since, until, confirm_since, cancel_since, boot_before, boot_confirm, timer,
    created, changed, release, version, counter, before_release, before_version, before_counter
FROM attempt WHERE device = $1 ORDER BY created DESC, id DESC LIMIT $2;

-- name: attempt_due
SELECT id, rollout, device, wave, place, back, state, code, rev, progress, breaks, online, proved, cancel, taken,
    first_offer, offered, sent, step_since, until, confirm_since, cancel_since, boot_before, boot_confirm, timer,
    created, changed, release, version, counter, before_release, before_version, before_counter
FROM attempt WHERE timer <> 0 AND timer <= $1 ORDER BY timer, id LIMIT $2;

-- name: attempt_timer
SELECT coalesce(min(timer), 0) FROM attempt WHERE timer <> 0;

-- name: attempt_cancel_planned
UPDATE attempt SET state = 14, code = 0, cancel = 0, proved = 0, confirm_since = 0, timer = 0, changed = $1
WHERE rollout = $2 AND back = $3 AND state = 1;

-- name: attempt_each_replanned
SELECT id, rollout, device, wave, place, back, state, code, rev, progress, breaks, online, proved, cancel, taken,
    first_offer, offered, sent, step_since, until, confirm_since, cancel_since, boot_before, boot_confirm, timer,
    created, changed, release, version, counter, before_release, before_version, before_counter
FROM attempt WHERE rollout = $1 AND back = $2 AND state = 1 AND rev > 0 ORDER BY wave, place;

-- name: attempt_drop_back
DELETE FROM attempt WHERE rollout = $1 AND back = 1 AND state >= 10;

-- name: attempt_count
SELECT back, wave, state, count(*), sum(CASE WHEN taken = 1 AND state >= 10 THEN 1 ELSE 0 END)
FROM attempt WHERE rollout = $1 GROUP BY back, wave, state ORDER BY back, wave, state;

-- name: attempt_in_the_way
SELECT rollout FROM attempt WHERE device = $1 AND back = 0 AND state < 10;
