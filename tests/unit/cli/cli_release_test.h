/* The cases of cli_release_test.c: commands on releases against a server with answers laid down. */
#pragma once

void lists_releases_page_by_page(void);
void shows_a_release_with_its_files(void);
void adds_a_vendors_public_key_never_a_private_one(void);
void removes_a_key_by_its_fingerprint(void);
void uploads_a_release_and_shows_how_far_it_is(void);
void tells_why_a_release_was_refused(void);
void names_release_and_revision(void);
