/*
 * plugin: what the broker's plugin knows; one per broker, touched by the broker's only thread.
 *
 * mosquitto calls plugin_main.c, which calls gate (who may connect), acl (what a session may do), control (the
 * registry), presence (who is online) and security (what was refused). Everything fails closed: a device is let in by
 * a confirmed registry alone. Nothing here blocks.
 */
#pragma once

#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>

#include "devtable.h"
#include "flood.h"
#include "presence.h"
#include "security.h"

/* The daemon's own two sessions. Their client ids can never be a device's. */
enum plugin_local {
    PLUGIN_LOG = 0,     /* "gw-log": up/log and up/line */
    PLUGIN_CONTROL = 1, /* "gw-control": all else */
};
#define PLUGIN_LOCALS      2
#define PLUGIN_CONTROL_ID  "gw-control"
#define PLUGIN_LOG_ID      "gw-log"
#define PLUGIN_SECRET_LEN  64 /* characters of hex: 256 bits */
#define PLUGIN_MAX_DEVICES 20000
#define PLUGIN_WANTED_MS   1000 /* at most one WANTED in this time */

struct peer_digest;

/* A whole registry on its way in. */
struct plugin_load {
    bool active;
    uint64_t generation;
    uint32_t expected; /* entries announced */
    uint32_t received;
    struct gw_sha256 digest; /* announced */
    struct peer_digest *sum; /* over what came; owned */
    struct devtable table;
};

struct plugin {
    char secret[PLUGIN_SECRET_LEN + 1];
    int lifeline_fd;
    struct flood_limits limits;
    size_t max_devices;

    bool open; /* a registry was committed */
    uint64_t generation;
    struct devtable table;
    struct plugin_load load;
    bool wanted_due; /* a WANTED waits for its time */
    struct gw_mono wanted_at;

    const struct mosquitto *local[PLUGIN_LOCALS]; /* compared, never followed; NULL when not connected */
    const struct mosquitto *turned_away;          /* the last one; its end is no news. Compared, never followed */
    bool reloading;                               /* from RELOAD to the next TICK: the broker re-checks its clients */
    struct gw_mono expiry_scanned;
    struct gw_wall next_expiry; /* no session ends before */
    bool dying;                 /* the lifeline has ended */
    struct presence presence;
    struct security security;
};

/* "gw-log" or "gw-control". */
bool plugin_local_parse(const char *client_id, enum plugin_local *ret_local);
/* Sends one message to gw-control; dropped while it is not connected. */
void plugin_send(const struct plugin *p, enum topic_kind topic, const struct registry_message *message);
/* Cuts the device's session, if it has one; its DISCONNECT is seen before this returns. */
void plugin_kick(struct plugin *p, struct devtable_device *device);
/* A session ended, or an attempt at one. */
void plugin_disconnected(struct plugin *p, const struct mosquitto *client);
/* A name that a device may be shown under: the client's address, or "local". */
const char *plugin_source(const struct mosquitto *client);
