/*
 * json: writing and reading JSON (RFC 8259) with bounds. The one place, with its .c files, that knows a JSON library.
 *
 * Writer: appends to a gw_buf that the caller owns; commas, quotes and escapes are its business. Inside an object every
 * put names a key, inside an array and at the root the key is NULL; breaking that is our own bug and asserts. Text that
 * is not UTF-8 comes out with U+FFFD in place of each bad byte. Running out of room sticks in the buffer and is told by
 * json_writer_end().
 *
 *     struct json_writer w;
 *     json_writer_begin(&w, &buf);
 *     json_put_object(&w, NULL);
 *     json_put_str(&w, "id", "pump-7");
 *     json_put_end(&w);
 *     rc = json_writer_end(&w);
 *
 * Reader: takes whole documents whose root is an object, at most JSON_DEPTH_MAX deep and max_bytes long. Refused:
 * duplicate keys (RFC 8259 section 4 leaves them open; two readers could see two documents), NUL in any text, invalid
 * UTF-8, integers outside 64 bits, anything behind the root. Values are borrowed from their document and live as long.
 * Messages name the key and never quote a value.
 *
 * Thread: a writer or document belongs to one thread at a time. Blocks never.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gw_buf.h"
#include "gw_err.h"
#include "gw_time.h"
#include "gw_view.h"

#define JSON_DEPTH_MAX 16

struct json_writer {
    struct gw_buf *out; /* borrowed */
    unsigned depth;
    uint32_t is_array; /* bit per depth */
    uint32_t has_item; /* bit per depth: the next one needs a comma */
};

void json_writer_begin(struct json_writer *w, struct gw_buf *out);
/* All that was opened must be closed. GW_TOO_BIG or GW_NO_MEMORY when the buffer gave up on the way. */
GW_MUST_CHECK enum gw_rc json_writer_end(struct json_writer *w);

void json_put_object(struct json_writer *w, const char *key);
void json_put_array(struct json_writer *w, const char *key);
void json_put_end(struct json_writer *w);                                    /* closes the innermost object or array */
void json_put_str(struct json_writer *w, const char *key, const char *text); /* NULL writes null */
void json_put_view(struct json_writer *w, const char *key, struct gw_view text);
void json_put_i64(struct json_writer *w, const char *key, int64_t value);
void json_put_u64_text(struct json_writer *w, const char *key, uint64_t value); /* "123": 64-bit values on our wires */
void json_put_bool(struct json_writer *w, const char *key, bool value);
void json_put_null(struct json_writer *w, const char *key);
/* RFC 3339 in UTC with milliseconds; null for a time that has no such text (before 1970, after 9999). */
void json_put_time(struct json_writer *w, const char *key, struct gw_wall t);
/* null when t is 0, which stands for "never" in our structs. */
void json_put_time_or_null(struct json_writer *w, const char *key, struct gw_wall t);
void json_put_hex(struct json_writer *w, const char *key, const void *bytes, size_t len);
void json_put_base64(struct json_writer *w, const char *key, const void *bytes, size_t len);

/* Appends text quoted and escaped; what the put functions use. */
void json_quote(struct gw_buf *out, struct gw_view text);

struct json_doc;   /* owns all of a document */
struct json_value; /* borrowed from its document */

enum json_kind {
    JSON_KIND_OBJECT = 1,
    JSON_KIND_ARRAY,
    JSON_KIND_TEXT,
    JSON_KIND_INTEGER,
    JSON_KIND_REAL,
    JSON_KIND_BOOL,
    JSON_KIND_NULL,
};

/* GW_TOO_BIG above max_bytes, GW_INVALID otherwise. */
GW_MUST_CHECK enum gw_rc json_read(struct gw_view text, size_t max_bytes, struct json_doc **ret_doc,
                                   struct gw_err *err);
void json_free(struct json_doc *doc);                           /* accepts NULL */
void json_cleanup(struct json_doc **doc);                       /* for GW_CLEANUP(json_cleanup) */
const struct json_value *json_root(const struct json_doc *doc); /* an object, never NULL */

/*
 * Getters of an object's members. GW_NOT_FOUND: no such key ("<key> is missing"), the caller decides whether it may be
 * missing; GW_INVALID: another kind (null included), too long, out of range, not of the grammar. Outputs are untouched
 * on failure. `object` may be any value; what is no object has no keys.
 */
bool json_has(const struct json_value *object, const char *key);
/* Terminated copy; GW_INVALID when it needs more than size bytes. */
GW_MUST_CHECK enum gw_rc json_str(const struct json_value *object, const char *key, char *out, size_t size,
                                  struct gw_err *err);
/* Borrowed text of any length. */
GW_MUST_CHECK enum gw_rc json_text(const struct json_value *object, const char *key, struct gw_view *ret_text,
                                   struct gw_err *err);
GW_MUST_CHECK enum gw_rc json_i64(const struct json_value *object, const char *key, int64_t min, int64_t max,
                                  int64_t *ret_value, struct gw_err *err);
/* Decimal text ("18446744073709551615"), at most max. */
GW_MUST_CHECK enum gw_rc json_u64_text(const struct json_value *object, const char *key, uint64_t max,
                                       uint64_t *ret_value, struct gw_err *err);
GW_MUST_CHECK enum gw_rc json_bool(const struct json_value *object, const char *key, bool *ret_value,
                                   struct gw_err *err);
GW_MUST_CHECK enum gw_rc json_time(const struct json_value *object, const char *key, struct gw_wall *ret_time,
                                   struct gw_err *err);
/* Exactly len bytes as hex, either case. */
GW_MUST_CHECK enum gw_rc json_hex(const struct json_value *object, const char *key, void *out, size_t len,
                                  struct gw_err *err);
/* Appends the bytes of a base64 text. */
GW_MUST_CHECK enum gw_rc json_base64(const struct json_value *object, const char *key, struct gw_buf *ret_bytes,
                                     struct gw_err *err);
GW_MUST_CHECK enum gw_rc json_member(const struct json_value *object, const char *key, enum json_kind kind,
                                     const struct json_value **ret_value, struct gw_err *err);
/* GW_INVALID naming the first key that is not in the list; the list ends with NULL. */
GW_MUST_CHECK enum gw_rc json_only_keys(const struct json_value *object, const char *const keys[], struct gw_err *err);

/* Looking at a value of unknown shape. */
enum json_kind json_kind_of(const struct json_value *value);
const struct json_value *json_find(const struct json_value *object, const char *key); /* NULL: no such key */
size_t json_count(const struct json_value *array);                                    /* 0 for what is no array */
const struct json_value *json_item(const struct json_value *array, size_t index);     /* NULL behind the end */
/* Visits the members in the order of the text until the visitor returns false. */
typedef bool json_member_fn(void *ctx, const char *key, const struct json_value *value);
void json_each_member(const struct json_value *object, json_member_fn *fn, void *ctx);
/* The value itself, when it is of that kind. */
GW_MUST_CHECK enum gw_rc json_as_text(const struct json_value *value, struct gw_view *ret_text);
GW_MUST_CHECK enum gw_rc json_as_i64(const struct json_value *value, int64_t *ret_value);
GW_MUST_CHECK enum gw_rc json_as_bool(const struct json_value *value, bool *ret_value);
GW_MUST_CHECK enum gw_rc json_as_f64(const struct json_value *value, double *ret_value); /* integers too */
