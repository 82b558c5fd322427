/*
 * fleet_device: one simulated device: its session, its log, its manners. All devices live in the main thread; time is
 * handed in.
 */
#pragma once

#include "agent_backoff.h"
#include "agent_session.h"
#include "checkpoint.h"
#include "fleet_behaviour.h"
#include "fleet_enrol.h"
#include "fleet_log.h"
#include "fleet_stats.h"
#include "fleet_update.h"

struct fleet_now {
    struct gw_mono mono;
    struct gw_wall wall;
    int64_t us; /* monotonic */
};
struct fleet_now fleet_now(void);

/* What all devices share. */
struct fleet_common {
    const struct fleet_options *options;
    const struct fleet_behaviour *behaviour;
    struct fleet_stats *stats;
    struct fleet_event_maker *maker;
    const struct note_key *key; /* NULL until it is known */
    struct fleet_updates updates;
    int epoll_fd;
    int ledger_fd;       /* -1: none */
    bool load;           /* events are made */
    bool drain;          /* nothing new; what is in flight goes out */
    int64_t load_at_ms;  /* monotonic; meaningful with load */
    double connects_due; /* how many may begin now */
    uint32_t ever_up;
};

struct fleet_device {
    struct fleet_common *common;
    struct fleet_identity identity;
    enum fleet_kind kind;
    bool enrolled;
    bool away; /* silent now */
    bool up;
    bool ever_up;
    struct agent_session *session; /* NULL before it is enrolled */
    int fd;                        /* in the epoll set; -1: none */
    unsigned tries;                /* of the session, when fd was last looked at */
    uint32_t interest;
    struct agent_backoff backoff;
    int64_t connect_at_ms;
    int64_t resend_at_ms;
    int64_t act_at_ms;  /* next misbehaviour; 0: not planned */
    int64_t made_at_ms; /* the last batch */
    int64_t due_at_us;  /* due was counted up to here */
    double due;         /* events that should have happened and are in no batch */
    double flood_due;
    struct fleet_log log;
    struct fleet_update update;
    char origin[CHECKPOINT_ORIGIN_MAX];
};

void fleet_device_init(struct fleet_device *d, struct fleet_common *common, uint32_t index);
void fleet_device_done(struct fleet_device *d);
/* It has its certificate. known: from an earlier run, whose log it has lost unless fleet_device_resume() was called. */
void fleet_device_enrolled(struct fleet_device *d, bool known);
/* The socket is ready (epoll events). */
void fleet_device_ready(struct fleet_device *d, uint32_t events, const struct fleet_now *now);
/* Timers: call it ten times a second. */
void fleet_device_tick(struct fleet_device *d, const struct fleet_now *now);
/* Ends the session; it connects again when it is due. */
void fleet_device_hang_up(struct fleet_device *d);
/* Nothing of it is on its way, or it has no session to send it by. */
bool fleet_device_settled(const struct fleet_device *d);
