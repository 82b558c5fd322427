#include "release.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    enum release_state state;
    const char *text;
} states[] = {{RELEASE_STAGED, "staged"}, {RELEASE_WITHDRAWN, "withdrawn"}};

const char *release_state_text(enum release_state state)
{
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
        if (states[i].state == state)
            return states[i].text;
    return "unknown";
}

const char *release_check_text(enum release_check check)
{
    switch (check) {
    case RELEASE_CHECK_CONTAINER:
        return "container";
    case RELEASE_CHECK_ENVELOPE:
        return "envelope";
    case RELEASE_CHECK_SIGNATURE:
        return "signature";
    case RELEASE_CHECK_MANIFEST:
        return "manifest";
    case RELEASE_CHECK_EXPIRY:
        return "expiry";
    case RELEASE_CHECK_FLOOR:
        return "floor";
    case RELEASE_CHECK_DUPLICATE:
        return "duplicate";
    case RELEASE_CHECK_FILES:
        return "files";
    case RELEASE_CHECK_SIZE:
        return "size";
    case RELEASE_CHECK_DIGEST:
        return "digest";
    case RELEASE_CHECK_SPACE:
        return "space";
    }
    return "unknown";
}

enum gw_rc release_refuse(struct release_refusal *ret_refusal, struct gw_err *err, enum gw_rc rc,
                          enum release_check check, const char *file, const char *fmt, ...)
{
    struct release_refusal refusal = {.check = check};
    for (size_t i = 0; file[i] && i < RELEASE_FILE_NAME_MAX; i++)
        refusal.file[i] = file[i] > ' ' && file[i] <= '~' ? file[i] : '?';
    char text[GW_ERR_TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (ret_refusal)
        *ret_refusal = refusal;
    return gw_err_set(err, rc, "%s: %s: %s", release_check_text(check), refusal.file, text);
}

static const struct release_file *reference_at(const struct release *release, size_t index)
{
    const struct release_file *const refs[] = {&release->sbom, &release->advisory, &release->notes};
    for (size_t i = 0; i < sizeof(refs) / sizeof(refs[0]); i++)
        if (refs[i]->name[0] && index-- == 0)
            return refs[i];
    return NULL;
}

const struct release_file *release_file_at(const struct release *release, size_t index)
{
    if (index < release->artifact_count)
        return &release->artifacts[index];
    return reference_at(release, index - release->artifact_count);
}

size_t release_file_count(const struct release *release)
{
    size_t count = release->artifact_count;
    while (reference_at(release, count - release->artifact_count))
        count++;
    return count;
}

size_t release_file_find(const struct release *release, struct gw_view name)
{
    const struct release_file *file;
    for (size_t i = 0; (file = release_file_at(release, i)) != NULL; i++)
        if (gw_view_eq_str(name, file->name))
            return i;
    return RELEASE_FILES_MAX;
}

uint64_t release_bytes(const struct release *release)
{
    uint64_t sum = 0; /* 67 files of 2^33 bytes do not overflow it */
    const struct release_file *file;
    for (size_t i = 0; (file = release_file_at(release, i)) != NULL; i++)
        sum += file->size;
    return sum;
}
