/* Programs at the operators' door of a real gateway. */
#include <stdio.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_proc.h"
#include "gw_test.h"
#include "people_kit.h"

static int ask(const struct gw_gateway *g, const struct person *p, const char *method, const char *path)
{
    return kit_http(g, p, &(struct http_ask){.method = method, .path = path}, NULL);
}

static bool lists(const struct gw_gateway *g, const char *text)
{
    const char *const args[] = {"token", "list", NULL};
    GW_FREE char *out = NULL;
    return gw_gateway_cli(g, args, &out) == 0 && strstr(out, text) != NULL;
}

static bool was_used(void *ctx)
{
    return !lists(ctx, "\"used\":null");
}

void a_token_lives_from_its_making_to_its_revoking(void)
{
    struct gw_gateway g;
    struct person ci, wrong;
    const char *const revoke[] = {"token", "revoke", "ci", NULL}, *const log[] = {"logs", "show", "--audit", NULL};
    GW_FREE char *said = NULL, *events = NULL;
    CU_ASSERT_TRUE_FATAL(kit_open(&g));
    CU_ASSERT_TRUE_FATAL(kit_program(&g, &ci, "ci", "operator"));
    CU_ASSERT_FALSE(kit_program(&g, &wrong, "ci", "viewer")); /* the name is taken */
    CU_ASSERT_TRUE(lists(&g, "\"name\":\"ci\""));
    CU_ASSERT_FALSE(lists(&g, ci.token + 4));
    CU_ASSERT_EQUAL(ask(&g, &ci, "POST", "/api/v1/devices/pump-7/invite"), 200);
    CU_ASSERT_TRUE(kit_audited(&g, "device.invite", "\"subj\":\"token:ci\""));
    CU_ASSERT_TRUE(gw_await(was_used, &g, 20000));
    CU_ASSERT_EQUAL(gw_gateway_stop(&g), 0);
    gw_gateway_restart(&g);
    CU_ASSERT_TRUE_FATAL(gw_gateway_await_ready(&g));
    CU_ASSERT_EQUAL(ask(&g, &ci, "GET", "/api/v1/devices/pump-7"), 200); /* no session, no sign-in: it goes on */
    CU_ASSERT_EQUAL(gw_gateway_cli(&g, revoke, &said), 0);
    CU_ASSERT_EQUAL(ask(&g, &ci, "GET", "/api/v1/devices/pump-7"), 401);
    CU_ASSERT_TRUE(kit_audited(&g, "auth.token", "127.0.0.1"));
    CU_ASSERT_TRUE(kit_audited(&g, "cfg.token", "the token was revoked"));
    CU_ASSERT_EQUAL(gw_gateway_cli(&g, log, &events), 0);
    CU_ASSERT_PTR_NULL(strstr(events, ci.token + 4));
    gw_gateway_done(&g);
}

/* A handshake of the live protocol with all that it needs but a session; its status line. */
static bool watches(const struct gw_gateway *g, const struct person *p, char **ret_head)
{
    char url[96], origin[96], token[128];
    (void)snprintf(url, sizeof(url), "https://localhost:%u/api/v1/live", g->port_operators);
    (void)snprintf(origin, sizeof(origin), "Origin: https://localhost:%u", g->port_operators);
    (void)snprintf(token, sizeof(token), "Authorization: Bearer %s", p->token);
    const char *const argv[] = {"curl",
                                "-sik",
                                "--http1.1",
                                "-m",
                                "5",
                                "-H",
                                "Connection: Upgrade",
                                "-H",
                                "Upgrade: websocket",
                                "-H",
                                "Sec-WebSocket-Version: 13",
                                "-H",
                                "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
                                "-H",
                                "Sec-WebSocket-Protocol: gw.v1",
                                "-H",
                                origin,
                                "-H",
                                token,
                                url,
                                NULL};
    (void)gw_proc_run(argv, ret_head);
    return strstr(*ret_head, "HTTP/1.1 101") != NULL;
}

struct scraper {
    const struct gw_gateway *g;
    const struct person *p;
};

/* That the gateway is claimed is known there within a second. */
static bool may_scrape(void *ctx)
{
    const struct scraper *s = ctx;
    return ask(s->g, s->p, "GET", "/metrics") == 200;
}

void a_token_opens_nothing_but_what_it_is_for(void)
{
    struct gw_gateway g;
    struct person olga, both, viewer, metrics, local;
    GW_FREE char *head = NULL;
    CU_ASSERT_TRUE_FATAL(kit_open(&g));
    CU_ASSERT_TRUE_FATAL(kit_program(&g, &viewer, "watch", "viewer"));
    CU_ASSERT_TRUE_FATAL(kit_program(&g, &metrics, "scrape", "metrics"));
    CU_ASSERT_FALSE(kit_program(&g, &local, "boss", "admin"));
    CU_ASSERT_EQUAL_FATAL(kit_sign_in(&g, &olga, "olga", KIT_PASSWORD), 200);
    both = olga;
    memcpy(both.token, viewer.token, sizeof(both.token));
    CU_ASSERT_EQUAL(ask(&g, &both, "GET", "/api/v1/status"), 400); /* as whom? */
    CU_ASSERT_EQUAL(ask(&g, &viewer, "GET", "/api/v1/status"), 200);
    CU_ASSERT_EQUAL(ask(&g, &viewer, "GET", "/metrics"), 401);
    CU_ASSERT_FALSE(watches(&g, &viewer, &head));
    CU_ASSERT_PTR_NOT_NULL(strstr(head, "HTTP/1.1 401"));
    CU_ASSERT_TRUE(gw_await(may_scrape, &(struct scraper){&g, &metrics}, 20000));
    CU_ASSERT_EQUAL(ask(&g, &metrics, "GET", "/api/v1/status"), 403);
    CU_ASSERT_EQUAL(ask(&g, &viewer, "GET", "/api/v1/tokens"), 403);
    CU_ASSERT_TRUE(kit_audited(&g, "authz.denied", "token:watch"));
    viewer.token[20] = viewer.token[20] == '0' ? '1' : '0';
    int status = 401, tries = 0;
    while (status == 401 && tries++ < 60)
        status = ask(&g, &viewer, "GET", "/api/v1/status");
    CU_ASSERT_EQUAL(status, 429);
    CU_ASSERT_EQUAL(ask(&g, &metrics, "GET", "/metrics"), 200); /* a right one from there is let in */
    gw_gateway_done(&g);
}
