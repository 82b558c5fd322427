/*
 * attempt_entry: an attempt as the gateway keeps it: whose it is, where it stands in its rollout, what the device ran
 * before and what it is to run. One row; a fleet of a million has a million of them, about 600 bytes each in memory.
 *
 * id, rollout, device, wave, place, back and created never change; the rest is what a put changes.
 */
#pragma once

#include "attempt.h"
#include "gw_id.h"
#include "rollout_entry.h"

/* "at-", the rollout's 16 characters, "-", and its number in the rollout as 8 hex digits: never given twice, a job's id
 * by the grammar of dn/job, and in the order in which they are made, which keeps the rows of a rollout together. */
#define ATTEMPT_ID_LEN (3 + GW_BASE32_LEN(ROLLOUT_ID_BYTES) + 1 + 8)

struct attempt_entry {
    char id[ATTEMPT_ID_LEN + 1];
    char rollout[ROLLOUT_ID_LEN + 1];
    struct gw_device_id device;
    uint16_t wave;  /* index */
    uint32_t place; /* within the wave, from 0: the order of its offers; a back attempt has that of its device's own */
    bool back;      /* it belongs to the rollback */
    struct attempt attempt;
    struct gw_wall timer; /* of the last attempt_update; 0: never */
    struct gw_wall created, changed;

    /* What the device is to run. A back attempt aims at what stood in before_*. */
    char release[RELEASE_ID_LEN + 1];
    char version[RELEASE_VERSION_MAX + 1];
    uint64_t release_counter;
    /* What it ran when it was offered; "" and 0 where nobody knows. */
    char before_release[RELEASE_ID_LEN + 1];
    char before_version[RELEASE_VERSION_MAX + 1];
    uint64_t before_counter;
};

/* number: rollout_entry.attempts, which then rises by one. The rollout's id must be valid. */
void attempt_id_format(const char *rollout, uint32_t number, char out[ATTEMPT_ID_LEN + 1]);
bool attempt_id_valid(struct gw_view id);
