/*
 * web_slots: tickets for requests. A slot belongs to a connection from accept to close; its generation moves on with
 * every request and every end of waiting, so an answer that comes late, twice or for a connection that has gone finds
 * nothing. Web thread only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "http_route.h"

struct web_conn;

struct web_slots {
    struct web_slot {
        struct web_conn *conn; /* NULL: free */
        uint32_t generation;   /* never 0 */
        bool waiting;
    } * at;
    uint32_t *free_list;
    uint32_t free_count;
    uint32_t count;
};

void web_slots_init(struct web_slots *s, uint32_t count);
void web_slots_done(struct web_slots *s);
bool web_slots_take(struct web_slots *s, struct web_conn *conn, uint32_t *ret_slot); /* false: none is free */
void web_slots_give(struct web_slots *s, uint32_t slot);
/* A new ticket for the connection's current request; earlier ones are void. */
struct http_ticket web_slots_ticket(struct web_slots *s, uint32_t slot);
/* Voids the ticket of the current request. */
void web_slots_void(struct web_slots *s, uint32_t slot);
/* The connection that waits under this ticket, whose ticket is void from then on; NULL when there is none. */
struct web_conn *web_slots_redeem(struct web_slots *s, struct http_ticket ticket);
