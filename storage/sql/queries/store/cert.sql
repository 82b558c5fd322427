-- name: cert_put
INSERT INTO cert (device, sha256, spki_sha256, serial, not_before, not_after, revoked, used, der)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (device, sha256) DO UPDATE SET
    spki_sha256 = excluded.spki_sha256, serial = excluded.serial, not_before = excluded.not_before,
    not_after = excluded.not_after, revoked = excluded.revoked, used = excluded.used, der = excluded.der;

-- The digest alone is the key for callers: a certificate moves with it.
-- name: cert_delete_elsewhere
DELETE FROM cert WHERE sha256 = $1 AND device <> $2;

-- name: cert_get
SELECT device, sha256, spki_sha256, serial, not_before, not_after, revoked, used, der FROM cert WHERE sha256 = $1;

-- name: cert_each_of
SELECT device, sha256, spki_sha256, serial, not_before, not_after, revoked, used, der FROM cert
WHERE device = $1 ORDER BY not_before, sha256;

-- States 3 and 4: active and quarantined.
-- name: cert_each_admissible
SELECT c.device, c.sha256, c.not_after, d.state
FROM cert AS c JOIN device AS d ON d.id = c.device
WHERE c.revoked = 0 AND d.state IN (3, 4) ORDER BY c.device, c.not_before, c.sha256;

-- name: cert_delete
DELETE FROM cert WHERE sha256 = $1;
