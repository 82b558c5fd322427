#include "agent_spool.h"

#include <stdlib.h>
#include <string.h>

#include "agent_spool_internal.h"
#include "gw_cleanup.h"
#include "gw_id.h"
#include "json.h"

#define EPOCH_FILE_MAX 64
#define START_TEXT_MAX (8 * AGENT_SPOOL_CHECKPOINT_MAX) /* every byte of a checkpoint may need an escape */

const char *agent_spool_reason_text(enum agent_spool_reason reason)
{
    switch (reason) {
    case AGENT_SPOOL_NEW:
        return "new";
    case AGENT_SPOOL_LOST:
        return "spool_lost";
    case AGENT_SPOOL_DIVERGED:
        return "diverged";
    case AGENT_SPOOL_GATEWAY_WENT_BACK:
        return "gateway_went_back";
    }
    return "unknown";
}

/* The epoch that the file beside the spool names; 0 when there is none. */
static uint64_t read_epoch_file(const struct agent_spool *s)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, EPOCH_FILE_MAX);
    uint8_t be[8];
    uint64_t epoch = 0;
    struct gw_reader r = {gw_view_make(be, sizeof(be))};
    if (gw_fs_read_file(s->epoch_path, &text, NULL) || gw_hex_parse(gw_view_trim(gw_buf_view(&text)), be, sizeof(be)) ||
        gw_read_u64(&r, &epoch))
        return 0;
    return epoch;
}

static struct agent_spool *make(const struct agent_spool_settings *settings)
{
    struct agent_spool *s = gw_xalloc(1, sizeof(*s));
    s->settings = *settings;
    (void)snprintf(s->dir, sizeof(s->dir), "%s", settings->dir);
    (void)snprintf(s->epoch_path, sizeof(s->epoch_path), "%s", settings->epoch_path);
    s->settings.dir = s->dir;
    s->settings.epoch_path = s->epoch_path;
    s->next_id = 1; /* 0 is "no limit" in a record of loss */
    gw_buf_init(&s->out, SPOOL_OUT_MAX);
    merkle_range_init(&s->at_next);
    merkle_range_init(&s->at_freed);
    return s;
}

void agent_spool_close(struct agent_spool *spool)
{
    if (!spool)
        return;
    for (size_t i = 0; i < spool->segment_count; i++)
        (void)spool->settings.fs->close(spool->settings.fs->ctx, spool->segments[i].fd);
    free(spool->segments);
    free(spool->entries);
    gw_buf_done(&spool->out);
    free(spool);
}

enum gw_rc agent_spool_add(struct agent_spool *spool, struct gw_view event, unsigned severity, struct gw_wall now,
                           struct gw_err *err)
{
    if (event.len > AGENT_SPOOL_EVENT_MAX || severity < 1 || severity > AGENT_SPOOL_SEVERITY_MAX)
        return gw_err_set(err, GW_INVALID, "event of %zu bytes and severity %u", event.len, severity);
    if (!spool_room(spool))
        return gw_err_set(err, GW_NO_SPACE, "spool: %zu bytes wait for the disk", spool->out.len);
    if (!spool_make_room(spool, event.len + AGENT_SPOOL_EVENT_COST, severity)) {
        spool_refuse(spool, severity, now);
        return GW_OK;
    }
    GW_CLEANUP(gw_buf_done) struct gw_buf payload;
    gw_buf_init(&payload, SPOOL_EVENT_FIXED + event.len);
    (void)gw_buf_add_u64(&payload, spool->next_id);
    (void)gw_buf_add_u64(&payload, (uint64_t)now.ms);
    (void)gw_buf_add_u8(&payload, (uint8_t)severity);
    (void)gw_buf_add_u8(&payload, 0);
    if (gw_buf_add_view(&payload, event))
        return gw_err_set(err, gw_buf_rc(&payload), "event of %zu bytes", event.len);
    spool_append(spool, AGENT_RECORD_EVENT, gw_buf_view(&payload));
    return GW_OK;
}

/* How many of the queued events go into the next batch. */
static size_t batch_count(const struct agent_spool *s)
{
    size_t count = 0, bytes = LOG_BATCH_HEADER_BYTES;
    for (size_t i = s->head + s->numbered; i < s->end && count < LOG_BATCH_COUNT_MAX; i++, count++) {
        bytes += 2u + s->entries[i].len;
        if (bytes > LOG_BATCH_BYTES_MAX)
            break;
    }
    return count;
}

static enum gw_rc add_leaf(const struct agent_spool *s, const struct spool_entry *e, struct merkle_range *range,
                           struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf bytes;
    gw_buf_init(&bytes, AGENT_SPOOL_EVENT_MAX);
    struct gw_sha256 leaf;
    enum gw_rc rc = spool_disk_read(s, e, &bytes, err);
    if (rc)
        return rc;
    s->settings.hash->leaf(gw_buf_view(&bytes), &leaf);
    return merkle_range_add(range, s->settings.hash, &leaf);
}

static enum gw_rc seal_count(struct agent_spool *s, size_t count, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf payload;
    gw_buf_init(&payload, AGENT_RECORD_PAYLOAD_MAX);
    struct merkle_range after = s->at_next;
    (void)gw_buf_add_u64(&payload, s->next);
    (void)gw_buf_add_u16(&payload, (uint16_t)count);
    for (size_t i = 0; i < count; i++) {
        const struct spool_entry *e = &s->entries[s->head + s->numbered + i];
        (void)gw_buf_add_u64(&payload, e->id);
        enum gw_rc rc = add_leaf(s, e, &after, err);
        if (rc)
            return rc;
    }
    spool_range_add(&payload, &s->at_next);
    spool_range_add(&payload, &after);
    spool_append(s, AGENT_RECORD_SEAL, gw_buf_view(&payload));
    return GW_OK;
}

enum gw_rc agent_spool_seal(struct agent_spool *spool, struct gw_wall now, struct gw_err *err)
{
    uint64_t numbered_bytes = spool->used_bytes - spool->queued_bytes;
    if (spool->sealed_count == AGENT_SPOOL_SEALED_MAX ||
        (spool->sealed_count > 0 && numbered_bytes > spool->settings.max_bytes / 2))
        return gw_err_set(err, GW_AGAIN, "spool: %zu batches wait to be proven stored", spool->sealed_count);
    if (!spool_room(spool))
        return gw_err_set(err, GW_NO_SPACE, "spool: %zu bytes wait for the disk", spool->out.len);
    spool_refused_append(spool);
    memset(spool->refused_told, 0, sizeof(spool->refused_told)); /* the tombstone tells them: the next one is a first */
    enum gw_rc rc = spool_tombstone(spool, now);
    if (rc)
        return gw_err_set(err, rc, "spool: tombstone");
    size_t count = batch_count(spool);
    if (count == 0)
        return gw_err_set(err, GW_NOT_FOUND, "spool: nothing is queued");
    return seal_count(spool, count, err);
}

enum gw_rc agent_spool_sync(struct agent_spool *spool, struct gw_err *err)
{
    enum gw_rc rc = spool_disk_sync(spool, err);
    if (!rc)
        spool_disk_tidy(spool);
    return rc;
}

static bool durable(const struct agent_spool *s)
{
    return s->out.len == 0 && !s->unsynced && !s->broken;
}

static size_t entry_of_seq(const struct agent_spool *s, uint64_t seq)
{
    return s->head + (size_t)(seq - s->freed);
}

static enum gw_rc format_batch(struct agent_spool *s, const struct spool_sealed *sealed, struct gw_buf *out,
                               struct gw_err *err)
{
    struct log_batch_writer w;
    enum gw_rc rc = log_batch_begin(&w, out, s->epoch, sealed->first);
    for (uint32_t i = 0; i < sealed->count && !rc; i++) {
        GW_CLEANUP(gw_buf_done) struct gw_buf bytes;
        gw_buf_init(&bytes, AGENT_SPOOL_EVENT_MAX);
        rc = spool_disk_read(s, &s->entries[entry_of_seq(s, sealed->first + i)], &bytes, err);
        if (!rc)
            rc = log_batch_add(&w, gw_buf_view(&bytes));
    }
    return rc ? rc : log_batch_end(&w);
}

enum gw_rc agent_spool_batch(struct agent_spool *spool, uint64_t from, struct gw_buf *ret_payload, uint64_t *ret_end,
                             struct gw_err *err)
{
    if (!durable(spool))
        return gw_err_set(err, GW_AGAIN, "spool: not yet synced");
    for (size_t i = 0; i < spool->sealed_count; i++) {
        const struct spool_sealed *sealed = &spool->sealed[i];
        uint64_t end = sealed->first + sealed->count;
        if (end <= from)
            continue;
        enum gw_rc rc = format_batch(spool, sealed, ret_payload, err);
        if (!rc)
            *ret_end = end;
        return rc;
    }
    return gw_err_set(err, GW_NOT_FOUND, "spool: no batch from %llu", (unsigned long long)from);
}

/* The compact range of the first `size` leaves, from the nearest batch start below. */
static enum gw_rc range_at(struct agent_spool *s, uint64_t size, struct merkle_range *ret_range, struct gw_err *err)
{
    if (size < s->freed || size > s->next)
        return gw_err_set(err, GW_NOT_FOUND, "spool: size %llu is outside %llu to %llu", (unsigned long long)size,
                          (unsigned long long)s->freed, (unsigned long long)s->next);
    uint64_t at = s->freed;
    *ret_range = s->at_freed;
    for (size_t i = 0; i < s->sealed_count && s->sealed[i].first <= size; i++) {
        at = s->sealed[i].first;
        *ret_range = s->sealed[i].before;
    }
    if (size == s->next) {
        *ret_range = s->at_next;
        return GW_OK;
    }
    enum gw_rc rc = GW_OK;
    for (; at < size && !rc; at++)
        rc = add_leaf(s, &s->entries[entry_of_seq(s, at)], ret_range, err);
    return rc;
}

enum gw_rc agent_spool_root(struct agent_spool *spool, uint64_t size, struct gw_sha256 *ret_root, struct gw_err *err)
{
    struct merkle_range range;
    enum gw_rc rc = range_at(spool, size, &range, err);
    if (!rc)
        merkle_range_root(&range, spool->settings.hash, ret_root);
    return rc;
}

enum gw_rc agent_spool_free(struct agent_spool *spool, uint64_t size, const char *checkpoint, struct gw_err *err)
{
    struct merkle_range range;
    if (strlen(checkpoint) >= AGENT_SPOOL_CHECKPOINT_MAX || size < spool->freed || size > spool->next)
        return gw_err_set(err, GW_INVALID, "spool: cannot free below %llu", (unsigned long long)size);
    if (!spool_room(spool))
        return gw_err_set(err, GW_NO_SPACE, "spool: %zu bytes wait for the disk", spool->out.len);
    enum gw_rc rc = range_at(spool, size, &range, err);
    if (rc)
        return rc;
    GW_CLEANUP(gw_buf_done) struct gw_buf payload;
    gw_buf_init(&payload, AGENT_RECORD_PAYLOAD_MAX);
    (void)gw_buf_add_u64(&payload, size);
    spool_range_add(&payload, &range);
    (void)gw_buf_add_str(&payload, checkpoint);
    spool_append(spool, AGENT_RECORD_FREE, gw_buf_view(&payload));
    return GW_OK;
}

static enum gw_rc start_text(const struct agent_spool *s, enum agent_spool_reason reason, uint64_t told_next,
                             struct gw_wall now, struct gw_buf *ret_text)
{
    struct json_writer w;
    json_writer_begin(&w, ret_text);
    json_put_object(&w, NULL);
    json_put_str(&w, "cls", "log.start");
    json_put_i64(&w, "sev", reason == AGENT_SPOOL_NEW ? 1 : 3);
    json_put_i64(&w, "t", now.ms);
    json_put_str(&w, "reason", agent_spool_reason_text(reason));
    if (reason != AGENT_SPOOL_NEW) {
        json_put_u64_text(&w, "prev_epoch", s->epoch);
        json_put_u64_text(&w, "prev_next", told_next);
        if (s->checkpoint[0])
            json_put_str(&w, "prev_checkpoint", s->checkpoint);
        else
            json_put_null(&w, "prev_checkpoint");
    }
    json_put_end(&w);
    return json_writer_end(&w);
}

static uint64_t fresh_epoch(void)
{
    uint64_t epoch = 0;
    while (epoch == 0) /* 0 is "no log" in an acknowledgement */
        gw_random(&epoch, sizeof(epoch));
    return epoch;
}

/* The payload of the record that begins a new epoch. */
static enum gw_rc epoch_payload(const struct agent_spool *s, enum agent_spool_reason reason, uint64_t told_next,
                                struct gw_wall now, struct gw_buf *ret_payload)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, START_TEXT_MAX);
    enum gw_rc rc = start_text(s, reason, told_next, now, &text);
    if (rc)
        return rc;
    (void)gw_buf_add_u64(ret_payload, s->next_id);
    (void)gw_buf_add_u64(ret_payload, (uint64_t)now.ms);
    (void)gw_buf_add_u64(ret_payload, fresh_epoch());
    return gw_buf_add_view(ret_payload, gw_buf_view(&text));
}

enum gw_rc agent_spool_new_epoch(struct agent_spool *spool, enum agent_spool_reason reason, uint64_t told_next,
                                 struct gw_wall now, struct gw_err *err)
{
    if (!spool_room(spool))
        return gw_err_set(err, GW_NO_SPACE, "spool: %zu bytes wait for the disk", spool->out.len);
    GW_CLEANUP(gw_buf_done) struct gw_buf payload;
    gw_buf_init(&payload, AGENT_RECORD_PAYLOAD_MAX);
    enum gw_rc rc = epoch_payload(spool, reason, told_next, now, &payload);
    if (rc)
        return gw_err_set(err, rc, "spool: log.start");
    spool_append(spool, AGENT_RECORD_EPOCH, gw_buf_view(&payload));
    return GW_OK;
}

/* Damaged files: what can be read begins a new epoch in a new file. */
static enum gw_rc rescue(struct agent_spool *s, struct gw_wall now, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf payload;
    gw_buf_init(&payload, AGENT_RECORD_PAYLOAD_MAX);
    enum gw_rc rc = epoch_payload(s, AGENT_SPOOL_LOST, s->next, now, &payload);
    if (rc)
        return gw_err_set(err, rc, "spool: log.start");
    return spool_salvage_rewrite(s, gw_buf_view(&payload), err);
}

static enum gw_rc open_contents(struct agent_spool *s, struct gw_wall now, struct gw_err *err)
{
    uint64_t known = read_epoch_file(s);
    enum gw_rc rc = spool_disk_open(s, err);
    if (!rc && s->epoch == 0)
        s->epoch = known;
    if (!rc && s->damaged)
        rc = rescue(s, now, err);
    if (!rc && s->segment_count == 0)
        rc = spool_disk_add_segment(s, 1, err);
    if (rc)
        return rc;
    s->epoch_written = known == s->epoch;
    if (s->next == 0 && spool_count(s) == 0) /* no log.start: just made, or power failed before its first sync */
        return agent_spool_new_epoch(s, s->epoch ? AGENT_SPOOL_LOST : AGENT_SPOOL_NEW, 0, now, err);
    return GW_OK;
}

enum gw_rc agent_spool_open(const struct agent_spool_settings *settings, struct gw_wall now,
                            struct agent_spool **ret_spool, struct gw_err *err)
{
    if (settings->max_bytes < AGENT_SPOOL_MIN_BYTES || settings->max_bytes > AGENT_SPOOL_MAX_BYTES ||
        settings->segment_bytes == 0 || settings->segment_bytes > settings->max_bytes ||
        strlen(settings->dir) + 32 > SPOOL_PATH_MAX || strlen(settings->epoch_path) + 8 > SPOOL_PATH_MAX)
        return gw_err_set(err, GW_INVALID, "spool %s: sizes or path lengths are out of range", settings->dir);
    struct agent_spool *s = make(settings);
    enum gw_rc rc = open_contents(s, now, err);
    if (rc) {
        agent_spool_close(s);
        return rc;
    }
    *ret_spool = s;
    return GW_OK;
}

struct agent_spool_state agent_spool_state(const struct agent_spool *spool)
{
    struct agent_spool_state state = {
        .epoch = spool->epoch,
        .next = spool->next,
        .freed = spool->freed,
        .queued = spool_count(spool) - spool->numbered,
        .queued_bytes = spool->queued_bytes,
        .used_bytes = spool->used_bytes,
        .lost = spool->refused_count,
        .sealed = spool->sealed_count,
    };
    for (size_t i = 0; i < SPOOL_SEVERITIES; i++)
        state.lost += spool->lost.count[i];
    return state;
}
