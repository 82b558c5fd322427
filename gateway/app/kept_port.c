#include "kept_port.h"

#include <stdio.h>

#include "gw_cleanup.h"
#include "gw_fs.h"
#include "gw_num.h"

uint16_t kept_port_choose(const char *path, uint16_t configured)
{
    if (configured)
        return configured;
    uint64_t kept = 0;
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, 16);
    if (gw_fs_read_file(path, &text, NULL) || gw_parse_u64(gw_buf_view(&text), UINT16_MAX, &kept))
        return 0;
    return (uint16_t)kept;
}

enum gw_rc kept_port_put(const char *path, uint16_t port, struct gw_err *err)
{
    if (kept_port_choose(path, 0) == port)
        return GW_OK;
    char digits[8];
    (void)snprintf(digits, sizeof(digits), "%u", port);
    return gw_fs_replace(gw_fs_posix(), path, gw_view_str(digits), 0600, err);
}
