/*
 * Who gets a release's files from a whole gateway: the device whose attempt names them, with its certificate in force,
 * and nobody else; a download that is cut goes on, one of a revoked device does not.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../release/vendor_kit.h"
#include "../rollouts/rollouts_kit.h"
#include "gw_cleanup.h"
#include "gw_fs.h"
#include "gw_test.h"

#define LIMIT_MS 60000
#define BYTES    ((size_t)32 << 20) /* of a.swu */

static struct gw_gateway gateway;
static struct gw_fleet fleet;
static struct vendor vendor;
static struct kit_rollout rollout;
static char open_id[64], ended_id[64]; /* attempts of sim-00001 and sim-00003 */
static char out_path[192];

static void write_text(const char *path, const char *text)
{
    struct gw_err err = {0};
    GW_ASSERT_OK(gw_fs_replace(gw_fs_posix(), path, gw_view_str(text), 0600, &err), &err);
}

/* curl's words for a request; the last ones are the caller's. In static memory. */
static void words_of(unsigned device, const char *attempt, const char *name, const char *const more[],
                     const char *argv[32])
{
    static char cert[256], key[256], root[256], url[256];
    size_t n = 0;
    (void)snprintf(cert, sizeof(cert), "%s/devices/sim-%05u/device.pem", fleet.state, device);
    (void)snprintf(key, sizeof(key), "%s/devices/sim-%05u/device.key", fleet.state, device);
    (void)snprintf(root, sizeof(root), "%s/root.pem", fleet.state);
    (void)snprintf(url, sizeof(url), "https://127.0.0.1:%u/artifacts/%s/%s", gateway.port_devices, attempt, name);
    const char *const words[] = {"curl", "-sS",          "--cacert",   root, "-o", out_path,
                                 "-w",   "%{http_code}", "--max-time", "60", url};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        argv[n++] = words[i];
    if (device) {
        const char *const own[] = {"--cert", cert, "--key", key};
        for (size_t i = 0; i < 4; i++)
            argv[n++] = own[i];
    }
    for (; more && *more; more++)
        argv[n++] = *more;
    argv[n] = NULL;
}

/* The status; 0 when there was no answer. device 0: without a certificate. */
static long ask(unsigned device, const char *attempt, const char *name, const char *const more[])
{
    const char *argv[32];
    GW_FREE char *out = NULL;
    words_of(device, attempt, name, more, argv);
    (void)remove(out_path);
    int code = gw_proc_run(argv, &out);
    return code == 0 && strlen(out) >= 3 ? strtol(out + strlen(out) - 3, NULL, 10) : 0;
}

static long size_of(const char *path)
{
    struct stat st;
    return stat(path, &st) ? -1 : (long)st.st_size;
}

static bool in_state(void *ctx)
{
    const char *const *wanted = ctx; /* device, state */
    size_t count;
    bool there = false;
    GW_FREE struct kit_attempt *list = kit_attempts(&gateway, &rollout, &count);
    for (size_t i = 0; i < count; i++)
        there = there || (strcmp(list[i].device, wanted[0]) == 0 && strcmp(list[i].state, wanted[1]) == 0);
    return there;
}

static bool is_active(void *ctx)
{
    char version[32];
    (void)ctx;
    kit_version(&gateway, "sim-00003", version, sizeof(version));
    return version[0] != '\0';
}

static void start_fleet(void)
{
    char path[192];
    gw_fleet_make(&fleet);
    (void)mkdir(fleet.state, 0700);
    (void)snprintf(path, sizeof(path), "%s/behaviour.toml", fleet.state);
    write_text(path, "[goes_silent]\ndevices = [\"1\"]\nat = \"accepted\"\n[fails_install]\ndevices = [\"3\"]\n");
    const char *const args[] = {
        "--devices",    "3",        "--product",   "pump", "--hardware",   "rev-b", "--release",   "0.9.0",
        "--vendor-key", vendor.pub, "--behaviour", path,   "--install-ms", "10",    "--reboot-ms", "10",
        "--figures",    "0",        NULL};
    gw_fleet_start(&fleet, &gateway, args);
    CU_ASSERT_FATAL(gw_proc_await(&fleet.proc, "all enrolled: 3, refused: 0", LIMIT_MS));
    CU_ASSERT_FATAL(gw_await(is_active, NULL, LIMIT_MS));
}

static void one_attempt_is_open_and_one_has_ended(void)
{
    static const char plan[] = /* the second wave never opens: its neighbours are not all decided */
        "{\"waves\":[{\"select\":\"list\",\"devices\":[\"sim-00001\",\"sim-00003\"],\"max_concurrent\":2,"
        "\"gate\":{\"ok_pct\":0,\"min_sample\":2,\"unreachable_pct\":100}},"
        "{\"select\":\"rest\",\"max_concurrent\":2,\"gate\":{\"ok_pct\":0,\"min_sample\":1,\"unreachable_pct\":100}}],"
        "\"abort\":{\"failure_pct\":0}}";
    static const char *waits[] = {"sim-00001", "accepted"}, *failed[] = {"sim-00003", "failed"};
    char release[32];
    size_t count;
    GW_FREE char *out = NULL;
    gw_gateway_start(&gateway, NULL);
    CU_ASSERT_FATAL(gw_gateway_await_ready(&gateway));
    CU_ASSERT_FATAL(gw_gateway_claim(&gateway));
    kit_vendor(&vendor, "vendor");
    CU_ASSERT_FATAL(kit_trust(&gateway, &vendor));
    const struct kit_release r = {.version = "1.0.0", .counter = 1, .size = BYTES, .zeros = true};
    CU_ASSERT_EQUAL_FATAL(kit_import(&gateway, kit_release(&vendor, &r), &out), 0);
    gw_json_pick(out, "id", release, sizeof(release));
    start_fleet();
    (void)snprintf(out_path, sizeof(out_path), "%s/fetched", gw_test_dir());
    kit_roll_out(&gateway, release, plan, &rollout);
    CU_ASSERT_FATAL(gw_await(in_state, waits, LIMIT_MS));
    CU_ASSERT_FATAL(gw_await(in_state, failed, LIMIT_MS));
    GW_FREE struct kit_attempt *list = kit_attempts(&gateway, &rollout, &count);
    for (size_t i = 0; i < count; i++)
        (void)snprintf(strcmp(list[i].device, "sim-00001") == 0 ? open_id : ended_id, sizeof(open_id), "%s",
                       list[i].id);
}

static void the_device_gets_its_file_and_the_rest_of_it(void)
{
    static const char *const part[] = {"-r", "1000-1999", NULL}, *const suffix[] = {"-r", "-10", NULL},
                             *const beyond[] = {"-r", "33554432-", NULL}, *const head[] = {"--head", NULL},
                             *const resume[] = {"-C", "-", NULL};
    CU_ASSERT_EQUAL(ask(1, open_id, "a.swu", NULL), 200);
    CU_ASSERT_EQUAL(size_of(out_path), BYTES);
    CU_ASSERT_EQUAL(ask(1, open_id, "b.img", NULL), 200); /* of the same release */
    CU_ASSERT_EQUAL(ask(1, open_id, "a.swu", part), 206);
    CU_ASSERT_EQUAL(size_of(out_path), 1000);
    CU_ASSERT_EQUAL(ask(1, open_id, "a.swu", suffix), 206);
    CU_ASSERT_EQUAL(size_of(out_path), 10);
    CU_ASSERT_EQUAL(ask(1, open_id, "a.swu", beyond), 416);
    CU_ASSERT_EQUAL(ask(1, open_id, "a.swu", head), 200);
    const char *argv[32];
    GW_FREE char *out = NULL;
    CU_ASSERT_EQUAL(ask(1, open_id, "a.swu", part), 206); /* a thousand bytes are there … */
    words_of(1, open_id, "a.swu", resume, argv);
    CU_ASSERT_EQUAL(gw_proc_run(argv, &out), 0); /* … and curl asks for what is behind them */
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "206"));
    CU_ASSERT_EQUAL(size_of(out_path), BYTES);
}

static int64_t refused(void)
{
    static const char *const args[] = {"status", NULL};
    GW_FREE char *out = NULL;
    char text[32] = "";
    (void)gw_gateway_cli(&gateway, args, &out);
    gw_json_pick(out, "artifacts", text, sizeof(text));
    return strtoll(text, NULL, 10);
}

static void nobody_else_gets_it(void)
{
    int64_t before = refused();
    CU_ASSERT_EQUAL(ask(2, open_id, "a.swu", NULL), 404);   /* a neighbour, who has no attempt */
    CU_ASSERT_EQUAL(ask(3, open_id, "a.swu", NULL), 404);   /* one whose own has ended */
    CU_ASSERT_EQUAL(ask(3, ended_id, "a.swu", NULL), 404);  /* and not that either */
    CU_ASSERT_EQUAL(ask(1, ended_id, "a.swu", NULL), 404);  /* the neighbour's ended one */
    CU_ASSERT_EQUAL(ask(1, open_id, "c.img", NULL), 404);   /* another name */
    CU_ASSERT_EQUAL(ask(1, open_id, "a%2fswu", NULL), 400); /* no slash hides in a name */
    CU_ASSERT_EQUAL(ask(1, "at-aaaaaaaaaaaaaaaa-00000000", "a.swu", NULL), 404);
    CU_ASSERT_EQUAL(ask(1, open_id, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", NULL), 404);
    CU_ASSERT(refused() >= before + 7);
    long alone = ask(0, open_id, "a.swu", NULL); /* no certificate */
    CU_ASSERT(alone == 401 || alone == 403);
}

static bool device_act(const char *verb, const char *device)
{
    const char *const args[] = {"device", verb, device, NULL};
    return gw_gateway_cli(&gateway, args, NULL) == 0;
}

static void in_quarantine_the_open_attempt_goes_on(void)
{
    CU_ASSERT_FATAL(device_act("quarantine", "sim-00001"));
    CU_ASSERT_EQUAL(ask(1, open_id, "a.swu", NULL), 200);
    CU_ASSERT_EQUAL(ask(1, open_id, "c.img", NULL), 404);
    CU_ASSERT_FATAL(device_act("release", "sim-00001"));
}

static bool has_begun(void *ctx)
{
    (void)ctx;
    return size_of(out_path) > 65536;
}

static void a_revoked_device_is_cut_in_the_middle(void)
{
    static const char *const slowly[] = {"--limit-rate", "1M", NULL};
    const char *argv[32];
    struct gw_proc curl = {.pid = 0};
    words_of(1, open_id, "a.swu", slowly, argv);
    (void)remove(out_path);
    gw_proc_start(&curl, argv, NULL);
    CU_ASSERT_FATAL(gw_await(has_begun, NULL, LIMIT_MS));
    CU_ASSERT_FATAL(device_act("revoke", "sim-00001"));
    int code = gw_proc_wait(&curl, LIMIT_MS);
    CU_ASSERT(code > 0 && code < 128); /* curl says that it was cut; it would have taken half a minute */
    CU_ASSERT_NOT_EQUAL(code, 28);
    CU_ASSERT(size_of(out_path) < (long)BYTES);
    CU_ASSERT_EQUAL(ask(1, open_id, "a.swu", NULL), 403);
    gw_proc_done(&curl);
    gw_fleet_done(&fleet);
    CU_ASSERT_EQUAL(gw_gateway_stop(&gateway), 0);
    gw_gateway_done(&gateway);
}

static const struct gw_test_case cases[] = {
    {"one attempt is open and one has ended", one_attempt_is_open_and_one_has_ended},
    {"the device gets its file, and the rest of it", the_device_gets_its_file_and_the_rest_of_it},
    {"nobody else gets it, and all who try are counted", nobody_else_gets_it},
    {"in quarantine the open attempt goes on", in_quarantine_the_open_attempt_goes_on},
    {"a revoked device is cut in the middle of its download", a_revoked_device_is_cut_in_the_middle},
};

int main(void)
{
    return GW_GATEWAY_TEST_RUN("artifacts end to end", cases);
}
