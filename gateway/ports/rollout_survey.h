/*
 * rollout_survey: an order of a rollout, and who would stand in which wave, as a value that travels: core hands it to
 * the query threads, they look through the devices and post it to the inbox (INBOX_SURVEYED), where core answers a
 * preview with it and stores a draft from it, slice by slice. One is under way at a time, from when a query thread
 * takes it up to when core has settled it: so no draft is made while another one is looked for.
 *
 * Ownership: whoever holds it frees it. Memory: 72 bytes for each device of a draft, none of a preview.
 */
#pragma once

#include "inbox.h"
#include "rollout_ask.h"

#define ROLLOUT_SURVEYS_MAX    16 /* that wait for the one under way; one more is GW_AGAIN */
#define ROLLOUT_SURVEYS_OF_ONE 2  /* of them of one actor */
#define ROLLOUT_SURVEY_RETRY_S 2  /* when that one may come again */

/* Devices of a draft in order of wave and place; freed one list after the other, as they are stored. */
struct rollout_seats {
    struct rollout_seats *next;
    size_t count;
    struct rollout_seat seats[ROLLOUT_SLICE_MAX];
};

struct rollout_survey {
    struct asker asker;
    struct inbox_act act;            /* ROLLOUT_CREATE or ROLLOUT_PREVIEW, and by whom */
    struct rollout_ask_order *order; /* owned, malloc(3) */
    uint32_t list_max;               /* seats of a list: 1 to ROLLOUT_SLICE_MAX */
    uint32_t asked_max;              /* devices that queries are asked of */
    uint32_t page_max;               /* devices that are looked at between two pauses: 1 or more */
    /* Filled by the query thread. */
    struct gw_err err;          /* rc GW_OK, or why there is nothing else below */
    struct rollout_entry entry; /* as it would be made; id "" */
    struct rollout_left left;
    struct rollout_seats *seats; /* owned; of a draft */
    /* Core's. */
    uint32_t stored; /* seats that are in the store */
    bool more;       /* the last turn has left some: another one follows */
};

/* Forgets the first list. */
void rollout_survey_shift(struct rollout_survey *survey);
/* Accepts NULL. */
void rollout_survey_free(struct rollout_survey *survey);
