/*
 * fleet_fs: the file system without flushes: a simulated device need not survive a power cut, only the end of its
 * process, and thousands of flushes would be all that the disk does.
 */
#pragma once

#include "gw_fs.h"

/* Static storage; safe in any thread. */
const struct gw_fs *fleet_fs(void);
