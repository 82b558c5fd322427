/* The gateway's own start and stop in its log. */
#include <string.h>

#include "desk.h"

static struct desk d;

static void say(enum inbox_kind kind)
{
    struct inbox_msg msg = {.kind = kind};
    CU_ASSERT_EQUAL_FATAL(desk_msg(&d, &msg), GW_OK);
}

struct told {
    struct audit_event last;
    size_t count;
};

static bool take(void *ctx, const struct audit_event *event)
{
    struct told *told = ctx;
    told->last = *event;
    told->count++;
    return true;
}

/* The events so far are as many, and the last is this one. */
static void expect(size_t count, const char *cls, enum event_sev sev, enum event_res res)
{
    struct told told = {.count = 0};
    CU_ASSERT_EQUAL_FATAL(d.store.ops->audit_each(d.store.self, 0, 100, take, &told, NULL), GW_OK);
    CU_ASSERT_EQUAL(told.count, count);
    CU_ASSERT_STRING_EQUAL(told.last.cls, cls);
    CU_ASSERT_EQUAL(told.last.sev, sev);
    CU_ASSERT_EQUAL(told.last.res, res);
    CU_ASSERT_STRING_EQUAL(told.last.subj, "gateway");
}

static void a_start_and_a_clean_stop_are_told(void)
{
    desk_open(&d);
    say(INBOX_START);
    expect(1, "boot.start", EVENT_SEV_INFO, EVENT_OK);
    say(INBOX_STOP);
    expect(2, "boot.shutdown", EVENT_SEV_INFO, EVENT_OK);
    say(INBOX_START);
    expect(3, "boot.start", EVENT_SEV_INFO, EVENT_OK);
    desk_close(&d);
}

static void a_start_after_no_clean_stop_says_so(void)
{
    desk_open(&d);
    say(INBOX_START);
    say(INBOX_START);
    expect(2, "boot.start", EVENT_SEV_MEDIUM, EVENT_FAIL);
    say(INBOX_START); /* each one anew */
    expect(3, "boot.start", EVENT_SEV_MEDIUM, EVENT_FAIL);
    say(INBOX_STOP);
    say(INBOX_START);
    expect(5, "boot.start", EVENT_SEV_INFO, EVENT_OK);
    desk_close(&d);
}

const struct gw_test_case boot_cases[] = {
    {"a start and a clean stop are told", a_start_and_a_clean_stop_are_told},
    {"a start after no clean stop says so", a_start_after_no_clean_stop_says_so},
};
const size_t boot_case_count = sizeof(boot_cases) / sizeof(boot_cases[0]);
