/*
 * agent_est: how the device gets its certificate (EST, RFC 7030) and the gateway's log key.
 *
 * Order of trust: the root is fetched without verification and without credentials, and kept only when its public key
 * has the pinned hash; every later exchange is verified against that root alone. Files in the state directory:
 * root.pem, device.key, device.pem (our certificate and its intermediates), log-key. Calls block (agent_http.h).
 */
#pragma once

#include "agent_http.h"
#include "agent_pki.h"
#include "agent_site.h"
#include "note.h"

struct agent_est {
    const struct agent_site *site; /* borrowed, as is all here */
    const struct gw_fs *fs;
    EVP_PKEY *key;
    const volatile sig_atomic_t *stop;
    char root_path[AGENT_PATH_MAX + 32];
    char key_path[AGENT_PATH_MAX + 32];
    char cert_path[AGENT_PATH_MAX + 32];
};

/* Fills the paths. */
void agent_est_init(struct agent_est *est, const struct agent_site *site, const struct gw_fs *fs);

/* Makes sure that root.pem holds the pinned root. GW_DENIED: the server offers another one. Else as agent_http_run().
 */
GW_MUST_CHECK enum gw_rc agent_est_root(struct agent_est *est, struct gw_err *err);

/*
 * Asks for the first certificate and stores it. secret is the invitation's as text, or NULL to knock without one.
 * GW_AGAIN: the gateway lets us wait, *ret_retry_s says how long (0: it does not say). GW_DENIED: refused for good; the
 * same secret must not be tried again. GW_CORRUPT: the server is not the pinned gateway, or issued something wrong;
 * nothing was sent to it, or kept of it. A lost answer is no harm: the same key gets the same certificate again.
 */
GW_MUST_CHECK enum gw_rc agent_est_enrol(struct agent_est *est, const char *secret, int64_t *ret_retry_s,
                                         struct gw_err *err);
/* The same with our certificate instead of a secret (section 4.2.2). */
GW_MUST_CHECK enum gw_rc agent_est_renew(struct agent_est *est, int64_t *ret_retry_s, struct gw_err *err);

/* Looks at device.pem. GW_NOT_FOUND: not enrolled. */
GW_MUST_CHECK enum gw_rc agent_est_cert(const struct agent_est *est, struct agent_cert *ret_cert, struct gw_err *err);

/* In how many ms it is to be renewed: at two thirds of its life, some days of a year sooner or later, so that no fleet
 * comes at once; 0: now. */
int64_t agent_est_renewal_ms(const struct agent_cert *cert, struct gw_wall now);

/*
 * The key that signs our log's checkpoints: from log-key, else asked of the gateway over our own certificate, checked
 * to carry the name of this gateway, and pinned. With refresh it is asked for in any case: another key is taken only
 * from a note that both the pinned and the new key have signed (its text is the new verifier key). GW_DENIED otherwise.
 */
GW_MUST_CHECK enum gw_rc agent_est_log_key(struct agent_est *est, bool refresh, struct note_key *ret_key,
                                           struct gw_err *err);

/* "gw-" and the first 16 hex of the SHA-256 of the root's SPKI. */
GW_MUST_CHECK enum gw_rc agent_est_gateway_name(const struct agent_est *est, char out[24], struct gw_err *err);
