/*
 * blob_test: what the two files of the suite share.
 */
#pragma once

#include "blob_store.h"
#include "gw_test.h"

/* The store in <dir>/blobs; GW_OK is asserted. fs may be NULL. */
struct blob_store *blob_test_open(const char *dir, const struct gw_fs *fs);
/* Stages and commits `text`, in pieces; its digest goes to ret_sha256 before anything is written. */
enum gw_rc blob_test_put(struct blob port, const char *text, struct gw_sha256 *ret_sha256, struct gw_err *err);

extern const struct gw_test_case blob_power_cases[];
extern const size_t blob_power_case_count;
