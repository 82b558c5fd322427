#include <stdio.h>
#include <string.h>

#include "web_internal.h"

/* The page runs without inline script or style; nothing frames it, nothing else may read it (anchors: OWASP secure
 * headers). Trusted types stop DOM injection where the browser knows them. */
#define OPERATOR_HEADERS                                                                                               \
    "content-security-policy: default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "       \
    "object-src 'none'; require-trusted-types-for 'script'\r\n"                                                        \
    "referrer-policy: no-referrer\r\n"                                                                                 \
    "cross-origin-opener-policy: same-origin\r\n"                                                                      \
    "cross-origin-resource-policy: same-origin\r\n"                                                                    \
    "permissions-policy: camera=(), geolocation=(), microphone=(), payment=(), usb=()\r\n"

/* IMF-fixdate (RFC 9110 section 5.6.7). */
static void add_date(struct gw_buf *b, struct gw_wall now)
{
    static const char *const day_names[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static const char *const month_names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t days = now.ms / GW_DAY_MS;
    int64_t rest_s = now.ms % GW_DAY_MS / GW_SECOND_MS;
    int year;
    int month;
    int day;
    gw_civil_of_days(days, &year, &month, &day);
    (void)gw_buf_printf(b, "date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n", day_names[days % 7], day,
                        month_names[month - 1], year, (int)(rest_s / 3600), (int)(rest_s / 60 % 60),
                        (int)(rest_s % 60));
}

/* A value that came from somewhere else must not end its line. */
static bool one_line(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return false;
    return true;
}

static bool add_own_headers(struct gw_buf *b, const struct http_reply *reply)
{
    bool cached = false;
    for (size_t i = 0; i < HTTP_REPLY_HEADERS && reply->headers[i].name; i++) {
        if (!one_line(reply->headers[i].value))
            continue;
        (void)gw_buf_printf(b, "%s %s\r\n", reply->headers[i].name, reply->headers[i].value);
        cached = cached || strcmp(reply->headers[i].name, "cache-control:") == 0;
    }
    return cached;
}

static void add_head(struct web_conn *c, const struct http_reply *reply, int status, int64_t length)
{
    struct gw_buf *b = &c->out;
    gw_buf_reset(b);
    c->out_sent = 0;
    (void)gw_buf_printf(b, "HTTP/1.1 %d %s\r\n", status, http_status_text(status));
    add_date(b, gw_wall_now());
    if (c->sending_file && c->file.count > 1)
        (void)gw_buf_printf(b, "content-type: multipart/byteranges; boundary=%s\r\n", c->file.boundary);
    else if (reply->content_type)
        (void)gw_buf_printf(b, "content-type: %s\r\n", reply->content_type);
    if (status != 204 && status != 304)
        (void)gw_buf_printf(b, "content-length: %lld\r\n", (long long)length);
    if (c->sending_file && status == 206 && c->file.count == 1)
        (void)gw_buf_printf(b, "content-range: bytes %lld-%lld/%lld\r\n", (long long)c->file.ranges[0].first,
                            (long long)c->file.ranges[0].last, (long long)c->file.size);
    if (c->sending_file && status == 416)
        (void)gw_buf_printf(b, "content-range: bytes */%lld\r\n", (long long)c->file.size);
    if (c->sending_file)
        (void)gw_buf_add_str(b, "accept-ranges: bytes\r\n");
    if (reply->etag[0] && one_line(reply->etag))
        (void)gw_buf_printf(b, "etag: %s\r\n", reply->etag);
    if (!add_own_headers(b, reply) && !c->sending_file)
        (void)gw_buf_add_str(b, "cache-control: no-store\r\n");
    (void)gw_buf_add_str(b, "x-content-type-options: nosniff\r\n");
    if (c->listener->door == HTTP_DOOR_OPERATORS)
        (void)gw_buf_add_str(b, OPERATOR_HEADERS);
    if (c->close_after)
        (void)gw_buf_add_str(b, "connection: close\r\n");
    (void)gw_buf_add_str(b, "\r\n");
}

static void count_status(struct web *web, int status)
{
    if (status >= 500)
        web_bump(&web->count.errors_5xx);
    else if (status >= 400)
        web_bump(&web->count.errors_4xx);
}

/* Status and length of a file's answer; c->file takes the descriptor. */
static int begin_file(struct web_conn *c, struct http_reply *reply)
{
    bool ranged = c->head && (c->head->method == HTTP_GET || c->head->method == HTTP_HEAD) && reply->status == 200;
    web_file_init(&c->file, reply->file_fd, reply->file_size,
                  reply->content_type ? reply->content_type : "application/octet-stream");
    reply->file_fd = -1;
    c->sending_file = true;
    return ranged ? web_file_select(&c->file, c->head->range, c->head->if_range, reply->etag) : reply->status;
}

void web_reply_begin(struct web_conn *c, struct http_reply *reply)
{
    bool head_only = c->head && c->head->method == HTTP_HEAD;
    int status = reply->status;
    int64_t length = (int64_t)reply->body.len;
    if (reply->file_fd >= 0) {
        status = begin_file(c, reply);
        length = web_file_length(&c->file);
    }
    add_head(c, reply, status, length);
    gw_buf_done(&c->out_body);
    c->out_body_sent = 0;
    if (c->sending_file && (head_only || status == 416))
        web_file_done(&c->file);
    c->sending_file = c->sending_file && c->file.fd >= 0;
    if (!c->sending_file && !head_only && status != 204 && status != 304) {
        c->out_body = reply->body;
        gw_buf_init(&reply->body, 0);
    }
    count_status(c->listener->web, status);
    http_reply_done(reply);
    c->state = WEB_SEND;
    web_conn_rank(c, c->peer.has_cert ? WEB_UNRANKED : WEB_OWING);
    c->deadline.ms = gw_mono_now().ms + WEB_WRITE_MS;
}

void web_reply_problem(struct web_conn *c, int status, const char *detail)
{
    struct http_reply reply;
    http_reply_problem(&reply, status, detail);
    web_reply_begin(c, &reply);
}

static size_t take(const struct gw_buf *from, size_t *sent, uint8_t *out, size_t cap)
{
    size_t n = from->len - *sent < cap ? from->len - *sent : cap;
    if (n)
        memcpy(out, from->ptr + *sent, n);
    *sent += n;
    return n;
}

bool web_reply_write(struct web_conn *c)
{
    uint8_t *chunk = c->listener->web->chunk + LWS_PRE;
    size_t used = take(&c->out, &c->out_sent, chunk, WEB_CHUNK);
    used += take(&c->out_body, &c->out_body_sent, chunk + used, WEB_CHUNK - used);
    if (c->sending_file && WEB_CHUNK - used > WEB_CHUNK / 2) {
        size_t n = 0;
        if (web_file_next(&c->file, chunk + used, WEB_CHUNK - used, &n))
            return false; /* the length was promised: nothing but the end of the connection can tell */
        if (n == 0)
            c->sending_file = false;
        used += n;
    }
    bool sent = used == 0 || lws_write(c->wsi, chunk, used, LWS_WRITE_RAW) >= 0;
    if (!c->sending_file)
        explicit_bzero(chunk, used); /* answers may hold secrets, files do not */
    return sent;
}
