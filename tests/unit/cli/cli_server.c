#include "cli_server.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "gw_cleanup.h"
#include "gw_test.h"

/* True when the text holds a whole request. */
static bool is_whole(const char *text)
{
    const char *body = strstr(text, "\r\n\r\n");
    if (!body)
        return false;
    const char *length = strcasestr(text, "content-length:");
    size_t want = length ? strtoul(length + strlen("content-length:"), NULL, 10) : 0;
    return strlen(body + 4) >= want;
}

static void exchange(struct cli_server *s, int fd)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    char *request = s->requests[s->count];
    size_t len = 0;
    bool told = false;
    while (!is_whole(request)) {
        if (!told && strstr(request, "\r\n\r\n") && strcasestr(request, "expect: 100-continue"))
            told = send(fd, go_on, sizeof(go_on) - 1, MSG_NOSIGNAL) > 0;
        ssize_t n = read(fd, request + len, sizeof(s->requests[0]) - len - 1);
        if (n <= 0)
            return;
        len += (size_t)n;
    }
    const char *answer = s->answers[s->count++];
    GW_CLEANUP(gw_buf_done) struct gw_buf reply;
    gw_buf_init(&reply, 1024 * 1024);
    (void)gw_buf_printf(&reply, "HTTP/1.1 %.3s X\r\ncontent-length: %zu\r\nconnection: close\r\n\r\n%s", answer,
                        strlen(answer + 4), answer + 4);
    for (size_t sent = 0; sent < reply.len;) {
        ssize_t n = send(fd, reply.ptr + sent, reply.len - sent, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        sent += (size_t)n;
    }
}

static void *serve(void *ctx)
{
    struct cli_server *s = ctx;
    while (s->count < CLI_SERVER_ANSWERS && s->answers[s->count]) {
        GW_CLOSE int fd = accept(s->fd, NULL, NULL);
        if (fd < 0)
            return NULL;
        exchange(s, fd);
    }
    (void)shutdown(s->fd, SHUT_RDWR); /* who asks more finds nobody, at once */
    return NULL;
}

void cli_server_start(struct cli_server *s, const char *const answers[])
{
    *s = (struct cli_server){.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    static const char *dir; /* one for all servers of this program */
    static int number;
    dir = dir ? dir : gw_test_dir();
    (void)snprintf(s->path, sizeof(s->path), "%s/s%d", dir, number++);
    for (size_t i = 0; answers[i]; i++)
        s->answers[i] = answers[i];
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    (void)snprintf(at.sun_path, sizeof(at.sun_path), "%.100s", s->path);
    if (s->fd < 0 || bind(s->fd, (struct sockaddr *)&at, sizeof(at)) || listen(s->fd, 4) ||
        pthread_create(&s->thread, NULL, serve, s))
        abort();
}

void cli_server_stop(struct cli_server *s)
{
    (void)shutdown(s->fd, SHUT_RDWR); /* wakes accept(2) */
    (void)pthread_join(s->thread, NULL);
    (void)close(s->fd);
}

static void keep(struct gw_buf *to, char *text, size_t len)
{
    gw_buf_init(to, 4 * 1024 * 1024);
    (void)gw_buf_add(to, text, len);
    free(text);
}

void cli_run(struct cli_run *run, const char *socket_path, bool tty, const char *const words[])
{
    char *out = NULL, *err = NULL;
    size_t out_len = 0, err_len = 0;
    const char *argv[CLI_WORDS_MAX + 16] = {"gatehouse"}; /* also more words than it takes */
    int argc = 1;
    while (words[argc - 1] && argc < CLI_WORDS_MAX + 15) {
        argv[argc] = words[argc - 1];
        argc++;
    }
    struct cli cli = {
        .out = open_memstream(&out, &out_len),
        .err = open_memstream(&err, &err_len),
        .out_is_tty = tty,
        .socket = socket_path,
    };
    if (!cli.out || !cli.err)
        abort();
    run->rc = cli_main(&cli, argc, argv);
    (void)fclose(cli.out);
    (void)fclose(cli.err);
    keep(&run->out, out, out_len);
    keep(&run->err, err, err_len);
}

void cli_run_done(struct cli_run *run)
{
    gw_buf_done(&run->out);
    gw_buf_done(&run->err);
}
