/*
 * gw_id: names and random identifiers, and the text forms of bytes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gw_buf.h"
#include "gw_rc.h"
#include "gw_view.h"

#define GW_DEVICE_ID_MAX 63 /* characters, without the terminator */

/* A device's name, terminated. Zeroed means "none". */
struct gw_device_id {
    char text[GW_DEVICE_ID_MAX + 1];
};

/* [a-z0-9][a-z0-9-]{2,62}, and none of root, audit, gateway, all (logs and selections), gw-log, gw-control (the
 * client ids of the gateway itself at its broker). GW_INVALID otherwise. */
GW_MUST_CHECK enum gw_rc gw_device_id_parse(struct gw_view v, struct gw_device_id *ret_id);
bool gw_device_id_eq(const struct gw_device_id *a, const struct gw_device_id *b);

/* Fills from the kernel's generator (getrandom(2)); aborts when the kernel has none, since nothing can go on. */
void gw_random(void *out, size_t len);

/* Lower-case hex; out needs 2*len+1. */
void gw_hex_format(const void *bytes, size_t len, char *out);
/* Of one digit, either case; -1: it is none. */
int gw_hex_value(uint8_t c);
/* Exactly out_len bytes, either case; GW_INVALID otherwise. */
GW_MUST_CHECK enum gw_rc gw_hex_parse(struct gw_view v, void *out, size_t out_len);

/* RFC 4648 section 4, with padding; parsing refuses white space, missing padding and non-zero spare bits. */
enum gw_rc gw_base64_add(struct gw_buf *b, const void *bytes, size_t len);
GW_MUST_CHECK enum gw_rc gw_base64_parse(struct gw_view v, struct gw_buf *ret_bytes);

/* RFC 4648 section 6, lower case, no padding: what people type. Parsing takes either case; spare bits must be zero. */
#define GW_BASE32_LEN(bytes) (((bytes)*8 + 4) / 5)
void gw_base32_format(const void *bytes, size_t len, char *out); /* out needs GW_BASE32_LEN(len)+1 */
GW_MUST_CHECK enum gw_rc gw_base32_parse(struct gw_view v, void *out, size_t out_len);
