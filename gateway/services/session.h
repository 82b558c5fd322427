/*
 * session: who is connected, and what the broker is told about who may be.
 *
 * Order: COMMIT, registry, the plugin's confirmation, then the answer. So an answer that
 * depends on the registry waits here for its generation. While the broker is away nothing is confirmed; a broker that
 * comes back is empty and closed until it has the whole registry.
 *
 * Presence is memory only: after a start everybody is offline until the plugin's list arrives.
 *
 * Thread: core's, but for session_seen(): what people see of presence is changed under a lock.
 */
#pragma once

#include <pthread.h>

#include "device_bus.h"
#include "device_config.h"
#include "turn.h"
#include "watch.h"

#define SESSION_WAITING_MAX 4096
#define SESSION_CONFIRM_MS  INT64_C(10000)
#define SESSION_JOBS_MAX    8 /* an up/state of two bytes is answered with a job of some ten KB */
#define SESSION_QUEUED_MAX  8 /* a device that floods displaces nobody's reports but its own */

struct presence {
    struct gw_device_id id;
    bool online;
    struct gw_wall seen;
    char source[DEVICE_SOURCE_MAX];
    struct gw_sha256 cert_sha256;
    struct gw_wall gap_told;   /* when a batch that could not be taken was last answered */
    struct gw_wall jobs_since; /* the second that jobs_sent counts in */
    uint8_t jobs_sent;
    struct gw_wall advised_since; /* the same of dn/config */
    uint8_t advised;
    uint8_t queued; /* messages on their way to their turn */
};

/* What people see of a device's presence. */
struct session_seen {
    bool online;
    struct gw_wall seen; /* ms 0: never since the start */
    char source[DEVICE_SOURCE_MAX];
};

struct session_waiting {
    uint64_t generation;
    struct gw_wall deadline;
    struct answer *answer; /* owned */
};

typedef void session_answer_fn(void *ctx, struct answer *answer);

struct session {
    struct device_bus bus;
    session_answer_fn *answer; /* takes no ownership */
    void *answer_ctx;
    bool broker_up;
    bool listed;              /* the plugin's list of who is connected has begun since it came up */
    struct gw_wall began, up; /* since the start; since when the broker is up */
    uint64_t generation;      /* last sent */
    uint64_t confirmed;
    struct gw_wall sent;       /* when something was sent last, or the broker came up */
    pthread_mutex_t lock;      /* around changes of presence's table, of its ids, online, seen and source */
    struct presence *presence; /* open addressing, capacity a power of two; id "" = free */
    size_t presence_cap, presence_count, online_count;
    struct device_config advice; /* what devices are told; its `renew` is each one's own (advice.h) */
    struct watch watch;
    struct session_waiting *waiting; /* ring of SESSION_WAITING_MAX, by rising generation */
    size_t waiting_head, waiting_count;
};

void session_init(struct session *s, session_answer_fn *answer, void *answer_ctx, struct gw_wall now);
void session_done(struct session *s);

/* One event of the bus: notes presence, confirmations, security reports (as audit events), wants. */
GW_MUST_CHECK enum gw_rc session_event(struct session *s, struct turn *turn, const struct bus_event *event,
                                       struct gw_err *err);
/* May a batch of this device that could not be taken be answered now? At most once a second; saying yes notes
 * it. */
bool session_may_tell_gap(struct session *s, const struct gw_device_id *id, struct gw_wall now);
/* May it be told its job now? Saying yes notes it; SESSION_JOBS_MAX times a second at most. */
bool session_may_send_job(struct session *s, const struct gw_device_id *id, struct gw_wall now);
/* The same of dn/config. */
bool session_may_advise(struct session *s, const struct gw_device_id *id, struct gw_wall now);
/* A message of this device wants a turn. False: SESSION_QUEUED_MAX of them wait already, it is dropped. */
bool session_queue(struct session *s, const struct gw_device_id *id);
void session_unqueue(struct session *s, const struct gw_device_id *id); /* it has had its turn, or got none */
/* NULL when the device was never seen since the start. */
const struct presence *session_presence(const struct session *s, const struct gw_device_id *id);
/* From any thread; zeroed when the device was never seen since the start. */
void session_seen(struct session *s, const struct gw_device_id *id, struct session_seen *ret_seen);

/* After COMMIT. Both read the store outside any transaction. A device's entries that cannot be sent make the whole
 * registry overdue. */
GW_MUST_CHECK enum gw_rc session_send_all(struct session *s, const struct store *store, struct gw_wall now,
                                          struct gw_err *err);
GW_MUST_CHECK enum gw_rc session_send_device(struct session *s, const struct store *store,
                                             const struct gw_device_id *id, struct gw_wall now, struct gw_err *err);
/* Is a broker up that has not confirmed for SESSION_CONFIRM_MS what it was sent last? Then it is to be sent all again:
 * the order to send may have been lost with its transaction. */
bool session_registry_overdue(const struct session *s, struct gw_wall now);
/* Keeps the answer until what was sent so far is confirmed. Takes it over. */
void session_hold(struct session *s, struct answer *answer, struct gw_wall now);
/* Once a second: answers that waited too long leave with GW_TIMEOUT (RETRY for an enrolment). */
void session_tick(struct session *s, struct gw_wall now);
