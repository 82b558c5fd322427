/* releases_internal: shared by the files of the releases service only. */
#pragma once

#include "releases.h"

/* The answer to GET: this release with its files and how far it is still trusted. */
GW_MUST_CHECK enum gw_rc releases_answer(const struct releases *r, struct turn *turn, struct asker asker,
                                         const struct release_entry *entry, struct gw_err *err);
/* The same out of a store, in any thread that has one: into releases[0] and files, which have room. */
GW_MUST_CHECK enum gw_rc releases_row(const struct store *store, unsigned threshold, const struct release_entry *entry,
                                      struct answer *ret_answer, struct gw_err *err);
/* Where a list goes on behind this id, "": from the start. GW_INVALID: there is no such release. */
GW_MUST_CHECK enum gw_rc releases_behind(const struct store *store, const char *id,
                                         struct store_release_after *ret_after, struct gw_err *err);
/* Of these keyids, how many are trusted now. */
GW_MUST_CHECK enum gw_rc releases_trusted(const struct store *store,
                                          const char signers[VENDOR_SIGNERS_MAX][VENDOR_KEYID_LEN + 1], size_t count,
                                          unsigned *ret_trusted, struct gw_err *err);
