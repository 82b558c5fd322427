/* The cases of cli_ask_test.c: whole commands against a server with answers laid down. */
#pragma once

void prints_status_for_people(void);
void prints_the_answer_as_it_came_with_json(void);
void walks_all_pages_of_devices(void);
void a_device_that_is_not_there_is_not_one_without_logs(void);
void names_the_list_in_which_to_look(void);
void a_list_that_goes_in_circles_ends(void);
void escapes_what_a_device_says_about_itself(void);
void device_acts_name_device_and_revision(void);
void a_refusal_is_told_with_its_reason(void);
void an_answer_that_is_not_ours_is_refused(void);
void an_invitation_goes_to_a_private_file(void);
void no_invitation_is_asked_for_when_the_file_is_there(void);
void a_refused_invitation_leaves_no_file(void);
void an_invitation_on_a_terminal_has_its_qr_code(void);
void a_claim_code_needs_a_terminal(void);
void door_and_pending_ask_and_tell(void);

/* The cases of cli_user_test.c. */
void a_password_is_read_from_the_input_and_sent_whole(void);
void without_a_password_nothing_is_asked(void);

/* The cases of cli_token_test.c. */
void a_token_is_asked_for_and_printed_once(void);
void no_token_is_asked_for_in_vain(void);

/* The cases of cli_alerts_test.c. */
void alerts_are_listed_page_by_page(void);
void an_alert_is_acted_on_under_its_revision(void);
void nothing_is_asked_about_what_is_no_alert(void);
