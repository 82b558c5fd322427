/*
 * inbox: the one way into core. Adapters and worker threads turn bytes into a core value and post it; core's thread
 * takes messages in order, a turn each (docs/architecture.md, rule 1). Implementation: gateway/app/inbox_queue.c, a
 * bounded queue.
 *
 * Ownership: post() copies the struct and takes over `blob` and `u.survey`; on any error the caller keeps them. Thread:
 * any.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "asker.h"
#include "attempt_entry.h"
#include "device.h"
#include "device_bus.h"
#include "gw_err.h"
#include "http_route.h"
#include "user.h"

#define INBOX_SECRET_LEN 16
#define INBOX_NAME_MAX   128

enum inbox_kind {
    INBOX_TICK = 1,    /* once a second */
    INBOX_BUS,         /* the message bus: `bus`, its payload in blob */
    INBOX_ENROL,       /* EST simpleenroll: `enrol`, CSR (DER) in blob */
    INBOX_RENEW,       /* EST simplereenroll: `enrol`, CSR (DER) in blob */
    INBOX_TRUST,       /* a device asks for the log's verifier key: `enrol`, its id and cert_sha256 */
    INBOX_ARTIFACT,    /* a device asks for a file of its attempt: `artifact` */
    INBOX_CSR_CHECKED, /* worker: `csr` */
    INBOX_ISSUED,      /* worker: `issued` */
    INBOX_HASHED,      /* worker: `act` again, its password now an argon2id string in blob (empty: it failed) */
    INBOX_CHECKED,  /* worker: `act` again with act.checked; in blob the argon2id string of the new password, if any */
    INBOX_ACT,      /* an operator's act: `act` */
    INBOX_PROGRESS, /* journal: what is durable now: `progress`, its array in blob */
    INBOX_KEY_READ, /* worker: `act` again, a struct vendor_key in blob, or why not in act.text and no blob */
    INBOX_IMPORTED, /* import thread: struct import_outcome in blob */
    INBOX_VERIFIED, /* import thread: struct import_verify in blob */
    INBOX_SURVEYED, /* query thread, and core to itself for the next slice: `survey` */
    INBOX_UNREAD,   /* worker: the file that this device may have is gone or of another size: `artifact` */
    INBOX_FEED,     /* the walk along the journal: struct feed_batch in blob */
    INBOX_CHILD,    /* a supervised process came or went: `child` */
    INBOX_DUE,      /* core to itself: a turn for the rollout or attempt `due` */
    INBOX_LOOK,     /* core to itself: more is due */
    INBOX_LIVE,     /* those who watch lost rows on the way: all are to be handed over again */
    INBOX_START,    /* core to itself: the first turn */
    INBOX_STOP,     /* core to itself: the last turn */
};

/* EST request. simpleenroll carries Basic credentials or none, simplereenroll the certificate of the connection. */
struct inbox_enrol {
    struct gw_device_id id; /* of the credentials, of the certificate, or of the CSR's CN when there are none */
    bool has_secret;
    bool secret_readable; /* false: credentials were given but are no 128-bit base32: counts as wrong */
    uint8_t secret[INBOX_SECRET_LEN];
    struct gw_sha256 cert_sha256; /* RENEW, TRUST */
    char source[HTTP_SOURCE_MAX];
};

/* GET /artifacts/<attempt>/<name>. */
struct inbox_artifact {
    struct gw_device_id device; /* as its certificate says */
    struct gw_sha256 cert_sha256;
    char attempt[ATTEMPT_ID_LEN + 1]; /* "", as the name: no such thing can be */
    char name[RELEASE_FILE_NAME_MAX + 1];
    char source[HTTP_SOURCE_MAX];
};

/* What the worker found in a CSR. `context` is the enrol request it belongs to. */
struct inbox_csr {
    struct inbox_enrol context;
    bool renew;
    enum gw_rc rc; /* GW_OK, or GW_INVALID / GW_DENIED with why[] */
    char why[160];
    char cn[64]; /* subject CN as asked, "" when there is none */
    struct device_spki spki;
    struct gw_sha256 spki_sha256;
};

struct inbox_issued {
    struct inbox_enrol context;
    bool renew;
    enum gw_rc rc;
    char why[160];
    struct gw_sha256 spki_sha256;
    struct device_cert cert; /* valid when rc is GW_OK */
};

enum act_kind {
    ACT_INVITE = 1, /* device, text = display name; answers ANSWER_INVITATION */
    ACT_APPROVE,    /* device, spki_sha256 */
    ACT_REJECT,     /* device */
    ACT_QUARANTINE, /* device */
    ACT_RELEASE,    /* device */
    ACT_REVOKE,     /* device */
    ACT_RETIRE,     /* device */
    ACT_DOOR_OPEN,  /* number = minutes, 1 to 60 */
    ACT_DOOR_CLOSE,
    ACT_CLAIM_CODE,   /* superuser: makes a new claim code; answers ANSWER_CLAIM_CODE */
    ACT_CLAIM,        /* anonymous: text = code, name = first admin's name, blob = password */
    ACT_CLAIM_GET,    /* anonymous: answers ANSWER_CLAIM */
    ACT_STATUS,       /* answers ANSWER_STATUS */
    ACT_DEVICE_LIST,  /* device = cursor (may be zeroed), number = limit; answers ANSWER_DEVICES */
    ACT_DEVICE_GET,   /* device; answers ANSWER_DEVICES with one */
    ACT_PENDING_LIST, /* answers ANSWER_PENDING */
    /* Reads of the logs: blob is one struct query (query.h), but for ACT_LOG_KEY. */
    ACT_LOG_LIST,       /* answers ANSWER_LOGS */
    ACT_LOG_EVENTS,     /* answers ANSWER_LOG_EVENTS */
    ACT_LOG_SEARCH,     /* answers ANSWER_LOG_SEARCH */
    ACT_LOG_CHECKPOINT, /* answers ANSWER_LOG_CHECKPOINT */
    ACT_LOG_TILE,       /* answers ANSWER_LOG_TILE */
    ACT_LOG_EVIDENCE,   /* answers ANSWER_LOG_EVIDENCE */
    ACT_LOG_KEY,        /* answers ANSWER_LOG_KEY */
    /* Releases and who may sign them. text: keyid or release id. */
    ACT_KEY_LIST,          /* answers ANSWER_KEYS */
    ACT_KEY_ADD,           /* text = name, blob = PEM; answers ANSWER_KEYS with one */
    ACT_KEY_REMOVE,        /* text */
    ACT_RELEASES_LIST,     /* text = id to go on behind, or ""; number = limit; answers ANSWER_RELEASES */
    ACT_RELEASES_GET,      /* text; answers ANSWER_RELEASES with one and its files */
    ACT_RELEASES_IMPORT,   /* never posted: for the permission alone */
    ACT_RELEASES_PROGRESS, /* answers ANSWER_IMPORT */
    ACT_RELEASES_WITHDRAW, /* text; answers as GET */
    ACT_RELEASES_VERIFY,   /* text; answers as GET, or with what is damaged */
    /* Rollouts. text: the rollout's id; blobs: rollout_ask.h. */
    ACT_ROLLOUT_LIST, /* text = id to go on behind, or ""; number = limit; answers ANSWER_ROLLOUTS, the newest first */
    ACT_ROLLOUT_GET,  /* text; answers ANSWER_ROLLOUTS with one, as do all that change it */
    ACT_ROLLOUT_CREATE,  /* blob = struct rollout_ask_order: a draft */
    ACT_ROLLOUT_PREVIEW, /* the same blob, and nothing is kept; answers ANSWER_ROLLOUT_PREVIEW */
    ACT_ROLLOUT_START,   /* text, blob = struct rollout_ask_change, as do the next five */
    ACT_ROLLOUT_PAUSE,
    ACT_ROLLOUT_RESUME,
    ACT_ROLLOUT_ABORT,
    ACT_ROLLOUT_ROLLBACK,
    ACT_ROLLOUT_WAIVE,
    ACT_ROLLOUT_ATTEMPTS, /* text, blob = struct rollout_ask_attempts; answers ANSWER_ATTEMPTS */
    ACT_DEVICE_ATTEMPTS,  /* device; answers ANSWER_ATTEMPTS, the newest first */
    /* Alerts. text: id. Those that change it may have a note in blob, and answer as GET. */
    ACT_ALERT_LIST, /* blob = struct store_alerts, number = limit; answers ANSWER_ALERTS */
    ACT_ALERT_GET,  /* answers ANSWER_ALERTS with one */
    ACT_ALERT_ACK,
    ACT_ALERT_SNOOZE, /* number = until, ms */
    ACT_ALERT_RESOLVE,
    ACT_ALERT_NOTE,
    ACT_METRICS_TOKEN, /* answers ANSWER_METRICS_TOKEN; voids the one before */
    ACT_METRICS_REVOKE,
    /* Tokens of programs. */
    ACT_TOKEN_LIST,   /* answers ANSWER_TOKENS */
    ACT_TOKEN_ADD,    /* name, text = role, number = days; answers ANSWER_TOKENS with one and its text */
    ACT_TOKEN_REVOKE, /* name */
    /* People. A password in blob is bytes without NUL. */
    ACT_SIGN_IN,       /* anonymous: name, blob = password, text = the browser's cookie from before, or "", and in
                        * INBOX_CHECKED its id, if it is known; answers ANSWER_SESSION */
    ACT_SESSION_GET,   /* answers ANSWER_SESSION */
    ACT_SIGN_OUT,      /* answers ANSWER_SIGNED_OUT */
    ACT_PASSWORD,      /* one's own: blob = old password, NUL, new one */
    ACT_USER_LIST,     /* answers ANSWER_USERS, as do the next six */
    ACT_USER_GET,      /* name */
    ACT_USER_ADD,      /* name, number = enum user_role, blob = password */
    ACT_USER_ROLE,     /* name, number = enum user_role */
    ACT_USER_DISABLE,  /* name */
    ACT_USER_ENABLE,   /* name */
    ACT_USER_PASSWORD, /* name, blob = password */
};

struct inbox_act {
    enum act_kind kind;
    bool refused; /* at the door: text says why; core answers and writes it down */
    struct actor actor;
    struct gw_device_id device;
    struct gw_sha256 spki_sha256;
    int64_t number;
    struct gw_mono answer_by; /* whoever asked is told then that no answer came; 0: nobody is */
    int64_t if_rev;           /* -1: no If-Match was sent */
    enum gw_rc checked;       /* INBOX_CHECKED: GW_DENIED when the password is another one */
    int64_t checked_rev; /* the account's revision whose password was to be compared; 0: there is no such account */
    char name[USER_NAME_MAX];
    char text[INBOX_NAME_MAX];
    char source[HTTP_SOURCE_MAX];
};

/* Of answer_by this is left for COMMIT and for the answer's way back. */
#define INBOX_ACT_SPARE_MS 2000

/* Too late to be done: nobody would hear that it was. */
static inline bool inbox_act_late(const struct inbox_act *act, struct gw_mono now)
{
    return act->answer_by.ms != 0 && now.ms >= act->answer_by.ms - INBOX_ACT_SPARE_MS;
}

enum child_kind { CHILD_BROKER = 1, CHILD_KEYD = 2 };

#define INBOX_PORT_TAKEN "its port is taken by another program: stop that one, or change mqtt.port and start again"

struct inbox_child {
    enum child_kind which;
    bool up;
    bool asked;      /* it went because the gateway wanted it to */
    int status;      /* as of waitpid(2), when it went */
    bool port_taken; /* the broker: another program listens where it must */
};

/* blob holds `count` of struct log_progress. */
struct inbox_progress {
    uint32_t count;
    int64_t audit_n; /* audit events up to this number are in the journal; 0: unchanged */
};

struct rollout_survey; /* rollout_survey.h */

struct inbox_msg {
    enum inbox_kind kind;
    struct gw_wall now; /* filled by post() */
    struct asker asker;
    union {
        struct bus_event bus;
        struct inbox_enrol enrol;
        struct inbox_artifact artifact;
        struct inbox_csr csr;
        struct inbox_issued issued;
        struct inbox_act act;
        struct inbox_child child;
        struct inbox_progress progress;
        char due[ATTEMPT_ID_LEN + 1];
        struct rollout_survey *survey; /* owned, as blob is */
    } u;
    uint8_t *blob; /* owned, malloc(3); may be NULL */
    size_t blob_len;
};

struct inbox {
    void *self;
    /* GW_AGAIN when the queue is full (8,192 messages or 32 MiB of blobs), GW_CANCELLED while stopping. */
    enum gw_rc (*post)(void *self, const struct inbox_msg *msg);
};
