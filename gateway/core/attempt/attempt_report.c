#include "attempt_internal.h"

static bool stale(const struct attempt_turn *t)
{
    return t->event->report.rev < t->a->rev;
}

/* Progress within a step keeps its time running; a repetition does not. */
static void note_progress(struct attempt_turn *t, enum attempt_state said)
{
    struct attempt *a = t->a;
    uint8_t percent = t->event->report.progress > 100 ? 100 : t->event->report.progress;
    if (a->state != said || percent <= a->progress)
        return;
    a->progress = percent;
    a->step_since = t->event->now;
}

/* accepted, downloading, downloaded: count while the offer they answer stands. */
static void on_early_word(struct attempt_turn *t, enum attempt_state said)
{
    struct attempt *a = t->a;
    if (a->cancel)
        t->update->send = ATTEMPT_SEND_AGAIN;
    if (stale(t) || !attempt_state_open(a->state) || attempt_state_begun(a->state))
        return;
    if (attempt_boot_is_new(t))
        attempt_note_boot(t);
    if (a->state < said)
        attempt_enter(t, said);
    note_progress(t, said);
}

static void on_deferred(struct attempt_turn *t)
{
    struct attempt *a = t->a;
    int64_t limit_ms = a->first_offer.ms + t->terms->postpone_max_ms;
    int64_t until_ms = t->event->report.until.ms < limit_ms ? t->event->report.until.ms : limit_ms;
    bool waits = a->state == ATTEMPT_DEFERRED;
    if (stale(t) || a->cancel || attempt_state_begun(a->state) || a->state == ATTEMPT_PLANNED)
        return;
    if (until_ms <= t->event->now.ms)
        return; /* past the limit: the offer stands */
    if (!waits)
        attempt_enter(t, ATTEMPT_DEFERRED);
    a->until.ms = until_ms;
}

/* installing, rebooting: true of this attempt whatever rev they answer. */
static void on_begun_word(struct attempt_turn *t, enum attempt_state said)
{
    struct attempt *a = t->a;
    bool later = !attempt_state_begun(a->state) || a->state < said;
    if (later)
        attempt_enter(t, said);
    if (a->state == said && (later || said == ATTEMPT_INSTALLING) && attempt_boot_is_new(t))
        attempt_note_boot(t); /* it goes on after a power cut: this is the boot before the reboot now */
    note_progress(t, said);
}

static void on_installed(struct attempt_turn *t)
{
    struct attempt *a = t->a;
    bool known = a->boot_before[0] != 0;
    if (a->state == ATTEMPT_CONFIRMING)
        return;
    if (!attempt_state_begun(a->state) || a->state < ATTEMPT_REBOOTING)
        attempt_enter(t, ATTEMPT_REBOOTING);
    if (t->event->running != ATTEMPT_RUNS_OTHER || !attempt_boot_is_new(t))
        return; /* in the boot from before: it has yet to show it */
    if (!known) {
        attempt_note_boot(t);
        return;
    }
    a->taken = false;
    attempt_end(t, ATTEMPT_ROLLED_BACK, ATTEMPT_CODE_OLD_VERSION);
}

static void on_end_word(struct attempt_turn *t, enum attempt_state said)
{
    struct attempt *a = t->a;
    enum attempt_code code = t->event->report.code;
    if (said == ATTEMPT_CANCELLED && !a->cancel) {
        said = ATTEMPT_REJECTED;
        code = ATTEMPT_CODE_LOCAL_CANCEL;
    }
    if (t->event->running == ATTEMPT_RUNS_TARGET)
        a->taken = true;
    else if (t->event->running == ATTEMPT_RUNS_OTHER || said == ATTEMPT_ROLLED_BACK)
        a->taken = false;
    attempt_end(t, said, code);
}

void attempt_on_report(struct attempt_turn *t)
{
    enum attempt_word word = t->event->report.word;
    enum attempt_state said = attempt_word_state(word);
    t->update->ack = true;
    if (attempt_state_ended(t->a->state) || t->a->rev == 0)
        return;
    switch (word) {
    case ATTEMPT_WORD_ACCEPTED:
    case ATTEMPT_WORD_DOWNLOADING:
    case ATTEMPT_WORD_DOWNLOADED:
        if (!attempt_watch_target(t))
            on_early_word(t, said);
        return;
    case ATTEMPT_WORD_DEFERRED:
        on_deferred(t);
        return;
    case ATTEMPT_WORD_INSTALLING:
    case ATTEMPT_WORD_REBOOTING:
        if (!attempt_watch_target(t))
            on_begun_word(t, said);
        return;
    case ATTEMPT_WORD_INSTALLED:
        if (!attempt_watch_target(t))
            on_installed(t);
        return;
    case ATTEMPT_WORD_FAILED:
    case ATTEMPT_WORD_REJECTED:
    case ATTEMPT_WORD_ROLLED_BACK:
    case ATTEMPT_WORD_CANCELLED:
        on_end_word(t, said);
        return;
    }
}
