/*
 * rollout_ask: what people ask of rollouts and what they are told: the blobs of ACT_ROLLOUT_* and parts of answers.
 * Values; whoever posts one has checked ids, plan and ranges by their grammar, core holds them against the store.
 */
#pragma once

#include "rollout_step.h"
#include "store.h"

#define ROLLOUT_PICKS_MAX    10000 /* devices named one by one in one order */
#define ROLLOUT_LIST_MAX     100   /* rollouts in one answer */
#define ROLLOUT_ATTEMPTS_MAX 500   /* attempts in one answer */

struct rollout_ask_pick {
    struct gw_device_id device;
    uint16_t wave; /* index of a list wave */
};

/* CREATE and PREVIEW: a release for all devices of its product that it fits, but for those that its plan leaves out. */
struct rollout_ask_order {
    char release[RELEASE_ID_LEN + 1];
    char name[ROLLOUT_NAME_MAX]; /* may be empty */
    struct rollout_plan plan;    /* valid; seed 0: one is drawn */
    uint32_t pick_count;         /* at most ROLLOUT_PICKS_MAX */
    struct rollout_ask_pick picks[];
};

/* START, PAUSE, RESUME, ABORT, ROLLBACK, WAIVE. */
struct rollout_ask_change {
    uint16_t wave;                   /* WAIVE: index */
    enum rollout_hold waive;         /* WAIVE: not NONE */
    char reason[ROLLOUT_REASON_MAX]; /* for people, UTF-8; may be empty where the service does not ask for one */
};

/* ATTEMPTS. */
struct rollout_ask_attempts {
    struct store_attempt_filter filter;
    int limit; /* 1 to ROLLOUT_ATTEMPTS_MAX */
};

/* Devices of the release's product that no wave would have, by the first reason that applies. */
struct rollout_left {
    uint32_t state;   /* not active */
    uint32_t fit;     /* hardware, artifact, min_version, floor, or what it runs is not known */
    uint32_t running; /* run that version already */
    uint32_t busy;    /* stand in another rollout that has not ended, maybe a draft */
};

/* What stands between a wave and the next one (rollout_gate_look()). */
struct rollout_wait {
    enum rollout_gate_word word;
    struct gw_wall until;   /* with SOAK */
    enum rollout_hold hold; /* with HOLD */
};
