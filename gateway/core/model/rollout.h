/*
 * rollout: the plan of a rollout, and its state as counters per wave. Values only; no I/O, no clock. The moves stand in
 * core/rollout. A struct rollout has about 5 KB and does not grow with the fleet: which device stands in which wave is
 * kept elsewhere, one row for each.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "attempt.h"
#include "gw_err.h"
#include "gw_time.h"

/* Persisted: values never change, new ones go to the end. */
enum rollout_state {
    ROLLOUT_DRAFT = 1,
    ROLLOUT_RUNNING = 2,
    ROLLOUT_PAUSED = 3,       /* a person said so: no new offers */
    ROLLOUT_HOLDING = 4,      /* a limit said so: no new offers until a person decides */
    ROLLOUT_ABORTING = 5,     /* what has begun comes to its end */
    ROLLOUT_ABORTED = 6,      /* nothing is open */
    ROLLOUT_ROLLING_BACK = 7, /* devices that hold the version go back */
    ROLLOUT_ROLLED_BACK = 8,  /* nothing is open; who still holds it is counted */
    ROLLOUT_FINISHED = 9,
};
#define ROLLOUT_STATES 10 /* size of a table by state; row 0 is unused */
const char *rollout_state_text(enum rollout_state state);
GW_MUST_CHECK enum gw_rc rollout_state_parse(struct gw_view text, enum rollout_state *ret_state);
/* Nothing is offered and nothing is open: aborted, rolled_back, finished. */
bool rollout_state_ended(enum rollout_state state);

/* Persisted. */
enum rollout_wave_state {
    ROLLOUT_WAVE_WAITING = 1,
    ROLLOUT_WAVE_OPEN = 2,
    ROLLOUT_WAVE_SOAKING = 3, /* the gate is met, the soak time runs */
    ROLLOUT_WAVE_PASSED = 4,  /* the next wave was opened, or it was the last */
    ROLLOUT_WAVE_STOPPED = 5, /* the rollout was aborted or rolled back before it had passed */
};
const char *rollout_wave_state_text(enum rollout_wave_state state);

/* Why a rollout holds, and what a person may waive for one wave. Persisted; waived ones as bits 1 << value. */
enum rollout_hold {
    ROLLOUT_HOLD_NONE = 0,
    ROLLOUT_HOLD_GATE = 1,        /* all decided, and too few of them ok */
    ROLLOUT_HOLD_SAMPLE = 2,      /* nobody left to decide, and fewer decided than the minimum sample */
    ROLLOUT_HOLD_UNREACHABLE = 3, /* too many unreachable */
    ROLLOUT_HOLD_FAILURES = 4,    /* the abort rule, where the plan says to hold */
    ROLLOUT_HOLD_SOAK = 5,        /* never a hold: the soak time, which can be waived */
};
const char *rollout_hold_text(enum rollout_hold hold); /* "" for NONE */
GW_MUST_CHECK enum gw_rc rollout_hold_parse(struct gw_view text, enum rollout_hold *ret_hold);

/* Persisted. */
enum rollout_select {
    ROLLOUT_SELECT_LIST = 1,    /* devices named one by one */
    ROLLOUT_SELECT_PERCENT = 2, /* a part of those that no earlier wave has */
    ROLLOUT_SELECT_REST = 3,    /* all that are left: the last wave alone */
    ROLLOUT_SELECT_QUERY = 4,   /* those that no earlier wave has and that fit a query */
};
const char *rollout_select_text(enum rollout_select select);
GW_MUST_CHECK enum gw_rc rollout_select_parse(struct gw_view text, enum rollout_select *ret_select);

/* What happens when failures reach the limit. Persisted. */
enum rollout_on_failure {
    ROLLOUT_ON_FAILURE_HOLD = 1,
    ROLLOUT_ON_FAILURE_ABORT = 2,
    ROLLOUT_ON_FAILURE_ROLLBACK = 3,
};
const char *rollout_on_failure_text(enum rollout_on_failure action);
GW_MUST_CHECK enum gw_rc rollout_on_failure_parse(struct gw_view text, enum rollout_on_failure *ret_action);

#define ROLLOUT_WAVES_MAX      32
#define ROLLOUT_DEVICES_MAX    1000000 /* of one rollout */
#define ROLLOUT_CONCURRENT_MAX 100000
#define ROLLOUT_QUERY_MAX      255 /* bytes of a wave's query */
/* Rows of attempts that one turn plans, cancels or drops at most; what is left follows in turns of its own. */
#define ROLLOUT_SLICE_MAX   1000
#define ROLLOUT_TIME_MAX_MS (365 * GW_DAY_MS)

/* Between a wave and the next one. "Decided" is ok or failure; see attempt.h. */
struct rollout_gate {
    uint8_t ok_pct;          /* 0 to 100: at least so many of the decided are ok */
    uint8_t unreachable_pct; /* 0 to 100: more than so many of the wave are a hold; 100 never holds */
    uint32_t min_sample;     /* at least 1; of a smaller wave, all of it */
    int64_t soak_ms;         /* between the wave's last ok and the next wave */
};

struct rollout_wave_plan {
    enum rollout_select select;
    uint8_t percent;         /* 1 to 100, with PERCENT, else 0 */
    uint32_t max_concurrent; /* attempts of this wave that are open at a time */
    struct rollout_gate gate;
    char query[ROLLOUT_QUERY_MAX + 1]; /* with QUERY, else "": UTF-8 in the language of core/query */
};

/* Failures of a wave, and of the whole rollout, counted after each event. */
struct rollout_abort {
    uint8_t failure_pct;  /* 1 to 100: at so many of the decided; 0: no such rule */
    uint32_t min_decided; /* at least 1, with a rule */
    enum rollout_on_failure action;
};

struct rollout_plan {
    uint16_t wave_count;
    struct rollout_wave_plan waves[ROLLOUT_WAVES_MAX];
    struct rollout_abort abort;
    struct attempt_terms terms;
    uint32_t back_concurrent; /* attempts of a rollback that are open at a time */
    uint64_t seed;            /* orders devices; drawn once, kept */
};

/* A plan without waves and with the defaults of everything else. */
void rollout_plan_init(struct rollout_plan *ret_plan);
/* GW_INVALID with a sentence that names the wave (from 1) and the member. */
GW_MUST_CHECK enum gw_rc rollout_plan_valid(const struct rollout_plan *plan, struct gw_err *err);

/* Counters of one wave. `back` are the attempts of a rollback, which never count into the rollout's own. */
struct rollout_wave {
    enum rollout_wave_state state;
    uint32_t total;                 /* devices */
    uint32_t count[ATTEMPT_STATES]; /* by state; the sum is total */
    uint32_t holders;               /* devices whose attempt has ended and which hold the version (attempt_holds()) */
    uint32_t back_total;
    uint32_t back[ATTEMPT_STATES]; /* the sum is back_total */
    uint8_t waived;                /* bits 1 << enum rollout_hold */
    struct gw_wall soak_from;      /* last ok, or when the gate was met without one; 0: neither */
};

/*
 * What is still to be done to the rows of attempts, a slice a turn. It is stored with the counters, so a stop at any
 * instruction loses nothing of it and nothing is done twice.
 *
 *   draft          `unplanned` devices have no attempt yet: the last ones, in order of wave and place. The counters
 *                  have them as planned. Until it is 0 the draft cannot start.
 *   rolling_back   first `old_back` attempts of an earlier rollback are dropped, then the waves are looked through for
 *                  devices that hold the version, from the last wave to the first, each in order of place
 *   aborted        `old_back` ones may stand there until it is rolled back again
 */
struct rollout_rest {
    uint32_t unplanned;
    uint32_t old_back;
    bool holders;   /* devices that hold the version are still looked for, from here on: */
    uint16_t wave;  /* index */
    uint32_t place; /* within the wave; all below it were looked at */
};

struct rollout {
    enum rollout_state state;
    enum rollout_hold hold; /* with ROLLOUT_HOLDING, and while paused out of it */
    uint16_t hold_wave;     /* index, with hold */
    uint16_t wave_count;
    uint16_t opened; /* waves that are not waiting any more: the first so many */
    struct rollout_rest rest;
    struct rollout_wave waves[ROLLOUT_WAVES_MAX];
};

/* Over all waves. */
struct rollout_sum {
    uint32_t devices, holders, back_devices;
    uint32_t count[ATTEMPT_STATES], back[ATTEMPT_STATES];
};
void rollout_sum(const struct rollout *rollout, struct rollout_sum *ret_sum);

/* Sums over one table by state. */
uint32_t rollout_count_open(const uint32_t count[ATTEMPT_STATES]);
uint32_t rollout_count_failures(const uint32_t count[ATTEMPT_STATES]);
uint32_t rollout_count_decided(const uint32_t count[ATTEMPT_STATES]);
/* Planned, deferred or open. */
uint32_t rollout_count_undecided(const uint32_t count[ATTEMPT_STATES]);
