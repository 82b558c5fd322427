/*
 * release_entry: a release as the gateway keeps it: what lists show and decisions need. All that the vendor said lies
 * in the envelope, which is kept as it came.
 */
#pragma once

#include "release.h"
#include "user.h"

#define RELEASE_ID_LEN 16 /* first hex digits of the SHA-256 of the signed payload */

/* What a file is for. Persisted. */
enum release_role {
    RELEASE_ROLE_ARTIFACT = 1,
    RELEASE_ROLE_SBOM = 2,
    RELEASE_ROLE_ADVISORY = 3,
    RELEASE_ROLE_NOTES = 4,
};
const char *release_role_text(enum release_role role);
/* Of the file at this index of release_file_at(). */
enum release_role release_role_at(const struct release *release, size_t index);

struct release_entry {
    char id[RELEASE_ID_LEN + 1];
    char product[RELEASE_PRODUCT_MAX + 1];
    uint64_t release_counter;
    uint64_t security_floor;
    char version[RELEASE_VERSION_MAX + 1];
    char channel[RELEASE_CHANNEL_MAX + 1];
    bool security_only;
    enum release_state state;
    struct gw_wall released_at, expires_at;
    struct gw_wall imported, changed;
    struct gw_wall damaged; /* since when a stored file is known not to be what was signed; 0: it is not */
    char imported_by[USER_NAME_MAX + 8];
    uint64_t bytes; /* of all its files */
    uint16_t file_count;
    uint8_t signer_count; /* keys that had signed and were trusted when it was imported */
    char signers[VENDOR_SIGNERS_MAX][VENDOR_KEYID_LEN + 1];
    int64_t rev;
};

struct release_entry_file {
    enum release_role role;
    struct release_file file;
};

bool release_id_valid(struct gw_view id);
/* Staged, and nothing is known against its stored files: devices may have it. */
bool release_is_given(const struct release_entry *entry);
/* The entry of a release that is about to be staged: but for id, signers, imported_by, times of the store and rev. */
void release_entry_of(const struct release *release, struct release_entry *ret_entry);

/* What is remembered of a product beyond its releases. A product that nothing is known of has zeros. */
struct release_product {
    char product[RELEASE_PRODUCT_MAX + 1];
    uint64_t counter_seen;    /* highest release_counter ever staged */
    uint64_t floor_confirmed; /* highest security_floor that a device has confirmed ok */
};
