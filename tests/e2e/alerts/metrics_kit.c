#include "metrics_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_test.h"

#define LIMIT_MS 30000

int kit_scrape(const struct gw_gateway *g, const char *token, char **ret_body)
{
    static char dir[128];
    char header[256], at[320], url[96];
    if (!dir[0])
        (void)snprintf(dir, sizeof(dir), "%s", gw_test_dir());
    (void)snprintf(header, sizeof(header), "%s/header", dir);
    (void)snprintf(at, sizeof(at), "@%s", header);
    (void)snprintf(url, sizeof(url), "https://localhost:%u/metrics", g->port_operators);
    FILE *f = fopen(header, "we");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    (void)fprintf(f, "Authorization: Bearer %s\n", token);
    (void)fclose(f);
    const char *const argv[] = {"curl", "-s", "-k", "-H", at, "-w", "\n%{http_code}", url, NULL};
    if (gw_proc_run(argv, ret_body))
        return -1;
    const char *status = strrchr(*ret_body, '\n');
    return status ? (int)strtol(status, NULL, 10) : -1;
}

bool kit_metrics_token(const struct gw_gateway *g, char *token, size_t token_size)
{
    const char *const args[] = {"metrics-token", "--stdout", NULL};
    GW_FREE char *made = NULL;
    if (gw_gateway_cli(g, args, &made))
        return false;
    gw_json_pick(made, "token", token, token_size);
    return token[0] != '\0';
}

struct wanted {
    const struct gw_gateway *g;
    const char *token, *sample;
    int64_t least, most, has;
};

static bool has_value(void *ctx)
{
    struct wanted *w = ctx;
    char line[192];
    GW_FREE char *text = NULL;
    w->has = -1;
    if (kit_scrape(w->g, w->token, &text) != 200)
        return false;
    (void)snprintf(line, sizeof(line), "\n%s ", w->sample);
    const char *at = strstr(text, line);
    if (at)
        w->has = strtoll(at + strlen(line), NULL, 10);
    return w->has >= w->least && w->has <= w->most;
}

static bool await(struct wanted *w)
{
    bool there = gw_await(has_value, w, LIMIT_MS);
    if (!there)
        printf("#   %s is %lld, wanted %lld\n", w->sample, (long long)w->has, (long long)w->least);
    return there;
}

bool kit_metric_is(const struct gw_gateway *g, const char *token, const char *sample, int64_t value)
{
    struct wanted w = {g, token, sample, value, value, -1};
    return await(&w);
}

bool kit_metric_reaches(const struct gw_gateway *g, const char *token, const char *sample, int64_t least)
{
    struct wanted w = {g, token, sample, least, INT64_MAX, -1};
    return await(&w);
}
