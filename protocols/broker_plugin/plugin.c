#include "plugin.h"

#include <string.h>

#include "control.h"
#include "gw_cleanup.h"

bool plugin_local_parse(const char *client_id, enum plugin_local *ret_local)
{
    if (strcmp(client_id, PLUGIN_LOG_ID) == 0)
        *ret_local = PLUGIN_LOG;
    else if (strcmp(client_id, PLUGIN_CONTROL_ID) == 0)
        *ret_local = PLUGIN_CONTROL;
    else
        return false;
    return true;
}

void plugin_send(const struct plugin *p, enum topic_kind topic, const struct registry_message *message)
{
    if (!p->local[PLUGIN_CONTROL])
        return;
    GW_CLEANUP(gw_buf_done) struct gw_buf bytes;
    gw_buf_init(&bytes, REGISTRY_MESSAGE_MAX);
    char name[TOPIC_TEXT_MAX];
    if (registry_format(message, &bytes) || topic_format(&(struct topic){.kind = topic}, name))
        return;
    /* When this fails for lack of memory the daemon misses a number or a confirmation, and asks again. */
    (void)mosquitto_broker_publish_copy(PLUGIN_CONTROL_ID, name, (int)bytes.len, bytes.ptr, 1, false, NULL);
}

static void session_end(struct plugin *p, struct devtable_device *device)
{
    presence_note(p, device, false);
    device->session = (struct devtable_session){0};
}

void plugin_kick(struct plugin *p, struct devtable_device *device)
{
    if (!device->session.client)
        return;
    (void)mosquitto_kick_client_by_clientid(device->id.text, false);
    if (device->session.client) /* the broker did not know it any more */
        session_end(p, device);
}

static void local_gone(struct plugin *p, enum plugin_local local)
{
    p->local[local] = NULL;
    if (local != PLUGIN_CONTROL)
        return;
    control_abort(p);
    p->presence.listening = false;
    gw_buf_reset(&p->presence.batch);
    p->presence.batch_count = 0;
}

static bool by_network(const struct mosquitto *client)
{
    const char *address = mosquitto_client_address(client);
    return address && address[0] != '/';
}

void plugin_disconnected(struct plugin *p, const struct mosquitto *client)
{
    for (int local = 0; local < PLUGIN_LOCALS; local++)
        if (p->local[local] == client) {
            local_gone(p, (enum plugin_local)local);
            return;
        }
    bool turned_away = p->turned_away == client; /* told, where it is to be told, by gate_check() */
    p->turned_away = NULL;
    const char *id = mosquitto_client_id(client);
    /* No CONNECT was ever read: a handshake that failed, a scan, a connection held half open. */
    if (!id && !turned_away)
        security_note(&p->security, by_network(client) ? REGISTRY_UNAUTHENTICATED : REGISTRY_LOCAL_IMPOSTOR, NULL,
                      plugin_source(client), NULL);
    struct devtable_device *device = id ? devtable_find(&p->table, id) : NULL;
    /* After a take-over the old connection goes down last; it is not the session any more. */
    if (device && device->session.client == client)
        session_end(p, device);
}

const char *plugin_source(const struct mosquitto *client)
{
    return by_network(client) ? mosquitto_client_address(client) : "local";
}
