/*
 * invitation: the one line that lets a new device in.
 *
 *     gw1.<host>:<port>.<device-id>.<secret, 26 base32 characters>.<root, 32 hex characters>
 *
 * host is a DNS name, an IPv4 address or an IPv6 address in brackets, so it may hold dots: the line is read from both
 * ends. port is the devices' HTTPS port. The secret is 128 bits; root is the first half of the SHA-256 of the root
 * certificate's SubjectPublicKeyInfo, the only server that may see the secret. Values only; wipe with
 * invitation_wipe() as soon as the secret has served.
 */
#pragma once

#include <stdint.h>

#include "gw_buf.h"
#include "gw_err.h"
#include "gw_id.h"

#define INVITATION_HOST_MAX   253 /* characters of a DNS name, RFC 1035 section 2.3.4 */
#define INVITATION_SECRET_LEN 16
#define INVITATION_ROOT_LEN   16
#define INVITATION_TEXT_MAX   512

struct invitation {
    char host[INVITATION_HOST_MAX + 1]; /* terminated; an IPv6 address keeps its brackets */
    uint16_t port;                      /* never 0 */
    struct gw_device_id device;
    uint8_t secret[INVITATION_SECRET_LEN];
    uint8_t root[INVITATION_ROOT_LEN];
};

/* Reads a line; white space around it is ignored, letters of the secret and the root may have either case. GW_INVALID
 * with a reason that never repeats the line. */
GW_MUST_CHECK enum gw_rc invitation_parse(struct gw_view text, struct invitation *ret_invitation, struct gw_err *err);

/* Appends the line without a newline. GW_INVALID when the value breaks the grammar above. */
GW_MUST_CHECK enum gw_rc invitation_format(const struct invitation *invitation, struct gw_buf *ret_text);

/* The secret as it is typed and sent: 26 lower-case base32 characters, terminated. */
void invitation_secret_text(const struct invitation *invitation, char out[GW_BASE32_LEN(INVITATION_SECRET_LEN) + 1]);

void invitation_wipe(struct invitation *invitation);

/* DNS name (letters, digits, hyphens, at most 63 a label), IPv4 or [IPv6]. */
bool invitation_host_valid(struct gw_view host);
