#include <stdio.h>
#include <string.h>

#include "artifacts.h"
#include "audit_note.h"
#include "boot.h"
#include "child.h"
#include "core_internal.h"
#include "recheck.h"

static enum gw_rc child_turn(struct core *core, struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    const struct inbox_child *child = &msg->u.child;
    if (child->which == CHILD_KEYD)
        core->facts.keyd_up = child->up;
    turn_out(turn, OUT_CHILD)->child = *child;
    if (child->up || child->asked)
        return GW_OK;
    char text[AUDIT_MSG_MAX] = "a supervised process ended: it ";
    size_t len = strlen(text);
    child_status_text(child->status, text + len, sizeof(text) - len);
    len = strlen(text);
    if (child->port_taken)
        (void)snprintf(text + len, sizeof(text) - len, "; %s", INBOX_PORT_TAKEN);
    return audit_note(turn, AUDIT_CHILD_ENDED, "gateway", child->which == CHILD_KEYD ? "gatehouse-keyd" : "mosquitto",
                      text, err);
}

/* Acknowledgements speak of the journal's COMMIT, not of ours: they need not wait for it. */
static enum gw_rc progress_turn(struct core *core, struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    const struct log_progress *progress = (const struct log_progress *)(const void *)msg->blob;
    ingest_acknowledge(&core->session, progress, msg->u.progress.count, core->outlets.credit(core->outlets.ctx),
                       turn->now);
    core->outlets.progress(core->outlets.ctx);
    if (msg->u.progress.audit_n == 0)
        return GW_OK;
    return turn->store->ops->audit_delete(turn->store->self, msg->u.progress.audit_n, err);
}

static enum gw_rc tick_turn(struct core *core, struct turn *turn, struct gw_err *err)
{
    struct answer_doors doors = {.batches = 0};
    core->outlets.doors(core->outlets.ctx, &doors);
    core->facts.live_connections = core->outlets.live_connections(core->outlets.ctx);
    enum gw_rc rc = enrol_tick(&core->operate.enrol, turn, err);
    if (!rc)
        rc = denials_tick(&core->operate.denials, turn, err);
    if (!rc)
        rc = tokens_tick(&core->operate.tokens, turn, err);
    if (!rc)
        rc = watch_tick(&core->session.watch, turn, &doors, err);
    if (!rc)
        rc = rollouts_look(&core->operate.rollouts, turn, err);
    if (!rc)
        rc = recheck_look(&core->operate.releases.imports, turn, err);
    if (rc)
        return rc;
    struct answer_storage storage = {.journal_full = false};
    core->outlets.storage(core->outlets.ctx, &storage);
    storage.state_failed_commits = core->failed_commits;
    rc = watch_storage(&core->session.watch, turn, &storage, err);
    if (!rc)
        rc = watch_clock(&core->session.watch, turn, core->tick_wall, core->tick_mono, err);
    return rc ? rc : alerts_tick(&core->operate.alerts, turn, &core->session, err);
}

static enum gw_rc bus_turn(struct core *core, struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    struct bus_event event = msg->u.bus;
    event.payload = gw_view_make(msg->blob, msg->blob_len);
    enum gw_rc rc = session_event(&core->session, turn, &event, err);
    return rc ? rc : rollouts_bus(&core->operate.rollouts, turn, &event, err);
}

/* An act that waited, or took, so long that whoever asked has been told of no answer: then it is not done, so that he
 * may ask again. A password that was tried has been tried, and a wrong one is told of, whoever hears it. */
static bool is_late(const struct inbox_msg *msg)
{
    const struct inbox_act *act = msg->kind == INBOX_SURVEYED ? &msg->u.survey->act : &msg->u.act;
    bool changes = msg->kind == INBOX_ACT || msg->kind == INBOX_HASHED || msg->kind == INBOX_KEY_READ ||
                   msg->kind == INBOX_SURVEYED;
    if (msg->kind == INBOX_CHECKED)
        changes = act->kind == ACT_PASSWORD && act->checked == GW_OK;
    return changes && inbox_act_late(act, gw_mono_now());
}

static void leave_undone(struct turn *turn, const struct inbox_msg *msg)
{
    if (msg->kind == INBOX_SURVEYED)
        msg->u.survey->more = false;
    turn_done(turn, msg->asker, GW_AGAIN, "it took too long: nothing was done, try again");
}

enum gw_rc core_turn(struct core *core, struct turn *turn, struct inbox_msg *msg, struct gw_err *err)
{
    if (is_late(msg)) {
        leave_undone(turn, msg);
        return GW_OK;
    }
    switch (msg->kind) {
    case INBOX_TICK:
        return tick_turn(core, turn, err);
    case INBOX_BUS:
        return bus_turn(core, turn, msg, err);
    case INBOX_ENROL:
        return enrol_request(&core->operate.enrol, turn, msg, err);
    case INBOX_RENEW:
        return enrol_renew(&core->session.watch, turn, msg, err);
    case INBOX_TRUST:
        return enrol_trust(&core->session.watch, turn, msg, core->facts.log_vkey, err);
    case INBOX_ARTIFACT:
        return artifacts_request(&core->session.watch, turn, msg, err);
    case INBOX_UNREAD:
        return artifacts_unread(&core->operate.rollouts.counts, turn, msg, err);
    case INBOX_CSR_CHECKED:
        return enrol_csr_checked(&core->operate.enrol, turn, msg, err);
    case INBOX_ISSUED:
        return enrol_issued(&core->operate.enrol, turn, msg, err);
    case INBOX_HASHED:
        return operate_hashed(&core->operate, turn, msg, err);
    case INBOX_CHECKED:
        return operate_checked(&core->operate, turn, msg, err);
    case INBOX_KEY_READ:
        return operate_key_read(&core->operate, turn, msg, err);
    case INBOX_IMPORTED:
        return operate_imported(&core->operate, turn, msg, err);
    case INBOX_SURVEYED:
        return operate_surveyed(&core->operate, turn, msg, err);
    case INBOX_VERIFIED:
        return operate_verified(&core->operate, turn, msg, err);
    case INBOX_ACT:
        return operate_act(&core->operate, turn, msg, err);
    case INBOX_PROGRESS:
        return progress_turn(core, turn, msg, err);
    case INBOX_FEED:
        return alerts_feed(&core->operate.alerts, turn, msg, err);
    case INBOX_CHILD:
        return child_turn(core, turn, msg, err);
    case INBOX_DUE:
        return rollouts_due(&core->operate.rollouts, turn, msg->u.due, err);
    case INBOX_LOOK:
        return rollouts_look(&core->operate.rollouts, turn, err);
    case INBOX_LIVE:
        live_feed_all(&core->feed);
        return GW_OK;
    case INBOX_START:
        return boot_start(turn, err);
    case INBOX_STOP:
        return boot_stop(turn, err);
    }
    return gw_err_set(err, GW_INVALID, "message of kind %d", (int)msg->kind);
}
