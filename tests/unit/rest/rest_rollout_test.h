/* The cases of rest_rollout_test.c. */
#pragma once

void an_order_is_posted_with_its_plan_and_devices(void);
void a_long_order_is_let_come_from_who_is_known_alone(void);
void an_order_with_very_many_devices_fits(void);
void changes_are_posted_with_revision_and_reason(void);
void reads_are_posted_with_filter_and_place(void);
void what_is_no_question_about_rollouts_is_refused(void);
void a_rollout_is_told_with_what_its_waves_wait_for(void);
void a_device_is_told_with_what_it_said_of_itself(void);
