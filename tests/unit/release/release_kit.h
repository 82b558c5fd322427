/*
 * release_kit: a sound release to break in tests.
 */
#pragma once

#include "gw_test.h"
#include "release.h"

/* The caller's to free(). */
struct release *kit_release(void);

extern const struct gw_test_case policy_cases[], manifest_cases[], dsse_cases[], ustar_cases[], reader_cases[];
extern const size_t policy_case_count, manifest_case_count, dsse_case_count, ustar_case_count, reader_case_count;
