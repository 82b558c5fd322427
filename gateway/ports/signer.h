/*
 * signer: the closed list of things that gatehouse-keyd does for us. Implementation: protocols/crypto speaks to keyd
 * over an inherited socket; a call may be made from any thread, one at a time goes through and blocks at most 5 s then.
 *
 * Errors: GW_DENIED (keyd refuses: smaller checkpoint, another root, a clock outside the CA's time), GW_UNSUPPORTED (a
 * key that is neither P-256 nor Ed25519), GW_NO_SPACE (keyd cannot remember what it would sign), GW_TIMEOUT or GW_IO
 * (keyd is gone or does not answer; the supervisor restarts it, try again), GW_INVALID (does not fit the fixed
 * request).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "device.h"
#include "gw_err.h"
#include "gw_hash.h"

#define SIGNER_NAMES_MAX  8
#define SIGNER_NAME_LEN   128
#define SIGNER_ORIGIN_MAX 192
#define SIGNER_VKEY_MAX   160
#define SIGNER_BATCH_MAX  64

/* Who this gateway is; fixed at keyd's first start. */
struct signer_identity {
    char gateway[24];           /* "gw-" + 16 hex */
    struct gw_sha256 root_spki; /* what an invitation pins */
    uint16_t root_len, issuer_len;
    uint8_t root_der[DEVICE_CERT_DER_MAX];
    uint8_t issuer_der[DEVICE_CERT_DER_MAX];
    uint8_t log_pub[32];            /* Ed25519 log key */
    char log_vkey[SIGNER_VKEY_MAX]; /* C2SP verifier key, "<gateway>+<8 hex>+<base64>" */
};

struct signer_server_request {
    struct device_spki spki;
    char names[SIGNER_NAMES_MAX][SIGNER_NAME_LEN]; /* DNS names or IP addresses as text; "" ends the list */
};

/* One checkpoint to sign, and what came of it. Origins: "<gateway>/dev/<device>/<epoch>", with "line/" before the epoch
 * for events without a device sequence, "<gateway>/audit/<epoch>", "<gateway>/root/<epoch>"; epoch is 16 hex. */
struct signer_checkpoint {
    char origin[SIGNER_ORIGIN_MAX];
    uint64_t size;
    struct gw_sha256 root;
    enum gw_rc rc;         /* result */
    uint8_t signature[64]; /* result, valid when rc is GW_OK */
};

struct signer_ops {
    enum gw_rc (*identity)(void *self, struct signer_identity *ret_identity, struct gw_err *err);
    /* clientAuth, CN and SAN URI from the id, one year from now (less when the issuer ends sooner). `spki` must be
     * P-256 or Ed25519. Fills every field of ret_cert but used and revoked. */
    enum gw_rc (*issue_device)(void *self, const struct gw_device_id *id, const struct device_spki *spki,
                               struct device_cert *ret_cert, struct gw_err *err);
    /* serverAuth for the gateway's own listeners, 398 days. Appends DER. */
    enum gw_rc (*issue_server)(void *self, const struct signer_server_request *request, struct gw_buf *ret_der,
                               struct gw_err *err);
    /* Ed25519 over the checkpoint text of each (origin, size, root); keyd builds the texts itself. 1 to
     * SIGNER_BATCH_MAX items, each origin at most once. GW_OK when keyd has answered; then each item has its own rc:
     * GW_OK with the signature, GW_DENIED when it signed a larger size or another root at this size before, GW_INVALID
     * for an origin outside the grammar, GW_TOO_BIG when it remembers as many origins as it can. err tells of the first
     * that failed. Every size and root signed is durable in keyd's memory before the call returns. */
    enum gw_rc (*sign_checkpoints)(void *self, struct signer_checkpoint *items, size_t count, struct gw_err *err);
};

struct signer {
    const struct signer_ops *ops;
    void *self;
};
