/*
 * turn: one message, one turn (docs/architecture.md, rule 1). A service reads and changes the store and notes what
 * shall leave; the core loop commits, and only then lets it leave, in order. A turn that fails leaves nothing and sends
 * nothing but the answer that says so.
 *
 * Thread: core's. `outs` belongs to the turn; whatever an out owns moves with it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "answer.h"
#include "audit.h"
#include "gw_err.h"
#include "inbox.h"
#include "live.h"
#include "rollout_survey.h"
#include "session_table.h"
#include "store.h"
#include "token_table.h"
#include "work.h"

enum turn_out_kind {
    OUT_ANSWER = 1,
    OUT_REGISTRY,     /* the broker's entries of `device` may have changed: send them */
    OUT_REGISTRY_ALL, /* send the whole registry */
    OUT_WORK,
    OUT_QUERY,        /* for the query threads */
    OUT_SURVEY,       /* for the query threads: who would be offered a release */
    OUT_COLLECT,      /* blobs that no staged release names may go */
    OUT_VERIFY,       /* read a release's artifacts again */
    OUT_CUT,          /* close live HTTPS connections of this certificate */
    OUT_SESSION,      /* operators' sessions begin or end */
    OUT_FEED,         /* the feed is to know where core stands */
    OUT_TOKEN,        /* a token of a program is made or revoked */
    OUT_OPEN_DEVICES, /* the devices' listeners may open now */
    OUT_JOB,          /* `device` is to hear what dn/job says now */
    OUT_JOBACK,       /* `device` is to hear that its report is stored: id, rev, word */
    OUT_CONFIG,       /* `device` is to hear what dn/config says now */
    OUT_DUE,          /* a turn for the rollout or attempt `id` */
    OUT_LOOK,         /* more is due: look at the timers again */
    OUT_CHILD,        /* `child` is noted */
};

struct turn_out {
    enum turn_out_kind kind;
    bool after_registry; /* ANSWER: only when the broker has confirmed what this turn sent it */
    struct gw_device_id device;
    struct gw_sha256 cert_sha256;
    struct journal_feed feed;
    struct inbox_child child;
    struct answer *answer;          /* owned */
    struct work *work;              /* owned, with its blob */
    struct query *query;            /* owned */
    struct rollout_survey *survey;  /* owned */
    struct import_verify *verify;   /* owned */
    struct session_change *session; /* owned */
    struct token_change *token;     /* owned */
    char id[ATTEMPT_ID_LEN + 1];
    uint32_t rev;
    enum attempt_word word;
};

/* A ceiling against our own bugs: the process ends at it. Most turns have a handful; a step of a rollout may offer 256
 * devices, and a device's report may move ROLLOUTS_OF_DEVICE rollouts. */
#define TURN_OUTS_MAX 16384
#define TURN_DUE_MAX  4096 /* with so many outs no further turns are noted: the stored timers bring them */
#define TURN_LIVE_MAX 32

/* Names a row of the live protocol. */
struct turn_row {
    enum live_topic topic;
    char key[LIVE_KEY_MAX];
};

struct turn {
    const struct store *store;
    struct gw_wall now;
    struct turn_out *outs; /* owned; grows as needed */
    size_t count, cap;
    struct turn_row live[TURN_LIVE_MAX]; /* rows that changed, each once */
    size_t live_count;
    bool live_all[LIVE_TOPICS]; /* instead of single rows */
};

/* Forgets and frees every out behind the first `keep`; with 0 the rows that changed and the turn's memory, too. */
void turn_reset(struct turn *turn, size_t keep);

struct answer *turn_answer(struct turn *turn, enum answer_kind kind, struct asker asker);
/* ANSWER_DONE with a code and a sentence. */
void turn_done(struct turn *turn, struct asker asker, enum gw_rc rc, const char *text);
void turn_registry(struct turn *turn, const struct gw_device_id *device);
struct work *turn_work(struct turn *turn, enum work_kind kind, struct asker asker);
/* What is to become of operators' sessions; the caller fills the rest. */
struct session_change *turn_session(struct turn *turn, enum session_change_kind kind);
/* The same of a token. */
struct token_change *turn_token(struct turn *turn);
/* The place of a new out, valid until the next one is noted. */
struct turn_out *turn_out(struct turn *turn, enum turn_out_kind kind);
/* A turn for this rollout or attempt, behind what is queued; noted once. With TURN_DUE_MAX outs not at all: the row's
 * timer, which is due, brings it with the next look. */
void turn_due(struct turn *turn, const char *id);

/*
 * Says that people who watch see this row no longer as it is: it changed, came or went. After COMMIT the core loop
 * makes it anew, through the read that REST's single GET uses, once however often it was named. Naming a row that did
 * not change costs a read. With more than TURN_LIVE_MAX rows of a turn, and for a key that is longer than LIVE_KEY_MAX,
 * all of the topic's are made anew.
 */
void turn_live(struct turn *turn, enum live_topic topic, const char *key);
void turn_live_device(struct turn *turn, const struct gw_device_id *device); /* and the overview, which counts them */
/* Every row of the topic. They are made in slices, between other turns. */
void turn_live_all(struct turn *turn, enum live_topic topic);

/* Writes an audit event into the outbox, in this turn's transaction. `event->n` and `t` are filled here. */
GW_MUST_CHECK enum gw_rc turn_audit(struct turn *turn, struct audit_event *event, struct gw_err *err);
