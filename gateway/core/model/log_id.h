/*
 * log_id: which append-only log. Each has its own tree, numbered from 0, and its own origin line in checkpoints.
 *
 *     LOG_DEVICE  <gateway>/dev/<device>/<epoch, 16 hex>        numbered by the device
 *     LOG_LINE    <gateway>/dev/<device>/line/<epoch, 16 hex>   about a device, numbered by the gateway: best effort
 *     LOG_AUDIT   <gateway>/audit/<epoch, 16 hex>               what the gateway and its operators do
 *     LOG_ROOT    <gateway>/root/<epoch, 16 hex>                leaves: the other logs' checkpoints
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gw_id.h"
#include "gw_rc.h"

/* Persisted: values never change, new ones go to the end. */
enum log_kind {
    LOG_DEVICE = 1,
    LOG_LINE = 2,
    LOG_AUDIT = 3,
    LOG_ROOT = 4,
};
const char *log_kind_text(enum log_kind kind);

struct log_id {
    enum log_kind kind;
    struct gw_device_id device; /* zeroed for LOG_AUDIT and LOG_ROOT */
    uint64_t epoch;
};
bool log_id_eq(const struct log_id *a, const struct log_id *b);

#define LOG_ORIGIN_MAX 192
/* Terminated text of the form above; GW_INVALID when gateway is empty, GW_TOO_BIG when it does not fit. */
GW_MUST_CHECK enum gw_rc log_id_origin(const struct log_id *id, const char *gateway, char out[LOG_ORIGIN_MAX]);

#define LOG_NAME_MAX 112
/* The origin without "<gateway>/": how people name a log. Terminated. */
void log_id_name(const struct log_id *id, char out[LOG_NAME_MAX]);
/* Exactly such a name, the epoch in lower case: GW_INVALID otherwise. */
GW_MUST_CHECK enum gw_rc log_id_parse(struct gw_view name, struct log_id *ret_id);
