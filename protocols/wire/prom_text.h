/*
 * prom_text: figures as Prometheus reads them, text exposition format 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/). Pure; the buffer's ceiling is the caller's, its error
 * sticks.
 *
 * A family is begun once and holds all of its samples; names, labels and their values are static words of ours, few in
 * number: never a device, a user or an address. HELP texts and values are escaped all the same.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gw_buf.h"

#define PROM_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

enum prom_type { PROM_COUNTER = 1, PROM_GAUGE, PROM_HISTOGRAM };

struct prom {
    struct gw_buf *out;
    const char *family;
};

void prom_family(struct prom *p, const char *name, enum prom_type type, const char *help);
/* One sample of the family at hand. label NULL: none. */
void prom_u64(struct prom *p, const char *label, const char *value, uint64_t n);
void prom_i64(struct prom *p, const char *label, const char *value, int64_t n);
void prom_bool(struct prom *p, const char *label, const char *value, bool on);
/* Milliseconds as seconds. */
void prom_ms(struct prom *p, const char *label, const char *value, int64_t ms);

struct prom_histogram {
    const uint32_t *bounds_us; /* upper bounds, rising; `count` of them */
    size_t count;
    const uint64_t *buckets; /* count + 1: how many fell into each alone, the last above all bounds */
    uint64_t sum_us;
};
/* The family at hand, in seconds. */
void prom_put_histogram(struct prom *p, const struct prom_histogram *h);
