/* A configuration file: whatever it says, the parser ends with a value for each key or with a message. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gw_toml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct gw_toml_key keys[] = {
    {.table = "", .key = "name", .type = GW_TOML_STRING, .max = 8, .fallback = "\"gw\"", .doc = "x"},
    {.table = "a", .key = "i", .type = GW_TOML_INT, .min = -5, .max = 100, .fallback = "10", .doc = "x"},
    {.table = "a", .key = "w", .type = GW_TOML_STRING, .words = "x y", .fallback = "'x'", .doc = "x"},
    {.table = "b", .key = "t", .type = GW_TOML_BOOL, .fallback = "false", .doc = "x"},
    {.table = "b", .key = "n", .type = GW_TOML_INTS, .min = 1, .max = 9, .fallback = "[1]", .doc = "x"},
    {.table = "b", .key = "s", .type = GW_TOML_STRINGS, .fallback = "[]", .doc = "x"},
};
static const struct gw_toml_schema schema = GW_TOML_SCHEMA(keys);

static void require(bool held)
{
    if (!held)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_toml *t = NULL;
    struct gw_err err = {0};
    if (gw_toml_parse(gw_view_make(data, size), "fuzz.toml", &schema, &t, &err)) {
        require(!t && err.rc && strncmp(err.text, "fuzz.toml", 9) == 0);
        return 0;
    }
    int64_t i = gw_toml_int(t, "a", "i");
    require(i >= -5 && i <= 100 && strlen(gw_toml_str(t, "", "name")) <= 8);
    require(strlen(gw_toml_str(t, "a", "w")) == 1);
    (void)gw_toml_bool(t, "b", "t");
    for (size_t n = 0; n < gw_toml_count(t, "b", "n"); n++)
        require(gw_toml_int_at(t, "b", "n", n) >= 1 && gw_toml_int_at(t, "b", "n", n) <= 9);
    for (size_t n = 0; n < gw_toml_count(t, "b", "s"); n++)
        require(strlen(gw_toml_str_at(t, "b", "s", n)) <= GW_TOML_STRING_MAX);
    gw_toml_free(t);
    return 0;
}
