/*
 * gw_toml: configuration files: a subset of TOML 1.0 (https://toml.io/en/v1.0.0), read against a declared schema.
 *
 * Understood: comments, [tables], bare keys, basic and literal strings, decimal integers with underscores, booleans,
 * arrays of strings or of integers (over several lines if wished). Refused by name: dotted and quoted keys, nested and
 * repeated tables, arrays of tables, inline tables, multi-line strings, floats, dates, other bases, nested arrays.
 *
 * Everything a program can be told stands in one static table of struct gw_toml_key: the parser refuses what is not in
 * it (an unknown or repeated key, a wrong type, a value out of range) with "file:line: table.key: why", the getters
 * read by it, and gw_toml_describe() prints it as a documented file of defaults.
 *
 *     static const struct gw_toml_key keys[] = {
 *         {.table = "limits", .key = "devices", .type = GW_TOML_INT, .min = 1, .max = 100000, .fallback = "10000",
 *          .unit = "devices", .doc = "How many devices may be known."},
 *         {.table = "log", .key = "level", .type = GW_TOML_STRING, .words = "error warn info debug",
 *          .fallback = "\"info\"", .doc = "What is written to stderr."},
 *     };
 *     static const struct gw_toml_schema schema = GW_TOML_SCHEMA(keys);
 *
 * A parsed file is immutable: any thread may read it. Content of the file never appears in a message, only names and
 * numbers, so that a secret in the wrong place does not reach a log.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gw_buf.h"
#include "gw_err.h"
#include "gw_view.h"

#define GW_TOML_TEXT_MAX   (256 * 1024) /* bytes of a file */
#define GW_TOML_KEYS_MAX   1024         /* keys of a schema, hence of a file */
#define GW_TOML_NAME_MAX   64           /* characters of a key or table name */
#define GW_TOML_STRING_MAX 4096         /* bytes of a string */
#define GW_TOML_ARRAY_MAX  256          /* elements of an array */

enum gw_toml_type {
    GW_TOML_STRING = 1,
    GW_TOML_INT,
    GW_TOML_BOOL,
    GW_TOML_STRINGS, /* array, may be empty */
    GW_TOML_INTS,    /* array, may be empty */
};

struct gw_toml_key {
    const char *table; /* "" for the keys above the first [table] */
    const char *key;
    enum gw_toml_type type;
    int64_t min;       /* of an integer: its value; of a string: its bytes; of an array: each element so */
    int64_t max;       /* inclusive; for strings 0 means GW_TOML_STRING_MAX; both are unused for booleans and words */
    const char *words; /* for strings: the only values allowed, parted by one space; NULL: any */
    const char *fallback; /* the default in TOML ("8883", "\"text\"", "[]"); NULL: the file must give the key */
    const char *unit;     /* "seconds", "bytes", …; NULL where there is none */
    const char *doc;      /* one or more sentences for people, one line or several parted by '\n' */
};

struct gw_toml_schema {
    const struct gw_toml_key *keys; /* the keys of one table stand together */
    size_t count;
};
#define GW_TOML_SCHEMA(array)                                                                                          \
    {                                                                                                                  \
        (array), sizeof(array) / sizeof((array)[0])                                                                    \
    }

struct gw_toml; /* owns all it returns */

/*
 * Parses and checks a whole file. file_name is for messages alone (copied). The schema must outlive the result.
 * GW_INVALID: grammar, unknown, repeated or missing key, wrong type, out of range. GW_TOO_BIG: one of the ceilings
 * above. GW_UNSUPPORTED: valid TOML outside the subset. *ret_toml is untouched on failure.
 */
GW_MUST_CHECK enum gw_rc gw_toml_parse(struct gw_view text, const char *file_name, const struct gw_toml_schema *schema,
                                       struct gw_toml **ret_toml, struct gw_err *err);
/* Reads the file, then gw_toml_parse(). GW_INVALID too for a path that leads to no regular file; other errors of the
 * system as gw_fs_read_file() gives them. */
GW_MUST_CHECK enum gw_rc gw_toml_load(const char *path, const struct gw_toml_schema *schema, struct gw_toml **ret_toml,
                                      struct gw_err *err);
void gw_toml_free(struct gw_toml *t); /* accepts NULL */

/*
 * Getters: the value of the file, else the default. Asking for a key that the schema does not hold, for one of another
 * type, or past the end of an array is a bug of the program: they abort. Texts are terminated, hold no NUL byte, and
 * live as long as t.
 */
const char *gw_toml_str(const struct gw_toml *t, const char *table, const char *key);
int64_t gw_toml_int(const struct gw_toml *t, const char *table, const char *key);
bool gw_toml_bool(const struct gw_toml *t, const char *table, const char *key);
size_t gw_toml_count(const struct gw_toml *t, const char *table, const char *key); /* elements of an array */
const char *gw_toml_str_at(const struct gw_toml *t, const char *table, const char *key, size_t i);
int64_t gw_toml_int_at(const struct gw_toml *t, const char *table, const char *key, size_t i);

/* For rules that the schema cannot say: sets "file:line: table.key: <fmt>" (without the line when the value is the
 * default) and returns GW_INVALID. Do not put values into fmt that may be secret. */
enum gw_rc gw_toml_reject(const struct gw_toml *t, const char *table, const char *key, struct gw_err *err,
                          const char *fmt, ...) GW_PRINTF(5, 6);

/* Appends a file that sets every key to its default, each with its text, unit and range as a comment; keys without a
 * default are commented out. What it prints is accepted by gw_toml_parse() once those are filled in. */
enum gw_rc gw_toml_describe(const struct gw_toml_schema *schema, struct gw_buf *ret_text);
