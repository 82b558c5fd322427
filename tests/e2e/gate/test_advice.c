/* dn/config on the way from the gateway's configuration to what a device logs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gw_cleanup.h"
#include "gw_gateway.h"
#include "gw_test.h"

#define LIMIT_MS 60000

/* What the gateway has of the device's log; free(). */
static char *log_of(const struct gw_gateway *g)
{
    const char *const args[] = {"logs", "show", "--device", "pump-7", "--from", "0", "--raw", NULL};
    char *out = NULL;
    (void)gw_gateway_cli(g, args, &out);
    return out;
}

static bool weighty_is_stored(void *ctx)
{
    GW_FREE char *out = log_of(ctx);
    return out && strstr(out, "weighty") != NULL;
}

static void start_wishing_medium(struct gw_gateway *g)
{
    gw_gateway_make(g, NULL);
    const char *const edit[] = {"sed", "-i", "s/^\\[devices\\]$/&\\nlog_level = \"medium\"/", g->config, NULL};
    CU_ASSERT_EQUAL_FATAL(gw_proc_run(edit, NULL), 0);
    gw_gateway_restart(g);
    CU_ASSERT_FATAL(gw_gateway_await_ready(g) && gw_gateway_claim(g));
}

static void a_device_leaves_out_what_the_gateway_does_not_want(void)
{
    struct gw_gateway g;
    struct gw_agent a;
    char fifo[160], toml[224];
    start_wishing_medium(&g);
    (void)snprintf(fifo, sizeof(fifo), "%s/lines", gw_test_dir());
    (void)snprintf(toml, sizeof(toml), "[log]\ninput = \"%s\"\n", fifo);
    CU_ASSERT_FATAL(mkfifo(fifo, 0600) == 0 && gw_agent_make(&a, &g, "pump-7", toml));
    gw_agent_start(&a);
    CU_ASSERT_FATAL(gw_proc_await(&a.proc, "the gateway asks for events of severity medium and above", LIMIT_MS));
    {
        GW_FCLOSE FILE *f = fopen(fifo, "we");
        CU_ASSERT_FATAL(f && fputs("{\"cls\":\"app.step\",\"sev\":1,\"msg\":\"trifling\"}\n"
                                   "{\"cls\":\"app.step\",\"sev\":3,\"msg\":\"weighty\"}\n",
                                   f) >= 0);
    }
    CU_ASSERT(gw_await(weighty_is_stored, &g, LIMIT_MS));
    GW_FREE char *stored = log_of(&g);
    CU_ASSERT_PTR_NULL(strstr(stored, "trifling"));
    CU_ASSERT_PTR_NOT_NULL(strstr(stored, "cfg.log_level")); /* the log says itself what it lacks */
    gw_agent_done(&a);
    CU_ASSERT_EQUAL(gw_gateway_stop(&g), 0);
    gw_gateway_done(&g);
}

static const struct gw_test_case cases[] = {
    {"a device leaves out what the gateway does not want, and its log says so",
     a_device_leaves_out_what_the_gateway_does_not_want},
};

int main(void)
{
    return GW_GATEWAY_TEST_RUN("advice", cases);
}
