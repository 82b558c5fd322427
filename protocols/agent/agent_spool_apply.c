#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "agent_spool_internal.h"
#include "gw_cleanup.h"

struct spool_segment *spool_segment_find(const struct agent_spool *s, uint64_t number)
{
    for (size_t i = s->segment_count; i > 0; i--)
        if (s->segments[i - 1].number == number)
            return &s->segments[i - 1];
    return NULL;
}

static void entries_reserve(struct agent_spool *s)
{
    if (s->end < s->cap)
        return;
    size_t count = spool_count(s);
    if (s->cap == 0 || s->head < s->cap / 4) {
        size_t cap = s->cap ? s->cap * 2 : 256;
        struct spool_entry *grown = gw_xalloc(cap, sizeof(*grown));
        if (count)
            memcpy(grown, s->entries + s->head, count * sizeof(*grown));
        free(s->entries);
        s->entries = grown;
        s->cap = cap;
    } else {
        memmove(s->entries, s->entries + s->head, count * sizeof(*s->entries));
    }
    s->head = 0;
    s->end = count;
}

static void count_in(struct agent_spool *s, const struct spool_entry *e)
{
    struct spool_segment *segment = spool_segment_find(s, e->segment);
    segment->live++;
    segment->live_bytes += e->len;
    s->used_bytes += spool_cost(e);
    s->queued_bytes += spool_cost(e);
    if (!(e->flags & SPOOL_KEEP))
        s->sheddable[e->severity]++;
}

/* Of an entry that leaves; queued says whether it had no number. */
static void count_out(struct agent_spool *s, const struct spool_entry *e, bool queued)
{
    struct spool_segment *segment = spool_segment_find(s, e->segment);
    segment->live--;
    segment->live_bytes -= e->len;
    s->used_bytes -= spool_cost(e);
    if (queued)
        s->queued_bytes -= spool_cost(e);
    if (!(e->flags & SPOOL_KEEP))
        s->sheddable[e->severity]--;
}

static void note_id(struct agent_spool *s, uint64_t id)
{
    if (id >= s->next_id)
        s->next_id = id + 1;
}

/* A view over what follows a 16-bit length. */
static enum gw_rc read_range(struct gw_reader *r, struct merkle_range *ret_range)
{
    uint16_t len;
    struct gw_view v;
    if (gw_read_u16(r, &len) || gw_read_bytes(r, len, &v) || merkle_range_parse(v, ret_range))
        return GW_CORRUPT;
    return GW_OK;
}

void spool_range_add(struct gw_buf *out, const struct merkle_range *range)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf bytes;
    gw_buf_init(&bytes, MERKLE_RANGE_BYTES_MAX);
    (void)merkle_range_format(range, &bytes);
    (void)gw_buf_add_u16(out, (uint16_t)bytes.len);
    (void)gw_buf_add_view(out, gw_buf_view(&bytes));
}

static enum gw_rc copy_checkpoint(struct agent_spool *s, struct gw_view text)
{
    char checked[AGENT_SPOOL_CHECKPOINT_MAX];
    if (gw_view_copy_str(text, checked, sizeof(checked)))
        return GW_CORRUPT;
    memcpy(s->checkpoint, checked, sizeof(checked));
    return GW_OK;
}

void spool_head_format(const struct agent_spool *s, uint64_t covers_from, struct gw_buf *ret_payload)
{
    (void)gw_buf_add_u64(ret_payload, covers_from);
    (void)gw_buf_add_u64(ret_payload, s->epoch);
    (void)gw_buf_add_u64(ret_payload, s->next);
    (void)gw_buf_add_u64(ret_payload, s->freed);
    (void)gw_buf_add_u64(ret_payload, s->next_id);
    for (size_t i = 0; i < SPOOL_SEVERITIES; i++)
        (void)gw_buf_add_u64(ret_payload, s->lost.count[i]);
    (void)gw_buf_add_u64(ret_payload, (uint64_t)s->lost.from_ms);
    (void)gw_buf_add_u64(ret_payload, (uint64_t)s->lost.to_ms);
    spool_range_add(ret_payload, &s->at_next);
    spool_range_add(ret_payload, &s->at_freed);
    (void)gw_buf_add_str(ret_payload, s->checkpoint);
}

static enum gw_rc apply_head(struct agent_spool *s, struct gw_view payload)
{
    struct gw_reader r = {payload};
    struct spool_lost lost = {0};
    uint64_t covers_from, epoch, next, freed, next_id, from, to;
    if (gw_read_u64(&r, &covers_from) || gw_read_u64(&r, &epoch) || gw_read_u64(&r, &next) || gw_read_u64(&r, &freed) ||
        gw_read_u64(&r, &next_id))
        return GW_CORRUPT;
    for (size_t i = 0; i < SPOOL_SEVERITIES; i++)
        if (gw_read_u64(&r, &lost.count[i]))
            return GW_CORRUPT;
    if (gw_read_u64(&r, &from) || gw_read_u64(&r, &to) || freed > next || read_range(&r, &s->at_next) ||
        read_range(&r, &s->at_freed) || copy_checkpoint(s, r.rest))
        return GW_CORRUPT;
    lost.from_ms = (int64_t)from;
    lost.to_ms = (int64_t)to;
    s->epoch = epoch;
    s->next = next;
    s->freed = freed;
    s->next_id = next_id;
    s->lost = lost;
    return GW_OK;
}

static void append_entry(struct agent_spool *s, const struct spool_entry *e)
{
    entries_reserve(s);
    s->entries[s->end++] = *e;
    note_id(s, e->id);
    count_in(s, e);
}

static enum gw_rc apply_event(struct agent_spool *s, struct gw_view payload, uint64_t segment, uint32_t offset)
{
    struct gw_reader r = {payload};
    struct spool_entry e = {.seq = SPOOL_NO_SEQ, .segment = segment, .offset = offset + SPOOL_EVENT_FIXED};
    uint64_t t;
    if (gw_read_u64(&r, &e.id) || gw_read_u64(&r, &t) || gw_read_u8(&r, &e.severity) || gw_read_u8(&r, &e.flags) ||
        e.severity > AGENT_SPOOL_SEVERITY_MAX || r.rest.len > AGENT_SPOOL_EVENT_MAX)
        return GW_CORRUPT;
    e.t_ms = (int64_t)t;
    e.len = (uint16_t)r.rest.len;
    if (e.flags & SPOOL_TOMBSTONE)
        s->lost = (struct spool_lost){0};
    append_entry(s, &e);
    return GW_OK;
}

/* All numbered events are queued again, in their order; they keep SPOOL_KEEP. */
static void requeue(struct agent_spool *s)
{
    for (size_t i = s->head; i < s->head + s->numbered; i++)
        s->entries[i].seq = SPOOL_NO_SEQ;
    s->numbered = 0;
    s->queued_bytes = s->used_bytes;
    s->sealed_count = 0;
    s->next = s->freed = 0;
    merkle_range_init(&s->at_next);
    merkle_range_init(&s->at_freed);
    s->checkpoint[0] = '\0';
}

static enum gw_rc apply_epoch(struct agent_spool *s, struct gw_view payload, uint64_t segment, uint32_t offset)
{
    struct gw_reader r = {payload};
    struct spool_entry e = {.seq = SPOOL_NO_SEQ,
                            .segment = segment,
                            .offset = offset + SPOOL_EPOCH_FIXED,
                            .severity = 3,
                            .flags = SPOOL_KEEP};
    uint64_t t, epoch;
    if (gw_read_u64(&r, &e.id) || gw_read_u64(&r, &t) || gw_read_u64(&r, &epoch) || r.rest.len > AGENT_SPOOL_EVENT_MAX)
        return GW_CORRUPT;
    e.t_ms = (int64_t)t;
    e.len = (uint16_t)r.rest.len;
    requeue(s);
    append_entry(s, &e);
    memmove(s->entries + s->head + 1, s->entries + s->head, (spool_count(s) - 1) * sizeof(e));
    s->entries[s->head] = e;
    s->epoch = epoch;
    s->epoch_written = false;
    return GW_OK;
}

/* Gives the next number to the entry with this id, when it is still there (its file may have gone with it freed). */
static void number_entry(struct agent_spool *s, uint64_t id, uint64_t seq)
{
    size_t at = s->head + s->numbered;
    if (at == s->end || s->entries[at].id != id)
        return;
    struct spool_entry *e = &s->entries[at];
    s->queued_bytes -= spool_cost(e);
    if (!(e->flags & SPOOL_KEEP))
        s->sheddable[e->severity]--;
    e->seq = seq;
    e->flags |= SPOOL_KEEP;
    s->numbered++;
}

static enum gw_rc apply_seal(struct agent_spool *s, struct gw_view payload)
{
    struct gw_reader r = {payload};
    struct spool_sealed sealed = {0};
    struct merkle_range after;
    struct gw_view ids;
    uint16_t count;
    if (gw_read_u64(&r, &sealed.first) || gw_read_u16(&r, &count) || gw_read_bytes(&r, (size_t)count * 8, &ids) ||
        read_range(&r, &sealed.before) || read_range(&r, &after) || r.rest.len || sealed.first != s->next ||
        count == 0 || s->sealed_count == AGENT_SPOOL_SEALED_MAX)
        return GW_CORRUPT;
    struct gw_reader id_reader = {ids};
    for (uint64_t i = 0, id; i < count && !gw_read_u64(&id_reader, &id); i++)
        number_entry(s, id, sealed.first + i);
    sealed.count = count;
    s->sealed[s->sealed_count++] = sealed;
    s->next = sealed.first + count;
    s->at_next = after;
    return GW_OK;
}

static void trim_sealed(struct agent_spool *s)
{
    size_t gone = 0;
    while (gone < s->sealed_count && s->sealed[gone].first + s->sealed[gone].count <= s->freed)
        gone++;
    s->sealed_count -= gone;
    memmove(s->sealed, s->sealed + gone, s->sealed_count * sizeof(s->sealed[0]));
    if (s->sealed_count > 0 && s->sealed[0].first < s->freed) {
        s->sealed[0].count -= (uint32_t)(s->freed - s->sealed[0].first);
        s->sealed[0].first = s->freed;
        s->sealed[0].before = s->at_freed;
    }
}

static enum gw_rc apply_free(struct agent_spool *s, struct gw_view payload)
{
    struct gw_reader r = {payload};
    struct merkle_range range;
    uint64_t size;
    if (gw_read_u64(&r, &size) || size < s->freed || size > s->next || read_range(&r, &range) ||
        copy_checkpoint(s, r.rest))
        return GW_CORRUPT;
    while (s->numbered > 0 && s->entries[s->head].seq < size) {
        count_out(s, &s->entries[s->head], false);
        s->head++;
        s->numbered--;
    }
    s->freed = size;
    s->at_freed = range;
    trim_sealed(s);
    return GW_OK;
}

static bool sheds(const struct spool_entry *e, uint8_t severity, uint64_t limit)
{
    return e->seq == SPOOL_NO_SEQ && !(e->flags & SPOOL_KEEP) && e->severity == severity && e->id <= limit;
}

static void lost_add(struct spool_lost *lost, uint8_t severity, uint64_t count, int64_t from_ms, int64_t to_ms)
{
    bool first = true;
    for (size_t i = 0; i < SPOOL_SEVERITIES; i++)
        first = first && lost->count[i] == 0;
    lost->count[severity] += count;
    if (first || from_ms < lost->from_ms)
        lost->from_ms = from_ms;
    if (first || to_ms > lost->to_ms)
        lost->to_ms = to_ms;
}

static enum gw_rc apply_lost(struct agent_spool *s, struct gw_view payload)
{
    struct gw_reader r = {payload};
    uint8_t severity;
    uint64_t limit, count, from, to;
    if (gw_read_u8(&r, &severity) || gw_read_u64(&r, &limit) || gw_read_u64(&r, &count) || gw_read_u64(&r, &from) ||
        gw_read_u64(&r, &to) || severity > AGENT_SPOOL_SEVERITY_MAX)
        return GW_CORRUPT;
    size_t kept = s->head + s->numbered;
    for (size_t i = kept; limit > 0 && i < s->end; i++) {
        if (sheds(&s->entries[i], severity, limit))
            count_out(s, &s->entries[i], true);
        else
            s->entries[kept++] = s->entries[i];
    }
    if (limit > 0)
        s->end = kept;
    lost_add(&s->lost, severity, count, (int64_t)from, (int64_t)to);
    return GW_OK;
}

enum gw_rc spool_apply(struct agent_spool *s, const struct agent_record *record, uint64_t segment, uint32_t offset)
{
    switch (record->type) {
    case AGENT_RECORD_HEAD:
        return apply_head(s, record->payload);
    case AGENT_RECORD_EVENT:
        return apply_event(s, record->payload, segment, offset);
    case AGENT_RECORD_EPOCH:
        return apply_epoch(s, record->payload, segment, offset);
    case AGENT_RECORD_SEAL:
        return apply_seal(s, record->payload);
    case AGENT_RECORD_FREE:
        return apply_free(s, record->payload);
    case AGENT_RECORD_LOST:
        return apply_lost(s, record->payload);
    }
    return GW_CORRUPT;
}

enum gw_rc spool_salvage(struct agent_spool *s, const struct agent_record *record, uint64_t segment, uint32_t offset)
{
    switch (record->type) {
    case AGENT_RECORD_HEAD: {
        uint64_t next_id = s->next_id;
        enum gw_rc rc = apply_head(s, record->payload);
        note_id(s, next_id);
        return rc;
    }
    case AGENT_RECORD_EVENT:
        return apply_event(s, record->payload, segment, offset);
    case AGENT_RECORD_EPOCH:
        return apply_epoch(s, record->payload, segment, offset);
    case AGENT_RECORD_SEAL:
    case AGENT_RECORD_FREE:
    case AGENT_RECORD_LOST:
        return GW_OK;
    }
    return GW_CORRUPT;
}

void spool_append(struct agent_spool *s, enum agent_record_type type, struct gw_view payload)
{
    const struct spool_segment *last = &s->segments[s->segment_count - 1];
    uint32_t offset = last->size + (uint32_t)s->out.len + AGENT_RECORD_HEAD_LEN;
    struct agent_record record = {.type = type, .payload = payload};
    agent_record_add(&s->out, s->settings.hash, type, payload);
    enum gw_rc rc = gw_buf_rc(&s->out);
    if (!rc)
        rc = spool_apply(s, &record, last->number, offset);
    assert(!rc);
    (void)rc;
}
