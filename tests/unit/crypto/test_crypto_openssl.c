/* What we write, the openssl command must accept; what it writes, we must read, and refuse where the profile says so.
 */
#include <stdio.h>
#include <string.h>

#include "crypto_cert.h"
#include "crypto_cert_info.h"
#include "crypto_csr.h"
#include "crypto_key.h"
#include "crypto_pem.h"
#include "crypto_pkcs7.h"
#include "gw_cleanup.h"
#include "gw_fs.h"
#include "gw_id.h"
#include "gw_proc.h"
#include "gw_test.h"
#include "gw_time.h"

#define GATEWAY "gw-0123456789abcdef"

/* A small PKI, made once. */
static struct {
    const char *dir;
    struct gw_wall now;
    struct crypto_key *root_key;
    struct crypto_key *issuer_key;
    struct gw_buf root;
    struct gw_buf issuer;
} pki;

static const char *path(const char *name)
{
    static char out[4][256];
    static size_t next;
    next = (next + 1) % 4;
    (void)snprintf(out[next], sizeof(out[0]), "%s/%s", pki.dir, name);
    return out[next];
}

static void write_file(const char *name, struct gw_view v)
{
    struct gw_err err;
    GW_ASSERT_OK(gw_fs_replace(gw_fs_posix(), path(name), v, 0600, &err), &err);
}

static void write_pem(const char *name, const char *label, struct gw_view der)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf pem;
    gw_buf_init(&pem, 1 << 20);
    CU_ASSERT_EQUAL(crypto_pem_add(&pem, label, der), GW_OK);
    write_file(name, gw_buf_view(&pem));
}

/* The exit code of a shell line run in the directory; its output in *ret_out (free()) when not NULL. */
static int shell(const char *line, char **ret_out)
{
    char command[2048];
    char *out = NULL;
    (void)snprintf(command, sizeof(command), "cd %s && { %s ; }", pki.dir, line);
    const char *argv[] = {"sh", "-c", command, NULL};
    int code = gw_proc_run(argv, &out);
    if (code != 0)
        printf("#   %s: %d: %s\n", line, code, out);
    if (ret_out)
        *ret_out = GW_TAKE(out);
    free(out);
    return code;
}

static void read_file(const char *name, struct gw_buf *ret_content)
{
    struct gw_err err;
    gw_buf_init(ret_content, 1 << 20);
    GW_ASSERT_OK(gw_fs_read_file(path(name), ret_content, &err), &err);
}

static struct crypto_issuer issuer(void)
{
    return (struct crypto_issuer){.key = pki.issuer_key, .cert_der = gw_buf_view(&pki.issuer)};
}

static void make_pki(void)
{
    struct gw_err err;
    pki.dir = gw_test_dir();
    pki.now = gw_wall_now();
    gw_buf_init(&pki.root, CRYPTO_CERT_MAX);
    gw_buf_init(&pki.issuer, CRYPTO_CERT_MAX);
    GW_ASSERT_OK(crypto_key_new(CRYPTO_P256, &pki.root_key, &err), &err);
    GW_ASSERT_OK(crypto_key_new(CRYPTO_P256, &pki.issuer_key, &err), &err);
    GW_ASSERT_OK(crypto_cert_root(pki.root_key, GATEWAY, pki.now, &pki.root, &err), &err);
    struct crypto_issuer root = {pki.root_key, gw_buf_view(&pki.root)};
    GW_ASSERT_OK(crypto_cert_issuing(&root, pki.issuer_key, GATEWAY, pki.now, &pki.issuer, &err), &err);
    write_pem("root.pem", CRYPTO_PEM_CERT, gw_buf_view(&pki.root));
    write_pem("issuer.pem", CRYPTO_PEM_CERT, gw_buf_view(&pki.issuer));
}

static void free_pki(void)
{
    crypto_key_free(pki.root_key);
    crypto_key_free(pki.issuer_key);
    gw_buf_done(&pki.root);
    gw_buf_done(&pki.issuer);
}

/* A device certificate over a fresh key of this kind. */
static void make_device(enum crypto_key_kind kind, struct gw_wall now, struct gw_buf *ret_der)
{
    struct gw_err err;
    GW_CLEANUP(crypto_key_cleanup) struct crypto_key *key = NULL;
    struct device_spki spki;
    struct gw_device_id id;
    gw_buf_init(ret_der, CRYPTO_CERT_MAX);
    GW_ASSERT_OK(crypto_key_new(kind, &key, &err), &err);
    crypto_key_spki(key, &spki);
    CU_ASSERT_EQUAL(gw_device_id_parse(gw_view_str("pump-7"), &id), GW_OK);
    struct crypto_device_request request = {GATEWAY, &id, gw_view_make(spki.der, spki.len)};
    struct crypto_issuer by = issuer();
    GW_ASSERT_OK(crypto_cert_device(&by, &request, now, ret_der, &err), &err);
}

static void issues_devices_that_openssl_verifies_strictly(void)
{
    static const enum crypto_key_kind kinds[] = {CRYPTO_P256, CRYPTO_ED25519};
    for (size_t i = 0; i < 2; i++) {
        GW_CLEANUP(gw_buf_done) struct gw_buf leaf;
        GW_FREE char *text = NULL;
        make_device(kinds[i], pki.now, &leaf);
        write_pem("leaf.pem", CRYPTO_PEM_CERT, gw_buf_view(&leaf));
        CU_ASSERT_EQUAL(
            shell("openssl verify -x509_strict -CAfile root.pem -untrusted issuer.pem -purpose sslclient leaf.pem",
                  NULL),
            0);
        CU_ASSERT_NOT_EQUAL(
            shell("openssl verify -x509_strict -CAfile root.pem -untrusted issuer.pem -purpose sslserver leaf.pem "
                  ">/dev/null 2>&1",
                  NULL),
            0);
        CU_ASSERT_EQUAL_FATAL(shell("openssl x509 -in leaf.pem -noout -text", &text), 0);
        CU_ASSERT_PTR_NOT_NULL(strstr(text, "Subject: CN = pump-7\n"));
        CU_ASSERT_PTR_NOT_NULL(strstr(text, "URI:urn:gatehouse:" GATEWAY ":pump-7\n"));
        CU_ASSERT_PTR_NOT_NULL(strstr(text, "TLS Web Client Authentication\n"));
        CU_ASSERT_PTR_NULL(strstr(text, "TLS Web Server Authentication"));
        CU_ASSERT_PTR_NOT_NULL(strstr(text, "X509v3 Basic Constraints: critical\n                CA:FALSE"));
        CU_ASSERT_PTR_NOT_NULL(strstr(text, "X509v3 Key Usage: critical\n                Digital Signature\n"));
    }
}

static void writes_ca_certificates_with_critical_constraints(void)
{
    GW_FREE char *root = NULL;
    GW_FREE char *issuing = NULL;
    CU_ASSERT_EQUAL_FATAL(shell("openssl x509 -in root.pem -noout -text", &root), 0);
    CU_ASSERT_EQUAL_FATAL(shell("openssl x509 -in issuer.pem -noout -text", &issuing), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(root, "X509v3 Basic Constraints: critical\n                CA:TRUE, pathlen:1"));
    CU_ASSERT_PTR_NOT_NULL(strstr(issuing, "X509v3 Basic Constraints: critical\n                CA:TRUE, pathlen:0"));
    CU_ASSERT_PTR_NOT_NULL(strstr(root, "X509v3 Key Usage: critical\n                Certificate Sign, CRL Sign\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(issuing, "X509v3 Authority Key Identifier"));
}

static void issues_servers_with_dns_names_and_addresses(void)
{
    struct gw_err err;
    GW_CLEANUP(crypto_key_cleanup) struct crypto_key *key = NULL;
    GW_CLEANUP(gw_buf_done) struct gw_buf leaf;
    GW_FREE char *text = NULL;
    struct device_spki spki;
    gw_buf_init(&leaf, CRYPTO_CERT_MAX);
    GW_ASSERT_OK(crypto_key_new(CRYPTO_P256, &key, &err), &err);
    crypto_key_spki(key, &spki);
    const char *const names[] = {"localhost", "gateway.plant.example", "127.0.0.1", "fd00::1"};
    struct crypto_server_request request = {GATEWAY, gw_view_make(spki.der, spki.len), names, 4};
    struct crypto_issuer by = issuer();
    GW_ASSERT_OK(crypto_cert_server(&by, &request, pki.now, &leaf, &err), &err);
    write_pem("server.pem", CRYPTO_PEM_CERT, gw_buf_view(&leaf));
    CU_ASSERT_EQUAL(shell("openssl verify -x509_strict -CAfile root.pem -untrusted issuer.pem -purpose sslserver "
                          "-verify_hostname gateway.plant.example server.pem",
                          NULL),
                    0);
    CU_ASSERT_EQUAL(shell("openssl verify -x509_strict -CAfile root.pem -untrusted issuer.pem -verify_ip fd00::1 "
                          "server.pem",
                          NULL),
                    0);
    CU_ASSERT_EQUAL_FATAL(shell("openssl x509 -in server.pem -noout -ext subjectAltName", &text), 0);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text, "DNS:localhost, DNS:gateway.plant.example, IP Address:127.0.0.1, IP Address:FD00:0:0:0:0:0:0:1"));
    const char *const bad[] = {"*.example.com", "", "a..b", "-a", "a-", "name.", "300.1.1.1", "a b", "x_y", "1.2.3"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        request.names = &bad[i];
        request.name_count = 1;
        CU_ASSERT_EQUAL(crypto_cert_server(&by, &request, pki.now, &leaf, &err), GW_INVALID);
    }
    request.name_count = 0;
    CU_ASSERT_EQUAL(crypto_cert_server(&by, &request, pki.now, &leaf, &err), GW_INVALID);
}

static void bundles_certificates_that_openssl_prints(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf leaf;
    GW_CLEANUP(gw_buf_done) struct gw_buf p7;
    GW_FREE char *text = NULL;
    make_device(CRYPTO_ED25519, pki.now, &leaf);
    gw_buf_init(&p7, 16384);
    struct gw_view certs[] = {gw_buf_view(&leaf), gw_buf_view(&pki.issuer)};
    CU_ASSERT_EQUAL(crypto_pkcs7_certs(certs, 2, &p7), GW_OK);
    write_file("certs.p7", gw_buf_view(&p7));
    CU_ASSERT_EQUAL_FATAL(shell("openssl pkcs7 -inform DER -in certs.p7 -print_certs -noout", &text), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "subject=CN = pump-7"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "subject=CN = Gatehouse issuing CA " GATEWAY));
    struct gw_buf small;
    gw_buf_init(&small, 100);
    CU_ASSERT_EQUAL(crypto_pkcs7_certs(certs, 2, &small), GW_TOO_BIG);
    gw_buf_done(&small);
}

static void saves_keys_that_openssl_reads_and_reads_its_own(void)
{
    static const enum crypto_key_kind kinds[] = {CRYPTO_P256, CRYPTO_ED25519};
    static const char *const names[] = {"-algorithm EC -pkeyopt ec_paramgen_curve:P-256", "-algorithm ED25519"};
    for (size_t i = 0; i < 2; i++) {
        struct gw_err err;
        GW_CLEANUP(crypto_key_cleanup) struct crypto_key *key = NULL;
        GW_CLEANUP(crypto_key_cleanup) struct crypto_key *theirs = NULL;
        GW_CLEANUP(gw_buf_wipe) struct gw_buf pem;
        GW_CLEANUP(gw_buf_wipe) struct gw_buf pub;
        struct device_spki spki;
        char line[256];
        gw_buf_init(&pem, 4096);
        GW_ASSERT_OK(crypto_key_new(kinds[i], &key, &err), &err);
        CU_ASSERT_EQUAL(crypto_key_save_pem(key, &pem), GW_OK);
        write_file("key.pem", gw_buf_view(&pem));
        CU_ASSERT_EQUAL(shell("openssl pkey -in key.pem -check -noout", NULL), 0);
        CU_ASSERT_EQUAL(shell("openssl pkey -in key.pem -pubout -outform DER -out pub.der", NULL), 0);
        read_file("pub.der", &pub);
        crypto_key_spki(key, &spki);
        CU_ASSERT_TRUE(gw_view_eq(gw_buf_view(&pub), gw_view_make(spki.der, spki.len)));
        (void)snprintf(line, sizeof(line),
                       "openssl genpkey %s -out key.pem && openssl pkey -in key.pem -pubout -outform DER -out pub.der",
                       names[i]);
        CU_ASSERT_EQUAL(shell(line, NULL), 0);
        gw_buf_done(&pem);
        gw_buf_done(&pub);
        read_file("key.pem", &pem);
        read_file("pub.der", &pub);
        GW_ASSERT_OK(crypto_key_load_pem(gw_buf_view(&pem), &theirs, &err), &err);
        crypto_key_spki(theirs, &spki);
        CU_ASSERT_TRUE(gw_view_eq(gw_buf_view(&pub), gw_view_make(spki.der, spki.len)));
    }
}

/* Makes csr.der by the openssl command from a key of this kind. */
static void make_csr(const char *key_options, const char *subject, const char *more, struct gw_buf *ret_der)
{
    char line[512];
    (void)snprintf(
        line, sizeof(line),
        "openssl genpkey %s -out k.pem 2>/dev/null && openssl req -new -key k.pem -subj '%s' %s -outform DER "
        "-out csr.der",
        key_options, subject, more);
    CU_ASSERT_EQUAL_FATAL(shell(line, NULL), 0);
    read_file("csr.der", ret_der);
}

static void reads_requests_made_by_openssl(void)
{
    static const char *const keys[] = {"-algorithm EC -pkeyopt ec_paramgen_curve:P-256", "-algorithm ED25519",
                                       "-algorithm EC -pkeyopt ec_paramgen_curve:P-256"};
    static const char *const more[] = {"", "-addext 'subjectAltName=DNS:evil.example'", "-sha384"};
    for (size_t i = 0; i < 3; i++) {
        struct gw_err err;
        GW_CLEANUP(gw_buf_done) struct gw_buf der;
        GW_CLEANUP(gw_buf_done) struct gw_buf pub;
        struct crypto_csr csr;
        make_csr(keys[i], "/O=Plant/CN=pump-7", more[i], &der);
        CU_ASSERT_EQUAL(shell("openssl pkey -in k.pem -pubout -outform DER -out pub.der", NULL), 0);
        read_file("pub.der", &pub);
        GW_ASSERT_OK(crypto_csr_parse(gw_buf_view(&der), &csr, &err), &err);
        CU_ASSERT_STRING_EQUAL(csr.cn, "pump-7");
        CU_ASSERT_EQUAL(csr.kind, i == 1 ? CRYPTO_ED25519 : CRYPTO_P256);
        CU_ASSERT_TRUE(gw_view_eq(gw_buf_view(&pub), gw_view_make(csr.spki.der, csr.spki.len)));
    }
    struct gw_err err;
    GW_CLEANUP(gw_buf_done) struct gw_buf der;
    struct crypto_csr csr;
    make_csr(keys[0], "/O=Plant", "", &der);
    GW_ASSERT_OK(crypto_csr_parse(gw_buf_view(&der), &csr, &err), &err);
    CU_ASSERT_STRING_EQUAL(csr.cn, "");
}

static void refuses_requests_outside_the_profile(void)
{
    struct gw_err err;
    struct crypto_csr csr;
    static const char *const keys[] = {"-algorithm RSA -pkeyopt rsa_keygen_bits:2048",
                                       "-algorithm EC -pkeyopt ec_paramgen_curve:P-384", "-algorithm ED448"};
    for (size_t i = 0; i < 3; i++) {
        GW_CLEANUP(gw_buf_done) struct gw_buf der;
        make_csr(keys[i], "/CN=pump-7", "", &der);
        CU_ASSERT_EQUAL(crypto_csr_parse(gw_buf_view(&der), &csr, &err), GW_UNSUPPORTED);
    }
    GW_CLEANUP(gw_buf_done) struct gw_buf two;
    make_csr("-algorithm ED25519", "/CN=pump-7/CN=pump-8", "", &two);
    CU_ASSERT_EQUAL(crypto_csr_parse(gw_buf_view(&two), &csr, &err), GW_INVALID);
}

static void refuses_a_request_with_any_byte_changed(void)
{
    static const char *const keys[] = {"-algorithm EC -pkeyopt ec_paramgen_curve:P-256", "-algorithm ED25519"};
    for (size_t k = 0; k < 2; k++) {
        GW_CLEANUP(gw_buf_done) struct gw_buf der;
        struct crypto_csr csr;
        make_csr(keys[k], "/CN=pump-7", "", &der);
        size_t accepted = 0;
        for (size_t i = 0; i < der.len; i++) {
            der.ptr[i] ^= 0x01;
            accepted += crypto_csr_parse(gw_buf_view(&der), &csr, NULL) == GW_OK;
            der.ptr[i] ^= 0x01;
        }
        CU_ASSERT_EQUAL(accepted, 0);
        for (size_t len = 0; len < der.len; len++)
            accepted += crypto_csr_parse(gw_view_make(der.ptr, len), &csr, NULL) == GW_OK;
        CU_ASSERT_EQUAL(accepted, 0);
        CU_ASSERT_EQUAL(gw_buf_add_u8(&der, 0), GW_OK);
        CU_ASSERT_EQUAL(crypto_csr_parse(gw_buf_view(&der), &csr, NULL), GW_INVALID);
    }
}

static void refuses_garbage_and_giants(void)
{
    struct crypto_csr csr;
    GW_FREE uint8_t *big = gw_xalloc(CRYPTO_CSR_MAX + 1, 1);
    CU_ASSERT_EQUAL(crypto_csr_parse(gw_view_make(big, CRYPTO_CSR_MAX + 1), &csr, NULL), GW_TOO_BIG);
    CU_ASSERT_EQUAL(crypto_csr_parse(gw_view_make(big, CRYPTO_CSR_MAX), &csr, NULL), GW_INVALID);
    CU_ASSERT_EQUAL(crypto_csr_parse(GW_VIEW_LIT("-----BEGIN CERTIFICATE REQUEST-----\n"), &csr, NULL), GW_INVALID);
    for (int i = 0; i < 2000; i++) {
        uint8_t noise[64];
        gw_random(noise, sizeof(noise));
        noise[0] = 0x30;
        noise[1] = 62;
        CU_ASSERT_NOT_EQUAL(crypto_csr_parse(gw_view_make(noise, sizeof(noise)), &csr, NULL), GW_OK);
    }
}

static void reads_its_device_certificates_back(void)
{
    struct gw_err err;
    GW_CLEANUP(gw_buf_done) struct gw_buf leaf;
    struct device_cert cert;
    make_device(CRYPTO_P256, pki.now, &leaf);
    GW_ASSERT_OK(crypto_cert_to_device(gw_buf_view(&leaf), &cert, &err), &err);
    CU_ASSERT_STRING_EQUAL(cert.device.text, "pump-7");
    CU_ASSERT_EQUAL(cert.serial[0] & 0xc0, 0x40);
    int64_t second = pki.now.ms - pki.now.ms % 1000;
    CU_ASSERT_EQUAL(cert.not_before.ms, second - GW_HOUR_MS);
    CU_ASSERT_EQUAL(cert.not_after.ms, second + 365 * GW_DAY_MS);
    CU_ASSERT_EQUAL(crypto_cert_to_device(gw_buf_view(&pki.issuer), &cert, &err), GW_INVALID);
}

static void never_lets_a_leaf_outlive_its_issuer(void)
{
    struct gw_err err;
    GW_CLEANUP(gw_buf_done) struct gw_buf leaf;
    struct crypto_cert_info ca;
    struct device_cert cert;
    GW_ASSERT_OK(crypto_cert_info_parse(gw_buf_view(&pki.issuer), &ca, &err), &err);
    make_device(CRYPTO_P256, (struct gw_wall){ca.not_after.ms - 30 * GW_DAY_MS}, &leaf);
    GW_ASSERT_OK(crypto_cert_to_device(gw_buf_view(&leaf), &cert, &err), &err);
    CU_ASSERT_EQUAL(cert.not_after.ms, ca.not_after.ms);
    struct crypto_issuer by = issuer();
    struct crypto_device_request request = {GATEWAY, &cert.device, ca.spki};
    CU_ASSERT_EQUAL(crypto_cert_device(&by, &request, ca.not_after, &leaf, &err), GW_DENIED);
    CU_ASSERT_EQUAL(crypto_cert_device(&by, &request, (struct gw_wall){0}, &leaf, &err), GW_DENIED);
}

int main(void)
{
    static const struct gw_test_case cases[] = {
        {"makes a root and an issuing certificate", make_pki},
        {"writes CA certificates with critical constraints", writes_ca_certificates_with_critical_constraints},
        {"issues devices that openssl verifies strictly", issues_devices_that_openssl_verifies_strictly},
        {"issues servers with DNS names and addresses", issues_servers_with_dns_names_and_addresses},
        {"bundles certificates that openssl prints", bundles_certificates_that_openssl_prints},
        {"saves keys that openssl reads and reads its own", saves_keys_that_openssl_reads_and_reads_its_own},
        {"reads requests made by openssl", reads_requests_made_by_openssl},
        {"refuses requests outside the profile", refuses_requests_outside_the_profile},
        {"refuses a request with any byte changed", refuses_a_request_with_any_byte_changed},
        {"refuses garbage and giants", refuses_garbage_and_giants},
        {"reads its device certificates back", reads_its_device_certificates_back},
        {"never lets a leaf outlive its issuer", never_lets_a_leaf_outlive_its_issuer},
    };
    int failures = GW_TEST_RUN("crypto with openssl", cases);
    free_pki();
    return failures;
}
