#include "artifacts.h"

#include <string.h>

#include "recheck.h"
#include "rollouts.h"

/* Whether whoever holds this certificate may ask at all. GW_DENIED: not. */
static enum gw_rc check_asker(const struct turn *turn, const struct inbox_artifact *asked, enum device_state *ret_state,
                              struct gw_err *err)
{
    const struct store *store = turn->store;
    struct device_cert cert;
    struct device device;
    enum gw_rc rc = store->ops->cert_get(store->self, &asked->cert_sha256, &cert, err);
    if (!rc)
        rc = store->ops->device_get(store->self, &asked->device, &device, err);
    if (rc)
        return rc == GW_NOT_FOUND ? GW_DENIED : rc;
    bool in_force = !cert.revoked && turn->now.ms < cert.not_after.ms && gw_device_id_eq(&cert.device, &asked->device);
    *ret_state = device.state;
    return in_force && (device.state == DEVICE_ACTIVE || device.state == DEVICE_QUARANTINED) ? GW_OK : GW_DENIED;
}

/* In quarantine only what the open attempt needs. */
static enum gw_rc check_quarantine(const struct turn *turn, const struct inbox_artifact *asked, struct gw_err *err)
{
    struct attempt_entry entry;
    enum gw_rc rc = turn->store->ops->attempt_get(turn->store->self, asked->attempt, &entry, err);
    return !rc && attempt_state_ended(entry.attempt.state) ? GW_NOT_FOUND : rc;
}

static void give(struct turn *turn, const struct inbox_msg *msg, const struct release_file *file)
{
    struct work *work = turn_work(turn, WORK_ARTIFACT, msg->asker);
    work->sha256 = file->sha256;
    work->size = file->size;
    work->artifact = msg->u.artifact;
}

enum gw_rc artifacts_request(struct watch *watch, struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    const struct inbox_artifact *asked = &msg->u.artifact;
    enum device_state state = DEVICE_ACTIVE;
    struct release_file file;
    enum gw_rc rc = check_asker(turn, asked, &state, err);
    if (!rc && !asked->attempt[0])
        rc = GW_NOT_FOUND;
    if (!rc)
        rc = rollouts_artifact(turn->store, &asked->device, gw_view_str(asked->attempt), gw_view_str(asked->name),
                               &file, err);
    if (!rc && state == DEVICE_QUARANTINED)
        rc = check_quarantine(turn, asked, err);
    if (rc == GW_AGAIN) { /* not the device's fault */
        watch->artifacts_damaged++;
        turn_done(turn, msg->asker, rc, gw_err_text(err));
        return GW_OK;
    }
    if (rc && rc != GW_NOT_FOUND && rc != GW_DENIED)
        return rc;
    if (!rc) {
        give(turn, msg, &file);
        return GW_OK;
    }
    watch_artifact(watch, &asked->device, asked->source);
    turn_done(turn, msg->asker, rc,
              rc == GW_DENIED ? "this certificate is not in force here" : "there is no such artifact for this device");
    return GW_OK;
}

struct finding {
    const char *name;
    struct recheck *wanted;
    bool found;
};

static bool find_file(void *ctx, const struct release_entry_file *file)
{
    struct finding *f = ctx;
    if (strcmp(file->file.name, f->name) != 0)
        return true;
    f->wanted->sha256 = file->file.sha256;
    f->found = true;
    return false;
}

enum gw_rc artifacts_unread(struct rollouts_counts *counts, struct turn *turn, const struct inbox_msg *msg,
                            struct gw_err *err)
{
    const struct inbox_artifact *asked = &msg->u.artifact;
    const struct store *store = turn->store;
    struct attempt_entry entry;
    struct recheck wanted = {.device = asked->device};
    struct finding f = {asked->name, &wanted, false};
    bool dropped = false;
    enum gw_rc rc = store->ops->attempt_get(store->self, asked->attempt, &entry, err);
    if (!rc)
        rc = store->ops->release_files(store->self, entry.release, find_file, &f, err);
    if (rc == GW_NOT_FOUND || (!rc && !f.found))
        return GW_OK;
    if (rc)
        return rc;
    memcpy(wanted.release, entry.release, sizeof(wanted.release));
    rc = recheck_want(turn, &wanted, &dropped, err);
    counts->unchecked += dropped;
    return rc;
}
