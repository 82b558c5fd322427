-- How many rollouts stand in each state is asked for once a second: not worth a walk over their rows.
CREATE INDEX rollout_by_state ON rollout (state);
