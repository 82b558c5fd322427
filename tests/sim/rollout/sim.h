/*
 * sim: a rollout over a small fleet, a bad network, hasty operators and a gateway that dies anywhere, under a virtual
 * clock. sim_device.c is the fleet, sim_gateway.c the least service that obeys the core's updates (one transaction a
 * turn), test_sim_rollout.c the clock, the network, the operators and the ledger.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "attempt_step.h"
#include "rollout_step.h"

#define DEVICES_MAX  16
#define BOOTS_MAX    256
#define MESSAGES_MAX 512
#define OLD          1 /* versions */
#define NEW          2

enum trait {
    FAILS_INSTALL = 1 << 0,
    FALLS_BACK = 1 << 1,   /* boots the old version, says rolled_back */
    LIES_FALLEN = 1 << 2,  /* boots the old version, says installed */
    LIES_IDLE = 1 << 3,    /* does nothing, says installed */
    GOES_SILENT = 1 << 4,  /* for good, at some step */
    BRICKS = 1 << 5,       /* never comes back from the reboot */
    REBOOTS_ONCE = 1 << 6, /* once more within the confirm time */
    FLAPS = 1 << 7,        /* reboots again and again */
    DEFERS = 1 << 8,       /* now and then */
    DEFERS_ALWAYS = 1 << 9,
    REFUSES = 1 << 10,
    CRASHES = 1 << 11, /* logs an event of severity 5 once */
    NEVER_ONLINE = 1 << 12,
    MUTE = 1 << 13,       /* connected, never answers */
    POWER_CUT = 1 << 14,  /* reboots while installing, goes on */
    WANDERS = 1 << 15,    /* loses its connection now and then */
    GOES_ON = 1 << 16,    /* after a deferral, by itself */
    FALLS_LATE = 1 << 17, /* into the other version, long after */
    TRAITS = 18,
};

enum kind { TO_REPORT, TO_STATE, TO_ONLINE, TO_OFFLINE, TO_ALARM, DOWN_JOB, DOWN_ACK };

struct message {
    bool used;
    enum kind kind;
    int device;
    int64_t at_ms;
    int attempt; /* 0: no job */
    bool back;
    uint32_t rev;
    uint64_t n;
    enum attempt_word word;
    enum attempt_code code;
    int64_t until_ms;
    int version, boot;
};

struct device {
    uint32_t traits;
    bool online, dead;
    int version, boot;
    int boot_version[BOOTS_MAX]; /* ledger: what ran in which boot */
    uint64_t n;
    int attempt; /* that it knows; ended ones stay here */
    bool back, working;
    uint32_t rev;
    enum attempt_word word;
    enum attempt_code code;
    int64_t until_ms;
    bool unacked;
    int started;                          /* attempt that it has started */
    int64_t act_ms, repeat_ms, wander_ms; /* next; 0: none */
    int reboots_left, toggles_left, defers_left;
};

/* All that survives a crash of the gateway. */
struct db {
    struct rollout rollout;
    struct gw_wall rollout_timer;
    struct attempt attempt[2][DEVICES_MAX]; /* 0 forward, 1 back */
    struct gw_wall timer[2][DEVICES_MAX];
    int id[2][DEVICES_MAX]; /* of the attempt; 0: there is none */
    uint64_t n[DEVICES_MAX];
    int boot[DEVICES_MAX]; /* last known */
    int64_t committed_ms;
};

struct follow_up {
    int device;
    bool back;
    struct attempt_event event;
};

struct world {
    uint64_t random;
    int64_t now_ms;
    int count;
    bool calm; /* the trouble is over */
    struct rollout_plan plan;
    int wave_of[DEVICES_MAX];
    uint32_t place_of[DEVICES_MAX];
    bool floor[DEVICES_MAX];   /* must not go back */
    bool guessed[DEVICES_MAX]; /* offered before it had ever said in which boot it is: its claim proves nothing */
    struct device device[DEVICES_MAX];
    struct db db, work;
    bool up;
    int64_t up_ms; /* when a dead gateway starts again */
    int next_id;
    bool slice_dies; /* of three slices one ends before its commit, one behind it */
    bool stop_there; /* this turn */
    struct message message[MESSAGES_MAX];
    struct message out[256]; /* of this turn */
    int outs;
    struct follow_up follow[64];
    int follows;
    uint32_t slice;     /* rows that a turn plans, cancels or drops at most */
    unsigned crash_pct; /* per thousand turns */
    unsigned loss_pct;
    /* the ledger */
    int64_t last_ok_ms[ROLLOUT_WAVES_MAX];
    bool wave_began[ROLLOUT_WAVES_MAX];
    bool goes_on; /* some device may exceed max_concurrent */
    unsigned turns, crashes, slices, seen[ROLLOUT_FINISHED + 1], ends[ATTEMPT_STATES], back_ok;
    const char *wrong;
};

uint64_t draw(struct world *w, uint64_t below);
bool chance(struct world *w, unsigned pct);
void wrong(struct world *w, const char *text);
/* Puts a message on its way; the network decides what becomes of it. */
void post(struct world *w, struct message m);

/* sim_device.c */
void device_init(struct world *w, int d);
void device_take(struct world *w, int d, const struct message *m);
void device_run(struct world *w, int d); /* what is due */
int64_t device_next(const struct device *dev);
void device_connect(struct world *w, int d);

/* sim_gateway.c */
void gateway_init(struct world *w);
void gateway_take(struct world *w, const struct message *m);
void gateway_timers(struct world *w);
int64_t gateway_next(const struct world *w);
void gateway_act(struct world *w, struct rollout_event act);
void gateway_restart(struct world *w);
void gateway_check(struct world *w, const struct db *db);
