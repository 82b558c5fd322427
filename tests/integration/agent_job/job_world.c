#include "job_world.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bulk_hash.h"
#include "gw_cleanup.h"
#include "gw_fs.h"
#include "gw_id.h"
#include "gw_test.h"

#define DEVICE     "pump-7"
#define IMAGE_LINE 64

static void must(bool ok)
{
    if (!ok)
        abort();
}

static const char *read_path(const char *path)
{
    static struct gw_buf text;
    gw_buf_done(&text);
    gw_buf_init(&text, 1024 * 1024);
    return gw_fs_read_file(path, &text, NULL) ? "" : gw_buf_str(&text);
}

void job_world_write(struct job_world *w, const char *name, const char *text)
{
    char path[320];
    (void)snprintf(path, sizeof(path), "%s/%s", w->device, name);
    update_write(path, gw_view_str(text), 0600);
}

const char *job_world_read(struct job_world *w, const char *name)
{
    char path[320];
    (void)snprintf(path, sizeof(path), "%s/%s", w->device, name);
    return read_path(path);
}

void job_world_remove(struct job_world *w, const char *name)
{
    char path[320];
    (void)snprintf(path, sizeof(path), "%s/%s", w->device, name);
    (void)unlink(path);
}

static void note(void *ctx, const struct topic *topic, struct gw_view payload, const struct job_report *report)
{
    struct job_world *w = ctx;
    (void)payload;
    w->states += topic->kind == TOPIC_UP_STATE;
    if (report)
        update_reports_add(&w->reports, report);
}

/* ---- the vendor ---- */

void job_world_image(struct job_world *w, const char *attempt, size_t bytes, struct vendor_release *release)
{
    static char image[16 * 1024 * 1024];
    must(bytes >= IMAGE_LINE && bytes <= sizeof(image));
    gw_random(image, bytes);
    int n = snprintf(image, IMAGE_LINE, "IMAGE %s\n", release->version);
    must(n > 0);
    update_gateway_release(gw_view_make(image, bytes), release);
    update_gateway_serve(&w->gateway, attempt, gw_view_make(image, bytes));
}

void job_world_offer(struct job_world *w, struct job_message *message)
{
    update_gateway_offer(&w->gateway, DEVICE, message);
}

void job_world_offer_release(struct job_world *w, const char *attempt, const struct vendor_release *release)
{
    GW_CLEANUP(job_message_done) struct job_message m = {0};
    vendor_message(w->gateway.vendor, attempt, release, &m);
    job_world_offer(w, &m);
}

void job_world_withdraw(struct job_world *w)
{
    struct job_message m = {.has_job = false};
    job_world_offer(w, &m);
}

/* ---- the device ---- */

static void seed_slots(struct job_world *w)
{
    char path[320];
    const char *const slots[] = {"a", "b"};
    (void)mkdir(w->device, 0700);
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", w->device, slots[i]);
        (void)mkdir(path, 0700);
    }
    job_world_write(w, "a/image", "IMAGE 1.0.0\n");
    job_world_write(w, "active", "a\n");
    job_world_write(w, "good", "a\n");
    job_world_write(w, "primary", "a\n");
    job_world_write(w, "boots", "1\n");
}

/* Enrolled already: this is not about enrolment. */
static void seed_identity(struct job_world *w)
{
    char state[160], root[200];
    (void)snprintf(state, sizeof(state), "%s/state", w->gateway.dir);
    (void)mkdir(state, 0700);
    update_gateway_identity(&w->gateway, DEVICE, state);
    (void)snprintf(root, sizeof(root), "%s/root.pem", state);
    update_copy(w->gateway.pki.ca_file, root, 0600);
}

static void spki_pin(const struct job_world *w, char out[2 * GW_SHA256_LEN + 1])
{
    unsigned char *der = NULL;
    struct gw_sha256 hash;
    int len = i2d_PUBKEY(w->gateway.pki.key, &der);
    must(len > 0);
    bulk_hash_ops()->digest(gw_view_make(der, (size_t)len), &hash);
    OPENSSL_free(der);
    gw_hex_format(hash.bytes, GW_SHA256_LEN, out);
}

static void configure(struct job_world *w, const char *extra)
{
    const char *dir = w->gateway.dir;
    char path[320], text[4096], pin[2 * GW_SHA256_LEN + 1];
    spki_pin(w, pin);
    (void)snprintf(text, sizeof(text),
                   "[gateway]\nhost = \"127.0.0.1\"\nhttps_port = %u\nmqtt_port = %u\nca_sha256 = \"%s\"\n"
                   "[device]\nid = \"" DEVICE "\"\nproduct = \"pump\"\nhardware = \"rev-c\"\n"
                   "[state]\ndir = \"%s/state\"\n[log]\nlevel = \"debug\"\n"
                   "[update]\nvendor_keys = [\"%s/vendor.pem\"]\nhandler = \"script\"\nscript = \"%s/ab_handler.sh\"\n"
                   "postpone_file = \"%s/not-now\"\n%s",
                   w->gateway.server.tls.port, w->gateway.tls_port, pin, dir, dir, dir, dir, extra);
    (void)snprintf(path, sizeof(path), "%s/agent.toml", dir);
    update_write(path, gw_view_str(text), 0600);
    (void)snprintf(path, sizeof(path), "%s/ab_handler.sh", dir);
    update_copy(GW_SOURCE_DIR "/tests/integration/agent_job/ab_handler.sh", path, 0700);
}

void job_world_init(struct job_world *w, const char *extra_update)
{
    *w = (struct job_world){.states = 0};
    update_gateway_init(&w->gateway, note, w);
    (void)snprintf(w->device, sizeof(w->device), "%s/device", w->gateway.dir);
    seed_slots(w);
    seed_identity(w);
    configure(w, extra_update);
}

void job_world_done(struct job_world *w)
{
    update_kill(&w->agent);
    update_gateway_done(&w->gateway);
}

void job_world_start_agent(struct job_world *w)
{
    char config[192];
    (void)snprintf(config, sizeof(config), "%s/agent.toml", w->gateway.dir);
    const char *const argv[] = {GW_BIN_DIR "/gatehouse-agent", "--config", config, NULL};
    gw_proc_start(&w->agent, argv, NULL);
    bool up = gw_proc_await(&w->agent, "session up", UPDATE_LIMIT_MS);
    if (!up)
        printf("#   the agent says: %s\n", w->agent.out ? w->agent.out : "");
    CU_ASSERT_TRUE_FATAL(up);
}

void job_world_kill_agent(struct job_world *w)
{
    update_kill(&w->agent);
}

void job_world_reboot(struct job_world *w, bool broken)
{
    char slot[16], boots[24];
    job_world_kill_agent(w);
    (void)snprintf(slot, sizeof(slot), "%s", job_world_read(w, broken ? "good" : "primary"));
    job_world_write(w, "active", slot);
    (void)snprintf(boots, sizeof(boots), "%ld\n", strtol(job_world_read(w, "boots"), NULL, 10) + 1);
    job_world_write(w, "boots", boots);
}

bool job_world_await(struct job_world *w, enum job_state state, size_t *from, struct job_report *ret_report)
{
    if (update_reports_await(&w->gateway, &w->reports, state, from, ret_report))
        return true;
    (void)gw_proc_await(&w->agent, "\n", 0);
    printf("#   no report \"%s\"; the agent says:\n%s\n", job_state_text(state), w->agent.out ? w->agent.out : "");
    return false;
}
