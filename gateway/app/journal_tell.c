#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_log.h"
#include "journal_thread_internal.h"

#define LATE_MAX 16384 /* devices whose acknowledgements wait for room in the inbox */

struct log_progress *journal_tell_about(struct telling *telling, const struct gw_device_id *device)
{
    for (size_t i = telling->count; i > 0 && telling->count - i < 64; i--) /* batches of a device come close together */
        if (gw_device_id_eq(&telling->progress[i - 1].device, device))
            return &telling->progress[i - 1];
    telling->progress = gw_xgrow(telling->progress, telling->count, &telling->cap, sizeof(*telling->progress));
    struct log_progress *p = &telling->progress[telling->count++];
    *p = (struct log_progress){.device = *device, .gap = true}; /* until something better is told */
    return p;
}

void journal_tell_position(struct log_progress *p, const struct journal_position *at)
{
    p->epoch = at->log.epoch;
    p->next = at->next;
    p->root = at->root;
}

void journal_tell(struct journal_thread *t, struct telling *telling)
{
    if (telling->count == 0 && telling->audit_n == 0) {
        free(telling->progress);
        return;
    }
    struct inbox_msg msg = {.kind = INBOX_PROGRESS,
                            .u.progress = {(uint32_t)telling->count, telling->audit_n},
                            .blob = (uint8_t *)telling->progress,
                            .blob_len = telling->count * sizeof(*telling->progress)};
    enum gw_rc rc = t->config.inbox.post(t->config.inbox.self, &msg);
    if (rc == GW_AGAIN && telling->count <= LATE_MAX) {
        gw_log(GW_LOG_WARN, PART, "the inbox is full: acknowledgements are late");
        t->late = *telling;
    } else if (rc) {
        gw_log(GW_LOG_WARN, PART, "acknowledgements are lost: %s", gw_rc_text(rc)); /* devices send again */
        free(telling->progress);
    }
}

struct telling journal_tell_late(struct journal_thread *t)
{
    struct telling late = t->late;
    t->late = (struct telling){.count = 0};
    return late;
}

void journal_tell_note(struct journal_thread *t, struct log_progress *p, const struct log_id *log)
{
    const struct journal *journal = &t->config.journal;
    GW_CLEANUP(gw_buf_done) struct gw_buf note;
    gw_buf_init(&note, LOG_PROGRESS_NOTE_MAX - 1);
    uint64_t size;
    if (journal->ops->checkpoint_get(journal->self, log, &size, &note, NULL) == GW_OK)
        (void)snprintf(p->note, sizeof(p->note), "%s", gw_buf_str(&note));
}

void journal_tell_hello(struct journal_thread *t, const struct journal_entry *entry, struct telling *telling)
{
    const struct journal *journal = &t->config.journal;
    struct gw_err err = {0};
    struct journal_position at;
    enum gw_rc rc = journal->ops->position(journal->self, &entry->device, &at, &err);
    if (rc && rc != GW_NOT_FOUND) {
        gw_log(GW_LOG_WARN, PART, "%s: %s", entry->device.text, gw_err_text(&err));
        return;
    }
    struct log_progress *p = journal_tell_about(telling, &entry->device);
    p->gap = false;
    if (rc)
        return;
    journal_tell_position(p, &at);
    journal_tell_note(t, p, &at.log);
}
