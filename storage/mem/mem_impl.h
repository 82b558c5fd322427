/*
 * mem_impl: what the files of storage/mem share among themselves.
 */
#pragma once

#include "mem.h"
#include "mem_table.h"
#include "store_check.h"

#define MEM_TABLES 17

struct mem_setting {
    char key[STORE_KEY_MAX + 1];
    uint16_t len;
    uint8_t value[STORE_SETTING_MAX];
};

struct mem_release {
    struct release_entry entry;
    struct release_entry_file files[RELEASE_FILES_MAX];
    uint32_t envelope_len;
    uint8_t envelope[RELEASE_ENVELOPE_MAX];
};

/* One of a list of devices that have no attempt yet. */
struct mem_seat {
    char rollout[ROLLOUT_ID_LEN + 1];
    uint32_t number; /* of the list */
    uint32_t index;  /* in it */
    struct rollout_seat seat;
};

struct mem_face {
    struct mem *mem;
    bool read_only;
    bool begun;
};

struct mem {
    struct mem_face writer, reader; /* what a struct store's self points to */
    bool marked;
    int64_t audit_n, audit_n_begun, audit_n_mark; /* the last number given; as it was at begin, at mark */
    union {
        struct {
            struct mem_table device, cert, invite, pending, user, setting, audit, vendor_key, release, product, alert,
                alert_window, rollout, seat, attempt, inventory, token;
        };
        struct mem_table all[MEM_TABLES];
    };
};

/* Before every change: GW_DENIED for the reader, GW_INVALID outside of a transaction. */
GW_MUST_CHECK enum gw_rc mem_may_write(const struct mem_face *face, struct gw_err *err);
/* The rows that this face sees. */
const struct mem_rows *mem_see(const struct mem_face *face, const struct mem_table *t);
/* One row by key; GW_NOT_FOUND. */
GW_MUST_CHECK enum gw_rc mem_get(const struct mem_face *face, const struct mem_table *t, const void *like,
                                 void *ret_row, struct gw_err *err);
/* Revision check of a put: `stored` is the revision in the store, 0 when there is no row. */
GW_MUST_CHECK enum gw_rc mem_rev(int64_t stored, int64_t *rev, struct gw_err *err);

/* A visit: the rows that pass the test, copied, in order of `cmp` (NULL: the key's), at most `limit`. */
struct mem_visit {
    const struct mem_table *table;
    mem_test_fn *test; /* NULL: all */
    const void *arg;
    mem_cmp_fn *cmp;
    int limit; /* -1: none */
};
typedef bool mem_row_fn(void *ctx, const void *row);
void mem_each(const struct mem_face *face, const struct mem_visit *visit, mem_row_fn *fn, void *ctx);
int64_t mem_count(const struct mem_face *face, const struct mem_table *t, mem_test_fn *test, const void *arg);

/* Fill the function table, by file. */
void mem_device_ops(struct store_ops *ops);
void mem_enrol_ops(struct store_ops *ops);
void mem_user_ops(struct store_ops *ops);
void mem_release_ops(struct store_ops *ops);
void mem_alert_ops(struct store_ops *ops);
void mem_rollout_ops(struct store_ops *ops);
void mem_attempt_ops(struct store_ops *ops);
void mem_token_ops(struct store_ops *ops);

mem_cmp_fn mem_cmp_device, mem_cmp_cert, mem_cmp_invite, mem_cmp_pending, mem_cmp_user, mem_cmp_setting, mem_cmp_audit,
    mem_cmp_vendor_key, mem_cmp_release, mem_cmp_product, mem_cmp_alert, mem_cmp_alert_window, mem_cmp_rollout,
    mem_cmp_seat, mem_cmp_attempt, mem_cmp_inventory, mem_cmp_token;
