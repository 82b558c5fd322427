/*
 * rollout_entry: a rollout as the gateway keeps it: what it brings, its plan, how far it is. Which device stands in
 * which wave is told by the attempts (attempt_entry.h). About 7 KB.
 *
 * release, product, version and release_counter are those of the release when the rollout was made. The plan is written
 * once; name, rollout, timer, attempts, changed and reason are what a put changes.
 */
#pragma once

#include "release_entry.h"
#include "rollout.h"
#include "user.h"

/* "ro-" and 10 random bytes in base32: also a job's id by the grammar of dn/job. */
#define ROLLOUT_ID_BYTES   10
#define ROLLOUT_ID_LEN     (3 + GW_BASE32_LEN(ROLLOUT_ID_BYTES))
#define ROLLOUT_NAME_MAX   128 /* bytes of UTF-8 with the terminator */
#define ROLLOUT_REASON_MAX 256 /* the same */

struct rollout_entry {
    char id[ROLLOUT_ID_LEN + 1];
    char name[ROLLOUT_NAME_MAX]; /* what people call it; may be empty */
    char release[RELEASE_ID_LEN + 1];
    char product[RELEASE_PRODUCT_MAX + 1];
    char version[RELEASE_VERSION_MAX + 1];
    uint64_t release_counter;
    struct rollout_plan plan;
    struct rollout rollout;
    struct gw_wall timer; /* of the last rollout_update; 0: never */
    uint32_t attempts;    /* ids of attempts given so far: the next one's number (attempt_entry.h) */
    struct gw_wall created, changed;
    char created_by[USER_NAME_MAX + 8];
    char reason[ROLLOUT_REASON_MAX]; /* of the last act or limit, for people; may be empty */
    int64_t rev;
    bool damaged; /* its plan or counters cannot be read, and are zeroed: store.h says who passes such a one */
};

/* A device of a draft that has no attempt yet, and where that is to stand. */
struct rollout_seat {
    struct gw_device_id device;
    uint16_t wave;  /* index */
    uint32_t place; /* within the wave */
};

/* random: ROLLOUT_ID_BYTES fresh bytes (gw_random()). */
void rollout_id_format(const void *random, char out[ROLLOUT_ID_LEN + 1]);
bool rollout_id_valid(struct gw_view id);
