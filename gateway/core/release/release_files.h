/*
 * release_files: the list that the files behind the envelope are ticked off on while a container streams by: only named
 * files, each once, of the length and digest that the manifest says, and all of them at the end. Pure; whoever reads
 * the container hashes. One thread at a time.
 *
 *     release_files_begin(&files, &release);
 *     for each file:  release_files_header(&files, name, size, &expected, …)   before its first byte
 *                     release_files_end(&files, &sha256, …)                    after its last
 *     release_files_finish(&files, …)                                          at the end of the container
 *
 * Refusals: GW_INVALID (files, size) or GW_CORRUPT (digest), with check and file.
 */
#pragma once

#include "release.h"

struct release_files {
    const struct release *release; /* borrowed */
    bool arrived[RELEASE_FILES_MAX];
    size_t open; /* index of the file that is arriving; RELEASE_FILES_MAX when there is none */
};

void release_files_begin(struct release_files *files, const struct release *release);
/* *ret_expected (may be NULL) is borrowed from the release. */
GW_MUST_CHECK enum gw_rc release_files_header(struct release_files *files, const char *name, uint64_t size,
                                              const struct release_file **ret_expected,
                                              struct release_refusal *ret_refusal, struct gw_err *err);
GW_MUST_CHECK enum gw_rc release_files_end(struct release_files *files, const struct gw_sha256 *sha256,
                                           struct release_refusal *ret_refusal, struct gw_err *err);
GW_MUST_CHECK enum gw_rc release_files_finish(const struct release_files *files, struct release_refusal *ret_refusal,
                                              struct gw_err *err);
