#include "live_tail.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "gw_cleanup.h"

#define HEAD_BYTES 200
#define RANK_KEY   "sev.rank"

struct live_row *live_event_new(const char *device, int sev, struct gw_view json)
{
    struct live_row *event = gw_xalloc(1, sizeof(*event));
    event->refs = 1;
    (void)snprintf(event->key, sizeof(event->key), "%s", device);
    event->json = gw_xalloc(1, json.len + 1);
    memcpy(event->json, json.ptr, json.len);
    event->len = json.len;
    live_fields_read_event(event, sev);
    return event;
}

enum gw_rc live_tail_prepare(struct filter *filter, struct gw_err *err)
{
    for (size_t i = 0; i < filter->count; i++) {
        struct filter_term *t = &filter->terms[i];
        enum event_sev sev;
        if (strcmp(t->key, "sev") != 0 || t->op < FILTER_LESS)
            continue;
        if (event_sev_parse(gw_view_make(t->text, t->len), &sev))
            return gw_err_set(err, GW_INVALID, "sev is info, low, medium, high, critical or fatal");
        memset(t->text, 0, sizeof(t->text));
        memset(t->key, 0, sizeof(t->key));
        memcpy(t->key, RANK_KEY, sizeof(RANK_KEY));
        t->text[0] = (uint8_t)('0' + (int)sev);
        t->len = 1;
    }
    return GW_OK;
}

static void drop_first(struct live_tail *t)
{
    struct live_row *event = t->ring[t->head];
    t->bytes -= event->len;
    t->head = (t->head + 1) % LIVE_TAIL_EVENTS;
    t->count--;
    live_row_unref(event);
}

void live_tail_free(struct live_tail *t)
{
    if (!t)
        return;
    while (t->count)
        drop_first(t);
    free(t);
}

void live_tail_push(struct live_tail *t, struct live_row *event)
{
    while (t->count && (t->count == LIVE_TAIL_EVENTS || t->bytes + event->len > LIVE_TAIL_BYTES)) {
        drop_first(t);
        t->dropped++;
    }
    t->ring[(t->head + t->count++) % LIVE_TAIL_EVENTS] = live_row_ref(event);
    t->bytes += event->len;
}

static bool has_lag(const struct live_tail *t)
{
    return t->dropped || t->unread || t->gap;
}

bool live_tail_differs(const struct live_tail *t)
{
    return t->count || has_lag(t);
}

static enum gw_rc write_lag(const struct live_tail *t, int32_t id, uint64_t n, struct gw_buf *out)
{
    (void)gw_buf_printf(out, "{\"t\":\"lag\",\"n\":%" PRIu64 ",\"id\":%" PRId32 ",\"dropped\":%" PRIu64, n, id,
                        t->dropped);
    return t->gap ? gw_buf_add_str(out, ",\"unread\":null}")
                  : gw_buf_printf(out, ",\"unread\":%" PRIu64 "}", t->unread);
}

enum gw_rc live_tail_frame(struct live_tail *t, int32_t id, uint64_t n, size_t max_bytes, struct gw_buf *out)
{
    size_t room = max_bytes > HEAD_BYTES ? max_bytes - HEAD_BYTES : 0;
    t->taken = 0;
    if (has_lag(t))
        return write_lag(t, id, n, out);
    (void)gw_buf_printf(out, "{\"t\":\"ev\",\"n\":%" PRIu64 ",\"id\":%" PRId32 ",\"events\":[", n, id);
    for (; t->taken < t->count; t->taken++) {
        const struct live_row *event = t->ring[(t->head + t->taken) % LIVE_TAIL_EVENTS];
        if (t->taken && event->len + 1 > room)
            break;
        room -= event->len < room ? event->len + (event->len + 1 <= room) : room;
        if (t->taken)
            (void)gw_buf_add_u8(out, ',');
        (void)gw_buf_add(out, event->json, event->len);
    }
    return gw_buf_add_str(out, "]}");
}

void live_tail_sent(struct live_tail *t)
{
    if (t->taken == 0) {
        t->dropped = t->unread = 0;
        t->gap = false;
    }
    for (; t->taken; t->taken--)
        drop_first(t);
}
