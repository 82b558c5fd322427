/* Requests about alerts, and alerts as JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_num.h"
#include "rest_internal.h"
#include "rest_query.h"
#include "store.h"

#define LIST_DEFAULT 100
#define STATES_OPEN  (1u << ALERT_NEW | 1u << ALERT_ACKNOWLEDGED | 1u << ALERT_SNOOZED)
#define STATES_ALL   (STATES_OPEN | 1u << ALERT_RESOLVED)

/* ---- requests ---------------------------------------------------------------------------------------------------- */

enum gw_rc rest_decode_alert(const struct rest_call *call, struct gw_err *err)
{
    struct gw_view id = call->request->param[0];
    if (!alert_id_valid(id))
        return gw_err_set(err, GW_INVALID, "the alert in the path must be %d lower-case hex digits", ALERT_ID_LEN);
    return gw_view_copy_str(id, call->msg->u.act.text, sizeof(call->msg->u.act.text));
}

static enum gw_rc keep_note(const struct rest_call *call, bool needed, struct gw_err *err)
{
    struct gw_view note;
    if (!call->body || !json_has(call->body, "note"))
        return needed ? gw_err_set(err, GW_INVALID, "a JSON body with note is needed") : GW_OK;
    enum gw_rc rc = json_text(call->body, "note", &note, err);
    if (rc)
        return rc;
    if (note.len > ALERT_NOTE_MAX)
        return gw_err_set(err, GW_INVALID, "note must have at most %d bytes", ALERT_NOTE_MAX);
    return rest_keep_blob(call, note, err);
}

enum gw_rc rest_decode_alert_act(const struct rest_call *call, struct gw_err *err)
{
    enum gw_rc rc = rest_decode_alert(call, err);
    return rc ? rc : keep_note(call, false, err);
}

enum gw_rc rest_decode_alert_note(const struct rest_call *call, struct gw_err *err)
{
    enum gw_rc rc = rest_decode_alert(call, err);
    return rc ? rc : keep_note(call, true, err);
}

enum gw_rc rest_decode_alert_snooze(const struct rest_call *call, struct gw_err *err)
{
    struct gw_wall until;
    enum gw_rc rc = rest_decode_alert(call, err);
    if (!rc && (!call->body || !json_has(call->body, "until")))
        rc = gw_err_set(err, GW_INVALID, "a JSON body with until is needed");
    if (!rc)
        rc = json_time(call->body, "until", &until, err);
    if (rc)
        return rc;
    call->msg->u.act.number = until.ms;
    return keep_note(call, false, err);
}

enum { P_STATE, P_MIN_SEV, P_DEVICE, P_GATEWAY, P_LIMIT, P_CURSOR, P_QUERY, P_COUNT };

/* "open", "all", or one state. A query that names none is about all, as it is where people watch. */
static enum gw_rc read_states(const struct rest_param params[P_COUNT], struct store_alerts *which, struct gw_err *err)
{
    enum alert_state state;
    const struct rest_param *p = &params[P_STATE];
    struct gw_view text = rest_param_view(p);
    which->states = !p->given && params[P_QUERY].given ? STATES_ALL : STATES_OPEN;
    if (!p->given || gw_view_eq_str(text, "open"))
        return GW_OK;
    which->states = STATES_ALL;
    if (gw_view_eq_str(text, "all"))
        return GW_OK;
    if (alert_state_parse(text, &state))
        return gw_err_set(err, GW_INVALID, "state must be open, all, new, acknowledged, snoozed or resolved");
    which->states = 1u << state;
    return GW_OK;
}

static enum gw_rc read_whom(const struct rest_param params[P_COUNT], struct store_alerts *which, struct gw_err *err)
{
    const struct rest_param *device = &params[P_DEVICE], *gateway = &params[P_GATEWAY];
    if (gateway->given && (device->given || !gw_view_eq_str(rest_param_view(gateway), "true")))
        return gw_err_set(err, GW_INVALID, "gateway is true and goes without device");
    which->has_device = device->given || gateway->given;
    if (device->given && gw_device_id_parse(rest_param_view(device), &which->device))
        return gw_err_set(err, GW_INVALID, "device is no device id");
    return GW_OK;
}

/* "<first, ms>.<id>": the last alert of the list before. */
static enum gw_rc read_cursor(const struct rest_param *p, struct store_alerts *which, struct gw_err *err)
{
    struct gw_view id = gw_view_make(NULL, 0), first = gw_view_cut(rest_param_view(p), '.', &id);
    which->has_after = p->given;
    if (!p->given)
        return GW_OK;
    if (gw_parse_i64(first, INT64_MIN, INT64_MAX, &which->after_first.ms) || !alert_id_valid(id) ||
        gw_view_copy_str(id, which->after_id, sizeof(which->after_id)))
        return gw_err_set(err, GW_INVALID, "cursor is none of ours");
    return GW_OK;
}

enum gw_rc rest_decode_alert_list(const struct rest_call *call, struct gw_err *err)
{
    struct rest_param params[P_COUNT] = {
        [P_STATE] = {.key = "state"},     [P_MIN_SEV] = {.key = "min_sev"}, [P_DEVICE] = {.key = "device"},
        [P_GATEWAY] = {.key = "gateway"}, [P_LIMIT] = {.key = "limit"},     [P_CURSOR] = {.key = "cursor"},
        [P_QUERY] = {.key = "q"}};
    struct store_alerts which = {.min_sev = EVENT_SEV_INFO};
    uint64_t limit = LIST_DEFAULT;
    enum gw_rc rc = rest_query_parse(call->request->query, params, P_COUNT, err);
    if (!rc)
        rc = read_states(params, &which, err);
    if (!rc && params[P_MIN_SEV].given && event_sev_parse(rest_param_view(&params[P_MIN_SEV]), &which.min_sev))
        rc = gw_err_set(err, GW_INVALID, "min_sev must be info, low, medium, high, critical or fatal");
    if (!rc)
        rc = read_whom(params, &which, err);
    if (!rc && params[P_LIMIT].given &&
        (gw_parse_u64(rest_param_view(&params[P_LIMIT]), REST_LIST_MAX, &limit) || limit == 0))
        rc = gw_err_set(err, GW_INVALID, "limit must be from 1 to %d", REST_LIST_MAX);
    if (!rc)
        rc = read_cursor(&params[P_CURSOR], &which, err);
    if (rc)
        return rc;
    struct store_alerts *copy = gw_xalloc(1, sizeof(*copy));
    *copy = which;
    call->msg->blob = (uint8_t *)copy;
    call->msg->blob_len = sizeof(*copy);
    call->msg->u.act.number = (int64_t)limit;
    return rest_decode_rows(call, &params[P_QUERY], LIVE_ALERTS, err);
}

/* ---- answers ----------------------------------------------------------------------------------------------------- */

static void put_evidence(struct json_writer *w, const struct alert *a)
{
    char name[LOG_NAME_MAX];
    if (!a->has_evidence) {
        json_put_null(w, "evidence");
        return;
    }
    log_id_name(&a->log, name);
    json_put_object(w, "evidence");
    json_put_str(w, "log", name);
    json_put_u64_text(w, "seq", a->seq);
    json_put_end(w);
}

static void put_alert(struct json_writer *w, const struct alert *a)
{
    const char *device = a->cause.device.text;
    json_put_object(w, NULL);
    json_put_str(w, "id", a->id);
    json_put_str(w, "class", a->cause.cls);
    json_put_str(w, "device", device[0] ? device : NULL);
    json_put_str(w, "severity", event_sev_text(a->sev));
    json_put_str(w, "state", alert_state_text(a->state));
    json_put_time(w, "first", a->first);
    json_put_time(w, "last", a->last);
    json_put_u64_text(w, "count", a->count);
    json_put_time_or_null(w, "until", a->until);
    json_put_time(w, "changed", a->changed);
    json_put_str(w, "by", a->by[0] ? a->by : NULL);
    json_put_str(w, "note", a->note);
    json_put_str(w, "message", a->msg);
    put_evidence(w, a);
    json_put_u64_text(w, "rev", (uint64_t)a->rev);
    json_put_end(w);
}

void rest_put_alerts(struct json_writer *w, const struct answer *a)
{
    size_t count = a->alerts ? a->alert_count : 0;
    if (a->single && count == 1) {
        put_alert(w, &a->alerts[0]);
        return;
    }
    char next[LIVE_KEY_MAX] = "";
    const struct alert *last = count ? &a->alerts[count - 1] : NULL;
    if (a->more && a->behind[0])
        memcpy(next, a->behind, sizeof(next));
    else if (a->more && last)
        (void)snprintf(next, sizeof(next), "%" PRId64 ".%s", last->first.ms, last->id);
    json_put_object(w, NULL);
    json_put_array(w, "alerts");
    for (size_t i = 0; i < count; i++)
        put_alert(w, &a->alerts[i]);
    json_put_end(w);
    json_put_str(w, "next", next[0] ? next : NULL);
    json_put_end(w);
}
