/*
 * After damage: all events that can still be read go into one new file, behind them the record that begins the new
 * epoch. The file's head stands for every number below its own, so it replaces all others at one rename.
 */
#include <string.h>

#include "agent_spool_internal.h"
#include "gw_cleanup.h"

static void add_head(struct agent_spool *s, struct gw_buf *out)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf payload;
    gw_buf_init(&payload, AGENT_RECORD_PAYLOAD_MAX);
    s->next = s->freed = 0;
    merkle_range_init(&s->at_next);
    merkle_range_init(&s->at_freed);
    spool_head_format(s, 0, &payload);
    agent_record_add(out, s->settings.hash, AGENT_RECORD_HEAD, gw_buf_view(&payload));
}

static void add_event(const struct agent_spool *s, const struct spool_entry *e, struct gw_buf *out)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf payload;
    gw_buf_init(&payload, SPOOL_EVENT_FIXED + AGENT_SPOOL_EVENT_MAX);
    (void)gw_buf_add_u64(&payload, e->id);
    (void)gw_buf_add_u64(&payload, (uint64_t)e->t_ms);
    (void)gw_buf_add_u8(&payload, e->severity);
    (void)gw_buf_add_u8(&payload, e->flags & SPOOL_KEEP); /* a tombstone must not wipe what is lost by now */
    if (!spool_disk_read(s, e, &payload, NULL))
        agent_record_add(out, s->settings.hash, AGENT_RECORD_EVENT, gw_buf_view(&payload));
}

static void forget(struct agent_spool *s)
{
    const struct gw_fs *fs = s->settings.fs;
    for (size_t i = 0; i < s->segment_count; i++)
        (void)fs->close(fs->ctx, s->segments[i].fd);
    s->segment_count = 0;
    s->head = s->end = s->numbered = 0;
    s->sealed_count = 0;
    s->used_bytes = s->queued_bytes = 0;
    memset(s->sheddable, 0, sizeof(s->sheddable));
    s->damaged = false;
    gw_buf_reset(&s->out);
}

enum gw_rc spool_salvage_rewrite(struct agent_spool *s, struct gw_view epoch_payload, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf content;
    int fd = -1;
    uint64_t number = s->segment_count ? s->segments[s->segment_count - 1].number + 1 : 1;
    gw_buf_init(&content, SPOOL_FILE_MAX);
    add_head(s, &content);
    for (size_t i = s->head; i < s->end; i++)
        add_event(s, &s->entries[i], &content);
    agent_record_add(&content, s->settings.hash, AGENT_RECORD_EPOCH, epoch_payload);
    if (gw_buf_rc(&content))
        return gw_err_set(err, gw_buf_rc(&content), "spool: rescue of %zu events", spool_count(s));
    enum gw_rc rc = spool_disk_swap(s, number, gw_buf_view(&content), &fd, err);
    if (rc)
        return gw_err_wrap(err, rc, "spool: rescue");
    (void)s->settings.fs->close(s->settings.fs->ctx, fd);
    if (s->settings.fs->sync_dir(s->settings.fs->ctx, s->dir))
        return gw_err_sys(err, "spool: rescue: sync of %s", s->dir);
    forget(s);
    rc = spool_disk_open(s, err);
    return !rc && s->damaged ? gw_err_set(err, GW_CORRUPT, "spool: damaged again at once; check the disk") : rc;
}
