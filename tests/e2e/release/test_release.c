/* Signed releases through the shipped programs: taken, refused with check and file, and never half there. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "../alerts/metrics_kit.h"
#include "gw_cleanup.h"
#include "gw_test.h"
#include "repo.h"
#include "vendor_kit.h"

#define LIMIT_MS 60000
#define SIZE     ((size_t)3 << 20) /* of a.swu */

static struct gw_gateway gateway;
static struct vendor vendor, stranger;

static void start(void)
{
    gw_gateway_start(&gateway, NULL);
    CU_ASSERT_TRUE_FATAL(gw_gateway_await_ready(&gateway));
    if (!vendor.keyid[0]) { /* once for all cases */
        kit_vendor(&vendor, "vendor");
        kit_vendor(&stranger, "stranger");
    }
    CU_ASSERT_TRUE_FATAL(kit_trust(&gateway, &vendor));
}

static int cli(const char *verb, const char *id, char **ret_out)
{
    const char *const args[] = {"release", verb, id, NULL};
    return gw_gateway_cli(&gateway, args, ret_out);
}

static bool no_blobs(void *ctx)
{
    (void)ctx;
    return kit_blobs(&gateway) == 0;
}

static const struct kit_release plain = {.version = "1.0.0", .counter = 10, .floor = 5, .size = SIZE};

static void takes_lists_verifies_and_withdraws_a_release(void)
{
    char id[32], state[16], trusted[16];
    GW_FREE char *imported = NULL, *shown = NULL, *verified = NULL, *withdrawn = NULL, *again = NULL, *twice = NULL;
    start();
    const char *path = kit_release(&vendor, &plain);
    CU_ASSERT_EQUAL_FATAL(kit_import(&gateway, path, &imported), 0);
    gw_json_pick(imported, "id", id, sizeof(id));
    gw_json_pick(imported, "state", state, sizeof(state));
    CU_ASSERT_STRING_EQUAL(state, "staged");
    CU_ASSERT_EQUAL(kit_blobs(&gateway), 3);
    CU_ASSERT_EQUAL(kit_listed(&gateway, "staged"), 1);
    CU_ASSERT_EQUAL(cli("show", id, &shown), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(shown, "\"name\":\"b.img\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(shown, vendor.keyid));
    CU_ASSERT_EQUAL(cli("verify", id, &verified), 0);
    /* a stop and a start change nothing */
    CU_ASSERT_EQUAL(gw_gateway_stop(&gateway), 0);
    gw_gateway_restart(&gateway);
    CU_ASSERT_TRUE_FATAL(gw_gateway_await_ready(&gateway));
    CU_ASSERT_EQUAL(kit_blobs(&gateway), 3);
    /* a key that goes leaves its mark */
    const char *const remove[] = {"release", "key", "remove", vendor.keyid, NULL};
    CU_ASSERT_EQUAL(gw_gateway_cli(&gateway, remove, NULL), 0);
    free(shown);
    CU_ASSERT_EQUAL(cli("show", id, &shown), 0);
    gw_json_pick(shown, "trusted", trusted, sizeof(trusted));
    CU_ASSERT_STRING_EQUAL(trusted, "false");
    CU_ASSERT_TRUE(kit_trust(&gateway, &vendor));
    CU_ASSERT_EQUAL(cli("withdraw", id, &withdrawn), 0);
    CU_ASSERT_EQUAL(kit_listed(&gateway, "withdrawn"), 1);
    CU_ASSERT_TRUE(gw_await(no_blobs, NULL, LIMIT_MS));
    CU_ASSERT_EQUAL(cli("withdraw", id, &twice), 1);
    CU_ASSERT_EQUAL(kit_import(&gateway, path, &again), 1); /* it never comes back */
    CU_ASSERT_PTR_NOT_NULL(strstr(again, "\"check\":\"duplicate\""));
    gw_gateway_done(&gateway);
}

static void refused(const char *path, const char *check, const char *file)
{
    GW_FREE char *out = NULL;
    char want_check[64], want_file[160];
    (void)snprintf(want_check, sizeof(want_check), "\"check\":\"%s\"", check);
    (void)snprintf(want_file, sizeof(want_file), "\"file\":\"%s\"", file);
    int code = kit_import(&gateway, path, &out);
    if (code != 1 || !strstr(out, want_check) || !strstr(out, want_file) || kit_blobs(&gateway) != 0)
        printf("#   wanted %s, %s, no blobs (%d left): %d %s\n", check, file, kit_blobs(&gateway), code, out);
    CU_ASSERT_EQUAL(code, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(out, want_check));
    CU_ASSERT_PTR_NOT_NULL(strstr(out, want_file));
    CU_ASSERT_TRUE(gw_await(no_blobs, NULL, LIMIT_MS));
}

/* How many imports this gateway counts as refused by the check; it is claimed. */
static void counted(const char *check, int times)
{
    char token[96], sample[96];
    (void)snprintf(sample, sizeof(sample), "gatehouse_imports_refused_total{check=\"%s\"}", check);
    CU_ASSERT_TRUE_FATAL(kit_metrics_token(&gateway, token, sizeof(token)));
    CU_ASSERT(kit_metric_is(&gateway, token, sample, times));
}

static void refused_tar(struct kit_tar *t, const char *check, const char *file)
{
    refused(kit_tar_save(t), check, file);
}

#define ENVELOPE "release.dsse.json"

static void refuses_containers_that_were_tampered_with(void)
{
    start();
    struct kit_tar t;
    const char *good = kit_release(&vendor, &plain);
    kit_tar_load(&t, good);
    t.bytes[kit_tar_at(&t, 1) + 512 + SIZE / 2] ^= 1;
    refused_tar(&t, "digest", "a.swu");
    t.bytes[kit_tar_at(&t, 1) + 512 + SIZE / 2] ^= 1;
    t.bytes[kit_tar_at(&t, 3) + 512 + 699] ^= 0x80;
    refused_tar(&t, "digest", "notes.txt");
    kit_tar_done(&t);

    kit_tar_load(&t, good);
    uint8_t *payload = memmem(t.bytes, t.len, "\"payload\":\"", 11);
    CU_ASSERT_FATAL(payload != NULL);
    payload[40] = payload[40] == 'A' ? 'B' : 'A';
    refused_tar(&t, "signature", ENVELOPE);
    kit_tar_done(&t);

    kit_tar_load(&t, good);
    t.bytes[530] = 0xff;
    refused_tar(&t, "envelope", ENVELOPE);
    kit_tar_done(&t);

    kit_tar_load(&t, good);
    kit_tar_insert(&t, 4, "extra.bin", '0');
    refused_tar(&t, "files", "extra.bin");
    kit_tar_done(&t);

    kit_tar_load(&t, good);
    kit_tar_cut(&t, 2);
    refused_tar(&t, "files", "b.img");
    kit_tar_done(&t);

    kit_tar_load(&t, good);
    kit_tar_insert(&t, 0, "pax", 'x');
    refused_tar(&t, "container", ENVELOPE);
    kit_tar_done(&t);

    kit_tar_load(&t, good);
    kit_tar_insert(&t, 2, "pax", 'x');
    refused_tar(&t, "container", "a.swu"); /* behind it */
    kit_tar_done(&t);

    kit_tar_load(&t, good);
    kit_tar_cut(&t, 0);
    refused_tar(&t, "container", "a.swu");
    kit_tar_done(&t);
    CU_ASSERT_EQUAL(kit_listed(&gateway, NULL), 0);
    CU_ASSERT_TRUE_FATAL(gw_gateway_claim(&gateway));
    counted("digest", 2);
    counted("signature", 1);
    counted("envelope", 1);
    counted("files", 2);
    counted("container", 3);
    GW_FREE char *out = NULL;
    CU_ASSERT_EQUAL(kit_import(&gateway, good, &out), 0);
    gw_gateway_done(&gateway);
}

static void refuses_containers_that_were_cut_short(void)
{
    start();
    struct kit_tar t;
    const char *good = kit_release(&vendor, &plain);
    kit_tar_load(&t, good);
    size_t whole = t.len, end = kit_tar_at(&t, 4);
    const struct {
        size_t len;
        const char *file;
    } cuts[] = {
        {0, ENVELOPE},
        {100, ENVELOPE},
        {600, ENVELOPE},
        {kit_tar_at(&t, 1), ENVELOPE},
        {kit_tar_at(&t, 1) + 512, "a.swu"},
        {kit_tar_at(&t, 1) + 512 + SIZE / 2, "a.swu"},
        {kit_tar_at(&t, 2), "a.swu"},
        {kit_tar_at(&t, 3) + 600, "notes.txt"},
        {end, "notes.txt"},
        {end + 512, "notes.txt"},
    };
    for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
        t.len = cuts[i].len;
        refused_tar(&t, "container", cuts[i].file);
    }
    t.len = whole;
    kit_tar_done(&t);
    gw_gateway_done(&gateway);
}

/* What devices have confirmed comes with rollouts; here it is written as if one had. */
static void confirm_floor(uint64_t floor)
{
    char path[200];
    struct gw_err err = {0};
    struct repo *repo = NULL;
    struct release_product product = {.product = "pump", .counter_seen = 10, .floor_confirmed = floor};
    CU_ASSERT_EQUAL(gw_gateway_stop(&gateway), 0);
    (void)snprintf(path, sizeof(path), "%s/state.db", gateway.state);
    GW_ASSERT_OK(repo_open(path, NULL, &repo, &err), &err);
    struct store store = repo_store(repo);
    GW_ASSERT_OK(store.ops->begin(store.self, &err), &err);
    GW_ASSERT_OK(store.ops->product_put(store.self, &product, &err), &err);
    GW_ASSERT_OK(store.ops->commit(store.self, &err), &err);
    repo_close(repo);
    gw_gateway_restart(&gateway);
    CU_ASSERT_TRUE_FATAL(gw_gateway_await_ready(&gateway));
}

static void refuses_what_policy_forbids(void)
{
    start();
    struct kit_release r = plain;
    refused(kit_release(&stranger, &r), "signature", ENVELOPE);
    r.released = "2020-01-01T00:00:00Z";
    r.expires = "2021-01-01T00:00:00Z";
    refused(kit_release(&vendor, &r), "expiry", ENVELOPE);
    confirm_floor(11);
    refused(kit_release(&vendor, &plain), "floor", ENVELOPE);
    confirm_floor(10);
    GW_FREE char *out = NULL, *same_counter = NULL, *same_version = NULL;
    CU_ASSERT_EQUAL_FATAL(kit_import(&gateway, kit_release(&vendor, &plain), &out), 0);
    r = plain;
    r.version = "1.0.1";
    CU_ASSERT_EQUAL(kit_import(&gateway, kit_release(&vendor, &r), &same_counter), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(same_counter, "\"check\":\"duplicate\""));
    r = plain;
    r.version = "1.0"; /* equals 1.0.0 */
    r.counter = 11;
    CU_ASSERT_EQUAL(kit_import(&gateway, kit_release(&vendor, &r), &same_version), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(same_version, "\"check\":\"duplicate\""));
    CU_ASSERT_EQUAL(kit_listed(&gateway, "staged"), 1);
    CU_ASSERT_EQUAL(kit_blobs(&gateway), 3); /* those of the staged one, untouched */
    CU_ASSERT_TRUE_FATAL(gw_gateway_claim(&gateway));
    counted("duplicate", 2); /* since the floor was set, with a start */
    gw_gateway_done(&gateway);
}

static void finds_a_flipped_byte_in_a_stored_artifact(void)
{
    char id[32], path[256], digest[65];
    GW_FREE char *out = NULL, *verified = NULL, *audit = NULL;
    start();
    CU_ASSERT_EQUAL_FATAL(kit_import(&gateway, kit_release(&vendor, &plain), &out), 0);
    gw_json_pick(out, "id", id, sizeof(id));
    gw_json_pick(out, "sha256", digest, sizeof(digest)); /* of the first file */
    (void)snprintf(path, sizeof(path), "%s/blobs/%.2s/%s", gateway.state, digest, digest);
    CU_ASSERT_EQUAL(chmod(path, 0600), 0);
    GW_CLOSE int fd = open(path, O_RDWR | O_CLOEXEC);
    uint8_t byte;
    CU_ASSERT_EQUAL_FATAL(pread(fd, &byte, 1, (off_t)SIZE - 1), 1);
    byte ^= 1;
    CU_ASSERT_EQUAL_FATAL(pwrite(fd, &byte, 1, (off_t)SIZE - 1), 1);
    CU_ASSERT_EQUAL(cli("verify", id, &verified), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(verified, "\"check\":\"digest\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(verified, "\"file\":\"a.swu\""));
    const char *const args[] = {"logs", "show", "--audit", "--min-sev", "critical", NULL};
    for (int tries = 0; tries < 50 && !(audit && strstr(audit, "integ.hash_mismatch")); tries++) {
        free(audit);
        audit = NULL;
        CU_ASSERT_EQUAL(gw_gateway_cli(&gateway, args, &audit), 0);
    }
    CU_ASSERT_PTR_NOT_NULL(strstr(audit, "integ.hash_mismatch"));
    char token[96];
    CU_ASSERT_TRUE_FATAL(gw_gateway_claim(&gateway) && kit_metrics_token(&gateway, token, sizeof(token)));
    CU_ASSERT(kit_metric_is(&gateway, token, "gatehouse_releases_damaged_total", 1));
    gw_gateway_done(&gateway);
}

static bool has_taken(void *ctx)
{
    return kit_progress(&gateway) >= *(const long *)ctx;
}

/* Sends so many bytes of a good release, waits until they have been worked on, then ends whom `whole` says. */
static void kill_after(const struct kit_tar *t, size_t bytes, bool whole)
{
    long taken = (long)bytes;
    GW_CLOSE int fd = kit_upload_begin(&gateway, t->len);
    CU_ASSERT_TRUE(kit_upload_send(fd, t->bytes, bytes));
    CU_ASSERT_TRUE(gw_await(has_taken, &taken, LIMIT_MS));
    if (whole) {
        gw_proc_done(&gateway.proc); /* SIGKILL to all of it */
        gw_gateway_restart(&gateway);
        CU_ASSERT_TRUE_FATAL(gw_gateway_await_ready(&gateway));
    } else {
        CU_ASSERT_EQUAL(kill(gw_gateway_child(&gateway, "gatehoused"), SIGKILL), 0);
    }
}

static bool lists_nothing(void *ctx)
{
    (void)ctx;
    return kit_listed(&gateway, NULL) == 0;
}

static void leaves_nothing_half_when_it_is_killed(void)
{
    start();
    struct kit_tar t;
    const char *good = kit_release(&vendor, &plain);
    kit_tar_load(&t, good);
    const size_t points[] = {
        300, kit_tar_at(&t, 1), kit_tar_at(&t, 1) + SIZE / 2, kit_tar_at(&t, 2) + 100, kit_tar_at(&t, 4), t.len - 1};
    for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
        kill_after(&t, points[i], i % 2 == 0);
        CU_ASSERT_TRUE(gw_await(lists_nothing, NULL, LIMIT_MS)); /* a daemon started again may still be on its way */
        CU_ASSERT_TRUE(gw_await(no_blobs, NULL, LIMIT_MS));
    }
    GW_FREE char *out = NULL;
    CU_ASSERT_EQUAL(kit_import(&gateway, good, &out), 0);
    CU_ASSERT_EQUAL(kit_blobs(&gateway), 3);
    kit_tar_done(&t);
    gw_gateway_done(&gateway);
}

static void takes_one_at_a_time_and_forgets_who_goes_away(void)
{
    start();
    struct kit_tar t;
    const char *good = kit_release(&vendor, &plain);
    kit_tar_load(&t, good);
    long half = (long)(kit_tar_at(&t, 1) + SIZE / 2);
    int fd = kit_upload_begin(&gateway, t.len);
    CU_ASSERT_TRUE(kit_upload_send(fd, t.bytes, (size_t)half));
    CU_ASSERT_TRUE(gw_await(has_taken, &half, LIMIT_MS));
    GW_FREE char *out = NULL, *later = NULL;
    CU_ASSERT_EQUAL(kit_import(&gateway, good, &out), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "local:root is importing a release"));
    (void)close(fd);
    CU_ASSERT_TRUE(gw_await(no_blobs, NULL, LIMIT_MS));
    int code = 1;
    for (int tries = 0; tries < 50 && code; tries++) {
        free(later);
        later = NULL;
        code = kit_import(&gateway, good, &later);
    }
    CU_ASSERT_EQUAL(code, 0);
    kit_tar_done(&t);
    gw_gateway_done(&gateway);
}

/* The gateway in a mount namespace of its own, in which its blobs lie on a file system of 8 MiB. */
static bool start_on_a_small_disk(void)
{
    char script[1024];
    gw_gateway_start(&gateway, "[release]\nspare_mib = 0\n");
    CU_ASSERT_TRUE_FATAL(gw_gateway_await_ready(&gateway)); /* makes its directories */
    CU_ASSERT_EQUAL(gw_gateway_stop(&gateway), 0);
    (void)snprintf(script, sizeof(script),
                   "own=$(stat -c %%u:%%g %s/blobs) && mount -t tmpfs -o size=8m,mode=700 blobs %s/blobs && chown $own "
                   "%s/blobs && exec " GW_BIN_DIR "/gatehoused --config %s --state %s",
                   gateway.state, gateway.state, gateway.state, gateway.config, gateway.state);
    const char *const argv[] = {"unshare", "-m", "sh", "-c", script, NULL};
    gw_proc_done(&gateway.proc);
    gw_proc_start(&gateway.proc, argv, NULL);
    return gw_gateway_await_ready(&gateway);
}

static bool may_mount(void)
{
    const char *const argv[] = {"unshare", "-m", "mount", "-t", "tmpfs", "-o", "size=1m", "x", "/mnt", NULL};
    return geteuid() == 0 && gw_proc_run(argv, NULL) == 0;
}

/* Takes what is left of the small disk. */
static void fill_disk(char path[256])
{
    static uint8_t chunk[65536];
    (void)snprintf(path, 256, "/proc/%d/root%s/blobs/filler", (int)gw_gateway_child(&gateway, "gatehoused"),
                   gateway.state);
    GW_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    CU_ASSERT_FATAL(fd >= 0);
    while (write(fd, chunk, sizeof(chunk)) > 0)
        continue;
}

static bool import_ended(void *ctx)
{
    (void)ctx;
    return kit_progress(&gateway) < 0;
}

static void says_that_the_disk_is_full_and_goes_on(void)
{
    if (!may_mount()) {
        gw_test_skip("no file system may be mounted here");
        return;
    }
    start();
    gw_gateway_done(&gateway);
    CU_ASSERT_TRUE_FATAL(start_on_a_small_disk());
    CU_ASSERT_TRUE(kit_trust(&gateway, &vendor));
    GW_FREE char *early = NULL, *fine = NULL, *audit = NULL;
    struct kit_release big = plain;
    big.size = (size_t)9 << 20;
    CU_ASSERT_EQUAL(kit_import(&gateway, kit_release(&vendor, &big), &early), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(early, "\"check\":\"space\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(early, ": make room on it, or lower release.spare_mib"));
    /* it gets full while a file arrives */
    struct kit_tar t;
    char filler[256], answer[1024] = "";
    const char *good = kit_release(&vendor, &plain);
    kit_tar_load(&t, good);
    long half = (long)(kit_tar_at(&t, 1) + SIZE / 2);
    GW_CLOSE int fd = kit_upload_begin(&gateway, t.len);
    CU_ASSERT_TRUE(kit_upload_send(fd, t.bytes, (size_t)half));
    CU_ASSERT_TRUE(gw_await(has_taken, &half, LIMIT_MS));
    fill_disk(filler);
    (void)kit_upload_send(fd, t.bytes + half, t.len - (size_t)half);
    CU_ASSERT(read(fd, answer, sizeof(answer) - 1) > 0);
    if (!strstr(answer, " 507 "))
        printf("#   answer: %s\n", answer);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer, " 507 "));
    CU_ASSERT_PTR_NOT_NULL(strstr(answer, "\"check\":\"space\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(answer, "\"file\":\"a.swu\""));
    CU_ASSERT_TRUE(gw_await(import_ended, NULL, LIMIT_MS));
    /* the logs go on, and so do imports once there is room */
    const char *const args[] = {"logs", "show", "--audit", "--text", "space: a.swu", NULL};
    for (int tries = 0; tries < 50 && !(audit && strstr(audit, "release.refused")); tries++) {
        free(audit);
        audit = NULL;
        CU_ASSERT_EQUAL(gw_gateway_cli(&gateway, args, &audit), 0);
    }
    CU_ASSERT_PTR_NOT_NULL(strstr(audit, "release.refused"));
    CU_ASSERT_EQUAL(unlink(filler), 0);
    CU_ASSERT_EQUAL(kit_import(&gateway, good, &fine), 0);
    kit_tar_done(&t);
    gw_gateway_done(&gateway);
}

/* Sends it all and reads the status. */
static int upload(const struct kit_tar *t)
{
    char answer[256] = "";
    GW_CLOSE int fd = kit_upload_begin(&gateway, t->len);
    (void)kit_upload_send(fd, t->bytes, t->len);
    CU_ASSERT(read(fd, answer, sizeof(answer) - 1) > 12);
    return (int)strtol(answer + 9, NULL, 10);
}

static void is_free_again_when_it_has_answered(void)
{
    start();
    struct kit_tar t;
    kit_tar_load(&t, kit_release(&vendor, &plain));
    CU_ASSERT_EQUAL(upload(&t), 200);
    for (int i = 0; i < 30; i++)
        CU_ASSERT_EQUAL(upload(&t), 409); /* known already; never "try again later" */
    kit_tar_done(&t);
    CU_ASSERT_EQUAL(kit_blobs(&gateway), 3);
    gw_gateway_done(&gateway);
}

static bool disk_has(uint64_t bytes)
{
    struct statvfs st;
    return statvfs("/var/tmp", &st) == 0 && (uint64_t)st.f_bavail * st.f_frsize >= bytes;
}

static void takes_a_gibibyte_in_flat_memory(void)
{
    if (!disk_has((uint64_t)4 << 30)) {
        gw_test_skip("less than 4 GiB free in /var/tmp");
        return;
    }
    start();
    struct kit_release r = {.version = "2", .counter = 20, .size = (size_t)1 << 30, .zeros = true};
    const char *path = kit_release(&vendor, &r);
    pid_t daemon = gw_gateway_child(&gateway, "gatehoused");
    long before = kit_memory(daemon, "VmRSS");
    GW_FREE char *out = NULL, *withdrawn = NULL;
    char id[32];
    CU_ASSERT_EQUAL(kit_import(&gateway, path, &out), 0);
    long peak = kit_memory(daemon, "VmHWM");
    printf("#   RSS before %ld KiB, peak %ld KiB\n", before, peak);
    CU_ASSERT(before > 0 && peak > 0 && peak - before < 32 * 1024);
    (void)unlink(path);
    gw_json_pick(out, "id", id, sizeof(id));
    CU_ASSERT_EQUAL(cli("withdraw", id, &withdrawn), 0);
    CU_ASSERT_TRUE(gw_await(no_blobs, NULL, LIMIT_MS));
    gw_gateway_done(&gateway);
}

static const struct gw_test_case cases[] = {
    {"takes, lists, verifies and withdraws a release", takes_lists_verifies_and_withdraws_a_release},
    {"refuses containers that were tampered with", refuses_containers_that_were_tampered_with},
    {"refuses containers that were cut short", refuses_containers_that_were_cut_short},
    {"refuses what policy forbids", refuses_what_policy_forbids},
    {"finds a flipped byte in a stored artifact", finds_a_flipped_byte_in_a_stored_artifact},
    {"leaves nothing half when it is killed", leaves_nothing_half_when_it_is_killed},
    {"takes one at a time and forgets who goes away", takes_one_at_a_time_and_forgets_who_goes_away},
    {"is free again when it has answered", is_free_again_when_it_has_answered},
    {"says that the disk is full and goes on", says_that_the_disk_is_full_and_goes_on},
    {"takes a gibibyte in flat memory", takes_a_gibibyte_in_flat_memory},
};

int main(void)
{
    return GW_GATEWAY_TEST_RUN("release e2e", cases);
}
