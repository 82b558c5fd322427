#include <stdio.h>
#include <string.h>

#include "agent_config.h"
#include "agent_report.h"
#include "agent_site.h"
#include "gw_cleanup.h"
#include "gw_test.h"
#include "json.h"
#include "state_report.h"

#define PIN        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define INVITATION "gw1.gw.example.com:9443.pump-7.aaaqeayeaudaocajbifqydiob4.00112233445566778899aabbccddeeff"

static enum gw_rc load(const char *text, struct agent_config *out, struct gw_err *err)
{
    char path[160];
    (void)snprintf(path, sizeof(path), "%s/agent.toml", gw_test_dir());
    GW_ASSERT_OK(gw_fs_replace(gw_fs_posix(), path, gw_view_str(text), 0600, err), err);
    return agent_config_load(path, out, err);
}

/* A configuration whose state directory exists. */
static void load_with_state(const char *text, struct agent_config *out)
{
    struct gw_err err = {0};
    GW_ASSERT_OK(load(text, out, &err), &err);
    (void)snprintf(out->state_dir, sizeof(out->state_dir), "%s", gw_test_dir());
}

static void an_empty_file_has_defaults(void)
{
    struct agent_config c;
    struct gw_err err = {0};
    GW_ASSERT_OK(load("", &c, &err), &err);
    CU_ASSERT_EQUAL(c.mqtt_port, 8883);
    CU_ASSERT_EQUAL(c.spool_max_bytes, 16777216);
    CU_ASSERT_STRING_EQUAL(c.state_dir, "/var/lib/gatehouse-agent");
    CU_ASSERT_FALSE(c.pin_given || c.ed25519 || c.debug);
}

static void refuses_what_it_does_not_understand(void)
{
    static const char *const bad[] = {
        "speed = 1\n",
        "[gateway]\nca_sha256 = \"00\"\n",
        "[gateway]\nhost = \"a b\"\n",
        "[gateway]\nmqtt_port = 0\n",
        "[device]\nid = \"Root\"\n",
        "[device]\nattributes = [\"novalue\"]\n",
        "[device]\nkey_type = \"rsa\"\n",
        "[log]\nspool_max_bytes = 1000\n",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct agent_config c;
        struct gw_err err = {0};
        CU_ASSERT_EQUAL(load(bad[i], &c, &err), GW_INVALID);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "agent.toml:"));
    }
}

static void remembers_the_invitation_without_its_secret(void)
{
    struct agent_config c;
    struct agent_site site, again;
    struct invitation in;
    struct gw_err err = {0};
    char path[512];
    GW_CLEANUP(gw_buf_done) struct gw_buf noted;
    gw_buf_init(&noted, 4096);
    load_with_state("", &c);
    GW_ASSERT_OK(invitation_parse(gw_view_str(INVITATION), &in, &err), &err);
    GW_ASSERT_OK(agent_site_find(&c, &in, gw_fs_posix(), &site, &err), &err);
    CU_ASSERT_STRING_EQUAL(site.host, "gw.example.com");
    CU_ASSERT_EQUAL(site.https_port, 9443);
    CU_ASSERT_EQUAL(site.pin_len, 16);
    GW_ASSERT_OK(agent_site_find(&c, NULL, gw_fs_posix(), &again, &err), &err);
    CU_ASSERT_STRING_EQUAL(again.host, site.host);
    CU_ASSERT_STRING_EQUAL(again.id.text, "pump-7");
    CU_ASSERT_EQUAL(memcmp(again.pin, site.pin, 16), 0);
    agent_site_path(&site, "site", path);
    GW_ASSERT_OK(gw_fs_read_file(path, &noted, &err), &err);
    CU_ASSERT_PTR_NULL(strstr(gw_buf_str(&noted), "aaaqeayeaudaocajbifqydiob4"));
}

static void one_state_directory_serves_one_device(void)
{
    struct agent_config c;
    struct agent_site site;
    struct invitation in;
    struct gw_err err = {0};
    load_with_state("", &c);
    GW_ASSERT_OK(invitation_parse(gw_view_str(INVITATION), &in, &err), &err);
    GW_ASSERT_OK(agent_site_find(&c, &in, gw_fs_posix(), &site, &err), &err);
    in.port = 8443; /* the gateway may move */
    GW_ASSERT_OK(agent_site_find(&c, &in, gw_fs_posix(), &site, &err), &err);
    in.root[0] ^= 1;
    CU_ASSERT_EQUAL(agent_site_find(&c, &in, gw_fs_posix(), &site, &err), GW_INVALID);
}

static void without_an_invitation_it_needs_the_pin(void)
{
    struct agent_config c;
    struct agent_site site;
    struct gw_err err = {0};
    load_with_state("[gateway]\nhost = \"gw\"\n[device]\nid = \"pump-7\"\n", &c);
    CU_ASSERT_EQUAL(agent_site_find(&c, NULL, gw_fs_posix(), &site, &err), GW_INVALID);
    load_with_state("[gateway]\nhost = \"gw\"\nca_sha256 = \"" PIN "\"\n[device]\nid = \"pump-7\"\n", &c);
    GW_ASSERT_OK(agent_site_find(&c, NULL, gw_fs_posix(), &site, &err), &err);
    CU_ASSERT_EQUAL(site.pin_len, 32);
    CU_ASSERT_EQUAL(site.https_port, 8443);
}

static void a_pin_that_contradicts_the_invitation_is_refused(void)
{
    struct agent_config c;
    struct agent_site site;
    struct invitation in;
    struct gw_err err = {0};
    load_with_state("[gateway]\nca_sha256 = \"ff"
                    "112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
                    "\"\n",
                    &c);
    GW_ASSERT_OK(invitation_parse(gw_view_str(INVITATION), &in, &err), &err);
    CU_ASSERT_EQUAL(agent_site_find(&c, &in, gw_fs_posix(), &site, &err), GW_INVALID);
}

static void reports_what_the_configuration_says(void)
{
    struct agent_config c;
    struct gw_err err = {0};
    char product[64], boot[64], place[64];
    const struct json_value *attributes = NULL;
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    GW_CLEANUP(gw_buf_done) struct gw_buf payload;
    struct agent_report_facts facts = {.job_n = 12, .release = "", .boot = ""};
    gw_buf_init(&payload, 16384);
    load_with_state("[device]\nproduct = \"pump\"\nattributes = [\"place=hall \\\"4\\\"\"]\n", &c);
    GW_ASSERT_OK(agent_report_format(&c, &facts, &payload), NULL);
    GW_ASSERT_OK(json_read(gw_buf_view(&payload), 16384, &doc, &err), &err);
    GW_ASSERT_OK(json_str(json_root(doc), "product", product, sizeof(product), &err), &err);
    GW_ASSERT_OK(json_str(json_root(doc), "boot", boot, sizeof(boot), &err), &err);
    GW_ASSERT_OK(json_member(json_root(doc), "attributes", JSON_KIND_OBJECT, &attributes, &err), &err);
    GW_ASSERT_OK(json_str(attributes, "place", place, sizeof(place), &err), &err);
    CU_ASSERT_STRING_EQUAL(product, "pump");
    CU_ASSERT_EQUAL(strlen(boot), 36);
    CU_ASSERT_STRING_EQUAL(place, "hall \"4\"");
}

static void reports_slots_as_the_gateway_reads_them(void)
{
    static const struct agent_report_slot slots[] = {{"a", "1.4.0", "booted"}, {"b", "", "empty"}};
    static struct inventory told;
    struct agent_config c;
    struct gw_err err = {0};
    GW_CLEANUP(gw_buf_done) struct gw_buf payload;
    const struct agent_report_facts facts = {
        .job_n = 12, .release = "1.4.0", .boot = "b7", .slots = slots, .slot_count = 2};
    gw_buf_init(&payload, 16384);
    load_with_state("[device]\nproduct = \"pump\"\n", &c);
    GW_ASSERT_OK(agent_report_format(&c, &facts, &payload), NULL);
    GW_ASSERT_OK(state_report_parse(gw_buf_view(&payload), &told, &err), &err);
    CU_ASSERT_STRING_EQUAL(told.slots, "[{\"name\":\"a\",\"release\":\"1.4.0\",\"state\":\"booted\"},"
                                       "{\"name\":\"b\",\"state\":\"empty\"}]");
}

static const struct gw_test_case cases[] = {
    {"an empty file has defaults", an_empty_file_has_defaults},
    {"refuses what it does not understand, with file and line", refuses_what_it_does_not_understand},
    {"remembers the invitation without its secret", remembers_the_invitation_without_its_secret},
    {"one state directory serves one device", one_state_directory_serves_one_device},
    {"without an invitation it needs the pin", without_an_invitation_it_needs_the_pin},
    {"a pin that contradicts the invitation is refused", a_pin_that_contradicts_the_invitation_is_refused},
    {"reports what the configuration says", reports_what_the_configuration_says},
    {"reports slots as the gateway reads them", reports_slots_as_the_gateway_reads_them},
};

int main(void)
{
    return GW_TEST_RUN("agent configuration", cases);
}
