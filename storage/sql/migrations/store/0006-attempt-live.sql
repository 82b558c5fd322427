-- Whether an attempt has not ended, in a column of its own: it changes once in an attempt's life, its state with every
-- report. An index by device that hangs on the state is written again at a place anywhere in it each time.
ALTER TABLE attempt ADD COLUMN live INTEGER NOT NULL DEFAULT 0 CHECK (live IN (0, 1));
UPDATE attempt SET live = 1 WHERE state < 10;
DROP INDEX attempt_one_forward;
CREATE UNIQUE INDEX attempt_one_forward ON attempt (device) WHERE back = 0 AND live = 1;
