/* The table of operations, and the two that are answered from static text. */
#include "rest_internal.h"

#define BOTH (HTTP_DOOR_OPERATORS | HTTP_DOOR_ADMIN)

static void healthz(struct http_reply *reply)
{
    reply->content_type = "application/json";
    (void)http_reply_header(reply, "cache-control:", "no-store");
    (void)gw_buf_add_str(&reply->body, "{\"status\":\"ok\"}\n");
}

static void openapi(struct http_reply *reply)
{
    reply->content_type = "application/json";
    (void)gw_buf_add(&reply->body, rest_openapi_json, rest_openapi_json_len);
}

static const char *const invite_keys[] = {"name", NULL};
static const char *const approve_keys[] = {"spki_sha256", NULL};
static const char *const door_keys[] = {"minutes", NULL};
static const char *const vendor_key_keys[] = {"pem", "name", NULL};
static const char *const sign_in_keys[] = {"name", "password", NULL};
static const char *const password_keys[] = {"old", "new", NULL};
static const char *const user_keys[] = {"name", "role", "password", NULL};
static const char *const role_keys[] = {"role", NULL};
static const char *const user_password_keys[] = {"password", NULL};
static const char *const token_keys[] = {"name", "role", "days", NULL};
static const char *const note_keys[] = {"note", NULL};
static const char *const snooze_keys[] = {"until", "note", NULL};
static const char *const claim_keys[] = {"code", "name", "password", NULL};

static const char *const order_keys[] = {"release", "name", "plan", NULL};
static const char *const reason_keys[] = {"reason", NULL};
static const char *const waive_keys[] = {"wave", "what", "reason", NULL};

#define ROLLOUT_POST(verb, act, keys_, decode_)                                                                        \
    {                                                                                                                  \
        .method = HTTP_POST, .doors = BOTH, .pattern = "/api/v1/rollouts/{}/" verb, .access = REST_ACTOR, .kind = act, \
        .match = REST_MUST_MATCH, .body_keys = keys_, .decode = decode_                                                \
    }
#define ROLLOUT_ORDER(path, act)                                                                                       \
    {                                                                                                                  \
        .method = HTTP_POST, .doors = BOTH, .pattern = path, .access = REST_ACTOR, .kind = act,                        \
        .match = REST_NO_MATCH, .body_keys = order_keys, .decode = rest_decode_rollout_order,                          \
        .answer_ms = REST_ORDER_MS, .body_max = REST_PLAN_MAX                                                          \
    }
#define DEVICE_POST(verb, act, keys_, decode_)                                                                         \
    {                                                                                                                  \
        .method = HTTP_POST, .doors = BOTH, .pattern = "/api/v1/devices/{}/" verb, .access = REST_ACTOR, .kind = act,  \
        .match = REST_MUST_MATCH, .body_keys = keys_, .decode = decode_                                                \
    }
#define GET(path, act, decode_)                                                                                        \
    {                                                                                                                  \
        .method = HTTP_GET, .doors = BOTH, .pattern = path, .access = REST_ACTOR, .kind = act, .match = REST_NO_MATCH, \
        .decode = decode_                                                                                              \
    }

#define USER_POST(verb, act, keys_, decode_)                                                                           \
    {                                                                                                                  \
        .method = HTTP_POST, .doors = BOTH, .pattern = "/api/v1/users/{}/" verb, .access = REST_ACTOR, .kind = act,    \
        .match = REST_MUST_MATCH, .body_keys = keys_, .decode = decode_                                                \
    }
/* Sessions are the operators' door's: on the admin socket the kernel says who asks. */
#define SESSION(method_, path, access_, act, keys_, decode_)                                                           \
    {                                                                                                                  \
        .method = method_, .doors = HTTP_DOOR_OPERATORS, .pattern = path, .access = access_, .kind = act,              \
        .match = REST_NO_MATCH, .body_keys = keys_, .decode = decode_                                                  \
    }

#define ALERT_POST(verb, act, keys_, decode_)                                                                          \
    {                                                                                                                  \
        .method = HTTP_POST, .doors = BOTH, .pattern = "/api/v1/alerts/{}/" verb, .access = REST_ACTOR, .kind = act,   \
        .match = REST_MUST_MATCH, .body_keys = keys_, .decode = decode_                                                \
    }

static const struct rest_op ops[] = {
    GET("/api/v1/status", ACT_STATUS, NULL),
    GET("/api/v1/devices", ACT_DEVICE_LIST, rest_decode_device_list),
    GET("/api/v1/devices/{}", ACT_DEVICE_GET, rest_decode_device),
    GET("/api/v1/pending", ACT_PENDING_LIST, NULL),
    /* An invitation may make the device: there need not be a revision yet. */
    {.method = HTTP_POST,
     .doors = BOTH,
     .pattern = "/api/v1/devices/{}/invite",
     .access = REST_ACTOR,
     .kind = ACT_INVITE,
     .match = REST_MAY_MATCH,
     .body_keys = invite_keys,
     .decode = rest_decode_invite},
    DEVICE_POST("approve", ACT_APPROVE, approve_keys, rest_decode_approve),
    DEVICE_POST("reject", ACT_REJECT, NULL, rest_decode_device),
    DEVICE_POST("quarantine", ACT_QUARANTINE, NULL, rest_decode_device),
    DEVICE_POST("release", ACT_RELEASE, NULL, rest_decode_device),
    DEVICE_POST("revoke", ACT_REVOKE, NULL, rest_decode_device),
    DEVICE_POST("retire", ACT_RETIRE, NULL, rest_decode_device),
    {.method = HTTP_POST,
     .doors = BOTH,
     .pattern = "/api/v1/enrolment-door",
     .access = REST_ACTOR,
     .kind = ACT_DOOR_OPEN,
     .match = REST_NO_MATCH,
     .body_keys = door_keys,
     .decode = rest_decode_door},
    {.method = HTTP_DELETE,
     .doors = BOTH,
     .pattern = "/api/v1/enrolment-door",
     .access = REST_ACTOR,
     .kind = ACT_DOOR_CLOSE,
     .match = REST_NO_MATCH},
    {.method = HTTP_POST,
     .doors = HTTP_DOOR_ADMIN,
     .pattern = "/api/v1/claim-code",
     .access = REST_SUPERUSER,
     .kind = ACT_CLAIM_CODE,
     .match = REST_NO_MATCH},
    {.method = HTTP_POST,
     .doors = HTTP_DOOR_OPERATORS,
     .pattern = "/api/v1/claim",
     .access = REST_ANONYMOUS,
     .kind = ACT_CLAIM,
     .match = REST_NO_MATCH,
     .body_keys = claim_keys,
     .decode = rest_decode_claim},
    SESSION(HTTP_GET, "/api/v1/claim", REST_ANONYMOUS, ACT_CLAIM_GET, NULL, rest_decode_no_query),
    {.method = HTTP_GET, .doors = HTTP_DOOR_OPERATORS, .pattern = "/healthz", .access = REST_PUBLIC, .reply = healthz},
    {.method = HTTP_GET, .doors = BOTH, .pattern = "/api/v1/openapi.json", .access = REST_PUBLIC, .reply = openapi},
    GET("/api/v1/logs", ACT_LOG_LIST, rest_decode_log_list),
    GET("/api/v1/log-events", ACT_LOG_EVENTS, rest_decode_log_events),
    GET("/api/v1/log-search", ACT_LOG_SEARCH, rest_decode_log_search),
    GET("/api/v1/log-checkpoint", ACT_LOG_CHECKPOINT, rest_decode_log_checkpoint),
    GET("/api/v1/log-tile", ACT_LOG_TILE, rest_decode_log_tile),
    GET("/api/v1/log-evidence", ACT_LOG_EVIDENCE, rest_decode_log_evidence),
    GET("/api/v1/log-key", ACT_LOG_KEY, rest_decode_no_query),
    GET("/api/v1/vendor-keys", ACT_KEY_LIST, rest_decode_no_query),
    {.method = HTTP_POST,
     .doors = BOTH,
     .pattern = "/api/v1/vendor-keys",
     .access = REST_ACTOR,
     .kind = ACT_KEY_ADD,
     .match = REST_NO_MATCH,
     .body_keys = vendor_key_keys,
     .decode = rest_decode_key_add},
    {.method = HTTP_DELETE,
     .doors = BOTH,
     .pattern = "/api/v1/vendor-keys/{}",
     .access = REST_ACTOR,
     .kind = ACT_KEY_REMOVE,
     .match = REST_NO_MATCH,
     .decode = rest_decode_keyid},
    GET("/api/v1/releases", ACT_RELEASES_LIST, rest_decode_release_list),
    {.method = HTTP_POST,
     .doors = BOTH,
     .pattern = "/api/v1/releases",
     .access = REST_ACTOR,
     .kind = ACT_RELEASES_IMPORT,
     .match = REST_NO_MATCH,
     .import = true,
     .answer_ms = REST_IMPORT_MS},
    GET("/api/v1/releases/import", ACT_RELEASES_PROGRESS, rest_decode_no_query),
    GET("/api/v1/releases/{}", ACT_RELEASES_GET, rest_decode_release),
    {.method = HTTP_POST,
     .doors = BOTH,
     .pattern = "/api/v1/releases/{}/withdraw",
     .access = REST_ACTOR,
     .kind = ACT_RELEASES_WITHDRAW,
     .match = REST_MUST_MATCH,
     .decode = rest_decode_release},
    {.method = HTTP_POST,
     .doors = BOTH,
     .pattern = "/api/v1/releases/{}/verify",
     .access = REST_ACTOR,
     .kind = ACT_RELEASES_VERIFY,
     .match = REST_NO_MATCH,
     .decode = rest_decode_release,
     .answer_ms = REST_VERIFY_MS},
    GET("/api/v1/rollouts", ACT_ROLLOUT_LIST, rest_decode_rollout_list),
    ROLLOUT_ORDER("/api/v1/rollouts", ACT_ROLLOUT_CREATE),
    ROLLOUT_ORDER("/api/v1/rollouts/preview", ACT_ROLLOUT_PREVIEW),
    GET("/api/v1/rollouts/{}", ACT_ROLLOUT_GET, rest_decode_rollout),
    ROLLOUT_POST("start", ACT_ROLLOUT_START, reason_keys, rest_decode_rollout_change),
    ROLLOUT_POST("pause", ACT_ROLLOUT_PAUSE, reason_keys, rest_decode_rollout_change),
    ROLLOUT_POST("resume", ACT_ROLLOUT_RESUME, reason_keys, rest_decode_rollout_change),
    ROLLOUT_POST("abort", ACT_ROLLOUT_ABORT, reason_keys, rest_decode_rollout_change),
    ROLLOUT_POST("rollback", ACT_ROLLOUT_ROLLBACK, reason_keys, rest_decode_rollout_change),
    ROLLOUT_POST("waive", ACT_ROLLOUT_WAIVE, waive_keys, rest_decode_rollout_waive),
    GET("/api/v1/rollouts/{}/attempts", ACT_ROLLOUT_ATTEMPTS, rest_decode_rollout_attempts),
    GET("/api/v1/devices/{}/attempts", ACT_DEVICE_ATTEMPTS, rest_decode_device),
    GET("/api/v1/alerts", ACT_ALERT_LIST, rest_decode_alert_list),
    GET("/api/v1/alerts/{}", ACT_ALERT_GET, rest_decode_alert),
    ALERT_POST("acknowledge", ACT_ALERT_ACK, note_keys, rest_decode_alert_act),
    ALERT_POST("snooze", ACT_ALERT_SNOOZE, snooze_keys, rest_decode_alert_snooze),
    ALERT_POST("resolve", ACT_ALERT_RESOLVE, note_keys, rest_decode_alert_act),
    ALERT_POST("note", ACT_ALERT_NOTE, note_keys, rest_decode_alert_note),
    {.method = HTTP_POST,
     .doors = BOTH,
     .pattern = "/api/v1/metrics-token",
     .access = REST_ACTOR,
     .kind = ACT_METRICS_TOKEN,
     .match = REST_NO_MATCH},
    {.method = HTTP_DELETE,
     .doors = BOTH,
     .pattern = "/api/v1/metrics-token",
     .access = REST_ACTOR,
     .kind = ACT_METRICS_REVOKE,
     .match = REST_NO_MATCH},
    SESSION(HTTP_POST, "/api/v1/session", REST_ANONYMOUS, ACT_SIGN_IN, sign_in_keys, rest_decode_sign_in),
    SESSION(HTTP_GET, "/api/v1/session", REST_ACTOR, ACT_SESSION_GET, NULL, rest_decode_no_query),
    SESSION(HTTP_DELETE, "/api/v1/session", REST_ACTOR, ACT_SIGN_OUT, NULL, NULL),
    SESSION(HTTP_POST, "/api/v1/session/password", REST_ACTOR, ACT_PASSWORD, password_keys, rest_decode_password),
    GET("/api/v1/users", ACT_USER_LIST, rest_decode_no_query),
    {.method = HTTP_POST,
     .doors = BOTH,
     .pattern = "/api/v1/users",
     .access = REST_ACTOR,
     .kind = ACT_USER_ADD,
     .match = REST_NO_MATCH,
     .body_keys = user_keys,
     .decode = rest_decode_user_add},
    GET("/api/v1/users/{}", ACT_USER_GET, rest_decode_user),
    USER_POST("role", ACT_USER_ROLE, role_keys, rest_decode_user_role),
    USER_POST("disable", ACT_USER_DISABLE, NULL, rest_decode_user),
    USER_POST("enable", ACT_USER_ENABLE, NULL, rest_decode_user),
    USER_POST("password", ACT_USER_PASSWORD, user_password_keys, rest_decode_user_password),
    GET("/api/v1/tokens", ACT_TOKEN_LIST, rest_decode_no_query),
    {.method = HTTP_POST,
     .doors = BOTH,
     .pattern = "/api/v1/tokens",
     .access = REST_ACTOR,
     .kind = ACT_TOKEN_ADD,
     .match = REST_NO_MATCH,
     .body_keys = token_keys,
     .decode = rest_decode_token_add},
    {.method = HTTP_DELETE,
     .doors = BOTH,
     .pattern = "/api/v1/tokens/{}",
     .access = REST_ACTOR,
     .kind = ACT_TOKEN_REVOKE,
     .match = REST_NO_MATCH,
     .decode = rest_decode_token},
};

const struct rest_op *rest_ops(size_t *ret_count)
{
    *ret_count = sizeof(ops) / sizeof(ops[0]);
    return ops;
}
