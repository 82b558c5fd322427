#include "control.h"

#include "peer_cert.h"

void control_abort(struct plugin *p)
{
    if (!p->load.active)
        return;
    devtable_done(&p->load.table);
    peer_digest_free(p->load.sum);
    p->load = (struct plugin_load){0};
}

static void say(struct plugin *p, enum registry_type type)
{
    struct registry_message message = {.type = type, .generation = p->generation};
    plugin_send(p, TOPIC_GATEWAY_REGISTRY, &message);
}

void control_tick(struct plugin *p, struct gw_mono now)
{
    if (!p->wanted_due || now.ms - p->wanted_at.ms < PLUGIN_WANTED_MS)
        return;
    p->wanted_due = false;
    p->wanted_at = now;
    say(p, REGISTRY_WANTED);
}

static void want_all(struct plugin *p)
{
    control_abort(p);
    p->wanted_due = true;
    control_tick(p, gw_mono_now());
}

static void bad(struct plugin *p)
{
    security_note(&p->security, REGISTRY_BAD_CONTROL, NULL, "local", NULL);
    want_all(p);
}

static void on_begin(struct plugin *p, const struct registry_message *m)
{
    control_abort(p);
    struct peer_digest *sum = peer_digest_new();
    if (!sum) {
        bad(p);
        return;
    }
    p->load = (struct plugin_load){
        .active = true, .generation = m->generation, .expected = m->count, .digest = m->digest, .sum = sum};
    devtable_init(&p->load.table, p->max_devices);
}

static void on_entries(struct plugin *p, const struct registry_message *m)
{
    struct plugin_load *load = &p->load;
    if (!load->active || m->generation != load->generation || m->count > load->expected - load->received ||
        !peer_digest_add(load->sum, m->items)) {
        bad(p);
        return;
    }
    load->received += m->count;
    struct gw_reader items = {m->items};
    struct registry_entry entry;
    while (registry_entry_next(&items, &entry) == GW_OK)
        if (devtable_add(&load->table, &entry)) {
            bad(p);
            return;
        }
}

struct swap {
    struct plugin *p;
    const struct devtable *coming;
};

static void cut_unless_it_stands(void *ctx, struct devtable_device *device)
{
    const struct swap *swap = ctx;
    if (!devtable_session_stands(&device->session, devtable_find(swap->coming, device->id.text)))
        plugin_kick(swap->p, device);
}

/* Sessions end under the old registry, where they are known, and the others move over: one step for every device. */
static void on_commit(struct plugin *p, const struct registry_message *m)
{
    struct plugin_load *load = &p->load;
    struct gw_sha256 sum;
    if (!load->active || m->generation != load->generation || load->received != load->expected ||
        !peer_digest_end(load->sum, &sum) || !gw_sha256_eq(&sum, &load->digest)) {
        bad(p);
        return;
    }
    struct swap swap = {p, &load->table};
    devtable_each(&p->table, cut_unless_it_stands, &swap);
    devtable_take_sessions(&load->table, &p->table);
    devtable_done(&p->table);
    p->table = load->table;
    load->table = (struct devtable){0};
    p->generation = load->generation;
    p->open = true;
    p->next_expiry.ms = 0;
    p->wanted_due = false;
    control_abort(p);
    say(p, REGISTRY_AT);
}

/* Two entries may not share a digest, and none may belong to another device. */
static bool device_fits(const struct plugin *p, const struct registry_message *m, struct registry_entry entries[])
{
    struct gw_reader items = {m->items};
    const struct devtable_device *device = devtable_find(&p->table, m->id.text);
    if (m->count && !device && p->table.devices >= p->table.max_devices)
        return false;
    for (uint32_t i = 0; i < m->count; i++) {
        if (registry_entry_next(&items, &entries[i]))
            return false;
        const struct devtable_cert *cert = devtable_find_cert(&p->table, &entries[i].cert_sha256);
        if (cert && cert->owner != device)
            return false;
    }
    return m->count < 2 || !gw_sha256_eq(&entries[0].cert_sha256, &entries[1].cert_sha256);
}

static void shorten_session(struct plugin *p, struct devtable_device *device)
{
    for (size_t i = 0; i < device->cert_count; i++)
        if (gw_sha256_eq(&device->certs[i].sha256, &device->session.cert_sha256) &&
            device->certs[i].not_after.ms < device->session.not_after.ms)
            device->session.not_after = device->certs[i].not_after;
    p->next_expiry.ms = 0;
}

static void on_device(struct plugin *p, const struct registry_message *m)
{
    struct registry_entry entries[REGISTRY_DEVICE_ENTRIES];
    if (!p->open || p->load.active || m->generation != p->generation + 1) {
        want_all(p);
        return;
    }
    if (!device_fits(p, m, entries)) {
        bad(p);
        return;
    }
    struct devtable_device *device = devtable_find(&p->table, m->id.text);
    if (device)
        devtable_clear_certs(&p->table, device);
    for (uint32_t i = 0; i < m->count; i++)
        (void)!devtable_add(&p->table, &entries[i]); /* it was seen to fit */
    device = devtable_find(&p->table, m->id.text);
    p->generation = m->generation;
    if (device && !devtable_session_stands(&device->session, device))
        plugin_kick(p, device);
    if (device && device->cert_count == 0)
        devtable_remove(&p->table, device);
    else if (device)
        shorten_session(p, device);
    say(p, REGISTRY_AT);
}

void control_message(struct plugin *p, const struct mosquitto *client, struct gw_view payload)
{
    struct registry_message m;
    if (client != p->local[PLUGIN_CONTROL]) { /* acl refuses it before; this is the second lock */
        security_note(&p->security, REGISTRY_BAD_CONTROL, NULL, plugin_source(client), NULL);
        return;
    }
    if (registry_parse(payload, &m)) {
        bad(p);
        return;
    }
    switch (m.type) {
    case REGISTRY_BEGIN:
        on_begin(p, &m);
        return;
    case REGISTRY_ENTRIES:
        on_entries(p, &m);
        return;
    case REGISTRY_COMMIT:
        on_commit(p, &m);
        return;
    case REGISTRY_DEVICE:
        on_device(p, &m);
        return;
    case REGISTRY_LIST:
        presence_list(p, m.request);
        return;
    case REGISTRY_AT:
    case REGISTRY_WANTED:
    case REGISTRY_SYNC:
    case REGISTRY_PRESENCE:
    case REGISTRY_SECURITY:
        bad(p);
        return;
    }
}
