/* Artifacts over the devices' door, with core and its worker played by the inbox: ranges, resuming, cutting, memory. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include "artifact.h"
#include "bulk_hash.h"
#include "gw_cleanup.h"
#include "gw_test.h"
#include "web.h"
#include "web_pki.h"

#define SMALL_BYTES 300000
#define GIB         (INT64_C(1) << 30)
#ifdef __SANITIZE_ADDRESS__
#define FLAT_KIB (512 * 1024) /* it keeps freed memory aside */
#else
#define FLAT_KIB (24 * 1024) /* what a gibibyte may add to the memory of server and client together */
#endif

static struct {
    struct web *web;
    struct artifact *artifact;
    char path[256]; /* of the file that core gives */
    uint64_t size;
    struct gw_sha256 sha256;
    enum gw_rc refusal; /* instead */
    struct gw_sha256 asker;
} gw;

static void respond(void *self, struct http_ticket ticket, struct http_reply *reply)
{
    (void)self;
    struct http_responder real = web_responder(gw.web);
    real.respond(real.self, ticket, reply);
}

static enum gw_rc post(void *self, const struct inbox_msg *msg)
{
    (void)self;
    gw.asker = msg->u.artifact.cert_sha256;
    if (gw.refusal) {
        const struct answer answer = {.kind = ANSWER_DONE, .asker = msg->asker, .rc = gw.refusal};
        artifact_answer(gw.artifact, &answer);
        return GW_OK;
    }
    const struct artifact_file file = {.fd = open(gw.path, O_RDONLY | O_CLOEXEC), .size = gw.size, .sha256 = gw.sha256};
    artifact_send(gw.artifact, msg->asker.ticket, &file);
    return GW_OK;
}

static uint8_t byte_at(size_t at)
{
    return (uint8_t)(at * 7 + at / 256);
}

static void make_file(void)
{
    GW_FREE uint8_t *bytes = gw_xalloc(SMALL_BYTES, 1);
    (void)snprintf(gw.path, sizeof(gw.path), "%s/artifact", gw_test_dir());
    for (size_t i = 0; i < SMALL_BYTES; i++)
        bytes[i] = byte_at(i);
    bulk_hash_ops()->digest(gw_view_make(bytes, SMALL_BYTES), &gw.sha256);
    gw.size = SMALL_BYTES;
    GW_CLOSE int fd = open(gw.path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    CU_ASSERT_EQUAL_FATAL(write(fd, bytes, SMALL_BYTES), SMALL_BYTES);
}

static void start(void)
{
    static const char *const hosts[] = {"localhost"};
    struct gw_err err = {0};
    size_t count;
    make_file();
    gw.artifact = artifact_new(&(struct artifact_config){.inbox = {.post = post}, .responder = {.respond = respond}});
    const struct web_pki *pki = web_pki();
    struct web_config config = {.client_ca_path = pki->ca, .doors_open = HTTP_DOOR_DEVICES};
    config.routes = artifact_routes(gw.artifact, &count);
    config.route_count = count;
    config.devices = (struct web_door){.address = "127.0.0.1",
                                       .cert_path = pki->server_cert,
                                       .key_path = pki->server_key,
                                       .hosts = hosts,
                                       .host_count = 1};
    GW_ASSERT_OK(web_new(&config, &gw.web, &err), &err);
    GW_ASSERT_OK(web_start(gw.web, &err), &err);
}

/* ---- a client ---------------------------------------------------------------------------------------------------- */

struct got {
    long status;
    CURLcode code;
    char etag[80], content_range[64], accept[32], type[96];
    int64_t length; /* announced */
    uint64_t bytes; /* received */
    struct gw_sha256_stream *hash;
    struct gw_buf body; /* the first of it */
    bool cut;           /* have this connection cut when the first bytes are there */
};

struct want {
    const char *range, *if_range;
    bool head, cut;
    uint64_t from; /* to go on from */
};

static size_t take_body(char *bytes, size_t size, size_t count, void *ctx)
{
    struct got *got = ctx;
    size_t len = size * count, keep = got->body.len < 4096 ? 4096 - got->body.len : 0;
    (void)gw_buf_add(&got->body, bytes, keep < len ? keep : len);
    bulk_hash_ops()->stream_add(got->hash, gw_view_make(bytes, len));
    got->bytes += len;
    if (got->cut && got->bytes > 65536) {
        got->cut = false;
        web_cut_device(gw.web, &gw.asker);
    }
    return len;
}

static void keep_header(struct gw_view line, const char *name, char *out, size_t out_size)
{
    struct gw_view value;
    if (gw_view_eq_str_nocase(gw_view_cut(line, ':', &value), name))
        (void)snprintf(out, out_size, GW_VIEW_FMT, GW_VIEW_ARG(gw_view_trim(value)));
}

static size_t take_header(char *bytes, size_t size, size_t count, void *ctx)
{
    struct got *got = ctx;
    struct gw_view line = gw_view_make(bytes, size * count);
    keep_header(line, "etag", got->etag, sizeof(got->etag));
    keep_header(line, "content-range", got->content_range, sizeof(got->content_range));
    keep_header(line, "accept-ranges", got->accept, sizeof(got->accept));
    keep_header(line, "content-type", got->type, sizeof(got->type));
    return size * count;
}

static void prepare(CURL *curl, struct got *got, const struct want *want, struct curl_slist *headers)
{
    static char url[256];
    (void)snprintf(url, sizeof(url), "https://localhost:%u/artifacts/at-1/artifact",
                   (unsigned)web_port(gw.web, HTTP_DOOR_DEVICES));
    (void)curl_easy_setopt(curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(curl, CURLOPT_CAINFO, web_pki()->root);
    (void)curl_easy_setopt(curl, CURLOPT_SSLCERT, web_pki()->good);
    (void)curl_easy_setopt(curl, CURLOPT_SSLKEY, web_pki()->good);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, 120L);
    (void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(curl, CURLOPT_NOBODY, want->head ? 1L : 0L);
    (void)curl_easy_setopt(curl, CURLOPT_RANGE, want->range);
    (void)curl_easy_setopt(curl, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)want->from);
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, got);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERDATA, got);
}

/* The stream of an earlier part may go on in this one. */
static struct got fetch(const struct want *want, struct gw_sha256_stream *hash)
{
    struct got got = {.hash = hash ? hash : bulk_hash_ops()->stream_new(), .cut = want->cut};
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = NULL;
    char line[160];
    curl_off_t length = -1;
    gw_buf_init(&got.body, 4096);
    if (want->if_range) {
        (void)snprintf(line, sizeof(line), "If-Range: %s", want->if_range);
        headers = curl_slist_append(NULL, line);
    }
    prepare(curl, &got, want, headers);
    got.code = curl_easy_perform(curl);
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &got.status);
    (void)curl_easy_getinfo(curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    got.length = length;
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return got;
}

static void done(struct got *got)
{
    gw_buf_done(&got->body);
    bulk_hash_ops()->stream_free(got->hash);
}

static bool holds(const struct got *got, size_t from, size_t len)
{
    bool same = got->bytes == len;
    for (size_t i = 0; same && i < len && i < got->body.len; i++)
        same = got->body.ptr[i] == byte_at(from + i);
    return same;
}

/* ---- cases ------------------------------------------------------------------------------------------------------- */

static void the_whole_file_and_its_head(void)
{
    struct gw_sha256 hash;
    start();
    struct got got = fetch(&(struct want){.range = NULL}, NULL);
    CU_ASSERT_EQUAL(got.status, 200);
    CU_ASSERT_EQUAL(got.bytes, SMALL_BYTES);
    CU_ASSERT_STRING_EQUAL(got.accept, "bytes");
    CU_ASSERT_STRING_EQUAL(got.type, "application/octet-stream");
    CU_ASSERT_EQUAL(strlen(got.etag), 66);
    bulk_hash_ops()->stream_end(GW_TAKE(got.hash), &hash);
    CU_ASSERT(gw_sha256_eq(&hash, &gw.sha256));
    done(&got);
    got = fetch(&(struct want){.head = true}, NULL);
    CU_ASSERT_EQUAL(got.status, 200);
    CU_ASSERT_EQUAL(got.length, SMALL_BYTES);
    CU_ASSERT_EQUAL(got.bytes, 0);
    done(&got);
}

static void ranges_of_every_kind(void)
{
    static const struct {
        const char *range, *content_range;
        long status;
        size_t from, len;
    } list[] = {
        {"1000-1999", "bytes 1000-1999/300000", 206, 1000, 1000},
        {"299990-", "bytes 299990-299999/300000", 206, 299990, 10},
        {"-10", "bytes 299990-299999/300000", 206, 299990, 10},
        {"-9999999", "bytes 0-299999/300000", 206, 0, 300000}, /* a suffix longer than the file is the file */
        {"299999-400000", "bytes 299999-299999/300000", 206, 299999, 1},
        {"300000-", "bytes */300000", 416, 0, 0},
        {"-0", "bytes */300000", 416, 0, 0},
        {"5-4", "", 200, 0, 300000}, /* no range by the grammar: as if there were none */
    };
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        struct got got = fetch(&(struct want){.range = list[i].range}, NULL);
        CU_ASSERT_EQUAL(got.status, list[i].status);
        CU_ASSERT_STRING_EQUAL(got.content_range, list[i].content_range);
        CU_ASSERT(holds(&got, list[i].from, list[i].len));
        done(&got);
    }
}

static void several_ranges_come_in_parts_and_too_many_bytes_do_not(void)
{
    struct got got = fetch(&(struct want){.range = "0-9,100-109"}, NULL);
    CU_ASSERT_EQUAL(got.status, 206);
    CU_ASSERT_EQUAL(strncmp(got.type, "multipart/byteranges; boundary=", 31), 0);
    static const char second[] = "content-range: bytes 100-109/300000\r\n";
    CU_ASSERT_PTR_NOT_NULL(memmem(got.body.ptr, got.body.len, second, sizeof(second) - 1));
    done(&got);
    got = fetch(&(struct want){.range = "0-299999,0-299999"}, NULL); /* more than the file: only work */
    CU_ASSERT_EQUAL(got.status, 416);
    done(&got);
}

static void if_range_holds_the_part_to_the_same_file(void)
{
    char etag[80];
    struct got got = fetch(&(struct want){.head = true}, NULL);
    memcpy(etag, got.etag, sizeof(etag));
    done(&got);
    got = fetch(&(struct want){.range = "10-19", .if_range = etag}, NULL);
    CU_ASSERT_EQUAL(got.status, 206);
    CU_ASSERT(holds(&got, 10, 10));
    done(&got);
    got = fetch(&(struct want){.range = "10-19", .if_range = "\"another\""}, NULL);
    CU_ASSERT_EQUAL(got.status, 200);
    CU_ASSERT_EQUAL(got.bytes, SMALL_BYTES);
    done(&got);
}

static void what_core_refuses_is_not_there(void)
{
    gw.refusal = GW_NOT_FOUND;
    struct got got = fetch(&(struct want){.range = "0-9"}, NULL);
    CU_ASSERT_EQUAL(got.status, 404);
    CU_ASSERT_STRING_EQUAL(got.etag, "");
    done(&got);
    gw.refusal = GW_DENIED;
    got = fetch(&(struct want){.range = NULL}, NULL);
    CU_ASSERT_EQUAL(got.status, 403);
    done(&got);
    gw.refusal = GW_OK;
}

static long peak_kib(void)
{
    char line[256];
    long kib = 0;
    GW_FCLOSE FILE *f = fopen("/proc/self/status", "re");
    while (f && fgets(line, sizeof(line), f))
        if (strncmp(line, "VmHWM:", 6) == 0)
            kib = strtol(line + 6, NULL, 10);
    return kib;
}

/* A sparse file: its bytes are zero, and there are as many as of any other. */
static void grow(int64_t size)
{
    CU_ASSERT_EQUAL_FATAL(truncate(gw.path, 0), 0);
    CU_ASSERT_EQUAL_FATAL(truncate(gw.path, size), 0);
    gw.size = (uint64_t)size;
}

static void a_gibibyte_passes_in_flat_memory(void)
{
    grow(GIB);
    long before = peak_kib();
    struct got got = fetch(&(struct want){.range = NULL}, NULL);
    long after = peak_kib();
    printf("#   a gibibyte added %ld KiB to the peak of %ld KiB\n", after - before, before);
    CU_ASSERT_EQUAL(got.code, CURLE_OK);
    CU_ASSERT_EQUAL(got.bytes, (uint64_t)GIB);
    CU_ASSERT(after - before < FLAT_KIB);
    done(&got);
}

static void a_cut_download_goes_on_where_it_was(void)
{
    struct gw_sha256 parts, whole;
    struct got first = fetch(&(struct want){.cut = true}, NULL);
    CU_ASSERT_NOT_EQUAL(first.code, CURLE_OK);
    CU_ASSERT(first.bytes > 65536 && first.bytes < gw.size);
    struct got rest = fetch(&(struct want){.from = first.bytes}, GW_TAKE(first.hash));
    CU_ASSERT_EQUAL(rest.code, CURLE_OK);
    CU_ASSERT_EQUAL(rest.status, 206);
    CU_ASSERT_EQUAL(first.bytes + rest.bytes, gw.size);
    bulk_hash_ops()->stream_end(GW_TAKE(rest.hash), &parts);
    struct got again = fetch(&(struct want){.range = NULL}, NULL);
    bulk_hash_ops()->stream_end(GW_TAKE(again.hash), &whole);
    CU_ASSERT(gw_sha256_eq(&parts, &whole));
    done(&first);
    done(&rest);
    done(&again);
}

static void a_file_that_got_shorter_ends_the_connection(void)
{
    grow(SMALL_BYTES);
    gw.size = SMALL_BYTES + 1000; /* more was promised than there is */
    struct got got = fetch(&(struct want){.range = NULL}, NULL);
    CU_ASSERT_NOT_EQUAL(got.code, CURLE_OK);
    done(&got);
    web_free(gw.web);
    artifact_free(gw.artifact);
}

static const struct gw_test_case cases[] = {
    {"the whole file and its head", the_whole_file_and_its_head},
    {"ranges of every kind", ranges_of_every_kind},
    {"several ranges come in parts, too many bytes do not", several_ranges_come_in_parts_and_too_many_bytes_do_not},
    {"if-range holds the part to the same file", if_range_holds_the_part_to_the_same_file},
    {"what core refuses is not there", what_core_refuses_is_not_there},
    {"a gibibyte passes in flat memory", a_gibibyte_passes_in_flat_memory},
    {"a cut download goes on where it was", a_cut_download_goes_on_where_it_was},
    {"a file that got shorter ends the connection", a_file_that_got_shorter_ends_the_connection},
};

int main(void)
{
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    return GW_TEST_RUN("artifacts over HTTPS", cases);
}
