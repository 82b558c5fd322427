/*
 * agent_ship: which batch goes out when, and what an acknowledgement means. No sockets, no clock of its own.
 *
 *            ┌────────── window of AGENT_SHIP_WINDOW batches ──────────┐
 *   freed … acked … sent … (sealed) … next … queued
 *
 * All numbers are of the current epoch: freed ≤ acked ≤ sent ≤ next. The gateway's acknowledgement moves acked, a
 * verified checkpoint moves freed. Whatever contradicts what we hold begins a new epoch; nothing is ever stuck.
 */
#pragma once

#include "ack.h"
#include "agent_backoff.h"
#include "agent_spool.h"
#include "checkpoint.h"
#include "gw_time.h"
#include "note.h"

#define AGENT_SHIP_WINDOW       4
#define AGENT_SHIP_RESEND_MS    (5 * GW_SECOND_MS)
#define AGENT_SHIP_RESEND_MAX   (60 * GW_SECOND_MS)
#define AGENT_SHIP_FIRST_CREDIT LOG_BATCH_BYTES_MAX /* before the gateway has said anything */

/* Hands one payload to the session. Anything but GW_OK: not now. */
typedef enum gw_rc agent_ship_send_fn(void *ctx, struct gw_view payload);

/* What an acknowledgement brought, for the program's log. */
struct agent_ship_news {
    bool verified; /* freed has moved */
    uint64_t verified_next;
    bool new_epoch;
    enum agent_spool_reason reason;
    bool unknown_key; /* the checkpoint is signed by a key that we do not have: ask for it */
    bool bad_checkpoint;
};

struct agent_ship {
    struct agent_spool *spool; /* borrowed */
    agent_ship_send_fn *send;
    void *send_ctx;
    char origin[CHECKPOINT_ORIGIN_MAX]; /* "<gateway>/dev/<device>/" */
    bool key_known;
    struct note_key key;

    bool up;
    uint64_t acked;
    uint64_t sent;
    uint64_t flight_end[AGENT_SHIP_WINDOW]; /* of each batch sent and not acked */
    size_t flight_bytes[AGENT_SHIP_WINDOW];
    size_t flight_count;
    uint64_t credit_bytes;
    struct gw_mono resend_at; /* meaningful while something is in flight or credit is 0 */
    struct agent_backoff backoff;
    unsigned foreign_acks; /* of another epoch, since this one was first sent */
    struct gw_mono foreign_since;
};

void agent_ship_init(struct agent_ship *ship, struct agent_spool *spool, agent_ship_send_fn *send, void *send_ctx);
/* The names that a checkpoint of ours must carry. */
void agent_ship_name(struct agent_ship *ship, const char *gateway, const char *device);
void agent_ship_key(struct agent_ship *ship, const struct note_key *key);

/* The session came up (all that was not acked goes again) or went down. */
void agent_ship_up(struct agent_ship *ship, struct gw_mono now);
void agent_ship_down(struct agent_ship *ship);

/* Compares what the gateway says with what we hold. Errors are those of the spool. */
GW_MUST_CHECK enum gw_rc agent_ship_ack(struct agent_ship *ship, const struct ack *ack, struct gw_mono now,
                                        struct gw_wall wall, struct agent_ship_news *ret_news, struct gw_err *err);

/* Syncs the spool, numbers and sends what may go, sends again what is overdue. Call it after every change and when
 * agent_ship_wait_ms() has passed. */
GW_MUST_CHECK enum gw_rc agent_ship_step(struct agent_ship *ship, struct gw_mono now, struct gw_wall wall,
                                         struct gw_err *err);
/* Milliseconds until the next timer; -1 for none. */
int64_t agent_ship_wait_ms(const struct agent_ship *ship, struct gw_mono now);
