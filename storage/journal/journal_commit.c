/* The one writing call: a run of items, one transaction. */
#include <inttypes.h>

#include "journal_impl.h"

/* One row of `source`: what acceptance remembers beside the logs. */
struct source {
    const char *device;
    bool known;
    int64_t current; /* log.n, valid when state.open */
    struct log_state state;
};

static enum gw_rc source_get(struct journal_db *j, const char *device, struct source *ret, struct gw_err *err)
{
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(j->db, SQL_JOURNAL_SOURCE_GET);
    *ret = (struct source){.device = device};
    bool row = false;
    db_bind_str(s, 1, device);
    enum gw_rc rc = db_step(s, &row, err);
    if (rc || !row)
        return rc;
    ret->known = true;
    ret->state.open = !db_col_is_null(s, 0);
    ret->current = db_col_i64(s, 0);
    ret->state.day = db_col_i64(s, 1);
    ret->state.epochs = (uint32_t)db_col_i64(s, 2);
    ret->state.limit_reported = db_col_i64(s, 3) != 0;
    return GW_OK;
}

static enum gw_rc source_put(struct journal_db *j, const struct source *source, uint32_t unread, struct gw_err *err)
{
    struct db_stmt *s = db_stmt(j->db, SQL_JOURNAL_SOURCE_PUT);
    db_bind_str(s, 1, source->device);
    if (source->state.open)
        db_bind_i64(s, 2, source->current);
    else
        db_bind_null(s, 2);
    db_bind_i64(s, 3, source->state.day);
    db_bind_i64(s, 4, source->state.epochs);
    db_bind_i64(s, 5, source->state.limit_reported);
    db_bind_i64(s, 6, unread);
    return db_run(s, err);
}

/* Holds stored events against those of a batch, in step. */
struct compare {
    struct gw_view rest; /* of the batch, from the first event to compare */
    bool differs;
};

static bool compare_event(void *ctx, const struct journal_event *event)
{
    struct compare *c = ctx;
    struct gw_view offered;
    if (!log_bundle_next(&c->rest, &offered) || !gw_view_eq(offered, event->bytes))
        c->differs = true;
    return !c->differs;
}

static enum gw_rc compare_overlap(struct journal_db *j, const struct journal_row *row, const struct log_state *state,
                                  const struct journal_item *item, bool *ret_differs, struct gw_err *err)
{
    struct journal_span span = {.log = row->log.id};
    log_accept_compare(state, &item->head, &span.from, &span.to);
    *ret_differs = false;
    if (span.from == span.to)
        return GW_OK;
    struct compare c = {.rest = item->bundle};
    (void)log_bundle_take(&c.rest, (uint32_t)(span.from - item->head.first));
    enum gw_rc rc = journal_events(j, row, &span, compare_event, &c, err);
    *ret_differs = c.differs;
    return rc;
}

/* Appends one event of the gateway's own making to a device's line log. */
static enum gw_rc append_line(struct journal_db *j, const struct gw_device_id *device, struct gw_view text,
                              struct gw_wall now, struct journal_row *ret_row, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf bundle;
    gw_buf_init(&bundle, 2 + LOG_EVENT_MAX);
    enum gw_rc rc = log_bundle_add(&bundle, text);
    if (rc)
        return gw_err_set(err, rc, "journal: line of %zu bytes", text.len);
    rc = journal_row_own(j, device ? LOG_LINE : LOG_AUDIT, device, now, ret_row, err);
    return rc ? rc : journal_append(j, ret_row, gw_buf_view(&bundle), 1, now, err);
}

/* What the gateway noticed about a device's log, in words that a rule can look for. */
static enum gw_rc report(struct journal_db *j, struct journal_item *item, const char *cls, enum event_sev sev,
                         const char *msg, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, 1024);
    enum gw_rc rc = gw_buf_printf(
        &text,
        "{\"t\":%" PRId64 ",\"cls\":\"%s\",\"sev\":%d,\"res\":\"fail\",\"subj\":\"device:%s\","
        "\"obj\":\"%016" PRIx64 "\",\"msg\":\"%s\",\"attr\":{\"first\":\"%" PRIu64 "\",\"count\":%u}}",
        item->arrived.ms, cls, (int)sev, item->device.text, item->head.epoch, msg, item->head.first, item->head.count);
    struct journal_row row;
    if (!rc)
        rc = append_line(j, &item->device, gw_buf_view(&text), item->arrived, &row, err);
    item->reported = !rc;
    return rc;
}

static enum gw_rc keep_evidence(struct journal_db *j, struct journal_row *row, struct journal_item *item,
                                struct gw_err *err)
{
    struct db_stmt *s = db_stmt(j->db, SQL_JOURNAL_EVIDENCE_PUT);
    db_bind_str(s, 1, row->device);
    db_bind_i64(s, 2, row->n);
    db_bind_i64(s, 3, (int64_t)item->head.first);
    db_bind_i64(s, 4, item->head.count);
    db_bind_i64(s, 5, item->arrived.ms);
    db_bind_blob(s, 6, item->bundle);
    enum gw_rc rc = db_run(s, err);
    if (!rc)
        rc = db_run(db_stmt(j->db, SQL_JOURNAL_META_EVIDENCE), err);
    row->log.equivocated = true;
    if (!rc)
        rc = journal_row_save(j, row, err);
    return rc ? rc
              : report(j, item, "log.equivocation", EVENT_SEV_CRITICAL,
                       "The device sent events that differ from what it sent before", err);
}

/* Closes the log in *row, when there is one, and puts the new one in its place. */
static enum gw_rc open_epoch(struct journal_db *j, struct journal_item *item, struct source *source,
                             struct journal_row *row, struct gw_err *err)
{
    bool had_one = source->state.open;
    enum gw_rc rc = GW_OK;
    if (had_one) {
        row->log.closed = true;
        rc = journal_row_save(j, row, err);
    }
    const struct log_id id = {.kind = LOG_DEVICE, .device = item->device, .epoch = item->head.epoch};
    if (!rc)
        rc = journal_row_new(j, &id, item->arrived, row, err);
    source->current = row->n;
    if (!rc && had_one)
        rc = report(j, item, "log.epoch_changed", EVENT_SEV_MEDIUM, "The device began a new log", err);
    return rc;
}

static enum gw_rc store_batch(struct journal_db *j, struct journal_item *item, const struct log_update *update,
                              struct source *source, struct journal_row *row, struct gw_err *err)
{
    enum gw_rc rc = GW_OK;
    if (update->verdict == LOG_NEW_EPOCH)
        rc = open_epoch(j, item, source, row, err);
    struct gw_view rest = item->bundle;
    (void)log_bundle_take(&rest, update->skip);
    item->stored = item->head.count - update->skip;
    if (!rc && item->stored > 0)
        rc = journal_append(j, row, rest, item->stored, item->arrived, err);
    if (!rc && update->keep_evidence)
        rc = keep_evidence(j, row, item, err);
    if (!rc && update->report_limit)
        rc = report(j, item, "log.epoch_limit", EVENT_SEV_HIGH, "The device began too many new logs today", err);
    bool remembers = update->verdict == LOG_NEW_EPOCH || update->report_limit || update->unread > 0;
    source->state = update->next;
    if (!rc && remembers)
        rc = source_put(j, source, update->unread, err);
    return rc;
}

/* Whether the device has or had a log of the batch's epoch. */
static enum gw_rc epoch_known(struct journal_db *j, const struct journal_item *item, bool *ret_known,
                              struct gw_err *err)
{
    const struct log_id id = {.kind = LOG_DEVICE, .device = item->device, .epoch = item->head.epoch};
    struct journal_row row;
    enum gw_rc rc = journal_row_find(j, &id, &row, err);
    *ret_known = rc == GW_OK;
    return rc == GW_NOT_FOUND ? GW_OK : rc;
}

static enum gw_rc apply_batch(struct journal_db *j, struct journal_item *item, struct gw_err *err)
{
    struct source source;
    struct journal_row row = {0};
    struct log_offer offer = {.head = item->head, .start = item->has_start, .now = item->arrived};
    struct log_update update;
    enum gw_rc rc = source_get(j, item->device.text, &source, err);
    if (!rc && source.state.open)
        rc = journal_row_get(j, source.device, source.current, &row, err);
    if (rc)
        return rc;
    source.state.epoch = row.log.id.epoch;
    source.state.next = row.log.next;
    source.state.equivocated = row.log.equivocated;
    if (source.state.open && item->head.epoch == source.state.epoch)
        rc = compare_overlap(j, &row, &source.state, item, &offer.differs, err);
    else
        rc = epoch_known(j, item, &offer.known, err);
    if (!rc && log_accept_step(&source.state, &offer, &update))
        rc = gw_err_set(err, GW_CORRUPT, "journal: acceptance broke its invariant for %s", source.device);
    if (!rc)
        rc = store_batch(j, item, &update, &source, &row, err);
    if (rc)
        return rc;
    item->verdict = update.verdict;
    item->unread = update.unread;
    item->has_position = source.state.open;
    if (source.state.open)
        journal_row_position(j, &row, &item->after);
    return GW_OK;
}

static enum gw_rc audit_is_new(struct journal_db *j, int64_t n, bool *ret_new, struct gw_err *err)
{
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(j->db, SQL_JOURNAL_META_GET);
    bool row = false;
    enum gw_rc rc = db_step(s, &row, err);
    if (!rc)
        *ret_new = n > db_col_i64(s, 1);
    return rc;
}

/* A line about a device, or an event of the gateway itself. */
static enum gw_rc apply_line(struct journal_db *j, struct journal_item *item, struct gw_err *err)
{
    bool audit = item->kind == JOURNAL_AUDIT, fresh = true;
    enum gw_rc rc = audit ? audit_is_new(j, item->audit_n, &fresh, err) : GW_OK;
    struct journal_row row;
    if (!rc && fresh)
        rc = append_line(j, audit ? NULL : &item->device, item->text, item->arrived, &row, err);
    else if (!rc)
        rc = journal_row_own(j, LOG_AUDIT, NULL, item->arrived, &row, err);
    if (!rc && audit && fresh) {
        struct db_stmt *s = db_stmt(j->db, SQL_JOURNAL_META_AUDIT);
        db_bind_i64(s, 1, item->audit_n);
        rc = db_run(s, err);
    }
    if (rc)
        return rc;
    item->verdict = fresh ? LOG_ACCEPT : LOG_DUPLICATE;
    item->stored = fresh;
    item->has_position = true;
    journal_row_position(j, &row, &item->after);
    return GW_OK;
}

static size_t item_bytes(const struct journal_item *item)
{
    return item->kind == JOURNAL_BATCH ? item->bundle.len : item->text.len;
}

static enum gw_rc check_item(const struct journal_item *item, struct gw_err *err)
{
    const struct log_batch_head *head = &item->head;
    if (item->kind != JOURNAL_AUDIT && item->device.text[0] == '\0')
        return gw_err_set(err, GW_INVALID, "journal: item without a device");
    if (item->kind != JOURNAL_BATCH)
        return item->text.len <= JOURNAL_EVENT_MAX ? GW_OK : gw_err_set(err, GW_INVALID, "journal: line too long");
    if (head->count == 0 || head->count > LOG_BATCH_COUNT_MAX || head->first > LOG_SEQ_MAX - head->count ||
        item->bundle.len > LOG_BATCH_BYTES_MAX || log_bundle_check(item->bundle, head->count))
        return gw_err_set(err, GW_INVALID, "journal: malformed batch of %s", item->device.text);
    return GW_OK;
}

static enum gw_rc apply(struct journal_db *j, struct journal_item *item, struct gw_err *err)
{
    enum gw_rc rc = check_item(item, err);
    item->stored = 0;
    item->reported = false;
    if (rc)
        return rc;
    switch (item->kind) {
    case JOURNAL_BATCH:
        return apply_batch(j, item, err);
    case JOURNAL_LINE:
    case JOURNAL_AUDIT:
        return apply_line(j, item, err);
    }
    return gw_err_set(err, GW_INVALID, "journal: item of unknown kind");
}

enum gw_rc journal_commit(void *self, struct journal_item *items, size_t count, size_t *ret_taken, struct gw_err *err)
{
    struct journal_db *j = self;
    size_t taken = 0, bytes = 0;
    enum gw_rc rc = db_is_read_only(j->db) ? gw_err_set(err, GW_DENIED, "journal: read-only") : db_begin(j->db, err);
    if (rc)
        return rc;
    journal_seal_begin(j);
    rc = journal_growth_begin(j, err);
    while (!rc && taken < count && taken < JOURNAL_COMMIT_ITEMS &&
           (taken == 0 || item_bytes(&items[taken]) <= JOURNAL_COMMIT_BYTES - bytes)) {
        bytes += item_bytes(&items[taken]);
        rc = apply(j, &items[taken], err);
        taken++;
    }
    if (rc) {
        db_rollback(j->db);
        return rc;
    }
    rc = db_commit(j->db, err);
    if (!rc)
        *ret_taken = taken;
    return rc;
}
