/* The order in which a container is checked, whoever keeps its files. */
#include <stdio.h>
#include <string.h>

#include "crypto_hash.h"
#include "dsse.h"
#include "gw_cleanup.h"
#include "release_kit.h"
#include "release_manifest.h"
#include "release_policy.h"
#include "release_reader.h"
#include "ustar.h"

#define MAX (1 << 20)

struct watch {
    struct gw_buf events;
    enum gw_rc verify_rc, admit_rc, data_rc;
    struct gw_sha256_stream *hash; /* owned */
};

static enum gw_rc verify(void *ctx, const struct dsse_envelope *envelope, struct gw_err *err)
{
    struct watch *w = ctx;
    (void)gw_buf_printf(&w->events, "verify %zu; ", envelope->signature_count);
    return w->verify_rc ? gw_err_set(err, w->verify_rc, "nobody signed") : GW_OK;
}

static enum gw_rc admit(void *ctx, const struct release *release, struct gw_view json,
                        struct release_refusal *ret_refusal, struct gw_err *err)
{
    struct watch *w = ctx;
    (void)gw_buf_printf(&w->events, "admit %s %d; ", release->version, json.len > 0 && json.ptr[0] == '{');
    if (w->admit_rc == GW_IO)
        return gw_err_set(err, GW_IO, "the store is away");
    const struct release_trust trust = {1, 1};
    return release_admit(release, &trust, w->admit_rc ? 99 : 0, release->released_at, ret_refusal, err);
}

static enum gw_rc file_begins(void *ctx, const struct release_file *file, struct gw_err *err)
{
    struct watch *w = ctx;
    (void)err;
    w->hash = crypto_sha256()->stream_new();
    return gw_buf_printf(&w->events, "file %s; ", file->name);
}

static enum gw_rc file_data(void *ctx, struct gw_view bytes, struct gw_err *err)
{
    struct watch *w = ctx;
    crypto_sha256()->stream_add(w->hash, bytes);
    return w->data_rc ? gw_err_set(err, w->data_rc, "cannot keep it") : GW_OK;
}

static enum gw_rc file_ends(void *ctx, const struct release_file *file, struct gw_sha256 *ret_sha256,
                            struct gw_err *err)
{
    struct watch *w = ctx;
    (void)err;
    crypto_sha256()->stream_end(w->hash, ret_sha256);
    w->hash = NULL;
    return gw_buf_printf(&w->events, "end %s; ", file->name);
}

static void add_file(struct gw_buf *tar, const char *name, struct gw_view content)
{
    uint8_t block[USTAR_BLOCK];
    CU_ASSERT_EQUAL_FATAL(ustar_header(name, content.len, 0, block), GW_OK);
    (void)gw_buf_add(tar, block, sizeof(block));
    (void)gw_buf_add_view(tar, content);
    while (tar->len % USTAR_BLOCK)
        (void)gw_buf_add_u8(tar, 0);
}

/* A container of one file, its envelope signed by nobody in particular. */
static void make(struct gw_buf *tar)
{
    GW_FREE struct release *r = kit_release();
    GW_CLEANUP(dsse_done) struct dsse_envelope e;
    GW_CLEANUP(gw_buf_done) struct gw_buf json;
    struct gw_err err = {0};
    struct gw_view content = GW_VIEW_LIT("seven bytes and more");
    dsse_init(&e);
    gw_buf_init(&json, DSSE_ENVELOPE_MAX);
    gw_buf_init(tar, MAX);
    r->artifact_count = 1;
    r->sbom.name[0] = '\0';
    r->artifacts[0].size = content.len;
    crypto_sha256()->digest(content, &r->artifacts[0].sha256);
    GW_ASSERT_OK(release_manifest_format(r, &e.payload, &err), &err);
    (void)snprintf(e.type, sizeof(e.type), "%s", RELEASE_MANIFEST_TYPE);
    e.signature_count = 1;
    (void)snprintf(e.signatures[0].keyid, sizeof(e.signatures[0].keyid), "%064d", 7);
    e.signatures[0].len = 64;
    CU_ASSERT_EQUAL(dsse_format(&e, &json), GW_OK);
    add_file(tar, RELEASE_ENVELOPE_FILE, gw_buf_view(&json));
    add_file(tar, "all.swu", content);
    for (size_t n = ustar_trailer(tar->len); n > 0; n--)
        (void)gw_buf_add_u8(tar, 0);
}

static enum gw_rc read_in(struct watch *w, const struct gw_buf *tar, size_t cut, struct release_refusal *ret_refusal,
                          struct gw_err *err)
{
    const struct release_reader_sink sink = {w, verify, admit, file_begins, file_data, file_ends};
    GW_CLEANUP(release_reader_cleanup) struct release_reader *reader = release_reader_new(&sink, MAX);
    struct gw_view rest = gw_buf_view(tar);
    enum gw_rc rc = GW_OK;
    gw_buf_init(&w->events, 4096);
    while (!rc && rest.len > 0) {
        size_t len = cut < rest.len ? cut : rest.len;
        rc = release_reader_feed(reader, gw_view_make(rest.ptr, len), err);
        rest = gw_view_make(rest.ptr + len, rest.len - len);
    }
    if (!rc)
        rc = release_reader_finish(reader, err);
    else
        CU_ASSERT_EQUAL(release_reader_finish(reader, NULL), rc);
    *ret_refusal = *release_reader_refusal(reader);
    crypto_sha256()->stream_free(w->hash);
    w->hash = NULL;
    return rc;
}

static void hands_on_in_one_order_in_every_cut(void)
{
    static const size_t cuts[] = {1, 3, 511, 512, 513, 4096, MAX};
    GW_CLEANUP(gw_buf_done) struct gw_buf tar;
    make(&tar);
    for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
        struct watch w = {0};
        struct release_refusal refusal;
        struct gw_err err = {0};
        GW_ASSERT_OK(read_in(&w, &tar, cuts[i], &refusal, &err), &err);
        CU_ASSERT_EQUAL(refusal.check, 0);
        CU_ASSERT_STRING_EQUAL(gw_buf_str(&w.events), "verify 1; admit 2.1.0 1; file all.swu; end all.swu; ");
        gw_buf_done(&w.events);
    }
}

static void stops_where_it_is_refused_and_names_the_check(void)
{
    static const struct {
        enum gw_rc verify_rc, admit_rc, data_rc, rc;
        enum release_check check; /* 0: no fault of the release */
        const char *events, *text;
    } rows[] = {
        {GW_DENIED, 0, 0, GW_DENIED, RELEASE_CHECK_SIGNATURE, "verify 1; ",
         "signature: release.dsse.json: nobody signed"},
        {0, GW_DENIED, 0, GW_DENIED, RELEASE_CHECK_FLOOR, "verify 1; admit 2.1.0 1; ", "floor: release.dsse.json: "},
        {0, GW_IO, 0, GW_IO, 0, "verify 1; admit 2.1.0 1; ", "the store is away"},
        {0, 0, GW_NO_SPACE, GW_NO_SPACE, RELEASE_CHECK_SPACE, "verify 1; admit 2.1.0 1; file all.swu; ",
         "space: all.swu: cannot keep it"},
        {0, 0, GW_IO, GW_IO, 0, "verify 1; admit 2.1.0 1; file all.swu; ", "cannot keep it"},
    };
    GW_CLEANUP(gw_buf_done) struct gw_buf tar;
    make(&tar);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct watch w = {.verify_rc = rows[i].verify_rc, .admit_rc = rows[i].admit_rc, .data_rc = rows[i].data_rc};
        struct release_refusal refusal;
        struct gw_err err = {0};
        CU_ASSERT_EQUAL(read_in(&w, &tar, 700, &refusal, &err), rows[i].rc);
        CU_ASSERT_EQUAL(refusal.check, rows[i].check);
        CU_ASSERT_STRING_EQUAL(gw_buf_str(&w.events), rows[i].events);
        if (strncmp(err.text, rows[i].text, strlen(rows[i].text)) != 0)
            printf("#   %zu: %s\n", i, err.text);
        CU_ASSERT_EQUAL(strncmp(err.text, rows[i].text, strlen(rows[i].text)), 0);
        gw_buf_done(&w.events);
    }
}

const struct gw_test_case reader_cases[] = {
    {"hands on in one order in every cut", hands_on_in_one_order_in_every_cut},
    {"stops where it is refused and names the check", stops_where_it_is_refused_and_names_the_check},
};
const size_t reader_case_count = sizeof(reader_cases) / sizeof(reader_cases[0]);
