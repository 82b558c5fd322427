#include "cli_release_test.h"

#include <string.h>

#include "cli_server.h"
#include "gw_cleanup.h"
#include "gw_fs.h"
#include "gw_test.h"

#define RUN GW_CLEANUP(cli_run_done) struct cli_run

#define ID1   "000000000000000a"
#define ID2   "000000000000000b"
#define KEYID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define RELEASE(id, version, trusted)                                                                                  \
    "{\"id\":\"" id "\",\"product\":\"pump\",\"version\":\"" version "\",\"release_counter\":7,\"state\":\"staged\","  \
    "\"trusted\":" trusted ",\"imported\":\"2026-11-23T01:02:03.004Z\"}"

static void run_with(struct cli_server *s, struct cli_run *run, bool tty, const char *const answers[],
                     const char *const words[])
{
    cli_server_start(s, answers);
    cli_run(run, s->path, tty, words);
    cli_server_stop(s);
}

static bool has(struct gw_buf *b, const char *text)
{
    return strstr(gw_buf_str(b), text) != NULL;
}

/* A file with this text; its path lives until the next call. */
static const char *file_with(const char *text)
{
    static char path[256];
    static const char *dir;
    struct gw_err err = {0};
    dir = dir ? dir : gw_test_dir();
    (void)snprintf(path, sizeof(path), "%s/vendor.pub", dir);
    GW_ASSERT_OK(gw_fs_replace(gw_fs_posix(), path, gw_view_str(text), 0600, &err), &err);
    return path;
}

void lists_releases_page_by_page(void)
{
    struct cli_server s;
    RUN run;
    run_with(&s, &run, false,
             CLI_WORDS("200 {\"releases\":[" RELEASE(ID1, "1.0", "true") "],\"next\":\"" ID1 "\"}",
                       "200 {\"releases\":[" RELEASE(ID2, "2.0", "false") "],\"next\":null}"),
             CLI_WORDS("release", "list"));
    CU_ASSERT_EQUAL(run.rc, CLI_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[1], "GET /api/v1/releases?limit=500&cursor=" ID1 " "));
    CU_ASSERT_TRUE(has(&run.out, ID1 "  pump     1.0      7        staged  yes"));
    CU_ASSERT_TRUE(has(&run.out, ID2 "  pump     2.0      7        staged  no"));
    RUN none;
    run_with(&s, &none, false, CLI_WORDS("200 {\"releases\":[],\"next\":null}"), CLI_WORDS("release", "list"));
    CU_ASSERT_TRUE(has(&none.err, "no releases yet"));
    RUN circle;
    run_with(&s, &circle, false,
             CLI_WORDS("200 {\"releases\":[],\"next\":\"" ID1 "\"}", "200 {\"releases\":[],\"next\":\"" ID1 "\"}"),
             CLI_WORDS("release", "list"));
    CU_ASSERT_EQUAL(circle.rc, CLI_REFUSED);
    CU_ASSERT_TRUE(has(&circle.err, "does not go forward"));
}

void shows_a_release_with_its_files(void)
{
    struct cli_server s;
    RUN run;
    run_with(&s, &run, false,
             CLI_WORDS("200 {\"id\":\"" ID1 "\",\"product\":\"pu\\u001bmp\",\"files\":[{\"name\":\"a.swu\",\"role\":"
                       "\"artifact\",\"format\":\"swu\",\"size\":9,\"for\":null,\"sha256\":\"ab\"}]}"),
             CLI_WORDS("release", "show", ID1));
    CU_ASSERT_EQUAL(run.rc, CLI_OK);
    CU_ASSERT_TRUE(has(&run.out, "pu\\u{1b}mp"));
    CU_ASSERT_TRUE(has(&run.out, "a.swu  artifact  swu     9     -    ab"));
}

void adds_a_vendors_public_key_never_a_private_one(void)
{
    struct cli_server s;
    RUN run;
    const char *path = file_with("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n");
    run_with(&s, &run, false, CLI_WORDS("200 {\"keyid\":\"" KEYID "\"}"), CLI_WORDS("release", "key", "add", path));
    CU_ASSERT_EQUAL(run.rc, CLI_OK);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&run.out), KEYID "\n");
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[0], "POST /api/v1/vendor-keys "));
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[0], "\"pem\":\"-----BEGIN PUBLIC KEY-----"));
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[0], "\"name\":\"vendor.pub\""));
    RUN taken; /* a gateway in wrong hands does not write to the terminal of who asks it */
    run_with(&s, &taken, true, CLI_WORDS("200 {\"keyid\":\"\\u001b]0;x\\u0007\\u009b2J\"}"),
             CLI_WORDS("release", "key", "add", path));
    CU_ASSERT_FALSE(has(&taken.out, "\x1b"));
    CU_ASSERT_FALSE(has(&taken.out, "\xc2\x9b"));
    RUN named;
    run_with(&s, &named, false, CLI_WORDS("200 {\"keyid\":\"" KEYID "\"}"),
             CLI_WORDS("release", "key", "add", path, "--name", "Pump Works"));
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[0], "\"name\":\"Pump Works\""));
    RUN secret;
    path = file_with("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    run_with(&s, &secret, false, CLI_WORDS(NULL), CLI_WORDS("release", "key", "add", path));
    CU_ASSERT_EQUAL(secret.rc, CLI_REFUSED);
    CU_ASSERT_TRUE(has(&secret.err, "must not leave its owner"));
    CU_ASSERT_EQUAL(s.count, 0);
}

void removes_a_key_by_its_fingerprint(void)
{
    struct cli_server s;
    RUN run;
    run_with(&s, &run, false, CLI_WORDS("200 {\"ok\":true}"), CLI_WORDS("release", "key", "remove", KEYID));
    CU_ASSERT_EQUAL(run.rc, CLI_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[0], "DELETE /api/v1/vendor-keys/" KEYID " "));
    RUN bad;
    run_with(&s, &bad, false, CLI_WORDS(NULL), CLI_WORDS("release", "key", "remove", "../status"));
    CU_ASSERT_EQUAL(bad.rc, CLI_USAGE);
    RUN none;
    run_with(&s, &none, false, CLI_WORDS("200 {\"keys\":[]}"), CLI_WORDS("release", "key", "list"));
    CU_ASSERT_TRUE(has(&none.err, "no vendor key is trusted"));
}

void uploads_a_release_and_shows_how_far_it_is(void)
{
    struct cli_server s;
    RUN run;
    const char *path = file_with("the container");
    run_with(&s, &run, true, CLI_WORDS("200 " RELEASE(ID1, "1.0", "true")), CLI_WORDS("release", "import", path));
    CU_ASSERT_EQUAL(run.rc, CLI_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[0], "POST /api/v1/releases "));
    CU_ASSERT_PTR_NOT_NULL(strcasestr(s.requests[0], "content-type: application/x-tar"));
    CU_ASSERT_PTR_NOT_NULL(strcasestr(s.requests[0], "content-length: 13"));
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[0], "\r\n\r\nthe container"));
    CU_ASSERT_TRUE(has(&run.err, "100 %"));
    CU_ASSERT_TRUE(has(&run.out, "staged"));
    RUN log;
    run_with(&s, &log, false, CLI_WORDS("200 " RELEASE(ID1, "1.0", "true")), CLI_WORDS("release", "import", path));
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&log.err), ""); /* a log gets no progress */
    RUN missing;
    run_with(&s, &missing, false, CLI_WORDS(NULL), CLI_WORDS("release", "import", "/nonexistent/r.tar"));
    CU_ASSERT_EQUAL(missing.rc, CLI_REFUSED);
    RUN folder;
    run_with(&s, &folder, false, CLI_WORDS(NULL), CLI_WORDS("release", "import", "/"));
    CU_ASSERT_TRUE(has(&folder.err, "is no regular file"));
}

void tells_why_a_release_was_refused(void)
{
    struct cli_server s;
    RUN run;
    run_with(&s, &run, false,
             CLI_WORDS("400 {\"title\":\"Bad Request\",\"detail\":\"digest: a.swu: it is another one\",\"check\":"
                       "\"digest\",\"file\":\"a.swu\"}"),
             CLI_WORDS("release", "import", "--json", file_with("x")));
    CU_ASSERT_EQUAL(run.rc, CLI_REFUSED);
    CU_ASSERT_TRUE(has(&run.err, "refused: digest: a.swu: it is another one (400)"));
    CU_ASSERT_TRUE(has(&run.out, "\"check\":\"digest\""));
}

void names_release_and_revision(void)
{
    struct cli_server s;
    RUN run;
    run_with(&s, &run, false, CLI_WORDS("200 " RELEASE(ID1, "1.0", "true")),
             CLI_WORDS("release", "withdraw", ID1, "--rev", "3"));
    CU_ASSERT_EQUAL(run.rc, CLI_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[0], "POST /api/v1/releases/" ID1 "/withdraw "));
    CU_ASSERT_PTR_NOT_NULL(strcasestr(s.requests[0], "if-match: \"3\""));
    RUN verify;
    run_with(&s, &verify, false, CLI_WORDS("200 " RELEASE(ID1, "1.0", "true")), CLI_WORDS("release", "verify", ID1));
    CU_ASSERT_PTR_NOT_NULL(strstr(s.requests[0], "POST /api/v1/releases/" ID1 "/verify "));
    RUN bad;
    run_with(&s, &bad, false, CLI_WORDS(NULL), CLI_WORDS("release", "withdraw", "pump"));
    CU_ASSERT_EQUAL(bad.rc, CLI_USAGE);
    CU_ASSERT_TRUE(has(&bad.err, "no release's id"));
}
