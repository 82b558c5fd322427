/*
 * disk_model_impl: what the two files of the model share: disk_model.c records, disk_crash.c replays.
 */
#pragma once

#include <pthread.h>
#include <stddef.h>

#include "disk_model.h"

#define DISK_PATH_MAX 512
#define DISK_FDS_MAX  4096

enum change_kind {
    CHANGE_WRITE = 1,
    CHANGE_TRUNCATE, /* to offset */
    CHANGE_SYNC,
    CHANGE_SYNC_DIR, /* path */
    CHANGE_CREATE,   /* path names file */
    CHANGE_RENAME,   /* path becomes to */
    CHANGE_UNLINK,   /* path */
};

struct change {
    enum change_kind kind;
    bool lied; /* a sync that did nothing */
    int file;  /* index into files; -1: of a directory */
    int64_t offset;
    size_t len;
    unsigned char *bytes; /* owned */
    char *path, *to;      /* relative to the directory; owned */
};

struct content {
    unsigned char *bytes; /* owned */
    size_t len;
};

/* A name and what it stands for. */
struct name {
    char path[DISK_PATH_MAX];
    int file;
};
struct names {
    struct name *list; /* owned */
    size_t count;
};
int names_find(const struct names *names, const char *path); /* the file, or -1 */
void names_set(struct names *names, const char *path, int file);
void names_remove(struct names *names, const char *path);
bool names_rename_dir(struct names *names, const char *from, const char *to); /* false: no file lies in it */
void names_copy(const struct names *from, struct names *ret_copy);

/* A list of indexes into changes. */
struct pending {
    size_t *list; /* owned */
    size_t count;
};
void pending_add(struct pending *p, size_t change);

struct file {
    struct content base;    /* when the model began */
    struct content safe;    /* as replayed */
    struct pending pending; /* changes of content after the last sync, as replayed */
};

struct lie {
    char suffix[32];
    uint64_t left; /* syncs before it happens */
    bool armed;
};

struct disk_model {
    pthread_mutex_t lock;
    struct gw_fs fs;
    char dir[DISK_PATH_MAX];
    int fd_file[DISK_FDS_MAX]; /* file + 1 of an open descriptor */
    struct file *files;        /* owned */
    size_t file_count;
    struct names now; /* as the program sees it */
    struct names base;
    struct change *changes; /* owned */
    size_t change_count;
    uint64_t stop_at;
    int64_t room; /* negative: no limit */
    struct lie skip, fail;
    bool skip_dir_syncs;
    /* the replay */
    uint64_t replayed;
    struct names safe;
    struct pending pending_names;
};

int disk_model_add_file(struct disk_model *m);
