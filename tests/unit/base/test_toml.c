#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gw_cleanup.h"
#include "gw_fs.h"
#include "gw_test.h"
#include "gw_toml.h"

static const struct gw_toml_key keys[] = {
    {.table = "", .key = "name", .type = GW_TOML_STRING, .min = 0, .max = 8, .fallback = "\"gw\"", .doc = "Its name."},
    {.table = "limits",
     .key = "devices",
     .type = GW_TOML_INT,
     .min = 1,
     .max = 100,
     .fallback = "10",
     .unit = "devices",
     .doc = "How many devices.\nA second line."},
    {.table = "limits",
     .key = "offset",
     .type = GW_TOML_INT,
     .min = INT64_MIN,
     .max = INT64_MAX,
     .fallback = "-1_000",
     .doc = "Any number."},
    {.table = "log",
     .key = "level",
     .type = GW_TOML_STRING,
     .words = "error warn info",
     .fallback = "'info'",
     .doc = "What is logged."},
    {.table = "log", .key = "colour", .type = GW_TOML_BOOL, .fallback = "false", .doc = "Colours."},
    {.table = "log",
     .key = "ports",
     .type = GW_TOML_INTS,
     .min = 1,
     .max = 65535,
     .fallback = "[1, 2]",
     .doc = "Ports."},
    {.table = "log", .key = "names", .type = GW_TOML_STRINGS, .min = 1, .fallback = "[]", .doc = "Names."},
};
static const struct gw_toml_schema schema = GW_TOML_SCHEMA(keys);

static struct gw_err err;

static enum gw_rc parse(const char *text, struct gw_toml **ret)
{
    err = (struct gw_err){0};
    return gw_toml_parse(gw_view_str(text), "f.toml", &schema, ret, &err);
}

static void free_toml(struct gw_toml **t)
{
    gw_toml_free(*t);
}
#define GW_TOML GW_CLEANUP(free_toml) struct gw_toml *

static void gives_defaults_for_an_empty_file(void)
{
    static const char *const empty[] = {"", "\n", "# only a comment", "\r\n\t # x\r\n", "[log]\n[limits]"};
    for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
        GW_TOML t = NULL;
        GW_ASSERT_OK(parse(empty[i], &t), &err);
        CU_ASSERT_STRING_EQUAL(gw_toml_str(t, "", "name"), "gw");
        CU_ASSERT_EQUAL(gw_toml_int(t, "limits", "devices"), 10);
        CU_ASSERT_EQUAL(gw_toml_int(t, "limits", "offset"), -1000);
        CU_ASSERT_STRING_EQUAL(gw_toml_str(t, "log", "level"), "info");
        CU_ASSERT_FALSE(gw_toml_bool(t, "log", "colour"));
        CU_ASSERT_EQUAL(gw_toml_count(t, "log", "ports"), 2);
        CU_ASSERT_EQUAL(gw_toml_int_at(t, "log", "ports", 1), 2);
        CU_ASSERT_EQUAL(gw_toml_count(t, "log", "names"), 0);
    }
}

static void reads_every_type(void)
{
    GW_TOML t = NULL;
    GW_ASSERT_OK(parse("name = \"a\\tb\\u00e9\" # why\r\n"
                       "\t[ limits ]   # these\r\n"
                       "devices=1_0_0\n"
                       "offset = +9223372036854775807\n"
                       "[log]\n"
                       "level = 'warn'\n"
                       "colour = true\n"
                       "ports = [ # first\n  80,\n\n  443, # last\n]\n"
                       "names = [\"#no comment\", 'C:\\no\\escape', \"\\\"\"]",
                       &t),
                 &err);
    CU_ASSERT_STRING_EQUAL(gw_toml_str(t, "", "name"), "a\tb\xc3\xa9");
    CU_ASSERT_EQUAL(gw_toml_int(t, "limits", "devices"), 100);
    CU_ASSERT_EQUAL(gw_toml_int(t, "limits", "offset"), INT64_MAX);
    CU_ASSERT_STRING_EQUAL(gw_toml_str(t, "log", "level"), "warn");
    CU_ASSERT(gw_toml_bool(t, "log", "colour"));
    CU_ASSERT_EQUAL(gw_toml_count(t, "log", "ports"), 2);
    CU_ASSERT_EQUAL(gw_toml_int_at(t, "log", "ports", 0), 80);
    CU_ASSERT_EQUAL(gw_toml_int_at(t, "log", "ports", 1), 443);
    CU_ASSERT_EQUAL(gw_toml_count(t, "log", "names"), 3);
    CU_ASSERT_STRING_EQUAL(gw_toml_str_at(t, "log", "names", 0), "#no comment");
    CU_ASSERT_STRING_EQUAL(gw_toml_str_at(t, "log", "names", 1), "C:\\no\\escape");
    CU_ASSERT_STRING_EQUAL(gw_toml_str_at(t, "log", "names", 2), "\"");
}

static void reads_numbers_at_both_ends(void)
{
    GW_TOML low = NULL;
    GW_ASSERT_OK(parse("[limits]\ndevices = 1\noffset = -9_223_372_036_854_775_808", &low), &err);
    CU_ASSERT_EQUAL(gw_toml_int(low, "limits", "devices"), 1);
    CU_ASSERT_EQUAL(gw_toml_int(low, "limits", "offset"), INT64_MIN);
    GW_TOML zero = NULL;
    GW_ASSERT_OK(parse("[limits]\noffset = -0", &zero), &err);
    CU_ASSERT_EQUAL(gw_toml_int(zero, "limits", "offset"), 0);
}

static void reads_every_escape(void)
{
    GW_TOML t = NULL;
    GW_ASSERT_OK(
        parse("[log]\nnames = [\"\\b\\t\\n\\f\\r\\\"\\\\\", \"\\u007F\\u0080\\uFFFF\\U00010000\\U0010FFFF\"]", &t),
        &err);
    CU_ASSERT_STRING_EQUAL(gw_toml_str_at(t, "log", "names", 0), "\b\t\n\f\r\"\\");
    CU_ASSERT_STRING_EQUAL(gw_toml_str_at(t, "log", "names", 1),
                           "\x7f\xc2\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
}

struct refusal {
    const char *text;
    enum gw_rc rc;
    const char *message; /* exactly */
};

static void refuse(const struct refusal *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct gw_toml *t = NULL;
        enum gw_rc rc = parse(rows[i].text, &t);
        if (rc != rows[i].rc || strcmp(err.text, rows[i].message) != 0)
            printf("#   row %zu: %s: %s\n", i, gw_rc_text(rc), err.text);
        CU_ASSERT_EQUAL(rc, rows[i].rc);
        CU_ASSERT_STRING_EQUAL(err.text, rows[i].message);
        CU_ASSERT_PTR_NULL(t);
        CU_ASSERT_EQUAL(gw_toml_parse(gw_view_str(rows[i].text), "f.toml", &schema, &t, NULL), rows[i].rc);
        gw_toml_free(t);
    }
}
#define REFUSE(rows) refuse(rows, sizeof(rows) / sizeof((rows)[0]))

static void names_file_line_and_key_of_what_breaks_the_schema(void)
{
    static const struct refusal rows[] = {
        {"\n\n[limits]\n# x\ndevices = 0", GW_INVALID, "f.toml:5: limits.devices: 0 is below 1"},
        {"[limits]\ndevices = 101", GW_INVALID, "f.toml:2: limits.devices: 101 is above 100"},
        {"[limits]\ndevices = \"1\"", GW_INVALID, "f.toml:2: limits.devices: must be an integer"},
        {"[limits]\ndevices = [1]", GW_INVALID, "f.toml:2: limits.devices: must be an integer"},
        {"[limits]\ndevices = []", GW_INVALID, "f.toml:2: limits.devices: must be an integer"},
        {"[limits]\ndevices = 1\ndevices = 1", GW_INVALID, "f.toml:3: limits.devices: given already in line 2"},
        {"[limits]\n[log]\n[limits]", GW_INVALID, "f.toml:3: [limits]: repeated table"},
        {"[limits]\ndevicez = 1", GW_INVALID, "f.toml:2: limits.devicez: unknown key"},
        {"devices = 1", GW_INVALID, "f.toml:1: devices: unknown key"},
        {"[limits]\nname = \"x\"", GW_INVALID, "f.toml:2: limits.name: unknown key"},
        {"[limit]", GW_INVALID, "f.toml:1: [limit]: unknown table"},
        {"name = 1", GW_INVALID, "f.toml:1: name: must be a string"},
        {"name = true", GW_INVALID, "f.toml:1: name: must be a string"},
        {"name = \"123456789\"", GW_INVALID, "f.toml:1: name: 9 bytes are more than 8"},
        {"[log]\nlevel = \"inf\"", GW_INVALID, "f.toml:2: log.level: must be one of: error warn info"},
        {"[log]\nlevel = \"warn info\"", GW_INVALID, "f.toml:2: log.level: must be one of: error warn info"},
        {"[log]\nlevel = \"\"", GW_INVALID, "f.toml:2: log.level: must be one of: error warn info"},
        {"[log]\ncolour = 1", GW_INVALID, "f.toml:2: log.colour: must be true or false"},
        {"[log]\ncolour = \"true\"", GW_INVALID, "f.toml:2: log.colour: must be true or false"},
        {"[log]\nports = 1", GW_INVALID, "f.toml:2: log.ports: must be an array of integers"},
        {"[log]\nports = [\"1\"]", GW_INVALID, "f.toml:2: log.ports: must be an array of integers"},
        {"[log]\nports = [1,\n2,\n65536]", GW_INVALID, "f.toml:2: log.ports: element 3: 65536 is above 65535"},
        {"[log]\nnames = ['']", GW_INVALID, "f.toml:2: log.names: element 1: 0 bytes are fewer than 1"},
        {"[log]\nnames = [1]", GW_INVALID, "f.toml:2: log.names: must be an array of strings"},
    };
    REFUSE(rows);
}

static void names_the_line_of_broken_grammar(void)
{
    static const struct refusal rows[] = {
        {"name", GW_INVALID, "f.toml:1: '=' expected after the key"},
        {"= 1", GW_INVALID, "f.toml:1: a name is missing"},
        {"\n\n!", GW_INVALID, "f.toml:3: a name is missing"},
        {"name =", GW_INVALID, "f.toml:1: name: the value is missing"},
        {"name = # x", GW_INVALID, "f.toml:1: name: the value is missing"},
        {"name =\n\"x\"", GW_INVALID, "f.toml:1: name: the value is missing"},
        {"name = x", GW_INVALID, "f.toml:1: name: not a value (a text needs quotes)"},
        {"name = \"a\" \"b\"", GW_INVALID, "f.toml:1: name: more on the line than one value or table name"},
        {"name = \"a\" [log]", GW_INVALID, "f.toml:1: name: more on the line than one value or table name"},
        {"name = \"a", GW_INVALID, "f.toml:1: name: the string does not end on its line"},
        {"name = \"a\n\"", GW_INVALID, "f.toml:1: name: the string does not end on its line"},
        {"name = \"a\r\n\"", GW_INVALID, "f.toml:1: name: the string does not end on its line"},
        {"name = 'a\n'", GW_INVALID, "f.toml:1: name: the string does not end on its line"},
        {"name = \"a\\", GW_INVALID, "f.toml:1: name: unknown escape in a string"},
        {"name = \"\\x41\"", GW_INVALID, "f.toml:1: name: unknown escape in a string"},
        {"name = \"\\u12\"", GW_INVALID, "f.toml:1: name: an escape needs 4 hexadecimal digits"},
        {"name = \"\\U0000004\"", GW_INVALID, "f.toml:1: name: an escape needs 8 hexadecimal digits"},
        {"name = \"\\u0000\"", GW_INVALID, "f.toml:1: name: an escape names no character that a string may hold"},
        {"name = \"\\uD800\"", GW_INVALID, "f.toml:1: name: an escape names no character that a string may hold"},
        {"name = \"\\U00110000\"", GW_INVALID, "f.toml:1: name: an escape names no character that a string may hold"},
        {"[limits", GW_INVALID, "f.toml:1: ']' expected after the table's name"},
        {"[]", GW_INVALID, "f.toml:1: a name is missing"},
        {"[limits] devices = 1", GW_INVALID, "f.toml:1: more on the line than one value or table name"},
        {"[limits]\ndevices = 01", GW_INVALID, "f.toml:2: limits.devices: not an integer"},
        {"[limits]\ndevices = 1_", GW_INVALID, "f.toml:2: limits.devices: not an integer"},
        {"[limits]\ndevices = _1", GW_INVALID, "f.toml:2: limits.devices: not a value (a text needs quotes)"},
        {"[limits]\ndevices = 1__0", GW_INVALID, "f.toml:2: limits.devices: not an integer"},
        {"[limits]\ndevices = +-1", GW_INVALID, "f.toml:2: limits.devices: not a value (a text needs quotes)"},
        {"[limits]\ndevices = -", GW_INVALID, "f.toml:2: limits.devices: not a value (a text needs quotes)"},
        {"[limits]\ndevices = True", GW_INVALID, "f.toml:2: limits.devices: not a value (a text needs quotes)"},
        {"[log]\nports = [1 2]", GW_INVALID, "f.toml:2: log.ports: ',' or ']' expected in the array"},
        {"[log]\nports = [1,\n,]", GW_INVALID, "f.toml:3: log.ports: not a value (a text needs quotes)"},
        {"[log]\nports = [1,\n\n", GW_INVALID, "f.toml:4: log.ports: the array does not end"},
        {"[log]\nports = [1", GW_INVALID, "f.toml:2: log.ports: the array does not end"},
        {"name = \"\x01\"", GW_INVALID, "f.toml:1: control character 0x01"},
        {"\n# \x7f", GW_INVALID, "f.toml:2: control character 0x7f"},
        {"# a\rb", GW_INVALID, "f.toml:1: control character 0x0d"},
        {"\n\n# \xff", GW_INVALID, "f.toml:3: not UTF-8"},
        {"# \xc0\x80", GW_INVALID, "f.toml:1: not UTF-8"},
        {"# \xe0\x80\x80", GW_INVALID, "f.toml:1: not UTF-8"},
        {"# \xed\xa0\x80", GW_INVALID, "f.toml:1: not UTF-8"},
        {"# \xf4\x90\x80\x80", GW_INVALID, "f.toml:1: not UTF-8"},
        {"# \xe2\x82", GW_INVALID, "f.toml:1: not UTF-8"},
    };
    REFUSE(rows);
    struct gw_toml *t = NULL;
    CU_ASSERT_EQUAL(gw_toml_parse(gw_view_make("# \0", 3), "f.toml", &schema, &t, &err), GW_INVALID);
    CU_ASSERT_STRING_EQUAL(err.text, "f.toml:1: control character 0x00");
}

static void names_what_of_toml_it_does_not_support(void)
{
    static const struct refusal rows[] = {
        {"a.b = 1", GW_UNSUPPORTED, "f.toml:1: dotted names are not supported"},
        {"\"name\" = 1", GW_UNSUPPORTED, "f.toml:1: quoted names are not supported"},
        {"'name' = 1", GW_UNSUPPORTED, "f.toml:1: quoted names are not supported"},
        {"[a.b]", GW_UNSUPPORTED, "f.toml:1: dotted names are not supported"},
        {"[\"limits\"]", GW_UNSUPPORTED, "f.toml:1: quoted names are not supported"},
        {"[[limits]]", GW_UNSUPPORTED, "f.toml:1: arrays of tables are not supported"},
        {"name = {a = 1}", GW_UNSUPPORTED, "f.toml:1: name: inline tables are not supported"},
        {"name = \"\"\"a\"\"\"", GW_UNSUPPORTED, "f.toml:1: name: multi-line strings are not supported"},
        {"name = '''a'''", GW_UNSUPPORTED, "f.toml:1: name: multi-line strings are not supported"},
        {"[limits]\ndevices = 1.5", GW_UNSUPPORTED, "f.toml:2: limits.devices: floats are not supported"},
        {"[limits]\ndevices = 1e3", GW_UNSUPPORTED, "f.toml:2: limits.devices: floats are not supported"},
        {"[limits]\ndevices = -inf", GW_UNSUPPORTED, "f.toml:2: limits.devices: floats are not supported"},
        {"[limits]\ndevices = nan", GW_UNSUPPORTED, "f.toml:2: limits.devices: floats are not supported"},
        {"[limits]\ndevices = 0xff", GW_UNSUPPORTED, "f.toml:2: limits.devices: only decimal integers are supported"},
        {"[limits]\ndevices = 0o7", GW_UNSUPPORTED, "f.toml:2: limits.devices: only decimal integers are supported"},
        {"[limits]\ndevices = 0b1", GW_UNSUPPORTED, "f.toml:2: limits.devices: only decimal integers are supported"},
        {"[limits]\ndevices = 2026-11-23", GW_UNSUPPORTED,
         "f.toml:2: limits.devices: dates and times are not supported"},
        {"[limits]\ndevices = 07:32:00", GW_UNSUPPORTED, "f.toml:2: limits.devices: dates and times are not supported"},
        {"[limits]\ndevices = 1979-05-27T07:32:00Z", GW_UNSUPPORTED,
         "f.toml:2: limits.devices: dates and times are not supported"},
        {"[log]\nports = [[1]]", GW_UNSUPPORTED, "f.toml:2: log.ports: nested arrays are not supported"},
        {"[log]\nports = [true]", GW_UNSUPPORTED, "f.toml:2: log.ports: arrays of booleans are not supported"},
        {"[log]\nports = [1, '2']", GW_UNSUPPORTED,
         "f.toml:2: log.ports: an array holds strings or integers, not both"},
    };
    REFUSE(rows);
}

/* "<head><body repeated n times><tail>", to be freed. */
static char *repeat(const char *head, const char *body, size_t n, const char *tail)
{
    struct gw_buf b;
    gw_buf_init(&b, 1 << 20);
    (void)gw_buf_add_str(&b, head);
    for (size_t i = 0; i < n; i++)
        (void)gw_buf_add_str(&b, body);
    (void)gw_buf_add_str(&b, tail);
    char *text = gw_xstrdup(gw_buf_str(&b));
    gw_buf_done(&b);
    return text;
}

static void meets_each_ceiling(void)
{
    static const struct {
        const char *head, *body;
        size_t fits;
        const char *tail, *message;
    } rows[] = {
        {"[log]\nnames = ['", "x", GW_TOML_STRING_MAX, "']", "f.toml:2: log.names: a string of more than 4096 bytes"},
        {"[log]\nnames = [\"", "\\u00e9", GW_TOML_STRING_MAX / 2, "\"]",
         "f.toml:2: log.names: a string of more than 4096 bytes"},
        {"[log]\nports = [", "1,", GW_TOML_ARRAY_MAX, "]", "f.toml:2: log.ports: an array of more than 256 elements"},
        {"# ", "x", GW_TOML_TEXT_MAX - 2, "", "f.toml: 262145 bytes, above 262144"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        GW_FREE char *full = repeat(rows[i].head, rows[i].body, rows[i].fits, rows[i].tail);
        GW_TOML t = NULL;
        GW_ASSERT_OK(parse(full, &t), &err);
        GW_FREE char *over = repeat(rows[i].head, rows[i].body, rows[i].fits + 1, rows[i].tail);
        GW_TOML none = NULL;
        CU_ASSERT_EQUAL(parse(over, &none), GW_TOO_BIG);
        CU_ASSERT_STRING_EQUAL(err.text, rows[i].message);
    }
    GW_FREE char *name = repeat("", "x", GW_TOML_NAME_MAX + 1, " = 1");
    struct gw_toml *t = NULL;
    CU_ASSERT_EQUAL(parse(name, &t), GW_TOO_BIG);
    CU_ASSERT_STRING_EQUAL(err.text, "f.toml:1: a name of 65 characters, above 64");
    CU_ASSERT_EQUAL(parse(name + 1, &t), GW_INVALID);
    CU_ASSERT_EQUAL(parse("[limits]\ndevices = 9223372036854775808", &t), GW_TOO_BIG);
    CU_ASSERT_STRING_EQUAL(err.text, "f.toml:2: limits.devices: the integer does not fit into 64 bits");
    GW_FREE char *digits = repeat("[limits]\ndevices = ", "9", 1000, "");
    CU_ASSERT_EQUAL(parse(digits, &t), GW_TOO_BIG);
}

static void never_repeats_the_content_of_the_file(void)
{
    static const char *const texts[] = {
        "name = s3cret",   "name = \"s3cret s3cret\"", "[log]\nlevel = \"s3cret\"", "[log]\nports = [\"s3cret\"]",
        "name = \"s3cret", "name = \"\" s3cret"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct gw_toml *t = NULL;
        CU_ASSERT_NOT_EQUAL(parse(texts[i], &t), GW_OK);
        CU_ASSERT_PTR_NULL(strstr(err.text, "s3cret"));
    }
}

static void asks_for_a_key_without_default(void)
{
    static const struct gw_toml_key must[] = {
        {.table = "broker", .key = "host", .type = GW_TOML_STRING, .min = 1, .doc = "Where."},
    };
    static const struct gw_toml_schema must_schema = GW_TOML_SCHEMA(must);
    struct gw_toml *t = NULL;
    CU_ASSERT_EQUAL(gw_toml_parse(GW_VIEW_LIT(""), "f.toml", &must_schema, &t, &err), GW_INVALID);
    CU_ASSERT_STRING_EQUAL(err.text, "f.toml: broker.host: must be given");
    CU_ASSERT_EQUAL(gw_toml_parse(GW_VIEW_LIT("[broker]\nhost = \"x\""), "f.toml", &must_schema, &t, &err), GW_OK);
    CU_ASSERT_STRING_EQUAL(gw_toml_str(t, "broker", "host"), "x");
    gw_toml_free(t);
    struct gw_buf b;
    gw_buf_init(&b, 1000);
    CU_ASSERT_EQUAL(gw_toml_describe(&must_schema, &b), GW_OK);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&b),
                           "[broker]\n# Where.\n# a string, 1 to 4096 bytes; must be given\n# host =\n");
    gw_buf_done(&b);
}

static void lets_the_program_reject_more(void)
{
    GW_TOML t = NULL;
    GW_ASSERT_OK(parse("[limits]\n\ndevices = 5", &t), &err);
    CU_ASSERT_EQUAL(gw_toml_reject(t, "limits", "devices", &err, "needs %d files", 7), GW_INVALID);
    CU_ASSERT_STRING_EQUAL(err.text, "f.toml:3: limits.devices: needs 7 files");
    CU_ASSERT_EQUAL(gw_toml_reject(t, "", "name", &err, "no"), GW_INVALID);
    CU_ASSERT_STRING_EQUAL(err.text, "f.toml: name: no");
}

static void describes_what_it_accepts(void)
{
    struct gw_buf b;
    gw_buf_init(&b, 4096);
    CU_ASSERT_EQUAL_FATAL(gw_toml_describe(&schema, &b), GW_OK);
    static const char head[] = "# Its name.\n# a string, 0 to 8 bytes\nname = \"gw\"\n\n"
                               "[limits]\n# How many devices.\n# A second line.\n"
                               "# an integer, 1 to 100; unit: devices\ndevices = 10\n\n";
    CU_ASSERT(gw_view_starts(gw_buf_view(&b), head));
    CU_ASSERT_PTR_NOT_NULL(strstr(gw_buf_str(&b), "[log]\n# What is logged.\n# a string, one of: error warn info\n"));
    GW_TOML t = NULL;
    GW_ASSERT_OK(parse(gw_buf_str(&b), &t), &err);
    CU_ASSERT_EQUAL(gw_toml_int(t, "limits", "offset"), -1000);
    CU_ASSERT_EQUAL(gw_toml_count(t, "log", "ports"), 2);
    gw_buf_done(&b);
    gw_buf_init(&b, 10);
    CU_ASSERT_EQUAL(gw_toml_describe(&schema, &b), GW_TOO_BIG);
    gw_buf_done(&b);
}

static void loads_a_file(void)
{
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/gatehouse.toml", gw_test_dir());
    GW_TOML t = NULL;
    CU_ASSERT_EQUAL(gw_toml_load(path, &schema, &t, &err), GW_NOT_FOUND);
    GW_ASSERT_OK(gw_fs_replace(gw_fs_posix(), path, GW_VIEW_LIT("name = 'x'\n"), 0600, &err), &err);
    GW_ASSERT_OK(gw_toml_load(path, &schema, &t, &err), &err);
    CU_ASSERT_STRING_EQUAL(gw_toml_str(t, "", "name"), "x");
    GW_FREE char *big = repeat("# ", "x", GW_TOML_TEXT_MAX, "");
    GW_ASSERT_OK(gw_fs_replace(gw_fs_posix(), path, gw_view_str(big), 0600, &err), &err);
    GW_TOML none = NULL;
    CU_ASSERT_EQUAL(gw_toml_load(path, &schema, &none, &err), GW_TOO_BIG);
    CU_ASSERT_EQUAL(gw_toml_load(gw_test_dir(), &schema, &none, &err), GW_INVALID); /* never tried again */
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "is a directory"));
    CU_ASSERT_EQUAL(gw_toml_load("/dev/null", &schema, &none, &err), GW_INVALID);
    CU_ASSERT_EQUAL(gw_toml_load("/dev/null/x", &schema, &none, &err), GW_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "/dev/null/x: Not a directory"));
}

static struct gw_toml *misused;
static void asks_for_an_unknown_key(void)
{
    (void)gw_toml_int(misused, "limits", "nothing");
}
static void asks_for_another_type(void)
{
    (void)gw_toml_str(misused, "limits", "devices");
}
static void asks_past_the_end(void)
{
    (void)gw_toml_int_at(misused, "log", "ports", 2);
}
static void counts_a_scalar(void)
{
    (void)gw_toml_count(misused, "limits", "devices");
}
static const struct gw_toml_key wrong_keys[] = {
    {.table = "", .key = "x", .type = GW_TOML_INT, .min = 1, .max = 2, .fallback = "3", .doc = "Out of its own range."},
};
static const struct gw_toml_schema wrong_schema = GW_TOML_SCHEMA(wrong_keys);
static void has_a_wrong_default(void)
{
    struct gw_toml *t = NULL;
    (void)!gw_toml_parse(GW_VIEW_LIT(""), "f.toml", &wrong_schema, &t, NULL);
}

static bool dies(void (*act)(void))
{
    (void)fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        struct rlimit none = {0, 0};
        (void)setrlimit(RLIMIT_CORE, &none);
        (void)signal(SIGABRT, SIG_DFL);
        act();
        _exit(0);
    }
    int status = 0;
    (void)waitpid(pid, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void aborts_when_the_program_misuses_it(void)
{
    GW_ASSERT_OK(parse("", &misused), &err);
    CU_ASSERT(dies(asks_for_an_unknown_key));
    CU_ASSERT(dies(asks_for_another_type));
    CU_ASSERT(dies(asks_past_the_end));
    CU_ASSERT(dies(counts_a_scalar));
    CU_ASSERT(dies(has_a_wrong_default));
    gw_toml_free(misused);
    gw_toml_free(NULL);
}

static const struct gw_test_case cases[] = {
    {"gives defaults for an empty file", gives_defaults_for_an_empty_file},
    {"reads every type", reads_every_type},
    {"reads numbers at both ends", reads_numbers_at_both_ends},
    {"reads every escape", reads_every_escape},
    {"names file, line and key of what breaks the schema", names_file_line_and_key_of_what_breaks_the_schema},
    {"names the line of broken grammar", names_the_line_of_broken_grammar},
    {"names what of TOML it does not support", names_what_of_toml_it_does_not_support},
    {"meets each ceiling", meets_each_ceiling},
    {"never repeats the content of the file", never_repeats_the_content_of_the_file},
    {"asks for a key without default", asks_for_a_key_without_default},
    {"lets the program reject more", lets_the_program_reject_more},
    {"describes what it accepts", describes_what_it_accepts},
    {"loads a file", loads_a_file},
    {"aborts when the program misuses it", aborts_when_the_program_misuses_it},
};

int main(void)
{
    return GW_TEST_RUN("configuration file", cases);
}
