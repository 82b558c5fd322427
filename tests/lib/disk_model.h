/*
 * disk_model: a disk that loses power. What a program writes through gw_fs (or through SQLite, vfs_model.h) lands in
 * real files of one directory, so reading needs no shim; the model records every change, numbered from 0, and can tell
 * what a disk would hold had the power gone just before any of them:
 *
 *   - content of a file is safe from the sync of that file on, not before;
 *   - a name (made, renamed, removed) is safe from the sync of its directory on, not before; syncing the file does not
 *     help it. Directories themselves are taken as safe, but renaming one is a change of names like any other: it
 *     takes along what is safe in it;
 *   - of what is not safe, nothing is kept, or a part that a seed chooses: of the changes of names the first few, of
 * the writes any pages of 4,096 bytes, some of them torn at 512 bytes. Bytes outside of a write stay as they were.
 *
 *     struct disk_model *disk = disk_model_new(gw_test_dir());
 *     ... run the product on disk_model_fs(disk), note disk_model_changes(disk) after each acknowledgement ...
 *     for (k = 0; k <= disk_model_changes(disk); k++) {
 *         disk_model_crash(disk, k, DISK_KEEP_SOME, seed, dir);
 *         ... open dir with the product; everything acknowledged at or before k must be there ...
 *     }
 *
 * Functions abort on misuse and when the test's own file system fails. Recording is safe in any thread, the rest
 * belongs to one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gw_fs.h"

struct disk_model;

/* Takes what lies in the directory (absolute path; at least until disk_model_free) as safe on disk. */
struct disk_model *disk_model_new(const char *dir);
void disk_model_free(struct disk_model *m); /* leaves the directory as it is; accepts NULL */
const char *disk_model_dir(const struct disk_model *m);
/* Every path given to it must begin with the directory, or be relative to it. */
const struct gw_fs *disk_model_fs(struct disk_model *m);

/* Changes so far: writes, truncations, syncs, syncs of directories, names made, renamed and removed. */
uint64_t disk_model_changes(const struct disk_model *m);

/* The power goes just before this change: it and everything after it fail with EIO. */
void disk_model_stop_at(struct disk_model *m, uint64_t change);
bool disk_model_stopped(const struct disk_model *m);
/* Files may grow by so many bytes more (what they shrink is given back), then ENOSPC; negative: no limit. */
void disk_model_room(struct disk_model *m, int64_t bytes);

/* Ways to be wrong. n counts the syncs of files whose path ends in `suffix`, from 0 at the call. */
void disk_model_skip_sync(struct disk_model *m, const char *suffix, uint64_t n); /* says it is done, does nothing */
void disk_model_fail_sync(struct disk_model *m, const char *suffix, uint64_t n); /* EIO, once */
void disk_model_skip_dir_syncs(struct disk_model *m);

enum disk_keep {
    DISK_KEEP_NONE = 1, /* nothing that is not safe */
    DISK_KEEP_SOME,     /* a part that the seed chooses */
};
/* Empties to_dir and writes into it what the disk holds when power went just before this change (at most
 * disk_model_changes()). Fast when `change` rises from call to call. */
void disk_model_crash(struct disk_model *m, uint64_t change, enum disk_keep keep, uint64_t seed, const char *to_dir);
