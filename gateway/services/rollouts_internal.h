/* rollouts_internal: shared by the files of the rollouts service only. */
#pragma once

#include "attempt_step.h"
#include "release_policy.h"
#include "rollouts.h"

#define ROLLOUTS_ALIVE_KEY "rollouts.alive" /* setting: milliseconds since 1970, decimal */

/* An offer that comes to nothing: told to the rollout behind what is done first. */
struct rollouts_follow {
    char id[ATTEMPT_ID_LEN + 1];
    enum attempt_code code;
};

/* One turn at work. About 15 KB: on the heap or on core's stack, once a turn. */
struct rollouts_run {
    struct rollouts *r;
    struct turn *turn;
    bool acknowledged;                 /* of the last report: dn/joback is due */
    const char *said;                  /* what the device gives as reason, clean text; NULL: nothing */
    char terms_of[ROLLOUT_ID_LEN + 1]; /* whose terms these are; "": nobody's */
    struct attempt_terms terms;
    struct rollouts_follow follow[ROLLOUTS_FOLLOW_MAX];
    size_t follow_count;
};

void rollouts_run_begin(struct rollouts_run *run, struct rollouts *r, struct turn *turn);
/* What has followed so far. To be called once the event that began the turn has been fed. */
GW_MUST_CHECK enum gw_rc rollouts_run_end(struct rollouts_run *run, struct gw_err *err);

/* What a person's act came to from its first write on, where nothing is a refusal any more: a code that could be taken
 * for one becomes GW_CORRUPT, so that the turn fails whole, and its text goes to the log alone. */
enum gw_rc rollouts_written(enum gw_rc rc, struct gw_err *err);
/* Codes that tell the person who asked, in words for people, what is wrong with what was asked. */
bool rollouts_refuses(enum gw_rc rc);

/* Does it apply now? Asked before anything is written, so that a refusal leaves nothing, not even its audit event.
 * GW_CONFLICT, GW_CORRUPT as rollout_step(). */
GW_MUST_CHECK enum gw_rc rollouts_applies(const struct rollout_entry *entry, const struct rollout_event *event,
                                          struct gw_err *err);

/* ---- rollouts_step.c ---- */

/* Feeds one attempt and, unless `told`, its rollout; stores, audits and notes what is to be sent. *entry becomes what
 * is stored. An event that does not apply changes nothing and is GW_OK. */
GW_MUST_CHECK enum gw_rc rollouts_feed(struct rollouts_run *run, struct attempt_entry *entry,
                                       const struct attempt_event *event, bool told, struct gw_err *err);
/* Feeds the rollout and does what its rows say. entry: the attempt that has changed, NULL with any other event.
 * reason: what a person gave, "" otherwise. GW_CONFLICT as rollout_step() gives it. */
GW_MUST_CHECK enum gw_rc rollouts_move(struct rollouts_run *run, const char *id, const struct rollout_event *event,
                                       const struct attempt_entry *entry, const char *reason, struct gw_err *err);

/* BLIND, and ONLINE when it is connected. */
GW_MUST_CHECK enum gw_rc rollouts_feed_blind(struct rollouts_run *run, struct attempt_entry *entry, struct gw_err *err);

/* ---- rollouts_blind.c ---- */

/* Watching begins, or has ended: what the session knows of presence may have come in a turn that was lost. */
GW_MUST_CHECK enum gw_rc rollouts_follow_session(struct rollouts *r, struct turn *turn, struct gw_err *err);
/* A number was missing: who is connected is told anew. */
GW_MUST_CHECK enum gw_rc rollouts_watch_anew(struct rollouts *r, struct turn *turn, struct gw_err *err);
/* Notes that the gateway sees its devices, unless some are still to be told how long it did not. */
GW_MUST_CHECK enum gw_rc rollouts_note_alive(struct rollouts *r, struct turn *turn, struct gw_err *err);
/* The next slice of what is to be told how long it was not seen. */
GW_MUST_CHECK enum gw_rc rollouts_blind_slice(struct rollouts_run *run, struct gw_err *err);
/* Is a row that was changed last then still to be told? */
bool rollouts_is_blind(const struct rollouts *r, struct gw_wall changed);
/* Reads the rollout, and tells it before anything else happens to it. */
GW_MUST_CHECK enum gw_rc rollouts_blind_first(struct rollouts_run *run, const char *id,
                                              const struct rollout_event *event, struct rollout_entry *ret_entry,
                                              struct gw_err *err);

/* ---- rollouts_rows.c ---- */

GW_MUST_CHECK enum gw_rc rollouts_rows(struct rollouts_run *run, const struct rollout_entry *entry,
                                       const struct rollout_rows *rows, struct gw_err *err);
/* The next slice of what this rollout is still swept for. */
GW_MUST_CHECK enum gw_rc rollouts_sweep(struct rollouts_run *run, const char *rollout, struct gw_err *err);
/* Begins one. False: there are too many. */
bool rollouts_sweep_begin(struct rollouts *r, const char *rollout, bool back, enum rollouts_sweep_kind kind);

/* ---- rollouts_recall.c ---- */

#define ROLLOUTS_RECALL_DUE "recall" /* OUT_DUE: the next slice; no id of a rollout or an attempt */

/* What a stop has left. */
GW_MUST_CHECK enum gw_rc rollouts_recall_load(struct rollouts *r, const struct store *store, struct gw_err *err);
bool rollouts_recalls(const struct rollouts *r);
/* The next slice. */
GW_MUST_CHECK enum gw_rc rollouts_recall_slice(struct rollouts *r, struct turn *turn, struct gw_err *err);
/* It has not been told yet that its release is not given out any more. */
GW_MUST_CHECK enum gw_rc rollouts_withheld(const struct rollouts_run *run, const struct rollout_entry *entry,
                                           bool *ret_withheld, struct gw_err *err);

/* ---- rollouts_survey.c, rollouts_draft.c ---- */

/* GW_NOT_FOUND, GW_CONFLICT (withdrawn, damaged), in words for people. */
GW_MUST_CHECK enum gw_rc rollouts_given_release(const struct store *store, const char *id,
                                                struct release_entry *ret_entry, struct gw_err *err);
/* At most ROLLOUTS_LISTS_MAX lists of drafts that came to nothing; none while one is being stored. */
GW_MUST_CHECK enum gw_rc rollouts_drop_lost(struct rollouts *r, struct turn *turn, struct gw_err *err);

/* ---- rollouts_slice.c ---- */

/* The next slice of what rollout.rest asks for. *entry: as it is stored. */
GW_MUST_CHECK enum gw_rc rollouts_slice(struct rollouts_run *run, struct rollout_entry *entry, struct gw_err *err);
/* Plans the way back of a device; entry->attempts rises, to be put by the caller. */
GW_MUST_CHECK enum gw_rc rollouts_add_back(struct rollouts_run *run, struct rollout_entry *entry,
                                           const struct attempt_entry *forward, struct gw_err *err);

/* ---- rollouts_fit.c ---- */

/* The release as it was signed; borrowed until the next call. `r` remembers it. */
GW_MUST_CHECK enum gw_rc rollouts_load(struct rollouts *r, const struct store *store, const char *id,
                                       const struct release **ret_release, struct gw_err *err);
/* Also its envelope, which is kept beside it. */
GW_MUST_CHECK enum gw_rc rollouts_load_envelope(struct rollouts *r, const struct store *store, const char *id,
                                                const struct release **ret_release, struct gw_view *ret_envelope,
                                                struct gw_err *err);
void rollouts_load_forget(struct rollouts *r);
/* The same in any thread, remembered by nobody. */
GW_MUST_CHECK enum gw_rc rollouts_read_release(const struct store *store, const char *id, struct release *ret_release,
                                               struct gw_err *err);
/* A zeroed inventory with GW_OK when the device has not told any. */
GW_MUST_CHECK enum gw_rc rollouts_inventory(const struct store *store, const struct gw_device_id *device,
                                            struct inventory *ret_inventory, struct gw_err *err);
/* The release of that product and version, "" when there is none. */
GW_MUST_CHECK enum gw_rc rollouts_find(const struct store *store, const char *product, const char *version,
                                       struct release_entry *ret_entry, struct gw_err *err);
/* May the attempt be offered now? NONE, or why not. */
GW_MUST_CHECK enum gw_rc rollouts_check_offer(struct rollouts *r, const struct store *store,
                                              const struct attempt_entry *entry, const struct inventory *inventory,
                                              enum attempt_code *ret_code, struct gw_err *err);
struct release_target rollouts_target(const struct inventory *inventory);
/* May devices have it: is it still staged, and not damaged here? An unknown one is not. */
GW_MUST_CHECK enum gw_rc rollouts_given(const struct store *store, const char *id, bool *ret_given, struct gw_err *err);
/* Why it is not given out, for people; "" when it is. */
const char *rollouts_withheld_text(const struct release_entry *entry);
/* ---- rollouts_job.c ---- */

/* The attempt has ended because the device found its artifact not to be what was signed: is it the gateway's own copy?
 */
GW_MUST_CHECK enum gw_rc rollouts_doubt(struct rollouts_run *run, const struct attempt_entry *entry,
                                        struct gw_err *err);

/* ---- attempts of one device ---- */

struct rollouts_list {
    struct attempt_entry *items; /* owned */
    size_t count, cap;
};
void rollouts_list_done(struct rollouts_list *list);
/* The newest ROLLOUTS_OF_DEVICE of the device. */
GW_MUST_CHECK enum gw_rc rollouts_of_device(const struct store *store, const struct gw_device_id *device,
                                            struct rollouts_list *ret_list, struct gw_err *err);
/* One page of a rollout's. */
GW_MUST_CHECK enum gw_rc rollouts_page(const struct store *store, const struct store_attempt_filter *filter,
                                       size_t limit, struct rollouts_list *ret_list, struct gw_err *err);

/* All waves from the first place on; state 0: any. */
struct store_attempt_filter rollouts_filter(const char *rollout, bool back, enum attempt_state state);
/* The last of a page that is not empty. */
struct store_attempt_last rollouts_last(const struct rollouts_list *page);

bool rollouts_online(const struct rollouts *r, const struct gw_device_id *device);
void rollouts_note_job(struct rollouts_run *run, const struct gw_device_id *device); /* OUT_JOB */
/* dn/job of the device says something else: a higher n. */
GW_MUST_CHECK enum gw_rc rollouts_bump(struct rollouts_run *run, const struct gw_device_id *device, struct gw_err *err);

/* ---- rollouts_tell.c ---- */

/* Audit of what became of an attempt, and of a rollout. */
GW_MUST_CHECK enum gw_rc rollouts_tell_attempt(const struct rollouts_run *run, const struct attempt_entry *entry,
                                               struct gw_err *err);
GW_MUST_CHECK enum gw_rc rollouts_tell_move(struct rollouts_run *run, const struct rollout_entry *entry,
                                            enum rollout_state before, bool by_rule, struct gw_err *err);
/* Why a limit acted: "wave 2: failures". */
void rollouts_rule_text(const struct rollout_entry *entry, char out[ROLLOUT_REASON_MAX]);
