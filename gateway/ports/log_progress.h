/*
 * log_progress: what the journal thread tells core after a COMMIT, a log at a time: the material of an acknowledgement.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "device.h"
#include "gw_hash.h"

#define LOG_PROGRESS_NOTE_MAX 512 /* one signed checkpoint with its one signature */

struct log_progress {
    struct gw_device_id device;
    uint64_t epoch, next; /* both 0: the device has no log */
    struct gw_sha256 root;
    bool gap; /* the batch was ahead, or of a closed or unknown epoch: answered at most once a second */
    char note[LOG_PROGRESS_NOTE_MAX]; /* "" when there is no new checkpoint */
};
