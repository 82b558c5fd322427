/*
 * repo_impl: what the files of storage/repo share among themselves.
 */
#pragma once

#include "db.h"
#include "repo.h"
#include "sql_store.h"
#include "store_check.h"

struct repo {
    struct db *db;
};

/* Before every put and delete: GW_DENIED when read-only, GW_INVALID outside of a transaction. */
GW_MUST_CHECK enum gw_rc repo_may_write(struct repo *repo, struct gw_err *err);

/* Binds placeholders $1, $2 … one after the other. */
struct repo_args {
    struct db_stmt *s;
    int count; /* bound so far */
};
struct repo_args repo_args(struct db_stmt *s);
void repo_arg_i64(struct repo_args *a, int64_t value);
void repo_arg_str(struct repo_args *a, const char *text);
void repo_arg_bytes(struct repo_args *a, const void *ptr, size_t len);

/* Reads columns one after the other; a value that its field cannot hold is remembered. */
struct repo_row {
    struct db_stmt *s;
    int count; /* read so far */
    bool bad;
};
struct repo_row repo_row(struct db_stmt *s);
int64_t repo_row_i64(struct repo_row *r);
int64_t repo_row_range(struct repo_row *r, int64_t min, int64_t max);
bool repo_row_bool(struct repo_row *r);
void repo_row_text(struct repo_row *r, char *out, size_t out_size);
void repo_row_bytes(struct repo_row *r, void *out, size_t len);        /* exactly len */
size_t repo_row_blob(struct repo_row *r, void *out, size_t max_bytes); /* up to max_bytes; the length */
/* GW_CORRUPT when something was remembered. */
GW_MUST_CHECK enum gw_rc repo_row_end(const struct repo_row *r, const char *table, struct gw_err *err);

/* Steps to the one row that is wanted: GW_NOT_FOUND when there is none. */
GW_MUST_CHECK enum gw_rc repo_step_one(struct db_stmt *s, struct gw_err *err);
/* Steps to the next row; false: there is none, which is GW_OK in *ret_rc, or the step failed. */
GW_MUST_CHECK bool repo_next(struct db_stmt *s, enum gw_rc *ret_rc, struct gw_err *err);
/* A statement whose only row has one number. */
GW_MUST_CHECK enum gw_rc repo_number(struct db_stmt *s, int64_t *ret_value, struct gw_err *err);
/* Runs what writes a row under a revision; the row was not touched: GW_CONFLICT. Else *rev is one higher. */
GW_MUST_CHECK enum gw_rc repo_run_rev(struct repo *repo, struct db_stmt *s, int64_t *rev, struct gw_err *err);

/* The port's functions, by file. */
enum gw_rc repo_device_get(void *self, const struct gw_device_id *id, struct device *ret_device, struct gw_err *err);
enum gw_rc repo_device_put(void *self, struct device *device, struct gw_err *err);
enum gw_rc repo_device_each(void *self, const struct gw_device_id *after, int limit, store_device_fn *fn, void *ctx,
                            struct gw_err *err);
enum gw_rc repo_device_count(void *self, enum device_state state, int64_t *ret_count, struct gw_err *err);

enum gw_rc repo_cert_put(void *self, const struct device_cert *cert, struct gw_err *err);
enum gw_rc repo_cert_get(void *self, const struct gw_sha256 *sha256, struct device_cert *ret_cert, struct gw_err *err);
enum gw_rc repo_cert_each_of(void *self, const struct gw_device_id *device, store_cert_fn *fn, void *ctx,
                             struct gw_err *err);
enum gw_rc repo_cert_each_admissible(void *self, store_admitted_fn *fn, void *ctx, struct gw_err *err);
enum gw_rc repo_cert_delete(void *self, const struct gw_sha256 *sha256, struct gw_err *err);

enum gw_rc repo_invite_get(void *self, const struct gw_device_id *device, struct device_invite *ret_invite,
                           struct gw_err *err);
enum gw_rc repo_invite_put(void *self, struct device_invite *invite, struct gw_err *err);
enum gw_rc repo_invite_delete(void *self, const struct gw_device_id *device, struct gw_err *err);

enum gw_rc repo_pending_put(void *self, const struct device_pending *pending, struct gw_err *err);
enum gw_rc repo_pending_get(void *self, const struct gw_device_id *device, const struct gw_sha256 *spki_sha256,
                            struct device_pending *ret_pending, struct gw_err *err);
enum gw_rc repo_pending_each(void *self, const struct gw_device_id *device, store_pending_fn *fn, void *ctx,
                             struct gw_err *err);
enum gw_rc repo_pending_count(void *self, const char *source, int64_t *ret_count, struct gw_err *err);
enum gw_rc repo_pending_delete(void *self, const struct gw_device_id *device, const struct gw_sha256 *spki_sha256,
                               struct gw_err *err);
enum gw_rc repo_pending_delete_expired(void *self, struct gw_wall now, struct gw_err *err);

enum gw_rc repo_user_get(void *self, const char *name, struct user *ret_user, struct gw_err *err);
enum gw_rc repo_user_put(void *self, struct user *user, struct gw_err *err);
enum gw_rc repo_user_each(void *self, store_user_fn *fn, void *ctx, struct gw_err *err);

enum gw_rc repo_token_put(void *self, const struct token *token, struct gw_err *err);
enum gw_rc repo_token_get(void *self, const char *name, struct token *ret_token, struct gw_err *err);
enum gw_rc repo_token_find(void *self, const struct gw_sha256 *sha256, struct token *ret_token, struct gw_err *err);
enum gw_rc repo_token_each(void *self, store_token_fn *fn, void *ctx, struct gw_err *err);
enum gw_rc repo_token_delete(void *self, const char *name, struct gw_err *err);

enum gw_rc repo_setting_get(void *self, const char *key, struct gw_buf *ret_value, struct gw_err *err);
enum gw_rc repo_setting_put(void *self, const char *key, struct gw_view value, struct gw_err *err);
enum gw_rc repo_setting_delete(void *self, const char *key, struct gw_err *err);

enum gw_rc repo_audit_put(void *self, struct audit_event *event, struct gw_err *err);
enum gw_rc repo_audit_each(void *self, int64_t after, int limit, store_audit_fn *fn, void *ctx, struct gw_err *err);
enum gw_rc repo_audit_delete(void *self, int64_t up_to, struct gw_err *err);

enum gw_rc repo_vendor_key_put(void *self, const struct vendor_key *key, struct gw_err *err);
enum gw_rc repo_vendor_key_get(void *self, const char *keyid, struct vendor_key *ret_key, struct gw_err *err);
enum gw_rc repo_vendor_key_each(void *self, store_vendor_key_fn *fn, void *ctx, struct gw_err *err);

enum gw_rc repo_release_add(void *self, const struct store_release *release, struct gw_err *err);
enum gw_rc repo_release_put(void *self, struct release_entry *entry, struct gw_err *err);
enum gw_rc repo_release_get(void *self, const char *id, struct release_entry *ret_entry, struct gw_err *err);
enum gw_rc repo_release_each(void *self, const struct store_release_after *after, int limit, store_release_fn *fn,
                             void *ctx, struct gw_err *err);
enum gw_rc repo_release_files(void *self, const char *id, store_release_file_fn *fn, void *ctx, struct gw_err *err);
enum gw_rc repo_release_envelope(void *self, const char *id, struct gw_buf *ret_envelope, struct gw_err *err);
enum gw_rc repo_release_find(void *self, const char *product, const char *version, struct release_entry *ret_entry,
                             struct gw_err *err);
enum gw_rc repo_release_refs(void *self, const struct gw_sha256 *sha256, int64_t *ret_count, struct gw_err *err);
enum gw_rc repo_release_damage(void *self, const struct gw_sha256 *sha256, struct gw_wall now, int64_t *ret_count,
                               struct gw_err *err);

enum gw_rc repo_product_get(void *self, const char *product, struct release_product *ret_product, struct gw_err *err);
enum gw_rc repo_product_put(void *self, const struct release_product *product, struct gw_err *err);

enum gw_rc repo_alert_put(void *self, struct alert *alert, struct gw_err *err);
enum gw_rc repo_alert_get(void *self, const char *id, struct alert *ret_alert, struct gw_err *err);
enum gw_rc repo_alert_open(void *self, const struct alert_cause *cause, struct alert *ret_alert, struct gw_err *err);
enum gw_rc repo_alert_each(void *self, const struct store_alerts *which, int limit, store_alert_fn *fn, void *ctx,
                           struct gw_err *err);
enum gw_rc repo_alert_each_due(void *self, struct gw_wall now, int limit, store_alert_fn *fn, void *ctx,
                               struct gw_err *err);
enum gw_rc repo_alert_count(void *self, int64_t *ret_count, struct gw_err *err);
enum gw_rc repo_alert_count_open(void *self, int64_t ret_counts[EVENT_SEV_FATAL + 1], struct gw_err *err);
enum gw_rc repo_alert_drop_resolved(void *self, int count, struct gw_err *err);
enum gw_rc repo_alert_window_get(void *self, const struct alert_cause *cause, struct alert_window *ret_window,
                                 struct gw_err *err);
enum gw_rc repo_alert_window_put(void *self, const struct alert_window *window, struct gw_err *err);
enum gw_rc repo_alert_window_delete_expired(void *self, struct gw_wall now, int limit, int *ret_count,
                                            struct gw_err *err);
enum gw_rc repo_rollout_add(void *self, struct rollout_entry *entry, struct gw_err *err);
enum gw_rc repo_rollout_put(void *self, struct rollout_entry *entry, struct gw_err *err);
enum gw_rc repo_rollout_get(void *self, const char *id, struct rollout_entry *ret_entry, struct gw_err *err);
enum gw_rc repo_rollout_each(void *self, const struct store_rollout_before *before, int limit, store_rollout_fn *fn,
                             void *ctx, struct gw_err *err);
enum gw_rc repo_rollout_count(void *self, int64_t ret_counts[ROLLOUT_STATES], struct gw_err *err);
enum gw_rc repo_rollout_each_live(void *self, const struct store_rollout_before *behind, store_rollout_fn *fn,
                                  void *ctx, struct gw_err *err);
enum gw_rc repo_rollout_due(void *self, struct gw_wall now, int limit, store_rollout_fn *fn, void *ctx,
                            struct gw_err *err);
enum gw_rc repo_seats_add(void *self, const char *rollout, uint32_t number, const struct rollout_seat *seats,
                          size_t count, struct gw_err *err);
enum gw_rc repo_seats_get(void *self, const char *rollout, uint32_t number, struct rollout_seat *ret_seats,
                          size_t *ret_count, struct gw_err *err);
enum gw_rc repo_seats_drop(void *self, const char *rollout, uint32_t below, struct gw_err *err);
enum gw_rc repo_seats_drop_lost(void *self, int limit, int *ret_count, struct gw_err *err);
enum gw_rc repo_timer_next(void *self, struct gw_wall *ret_timer, struct gw_err *err);

enum gw_rc repo_attempt_add(void *self, const struct attempt_entry *entry, struct gw_err *err);
enum gw_rc repo_attempt_put(void *self, const struct attempt_entry *entry, struct gw_err *err);
enum gw_rc repo_attempt_get(void *self, const char *id, struct attempt_entry *ret_entry, struct gw_err *err);
enum gw_rc repo_attempt_each(void *self, const struct store_attempt_filter *filter, int limit, store_attempt_fn *fn,
                             void *ctx, struct gw_err *err);
enum gw_rc repo_attempt_each_of(void *self, const struct gw_device_id *device, int limit, store_attempt_fn *fn,
                                void *ctx, struct gw_err *err);
enum gw_rc repo_attempt_due(void *self, struct gw_wall now, int limit, store_attempt_fn *fn, void *ctx,
                            struct gw_err *err);
enum gw_rc repo_attempt_cancel_planned(void *self, const struct store_attempt_last *last, struct gw_wall now,
                                       struct gw_err *err);
enum gw_rc repo_attempt_drop_back(void *self, const struct store_attempt_last *last, struct gw_err *err);
enum gw_rc repo_attempt_count(void *self, const char *rollout, store_attempt_count_fn *fn, void *ctx,
                              struct gw_err *err);

enum gw_rc repo_inventory_get(void *self, const struct gw_device_id *device, struct inventory *ret_inventory,
                              struct gw_err *err);
enum gw_rc repo_inventory_put(void *self, const struct inventory *inventory, struct gw_err *err);
enum gw_rc repo_inventory_each(void *self, const struct store_inventory_after *after, int limit, store_inventory_fn *fn,
                               void *ctx, struct gw_err *err);
