/*
 * release_policy: whether a release whose manifest is readable may be staged, and whether it suits a device. Pure: the
 * time and everything known of other releases is passed in. Any thread.
 *
 * Order of versions. A version is a core, an optional pre-release behind the first "-" and an optional build behind the
 * first "+", which counts for nothing. Core and pre-release are identifiers with dots between. As in Semantic
 * Versioning 2.0.0 section 11: identifiers of digits alone compare as numbers of any length, others by ASCII, digits
 * below others; a version with a pre-release is below the same one without; of two pre-releases that agree as far as
 * they go the longer is above. Unlike there, the core has any number of identifiers, missing ones being 0 ("2.1" equals
 * "2.1.0"), and "~" and "_" are characters like letters. Every two texts of the grammar can be compared.
 *
 * Versions say what people read and what min_version asks for. Which release is newer is told by release_counter alone.
 */
#pragma once

#include <stddef.h>

#include "release.h"

/* Below 0, 0 or above 0, as a stands to b. */
int release_version_compare(struct gw_view a, struct gw_view b);

/* What the check of the signatures gave: how many trusted vendor keys have signed, how many must. */
struct release_trust {
    unsigned signers;   /* distinct trusted keys whose signature is right */
    unsigned threshold; /* at least 1 */
};

/*
 * May it be staged? floor_confirmed is the highest security_floor of this product that any device has confirmed ok, 0
 * when none has. In this order: signature (GW_DENIED), manifest (GW_INVALID), expiry, floor (both GW_DENIED). Files
 * come later: release_files.h. ret_refusal and err may be NULL.
 */
GW_MUST_CHECK enum gw_rc release_admit(const struct release *release, const struct release_trust *trust,
                                       uint64_t floor_confirmed, struct gw_wall now,
                                       struct release_refusal *ret_refusal, struct gw_err *err);

/* A release that the gateway knows. */
struct release_known {
    char product[RELEASE_PRODUCT_MAX + 1];
    char version[RELEASE_VERSION_MAX + 1];
    uint64_t release_counter;
    enum release_state state;
};
/* May it stand beside this one? To be asked for each release of the same product. GW_EXISTS when version (by the order
 * above) or counter is the same, also when that one was withdrawn: numbers are not used twice. */
GW_MUST_CHECK enum gw_rc release_admit_beside(const struct release *release, const struct release_known *known,
                                              struct release_refusal *ret_refusal, struct gw_err *err);

/* What is known of a device when a release is to be offered. */
struct release_target {
    const char *product;
    const char *hardware;
    const char *version;      /* what it runs; "" when it has not told */
    uint64_t running_counter; /* of what it runs, 0 when it is not known */
    uint64_t floor_confirmed; /* highest security_floor that this device has confirmed ok */
};

enum release_fit {
    RELEASE_FITS = 1,
    RELEASE_FIT_PRODUCT,     /* another product */
    RELEASE_FIT_HARDWARE,    /* hardware that the release does not name */
    RELEASE_FIT_ARTIFACT,    /* no artifact for this hardware */
    RELEASE_FIT_MIN_VERSION, /* what it runs is below min_version, or not told while one is asked for */
    RELEASE_FIT_FLOOR,       /* counter below the device's floor */
    RELEASE_FIT_RUNNING,     /* it runs this very release */
};
const char *release_fit_text(enum release_fit fit);
/* The first reason against it in the order above, or RELEASE_FITS. Older releases fit down to the floor: whether going
 * back is wanted is the rollout's to say. */
enum release_fit release_fits(const struct release *release, const struct release_target *target);
/* Index into artifacts of the one for this hardware: one that names it before one for all; of equals the first whose
 * format is `format` (NULL: any). RELEASE_ARTIFACTS_MAX when there is none. */
size_t release_artifact_for(const struct release *release, const char *hardware, const char *format);
