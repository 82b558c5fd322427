/*
 * A whole request from any bytes: byte 0 picks the operation (new ones go to the end of the table), byte 1 the door,
 * then lines: path segment, query, If-Match, content type, origin; the rest is the body. What is posted must keep the
 * act's promises. The same bytes are then a device's name in an answer, which must be JSON.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_utf8.h"
#include "json.h"
#include "rest_fixture.h"
#include "store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void line(struct gw_view *rest, char *out, size_t size)
{
    struct gw_view v = gw_view_cut(*rest, '\n', rest);
    if (gw_view_copy_str(v, out, size))
        out[0] = '\0';
}

static void check_query(const struct query *q, size_t len)
{
    char name[LOG_NAME_MAX];
    struct log_id again;
    if (len != sizeof(*q) || q->text_len > QUERY_TEXT_MAX || q->limit > QUERY_EVENTS_MAX)
        abort();
    if (q->kind <= QUERY_SEARCH && q->limit < 1)
        abort();
    log_id_name(&q->log, name);
    if (q->has_log && (log_id_parse(gw_view_str(name), &again) || !log_id_eq(&again, &q->log)))
        abort();
    if (q->kind == QUERY_TILE && (q->tile.width < 1 || q->tile.width > TILE_WIDTH))
        abort();
    if (q->filter.min_sev > EVENT_SEV_FATAL || q->cursor.at.stage > 1)
        abort();
}

/* A list with a query. */
static bool is_rows(const struct inbox_msg *msg)
{
    enum act_kind kind = msg->u.act.kind;
    return (kind == ACT_DEVICE_LIST || kind == ACT_RELEASES_LIST || kind == ACT_ROLLOUT_LIST ||
            kind == ACT_ALERT_LIST) &&
           msg->blob_len == sizeof(struct query);
}

static void check_rows(const struct query *q)
{
    static const enum live_topic topics[] = {LIVE_DEVICES, LIVE_RELEASES, LIVE_ROLLOUTS, LIVE_ALERTS};
    bool known = false;
    for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++)
        known = known || q->rows.topic == topics[i];
    if (q->kind != QUERY_ROWS || !known || q->limit < 1 || q->limit > QUERY_ROWS_MAX ||
        q->rows.filter.count > FILTER_TERMS_MAX || !memchr(q->rows.behind, '\0', sizeof(q->rows.behind)))
        abort();
    if (q->rows.topic == LIVE_ALERTS && (q->rows.alerts.states == 0 || q->rows.alerts.min_sev < EVENT_SEV_INFO))
        abort();
}

static void check_text(const char *text, size_t size)
{
    if (!memchr(text, '\0', size) || !gw_utf8_valid(gw_view_str(text)))
        abort();
}

static void check_order(const struct rollout_ask_order *o, size_t len)
{
    struct gw_device_id id;
    if (len < sizeof(*o) || o->pick_count > ROLLOUT_PICKS_MAX ||
        len != sizeof(*o) + o->pick_count * sizeof(o->picks[0]) || rollout_plan_valid(&o->plan, NULL) ||
        !release_id_valid(gw_view_str(o->release)))
        abort();
    check_text(o->name, sizeof(o->name));
    for (uint16_t w = 0; w < o->plan.wave_count; w++) {
        struct filter filter;
        if (o->plan.waves[w].select == ROLLOUT_SELECT_QUERY &&
            filter_parse(gw_view_str(o->plan.waves[w].query), &filter, NULL))
            abort();
    }
    for (size_t i = 0; i < o->pick_count; i++)
        if (gw_device_id_parse(gw_view_str(o->picks[i].device.text), &id) || o->picks[i].wave >= o->plan.wave_count ||
            o->plan.waves[o->picks[i].wave].select != ROLLOUT_SELECT_LIST)
            abort();
}

static void check_change(const struct rollout_ask_change *c, size_t len)
{
    if (len != sizeof(*c) || c->wave >= ROLLOUT_WAVES_MAX || c->waive < ROLLOUT_HOLD_NONE ||
        c->waive > ROLLOUT_HOLD_SOAK)
        abort();
    check_text(c->reason, sizeof(c->reason));
}

static void check_attempts(const struct rollout_ask_attempts *a, size_t len)
{
    if (len != sizeof(*a) || a->limit < 1 || a->limit > ROLLOUT_ATTEMPTS_MAX || a->filter.wave > a->filter.wave_last ||
        a->filter.wave_last >= ROLLOUT_WAVES_MAX || a->filter.state < 0 || a->filter.state >= ATTEMPT_STATES ||
        !rollout_id_valid(gw_view_str(a->filter.rollout)))
        abort();
}

/* The blobs whose form is promised; others are passwords and texts, or structs that are checked where they are made. */
static void check_blob(const struct inbox_msg *msg)
{
    enum act_kind kind = msg->u.act.kind;
    const void *blob = msg->blob;
    if (kind >= ACT_LOG_LIST && kind < ACT_LOG_KEY)
        check_query(blob, msg->blob_len);
    if (is_rows(msg))
        check_rows(blob);
    if (kind == ACT_ROLLOUT_CREATE || kind == ACT_ROLLOUT_PREVIEW)
        check_order(blob, msg->blob_len);
    if (kind >= ACT_ROLLOUT_START && kind <= ACT_ROLLOUT_WAIVE)
        check_change(blob, msg->blob_len);
    if (kind == ACT_ROLLOUT_ATTEMPTS)
        check_attempts(blob, msg->blob_len);
}

static bool needs_blob(enum act_kind kind)
{
    return (kind >= ACT_LOG_LIST && kind < ACT_LOG_KEY) || kind == ACT_CLAIM || kind == ACT_KEY_ADD ||
           (kind >= ACT_ROLLOUT_CREATE && kind <= ACT_ROLLOUT_ATTEMPTS) || kind == ACT_SIGN_IN ||
           kind == ACT_PASSWORD || kind == ACT_USER_ADD || kind == ACT_USER_PASSWORD || kind == ACT_ALERT_LIST ||
           kind == ACT_ALERT_NOTE;
}

static void check_alerts(const struct inbox_msg *msg)
{
    const struct store_alerts *which = (const struct store_alerts *)(const void *)msg->blob;
    enum act_kind kind = msg->u.act.kind;
    if (kind == ACT_ALERT_LIST && !is_rows(msg) &&
        (msg->blob_len != sizeof(*which) || which->states == 0 || which->min_sev < EVENT_SEV_INFO ||
         which->min_sev > EVENT_SEV_FATAL || msg->u.act.number < 1 || msg->u.act.number > REST_LIST_MAX ||
         (which->has_after && !alert_id_valid(gw_view_str(which->after_id)))))
        abort();
    if (kind > ACT_ALERT_LIST && kind <= ACT_ALERT_NOTE &&
        (!alert_id_valid(gw_view_str(msg->u.act.text)) || msg->blob_len > ALERT_NOTE_MAX))
        abort();
}

static void check_posted(const struct inbox_msg *msg)
{
    const struct inbox_act *act = &msg->u.act;
    struct gw_device_id id;
    if (msg->kind != INBOX_ACT || act->kind < ACT_INVITE || act->kind > ACT_USER_PASSWORD || act->if_rev < -1)
        abort();
    if (act->device.text[0] && gw_device_id_parse(gw_view_str(act->device.text), &id))
        abort();
    if (act->kind == ACT_DEVICE_LIST && (act->number < 1 || act->number > REST_LIST_MAX))
        abort();
    if (act->kind == ACT_DOOR_OPEN && (act->number < 1 || act->number > 60))
        abort();
    if (needs_blob(act->kind) && !act->refused && !msg->blob)
        abort();
    if (msg->blob)
        check_blob(msg);
    if (!act->refused)
        check_alerts(msg);
}

static void request(struct rest_fixture *f, const uint8_t *data, size_t size)
{
    char segment[128], query[256], match[64], type[64], origin[64], path[256];
    struct gw_view rest = gw_view_make(data + 2, size - 2);
    line(&rest, segment, sizeof(segment));
    line(&rest, query, sizeof(query));
    line(&rest, match, sizeof(match));
    line(&rest, type, sizeof(type));
    line(&rest, origin, sizeof(origin));
    size_t count = 0;
    const struct http_route *routes = rest_routes(f->rest, &count), *route = &routes[data[0] % count];
    const char *hole = strstr(route->pattern, "{}");
    (void)snprintf(path, sizeof(path), "%.*s%s%s", hole ? (int)(hole - route->pattern) : 255, route->pattern,
                   hole ? segment : "", hole ? hole + 2 : "");
    GW_CLEANUP(gw_buf_done) struct gw_buf body;
    gw_buf_init(&body, REST_PLAN_MAX);
    (void)gw_buf_add_view(&body, rest);
    struct rest_ask ask = {.method = (enum http_method)route->methods,
                           .door = data[1] & 1 ? HTTP_DOOR_ADMIN : HTTP_DOOR_OPERATORS,
                           .path = path,
                           .query = query,
                           .if_match = match,
                           .content_type = type[0] ? type : NULL,
                           .origin = origin,
                           .uid = data[1] & 2,
                           .body = gw_buf_str(&body)};
    f->session_rc = data[1] & 4 ? GW_OK : GW_DENIED;
    struct gw_err err = {0};
    int status = rest_fixture_ask(f, &ask, &err);
    if ((status == 0) != (f->posted + f->imports == 1))
        abort();
    if (f->posted)
        check_posted(&f->msg);
}

static void answer(struct rest_fixture *f, const uint8_t *data, size_t size)
{
    struct answer_device d = {.device.state = DEVICE_ACTIVE};
    memcpy(d.device.name, data, size < DEVICE_NAME_MAX ? size : DEVICE_NAME_MAX - 1);
    struct answer a = {.kind = ANSWER_DEVICES, .devices = &d, .device_count = 1, .single = data[0] & 1};
    rest_answer(f->rest, &a);
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    if (f->reply.status != 200 || json_read(gw_buf_view(&f->reply.body), 65536, &doc, NULL))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    GW_CLEANUP(rest_fixture_done) struct rest_fixture f;
    rest_fixture_init(&f);
    request(&f, data, size);
    answer(&f, data, size);
    return 0;
}
