#include "rules.h"

#define FAILED (1u << EVENT_FAIL | 1u << EVENT_DENIED)
#define ANY    0u
#define ONCE                                                                                                           \
    {                                                                                                                  \
        1, 0                                                                                                           \
    }

/* The first row that fits wins. docs/alerts.md tells the same. */
const struct rule rules_table[] = {
    {RULES_DEVICE, "auth.login", EVENT_SEV_INFO, FAILED, EVENT_SEV_HIGH, {5, 5 * GW_MINUTE_MS}},
    {RULES_DEVICE, "auth.privilege", EVENT_SEV_HIGH, FAILED, EVENT_SEV_HIGH, ONCE},
    {RULES_DEVICE, "auth.brute_force", EVENT_SEV_INFO, ANY, EVENT_SEV_HIGH, ONCE},
    {RULES_DEVICE, "auth.lockout", EVENT_SEV_INFO, ANY, EVENT_SEV_MEDIUM, ONCE},
    {RULES_UNASKED, "boot.start", EVENT_SEV_INFO, ANY, EVENT_SEV_HIGH, {4, 10 * GW_MINUTE_MS}},
    {RULES_DEVICE, "upd.failed", EVENT_SEV_INFO, ANY, EVENT_SEV_HIGH, ONCE},
    {RULES_DEVICE, "integ.hash_mismatch", EVENT_SEV_INFO, ANY, EVENT_SEV_CRITICAL, ONCE},
    {RULES_DEVICE, "integ.corrupt", EVENT_SEV_INFO, ANY, EVENT_SEV_HIGH, ONCE},
    {RULES_DEVICE, "cfg.reset", EVENT_SEV_INFO, ANY, EVENT_SEV_HIGH, ONCE},
    {RULES_DEVICE, "cfg.logging_optout", EVENT_SEV_INFO, ANY, EVENT_SEV_MEDIUM, ONCE},
    {RULES_DEVICE, "cert.rejected", EVENT_SEV_INFO, ANY, EVENT_SEV_HIGH, ONCE},
    {RULES_DEVICE, "time.step", EVENT_SEV_INFO, ANY, EVENT_SEV_MEDIUM, ONCE},
    {RULES_DEVICE, "time.unsynced", EVENT_SEV_INFO, ANY, EVENT_SEV_MEDIUM, ONCE},
    {RULES_DEVICE, "log.equivocation", EVENT_SEV_INFO, ANY, EVENT_SEV_CRITICAL, ONCE},
    {RULES_DEVICE, "log.epoch_limit", EVENT_SEV_INFO, ANY, EVENT_SEV_HIGH, ONCE},
    {RULES_DEVICE, "log.store_full", EVENT_SEV_INFO, ANY, EVENT_SEV_HIGH, ONCE},
    {RULES_DEVICE, "log.tombstone", EVENT_SEV_INFO, ANY, EVENT_SEV_MEDIUM, ONCE},
    {RULES_DEVICE, "phys.tamper", EVENT_SEV_INFO, ANY, EVENT_SEV_CRITICAL, ONCE},

    {RULES_GATEWAY, "auth.login", EVENT_SEV_MEDIUM, FAILED, EVENT_SEV_HIGH, {5, 5 * GW_MINUTE_MS}},
    {RULES_GATEWAY, "auth.token", EVENT_SEV_INFO, FAILED, EVENT_SEV_MEDIUM, {3, 15 * GW_MINUTE_MS}},
    {RULES_GATEWAY, "auth.claim", EVENT_SEV_INFO, FAILED, EVENT_SEV_HIGH, ONCE},
    {RULES_GATEWAY, "auth.impostor", EVENT_SEV_INFO, ANY, EVENT_SEV_CRITICAL, ONCE},
    {RULES_ABOUT, "auth.enrol", EVENT_SEV_INFO, FAILED, EVENT_SEV_MEDIUM, {3, GW_HOUR_MS}},
    {RULES_ABOUT, "auth.lockout", EVENT_SEV_INFO, FAILED, EVENT_SEV_HIGH, ONCE},
    {RULES_ABOUT, "cert.rejected", EVENT_SEV_INFO, ANY, EVENT_SEV_MEDIUM, ONCE},
    {RULES_ABOUT, "mqtt.refused", EVENT_SEV_INFO, ANY, EVENT_SEV_MEDIUM, ONCE},
    {RULES_GATEWAY, "boot.start", EVENT_SEV_INFO, FAILED, EVENT_SEV_MEDIUM, ONCE}, /* after no clean stop */
    {RULES_GATEWAY, "boot.child_ended", EVENT_SEV_INFO, ANY, EVENT_SEV_HIGH, {3, 10 * GW_MINUTE_MS}},
    {RULES_GATEWAY, "time.step", EVENT_SEV_INFO, ANY, EVENT_SEV_MEDIUM, ONCE},
    {RULES_GATEWAY, "log.store_full", EVENT_SEV_INFO, ANY, EVENT_SEV_HIGH, {0, 0}}, /* raised while it lasts */
    {RULES_GATEWAY, "log.store_held", EVENT_SEV_INFO, ANY, EVENT_SEV_MEDIUM, ONCE},
    {RULES_GATEWAY, "log.dropped", EVENT_SEV_INFO, ANY, EVENT_SEV_MEDIUM, {5, 15 * GW_MINUTE_MS}},
    {RULES_ABOUT, "log.damaged", EVENT_SEV_INFO, ANY, EVENT_SEV_CRITICAL, ONCE},
    {RULES_GATEWAY, "integ.log_altered", EVENT_SEV_INFO, ANY, EVENT_SEV_CRITICAL, ONCE},
    {RULES_GATEWAY, "rollout.held", EVENT_SEV_INFO, ANY, EVENT_SEV_HIGH, ONCE},
    {RULES_GATEWAY, "rollout.abort", EVENT_SEV_INFO, FAILED, EVENT_SEV_HIGH, ONCE},       /* by itself, not by people */
    {RULES_GATEWAY, "rollout.rollback", EVENT_SEV_INFO, FAILED, EVENT_SEV_HIGH, ONCE},    /* the same */
    {RULES_GATEWAY, "rollout.rolled_back", EVENT_SEV_INFO, FAILED, EVENT_SEV_HIGH, ONCE}, /* some still hold it */
};
const size_t rules_count = sizeof(rules_table) / sizeof(rules_table[0]);
