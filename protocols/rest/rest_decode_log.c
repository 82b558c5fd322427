/* From the query of a request to a read of the logs: struct query in the message's blob. */
#include <string.h>

#include "gw_cleanup.h"
#include "gw_num.h"
#include "gw_time.h"
#include "query.h"
#include "rest_cursor.h"
#include "rest_internal.h"
#include "rest_query.h"

#define LIMIT_DEFAULT 100

static enum gw_rc put_query(const struct rest_call *call, const struct query *query)
{
    struct query *owned = gw_xalloc(1, sizeof(*owned));
    *owned = *query;
    call->msg->blob = (uint8_t *)owned;
    call->msg->blob_len = sizeof(*owned);
    return GW_OK;
}

static enum gw_rc take_limit(const struct rest_param *p, struct query *q, struct gw_err *err)
{
    uint64_t limit = LIMIT_DEFAULT;
    if (p->given && (gw_parse_u64(rest_param_view(p), QUERY_EVENTS_MAX, &limit) || limit == 0))
        return gw_err_set(err, GW_INVALID, "%s must be from 1 to %d", p->key, QUERY_EVENTS_MAX);
    q->limit = (uint32_t)limit;
    return GW_OK;
}

static enum gw_rc take_device(const struct rest_param *p, bool *ret_has, struct gw_device_id *ret_id,
                              struct gw_err *err)
{
    if (p->given && gw_device_id_parse(rest_param_view(p), ret_id))
        return gw_err_set(err, GW_INVALID, "%s must be a device id", p->key);
    *ret_has = p->given;
    return GW_OK;
}

static enum gw_rc take_log(const struct rest_param *p, struct query *q, struct gw_err *err)
{
    if (p->given && log_id_parse(rest_param_view(p), &q->log))
        return gw_err_set(err, GW_INVALID,
                          "%s must name a log: dev/<device>/<16 hex>, dev/<device>/line/<16 hex>, audit/<16 hex> or "
                          "root/<16 hex>",
                          p->key);
    q->has_log = p->given;
    return GW_OK;
}

static enum gw_rc need_log(const struct rest_param *p, struct query *q, struct gw_err *err)
{
    return p->given ? take_log(p, q, err) : gw_err_set(err, GW_INVALID, "%s is missing", p->key);
}

static enum gw_rc take_time(const struct rest_param *p, struct gw_wall *ret_time, struct gw_err *err)
{
    if (p->given && gw_wall_parse(rest_param_view(p), ret_time))
        return gw_err_set(err, GW_INVALID, "%s must be a time of RFC 3339: 2026-01-31T12:00:00Z", p->key);
    return GW_OK;
}

enum gw_rc rest_decode_no_query(const struct rest_call *call, struct gw_err *err)
{
    return rest_query_parse(call->request->query, NULL, 0, err);
}

enum gw_rc rest_decode_log_list(const struct rest_call *call, struct gw_err *err)
{
    enum { DEVICE, LIMIT, CURSOR, COUNT };
    struct rest_param p[COUNT] = {{.key = "device"}, {.key = "limit"}, {.key = "cursor"}};
    struct query q = {.kind = QUERY_LOGS};
    enum gw_rc rc = rest_query_parse(call->request->query, p, COUNT, err);
    if (!rc)
        rc = take_device(&p[DEVICE], &q.has_device, &q.device, err);
    if (!rc)
        rc = take_limit(&p[LIMIT], &q, err);
    if (!rc)
        rc = take_log(&p[CURSOR], &q, err);
    return rc ? rc : put_query(call, &q);
}

enum gw_rc rest_decode_log_events(const struct rest_call *call, struct gw_err *err)
{
    enum { LOG, FROM, LIMIT, COUNT };
    struct rest_param p[COUNT] = {{.key = "log"}, {.key = "from"}, {.key = "limit"}};
    struct query q = {.kind = QUERY_EVENTS};
    enum gw_rc rc = rest_query_parse(call->request->query, p, COUNT, err);
    if (!rc)
        rc = need_log(&p[LOG], &q, err);
    if (!rc && p[FROM].given && gw_parse_u64(rest_param_view(&p[FROM]), LOG_SEQ_MAX, &q.from))
        rc = gw_err_set(err, GW_INVALID, "from must be a sequence number");
    if (!rc)
        rc = take_limit(&p[LIMIT], &q, err);
    return rc ? rc : put_query(call, &q);
}

static enum gw_rc take_text(const struct rest_param *p, struct query *q, struct gw_err *err)
{
    if (p->given && (p->len == 0 || p->len > QUERY_TEXT_MAX))
        return gw_err_set(err, GW_INVALID, "%s must be from 1 to %d bytes long", p->key, QUERY_TEXT_MAX);
    memcpy(q->text, p->value, p->given ? p->len : 0);
    q->text_len = p->len;
    return GW_OK;
}

static enum gw_rc take_whose(const struct rest_param *device, const struct rest_param *audit, struct journal_filter *f,
                             struct gw_err *err)
{
    struct gw_view flag = rest_param_view(audit);
    if (audit->given && !gw_view_eq_str(flag, "true") && !gw_view_eq_str(flag, "false"))
        return gw_err_set(err, GW_INVALID, "%s must be true or false", audit->key);
    f->audit = gw_view_eq_str(flag, "true");
    if (f->audit && device->given)
        return gw_err_set(err, GW_INVALID, "%s does not go with %s", audit->key, device->key);
    return take_device(device, &f->has_device, &f->device, err);
}

enum gw_rc rest_decode_log_search(const struct rest_call *call, struct gw_err *err)
{
    enum { DEVICE, AUDIT, FROM, TO, MIN_SEV, TEXT, LIMIT, CURSOR, COUNT };
    struct rest_param p[COUNT] = {{.key = "device"},  {.key = "audit"}, {.key = "from"},  {.key = "to"},
                                  {.key = "min_sev"}, {.key = "text"},  {.key = "limit"}, {.key = "cursor"}};
    struct query q = {.kind = QUERY_SEARCH,
                      .filter = {.from = {INT64_MIN}, .to = {INT64_MAX}, .min_sev = EVENT_SEV_INFO}};
    enum gw_rc rc = rest_query_parse(call->request->query, p, COUNT, err);
    if (!rc)
        rc = take_whose(&p[DEVICE], &p[AUDIT], &q.filter, err);
    if (!rc)
        rc = take_time(&p[FROM], &q.filter.from, err);
    if (!rc)
        rc = take_time(&p[TO], &q.filter.to, err);
    if (!rc && p[MIN_SEV].given && event_sev_parse(rest_param_view(&p[MIN_SEV]), &q.filter.min_sev))
        rc = gw_err_set(err, GW_INVALID, "min_sev must be info, low, medium, high, critical or fatal");
    if (!rc)
        rc = take_text(&p[TEXT], &q, err);
    if (!rc)
        rc = take_limit(&p[LIMIT], &q, err);
    if (!rc && p[CURSOR].given && rest_cursor_parse(rest_param_view(&p[CURSOR]), &q.cursor))
        rc = gw_err_set(err, GW_INVALID, "cursor is none that a search gave");
    return rc ? rc : put_query(call, &q);
}

/* A question that takes a log and nothing else. */
static enum gw_rc decode_log(const struct rest_call *call, enum query_kind kind, struct gw_err *err)
{
    struct rest_param p = {.key = "log"};
    struct query q = {.kind = kind};
    enum gw_rc rc = rest_query_parse(call->request->query, &p, 1, err);
    if (!rc)
        rc = need_log(&p, &q, err);
    return rc ? rc : put_query(call, &q);
}

enum gw_rc rest_decode_log_checkpoint(const struct rest_call *call, struct gw_err *err)
{
    return decode_log(call, QUERY_CHECKPOINT, err);
}

enum gw_rc rest_decode_log_evidence(const struct rest_call *call, struct gw_err *err)
{
    return decode_log(call, QUERY_EVIDENCE, err);
}

enum gw_rc rest_decode_log_tile(const struct rest_call *call, struct gw_err *err)
{
    enum { LOG, PATH, COUNT };
    struct rest_param p[COUNT] = {{.key = "log"}, {.key = "path"}};
    struct query q = {.kind = QUERY_TILE};
    enum gw_rc rc = rest_query_parse(call->request->query, p, COUNT, err);
    if (!rc)
        rc = need_log(&p[LOG], &q, err);
    if (!rc && tile_path_parse(rest_param_view(&p[PATH]), &q.tile))
        rc = gw_err_set(err, GW_INVALID, "path must be that of a tile: tile/0/000, tile/entries/001.p/15");
    return rc ? rc : put_query(call, &q);
}
