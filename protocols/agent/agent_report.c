#include "agent_report.h"

#include <string.h>

#include "gw_cleanup.h"
#include "json.h"

#define BOOT_ID_PATH "/proc/sys/kernel/random/boot_id"

static void put_boot(struct json_writer *w)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, 64);
    if (gw_fs_read_file(BOOT_ID_PATH, &text, NULL))
        json_put_null(w, "boot");
    else
        json_put_view(w, "boot", gw_view_trim(gw_buf_view(&text)));
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

enum gw_rc agent_report_format(const struct agent_config *config, uint64_t job_n, struct gw_buf *ret_payload)
{
    struct json_writer w;
    json_writer_begin(&w, ret_payload);
    json_put_object(&w, NULL);
    json_put_str(&w, "product", config->product);
    json_put_str(&w, "hardware", config->hardware);
    json_put_str(&w, "release", config->release);
    json_put_str(&w, "agent", GATEHOUSE_VERSION);
    put_boot(&w);
    json_put_i64(&w, "uptime_s", gw_mono_now().ms / GW_SECOND_MS);
    json_put_u64_text(&w, "job_n", job_n);
    put_attributes(&w, config);
    json_put_end(&w);
    return json_writer_end(&w);
}
