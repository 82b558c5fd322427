/*
 * desk: services over the store in memory: one message in, its answers out. The clock is a number.
 */
#pragma once

#include "access.h"
#include "enrol.h"
#include "gw_test.h"
#include "mem.h"
#include "operate.h"
#include "session.h"
#include "turn.h"

struct desk {
    struct mem *mem;
    struct store store;
    struct operate operate;
    struct session session;
    struct session_table *sessions;
    struct token_table *tokens;
    struct gateway_facts facts;
    struct turn turn; /* of the last message */
    struct gw_wall now;
    int64_t clock_ahead_ms; /* of `now` before the clock that never steps */
    struct answer last;     /* what the session let out last; kind 0: nothing */
    size_t let_out;
    struct answer_doors doors;     /* what the HTTPS doors say */
    struct answer_storage storage; /* how storing goes */
    /* the fake bus */
    size_t sent_all, sent_device;
    struct bus_entry entries[64];
    size_t entry_count;
    uint64_t generation;
    bool bus_fails;
    struct desk_down *downs; /* what went to devices, in order */
    size_t down_count;
    /* turns that turns have asked for (OUT_DUE, OUT_LOOK with an empty id) */
    char (*due)[ATTEMPT_ID_LEN + 1];
    size_t due_count;
    bool dies; /* what the next turn commits is not followed by anything */
    struct row_match match;
    struct rollout_survey *survey;         /* what a preview or a draft has found, until its turns are over */
    enum gw_rc (*between)(struct desk *d); /* called between its pages; NULL: nothing happens there */
    bool holds;                            /* its turns are left to desk_surveyed(), up to the last of them */
};

#define DESK_DOWNS_MAX 4096
#define DESK_DUE_MAX   4096

struct desk_down {
    struct gw_device_id device;
    char down[8]; /* "job", "joback" */
    char *payload;
};

void desk_open(struct desk *d);
/* The same over another store, which is not closed with the desk. */
void desk_open_over(struct desk *d, struct store store);
void desk_close(struct desk *d);

/* One turn, committed when it returned GW_OK, rolled back otherwise. */
enum gw_rc desk_act(struct desk *d, enum act_kind kind, const char *device, const char *text);
enum gw_rc desk_msg(struct desk *d, struct inbox_msg *msg);
/* The next turn of the survey that is held. */
enum gw_rc desk_surveyed(struct desk *d);
/* Ends a turn that was begun by hand: commits and lets out with GW_OK, rolls back otherwise. */
void desk_end(struct desk *d, enum gw_rc rc);
/* The turns that turns have asked for, until there is none left. */
void desk_settle(struct desk *d);
/* What the bus tells, with all that follows; a message's payload is a JSON text. */
enum gw_rc desk_bus(struct desk *d, const struct bus_event *event);
/* The last that went to the device there; NULL: nothing. */
const char *desk_down(const struct desk *d, const char *device, const char *down);
/* The answer among the last turn's outs, or NULL. */
const struct answer *desk_answer(const struct desk *d);
const struct turn_out *desk_out(const struct desk *d, enum turn_out_kind kind);
/* Audit events of this class in the outbox. */
size_t desk_audits(struct desk *d, const char *cls);
/* Whether one of them is about this subject. */
bool desk_audited(struct desk *d, const char *cls, const char *subj);
/* Whether one of them was done to this and holds these words. */
bool desk_says(struct desk *d, const char *obj, const char *words);
/* An id that must be valid. */
struct gw_device_id desk_id(const char *text);

/* Enrolment, step by step. */
struct desk_request {
    const char *device; /* NULL: without credentials */
    uint8_t secret[INBOX_SECRET_LEN];
    uint8_t key; /* which public key */
    const char *cn;
    const char *source;
};
enum gw_rc desk_enrol(struct desk *d, const struct desk_request *r);                  /* INBOX_ENROL */
enum gw_rc desk_csr(struct desk *d, const struct desk_request *r);                    /* INBOX_CSR_CHECKED */
enum gw_rc desk_issued(struct desk *d, const struct desk_request *r, uint8_t serial); /* INBOX_ISSUED */
/* Invites and reads the secret off the answer. */
void desk_invite(struct desk *d, const char *device, uint8_t secret[INBOX_SECRET_LEN]);
/* Invites and enrols with this key; the certificate's hash is 32 times `serial`. */
void desk_active(struct desk *d, const char *device, uint8_t key, uint8_t serial);
struct gw_sha256 desk_hash(uint8_t byte);

extern const struct gw_test_case enrol_cases[], access_cases[], session_cases[], releases_cases[], people_cases[],
    boot_cases[], live_cases[], alerts_cases[], artifacts_cases[], rollouts_cases[], rollouts_act_cases[],
    rollouts_device_cases[], tokens_cases[], recheck_cases[];
extern const size_t enrol_case_count, access_case_count, session_case_count, releases_case_count, people_case_count,
    boot_case_count, live_case_count, alerts_case_count, artifacts_case_count, rollouts_case_count,
    rollouts_act_case_count, rollouts_device_case_count, tokens_case_count, recheck_case_count;
