/*
 * rollouts: brings releases to devices in waves. What shall happen is decided by core/rollout and core/attempt; here
 * those decisions meet the store, the devices and the people, one transaction a turn (docs/rollouts.md).
 *
 *     event ─► attempt_step ─► rollout_step(CHANGED) ─► rows: plan_back, bulk cancels, offers, cancellations
 *                                                          │
 *              audit, COMMIT, then dn/job, dn/joback  ◄────┘      what follows (SKIP, the next cancellations)
 *
 * Clock: the stored timers, looked at once a second by the tick. Each due row gets a turn of its own
 * (OUT_DUE), so that a damaged one stops nobody else: it is set aside for ROLLOUTS_PARK_MS and told.
 *
 * While the broker is away, and until its list of who is connected begins, no timer runs: then everything open is told
 * how long it was not seen (BLIND), in slices of rows_max from the first word of that list on; what something happens
 * to before its slice comes is told first. Until all are told the absence stays noted: a stop in between begins it
 * again.
 *
 * Memory is small and may be lost: which release was read last, what was not sent yet, which cancellations are still
 * to be asked for. A start asks for all of it again. Thread: core's, but for what says otherwise.
 */
#pragma once

#include "device_bus.h"
#include "rollout_ask.h"
#include "rollout_members.h"
#include "rollout_step.h"
#include "rollout_survey.h"
#include "rows.h"
#include "session.h"
#include "turn.h"

#define ROLLOUTS_DUE_MAX     64 /* rows that one look at the timers takes up; the rest is looked at behind them */
#define ROLLOUTS_PARK_MS     (10 * GW_MINUTE_MS)
#define ROLLOUTS_PARKED_MAX  32  /* rows set aside at a time; a further one replaces the oldest */
#define ROLLOUTS_SWEEP_SLICE 256 /* attempts that one turn asks to leave */
#define ROLLOUTS_SWEEPS_MAX  16  /* at a time; a further one is asked for again by the rollout's timer */
#define ROLLOUTS_SWEEP_MS    GW_MINUTE_MS
#define ROLLOUTS_STALL_MS                                                                                              \
    (2 * GW_SECOND_MS)             /* each slice asks for the next; one that is missed so long is asked again */
#define ROLLOUTS_RECALL_MAX 16     /* rollouts that one turn pauses since their release is not given any more */
#define ROLLOUTS_FOLLOW_MAX 256    /* offers of one turn that may come to nothing; further ones in their own turns */
#define ROLLOUTS_OF_DEVICE  32     /* newest attempts of a device that its reports are held against */
#define ROLLOUTS_ASKED_MAX  200000 /* devices that the queries of one preview or draft are asked of */
/* Devices of one snapshot of a survey: readers must not hold up for long what the log of the database gives back. */
#define ROLLOUTS_SURVEY_PAGE 1000
#define ROLLOUTS_LISTS_MAX   16   /* lists of a draft's devices that one turn stores: of ROLLOUT_SLICE_MAX each */
#define ROLLOUTS_JOBS_MAX    8192 /* outs of a turn; with so many, further dn/job are left to the resend */
#define ROLLOUTS_UNSENT_MAX  4096 /* devices whose dn/job waits for room at the broker; others get it at the resend */
#define ROLLOUTS_RESEND_MAX  128  /* of them that go in one go */
#define ROLLOUTS_ALIVE_MS    GW_MINUTE_MS /* how often it is noted that the gateway sees its devices */

/* What reports came to, since the start. Memory only, in core's thread. */
struct rollouts_counts {
    uint64_t unknown_jobs;            /* up/job for what is no attempt of that device */
    uint64_t bad_reports, bad_states; /* payloads that break their grammar */
    uint64_t dropped;                 /* messages beyond SESSION_QUEUED_MAX, or into a full inbox */
    uint64_t unsent;                  /* dn/job left to the resend */
    uint64_t unchecked;               /* artifacts that devices complained of beyond RECHECK_MAX */
    struct gw_device_id bad_by;       /* who sent the last of the bad ones, … */
    char bad_why[DEVICE_WHY_MAX];     /* … and what was wrong with it */
};
/* One more of these; `why` says what was wrong with it. */
void rollouts_note_bad(struct rollouts_counts *counts, uint64_t *count, const struct gw_device_id *device,
                       const struct gw_err *why);
#define ROLLOUTS_TELL_MS GW_MINUTE_MS /* bad ones are told as one event at most so often */

enum rollouts_sweep_kind { ROLLOUTS_SWEEP_CANCEL = 1, ROLLOUTS_SWEEP_SEND };

/* Where asking the attempts of one rollout goes on. */
struct rollouts_sweep {
    enum rollouts_sweep_kind kind; /* 0: free */
    char rollout[ROLLOUT_ID_LEN + 1];
    bool back;
    enum attempt_state state;
    uint16_t wave;
    uint32_t place;
    struct gw_wall at; /* of the last slice */
};

/* Where telling how long nobody was seen goes on: rollout by rollout in order of age, each itself, then its attempts by
 * direction, state, wave and place. */
struct rollouts_blind {
    bool going;
    struct gw_wall from; /* rows that were changed since know it */
    int64_t away_ms;
    struct gw_wall at; /* of the last slice */
    char rollout[ROLLOUT_ID_LEN + 1];
    struct gw_wall created; /* of that rollout */
    bool back;
    enum attempt_state state; /* 0: the next rollout */
    uint16_t wave;
    uint32_t place;
};

/* Releases that are not given out any more. */
struct rollouts_recall {
    char actor[USER_NAME_MAX + 8]; /* who has done it, "gateway" when several have; "": there is none */
    struct gw_wall since;          /* those are meant that changed then or later */
};

/* Where telling their rollouts goes on, from the oldest to the newest. Stored with what was told. */
struct rollouts_recalling {
    struct rollouts_recall now, next; /* next: came meanwhile, and is told behind it */
    char rollout[ROLLOUT_ID_LEN + 1]; /* all up to this one have been looked at; "": none */
    struct gw_wall created;           /* of that rollout */
    struct gw_wall at;                /* of the last slice */
};

/* Changed in turns; core keeps a copy, for when a transaction is lost. */
struct rollouts_memory {
    bool watching;           /* presence is known, timers run */
    struct gw_wall blind_at; /* since when it is not; with blind.going: was not */
    struct rollouts_blind blind;
    struct gw_wall alive_at; /* when it was last noted that it is */
    uint64_t told;           /* bad messages that an event has told of */
    struct gw_wall told_at;
    struct rollouts_sweep sweeps[ROLLOUTS_SWEEPS_MAX];
    struct rollouts_recalling recall;
};

struct rollouts_parked {
    char id[ATTEMPT_ID_LEN + 1]; /* of an attempt or of a rollout; "": free */
    struct gw_wall until;
    bool told;
};

struct rollouts_release; /* a release, read from its envelope */

struct rollouts {
    struct session *session;
    uint32_t rows_max;  /* attempts that a turn plans, cancels or drops: at most ROLLOUT_SLICE_MAX, as init leaves it */
    uint32_t lists_max; /* ROLLOUTS_LISTS_MAX, as init leaves it */
    uint32_t asked_max; /* ROLLOUTS_ASKED_MAX, as init leaves it */
    uint32_t page_max;  /* ROLLOUTS_SURVEY_PAGE, as init leaves it */
    bool storing;       /* the survey under way is becoming a draft */
    bool seats_lost;    /* one may have come to nothing: there may be lists of no rollout */
    struct rollouts_memory memory;
    struct rollouts_counts counts;
    struct rollouts_parked parked[ROLLOUTS_PARKED_MAX];
    size_t parked_next;
    struct rollouts_release *read; /* owned; the last one; NULL: none */
    struct gw_device_id *unsent;   /* owned; ROLLOUTS_UNSENT_MAX of them */
    size_t unsent_count;
};

/* Reads when the gateway last saw its devices, and what a stop has left to be told; `session` tells who is connected
 * and carries what is sent. */
GW_MUST_CHECK enum gw_rc rollouts_init(struct rollouts *r, struct session *session, const struct store *store,
                                       struct gw_err *err);
void rollouts_done(struct rollouts *r);

/* ---- people ---- */

/*
 * Previews and drafts: an act becomes a survey (OUT_SURVEY), which a query thread fills in and core takes up again,
 * once or, of a large draft, as often as it says `more` (INBOX_SURVEYED).
 *
 * rollouts_survey: any thread, with the store of that thread. Looks through the devices of the product in pages, each a
 * snapshot of its own; what it finds, or why not, goes into the survey: GW_NOT_FOUND: no such release; GW_CONFLICT: it
 * is withdrawn or damaged, or another draft of the product is not whole; GW_INVALID: plan, list, query or nobody to
 * offer it to; GW_TOO_BIG: queries, and more than asked_max devices; or what a pause says.
 */
struct rollouts_pause {
    /* Between two pages, with nothing of the store open: the thread may serve others from the same source meanwhile.
     * Another code than GW_OK ends the survey. */
    enum gw_rc (*fn)(void *ctx, struct gw_err *err);
    void *ctx;
};
void rollouts_survey(const struct rows_source *source, struct rollout_survey *survey,
                     const struct rollouts_pause *pause);
/* Answers, or stores the next slice of a draft and says `more`. The release is looked at again. Whatever fails behind
 * the first write is GW_CORRUPT, or of the store. */
GW_MUST_CHECK enum gw_rc rollouts_surveyed(struct rollouts *r, struct turn *turn, struct rollout_survey *survey,
                                           struct gw_err *err);
/* No further turn follows of the survey under way, whatever became of it. */
void rollouts_survey_ended(struct rollouts *r);

/* An act on a rollout. event: START, PAUSE, RESUME, ABORT, ROLLBACK or WAIVE. */
struct rollouts_change {
    enum rollout_event_kind event;
    const char *id;
    int64_t if_rev; /* -1: whatever it is */
    uint16_t wave;  /* WAIVE, from 0 */
    enum rollout_hold waive;
    const char *reason; /* asked of WAIVE, ABORT and ROLLBACK; may be "" otherwise */
    const char *actor;
};
/* GW_NOT_FOUND, GW_CONFLICT (does not apply now, another revision, withdrawn release), GW_INVALID (no reason). */
GW_MUST_CHECK enum gw_rc rollouts_change(struct rollouts *r, struct turn *turn, const struct rollouts_change *change,
                                         struct rollout_entry *ret_entry, struct gw_err *err);

/*
 * Releases were withdrawn in this turn, or a stored artifact of theirs found damaged: from its commit on nobody is
 * offered them. Their rollouts are told in slices, the first in this turn and each further one in a turn of its own,
 * also after a stop: those that offer one are paused, with the reason, in the name of `actor`; devices that have not
 * begun are asked to leave; those that go back to one say so. A rollout whose own row is damaged is set aside
 * (rollouts_park()); the others go on.
 */
GW_MUST_CHECK enum gw_rc rollouts_recalled(struct rollouts *r, struct turn *turn, const char *actor,
                                           struct gw_err *err);
/* The device was revoked or retired in this turn. */
GW_MUST_CHECK enum gw_rc rollouts_device_gone(struct rollouts *r, struct turn *turn, const struct gw_device_id *device,
                                              struct gw_err *err);

/* ---- devices ---- */

/* up/job and up/state of the device of the topic. What breaks its grammar is counted, not an error. */
GW_MUST_CHECK enum gw_rc rollouts_report(struct rollouts *r, struct turn *turn, const struct gw_device_id *device,
                                         struct gw_view payload, struct gw_err *err);
GW_MUST_CHECK enum gw_rc rollouts_state(struct rollouts *r, struct turn *turn, const struct gw_device_id *device,
                                        struct gw_view payload, struct gw_err *err);
/* After session_event() had it: the broker or a device came or went, or a device has published. */
GW_MUST_CHECK enum gw_rc rollouts_bus(struct rollouts *r, struct turn *turn, const struct bus_event *event,
                                      struct gw_err *err);
/* An event of the device's own log, told once. boot: of that event, "" unknown. */
GW_MUST_CHECK enum gw_rc rollouts_alarm(struct rollouts *r, struct turn *turn, const struct gw_device_id *device,
                                        const char *boot, enum event_sev sev, struct gw_err *err);

/* ---- time ---- */

/* Once a second, and for OUT_LOOK: notes what is due (OUT_DUE), goes on with cancellations. */
GW_MUST_CHECK enum gw_rc rollouts_look(struct rollouts *r, struct turn *turn, struct gw_err *err);
/* One due row, by the id of its attempt or rollout. */
GW_MUST_CHECK enum gw_rc rollouts_due(struct rollouts *r, struct turn *turn, const char *id, struct gw_err *err);
/* rollouts_due() has failed: the row is set aside for a while. */
void rollouts_park(struct rollouts *r, const char *id, struct gw_wall now);

/* ---- after COMMIT ---- */

/* OUT_JOB: sends what dn/job says to the device now; what finds no room, or comes too often (SESSION_JOBS_MAX), waits
 * for rollouts_resend(), once a second. */
void rollouts_send_job(struct rollouts *r, const struct store *store, const struct gw_device_id *device,
                       struct gw_wall now);
/* OUT_JOBACK. One that finds no room is lost: the device reports again. */
void rollouts_send_back(struct rollouts *r, const struct gw_device_id *device, const char *job, uint32_t rev,
                        enum attempt_word word);
/* At most ROLLOUTS_RESEND_MAX of them, the first of those that wait. True: more can go now. */
bool rollouts_resend(struct rollouts *r, const struct store *store);

/* Which file of a release the device may have below /artifacts/<attempt>/<name>: one of the release that its attempt
 * brings, while that attempt is open or deferred, or is its last and was installed. GW_AGAIN: that one, but a stored
 * file of the release is damaged. Anything else is GW_NOT_FOUND, whatever the reason. Any thread, with its own store.
 */
GW_MUST_CHECK enum gw_rc rollouts_artifact(const struct store *store, const struct gw_device_id *device,
                                           struct gw_view attempt, struct gw_view name, struct release_file *ret_file,
                                           struct gw_err *err);
