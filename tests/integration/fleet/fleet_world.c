#include "fleet_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gw_cleanup.h"
#include "gw_fs.h"
#include "gw_id.h"
#include "gw_test.h"

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void read_file(const char *path, struct gw_buf *out)
{
    gw_buf_init(out, 1024 * 1024);
    (void)!gw_fs_read_file(path, out, NULL);
}

static void name_device(unsigned device, char out[16])
{
    (void)snprintf(out, 16, "sim-%05u", device);
}

static void note(void *ctx, const struct topic *topic, struct gw_view payload, const struct job_report *report)
{
    static const char crash[] = "\"cls\":\"app.crash\",\"sev\":5";
    struct fleet_world *w = ctx;
    unsigned device = (unsigned)strtoul(topic->device.text + 4, NULL, 10);
    must(device >= 1 && device <= WORLD_DEVICES);
    struct world_device *d = &w->devices[device];
    if (topic->kind == TOPIC_UP_STATE) {
        (void)snprintf(d->state, sizeof(d->state), "%.*s", (int)payload.len, (const char *)payload.ptr);
        d->states++;
    }
    if (topic->kind == TOPIC_UP_LOG && memmem(payload.ptr, payload.len, crash, sizeof(crash) - 1))
        d->crashed = true;
    if (report)
        update_reports_add(&d->reports, report);
}

/* ---- the fleet ---- */

/* Enrolled already: this is not about enrolment. */
static void seed_fleet(struct fleet_world *w)
{
    char path[UPDATE_PATH_MAX], name[16];
    const char *dir = w->gateway.dir;
    (void)snprintf(path, sizeof(path), "%s/fleet", dir);
    (void)mkdir(path, 0700);
    (void)snprintf(path, sizeof(path), "%s/fleet/devices", dir);
    (void)mkdir(path, 0700);
    (void)snprintf(path, sizeof(path), "%s/fleet/root.pem", dir);
    update_copy(w->gateway.pki.ca_file, path, 0600);
    for (unsigned device = 1; device <= WORLD_DEVICES; device++) {
        name_device(device, name);
        (void)snprintf(path, sizeof(path), "%s/fleet/devices/%s", dir, name);
        (void)mkdir(path, 0700);
        update_gateway_identity(&w->gateway, name, path);
    }
}

void fleet_world_init(struct fleet_world *w)
{
    memset(w, 0, sizeof(*w));
    update_gateway_init(&w->gateway, note, w);
    seed_fleet(w);
}

void fleet_world_kill(struct fleet_world *w)
{
    update_kill(&w->fleet);
}

void fleet_world_done(struct fleet_world *w)
{
    fleet_world_kill(w);
    update_gateway_done(&w->gateway);
}

void fleet_world_start(struct fleet_world *w, const char *behaviour, const char *const args[])
{
    char state[UPDATE_PATH_MAX], key[UPDATE_PATH_MAX], toml[UPDATE_PATH_MAX], gateway[64], port[16];
    static const char program[] = GW_BIN_DIR "/gatehouse-fleet";
    const char *argv[40] = {program, "--product", "pump", "--hardware", "rev-c"};
    const char *const places[] = {"--state",     state,   "--vendor-key", key,  "--gateway", gateway,
                                  "--mqtt-port", port,    "--behaviour",  toml, "--devices", "10",
                                  "--release",   "1.0.0", "--figures",    "0",  "--window",  "16"};
    size_t count = 5;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        argv[count++] = places[i];
    (void)snprintf(state, sizeof(state), "%s/fleet", w->gateway.dir);
    (void)snprintf(key, sizeof(key), "%s/vendor.pem", w->gateway.dir);
    (void)snprintf(toml, sizeof(toml), "%s/behaviour.toml", w->gateway.dir);
    (void)snprintf(gateway, sizeof(gateway), "127.0.0.1:%u", w->gateway.server.tls.port);
    (void)snprintf(port, sizeof(port), "%u", w->gateway.tls_port);
    update_write(toml, gw_view_str(behaviour ? behaviour : ""), 0600);
    for (; *args; args++)
        argv[count++] = *args;
    (void)pthread_mutex_lock(&w->gateway.lock);
    for (unsigned i = 1; i <= WORLD_DEVICES; i++)
        w->devices[i].states = 0;
    (void)pthread_mutex_unlock(&w->gateway.lock);
    gw_proc_start(&w->fleet, argv, NULL);
    for (unsigned i = 1; i <= WORLD_DEVICES; i++)
        CU_ASSERT_FATAL(fleet_world_await_state(w, i, 1, "\"product\":\"pump\""));
}

/* ---- the vendor ---- */

void fleet_world_release(struct fleet_world *w, const char *attempt, size_t bytes, struct vendor_release *release)
{
    GW_FREE char *image = gw_xalloc(bytes, 1);
    char full[JOB_ID_MAX];
    gw_random(image, bytes);
    update_gateway_release(gw_view_make(image, bytes), release);
    for (unsigned device = 1; device <= WORLD_DEVICES; device++) {
        (void)snprintf(full, sizeof(full), "%s-%u", attempt, device);
        update_gateway_serve(&w->gateway, full, gw_view_make(image, bytes));
    }
}

void fleet_world_offer(struct fleet_world *w, unsigned device, EVP_PKEY *signer, const char *attempt,
                       const struct vendor_release *release, enum job_kind kind)
{
    GW_CLEANUP(job_message_done) struct job_message m = {0};
    char name[16], full[JOB_ID_MAX];
    (void)snprintf(full, sizeof(full), "%s-%u", attempt, device);
    vendor_message(signer, full, release, &m);
    m.job.kind = kind;
    m.job.postpone_until_max = (struct gw_wall){gw_wall_now().ms + GW_HOUR_MS};
    name_device(device, name);
    update_gateway_offer(&w->gateway, name, &m);
}

/* ---- waiting ---- */

struct wanted {
    struct fleet_world *w;
    unsigned device;
    size_t states;
    const char *text;
};

static void tell(struct fleet_world *w, unsigned device, const char *what)
{
    const struct world_device *d = &w->devices[device];
    (void)gw_proc_await(&w->fleet, "\n", 0);
    (void)pthread_mutex_lock(&w->gateway.lock);
    printf("#   device %u: no %s; it said:", device, what);
    for (size_t i = 0; i < d->reports.count; i++)
        printf(" %s(%s)", job_state_text(d->reports.at[i].state), d->reports.at[i].code);
    printf("; %zu inventories, the last %s\n", d->states, d->state);
    (void)pthread_mutex_unlock(&w->gateway.lock);
    printf("#   the fleet says:\n%s\n", w->fleet.out ? w->fleet.out : "");
}

bool fleet_world_await(struct fleet_world *w, unsigned device, enum job_state state, size_t *from,
                       struct job_report *ret_report)
{
    bool there = update_reports_await(&w->gateway, &w->devices[device].reports, state, from, ret_report);
    if (!there)
        tell(w, device, job_state_text(state));
    return there;
}

static bool state_there(void *ctx)
{
    struct wanted *wanted = ctx;
    struct world_device *d = &wanted->w->devices[wanted->device];
    (void)pthread_mutex_lock(&wanted->w->gateway.lock);
    bool there = d->states >= wanted->states && strstr(d->state, wanted->text);
    (void)pthread_mutex_unlock(&wanted->w->gateway.lock);
    return there;
}

bool fleet_world_await_state(struct fleet_world *w, unsigned device, size_t states, const char *text)
{
    struct wanted wanted = {.w = w, .device = device, .states = states, .text = text};
    bool there = gw_await(state_there, &wanted, UPDATE_LIMIT_MS);
    if (!there)
        tell(w, device, text);
    return there;
}

static bool crash_there(void *ctx)
{
    struct wanted *wanted = ctx;
    (void)pthread_mutex_lock(&wanted->w->gateway.lock);
    bool there = wanted->w->devices[wanted->device].crashed;
    (void)pthread_mutex_unlock(&wanted->w->gateway.lock);
    return there;
}

bool fleet_world_await_crash(struct fleet_world *w, unsigned device)
{
    struct wanted wanted = {.w = w, .device = device};
    return gw_await(crash_there, &wanted, UPDATE_LIMIT_MS);
}

size_t fleet_world_started(struct fleet_world *w, unsigned device, const char *attempt)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    char path[UPDATE_PATH_MAX], wanted[128];
    size_t count = 0;
    (void)snprintf(path, sizeof(path), "%s/fleet/handlers", w->gateway.dir);
    (void)snprintf(wanted, sizeof(wanted), " sim-%05u %s-%u ", device, attempt, device);
    read_file(path, &text);
    for (const char *at = gw_buf_str(&text); (at = strstr(at, wanted)); at++)
        count++;
    return count;
}
