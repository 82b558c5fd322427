#include "acl.h"

#include <string.h>

#include "broker_line.h"

static bool topic_is(const char *topic, const char *name)
{
    return strcmp(topic, name) == 0;
}

static int allow_if(bool allowed)
{
    return allowed ? MOSQ_ERR_SUCCESS : MOSQ_ERR_ACL_DENIED;
}

/* `what` is the topic or filter that was asked for. */
static int deny(struct plugin *p, const struct devtable_device *device, enum registry_reason reason, const char *what)
{
    security_note(&p->security, reason, &device->id, device->session.source, what);
    return MOSQ_ERR_ACL_DENIED;
}

static bool quarantined(const struct devtable_device *device)
{
    for (size_t i = 0; i < device->cert_count; i++)
        if (device->certs[i].quarantined)
            return true;
    return device->cert_count == 0;
}

/* Also a will when it fires, which is after the session's end. */
static int device_publish(struct plugin *p, struct devtable_device *device, const struct mosquitto_evt_acl_check *check)
{
    if (!flood_take(&device->bucket, &p->limits, gw_mono_now(), check->payloadlen)) {
        (void)deny(p, device, REGISTRY_FLOOD, NULL);
        return MOSQ_ERR_CONN_REFUSED;
    }
    struct topic topic;
    if (topic_parse(gw_view_str(check->topic), &topic) || !topic_is_up(topic.kind) ||
        !gw_device_id_eq(&topic.device, &device->id))
        return deny(p, device, REGISTRY_PUBLISH_REFUSED, check->topic);
    if (quarantined(device) && topic.kind == TOPIC_UP_LINE)
        return deny(p, device, REGISTRY_QUARANTINE_REFUSED, check->topic);
    if (check->retain)
        return deny(p, device, REGISTRY_RETAIN_REFUSED, check->topic);
    if (check->qos > 1 || (check->qos == 0 && topic.kind != TOPIC_UP_LINE))
        return deny(p, device, REGISTRY_QOS_REFUSED, check->topic);
    bool kept = topic.kind == TOPIC_UP_LOG || topic.kind == TOPIC_UP_LINE;
    if (kept && !flood_take_log(&device->bucket, &p->limits, gw_mono_now(), check->payloadlen))
        return deny(p, device, REGISTRY_LOG_FULL, NULL); /* its reports still come through, so that it can be mended */
    return MOSQ_ERR_SUCCESS;
}

static int device_subscribe(struct plugin *p, struct devtable_device *device, const char *filter)
{
    if (!flood_take(&device->bucket, &p->limits, gw_mono_now(), 0)) {
        (void)deny(p, device, REGISTRY_FLOOD, NULL);
        return MOSQ_ERR_CONN_REFUSED;
    }
    if (!topic_filter_is_own_down(gw_view_str(filter), &device->id))
        return deny(p, device, REGISTRY_SUBSCRIBE_REFUSED, filter);
    return MOSQ_ERR_SUCCESS;
}

static int device_receive(const struct devtable_device *device, const char *name)
{
    struct topic topic;
    return allow_if(topic_parse(gw_view_str(name), &topic) == GW_OK && topic_is_down(topic.kind) &&
                    gw_device_id_eq(&topic.device, &device->id));
}

static int check_device(struct plugin *p, const struct mosquitto_evt_acl_check *check)
{
    const char *id = mosquitto_client_id(check->client);
    struct devtable_device *device = id ? devtable_find(&p->table, id) : NULL;
    if (!device)
        return MOSQ_ERR_ACL_DENIED; /* revoked: its will, or what it had sent before the cut */
    switch (check->access) {
    case MOSQ_ACL_WRITE:
        return device_publish(p, device, check);
    case MOSQ_ACL_SUBSCRIBE:
        return device_subscribe(p, device, check->topic);
    case MOSQ_ACL_READ:
        return device_receive(device, check->topic);
    case MOSQ_ACL_UNSUBSCRIBE:
        return MOSQ_ERR_SUCCESS;
    }
    return MOSQ_ERR_ACL_DENIED;
}

static int check_log(const struct mosquitto_evt_acl_check *check)
{
    const char *name = check->topic;
    struct topic topic;
    switch (check->access) {
    case MOSQ_ACL_SUBSCRIBE:
        return allow_if(topic_is(name, TOPIC_FILTER_UP_LOG) || topic_is(name, TOPIC_FILTER_UP_LINE));
    case MOSQ_ACL_READ:
        return allow_if(topic_parse(gw_view_str(name), &topic) == GW_OK &&
                        (topic.kind == TOPIC_UP_LOG || topic.kind == TOPIC_UP_LINE));
    }
    return MOSQ_ERR_ACL_DENIED;
}

/* gw-control's subscription is what makes the broker show us its notices; it gets none of them. The line comes before
 * the DISCONNECT, so the session is still there. */
static void read_notice(struct plugin *p, struct gw_view text)
{
    struct broker_line line;
    if (broker_line_parse(text, &line))
        return;
    const struct devtable_device *device = devtable_find(&p->table, line.device.text);
    if (!device || !device->session.client)
        return;
    enum registry_reason reason = line.cut == BROKER_CUT_OVERSIZE ? REGISTRY_OVERSIZE : REGISTRY_BROKEN_PACKET;
    security_note(&p->security, reason, &device->id, device->session.source, NULL);
}

static int control_receive(struct plugin *p, const struct mosquitto_evt_acl_check *check)
{
    struct topic topic;
    if (topic_is(check->topic, TOPIC_BROKER_NOTICES)) {
        read_notice(p, gw_view_make(check->payload, check->payloadlen));
        return MOSQ_ERR_ACL_DENIED;
    }
    return allow_if(topic_parse(gw_view_str(check->topic), &topic) == GW_OK &&
                    (topic.kind == TOPIC_UP_STATE || topic.kind == TOPIC_UP_JOB));
}

static int check_control(struct plugin *p, const struct mosquitto_evt_acl_check *check)
{
    const char *name = check->topic;
    struct topic topic;
    switch (check->access) {
    case MOSQ_ACL_SUBSCRIBE:
        return allow_if(topic_is(name, TOPIC_FILTER_UP_STATE) || topic_is(name, TOPIC_FILTER_UP_JOB) ||
                        topic_is(name, TOPIC_BROKER_NOTICES));
    case MOSQ_ACL_READ:
        return control_receive(p, check);
    case MOSQ_ACL_WRITE: /* a broker that dies brings old retained messages back: none at all */
        return allow_if(!check->retain &&
                        (topic_is(name, TOPIC_CONTROL) ||
                         (topic_parse(gw_view_str(name), &topic) == GW_OK && topic_is_down(topic.kind))));
    }
    return MOSQ_ERR_ACL_DENIED;
}

int acl_check(struct plugin *p, const struct mosquitto_evt_acl_check *check)
{
    if (!check->client || !check->topic)
        return MOSQ_ERR_ACL_DENIED;
    if (check->client == p->local[PLUGIN_LOG])
        return check_log(check);
    if (check->client == p->local[PLUGIN_CONTROL])
        return check_control(p, check);
    return check_device(p, check);
}
