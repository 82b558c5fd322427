#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_num.h"
#include "json.h"

struct json_doc {
    json_t *root; /* owned */
};

/* A json_value is the library's node under our name. */
static const json_t *node(const struct json_value *value)
{
    return (const json_t *)(const void *)value;
}

static const struct json_value *value_of(const json_t *n)
{
    return (const struct json_value *)(const void *)n;
}

/* Nesting as the brackets outside of text say it: cheap, and before the parser recurses. */
static enum gw_rc check_depth(struct gw_view text, struct gw_err *err)
{
    unsigned depth = 0;
    bool in_text = false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (in_text) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_text = false;
        } else if (c == '"') {
            in_text = true;
        } else if (c == '{' || c == '[') {
            if (++depth > JSON_DEPTH_MAX)
                return gw_err_set(err, GW_INVALID, "JSON is nested deeper than %d levels", JSON_DEPTH_MAX);
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    return GW_OK;
}

/* The library's own message quotes the input, which may hold a secret: say the place instead. */
static enum gw_rc tell_parse_error(const json_error_t *e, struct gw_err *err)
{
    const char *why = "is not well-formed JSON";
    if (json_error_code(e) == json_error_duplicate_key)
        why = "repeats a key";
    else if (json_error_code(e) == json_error_invalid_utf8)
        why = "is not UTF-8";
    else if (json_error_code(e) == json_error_null_character)
        why = "holds a NUL character";
    else if (json_error_code(e) == json_error_numeric_overflow)
        why = "holds a number out of range";
    else if (json_error_code(e) == json_error_out_of_memory)
        return gw_err_set(err, GW_NO_MEMORY, "no memory for the JSON document");
    return gw_err_set(err, GW_INVALID, "the document %s (line %d, column %d)", why, e->line, e->column);
}

enum gw_rc json_read(struct gw_view text, size_t max_bytes, struct json_doc **ret_doc, struct gw_err *err)
{
    if (text.len > max_bytes)
        return gw_err_set(err, GW_TOO_BIG, "the document has %zu bytes, at most %zu are taken", text.len, max_bytes);
    enum gw_rc rc = check_depth(text, err);
    if (rc)
        return rc;
    json_error_t e = {0};
    const char *bytes = text.len ? (const char *)text.ptr : "";
    json_t *root = json_loadb(bytes, text.len, JSON_REJECT_DUPLICATES, &e);
    if (!root)
        return tell_parse_error(&e, err);
    if (!json_is_object(root)) {
        json_decref(root);
        return gw_err_set(err, GW_INVALID, "the document must be a JSON object");
    }
    struct json_doc *doc = gw_xalloc(1, sizeof(*doc));
    doc->root = root;
    *ret_doc = doc;
    return GW_OK;
}

void json_free(struct json_doc *doc)
{
    if (!doc)
        return;
    json_decref(doc->root);
    free(doc);
}

void json_cleanup(struct json_doc **doc)
{
    json_free(*doc);
    *doc = NULL;
}

const struct json_value *json_root(const struct json_doc *doc)
{
    return value_of(doc->root);
}

const struct json_value *json_find(const struct json_value *object, const char *key)
{
    return value_of(json_object_get(node(object), key));
}

bool json_has(const struct json_value *object, const char *key)
{
    return json_find(object, key) != NULL;
}

enum json_kind json_kind_of(const struct json_value *value)
{
    switch (json_typeof(node(value))) {
    case JSON_OBJECT:
        return JSON_KIND_OBJECT;
    case JSON_ARRAY:
        return JSON_KIND_ARRAY;
    case JSON_STRING:
        return JSON_KIND_TEXT;
    case JSON_INTEGER:
        return JSON_KIND_INTEGER;
    case JSON_REAL:
        return JSON_KIND_REAL;
    case JSON_TRUE:
    case JSON_FALSE:
        return JSON_KIND_BOOL;
    case JSON_NULL:
        return JSON_KIND_NULL;
    }
    return JSON_KIND_NULL;
}

static const char *kind_text(enum json_kind kind)
{
    switch (kind) {
    case JSON_KIND_OBJECT:
        return "an object";
    case JSON_KIND_ARRAY:
        return "an array";
    case JSON_KIND_TEXT:
        return "text";
    case JSON_KIND_INTEGER:
        return "an integer";
    case JSON_KIND_REAL:
        return "a number";
    case JSON_KIND_BOOL:
        return "true or false";
    case JSON_KIND_NULL:
        return "null";
    }
    return "known";
}

enum gw_rc json_member(const struct json_value *object, const char *key, enum json_kind kind,
                       const struct json_value **ret_value, struct gw_err *err)
{
    const struct json_value *value = json_find(object, key);
    if (!value)
        return gw_err_set(err, GW_NOT_FOUND, "%s is missing", key);
    if (json_kind_of(value) != kind)
        return gw_err_set(err, GW_INVALID, "%s must be %s", key, kind_text(kind));
    *ret_value = value;
    return GW_OK;
}

enum gw_rc json_as_text(const struct json_value *value, struct gw_view *ret_text)
{
    if (!json_is_string(node(value)))
        return GW_INVALID;
    *ret_text = gw_view_make(json_string_value(node(value)), json_string_length(node(value)));
    return GW_OK;
}

enum gw_rc json_as_i64(const struct json_value *value, int64_t *ret_value)
{
    if (!json_is_integer(node(value)))
        return GW_INVALID;
    *ret_value = json_integer_value(node(value));
    return GW_OK;
}

enum gw_rc json_as_bool(const struct json_value *value, bool *ret_value)
{
    if (!json_is_boolean(node(value)))
        return GW_INVALID;
    *ret_value = json_is_true(node(value));
    return GW_OK;
}

enum gw_rc json_as_f64(const struct json_value *value, double *ret_value)
{
    if (!json_is_number(node(value)))
        return GW_INVALID;
    *ret_value = json_number_value(node(value));
    return GW_OK;
}

size_t json_count(const struct json_value *array)
{
    return json_array_size(node(array));
}

const struct json_value *json_item(const struct json_value *array, size_t index)
{
    return value_of(json_array_get(node(array), index));
}

/* The library iterates through a non-const pointer but changes nothing. */
static json_t *node_iterated(const struct json_value *value)
{
    return (json_t *)(uintptr_t)value;
}

void json_each_member(const struct json_value *object, json_member_fn *fn, void *ctx)
{
    json_t *n = node_iterated(object);
    for (void *at = json_object_iter(n); at; at = json_object_iter_next(n, at))
        if (!fn(ctx, json_object_iter_key(at), value_of(json_object_iter_value(at))))
            return;
}

/* Keys of strangers go into messages cut and in plain ASCII. */
static void key_for_people(const char *key, char out[41])
{
    size_t i = 0;
    for (; key[i] && i < 40; i++)
        out[i] = (key[i] > 0x20 && key[i] < 0x7f && key[i] != '"') ? key[i] : '?';
    out[i] = '\0';
}

struct key_check {
    const char *const *keys;
    struct gw_err *err;
    enum gw_rc rc;
};

static bool check_key(void *ctx, const char *key, const struct json_value *value)
{
    struct key_check *check = ctx;
    (void)value;
    for (size_t i = 0; check->keys[i]; i++)
        if (strcmp(check->keys[i], key) == 0)
            return true;
    char shown[41];
    key_for_people(key, shown);
    check->rc = gw_err_set(check->err, GW_INVALID, "unknown key \"%s\"", shown);
    return false;
}

enum gw_rc json_only_keys(const struct json_value *object, const char *const keys[], struct gw_err *err)
{
    struct key_check check = {.keys = keys, .err = err, .rc = GW_OK};
    json_each_member(object, check_key, &check);
    return check.rc;
}
