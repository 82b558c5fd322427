/* The cases of cli_rollout_test.c: whole commands on rollouts against a server with answers laid down. */
#pragma once

void makes_a_plan_out_of_options(void);
void sends_a_plans_file_whole(void);
void a_plans_file_is_read_with_its_queries(void);
void a_plan_that_is_none_is_told_before_anybody_is_asked(void);
void acts_on_a_rollout_with_revision_and_reason(void);
void lists_rollouts_and_their_devices_page_by_page(void);
void watches_a_rollout_to_its_end(void);
void tells_how_the_way_back_went(void);
void shows_progress_of_what_has_not_ended_alone(void);
void shows_what_a_device_says_that_it_runs(void);
