/* Rollouts for people. */
#include <string.h>

#include "attempt.h"
#include "cli_rollout.h"
#include "cli_table.h"
#include "gw_cleanup.h"
#include "gw_num.h"
#include "rollout.h"

#define BACK_LEN 160 /* of a text on the way back, with its end */

const char *const cli_attempt_titles[] = {"WAVE", "DEVICE", "STATE", "CODE", "PROGRESS", "VERSION", "BEFORE", "SINCE"};
const char *const cli_attempt_keys[] = {"wave",         "device",  "state",  "code",
                                        "progress_pct", "version", "before", "since"};

static int64_t count_of(const struct json_value *object, const char *key)
{
    int64_t value = 0;
    (void)!json_i64(object, key, 0, INT64_MAX, &value, NULL);
    return value;
}

/* Sum over the states that the test picks. */
static int64_t sum(const struct json_value *counts, bool (*picks)(enum attempt_state state))
{
    int64_t total = 0;
    for (int s = ATTEMPT_PLANNED; s < ATTEMPT_STATES; s++)
        if (picks((enum attempt_state)s))
            total += count_of(counts, attempt_state_text((enum attempt_state)s));
    return total;
}

static bool is_waiting(enum attempt_state state)
{
    return state == ATTEMPT_PLANNED || state == ATTEMPT_DEFERRED;
}

static void add_number(struct cli_table *t, int64_t number)
{
    char text[24];
    (void)snprintf(text, sizeof(text), "%lld", (long long)number);
    cli_table_add_str(t, text);
}

/* How the way back goes or went; false: nobody goes back. */
static bool back_text(const struct json_value *rollout, char *out, size_t cap)
{
    const struct json_value *counts = json_find(rollout, "back_counts");
    long long unreachable = count_of(counts, "unreachable"),
              left = sum(counts, attempt_state_open) + sum(counts, is_waiting);
    if (count_of(rollout, "back_devices") == 0)
        return false;
    int len = snprintf(out, cap, "%lld ok, %lld failed, %lld left out", (long long)count_of(counts, "ok"),
                       (long long)sum(counts, attempt_state_failure), (long long)count_of(counts, "cancelled"));
    if (unreachable > 0)
        len += snprintf(out + len, cap - (size_t)len, ", %lld unreachable", unreachable);
    if (left > 0)
        (void)snprintf(out + len, cap - (size_t)len, ", %lld to go", left);
    return true;
}

bool cli_rollout_cell(struct cli_table *t, const struct json_value *rollout, const char *key)
{
    char text[BACK_LEN];
    if (strcmp(key, "back_counts") != 0)
        return false;
    cli_table_add_str(t, back_text(rollout, text, sizeof(text)) ? text : "-");
    return true;
}

bool cli_attempt_cell(struct cli_table *t, const struct json_value *attempt, const char *key)
{
    struct gw_view text;
    enum attempt_state state;
    if (strcmp(key, "progress_pct") != 0 || json_text(attempt, "state", &text, NULL) ||
        attempt_state_parse(text, &state) || !attempt_state_ended(state))
        return false;
    cli_table_add_str(t, "-"); /* where it stood when it ended tells nothing */
    return true;
}

static void add_wait(struct cli_table *t, const struct json_value *wave)
{
    struct gw_view word = {NULL, 0}, more = {NULL, 0};
    char text[96] = "-";
    if (json_text(wave, "waits_for", &word, NULL) == GW_OK) {
        bool soak = gw_view_eq_str(word, "soak");
        (void)!json_text(wave, soak ? "soak_until" : "hold", &more, NULL);
        (void)snprintf(text, sizeof(text), GW_VIEW_FMT "%s" GW_VIEW_FMT, GW_VIEW_ARG(word),
                       more.len == 0 ? ""
                       : soak        ? " until "
                                     : ": ",
                       GW_VIEW_ARG(more));
    }
    cli_table_add_str(t, text);
}

static void add_wave(struct cli_table *t, const struct json_value *wave)
{
    const struct json_value *counts = json_find(wave, "counts");
    cli_table_add_member(t, wave, "wave");
    cli_table_add_member(t, wave, "state");
    cli_table_add_member(t, wave, "devices");
    add_number(t, sum(counts, attempt_state_open));
    add_number(t, count_of(counts, "ok"));
    cli_table_add_member(t, wave, "failures");
    add_number(t, count_of(counts, "unreachable"));
    add_wait(t, wave);
}

static void print_waves(struct cli *cli, const struct json_value *waves)
{
    static const char *const titles[] = {"WAVE", "STATE",  "DEVICES",     "OPEN",
                                         "OK",   "FAILED", "UNREACHABLE", "WAITS FOR"};
    GW_CLEANUP(cli_table_done) struct cli_table t;
    cli_table_init(&t, titles, 8);
    for (size_t i = 0; i < json_count(waves); i++)
        add_wave(&t, json_item(waves, i));
    cli_table_print(&t, cli->out);
}

static void print_left_out(struct cli *cli, const struct json_value *left)
{
    static const char *const rows[][2] = {{"not active", "not_active"},
                                          {"not fit", "not_fit"},
                                          {"running it already", "running_it"},
                                          {"in another rollout", "in_another_rollout"}};
    GW_CLEANUP(cli_table_done) struct cli_table t;
    cli_table_init(&t, NULL, 2);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cli_table_add_str(&t, rows[i][0]);
        cli_table_add_member(&t, left, rows[i][1]);
    }
    (void)fputs("left out:\n", cli->out);
    cli_table_print(&t, cli->out);
}

void cli_rollout_print(struct cli *cli, const struct json_value *rollout)
{
    static const char *const rows[] = {"id",      "name",       "product",   "version", "release",
                                       "state",   "hold",       "hold_wave", "devices", "holders",
                                       "created", "created_by", "changed",   "reason",  "rev"};
    GW_CLEANUP(cli_table_done) struct cli_table t;
    cli_table_init(&t, NULL, 2);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (json_has(rollout, rows[i])) {
            cli_table_add_str(&t, rows[i]);
            cli_table_add_member(&t, rollout, rows[i]);
        }
    char back[BACK_LEN];
    if (back_text(rollout, back, sizeof(back))) {
        cli_table_add_str(&t, "back");
        cli_table_add_str(&t, back);
    }
    if (count_of(rollout, "unplanned") > 0) {
        cli_table_add_str(&t, "being planned");
        cli_table_add_member(&t, rollout, "unplanned");
    }
    const struct json_value *plan = json_find(rollout, "plan");
    if (plan) {
        cli_table_add_str(&t, "seed");
        cli_table_add_member(&t, plan, "seed");
    }
    cli_table_print(&t, cli->out);
    print_waves(cli, json_find(rollout, "waves"));
    if (json_has(rollout, "left_out"))
        print_left_out(cli, json_find(rollout, "left_out"));
}

/* "; back: …", and once nothing of it is open, who still holds the version. */
static void add_back(const struct json_value *rollout, char *text, size_t cap)
{
    char back[BACK_LEN];
    struct gw_view state = {NULL, 0}, version = {NULL, 0};
    long long holders = count_of(rollout, "holders");
    size_t len = strlen(text);
    if (!back_text(rollout, back, sizeof(back)))
        return;
    len += (size_t)snprintf(text + len, cap - len, "; back: %s", back);
    (void)!json_text(rollout, "state", &state, NULL);
    (void)!json_text(rollout, "version", &version, NULL);
    if (holders > 0 && gw_view_eq_str(state, rollout_state_text(ROLLOUT_ROLLED_BACK)))
        (void)snprintf(text + len, cap - len, "; %lld device%s still hold%s " GW_VIEW_FMT, holders,
                       gw_plural((uint64_t)holders), holders == 1 ? "s" : "", GW_VIEW_ARG(version));
}

void cli_rollout_print_line(struct cli *cli, const struct json_value *rollout)
{
    const struct json_value *counts = json_find(rollout, "counts");
    GW_CLEANUP(cli_table_done) struct cli_table t;
    char text[512];
    (void)snprintf(text, sizeof(text), "%lld device%s: %lld waiting, %lld open, %lld ok, %lld failed, %lld unreachable",
                   (long long)count_of(rollout, "devices"), gw_plural((uint64_t)count_of(rollout, "devices")),
                   (long long)sum(counts, is_waiting), (long long)sum(counts, attempt_state_open),
                   (long long)count_of(counts, "ok"), (long long)sum(counts, attempt_state_failure),
                   (long long)count_of(counts, "unreachable"));
    add_back(rollout, text, sizeof(text));
    cli_table_init(&t, NULL, 4);
    cli_table_add_member(&t, rollout, "changed");
    cli_table_add_member(&t, rollout, "state");
    cli_table_add_member(&t, rollout, "hold");
    cli_table_add_str(&t, text);
    cli_table_print(&t, cli->out);
}
