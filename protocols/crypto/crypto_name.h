/*
 * crypto_name: the common name out of a DER Name (RFC 5280 section 4.1.2.4).
 */
#pragma once

#include "gw_view.h"

#define CRYPTO_CN_MAX 64 /* characters, ub-common-name; without the terminator */

/* The content of the Name's SEQUENCE. "" when it has no CN; GW_INVALID when it has several, when it is too long or of a
 * string type other than UTF8String, PrintableString or IA5String, or holds a control character. */
GW_MUST_CHECK enum gw_rc crypto_name_cn(struct gw_view rdns, char ret_cn[CRYPTO_CN_MAX + 1]);
