#include "act_text.h"

#include <stddef.h>

static const struct {
    enum act_kind kind;
    const char *text;
} texts[] = {
    {ACT_INVITE, "invite a device"},
    {ACT_APPROVE, "approve a device"},
    {ACT_REJECT, "reject a device"},
    {ACT_QUARANTINE, "quarantine a device"},
    {ACT_RELEASE, "release a device from quarantine"},
    {ACT_REVOKE, "revoke a device"},
    {ACT_RETIRE, "retire a device"},
    {ACT_DOOR_OPEN, "open the enrolment door"},
    {ACT_DOOR_CLOSE, "close the enrolment door"},
    {ACT_CLAIM_CODE, "make a claim code"},
    {ACT_CLAIM, "claim the gateway"},
    {ACT_CLAIM_GET, "read whether the gateway is claimed"},
    {ACT_STATUS, "read the status"},
    {ACT_DEVICE_LIST, "list devices"},
    {ACT_DEVICE_GET, "read a device"},
    {ACT_PENDING_LIST, "list who waits to enrol"},
    {ACT_LOG_LIST, "list logs"},
    {ACT_LOG_EVENTS, "read a log"},
    {ACT_LOG_SEARCH, "search logs"},
    {ACT_LOG_CHECKPOINT, "read a log's checkpoint"},
    {ACT_LOG_TILE, "read a log's tile"},
    {ACT_LOG_EVIDENCE, "read what contradicts a log"},
    {ACT_LOG_KEY, "read the log key"},
    {ACT_KEY_LIST, "list vendor keys"},
    {ACT_KEY_ADD, "add a vendor key"},
    {ACT_KEY_REMOVE, "remove a vendor key"},
    {ACT_RELEASES_LIST, "list releases"},
    {ACT_RELEASES_GET, "read a release"},
    {ACT_RELEASES_IMPORT, "import a release"},
    {ACT_RELEASES_PROGRESS, "read how an import goes"},
    {ACT_RELEASES_WITHDRAW, "withdraw a release"},
    {ACT_RELEASES_VERIFY, "verify a release"},
    {ACT_ROLLOUT_LIST, "list rollouts"},
    {ACT_ROLLOUT_GET, "read a rollout"},
    {ACT_ROLLOUT_CREATE, "make a rollout"},
    {ACT_ROLLOUT_PREVIEW, "preview a rollout"},
    {ACT_ROLLOUT_START, "start a rollout"},
    {ACT_ROLLOUT_PAUSE, "pause a rollout"},
    {ACT_ROLLOUT_RESUME, "resume a rollout"},
    {ACT_ROLLOUT_ABORT, "abort a rollout"},
    {ACT_ROLLOUT_ROLLBACK, "roll a rollout back"},
    {ACT_ROLLOUT_WAIVE, "waive what a rollout is held for"},
    {ACT_ROLLOUT_ATTEMPTS, "list a rollout's attempts"},
    {ACT_DEVICE_ATTEMPTS, "list a device's attempts"},
    {ACT_ALERT_LIST, "list alerts"},
    {ACT_ALERT_GET, "read an alert"},
    {ACT_ALERT_ACK, "acknowledge an alert"},
    {ACT_ALERT_SNOOZE, "snooze an alert"},
    {ACT_ALERT_RESOLVE, "resolve an alert"},
    {ACT_ALERT_NOTE, "write a note on an alert"},
    {ACT_METRICS_TOKEN, "make a token for metrics"},
    {ACT_METRICS_REVOKE, "revoke the token for metrics"},
    {ACT_TOKEN_LIST, "list tokens"},
    {ACT_TOKEN_ADD, "make a token"},
    {ACT_TOKEN_REVOKE, "revoke a token"},
    {ACT_SIGN_IN, "sign in"},
    {ACT_SESSION_GET, "read the own session"},
    {ACT_SIGN_OUT, "sign out"},
    {ACT_PASSWORD, "change the own password"},
    {ACT_USER_LIST, "list accounts"},
    {ACT_USER_GET, "read an account"},
    {ACT_USER_ADD, "add an account"},
    {ACT_USER_ROLE, "change an account's role"},
    {ACT_USER_DISABLE, "disable an account"},
    {ACT_USER_ENABLE, "enable an account"},
    {ACT_USER_PASSWORD, "set an account's password"},
};

const char *act_text(enum act_kind kind)
{
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (texts[i].kind == kind)
            return texts[i].text;
    return NULL;
}
