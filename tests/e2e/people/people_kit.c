#include "people_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gw_cleanup.h"
#include "gw_test.h"

#define LIMIT_MS 20000

struct line {
    const char *argv[32];
    size_t n;
};

static void add(struct line *l, const char *a, const char *b)
{
    if (l->n + 3 >= sizeof(l->argv) / sizeof(l->argv[0]))
        abort(); /* a longer line than was thought of */
    l->argv[l->n++] = a;
    if (b)
        l->argv[l->n++] = b;
}

/* Runs it; the status line's number, or -1. */
static int run(struct line *l, const struct http_ask *ask, char **ret_answer)
{
    char *out = NULL;
    int status = -1;
    if (gw_proc_run(l->argv, &out) == 0 && strncmp(out, "HTTP/1.1 ", 9) == 0)
        status = (int)strtol(out + 9, NULL, 10);
    else
        printf("#   %s %s: %s\n", ask->method, ask->path, out);
    if (ret_answer)
        *ret_answer = out;
    else
        free(out);
    return status;
}

struct texts {
    char url[512], type[96], match[64];
};

/* What is asked for, whoever asks. */
static void add_ask(struct line *l, struct texts *t, const char *base, const struct http_ask *ask)
{
    (void)snprintf(t->url, sizeof(t->url), "%s%s", base, ask->path);
    (void)snprintf(t->type, sizeof(t->type), "Content-Type: %s",
                   ask->content_type ? ask->content_type : "application/json");
    (void)snprintf(t->match, sizeof(t->match), "If-Match: %s", ask->if_match ? ask->if_match : "");
    if (strcmp(ask->method, "HEAD") == 0)
        add(l, "--head", NULL);
    else
        add(l, "-X", ask->method);
    if (ask->if_match)
        add(l, "-H", t->match);
    if (ask->asks_first)
        add(l, "-H", "Expect: 100-continue");
    if (ask->body || strcmp(ask->method, "POST") == 0) { /* a POST has a length, if it is 0 */
        add(l, "-H", t->type);
        add(l, "-d", ask->body ? ask->body : "");
    }
    add(l, t->url, NULL);
}

int kit_http(const struct gw_gateway *g, const struct person *p, const struct http_ask *ask, char **ret_answer)
{
    char ca[192], base[64], csrf[120], cookie[280], token[120];
    struct line l = {.n = 0};
    struct texts t;
    (void)snprintf(ca, sizeof(ca), "%s/web/ca.crt", g->state);
    (void)snprintf(base, sizeof(base), "https://localhost:%u", g->port_operators);
    (void)snprintf(csrf, sizeof(csrf), "X-GW-CSRF: %s", ask->csrf ? ask->csrf : p->csrf[0] ? p->csrf : "none");
    (void)snprintf(cookie, sizeof(cookie), "Cookie: %s%s%s", p->cookie, p->cookie[0] && p->known[0] ? "; " : "",
                   p->known);
    add(&l, "curl", "-sSig");
    if (p->source[0])
        add(&l, "--interface", p->source);
    add(&l, "--cacert", ca);
    (void)snprintf(token, sizeof(token), "Authorization: Bearer %s", p->token);
    if (ask->csrf ? ask->csrf[0] != '\0' : p->token[0] == '\0')
        add(&l, "-H", csrf);
    if (p->token[0])
        add(&l, "-H", token);
    if (p->cookie[0] || p->known[0])
        add(&l, "-H", cookie);
    add_ask(&l, &t, base, ask);
    return run(&l, ask, ret_answer);
}

int kit_device_door(const struct gw_gateway *g, const struct http_ask *ask)
{
    char base[64];
    struct line l = {.n = 0};
    struct texts t;
    (void)snprintf(base, sizeof(base), "https://localhost:%u", g->port_devices);
    add(&l, "curl", "-sSigk");
    add_ask(&l, &t, base, ask);
    return run(&l, ask, NULL);
}

int kit_local(const struct gw_gateway *g, bool root, const struct http_ask *ask)
{
    char dir[192], group[16];
    struct line l = {.n = 0};
    struct texts t;
    struct stat st;
    (void)snprintf(dir, sizeof(dir), "%s", g->socket);
    *strrchr(dir, '/') = '\0';
    CU_ASSERT_EQUAL_FATAL(stat(dir, &st), 0);
    (void)snprintf(group, sizeof(group), "%u", (unsigned)st.st_gid);
    if (!root) {
        add(&l, "setpriv", "--clear-groups");
        add(&l, "--reuid", "65534");
        add(&l, "--regid", group);
    }
    add(&l, "curl", "-sSig");
    add(&l, "--unix-socket", g->socket);
    add_ask(&l, &t, "http://gatehouse", ask);
    return run(&l, ask, NULL);
}

/* The cookie that an answer sets, as a browser sends it back. */
static void pick_cookie(const char *answer, const char *name, char *out, size_t out_size)
{
    char line[64];
    (void)snprintf(line, sizeof(line), "set-cookie: %s=", name);
    const char *set = strstr(answer, line);
    if (set)
        (void)snprintf(out, out_size, "%.*s", (int)strcspn(set + 12, ";"), set + 12);
}

int kit_sign_in_again(const struct gw_gateway *g, struct person *p, const char *name, const char *password)
{
    char body[256];
    GW_FREE char *answer = NULL;
    p->cookie[0] = p->csrf[0] = '\0';
    (void)snprintf(body, sizeof(body), "{\"name\":\"%s\",\"password\":\"%s\"}", name, password);
    int status = kit_http(g, p, &(struct http_ask){.method = "POST", .path = "/api/v1/session", .body = body}, &answer);
    if (status != 200)
        return status;
    pick_cookie(answer, "__Host-gw", p->cookie, sizeof(p->cookie));
    pick_cookie(answer, "__Host-gw-known", p->known, sizeof(p->known));
    gw_json_pick(answer, "csrf", p->csrf, sizeof(p->csrf));
    return status;
}

int kit_sign_in(const struct gw_gateway *g, struct person *p, const char *name, const char *password)
{
    *p = (struct person){.cookie = ""};
    return kit_sign_in_again(g, p, name, password);
}

int kit_user(const struct gw_gateway *g, const char *verb, const char *name, const char *role, const char *password)
{
    /* the shell only feeds the program's standard input */
    static const char script[] = "if [ -n \"$1\" ]; then printf '%s\\n' \"$1\"; fi | { shift; exec \"$@\"; }";
    GW_FREE char *out = NULL;
    const char *argv[] = {
        "sh", "-c", script, "sh", password ? password : "", GW_BIN_DIR "/gatehouse", "--socket", g->socket, "user",
        verb, name, role,   NULL};
    int code = gw_proc_run(argv, &out);
    if (code)
        printf("#   user %s %s ended with %d: %s\n", verb, name, code, out);
    return code;
}

bool kit_program(const struct gw_gateway *g, struct person *p, const char *name, const char *role)
{
    const char *const args[] = {"token", "add", name, role, "--stdout", NULL};
    GW_FREE char *out = NULL;
    *p = (struct person){.cookie = ""};
    if (gw_gateway_cli(g, args, &out)) {
        printf("#   token add %s %s: %s\n", name, role, out);
        return false;
    }
    gw_json_pick(out, "token", p->token, sizeof(p->token));
    return p->token[0] != '\0';
}

bool kit_open(struct gw_gateway *g)
{
    gw_gateway_start(g, NULL);
    return gw_gateway_await_ready(g) && gw_gateway_claim(g) && kit_user(g, "add", "vic", "viewer", KIT_PASSWORD) == 0 &&
           kit_user(g, "add", "olga", "operator", KIT_PASSWORD) == 0;
}

struct wanted {
    const struct gw_gateway *g;
    const char *cls, *text;
};

static bool is_audited(void *ctx)
{
    const struct wanted *w = ctx;
    const char *const args[] = {"logs", "show", "--audit", "--limit", "1000", NULL};
    GW_FREE char *out = NULL;
    char cls[96];
    if (gw_gateway_cli(w->g, args, &out))
        return false;
    (void)snprintf(cls, sizeof(cls), "\"cls\":\"%s\"", w->cls);
    for (const char *at = strstr(out, cls); at; at = strstr(at + 1, cls)) {
        const char *end = strstr(at + 1, "\"cls\":"), *found = strstr(at, w->text);
        if (found && (!end || found < end))
            return true;
    }
    return false;
}

bool kit_audited(const struct gw_gateway *g, const char *cls, const char *text)
{
    struct wanted w = {g, cls, text};
    return gw_await(is_audited, &w, LIMIT_MS);
}
