/*
 * store_suite: what ports/store.h promises, asked of whatever store_over_*.c brings.
 */
#pragma once

#include <stdio.h>
#include <string.h>

#include "gw_test.h"
#include "store.h"

/* Brought by store_over_*.c. open: a fresh empty store. between: a step has ended, nothing is open (the reopened
 * variant closes and opens the file). reader: the same rows for reading only. */
extern const char store_name[];
void store_over_open(void);
struct store store_over_store(void);
struct store store_over_reader(void);
void store_over_between(void);
void store_over_close(void);

/* The store under test, and calls on it that assert their success. */
extern struct store st;
extern struct gw_err err;
void begin(void);
void commit(void); /* also passes `between` and fetches st anew */
void rollback(void);
void put_device(struct device *device);
void put_cert(const struct device_cert *cert);

struct gw_device_id id_of(const char *text);
struct gw_sha256 digest_of(unsigned number); /* big-endian in the first bytes: sorts by number */
struct device device_of(const char *id, enum device_state state);
struct device_cert cert_of(const char *device, unsigned number, int64_t not_before_ms);
struct device_invite invite_of(const char *device);
struct device_pending pending_of(const char *device, unsigned number, const char *source);
struct user user_of(const char *name);
struct audit_event event_of(const char *msg);

/* Visitors write what they see into a line: "a b c". stop_after: how many they want, 0 for all. */
struct seen {
    char text[2048];
    int count;
    int stop_after;
};
bool see_device(void *ctx, const struct device *device);
bool see_cert(void *ctx, const struct device_cert *cert); /* its number */
bool see_pending(void *ctx, const struct device_pending *pending);
bool see_user(void *ctx, const struct user *user);
bool see_event(void *ctx, const struct audit_event *event); /* its n */

#define ASSERT_RC(call, rc)                                                                                            \
    do {                                                                                                               \
        enum gw_rc got_ = (call);                                                                                      \
        if (got_ != (rc))                                                                                              \
            gw_test_note(got_, &err, #call);                                                                           \
        CU_ASSERT_EQUAL(got_, (rc));                                                                                   \
    } while (0)

extern const struct gw_test_case device_cases[], cert_cases[], enrol_cases[], user_cases[], release_cases[],
    alert_cases[], rollout_cases[], token_cases[], transaction_cases[];
extern const size_t device_case_count, cert_case_count, enrol_case_count, user_case_count, release_case_count,
    alert_case_count, rollout_case_count, token_case_count, transaction_case_count;
