#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "gw_test.h"
#include "http_route.h"

static bool match(const char *pattern, const char *path, struct gw_view param[4])
{
    return http_pattern_match(pattern, gw_view_str(path), param);
}

static void patterns_match_whole_segments(void)
{
    struct gw_view p[4];
    CU_ASSERT_TRUE(match("/healthz", "/healthz", p));
    CU_ASSERT_FALSE(match("/healthz", "/healthz/", p));
    CU_ASSERT_FALSE(match("/healthz", "/health", p));
    CU_ASSERT_FALSE(match("/healthz/", "/healthz", p));
    CU_ASSERT_TRUE(match("/", "/", p));
    CU_ASSERT_FALSE(match("/", "/x", p));
    CU_ASSERT_TRUE(match("/api/v1/devices/{}/revoke", "/api/v1/devices/pump-7/revoke", p));
    CU_ASSERT_TRUE(gw_view_eq_str(p[0], "pump-7"));
    CU_ASSERT_EQUAL(p[1].len, 0);
    CU_ASSERT_FALSE(match("/api/v1/devices/{}/revoke", "/api/v1/devices//revoke", p));
    CU_ASSERT_FALSE(match("/api/v1/devices/{}", "/api/v1/devices/", p));
    CU_ASSERT_FALSE(match("/api/v1/devices/{}", "/api/v1/devices/a/b", p));
    CU_ASSERT_TRUE(match("/{}/{}/{}/{}", "/a/b/c/d", p));
    CU_ASSERT_TRUE(gw_view_eq_str(p[3], "d"));
    CU_ASSERT_FALSE(match("/{}/{}/{}/{}/{}", "/a/b/c/d/e", p));
    CU_ASSERT_FALSE(match("", "", p));
}

static void a_failed_match_leaves_the_parameters(void)
{
    struct gw_view p[4] = {GW_VIEW_LIT("kept")};
    CU_ASSERT_FALSE(match("/{}/x", "/a/y", p));
    CU_ASSERT_TRUE(gw_view_eq_str(p[0], "kept"));
}

static void a_problem_is_escaped_json(void)
{
    struct http_reply r;
    http_reply_problem(&r, 404, "no \"such\" \\ thing\n\x01");
    CU_ASSERT_EQUAL(r.status, 404);
    CU_ASSERT_STRING_EQUAL(r.content_type, "application/problem+json");
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&r.body), "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,"
                                                "\"detail\":\"no \\\"such\\\" \\\\ thing\\u000a\\u0001\"}\n");
    http_reply_done(&r);
    http_reply_problem(&r, 500, NULL);
    CU_ASSERT_PTR_NULL(strstr(gw_buf_str(&r.body), "detail"));
    http_reply_done(&r);
}

static void headers_have_a_ceiling_and_one_line(void)
{
    struct http_reply r;
    char big[400];
    memset(big, 'x', sizeof(big));
    big[sizeof(big) - 1] = '\0';
    http_reply_init(&r, 200);
    CU_ASSERT_FALSE(http_reply_header(&r, "a:", "split\r\nset-cookie: x"));
    CU_ASSERT_FALSE(http_reply_header(&r, "a:", big));
    for (int i = 0; i < HTTP_REPLY_HEADERS; i++)
        CU_ASSERT_TRUE(http_reply_header(&r, "a:", "value"));
    CU_ASSERT_FALSE(http_reply_header(&r, "a:", "one more"));
    http_reply_done(&r);
}

static void done_closes_the_file(void)
{
    struct http_reply r;
    http_reply_init(&r, 200);
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    r.file_fd = fd;
    http_reply_done(&r);
    CU_ASSERT_EQUAL(fcntl(fd, F_GETFD), -1);
    CU_ASSERT_EQUAL(r.file_fd, -1);
}

static void every_code_has_a_status_with_a_name(void)
{
    for (int rc = GW_OK; rc <= GW_NO_MEMORY; rc++) {
        int status = http_status_of((enum gw_rc)rc);
        CU_ASSERT_TRUE(status >= 200 && status < 600);
        CU_ASSERT_STRING_NOT_EQUAL(http_status_text(status), "Unknown");
    }
    CU_ASSERT_EQUAL(http_status_of(GW_DENIED), 403);
    CU_ASSERT_EQUAL(http_status_of(GW_CONFLICT), 409);
    CU_ASSERT_EQUAL(http_status_of(GW_AGAIN), 503);
    CU_ASSERT_STRING_EQUAL(http_status_text(299), "Unknown");
}

static const struct gw_test_case cases[] = {
    {"patterns match whole segments", patterns_match_whole_segments},
    {"a failed match leaves the parameters", a_failed_match_leaves_the_parameters},
    {"a problem is escaped JSON", a_problem_is_escaped_json},
    {"headers have a ceiling and stay on one line", headers_have_a_ceiling_and_one_line},
    {"done closes the file", done_closes_the_file},
    {"every code has a status with a name", every_code_has_a_status_with_a_name},
};

int main(void)
{
    return GW_TEST_RUN("http route", cases);
}
