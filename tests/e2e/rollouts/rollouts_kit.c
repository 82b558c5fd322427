#include "rollouts_kit.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "gw_cleanup.h"
#include "gw_fs.h"
#include "gw_test.h"
#include "json.h"

#define JSON_MAX ((size_t)8 << 20)

static struct json_doc *parse(const char *text)
{
    struct json_doc *doc = NULL;
    struct gw_err err = {0};
    if (!text || json_read(gw_view_trim(gw_view_str(text)), JSON_MAX, &doc, &err))
        return NULL;
    return doc;
}

static void read_rollout(const struct json_value *root, struct kit_rollout *r)
{
    const struct json_value *waves = json_find(root, "waves");
    CU_ASSERT_EQUAL_FATAL(json_str(root, "id", r->id, sizeof(r->id), NULL), GW_OK);
    CU_ASSERT_EQUAL_FATAL(json_str(root, "state", r->state, sizeof(r->state), NULL), GW_OK);
    CU_ASSERT_EQUAL_FATAL(json_i64(root, "devices", 0, 1000000, &r->devices, NULL), GW_OK);
    r->hold[0] = '\0';
    (void)!json_str(root, "hold", r->hold, sizeof(r->hold), NULL);
    r->waves = json_count(waves);
    for (size_t i = 0; i < r->waves && i < KIT_WAVES; i++)
        CU_ASSERT_EQUAL(json_str(json_item(waves, i), "state", r->wave[i], sizeof(r->wave[i]), NULL), GW_OK);
}

static bool ask(const struct gw_gateway *g, const char *const args[], struct kit_rollout *ret)
{
    GW_FREE char *out = NULL;
    int code = gw_gateway_cli(g, args, &out);
    GW_CLEANUP(json_cleanup) struct json_doc *doc = code ? NULL : parse(out);
    if (!doc)
        return false;
    read_rollout(json_root(doc), ret);
    return true;
}

bool kit_look(const struct gw_gateway *g, struct kit_rollout *r)
{
    char id[sizeof(r->id)];
    memcpy(id, r->id, sizeof(id));
    const char *const args[] = {"rollout", "show", id, NULL};
    return ask(g, args, r);
}

bool kit_act(const struct gw_gateway *g, const char *verb, const struct kit_rollout *r, const char *const words[])
{
    const char *args[12] = {"rollout", verb, r->id};
    GW_FREE char *out = NULL;
    for (size_t n = 3; *words; words++)
        args[n++] = *words;
    int code = gw_gateway_cli(g, args, &out);
    if (code)
        printf("#   rollout %s: %s\n", verb, out);
    return code == 0;
}

void kit_roll_out(const struct gw_gateway *g, const char *release, const char *plan, struct kit_rollout *ret_rollout)
{
    static const char *const none[] = {NULL};
    char path[192];
    struct gw_err err = {0};
    (void)snprintf(path, sizeof(path), "%s/plan.json", gw_test_dir());
    GW_ASSERT_OK(gw_fs_replace(gw_fs_posix(), path, gw_view_str(plan), 0600, &err), &err);
    const char *const args[] = {"rollout", "create", release, "--plan", path, NULL};
    GW_FREE char *out = NULL;
    int code = gw_gateway_cli(g, args, &out);
    if (code)
        printf("#   rollout create: %s\n", out);
    CU_ASSERT_EQUAL_FATAL(code, 0);
    GW_CLEANUP(json_cleanup) struct json_doc *doc = parse(out);
    CU_ASSERT_PTR_NOT_NULL_FATAL(doc);
    read_rollout(json_root(doc), ret_rollout);
    CU_ASSERT_FATAL(kit_act(g, "start", ret_rollout, none));
}

/* ---- attempts ---------------------------------------------------------------------------------------------------- */

static void read_attempt(const struct json_value *value, struct kit_attempt *a)
{
    struct gw_wall since = {0};
    bool right = !json_str(value, "id", a->id, sizeof(a->id), NULL) &&
                 !json_str(value, "device", a->device, sizeof(a->device), NULL) &&
                 !json_str(value, "state", a->state, sizeof(a->state), NULL) &&
                 !json_i64(value, "wave", 1, KIT_WAVES, &a->wave, NULL) && !json_bool(value, "back", &a->back, NULL);
    if (!right)
        abort();
    (void)!json_str(value, "code", a->code, sizeof(a->code), NULL);
    (void)!json_time(value, "since", &since, NULL);
    a->since_ms = since.ms;
}

struct kit_attempt *kit_attempts(const struct gw_gateway *g, const struct kit_rollout *r, size_t *ret_count)
{
    const char *const args[] = {"rollout", "devices", r->id, NULL};
    GW_FREE char *out = NULL;
    CU_ASSERT_EQUAL_FATAL(gw_gateway_cli(g, args, &out), 0);
    struct kit_attempt *list = gw_xalloc(KIT_ATTEMPTS_MAX, sizeof(*list));
    size_t count = 0;
    struct gw_view rest = gw_view_trim(gw_view_str(out));
    while (rest.len > 0) { /* a page of the list a line */
        struct json_doc *doc = NULL;
        if (json_read(gw_view_cut(rest, '\n', &rest), JSON_MAX, &doc, NULL))
            abort();
        const struct json_value *page = json_find(json_root(doc), "attempts");
        for (size_t i = 0; i < json_count(page) && count < KIT_ATTEMPTS_MAX; i++)
            read_attempt(json_item(page, i), &list[count++]);
        json_free(doc);
    }
    *ret_count = count;
    return list;
}

size_t kit_count(const struct kit_attempt *list, size_t count, const char *state)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += strcmp(list[i].state, state) == 0;
    return n;
}

/* ---- devices ----------------------------------------------------------------------------------------------------- */

size_t kit_lines(const char *path)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    size_t lines = 0;
    gw_buf_init(&text, JSON_MAX);
    if (gw_fs_read_file(path, &text, NULL))
        return 0;
    for (size_t i = 0; i < text.len; i++)
        lines += text.ptr[i] == '\n';
    return lines;
}

static void take_word(struct gw_view *line, char *out, size_t size)
{
    struct gw_view word = gw_view_cut(*line, ' ', line);
    CU_ASSERT_FATAL(word.len > 0 && gw_view_copy_str(word, out, size) == GW_OK);
}

struct kit_begun *kit_handlers(const char *path, size_t *ret_count)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    struct gw_err err = {0};
    gw_buf_init(&text, JSON_MAX);
    GW_ASSERT_OK(gw_fs_read_file(path, &text, &err), &err);
    struct kit_begun *list = gw_xalloc(kit_lines(path) + 1, sizeof(*list));
    struct gw_view rest = gw_buf_view(&text);
    size_t count = 0;
    while (rest.len > 0) {
        char when[GW_WALL_TEXT_MAX], rev[16];
        struct gw_wall t;
        struct gw_view line = gw_view_cut(rest, '\n', &rest);
        struct kit_begun *b = &list[count++];
        take_word(&line, when, sizeof(when));
        take_word(&line, b->device, sizeof(b->device));
        take_word(&line, b->attempt, sizeof(b->attempt));
        take_word(&line, rev, sizeof(rev));
        take_word(&line, b->kind, sizeof(b->kind));
        take_word(&line, b->version, sizeof(b->version));
        CU_ASSERT_EQUAL_FATAL(gw_wall_parse(gw_view_str(when), &t), GW_OK);
        b->ms = t.ms;
    }
    *ret_count = count;
    return list;
}

void kit_version(const struct gw_gateway *g, const char *device, char *out, size_t size)
{
    const char *const args[] = {"device", "show", device, NULL};
    GW_FREE char *text = NULL;
    out[0] = '\0';
    if (gw_gateway_cli(g, args, &text))
        return;
    GW_CLEANUP(json_cleanup) struct json_doc *doc = parse(text);
    const struct json_value *inventory = doc ? json_find(json_root(doc), "inventory") : NULL;
    if (inventory)
        (void)!json_str(inventory, "version", out, size, NULL);
}

bool kit_port_free(uint16_t port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int yes = 1;
    GW_CLOSE int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)); /* connections that linger do not count */
    return bind(fd, (const struct sockaddr *)&at, sizeof(at)) == 0 && listen(fd, 1) == 0;
}
