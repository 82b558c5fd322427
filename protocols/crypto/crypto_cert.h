/*
 * crypto_cert: X.509 version 3 certificates (RFC 5280) in the four profiles of this gateway, written by our own DER
 * writer because the library cannot mark basicConstraints critical.
 *
 *     root     CN "Gatehouse root <gateway>", CA, pathlen 1, 20 years, self-signed
 *     issuing  CN "Gatehouse issuing CA <gateway>", CA, pathlen 0, 10 years
 *     device   CN <id>, URI urn:gatehouse:<gateway>:<id>, clientAuth, 1 year
 *     server   CN <gateway>, DNS names and IP addresses, serverAuth, 398 days
 *
 * Device and server certificates begin an hour before now (clocks of devices) and never outlive their issuer.
 */
#pragma once

#include "crypto_key.h"
#include "device.h"
#include "gw_buf.h"
#include "gw_err.h"
#include "gw_time.h"

#define CRYPTO_CERT_MAX   DEVICE_CERT_DER_MAX /* bytes of DER that any of these may have */
#define CRYPTO_SERIAL_LEN 16

/* Who signs: its key and its own certificate. Borrowed. */
struct crypto_issuer {
    const struct crypto_key *key; /* P-256 */
    struct gw_view cert_der;
};

/* gateway: "gw-" + 16 hex. All append DER to ret_der. */
GW_MUST_CHECK enum gw_rc crypto_cert_root(const struct crypto_key *key, const char *gateway, struct gw_wall now,
                                          struct gw_buf *ret_der, struct gw_err *err);
GW_MUST_CHECK enum gw_rc crypto_cert_issuing(const struct crypto_issuer *root, const struct crypto_key *key,
                                             const char *gateway, struct gw_wall now, struct gw_buf *ret_der,
                                             struct gw_err *err);

struct crypto_device_request {
    const char *gateway;
    const struct gw_device_id *id;
    struct gw_view spki; /* checked here: crypto_spki_check() */
};
/* GW_DENIED when now lies outside the issuer's time. */
GW_MUST_CHECK enum gw_rc crypto_cert_device(const struct crypto_issuer *issuer,
                                            const struct crypto_device_request *request, struct gw_wall now,
                                            struct gw_buf *ret_der, struct gw_err *err);

struct crypto_server_request {
    const char *gateway;
    struct gw_view spki;
    const char *const *names; /* DNS names and IP addresses as text */
    size_t name_count;
};
/* A name is an IPv4 or IPv6 address, or a DNS name in RFC 1123 form, lower or upper case, no wildcard, no dot at its
 * end. GW_INVALID for any other, or none; GW_DENIED as above. */
GW_MUST_CHECK enum gw_rc crypto_cert_server(const struct crypto_issuer *issuer,
                                            const struct crypto_server_request *request, struct gw_wall now,
                                            struct gw_buf *ret_der, struct gw_err *err);
