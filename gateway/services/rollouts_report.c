/* What devices say: up/job and up/state. */
#include <stdio.h>
#include <string.h>

#include "attempt_step.h"
#include "gw_cleanup.h"
#include "gw_log.h"
#include "gw_utf8.h"
#include "rollouts_internal.h"
#include "state_report.h"

#define PART     "rollouts"
#define SAID_MAX 160 /* bytes of a device's reason in an audit event */

void rollouts_note_bad(struct rollouts_counts *counts, uint64_t *count, const struct gw_device_id *device,
                       const struct gw_err *why)
{
    (*count)++;
    counts->bad_by = *device;
    (void)gw_utf8_clean(gw_view_str(gw_err_text(why)), counts->bad_why, sizeof(counts->bad_why));
    gw_log(GW_LOG_DEBUG, PART, "%s: %s", device->text, gw_err_text(why));
}

/* The words of the wire and of the model have one grammar. */
static enum gw_rc event_of(const struct job_report *report, const struct attempt_entry *entry,
                           struct attempt_event *out)
{
    struct attempt_report *to = &out->report;
    out->kind = ATTEMPT_EV_REPORT;
    out->running = attempt_running(gw_view_str(report->running), entry->version);
    (void)snprintf(out->boot, sizeof(out->boot), "%s", report->boot);
    to->rev = report->rev > UINT32_MAX ? UINT32_MAX : (uint32_t)report->rev;
    to->progress = (uint8_t)report->progress_pct;
    to->code = attempt_code_of_device(gw_view_str(report->code));
    to->until = report->until;
    return attempt_word_parse(gw_view_str(job_state_text(report->state)), &to->word);
}

static void say(const struct job_report *report, char out[SAID_MAX])
{
    char tail[SAID_MAX];
    size_t len = strlen(report->detail), skip = len > 100 ? len - 100 : 0;
    while (skip > 0 && ((uint8_t)report->detail[skip] & 0xc0) == 0x80)
        skip++;
    (void)gw_utf8_clean(gw_view_str(report->detail + skip), tail, sizeof(tail));
    (void)snprintf(out, SAID_MAX, "%s%s%s", report->code, report->code[0] && tail[0] ? ": " : "", tail);
}

static void acknowledge(struct turn *turn, const struct attempt_entry *entry, const struct attempt_report *report)
{
    struct turn_out *out = turn_out(turn, OUT_JOBACK);
    out->device = entry->device;
    memcpy(out->id, entry->id, sizeof(out->id));
    out->rev = report->rev;
    out->word = report->word;
}

enum gw_rc rollouts_report(struct rollouts *r, struct turn *turn, const struct gw_device_id *device,
                           struct gw_view payload, struct gw_err *err)
{
    struct job_report report;
    struct gw_err why = {0};
    struct attempt_entry entry;
    if (job_report_parse(payload, &report, &why)) {
        rollouts_note_bad(&r->counts, &r->counts.bad_reports, device, &why);
        return GW_OK;
    }
    enum gw_rc rc = attempt_id_valid(gw_view_str(report.job))
                        ? turn->store->ops->attempt_get(turn->store->self, report.job, &entry, err)
                        : GW_NOT_FOUND;
    if (rc == GW_NOT_FOUND || (!rc && (!gw_device_id_eq(&entry.device, device) || report.rev > entry.attempt.rev))) {
        r->counts.unknown_jobs++; /* of another device, or never offered */
        return GW_OK;
    }
    struct attempt_event event = {.now = turn->now};
    char said[SAID_MAX];
    if (!rc)
        rc = event_of(&report, &entry, &event);
    if (rc)
        return rc;
    GW_FREE struct rollouts_run *run = gw_xalloc(1, sizeof(*run));
    rollouts_run_begin(run, r, turn);
    say(&report, said);
    run->said = said;
    rc = rollouts_feed(run, &entry, &event, false, err);
    if (!rc && run->acknowledged)
        acknowledge(turn, &entry, &event.report);
    run->said = NULL;
    return rc ? rc : rollouts_run_end(run, err);
}

/* ---- up/state ---- */

/* The gateway's part stays; which release it runs is looked up when the version is another one. */
static enum gw_rc merge(const struct store *store, const struct inventory *stored, struct inventory *told,
                        struct gw_err *err)
{
    struct release_entry release = {.rev = 0};
    bool same = strcmp(stored->version, told->version) == 0 && strcmp(stored->product, told->product) == 0;
    told->floor_confirmed = stored->floor_confirmed;
    /* the device has seen more than we remember: whatever we say next must be above it */
    told->job_n = told->job_n > stored->job_n ? told->job_n + 1 : stored->job_n;
    if (told->job_n > JOB_NUMBER_MAX)
        told->job_n = JOB_NUMBER_MAX;
    memcpy(told->release, stored->release, sizeof(told->release));
    told->release_counter = stored->release_counter;
    if (same)
        return GW_OK;
    enum gw_rc rc = rollouts_find(store, told->product, told->version, &release, err);
    memcpy(told->release, release.id, sizeof(told->release));
    told->release_counter = release.release_counter;
    return rc;
}

static enum gw_rc store_state(struct turn *turn, struct inventory *told, struct gw_err *err)
{
    struct inventory stored;
    told->seen = turn->now;
    enum gw_rc rc = rollouts_inventory(turn->store, &told->device, &stored, err);
    if (!rc)
        rc = merge(turn->store, &stored, told, err);
    return rc ? rc : turn->store->ops->inventory_put(turn->store->self, told, err);
}

static enum gw_rc feed_state(struct rollouts *r, struct turn *turn, const struct inventory *told, struct gw_err *err)
{
    GW_FREE struct rollouts_run *run = gw_xalloc(1, sizeof(*run));
    GW_CLEANUP(rollouts_list_done) struct rollouts_list list = {0};
    rollouts_run_begin(run, r, turn);
    enum gw_rc rc = rollouts_of_device(turn->store, &told->device, &list, err);
    for (size_t i = 0; !rc && i < list.count; i++) {
        struct attempt_entry *entry = &list.items[i];
        struct attempt_event event = {.kind = ATTEMPT_EV_STATE,
                                      .now = turn->now,
                                      .running = attempt_running(gw_view_str(told->version), entry->version)};
        if (entry->back && attempt_state_ended(entry->attempt.state))
            continue; /* whom a rollback has to reach is told by the forward ones */
        memcpy(event.boot, told->boot, sizeof(event.boot));
        rc = rollouts_feed(run, entry, &event, false, err);
    }
    return rc ? rc : rollouts_run_end(run, err);
}

enum gw_rc rollouts_state(struct rollouts *r, struct turn *turn, const struct gw_device_id *device,
                          struct gw_view payload, struct gw_err *err)
{
    GW_FREE struct inventory *told = gw_xalloc(1, sizeof(*told));
    struct device known;
    struct gw_err why = {0};
    enum gw_rc rc = turn->store->ops->device_get(turn->store->self, device, &known, err);
    if (rc == GW_NOT_FOUND)
        return GW_OK; /* the registry will cut it */
    bool read = !rc && state_report_parse(payload, told, &why) == GW_OK;
    told->device = *device;
    if (!rc && !read)
        rollouts_note_bad(&r->counts, &r->counts.bad_states, device, &why);
    if (read)
        rc = store_state(turn, told, err);
    if (read && !rc)
        rc = feed_state(r, turn, told, err);
    turn_live_device(turn, device);
    if (!rc) {
        turn_out(turn, OUT_JOB)->device = *device;
        turn_out(turn, OUT_CONFIG)->device = *device;
    }
    return rc;
}
