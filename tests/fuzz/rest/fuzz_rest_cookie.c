/* A Cookie header: what is taken as the session's id stands in the header once, under its name, as hex. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gw_id.h"
#include "rest_cookie.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char name[] = REST_COOKIE_NAME "=";
    unsigned char id[REST_COOKIE_ID_LEN];
    char hex[2 * REST_COOKIE_ID_LEN + 1];
    char known[REST_COOKIE_KNOWN_CHARS + 1];
    rest_cookie_known(gw_view_make(data, size), known);
    size_t len = strspn(known, "0123456789abcdef");
    if (known[len] || (len != 0 && len != REST_COOKIE_KNOWN_CHARS))
        abort();
    if (rest_cookie_parse(gw_view_make(data, size), id))
        return 0;
    gw_hex_format(id, sizeof(id), hex);
    const uint8_t *at = memmem(data, size, name, sizeof(name) - 1);
    while (at && strncasecmp((const char *)at + sizeof(name) - 1, hex, sizeof(hex) - 1) != 0)
        at = memmem(at + 1, size - (size_t)(at + 1 - data), name, sizeof(name) - 1);
    if (!at)
        abort();
    return 0;
}
