/*
 * answer: what a turn says to whoever asked, as a value. The adapter that posted the question turns it into bytes
 * (JSON, PKCS#7) and responds by the asker's ticket. Called in core's thread, after the COMMIT that made it true, and
 * for reads of the logs in a query thread; must not block.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "alert.h"
#include "asker.h"
#include "device.h"
#include "query.h"
#include "release_import.h"
#include "rollout_ask.h"
#include "token.h"
#include "user.h"

enum answer_kind {
    ANSWER_DONE = 1,     /* rc and text only */
    ANSWER_ENROLLED,     /* EST: cert */
    ANSWER_RETRY,        /* EST: pending, ask again after retry_after_s */
    ANSWER_UNAUTHORIZED, /* EST: 401 with WWW-Authenticate; REST: the session has ended meanwhile */
    ANSWER_TRUST,        /* text = the verifier key of the gateway's logs */
    ANSWER_INVITATION,   /* text = the invitation string, shown once; expires */
    ANSWER_CLAIM_CODE,   /* text = the code; expires; fingerprint of the operators' server key in sha256 */
    ANSWER_CLAIM,        /* status: gateway, claimed and server_key alone */
    ANSWER_STATUS,
    ANSWER_DEVICES,
    ANSWER_PENDING,
    ANSWER_LOGS,            /* logs; more: there are others behind the last */
    ANSWER_LOG_EVENTS,      /* events of one log, in order; next: the number behind the last */
    ANSWER_LOG_SEARCH,      /* events; cursor: where the search goes on, unless it is done */
    ANSWER_LOG_TAIL,        /* events in the order of their commits; feed, unread; or rc */
    ANSWER_LOG_CHECKPOINT,  /* bytes: a signed note */
    ANSWER_LOG_TILE,        /* bytes: of a C2SP tile or entry bundle */
    ANSWER_LOG_EVIDENCE,    /* bytes: the batch that contradicted a log, as it was sent */
    ANSWER_LOG_KEY,         /* text: the verifier key of the gateway's logs */
    ANSWER_KEYS,            /* keys of vendors */
    ANSWER_RELEASES,        /* releases; more; single: files too */
    ANSWER_IMPORT,          /* import */
    ANSWER_ROLLOUTS,        /* rollouts; more; single */
    ANSWER_ROLLOUT_PREVIEW, /* rollouts: one, as it would be made, without an id; left */
    ANSWER_ATTEMPTS,        /* attempts; more */
    ANSWER_SESSION,         /* session; with GW_DENIED: name or password is wrong */
    ANSWER_SIGNED_OUT,      /* rc and text; the cookie is to be forgotten */
    ANSWER_USERS,           /* users; single */
    ANSWER_METRICS_TOKEN,   /* text = the token, shown once */
    ANSWER_TOKENS,          /* tokens; single: text = the token, shown once */
    ANSWER_ALERTS,          /* alerts; more; single */
};

/* A device as people see it. */
struct answer_device {
    struct device device;
    bool online;
    struct gw_wall seen; /* last presence change; ms 0 = never */
    char source[DEVICE_SOURCE_MAX];
    struct gw_sha256 cert_sha256; /* newest certificate; zero when there is none */
    struct gw_wall cert_not_after;
    struct inventory inventory; /* seen 0: it has told nothing */
};

/* What came to nothing at one of the gateway's doors, since the start. */
struct answer_door_refused {
    uint64_t count;
    char source[DEVICE_SOURCE_MAX]; /* of the last */
    const char *fault;              /* certificate: what was wrong with the last; static storage */
};

enum answer_door { ANSWER_DOOR_DEVICES, ANSWER_DOOR_OPERATORS, ANSWER_DOOR_ADMIN };
#define ANSWER_DOORS 3

struct answer_doors {
    struct {
        struct answer_door_refused tls;         /* handshakes that failed */
        struct answer_door_refused certificate; /* foreign, expired or broken client certificates */
        struct answer_door_refused half_open;   /* closed before a whole request */
        struct answer_door_refused ceiling;     /* closed at a ceiling */
    } at[ANSWER_DOORS];
    uint64_t batches;                  /* up/log: what was no batch */
    struct gw_device_id batches_by;    /* who sent the last of these, … */
    char batches_why[DEVICE_WHY_MAX];  /* … and what was wrong with it */
    struct answer_door_refused tokens; /* operators' HTTPS: a token that is none, or none any more */
};

/* Since the start. */
struct answer_refused {
    uint64_t tls;             /* HTTPS: handshakes that failed */
    uint64_t certificate;     /* HTTPS of devices: foreign, expired or broken client certificates */
    uint64_t half_open;       /* HTTPS, admin socket: closed before a whole request */
    uint64_t ceiling;         /* HTTPS, admin socket: closed at a ceiling */
    uint64_t unauthenticated; /* MQTT: ended before a session */
    uint64_t broker;          /* MQTT: sessions and messages that the plugin refused or cut */
    uint64_t batches;         /* up/log: what was no batch */
    uint64_t artifacts;       /* HTTPS of devices: artifacts asked for without a right to them */
    uint64_t tokens;          /* HTTPS of operators: requests with a token that is none, or none any more */
};

/* How storing goes; counts are since the start. */
struct answer_storage {
    bool journal_full;              /* the journal's last commit failed: nothing is acknowledged */
    uint64_t events;                /* of devices, and of the gateway itself, that the journal took */
    uint64_t failed_commits;        /* of the journal */
    uint64_t state_failed_commits;  /* of state.db */
    uint64_t dropped;               /* what devices sent and the journal did not take: its queue or its disk was full */
    uint64_t damaged;               /* logs that take nothing more */
    struct gw_device_id damaged_by; /* whose the last of them is; zeroed: the gateway's own */
    bool unsigned_now;              /* keyd does not sign checkpoints */
    uint64_t checkpoints_denied;    /* by keyd: smaller or other than what it has signed of that log */
    uint64_t state_wal_bytes, journal_wal_bytes;         /* write-ahead logs as files */
    uint64_t state_wal_max_bytes, journal_wal_max_bytes; /* above it somebody else holds on to one */
};

struct answer_status {
    char gateway[24];
    char version[24];
    bool claimed;
    bool keys_separated;
    bool broker_up;
    bool keyd_up;
    bool registry_confirmed;
    uint64_t registry_generation;
    struct gw_wall door_open_until; /* ms 0: closed */
    int64_t devices_by_state[8];    /* index: enum device_state */
    int64_t online;
    uint32_t live_connections;                        /* of pages and programs that watch; at most a second old */
    uint16_t port_mqtt, port_devices, port_operators; /* the real ones; a closed one has its number all the same */
    struct gw_sha256 server_key;                      /* SHA-256 of the operators' server SPKI */
    struct gw_wall started;
    struct answer_refused refused;
    struct answer_storage storage;
};

/* One event with its view. Its bytes lie in answer.bytes. */
struct answer_event {
    struct log_id log;
    uint64_t seq;
    struct gw_wall arrived;
    struct event_view view;
    size_t offset, len;
    bool is_text; /* valid UTF-8 without NUL */
};

struct answer_release {
    struct release_entry entry;
    unsigned trusted_signers; /* of its signers, those whose key is still trusted */
    unsigned threshold;
};

struct answer_rollout {
    struct rollout_entry entry;
    struct rollout_wait waits[ROLLOUT_WAVES_MAX]; /* of the first entry.rollout.opened waves */
};

#define ANSWER_TOKEN_CHARS 64  /* 256 bits as hex */
#define ANSWER_KNOWN_CHARS 112 /* of the cookie by which a browser is known again */

struct answer_session {
    char cookie[ANSWER_TOKEN_CHARS + 1]; /* secret; "": the browser has it already */
    char csrf[ANSWER_TOKEN_CHARS + 1];   /* secret */
    char known[ANSWER_KNOWN_CHARS + 1];  /* secret; "": none was made */
    char name[USER_NAME_MAX];
    enum user_role role;
    struct gw_wall began, ends; /* ends: at the latest */
};

/* An account as admins see it. */
struct answer_user {
    char name[USER_NAME_MAX];
    enum user_role role;
    bool disabled;
    struct gw_wall created;
    int64_t rev;
    size_t sessions; /* that live now */
};

struct answer {
    enum answer_kind kind;
    struct asker asker;
    enum gw_rc rc;
    char text[512];
    struct gw_wall expires;
    struct gw_sha256 sha256;
    int retry_after_s;             /* RETRY, SESSION; with GW_AGAIN: too many tries, wait so long */
    struct device_cert cert;       /* ENROLLED */
    struct answer_status status;   /* STATUS */
    struct answer_device *devices; /* DEVICES: owned */
    size_t device_count;
    bool single;                    /* the answer to a GET of one object: exactly one, or rc is set */
    bool more;                      /* DEVICES, LOGS, LOG_EVENTS: there are more behind the last */
    char behind[LIVE_KEY_MAX];      /* with more, lists of a query: the cursor, where it is not the last one's */
    struct device_pending *pending; /* PENDING: owned */
    size_t pending_count;
    struct journal_log *logs; /* LOGS: owned */
    size_t log_count;
    struct answer_event *events; /* LOG_EVENTS, LOG_SEARCH: owned */
    size_t event_count;
    uint64_t next;              /* LOG_EVENTS */
    struct query_cursor cursor; /* LOG_SEARCH */
    struct journal_feed feed;   /* LOG_TAIL: where it goes on */
    uint64_t unread;            /* LOG_TAIL: events behind the last one that were passed over */
    struct vendor_key *keys;    /* KEYS: owned */
    size_t key_count;
    struct answer_release *releases; /* RELEASES: owned */
    size_t release_count;
    struct release_entry_file *files; /* RELEASES, single: owned */
    size_t file_count;
    struct import_status import;     /* IMPORT */
    struct answer_rollout *rollouts; /* ROLLOUTS, ROLLOUT_PREVIEW: owned */
    size_t rollout_count;
    struct rollout_left left;       /* ROLLOUT_PREVIEW */
    struct attempt_entry *attempts; /* ATTEMPTS: owned */
    size_t attempt_count;
    struct answer_session session; /* SESSION */
    struct answer_user *users;     /* USERS: owned */
    size_t user_count;
    struct token *tokens; /* TOKENS: owned */
    size_t token_count;
    struct alert *alerts; /* ALERTS: owned */
    size_t alert_count;
    struct release_refusal refusal; /* with an rc: what a release was refused for; check 0: no such thing */
    uint8_t *bytes;                 /* owned */
    size_t byte_count;
};

/* Frees the answer and what it owns; accepts NULL. */
void answer_free(struct answer *answer);
