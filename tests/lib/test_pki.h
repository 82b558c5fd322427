/*
 * test_pki: a certificate authority for tests, exact to the second, so that a test can watch a certificate end. Files
 * are PEM in the directory given; keys are P-256. Aborts the test when OpenSSL fails.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gw_hash.h"
#include "gw_time.h"
#include "gw_view.h"

#define TEST_PKI_PATH_MAX 256

struct test_pki {
    char dir[TEST_PKI_PATH_MAX - 96];
    char ca_file[TEST_PKI_PATH_MAX];
    void *key;  /* EVP_PKEY, owned */
    void *cert; /* X509, owned */
    long serial;
};

struct test_cert {
    char cert_file[TEST_PKI_PATH_MAX];
    char key_file[TEST_PKI_PATH_MAX];
    struct gw_sha256 sha256; /* of the DER */
    struct gw_wall not_after;
};

/* A self-signed authority, written to <dir>/<name>-ca.pem. */
void test_pki_init(struct test_pki *pki, const char *dir, const char *name);
void test_pki_done(struct test_pki *pki);
/* A certificate for CN=<cn>, valid from an hour ago until `seconds` from now (may be negative). A server's is for
 * 127.0.0.1 and localhost, any other is for clients. Files are named by the cn and a serial number. */
void test_pki_issue(struct test_pki *pki, const char *cn, bool server, int64_t seconds, struct test_cert *ret_cert);
/* Whether OpenSSL takes a client's certificate that somebody else issued, all DER: leaf by issuer, issuer by root,
 * valid at `now`, strict about RFC 5280. */
bool test_pki_chain_holds(struct gw_view leaf, struct gw_view issuer, struct gw_view root, struct gw_wall now);
