/* Whether the values of a release keep to the grammar that release.h gives. */
#include <string.h>

#include "release.h"

static bool alnum(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Begins with a letter or digit, goes on with these or one of `others`. */
static bool word(struct gw_view text, const char *others, size_t max)
{
    if (text.len == 0 || text.len > max || !alnum(text.ptr[0]))
        return false;
    for (size_t i = 1; i < text.len; i++)
        if (!alnum(text.ptr[i]) && (text.ptr[i] == 0 || !strchr(others, text.ptr[i])))
            return false;
    return true;
}

bool release_product_valid(struct gw_view product)
{
    return word(product, "._-", RELEASE_PRODUCT_MAX);
}

bool release_version_valid(struct gw_view version)
{
    return word(version, ".+~_-", RELEASE_VERSION_MAX);
}

bool release_file_name_valid(struct gw_view name)
{
    if (name.len == 0 || name.len > RELEASE_FILE_NAME_MAX || gw_view_eq_str(name, ".") || gw_view_eq_str(name, ".."))
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (!alnum(name.ptr[i]) && name.ptr[i] != '.' && name.ptr[i] != '_' && name.ptr[i] != '-')
            return false;
    return true;
}

static enum gw_rc check_head(const struct release *r, struct gw_err *err)
{
    if (!release_product_valid(gw_view_str(r->product)))
        return gw_err_set(err, GW_INVALID, "product must be 1 to %d of A-Z a-z 0-9 . _ -", RELEASE_PRODUCT_MAX);
    if (!release_version_valid(gw_view_str(r->version)))
        return gw_err_set(err, GW_INVALID, "version must be 1 to %d of A-Z a-z 0-9 . + ~ _ -", RELEASE_VERSION_MAX);
    if (r->min_version[0] && !release_version_valid(gw_view_str(r->min_version)))
        return gw_err_set(err, GW_INVALID, "min_version must be 1 to %d of A-Z a-z 0-9 . + ~ _ -", RELEASE_VERSION_MAX);
    if (!word(gw_view_str(r->channel), "._-", RELEASE_CHANNEL_MAX))
        return gw_err_set(err, GW_INVALID, "channel must be 1 to %d of A-Z a-z 0-9 . _ -", RELEASE_CHANNEL_MAX);
    if (r->release_counter < 1 || r->release_counter > (uint64_t)RELEASE_COUNTER_MAX)
        return gw_err_set(err, GW_INVALID, "release_counter must be from 1 to 2^53 - 1");
    if (r->security_floor > r->release_counter)
        return gw_err_set(err, GW_INVALID, "security_floor must not be above release_counter");
    if (r->released_at.ms <= 0 || r->expires_at.ms <= r->released_at.ms)
        return gw_err_set(err, GW_INVALID, "expires_at must be after released_at");
    return GW_OK;
}

static bool has_hardware(const struct release *r, const char *hardware)
{
    for (size_t i = 0; i < r->hardware_count; i++)
        if (strcmp(r->hardware[i], hardware) == 0)
            return true;
    return false;
}

static enum gw_rc check_lists(const struct release *r, struct gw_err *err)
{
    if (r->hardware_count < 1 || r->hardware_count > RELEASE_HARDWARE_MAX)
        return gw_err_set(err, GW_INVALID, "hardware must have 1 to %d items", RELEASE_HARDWARE_MAX);
    if (r->fix_count > RELEASE_FIXES_MAX)
        return gw_err_set(err, GW_INVALID, "fixes must have at most %d items", RELEASE_FIXES_MAX);
    for (size_t i = 0; i < r->hardware_count; i++) {
        if (!word(gw_view_str(r->hardware[i]), "._-", RELEASE_HARDWARE_NAME_MAX))
            return gw_err_set(err, GW_INVALID, "hardware[%zu] must be 1 to %d of A-Z a-z 0-9 . _ -", i,
                              RELEASE_HARDWARE_NAME_MAX);
        for (size_t k = 0; k < i; k++)
            if (strcmp(r->hardware[i], r->hardware[k]) == 0)
                return gw_err_set(err, GW_INVALID, "hardware[%zu] is there twice", i);
    }
    for (size_t i = 0; i < r->fix_count; i++)
        if (!word(gw_view_str(r->fixes[i]), "._:/-", RELEASE_FIX_MAX))
            return gw_err_set(err, GW_INVALID, "fixes[%zu] must be 1 to %d of A-Z a-z 0-9 . _ : / -", i,
                              RELEASE_FIX_MAX);
    return GW_OK;
}

static enum gw_rc check_file(const struct release *r, const struct release_file *file, size_t index, struct gw_err *err)
{
    struct gw_view name = gw_view_str(file->name);
    if (!release_file_name_valid(name) || gw_view_eq_str(name, RELEASE_ENVELOPE_FILE))
        return gw_err_set(err, GW_INVALID, "the name of file %zu must be 1 to %d of A-Z a-z 0-9 . _ -", index,
                          RELEASE_FILE_NAME_MAX);
    if (release_file_find(r, name) != index)
        return gw_err_set(err, GW_INVALID, "the name %s is there twice", file->name);
    if (!word(gw_view_str(file->format), "._-", RELEASE_FORMAT_MAX))
        return gw_err_set(err, GW_INVALID, "the format of %s must be 1 to %d of A-Z a-z 0-9 . _ -", file->name,
                          RELEASE_FORMAT_MAX);
    if (file->size > (uint64_t)RELEASE_FILE_BYTES_MAX)
        return gw_err_set(err, GW_INVALID, "the size of %s must be below 2^33 bytes", file->name);
    if (file->hardware[0] && !has_hardware(r, file->hardware))
        return gw_err_set(err, GW_INVALID, "%s is for hardware that the release does not list", file->name);
    return GW_OK;
}

enum gw_rc release_valid(const struct release *release, struct gw_err *err)
{
    enum gw_rc rc = check_head(release, err);
    if (!rc)
        rc = check_lists(release, err);
    if (!rc && (release->artifact_count < 1 || release->artifact_count > RELEASE_ARTIFACTS_MAX))
        rc = gw_err_set(err, GW_INVALID, "artifacts must have 1 to %d items", RELEASE_ARTIFACTS_MAX);
    const struct release_file *file;
    for (size_t i = 0; !rc && (file = release_file_at(release, i)) != NULL; i++)
        rc = check_file(release, file, i, err);
    return rc;
}
