-- name: inventory_put
INSERT INTO inventory (device, product, hardware, version, slots, boot, agent, attributes, uptime_s, seen, job_n,
    floor_confirmed, release, counter)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
ON CONFLICT (device) DO UPDATE SET
    product = excluded.product, hardware = excluded.hardware, version = excluded.version, slots = excluded.slots,
    boot = excluded.boot, agent = excluded.agent, attributes = excluded.attributes, uptime_s = excluded.uptime_s,
    seen = excluded.seen, job_n = excluded.job_n, floor_confirmed = excluded.floor_confirmed, release = excluded.release,
    counter = excluded.counter;

-- name: inventory_get
SELECT device, product, hardware, version, slots, boot, agent, attributes, uptime_s, seen, job_n, floor_confirmed,
    release, counter
FROM inventory WHERE device = $1;

-- name: inventory_each
SELECT device, product, hardware, version, slots, boot, agent, attributes, uptime_s, seen, job_n, floor_confirmed,
    release, counter
FROM inventory WHERE device > $1 ORDER BY device LIMIT $2;

-- name: inventory_each_of_product
SELECT device, product, hardware, version, slots, boot, agent, attributes, uptime_s, seen, job_n, floor_confirmed,
    release, counter
FROM inventory WHERE product = $1 AND device > $2 ORDER BY device LIMIT $3;
