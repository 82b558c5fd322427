#include "fleet_ledger.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define LINE_MAX_BYTES 256

enum gw_rc fleet_ledger_open(const char *path, int *ret_fd, struct gw_err *err)
{
    *ret_fd = path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;
    return path && *ret_fd < 0 ? gw_err_sys(err, "%s", path) : GW_OK;
}

static enum gw_rc put_line(int fd, const struct gw_device_id *id, uint64_t epoch, const char *rest, struct gw_err *err)
{
    char line[LINE_MAX_BYTES];
    int len = snprintf(line, sizeof(line), "%s %016" PRIx64 " %s\n", id->text, epoch, rest);
    if (len >= (int)sizeof(line))
        return gw_err_set(err, GW_TOO_BIG, "ledger: a line does not fit");
    return write(fd, line, (size_t)len) == len ? GW_OK : gw_err_sys(err, "ledger");
}

enum gw_rc fleet_ledger_sent(int fd, const struct gw_device_id *id, const struct fleet_log *log,
                             const struct fleet_batch *batch, struct gw_err *err)
{
    char hex[2 * GW_SHA256_LEN + 1] = "-", rest[128];
    uint64_t next = batch->first + batch->count;
    const struct gw_sha256 *root = fleet_log_root(log, next);
    if (fd < 0)
        return GW_OK;
    if (root)
        gw_hex_format(root->bytes, sizeof(root->bytes), hex);
    (void)snprintf(rest, sizeof(rest), "sent %" PRIu64 " %s", next, hex);
    return put_line(fd, id, log->epoch, rest, err);
}

enum gw_rc fleet_ledger_acked(int fd, const struct gw_device_id *id, const struct fleet_log *log, struct gw_err *err)
{
    char rest[64];
    (void)snprintf(rest, sizeof(rest), "acked %" PRIu64 " -", log->acked);
    return fd < 0 ? GW_OK : put_line(fd, id, log->epoch, rest, err);
}
