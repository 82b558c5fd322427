#include <string.h>

#include "gw_test.h"
#include "page.h"

static struct http_reply seen;

static void take_reply(void *self, struct http_ticket ticket, struct http_reply *reply)
{
    (void)self;
    (void)ticket;
    seen = *reply;
    gw_buf_init(&reply->body, 0);
}

static const unsigned char index_gzip[] = "INDEX", script_gzip[] = "SCRIPT";
static const struct page_file files[] = {
    {"/assets/index-1a.js", "text/javascript; charset=utf-8", "\"js\"", script_gzip, 6, true},
    {"/index.html", "text/html; charset=utf-8", "\"html\"", index_gzip, 5, false},
};

/* Calls the route for the path; what came of it, or GW_NOT_FOUND when there is no route. */
static enum gw_rc get(size_t file_count, const char *path, const char *if_none_match)
{
    struct page *page = page_new((struct http_responder){.respond = take_reply}, files, file_count);
    size_t count;
    const struct http_route *routes = page_routes(page, &count);
    struct http_request request = {.method = HTTP_GET,
                                   .path = gw_view_str(path),
                                   .if_none_match = gw_view_str(if_none_match ? if_none_match : "")};
    struct gw_err err;
    enum gw_rc rc = GW_NOT_FOUND;
    for (size_t i = 0; i < count; i++) {
        if (!http_pattern_match(routes[i].pattern, request.path, request.param))
            continue;
        CU_ASSERT_EQUAL(routes[i].methods, HTTP_GET);
        CU_ASSERT_EQUAL(routes[i].doors, HTTP_DOOR_OPERATORS);
        rc = routes[i].handle(routes[i].ctx, &request, &err);
        break;
    }
    page_free(page);
    return rc;
}

static const char *header(const char *name)
{
    for (size_t i = 0; i < HTTP_REPLY_HEADERS && seen.headers[i].name; i++)
        if (strcmp(seen.headers[i].name, name) == 0)
            return seen.headers[i].value;
    return "";
}

static void every_screen_is_index_html_and_never_kept(void)
{
    static const char *const paths[] = {"/", "/devices", "/devices/pump-1", "/rollouts/7", "/log", "/account"};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        CU_ASSERT_EQUAL(get(2, paths[i], NULL), GW_OK);
        CU_ASSERT_EQUAL(seen.status, 200);
        CU_ASSERT(gw_view_eq_str(gw_buf_view(&seen.body), "INDEX"));
        CU_ASSERT_STRING_EQUAL(seen.content_type, "text/html; charset=utf-8");
        CU_ASSERT_STRING_EQUAL(header("cache-control:"), "no-store");
        CU_ASSERT_STRING_EQUAL(header("content-encoding:"), "gzip");
        http_reply_done(&seen);
    }
}

static void an_asset_is_kept_for_a_year(void)
{
    CU_ASSERT_EQUAL(get(2, "/assets/index-1a.js", NULL), GW_OK);
    CU_ASSERT(gw_view_eq_str(gw_buf_view(&seen.body), "SCRIPT"));
    CU_ASSERT_STRING_EQUAL(seen.etag, "\"js\"");
    CU_ASSERT_STRING_EQUAL(header("cache-control:"), "public, max-age=31536000, immutable");
    http_reply_done(&seen);
}

static void who_has_the_asset_already_gets_304(void)
{
    static const char *const tags[] = {"\"js\"", "W/\"js\"", "\"a\", \"js\"", "*"};
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        CU_ASSERT_EQUAL(get(2, "/assets/index-1a.js", tags[i]), GW_OK);
        CU_ASSERT_EQUAL(seen.status, 304);
        CU_ASSERT_EQUAL(seen.body.len, 0);
        CU_ASSERT_STRING_EQUAL(header("content-encoding:"), "");
        http_reply_done(&seen);
    }
    CU_ASSERT_EQUAL(get(2, "/assets/index-1a.js", "\"other\", js"), GW_OK);
    CU_ASSERT_EQUAL(seen.status, 200);
    http_reply_done(&seen);
}

static void unknown_paths_and_files_are_not_there(void)
{
    static const char *const paths[] = {"/assets/other.js", "/favicon.svg", "/nowhere",   "/devices/a/b", "/index.html",
                                        "/assets/../x",     "/api/v1/x",    "/rollouts/", "/assets/"};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        CU_ASSERT_EQUAL(get(2, paths[i], NULL), GW_NOT_FOUND);
}

static void a_build_without_the_page_has_none(void)
{
    CU_ASSERT_EQUAL(get(0, "/", NULL), GW_NOT_FOUND);
}

static const struct gw_test_case cases[] = {
    {"every screen is index.html and never kept", every_screen_is_index_html_and_never_kept},
    {"an asset is kept for a year", an_asset_is_kept_for_a_year},
    {"who has the asset already gets 304", who_has_the_asset_already_gets_304},
    {"unknown paths and files are not there", unknown_paths_and_files_are_not_there},
    {"a build without the page has none", a_build_without_the_page_has_none},
};

int main(void)
{
    return GW_TEST_RUN("page", cases);
}
