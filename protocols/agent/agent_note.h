/*
 * agent_note: who signed a checkpoint, and which key may. Pure but for OpenSSL's arithmetic.
 */
#pragma once

#include "checkpoint.h"
#include "gw_err.h"
#include "note.h"

/* Reads a signed checkpoint. GW_NOT_FOUND: the key has not signed it; GW_CORRUPT: its signature is wrong; GW_INVALID:
 * no checkpoint, or of another log than origin. */
GW_MUST_CHECK enum gw_rc agent_checkpoint_verify(struct gw_view bytes, const struct note_key *key, const char *origin,
                                                 struct checkpoint *ret_checkpoint, struct gw_err *err);

/*
 * What the gateway's word on its log key makes of ours. `told` is a verifier key, or a note whose text is one. With
 * pinned NULL the key is taken as it is (first use). GW_DENIED: it is another key and not signed by both, or does not
 * carry the name. *ret_key is the key to use from now on.
 */
GW_MUST_CHECK enum gw_rc agent_log_key_step(struct gw_view told, const struct note_key *pinned, const char *name,
                                            struct note_key *ret_key, struct gw_err *err);
