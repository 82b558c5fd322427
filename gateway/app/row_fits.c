#include "row_fits.h"

#include "gw_cleanup.h"
#include "live_table.h"

#define ROW_BYTES (256 * 1024) /* the live protocol shows a row above LIVE_ROW_MAX as too big */

/* False: it is no row that a query can select. */
static bool name_row(const struct answer *row, enum live_topic *ret_topic, const char **ret_key)
{
    *ret_key = "";
    if (row->kind == ANSWER_DEVICES && row->device_count == 1) {
        *ret_topic = LIVE_DEVICES;
        *ret_key = row->devices[0].device.id.text;
    } else if (row->kind == ANSWER_RELEASES && row->release_count == 1) {
        *ret_topic = LIVE_RELEASES;
        *ret_key = row->releases[0].entry.id;
    } else if (row->kind == ANSWER_ROLLOUTS && row->rollout_count == 1) {
        *ret_topic = LIVE_ROLLOUTS;
        *ret_key = row->rollouts[0].entry.id;
    } else if (row->kind == ANSWER_ALERTS && row->alert_count == 1) {
        *ret_topic = LIVE_ALERTS;
        *ret_key = row->alerts[0].id;
    }
    return (*ret_key)[0] != '\0';
}

static bool fits(void *self, const struct answer *row, const struct filter *filter, struct gw_wall now)
{
    const struct rest *rest = self;
    enum live_topic topic = LIVE_OVERVIEW;
    const char *key;
    GW_CLEANUP(gw_buf_done) struct gw_buf json;
    gw_buf_init(&json, ROW_BYTES);
    if (!name_row(row, &topic, &key) || rest_row(rest, row, &json))
        return false;
    return live_row_fits(topic, key, gw_buf_view(&json), filter, now);
}

struct row_match row_fits_port(const struct rest *rest)
{
    return (struct row_match){(void *)(uintptr_t)rest, fits};
}
