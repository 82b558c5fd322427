/*
 * crypto_oid: the object identifiers in use here, as the content bytes of their DER (without tag and length).
 */
#pragma once

#include "gw_view.h"

#define OID_EC_PUBLIC_KEY GW_VIEW_LIT("\x2a\x86\x48\xce\x3d\x02\x01")         /* 1.2.840.10045.2.1, RFC 5480 */
#define OID_P256          GW_VIEW_LIT("\x2a\x86\x48\xce\x3d\x03\x01\x07")     /* 1.2.840.10045.3.1.7 */
#define OID_ECDSA_SHA256  GW_VIEW_LIT("\x2a\x86\x48\xce\x3d\x04\x03\x02")     /* RFC 5758 section 3.2 */
#define OID_ECDSA_SHA384  GW_VIEW_LIT("\x2a\x86\x48\xce\x3d\x04\x03\x03")     /* the same */
#define OID_ECDSA_SHA512  GW_VIEW_LIT("\x2a\x86\x48\xce\x3d\x04\x03\x04")     /* the same */
#define OID_ED25519       GW_VIEW_LIT("\x2b\x65\x70")                         /* 1.3.101.112, RFC 8410 */
#define OID_CN            GW_VIEW_LIT("\x55\x04\x03")                         /* 2.5.4.3 */
#define OID_SKI           GW_VIEW_LIT("\x55\x1d\x0e")                         /* RFC 5280 section 4.2.1.2 */
#define OID_KEY_USAGE     GW_VIEW_LIT("\x55\x1d\x0f")                         /* section 4.2.1.3 */
#define OID_SAN           GW_VIEW_LIT("\x55\x1d\x11")                         /* section 4.2.1.6 */
#define OID_BASIC         GW_VIEW_LIT("\x55\x1d\x13")                         /* section 4.2.1.9 */
#define OID_AKI           GW_VIEW_LIT("\x55\x1d\x23")                         /* section 4.2.1.1 */
#define OID_EKU           GW_VIEW_LIT("\x55\x1d\x25")                         /* section 4.2.1.12 */
#define OID_SERVER_AUTH   GW_VIEW_LIT("\x2b\x06\x01\x05\x05\x07\x03\x01")     /* the same */
#define OID_CLIENT_AUTH   GW_VIEW_LIT("\x2b\x06\x01\x05\x05\x07\x03\x02")     /* the same */
#define OID_PKCS7_DATA    GW_VIEW_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01") /* RFC 5652 section 4 */
#define OID_PKCS7_SIGNED  GW_VIEW_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02") /* section 5.1 */
