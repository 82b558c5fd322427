#include "page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"

#define INDEX "/index.html"
#define KEEP  "public, max-age=31536000, immutable" /* RFC 8246 */

/* Where the page's own routes lead (web-ui/src/lib/route.ts has the same list; tests/unit/page holds the two together).
 * What is not here is 404, as web says it. */
static const char *const screens[] = {
    "/",    "/devices", "/devices/{}", "/releases", "/releases/{}", "/rollouts", "/rollouts/{}",
    "/log", "/alerts",  "/users",      "/account",
};

#define SCREENS (sizeof(screens) / sizeof(screens[0]))

struct page {
    struct http_responder responder;
    const struct page_file *files;
    size_t count;
    struct http_route routes[SCREENS + 2];
};

static const struct page_file *find(const struct page *page, struct gw_view path)
{
    for (size_t i = 0; i < page->count; i++)
        if (gw_view_eq_str(path, page->files[i].path))
            return &page->files[i];
    return NULL;
}

/* If-None-Match (RFC 9110 section 13.1.2): a list of tags, compared weakly. */
static bool has_it(struct gw_view list, const char *etag)
{
    if (gw_view_eq_str(list, "*"))
        return true;
    while (list.len > 0) {
        struct gw_view tag = gw_view_trim(gw_view_cut(list, ',', &list));
        if (tag.len > 2 && tag.ptr[0] == 'W' && tag.ptr[1] == '/')
            tag = gw_view_make(tag.ptr + 2, tag.len - 2);
        if (gw_view_eq_str(tag, etag))
            return true;
    }
    return false;
}

static enum gw_rc send_file(const struct page *page, const struct http_request *request, struct gw_view path,
                            struct gw_err *err)
{
    const struct page_file *file = find(page, path);
    if (!file)
        return gw_err_set(err, GW_NOT_FOUND, "no such file");
    bool fresh = has_it(request->if_none_match, file->etag);
    struct http_reply reply;
    http_reply_init(&reply, fresh ? 304 : 200);
    reply.content_type = file->type;
    (void)snprintf(reply.etag, sizeof(reply.etag), "%s", file->etag);
    (void)http_reply_header(&reply, "cache-control:", file->hashed ? KEEP : "no-store");
    if (!fresh) {
        (void)http_reply_header(&reply, "content-encoding:", "gzip");
        (void)gw_buf_add(&reply.body, file->gzip, file->len);
    }
    page->responder.respond(page->responder.self, request->ticket, &reply);
    return GW_OK;
}

static enum gw_rc on_screen(void *ctx, const struct http_request *request, struct gw_err *err)
{
    return send_file(ctx, request, gw_view_str(INDEX), err);
}

static enum gw_rc on_file(void *ctx, const struct http_request *request, struct gw_err *err)
{
    return send_file(ctx, request, request->path, err);
}

static struct http_route route(struct page *page, const char *pattern, http_handler *handle)
{
    return (struct http_route){
        .methods = HTTP_GET, .doors = HTTP_DOOR_OPERATORS, .pattern = pattern, .handle = handle, .ctx = page};
}

struct page *page_new(struct http_responder responder, const struct page_file *files, size_t count)
{
    struct page *page = gw_xalloc(1, sizeof(*page));
    page->responder = responder;
    page->files = files;
    page->count = count;
    for (size_t i = 0; i < SCREENS; i++)
        page->routes[i] = route(page, screens[i], on_screen);
    page->routes[SCREENS] = route(page, "/assets/{}", on_file);
    page->routes[SCREENS + 1] = route(page, "/favicon.svg", on_file);
    return page;
}

void page_free(struct page *page)
{
    free(page);
}

const struct http_route *page_routes(const struct page *page, size_t *ret_count)
{
    *ret_count = SCREENS + 2;
    return page->routes;
}
