#include "fleet_manners.h"

#include "gw_cleanup.h"
#include "log_batch.h"

#define TICKS_PER_S   10
#define FLOOD_AT_ONCE 1000 /* messages of one tick */
#define LINE_BYTES    200

static const struct fleet_conduct *conduct_of(const struct fleet_device *d)
{
    return &d->common->behaviour->conduct[d->kind];
}

static void flood(struct fleet_device *d)
{
    d->flood_due += (double)conduct_of(d)->flood_per_s / TICKS_PER_S;
    if (d->flood_due > FLOOD_AT_ONCE)
        d->flood_due = FLOOD_AT_ONCE;
    for (; d->flood_due >= 1; d->flood_due -= 1) {
        struct gw_view line =
            fleet_event_make(d->common->maker, d->identity.site.id.text, "-", d->log.next, LINE_BYTES);
        if (agent_session_publish(d->session, TOPIC_UP_LINE, line))
            return;
        d->common->stats->flood_messages++;
    }
}

static void lie(struct fleet_device *d)
{
    const struct fleet_options *o = d->common->options;
    GW_CLEANUP(gw_buf_done) struct gw_buf payload;
    gw_buf_init(&payload, LOG_BATCH_BYTES_MAX);
    if (fleet_log_lie(&d->log, d->common->maker, d->identity.site.id.text, o->batch, o->event_bytes, &payload) ==
            GW_OK &&
        agent_session_publish(d->session, TOPIC_UP_LOG, gw_buf_view(&payload)) == GW_OK)
        d->common->stats->lies++;
}

/* Each time another way to be no batch. */
static void send_nonsense(struct fleet_device *d)
{
    uint8_t bytes[LOG_BATCH_HEADER_BYTES + 4] = "GWL1";
    size_t len = sizeof(bytes);
    uint64_t turn = d->common->stats->malformed % 5;
    bytes[11] = 1; /* epoch */
    bytes[21] = 1; /* one event */
    bytes[23] = 2; /* of two bytes */
    if (turn == 0)
        len = 7; /* ends in the header */
    else if (turn == 1)
        bytes[0] = 'X'; /* not the format */
    else if (turn == 2)
        bytes[21] = 0; /* no events */
    else if (turn == 3)
        bytes[22] = 0xff; /* an event longer than the batch */
    else
        len = sizeof(bytes) - 1; /* the last event is cut */
    if (agent_session_publish(d->session, TOPIC_UP_LOG, gw_view_make(bytes, len)) == GW_OK)
        d->common->stats->malformed++;
}

/* Away, and perhaps back. */
static void fall_silent(struct fleet_device *d, const struct fleet_now *now)
{
    uint32_t for_s = conduct_of(d)->for_s;
    d->away = !d->away;
    if (d->away)
        fleet_device_hang_up(d);
    d->act_at_ms = for_s ? now->mono.ms + (int64_t)for_s * GW_SECOND_MS : INT64_MAX;
}

static void act(struct fleet_device *d, const struct fleet_now *now)
{
    d->act_at_ms = now->mono.ms + (int64_t)conduct_of(d)->every_s * GW_SECOND_MS;
    switch (d->kind) {
    case FLEET_GOOD:
    case FLEET_FAILS_INSTALL:
    case FLEET_BOOTS_OLD:
    case FLEET_GOES_SILENT:
    case FLEET_FLAPS:
    case FLEET_REFUSES:
    case FLEET_DEFERS:
    case FLEET_SLOW_DOWNLOAD:
    case FLEET_CRASHES:
        break;
    case FLEET_FLOOD:
        flood(d);
        break;
    case FLEET_SILENT:
        fall_silent(d, now);
        break;
    case FLEET_LIE:
        lie(d);
        break;
    case FLEET_MALFORMED:
        send_nonsense(d);
        break;
    case FLEET_RECONNECT:
        fleet_device_hang_up(d);
        d->connect_at_ms = 0;
        break;
    }
}

void fleet_manners_tick(struct fleet_device *d, const struct fleet_now *now)
{
    if (d->kind == FLEET_GOOD || fleet_kind_of_updates(d->kind))
        return;
    if (d->act_at_ms == 0)
        d->act_at_ms = d->common->load_at_ms + (int64_t)conduct_of(d)->after_s * GW_SECOND_MS;
    if (now->mono.ms < d->act_at_ms || (!d->away && !agent_session_up(d->session)))
        return;
    act(d, now);
}
