/*
 * releases: vendor keys, and the releases that they have signed: what an import came to, lists, withdrawing, and
 * whether stored artifacts are still what was signed (releases_verify.c).
 *
 * An import is checked twice: by the import thread while its bytes stream by, and here, in the turn that stages it,
 * against the store as it is then: keys may have been removed, a device may have confirmed a floor, another release may
 * have come. A staged release whose signers are no longer trusted is shown as such; it is not withdrawn by itself.
 */
#pragma once

#include "release_import.h"
#include "release_policy.h"
#include "turn.h"

#define RELEASES_LIST_MAX 500

struct releases {
    unsigned threshold; /* vendor keys that must have signed; at least 1 */
    struct import_port imports;
    uint64_t refused[RELEASE_CHECK_SPACE + 1]; /* imports since the start, by enum release_check */
    uint64_t damaged;                          /* verifications that found another file than was signed */
    uint64_t intact;                           /* files that a device complained of, and that are what was signed */
};

/* ACT_KEY_*: the actor was let in by access. */
GW_MUST_CHECK enum gw_rc releases_key_act(struct turn *turn, struct inbox_msg *msg, struct gw_err *err);
/* INBOX_KEY_READ: a worker has read the key that is to be added. */
GW_MUST_CHECK enum gw_rc releases_key_read(struct turn *turn, const struct inbox_msg *msg, struct gw_err *err);

/* ACT_RELEASES_*. */
GW_MUST_CHECK enum gw_rc releases_act(struct releases *r, struct turn *turn, const struct inbox_msg *msg,
                                      struct gw_err *err);
/* INBOX_IMPORTED. */
GW_MUST_CHECK enum gw_rc releases_imported(struct releases *r, struct turn *turn, const struct inbox_msg *msg,
                                           struct gw_err *err);
/* INBOX_VERIFIED. A file that is damaged marks every staged release that names it: devices are not given it any more.
 * All files of a release intact: it is given out again. ret_damaged: some were marked, whose rollouts are to be told.
 */
GW_MUST_CHECK enum gw_rc releases_verified(struct releases *r, struct turn *turn, const struct inbox_msg *msg,
                                           bool *ret_damaged, struct gw_err *err);

/* What is known against a release now, apart from its files: expiry, floor, other releases of its product. Also what
 * the import thread asks before it takes artifacts. trusted: how many of its signers count. */
GW_MUST_CHECK enum gw_rc releases_admit(const struct store *store, const struct release *release,
                                        const struct release_trust *trust, struct gw_wall now,
                                        struct release_refusal *ret_refusal, struct gw_err *err);
