/* Rollouts: planning, acting and looking. */
#include "cli_rollout.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "cli_list.h"
#include "cli_plan.h"
#include "gw_cleanup.h"
#include "gw_num.h"
#include "rollout_entry.h"

#define ORDER_MS 60000L /* for a plan to be laid over the whole fleet */
#define PATH_LEN 256

static enum cli_exit check_id(struct cli *cli)
{
    if (rollout_id_valid(gw_view_str(cli->words[0])))
        return CLI_OK;
    return cli_usage(cli, "\"%s\" is no rollout's id, as `gatehouse rollout list` prints them", cli->words[0]);
}

static enum cli_exit order(struct cli *cli, const char *path)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf body;
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    gw_buf_init(&body, CLI_PLAN_MAX + 1024);
    enum cli_exit rc = cli_plan_order(cli, &body);
    if (rc)
        return rc;
    rc = cli_ask(
        cli, &(struct cli_question){.method = "POST", .path = path, .body = gw_buf_view(&body), .answer_ms = ORDER_MS},
        &doc);
    if (!rc && !cli->json)
        cli_rollout_print(cli, json_root(doc));
    return rc;
}

enum cli_exit cli_rollout_create(struct cli *cli)
{
    return order(cli, "/api/v1/rollouts");
}

enum cli_exit cli_rollout_preview(struct cli *cli)
{
    return order(cli, "/api/v1/rollouts/preview");
}

/* Posts to the rollout that the first word names, below it the command's last word. */
static enum cli_exit post(struct cli *cli, struct gw_view body)
{
    char path[PATH_LEN];
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    (void)snprintf(path, sizeof(path), "/api/v1/rollouts/%s/%s", cli->words[0], strchr(cli->command->name, ' ') + 1);
    enum cli_exit rc =
        cli_ask(cli, &(struct cli_question){.method = "POST", .path = path, .body = body, .revision = cli->rev}, &doc);
    if (!rc && !cli->json)
        cli_rollout_print(cli, json_root(doc));
    return rc;
}

/* A reason, and what WAIVE also names; wave 0: nothing. */
static enum cli_exit post_reason(struct cli *cli, int64_t wave, const char *what)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf body;
    struct json_writer w;
    gw_buf_init(&body, 4096);
    if (cli->reason || wave > 0) {
        json_writer_begin(&w, &body);
        json_put_object(&w, NULL);
        if (wave > 0) {
            json_put_i64(&w, "wave", wave);
            json_put_str(&w, "what", what);
        }
        if (cli->reason)
            json_put_str(&w, "reason", cli->reason);
        json_put_end(&w);
        if (json_writer_end(&w))
            return cli_usage(cli, "the reason is too long");
    }
    return post(cli, gw_buf_view(&body));
}

enum cli_exit cli_rollout_act(struct cli *cli)
{
    enum cli_exit rc = check_id(cli);
    return rc ? rc : post_reason(cli, 0, NULL);
}

static enum cli_exit read_wave(struct cli *cli, const char *text, uint64_t *ret_wave)
{
    if (gw_parse_u64(gw_view_str(text), ROLLOUT_WAVES_MAX, ret_wave) || *ret_wave == 0)
        return cli_usage(cli, "\"%s\" is no wave: 1 to %d", text, ROLLOUT_WAVES_MAX);
    return CLI_OK;
}

enum cli_exit cli_rollout_waive(struct cli *cli)
{
    uint64_t wave = 0;
    enum rollout_hold what;
    enum cli_exit rc = check_id(cli);
    if (!rc)
        rc = read_wave(cli, cli->words[1], &wave);
    if (!rc && (rollout_hold_parse(gw_view_str(cli->words[2]), &what) || what == ROLLOUT_HOLD_NONE))
        rc = cli_usage(cli, "\"%s\" is none of gate, sample, unreachable, failures, soak", cli->words[2]);
    return rc ? rc : post_reason(cli, (int64_t)wave, cli->words[2]);
}

static enum cli_exit get(struct cli *cli, struct json_doc **ret_doc)
{
    char path[PATH_LEN];
    enum cli_exit rc = check_id(cli);
    if (rc)
        return rc;
    (void)snprintf(path, sizeof(path), "/api/v1/rollouts/%s", cli->words[0]);
    return cli_ask(cli, &(struct cli_question){.method = "GET", .path = path}, ret_doc);
}

enum cli_exit cli_rollout_show(struct cli *cli)
{
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    enum cli_exit rc = get(cli, &doc);
    if (!rc && !cli->json)
        cli_rollout_print(cli, json_root(doc));
    return rc;
}

enum cli_exit cli_rollout_list(struct cli *cli)
{
    static const char *const titles[] = {"ID",      "PRODUCT", "VERSION", "STATE",   "HOLD",
                                         "DEVICES", "HOLDERS", "BACK",    "CREATED", "NAME"};
    static const char *const keys[] = {"id",      "product", "version",     "state",   "hold",
                                       "devices", "holders", "back_counts", "created", "name"};
    const struct cli_list list = {"/api/v1/rollouts?limit=100",
                                  "rollouts",
                                  titles,
                                  keys,
                                  10,
                                  "there are no rollouts yet; `gatehouse rollout create` plans one",
                                  cli_rollout_cell};
    return cli_list_query(cli, &list);
}

enum cli_exit cli_rollout_devices(struct cli *cli)
{
    char path[PATH_LEN], wave_text[16] = "";
    uint64_t wave = 0;
    enum attempt_state state;
    enum cli_exit rc = check_id(cli);
    if (!rc && cli->wave_count > 1)
        rc = cli_usage(cli, "--wave chooses one wave");
    if (!rc && cli->wave_count == 1)
        rc = read_wave(cli, cli->waves[0], &wave);
    if (!rc && cli->state && attempt_state_parse(gw_view_str(cli->state), &state))
        rc = cli_usage(cli, "\"%s\" is no state of an attempt", cli->state);
    if (rc)
        return rc;
    if (wave > 0)
        (void)snprintf(wave_text, sizeof(wave_text), "&wave=%u", (unsigned)wave);
    (void)snprintf(path, sizeof(path), "/api/v1/rollouts/%s/attempts?limit=500%s%s%s%s", cli->words[0], wave_text,
                   cli->state ? "&state=" : "", cli->state ? cli->state : "", cli->back ? "&back=true" : "");
    const struct cli_list list = {path,
                                  "attempts",
                                  cli_attempt_titles,
                                  cli_attempt_keys,
                                  CLI_ATTEMPT_COLUMNS,
                                  "no device of the rollout is that",
                                  cli_attempt_cell};
    return cli_list_all(cli, &list);
}

enum cli_exit cli_device_history(struct cli *cli)
{
    static const char *const titles[] = {"CREATED", "ROLLOUT", "BACK", "STATE", "CODE", "VERSION", "BEFORE", "SINCE"};
    static const char *const keys[] = {"created", "rollout", "back", "state", "code", "version", "before", "since"};
    char path[PATH_LEN];
    struct gw_device_id id;
    enum cli_exit rc = cli_device_id(cli, cli->words[0], &id);
    if (rc)
        return rc;
    (void)snprintf(path, sizeof(path), "/api/v1/devices/%s/attempts", id.text);
    const struct cli_list list = {path, "attempts", titles, keys, 8, "nothing was rolled out to this device", NULL};
    return cli_list_all(cli, &list);
}

/* ---- watch ---- */

/* Waits for the second to pass; true when somebody wants us to end. */
static bool end_wanted(const sigset_t *signals)
{
    const struct timespec second = {.tv_sec = 1};
    int got = 0;
    do
        got = sigtimedwait(signals, NULL, &second);
    while (got < 0 && errno == EINTR);
    return got > 0;
}

static bool has_ended(const struct json_value *rollout)
{
    struct gw_view text;
    enum rollout_state state;
    return json_text(rollout, "state", &text, NULL) || rollout_state_parse(text, &state) || rollout_state_ended(state);
}

/* A line when the revision is another one than before. */
static enum cli_exit watch_once(struct cli *cli, uint64_t *io_rev, bool *ret_ended)
{
    uint64_t rev = 0;
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    enum cli_exit rc = get(cli, &doc);
    if (rc)
        return rc;
    *ret_ended = has_ended(json_root(doc));
    if (json_u64_text(json_root(doc), "rev", INT64_MAX, &rev, NULL) == GW_OK && rev == *io_rev)
        return CLI_OK;
    *io_rev = rev;
    cli_rollout_print_line(cli, json_root(doc));
    return fflush(cli->out) || ferror(cli->out) ? CLI_REFUSED : CLI_OK;
}

enum cli_exit cli_rollout_watch(struct cli *cli)
{
    sigset_t signals, before;
    uint64_t rev = 0;
    bool ended = false;
    if (cli->json)
        return cli_usage(cli, "--json does not go with rollout watch: ask `rollout show`");
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &signals, &before);
    enum cli_exit rc = watch_once(cli, &rev, &ended);
    while (!rc && !ended && !end_wanted(&signals))
        rc = watch_once(cli, &rev, &ended);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    return rc;
}
