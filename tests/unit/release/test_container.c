/* Whole containers: ours read by openssl and tar, theirs read by us, and every damage named by check and file. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli_release.h"
#include "crypto_dsse.h"
#include "dsse.h"
#include "gw_cleanup.h"
#include "gw_fs.h"
#include "gw_proc.h"
#include "gw_test.h"

static const char *dir;

static const char *path(const char *name)
{
    static char out[16][256];
    static size_t next;
    next = (next + 1) % 16;
    (void)snprintf(out[next], sizeof(out[0]), "%s/%s", dir, name);
    return out[next];
}

static void write_file(const char *name, struct gw_view content)
{
    struct gw_err err = {0};
    GW_ASSERT_OK(gw_fs_replace(gw_fs_posix(), path(name), content, 0600, &err), &err);
}

static void read_file(const char *name, struct gw_buf *ret_content)
{
    struct gw_err err = {0};
    gw_buf_init(ret_content, 1 << 24);
    GW_ASSERT_OK(gw_fs_read_file(path(name), ret_content, &err), &err);
}

/* Exit code of a shell line run in the directory. */
static int shell(const char *line)
{
    char command[2048];
    GW_FREE char *out = NULL;
    (void)snprintf(command, sizeof(command), "cd %s && { %s ; }", dir, line);
    const char *argv[] = {"sh", "-c", command, NULL};
    int code = gw_proc_run(argv, &out);
    if (code != 0)
        printf("#   %s: %d: %s\n", line, code, out);
    return code;
}

static const char draft[] =
    "{\"product\":\"pump\",\"version\":\"2.1.0\",\"release_counter\":21,\"security_floor\":18,\"channel\":\"stable\","
    "\"hardware\":[\"rev-b\"],\"artifacts\":[{\"name\":\"fw.swu\",\"format\":\"swupdate\"}],"
    "\"sbom\":{\"name\":\"sbom.json\",\"format\":\"spdx\"},\"expires_at\":\"2099-01-01T00:00:00Z\"}";

/* A fresh directory with two keys, two files and a draft. */
static void set_up(void)
{
    struct vendor_key key;
    struct gw_err err = {0};
    char pub[CLI_RELEASE_PATH_MAX];
    dir = gw_test_dir();
    GW_ASSERT_OK(cli_release_keygen(CRYPTO_ED25519, path("ed.key"), &key, pub, &err), &err);
    CU_ASSERT_STRING_EQUAL(pub, path("ed.pub"));
    GW_ASSERT_OK(cli_release_keygen(CRYPTO_P256, path("p256.key"), &key, pub, &err), &err);
    write_file("draft.json", gw_view_str(draft));
    write_file("fw.swu", GW_VIEW_LIT("firmware, 700 bytes less than one would think"));
    write_file("sbom.json", GW_VIEW_LIT("{}"));
}

static enum gw_rc sign(const char *out, const char *manifest, struct gw_err *err)
{
    const char *keys[] = {path("ed.key"), path("p256.key")};
    const char *files[] = {path("sbom.json"), path("fw.swu")};
    GW_FREE struct release *release = gw_xalloc(1, sizeof(*release));
    const struct cli_release_order order = {.manifest = path(manifest),
                                            .key_paths = keys,
                                            .key_count = 2,
                                            .out = path(out),
                                            .paths = files,
                                            .path_count = 2,
                                            .now = gw_wall_now()};
    return cli_release_sign(&order, release, err);
}

static void read_pub(const char *name, struct vendor_key *ret_key)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf pem;
    struct gw_err err = {0};
    read_file(name, &pem);
    GW_ASSERT_OK(crypto_vendor_key_import(gw_buf_view(&pem), name, ret_key, &err), &err);
}

/* Inspects with both public keys. */
static enum gw_rc inspect(const char *name, struct gw_err *err)
{
    struct vendor_key keys[2];
    GW_FREE struct cli_release_seen *seen = gw_xalloc(1, sizeof(*seen));
    read_pub("ed.pub", &keys[0]);
    read_pub("p256.pub", &keys[1]);
    enum gw_rc rc = cli_release_inspect(path(name), keys, 2, seen, err);
    if (!rc)
        CU_ASSERT_EQUAL(seen->signers, 2);
    return rc;
}

static void inspects_what_it_signed(void)
{
    struct gw_err err = {0};
    struct stat st;
    set_up();
    GW_ASSERT_OK(sign("r.tar", "draft.json", &err), &err);
    GW_ASSERT_OK(inspect("r.tar", &err), &err);
    CU_ASSERT_EQUAL(stat(path("ed.key"), &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 07777, 0600);
    CU_ASSERT_EQUAL(sign("r.tar", "draft.json", &err), GW_EXISTS);
}

static void makes_what_tar_and_openssl_take(void)
{
    struct gw_err err = {0};
    set_up();
    GW_ASSERT_OK(sign("r.tar", "draft.json", &err), &err);
    CU_ASSERT_EQUAL(shell("mkdir x && tar -xf r.tar -C x && cmp fw.swu x/fw.swu && cmp sbom.json x/sbom.json"), 0);
    GW_CLEANUP(gw_buf_done) struct gw_buf json;
    GW_CLEANUP(gw_buf_done) struct gw_buf pae;
    GW_CLEANUP(dsse_done) struct dsse_envelope e;
    dsse_init(&e);
    gw_buf_init(&pae, DSSE_PAE_MAX);
    read_file("x/release.dsse.json", &json);
    GW_ASSERT_OK(dsse_parse(gw_buf_view(&json), &e, &err), &err);
    CU_ASSERT_EQUAL(dsse_pae(gw_view_str(e.type), gw_buf_view(&e.payload), &pae), GW_OK);
    write_file("pae", gw_buf_view(&pae));
    write_file("ed.sig", gw_view_make(e.signatures[0].bytes, e.signatures[0].len));
    write_file("p256.sig", gw_view_make(e.signatures[1].bytes, e.signatures[1].len));
    CU_ASSERT_EQUAL(shell("openssl pkeyutl -verify -rawin -pubin -inkey ed.pub -in pae -sigfile ed.sig"), 0);
    CU_ASSERT_EQUAL(shell("openssl dgst -sha256 -verify p256.pub -signature p256.sig pae"), 0);
    CU_ASSERT_EQUAL(shell("test $(openssl pkey -pubin -in ed.pub -outform DER | sha256sum | cut -c1-64) = "
                          "$(grep -o '\"keyid\":\"[0-9a-f]*' x/release.dsse.json | head -1 | cut -c10-)"),
                    0);
    CU_ASSERT_EQUAL(shell("openssl pkey -in ed.key -pubout | cmp - ed.pub && "
                          "openssl pkey -in p256.key -pubout | cmp - p256.pub"),
                    0);
}

/* As docs/releases.md tells a vendor without our tool to do it. */
static void takes_what_openssl_and_tar_made_by_hand(void)
{
    struct gw_err err = {0};
    set_up();
    CU_ASSERT_EQUAL(shell("openssl genpkey -algorithm ed25519 -out ed.key 2>/dev/null && "
                          "openssl pkey -in ed.key -pubout -out ed.pub && "
                          "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out p256.key 2>/dev/null && "
                          "openssl pkey -in p256.key -pubout -out p256.pub"),
                    0);
    CU_ASSERT_EQUAL(
        shell("h() { sha256sum \"$1\" | cut -c1-64; }; n() { wc -c <\"$1\"; }; "
              "printf '{\"product\":\"pump\",\"version\":\"2.1.0\",\"release_counter\":21,\"security_floor\":18,"
              "\"channel\":\"stable\",\"hardware\":[\"rev-b\"],\"artifacts\":[{\"name\":\"fw.swu\",\"format\":\"raw\","
              "\"sha256\":\"%s\",\"size\":%d}],\"released_at\":\"2026-11-01T00:00:00Z\","
              "\"expires_at\":\"2099-01-01T00:00:00Z\"}\\n' $(h fw.swu) $(n fw.swu) >payload"),
        0);
    CU_ASSERT_EQUAL(
        shell("t=application/vnd.gatehouse.release.v1+json; "
              "{ printf 'DSSEv1 %d %s %d ' ${#t} $t $(wc -c <payload); cat payload; } >pae && "
              "openssl pkeyutl -sign -rawin -inkey ed.key -in pae -out ed.sig && "
              "openssl dgst -sha256 -sign p256.key -out p256.sig pae && "
              "id() { openssl pkey -pubin -in $1 -outform DER | sha256sum | cut -c1-64; }; b() { base64 -w0 <$1; }; "
              "printf '{\"payload\":\"%s\",\"payloadType\":\"%s\",\"signatures\":[{\"keyid\":\"%s\",\"sig\":\"%s\"},"
              "{\"keyid\":\"%s\",\"sig\":\"%s\"}]}\\n' $(b payload) $t $(id ed.pub) $(b ed.sig) $(id p256.pub) "
              "$(b p256.sig) >release.dsse.json && "
              "tar --format=ustar -cf hand.tar release.dsse.json fw.swu"),
        0);
    GW_ASSERT_OK(inspect("hand.tar", &err), &err);
}

static void refuses_other_kinds_of_tar_and_other_orders(void)
{
    static const struct {
        const char *line, *start;
    } rows[] = {
        {"tar --format=pax -cf bad.tar release.dsse.json fw.swu sbom.json", "container: release.dsse.json: a pax"},
        {"tar --format=gnu -cf bad.tar release.dsse.json fw.swu sbom.json", "container: release.dsse.json: a GNU"},
        {"tar --format=v7 -cf bad.tar release.dsse.json fw.swu sbom.json", "container: release.dsse.json: a header"},
        {"tar --format=ustar -cf bad.tar fw.swu release.dsse.json sbom.json", "container: fw.swu: "},
        {"tar --format=ustar -cf bad.tar release.dsse.json fw.swu", "files: sbom.json: it is missing"},
        {"tar --format=ustar -cf bad.tar release.dsse.json", "files: fw.swu: it is missing"},
        {"cp fw.swu other && tar --format=ustar -cf bad.tar release.dsse.json fw.swu sbom.json other",
         "files: other: the manifest does not name it"},
        {"tar --format=ustar -cf bad.tar ./release.dsse.json fw.swu sbom.json", "container: "},
        {"ln -sf fw.swu l && tar --format=ustar -cf bad.tar release.dsse.json l",
         "container: release.dsse.json: a sym"},
        {"mkdir -p d && tar --format=ustar -cf bad.tar release.dsse.json d", "container: release.dsse.json: a dir"},
        {"tar --format=ustar -czf bad.tar release.dsse.json fw.swu sbom.json", "container: release.dsse.json: "},
        {"printf x >>fw.swu && tar --format=ustar -cf bad.tar release.dsse.json fw.swu sbom.json", "size: fw.swu: "},
        {"printf '[]' >sbom.json && tar --format=ustar -cf bad.tar release.dsse.json sbom.json", "digest: sbom.json: "},
        {": >release.dsse.json && tar --format=ustar -cf bad.tar release.dsse.json", "envelope: release.dsse.json: "},
        {"head -c 33000 /dev/zero >release.dsse.json && tar --format=ustar -cf bad.tar release.dsse.json",
         "envelope: release.dsse.json: it must have at most"},
        {": >bad.tar", "container: release.dsse.json: the archive is cut short"},
        {"head -c 10240 /dev/zero >bad.tar", "container: release.dsse.json: it is missing"},
    };
    struct gw_err err = {0};
    set_up();
    GW_ASSERT_OK(sign("r.tar", "draft.json", &err), &err);
    CU_ASSERT_EQUAL(shell("tar -xf r.tar release.dsse.json"), 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CU_ASSERT_EQUAL(shell(rows[i].line), 0);
        err = (struct gw_err){0};
        CU_ASSERT_NOT_EQUAL(inspect("bad.tar", &err), GW_OK);
        if (strncmp(err.text, rows[i].start, strlen(rows[i].start)) != 0)
            printf("#   %s: %s\n", rows[i].line, err.text);
        CU_ASSERT_EQUAL(strncmp(err.text, rows[i].start, strlen(rows[i].start)), 0);
    }
}

/* "<check>: <file>: " at the start of a message. */
static bool names_check_and_file(const char *text)
{
    static const char *const checks[] = {"container", "envelope", "signature", "manifest", "files", "size", "digest"};
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        size_t len = strlen(checks[i]);
        if (strncmp(text, checks[i], len) == 0 && strncmp(text + len, ": ", 2) == 0)
            return strncmp(text + len + 2, "release.dsse.json: ", 19) == 0 ||
                   strncmp(text + len + 2, "fw.swu: ", 8) == 0 || strncmp(text + len + 2, "sbom.json: ", 11) == 0;
    }
    return false;
}

static void refuses_one_flipped_byte_anywhere(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf tar;
    struct gw_err err = {0};
    set_up();
    GW_ASSERT_OK(sign("r.tar", "draft.json", &err), &err);
    read_file("r.tar", &tar);
    GW_CLOSE int fd = open(path("r.tar"), O_WRONLY | O_CLOEXEC);
    for (size_t i = 0; i < tar.len; i += i < 3000 ? 1 : 61) {
        uint8_t flipped = (uint8_t)(tar.ptr[i] ^ (1U << (i % 8)));
        CU_ASSERT_EQUAL_FATAL(pwrite(fd, &flipped, 1, (off_t)i), 1);
        err = (struct gw_err){0};
        enum gw_rc rc = inspect("r.tar", &err);
        if (!rc || !names_check_and_file(err.text))
            printf("#   byte %zu: %d: %s\n", i, rc, err.text);
        CU_ASSERT_NOT_EQUAL(rc, GW_OK);
        CU_ASSERT(names_check_and_file(err.text));
        CU_ASSERT_EQUAL_FATAL(pwrite(fd, &tar.ptr[i], 1, (off_t)i), 1);
    }
    GW_ASSERT_OK(inspect("r.tar", &err), &err);
}

static void refuses_to_sign_what_contradicts_the_files(void)
{
    struct gw_err err = {0};
    set_up();
    write_file(
        "bad.json",
        GW_VIEW_LIT("{\"product\":\"pump\",\"version\":\"2\",\"release_counter\":2,\"security_floor\":1,"
                    "\"channel\":\"s\",\"hardware\":[\"b\"],\"artifacts\":[{\"name\":\"fw.swu\",\"format\":\"r\","
                    "\"size\":3}],\"sbom\":{\"name\":\"sbom.json\",\"format\":\"spdx\"},"
                    "\"expires_at\":\"2099-01-01T00:00:00Z\"}"));
    CU_ASSERT_EQUAL(sign("r.tar", "bad.json", &err), GW_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "fw.swu"));
    CU_ASSERT_EQUAL(shell("! test -e r.tar"), 0);
    CU_ASSERT_EQUAL(shell("chmod 640 p256.key"), 0);
    CU_ASSERT_EQUAL(sign("r.tar", "draft.json", &err), GW_DENIED);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "p256.key"));
    CU_ASSERT_EQUAL(shell("! test -e r.tar"), 0);
}

static void refuses_a_container_that_another_key_signed(void)
{
    struct gw_err err = {0};
    struct vendor_key key;
    char pub[CLI_RELEASE_PATH_MAX];
    set_up();
    GW_ASSERT_OK(sign("r.tar", "draft.json", &err), &err);
    CU_ASSERT_EQUAL(shell("rm ed.key ed.pub"), 0);
    GW_ASSERT_OK(cli_release_keygen(CRYPTO_ED25519, path("ed.key"), &key, pub, &err), &err);
    CU_ASSERT_EQUAL(inspect("r.tar", &err), GW_DENIED);
    CU_ASSERT_EQUAL(strncmp(err.text, "signature: release.dsse.json: ", 30), 0);
    CU_ASSERT_EQUAL(cli_release_keygen(CRYPTO_ED25519, path("ed.key"), &key, pub, &err), GW_EXISTS);
}

/* Runs the command line itself; its stdout is in *ret_out (free()). */
static enum cli_exit run(const char *const words[], char **ret_out)
{
    const char *argv[16] = {"gatehouse"};
    int argc = 1;
    char *told = NULL;
    size_t out_len = 0, told_len = 0;
    struct cli cli = {.out = open_memstream(ret_out, &out_len), .err = open_memstream(&told, &told_len)};
    for (; words[argc - 1]; argc++)
        argv[argc] = words[argc - 1];
    enum cli_exit rc = cli_main(&cli, argc, argv);
    (void)fclose(cli.out);
    (void)fclose(cli.err);
    free(told);
    return rc;
}

static void goes_the_whole_way_on_the_command_line(void)
{
    set_up();
    const char *const keygen[] = {"release", "keygen", "--out", path("v.key"), "--type", "p256", NULL};
    const char *const keygen_rsa[] = {"release", "keygen", "--out", path("w.key"), "--type", "rsa", NULL};
    const char *const sign_words[] = {"release",     "sign",  "--manifest",  path("draft.json"), "--key",
                                      path("v.key"), "--out", path("r.tar"), path("fw.swu"),     path("sbom.json"),
                                      NULL};
    const char *const sign_less[] = {"release", "sign", "--out", path("s.tar"), path("fw.swu"), NULL};
    const char *const look[] = {"release", "inspect", path("r.tar"), "--pub", path("v.pub"), "--json", NULL};
    const char *const look_other[] = {"release", "inspect", path("r.tar"), "--pub", path("ed.pub"), NULL};
    const char *const look_blind[] = {"release", "inspect", path("r.tar"), NULL};
    const struct {
        const char *const *words;
        enum cli_exit rc;
        const char *in_out;
    } rows[] = {
        {keygen, CLI_OK, "\n"},           {keygen, CLI_REFUSED, ""},     {keygen_rsa, CLI_USAGE, ""},
        {sign_words, CLI_OK, ""},         {sign_words, CLI_REFUSED, ""}, {sign_less, CLI_USAGE, ""},
        {look, CLI_OK, "\"verified\":1"}, {look_other, CLI_REFUSED, ""}, {look_blind, CLI_OK, "pump"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        GW_FREE char *out = NULL;
        CU_ASSERT_EQUAL(run(rows[i].words, &out), rows[i].rc);
        CU_ASSERT_PTR_NOT_NULL_FATAL(out);
        CU_ASSERT_PTR_NOT_NULL(strstr(out, rows[i].in_out));
        CU_ASSERT(rows[i].rc == CLI_OK || out[0] == '\0');
    }
}

static const struct gw_test_case cases[] = {
    {"inspects what it signed", inspects_what_it_signed},
    {"makes what tar and openssl take", makes_what_tar_and_openssl_take},
    {"takes what openssl and tar made by hand", takes_what_openssl_and_tar_made_by_hand},
    {"refuses other kinds of tar and other orders", refuses_other_kinds_of_tar_and_other_orders},
    {"refuses one flipped byte anywhere", refuses_one_flipped_byte_anywhere},
    {"refuses to sign what contradicts the files", refuses_to_sign_what_contradicts_the_files},
    {"refuses a container that another key signed", refuses_a_container_that_another_key_signed},
    {"goes the whole way on the command line", goes_the_whole_way_on_the_command_line},
};

int main(void)
{
    return GW_TEST_RUN("release container", cases);
}
