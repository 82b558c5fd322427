#include "crypto_cert.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "crypto_cert_info.h"
#include "crypto_cert_write.h"
#include "crypto_der.h"
#include "crypto_oid.h"
#include "gw_cleanup.h"

#define BACKDATE_MS    GW_HOUR_MS
#define ROOT_DAYS      7305 /* 20 years with their leap days */
#define ISSUING_DAYS   3652 /* 10 years */
#define DEVICE_DAYS    365
#define SERVER_DAYS    398 /* the most that browsers accept */
#define EXTENSIONS_MAX 2048
#define NAME_TEXT_MAX  128

#define USAGE_SIGN    0x80 /* digitalSignature; bits are counted from the left (RFC 5280 section 4.2.1.3) */
#define USAGE_CA      0x06 /* keyCertSign, cRLSign */
#define USAGE_SIGN_NC 7    /* unused bits behind each */
#define USAGE_CA_NC   1

static void add_extension_bytes(struct gw_buf *b, struct gw_view oid, bool critical, struct gw_view value)
{
    size_t ext = crypto_der_begin(b, DER_SEQUENCE);
    crypto_der_add(b, DER_OID, oid);
    if (critical)
        crypto_der_add_true(b);
    crypto_der_add(b, DER_OCTET_STRING, value);
    crypto_der_end(b, ext);
}

/* basicConstraints, critical in every certificate; pathlen below 0: not a CA. */
static void add_basic(struct gw_buf *b, int pathlen)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf v;
    gw_buf_init(&v, 64);
    size_t seq = crypto_der_begin(&v, DER_SEQUENCE);
    if (pathlen >= 0) {
        crypto_der_add_true(&v);
        crypto_der_add_u64(&v, (uint64_t)pathlen);
    }
    crypto_der_end(&v, seq);
    add_extension_bytes(b, OID_BASIC, true, gw_buf_view(&v));
}

static void add_usage(struct gw_buf *b, uint8_t bits, uint8_t unused)
{
    const uint8_t value[4] = {DER_BIT_STRING, 2, unused, bits};
    add_extension_bytes(b, OID_KEY_USAGE, true, gw_view_make(value, sizeof(value)));
}

static void add_extended_usage(struct gw_buf *b, struct gw_view purpose)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf v;
    gw_buf_init(&v, 64);
    size_t seq = crypto_der_begin(&v, DER_SEQUENCE);
    crypto_der_add(&v, DER_OID, purpose);
    crypto_der_end(&v, seq);
    add_extension_bytes(b, OID_EKU, false, gw_buf_view(&v));
}

/* Key identifiers of the subject and of the issuer (both raw public keys). */
static void add_key_ids(struct gw_buf *b, struct gw_view subject_raw, struct gw_view issuer_raw)
{
    uint8_t id[CRYPTO_KEY_ID_LEN];
    GW_CLEANUP(gw_buf_done) struct gw_buf v;
    gw_buf_init(&v, 64);
    crypto_spki_key_id(subject_raw, id);
    crypto_der_add(&v, DER_OCTET_STRING, gw_view_make(id, sizeof(id)));
    add_extension_bytes(b, OID_SKI, false, gw_buf_view(&v));
    crypto_write_aki(b, issuer_raw);
}

static struct gw_wall days_after(struct gw_wall t, int64_t days)
{
    return (struct gw_wall){t.ms + days * GW_DAY_MS};
}

static enum gw_rc finish(struct gw_buf *extensions, struct crypto_cert_body *body, const struct crypto_key *signer,
                         struct gw_buf *ret_der, struct gw_err *err)
{
    if (gw_buf_rc(extensions))
        return gw_err_set(err, gw_buf_rc(extensions), "certificate extensions above %d bytes", EXTENSIONS_MAX);
    body->extensions = gw_buf_view(extensions);
    return crypto_write_cert(body, signer, ret_der, err);
}

enum gw_rc crypto_cert_root(const struct crypto_key *key, const char *gateway, struct gw_wall now,
                            struct gw_buf *ret_der, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf ext;
    GW_CLEANUP(gw_buf_done) struct gw_buf name;
    char cn[NAME_TEXT_MAX];
    struct device_spki spki;
    gw_buf_init(&ext, EXTENSIONS_MAX);
    gw_buf_init(&name, EXTENSIONS_MAX);
    (void)snprintf(cn, sizeof(cn), "Gatehouse root %s", gateway);
    crypto_write_name(&name, cn);
    crypto_key_spki(key, &spki);
    add_basic(&ext, 1);
    add_usage(&ext, USAGE_CA, USAGE_CA_NC);
    add_key_ids(&ext, crypto_key_public(key), crypto_key_public(key));
    struct crypto_cert_body body = {
        .issuer_name = gw_buf_view(&name),
        .subject_cn = cn,
        .not_before = {now.ms - BACKDATE_MS},
        .not_after = days_after(now, ROOT_DAYS),
        .spki = gw_view_make(spki.der, spki.len),
    };
    return finish(&ext, &body, key, ret_der, err);
}

/* What every issued certificate takes from its issuer: name, and the end of its time. */
static enum gw_rc take_issuer(const struct crypto_issuer *issuer, struct gw_wall now, struct crypto_cert_body *body,
                              struct gw_err *err)
{
    struct crypto_cert_info info;
    enum gw_rc rc = crypto_cert_info_parse(issuer->cert_der, &info, err);
    if (rc)
        return gw_err_wrap(err, rc, "issuer's certificate");
    if (now.ms < info.not_before.ms || now.ms >= info.not_after.ms)
        return gw_err_set(err, GW_DENIED, "the clock is outside the validity of the issuing certificate");
    body->issuer_name = info.subject_name;
    body->not_before.ms = now.ms - BACKDATE_MS;
    if (body->not_before.ms < info.not_before.ms)
        body->not_before = info.not_before;
    if (body->not_after.ms > info.not_after.ms)
        body->not_after = info.not_after;
    return GW_OK;
}

enum gw_rc crypto_cert_issuing(const struct crypto_issuer *root, const struct crypto_key *key, const char *gateway,
                               struct gw_wall now, struct gw_buf *ret_der, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf ext;
    char cn[NAME_TEXT_MAX];
    struct device_spki spki;
    gw_buf_init(&ext, EXTENSIONS_MAX);
    (void)snprintf(cn, sizeof(cn), "Gatehouse issuing CA %s", gateway);
    crypto_key_spki(key, &spki);
    struct crypto_cert_body body = {
        .subject_cn = cn,
        .not_after = days_after(now, ISSUING_DAYS),
        .spki = gw_view_make(spki.der, spki.len),
    };
    enum gw_rc rc = take_issuer(root, now, &body, err);
    if (rc)
        return rc;
    add_basic(&ext, 0);
    add_usage(&ext, USAGE_CA, USAGE_CA_NC);
    add_key_ids(&ext, crypto_key_public(key), crypto_key_public(root->key));
    return finish(&ext, &body, root->key, ret_der, err);
}

enum gw_rc crypto_cert_device(const struct crypto_issuer *issuer, const struct crypto_device_request *request,
                              struct gw_wall now, struct gw_buf *ret_der, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf ext;
    GW_CLEANUP(gw_buf_done) struct gw_buf san;
    enum crypto_key_kind kind;
    struct gw_view raw;
    gw_buf_init(&ext, EXTENSIONS_MAX);
    gw_buf_init(&san, EXTENSIONS_MAX);
    struct crypto_cert_body body = {
        .subject_cn = request->id->text,
        .not_after = days_after(now, DEVICE_DAYS),
        .spki = request->spki,
    };
    enum gw_rc rc = crypto_spki_check(request->spki, &kind, &raw, err);
    if (!rc)
        rc = take_issuer(issuer, now, &body, err);
    if (rc)
        return rc;
    char uri[NAME_TEXT_MAX];
    (void)snprintf(uri, sizeof(uri), "urn:gatehouse:%s:%s", request->gateway, request->id->text);
    size_t seq = crypto_der_begin(&san, DER_SEQUENCE);
    crypto_der_add_text(&san, DER_CTX(6), uri);
    crypto_der_end(&san, seq);
    add_basic(&ext, -1);
    add_usage(&ext, USAGE_SIGN, USAGE_SIGN_NC);
    add_extended_usage(&ext, OID_CLIENT_AUTH);
    add_key_ids(&ext, raw, crypto_key_public(issuer->key));
    add_extension_bytes(&ext, OID_SAN, false, gw_buf_view(&san));
    return finish(&ext, &body, issuer->key, ret_der, err);
}

/* The bytes of an address, or 0 when the text is none. */
static size_t parse_address(const char *text, uint8_t out[16])
{
    if (inet_pton(AF_INET, text, out) == 1)
        return 4;
    return inet_pton(AF_INET6, text, out) == 1 ? 16 : 0;
}

/* One label; moves *at behind it. */
static bool skip_label(const char **at, bool *ret_numeric)
{
    const char *p = *at;
    size_t len = 0;
    *ret_numeric = true;
    for (; *p && *p != '.'; p++, len++) {
        bool digit = *p >= '0' && *p <= '9';
        bool letter = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z');
        if (!digit && !letter && (*p != '-' || len == 0))
            return false;
        *ret_numeric = *ret_numeric && digit;
    }
    if (len == 0 || len > 63 || p[-1] == '-')
        return false;
    *at = p;
    return true;
}

static enum gw_rc check_name(const char *name)
{
    uint8_t address[16];
    if (parse_address(name, address))
        return GW_OK;
    bool numeric = false;
    const char *at = name;
    while (skip_label(&at, &numeric)) {
        if (*at == '\0') /* RFC 3696 section 2: the last label is not all digits, so no mistyped address passes */
            return numeric || at - name >= NAME_TEXT_MAX ? GW_INVALID : GW_OK;
        at++;
    }
    return GW_INVALID;
}

static enum gw_rc add_server_names(struct gw_buf *san, const struct crypto_server_request *request, struct gw_err *err)
{
    if (request->name_count == 0)
        return gw_err_set(err, GW_INVALID, "a server certificate needs at least one name");
    size_t seq = crypto_der_begin(san, DER_SEQUENCE);
    for (size_t i = 0; i < request->name_count; i++) {
        uint8_t address[16];
        if (check_name(request->names[i]))
            return gw_err_set(err, GW_INVALID, "server name %zu is neither a DNS name nor an IP address", i + 1);
        size_t len = parse_address(request->names[i], address);
        if (len)
            crypto_der_add(san, DER_CTX(7), gw_view_make(address, len));
        else
            crypto_der_add_text(san, DER_CTX(2), request->names[i]);
    }
    crypto_der_end(san, seq);
    return GW_OK;
}

enum gw_rc crypto_cert_server(const struct crypto_issuer *issuer, const struct crypto_server_request *request,
                              struct gw_wall now, struct gw_buf *ret_der, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf ext;
    GW_CLEANUP(gw_buf_done) struct gw_buf san;
    enum crypto_key_kind kind;
    struct gw_view raw;
    gw_buf_init(&ext, EXTENSIONS_MAX);
    gw_buf_init(&san, EXTENSIONS_MAX);
    struct crypto_cert_body body = {
        .subject_cn = request->gateway,
        .not_after = days_after(now, SERVER_DAYS),
        .spki = request->spki,
    };
    enum gw_rc rc = crypto_spki_check(request->spki, &kind, &raw, err);
    if (!rc)
        rc = add_server_names(&san, request, err);
    if (!rc)
        rc = take_issuer(issuer, now, &body, err);
    if (rc)
        return rc;
    add_basic(&ext, -1);
    add_usage(&ext, USAGE_SIGN, USAGE_SIGN_NC);
    add_extended_usage(&ext, OID_SERVER_AUTH);
    add_key_ids(&ext, raw, crypto_key_public(issuer->key));
    add_extension_bytes(&ext, OID_SAN, false, gw_buf_view(&san));
    return finish(&ext, &body, issuer->key, ret_der, err);
}
