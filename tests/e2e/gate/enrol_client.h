/*
 * enrol_client: EST by hand, with openssl and curl: what an attacker or another vendor's device would send.
 */
#pragma once

#include "gw_gateway.h"

struct enrol_client {
    char dir[160];
};

void enrol_client_init(struct enrol_client *c);
/* Makes key `name`.key and request `name`.csr (base64 DER) with this common name. */
void enrol_client_key(const struct enrol_client *c, const char *name, const char *cn);
/* POSTs `csr`.csr to simpleenroll, with "id:secret" or without (NULL); returns the HTTP status. The answer's body is
 * left in `csr`.p7, and, when it is a certificate, the certificate in `csr`.crt. */
int enrol_client_post(const struct enrol_client *c, const struct gw_gateway *g, const char *csr,
                      const char *credentials);
/* The same to simplereenroll with the client certificate `with`.crt. */
int enrol_client_renew(const struct enrol_client *c, const struct gw_gateway *g, const char *csr, const char *with);
/* GET of a path on the devices' door with the client certificate `with`.crt (NULL: none); the status, 0 when TLS fails.
 */
int enrol_client_get(const struct enrol_client *c, const struct gw_gateway *g, const char *path, const char *with);
/* Runs mosquitto_pub against the devices' MQTT port with `with`.crt; 0 when the session was accepted. */
int enrol_client_mqtt(const struct enrol_client *c, const struct gw_gateway *g, const char *with, const char *client_id,
                      const char *topic);
/* Invites the device; the secret of the invitation as text. False when the CLI refused. */
bool enrol_invite(const struct gw_gateway *g, const char *id, char *secret, size_t secret_size);
/* "state" of the device by the CLI. */
void enrol_state(const struct gw_gateway *g, const char *id, char *out, size_t out_size);
/* Content of a file in the client's directory (free()); NULL when it is not there. */
char *enrol_client_read(const struct enrol_client *c, const char *name);
