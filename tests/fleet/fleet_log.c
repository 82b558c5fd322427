#include "fleet_log.h"

#include <stdlib.h>
#include <string.h>

#include "agent_note.h"
#include "bulk_hash.h"
#include "gw_cleanup.h"
#include "gw_id.h"
#include "json.h"
#include "log_batch.h"

#define START_MAX    512
#define FIRST_CREDIT LOG_BATCH_BYTES_MAX /* before the gateway has said anything */

void fleet_log_init(struct fleet_log *log, uint32_t window, bool check)
{
    *log = (struct fleet_log){.window = window, .credit_bytes = FIRST_CREDIT};
    for (size_t i = 0; i < FLEET_WINDOW_MAX; i++)
        gw_buf_init(&log->flight[i].payload, LOG_BATCH_BYTES_MAX);
    gw_buf_init(&log->said, FLEET_SAID_MAX);
    if (check)
        log->tree = gw_xalloc(1, sizeof(*log->tree));
}

void fleet_log_done(struct fleet_log *log)
{
    for (size_t i = 0; i < FLEET_WINDOW_MAX; i++)
        gw_buf_done(&log->flight[i].payload);
    gw_buf_done(&log->said);
    free(log->tree);
    log->tree = NULL;
}

static void forget_flight(struct fleet_log *log)
{
    log->head = log->count = log->sent = 0;
    log->credit_bytes = FIRST_CREDIT;
    if (log->tree)
        memset(log->tree, 0, sizeof(*log->tree));
}

void fleet_log_begin(struct fleet_log *log, enum fleet_reason reason)
{
    log->prev_epoch = log->epoch;
    log->prev_next = log->next;
    log->reason = reason;
    do
        gw_random(&log->epoch, sizeof(log->epoch));
    while (log->epoch == 0);
    log->next = log->acked = 0;
    forget_flight(log);
}

void fleet_log_resume(struct fleet_log *log, uint64_t epoch, uint64_t next, const struct merkle_range *range)
{
    log->epoch = epoch;
    log->next = log->acked = next;
    forget_flight(log);
    if (log->tree && range)
        log->tree->range = *range;
    else
        free(GW_TAKE(log->tree));
}

bool fleet_log_full(const struct fleet_log *log)
{
    return log->count == log->window;
}

static struct fleet_batch *batch_at(struct fleet_log *log, uint32_t i)
{
    return &log->flight[(log->head + i) % FLEET_WINDOW_MAX];
}

/* ---- making ------------------------------------------------------------------------------------------------------ */

static struct gw_view start_event(const struct fleet_log *log, struct gw_buf *room)
{
    static const char *const reasons[] = {"new", "spool_lost", "diverged", "gateway_went_back"};
    struct json_writer w;
    json_writer_begin(&w, room);
    json_put_object(&w, NULL);
    json_put_str(&w, "cls", "log.start");
    json_put_str(&w, "reason", reasons[log->reason]);
    json_put_u64_text(&w, "prev_epoch", log->prev_epoch);
    json_put_u64_text(&w, "prev_next", log->prev_next);
    json_put_null(&w, "prev_checkpoint");
    json_put_end(&w);
    if (json_writer_end(&w))
        abort(); /* room is larger than any of these */
    return gw_buf_view(room);
}

static void add(struct fleet_log *log, struct log_batch_writer *w, struct gw_view event)
{
    if (log_batch_add(w, event))
        abort(); /* the options were checked to fit */
    if (!log->tree)
        return;
    struct gw_sha256 leaf;
    bulk_hash_ops()->leaf(event, &leaf);
    if (merkle_range_add(&log->tree->range, bulk_hash_ops(), &leaf))
        abort();
}

enum gw_rc fleet_log_say(struct fleet_log *log, struct gw_view event)
{
    if (event.len > UINT16_MAX || log->said_count >= FLEET_SAID_EVENTS ||
        log->said.len + event.len + sizeof(uint16_t) > FLEET_SAID_MAX)
        return GW_TOO_BIG;
    (void)gw_buf_add_u16(&log->said, (uint16_t)event.len);
    (void)gw_buf_add_view(&log->said, event);
    log->said_count++;
    return GW_OK;
}

static void add_said(struct fleet_log *log, struct log_batch_writer *w)
{
    struct gw_reader in = {gw_buf_view(&log->said)};
    uint16_t len;
    struct gw_view event;
    for (; gw_read_u16(&in, &len) == GW_OK && gw_read_bytes(&in, len, &event) == GW_OK; log->next++)
        add(log, w, event);
    gw_buf_reset(&log->said);
    log->said_count = 0;
}

static void remember_root(struct fleet_log *log)
{
    struct fleet_tree *tree = log->tree;
    struct fleet_root *at = &tree->roots[tree->batches++ % FLEET_ROOTS];
    at->size = tree->range.size;
    merkle_range_root(&tree->range, bulk_hash_ops(), &at->root);
}

void fleet_log_make(struct fleet_log *log, struct fleet_event_maker *maker, const char *device, uint32_t events,
                    uint32_t event_bytes, struct gw_wall now)
{
    struct fleet_batch *batch = batch_at(log, log->count++);
    char when[GW_WALL_TEXT_MAX] = "-";
    (void)!gw_wall_format(now, when);
    gw_buf_reset(&batch->payload);
    batch->first = log->next;
    batch->first_sent_us = 0;
    struct log_batch_writer w;
    if (log_batch_begin(&w, &batch->payload, log->epoch, log->next))
        abort();
    if (log->next == 0) {
        GW_CLEANUP(gw_buf_done) struct gw_buf room;
        gw_buf_init(&room, START_MAX);
        add(log, &w, start_event(log, &room));
        log->next++;
    }
    bool said = log->said_count > 0;
    add_said(log, &w);
    for (uint32_t i = 0; !said && i < events; i++, log->next++)
        add(log, &w, fleet_event_make(maker, device, when, log->next, event_bytes));
    batch->count = (uint32_t)(log->next - batch->first);
    if (log_batch_end(&w))
        abort();
    if (log->tree)
        remember_root(log);
}

/* ---- sending ----------------------------------------------------------------------------------------------------- */

struct fleet_batch *fleet_log_next(struct fleet_log *log, bool probe)
{
    if (log->sent == log->count)
        return NULL;
    struct fleet_batch *batch = batch_at(log, log->sent);
    size_t flying = 0;
    for (uint32_t i = 0; i < log->sent; i++)
        flying += batch_at(log, i)->payload.len;
    if (log->credit_bytes == 0)
        return probe && log->sent == 0 ? batch : NULL;
    return log->sent == 0 || flying + batch->payload.len <= log->credit_bytes ? batch : NULL;
}

void fleet_log_sent(struct fleet_log *log, int64_t now_us)
{
    struct fleet_batch *batch = batch_at(log, log->sent++);
    if (!batch->first_sent_us)
        batch->first_sent_us = now_us;
}

void fleet_log_rewind(struct fleet_log *log)
{
    log->sent = 0;
}

/* ---- acknowledgements -------------------------------------------------------------------------------------------- */

static void take_acked(struct fleet_log *log, uint64_t next, int64_t now_us, struct fleet_news *news)
{
    while (log->count) {
        struct fleet_batch *batch = batch_at(log, 0);
        if (batch->first + batch->count > next)
            break;
        news->latency_us[news->batches++] = batch->first_sent_us ? now_us - batch->first_sent_us : 0;
        log->head = (log->head + 1) % FLEET_WINDOW_MAX;
        log->count--;
        log->sent -= log->sent > 0;
    }
    news->events = next - log->acked;
    log->acked = next;
}

/* NULL: not remembered. */
static const struct gw_sha256 *root_at(const struct fleet_tree *tree, uint64_t size)
{
    for (uint64_t back = 1; back <= FLEET_ROOTS && back <= tree->batches; back++) {
        const struct fleet_root *r = &tree->roots[(tree->batches - back) % FLEET_ROOTS];
        if (r->size == size)
            return &r->root;
        if (r->size < size)
            break;
    }
    return NULL;
}

const struct gw_sha256 *fleet_log_root(const struct fleet_log *log, uint64_t size)
{
    return log->tree ? root_at(log->tree, size) : NULL;
}

/* False when the gateway's root is not ours. */
static bool check_root(const struct fleet_log *log, const struct ack *ack, struct fleet_news *news)
{
    const struct gw_sha256 *ours = root_at(log->tree, ack->next_seq);
    if (!ours)
        return true;
    bool same = gw_sha256_eq(ours, &ack->root);
    news->roots_checked++;
    news->roots_wrong += !same;
    return same;
}

static bool check_checkpoint(const struct fleet_log *log, const struct ack *ack, const struct note_key *key,
                             const char *origin, struct fleet_news *news)
{
    char full[CHECKPOINT_ORIGIN_MAX + 20];
    struct checkpoint checkpoint;
    (void)snprintf(full, sizeof(full), "%s%016llx", origin, (unsigned long long)log->epoch);
    bool ok = agent_checkpoint_verify(gw_view_str(ack->checkpoint), key, full, &checkpoint, NULL) == GW_OK;
    const struct gw_sha256 *ours = ok ? root_at(log->tree, checkpoint.size) : NULL;
    ok = ok && checkpoint.size <= log->next && (!ours || gw_sha256_eq(ours, &checkpoint.root));
    news->checkpoints_checked++;
    news->checkpoints_wrong += !ok;
    return ok;
}

static void begin_again(struct fleet_log *log, enum fleet_reason reason, struct fleet_news *news)
{
    fleet_log_begin(log, reason);
    news->new_epoch = true;
}

void fleet_log_ack(struct fleet_log *log, const struct ack *ack, const struct note_key *key, const char *origin,
                   int64_t now_us, struct fleet_news *ret_news)
{
    struct fleet_news *news = ret_news;
    *news = (struct fleet_news){0};
    log->credit_bytes = ack->credit_bytes;
    if (ack->epoch != log->epoch) {
        if (log->acked > 0)
            begin_again(log, FLEET_GATEWAY_WENT_BACK, news);
        return; /* before that it speaks of an earlier log of ours, and will of this one */
    }
    if (ack->next_seq < log->acked) {
        begin_again(log, FLEET_GATEWAY_WENT_BACK, news);
        return;
    }
    if (ack->next_seq > log->next) {
        begin_again(log, FLEET_SPOOL_LOST, news);
        return;
    }
    if (log->tree && (!check_root(log, ack, news) ||
                      (key && ack->checkpoint[0] && !check_checkpoint(log, ack, key, origin, news)))) {
        begin_again(log, FLEET_DIVERGED, news);
        return;
    }
    take_acked(log, ack->next_seq, now_us, news);
}

/* ---- lying ------------------------------------------------------------------------------------------------------- */

enum gw_rc fleet_log_lie(const struct fleet_log *log, struct fleet_event_maker *maker, const char *device,
                         uint32_t events, uint32_t event_bytes, struct gw_buf *ret_payload)
{
    struct log_batch_writer w;
    if (log->acked <= 1)
        return GW_NOT_FOUND;
    uint64_t count = log->acked - 1 < events ? log->acked - 1 : events;
    uint64_t first = log->acked - count;
    enum gw_rc rc = log_batch_begin(&w, ret_payload, log->epoch, first);
    for (uint64_t seq = first; !rc && seq < log->acked; seq++)
        rc = log_batch_add(&w, fleet_event_make(maker, device, "2020-01-01T00:00:00.000Z", seq, event_bytes));
    return rc ? rc : log_batch_end(&w);
}
