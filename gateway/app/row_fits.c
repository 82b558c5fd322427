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

struct matching {
    const struct row_filters *filters;
    uint32_t fits;
};

static void match_all(void *ctx, const struct filter_row *fields)
{
    struct matching *m = ctx;
    for (size_t i = 0; i < m->filters->count && i < ROW_FILTERS_MAX; i++)
        if (filter_match(&m->filters->list[i], fields, m->filters->now))
            m->fits |= UINT32_C(1) << i;
}

static uint32_t fits(void *self, const struct answer *row, const struct row_filters *filters)
{
    const struct rest *rest = self;
    enum live_topic topic = LIVE_OVERVIEW;
    const char *key;
    struct matching m = {.filters = filters};
    GW_CLEANUP(gw_buf_done) struct gw_buf json;
    gw_buf_init(&json, ROW_BYTES);
    if (name_row(row, &topic, &key) && rest_row(rest, row, &json) == GW_OK)
        live_row_fields(topic, key, gw_buf_view(&json), match_all, &m);
    return m.fits;
}

struct row_match row_fits_port(const struct rest *rest)
{
    return (struct row_match){(void *)(uintptr_t)rest, fits};
}
