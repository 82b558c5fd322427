/*
 * crypto_der: the small part of DER (X.690) that certificates need: a writer over gw_buf and a strict, bounded reader.
 *
 * The writer nests by crypto_der_begin()/crypto_der_end(); a failed append sticks in the buffer (gw_buf_rc()), so only
 * the end of a run is checked. The reader refuses indefinite and non-minimal lengths, tags above 30 and elements that
 * reach past their parent; it never copies: views point into the input. Any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gw_buf.h"
#include "gw_rc.h"
#include "gw_time.h"
#include "gw_view.h"

enum crypto_der_tag {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_OID = 0x06,
    DER_UTF8 = 0x0c,
    DER_PRINTABLE = 0x13,
    DER_IA5 = 0x16,
    DER_UTC_TIME = 0x17,
    DER_GENERAL_TIME = 0x18,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
};
/* Context-specific tags: [n] primitive and [n] constructed. */
#define DER_CTX(n)      ((uint8_t)(0x80 | (n)))
#define DER_CTX_CONS(n) ((uint8_t)(0xa0 | (n)))

/* Opens an element; returns its place for crypto_der_end(), which puts the length of all that came since in front. */
size_t crypto_der_begin(struct gw_buf *b, uint8_t tag);
void crypto_der_end(struct gw_buf *b, size_t place);
/* A whole element with this content. */
void crypto_der_add(struct gw_buf *b, uint8_t tag, struct gw_view content);
void crypto_der_add_text(struct gw_buf *b, uint8_t tag, const char *text);
void crypto_der_add_true(struct gw_buf *b);
/* INTEGER from an unsigned big-endian number of any length (leading zeros dropped, sign byte added). */
void crypto_der_add_uint(struct gw_buf *b, struct gw_view big_endian);
void crypto_der_add_u64(struct gw_buf *b, uint64_t value);
/* BIT STRING without unused bits. */
void crypto_der_add_bits(struct gw_buf *b, struct gw_view bytes);
/* RFC 5280 section 4.1.2.5: UTCTime to 2049, GeneralizedTime from 2050; seconds, never rounded up. */
void crypto_der_add_time(struct gw_buf *b, struct gw_wall t);

/* Reads one element of exactly this tag: its content. GW_INVALID otherwise; the reader then stays where it was. */
GW_MUST_CHECK enum gw_rc crypto_der_read(struct gw_reader *r, uint8_t tag, struct gw_view *ret_content);
/* Reads one element of any tag: *ret_whole spans tag and length too. Either output may be NULL. */
GW_MUST_CHECK enum gw_rc crypto_der_read_any(struct gw_reader *r, uint8_t *ret_tag, struct gw_view *ret_content,
                                             struct gw_view *ret_whole);
/* True when the next element has this tag. */
bool crypto_der_next_is(const struct gw_reader *r, uint8_t tag);
/* A positive INTEGER in minimal form, without its sign byte, at most max_len bytes. */
GW_MUST_CHECK enum gw_rc crypto_der_read_uint(struct gw_reader *r, size_t max_len, struct gw_view *ret_big_endian);
/* A BIT STRING without unused bits. */
GW_MUST_CHECK enum gw_rc crypto_der_read_bits(struct gw_reader *r, struct gw_view *ret_bytes);
/* UTCTime or GeneralizedTime in the DER form with seconds and "Z". */
GW_MUST_CHECK enum gw_rc crypto_der_read_time(struct gw_reader *r, struct gw_wall *ret_time);
