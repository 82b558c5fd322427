#include <stdio.h>
#include <stdlib.h>

#include "checkpoint.h"
#include "gw_cleanup.h"
#include "gw_log.h"
#include "journal_thread_internal.h"

#define SIGN_MAX 1024 /* logs of a page: what goes to the worker at a time */

/* The signed note of one signing; false when keyd refused it. */
static bool make_note(struct journal_thread *t, const struct journal_signing *s, struct gw_buf *note)
{
    if (s->checkpoint.rc) {
        (void)pthread_mutex_lock(&t->stats_lock);
        t->stats.checkpoints_refused++;
        t->stats.checkpoints_denied += s->checkpoint.rc == GW_DENIED;
        (void)pthread_mutex_unlock(&t->stats_lock);
        return false;
    }
    gw_buf_init(note, LOG_PROGRESS_NOTE_MAX - 1);
    enum gw_rc rc = checkpoint_format(s->checkpoint.origin, s->checkpoint.size, &s->checkpoint.root, note);
    if (!rc)
        rc = gw_buf_add_str(note, "\n");
    if (!rc)
        rc = note_add_signature(note, t->key.name, t->key.key_id,
                                gw_view_make(s->checkpoint.signature, sizeof(s->checkpoint.signature)));
    if (rc)
        gw_buf_done(note);
    return !rc;
}

static enum outage_word note_signing(struct journal_thread *t, bool failed)
{
    enum outage_word word = outage_note(&t->signatures, failed, gw_mono_now());
    if (word == OUTAGE_NOTHING)
        return word;
    (void)pthread_mutex_lock(&t->stats_lock);
    t->stats.unsigned_now = t->signatures.told;
    (void)pthread_mutex_unlock(&t->stats_lock);
    if (word == OUTAGE_IS_OVER)
        gw_log(GW_LOG_INFO, PART, "gatehouse-keyd signs checkpoints again");
    return word;
}

/* A page may have SIGN_MAX logs, and the next comes in a second: one line tells of all, at the begin of it. */
static void tell_refused(struct journal_thread *t, const struct journal_signing *signings, size_t count)
{
    const struct journal_signing *first = NULL;
    size_t refused = 0;
    for (size_t i = 0; i < count; i++) {
        const struct journal_signing *s = &signings[i];
        refused += s->checkpoint.rc != GW_OK;
        if (s->checkpoint.rc && (!first || (s->checkpoint.rc == GW_DENIED && first->checkpoint.rc != GW_DENIED)))
            first = s;
    }
    if (note_signing(t, first != NULL) != OUTAGE_BEGINS || !first)
        return;
    bool denied = first->checkpoint.rc == GW_DENIED;
    gw_log(denied ? GW_LOG_ERROR : GW_LOG_WARN, PART,
           "gatehouse-keyd did not sign %zu of %zu checkpoints, that of %s at %llu first: %s; %s", refused, count,
           first->checkpoint.origin, (unsigned long long)first->checkpoint.size, gw_rc_text(first->checkpoint.rc),
           denied ? "it has signed another state of that log: the journal was altered, or restored without pki/"
                  : "devices keep their events until it does; if this lasts, end gatehouse-keyd, it is started again");
}

/* A device hears of checkpoints of its current log only. */
static void tell_checkpoint(struct journal_thread *t, struct telling *telling, const struct journal_signing *s,
                            struct gw_buf *note)
{
    const struct journal *journal = &t->config.journal;
    struct journal_position at;
    if (s->log.kind != LOG_DEVICE || journal->ops->position(journal->self, &s->log.device, &at, NULL) ||
        at.log.epoch != s->log.epoch)
        return;
    struct log_progress *p = journal_tell_about(telling, &s->log.device);
    p->gap = false;
    journal_tell_position(p, &at);
    (void)snprintf(p->note, sizeof(p->note), "%s", gw_buf_str(note));
}

void journal_sign_keep(struct journal_thread *t, const struct journal_entry *entry, struct telling *telling)
{
    const struct journal_signing *signings = (const struct journal_signing *)(const void *)entry->bytes;
    size_t count = (size_t)entry->n, kept = 0;
    t->round.signing = false;
    tell_refused(t, signings, count);
    struct gw_buf *notes = gw_xalloc(count, sizeof(*notes));
    struct journal_checkpoint *rows = gw_xalloc(count, sizeof(*rows));
    size_t *of = gw_xalloc(count, sizeof(*of)); /* which of the signings became rows[i] */
    for (size_t i = 0; i < count; i++) {
        if (!make_note(t, &signings[i], &notes[kept]))
            continue;
        rows[kept] =
            (struct journal_checkpoint){signings[i].log, signings[i].checkpoint.size, gw_buf_view(&notes[kept])};
        of[kept++] = i;
    }
    if (kept == 0) /* keyd is away: not page after page of that */
        t->round.next.ms = gw_mono_now().ms + JOURNAL_THREAD_SIGN_MS;
    struct gw_err err = {0};
    const struct journal *journal = &t->config.journal;
    enum gw_rc rc = kept ? journal->ops->checkpoint_put(journal->self, rows, kept, entry->arrived, &err) : GW_OK;
    if (rc && !t->writing.told) /* that the disk is full has been said */
        gw_log(GW_LOG_WARN, PART, "checkpoints: %s", gw_err_text(&err));
    for (size_t i = 0; i < kept; i++) {
        if (!rc)
            tell_checkpoint(t, telling, &signings[of[i]], &notes[i]);
        gw_buf_done(&notes[i]);
    }
    (void)pthread_mutex_lock(&t->stats_lock);
    t->stats.checkpoints += rc ? 0 : kept;
    (void)pthread_mutex_unlock(&t->stats_lock);
    free(of);
    free(rows);
    free(notes);
}

struct gathering {
    struct journal_thread *t;
    struct journal_signing *signings;
    size_t count;
};

static bool gather(void *ctx, const struct journal_log *log)
{
    struct gathering *g = ctx;
    struct journal_signing *s = &g->signings[g->count];
    s->log = log->id;
    s->checkpoint.size = log->next;
    if (log_id_origin(&log->id, g->t->config.gateway, s->checkpoint.origin) == GW_OK)
        g->count++;
    return g->count < SIGN_MAX;
}

/* The next page of logs that grew; false when they cannot be read. */
static bool next_page(struct gathering *g)
{
    const struct journal *journal = &g->t->config.journal;
    const struct journal_sign_round *round = &g->t->round;
    struct gw_err err = {0};
    if (journal->ops->unsigned_each(journal->self, round->going ? &round->after : NULL, gather, g, &err) == GW_OK)
        return true;
    gw_log(GW_LOG_WARN, PART, "logs to sign: %s", gw_err_text(&err));
    return false;
}

/* A log whose root cannot be told is left out, the others go on. */
static void find_roots(struct gathering *g)
{
    const struct journal *journal = &g->t->config.journal;
    size_t kept = 0;
    for (size_t i = 0; i < g->count; i++) {
        struct journal_signing s = g->signings[i];
        if (journal->ops->root_at(journal->self, &s.log, s.checkpoint.size, &s.checkpoint.root, NULL) == GW_OK)
            g->signings[kept++] = s;
    }
    g->count = kept;
}

void journal_sign_go(struct journal_thread *t)
{
    struct journal_sign_round *round = &t->round;
    struct gw_mono now = gw_mono_now();
    if (round->signing || now.ms < round->next.ms)
        return;
    if (!round->going)
        round->began = now;
    struct gathering g = {.t = t, .signings = gw_xalloc(SIGN_MAX, sizeof(*g.signings))};
    bool read = next_page(&g), full = g.count == SIGN_MAX;
    if (read && g.count == 0 && !round->going) /* all that was refused has its signature now */
        (void)note_signing(t, false);
    struct log_id last = g.count ? g.signings[g.count - 1].log : (struct log_id){0};
    if (read)
        find_roots(&g);
    bool given = read && g.count && t->config.sign(t->config.sign_ctx, g.signings, g.count);
    if (!given)
        free(g.signings);
    round->signing = given;
    if (!read || (g.count && !given)) { /* the same page again */
        round->next.ms = now.ms + JOURNAL_THREAD_SIGN_MS;
        return;
    }
    round->going = full;
    round->after = last;
    round->next.ms = full ? now.ms : round->began.ms + JOURNAL_THREAD_SIGN_MS;
}
