/*
 * The whole way of a release: signed by the vendor, imported, rolled out to a real agent over a real broker, fetched,
 * installed, rebooted into, confirmed, and taken back again; with the gateway killed in the middle.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../release/vendor_kit.h"
#include "gw_cleanup.h"
#include "gw_fs.h"
#include "gw_gateway.h"
#include "gw_test.h"

#define LIMIT_MS 60000
#define DEVICE   "pump-7"

static struct gw_gateway gateway;
static struct gw_agent agent;
static struct vendor vendor;
static char device_dir[160], old_release[24], new_release[24], rollout[40];
static const char *confirm_time = "1s";

/* ---- the device -------------------------------------------------------------------------------------------------- */

static void put(const char *name, const char *text)
{
    char path[224];
    struct gw_err err = {0};
    (void)snprintf(path, sizeof(path), "%s/%s", device_dir, name);
    GW_ASSERT_OK(gw_fs_replace(gw_fs_posix(), path, gw_view_str(text), 0600, &err), &err);
}

/* A file of the device, without the newline at its end; "" when there is none. */
static const char *get(const char *name)
{
    static char out[4096];
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    char path[224];
    gw_buf_init(&text, sizeof(out));
    (void)snprintf(path, sizeof(path), "%s/%s", device_dir, name);
    if (gw_fs_read_file(path, &text, NULL))
        return "";
    (void)snprintf(out, sizeof(out), "%s", gw_buf_str(&text));
    out[strcspn(out, "\n")] = '\0';
    return out;
}

static bool is_asked_to_reboot(void *ctx)
{
    (void)ctx;
    return get("reboots")[0] != '\0';
}

static void install_handler(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf script;
    char path[224];
    struct gw_err err = {0};
    gw_buf_init(&script, 65536);
    GW_ASSERT_OK(gw_fs_read_file(GW_SOURCE_DIR "/tests/e2e/rollout/handler.sh", &script, &err), &err);
    (void)snprintf(path, sizeof(path), "%s/handler.sh", device_dir);
    GW_ASSERT_OK(gw_fs_replace(gw_fs_posix(), path, gw_buf_view(&script), 0700, &err), &err);
}

static void make_device(void)
{
    char toml[1024];
    (void)snprintf(device_dir, sizeof(device_dir), "%s", gw_test_dir());
    install_handler();
    put("active", "1.0\n");
    put("good", "1.0\n");
    put("boots", "1\n");
    (void)snprintf(toml, sizeof(toml),
                   "[device]\nproduct = \"pump\"\nhardware = \"rev-b\"\nrelease = \"1.0\"\n[update]\n"
                   "vendor_keys = [\"%s\"]\nkinds = [\"update\", \"rollback\"]\nhandler = \"script\"\n"
                   "script = \"%s/handler.sh\"\nformat = \"swupdate\"\nreboot_timeout = 600\n",
                   vendor.pub, device_dir);
    CU_ASSERT_FATAL(gw_agent_make(&agent, &gateway, DEVICE, toml));
}

/* The power goes, the slot that is next comes up. */
static void reboot_device(const char *want)
{
    gw_proc_done(&agent.proc);
    CU_ASSERT_STRING_EQUAL(get("next"), want);
    char boots[16];
    (void)snprintf(boots, sizeof(boots), "%ld\n", strtol(get("boots"), NULL, 10) + 1);
    put("boots", boots);
    char version[64];
    (void)snprintf(version, sizeof(version), "%s\n", want);
    put("active", version);
    put("reboots", "");
    gw_agent_start(&agent);
}

/* ---- the gateway ------------------------------------------------------------------------------------------------- */

static void import(int counter, const char *version, char out_id[24])
{
    GW_FREE char *json = NULL;
    const struct kit_release r = {.version = version, .counter = counter, .floor = 1, .size = 300000};
    CU_ASSERT_EQUAL_FATAL(kit_import(&gateway, kit_release(&vendor, &r), &json), 0);
    gw_json_pick(json, "id", out_id, 24);
    CU_ASSERT_NOT_EQUAL_FATAL(out_id[0], '\0');
}

/* The device is known once it has told what it is. */
static bool is_drafted(void *ctx)
{
    const char *const args[] = {"rollout",    "create", ctx,      "--rest", "--confirm",
                                confirm_time, "--name", "spring", NULL};
    GW_FREE char *json = NULL;
    if (gw_gateway_cli(&gateway, args, &json))
        return false;
    gw_json_pick(json, "id", rollout, sizeof(rollout));
    return true;
}

static int act(const char *verb, const char *reason)
{
    const char *const args[] = {"rollout", verb, rollout, reason ? "--reason" : NULL, reason, NULL};
    GW_FREE char *json = NULL;
    int code = gw_gateway_cli(&gateway, args, &json);
    if (code)
        printf("#   rollout %s: %s\n", verb, json);
    return code;
}

static bool is_in_state(void *ctx)
{
    const char *const args[] = {"rollout", "show", rollout, NULL};
    GW_FREE char *json = NULL;
    char state[32];
    if (gw_gateway_cli(&gateway, args, &json))
        return false;
    gw_json_pick(json, "state", state, sizeof(state));
    return strcmp(state, ctx) == 0;
}

static bool has_attempt_in(void *ctx)
{
    const char *const args[] = {"rollout", "devices", rollout, "--state", ctx, NULL};
    GW_FREE char *json = NULL;
    return gw_gateway_cli(&gateway, args, &json) == 0 && strstr(json, DEVICE);
}

static bool await_rollout(const char *state)
{
    bool there = gw_await(is_in_state, (void *)(uintptr_t)state, LIMIT_MS);
    if (!there)
        printf("#   not %s; agent: %s\n", state, agent.proc.out ? agent.proc.out : "");
    return there;
}

static void start_all(void)
{
    gw_gateway_start(&gateway, NULL);
    CU_ASSERT_TRUE_FATAL(gw_gateway_await_ready(&gateway));
    CU_ASSERT_TRUE_FATAL(gw_gateway_claim(&gateway));
    kit_vendor(&vendor, "vendor");
    CU_ASSERT_TRUE_FATAL(kit_trust(&gateway, &vendor));
    import(1, "1.0", old_release);
    import(2, "2.0", new_release);
    make_device();
    gw_agent_start(&agent);
    CU_ASSERT_TRUE_FATAL(gw_proc_await(&agent.proc, "session up", LIMIT_MS));
}

static void a_release_reaches_a_device_and_is_confirmed(void)
{
    start_all();
    CU_ASSERT_TRUE_FATAL(gw_await(is_drafted, new_release, LIMIT_MS));
    CU_ASSERT_TRUE(is_in_state((void *)(uintptr_t) "draft"));
    CU_ASSERT_EQUAL(act("start", NULL), 0);
    CU_ASSERT_TRUE_FATAL(gw_await(is_asked_to_reboot, NULL, LIMIT_MS));
    CU_ASSERT_TRUE(gw_await(has_attempt_in, (void *)(uintptr_t) "rebooting", LIMIT_MS));
    reboot_device("2.0");
    CU_ASSERT_TRUE_FATAL(await_rollout("finished"));
    CU_ASSERT_TRUE(has_attempt_in((void *)(uintptr_t) "ok"));
    CU_ASSERT_STRING_EQUAL(get("good"), "2.0");
}

static void a_rollback_survives_the_death_of_the_gateway(void)
{
    CU_ASSERT_NOT_EQUAL(act("rollback", NULL), 0); /* a reason is asked for */
    CU_ASSERT_EQUAL(act("rollback", "pumps hum"), 0);
    CU_ASSERT_TRUE_FATAL(gw_await(is_asked_to_reboot, NULL, LIMIT_MS));
    gw_proc_signal(&gateway.proc, SIGKILL);
    (void)gw_proc_wait(&gateway.proc, LIMIT_MS);
    reboot_device("1.0"); /* while nobody listens */
    gw_gateway_restart(&gateway);
    CU_ASSERT_TRUE_FATAL(gw_gateway_await_ready(&gateway));
    CU_ASSERT_TRUE_FATAL(await_rollout("rolled_back"));
    CU_ASSERT_STRING_EQUAL(get("good"), "1.0");
    CU_ASSERT_TRUE(strstr(get("installs"), " ") != NULL);
}

static void a_device_that_fails_is_seen_and_the_rollout_is_aborted(void)
{
    put("worn_out", "");
    CU_ASSERT_TRUE_FATAL(gw_await(is_drafted, new_release, LIMIT_MS));
    CU_ASSERT_EQUAL(act("start", NULL), 0);
    CU_ASSERT_TRUE(gw_await(has_attempt_in, (void *)(uintptr_t) "failed", LIMIT_MS));
    CU_ASSERT_TRUE(await_rollout("holding")); /* one of one: the gate */
    CU_ASSERT_EQUAL(act("abort", "it is the flash"), 0);
    CU_ASSERT_TRUE(await_rollout("aborted"));
}

/* Its record says that the gateway has its last word: it will not say it again by itself. */
static bool has_said_all(void *ctx)
{
    (void)ctx;
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    char path[224];
    gw_buf_init(&text, 262144);
    (void)snprintf(path, sizeof(path), "%s/state/jobs/state", agent.dir);
    return gw_fs_read_file(path, &text, NULL) == GW_OK && strstr(gw_buf_str(&text), "\"acked\":true");
}

static void who_was_confirming_when_the_daemon_died_is_asked_again(void)
{
    char path[224];
    (void)snprintf(path, sizeof(path), "%s/worn_out", device_dir);
    CU_ASSERT_EQUAL_FATAL(unlink(path), 0);
    confirm_time = "10s";
    CU_ASSERT_TRUE_FATAL(gw_await(is_drafted, new_release, LIMIT_MS));
    CU_ASSERT_EQUAL(act("start", NULL), 0);
    CU_ASSERT_TRUE_FATAL(gw_await(is_asked_to_reboot, NULL, LIMIT_MS));
    reboot_device("2.0");
    CU_ASSERT_TRUE_FATAL(gw_await(has_said_all, NULL, LIMIT_MS));
    CU_ASSERT_TRUE_FATAL(gw_await(has_attempt_in, (void *)(uintptr_t) "confirming", LIMIT_MS));
    CU_ASSERT_EQUAL(kill(gw_gateway_child(&gateway, "gatehoused"), SIGKILL), 0); /* broker and session stay */
    CU_ASSERT_TRUE_FATAL(await_rollout("finished"));
    CU_ASSERT_TRUE(has_attempt_in((void *)(uintptr_t) "ok"));
    confirm_time = "1s";
    CU_ASSERT_EQUAL(act("rollback", "as it was"), 0); /* for those that follow */
    CU_ASSERT_TRUE_FATAL(gw_await(is_asked_to_reboot, NULL, LIMIT_MS));
    reboot_device("1.0");
    CU_ASSERT_TRUE_FATAL(await_rollout("rolled_back"));
}

/* ---- a stored artifact that is altered --------------------------------------------------------------------------- */

/* The gateway's copy of a.swu of this release. */
static void blob_path(const char *release, char out[256])
{
    const char *const args[] = {"release", "show", release, NULL};
    GW_FREE char *json = NULL;
    char digest[80] = "";
    CU_ASSERT_EQUAL_FATAL(gw_gateway_cli(&gateway, args, &json), 0);
    const char *file = strstr(json, "\"a.swu\"");
    CU_ASSERT_FATAL(file != NULL);
    gw_json_pick(file, "sha256", digest, sizeof(digest));
    (void)snprintf(out, 256, "%s/blobs/%.2s/%s", gateway.state, digest, digest);
}

static void flip_a_byte(const char *path)
{
    FILE *f = fopen(path, "r+b");
    CU_ASSERT_FATAL(f != NULL);
    CU_ASSERT_EQUAL(fseek(f, 1000, SEEK_SET), 0);
    int byte = fgetc(f);
    CU_ASSERT_EQUAL(fseek(f, 1000, SEEK_SET), 0);
    CU_ASSERT_EQUAL(fputc(byte ^ 1, f), byte ^ 1);
    CU_ASSERT_EQUAL(fclose(f), 0);
}

/* Whether what these words print says all of this. */
static bool prints(const char *const args[], const char *one, const char *other)
{
    GW_FREE char *json = NULL;
    return gw_gateway_cli(&gateway, args, &json) == 0 && strstr(json, one) && strstr(json, other);
}

static bool damage_is_told(void *ctx)
{
    static const char *const log[] = {"logs", "show", "--audit", "--from", "0", "--limit", "10000", NULL};
    static const char *const alerts[] = {"alerts", "list", NULL};
    (void)ctx;
    return prints(log, "a.swu: the stored artifact was altered", "noticed through " DEVICE) &&
           prints(alerts, "\"integ.hash_mismatch\"", "a.swu");
}

static char third_release[24];

static void an_altered_artifact_is_found_when_a_device_complains(void)
{
    char path[256];
    import(3, "3.0", third_release);
    blob_path(third_release, path);
    flip_a_byte(path); /* under the running gateway */
    CU_ASSERT_TRUE_FATAL(gw_await(is_drafted, third_release, LIMIT_MS));
    CU_ASSERT_EQUAL(act("start", NULL), 0);
    CU_ASSERT_TRUE(gw_await(has_attempt_in, (void *)(uintptr_t) "failed", LIMIT_MS));
    CU_ASSERT_TRUE(await_rollout("paused"));
    CU_ASSERT_TRUE(gw_await(damage_is_told, NULL, LIMIT_MS));
    const char *const devices[] = {"rollout", "devices", rollout, NULL}, *const show[] = {"rollout", "show", rollout,
                                                                                          NULL};
    CU_ASSERT_TRUE(prints(devices, "\"digest\"", DEVICE));
    CU_ASSERT_TRUE(prints(show, "a stored artifact of its release is damaged", "\"paused\""));
    CU_ASSERT_NOT_EQUAL(act("resume", NULL), 0);
    const char *const other[] = {"release", "verify", new_release, NULL};
    CU_ASSERT_TRUE(prints(other, new_release, "\"damaged\":null")); /* nothing else is harmed */
}

static void damage_is_remembered_until_it_is_mended(void)
{
    const char *const show[] = {"release", "show", third_release, NULL}, *const verify[] = {"release", "verify",
                                                                                            third_release, NULL};
    char path[256];
    CU_ASSERT_EQUAL(gw_gateway_stop(&gateway), 0);
    gw_gateway_restart(&gateway);
    CU_ASSERT_TRUE_FATAL(gw_gateway_await_ready(&gateway));
    CU_ASSERT_FALSE(prints(show, third_release, "\"damaged\":null"));
    CU_ASSERT_NOT_EQUAL(act("resume", NULL), 0);
    blob_path(third_release, path);
    flip_a_byte(path); /* back */
    CU_ASSERT_TRUE(prints(verify, third_release, "\"damaged\":null"));
    CU_ASSERT_EQUAL(act("resume", NULL), 0);
    CU_ASSERT_EQUAL(act("abort", "the device is done with it"), 0);
}

static bool is_importing(void *ctx)
{
    (void)ctx;
    return kit_progress(&gateway) >= 0;
}

static bool intact_copy_is_told(void *ctx)
{
    static const char *const log[] = {"logs", "show", "--audit", "--from", "0", "--limit", "10000", NULL};
    (void)ctx;
    return prints(log, "a.swu: the device received something else", "\"upd.mismatch\"");
}

/* What the device downloads is changed, and is what it was when the gateway looks: as if it were changed on its way. An
 * import that is under way makes the gateway wait with that. */
static void an_intact_artifact_points_at_the_device(void)
{
    const char *const show[] = {"release", "show", third_release, NULL};
    char path[256];
    int fd = kit_upload_begin(&gateway, 1000000);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_TRUE_FATAL(gw_await(is_importing, NULL, LIMIT_MS));
    blob_path(third_release, path);
    flip_a_byte(path);
    CU_ASSERT_TRUE_FATAL(gw_await(is_drafted, third_release, LIMIT_MS));
    CU_ASSERT_EQUAL(act("start", NULL), 0);
    CU_ASSERT_TRUE(gw_await(has_attempt_in, (void *)(uintptr_t) "failed", LIMIT_MS));
    flip_a_byte(path); /* back */
    (void)close(fd);
    CU_ASSERT_TRUE(gw_await(intact_copy_is_told, NULL, LIMIT_MS));
    CU_ASSERT_TRUE(prints(show, third_release, "\"damaged\":null"));
    CU_ASSERT_TRUE(await_rollout("holding")); /* one of one has failed: the gate, and no more */
    CU_ASSERT_EQUAL(act("abort", "look at the device"), 0);
}

static bool loss_is_told(void *ctx)
{
    static const char *const log[] = {"logs", "show", "--audit", "--from", "0", "--limit", "10000", NULL};
    (void)ctx;
    return prints(log, "a.swu: the stored artifact is gone", "noticed through " DEVICE);
}

static void a_lost_artifact_is_found_when_a_device_asks_for_it(void)
{
    const char *const verify[] = {"release", "verify", third_release, NULL};
    char path[256];
    CU_ASSERT_TRUE(prints(verify, third_release, "\"damaged\":null")); /* it has been looked at within the hour */
    blob_path(third_release, path);
    CU_ASSERT_EQUAL(unlink(path), 0);
    CU_ASSERT_TRUE_FATAL(gw_await(is_drafted, third_release, LIMIT_MS));
    CU_ASSERT_EQUAL(act("start", NULL), 0);
    CU_ASSERT_TRUE(await_rollout("paused"));
    CU_ASSERT_TRUE(gw_await(loss_is_told, NULL, LIMIT_MS));
    CU_ASSERT_TRUE(gw_await(has_attempt_in, (void *)(uintptr_t) "cancelled", LIMIT_MS)); /* and no failure */
}

static void the_gateway_ends_clean(void)
{
    gw_agent_done(&agent);
    CU_ASSERT_EQUAL(gw_gateway_stop(&gateway), 0);
    gw_gateway_done(&gateway);
}

static const struct gw_test_case cases[] = {
    {"a release reaches a device and is confirmed", a_release_reaches_a_device_and_is_confirmed},
    {"a rollback survives the death of the gateway", a_rollback_survives_the_death_of_the_gateway},
    {"a device that fails is seen, and the rollout is aborted", a_device_that_fails_is_seen_and_the_rollout_is_aborted},
    {"who was confirming when the daemon died is asked again", who_was_confirming_when_the_daemon_died_is_asked_again},
    {"an altered artifact is found when a device complains", an_altered_artifact_is_found_when_a_device_complains},
    {"damage is remembered until it is mended", damage_is_remembered_until_it_is_mended},
    {"an intact artifact points at the device", an_intact_artifact_points_at_the_device},
    {"a lost artifact is found when a device asks for it", a_lost_artifact_is_found_when_a_device_asks_for_it},
    {"the gateway ends clean", the_gateway_ends_clean},
};

int main(void)
{
    return GW_GATEWAY_TEST_RUN("rollout end to end", cases);
}
