/* Who may connect. Cheapest first: a flood of handshakes costs a look into a table. */
#include <stdio.h>
#include <string.h>

#include "live_internal.h"

bool live_bucket_take(struct live_bucket *b, int burst, int per_s, struct gw_mono now)
{
    int64_t full_milli = (int64_t)burst * 1000;
    if (b->filled.ms == 0 || now.ms - b->filled.ms > full_milli / per_s)
        b->tokens_milli = full_milli;
    else
        b->tokens_milli += (now.ms - b->filled.ms) * per_s;
    if (b->tokens_milli > full_milli)
        b->tokens_milli = full_milli;
    b->filled = now;
    if (b->tokens_milli < 1000)
        return false;
    b->tokens_milli -= 1000;
    return true;
}

/* An IPv4 address, or the /64 of an IPv6 address: its first four groups, as web writes it (RFC 5952). */
static void source_name(const char *source, char out[HTTP_SOURCE_MAX])
{
    int colons = 0;
    size_t n = 0;
    const char *gap = strstr(source, "::");
    for (; source[n] && n + 1 < HTTP_SOURCE_MAX; n++) {
        colons += source[n] == ':';
        if (colons == 4 || (gap && source + n > gap))
            break;
        out[n] = source[n];
    }
    out[n] = '\0';
}

static bool source_may(struct live_hub *hub, const char *source, struct gw_mono now)
{
    char name[HTTP_SOURCE_MAX];
    source_name(source, name);
    struct live_source *s = NULL;
    for (size_t i = 0; !s && i < LIVE_SOURCES; i++)
        if (strcmp(hub->sources[i].source, name) == 0)
            s = &hub->sources[i];
    if (!s) {
        s = &hub->sources[hub->next_source];
        hub->next_source = (hub->next_source + 1) % LIVE_SOURCES;
        *s = (struct live_source){.source = ""};
        (void)snprintf(s->source, sizeof(s->source), "%s", name);
    }
    return live_bucket_take(&s->bucket, LIVE_SOURCE_BURST, LIVE_SOURCE_PER_S, now);
}

/* Scheme, name and port, all three: a page that another server on this machine serves is not ours (RFC 6454). */
static bool origin_is_ours(const struct live_hub *hub, struct gw_view origin)
{
    char ours[512];
    for (size_t i = 0; i < hub->config.name_count; i++) {
        (void)snprintf(ours, sizeof(ours), "https://%s:%u", hub->config.names[i], hub->operators_port);
        if (gw_view_eq_str_nocase(origin, ours))
            return true;
        (void)snprintf(ours, sizeof(ours), "https://%s", hub->config.names[i]);
        if (hub->operators_port == 443 && gw_view_eq_str_nocase(origin, ours))
            return true;
    }
    return false;
}

static size_t conns_of(const struct live_hub *hub, const struct gw_sha256 *session)
{
    size_t count = 0;
    for (size_t i = 0; i < hub->conn_count; i++)
        count += gw_sha256_eq(&hub->conns[i]->actor.session, session);
    return count;
}

enum gw_rc live_gate(struct live_hub *hub, const struct http_request *request, struct gw_mono now,
                     struct actor *ret_actor, struct gw_err *err)
{
    const struct live_people *people = &hub->config.people;
    if (!source_may(hub, request->peer->source, now))
        return gw_err_set(err, GW_TOO_BIG, "too many connections were begun from here: wait a little");
    if (!origin_is_ours(hub, request->origin))
        return gw_err_set(err, GW_DENIED, "the request comes from another origin");
    if (request->fetch_site.len > 0 && !gw_view_eq_str(request->fetch_site, "same-origin"))
        return gw_err_set(err, GW_DENIED, "the request comes from another site");
    enum gw_rc rc = people->session_of(people->ctx, request, ret_actor);
    if (rc)
        return gw_err_set(err, rc, "sign in first");
    if (hub->conn_count == LIVE_CONNS_MAX)
        return gw_err_set(err, GW_TOO_BIG, "too many live connections are open");
    if (conns_of(hub, &ret_actor->session) >= LIVE_SESSION_MAX)
        return gw_err_set(err, GW_TOO_BIG, "this session has %d live connections already", LIVE_SESSION_MAX);
    return GW_OK;
}
