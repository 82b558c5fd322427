/* Lists with a query; part of the suite "rest". */
#pragma once

void a_query_is_posted_with_where_it_goes_on(void);
void a_query_of_alerts_is_about_all_of_them(void);
void a_wrong_query_is_told_with_its_place(void);
void a_short_page_names_where_it_goes_on(void);
