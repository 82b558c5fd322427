-- name: growth_last
SELECT COALESCE(MAX(n), 0) FROM growth;

-- name: growth_insert
INSERT INTO growth (n, device, log, first, count) VALUES ($1, $2, $3, $4, $5);

-- name: growth_each
SELECT g.n, g.device, g.log, g.first, g.count, i.arrived, i.raw FROM growth g
LEFT JOIN inbox i ON i.device = g.device AND i.log = g.log AND i.first = g.first
WHERE g.n > $1 ORDER BY g.n;

-- name: growth_delete
DELETE FROM growth WHERE n <= $1 AND n < (SELECT MAX(n) FROM growth);
