/* The cases of cli_list_test.c. */
#pragma once

void a_query_is_sent_and_all_pages_are_walked(void);
void every_list_takes_a_query(void);
void a_query_that_cannot_be_read_is_marked(void);
void nothing_found_is_no_failure(void);
void terms_with_a_dash_are_no_options(void);
