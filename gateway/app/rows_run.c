#include "rows_run.h"

#include <stdio.h>

#include "gw_log.h"

#define PART "query"

struct budget {
    const atomic_bool *stop;
    int64_t until_ms;
};

static bool spent(void *ctx)
{
    const struct budget *b = ctx;
    return atomic_load(b->stop) || gw_mono_now().ms >= b->until_ms;
}

void rows_run(const struct rows_source *source, const struct query *query, const atomic_bool *stop,
              struct answer *ret_answer)
{
    struct gw_err err = {0};
    struct budget budget = {stop, gw_mono_now().ms + QUERY_ROWS_MS};
    const struct rows_ask ask = {.query = query, .now = gw_wall_now(), .spent = spent, .ctx = &budget};
    ret_answer->asker = query->asker;
    enum gw_rc rc = rows_select(source, &ask, ret_answer, &err);
    if (!rc)
        return;
    if (rc != GW_INVALID)
        gw_log(GW_LOG_ERROR, PART, "reading a list: %s", gw_err_text(&err));
    ret_answer->rc = rc;
    (void)snprintf(ret_answer->text, sizeof(ret_answer->text), "%s",
                   rc == GW_INVALID ? gw_err_text(&err)
                   : rc == GW_AGAIN ? "the gateway is busy: try again"
                                    : "the list cannot be read now: see the gateway's own log");
}
