#include "gw_log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gw_time.h"

static const char *log_program = "gatehouse";
static enum gw_log_level log_level = GW_LOG_INFO;
static bool log_prefix;

void gw_log_init(const char *program, enum gw_log_level level)
{
    log_program = program;
    log_level = level;
    log_prefix = !isatty(STDERR_FILENO);
}

/* Copies text with every control byte as \xNN; returns the length written. */
static size_t escape(const char *text, char *out, size_t out_size)
{
    static const char digits[] = "0123456789abcdef";
    size_t n = 0;
    for (const char *p = text; *p && n + 5 < out_size; p++) {
        unsigned char c = (unsigned char)*p;
        if (c >= 0x20 && c != 0x7f) {
            out[n++] = *p;
            continue;
        }
        out[n++] = '\\';
        out[n++] = 'x';
        out[n++] = digits[c >> 4];
        out[n++] = digits[c & 15];
    }
    out[n] = '\0';
    return n;
}

void gw_log(enum gw_log_level level, const char *part, const char *fmt, ...)
{
    if (level > log_level)
        return;
    char text[1024];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    char clean[1400];
    (void)escape(text, clean, sizeof(clean));
    char when[GW_WALL_TEXT_MAX] = "-";
    if (gw_wall_format(gw_wall_now(), when))
        memcpy(when, "-", 2);
    char prefix[8] = "";
    if (log_prefix)
        (void)snprintf(prefix, sizeof(prefix), "<%d>", (int)level);
    char line[1600];
    int n = snprintf(line, sizeof(line), "%s%s %s %s: %s\n", prefix, when, log_program, part, clean);
    if (n > 0) /* one write(2) a line, so that lines of threads and processes do not mix */
        (void)!write(STDERR_FILENO, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
}
