/*
 * broker_conf: the text of the broker's two configuration files, from the few things that differ between machines.
 *
 * mosquitto is started with `-c <conf>` and OPENSSL_CONF=<openssl_cnf> in its environment (mosquitto.conf itself has no
 * option against TLS tickets). Strings are borrowed for the call.
 */
#pragma once

#include <stdint.h>

#include "gw_buf.h"
#include "gw_err.h"

#define BROKER_CONF_TEXT_MAX 16384 /* a ceiling that both buffers should have */

/* Connections beyond the devices: take-overs, and strangers, whom the broker lets stand half open for 96 s. It holds a
 * descriptor and some 20 KiB for each. */
#define BROKER_CONF_SPARE 4096

struct broker_conf {
    const char *listen_address; /* numeric, for devices; "" listens on every address */
    uint16_t listen_port;
    const char *ca_file;   /* PEM: the issuing CA and its root, who vouch for devices */
    const char *cert_file; /* PEM: the listener's chain */
    const char *key_file;
    const char *socket_path; /* absolute; the daemon's own way in; made by the broker with mode 0770 */
    const char *plugin_path; /* absolute path of gatehouse_broker.so */
    const char *user;        /* whom a broker that starts as root becomes; NULL when it is not started as root */
    int secret_fd;           /* inherited: holds 64 hex characters, then its end */
    int lifeline_fd;         /* inherited: read end of a pipe that is never written to */
    uint32_t max_devices;
    uint32_t rate_messages; /* per device and second; 0 = the plugin's default */
    uint32_t rate_bytes;    /* per device and second; 0 = the plugin's default */
    uint32_t log_mib_day;   /* that a device may add to the logs in a day; 0 = the plugin's default */
};

/* Appends to both buffers. GW_INVALID for a path that is not absolute, too long for a socket or holds a control
 * character, or a number out of range; GW_TOO_BIG when a buffer's ceiling is met. */
GW_MUST_CHECK enum gw_rc broker_conf_write(const struct broker_conf *c, struct gw_buf *ret_conf,
                                           struct gw_buf *ret_openssl_cnf, struct gw_err *err);
