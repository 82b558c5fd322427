#include "fake_broker.h"

#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "gate.h"
#include "gw_cleanup.h"
#include "gw_test.h"

struct fake_broker fake;

void fake_done(void)
{
    for (size_t i = 0; i < fake.sent_count; i++)
        free((void *)(uintptr_t)fake.sent[i].items.ptr);
    fake = (struct fake_broker){0};
}

void fake_reset(struct plugin *p)
{
    fake_done();
    fake.plugin = p;
}

static void forget(struct mosquitto *client)
{
    for (size_t i = 0; i < fake.client_count; i++)
        if (fake.clients[i] == client) {
            fake.clients[i] = fake.clients[--fake.client_count];
            return;
        }
}

void fake_disconnect(struct mosquitto *client)
{
    client->connected = false;
    plugin_disconnected(fake.plugin, client);
    forget(client);
}

int fake_connect(struct mosquitto *client, const char *password)
{
    int rc = gate_check(fake.plugin, client, password);
    if (rc) {
        const char *id = client->id;
        client->id = NULL; /* as the broker does */
        plugin_disconnected(fake.plugin, client);
        client->id = id;
        return rc;
    }
    for (size_t i = 0; i < fake.client_count; i++)
        if (strcmp(fake.clients[i]->id, client->id) == 0 && fake.clients[i] != client) {
            fake_disconnect(fake.clients[i]);
            break;
        }
    fake.clients[fake.client_count++] = client;
    client->connected = true;
    return 0;
}

size_t fake_sent(enum registry_type type, struct registry_message *ret_last)
{
    size_t count = 0;
    for (size_t i = 0; i < fake.sent_count; i++)
        if (fake.sent[i].type == type) {
            count++;
            if (ret_last)
                *ret_last = fake.sent[i];
        }
    return count;
}

const char *mosquitto_client_id(const struct mosquitto *client)
{
    return client->id;
}

const char *mosquitto_client_address(const struct mosquitto *client)
{
    return client->address;
}

bool mosquitto_client_clean_session(const struct mosquitto *client)
{
    return !client->persistent;
}

void *mosquitto_client_certificate(const struct mosquitto *client)
{
    if (client->x509)
        (void)X509_up_ref(client->x509);
    return client->x509;
}

int mosquitto_set_username(struct mosquitto *client, const char *username)
{
    (void)snprintf(client->username, sizeof(client->username), "%s", username);
    return 0;
}

int mosquitto_kick_client_by_clientid(const char *clientid, bool with_will)
{
    CU_ASSERT(!with_will);
    fake.kicks++;
    for (size_t i = 0; i < fake.client_count; i++)
        if (strcmp(fake.clients[i]->id, clientid) == 0) {
            fake_disconnect(fake.clients[i]);
            return 0;
        }
    return MOSQ_ERR_NOT_FOUND;
}

int mosquitto_broker_publish_copy(const char *clientid, const char *topic, int payloadlen, const void *payload, int qos,
                                  bool retain, mosquitto_property *properties)
{
    CU_ASSERT_STRING_EQUAL(clientid, "gw-control");
    CU_ASSERT(strncmp(topic, "gw/v1/gateway/", 14) == 0 && qos == 1 && !retain && !properties);
    CU_ASSERT_FATAL(fake.sent_count < sizeof(fake.sent) / sizeof(fake.sent[0]));
    struct registry_message *m = &fake.sent[fake.sent_count++];
    CU_ASSERT_EQUAL_FATAL(registry_parse(gw_view_make(payload, (size_t)payloadlen), m), GW_OK);
    uint8_t *copy = gw_xalloc(1, m->items.len + 1);
    if (m->items.len)
        memcpy(copy, m->items.ptr, m->items.len);
    m->items.ptr = copy;
    return 0;
}

void mosquitto_log_printf(int level, const char *fmt, ...)
{
    (void)level;
    (void)fmt;
}
