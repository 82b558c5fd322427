#include "agent_report.h"

#include <string.h>

#include "gw_cleanup.h"
#include "gw_fs.h"
#include "json.h"

#define BOOT_ID_PATH "/proc/sys/kernel/random/boot_id"

void agent_report_kernel_boot(char out[AGENT_BOOT_MAX + 1])
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, AGENT_BOOT_MAX);
    if (gw_fs_read_file(BOOT_ID_PATH, &text, NULL) ||
        gw_view_copy_str(gw_view_trim(gw_buf_view(&text)), out, AGENT_BOOT_MAX + 1))
        out[0] = '\0';
}

static void put_boot(struct json_writer *w, const char *known)
{
    char boot[AGENT_BOOT_MAX + 1] = "";
    if (!known[0])
        agent_report_kernel_boot(boot);
    const char *told = known[0] ? known : boot;
    json_put_str(w, "boot", told[0] ? told : NULL);
}

static void put_slots(struct json_writer *w, const struct agent_report_facts *facts)
{
    if (!facts->slot_count)
        return;
    json_put_array(w, "slots");
    for (size_t i = 0; i < facts->slot_count; i++) {
        json_put_object(w, NULL);
        json_put_str(w, "name", facts->slots[i].name);
        json_put_str(w, "release", facts->slots[i].release);
        json_put_str(w, "state", facts->slots[i].state);
        json_put_end(w);
    }
    json_put_end(w);
}

static void put_attributes(struct json_writer *w, const struct agent_config *config)
{
    json_put_object(w, "attributes");
    for (size_t i = 0; i < config->attribute_count; i++) {
        char name[AGENT_TEXT_MAX];
        const char *sign = strchr(config->attributes[i], '=');
        (void)snprintf(name, sizeof(name), "%.*s", (int)(sign - config->attributes[i]), config->attributes[i]);
        json_put_str(w, name, sign + 1);
    }
    json_put_end(w);
}

enum gw_rc agent_report_format(const struct agent_config *config, const struct agent_report_facts *facts,
                               struct gw_buf *ret_payload)
{
    struct json_writer w;
    json_writer_begin(&w, ret_payload);
    json_put_object(&w, NULL);
    json_put_str(&w, "product", config->product);
    json_put_str(&w, "hardware", config->hardware);
    json_put_str(&w, "release", facts->release[0] ? facts->release : config->release);
    json_put_str(&w, "agent", GATEHOUSE_VERSION);
    put_boot(&w, facts->boot);
    json_put_i64(&w, "uptime_s", gw_mono_now().ms / GW_SECOND_MS);
    json_put_u64_text(&w, "job_n", facts->job_n);
    put_slots(&w, facts);
    put_attributes(&w, config);
    json_put_end(&w);
    return json_writer_end(&w);
}
