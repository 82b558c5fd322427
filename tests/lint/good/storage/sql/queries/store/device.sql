-- name: device_get
SELECT id FROM device WHERE id = $1;
