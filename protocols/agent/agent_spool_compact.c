/*
 * Keeps the files few and within twice max_bytes when what lives in them is scattered: two neighbours become one, named
 * like the later, without their dead events. All other records stay, so that opening comes to the same state. The head
 * of the new file says from which number on it stands for others: a neighbour that a power cut left is dropped at open.
 */
#include <string.h>
#include <unistd.h>

#include "agent_spool_internal.h"
#include "gw_cleanup.h"

#define FILES_SPARE 32

struct move {
    size_t entry;
    uint32_t offset;
};

struct compaction {
    struct gw_buf content;
    struct gw_buf moves; /* struct move, one for each event that stays */
    size_t cursor;
};

static uint64_t disk_bytes(const struct agent_spool *s)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < s->segment_count; i++)
        sum += s->segments[i].size;
    return sum;
}

/* The neighbours that hold least together; the last file still grows and never moves. 0 when there is no pair,
 * otherwise the index of the later one. */
static size_t emptiest_pair(const struct agent_spool *s)
{
    size_t best = 0;
    uint64_t best_live = UINT64_MAX;
    for (size_t i = 1; i + 1 < s->segment_count; i++) {
        uint64_t live = (uint64_t)s->segments[i - 1].live_bytes + s->segments[i].live_bytes;
        if (live < best_live) {
            best_live = live;
            best = i;
        }
    }
    return best;
}

/* Entries lie in the array nearly as in the file, so the search goes on where the last one ended. */
static bool find_entry(const struct agent_spool *s, uint64_t id, size_t *cursor)
{
    size_t count = spool_count(s);
    for (size_t i = 0; i < count; i++) {
        size_t at = (*cursor + i) % count;
        if (s->entries[s->head + at].id == id) {
            *cursor = at;
            return true;
        }
    }
    return false;
}

/* Whether the record stays; ret_fixed is where a living event's bytes begin in its payload, 0 for other records. */
static bool stays(const struct agent_spool *s, const struct agent_record *record, size_t *cursor, uint32_t *ret_fixed)
{
    struct gw_reader r = {record->payload};
    uint64_t id, t;
    uint8_t severity, flags;
    *ret_fixed = 0;
    if (record->type != AGENT_RECORD_EVENT && record->type != AGENT_RECORD_EPOCH)
        return true;
    if (gw_read_u64(&r, &id))
        return true;
    if (find_entry(s, id, cursor)) {
        *ret_fixed = record->type == AGENT_RECORD_EVENT ? SPOOL_EVENT_FIXED : SPOOL_EPOCH_FIXED;
        return true;
    }
    if (record->type == AGENT_RECORD_EPOCH)
        return true;
    return !gw_read_u64(&r, &t) && !gw_read_u8(&r, &severity) && !gw_read_u8(&r, &flags) && (flags & SPOOL_TOMBSTONE);
}

static enum gw_rc filter(const struct agent_spool *s, struct gw_view old, struct compaction *c)
{
    struct gw_reader r = {old};
    struct agent_record record;
    enum gw_rc rc;
    while (!(rc = agent_record_read(&r, s->settings.hash, &record))) {
        uint32_t fixed;
        if (record.type == AGENT_RECORD_HEAD && c->content.len > 0)
            continue; /* of the later file: says what the records in front say */
        if (!stays(s, &record, &c->cursor, &fixed))
            continue;
        struct move move = {.entry = s->head + c->cursor,
                            .offset = (uint32_t)c->content.len + AGENT_RECORD_HEAD_LEN + fixed};
        if (fixed)
            (void)gw_buf_add(&c->moves, &move, sizeof(move));
        agent_record_add(&c->content, s->settings.hash, record.type, record.payload);
    }
    if (rc != GW_NOT_FOUND)
        return rc;
    return gw_buf_rc(&c->content) ? gw_buf_rc(&c->content) : gw_buf_rc(&c->moves);
}

static enum gw_rc filter_file(const struct agent_spool *s, uint64_t number, struct compaction *c)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf old;
    char path[SPOOL_PATH_MAX];
    gw_buf_init(&old, SPOOL_FILE_MAX);
    spool_disk_path(s, number, ".seg", path);
    enum gw_rc rc = gw_fs_read_file(path, &old, NULL);
    return rc ? rc : filter(s, gw_buf_view(&old), c);
}

/* The later file has the content of both, the earlier one is to go: spool_disk_tidy() sees to that. */
static void take_over(struct agent_spool *s, size_t later, const struct compaction *c, int fd)
{
    const struct gw_fs *fs = s->settings.fs;
    struct spool_segment *a = &s->segments[later - 1], *b = &s->segments[later];
    uint64_t number = b->number;
    s->stale = a->number;
    (void)fs->close(fs->ctx, a->fd);
    (void)fs->close(fs->ctx, b->fd);
    *a = (struct spool_segment){.number = number,
                                .fd = fd,
                                .size = (uint32_t)c->content.len,
                                .live = a->live + b->live,
                                .live_bytes = a->live_bytes + b->live_bytes};
    memmove(b, b + 1, (s->segment_count - later - 1) * sizeof(*b));
    s->segment_count--;
    for (size_t i = 0; i < c->moves.len / sizeof(struct move); i++) {
        struct move move;
        memcpy(&move, c->moves.ptr + i * sizeof(move), sizeof(move));
        s->entries[move.entry].segment = number;
        s->entries[move.entry].offset = move.offset;
    }
}

static void merge(struct agent_spool *s, size_t later)
{
    struct compaction c = {0};
    int fd = -1;
    uint64_t first = s->segments[later - 1].number, second = s->segments[later].number;
    gw_buf_init(&c.content, SPOOL_FILE_MAX);
    gw_buf_init(&c.moves, SPOOL_FILE_MAX);
    if (!filter_file(s, first, &c) && !filter_file(s, second, &c) &&
        !spool_disk_swap(s, second, gw_buf_view(&c.content), &fd, NULL))
        take_over(s, later, &c, fd);
    gw_buf_done(&c.content);
    gw_buf_done(&c.moves);
}

void spool_compact(struct agent_spool *s)
{
    uint64_t files_max = 2 * s->settings.max_bytes / s->settings.segment_bytes + FILES_SPARE;
    if (disk_bytes(s) <= 2 * s->settings.max_bytes && s->segment_count <= files_max)
        return;
    size_t later = emptiest_pair(s);
    if (later > 0)
        merge(s, later);
}
