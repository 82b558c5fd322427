#include "audit_note.h"

#include <stdio.h>
#include <stdlib.h>

static const struct {
    enum audit_what what;
    const char *cls;
    enum event_sev sev;
    enum event_res res;
} kinds[] = {
    {AUDIT_INVITED, "device.invite", EVENT_SEV_INFO, EVENT_OK},
    {AUDIT_ENROLLED, "device.enrol", EVENT_SEV_INFO, EVENT_OK},
    {AUDIT_RENEWED, "cert.renewed", EVENT_SEV_INFO, EVENT_OK},
    {AUDIT_SECRET_WRONG, "auth.enrol", EVENT_SEV_MEDIUM, EVENT_FAIL},
    {AUDIT_SECRET_VOID, "auth.lockout", EVENT_SEV_HIGH, EVENT_DENIED},
    {AUDIT_SECRET_SECOND_KEY, "cert.rejected", EVENT_SEV_HIGH, EVENT_DENIED},
    {AUDIT_KNOCKED, "device.knock", EVENT_SEV_LOW, EVENT_OK},
    {AUDIT_CEILING, "device.ceiling", EVENT_SEV_MEDIUM, EVENT_DENIED},
    {AUDIT_APPROVED, "device.approve", EVENT_SEV_INFO, EVENT_OK},
    {AUDIT_REJECTED, "device.reject", EVENT_SEV_LOW, EVENT_OK},
    {AUDIT_QUARANTINED, "device.quarantine", EVENT_SEV_MEDIUM, EVENT_OK},
    {AUDIT_RELEASED, "device.release", EVENT_SEV_LOW, EVENT_OK},
    {AUDIT_REVOKED, "device.revoke", EVENT_SEV_MEDIUM, EVENT_OK},
    {AUDIT_RETIRED, "device.retire", EVENT_SEV_LOW, EVENT_OK},
    {AUDIT_DOOR_OPENED, "cfg.change", EVENT_SEV_MEDIUM, EVENT_OK},
    {AUDIT_DOOR_CLOSED, "cfg.change", EVENT_SEV_INFO, EVENT_OK},
    {AUDIT_CLAIM_CODE, "auth.claim_code", EVENT_SEV_MEDIUM, EVENT_OK},
    {AUDIT_CLAIM_WRONG, "auth.claim", EVENT_SEV_HIGH, EVENT_FAIL},
    {AUDIT_CLAIMED, "auth.claim", EVENT_SEV_MEDIUM, EVENT_OK},
    {AUDIT_CERT_REFUSED, "cert.rejected", EVENT_SEV_MEDIUM, EVENT_DENIED},
    {AUDIT_MQTT_REFUSED, "mqtt.refused", EVENT_SEV_MEDIUM, EVENT_DENIED},
    {AUDIT_NET_REFUSED, "net.refused", EVENT_SEV_LOW, EVENT_DENIED},
    {AUDIT_PROTO_ERROR, "proto.error", EVENT_SEV_LOW, EVENT_FAIL},
    {AUDIT_ARTIFACT_REFUSED, "artifact.refused", EVENT_SEV_MEDIUM, EVENT_DENIED},
    {AUDIT_IMPOSTOR, "auth.impostor", EVENT_SEV_CRITICAL, EVENT_DENIED},
    {AUDIT_ACT_DENIED, "authz.denied", EVENT_SEV_LOW, EVENT_DENIED},
    {AUDIT_STARTED, "boot.start", EVENT_SEV_INFO, EVENT_OK},
    {AUDIT_STARTED_UNCLEAN, "boot.start", EVENT_SEV_MEDIUM, EVENT_FAIL},
    {AUDIT_STOPPED, "boot.shutdown", EVENT_SEV_INFO, EVENT_OK},
    {AUDIT_CHILD_ENDED, "boot.child_ended", EVENT_SEV_MEDIUM, EVENT_FAIL},
    {AUDIT_KEY_ADDED, "cfg.vendor_key", EVENT_SEV_MEDIUM, EVENT_OK},
    {AUDIT_KEY_REMOVED, "cfg.vendor_key", EVENT_SEV_MEDIUM, EVENT_OK},
    {AUDIT_RELEASE_STAGED, "release.staged", EVENT_SEV_INFO, EVENT_OK},
    {AUDIT_RELEASE_OLDER, "release.staged", EVENT_SEV_MEDIUM, EVENT_OK},
    {AUDIT_RELEASE_FORGED, "release.refused", EVENT_SEV_HIGH, EVENT_DENIED},
    {AUDIT_RELEASE_REFUSED, "release.refused", EVENT_SEV_MEDIUM, EVENT_DENIED},
    {AUDIT_RELEASE_LEFT, "release.refused", EVENT_SEV_LOW, EVENT_FAIL},
    {AUDIT_RELEASE_WITHDRAWN, "release.withdraw", EVENT_SEV_LOW, EVENT_OK},
    {AUDIT_RELEASE_VERIFIED, "release.verify", EVENT_SEV_INFO, EVENT_OK},
    {AUDIT_SIGNED_IN, "auth.login", EVENT_SEV_INFO, EVENT_OK},
    {AUDIT_SIGNED_IN_LATE, "auth.login", EVENT_SEV_MEDIUM, EVENT_OK},
    {AUDIT_SIGN_IN_WRONG, "auth.login", EVENT_SEV_MEDIUM, EVENT_FAIL},
    {AUDIT_SIGN_IN_WAITS, "auth.login", EVENT_SEV_HIGH, EVENT_DENIED},
    {AUDIT_SIGNED_OUT, "auth.logout", EVENT_SEV_INFO, EVENT_OK},
    {AUDIT_PASSWORD_CHANGED, "auth.password", EVENT_SEV_MEDIUM, EVENT_OK},
    {AUDIT_PASSWORD_WRONG, "auth.password", EVENT_SEV_MEDIUM, EVENT_FAIL},
    {AUDIT_USER_ADDED, "user.add", EVENT_SEV_MEDIUM, EVENT_OK},
    {AUDIT_USER_ROLE, "user.role", EVENT_SEV_MEDIUM, EVENT_OK},
    {AUDIT_USER_DISABLED, "user.disable", EVENT_SEV_MEDIUM, EVENT_OK},
    {AUDIT_USER_ENABLED, "user.enable", EVENT_SEV_MEDIUM, EVENT_OK},
    {AUDIT_USER_PASSWORD, "user.password", EVENT_SEV_MEDIUM, EVENT_OK},
    {AUDIT_LOG_DAMAGED, "log.damaged", EVENT_SEV_CRITICAL, EVENT_FAIL},
    {AUDIT_METRICS_TOKEN, "cfg.metrics_token", EVENT_SEV_MEDIUM, EVENT_OK},
    {AUDIT_TOKEN, "cfg.token", EVENT_SEV_MEDIUM, EVENT_OK},
    {AUDIT_TOKEN_WRONG, "auth.token", EVENT_SEV_MEDIUM, EVENT_DENIED},
    {AUDIT_ALERT_ACKNOWLEDGED, "alert.acknowledge", EVENT_SEV_INFO, EVENT_OK},
    {AUDIT_ALERT_SNOOZED, "alert.snooze", EVENT_SEV_INFO, EVENT_OK},
    {AUDIT_ALERT_RESOLVED, "alert.resolve", EVENT_SEV_INFO, EVENT_OK},
    {AUDIT_ALERT_NOTED, "alert.note", EVENT_SEV_INFO, EVENT_OK},
    {AUDIT_BLOB_DAMAGED, "integ.hash_mismatch", EVENT_SEV_CRITICAL, EVENT_FAIL},
    {AUDIT_BLOB_INTACT, "upd.mismatch", EVENT_SEV_LOW, EVENT_FAIL},
    {AUDIT_BLOB_UNREAD, "release.verify", EVENT_SEV_MEDIUM, EVENT_FAIL},
    {AUDIT_STORE_FULL, "log.store_full", EVENT_SEV_HIGH, EVENT_FAIL},
    {AUDIT_STORE_HELD, "log.store_held", EVENT_SEV_MEDIUM, EVENT_FAIL},
    {AUDIT_TIME_STEP, "time.step", EVENT_SEV_MEDIUM, EVENT_OK},
    {AUDIT_LOGS_DROPPED, "log.dropped", EVENT_SEV_LOW, EVENT_FAIL},
    {AUDIT_LOG_ALTERED, "integ.log_altered", EVENT_SEV_CRITICAL, EVENT_DENIED},
    {AUDIT_ROLLOUT_CREATED, "rollout.created", EVENT_SEV_INFO, EVENT_OK},
    {AUDIT_ROLLOUT_STARTED, "rollout.started", EVENT_SEV_LOW, EVENT_OK},
    {AUDIT_ROLLOUT_PAUSED, "rollout.paused", EVENT_SEV_LOW, EVENT_OK},
    {AUDIT_ROLLOUT_RESUMED, "rollout.resumed", EVENT_SEV_LOW, EVENT_OK},
    {AUDIT_ROLLOUT_WAIVED, "rollout.waived", EVENT_SEV_MEDIUM, EVENT_OK},
    {AUDIT_ROLLOUT_ABORT, "rollout.abort", EVENT_SEV_MEDIUM, EVENT_OK},
    {AUDIT_ROLLOUT_ROLLBACK, "rollout.rollback", EVENT_SEV_MEDIUM, EVENT_OK},
    {AUDIT_ROLLOUT_HELD, "rollout.held", EVENT_SEV_MEDIUM, EVENT_FAIL},
    {AUDIT_ROLLOUT_STOPPED, "rollout.abort", EVENT_SEV_HIGH, EVENT_FAIL},
    {AUDIT_ROLLOUT_GOES_BACK, "rollout.rollback", EVENT_SEV_HIGH, EVENT_FAIL},
    {AUDIT_ROLLOUT_FINISHED, "rollout.finished", EVENT_SEV_INFO, EVENT_OK},
    {AUDIT_ROLLOUT_ABORTED, "rollout.aborted", EVENT_SEV_LOW, EVENT_OK},
    {AUDIT_ROLLOUT_ROLLED_BACK, "rollout.rolled_back", EVENT_SEV_LOW, EVENT_OK},
    {AUDIT_ROLLOUT_BACK_LEFT, "rollout.rolled_back", EVENT_SEV_MEDIUM, EVENT_FAIL},
    {AUDIT_ROLLOUT_DAMAGED, "rollout.damaged", EVENT_SEV_HIGH, EVENT_FAIL},
    {AUDIT_UPD_OK, "upd.ok", EVENT_SEV_INFO, EVENT_OK},
    {AUDIT_UPD_FAILED, "upd.failed", EVENT_SEV_MEDIUM, EVENT_FAIL},
    {AUDIT_UPD_UNREACHABLE, "upd.unreachable", EVENT_SEV_LOW, EVENT_FAIL},
    {AUDIT_UPD_LEFT, "upd.left_out", EVENT_SEV_LOW, EVENT_FAIL},
};

enum gw_rc audit_note(struct turn *turn, enum audit_what what, const char *subj, const char *obj, const char *msg,
                      struct gw_err *err)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (kinds[i].what != what)
            continue;
        struct audit_event event = {.sev = kinds[i].sev, .res = kinds[i].res};
        (void)snprintf(event.cls, sizeof(event.cls), "%s", kinds[i].cls);
        (void)snprintf(event.subj, sizeof(event.subj), "%s", subj);
        (void)snprintf(event.obj, sizeof(event.obj), "%s", obj);
        (void)snprintf(event.msg, sizeof(event.msg), "%s", msg);
        return turn_audit(turn, &event, err);
    }
    abort();
}
