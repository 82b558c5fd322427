/*
 * operate: the acts of operators on devices and on the enrolment door, and the reads of status, lists and logs.
 */
#pragma once

#include "access.h"
#include "alerts.h"
#include "denials.h"
#include "enrol.h"
#include "people.h"
#include "releases.h"
#include "rollouts.h"
#include "session.h"
#include "signer.h"
#include "tokens.h"
#include "turn.h"

/* What a service needs to know of the whole gateway. Filled by app, read by services. */
struct gateway_facts {
    char gateway[24];
    char log_vkey[SIGNER_VKEY_MAX];
    struct gw_sha256 root_spki;
    struct gw_sha256 server_key; /* SHA-256 of the operators' server SPKI */
    char devices_host[256];      /* what goes into invitations */
    uint16_t port_mqtt, port_devices, port_operators;
    bool keys_separated;
    bool keyd_up;
    struct gw_wall started;
    uint32_t live_connections; /* as of the last tick */
};

struct operate {
    struct access access;
    struct enrol enrol;
    struct releases releases;
    struct rollouts rollouts;
    struct people people;
    struct tokens tokens;
    struct denials denials;
    struct alerts alerts;
    struct session *session;
    struct gateway_facts *facts;
};

/* INBOX_ACT: authorises, acts, answers. A refusal is an answer, not an error. */
GW_MUST_CHECK enum gw_rc operate_act(struct operate *o, struct turn *turn, struct inbox_msg *msg, struct gw_err *err);
/* INBOX_HASHED, INBOX_CHECKED, INBOX_KEY_READ: who asked must be allowed to still. */
GW_MUST_CHECK enum gw_rc operate_hashed(struct operate *o, struct turn *turn, const struct inbox_msg *msg,
                                        struct gw_err *err);
GW_MUST_CHECK enum gw_rc operate_checked(struct operate *o, struct turn *turn, const struct inbox_msg *msg,
                                         struct gw_err *err);
GW_MUST_CHECK enum gw_rc operate_key_read(struct operate *o, struct turn *turn, const struct inbox_msg *msg,
                                          struct gw_err *err);
/* INBOX_VERIFIED: what was found, and what it means for rollouts. */
GW_MUST_CHECK enum gw_rc operate_verified(struct operate *o, struct turn *turn, const struct inbox_msg *msg,
                                          struct gw_err *err);
/* INBOX_SURVEYED: who asked must be allowed to still. */
GW_MUST_CHECK enum gw_rc operate_surveyed(struct operate *o, struct turn *turn, const struct inbox_msg *msg,
                                          struct gw_err *err);
/* INBOX_IMPORTED: authorises who imported, then has it staged. */
GW_MUST_CHECK enum gw_rc operate_imported(struct operate *o, struct turn *turn, const struct inbox_msg *msg,
                                          struct gw_err *err);
