/*
 * gw_test: a thin coat over CUnit. A test program is a list of named cases; names are sentences. Each case prints
 * "ok - suite: name", "not ok - suite: name" or "skip - suite: name # why", which tests/run.sh counts; the exit status
 * is the number of failures. A case that asserts nothing has proved nothing, and fails.
 *
 *     static const struct gw_test_case cases[] = {
 *         {"refuses a sequence number above the next", refuses_a_gap},
 *     };
 *     int main(void) { return GW_TEST_RUN("log batch", cases); }
 */
#pragma once

#include <CUnit/CUnit.h>
#include <stddef.h>
#include <stdint.h>

#include "gw_err.h"

struct gw_test_case {
    const char *name;
    void (*run)(void);
};

int gw_test_run(const char *suite, const struct gw_test_case *cases, size_t count);
#define GW_TEST_RUN(suite, cases) gw_test_run(suite, cases, sizeof(cases) / sizeof((cases)[0]))

/* Marks the running case as skipped, with the reason; return from the case afterwards. */
void gw_test_skip(const char *why);

/* The running case has failed, for a reason that is no assertion of its own; the text is shown. Outside of
 * gw_test_run() it is only shown. */
void gw_test_fault(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A fresh empty directory on a real disk (/var/tmp, or what GW_TEST_ROOT names: short, since sockets lie below it),
 * removed with all content when the program ends. At most 256 in a program. */
const char *gw_test_dir(void);
/* A TCP port on 127.0.0.1 that was free a moment ago; never the same twice in a process. */
uint16_t gw_test_port(void);
/* Where the real inputs of ../shared/data lie, or NULL when they are not there (then skip). */
const char *gw_test_shared_data(void);

/* Asserts GW_OK and shows the text of err when it is not. */
#define GW_ASSERT_OK(call, err)                                                                                        \
    do {                                                                                                               \
        enum gw_rc gw_rc_ = (call);                                                                                    \
        gw_test_note(gw_rc_, (err), #call);                                                                            \
        CU_ASSERT_EQUAL_FATAL(gw_rc_, GW_OK);                                                                          \
    } while (0)
void gw_test_note(enum gw_rc rc, const struct gw_err *err, const char *what);
