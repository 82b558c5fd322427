/* One question to the gateway over its admin socket. */
#include <curl/curl.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli.h"
#include "gw_cleanup.h"
#include "http_route.h"

struct reply {
    long status;
    struct gw_buf body;
};

/* What curl's callbacks need to know of a transfer. */
struct going {
    struct cli *cli;
    const struct cli_upload *upload; /* NULL: none */
    int percent;                     /* shown last; -1: nothing yet */
};

/* On a terminal, in one line that is written over. */
static void show_progress(struct going *g, curl_off_t sent)
{
    if (!g->upload || g->upload->bytes == 0 || !g->cli->out_is_tty || g->cli->json)
        return;
    int percent = (int)((double)sent / (double)g->upload->bytes * 100);
    if (percent == g->percent)
        return;
    g->percent = percent;
    (void)fprintf(g->cli->err, "\r%3d %% of %llu MiB%s", percent, (unsigned long long)(g->upload->bytes >> 20),
                  percent >= 100 ? "\n" : "");
    (void)fflush(g->cli->err);
}

/* curl asks now and then: a number other than 0 ends the transfer. Signals are pending only for a command that has
 * blocked them (logs tail). */
static int on_progress(void *ctx, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up)
{
    (void)down_total, (void)down, (void)up_total;
    show_progress(ctx, up);
    sigset_t pending;
    return sigpending(&pending) == 0 && (sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1);
}

static void reply_done(struct reply *r)
{
    gw_buf_wipe(&r->body); /* a claim code, an invitation */
}

static size_t take(char *bytes, size_t size, size_t count, void *ctx)
{
    struct reply *r = ctx;
    return gw_buf_add(&r->body, bytes, size * count) ? 0 : size * count;
}

static size_t give(char *out, size_t size, size_t count, void *ctx)
{
    const struct going *g = ctx;
    ssize_t n = read(g->upload->fd, out, size * count);
    return n < 0 ? CURL_READFUNC_ABORT : (size_t)n;
}

/* The reason why nobody answers, from the socket itself. */
static int connect_errno(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    if (gw_view_copy_str(gw_view_str(path), at.sun_path, sizeof(at.sun_path)))
        return ENAMETOOLONG;
    struct stat st;
    if (stat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
        return ENOTSOCK; /* connect(2) says ECONNREFUSED */
    GW_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&at, sizeof(at)))
        return errno;
    return 0;
}

static void say_unreachable(struct cli *cli, const char *curl_says)
{
    int code = connect_errno(cli->socket);
    if (code == ENOENT)
        cli_say(
            cli,
            "%s does not exist: is gatehoused running? Start it, or name its socket with --socket PATH; or it waits "
            "for an address or a key daemon: see its log",
            cli->socket);
    else if (code == EACCES || code == EPERM)
        cli_say(cli, "%s may not be opened: you must be in group gatehouse-admin, or root", cli->socket);
    else if (code == ENOTSOCK)
        cli_say(cli, "%s is no socket: name the gateway's admin socket with --socket PATH", cli->socket);
    else if (code == ECONNREFUSED)
        cli_say(cli, "nobody listens at %s: is gatehoused running? It may be starting or stopping", cli->socket);
    else if (code == ENAMETOOLONG)
        cli_say(cli, "%s is too long for a socket's path (at most 107 bytes)", cli->socket);
    else
        cli_say(cli, "%s: %s", cli->socket, code ? strerror(code) : curl_says);
}

/* `ret_headers` must live until the transfer has ended. */
static bool add_headers(CURL *curl, const struct cli_question *q, struct curl_slist **ret_headers)
{
    char match[64];
    (void)snprintf(match, sizeof(match), "If-Match: \"%s\"", q->revision ? q->revision : "");
    char type[128] = "Content-Type:";
    if (q->upload)
        (void)snprintf(type, sizeof(type), "Content-Type: %s", q->upload->content_type);
    else if (q->body.len)
        (void)snprintf(type, sizeof(type), "Content-Type: application/json");
    /* An upload waits for the gateway's word before it begins, so that a refusal costs nothing. */
    const char *const lines[] = {"Accept: application/json, */*", q->upload ? "Expect: 100-continue" : "Expect:", type,
                                 q->revision ? match : NULL};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]) && lines[i]; i++) {
        struct curl_slist *longer = curl_slist_append(*ret_headers, lines[i]);
        if (!longer)
            return false;
        *ret_headers = longer;
    }
    return curl_easy_setopt(curl, CURLOPT_HTTPHEADER, *ret_headers) == CURLE_OK;
}

/* Bytes may take as long as they need while they move; the answer may not. */
static void set_upload(CURL *curl, const struct cli_question *q, struct going *g)
{
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 0L);
    (void)curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, q->answer_ms / 1000 + 5);
    (void)curl_easy_setopt(curl, CURLOPT_EXPECT_100_TIMEOUT_MS, (long)HTTP_ANSWER_MS);
    (void)curl_easy_setopt(curl, CURLOPT_POST, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->upload->bytes);
    (void)curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, 262144L);
    (void)curl_easy_setopt(curl, CURLOPT_READFUNCTION, give);
    (void)curl_easy_setopt(curl, CURLOPT_READDATA, g);
}

static void set_options(CURL *curl, const struct cli_question *q, const char *url, struct going *g)
{
    const struct cli *cli = g->cli;
    (void)curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, cli->socket);
    (void)curl_easy_setopt(curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
    (void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, 5000L);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (q->answer_ms ? q->answer_ms : HTTP_ANSWER_MS) + 5000L);
    (void)curl_easy_setopt(curl, CURLOPT_USERAGENT, "gatehouse/" GATEHOUSE_VERSION);
    (void)curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    (void)curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    (void)curl_easy_setopt(curl, CURLOPT_XFERINFODATA, g);
    if (q->upload) {
        set_upload(curl, q, g);
    } else if (q->body.len || strcmp(q->method, "POST") == 0) {
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body.len);
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, q->body.len ? (const char *)q->body.ptr : "");
    }
    (void)curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, q->method);
}

static void curl_done(CURL **curl)
{
    curl_easy_cleanup(*curl);
}

static void slist_done(struct curl_slist **list)
{
    curl_slist_free_all(*list);
}

/* Nobody there, or the connection broke before an answer. */
static enum cli_exit tell_failure(struct cli *cli, CURLcode code)
{
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return CLI_UNREACHABLE; /* who pressed Ctrl-C knows */
    if (code == CURLE_WRITE_ERROR)
        cli_say(cli, "the answer is larger than %d bytes", CLI_REPLY_MAX);
    else if (code == CURLE_OPERATION_TIMEDOUT)
        cli_say(cli, "the gateway at %s did not answer in time; what was asked may still have been done", cli->socket);
    else if (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST)
        say_unreachable(cli, curl_easy_strerror(code));
    else
        cli_say(cli, "the connection to %s broke: %s; what was asked may still have been done", cli->socket,
                curl_easy_strerror(code));
    return code == CURLE_WRITE_ERROR ? CLI_REFUSED : CLI_UNREACHABLE;
}

static enum cli_exit transfer(struct cli *cli, const struct cli_question *q, struct reply *r)
{
    char url[2560];
    (void)snprintf(url, sizeof(url), "http://gatehouse%s", q->path);
    GW_CLEANUP(slist_done) struct curl_slist *headers = NULL;
    GW_CLEANUP(curl_done) CURL *curl = curl_easy_init();
    if (!curl || !add_headers(curl, q, &headers)) {
        cli_say(cli, "libcurl cannot start");
        return CLI_REFUSED;
    }
    struct going going = {.cli = cli, .upload = q->upload, .percent = -1};
    set_options(curl, q, url, &going);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, r);
    CURLcode code = curl_easy_perform(curl);
    if (going.percent >= 0 && going.percent < 100)
        (void)fputc('\n', cli->err);
    if (code)
        return tell_failure(cli, code);
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &r->status);
    return CLI_OK;
}

/* "release key list" for "release key remove": the words but for the last, and "list". */
static bool lists_of(const char *list, const char *name)
{
    const char *end = strrchr(name, ' ');
    size_t len = end ? (size_t)(end - name) : strlen(name);
    return strncmp(list, name, len) == 0 && strcmp(list + len, " list") == 0;
}

/* Where there is nothing of this name, the command that lists what there is: "; see `gatehouse device list`". Commands
 * on logs ask for devices too. */
static void name_list(const struct cli *cli, const char *path, long status, char *out, size_t out_size)
{
    static const char devices[] = "/api/v1/devices/";
    size_t count = 0;
    const struct cli_command *commands = cli_commands(&count);
    out[0] = '\0';
    if (status != 404 || !cli->command)
        return;
    const char *name = strncmp(path, devices, sizeof(devices) - 1) == 0 ? "device show" : cli->command->name;
    for (size_t i = 0; i < count; i++)
        if (lists_of(commands[i].name, name))
            (void)snprintf(out, out_size, "; see `gatehouse %s`", commands[i].name);
}

/* The problem's detail, or its title, or the bare number. */
static void say_refused(struct cli *cli, const char *path, long status, const struct json_doc *doc)
{
    char see[96];
    name_list(cli, path, status, see, sizeof(see));
    struct gw_view text = {NULL, 0};
    if (doc && json_text(json_root(doc), "detail", &text, NULL) && json_text(json_root(doc), "title", &text, NULL))
        text = gw_view_make(NULL, 0);
    if (text.len)
        cli_say(cli, "refused: " GW_VIEW_FMT " (%ld)%s", GW_VIEW_ARG(text), status, see);
    else
        cli_say(cli, "refused by the gateway with status %ld and no reason", status);
}

static enum cli_exit ask(struct cli *cli, const struct cli_question *q, bool quiet, struct json_doc **ret_answer)
{
    GW_CLEANUP(reply_done) struct reply r = {0};
    gw_buf_init(&r.body, CLI_REPLY_MAX);
    enum cli_exit rc = transfer(cli, q, &r);
    if (rc)
        return rc;
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    struct gw_err err = {0};
    enum gw_rc read = json_read(gw_buf_view(&r.body), CLI_REPLY_MAX, &doc, &err);
    bool refused = r.status < 200 || r.status > 299;
    if (!read && cli->json && (refused || !quiet)) {
        struct gw_view line = gw_view_trim(gw_buf_view(&r.body));
        (void)fwrite(line.ptr, 1, line.len, cli->out);
        (void)fputc('\n', cli->out);
        cli->problem_told = refused;
    }
    if (refused) {
        say_refused(cli, q->path, r.status, doc);
        return CLI_REFUSED;
    }
    if (read) {
        cli_say(cli, "%s answers, but not like a gateway: %s", cli->socket, gw_err_text(&err));
        return CLI_REFUSED;
    }
    *ret_answer = GW_TAKE(doc);
    return CLI_OK;
}

enum cli_exit cli_fetch(struct cli *cli, const struct cli_question *question, struct gw_buf *ret_body)
{
    GW_CLEANUP(reply_done) struct reply r = {0};
    gw_buf_init(&r.body, CLI_REPLY_MAX);
    enum cli_exit rc = transfer(cli, question, &r);
    if (rc)
        return rc;
    if (r.status == 200)
        return gw_buf_add_view(ret_body, gw_buf_view(&r.body)) ? CLI_REFUSED : CLI_OK;
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    (void)!json_read(gw_buf_view(&r.body), CLI_REPLY_MAX, &doc, NULL);
    say_refused(cli, question->path, r.status, doc);
    return CLI_REFUSED;
}

enum cli_exit cli_ask(struct cli *cli, const struct cli_question *question, struct json_doc **ret_answer)
{
    return ask(cli, question, false, ret_answer);
}

enum cli_exit cli_ask_quiet(struct cli *cli, const struct cli_question *question, struct json_doc **ret_answer)
{
    return ask(cli, question, true, ret_answer);
}
