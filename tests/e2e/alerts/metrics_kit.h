/* metrics_kit: reads /metrics of a whole gateway, as a scraper with a token does. */
#pragma once

#include <stdint.h>

#include "gw_gateway.h"

/* GET /metrics at the operators' port: the status, -1 when there is none; the body in *ret_body (free()). The token
 * goes by a file. */
int kit_scrape(const struct gw_gateway *g, const char *token, char **ret_body);
/* Makes the gateway's token for metrics, voiding the one before; the gateway is claimed. False: it was refused. */
bool kit_metrics_token(const struct gw_gateway *g, char *token, size_t token_size);
/* Waits until the sample ("family" or "family{label="text"}") has this value: figures are gathered once a second.
 * Prints what it has when it never comes. */
bool kit_metric_is(const struct gw_gateway *g, const char *token, const char *sample, int64_t value);
/* The same, this value or more. */
bool kit_metric_reaches(const struct gw_gateway *g, const char *token, const char *sample, int64_t least);
