-- name: attempt_insert
INSERT INTO attempt (id, rollout, device, wave, place, back, state, code, rev, progress, breaks, online, proved,
    cancel, taken, first_offer, offered, sent, step_since, until, confirm_since, cancel_since, boot_before,
    boot_confirm, timer, created, changed, release, version, counter, before_release, before_version, before_counter,
    live)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
    $25, $26, $27, $28, $29, $30, $31, $32, $33, $34);

-- name: attempt_state
SELECT state FROM attempt WHERE id = $1;

-- Three updates, each of which names the columns of no index that it leaves alone: an index is written for every column
-- that is named, also when it stays what it was. This one where the state stays:
-- name: attempt_update
UPDATE attempt SET code = $1, rev = $2, progress = $3, breaks = $4, online = $5, proved = $6, cancel = $7,
    taken = $8, first_offer = $9, offered = $10, sent = $11, step_since = $12, until = $13, confirm_since = $14,
    cancel_since = $15, boot_before = $16, boot_confirm = $17, timer = $18, changed = $19, release = $20,
    version = $21, counter = $22, before_release = $23, before_version = $24, before_counter = $25
WHERE id = $26;

-- Where the state changes and the attempt lives, or has ended, as before:
-- name: attempt_update_state
UPDATE attempt SET code = $1, rev = $2, progress = $3, breaks = $4, online = $5, proved = $6, cancel = $7,
    taken = $8, first_offer = $9, offered = $10, sent = $11, step_since = $12, until = $13, confirm_since = $14,
    cancel_since = $15, boot_before = $16, boot_confirm = $17, timer = $18, changed = $19, release = $20,
    version = $21, counter = $22, before_release = $23, before_version = $24, before_counter = $25, state = $26
WHERE id = $27;

-- Where it ends:
-- name: attempt_update_live
UPDATE attempt SET code = $1, rev = $2, progress = $3, breaks = $4, online = $5, proved = $6, cancel = $7,
    taken = $8, first_offer = $9, offered = $10, sent = $11, step_since = $12, until = $13, confirm_since = $14,
    cancel_since = $15, boot_before = $16, boot_confirm = $17, timer = $18, changed = $19, release = $20,
    version = $21, counter = $22, before_release = $23, before_version = $24, before_counter = $25, state = $26,
    live = $27
WHERE id = $28;

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
UPDATE attempt SET state = 14, live = 0, code = 0, cancel = 0, proved = 0, step_since = $1, confirm_since = 0, timer = 0,
    changed = $1
WHERE rollout = $2 AND back = $3 AND state = 1 AND wave = $4 AND place <= $5;

-- name: attempt_drop_back
DELETE FROM attempt WHERE rollout = $1 AND back = 1 AND (wave, place) <= ($2, $3) AND state >= 10;

-- name: attempt_count
SELECT back, wave, state, count(*), sum(CASE WHEN taken = 1 AND state >= 10 THEN 1 ELSE 0 END)
FROM attempt WHERE rollout = $1 GROUP BY back, wave, state ORDER BY back, wave, state;

-- name: attempt_in_the_way
SELECT rollout FROM attempt WHERE device = $1 AND back = 0 AND live = 1;
