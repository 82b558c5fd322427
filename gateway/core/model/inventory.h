/*
 * inventory: what a device says of itself in up/state, and what the gateway keeps of its updates beside that. At most
 * one for each device. About 6 KB; keep arrays of it on the heap.
 *
 * The first part is the device's word: texts for people and for selections, hostile until escaped. The second is the
 * gateway's, and outlives whatever the device forgets.
 */
#pragma once

#include "release_entry.h"

/* Bytes of UTF-8 with the terminator. */
#define INVENTORY_SLOTS_MAX      1025
#define INVENTORY_BOOT_MAX       65
#define INVENTORY_AGENT_MAX      64
#define INVENTORY_ATTRIBUTES_MAX 4097

struct inventory {
    struct gw_device_id device;

    char product[RELEASE_PRODUCT_MAX + 1]; /* all of them "" when not told */
    char hardware[RELEASE_HARDWARE_NAME_MAX + 1];
    char version[RELEASE_VERSION_MAX + 1];     /* that it runs */
    char slots[INVENTORY_SLOTS_MAX];           /* as told, a JSON value */
    char boot[INVENTORY_BOOT_MAX];             /* id of the running boot */
    char agent[INVENTORY_AGENT_MAX];           /* version of the program that speaks to us */
    char attributes[INVENTORY_ATTRIBUTES_MAX]; /* a JSON object of texts */
    int64_t uptime_s;
    struct gw_wall seen; /* when the last up/state came; 0: never */

    int64_t job_n;            /* the n of dn/job: the greatest that we or the device have named */
    uint64_t floor_confirmed; /* highest security_floor that it has confirmed ok */
    /* The release whose version it runs, once an attempt or its version has told; "" and 0: not known. */
    char release[RELEASE_ID_LEN + 1];
    uint64_t release_counter;
};
