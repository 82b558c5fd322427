#include "ingest.h"

#include <stdio.h>

#include "ack.h"
#include "event_view.h"
#include "gw_cleanup.h"

#define AUDIT_RUN_MAX  256
#define AUDIT_TEXT_MAX 4096

static void acknowledge_one(struct session *s, const struct log_progress *p, uint64_t credit_bytes)
{
    struct ack ack = {.epoch = p->epoch, .next_seq = p->next, .credit_bytes = credit_bytes, .root = p->root};
    (void)snprintf(ack.checkpoint, sizeof(ack.checkpoint), "%s", p->note);
    GW_CLEANUP(gw_buf_done) struct gw_buf payload;
    gw_buf_init(&payload, ACK_TEXT_MAX);
    if (ack_format(&ack, &payload))
        return;
    /* Refused while the bus is down or full: the device asks again by sending. */
    (void)!s->bus.ops->publish(s->bus.self, &p->device, "ack", gw_buf_view(&payload), 0, NULL);
}

void ingest_acknowledge(struct session *s, const struct log_progress *progress, size_t count, uint64_t credit_bytes,
                        struct gw_wall now)
{
    for (size_t i = 0; i < count; i++)
        if (!progress[i].gap || session_may_tell_gap(s, &progress[i].device, now))
            acknowledge_one(s, &progress[i], credit_bytes);
}

struct feeding {
    int64_t *fed;
    ingest_audit_fn *fn;
    void *ctx;
    bool more;
};

static bool feed_one(void *ctx, const struct audit_event *event)
{
    struct feeding *f = ctx;
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, AUDIT_TEXT_MAX);
    if (event_view_format_audit(event, &text) || f->fn(f->ctx, event->n, gw_buf_view(&text)))
        return false;
    *f->fed = event->n;
    f->more = true;
    return true;
}

enum gw_rc ingest_feed_audit(const struct store *store, int64_t *fed, ingest_audit_fn *fn, void *ctx,
                             struct gw_err *err)
{
    struct feeding f = {fed, fn, ctx, true};
    while (f.more) {
        f.more = false;
        enum gw_rc rc = store->ops->audit_each(store->self, *fed, AUDIT_RUN_MAX, feed_one, &f, err);
        if (rc)
            return rc;
    }
    return GW_OK;
}
