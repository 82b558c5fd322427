/*
 * unsynced_fs: a file system without flushes. A simulated device need not survive a power cut, only the end of its
 * process, and thousands of flushes would be all that the disk does; what a modelled crash left is only looked at.
 */
#pragma once

#include "gw_fs.h"

/* Takes the flushes out of any. */
void unsynced_fs_make(struct gw_fs *fs);
/* The operating system's without. Static storage; safe in any thread. */
const struct gw_fs *unsynced_fs(void);
