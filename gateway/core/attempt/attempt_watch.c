#include <string.h>

#include "attempt_internal.h"

/* Other than the one before the installation, as far as that is known. */
bool attempt_boot_is_new(const struct attempt_turn *t)
{
    return t->event->boot[0] && strcmp(t->event->boot, t->a->boot_before) != 0;
}

void attempt_note_boot(struct attempt_turn *t)
{
    if (t->event->boot[0])
        memcpy(t->a->boot_before, t->event->boot, sizeof(t->a->boot_before));
}

/* The confirm time runs while the device is connected and has shown version and boot id in this connection. */
static void run_clock(struct attempt_turn *t)
{
    struct attempt *a = t->a;
    if (a->state == ATTEMPT_CONFIRMING && a->online && a->proved && a->confirm_since.ms == 0)
        a->confirm_since = t->event->now;
}

/* Only what interrupts a running clock counts: one incident is one break, however many messages tell of it. */
static void break_clock(struct attempt_turn *t)
{
    struct attempt *a = t->a;
    if (a->confirm_since.ms == 0)
        return;
    a->confirm_since.ms = 0;
    a->step_since = t->event->now;
    if (++a->breaks >= 2)
        attempt_end(t, ATTEMPT_FAILED, ATTEMPT_CODE_UNSTABLE);
}

static void anchor(struct attempt_turn *t)
{
    memcpy(t->a->boot_confirm, t->event->boot, sizeof(t->a->boot_confirm));
    t->a->proved = true;
    run_clock(t);
}

/* The right version in another boot than the one that was being watched. A report may be late, so it only counts when
 * the clock stands still; up/state is the first word of each connection. */
static void on_other_boot(struct attempt_turn *t)
{
    if (t->event->kind == ATTEMPT_EV_REPORT && t->a->confirm_since.ms != 0)
        return;
    break_clock(t);
    if (t->a->state == ATTEMPT_CONFIRMING)
        anchor(t);
}

bool attempt_watch_target(struct attempt_turn *t)
{
    struct attempt *a = t->a;
    if (t->event->running != ATTEMPT_RUNS_TARGET || !attempt_boot_is_new(t))
        return false;
    if (a->boot_before[0] == 0) { /* nothing to tell a reboot by: a claim alone is no proof */
        attempt_note_boot(t);
        return false;
    }
    if (a->state != ATTEMPT_CONFIRMING) {
        attempt_enter(t, ATTEMPT_CONFIRMING);
        a->breaks = 0;
        anchor(t);
    } else if (strcmp(a->boot_confirm, t->event->boot) == 0) {
        a->proved = true;
        run_clock(t);
    } else {
        on_other_boot(t);
    }
    return true;
}

/* up/state with another version, in a boot that is not the one before the installation. */
static void on_old_version(struct attempt_turn *t)
{
    struct attempt *a = t->a;
    bool known = a->boot_before[0] != 0;
    if (a->state == ATTEMPT_CONFIRMING || (a->state == ATTEMPT_REBOOTING && known)) {
        a->taken = false;
        attempt_end(t, ATTEMPT_ROLLED_BACK, ATTEMPT_CODE_OLD_VERSION);
    } else if (a->state != ATTEMPT_INSTALLING || !known) {
        attempt_note_boot(t);
    }
    /* installing: a power cut, and the device may go on; its report in this boot, or the step time, tells */
}

/* After the end: the truth about what it holds, for a rollback. */
static void on_state_ended(struct attempt_turn *t)
{
    if (t->event->running == ATTEMPT_RUNS_TARGET)
        t->a->taken = true;
    if (t->event->running == ATTEMPT_RUNS_OTHER && attempt_boot_is_new(t))
        t->a->taken = false;
}

void attempt_on_state(struct attempt_turn *t)
{
    struct attempt *a = t->a;
    if (attempt_state_ended(a->state)) {
        on_state_ended(t);
        return;
    }
    if (a->rev == 0)
        return;
    t->update->send = ATTEMPT_SEND_AGAIN;
    if (attempt_watch_target(t))
        return;
    if (t->event->running == ATTEMPT_RUNS_OTHER && attempt_boot_is_new(t))
        on_old_version(t);
}

void attempt_on_alarm(struct attempt_turn *t)
{
    const char *boot = t->event->boot;
    if (t->a->state != ATTEMPT_CONFIRMING || t->event->sev < EVENT_SEV_CRITICAL)
        return;
    if (boot[0] && strcmp(boot, t->a->boot_confirm) != 0)
        return; /* of an earlier boot: that incident is counted */
    break_clock(t);
    run_clock(t);
}

void attempt_on_online(struct attempt_turn *t)
{
    struct attempt *a = t->a;
    if (!a->online && attempt_state_open(a->state) && !attempt_state_begun(a->state))
        a->step_since = t->event->now;
    a->online = true;
    run_clock(t);
}

void attempt_on_offline(struct attempt_turn *t)
{
    t->a->online = false;
    t->a->proved = false;
    break_clock(t);
}
