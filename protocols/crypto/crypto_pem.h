/*
 * crypto_pem: the text armour of RFC 7468 around DER.
 */
#pragma once

#include "gw_buf.h"
#include "gw_err.h"
#include "gw_view.h"

#define CRYPTO_PEM_CERT   "CERTIFICATE"
#define CRYPTO_PEM_KEY    "PRIVATE KEY"
#define CRYPTO_PEM_PUBLIC "PUBLIC KEY"

/* Appends one block. Call it once per certificate to build a chain file. */
enum gw_rc crypto_pem_add(struct gw_buf *b, const char *label, struct gw_view der);
/* Appends the DER of the first block with this label to ret_der; *rest (may be NULL) is what stands behind the block.
 * GW_NOT_FOUND without such a block, GW_INVALID when it is damaged. What was decoded is wiped on failure. */
GW_MUST_CHECK enum gw_rc crypto_pem_parse(struct gw_view text, const char *label, struct gw_buf *ret_der,
                                          struct gw_view *rest, struct gw_err *err);
