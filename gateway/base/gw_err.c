#include "gw_err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum gw_rc(gw_err_set)(struct gw_err *err, enum gw_rc rc, const char *fmt, ...)
{
    if (err) {
        va_list args;
        va_start(args, fmt);
        (void)vsnprintf(err->text, sizeof(err->text), fmt, args);
        va_end(args);
        err->rc = rc;
    }
    return rc;
}

static enum gw_rc rc_of_errno(int code)
{
    switch (code) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG: /* a limit on file sizes: the same to whoever wanted to write */
        return GW_NO_SPACE;
    case ENOENT:
        return GW_NOT_FOUND;
    case EEXIST:
        return GW_EXISTS;
    case EACCES:
    case EPERM:
        return GW_DENIED;
    case EAGAIN:
        return GW_AGAIN;
    default:
        return GW_IO;
    }
}

enum gw_rc(gw_err_sys)(struct gw_err *err, const char *fmt, ...)
{
    int code = errno;
    enum gw_rc rc = rc_of_errno(code);
    if (err) {
        va_list args;
        va_start(args, fmt);
        int n = vsnprintf(err->text, sizeof(err->text), fmt, args);
        va_end(args);
        char reason[96];
        const char *text = strerror_r(code, reason, sizeof(reason));
        if (n >= 0 && (size_t)n < sizeof(err->text))
            (void)snprintf(err->text + n, sizeof(err->text) - (size_t)n, ": %s", text);
        err->rc = rc;
    }
    return rc;
}

enum gw_rc(gw_err_wrap)(struct gw_err *err, enum gw_rc rc, const char *fmt, ...)
{
    if (err) {
        char inner[GW_ERR_TEXT_MAX];
        (void)snprintf(inner, sizeof(inner), "%s", gw_err_text(err));
        va_list args;
        va_start(args, fmt);
        int n = vsnprintf(err->text, sizeof(err->text), fmt, args);
        va_end(args);
        if (n >= 0 && (size_t)n < sizeof(err->text))
            (void)snprintf(err->text + n, sizeof(err->text) - (size_t)n, ": %s", inner);
        err->rc = rc;
    }
    return rc;
}

const char *gw_err_text(const struct gw_err *err)
{
    if (!err)
        return "no detail";
    return err->text[0] ? err->text : gw_rc_text(err->rc);
}
