/*
 * fake_broker: the few functions of mosquitto that the plugin calls, over a table of clients; what the plugin publishes
 * to gw-control is parsed and kept.
 */
#pragma once

#include <mosquitto_broker.h>

#include "plugin.h"
#include "registry.h"

struct mosquitto {
    const char *id;
    const char *address;
    bool persistent;
    void *x509; /* NULL: no certificate */
    char username[64];
    bool connected;
};

struct fake_broker {
    struct plugin *plugin;
    struct mosquitto *clients[16]; /* connected ones, in order */
    size_t client_count;
    struct registry_message sent[512]; /* items are copies, owned */
    size_t sent_count;
    int kicks;
};
extern struct fake_broker fake;

void fake_reset(struct plugin *p);
void fake_done(void);
/* CONNECT as mosquitto does it: authenticate, then take the place of an older session of that id. */
int fake_connect(struct mosquitto *client, const char *password);
void fake_disconnect(struct mosquitto *client);
/* How many messages of this type were sent; the last one in *ret_last when not NULL. */
size_t fake_sent(enum registry_type type, struct registry_message *ret_last);
