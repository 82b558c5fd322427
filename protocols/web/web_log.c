/* libwebsockets' own lines. */
#include <stdatomic.h>
#include <string.h>

#include "gw_log.h"
#include "web_internal.h"

#define WINDOW_MS 60000
#define LINES_MAX 20 /* in a window: a client may cause lines, and shall not fill a log with them */

static _Atomic int64_t window_at = -WINDOW_MS;
static _Atomic int lines;

static void emit(int level, const char *line)
{
    int64_t now = gw_mono_now().ms;
    if (now - atomic_load(&window_at) >= WINDOW_MS) {
        atomic_store(&window_at, now);
        atomic_store(&lines, 0);
    }
    int count = atomic_fetch_add(&lines, 1);
    if (count > LINES_MAX)
        return;
    enum gw_log_level to = level == LLL_ERR ? GW_LOG_WARN : GW_LOG_DEBUG;
    if (count == LINES_MAX)
        gw_log(to, "web", "libwebsockets says more; the rest of this minute is not shown");
    else
        gw_log(to, "web", "libwebsockets: %.*s", (int)strcspn(line, "\n"), line);
}

/* Errors are warnings to us: it goes on, and a client may be behind them. Nothing below a warning is taken: notices
 * show the bytes of messages that are no UTF-8. It never sees a cookie or a token, see web_upgrade.c. */
void web_log_init(void)
{
    lws_set_log_level(LLL_ERR | LLL_WARN, emit);
}
