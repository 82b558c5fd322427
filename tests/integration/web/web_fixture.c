#include "web_fixture.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "gw_id.h"
#include "gw_proc.h"
#include "gw_test.h"
#include "web_room.h"
#include "web_sink.h"

static struct {
    pthread_mutex_t lock;
    struct http_responder responder;
    struct http_ticket late[64];
    size_t late_count;
    char file[300];
    char big[300];
} shared = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void text_reply(const struct http_request *r, int status, struct gw_view text)
{
    struct http_reply reply;
    http_reply_init(&reply, status);
    reply.content_type = "text/plain";
    (void)gw_buf_add_view(&reply.body, text);
    shared.responder.respond(shared.responder.self, r->ticket, &reply);
}

static enum gw_rc on_hello(void *ctx, const struct http_request *r, struct gw_err *err)
{
    (void)ctx;
    (void)err;
    text_reply(r, 200, GW_VIEW_LIT("hello"));
    return GW_OK;
}

static enum gw_rc on_echo(void *ctx, const struct http_request *r, struct gw_err *err)
{
    (void)ctx;
    (void)err;
    text_reply(r, 200, r->body);
    return GW_OK;
}

static enum gw_rc on_who(void *ctx, const struct http_request *r, struct gw_err *err)
{
    (void)ctx;
    (void)err;
    char digest[2 * GW_SHA256_LEN + 1];
    char text[400];
    gw_hex_format(r->peer->cert_sha256.bytes, GW_SHA256_LEN, digest);
    int n = snprintf(text, sizeof(text), "cert=%d bad=%d cn=%s after=%lld uid=%u name=%s source=%s digest=%s item=%.*s",
                     r->peer->has_cert, r->peer->bad_cert, r->peer->cert_cn, (long long)r->peer->cert_not_after.ms,
                     (unsigned)r->peer->uid, r->peer->uid_name, r->peer->source, digest, (int)r->param[0].len,
                     (const char *)r->param[0].ptr);
    text_reply(r, 200, gw_view_make(text, (size_t)n));
    return GW_OK;
}

static enum gw_rc on_late(void *ctx, const struct http_request *r, struct gw_err *err)
{
    (void)ctx;
    (void)err;
    (void)pthread_mutex_lock(&shared.lock);
    if (shared.late_count < 64)
        shared.late[shared.late_count++] = r->ticket;
    (void)pthread_mutex_unlock(&shared.lock);
    return GW_OK;
}

static enum gw_rc send_file(const struct http_request *r, const char *path, int64_t size, struct gw_err *err)
{
    struct http_reply reply;
    http_reply_init(&reply, 200);
    reply.file_fd = open(path, O_RDONLY | O_CLOEXEC);
    if (reply.file_fd < 0)
        return gw_err_sys(err, "open");
    reply.file_size = size;
    reply.content_type = "application/octet-stream";
    (void)snprintf(reply.etag, sizeof(reply.etag), "\"v1\"");
    shared.responder.respond(shared.responder.self, r->ticket, &reply);
    return GW_OK;
}

static enum gw_rc on_file(void *ctx, const struct http_request *r, struct gw_err *err)
{
    (void)ctx;
    return send_file(r, shared.file, WEB_TEST_FILE_SIZE, err);
}

static enum gw_rc on_big(void *ctx, const struct http_request *r, struct gw_err *err)
{
    (void)ctx;
    return send_file(r, shared.big, WEB_TEST_BIG_SIZE, err);
}

static enum gw_rc on_again(void *ctx, const struct http_request *r, struct gw_err *err)
{
    (void)ctx;
    (void)r;
    return gw_err_set(err, GW_AGAIN, "the inbox is full");
}

static enum gw_rc admit_any(void *ctx, const struct http_request *r, struct gw_err *err)
{
    (void)ctx;
    (void)r;
    (void)err;
    return GW_OK;
}

static enum gw_rc admit_known(void *ctx, const struct http_request *r, struct gw_err *err)
{
    (void)ctx;
    return r->authorization.len > 0 ? GW_OK : gw_err_set(err, GW_DENIED, "who are you?");
}

#define ROUTE(methods_, pattern_, body_max_, anonymous_, handle_)                                                      \
    {                                                                                                                  \
        .methods = methods_, .doors = 7, .pattern = pattern_, .body_max = body_max_, .anonymous = anonymous_,          \
        .handle = handle_                                                                                              \
    }

static const struct http_route routes[] = {
    ROUTE(HTTP_GET, "/hello", 0, true, on_hello),
    ROUTE(HTTP_GET, "/private", 0, false, on_hello),
    ROUTE(HTTP_GET, "/who/{}", 0, true, on_who),
    ROUTE(HTTP_GET, "/late", 0, true, on_late),
    ROUTE(HTTP_GET, "/file", 0, true, on_file),
    ROUTE(HTTP_GET, "/big", 0, true, on_big),
    ROUTE(HTTP_GET, "/again", 0, true, on_again),
    {.methods = HTTP_GET, .doors = HTTP_DOOR_OPERATORS, .pattern = "/operators-only", .handle = on_hello},
    {.methods = HTTP_POST | HTTP_PUT,
     .doors = 7,
     .pattern = "/echo",
     .body_max = 100000,
     .anonymous = true,
     .handle = on_echo,
     .admit = admit_any},
    {.methods = HTTP_POST,
     .doors = 7,
     .pattern = "/order",
     .body_max = HTTP_BODY_MAX,
     .anonymous = true,
     .handle = on_echo,
     .admit = admit_known},
    {.methods = HTTP_POST,
     .doors = 7,
     .pattern = "/stream",
     .anonymous = true,
     .open = web_sink_open,
     .stream_max = WEB_TEST_STREAM_MAX},
};

uint8_t web_fixture_byte(size_t at)
{
    return (uint8_t)((at * 7 + at / 256) & 255);
}

static void write_files(void)
{
    static uint8_t bytes[WEB_TEST_FILE_SIZE];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = web_fixture_byte(i);
    (void)snprintf(shared.file, sizeof(shared.file), "%s/file", gw_test_dir());
    int fd = open(shared.file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, bytes, sizeof(bytes)) != (ssize_t)sizeof(bytes))
        abort();
    (void)close(fd);
    (void)snprintf(shared.big, sizeof(shared.big), "%s/big", gw_test_dir());
    fd = open(shared.big, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, WEB_TEST_BIG_SIZE))
        abort();
    (void)close(fd);
}

static void raise_descriptors(void)
{
    struct rlimit limit;
    (void)getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

void web_fixture_start(struct web_fixture *f, const struct web_fixture_options *options)
{
    static const char *const hosts[] = {"localhost", "127.0.0.1"};
    static const struct web_fixture_options plain = {0};
    const struct web_pki *pki = web_pki();
    struct gw_err err = {.rc = GW_OK};
    options = options ? options : &plain;
    raise_descriptors();
    if (!shared.file[0])
        write_files();
    *f = (struct web_fixture){.web = NULL};
    (void)snprintf(f->admin_path, sizeof(f->admin_path), "%s/admin", gw_test_dir());
    struct web_config config = {
        .routes = routes,
        .route_count = sizeof(routes) / sizeof(routes[0]),
        .devices = {.address = "127.0.0.1",
                    .cert_path = pki->server_cert,
                    .key_path = pki->server_key,
                    .hosts = hosts,
                    .host_count = 2,
                    .conns_max = options->conns_max,
                    .source_conns_max = options->source_conns_max},
        .client_ca_path = pki->ca,
        .admin_path = f->admin_path,
        .admin_mode = 0660,
        .doors_open = options->doors ? options->doors : 7,
        .live_routes = &web_room_route,
        .live_route_count = 1,
        .live = options->live,
    };
    config.operators = config.devices;
    enum gw_rc rc = web_new(&config, &f->web, &err);
    gw_test_note(rc, &err, "web_new");
    if (rc)
        abort();
    shared.responder = web_responder(f->web);
    shared.late_count = 0;
    f->responder = shared.responder;
    web_sink_reset(shared.responder);
    web_room_reset(web_ws_port(f->web));
    rc = web_start(f->web, &err);
    gw_test_note(rc, &err, "web_start");
    if (rc)
        abort();
    f->devices = web_port(f->web, HTTP_DOOR_DEVICES);
    f->operators = web_port(f->web, HTTP_DOOR_OPERATORS);
}

void web_fixture_stop(struct web_fixture *f)
{
    web_free(f->web);
    f->web = NULL;
}

struct late_wait {
    size_t count;
};

static bool late_there(void *ctx)
{
    const struct late_wait *w = ctx;
    (void)pthread_mutex_lock(&shared.lock);
    bool there = shared.late_count >= w->count;
    (void)pthread_mutex_unlock(&shared.lock);
    return there;
}

bool web_fixture_await_late(size_t count, struct http_ticket *ret_tickets)
{
    struct late_wait w = {count};
    if (!gw_await(late_there, &w, 10000))
        return false;
    (void)pthread_mutex_lock(&shared.lock);
    memcpy(ret_tickets, shared.late, count * sizeof(shared.late[0]));
    (void)pthread_mutex_unlock(&shared.lock);
    return true;
}

struct web_stats web_fixture_stats(const struct web_fixture *f)
{
    struct web_stats stats;
    web_stats_get(f->web, &stats);
    return stats;
}

struct web_refused web_fixture_refused(const struct web_fixture *f, enum http_door door, enum web_refusal why)
{
    struct web_refused refused;
    web_refused_get(f->web, door, why, &refused);
    return refused;
}

const char *web_fixture_text(uint16_t port, const char *method, const char *path, const char *extra)
{
    static char text[32768];
    (void)snprintf(text, sizeof(text), "%s %s HTTP/1.1\r\nhost: localhost:%u\r\n%s\r\n", method, path, (unsigned)port,
                   extra);
    return text;
}

int web_fixture_get(const struct web_fixture *f, enum http_door door, const char *cert, const char *path,
                    struct web_answer_seen *ret)
{
    struct web_client c;
    uint16_t port = door == HTTP_DOOR_DEVICES ? f->devices : f->operators;
    *ret = (struct web_answer_seen){.status = 0};
    bool open = door == HTTP_DOOR_ADMIN ? web_client_unix(&c, f->admin_path) : web_client_open(&c, port, cert);
    if (open)
        (void)web_client_ask(&c, web_fixture_text(port, "GET", path, ""), ret);
    web_client_done(&c);
    return ret->status;
}
