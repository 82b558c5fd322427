#include "web_slots.h"

#include <stdlib.h>

#include "gw_cleanup.h"

void web_slots_init(struct web_slots *s, uint32_t count)
{
    *s = (struct web_slots){.count = count, .free_count = count};
    s->at = gw_xalloc(count, sizeof(s->at[0]));
    s->free_list = gw_xalloc(count, sizeof(s->free_list[0]));
    for (uint32_t i = 0; i < count; i++) {
        s->at[i].generation = 1;
        s->free_list[i] = count - 1 - i;
    }
}

void web_slots_done(struct web_slots *s)
{
    free(s->at);
    free(s->free_list);
    *s = (struct web_slots){0};
}

static void next_generation(struct web_slot *slot)
{
    slot->generation++;
    if (slot->generation == 0)
        slot->generation = 1;
}

bool web_slots_take(struct web_slots *s, struct web_conn *conn, uint32_t *ret_slot)
{
    if (s->free_count == 0)
        return false;
    *ret_slot = s->free_list[--s->free_count];
    s->at[*ret_slot].conn = conn;
    return true;
}

void web_slots_give(struct web_slots *s, uint32_t slot)
{
    web_slots_void(s, slot);
    s->at[slot].conn = NULL;
    s->free_list[s->free_count++] = slot;
}

struct http_ticket web_slots_ticket(struct web_slots *s, uint32_t slot)
{
    next_generation(&s->at[slot]);
    s->at[slot].waiting = true;
    return (struct http_ticket){slot, s->at[slot].generation};
}

void web_slots_void(struct web_slots *s, uint32_t slot)
{
    next_generation(&s->at[slot]);
    s->at[slot].waiting = false;
}

struct web_conn *web_slots_redeem(struct web_slots *s, struct http_ticket ticket)
{
    if (ticket.slot >= s->count)
        return NULL;
    struct web_slot *slot = &s->at[ticket.slot];
    if (!slot->conn || !slot->waiting || slot->generation != ticket.generation)
        return NULL;
    web_slots_void(s, ticket.slot);
    return slot->conn;
}
