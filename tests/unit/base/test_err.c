#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_test.h"

static void names_every_code(void)
{
    for (int rc = GW_OK; rc <= GW_NO_MEMORY; rc++) {
        CU_ASSERT_STRING_NOT_EQUAL(gw_rc_text((enum gw_rc)rc), "unknown");
        for (int other = GW_OK; other < rc; other++)
            CU_ASSERT_STRING_NOT_EQUAL(gw_rc_text((enum gw_rc)rc), gw_rc_text((enum gw_rc)other));
    }
    CU_ASSERT_STRING_EQUAL(gw_rc_text((enum gw_rc)99), "unknown");
}

static void tells_code_and_text(void)
{
    struct gw_err err = {0};
    CU_ASSERT_STRING_EQUAL(gw_err_text(&err), "ok");
    CU_ASSERT_EQUAL(gw_err_set(&err, GW_INVALID, "%d apples", 3), GW_INVALID);
    CU_ASSERT_EQUAL(err.rc, GW_INVALID);
    CU_ASSERT_STRING_EQUAL(gw_err_text(&err), "3 apples");
    CU_ASSERT_STRING_EQUAL(gw_err_text(NULL), "no detail");
    CU_ASSERT_STRING_EQUAL(gw_err_text(&(struct gw_err){.rc = GW_DENIED}), "denied");
}

static void wraps_while_it_rises(void)
{
    struct gw_err err = {0};
    (void)gw_err_set(&err, GW_IO, "inner");
    CU_ASSERT_EQUAL(gw_err_wrap(&err, GW_CORRUPT, "middle %d", 2), GW_CORRUPT);
    CU_ASSERT_EQUAL(gw_err_wrap(&err, GW_CORRUPT, "outer"), GW_CORRUPT);
    CU_ASSERT_STRING_EQUAL(err.text, "outer: middle 2: inner");
    CU_ASSERT_EQUAL(err.rc, GW_CORRUPT);
}

static void works_without_a_place_for_the_text(void)
{
    errno = ENOENT;
    CU_ASSERT_EQUAL(gw_err_sys(NULL, "x"), GW_NOT_FOUND);
    CU_ASSERT_EQUAL(gw_err_set(NULL, GW_IO, "x"), GW_IO);
    CU_ASSERT_EQUAL(gw_err_wrap(NULL, GW_IO, "x"), GW_IO);
}

static void cuts_a_long_text(void)
{
    char text[1000];
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    struct gw_err err;
    memset(&err, 0xff, sizeof(err));
    (void)gw_err_set(&err, GW_IO, "%s", text);
    CU_ASSERT_EQUAL(strlen(err.text), GW_ERR_TEXT_MAX - 1);
    (void)gw_err_wrap(&err, GW_IO, "%s", text);
    CU_ASSERT_EQUAL(strlen(err.text), GW_ERR_TEXT_MAX - 1);
    (void)gw_err_wrap(&err, GW_IO, "short");
    CU_ASSERT_EQUAL(strlen(err.text), GW_ERR_TEXT_MAX - 1);
    CU_ASSERT_EQUAL(strncmp(err.text, "short: aaa", 10), 0);
    errno = EIO;
    (void)gw_err_sys(&err, "%s", text);
    CU_ASSERT_EQUAL(strlen(err.text), GW_ERR_TEXT_MAX - 1);
}

static void maps_errno_to_what_a_caller_can_do(void)
{
    static const struct {
        int code;
        enum gw_rc rc;
    } rows[] = {
        {ENOSPC, GW_NO_SPACE}, {EDQUOT, GW_NO_SPACE}, {ENOENT, GW_NOT_FOUND}, {EEXIST, GW_EXISTS}, {EACCES, GW_DENIED},
        {EPERM, GW_DENIED},    {EAGAIN, GW_AGAIN},    {EIO, GW_IO},           {EBADF, GW_IO},      {0, GW_IO}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct gw_err err;
        errno = rows[i].code;
        CU_ASSERT_EQUAL(gw_err_sys(&err, "open of %s", "x"), rows[i].rc);
        CU_ASSERT_EQUAL(err.rc, rows[i].rc);
        char want[128];
        (void)snprintf(want, sizeof(want), "open of x: %s", strerror(rows[i].code));
        CU_ASSERT_STRING_EQUAL(err.text, want);
    }
}

static void closes_at_the_end_of_the_scope(void)
{
    int seen;
    {
        GW_CLOSE int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        seen = fd;
        CU_ASSERT(fd >= 0);
        errno = ERANGE;
    }
    CU_ASSERT_EQUAL(errno, ERANGE);
    CU_ASSERT_EQUAL(fcntl(seen, F_GETFD), -1);
    {
        GW_CLOSE int none = -1;
        GW_FCLOSE FILE *no_file = NULL;
        GW_FCLOSE FILE *file = fopen("/dev/null", "r");
        GW_FREE char *text = gw_xstrdup("freed at the end");
        CU_ASSERT(none == -1 && !no_file && file && text);
    }
}

static void takes_a_value_out_of_the_scope(void)
{
    char *kept;
    {
        GW_FREE char *text = gw_xstrdup("kept");
        kept = GW_TAKE(text);
        CU_ASSERT_PTR_NULL(text);
    }
    CU_ASSERT_STRING_EQUAL(kept, "kept");
    gw_cleanup_free(&kept);
}

static void allocates_zeroed_memory(void)
{
    GW_FREE uint8_t *bytes = gw_xalloc(100, 3);
    for (size_t i = 0; i < 300; i++)
        CU_ASSERT_EQUAL(bytes[i], 0);
    GW_FREE void *nothing = gw_xalloc(0, 0);
    CU_ASSERT_PTR_NOT_NULL(nothing);
}

static const struct gw_test_case cases[] = {
    {"names every result code differently", names_every_code},
    {"tells code and text", tells_code_and_text},
    {"wraps a text while it rises", wraps_while_it_rises},
    {"works without a place for the text", works_without_a_place_for_the_text},
    {"cuts a long text instead of overrunning", cuts_a_long_text},
    {"maps errno to what a caller can do", maps_errno_to_what_a_caller_can_do},
    {"closes at the end of the scope and keeps errno", closes_at_the_end_of_the_scope},
    {"takes a value out of the scope", takes_a_value_out_of_the_scope},
    {"allocates zeroed memory", allocates_zeroed_memory},
};

int main(void)
{
    return GW_TEST_RUN("error and cleanup", cases);
}
