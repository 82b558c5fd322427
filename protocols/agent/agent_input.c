#include "agent_input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent_spool.h"
#include "gw_cleanup.h"
#include "json.h"

#define CHUNK 65536

static enum gw_rc open_socket(const char *path, struct agent_input *in, struct gw_err *err)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    _Static_assert(sizeof(in->socket_path) >= sizeof(at.sun_path), "keeps any socket's path");
    if (strlen(path) >= sizeof(at.sun_path))
        return gw_err_set(err, GW_INVALID, "log.input: a socket path has at most %zu characters",
                          sizeof(at.sun_path) - 1);
    memcpy(at.sun_path, path, strlen(path) + 1);
    in->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (in->fd < 0)
        return gw_err_sys(err, "log.input");
    struct stat st;
    if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
        (void)unlink(path); /* of an agent that was killed: the lock says that none runs */
    if (bind(in->fd, (struct sockaddr *)&at, sizeof(at)))
        return gw_err_sys(err, "log.input: socket %s", path);
    memcpy(in->socket_path, at.sun_path, strlen(path) + 1);
    in->kind = AGENT_INPUT_DATAGRAMS;
    return GW_OK;
}

static enum gw_rc open_path(const char *path, struct agent_input *in, struct gw_err *err)
{
    struct stat st;
    if (stat(path, &st))
        return gw_err_sys(err, "log.input: %s", path);
    /* Our own writing end keeps a FIFO open when its last writer leaves (fifo(7), Linux). */
    int flags = S_ISFIFO(st.st_mode) ? O_RDWR : O_RDONLY;
    in->fd = open(path, flags | O_NONBLOCK | O_CLOEXEC);
    if (in->fd < 0)
        return gw_err_sys(err, "log.input: %s", path);
    in->kind = AGENT_INPUT_LINES;
    return GW_OK;
}

enum gw_rc agent_input_open(const char *what, struct agent_input *ret_input, struct gw_err *err)
{
    struct agent_input in = {.fd = -1, .owned = true};
    enum gw_rc rc = GW_OK;
    gw_buf_init(&in.line, AGENT_SPOOL_EVENT_MAX);
    gw_buf_init(&in.held, CHUNK);
    if (strcmp(what, "stdin") == 0) {
        in.kind = AGENT_INPUT_LINES;
        in.fd = STDIN_FILENO;
        in.owned = false;
    } else if (strncmp(what, "unix:", 5) == 0) {
        rc = open_socket(what + 5, &in, err);
    } else if (what[0]) {
        rc = open_path(what, &in, err);
    }
    if (rc)
        agent_input_close(&in);
    else
        *ret_input = in;
    return rc;
}

void agent_input_close(struct agent_input *input)
{
    if (input->owned && input->fd >= 0)
        (void)close(input->fd);
    input->fd = -1;
    if (input->socket_path[0])
        (void)unlink(input->socket_path);
    input->socket_path[0] = '\0';
    gw_buf_done(&input->line);
    gw_buf_done(&input->held);
}

static enum gw_rc tell_cut(uint64_t lost, agent_input_fn *fn, void *ctx, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    struct json_writer w;
    gw_buf_init(&text, 256);
    json_writer_begin(&w, &text);
    json_put_object(&w, NULL);
    json_put_str(&w, "cls", "log.cut");
    json_put_i64(&w, "sev", 2);
    json_put_i64(&w, "kept", AGENT_SPOOL_EVENT_MAX);
    json_put_i64(&w, "lost", (int64_t)lost);
    json_put_end(&w);
    enum gw_rc rc = json_writer_end(&w);
    return rc ? rc : fn(ctx, gw_buf_view(&text), err);
}

/* Hands out the event that ends here, then word of what was cut off it. What finds no taker is owed. */
static enum gw_rc finish(struct agent_input *in, agent_input_fn *fn, void *ctx, struct gw_err *err)
{
    in->whole = true;
    enum gw_rc rc = in->line.len > 0 ? fn(ctx, gw_buf_view(&in->line), err) : GW_OK;
    if (rc)
        return rc;
    gw_buf_reset(&in->line);
    if (in->cut_bytes > 0)
        rc = tell_cut(in->cut_bytes, fn, ctx, err);
    if (rc)
        return rc;
    in->cut_bytes = 0;
    in->whole = false;
    return GW_OK;
}

static void take(struct agent_input *in, struct gw_view part)
{
    size_t room = AGENT_SPOOL_EVENT_MAX - in->line.len;
    size_t fits = part.len < room ? part.len : room;
    if (gw_buf_add(&in->line, part.ptr, fits))
        fits = 0;
    in->cut_bytes += part.len - fits;
}

static enum gw_rc take_lines(struct agent_input *in, struct gw_view chunk, agent_input_fn *fn, void *ctx,
                             struct gw_err *err)
{
    while (chunk.len > 0) {
        struct gw_view rest, part = gw_view_cut(chunk, '\n', &rest);
        bool ends = part.len < chunk.len;
        take(in, part);
        chunk = rest;
        enum gw_rc rc = ends ? finish(in, fn, ctx, err) : GW_OK;
        if (rc && gw_buf_add_view(&in->held, chunk))
            return gw_err_set(err, GW_NO_MEMORY, "log.input: no memory for what finds no room");
        if (rc)
            return rc;
    }
    return GW_OK;
}

/* What an earlier call could not hand out. */
static enum gw_rc take_owed(struct agent_input *in, agent_input_fn *fn, void *ctx, struct gw_err *err)
{
    enum gw_rc rc = finish(in, fn, ctx, err);
    if (rc)
        return rc;
    GW_CLEANUP(gw_buf_done) struct gw_buf held = in->held;
    gw_buf_init(&in->held, CHUNK);
    return take_lines(in, gw_buf_view(&held), fn, ctx, err);
}

static enum gw_rc take_datagram(struct agent_input *in, struct gw_view chunk, agent_input_fn *fn, void *ctx,
                                struct gw_err *err)
{
    while (chunk.len > 0 && (chunk.ptr[chunk.len - 1] == '\n' || chunk.ptr[chunk.len - 1] == '\0'))
        chunk.len--;
    take(in, chunk);
    return finish(in, fn, ctx, err);
}

enum gw_rc agent_input_read(struct agent_input *input, agent_input_fn *fn, void *ctx, struct gw_err *err)
{
    static uint8_t chunk[CHUNK];
    if (input->whole)
        return take_owed(input, fn, ctx, err);
    ssize_t n = read(input->fd, chunk, sizeof(chunk));
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return GW_OK;
    if (n < 0)
        return gw_err_sys(err, "log.input");
    if (input->kind == AGENT_INPUT_DATAGRAMS)
        return take_datagram(input, gw_view_make(chunk, (size_t)n), fn, ctx, err);
    if (n > 0)
        return take_lines(input, gw_view_make(chunk, (size_t)n), fn, ctx, err);
    enum gw_rc rc = finish(input, fn, ctx, err); /* a last line without newline */
    if (rc)
        return rc;
    if (input->owned)
        (void)close(input->fd);
    input->fd = -1;
    return GW_OK;
}

bool agent_input_owes(const struct agent_input *input)
{
    return input->whole;
}
