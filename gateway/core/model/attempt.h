/*
 * attempt: one device's way through one job of a rollout, as the gateway sees it. Values only; no I/O, no clock. The
 * moves between the states stand in core/attempt.
 *
 *     waits       planned, deferred
 *     open        offered, accepted, downloading, downloaded, installing, rebooting, confirming: takes one of the
 *                 wave's places; from installing on it has begun: the device may hold the new version
 *     ended       ok, failed, rejected, rolled_back, cancelled, timed_out, unreachable: never leaves it again
 *
 * How the ended ones count: ok and the failures (failed, rejected, rolled_back, timed_out) are decided; unreachable has
 * a limit of its own; cancelled counts for nothing.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gw_rc.h"
#include "gw_time.h"
#include "gw_view.h"

/* Persisted: values never change, new ones go to the end. */
enum attempt_state {
    ATTEMPT_PLANNED = 1, /* waits for its turn; also again after a deferral */
    ATTEMPT_OFFERED = 2,
    ATTEMPT_ACCEPTED = 3,
    ATTEMPT_DOWNLOADING = 4,
    ATTEMPT_DOWNLOADED = 5,
    ATTEMPT_INSTALLING = 6,
    ATTEMPT_REBOOTING = 7,
    ATTEMPT_CONFIRMING = 8, /* runs the new version after a reboot; the confirm time runs */
    ATTEMPT_DEFERRED = 9,
    ATTEMPT_OK = 10,
    ATTEMPT_FAILED = 11,
    ATTEMPT_REJECTED = 12,    /* the device would not */
    ATTEMPT_ROLLED_BACK = 13, /* the device fell back to what it ran before */
    ATTEMPT_CANCELLED = 14,   /* the gateway took it back before it had begun, or the device is gone */
    ATTEMPT_TIMED_OUT = 15,   /* silent though connected, or silent since it had begun */
    ATTEMPT_UNREACHABLE = 16, /* not connected, and had not begun */
};
#define ATTEMPT_STATES 17 /* size of a table by state; row 0 is unused */

const char *attempt_state_text(enum attempt_state state); /* "unknown" outside of the enum, as all texts here */
GW_MUST_CHECK enum gw_rc attempt_state_parse(struct gw_view text, enum attempt_state *ret_state);

bool attempt_state_open(enum attempt_state state);  /* offered, and not over */
bool attempt_state_begun(enum attempt_state state); /* open, and installing or later */
bool attempt_state_ended(enum attempt_state state); /* over, whatever came of it */
bool attempt_state_failure(enum attempt_state state);

/* What a device says of itself (docs/rollouts.md). */
enum attempt_word {
    ATTEMPT_WORD_ACCEPTED = 1,
    ATTEMPT_WORD_DOWNLOADING = 2,
    ATTEMPT_WORD_DOWNLOADED = 3,
    ATTEMPT_WORD_INSTALLING = 4,
    ATTEMPT_WORD_REBOOTING = 5,
    ATTEMPT_WORD_INSTALLED = 6, /* it believes that it is done: ok is the gateway's word */
    ATTEMPT_WORD_FAILED = 7,
    ATTEMPT_WORD_REJECTED = 8,
    ATTEMPT_WORD_ROLLED_BACK = 9,
    ATTEMPT_WORD_CANCELLED = 10,
    ATTEMPT_WORD_DEFERRED = 11,
};
const char *attempt_word_text(enum attempt_word word);
GW_MUST_CHECK enum gw_rc attempt_word_parse(struct gw_view text, enum attempt_word *ret_word);
/* The state that a word leads to when nothing speaks against it: installed means rebooting until boot id and version
 * have shown it. */
enum attempt_state attempt_word_state(enum attempt_word word);

/* Why an attempt ended as it did. Persisted. The first part comes from devices, the second from the gateway. */
enum attempt_code {
    ATTEMPT_CODE_NONE = 0,
    ATTEMPT_CODE_OTHER = 1,        /* the device gave a code that is not on this list */
    ATTEMPT_CODE_SIGNATURE = 2,    /* the envelope is not signed by keys it trusts */
    ATTEMPT_CODE_DIGEST = 3,       /* the artifact is not the signed one */
    ATTEMPT_CODE_INCOMPATIBLE = 4, /* product, hardware or min_version */
    ATTEMPT_CODE_FLOOR = 5,        /* below the security floor */
    ATTEMPT_CODE_KIND = 6,         /* it does no jobs of this kind */
    ATTEMPT_CODE_NO_SPACE = 7,
    ATTEMPT_CODE_DOWNLOAD = 8,
    ATTEMPT_CODE_INSTALL = 9,
    ATTEMPT_CODE_BOOT = 10,   /* the new version did not come up */
    ATTEMPT_CODE_HEALTH = 11, /* it came up, its own check failed */
    ATTEMPT_CODE_BUSY = 12,
    ATTEMPT_CODE_POWER = 13,
    ATTEMPT_CODE_USER = 14, /* a person at the device refused */

    ATTEMPT_CODE_UNSTABLE = 32,        /* two breaks within the confirm time */
    ATTEMPT_CODE_OLD_VERSION = 33,     /* rebooted, and does not run the version of the job */
    ATTEMPT_CODE_STEP_TIME = 34,       /* no progress within the step time */
    ATTEMPT_CODE_TOTAL_TIME = 35,      /* not decided within the total time */
    ATTEMPT_CODE_LOCAL_CANCEL = 36,    /* the device cancelled what nobody had asked it to cancel */
    ATTEMPT_CODE_CANCEL_SILENT = 37,   /* it never answered the cancellation */
    ATTEMPT_CODE_GONE = 38,            /* revoked or retired */
    ATTEMPT_CODE_NOT_FIT = 39,         /* the release no longer fits the device, or was withdrawn */
    ATTEMPT_CODE_ALREADY_RUNNING = 40, /* it runs that version already */
    ATTEMPT_CODE_UNKNOWN_BEFORE = 41,  /* rollback: nobody knows what it ran before */
};
const char *attempt_code_text(enum attempt_code code); /* "" for NONE */
/* A device's code: "" is NONE, anything that is not one of a device's own is OTHER. */
enum attempt_code attempt_code_of_device(struct gw_view text);

/* Times of an attempt, in milliseconds. */
struct attempt_terms {
    int64_t confirm_ms;      /* connected, new version, new boot, no break: for so long, then ok */
    int64_t step_ms;         /* longest time without progress while connected or begun */
    int64_t total_ms;        /* from an offer to the begin of the confirm time */
    int64_t postpone_max_ms; /* deferrals count from the first offer, at most for so long */
};
#define ATTEMPT_CONFIRM_MS_DEFAULT  (10 * GW_MINUTE_MS)
#define ATTEMPT_STEP_MS_DEFAULT     GW_HOUR_MS
#define ATTEMPT_TOTAL_MS_DEFAULT    GW_DAY_MS
#define ATTEMPT_POSTPONE_MS_DEFAULT (7 * GW_DAY_MS)

#define ATTEMPT_BOOT_MAX 65 /* bytes of a boot id with its terminator, as in up/state and up/job */

/* What must be kept of one attempt, beside the ids that its row is found by. A time of 0 means "never". Zeroed but for
 * state = ATTEMPT_PLANNED it is new. */
struct attempt {
    enum attempt_state state;
    enum attempt_code code; /* valid once it has ended */
    uint32_t rev;           /* of the job as last offered or cancelled; 0: never offered */
    uint8_t progress;       /* percent of the present step, the device's word */
    uint8_t breaks;         /* of the confirm time */
    bool online;            /* the device is connected, as far as we see */
    bool proved;            /* confirming: version and boot id shown since the last break of the connection */
    bool cancel;            /* a cancellation was sent and nothing has come of it */
    bool taken;             /* the device has the version of the job, or may have it */
    struct gw_wall first_offer, offered;
    struct gw_wall sent;                 /* dn/job last went out for it */
    struct gw_wall step_since;           /* last progress, or connected after that; once ended: its end */
    struct gw_wall until;                /* deferred until then */
    struct gw_wall confirm_since;        /* 0 while the confirm time stands still */
    struct gw_wall cancel_since;         /* valid with cancel */
    char boot_before[ATTEMPT_BOOT_MAX];  /* boot id before the installation's reboot, "" unknown */
    char boot_confirm[ATTEMPT_BOOT_MAX]; /* boot id that the confirm time belongs to */
};

/* The device keeps the job's version after its attempt has ended: whom a rollback has to reach. */
bool attempt_holds(const struct attempt *a);
