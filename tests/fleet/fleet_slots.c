#include "fleet_slots.h"

#include <string.h>

#include "gw_cleanup.h"
#include "gw_id.h"
#include "gw_num.h"

#define FILE_MAX   512
#define BOOT_BYTES 16
#define NOTHING    "-"

void fleet_slots_init(struct fleet_slots *s, const char *version, const char *kernel_boot, uint32_t number)
{
    *s = (struct fleet_slots){0};
    (void)snprintf(s->running, sizeof(s->running), "%s", version);
    (void)snprintf(s->boot, sizeof(s->boot), "%.48s-%u", kernel_boot[0] ? kernel_boot : "first", number);
}

void fleet_slots_install(struct fleet_slots *s, const char *version)
{
    (void)snprintf(s->staged, sizeof(s->staged), "%s", version);
}

void fleet_slots_fall_back(struct fleet_slots *s, const char *target)
{
    bool runs = strcmp(s->running, target) == 0;
    memcpy(s->staged, runs ? s->previous : "", runs ? sizeof(s->staged) : 1);
}

void fleet_slots_boot(struct fleet_slots *s, bool stubborn)
{
    uint8_t noise[BOOT_BYTES];
    if (s->staged[0] && !stubborn) {
        memcpy(s->previous, s->running, sizeof(s->previous));
        memcpy(s->running, s->staged, sizeof(s->running));
        s->side = !s->side;
    }
    s->staged[0] = '\0';
    gw_random(noise, sizeof(noise));
    gw_hex_format(noise, sizeof(noise), s->boot);
}

/* ---- the file ---------------------------------------------------------------------------------------------------- */

static bool take_version(struct gw_view *rest, bool optional, char out[RELEASE_VERSION_MAX + 1])
{
    struct gw_view line = gw_view_cut(*rest, '\n', rest);
    if (optional && gw_view_eq_str(line, NOTHING)) {
        out[0] = '\0';
        return true;
    }
    return release_version_valid(line) && gw_view_copy_str(line, out, RELEASE_VERSION_MAX + 1) == GW_OK;
}

enum gw_rc fleet_slots_load(const char *path, struct fleet_slots *s, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    struct fleet_slots read = {0};
    uint64_t side;
    gw_buf_init(&text, FILE_MAX);
    enum gw_rc rc = gw_fs_read_file(path, &text, err);
    if (rc)
        return rc;
    struct gw_view rest = gw_buf_view(&text);
    bool right = take_version(&rest, false, read.running) && take_version(&rest, true, read.previous) &&
                 take_version(&rest, true, read.staged);
    struct gw_view boot = gw_view_cut(rest, '\n', &rest);
    right = right && job_id_valid(boot) && gw_view_copy_str(boot, read.boot, sizeof(read.boot)) == GW_OK &&
            gw_parse_u64(gw_view_cut(rest, '\n', &rest), 1, &side) == GW_OK;
    if (!right)
        return gw_err_set(err, GW_CORRUPT, "%s is damaged", path);
    read.side = side == 1;
    *s = read;
    return GW_OK;
}

enum gw_rc fleet_slots_save(const struct gw_fs *fs, const char *path, const struct fleet_slots *s, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, FILE_MAX);
    (void)gw_buf_printf(&text, "%s\n%s\n%s\n%s\n%u\n", s->running, s->previous[0] ? s->previous : NOTHING,
                        s->staged[0] ? s->staged : NOTHING, s->boot, s->side);
    enum gw_rc rc = gw_buf_rc(&text);
    return rc ? rc : gw_fs_replace(fs, path, gw_buf_view(&text), 0600, err);
}
