/*
 * keyd_ca: who this gateway is: root and issuing CA, log key, gateway id. Made at the first start, loaded and checked
 * at every later one.
 *
 *     ca/root.key  ca/root.crt  ca/issuer.key  ca/issuer.crt  ca/log.key      PEM
 *     ca/log.vkey                                                        C2SP verifier key of the log key
 *
 * All six are written and synced in "ca.new", which is then renamed to "ca": that name is the marker that they are
 * whole. A crash in between leaves only "ca.new", and the next start begins again. The root's key is checked at start
 * and not kept in memory.
 */
#pragma once

#include "crypto_key.h"
#include "gw_buf.h"
#include "gw_err.h"
#include "gw_time.h"
#include "keyd_dir.h"

#define KEYD_GATEWAY_MAX 24

struct keyd_ca {
    char gateway[KEYD_GATEWAY_MAX]; /* "gw-" + first 16 hex of SHA-256(root SPKI) */
    struct crypto_key *issuer_key;  /* owned, as are the next two */
    struct crypto_key *log_key;
    struct gw_buf root_der;
    struct gw_buf issuer_der;
};

/* True when "ca" is there, so that keyd_ca_load() is the one to call. */
bool keyd_ca_exists(int dir_fd);
/* GW_DENIED when `now` lies before the first day that this program can have run on (days since 1970): such a clock
 * would make certificates that are not valid. */
GW_MUST_CHECK enum gw_rc keyd_ca_make(const struct keyd_dir *dir, struct gw_wall now, int64_t build_day,
                                      struct gw_err *err);
/* GW_CORRUPT when a file contradicts another; the text names it. Fills a zeroed struct; call keyd_ca_done() anyway. */
GW_MUST_CHECK enum gw_rc keyd_ca_load(int dir_fd, struct keyd_ca *ret_ca, struct gw_err *err);
void keyd_ca_done(struct keyd_ca *ca);
