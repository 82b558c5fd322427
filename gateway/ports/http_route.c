#include "http_route.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

void http_reply_init(struct http_reply *reply, int status)
{
    *reply = (struct http_reply){.status = status, .file_fd = -1};
    gw_buf_init(&reply->body, HTTP_REPLY_MAX);
}

void http_reply_done(struct http_reply *reply)
{
    gw_buf_done(&reply->body);
    if (reply->file_fd >= 0)
        (void)close(reply->file_fd);
    reply->file_fd = -1;
}

bool http_reply_header(struct http_reply *reply, const char *name, const char *value)
{
    size_t at = 0;
    while (at < HTTP_REPLY_HEADERS && reply->headers[at].name)
        at++;
    if (at == HTTP_REPLY_HEADERS || strlen(value) >= sizeof(reply->headers[at].value))
        return false;
    for (const char *c = value; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return false;
    reply->headers[at].name = name;
    (void)snprintf(reply->headers[at].value, sizeof(reply->headers[at].value), "%s", value);
    return true;
}

/* RFC 8259 section 7: quotes, backslash and control characters; bytes above 0x7f pass, the text is UTF-8. */
static void add_json_string(struct gw_buf *b, const char *text)
{
    (void)gw_buf_add_u8(b, '"');
    for (const char *c = text; *c; c++) {
        unsigned char u = (unsigned char)*c;
        if (u == '"' || u == '\\')
            (void)gw_buf_add_u8(b, '\\');
        if (u < 0x20 || u == 0x7f)
            (void)gw_buf_printf(b, "\\u%04x", (unsigned)u);
        else
            (void)gw_buf_add_u8(b, u);
    }
    (void)gw_buf_add_u8(b, '"');
}

void http_reply_problem(struct http_reply *reply, int status, const char *detail)
{
    http_reply_init(reply, status);
    reply->content_type = "application/problem+json";
    struct gw_buf *b = &reply->body;
    (void)gw_buf_add_str(b, "{\"type\":\"about:blank\",\"title\":");
    add_json_string(b, http_status_text(status));
    (void)gw_buf_printf(b, ",\"status\":%d", status);
    if (detail && detail[0]) {
        (void)gw_buf_add_str(b, ",\"detail\":");
        add_json_string(b, detail);
    }
    (void)gw_buf_add_str(b, "}\n");
}

int http_status_of(enum gw_rc rc)
{
    switch (rc) {
    case GW_OK:
        return 200;
    case GW_AGAIN:
    case GW_CANCELLED:
        return 503;
    case GW_NOT_FOUND:
        return 404;
    case GW_EXISTS:
    case GW_CONFLICT:
        return 409;
    case GW_INVALID:
        return 400;
    case GW_TOO_BIG:
        return 413;
    case GW_DENIED:
        return 403;
    case GW_NO_SPACE:
        return 507;
    case GW_TIMEOUT:
        return 504;
    case GW_UNSUPPORTED:
        return 501;
    case GW_CORRUPT:
    case GW_IO:
    case GW_NO_MEMORY:
        break;
    }
    return 500;
}

const char *http_status_text(int status)
{
    static const struct {
        int status;
        const char *text;
    } table[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {206, "Partial Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {411, "Length Required"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {416, "Range Not Satisfiable"},
        {417, "Expectation Failed"},
        {421, "Misdirected Request"},
        {422, "Unprocessable Content"},
        {426, "Upgrade Required"},
        {428, "Precondition Required"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
        {507, "Insufficient Storage"},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (table[i].status == status)
            return table[i].text;
    return "Unknown";
}

bool http_pattern_match(const char *pattern, struct gw_view path, struct gw_view param[4])
{
    struct gw_view found[4] = {{NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}};
    struct gw_view want = gw_view_str(pattern);
    size_t count = 0;
    if (want.len == 0 || path.len == 0)
        return false;
    while (want.len > 0 && path.len > 0) {
        bool want_more = memchr(want.ptr, '/', want.len) != NULL;
        bool path_more = memchr(path.ptr, '/', path.len) != NULL;
        struct gw_view w = gw_view_cut(want, '/', &want);
        struct gw_view p = gw_view_cut(path, '/', &path);
        if (want_more != path_more)
            return false;
        if (gw_view_eq_str(w, "{}")) {
            if (p.len == 0 || count == 4)
                return false;
            found[count++] = p;
        } else if (!gw_view_eq(w, p)) {
            return false;
        }
    }
    if (want.len > 0 || path.len > 0)
        return false;
    memcpy(param, found, sizeof(found));
    return true;
}
