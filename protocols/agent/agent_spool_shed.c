#include <string.h>

#include "agent_spool_internal.h"
#include "gw_cleanup.h"
#include "json.h"

/* What is not doubling is told to the disk this often, not one by one: a full spool must not grow by what it refuses.
 */
#define REFUSED_EVERY_MS GW_MINUTE_MS

static void append_lost(struct agent_spool *s, unsigned severity, uint64_t limit_id, uint64_t count,
                        const int64_t from_to_ms[2])
{
    GW_CLEANUP(gw_buf_done) struct gw_buf payload;
    gw_buf_init(&payload, 64);
    (void)gw_buf_add_u8(&payload, (uint8_t)severity);
    (void)gw_buf_add_u64(&payload, limit_id);
    (void)gw_buf_add_u64(&payload, count);
    (void)gw_buf_add_u64(&payload, (uint64_t)from_to_ms[0]);
    (void)gw_buf_add_u64(&payload, (uint64_t)from_to_ms[1]);
    spool_append(s, AGENT_RECORD_LOST, gw_buf_view(&payload));
}

/* Sheds the oldest queued events of one severity until `want` bytes are free or none is left. */
static void shed(struct agent_spool *s, unsigned severity, uint64_t want)
{
    uint64_t bytes = 0, count = 0, limit_id = 0;
    int64_t from_to_ms[2] = {INT64_MAX, INT64_MIN};
    for (size_t i = s->head + s->numbered; i < s->end && bytes < want; i++) {
        const struct spool_entry *e = &s->entries[i];
        if (e->severity != severity || (e->flags & SPOOL_KEEP))
            continue;
        bytes += spool_cost(e);
        count++;
        limit_id = e->id;
        from_to_ms[0] = e->t_ms < from_to_ms[0] ? e->t_ms : from_to_ms[0];
        from_to_ms[1] = e->t_ms > from_to_ms[1] ? e->t_ms : from_to_ms[1];
    }
    if (count > 0)
        append_lost(s, severity, limit_id, count, from_to_ms);
}

bool spool_make_room(struct agent_spool *s, uint64_t need, unsigned severity)
{
    uint64_t max = s->settings.max_bytes;
    for (unsigned lowest = 0; s->used_bytes + need > max;) {
        while (lowest <= severity && s->sheddable[lowest] == 0)
            lowest++;
        if (lowest > severity)
            break;
        /* A little more than needed, so that a full spool is not searched for every event. */
        shed(s, lowest, s->used_bytes + need - max + max / 64);
    }
    return s->used_bytes + need <= max;
}

void spool_refuse(struct agent_spool *s, unsigned severity, struct gw_wall now)
{
    if (s->refused_count == 0)
        s->refused.from_ms = now.ms;
    s->refused.count[severity]++;
    s->refused.to_ms = now.ms;
    s->refused_count++;
    agent_spool_settle(s, now, s->refused.count[severity] >= s->refused_told[severity]);
}

void spool_refused_append(struct agent_spool *s)
{
    int64_t from_to_ms[2] = {s->refused.from_ms, s->refused.to_ms};
    for (unsigned i = 0; i < SPOOL_SEVERITIES; i++) {
        s->refused_told[i] += s->refused.count[i];
        if (s->refused.count[i])
            append_lost(s, i, 0, s->refused.count[i], from_to_ms);
    }
    s->refused = (struct spool_lost){0};
    s->refused_count = 0;
}

void agent_spool_settle(struct agent_spool *spool, struct gw_wall now, bool all)
{
    int64_t from_ms = spool->refused.from_ms;
    bool due = all || now.ms - from_ms >= REFUSED_EVERY_MS || now.ms < from_ms;
    if (spool->refused_count > 0 && due && spool_room(spool))
        spool_refused_append(spool);
}

static bool anything_lost(const struct spool_lost *lost)
{
    for (size_t i = 0; i < SPOOL_SEVERITIES; i++)
        if (lost->count[i])
            return true;
    return false;
}

static enum gw_rc tombstone_text(const struct spool_lost *lost, struct gw_wall now, struct gw_buf *ret_text)
{
    struct json_writer w;
    json_writer_begin(&w, ret_text);
    json_put_object(&w, NULL);
    json_put_str(&w, "cls", "log.tombstone");
    json_put_i64(&w, "sev", 3);
    json_put_i64(&w, "t", now.ms);
    json_put_object(&w, "lost");
    for (size_t i = 0; i < SPOOL_SEVERITIES; i++) {
        char key[2] = {(char)('0' + i), '\0'};
        if (lost->count[i])
            json_put_i64(&w, key, (int64_t)lost->count[i]);
    }
    json_put_end(&w);
    json_put_i64(&w, "t_from", lost->from_ms);
    json_put_i64(&w, "t_to", lost->to_ms);
    json_put_str(&w, "reason", "overflow");
    json_put_end(&w);
    return json_writer_end(&w);
}

enum gw_rc spool_tombstone(struct agent_spool *s, struct gw_wall now)
{
    if (!anything_lost(&s->lost))
        return GW_OK;
    GW_CLEANUP(gw_buf_done) struct gw_buf payload, text;
    gw_buf_init(&payload, 1024);
    gw_buf_init(&text, 512);
    enum gw_rc rc = tombstone_text(&s->lost, now, &text);
    if (rc)
        return rc;
    (void)gw_buf_add_u64(&payload, s->next_id);
    (void)gw_buf_add_u64(&payload, (uint64_t)now.ms);
    (void)gw_buf_add_u8(&payload, 3);
    (void)gw_buf_add_u8(&payload, SPOOL_KEEP | SPOOL_TOMBSTONE);
    (void)gw_buf_add_view(&payload, gw_buf_view(&text));
    spool_append(s, AGENT_RECORD_EVENT, gw_buf_view(&payload));
    return GW_OK;
}
