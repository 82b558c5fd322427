#include "prom_text.h"

#include <inttypes.h>
#include <stdio.h>

static const char *type_text(enum prom_type type)
{
    switch (type) {
    case PROM_COUNTER:
        return "counter";
    case PROM_GAUGE:
        return "gauge";
    case PROM_HISTOGRAM:
        return "histogram";
    }
    return "untyped";
}

/* Backslash and line end, in a label's value quotes too. */
static void escape(struct gw_buf *out, const char *text, bool quotes)
{
    for (; *text; text++) {
        if (*text == '\n')
            (void)gw_buf_add_str(out, "\\n");
        else if (*text == '\\' || (quotes && *text == '"'))
            (void)gw_buf_printf(out, "\\%c", *text);
        else
            (void)gw_buf_add_u8(out, (uint8_t)*text);
    }
}

void prom_family(struct prom *p, const char *name, enum prom_type type, const char *help)
{
    p->family = name;
    (void)gw_buf_printf(p->out, "# HELP %s ", name);
    escape(p->out, help, false);
    (void)gw_buf_printf(p->out, "\n# TYPE %s %s\n", name, type_text(type));
}

static void begin(struct prom *p, const char *suffix, const char *label, const char *value)
{
    (void)gw_buf_printf(p->out, "%s%s", p->family, suffix);
    if (label) {
        (void)gw_buf_printf(p->out, "{%s=\"", label);
        escape(p->out, value, true);
        (void)gw_buf_add_str(p->out, "\"}");
    }
    (void)gw_buf_add_u8(p->out, ' ');
}

void prom_u64(struct prom *p, const char *label, const char *value, uint64_t n)
{
    begin(p, "", label, value);
    (void)gw_buf_printf(p->out, "%" PRIu64 "\n", n);
}

void prom_i64(struct prom *p, const char *label, const char *value, int64_t n)
{
    begin(p, "", label, value);
    (void)gw_buf_printf(p->out, "%" PRId64 "\n", n);
}

void prom_bool(struct prom *p, const char *label, const char *value, bool on)
{
    prom_u64(p, label, value, on);
}

void prom_ms(struct prom *p, const char *label, const char *value, int64_t ms)
{
    begin(p, "", label, value);
    (void)gw_buf_printf(p->out, "%s%" PRId64 ".%03" PRId64 "\n", ms < 0 ? "-" : "", ms < 0 ? -(ms / 1000) : ms / 1000,
                        ms < 0 ? -(ms % 1000) : ms % 1000);
}

void prom_put_histogram(struct prom *p, const struct prom_histogram *h)
{
    uint64_t total = 0;
    for (size_t i = 0; i < h->count; i++) {
        char bound[32];
        total += h->buckets[i];
        (void)snprintf(bound, sizeof(bound), "%" PRIu32 ".%06" PRIu32, h->bounds_us[i] / 1000000,
                       h->bounds_us[i] % 1000000);
        begin(p, "_bucket", "le", bound);
        (void)gw_buf_printf(p->out, "%" PRIu64 "\n", total);
    }
    total += h->buckets[h->count];
    begin(p, "_bucket", "le", "+Inf");
    (void)gw_buf_printf(p->out, "%" PRIu64 "\n", total);
    begin(p, "_sum", NULL, NULL);
    (void)gw_buf_printf(p->out, "%" PRIu64 ".%06" PRIu64 "\n", h->sum_us / 1000000, h->sum_us % 1000000);
    begin(p, "_count", NULL, NULL);
    (void)gw_buf_printf(p->out, "%" PRIu64 "\n", total);
}
