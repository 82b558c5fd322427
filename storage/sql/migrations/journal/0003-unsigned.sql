-- Logs that grew go round by name: by the time of their change those that always grow would stand behind others for good,
-- and each append moved its log in the index.
DROP INDEX log_unsigned;
CREATE INDEX log_unsigned ON log (device, n) WHERE signed_size < next_seq;
