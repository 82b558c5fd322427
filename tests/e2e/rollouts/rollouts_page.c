#include "rollouts_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_test.h"
#include "json.h"

#define LIMIT_MS 90000
#define JSON_MAX ((size_t)1 << 20)
#define SIGNED   "page: signed in "

static struct gw_proc watch;
static struct json_doc *seen; /* of page_end() */

bool page_built(void)
{
    return GW_WITH_PAGE;
}

static void expect_line(const char *line)
{
    bool there = gw_proc_await(&watch, line, LIMIT_MS);
    if (!there)
        printf("#   the page did not come to say: %s#   it said:\n%s\n", line, watch.out);
    CU_ASSERT_FATAL(there);
}

void page_open(const struct gw_gateway *g)
{
    char url[64], root[192];
    if (!page_built())
        return;
    (void)snprintf(url, sizeof(url), "https://localhost:%u", g->port_operators);
    (void)snprintf(root, sizeof(root), "GW_TEST_ROOT=%s", gw_test_dir());
    const char *const argv[] = {
        "sh", GW_SOURCE_DIR "/web-ui/tool.sh", "node", GW_SOURCE_DIR "/tests/e2e/rollouts/watch.mjs", url, "admin",
        NULL};
    const char *const env[] = {root, "GW_WATCH_PASSWORD=correct horse battery", NULL};
    gw_proc_start(&watch, argv, env);
    expect_line("page: waits for rollout 1\n");
}

void page_await(const struct kit_rollout *rollout, const char *state)
{
    char line[96];
    (void)snprintf(line, sizeof(line), "page: %s %s\n", rollout->id, state);
    if (page_built())
        expect_line(line);
}

int page_signins(void)
{
    int count = 0;
    if (!page_built())
        return 0;
    (void)gw_proc_await(&watch, SIGNED, LIMIT_MS);
    for (const char *at = watch.out; (at = strstr(at, SIGNED)); at++)
        count++;
    return count;
}

void page_await_signin(int before)
{
    char line[64];
    (void)snprintf(line, sizeof(line), SIGNED "%d\n", before + 1);
    if (page_built())
        expect_line(line);
}

void page_end(void)
{
    int code = gw_proc_wait(&watch, LIMIT_MS);
    const char *last = strstr(watch.out, "\n{");
    if (code || !last)
        printf("#   the page ended with %d and said:\n%s\n", code, watch.out);
    CU_ASSERT_EQUAL_FATAL(code, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(last);
    struct gw_err err = {0};
    GW_ASSERT_OK(json_read(gw_view_trim(gw_view_str(last)), JSON_MAX, &seen, &err), &err);
}

/* ---- counts ------------------------------------------------------------------------------------------------------ */

enum part { PART_OK, PART_FAILED, PART_UNREACHABLE, PART_CANCELLED, PART_WAITING, PART_UNDER_WAY, PART_COUNT };
struct tally {
    int64_t n[PART_COUNT];
};

/* The CLI counts states of attempts, the page shows parts of a bar. */
static bool count_member(void *ctx, const char *key, const struct json_value *value)
{
    static const struct {
        const char *word;
        enum part part;
    } words[] = {{"ok", PART_OK},
                 {"failed", PART_FAILED},
                 {"rejected", PART_FAILED},
                 {"rolled_back", PART_FAILED},
                 {"timed_out", PART_FAILED},
                 {"unreachable", PART_UNREACHABLE},
                 {"cancelled", PART_CANCELLED},
                 {"waiting", PART_WAITING},
                 {"planned", PART_WAITING},
                 {"deferred", PART_WAITING}};
    struct tally *tally = ctx;
    enum part part = PART_UNDER_WAY;
    int64_t n = 0;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(key, words[i].word) == 0)
            part = words[i].part;
    CU_ASSERT_EQUAL(json_as_i64(value, &n), GW_OK);
    tally->n[part] += n;
    return true;
}

static struct tally tally_of(const struct json_value *object, const char *key)
{
    struct tally tally = {0};
    const struct json_value *counts = json_find(object, key);
    CU_ASSERT_PTR_NOT_NULL_FATAL(counts);
    json_each_member(counts, count_member, &tally);
    return tally;
}

static void same_counts(const struct json_value *shown, const char *shown_key, const struct json_value *told,
                        const char *told_key)
{
    struct tally a = tally_of(shown, shown_key), b = tally_of(told, told_key);
    for (size_t i = 0; i < PART_COUNT; i++) {
        if (a.n[i] != b.n[i])
            printf("#   %s, part %zu: the page shows %lld, the CLI says %lld\n", told_key, i, (long long)a.n[i],
                   (long long)b.n[i]);
        CU_ASSERT_EQUAL(a.n[i], b.n[i]);
    }
}

/* ---- states ------------------------------------------------------------------------------------------------------ */

static void state_at(const struct json_value *states, size_t i, char *out, size_t size)
{
    struct gw_view text = {0};
    const struct json_value *item = json_item(states, i);
    out[0] = '\0';
    if (item && json_as_text(item, &text) == GW_OK)
        (void)!gw_view_copy_str(text, out, size);
}

/* The last that was seen is what the CLI says. */
static void same_state(const struct json_value *shown, const struct json_value *told)
{
    char last[32], state[32];
    const struct json_value *states = json_find(shown, "states");
    CU_ASSERT_FATAL(json_count(states) > 0);
    state_at(states, json_count(states) - 1, last, sizeof(last));
    CU_ASSERT_EQUAL_FATAL(json_str(told, "state", state, sizeof(state), NULL), GW_OK);
    CU_ASSERT_STRING_EQUAL(last, state);
}

static void print_states(const char *what, const struct json_value *states)
{
    printf("#   %s:", what);
    for (size_t i = 0; i < json_count(states); i++) {
        char state[32];
        state_at(states, i, state, sizeof(state));
        printf(" %s", state);
    }
    printf("\n");
}

/* A wave that has passed or was stopped is never shown as anything else again. */
static void no_step_back(const struct json_value *states)
{
    for (size_t i = 0; i + 1 < json_count(states); i++) {
        char state[32];
        state_at(states, i, state, sizeof(state));
        CU_ASSERT_STRING_NOT_EQUAL(state, "passed");
        CU_ASSERT_STRING_NOT_EQUAL(state, "stopped");
    }
}

/* These states were shown in this order; a draft may have been shown first, nothing else besides. */
static void went_through(const struct json_value *states, const char *const wanted[])
{
    for (size_t i = 0; i < json_count(states); i++) {
        char state[32];
        state_at(states, i, state, sizeof(state));
        if (i == 0 && strcmp(state, "draft") == 0)
            continue;
        CU_ASSERT_STRING_EQUAL(state, *wanted ? *wanted : "nothing more");
        wanted += *wanted != NULL;
    }
    CU_ASSERT_PTR_NULL(*wanted);
}

static void compare_waves(const struct json_value *shown, const struct json_value *told)
{
    CU_ASSERT_EQUAL_FATAL(json_count(shown), json_count(told));
    for (size_t i = 0; i < json_count(told); i++) {
        char what[32];
        const struct json_value *a = json_item(shown, i), *b = json_item(told, i);
        (void)snprintf(what, sizeof(what), "  wave %zu was shown", i + 1);
        print_states(what, json_find(a, "states"));
        same_state(a, b);
        no_step_back(json_find(a, "states"));
        same_counts(a, "counts", b, "counts");
        same_counts(a, "back", b, "back_counts");
    }
}

void page_compare(const struct gw_gateway *g, size_t n, const struct kit_rollout *rollout, const char *const states[])
{
    const struct json_value *shown = json_item(json_find(json_root(seen), "rollouts"), n);
    const char *const args[] = {"rollout", "show", rollout->id, NULL};
    GW_FREE char *out = NULL;
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    struct gw_err err = {0};
    char id[32] = "", what[64];
    CU_ASSERT_EQUAL_FATAL(gw_gateway_cli(g, args, &out), 0);
    GW_ASSERT_OK(json_read(gw_view_trim(gw_view_str(out)), JSON_MAX, &doc, &err), &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(shown);
    CU_ASSERT_EQUAL(json_str(shown, "id", id, sizeof(id), NULL), GW_OK);
    CU_ASSERT_STRING_EQUAL(id, rollout->id);
    (void)snprintf(what, sizeof(what), "%s was shown", id);
    print_states(what, json_find(shown, "states"));
    went_through(json_find(shown, "states"), states);
    same_state(shown, json_root(doc));
    same_counts(shown, "counts", json_root(doc), "counts");
    compare_waves(json_find(shown, "waves"), json_find(json_root(doc), "waves"));
    struct tally t = tally_of(shown, "counts");
    printf("#   at the end page and CLI say: %lld ok, %lld failed, %lld unreachable, %lld cancelled\n",
           (long long)t.n[PART_OK], (long long)t.n[PART_FAILED], (long long)t.n[PART_UNREACHABLE],
           (long long)t.n[PART_CANCELLED]);
}

void page_was_kept(int signins)
{
    const struct json_value *root = json_root(seen), *troubles = json_find(root, "troubles");
    int64_t loads = 0, navigations = 0, count = 0;
    bool kept = false;
    CU_ASSERT_EQUAL(json_i64(root, "loads", 0, 1000, &loads, NULL), GW_OK);
    CU_ASSERT_EQUAL(json_i64(root, "navigations", 0, 1000, &navigations, NULL), GW_OK);
    CU_ASSERT_EQUAL(json_i64(root, "signins", 0, 1000, &count, NULL), GW_OK);
    CU_ASSERT_EQUAL(json_bool(root, "kept", &kept, NULL), GW_OK);
    printf("#   the page was loaded %lld time, signed in %lld times, and had %zu errors\n", (long long)loads,
           (long long)count, json_count(troubles));
    CU_ASSERT(kept);
    CU_ASSERT_EQUAL(loads, 1);
    CU_ASSERT_EQUAL(navigations, 1);
    CU_ASSERT(count >= signins);
    CU_ASSERT_PTR_NOT_NULL(troubles);
    CU_ASSERT_EQUAL(json_count(troubles), 0);
    if (json_count(troubles))
        printf("#   %s\n", watch.out);
}

void page_done(void)
{
    json_free(GW_TAKE(seen));
    gw_proc_done(&watch);
}
