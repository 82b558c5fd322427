/* Whether a release suits a device, and which of its artifacts. */
#include <string.h>

#include "release_policy.h"

const char *release_fit_text(enum release_fit fit)
{
    switch (fit) {
    case RELEASE_FITS:
        return "fits";
    case RELEASE_FIT_PRODUCT:
        return "product";
    case RELEASE_FIT_HARDWARE:
        return "hardware";
    case RELEASE_FIT_ARTIFACT:
        return "artifact";
    case RELEASE_FIT_MIN_VERSION:
        return "min_version";
    case RELEASE_FIT_FLOOR:
        return "floor";
    case RELEASE_FIT_RUNNING:
        return "running";
    }
    return "unknown";
}

static bool names_hardware(const struct release *release, const char *hardware)
{
    for (size_t i = 0; i < release->hardware_count; i++)
        if (strcmp(release->hardware[i], hardware) == 0)
            return true;
    return false;
}

static bool runs_at_least(const char *version, const char *wanted)
{
    if (!wanted[0])
        return true;
    return version[0] && release_version_compare(gw_view_str(version), gw_view_str(wanted)) >= 0;
}

enum release_fit release_fits(const struct release *release, const struct release_target *target)
{
    if (strcmp(release->product, target->product) != 0)
        return RELEASE_FIT_PRODUCT;
    if (!names_hardware(release, target->hardware))
        return RELEASE_FIT_HARDWARE;
    if (release_artifact_for(release, target->hardware, NULL) == RELEASE_ARTIFACTS_MAX)
        return RELEASE_FIT_ARTIFACT;
    if (!runs_at_least(target->version, release->min_version))
        return RELEASE_FIT_MIN_VERSION;
    if (release->release_counter < target->floor_confirmed)
        return RELEASE_FIT_FLOOR;
    if (release->release_counter == target->running_counter)
        return RELEASE_FIT_RUNNING;
    return RELEASE_FITS;
}

size_t release_artifact_for(const struct release *release, const char *hardware, const char *format)
{
    size_t for_all = RELEASE_ARTIFACTS_MAX;
    for (size_t i = 0; i < release->artifact_count; i++) {
        const struct release_file *artifact = &release->artifacts[i];
        if (format && strcmp(artifact->format, format) != 0)
            continue;
        if (artifact->hardware[0] && strcmp(artifact->hardware, hardware) == 0)
            return i;
        if (!artifact->hardware[0] && for_all == RELEASE_ARTIFACTS_MAX)
            for_all = i;
    }
    return for_all;
}
