/*
 * crypto_cert_info: reads an X.509 certificate (RFC 5280).
 *
 * Views point into the DER given, which must outlive them. Reading checks the form alone: no signature, no time. Any
 * thread.
 */
#pragma once

#include <stdbool.h>

#include "crypto_name.h"
#include "device.h"
#include "gw_err.h"
#include "gw_time.h"
#include "gw_view.h"

#define CRYPTO_CERT_PARSE_MAX 8192
#define CRYPTO_URI_MAX        191 /* without the terminator */
#define CRYPTO_NO_PATHLEN     (-1)

struct crypto_cert_info {
    struct gw_view tbs;          /* whole element: what is signed */
    struct gw_view serial;       /* positive, without a sign byte, at most 20 bytes */
    struct gw_view issuer_name;  /* whole DER Name */
    struct gw_view subject_name; /* whole DER Name */
    struct gw_view spki;         /* whole element; not checked to be a valid key */
    struct gw_view algorithm;    /* content of the AlgorithmIdentifier */
    struct gw_view signature;
    char cn[CRYPTO_CN_MAX + 1];   /* "" when there is none */
    char uri[CRYPTO_URI_MAX + 1]; /* the one URI of the SAN, "" when there is none */
    struct gw_wall not_before;
    struct gw_wall not_after;
    int pathlen; /* CRYPTO_NO_PATHLEN when absent */
    bool is_ca;
    bool client_auth;
    bool server_auth;
};

/* GW_TOO_BIG above CRYPTO_CERT_PARSE_MAX, GW_INVALID when it is no certificate, GW_UNSUPPORTED when a critical
 * extension is not known here. */
GW_MUST_CHECK enum gw_rc crypto_cert_info_parse(struct gw_view der, struct crypto_cert_info *ret_info,
                                                struct gw_err *err);
/* Fills every field but used and revoked from a device certificate as we issue it. GW_INVALID when it is none: CN and
 * URI disagree or are no device id, the serial has not 16 bytes, or it exceeds DEVICE_CERT_DER_MAX. */
GW_MUST_CHECK enum gw_rc crypto_cert_to_device(struct gw_view der, struct device_cert *ret_cert, struct gw_err *err);
