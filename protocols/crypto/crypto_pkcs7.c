#include "crypto_pkcs7.h"

#include "crypto_der.h"
#include "crypto_oid.h"

enum gw_rc crypto_pkcs7_certs(const struct gw_view *certs, size_t count, struct gw_buf *ret_der)
{
    struct gw_buf *b = ret_der;
    size_t info = crypto_der_begin(b, DER_SEQUENCE);
    crypto_der_add(b, DER_OID, OID_PKCS7_SIGNED);
    size_t wrap = crypto_der_begin(b, DER_CTX_CONS(0));
    size_t data = crypto_der_begin(b, DER_SEQUENCE);
    crypto_der_add_u64(b, 1);
    crypto_der_add(b, DER_SET, (struct gw_view){0}); /* digest algorithms: none */
    size_t content = crypto_der_begin(b, DER_SEQUENCE);
    crypto_der_add(b, DER_OID, OID_PKCS7_DATA);
    crypto_der_end(b, content);
    size_t list = crypto_der_begin(b, DER_CTX_CONS(0));
    for (size_t i = 0; i < count; i++)
        (void)gw_buf_add_view(b, certs[i]);
    crypto_der_end(b, list);
    crypto_der_add(b, DER_SET, (struct gw_view){0}); /* signers: none */
    crypto_der_end(b, data);
    crypto_der_end(b, wrap);
    crypto_der_end(b, info);
    return gw_buf_rc(b);
}
