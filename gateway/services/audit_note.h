/*
 * audit_note: the audit events of the gateway, made in one place so that classes and severities stay one list.
 */
#pragma once

#include "turn.h"

/* What is worth an event, with its class, severity and result in one table (audit_note.c). */
enum audit_what {
    AUDIT_INVITED = 1,
    AUDIT_ENROLLED,
    AUDIT_RENEWED,
    AUDIT_SECRET_WRONG,
    AUDIT_SECRET_VOID,
    AUDIT_SECRET_SECOND_KEY,
    AUDIT_KNOCKED,
    AUDIT_CEILING, /* devices.max is reached */
    AUDIT_APPROVED,
    AUDIT_REJECTED,
    AUDIT_QUARANTINED,
    AUDIT_RELEASED,
    AUDIT_REVOKED,
    AUDIT_RETIRED,
    AUDIT_DOOR_OPENED,
    AUDIT_DOOR_CLOSED,
    AUDIT_CLAIM_CODE,
    AUDIT_CLAIM_WRONG,
    AUDIT_CLAIMED,
    AUDIT_CERT_REFUSED,     /* the plugin or HTTPS refused a certificate, or who showed another's name with it */
    AUDIT_MQTT_REFUSED,     /* the plugin refused or cut what a session did */
    AUDIT_NET_REFUSED,      /* connections that came to nothing */
    AUDIT_PROTO_ERROR,      /* bytes that break the grammar of their place */
    AUDIT_ARTIFACT_REFUSED, /* HTTPS: a device asked for what is not its own */
    AUDIT_IMPOSTOR,         /* somebody on this machine tried the broker's local socket */
    AUDIT_ACT_DENIED,
    AUDIT_STARTED,
    AUDIT_STARTED_UNCLEAN, /* after something that was no clean stop */
    AUDIT_STOPPED,
    AUDIT_CHILD_ENDED,
    AUDIT_KEY_ADDED,
    AUDIT_KEY_REMOVED,
    AUDIT_RELEASE_STAGED,
    AUDIT_RELEASE_OLDER,   /* staged, but one with a higher counter was known */
    AUDIT_RELEASE_FORGED,  /* refused: signature, digest or security floor */
    AUDIT_RELEASE_REFUSED, /* refused: breaks its form, its manifest or its dates */
    AUDIT_RELEASE_LEFT,    /* not taken: known already, no room, cut short */
    AUDIT_RELEASE_WITHDRAWN,
    AUDIT_RELEASE_VERIFIED,
    AUDIT_BLOB_DAMAGED, /* a stored artifact is not what was signed */
    AUDIT_BLOB_INTACT,  /* it is, but a device has received something else */
    AUDIT_BLOB_UNREAD,  /* it could not be read again */
    AUDIT_STORE_FULL,   /* the journal cannot be written */
    AUDIT_STORE_HELD,   /* a write-ahead log stays above its ceiling */
    AUDIT_TIME_STEP,    /* the clock of this machine was set while we run */
    AUDIT_LOGS_DROPPED, /* the journal did not take what devices sent */
    AUDIT_LOG_ALTERED,  /* keyd has signed more, or something else, of a log than the journal holds */
    AUDIT_SIGNED_IN,
    AUDIT_SIGNED_IN_LATE, /* after failed tries */
    AUDIT_SIGN_IN_WRONG,
    AUDIT_SIGN_IN_WAITS, /* refused unchecked: too many tries before; once a wait */
    AUDIT_SIGNED_OUT,
    AUDIT_PASSWORD_CHANGED, /* one's own */
    AUDIT_PASSWORD_WRONG,   /* the old one, asked for when changing it */
    AUDIT_USER_ADDED,
    AUDIT_USER_ROLE,
    AUDIT_USER_DISABLED,
    AUDIT_USER_ENABLED,
    AUDIT_USER_PASSWORD, /* set by an admin */
    AUDIT_LOG_DAMAGED,   /* a stored log cannot be read: it takes nothing more */
    AUDIT_METRICS_TOKEN, /* made or revoked, as the next */
    AUDIT_TOKEN,
    AUDIT_TOKEN_WRONG, /* requests with one that is none, or none any more */
    AUDIT_ALERT_ACKNOWLEDGED,
    AUDIT_ALERT_SNOOZED,
    AUDIT_ALERT_RESOLVED,
    AUDIT_ALERT_NOTED,
    AUDIT_ROLLOUT_CREATED,
    AUDIT_ROLLOUT_STARTED,
    AUDIT_ROLLOUT_PAUSED,
    AUDIT_ROLLOUT_RESUMED,
    AUDIT_ROLLOUT_WAIVED,
    AUDIT_ROLLOUT_ABORT,     /* asked for by a person */
    AUDIT_ROLLOUT_ROLLBACK,  /* asked for by a person */
    AUDIT_ROLLOUT_HELD,      /* by a limit, as the next two */
    AUDIT_ROLLOUT_STOPPED,   /* the abort rule */
    AUDIT_ROLLOUT_GOES_BACK, /* the abort rule; also when what it goes back to is given out no more */
    AUDIT_ROLLOUT_FINISHED,
    AUDIT_ROLLOUT_ABORTED,     /* nothing is open any more */
    AUDIT_ROLLOUT_ROLLED_BACK, /* nothing is open any more, and nobody holds the version */
    AUDIT_ROLLOUT_BACK_LEFT,   /* the same, but some still hold it */
    AUDIT_ROLLOUT_DAMAGED,     /* a row contradicts itself: it is set aside */
    AUDIT_UPD_OK,
    AUDIT_UPD_FAILED,
    AUDIT_UPD_UNREACHABLE,
    AUDIT_UPD_LEFT, /* the device was left out when its turn came */
};

/* subj: who ("local:root", "device:pump-7", an address); obj: what it was done to; msg: one sentence. */
GW_MUST_CHECK enum gw_rc audit_note(struct turn *turn, enum audit_what what, const char *subj, const char *obj,
                                    const char *msg, struct gw_err *err);
