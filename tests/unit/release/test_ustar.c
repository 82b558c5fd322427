#include <stdio.h>
#include <string.h>

#include "gw_cleanup.h"
#include "release_kit.h"
#include "ustar.h"

#define MAX 100000

static enum gw_rc on_header(void *ctx, const char *name, uint64_t size, struct gw_err *err)
{
    (void)err;
    return gw_buf_printf(ctx, "<%s %llu>", name, (unsigned long long)size);
}

static enum gw_rc on_data(void *ctx, struct gw_view bytes, struct gw_err *err)
{
    (void)err;
    return gw_buf_add_view(ctx, bytes);
}

static enum gw_rc on_end(void *ctx, struct gw_err *err)
{
    (void)err;
    return gw_buf_add_str(ctx, "<end>");
}

/* Reads in pieces of `cut` bytes; what happened is in *ret_events as text. */
static enum gw_rc read_all(struct gw_view archive, size_t cut, struct gw_buf *ret_events, struct gw_err *err)
{
    struct ustar_reader r;
    const struct ustar_sink sink = {ret_events, on_header, on_data, on_end};
    ustar_reader_begin(&r, &sink, MAX);
    for (; archive.len > 0;) {
        size_t len = cut < archive.len ? cut : archive.len;
        enum gw_rc rc = ustar_reader_feed(&r, gw_view_make(archive.ptr, len), err);
        if (rc) {
            CU_ASSERT_EQUAL(ustar_reader_feed(&r, archive, NULL), rc);
            CU_ASSERT_EQUAL(ustar_reader_finish(&r, NULL), rc);
            return rc;
        }
        archive = gw_view_make(archive.ptr + len, archive.len - len);
    }
    return ustar_reader_finish(&r, err);
}

static void zeros(struct gw_buf *b, size_t len)
{
    for (size_t i = 0; i < len; i++)
        (void)gw_buf_add_u8(b, 0);
}

static void add_file(struct gw_buf *b, const char *name, const char *content)
{
    uint8_t block[USTAR_BLOCK];
    CU_ASSERT_EQUAL_FATAL(ustar_header(name, strlen(content), 1790000000, block), GW_OK);
    (void)gw_buf_add(b, block, sizeof(block));
    (void)gw_buf_add_str(b, content);
    zeros(b, ustar_padding(strlen(content)));
}

/* Puts the right sum into a header that was changed. */
static void seal(uint8_t *block)
{
    unsigned sum = 0;
    memset(block + 148, ' ', 8);
    for (size_t i = 0; i < USTAR_BLOCK; i++)
        sum += block[i];
    (void)snprintf((char *)block + 148, 8, "%06o", sum);
}

static void make(struct gw_buf *b)
{
    gw_buf_init(b, MAX);
    add_file(b, "a", "hello");
    add_file(b, "empty", "");
    add_file(b, "b.swu", "world");
    zeros(b, ustar_trailer(b->len));
}

#define EVENTS "<a 5>hello<end><empty 0><end><b.swu 5>world<end>"

static void reads_what_it_writes_in_every_cut(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf tar;
    make(&tar);
    CU_ASSERT_EQUAL(tar.len % USTAR_RECORD, 0);
    for (size_t cut = 1; cut <= 1030; cut += cut < 16 ? 1 : 7) {
        GW_CLEANUP(gw_buf_done) struct gw_buf events;
        struct gw_err err = {0};
        gw_buf_init(&events, MAX);
        GW_ASSERT_OK(read_all(gw_buf_view(&tar), cut, &events, &err), &err);
        CU_ASSERT_STRING_EQUAL(gw_buf_str(&events), EVENTS);
    }
}

static enum gw_rc read_once(const struct gw_buf *tar, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf events;
    gw_buf_init(&events, MAX);
    return read_all(gw_buf_view(tar), MAX, &events, err);
}

static void refuses_every_flipped_byte_outside_of_contents(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf tar;
    make(&tar);
    for (size_t i = 0; i < tar.len; i++) {
        bool content = (i >= 512 && i < 517) || (i >= 2048 && i < 2053);
        for (unsigned bit = 1; !content && bit < 256; bit *= 2) {
            struct gw_err err = {0};
            tar.ptr[i] ^= (uint8_t)bit;
            enum gw_rc rc = read_once(&tar, &err);
            if (rc != GW_INVALID)
                printf("#   byte %zu, bit %u: %d\n", i, bit, rc);
            CU_ASSERT_EQUAL(rc, GW_INVALID);
            tar.ptr[i] ^= (uint8_t)bit;
        }
    }
}

static void refuses_every_shorter_archive_but_the_end_of_the_record(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf tar;
    make(&tar);
    size_t end = 5 * USTAR_BLOCK + 2 * USTAR_BLOCK; /* three headers, two blocks of content, the end */
    for (tar.len--; tar.len > 0; tar.len--)
        CU_ASSERT_EQUAL(read_once(&tar, NULL), tar.len >= end && tar.len % USTAR_BLOCK == 0 ? GW_OK : GW_INVALID);
}

static void takes_nothing_behind_the_record(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf tar;
    make(&tar);
    CU_ASSERT_EQUAL(read_once(&tar, NULL), GW_OK);
    zeros(&tar, USTAR_BLOCK);
    CU_ASSERT_EQUAL(read_once(&tar, NULL), GW_INVALID);
}

static void names_what_it_does_not_take(void)
{
    static const struct {
        size_t at;
        uint8_t value;
        const char *word;
    } changes[] = {
        {156, '1', "hard link"},     {156, '2', "symbolic link"},
        {156, '3', "device"},        {156, '5', "directory"},
        {156, 'x', "pax"},           {156, 'g', "pax"},
        {156, 'L', "GNU extension"}, {156, '7', "unknown type"},
        {257, 'U', "mark of ustar"}, {345, 'p', "path"},
        {157, 'l', "link"},          {0, '/', "file name"},
        {0, 0, "file name"},         {0, '.', NULL},
        {2, 'x', "file name"},       {124, 0x80, "size"},
        {124, '9', "size"},          {130, ' ', "size"},
    };
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        GW_CLEANUP(gw_buf_done) struct gw_buf tar;
        struct gw_err err = {0};
        gw_buf_init(&tar, MAX);
        add_file(&tar, "a", "");
        zeros(&tar, ustar_trailer(tar.len));
        tar.ptr[changes[i].at] = changes[i].value;
        seal(tar.ptr);
        CU_ASSERT_EQUAL(read_once(&tar, &err), GW_INVALID);
        if (changes[i].word && !strstr(err.text, changes[i].word))
            printf("#   %zu: %s\n", i, err.text);
        CU_ASSERT(!changes[i].word || strstr(err.text, changes[i].word) != NULL);
    }
}

static void refuses_a_name_that_was_there(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf tar;
    struct gw_err err = {0};
    gw_buf_init(&tar, MAX);
    add_file(&tar, "a", "1");
    add_file(&tar, "b", "2");
    add_file(&tar, "a", "3");
    zeros(&tar, ustar_trailer(tar.len));
    CU_ASSERT_EQUAL(read_once(&tar, &err), GW_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "before"));
}

static void meets_its_ceilings(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf tar;
    struct gw_err err = {0};
    uint8_t block[USTAR_BLOCK];
    gw_buf_init(&tar, MAX);
    for (int i = 0; i <= USTAR_FILES_MAX; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "f%d", i);
        add_file(&tar, name, "");
    }
    CU_ASSERT_EQUAL(read_once(&tar, &err), GW_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "too many files"));
    gw_buf_reset(&tar);
    CU_ASSERT_EQUAL(ustar_header("big", MAX + 1, 0, block), GW_OK);
    (void)gw_buf_add(&tar, block, sizeof(block));
    CU_ASSERT_EQUAL(read_once(&tar, &err), GW_TOO_BIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "big"));
    CU_ASSERT_EQUAL(ustar_header("big", USTAR_SIZE_MAX, 0, block), GW_OK);
    CU_ASSERT_EQUAL(ustar_header("big", USTAR_SIZE_MAX + 1, 0, block), GW_INVALID);
    CU_ASSERT_EQUAL(ustar_header("../big", 1, 0, block), GW_INVALID);
    CU_ASSERT_EQUAL(ustar_header("..", 1, 0, block), GW_INVALID);
}

static enum gw_rc refuse_data(void *ctx, struct gw_view bytes, struct gw_err *err)
{
    (void)ctx, (void)bytes;
    return gw_err_set(err, GW_NO_SPACE, "full");
}

static void ends_with_the_code_of_a_callback(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf tar;
    GW_CLEANUP(gw_buf_done) struct gw_buf events;
    struct ustar_reader r;
    struct gw_err err = {0};
    make(&tar);
    gw_buf_init(&events, MAX);
    const struct ustar_sink sink = {&events, on_header, refuse_data, on_end};
    ustar_reader_begin(&r, &sink, MAX);
    CU_ASSERT_EQUAL(ustar_reader_feed(&r, gw_buf_view(&tar), &err), GW_NO_SPACE);
    CU_ASSERT_STRING_EQUAL(err.text, "full");
    CU_ASSERT_STRING_EQUAL(ustar_reader_file(&r), "a");
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&events), "<a 5>");
}

const struct gw_test_case ustar_cases[] = {
    {"reads what it writes in every cut", reads_what_it_writes_in_every_cut},
    {"refuses every flipped byte outside of contents", refuses_every_flipped_byte_outside_of_contents},
    {"refuses every shorter archive but the end of the record",
     refuses_every_shorter_archive_but_the_end_of_the_record},
    {"takes nothing behind the record", takes_nothing_behind_the_record},
    {"names what it does not take", names_what_it_does_not_take},
    {"refuses a name that was there", refuses_a_name_that_was_there},
    {"meets its ceilings", meets_its_ceilings},
    {"ends with the code of a callback", ends_with_the_code_of_a_callback},
};
const size_t ustar_case_count = sizeof(ustar_cases) / sizeof(ustar_cases[0]);
