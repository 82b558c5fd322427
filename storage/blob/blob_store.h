/*
 * blob_store: ports/blob.h as files.
 *
 *     <dir>/tmp/<16 hex>          being staged
 *     <dir>/<2 hex>/<64 hex>      committed: named by SHA-256, in the directory of its first two digits
 *
 * Commit: the file is synced, renamed, and its directory synced, in this order, so that a name is never there before
 * its bytes. The 256 directories are made, and <dir> synced, when the store is opened. A blob that is there already is
 * replaced by the same bytes, which also heals a damaged one. Files of mode 0400, directories 0700; nothing else may
 * write below <dir>, and one process at a time has it open.
 */
#pragma once

#include "blob.h"
#include "gw_fs.h"
#include "gw_hash.h"

#define BLOB_STAGES_MAX 64 /* open at a time: each has a descriptor */

struct blob_store;

struct blob_store_options {
    const char *dir;                 /* made when missing, its parent must exist; copied */
    const struct gw_fs *fs;          /* borrowed; NULL: the operating system's */
    const struct gw_sha256_ops *sha; /* borrowed */
    uint64_t max_bytes;              /* quota for committed and staged bytes together */
    uint64_t reserve_bytes;          /* of the file system to leave free */
};

/* Removes what an earlier run left in tmp and counts what is there. GW_INVALID when a directory is somebody else's or
 * not a directory. */
GW_MUST_CHECK enum gw_rc blob_store_open(const struct blob_store_options *options, struct blob_store **ret_store,
                                         struct gw_err *err);
/* Every stage must be committed or aborted. Accepts NULL. */
void blob_store_close(struct blob_store *store);
/* The port; lives as long as the store. */
struct blob blob_store_port(struct blob_store *store);
