#include "release_files.h"

#include <assert.h>
#include <inttypes.h>

void release_files_begin(struct release_files *files, const struct release *release)
{
    *files = (struct release_files){.release = release, .open = RELEASE_FILES_MAX};
}

enum gw_rc release_files_header(struct release_files *files, const char *name, uint64_t size,
                                const struct release_file **ret_expected, struct release_refusal *ret_refusal,
                                struct gw_err *err)
{
    assert(files->open == RELEASE_FILES_MAX);
    size_t index = release_file_find(files->release, gw_view_str(name));
    if (index == RELEASE_FILES_MAX)
        return release_refuse(ret_refusal, err, GW_INVALID, RELEASE_CHECK_FILES, name, "the manifest does not name it");
    if (files->arrived[index])
        return release_refuse(ret_refusal, err, GW_INVALID, RELEASE_CHECK_FILES, name, "it is there twice");
    const struct release_file *expected = release_file_at(files->release, index);
    if (expected->size != size)
        return release_refuse(ret_refusal, err, GW_INVALID, RELEASE_CHECK_SIZE, name,
                              "it has %" PRIu64 " bytes, the manifest says %" PRIu64, size, expected->size);
    files->open = index;
    if (ret_expected)
        *ret_expected = expected;
    return GW_OK;
}

enum gw_rc release_files_end(struct release_files *files, const struct gw_sha256 *sha256,
                             struct release_refusal *ret_refusal, struct gw_err *err)
{
    assert(files->open < RELEASE_FILES_MAX);
    const struct release_file *file = release_file_at(files->release, files->open);
    if (!gw_sha256_eq(&file->sha256, sha256))
        return release_refuse(ret_refusal, err, GW_CORRUPT, RELEASE_CHECK_DIGEST, file->name,
                              "its SHA-256 is not the one that the manifest says");
    files->arrived[files->open] = true;
    files->open = RELEASE_FILES_MAX;
    return GW_OK;
}

enum gw_rc release_files_finish(const struct release_files *files, struct release_refusal *ret_refusal,
                                struct gw_err *err)
{
    const struct release_file *file;
    for (size_t i = 0; (file = release_file_at(files->release, i)) != NULL; i++)
        if (!files->arrived[i])
            return release_refuse(ret_refusal, err, GW_INVALID, RELEASE_CHECK_FILES, file->name, "it is missing");
    return GW_OK;
}
