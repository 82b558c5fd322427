#include "unsynced_fs.h"

#include <pthread.h>

static struct gw_fs posix;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static int no_sync(void *ctx, int fd)
{
    (void)ctx;
    (void)fd;
    return 0;
}

static int no_sync_dir(void *ctx, const char *dir_path)
{
    (void)ctx;
    (void)dir_path;
    return 0;
}

void unsynced_fs_make(struct gw_fs *fs)
{
    fs->sync = no_sync;
    fs->sync_dir = no_sync_dir;
}

static void make(void)
{
    posix = *gw_fs_posix();
    unsynced_fs_make(&posix);
}

const struct gw_fs *unsynced_fs(void)
{
    (void)pthread_once(&once, make);
    return &posix;
}
