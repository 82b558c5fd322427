#include "gate.h"

#include <string.h>

#include "peer_cert.h"

/* Where the client id is wrong, it is what was tried. */
static int refuse(struct plugin *p, enum registry_reason reason, const struct gw_device_id *id,
                  const struct mosquitto *client)
{
    bool by_id = reason == REGISTRY_CLIENT_ID_DIFFERS || reason == REGISTRY_LOCAL_IMPOSTOR;
    security_note(&p->security, reason, id, plugin_source(client), by_id ? mosquitto_client_id(client) : NULL);
    return MOSQ_ERR_AUTH;
}

/* Over the unix socket mosquitto_client_address() is the socket's path, which is absolute. */
static bool came_by_network(const struct mosquitto *client)
{
    const char *address = mosquitto_client_address(client);
    return address && address[0] != '/';
}

static int check_local(struct plugin *p, struct mosquitto *client, const char *password)
{
    const char *id = mosquitto_client_id(client);
    enum plugin_local local;
    if (came_by_network(client))
        return refuse(p, REGISTRY_NO_CERTIFICATE, NULL, client);
    if (!id || !password || !plugin_local_parse(id, &local) ||
        !gw_view_eq_secret(gw_view_str(password), gw_view_make(p->secret, PLUGIN_SECRET_LEN)))
        return refuse(p, REGISTRY_LOCAL_IMPOSTOR, NULL, client);
    p->local[local] = client;
    if (local == PLUGIN_CONTROL)
        p->presence.listening = false; /* until it asks for the list */
    return MOSQ_ERR_SUCCESS;
}

static void session_begin(struct plugin *p, const struct devtable_cert *cert, const struct mosquitto *client,
                          struct gw_wall not_after)
{
    struct devtable_device *device = cert->owner;
    device->session = (struct devtable_session){
        .client = client,
        .cert_sha256 = cert->sha256,
        .not_after = cert->not_after.ms < not_after.ms ? cert->not_after : not_after,
        .quarantined = cert->quarantined,
    };
    (void)snprintf(device->session.source, sizeof(device->session.source), "%s", plugin_source(client));
    if (device->session.not_after.ms < p->next_expiry.ms)
        p->next_expiry = device->session.not_after;
    presence_note(p, device, true);
}

static int check_device(struct plugin *p, struct mosquitto *client, const struct peer_cert *peer)
{
    if (!p->open)
        return MOSQ_ERR_AUTH; /* expected after every start: no event */
    const struct devtable_cert *cert = devtable_find_cert(&p->table, &peer->sha256);
    if (!cert)
        return refuse(p, REGISTRY_UNKNOWN_CERTIFICATE, &peer->name, client);
    const struct gw_device_id *device = &cert->owner->id;
    const char *id = mosquitto_client_id(client);
    enum plugin_local local;
    if (!id || strcmp(id, device->text) != 0 || plugin_local_parse(id, &local))
        return refuse(p, REGISTRY_CLIENT_ID_DIFFERS, device, client);
    /* A resumed TLS session skips the check of the chain, so the end is checked here as well. */
    int64_t now = gw_wall_now().ms;
    if (cert->not_after.ms <= now || peer->not_after.ms <= now)
        return refuse(p, REGISTRY_EXPIRED_CERTIFICATE, device, client);
    if (!mosquitto_client_clean_session(client))
        return refuse(p, REGISTRY_PERSISTENT_REFUSED, device, client);
    if (mosquitto_set_username(client, device->text))
        return MOSQ_ERR_AUTH;
    session_begin(p, cert, client, peer->not_after);
    return MOSQ_ERR_SUCCESS;
}

/* After SIGHUP: not a new connection. Whoever is not the present session of its name is let go without an event. */
static int check_again(const struct plugin *p, const struct mosquitto *client)
{
    for (int local = 0; local < PLUGIN_LOCALS; local++)
        if (p->local[local] == client)
            return MOSQ_ERR_SUCCESS;
    const char *id = mosquitto_client_id(client);
    const struct devtable_device *device = id ? devtable_find(&p->table, id) : NULL;
    if (!device || device->session.client != client || !devtable_session_stands(&device->session, device) ||
        device->session.not_after.ms <= gw_wall_now().ms)
        return MOSQ_ERR_AUTH;
    return MOSQ_ERR_SUCCESS;
}

static int check_any(struct plugin *p, struct mosquitto *client, const char *password)
{
    struct peer_cert peer;
    if (p->reloading)
        return check_again(p, client);
    if (peer_cert_get(client, &peer))
        return check_device(p, client, &peer);
    return check_local(p, client, password);
}

int gate_check(struct plugin *p, struct mosquitto *client, const char *password)
{
    int rc = check_any(p, client, password);
    p->turned_away = rc ? client : NULL; /* the broker ends it next */
    return rc;
}
