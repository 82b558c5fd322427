/*
 * device: what the gateway knows of one device, its certificate and its way in. Values only; no I/O, no clock.
 *
 *                    invite                        enrol with secret, or operator approves
 *        (none) ─────────────► invited ──────────────────────────────► active ◄────────┐
 *           │                    │  ▲                                   │  │           │ release
 *           │ enrolment door     │  │ invite again                      │  │ quarantine│
 *           ▼                    │  │                                   │  └──────► quarantined
 *        pending ── approve ─────┼──┼──► active                         │              │
 *           │                    │  │                                   ▼              │
 *           └─ reject ► rejected ┘  └───────────────────────────── revoked ◄───────────┘
 *                                                                       │ retire (also from every other state)
 *                                                                       ▼
 *                                                                    retired
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gw_hash.h"
#include "gw_id.h"
#include "gw_rc.h"
#include "gw_time.h"

/* Persisted: values never change, new ones go to the end. */
enum device_state {
    DEVICE_INVITED = 1,
    DEVICE_PENDING = 2,
    DEVICE_ACTIVE = 3,
    DEVICE_QUARANTINED = 4,
    DEVICE_REJECTED = 5,
    DEVICE_REVOKED = 6,
    DEVICE_RETIRED = 7,
};

/* What may happen to a device's state; who may do it is decided by the caller. */
enum device_act {
    DEVICE_ACT_INVITE = 1,
    DEVICE_ACT_KNOCK, /* asked to enrol without a secret while the door was open */
    DEVICE_ACT_ENROL, /* right secret, certificate issued */
    DEVICE_ACT_APPROVE,
    DEVICE_ACT_REJECT,
    DEVICE_ACT_QUARANTINE,
    DEVICE_ACT_RELEASE,
    DEVICE_ACT_REVOKE,
    DEVICE_ACT_RETIRE,
};

const char *device_state_text(enum device_state state);
const char *device_act_text(enum device_act act);

/* The transition table above. GW_CONFLICT when the act does not apply in that state. */
GW_MUST_CHECK enum gw_rc device_step(enum device_state from, enum device_act act, enum device_state *ret_to);
/* States whose certificates are in the broker's registry. */
bool device_admissible(enum device_state state);

#define DEVICE_NAME_MAX   128
#define DEVICE_SOURCE_MAX 64
#define DEVICE_WHY_MAX    120 /* what was wrong with what a device sent, as text for people */
#define DEVICE_WHAT_MAX   100 /* what somebody tried whom we do not trust, made harmless: printable ASCII */

struct device {
    struct gw_device_id id;
    enum device_state state;
    char name[DEVICE_NAME_MAX]; /* what people call it, UTF-8; may be empty */
    struct gw_wall created;
    struct gw_wall changed;
    int64_t rev; /* optimistic revision, 0 before the first put */
};

#define DEVICE_CERT_DER_MAX 2048
#define DEVICE_SPKI_MAX     128 /* DER SubjectPublicKeyInfo: P-256 is 91 bytes, Ed25519 is 44 */

struct device_spki {
    uint8_t der[DEVICE_SPKI_MAX];
    uint16_t len;
};

/* An issued certificate. der is kept so that a lost answer can be given again. */
struct device_cert {
    struct gw_device_id device;
    struct gw_sha256 sha256; /* of the DER: the key in the broker's registry */
    struct gw_sha256 spki_sha256;
    uint8_t serial[16];
    struct gw_wall not_before;
    struct gw_wall not_after;
    bool revoked; /* never again, though the device may be active under another */
    bool used;    /* it has connected: from then on the older one may go */
    uint16_t der_len;
    uint8_t der[DEVICE_CERT_DER_MAX];
};

/* At most one per device. The secret itself is never stored. */
struct device_invite {
    struct gw_device_id device;
    struct gw_sha256 secret_sha256; /* of the 16 secret bytes; they are random, so no salt and no slow hash */
    struct gw_wall created;
    struct gw_wall expires;
    bool bound;                   /* a public key has used it */
    struct gw_sha256 spki_sha256; /* valid when bound */
    int32_t wrong_count;          /* within the hour that began at wrong_since; at 5 the invitation is void */
    struct gw_wall wrong_since;
    int64_t rev;
};

/* A knock at the open enrolment door, keyed by (device, SPKI). */
struct device_pending {
    struct gw_device_id device;
    struct gw_sha256 spki_sha256;
    struct device_spki spki;
    char source[DEVICE_SOURCE_MAX]; /* address it came from */
    struct gw_wall created;
    struct gw_wall expires;
    bool approved; /* the next poll by this key gets its certificate */
};
