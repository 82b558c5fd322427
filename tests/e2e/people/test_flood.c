/* Strangers with many addresses keep the threads that hash busy: who is known is let in all the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_proc.h"
#include "gw_test.h"
#include "people_kit.h"

#define GUESSES 3000 /* each from an address and for a name of its own, so that no wait slows them down */
#define AT_ONCE "80" /* more than a lane holds */

/* A curl that makes all guesses, many at a time; again and again, until it is stopped. */
static void start_flood(const struct gw_gateway *g, struct gw_proc *flood)
{
    char path[256], script[512];
    (void)snprintf(path, sizeof(path), "%s/guesses", gw_test_dir());
    GW_FCLOSE FILE *f = fopen(path, "we");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    for (int i = 0; i < GUESSES; i++)
        (void)fprintf(f,
                      "%sinsecure\nurl = \"https://localhost:%u/api/v1/session\"\ninterface = \"127.1.%d.%d\"\n"
                      "header = \"X-GW-CSRF: 1\"\nheader = \"Content-Type: application/json\"\noutput = \"/dev/null\"\n"
                      "data = \"{\\\"name\\\":\\\"guess%d\\\",\\\"password\\\":\\\"wrong wrong wrong\\\"}\"\n"
                      "write-out = \"guess %%{http_code}\\n\"\n",
                      i ? "next\n" : "", g->port_operators, i / 250, i % 250 + 1, i);
    CU_ASSERT_EQUAL(fflush(f), 0);
    (void)snprintf(script, sizeof(script),
                   "while :; do curl -sS --parallel --parallel-immediate --parallel-max " AT_ONCE " -K '%s'; done",
                   path);
    gw_proc_start(flood, (const char *const[]){"sh", "-c", script, NULL}, NULL);
}

struct stranger {
    const struct gw_gateway *g;
    int n;
};

/* A browser that nobody knows finds no room now: the strangers' lane is full. */
static bool is_turned_away(void *ctx)
{
    struct stranger *s = ctx;
    struct person p = {.cookie = ""};
    char name[32];
    (void)snprintf(name, sizeof(name), "other%d", s->n);
    (void)snprintf(p.source, sizeof(p.source), "127.2.%d.%d", s->n / 250, s->n % 250 + 1);
    s->n++;
    return kit_sign_in_again(s->g, &p, name, KIT_PASSWORD) == 503;
}

void strangers_keep_no_known_browser_out(void)
{
    struct gw_gateway g;
    struct gw_proc flood = {.pid = 0};
    struct person olga;
    CU_ASSERT_TRUE_FATAL(kit_open(&g));
    CU_ASSERT_EQUAL_FATAL(kit_sign_in(&g, &olga, "olga", KIT_PASSWORD), 200);
    CU_ASSERT_EQUAL_FATAL(strncmp(olga.known, "__Host-gw-known=", 16), 0);
    struct stranger strangers = {&g, 0};
    start_flood(&g, &flood);
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_TRUE_FATAL(gw_await(is_turned_away, &strangers, 60000));
        (void)snprintf(olga.source, sizeof(olga.source), "127.3.0.%d", i + 1); /* where nobody has signed in from */
        CU_ASSERT_EQUAL(kit_sign_in_again(&g, &olga, "olga", KIT_PASSWORD), 200);
    }
    CU_ASSERT_TRUE(gw_proc_await(&flood, "guess 503", 60000));
    CU_ASSERT_EQUAL(kit_sign_in_again(&g, &olga, "olga", "wrong wrong wrong"), 401); /* it opens nothing by itself */
    CU_ASSERT_EQUAL(gw_gateway_stop(&g), 0); /* with all that wait, and more that come */
    gw_proc_done(&flood);
    gw_gateway_done(&g);
}
