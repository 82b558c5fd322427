/* dn/job: what a device is to do now, and which files it may have for that. */
#include <stdio.h>
#include <string.h>

#include "attempt_step.h"
#include "gw_cleanup.h"
#include "gw_log.h"
#include "job_report.h"
#include "recheck.h"
#include "rollouts_internal.h"

#define PART "rollouts"

struct offered {
    struct attempt_entry entry;
    bool found;
};

/* One that goes back comes first. */
static bool find_offered(void *ctx, const struct attempt_entry *entry)
{
    struct offered *o = ctx;
    if (!attempt_offers(&entry->attempt) || (o->found && !entry->back))
        return true;
    o->entry = *entry;
    o->found = true;
    return !entry->back;
}

static void fill_artifact(struct job *job, const struct release *release, const char *hardware)
{
    size_t index = release_artifact_for(release, hardware, NULL);
    if (index == RELEASE_ARTIFACTS_MAX)
        return; /* the device looks for itself, and rejects it */
    const struct release_file *file = &release->artifacts[index];
    memcpy(job->artifact.name, file->name, sizeof(job->artifact.name));
    memcpy(job->artifact.format, file->format, sizeof(job->artifact.format));
    job->artifact.sha256 = file->sha256;
    job->artifact.size = file->size;
    (void)snprintf(job->paths[0], sizeof(job->paths[0]), JOB_PATH_PREFIX "%s/%s", job->attempt, file->name);
    job->path_count = 1;
}

/* postpone_until_max: past the limit a device that defers again is not listened to. */
static enum gw_rc fill_terms(struct job *job, const struct store *store, const struct attempt_entry *entry,
                             struct gw_err *err)
{
    struct rollout_entry rollout;
    enum gw_rc rc = store->ops->rollout_get(store->self, entry->rollout, &rollout, err);
    if (rc)
        return rc;
    int64_t until_ms = entry->attempt.first_offer.ms + rollout.plan.terms.postpone_max_ms;
    if (rollout.plan.terms.postpone_max_ms > 0)
        job->postpone_until_max.ms = until_ms;
    return GW_OK;
}

static enum gw_rc fill_job(struct rollouts *r, const struct store *store, const struct attempt_entry *entry,
                           const char *hardware, struct job *job, struct gw_err *err)
{
    const struct release *release;
    struct gw_view envelope;
    memcpy(job->job, entry->id, sizeof(entry->id));
    memcpy(job->attempt, entry->id, sizeof(entry->id));
    job->rev = entry->attempt.rev;
    job->kind = entry->back ? JOB_ROLLBACK : JOB_UPDATE;
    dsse_init(&job->envelope);
    enum gw_rc rc = rollouts_load_envelope(r, store, entry->release, &release, &envelope, err);
    if (!rc)
        rc = dsse_parse(envelope, &job->envelope, err);
    if (rc)
        return rc;
    fill_artifact(job, release, hardware);
    return fill_terms(job, store, entry, err);
}

/* Appends the payload of dn/job. */
static enum gw_rc format_job(struct rollouts *r, const struct store *store, const struct gw_device_id *device,
                             struct gw_buf *ret_payload, struct gw_err *err)
{
    GW_CLEANUP(job_message_done) struct job_message message = {0};
    GW_FREE struct inventory *inventory = gw_xalloc(1, sizeof(*inventory));
    struct offered o = {.found = false};
    bool given = false;
    enum gw_rc rc = rollouts_inventory(store, device, inventory, err);
    if (!rc)
        rc = store->ops->attempt_each_of(store->self, device, ROLLOUTS_OF_DEVICE, find_offered, &o, err);
    if (!rc && o.found)
        rc = rollouts_given(store, o.entry.release, &given, err);
    message.n = inventory->job_n;
    /* withdrawn or damaged: its artifacts are not given out, and who has not begun is being asked to leave it */
    message.has_job = o.found && (given || attempt_state_begun(o.entry.attempt.state));
    if (!rc && message.has_job)
        rc = fill_job(r, store, &o.entry, inventory->hardware, &message.job, err);
    return rc ? rc : job_message_format(&message, ret_payload, err);
}

static void keep_unsent(struct rollouts *r, const struct gw_device_id *device)
{
    for (size_t i = 0; i < r->unsent_count; i++)
        if (gw_device_id_eq(&r->unsent[i], device))
            return; /* it hears what is true then */
    if (r->unsent_count == ROLLOUTS_UNSENT_MAX)
        r->counts.unsent++;
    else
        r->unsent[r->unsent_count++] = *device;
}

/* GW_AGAIN when the broker has no room now. */
static enum gw_rc send_job(struct rollouts *r, const struct store *store, const struct gw_device_id *device)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf payload;
    struct gw_err err = {0};
    gw_buf_init(&payload, JOB_PAYLOAD_MAX);
    enum gw_rc rc = format_job(r, store, device, &payload, &err);
    if (!rc)
        rc = r->session->bus.ops->publish(r->session->bus.self, device, "job", gw_buf_view(&payload), 1, &err);
    if (rc && rc != GW_AGAIN)
        gw_log(GW_LOG_WARN, PART, "dn/job of %s: %s", device->text, gw_err_text(&err));
    return rc;
}

void rollouts_send_job(struct rollouts *r, const struct store *store, const struct gw_device_id *device,
                       struct gw_wall now)
{
    if (!r->session->broker_up)
        return; /* it is told when it connects */
    if (!session_may_send_job(r->session, device, now) || send_job(r, store, device) == GW_AGAIN)
        keep_unsent(r, device);
}

bool rollouts_resend(struct rollouts *r, const struct store *store)
{
    size_t done = 0, most = ROLLOUTS_RESEND_MAX;
    if (!r->session->broker_up)
        r->unsent_count = 0;
    while (done < r->unsent_count && done < most && send_job(r, store, &r->unsent[done]) != GW_AGAIN)
        done++;
    r->unsent_count -= done;
    memmove(r->unsent, r->unsent + done, r->unsent_count * sizeof(*r->unsent));
    return done == most && r->unsent_count > 0;
}

void rollouts_send_back(struct rollouts *r, const struct gw_device_id *device, const char *job, uint32_t rev,
                        enum attempt_word word)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf payload;
    struct gw_err err = {0};
    struct job_ack ack = {.rev = rev};
    gw_buf_init(&payload, JOB_REPORT_MAX);
    (void)snprintf(ack.job, sizeof(ack.job), "%s", job);
    enum gw_rc rc = job_state_parse(gw_view_str(attempt_word_text(word)), &ack.state);
    if (!rc)
        rc = job_ack_format(&ack, &payload);
    if (!rc)
        rc = r->session->bus.ops->publish(r->session->bus.self, device, "joback", gw_buf_view(&payload), 0, &err);
    if (rc && rc != GW_AGAIN) /* the device reports again */
        gw_log(GW_LOG_WARN, PART, "dn/joback of %s: %s", device->text, gw_err_text(&err));
}

/* ---- artifacts ---- */

struct last_installed {
    const char *id;
    bool is_it;
};

/* Newest first: the first that has been installed. */
static bool find_installed(void *ctx, const struct attempt_entry *entry)
{
    struct last_installed *l = ctx;
    if (entry->attempt.state != ATTEMPT_OK && !attempt_holds(&entry->attempt))
        return true;
    l->is_it = strcmp(entry->id, l->id) == 0;
    return false;
}

static enum gw_rc may_have(const struct store *store, const struct attempt_entry *entry, bool *ret_may,
                           struct gw_err *err)
{
    struct last_installed l = {entry->id, false};
    *ret_may = attempt_offers(&entry->attempt);
    if (*ret_may || !attempt_state_ended(entry->attempt.state))
        return GW_OK;
    enum gw_rc rc =
        store->ops->attempt_each_of(store->self, &entry->device, ROLLOUTS_OF_DEVICE, find_installed, &l, err);
    *ret_may = l.is_it;
    return rc;
}

struct file_finding {
    struct gw_view name;
    struct release_file *file;
    bool found;
};

static bool find_file(void *ctx, const struct release_entry_file *file)
{
    struct file_finding *f = ctx;
    if (!gw_view_eq_str(f->name, file->file.name))
        return true;
    *f->file = file->file;
    f->found = true;
    return false;
}

enum gw_rc rollouts_artifact(const struct store *store, const struct gw_device_id *device, struct gw_view attempt,
                             struct gw_view name, struct release_file *ret_file, struct gw_err *err)
{
    char id[ATTEMPT_ID_LEN + 1];
    struct attempt_entry entry;
    struct release_file file;
    struct file_finding f = {name, &file, false};
    struct release_entry release = {.rev = 0};
    bool may = false;
    if (!attempt_id_valid(attempt) || gw_view_copy_str(attempt, id, sizeof(id)))
        return gw_err_set(err, GW_NOT_FOUND, "no such artifact");
    enum gw_rc rc = store->ops->attempt_get(store->self, id, &entry, err);
    if (!rc && !gw_device_id_eq(&entry.device, device))
        rc = GW_NOT_FOUND;
    if (!rc)
        rc = may_have(store, &entry, &may, err);
    if (!rc && may)
        rc = store->ops->release_get(store->self, entry.release, &release, err);
    if (!rc && may && release.state == RELEASE_STAGED)
        rc = store->ops->release_files(store->self, entry.release, find_file, &f, err);
    if (rc == GW_NOT_FOUND || (!rc && !f.found))
        return gw_err_set(err, GW_NOT_FOUND, "no such artifact");
    if (!rc && !release_is_given(&release))
        return gw_err_set(err, GW_AGAIN, "%s", rollouts_withheld_text(&release));
    if (!rc)
        *ret_file = file;
    return rc;
}

enum gw_rc rollouts_doubt(struct rollouts_run *run, const struct attempt_entry *entry, struct gw_err *err)
{
    const struct store *store = run->turn->store;
    const struct release *release;
    struct recheck wanted = {.device = entry->device};
    struct inventory inventory;
    bool dropped = false;
    enum gw_rc rc = rollouts_inventory(store, &entry->device, &inventory, err);
    if (!rc)
        rc = rollouts_load(run->r, store, entry->release, &release, err);
    if (rc == GW_CORRUPT || rc == GW_NOT_FOUND)
        return GW_OK; /* told when it is offered; the report counts all the same */
    size_t index = rc ? RELEASE_ARTIFACTS_MAX : release_artifact_for(release, inventory.hardware, NULL);
    if (index == RELEASE_ARTIFACTS_MAX)
        return rc; /* it was given none */
    memcpy(wanted.release, entry->release, sizeof(wanted.release));
    wanted.sha256 = release->artifacts[index].sha256;
    rc = recheck_want(run->turn, &wanted, &dropped, err);
    run->r->counts.unchecked += dropped;
    return rc;
}
