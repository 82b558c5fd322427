#include "est_body.h"

#include <string.h>

#include "gw_cleanup.h"

#define AUTH_MAX    512 /* bytes of decoded credentials */
#define SECRET_TEXT GW_BASE32_LEN(INBOX_SECRET_LEN)

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* DER: 0x30, a definite length in its shortest form, and exactly that many bytes. */
static bool is_sequence(struct gw_view der)
{
    if (der.len < 2 || der.ptr[0] != 0x30)
        return false;
    size_t len = der.ptr[1];
    size_t head = 2;
    if (len == 0x81 && der.len > 2) {
        len = der.ptr[2];
        head = 3;
        if (len < 0x80)
            return false;
    } else if (len == 0x82 && der.len > 3) {
        len = (size_t)der.ptr[2] << 8 | der.ptr[3];
        head = 4;
        if (len < 0x100)
            return false;
    } else if (len >= 0x80) {
        return false;
    }
    return der.len - head == len;
}

enum gw_rc est_csr_decode(struct gw_view body, struct gw_buf *ret_der)
{
    if (body.len > EST_BODY_MAX)
        return GW_TOO_BIG;
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    GW_CLEANUP(gw_buf_done) struct gw_buf der;
    gw_buf_init(&text, EST_BODY_MAX);
    gw_buf_init(&der, EST_CSR_MAX);
    for (size_t i = 0; i < body.len; i++)
        if (!is_space(body.ptr[i]))
            (void)gw_buf_add_u8(&text, body.ptr[i]);
    enum gw_rc rc = gw_base64_parse(gw_buf_view(&text), &der);
    if (rc)
        return rc;
    if (!is_sequence(gw_buf_view(&der)))
        return GW_INVALID;
    return gw_buf_add_view(ret_der, gw_buf_view(&der));
}

bool est_is_pkcs10(struct gw_view content_type)
{
    struct gw_view rest;
    return gw_view_eq_str_nocase(gw_view_trim(gw_view_cut(content_type, ';', &rest)), "application/pkcs10");
}

static void read_secret(struct gw_view text, struct inbox_enrol *e)
{
    uint8_t plain[SECRET_TEXT];
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '-')
            continue;
        if (len == SECRET_TEXT)
            return;
        plain[len++] = text.ptr[i];
    }
    e->secret_readable =
        len == SECRET_TEXT && gw_base32_parse(gw_view_make(plain, len), e->secret, sizeof(e->secret)) == GW_OK;
    explicit_bzero(plain, sizeof(plain));
}

enum gw_rc est_credentials_parse(struct gw_view authorization, struct inbox_enrol *ret_enrol)
{
    if (authorization.len == 0)
        return GW_OK;
    struct gw_view token;
    struct gw_view scheme = gw_view_cut(authorization, ' ', &token);
    if (!gw_view_eq_str_nocase(scheme, "Basic"))
        return GW_DENIED;
    GW_CLEANUP(gw_buf_wipe) struct gw_buf plain;
    gw_buf_init(&plain, AUTH_MAX);
    if (gw_base64_parse(gw_view_trim(token), &plain))
        return GW_DENIED;
    struct gw_view secret;
    struct gw_view id = gw_view_cut(gw_buf_view(&plain), ':', &secret);
    if (id.len == plain.len || gw_device_id_parse(id, &ret_enrol->id))
        return GW_DENIED;
    ret_enrol->has_secret = true;
    read_secret(secret, ret_enrol);
    return GW_OK;
}
