/*
 * shop: a desk with releases, devices that are connected and say what they are told to say, and rollouts of them.
 */
#pragma once

#include "desk.h"
#include "job_report.h"

#define SHOP_OLD 1u /* release_counter of what devices run at first */
#define SHOP_NEW 2u

/* A desk whose broker is up; releases 1.0 (counter 1) and 2.0 (counter 2, security floor 1) of "pump" are staged. */
void shop_open(struct desk *d);
void shop_open_over(struct desk *d, struct store store);
/* Puts a release and gives its id; hardware rev-c, one artifact "pump-<counter>.img". */
const char *shop_release(struct desk *d, uint64_t counter, const char *version, const char *min_version);
/* The id of the release with this counter. */
const char *shop_id(uint64_t counter);

/* An active device that runs `version`, connected. */
void shop_device(struct desk *d, const char *id, const char *version);
void shop_devices(struct desk *d, int count); /* pump-000 … that run 1.0 */
/* It connects (again) and tells: up/state. */
void shop_connect(struct desk *d, const char *id, const char *version, const char *boot, int64_t job_n);
void shop_offline(struct desk *d, const char *id);
/* The broker comes (back), without anybody connected. */
void shop_broker_up(struct desk *d);

/* Two waves: percent (that part), rest; at most `concurrent` open; ok 100 %, sample 1, no soak; confirm 10 min. */
struct rollout_plan shop_plan(uint8_t percent, uint32_t concurrent);
/* Drafts a rollout of SHOP_NEW and gives it. */
struct rollout_entry shop_draft(struct desk *d, const struct rollout_plan *plan);
/* The same of this release. */
struct rollout_entry shop_draft_of(struct desk *d, const char *release, const struct rollout_plan *plan);
/* Looks for the devices of such a draft; its turns are held. */
void shop_survey(struct desk *d, const struct rollout_plan *plan);
void shop_survey_preview(struct desk *d, const struct rollout_plan *plan);
/* A rollout of SHOP_NEW to all devices in one wave, started. */
struct rollout_entry shop_start_all(struct desk *d, uint32_t concurrent);
struct rollout_preview_try {
    enum gw_rc rc;
    struct gw_err err;
    uint32_t totals[ROLLOUT_WAVES_MAX];
    struct rollout_left left;
};
/* listed: the one device on the list of wave 0, NULL: there is no list. */
struct rollout_preview_try shop_preview(struct desk *d, const char *release, const struct rollout_plan *plan,
                                        const char *listed);
/* Puts a device's state, past the service. */
void shop_state(struct desk *d, const char *id, enum device_state state);
/* In a turn of its own. */
enum gw_rc shop_change(struct desk *d, const char *id, enum rollout_event_kind event);
enum gw_rc shop_waive(struct desk *d, const char *id, uint16_t wave, enum rollout_hold hold);
struct rollout_entry shop_rollout(struct desk *d, const char *id);

/* The job that dn/job last named for it; false: none or null. */
bool shop_job(struct desk *d, const char *device, char out[ATTEMPT_ID_LEN + 1], int64_t *ret_rev, int64_t *ret_n);
/* up/job about the job that it was last told; "" for no code. */
void shop_report(struct desk *d, const char *device, enum job_state state, const char *code, const char *running);
/* The whole way: accepts, installs, reboots with that version, and is still there when the confirm time is over. */
void shop_installs(struct desk *d, const char *device, const char *version);
void shop_alarm(struct desk *d, const char *device, const char *boot, enum event_sev sev);
struct attempt_entry shop_attempt(struct desk *d, const char *device); /* the newest */
/* Time passes; timers run every minute. */
void shop_wait(struct desk *d, int64_t ms);
/* The counters are what the rows say. */
void shop_check(struct desk *d, const char *rollout);
