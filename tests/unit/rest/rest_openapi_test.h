/* The cases of rest_openapi_test.c. */
#pragma once

void openapi_and_routes_agree(void);
void no_get_changes_state(void);
void answers_have_the_documented_members(void);
