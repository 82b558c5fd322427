#include "boot.h"

#include "audit_note.h"
#include "gw_cleanup.h"

#define KEY_RUNNING "boot.running"
#define PROGRAM     "gatehoused " GATEHOUSE_VERSION

enum gw_rc boot_start(struct turn *turn, struct gw_err *err)
{
    const struct store *store = turn->store;
    GW_CLEANUP(gw_buf_done) struct gw_buf value;
    gw_buf_init(&value, STORE_SETTING_MAX);
    enum gw_rc rc = store->ops->setting_get(store->self, KEY_RUNNING, &value, err);
    bool clean = rc == GW_NOT_FOUND; /* the first start of all, too */
    if (rc && !clean)
        return rc;
    rc = store->ops->setting_put(store->self, KEY_RUNNING, GW_VIEW_LIT("yes"), err);
    if (rc)
        return rc;
    return clean ? audit_note(turn, AUDIT_STARTED, "gateway", PROGRAM, "the gateway started", err)
                 : audit_note(turn, AUDIT_STARTED_UNCLEAN, "gateway", PROGRAM,
                              "the gateway started; what ended it before was no clean stop", err);
}

enum gw_rc boot_stop(struct turn *turn, struct gw_err *err)
{
    enum gw_rc rc = turn->store->ops->setting_delete(turn->store->self, KEY_RUNNING, err);
    return rc ? rc : audit_note(turn, AUDIT_STOPPED, "gateway", PROGRAM, "the gateway stops", err);
}
