/* The text forms of bytes and names: what is accepted must come back the same when it is written again. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gw_id.h"
#include "gw_num.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool held)
{
    if (!held)
        abort();
}

static void base64(struct gw_view v)
{
    struct gw_buf bytes, again;
    gw_buf_init(&bytes, 4096);
    gw_buf_init(&again, 8192);
    if (gw_base64_parse(v, &bytes) == GW_OK) {
        require(gw_base64_add(&again, bytes.ptr, bytes.len) == GW_OK);
        require(gw_view_eq(gw_buf_view(&again), v));
    } else {
        require(bytes.len == 0);
    }
    gw_buf_done(&bytes);
    gw_buf_done(&again);
}

static void base32(struct gw_view v)
{
    uint8_t bytes[64];
    char again[GW_BASE32_LEN(sizeof(bytes)) + 1];
    for (size_t len = 0; len <= sizeof(bytes); len++)
        if (gw_base32_parse(v, bytes, len) == GW_OK) {
            gw_base32_format(bytes, len, again);
            require(gw_view_eq_str_nocase(v, again));
        }
}

static void hex(struct gw_view v)
{
    uint8_t bytes[64];
    char again[2 * sizeof(bytes) + 1];
    size_t len = v.len / 2;
    if (len <= sizeof(bytes) && gw_hex_parse(v, bytes, len) == GW_OK) {
        gw_hex_format(bytes, len, again);
        require(gw_view_eq_str_nocase(v, again));
    }
}

static void device_id(struct gw_view v)
{
    struct gw_device_id id;
    if (gw_device_id_parse(v, &id) == GW_OK)
        require(gw_view_eq_str(v, id.text) && v.len >= 3 && v.len <= GW_DEVICE_ID_MAX);
}

static void number(struct gw_view v)
{
    int64_t value;
    if (gw_parse_i64(v, -1000, 1000, &value) == GW_OK)
        require(value >= -1000 && value <= 1000 && v.len <= 5);
}

/* The first byte chooses the form. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const forms[])(struct gw_view) = {base64, base32, hex, device_id, number};
    if (size == 0)
        return 0;
    forms[data[0] % (sizeof(forms) / sizeof(forms[0]))](gw_view_make(data + 1, size - 1));
    return 0;
}
