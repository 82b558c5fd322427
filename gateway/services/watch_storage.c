/* How storing goes, and the machine's clock. */
#include <inttypes.h>
#include <stdio.h>

#include "watch_internal.h"

/* True when this is to be told now: it has been wrong for `wait_ms`, is not told yet, and the last time was a minute
 * ago. */
static bool trouble_is_due(struct watch_trouble *t, bool wrong, int64_t wait_ms, struct gw_wall now)
{
    if (!wrong) {
        t->told = false;
        t->since.ms = 0;
        return false;
    }
    if (t->since.ms == 0 || now.ms < t->since.ms)
        t->since = now;
    if (t->told || now.ms - t->since.ms < wait_ms || !watch_minute_over(t->told_at, now))
        return false;
    t->told = true;
    t->told_at = now;
    return true;
}

static enum gw_rc tell_held(struct turn *turn, struct watch_trouble *t, uint64_t bytes, uint64_t max_bytes,
                            const char *file, struct gw_err *err)
{
    if (!trouble_is_due(t, bytes > max_bytes, WATCH_HELD_MS, turn->now))
        return GW_OK;
    char msg[AUDIT_MSG_MAX];
    (void)snprintf(msg, sizeof(msg),
                   "%s has %" PRIu64 " MiB and may have %" PRIu64
                   ": another program has the database open and reads without an end; end that program",
                   file, bytes >> 20, max_bytes >> 20);
    return audit_note(turn, AUDIT_STORE_HELD, "gateway", file, msg, err);
}

enum gw_rc watch_storage(struct watch *w, struct turn *turn, const struct answer_storage *storage, struct gw_err *err)
{
    static const struct watch_words dropped = {
        AUDIT_LOGS_DROPPED,
        "devices",
        "journal.db",
        "message of a device",
        "messages of devices",
        " found the journal's queue or disk full: batches are sent again; see that the disk has room"};
    static const struct watch_words altered = {
        AUDIT_LOG_ALTERED,
        "gateway",
        "journal.db",
        "checkpoint was",
        "checkpoints were",
        " refused by gatehouse-keyd: it has signed more, or something else, of a log "
        "than the journal holds; the daemon's log names it"};
    static const struct watch_words lost_turns = {
        AUDIT_STORE_FULL,
        "gateway",
        "state.db",
        "transaction",
        "transactions",
        " of state.db could not be stored: acts were refused and nothing left; see "
        "that its disk has room, the daemon's log says more"};
    const struct watch_words damaged = {AUDIT_LOG_DAMAGED,
                                        "gateway",
                                        storage->damaged_by.text[0] ? storage->damaged_by.text : "journal.db",
                                        "stored log is damaged and takes nothing more, that of this device",
                                        "stored logs are damaged and take nothing more, the last that of this device",
                                        ": what it sends is not acknowledged; the daemon's log says more"};
    enum gw_rc rc = GW_OK;
    w->storage = *storage;
    w->damaged.total = storage->damaged;
    w->lost_turns.total = storage->state_failed_commits;
    w->dropped.total = storage->dropped;
    w->altered.total = storage->checkpoints_denied;
    /* also when it has passed before it could be told: a full disk is state.db's too */
    if (w->full.told)
        w->failed_told = storage->failed_commits;
    bool unheard = storage->failed_commits != w->failed_told;
    if (trouble_is_due(&w->full, storage->journal_full || unheard, 0, turn->now)) {
        w->failed_told = storage->failed_commits;
        rc = audit_note(turn, AUDIT_STORE_FULL, "gateway", "journal.db",
                        "the journal cannot be written: nothing is acknowledged until it can; see that its disk has "
                        "room, the daemon's log says more",
                        err);
    }
    if (!rc)
        rc = tell_held(turn, &w->state_held, storage->state_wal_bytes, storage->state_wal_max_bytes, "state.db-wal",
                       err);
    if (!rc)
        rc = tell_held(turn, &w->journal_held, storage->journal_wal_bytes, storage->journal_wal_max_bytes,
                       "journal.db-wal", err);
    if (!rc)
        rc = watch_tell_kind(turn, &w->dropped, &dropped, err);
    if (!rc)
        rc = watch_tell_kind(turn, &w->altered, &altered, err);
    if (!rc)
        rc = watch_tell_kind(turn, &w->damaged, &damaged, err);
    if (!rc)
        rc = watch_tell_kind(turn, &w->lost_turns, &lost_turns, err);
    return rc;
}

enum gw_rc watch_clock(struct watch *w, struct turn *turn, struct gw_wall wall, struct gw_mono mono, struct gw_err *err)
{
    struct watch_clock *c = &w->clock;
    int64_t ahead_ms = wall.ms - mono.ms, step_ms = ahead_ms - c->ahead_ms;
    if (c->known && (step_ms >= WATCH_STEP_MS || step_ms <= -WATCH_STEP_MS)) {
        c->step_ms += step_ms;
        c->steps++;
    }
    c->known = true;
    c->ahead_ms = ahead_ms;
    if (c->steps == 0 || (c->told && mono.ms - c->told_at.ms < WATCH_TELL_MS))
        return GW_OK;
    char msg[AUDIT_MSG_MAX];
    (void)snprintf(msg, sizeof(msg),
                   "the clock of this machine was set %s by %" PRId64 " s, in steps: %" PRIu32
                   "; times in logs and ends of certificates are measured by it",
                   c->step_ms < 0 ? "back" : "ahead", (c->step_ms < 0 ? -c->step_ms : c->step_ms) / GW_SECOND_MS,
                   c->steps);
    c->steps = 0;
    c->step_ms = 0;
    c->told = true;
    c->told_at = mono;
    return audit_note(turn, AUDIT_TIME_STEP, "gateway", "clock", msg, err);
}
