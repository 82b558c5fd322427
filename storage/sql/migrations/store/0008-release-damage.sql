-- Since when a stored file of the release is known not to be what was signed; 0: nothing is known against them.
ALTER TABLE release_entry ADD COLUMN damaged INTEGER NOT NULL DEFAULT 0 CHECK (damaged >= 0);
