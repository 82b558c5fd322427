/*
 * enrol: how a device comes to hold a certificate (docs/devices.md; RFC 7030 sections 4.2.1 to 4.2.3).
 *
 *     request ─► secret? ─► CSR to a worker ─► bind the key ─► certificate from keyd ─► COMMIT ─► broker's registry
 *                                                                                     ─► its confirmation ─► answer
 *
 * Every step looks at the store again: between two steps an operator may have revoked or rejected. A step may come
 * twice (an answer was lost, a process was killed): the same key gets the same certificate.
 */
#pragma once

#include "gw_hash.h"
#include "turn.h"
#include "watch.h"

#define ENROL_INVITE_MS          (24 * GW_HOUR_MS)
#define ENROL_PENDING_MS         (24 * GW_HOUR_MS)
#define ENROL_WRONG_MAX          5
#define ENROL_WRONG_WINDOW_MS    GW_HOUR_MS
#define ENROL_PENDING_MAX        100
#define ENROL_PENDING_PER_SOURCE 5
#define ENROL_DOOR_MINUTES_MAX   60
#define ENROL_RETRY_S            15
#define ENROL_RENEW_MAX          10 /* renewals of one device within an hour: each is an event for ever */
#define ENROL_RENEW_PLACES       64 /* devices that are counted at a time; then the oldest count is forgotten */

struct enrol_renewals {
    struct gw_device_id device;
    struct gw_wall since; /* the first that is counted */
    int count;            /* one above ENROL_RENEW_MAX: refused, and told */
};

struct enrol {
    const struct gw_sha256_ops *hash;
    struct gw_wall door_open_until; /* in memory only: a restart closes the door */
    int64_t stray_wrong;            /* wrong secrets for ids that have no invitation, since the last event about it */
    struct gw_wall stray_noted;
    int64_t devices_max; /* active and quarantined together: the broker refuses a registry above it */
    struct gw_wall ceiling_noted;
    struct enrol_renewals renewals[ENROL_RENEW_PLACES];
};

/* INBOX_ENROL. Takes the CSR out of msg->blob when it goes on to a worker. */
GW_MUST_CHECK enum gw_rc enrol_request(struct enrol *e, struct turn *turn, struct inbox_msg *msg, struct gw_err *err);
/* INBOX_RENEW. */
GW_MUST_CHECK enum gw_rc enrol_renew(struct watch *watch, struct turn *turn, struct inbox_msg *msg, struct gw_err *err);
/* INBOX_TRUST: answers with this verifier key when the certificate is one of an active device. */
GW_MUST_CHECK enum gw_rc enrol_trust(struct watch *watch, struct turn *turn, const struct inbox_msg *msg,
                                     const char *log_vkey, struct gw_err *err);
/* INBOX_CSR_CHECKED. */
GW_MUST_CHECK enum gw_rc enrol_csr_checked(struct enrol *e, struct turn *turn, const struct inbox_msg *msg,
                                           struct gw_err *err);
/* INBOX_ISSUED. */
GW_MUST_CHECK enum gw_rc enrol_issued(struct enrol *e, struct turn *turn, const struct inbox_msg *msg,
                                      struct gw_err *err);
/* INBOX_TICK: the door closes, pending entries lapse, stray attempts become one event. */
GW_MUST_CHECK enum gw_rc enrol_tick(struct enrol *e, struct turn *turn, struct gw_err *err);

/* How many devices are active or quarantined. */
GW_MUST_CHECK enum gw_rc enrol_admitted(const struct store *store, int64_t *ret_count, struct gw_err *err);

/* A certificate of a device connected: it is in use, older ones go. NOT_FOUND when it is not ours. */
GW_MUST_CHECK enum gw_rc enrol_cert_used(struct turn *turn, const struct gw_device_id *device,
                                         const struct gw_sha256 *cert_sha256, struct gw_err *err);
