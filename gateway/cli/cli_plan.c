#include "cli_plan.h"

#include <string.h>

#include "cli_list.h"
#include "filter.h"
#include "gw_cleanup.h"
#include "gw_fs.h"
#include "gw_num.h"
#include "plan.h"
#include "release_entry.h"

#define CONCURRENT_DEFAULT  50
#define OK_PCT_DEFAULT      90
#define UNREACHABLE_DEFAULT 30

/* 90s, 15m, 2h, 7d as milliseconds; CLI_USAGE after telling what `option` wants. */
static enum cli_exit duration(struct cli *cli, const char *option, const char *text, int64_t *ret_ms)
{
    static const struct {
        char unit;
        int64_t ms;
    } units[] = {{'s', GW_SECOND_MS}, {'m', GW_MINUTE_MS}, {'h', GW_HOUR_MS}, {'d', GW_DAY_MS}};
    struct gw_view number = gw_view_str(text);
    uint64_t value = 0;
    for (size_t i = 0; number.len > 1 && i < sizeof(units) / sizeof(units[0]); i++)
        if (number.ptr[number.len - 1] == (uint8_t)units[i].unit) {
            number.len--;
            if (gw_parse_u64(number, (uint64_t)(ROLLOUT_TIME_MAX_MS / units[i].ms), &value))
                break;
            *ret_ms = (int64_t)value * units[i].ms;
            return CLI_OK;
        }
    return cli_usage(cli, "%s wants a time such as 90s, 15m, 2h or 7d, at most 365 days", option);
}

static enum cli_exit percent(struct cli *cli, const char *option, const char *text, uint8_t *ret_pct)
{
    struct gw_view v = gw_view_str(text);
    uint64_t value = 0;
    if (v.len > 1 && v.ptr[v.len - 1] == '%')
        v.len--;
    if (gw_parse_u64(v, 100, &value))
        return cli_usage(cli, "%s wants percent, 0 to 100", option);
    *ret_pct = (uint8_t)value;
    return CLI_OK;
}

/* What all waves have alike. */
static enum cli_exit read_gate(struct cli *cli, struct rollout_wave_plan *ret_wave)
{
    uint64_t value = CONCURRENT_DEFAULT;
    enum cli_exit rc = CLI_OK;
    *ret_wave = (struct rollout_wave_plan){
        .max_concurrent = CONCURRENT_DEFAULT,
        .gate = {.ok_pct = OK_PCT_DEFAULT, .unreachable_pct = UNREACHABLE_DEFAULT, .min_sample = 1},
    };
    if (cli->concurrent && (gw_parse_u64(gw_view_str(cli->concurrent), ROLLOUT_CONCURRENT_MAX, &value) || value == 0))
        return cli_usage(cli, "--concurrent wants a number from 1 to %d", ROLLOUT_CONCURRENT_MAX);
    ret_wave->max_concurrent = (uint32_t)value;
    value = 1;
    if (cli->sample && (gw_parse_u64(gw_view_str(cli->sample), ROLLOUT_DEVICES_MAX, &value) || value == 0))
        return cli_usage(cli, "--sample wants a number from 1 to %d", ROLLOUT_DEVICES_MAX);
    ret_wave->gate.min_sample = (uint32_t)value;
    if (cli->ok)
        rc = percent(cli, "--ok", cli->ok, &ret_wave->gate.ok_pct);
    if (!rc && cli->unreachable)
        rc = percent(cli, "--unreachable", cli->unreachable, &ret_wave->gate.unreachable_pct);
    if (!rc && cli->soak)
        rc = duration(cli, "--soak", cli->soak, &ret_wave->gate.soak_ms);
    return rc;
}

static enum cli_exit read_query(struct cli *cli, const char *text, struct rollout_wave_plan *wave)
{
    if (gw_view_copy_str(gw_view_str(text), wave->query, sizeof(wave->query)))
        return cli_usage(cli, "the query of a wave has at most %d bytes", ROLLOUT_QUERY_MAX);
    wave->select = ROLLOUT_SELECT_QUERY;
    return cli_list_check(cli, gw_view_str(text));
}

/* "20%", "rest", "query:QUERY" or "list:FILE"; ret_list is the file's name, or NULL. */
static enum cli_exit read_select(struct cli *cli, const char *text, struct rollout_wave_plan *wave,
                                 const char **ret_list)
{
    *ret_list = NULL;
    if (strcmp(text, "rest") == 0) {
        wave->select = ROLLOUT_SELECT_REST;
        return CLI_OK;
    }
    if (strncmp(text, "list:", 5) == 0 && text[5]) {
        wave->select = ROLLOUT_SELECT_LIST;
        *ret_list = text + 5;
        return CLI_OK;
    }
    if (strncmp(text, "query:", 6) == 0 && text[6])
        return read_query(cli, text + 6, wave);
    wave->select = ROLLOUT_SELECT_PERCENT;
    return percent(cli, "--wave (20%, rest, query:QUERY or list:FILE)", text, &wave->percent);
}

/* A device id a line; empty lines and those with '#' in front are passed over. */
static enum cli_exit put_list(struct cli *cli, struct json_writer *w, const char *path)
{
    struct gw_err err = {0};
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, CLI_PLAN_MAX);
    if (gw_fs_read_file(path, &text, &err)) {
        cli_say(cli, "%s: %s", path, gw_err_text(&err));
        return CLI_REFUSED;
    }
    struct gw_view rest = gw_buf_view(&text);
    json_put_array(w, "devices");
    for (unsigned line = 1; rest.len > 0; line++) {
        struct gw_device_id id;
        struct gw_view word = gw_view_trim(gw_view_cut(rest, '\n', &rest));
        if (word.len == 0 || word.ptr[0] == '#')
            continue;
        if (gw_device_id_parse(word, &id)) {
            cli_say(cli, "%s, line %u: no device id", path, line);
            return CLI_USAGE;
        }
        json_put_str(w, NULL, id.text);
    }
    json_put_end(w);
    return CLI_OK;
}

static enum cli_exit put_waves(struct cli *cli, struct json_writer *w, const struct rollout_wave_plan *alike)
{
    json_put_array(w, "waves");
    for (int i = 0; i < cli->wave_count; i++) {
        struct rollout_wave_plan wave = *alike;
        const char *list;
        enum cli_exit rc = read_select(cli, cli->waves[i], &wave, &list);
        json_put_object(w, NULL);
        if (!rc)
            plan_put_wave(w, &wave);
        if (!rc && list)
            rc = put_list(cli, w, list);
        if (rc)
            return rc;
        json_put_end(w);
    }
    json_put_end(w);
    return CLI_OK;
}

static enum cli_exit read_rest(struct cli *cli, struct rollout_plan *plan)
{
    enum cli_exit rc = CLI_OK;
    if (cli->failures)
        rc = percent(cli, "--failures", cli->failures, &plan->abort.failure_pct);
    if (!rc && cli->on_failure && rollout_on_failure_parse(gw_view_str(cli->on_failure), &plan->abort.action))
        rc = cli_usage(cli, "--on-failure wants hold, abort or rollback");
    if (!rc && cli->confirm)
        rc = duration(cli, "--confirm", cli->confirm, &plan->terms.confirm_ms);
    if (!rc && cli->seed && gw_parse_u64(gw_view_str(cli->seed), UINT64_MAX, &plan->seed))
        rc = cli_usage(cli, "--seed wants a number");
    return rc;
}

static enum cli_exit put_plan(struct cli *cli, struct json_writer *w)
{
    struct rollout_plan plan;
    struct rollout_wave_plan alike;
    rollout_plan_init(&plan);
    if (cli->wave_count == 0)
        return cli_usage(cli,
                         "say who comes when: --plan FILE, or --wave for each wave, such as --wave 5%% --wave rest");
    if (cli->wave_count > CLI_WAVES_MAX)
        return cli_usage(cli, "a plan has at most %d waves", CLI_WAVES_MAX);
    enum cli_exit rc = read_gate(cli, &alike);
    if (!rc)
        rc = read_rest(cli, &plan);
    if (rc)
        return rc;
    json_put_object(w, "plan");
    rc = put_waves(cli, w, &alike);
    if (!rc) {
        plan_put_rest(w, &plan);
        json_put_end(w);
    }
    return rc;
}

static enum gw_rc check_queries(const struct rollout_plan *plan, struct gw_err *err)
{
    for (uint16_t w = 0; w < plan->wave_count; w++) {
        struct filter filter;
        if (plan->waves[w].select == ROLLOUT_SELECT_QUERY &&
            filter_parse(gw_view_str(plan->waves[w].query), &filter, err))
            return gw_err_wrap(err, GW_INVALID, "wave %u: query", w + 1u);
    }
    return GW_OK;
}

/* The file is the plan's JSON: read here, so that a mistake is told with the file's name and before anybody is asked.
 */
static enum cli_exit copy_plan(struct cli *cli, struct gw_buf *ret_text)
{
    struct gw_err err = {0};
    struct rollout_plan plan;
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    enum gw_rc rc = gw_fs_read_file(cli->plan, ret_text, &err);
    if (!rc)
        rc = json_read(gw_buf_view(ret_text), CLI_PLAN_MAX, &doc, &err);
    if (!rc)
        rc = plan_read(json_root(doc), &plan, NULL, NULL, &err);
    if (!rc)
        rc = check_queries(&plan, &err);
    if (!rc)
        return CLI_OK;
    cli_say(cli, "%s: %s", cli->plan, gw_err_text(&err));
    return CLI_USAGE;
}

static enum cli_exit order_of_file(struct cli *cli, struct gw_buf *ret_body)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf plan;
    gw_buf_init(&plan, CLI_PLAN_MAX);
    if (cli->options & CLI_OPTS_PLAN)
        return cli_usage(cli, "--plan and the options of waves do not go together: all of them stand in the file");
    enum cli_exit rc = copy_plan(cli, &plan);
    if (rc)
        return rc;
    (void)gw_buf_printf(ret_body, "{\"release\":\"%s\",", cli->words[0]);
    if (cli->name) {
        (void)gw_buf_add_str(ret_body, "\"name\":");
        json_quote(ret_body, gw_view_str(cli->name));
        (void)gw_buf_add_str(ret_body, ",");
    }
    (void)gw_buf_add_str(ret_body, "\"plan\":");
    (void)gw_buf_add_view(ret_body, gw_buf_view(&plan));
    (void)gw_buf_add_str(ret_body, "}");
    return CLI_OK;
}

static enum cli_exit order_of_options(struct cli *cli, struct gw_buf *ret_body)
{
    struct json_writer w;
    json_writer_begin(&w, ret_body);
    json_put_object(&w, NULL);
    json_put_str(&w, "release", cli->words[0]);
    if (cli->name)
        json_put_str(&w, "name", cli->name);
    enum cli_exit rc = put_plan(cli, &w);
    if (rc)
        return rc;
    json_put_end(&w);
    return json_writer_end(&w) ? CLI_REFUSED : CLI_OK;
}

enum cli_exit cli_plan_order(struct cli *cli, struct gw_buf *ret_body)
{
    if (!release_id_valid(gw_view_str(cli->words[0])))
        return cli_usage(cli, "\"%s\" is no release's id: %d hex digits, see `gatehouse release list`", cli->words[0],
                         RELEASE_ID_LEN);
    enum cli_exit rc = cli->plan ? order_of_file(cli, ret_body) : order_of_options(cli, ret_body);
    if (!rc && gw_buf_rc(ret_body) != GW_OK) {
        cli_say(cli, "the plan is too long");
        return CLI_REFUSED;
    }
    return rc;
}
