#include "rules.h"

#include <stdio.h>
#include <string.h>

/* Is the event one that the gateway made of itself? Its own log holds nothing else. */
static bool from_gateway(const struct log_id *log)
{
    return log->kind == LOG_AUDIT;
}

static bool fits(const struct rule *rule, bool gateway, const struct event_view *view)
{
    if ((rule->from > RULES_UNASKED) != gateway || view->sev < rule->at_least || strcmp(rule->cls, view->cls) != 0)
        return false;
    return rule->results == 0 || (view->has_res && (rule->results >> view->res & 1u));
}

static enum event_sev higher(enum event_sev a, enum event_sev b)
{
    return a > b ? a : b;
}

static void set_cls(struct alert_cause *cause, const char *cls)
{
    (void)snprintf(cause->cls, sizeof(cause->cls), "%s", cls);
}

/* Severe, and no rule knows it. */
static bool match_severe(const struct log_id *log, const struct event_view *view, struct rules_hit *ret_hit)
{
    if (view->sev < EVENT_SEV_HIGH)
        return false;
    *ret_hit = (struct rules_hit){.cause = {.device = log->device}, .sev = view->sev, .threshold = {1, 0}};
    set_cls(&ret_hit->cause, from_gateway(log) ? view->cls : RULES_DEVICE_SEVERE);
    return true;
}

bool rules_match(const struct log_id *log, const struct event_view *view, struct rules_hit *ret_hit)
{
    if (log->kind == LOG_ROOT)
        return false;
    for (size_t i = 0; i < rules_count; i++) {
        const struct rule *rule = &rules_table[i];
        if (!fits(rule, from_gateway(log), view))
            continue;
        if (rule->threshold.times == 0)
            return false;
        *ret_hit = (struct rules_hit){.cause = {.device = log->device},
                                      .sev = higher(view->sev, rule->sev),
                                      .threshold = rule->threshold,
                                      .unasked = rule->from == RULES_UNASKED};
        set_cls(&ret_hit->cause, rule->cls);
        if (rule->from == RULES_ABOUT && gw_device_id_parse(gw_view_str(view->obj), &ret_hit->cause.device))
            ret_hit->cause.device = (struct gw_device_id){{0}};
        return true;
    }
    return match_severe(log, view, ret_hit);
}
