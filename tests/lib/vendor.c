#include "vendor.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bulk_hash.h"
#include "gw_cleanup.h"
#include "gw_id.h"
#include "release_manifest.h"

static void must(bool ok)
{
    if (!ok)
        abort();
}

void vendor_write_public(const char *path, EVP_PKEY *key)
{
    FILE *file = fopen(path, "w");
    must(file && PEM_write_PUBKEY(file, key) == 1 && fclose(file) == 0);
}

void vendor_keyid(EVP_PKEY *key, char out[DSSE_KEYID_LEN + 1])
{
    unsigned char *der = NULL;
    struct gw_sha256 hash;
    int len = i2d_PUBKEY(key, &der);
    must(len > 0);
    bulk_hash_ops()->digest(gw_view_make(der, (size_t)len), &hash);
    OPENSSL_free(der);
    gw_hex_format(hash.bytes, GW_SHA256_LEN, out);
}

void vendor_sign(EVP_PKEY *key, struct dsse_envelope *envelope)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf pae;
    struct dsse_signature *s = &envelope->signatures[envelope->signature_count++];
    size_t len = sizeof(s->bytes);
    gw_buf_init(&pae, DSSE_PAE_MAX);
    must(!dsse_pae(gw_view_str(envelope->type), gw_buf_view(&envelope->payload), &pae));
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const EVP_MD *md = EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256();
    must(EVP_DigestSignInit(ctx, NULL, md, NULL, key) == 1 &&
         EVP_DigestSign(ctx, s->bytes, &len, pae.ptr, pae.len) == 1);
    EVP_MD_CTX_free(ctx);
    s->len = (uint8_t)len;
    vendor_keyid(key, s->keyid);
}

static void copy_text(char *out, size_t size, const char *text)
{
    must(snprintf(out, size, "%s", text) < (int)size);
}

void vendor_envelope(EVP_PKEY *key, const struct vendor_release *r, struct dsse_envelope *envelope)
{
    GW_FREE struct release *release = gw_xalloc(1, sizeof(*release));
    struct gw_err err = {0};
    release->release_counter = r->counter;
    release->security_floor = r->floor;
    copy_text(release->product, sizeof(release->product), r->product ? r->product : "pump");
    copy_text(release->version, sizeof(release->version), r->version);
    copy_text(release->channel, sizeof(release->channel), "stable");
    copy_text(release->hardware[0], sizeof(release->hardware[0]), "rev-c");
    copy_text(release->min_version, sizeof(release->min_version), r->min_version ? r->min_version : "");
    release->hardware_count = release->artifact_count = 1;
    copy_text(release->artifacts[0].name, sizeof(release->artifacts[0].name), r->file);
    copy_text(release->artifacts[0].format, sizeof(release->artifacts[0].format), "image");
    release->artifacts[0].sha256 = r->sha256;
    release->artifacts[0].size = r->size;
    release->released_at.ms = INT64_C(1790000000000);
    release->expires_at.ms = INT64_C(1890000000000);
    dsse_init(envelope);
    copy_text(envelope->type, sizeof(envelope->type), RELEASE_MANIFEST_TYPE);
    must(!release_manifest_format(release, &envelope->payload, &err));
    vendor_sign(key, envelope);
}

void vendor_message(EVP_PKEY *key, const char *attempt, const struct vendor_release *r, struct job_message *ret_message)
{
    struct job_message m = {.has_job = true, .job = {.rev = 1, .kind = JOB_UPDATE}};
    (void)snprintf(m.job.job, sizeof(m.job.job), "job-of-%s", attempt);
    (void)snprintf(m.job.attempt, sizeof(m.job.attempt), "%s", attempt);
    vendor_envelope(key, r, &m.job.envelope);
    *ret_message = m;
}
