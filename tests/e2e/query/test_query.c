/*
 * Queries of the shipped programs over a fleet of two hardware revisions: the page's connection, REST and the command
 * line answer them alike, and a rollout offers a release to what its first wave's query has selected before anybody
 * else.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../people/people_kit.h"
#include "../release/vendor_kit.h"
#include "../rollouts/rollouts_kit.h"
#include "gw_cleanup.h"
#include "gw_test.h"
#include "gw_wss.h"
#include "json.h"

#define LIMIT_MS  90000
#define OLD       6
#define NEW       4
#define IDS_BYTES 4096
#define JSON_MAX  ((size_t)1 << 20)

static struct gw_gateway gateway;
static struct gw_fleet old_fleet, new_fleet;
static struct person vic;
static struct gw_wss page;

/* ---- three who ask ----------------------------------------------------------------------------------------------- */

static void add_id(char ids[IDS_BYTES], const struct json_value *device)
{
    char id[64];
    size_t len = strlen(ids);
    CU_ASSERT_EQUAL_FATAL(json_str(device, "id", id, sizeof(id), NULL), GW_OK);
    (void)snprintf(ids + len, IDS_BYTES - len, "%s ", id);
}

/* The ids of one page of a list. */
static void add_page(char ids[IDS_BYTES], struct gw_view text)
{
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    struct gw_err err = {0};
    GW_ASSERT_OK(json_read(gw_view_trim(text), JSON_MAX, &doc, &err), &err);
    const struct json_value *list = json_find(json_root(doc), "devices");
    for (size_t i = 0; i < json_count(list); i++)
        add_id(ids, json_item(list, i));
}

static int by_command_line(const char *query, char ids[IDS_BYTES])
{
    const char *const args[] = {"device", "list", query, NULL};
    GW_FREE char *out = NULL;
    int code = gw_gateway_cli(&gateway, args, &out);
    ids[0] = '\0';
    struct gw_view rest = gw_view_trim(gw_view_str(out));
    while (code == 0 && rest.len > 0)
        add_page(ids, gw_view_cut(rest, '\n', &rest));
    return code;
}

static int by_rest(const char *query, char ids[IDS_BYTES])
{
    GW_CLEANUP(gw_buf_done) struct gw_buf path;
    GW_FREE char *answer = NULL;
    gw_buf_init(&path, 4096);
    (void)gw_buf_add_str(&path, "/api/v1/devices?limit=500&q=");
    for (const char *c = query; *c; c++)
        (void)gw_buf_printf(&path, "%%%02x", (unsigned char)*c);
    int status = kit_http(&gateway, &vic, &(struct http_ask){.method = "GET", .path = gw_buf_str(&path)}, &answer);
    ids[0] = '\0';
    if (status == 200)
        add_page(ids, gw_view_str(strstr(answer, "\r\n\r\n")));
    else
        (void)snprintf(ids, IDS_BYTES, "%s", answer ? answer : "");
    return status;
}

/* False: the subscription was refused; the message is in ids. */
static bool by_page(const char *query, char ids[IDS_BYTES])
{
    static int64_t id = 100;
    char t[16] = "", ack[64];
    int64_t n = 0;
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    struct json_writer w;
    gw_buf_init(&text, 65536 + 1);
    json_writer_begin(&w, &text);
    json_put_object(&w, NULL);
    json_put_str(&w, "t", "sub");
    json_put_i64(&w, "id", ++id);
    json_put_str(&w, "topic", "devices");
    json_put_str(&w, "q", query);
    json_put_end(&w);
    CU_ASSERT_EQUAL_FATAL(json_writer_end(&w), GW_OK);
    CU_ASSERT_FATAL(gw_wss_say(&page, gw_buf_str(&text)));
    while (strcmp(t, "snap") != 0 && strcmp(t, "err") != 0) {
        GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
        int64_t whose = 0;
        gw_buf_reset(&text);
        CU_ASSERT_FATAL(gw_wss_read(&page, &text, LIMIT_MS));
        CU_ASSERT_EQUAL_FATAL(json_read(gw_buf_view(&text), JSON_MAX, &doc, NULL), GW_OK);
        (void)!json_str(json_root(doc), "t", t, sizeof(t), NULL);
        if (json_i64(json_root(doc), "n", 0, INT64_MAX, &n, NULL) == GW_OK) {
            (void)snprintf(ack, sizeof(ack), "{\"t\":\"ack\",\"n\":%lld}", (long long)n);
            CU_ASSERT(gw_wss_say(&page, ack));
        }
        if (json_i64(json_root(doc), "id", 0, INT64_MAX, &whose, NULL) || whose != id) {
            t[0] = '\0'; /* of another query */
            continue;
        }
        ids[0] = '\0';
        const struct json_value *rows = json_find(json_root(doc), "rows");
        for (size_t i = 0; i < json_count(rows); i++)
            add_id(ids, json_item(json_item(rows, i), 1));
        if (strcmp(t, "err") == 0)
            (void)snprintf(ids, IDS_BYTES, "%s", gw_buf_str(&text));
    }
    (void)snprintf(ack, sizeof(ack), "{\"t\":\"unsub\",\"id\":%lld}", (long long)id);
    CU_ASSERT(gw_wss_say(&page, ack));
    return strcmp(t, "snap") == 0;
}

static size_t count_ids(const char *ids)
{
    size_t n = 0;
    for (; *ids; ids++)
        n += *ids == ' ';
    return n;
}

/* ---- the stage --------------------------------------------------------------------------------------------------- */

static void start_fleet(struct gw_fleet *f, const char *name, const char *devices, const char *hardware,
                        const char *pub)
{
    const char *const args[] = {"--devices",
                                devices,
                                "--name",
                                name,
                                "--product",
                                "pump",
                                "--hardware",
                                hardware,
                                "--release",
                                "0.9.0",
                                "--vendor-key",
                                pub,
                                "--install-ms",
                                "100",
                                "--reboot-ms",
                                "100",
                                "--figures",
                                "0",
                                NULL};
    gw_fleet_make(f);
    gw_fleet_start(f, &gateway, args);
}

static bool all_there(void *ctx)
{
    char ids[IDS_BYTES];
    (void)ctx;
    return by_command_line("status:online inventory.product:pump", ids) == 0 && count_ids(ids) == OLD + NEW;
}

static void a_fleet_of_two_revisions(void)
{
    static struct vendor vendor;
    GW_FREE char *out = NULL;
    char ca[192], origin[64];
    CU_ASSERT_FATAL(kit_open(&gateway));
    kit_vendor(&vendor, "vendor");
    CU_ASSERT_FATAL(kit_trust(&gateway, &vendor));
    const struct kit_release release = {
        .version = "1.0.0", .counter = 1, .size = 4096, .hardware = "\"rev-a\",\"rev-b\""};
    CU_ASSERT_EQUAL_FATAL(kit_import(&gateway, kit_release(&vendor, &release), &out), 0);
    start_fleet(&old_fleet, "old", "6", "rev-a", vendor.pub);
    start_fleet(&new_fleet, "new", "4", "rev-b", vendor.pub);
    CU_ASSERT_FATAL(gw_await(all_there, NULL, LIMIT_MS));
    CU_ASSERT_EQUAL_FATAL(kit_sign_in(&gateway, &vic, "vic", KIT_PASSWORD), 200);
    (void)snprintf(ca, sizeof(ca), "%s/web/ca.crt", gateway.state);
    (void)snprintf(origin, sizeof(origin), "https://localhost:%u", gateway.port_operators);
    const struct gw_wss_ask ask = {.port = gateway.port_operators,
                                   .ca_path = ca,
                                   .path = "/api/v1/live",
                                   .protocol = "gw.v1",
                                   .origin = origin,
                                   .cookie = vic.cookie};
    CU_ASSERT_EQUAL_FATAL(gw_wss_open(&page, &ask), 101);
    CU_ASSERT_FATAL(gw_wss_say(&page, "{\"t\":\"hello\",\"v\":1}"));
}

/* ---- cases ------------------------------------------------------------------------------------------------------- */

static void all_answer_alike(void)
{
    static const struct {
        const char *query;
        size_t count;
    } cases[] = {{"", OLD + NEW},
                 {"inventory.hardware:rev-b", NEW},
                 {"-inventory.hardware:rev-b", OLD},
                 {"inventory.hardware:rev* id:old-*", OLD},
                 {"status:online state:active online:yes", OLD + NEW},
                 {"status:offline", 0},
                 {"inventory.version<1.0 inventory.version>=0.9", OLD + NEW},
                 {"created<1d -changed>1d", OLD + NEW},
                 {"id>old-00003", 3},
                 {"\"rev-a\"", OLD},
                 {"name:\"\" no.such:\"\"", OLD + NEW},
                 {"certificate.sha256:\"\"", 0}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char cli[IDS_BYTES], rest[IDS_BYTES], live[IDS_BYTES];
        CU_ASSERT_EQUAL(by_command_line(cases[i].query, cli), 0);
        CU_ASSERT_EQUAL(by_rest(cases[i].query, rest), 200);
        CU_ASSERT(by_page(cases[i].query, live));
        CU_ASSERT_STRING_EQUAL(cli, rest);
        CU_ASSERT_STRING_EQUAL(cli, live);
        CU_ASSERT_EQUAL(count_ids(cli), cases[i].count);
        if (count_ids(cli) != cases[i].count)
            printf("#   %s: %s\n", cases[i].query, cli);
    }
}

static void all_refuse_alike(void)
{
    static const char *const wrong[] = {"status:offline name:\"pump", "a:", "-"};
    static const char *const says[] = {"a quote is not closed (at byte 26 of the query)", "(at byte 3 of the query)",
                                       "(at byte 2 of the query)"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char text[IDS_BYTES];
        CU_ASSERT_EQUAL(by_rest(wrong[i], text), 400);
        CU_ASSERT_PTR_NOT_NULL(strstr(text, says[i]));
        CU_ASSERT_PTR_NOT_NULL(strstr(text, "application/problem+json"));
        CU_ASSERT_FALSE(by_page(wrong[i], text));
        CU_ASSERT_PTR_NOT_NULL(strstr(text, says[i]));
        CU_ASSERT_EQUAL(by_command_line(wrong[i], text), 2);
    }
}

/* Rollouts, releases and alerts: what is there is found by what it is, and not by what it is not. */
static void other_lists_take_queries(void)
{
    static const char *const finds[][3] = {{"release", "version:1.0.0 state:staged", "\"1.0.0\""},
                                           {"release", "version<1.0.0", NULL},
                                           {"release", "files.name:a.swu", "\"1.0.0\""},
                                           {"rollout", "state:draft", NULL},
                                           {"alerts", "class:no.such*", NULL}};
    for (size_t i = 0; i < sizeof(finds) / sizeof(finds[0]); i++) {
        const char *const args[] = {finds[i][0], "list", finds[i][1], NULL};
        GW_FREE char *out = NULL;
        CU_ASSERT_EQUAL(gw_gateway_cli(&gateway, args, &out), 0);
        CU_ASSERT_EQUAL(strstr(out, "\"id\"") != NULL, finds[i][2] != NULL);
        if (finds[i][2])
            CU_ASSERT_PTR_NOT_NULL(strstr(out, finds[i][2]));
    }
}

static bool finished(void *ctx)
{
    struct kit_rollout *r = ctx;
    return kit_look(&gateway, r) && strcmp(r->state, "finished") == 0;
}

static void create(const char *query, int *ret_code, char **ret_out)
{
    char id[32];
    GW_FREE char *releases = NULL;
    const char *const list[] = {"release", "list", NULL};
    CU_ASSERT_EQUAL_FATAL(gw_gateway_cli(&gateway, list, &releases), 0);
    gw_json_pick(releases, "id", id, sizeof(id));
    /* All of a wave are decided before the next one opens: of a wave smaller than its sample, all are asked for. */
    const char *const args[] = {"rollout", "create", id,    "--wave",   query,  "--rest", "--confirm",
                                "1s",      "--ok",   "100", "--sample", "1000", NULL};
    *ret_code = gw_gateway_cli(&gateway, args, ret_out);
}

static void a_query_that_selects_nobody_is_no_wave(void)
{
    GW_FREE char *out = NULL;
    int code;
    create("query:inventory.hardware:revb", &code, &out);
    CU_ASSERT_EQUAL(code, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "wave 1: no device that is left fits the query"));
}

static void the_first_wave_is_what_its_query_has_selected(void)
{
    static const char *const none[] = {NULL};
    struct kit_rollout r;
    GW_FREE char *out = NULL;
    char handlers[192];
    int64_t last_ok_ms = 0;
    size_t count = 0, begun_count = 0;
    int code;
    create("query:inventory.hardware:rev-b -status:offline", &code, &out);
    CU_ASSERT_EQUAL_FATAL(code, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "\"select\":\"query\",\"query\":\"inventory.hardware:rev-b -status:offline\""));
    gw_json_pick(out, "id", r.id, sizeof(r.id));
    CU_ASSERT_FATAL(kit_look(&gateway, &r));
    CU_ASSERT_FATAL(kit_act(&gateway, "start", &r, none));
    CU_ASSERT_FATAL(gw_await(finished, &r, LIMIT_MS));
    GW_FREE struct kit_attempt *attempts = kit_attempts(&gateway, &r, &count);
    CU_ASSERT_EQUAL_FATAL(count, OLD + NEW);
    for (size_t i = 0; i < count; i++) {
        bool is_new = strncmp(attempts[i].device, "new-", 4) == 0;
        CU_ASSERT_EQUAL(attempts[i].wave, is_new ? 1 : 2);
        CU_ASSERT_STRING_EQUAL(attempts[i].state, "ok");
        if (is_new && attempts[i].since_ms > last_ok_ms)
            last_ok_ms = attempts[i].since_ms;
    }
    (void)snprintf(handlers, sizeof(handlers), "%s/handlers", old_fleet.state);
    GW_FREE struct kit_begun *begun = kit_handlers(handlers, &begun_count);
    CU_ASSERT_EQUAL(begun_count, OLD);
    for (size_t i = 0; i < begun_count; i++)
        CU_ASSERT(begun[i].ms >= last_ok_ms);
    const char *const found[] = {"rollout", "list", "state:finished plan.waves.query:inventory*", NULL};
    GW_FREE char *list = NULL;
    CU_ASSERT_EQUAL(gw_gateway_cli(&gateway, found, &list), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(list, r.id));
}

static void they_end(void)
{
    gw_wss_close(&page);
    gw_fleet_done(&old_fleet);
    gw_fleet_done(&new_fleet);
    CU_ASSERT_EQUAL(gw_gateway_stop(&gateway), 0);
    gw_gateway_done(&gateway);
}

int main(void)
{
    static const struct gw_test_case cases[] = {
        {"a fleet of two hardware revisions connects", a_fleet_of_two_revisions},
        {"page, REST and command line answer alike", all_answer_alike},
        {"page, REST and command line refuse alike", all_refuse_alike},
        {"releases, rollouts and alerts take queries", other_lists_take_queries},
        {"a query that selects nobody is no wave", a_query_that_selects_nobody_is_no_wave},
        {"the first wave is what its query has selected", the_first_wave_is_what_its_query_has_selected},
        {"they end", they_end},
    };
    return GW_GATEWAY_TEST_RUN("queries", cases);
}
