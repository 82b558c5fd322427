#include "query_run.h"

#include <stdio.h>
#include <string.h>

#include "classify.h"
#include "event_view.h"
#include "gw_cleanup.h"
#include "gw_log.h"
#include "gw_utf8.h"
#include "log_batch.h"

#define PART       "query"
#define VIEW_BYTES 2048 /* JSON of one event besides its own bytes: about that, and less than twice that */

/* What a visitor fills. Bytes are counted as the JSON that will be made of them. */
struct gathering {
    const struct query *query;
    struct answer *answer;
    struct gw_buf bytes;
    size_t cap; /* of answer->events or answer->logs */
    size_t json_bytes;
    size_t row_start; /* SEARCH: events that were there when the row at hand began */
    bool found;       /* LOGS: the cursor's log has gone by */
    bool full;
    bool failed;
};

static void gathering_done(struct gathering *g)
{
    gw_buf_done(&g->bytes);
}

static bool is_text(struct gw_view v)
{
    return gw_utf8_valid(v) && (v.len == 0 || !memchr(v.ptr, 0, v.len));
}

/* Bytes as JSON text or base64. */
static size_t json_size(struct gw_view v, bool text)
{
    if (!text)
        return v.len / 3 * 4 + 4;
    size_t n = v.len;
    for (size_t i = 0; i < v.len; i++)
        n += v.ptr[i] < 0x20 || v.ptr[i] == 0x7f ? 5 : v.ptr[i] == '"' || v.ptr[i] == '\\';
    return n;
}

/* False, and nothing taken, when the answer is full. */
static bool take_event(struct gathering *g, const struct journal_event *event)
{
    struct answer *a = g->answer;
    bool text = is_text(event->bytes);
    size_t size = VIEW_BYTES + json_size(event->bytes, text);
    if (a->event_count == g->query->limit || (a->event_count && g->json_bytes + size > QUERY_BYTES_MAX)) {
        g->full = true;
        return false;
    }
    a->events = gw_xgrow(a->events, a->event_count, &g->cap, sizeof(*a->events));
    struct answer_event *e = &a->events[a->event_count];
    *e = (struct answer_event){.log = event->log,
                               .seq = event->seq,
                               .arrived = event->arrived,
                               .offset = g->bytes.len,
                               .len = event->bytes.len,
                               .is_text = text};
    if (gw_buf_add_view(&g->bytes, event->bytes)) {
        g->failed = true;
        return false;
    }
    event_view_parse(event->bytes, event->arrived, &e->view);
    event_refine(&e->view);
    g->json_bytes += size;
    a->event_count++;
    return true;
}

static enum gw_rc hand_over(struct gathering *g, enum gw_rc rc, struct gw_err *err)
{
    if (!rc && g->failed)
        rc = gw_err_set(err, GW_NO_MEMORY, "no memory for the answer");
    gw_buf_take(&g->bytes, &g->answer->bytes, &g->answer->byte_count);
    return rc;
}

/* ---- one log's events -------------------------------------------------------------------------------------------- */

static bool visit_event(void *ctx, const struct journal_event *event)
{
    return take_event(ctx, event);
}

static enum gw_rc run_events(const struct journal *journal, struct gathering *g, struct gw_err *err)
{
    const struct query *q = g->query;
    struct answer *a = g->answer;
    struct journal_span span = {q->log, q->from, LOG_SEQ_MAX};
    a->kind = ANSWER_LOG_EVENTS;
    enum gw_rc rc = q->from > LOG_SEQ_MAX ? GW_OK : journal->ops->read(journal->self, &span, visit_event, g, err);
    a->next = q->from + a->event_count;
    a->more = g->full;
    return hand_over(g, rc, err);
}

/* ---- searching --------------------------------------------------------------------------------------------------- */

/* Shown by the answer before: events of a row that was cut. A row holds events of one bundle's range only, sealed or
 * not. */
static bool shown_before(const struct query_cursor *c, const struct journal_event *event)
{
    return c->has_last && log_id_eq(&c->last_log, &event->log) && event->seq <= c->last_seq &&
           event->seq / TILE_WIDTH == c->last_seq / TILE_WIDTH;
}

/* Always false: each call of search() ends behind one row with findings, so that a cut falls into a known row. */
static bool visit_found(void *ctx, const struct journal_event *event)
{
    struct gathering *g = ctx;
    if (!shown_before(&g->query->cursor, event) && !g->full && !g->failed)
        (void)take_event(g, event);
    return false;
}

static void cut_row(struct gathering *g, const struct journal_cursor *row)
{
    struct query_cursor *c = &g->answer->cursor;
    c->at = *row;
    if (g->answer->event_count == g->row_start)
        return;
    const struct answer_event *last = &g->answer->events[g->answer->event_count - 1];
    c->has_last = true;
    c->last_log = last->log;
    c->last_seq = last->seq;
}

static enum gw_rc run_search(const struct journal *journal, struct gathering *g, const atomic_bool *stop,
                             struct gw_err *err)
{
    const struct query *q = g->query;
    struct journal_filter filter = q->filter;
    filter.text = gw_view_make(q->text, q->text_len);
    struct journal_cursor at = q->cursor.at, row = at;
    int64_t deadline_ms = gw_mono_now().ms + QUERY_SEARCH_MS - JOURNAL_SLICE_MS;
    enum gw_rc rc = GW_OK;
    g->answer->kind = ANSWER_LOG_SEARCH;
    while (!rc && !at.done && !g->full && !g->failed && !atomic_load(stop) && gw_mono_now().ms < deadline_ms) {
        row = at;
        g->row_start = g->answer->event_count;
        rc = journal->ops->search(journal->self, &filter, &at, visit_found, g, err);
    }
    g->answer->cursor.at = at;
    if (!rc && g->full)
        cut_row(g, &row);
    return hand_over(g, rc, err);
}

/* ---- what came since --------------------------------------------------------------------------------------------- */

/* What does not fit is passed over and counted: who watches wants to keep up. */
static bool visit_tail(void *ctx, const struct journal_event *event)
{
    struct gathering *g = ctx;
    if (!g->full)
        (void)take_event(g, event);
    g->answer->unread += g->full;
    return !g->failed;
}

static enum gw_rc run_tail(const struct journal *journal, struct gathering *g, struct gw_err *err)
{
    struct answer *a = g->answer;
    a->kind = ANSWER_LOG_TAIL;
    a->feed = g->query->feed;
    enum gw_rc rc = a->feed.epoch == 0 ? journal->ops->grown_end(journal->self, &a->feed, err)
                                       : journal->ops->grown(journal->self, &a->feed, visit_tail, g, err);
    return hand_over(g, rc, err);
}

/* ---- the rest ---------------------------------------------------------------------------------------------------- */

static bool visit_log(void *ctx, const struct journal_log *log)
{
    struct gathering *g = ctx;
    struct answer *a = g->answer;
    if (g->query->has_log && !g->found) {
        g->found = log_id_eq(&log->id, &g->query->log);
        return true;
    }
    if (a->log_count == g->query->limit) {
        a->more = true;
        return false;
    }
    a->logs = gw_xgrow(a->logs, a->log_count, &g->cap, sizeof(*a->logs));
    a->logs[a->log_count++] = *log;
    return true;
}

static enum gw_rc run_logs(const struct journal *journal, struct gathering *g, struct gw_err *err)
{
    const struct query *q = g->query;
    g->answer->kind = ANSWER_LOGS;
    enum gw_rc rc = journal->ops->log_each(journal->self, q->has_device ? &q->device : NULL, visit_log, g, err);
    if (!rc && q->has_log && !g->found)
        return gw_err_set(err, GW_INVALID, "cursor names no log of this list");
    return rc;
}

static enum gw_rc run_checkpoint(const struct journal *journal, struct gathering *g, struct gw_err *err)
{
    uint64_t size = 0;
    g->answer->kind = ANSWER_LOG_CHECKPOINT;
    enum gw_rc rc = journal->ops->checkpoint_get(journal->self, &g->query->log, &size, &g->bytes, err);
    return hand_over(g, rc, err);
}

static enum gw_rc run_tile(const struct journal *journal, struct gathering *g, struct gw_err *err)
{
    g->answer->kind = ANSWER_LOG_TILE;
    enum gw_rc rc = journal->ops->tile(journal->self, &g->query->log, &g->query->tile, &g->bytes, err);
    return hand_over(g, rc, err);
}

/* As it was sent: the journal keeps its head and its events. */
static enum gw_rc run_evidence(const struct journal *journal, struct gathering *g, struct gw_err *err)
{
    struct log_batch_head head;
    struct log_batch_writer w;
    struct gw_view event;
    GW_CLEANUP(gw_buf_done) struct gw_buf bundle;
    gw_buf_init(&bundle, LOG_BATCH_BYTES_MAX);
    g->answer->kind = ANSWER_LOG_EVIDENCE;
    enum gw_rc rc = journal->ops->evidence(journal->self, &g->query->log, &head, &bundle, err);
    if (rc)
        return rc;
    struct gw_view rest = gw_buf_view(&bundle);
    rc = log_batch_begin(&w, &g->bytes, head.epoch, head.first);
    while (!rc && log_bundle_next(&rest, &event))
        rc = log_batch_add(&w, event);
    if (!rc)
        rc = log_batch_end(&w);
    if (rc || rest.len > 0 || w.count != head.count)
        return gw_err_set(err, GW_CORRUPT, "the batch that is kept as evidence is none");
    return hand_over(g, GW_OK, err);
}

static enum gw_rc run_kind(const struct journal *journal, struct gathering *g, const atomic_bool *stop,
                           struct gw_err *err)
{
    switch (g->query->kind) {
    case QUERY_LOGS:
        return run_logs(journal, g, err);
    case QUERY_EVENTS:
        return run_events(journal, g, err);
    case QUERY_SEARCH:
        return run_search(journal, g, stop, err);
    case QUERY_CHECKPOINT:
        return run_checkpoint(journal, g, err);
    case QUERY_TILE:
        return run_tile(journal, g, err);
    case QUERY_EVIDENCE:
        return run_evidence(journal, g, err);
    case QUERY_TAIL:
        return run_tail(journal, g, err);
    case QUERY_ROWS:
        break; /* rows_run.h */
    }
    return gw_err_set(err, GW_UNSUPPORTED, "no such query");
}

/* What the asker hears; what only we need to know goes to our own log. */
static void refuse(struct answer *a, enum gw_rc rc, const struct gw_err *err)
{
    static const char from_journal[] = "journal: ";
    const char *text = gw_err_text(err);
    if (strncmp(text, from_journal, sizeof(from_journal) - 1) == 0)
        text += sizeof(from_journal) - 1;
    bool theirs = rc == GW_NOT_FOUND || rc == GW_INVALID;
    if (!theirs)
        gw_log(GW_LOG_ERROR, PART, "reading the logs: %s", gw_err_text(err));
    a->rc = rc;
    (void)snprintf(a->text, sizeof(a->text), "%s",
                   theirs             ? text
                   : rc == GW_CORRUPT ? "the stored log is damaged: see the gateway's own log"
                   : rc == GW_AGAIN   ? "the logs are busy: try again"
                                      : "the logs cannot be read now: see the gateway's own log");
}

void query_run(const struct journal *journal, const struct query *query, const atomic_bool *stop,
               struct answer *ret_answer)
{
    GW_CLEANUP(gathering_done) struct gathering g = {.query = query, .answer = ret_answer};
    gw_buf_init(&g.bytes, (size_t)TILE_WIDTH * (2 + LOG_EVENT_MAX)); /* a whole bundle fits, an answer's events too */
    struct gw_err err = {0};
    ret_answer->asker = query->asker;
    enum gw_rc rc = run_kind(journal, &g, stop, &err);
    if (rc)
        refuse(ret_answer, rc, &err);
}
