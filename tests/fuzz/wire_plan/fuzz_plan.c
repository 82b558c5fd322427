#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"
#include "plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum gw_rc pick(void *ctx, uint16_t wave, const struct gw_device_id *device, struct gw_err *err)
{
    struct gw_device_id again;
    (void)err;
    if (wave >= ROLLOUT_WAVES_MAX || gw_device_id_parse(gw_view_str(device->text), &again))
        abort();
    ++*(size_t *)ctx;
    return GW_OK;
}

/* What was read is written, and reads as the same; lists are not written, so only plans without one come back. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    GW_CLEANUP(json_cleanup) struct json_doc *again_doc = NULL;
    GW_CLEANUP(gw_buf_done) struct gw_buf first, second;
    struct rollout_plan plan, again;
    struct gw_err err;
    struct json_writer w;
    size_t picks = 0;
    gw_buf_init(&first, 65536);
    gw_buf_init(&second, 65536);
    if (json_read(gw_view_make(data, size), 65536, &doc, &err) || plan_read(json_root(doc), &plan, pick, &picks, &err))
        return 0;
    if (rollout_plan_valid(&plan, &err) || picks > PLAN_PICKS_MAX)
        abort();
    json_writer_begin(&w, &first);
    plan_put(&w, NULL, &plan);
    if (json_writer_end(&w))
        abort();
    if (picks > 0)
        return 0;
    if (json_read(gw_buf_view(&first), first.len, &again_doc, &err) ||
        plan_read(json_root(again_doc), &again, NULL, NULL, &err))
        abort();
    json_writer_begin(&w, &second);
    plan_put(&w, NULL, &again);
    if (json_writer_end(&w) || !gw_view_eq(gw_buf_view(&first), gw_buf_view(&second)))
        abort();
    return 0;
}
