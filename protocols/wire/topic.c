#include "topic.h"

#include <stddef.h>
#include <string.h>

static const struct {
    enum topic_kind kind;
    const char *tail; /* behind the device id, or behind "gateway" */
} tails[] = {
    {TOPIC_UP_LOG, "up/log"},
    {TOPIC_UP_LINE, "up/line"},
    {TOPIC_UP_STATE, "up/state"},
    {TOPIC_UP_JOB, "up/job"},
    {TOPIC_DN_ACK, "dn/ack"},
    {TOPIC_DN_JOB, "dn/job"},
    {TOPIC_DN_JOBACK, "dn/joback"},
    {TOPIC_DN_NOTICE, "dn/notice"},
    {TOPIC_DN_CONFIG, "dn/config"},
    {TOPIC_GATEWAY_REGISTRY, "registry"},
    {TOPIC_GATEWAY_PRESENCE, "presence"},
};
#define TAIL_COUNT (sizeof(tails) / sizeof(tails[0]))

static const char prefix[] = "gw/v1/";
#define PREFIX_LEN (sizeof(prefix) - 1)

bool topic_is_up(enum topic_kind kind)
{
    return kind >= TOPIC_UP_LOG && kind <= TOPIC_UP_JOB;
}

bool topic_is_down(enum topic_kind kind)
{
    return kind >= TOPIC_DN_ACK && kind <= TOPIC_DN_CONFIG;
}

static bool is_gateway(enum topic_kind kind)
{
    return kind == TOPIC_GATEWAY_REGISTRY || kind == TOPIC_GATEWAY_PRESENCE;
}

/* Splits "gw/v1/<owner>/<tail>"; false when it has another shape. */
static bool split(struct gw_view text, struct gw_view *ret_owner, struct gw_view *ret_tail)
{
    if (!gw_view_starts(text, prefix))
        return false;
    struct gw_view rest = gw_view_make(text.ptr + PREFIX_LEN, text.len - PREFIX_LEN);
    *ret_owner = gw_view_cut(rest, '/', ret_tail);
    return ret_tail->len > 0;
}

enum gw_rc topic_parse(struct gw_view text, struct topic *ret_topic)
{
    struct gw_view owner, tail;
    if (text.len >= TOPIC_TEXT_MAX || !split(text, &owner, &tail))
        return GW_INVALID;
    struct topic topic = {0};
    for (size_t i = 0; i < TAIL_COUNT; i++)
        if (gw_view_eq_str(tail, tails[i].tail))
            topic.kind = tails[i].kind;
    if (!topic.kind)
        return GW_INVALID;
    if (is_gateway(topic.kind)) {
        if (!gw_view_eq_str(owner, "gateway"))
            return GW_INVALID;
    } else if (gw_device_id_parse(owner, &topic.device)) {
        return GW_INVALID;
    }
    *ret_topic = topic;
    return GW_OK;
}

enum gw_rc topic_format(const struct topic *topic, char ret_text[TOPIC_TEXT_MAX])
{
    for (size_t i = 0; i < TAIL_COUNT; i++)
        if (tails[i].kind == topic->kind) {
            const char *owner = is_gateway(topic->kind) ? "gateway" : topic->device.text;
            (void)snprintf(ret_text, TOPIC_TEXT_MAX, "%s%.*s/%s", prefix, GW_DEVICE_ID_MAX, owner, tails[i].tail);
            return GW_OK;
        }
    return GW_INVALID;
}

enum gw_rc topic_down_parse(const char *word, enum topic_kind *ret_kind)
{
    for (size_t i = 0; i < TAIL_COUNT; i++)
        if (topic_is_down(tails[i].kind) && strcmp(tails[i].tail + 3, word) == 0) {
            *ret_kind = tails[i].kind;
            return GW_OK;
        }
    return GW_INVALID;
}

bool topic_filter_is_own_down(struct gw_view filter, const struct gw_device_id *device)
{
    struct gw_view owner, tail;
    if (!split(filter, &owner, &tail) || !gw_view_eq_str(owner, device->text))
        return false;
    if (gw_view_eq_str(tail, "dn/#") || gw_view_eq_str(tail, "dn/+"))
        return true;
    struct topic topic;
    return topic_parse(filter, &topic) == GW_OK && topic_is_down(topic.kind);
}
