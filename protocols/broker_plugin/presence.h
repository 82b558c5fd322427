/*
 * presence: who is online, told to gw-control in numbered records, many to a message.
 *
 * Nothing is told until gw-control has asked for the full list (it asks after each connect, and when it sees a gap in
 * the numbers); what it misses before is in that list.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "devtable.h"
#include "gw_buf.h"
#include "gw_time.h"
#include "topic.h"

#define PRESENCE_BATCH_BYTES 60000 /* of records in one message */
#define PRESENCE_BEAT_MS     5000  /* an empty message after so much silence shows a loss at the end */

struct plugin;

struct presence {
    bool listening;
    uint64_t number; /* of the next record */
    uint32_t batch_count;
    struct gw_buf batch;
    struct gw_mono sent;
};

void presence_init(struct presence *presence);
void presence_done(struct presence *presence);
/* The device's session has begun (client set) or ended. */
void presence_note(struct plugin *p, const struct devtable_device *device, bool online);
/* Sends the full list. */
void presence_list(struct plugin *p, uint32_t request);
/* Sends what waits; an empty message when nothing was sent for a while. */
void presence_flush(struct plugin *p, struct gw_mono now);
