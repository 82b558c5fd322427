/*
 * store: what must be remembered, as the inside sees it. Domain values in, domain values out; no SQL, cursor or handle
 * of a database crosses this line. Implementations: storage/repo (SQLite), storage/mem (reference and fake); one suite
 * in tests/contract runs over both.
 *
 * Thread: a store belongs to one thread. Exactly one store is writable (core's); read-only ones (query threads) answer
 * GW_DENIED to every put.
 *
 * Transactions: begin … commit encloses everything a run of turns changes. Nothing is durable, and nothing may be sent,
 * before commit has returned GW_OK; after it the changes survive power loss. A failed commit has rolled back.
 * Reads inside a transaction see its own writes.
 *
 * Errors every call may give: GW_IO, GW_NO_SPACE (disk full: nothing of the transaction stays), GW_CORRUPT, GW_DENIED.
 * A put with `rev` writes only if the stored revision equals value->rev (0: the row must not exist), then sets
 * value->rev to the new one; otherwise GW_CONFLICT. A get that finds nothing gives GW_NOT_FOUND. Each-calls go in key
 * order, start behind `after` (empty: from the start), stop at `limit` or when the visitor returns false. A visitor may
 * read, but not change the store nor start the same each-call again. Deleting what is not there is not an error.
 * GW_INVALID: a change outside of begin … commit, begin inside of it, commit outside of it or inside a mark, a value
 * that breaks its rules (store_check.h). GW_TOO_BIG: a setting above STORE_SETTING_MAX.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "alert.h"
#include "attempt_entry.h"
#include "audit.h"
#include "device.h"
#include "gw_err.h"
#include "inventory.h"
#include "release_entry.h"
#include "rollout_entry.h"
#include "token.h"
#include "user.h"

typedef bool store_device_fn(void *ctx, const struct device *device);
typedef bool store_cert_fn(void *ctx, const struct device_cert *cert);
/* A certificate that the broker may admit. */
struct store_admitted {
    struct gw_device_id device;
    struct gw_sha256 sha256;
    struct gw_wall not_after;
    bool quarantined;
};
typedef bool store_admitted_fn(void *ctx, const struct store_admitted *admitted);
typedef bool store_pending_fn(void *ctx, const struct device_pending *pending);
typedef bool store_user_fn(void *ctx, const struct user *user);
typedef bool store_token_fn(void *ctx, const struct token *token);
typedef bool store_audit_fn(void *ctx, const struct audit_event *event);
typedef bool store_vendor_key_fn(void *ctx, const struct vendor_key *key);
typedef bool store_release_fn(void *ctx, const struct release_entry *entry);
typedef bool store_release_file_fn(void *ctx, const struct release_entry_file *file);
typedef bool store_alert_fn(void *ctx, const struct alert *alert);

typedef bool store_rollout_fn(void *ctx, const struct rollout_entry *entry);
typedef bool store_attempt_fn(void *ctx, const struct attempt_entry *entry);
typedef bool store_inventory_fn(void *ctx, const struct inventory *inventory);

/* A release that is to be staged. */
struct store_release {
    struct release_entry *entry;            /* rev must be 0; becomes 1 */
    const struct release_entry_file *files; /* entry->file_count of them, in the manifest's order */
    struct gw_view envelope;                /* as it came, at most RELEASE_ENVELOPE_MAX */
};

/* Where a list of releases goes on: behind this one. Zeroed: from the start. */
struct store_release_after {
    char product[RELEASE_PRODUCT_MAX + 1];
    uint64_t release_counter;
};

/* Which alerts, and behind which one: they come by `first`, the newest first, then by id. */
struct store_alerts {
    unsigned states; /* mask of 1 << enum alert_state */
    enum event_sev min_sev;
    bool has_device;
    struct gw_device_id device; /* with has_device; zeroed: those of the gateway itself */
    bool has_after;
    struct gw_wall after_first;
    char after_id[ALERT_ID_LEN + 1];
};

/* Where a list of rollouts goes on: behind this one, whatever the order. Zeroed: from its beginning. */
struct store_rollout_before {
    struct gw_wall created;
    char id[ROLLOUT_ID_LEN + 1];
};

/* Attempts of one rollout, in order of wave and place, from that place on, with what is asked of them. With a state
 * every page costs what it passes; without one it reads on until it has found enough. */
struct store_attempt_filter {
    char rollout[ROLLOUT_ID_LEN + 1];
    bool back;
    enum attempt_state state; /* 0: any */
    bool holders;             /* those alone that hold the version (attempt_holds()); with state 0 */
    uint16_t wave, wave_last; /* from wave to wave_last; all: 0 and ROLLOUT_WAVES_MAX - 1 */
    uint32_t place;           /* within `wave`, where to begin; the next page: the last one's wave, its place + 1 */
};

/* Attempts of one rollout up to and with this one. */
struct store_attempt_last {
    char rollout[ROLLOUT_ID_LEN + 1];
    bool back;
    uint16_t wave;
    uint32_t place;
};

/* Where a list of inventories goes on: behind this device. Zeroed: from the start, of every product. */
struct store_inventory_after {
    struct gw_device_id device;
    char product[RELEASE_PRODUCT_MAX + 1]; /* of this product alone; "": of all */
};

/* So many attempts of a rollout stand in one wave and state. */
struct store_attempt_count {
    bool back;
    uint16_t wave;
    enum attempt_state state;
    uint32_t count;
    uint32_t holders; /* of them (attempt_holds()) */
};
typedef bool store_attempt_count_fn(void *ctx, const struct store_attempt_count *count);

#define STORE_SETTING_MAX 4096 /* bytes */
#define STORE_KEY_MAX     128  /* characters of a setting's key, without the terminator */

struct store_ops {
    enum gw_rc (*begin)(void *self, struct gw_err *err);
    enum gw_rc (*commit)(void *self, struct gw_err *err);
    void (*rollback)(void *self);
    /* A turn's own bracket inside the transaction: mark, then mark_end(keep). keep false undoes what was put since the
     * mark, so that a turn that fails leaves nothing while its neighbours stay. Marks do not nest. */
    enum gw_rc (*mark)(void *self, struct gw_err *err);
    enum gw_rc (*mark_end)(void *self, bool keep, struct gw_err *err);

    enum gw_rc (*device_get)(void *self, const struct gw_device_id *id, struct device *ret_device, struct gw_err *err);
    enum gw_rc (*device_put)(void *self, struct device *device, struct gw_err *err);
    enum gw_rc (*device_each)(void *self, const struct gw_device_id *after, int limit, store_device_fn *fn, void *ctx,
                              struct gw_err *err);
    /* How many devices stand in one state. */
    enum gw_rc (*device_count)(void *self, enum device_state state, int64_t *ret_count, struct gw_err *err);

    /* cert_put inserts or replaces by sha256. */
    enum gw_rc (*cert_put)(void *self, const struct device_cert *cert, struct gw_err *err);
    enum gw_rc (*cert_get)(void *self, const struct gw_sha256 *sha256, struct device_cert *ret_cert,
                           struct gw_err *err);
    /* All certificates of one device, oldest not_before first. */
    enum gw_rc (*cert_each_of)(void *self, const struct gw_device_id *device, store_cert_fn *fn, void *ctx,
                               struct gw_err *err);
    /* Certificates that are not revoked, of devices that are active or quarantined: the broker's registry, whole.
     * Ordered by (device, not_before); expired ones are included, the caller decides by its clock. */
    enum gw_rc (*cert_each_admissible)(void *self, store_admitted_fn *fn, void *ctx, struct gw_err *err);
    enum gw_rc (*cert_delete)(void *self, const struct gw_sha256 *sha256, struct gw_err *err);

    enum gw_rc (*invite_get)(void *self, const struct gw_device_id *device, struct device_invite *ret_invite,
                             struct gw_err *err);
    enum gw_rc (*invite_put)(void *self, struct device_invite *invite, struct gw_err *err);
    enum gw_rc (*invite_delete)(void *self, const struct gw_device_id *device, struct gw_err *err);

    /* pending_put inserts or replaces by (device, spki_sha256). pending_each passes all, or those of one device when
     * `device` is not NULL. pending_count: all, or those from one source when `source` is not NULL. */
    enum gw_rc (*pending_put)(void *self, const struct device_pending *pending, struct gw_err *err);
    enum gw_rc (*pending_get)(void *self, const struct gw_device_id *device, const struct gw_sha256 *spki_sha256,
                              struct device_pending *ret_pending, struct gw_err *err);
    enum gw_rc (*pending_each)(void *self, const struct gw_device_id *device, store_pending_fn *fn, void *ctx,
                               struct gw_err *err);
    enum gw_rc (*pending_count)(void *self, const char *source, int64_t *ret_count, struct gw_err *err);
    /* spki_sha256 NULL: every entry of the device. Deleting nothing is not an error. */
    enum gw_rc (*pending_delete)(void *self, const struct gw_device_id *device, const struct gw_sha256 *spki_sha256,
                                 struct gw_err *err);
    enum gw_rc (*pending_delete_expired)(void *self, struct gw_wall now, struct gw_err *err);

    enum gw_rc (*user_get)(void *self, const char *name, struct user *ret_user, struct gw_err *err);
    enum gw_rc (*user_put)(void *self, struct user *user, struct gw_err *err);
    enum gw_rc (*user_each)(void *self, store_user_fn *fn, void *ctx, struct gw_err *err);

    /* put inserts or replaces by name; GW_EXISTS: another name has this digest. each goes by name. */
    enum gw_rc (*token_put)(void *self, const struct token *token, struct gw_err *err);
    enum gw_rc (*token_get)(void *self, const char *name, struct token *ret_token, struct gw_err *err);
    enum gw_rc (*token_find)(void *self, const struct gw_sha256 *sha256, struct token *ret_token, struct gw_err *err);
    enum gw_rc (*token_each)(void *self, store_token_fn *fn, void *ctx, struct gw_err *err);
    enum gw_rc (*token_delete)(void *self, const char *name, struct gw_err *err);

    /* Keys of vendors, removed ones too. put inserts or replaces by keyid; each goes in order of keyid. */
    enum gw_rc (*vendor_key_put)(void *self, const struct vendor_key *key, struct gw_err *err);
    enum gw_rc (*vendor_key_get)(void *self, const char *keyid, struct vendor_key *ret_key, struct gw_err *err);
    enum gw_rc (*vendor_key_each)(void *self, store_vendor_key_fn *fn, void *ctx, struct gw_err *err);

    /* release_add: entry, files and envelope together; GW_EXISTS when the id, the product's counter or the product's
     * version (as text) is there. release_put changes state and changed alone, under rev. Releases are never deleted.
     * release_each goes by product, then counter. */
    enum gw_rc (*release_add)(void *self, const struct store_release *release, struct gw_err *err);
    enum gw_rc (*release_put)(void *self, struct release_entry *entry, struct gw_err *err);
    enum gw_rc (*release_get)(void *self, const char *id, struct release_entry *ret_entry, struct gw_err *err);
    /* The one of this product and version, as text. */
    enum gw_rc (*release_find)(void *self, const char *product, const char *version, struct release_entry *ret_entry,
                               struct gw_err *err);
    enum gw_rc (*release_each)(void *self, const struct store_release_after *after, int limit, store_release_fn *fn,
                               void *ctx, struct gw_err *err);
    enum gw_rc (*release_files)(void *self, const char *id, store_release_file_fn *fn, void *ctx, struct gw_err *err);
    enum gw_rc (*release_envelope)(void *self, const char *id, struct gw_buf *ret_envelope, struct gw_err *err);
    /* How many files of staged releases have this digest: 0 means that nobody needs the blob. */
    enum gw_rc (*release_refs)(void *self, const struct gw_sha256 *sha256, int64_t *ret_count, struct gw_err *err);
    /* Staged releases with a file of this digest that are not damaged become damaged and changed at `now`; tells how
     * many. */
    enum gw_rc (*release_damage)(void *self, const struct gw_sha256 *sha256, struct gw_wall now, int64_t *ret_count,
                                 struct gw_err *err);

    /* put of a new alert whose cause has an open one: GW_EXISTS. Of a stored one it leaves id and cause as they are. */
    enum gw_rc (*alert_put)(void *self, struct alert *alert, struct gw_err *err);
    enum gw_rc (*alert_get)(void *self, const char *id, struct alert *ret_alert, struct gw_err *err);
    /* The one of this cause that is not resolved. */
    enum gw_rc (*alert_open)(void *self, const struct alert_cause *cause, struct alert *ret_alert, struct gw_err *err);
    enum gw_rc (*alert_each)(void *self, const struct store_alerts *which, int limit, store_alert_fn *fn, void *ctx,
                             struct gw_err *err);
    /* Snoozed ones whose time is over, the longest first. */
    enum gw_rc (*alert_each_due)(void *self, struct gw_wall now, int limit, store_alert_fn *fn, void *ctx,
                                 struct gw_err *err);
    enum gw_rc (*alert_count)(void *self, int64_t *ret_count, struct gw_err *err);
    /* Of those that are not resolved, by severity. */
    enum gw_rc (*alert_count_open)(void *self, int64_t ret_counts[EVENT_SEV_FATAL + 1], struct gw_err *err);
    /* Deletes resolved ones, the longest unchanged first. */
    enum gw_rc (*alert_drop_resolved)(void *self, int count, struct gw_err *err);
    /* put inserts or replaces by cause. */
    enum gw_rc (*alert_window_get)(void *self, const struct alert_cause *cause, struct alert_window *ret_window,
                                   struct gw_err *err);
    enum gw_rc (*alert_window_put)(void *self, const struct alert_window *window, struct gw_err *err);
    /* At most `limit` of those with until < now; tells how many. */
    enum gw_rc (*alert_window_delete_expired)(void *self, struct gw_wall now, int limit, int *ret_count,
                                              struct gw_err *err);

    /* put inserts or replaces by name. */
    enum gw_rc (*product_get)(void *self, const char *product, struct release_product *ret_product, struct gw_err *err);
    enum gw_rc (*product_put)(void *self, const struct release_product *product, struct gw_err *err);

    /* rollout_add: rev must be 0 and becomes 1; GW_EXISTS: the id is there. rollout_put changes name, rollout, timer,
     * attempts, changed and reason alone, under rev. rollout_each goes by (created, id), the newest first;
     * rollout_each_live passes all that have not ended (drafts too), the oldest first, behind that one (NULL: from the
     * oldest); rollout_due those whose timer is not 0 and not behind now, the earliest first. These two pass a row of
     * which only the names can be read as damaged, so that it stands in nobody else's way; anything else is GW_CORRUPT.
     */
    enum gw_rc (*rollout_add)(void *self, struct rollout_entry *entry, struct gw_err *err);
    enum gw_rc (*rollout_put)(void *self, struct rollout_entry *entry, struct gw_err *err);
    enum gw_rc (*rollout_get)(void *self, const char *id, struct rollout_entry *ret_entry, struct gw_err *err);
    enum gw_rc (*rollout_each)(void *self, const struct store_rollout_before *before, int limit, store_rollout_fn *fn,
                               void *ctx, struct gw_err *err);
    enum gw_rc (*rollout_each_live)(void *self, const struct store_rollout_before *behind, store_rollout_fn *fn,
                                    void *ctx, struct gw_err *err);
    /* Of all there are, by state. */
    enum gw_rc (*rollout_count)(void *self, int64_t ret_counts[ROLLOUT_STATES], struct gw_err *err);
    enum gw_rc (*rollout_due)(void *self, struct gw_wall now, int limit, store_rollout_fn *fn, void *ctx,
                              struct gw_err *err);
    /* Devices of a draft that have no attempt yet: lists of 1 to ROLLOUT_SLICE_MAX, each under the number of the
     * attempt that its first one will have. add: GW_EXISTS when there is a list of that number. get: fills at most
     * ROLLOUT_SLICE_MAX. drop: all lists of the rollout below that number. drop_lost: at most `limit` lists whose
     * rollout is not there, and tells how many it dropped: what a draft that came to nothing has left. */
    enum gw_rc (*seats_add)(void *self, const char *rollout, uint32_t number, const struct rollout_seat *seats,
                            size_t count, struct gw_err *err);
    enum gw_rc (*seats_get)(void *self, const char *rollout, uint32_t number, struct rollout_seat *ret_seats,
                            size_t *ret_count, struct gw_err *err);
    enum gw_rc (*seats_drop)(void *self, const char *rollout, uint32_t below, struct gw_err *err);
    enum gw_rc (*seats_drop_lost)(void *self, int limit, int *ret_count, struct gw_err *err);
    /* The earliest timer of all rollouts and attempts; 0: there is none. */
    enum gw_rc (*timer_next)(void *self, struct gw_wall *ret_timer, struct gw_err *err);

    /*
     * attempt_add: GW_EXISTS, naming what stands in the way, when the id is there, the place in the rollout is taken,
     * the device has an attempt of that direction in the rollout, or (not for back) has another one that has not ended
     * in whatever rollout: drafts hold their devices. attempt_put: GW_NOT_FOUND without such an id; GW_EXISTS when it
     * would take an ended one back to life beside another. No call costs more in a larger fleet, but for
     * cancel_planned, drop_back and count, which touch what they name: callers go in slices of ROLLOUT_SLICE_MAX.
     */
    enum gw_rc (*attempt_add)(void *self, const struct attempt_entry *entry, struct gw_err *err);
    enum gw_rc (*attempt_put)(void *self, const struct attempt_entry *entry, struct gw_err *err);
    enum gw_rc (*attempt_get)(void *self, const char *id, struct attempt_entry *ret_entry, struct gw_err *err);
    enum gw_rc (*attempt_each)(void *self, const struct store_attempt_filter *filter, int limit, store_attempt_fn *fn,
                               void *ctx, struct gw_err *err);
    /* All of one device, the newest first (created, then id). */
    enum gw_rc (*attempt_each_of)(void *self, const struct gw_device_id *device, int limit, store_attempt_fn *fn,
                                  void *ctx, struct gw_err *err);
    /* Those whose timer is not 0 and not behind now, the earliest first. */
    enum gw_rc (*attempt_due)(void *self, struct gw_wall now, int limit, store_attempt_fn *fn, void *ctx,
                              struct gw_err *err);
    /* Planned attempts of the wave in that direction, up to and with that place, become what attempt_step(CANCEL) makes
     * of them, changed at `now`. */
    enum gw_rc (*attempt_cancel_planned)(void *self, const struct store_attempt_last *last, struct gw_wall now,
                                         struct gw_err *err);
    /* Drops the back attempts of the rollout that have ended, up to and with that wave and place. `back` is not read.
     */
    enum gw_rc (*attempt_drop_back)(void *self, const struct store_attempt_last *last, struct gw_err *err);
    /* To count again, and to check: by direction, wave and state; those with none are left out. */
    enum gw_rc (*attempt_count)(void *self, const char *rollout, store_attempt_count_fn *fn, void *ctx,
                                struct gw_err *err);

    /* put inserts or replaces by device. inventory_each goes by device. */
    enum gw_rc (*inventory_get)(void *self, const struct gw_device_id *device, struct inventory *ret_inventory,
                                struct gw_err *err);
    enum gw_rc (*inventory_put)(void *self, const struct inventory *inventory, struct gw_err *err);
    enum gw_rc (*inventory_each)(void *self, const struct store_inventory_after *after, int limit,
                                 store_inventory_fn *fn, void *ctx, struct gw_err *err);

    /* Small named values: "gateway.id", "claim.code_sha256", "registry.generation". Appends to ret_value. */
    enum gw_rc (*setting_get)(void *self, const char *key, struct gw_buf *ret_value, struct gw_err *err);
    enum gw_rc (*setting_put)(void *self, const char *key, struct gw_view value, struct gw_err *err);
    enum gw_rc (*setting_delete)(void *self, const char *key, struct gw_err *err);

    /* The outbox of audit events. put gives event->n: rising, never used twice, even after rows are deleted and the
     * process was restarted. each passes those with n > after in order. delete removes n <= up_to. */
    enum gw_rc (*audit_put)(void *self, struct audit_event *event, struct gw_err *err);
    enum gw_rc (*audit_each)(void *self, int64_t after, int limit, store_audit_fn *fn, void *ctx, struct gw_err *err);
    enum gw_rc (*audit_delete)(void *self, int64_t up_to, struct gw_err *err);
};

struct store {
    const struct store_ops *ops;
    void *self;
};
