#include "fleet_fs.h"

#include <pthread.h>

static struct gw_fs fs;
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

static void make(void)
{
    fs = *gw_fs_posix();
    fs.sync = no_sync;
    fs.sync_dir = no_sync_dir;
}

const struct gw_fs *fleet_fs(void)
{
    (void)pthread_once(&once, make);
    return &fs;
}
