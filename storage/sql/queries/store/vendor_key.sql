-- name: vendor_key_put
INSERT INTO vendor_key (keyid, spki, name, added, removed) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (keyid) DO UPDATE SET
    spki = excluded.spki, name = excluded.name, added = excluded.added, removed = excluded.removed;

-- name: vendor_key_get
SELECT keyid, spki, name, added, removed FROM vendor_key WHERE keyid = $1;

-- name: vendor_key_each
SELECT keyid, spki, name, added, removed FROM vendor_key ORDER BY keyid;
