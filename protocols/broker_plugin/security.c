#include "security.h"

#include <string.h>

#include "plugin.h"

static void count_up(uint32_t *times)
{
    if (*times < UINT32_MAX)
        (*times)++;
}

void security_note(struct security *security, enum registry_reason reason, const struct gw_device_id *id,
                   const char *source, const char *what)
{
    const struct gw_device_id nobody = {0};
    struct security_slot slot = {.reason = reason, .times = 1, .id = id ? *id : nobody};
    (void)snprintf(slot.source, sizeof(slot.source), "%s", source);
    if (what)
        registry_what(gw_view_str(what), slot.what);
    for (size_t i = 0; i < security->count; i++) {
        struct security_slot *known = &security->slots[i];
        if (known->reason == reason && gw_device_id_eq(&known->id, &slot.id) &&
            strcmp(known->source, slot.source) == 0) {
            count_up(&known->times);
            memcpy(known->what, slot.what, sizeof(known->what));
            return;
        }
    }
    if (security->count < SECURITY_SLOTS)
        security->slots[security->count++] = slot;
    else
        count_up(&security->others[reason]);
}

static void send_slot(const struct plugin *p, const struct security_slot *slot)
{
    struct registry_message message = {
        .type = REGISTRY_SECURITY, .reason = slot->reason, .count = slot->times, .id = slot->id};
    memcpy(message.source, slot->source, sizeof(message.source));
    memcpy(message.what, slot->what, sizeof(message.what));
    plugin_send(p, TOPIC_GATEWAY_PRESENCE, &message);
}

void security_flush(struct plugin *p, struct gw_mono now)
{
    struct security *security = &p->security;
    if (!p->presence.listening || now.ms - security->sent.ms < SECURITY_FLUSH_MS)
        return;
    for (size_t i = 0; i < security->count; i++)
        send_slot(p, &security->slots[i]);
    for (size_t reason = 1; reason <= REGISTRY_REASON_LAST; reason++)
        if (security->others[reason])
            send_slot(
                p, &(struct security_slot){.reason = (enum registry_reason)reason, .times = security->others[reason]});
    security->count = 0;
    memset(security->others, 0, sizeof(security->others));
    security->sent = now;
}
