#include "release_entry.h"

#include <stdio.h>

const char *release_role_text(enum release_role role)
{
    switch (role) {
    case RELEASE_ROLE_ARTIFACT:
        return "artifact";
    case RELEASE_ROLE_SBOM:
        return "sbom";
    case RELEASE_ROLE_ADVISORY:
        return "advisory";
    case RELEASE_ROLE_NOTES:
        return "notes";
    }
    return "unknown";
}

enum release_role release_role_at(const struct release *release, size_t index)
{
    const struct release_file *file = release_file_at(release, index);
    if (file == &release->sbom)
        return RELEASE_ROLE_SBOM;
    if (file == &release->advisory)
        return RELEASE_ROLE_ADVISORY;
    return file == &release->notes ? RELEASE_ROLE_NOTES : RELEASE_ROLE_ARTIFACT;
}

bool release_id_valid(struct gw_view id)
{
    for (size_t i = 0; i < id.len; i++)
        if (!((id.ptr[i] >= '0' && id.ptr[i] <= '9') || (id.ptr[i] >= 'a' && id.ptr[i] <= 'f')))
            return false;
    return id.len == RELEASE_ID_LEN;
}

bool release_is_given(const struct release_entry *entry)
{
    return entry->state == RELEASE_STAGED && entry->damaged.ms == 0;
}

void release_entry_of(const struct release *release, struct release_entry *ret_entry)
{
    *ret_entry = (struct release_entry){
        .release_counter = release->release_counter,
        .security_floor = release->security_floor,
        .security_only = release->security_only,
        .state = RELEASE_STAGED,
        .released_at = release->released_at,
        .expires_at = release->expires_at,
        .bytes = release_bytes(release),
        .file_count = (uint16_t)release_file_count(release),
    };
    (void)snprintf(ret_entry->product, sizeof(ret_entry->product), "%s", release->product);
    (void)snprintf(ret_entry->version, sizeof(ret_entry->version), "%s", release->version);
    (void)snprintf(ret_entry->channel, sizeof(ret_entry->channel), "%s", release->channel);
}
