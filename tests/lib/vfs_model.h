/*
 * vfs_model: SQLite on a disk_model. A VFS that does what SQLite's own for Unix does (a new journal's or WAL's
 * directory is synced with its first sync, a deleted one's when SQLite asks for it), but through struct gw_fs. Locks
 * and the WAL's index live in the process's memory: connections of one process see one another, other processes do not.
 */
#pragma once

#include "disk_model.h"

struct vfs_model;

/* Registers a VFS on this disk; the name of it goes to db_options.vfs, disk_model_fs() to db_options.fs. Abort on
 * failure. Connections must be closed before vfs_model_free(). */
struct vfs_model *vfs_model_new(struct disk_model *disk);
void vfs_model_free(struct vfs_model *v); /* accepts NULL */
const char *vfs_model_name(const struct vfs_model *v);
/* Connections opened from now on get synchronous=NORMAL whatever they ask for: in WAL mode a commit then syncs
 * nothing. */
void vfs_model_weaken(struct vfs_model *v);
