#include "crypto_name.h"

#include "crypto_der.h"
#include "crypto_oid.h"

static enum gw_rc take_cn(struct gw_reader *pair, char ret_cn[CRYPTO_CN_MAX + 1])
{
    uint8_t tag = 0;
    struct gw_view text;
    if (crypto_der_read_any(pair, &tag, &text, NULL) || pair->rest.len != 0)
        return GW_INVALID;
    if (tag != DER_UTF8 && tag != DER_PRINTABLE && tag != DER_IA5)
        return GW_INVALID;
    if (text.len == 0 || ret_cn[0] != '\0')
        return GW_INVALID;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
            return GW_INVALID;
    return gw_view_copy_str(text, ret_cn, CRYPTO_CN_MAX + 1) ? GW_INVALID : GW_OK;
}

/* One RelativeDistinguishedName: a SET of pairs. */
static enum gw_rc read_rdn(struct gw_view set, char ret_cn[CRYPTO_CN_MAX + 1])
{
    struct gw_reader r = {set};
    while (r.rest.len > 0) {
        struct gw_view pair;
        struct gw_view oid;
        if (crypto_der_read(&r, DER_SEQUENCE, &pair))
            return GW_INVALID;
        struct gw_reader inner = {pair};
        if (crypto_der_read(&inner, DER_OID, &oid))
            return GW_INVALID;
        if (gw_view_eq(oid, OID_CN) && take_cn(&inner, ret_cn))
            return GW_INVALID;
    }
    return GW_OK;
}

enum gw_rc crypto_name_cn(struct gw_view rdns, char ret_cn[CRYPTO_CN_MAX + 1])
{
    struct gw_reader r = {rdns};
    ret_cn[0] = '\0';
    while (r.rest.len > 0) {
        struct gw_view set;
        if (crypto_der_read(&r, DER_SET, &set) || read_rdn(set, ret_cn))
            return GW_INVALID;
    }
    return GW_OK;
}
