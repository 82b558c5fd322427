#include "attempt.h"

#include <stddef.h>

struct name {
    int value;
    const char *text;
};
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct name states[] = {
    {ATTEMPT_PLANNED, "planned"},         {ATTEMPT_OFFERED, "offered"},
    {ATTEMPT_ACCEPTED, "accepted"},       {ATTEMPT_DOWNLOADING, "downloading"},
    {ATTEMPT_DOWNLOADED, "downloaded"},   {ATTEMPT_INSTALLING, "installing"},
    {ATTEMPT_REBOOTING, "rebooting"},     {ATTEMPT_CONFIRMING, "confirming"},
    {ATTEMPT_DEFERRED, "deferred"},       {ATTEMPT_OK, "ok"},
    {ATTEMPT_FAILED, "failed"},           {ATTEMPT_REJECTED, "rejected"},
    {ATTEMPT_ROLLED_BACK, "rolled_back"}, {ATTEMPT_CANCELLED, "cancelled"},
    {ATTEMPT_TIMED_OUT, "timed_out"},     {ATTEMPT_UNREACHABLE, "unreachable"},
};

static const struct name words[] = {
    {ATTEMPT_WORD_ACCEPTED, "accepted"},       {ATTEMPT_WORD_DOWNLOADING, "downloading"},
    {ATTEMPT_WORD_DOWNLOADED, "downloaded"},   {ATTEMPT_WORD_INSTALLING, "installing"},
    {ATTEMPT_WORD_REBOOTING, "rebooting"},     {ATTEMPT_WORD_INSTALLED, "installed"},
    {ATTEMPT_WORD_FAILED, "failed"},           {ATTEMPT_WORD_REJECTED, "rejected"},
    {ATTEMPT_WORD_ROLLED_BACK, "rolled_back"}, {ATTEMPT_WORD_CANCELLED, "cancelled"},
    {ATTEMPT_WORD_DEFERRED, "deferred"},
};

static const struct name codes[] = {
    {ATTEMPT_CODE_NONE, ""},
    {ATTEMPT_CODE_OTHER, "other"},
    {ATTEMPT_CODE_SIGNATURE, "signature"},
    {ATTEMPT_CODE_DIGEST, "digest"},
    {ATTEMPT_CODE_INCOMPATIBLE, "incompatible"},
    {ATTEMPT_CODE_FLOOR, "floor"},
    {ATTEMPT_CODE_KIND, "kind"},
    {ATTEMPT_CODE_NO_SPACE, "no_space"},
    {ATTEMPT_CODE_DOWNLOAD, "download"},
    {ATTEMPT_CODE_INSTALL, "install"},
    {ATTEMPT_CODE_BOOT, "boot"},
    {ATTEMPT_CODE_HEALTH, "health"},
    {ATTEMPT_CODE_BUSY, "busy"},
    {ATTEMPT_CODE_POWER, "power"},
    {ATTEMPT_CODE_USER, "user"},
    {ATTEMPT_CODE_UNSTABLE, "unstable"},
    {ATTEMPT_CODE_OLD_VERSION, "old_version"},
    {ATTEMPT_CODE_STEP_TIME, "step_time"},
    {ATTEMPT_CODE_TOTAL_TIME, "total_time"},
    {ATTEMPT_CODE_LOCAL_CANCEL, "local_cancel"},
    {ATTEMPT_CODE_CANCEL_SILENT, "cancel_silent"},
    {ATTEMPT_CODE_GONE, "gone"},
    {ATTEMPT_CODE_NOT_FIT, "not_fit"},
    {ATTEMPT_CODE_ALREADY_RUNNING, "already_running"},
    {ATTEMPT_CODE_UNKNOWN_BEFORE, "unknown_before"},
};

static const char *text_of(const struct name *table, size_t count, int value)
{
    for (size_t i = 0; i < count; i++)
        if (table[i].value == value)
            return table[i].text;
    return "unknown";
}

/* The row of a text, or NULL. */
static const struct name *row_of(const struct name *table, size_t count, struct gw_view text)
{
    for (size_t i = 0; i < count; i++)
        if (gw_view_eq_str(text, table[i].text))
            return &table[i];
    return NULL;
}

const char *attempt_state_text(enum attempt_state state)
{
    return text_of(states, COUNT(states), (int)state);
}

enum gw_rc attempt_state_parse(struct gw_view text, enum attempt_state *ret_state)
{
    const struct name *row = row_of(states, COUNT(states), text);
    if (!row)
        return GW_INVALID;
    *ret_state = (enum attempt_state)row->value;
    return GW_OK;
}

const char *attempt_word_text(enum attempt_word word)
{
    return text_of(words, COUNT(words), (int)word);
}

enum gw_rc attempt_word_parse(struct gw_view text, enum attempt_word *ret_word)
{
    const struct name *row = row_of(words, COUNT(words), text);
    if (!row)
        return GW_INVALID;
    *ret_word = (enum attempt_word)row->value;
    return GW_OK;
}

const char *attempt_code_text(enum attempt_code code)
{
    return text_of(codes, COUNT(codes), (int)code);
}

/* Finer words that devices use, this project's agent among them (docs/agent.md), and what they count as. */
static const struct name finer[] = {
    {ATTEMPT_CODE_SIGNATURE, "no_vendor_keys"}, {ATTEMPT_CODE_SIGNATURE, "envelope"},
    {ATTEMPT_CODE_SIGNATURE, "manifest"},       {ATTEMPT_CODE_INCOMPATIBLE, "product"},
    {ATTEMPT_CODE_INCOMPATIBLE, "hardware"},    {ATTEMPT_CODE_INCOMPATIBLE, "artifact"},
    {ATTEMPT_CODE_INCOMPATIBLE, "min_version"}, {ATTEMPT_CODE_INCOMPATIBLE, "running"},
    {ATTEMPT_CODE_INCOMPATIBLE, "older"},       {ATTEMPT_CODE_KIND, "kind_off"},
    {ATTEMPT_CODE_KIND, "no_handler"},          {ATTEMPT_CODE_NO_SPACE, "disk_full"},
    {ATTEMPT_CODE_NO_SPACE, "too_big"},         {ATTEMPT_CODE_DOWNLOAD, "not_found"},
    {ATTEMPT_CODE_DOWNLOAD, "deadline"},        {ATTEMPT_CODE_INSTALL, "handler"},
    {ATTEMPT_CODE_INSTALL, "interrupted"},      {ATTEMPT_CODE_BOOT, "reboot"},
    {ATTEMPT_CODE_BOOT, "fallback_failed"},     {ATTEMPT_CODE_BOOT, "old_version"},
    {ATTEMPT_CODE_BOOT, "unknown_version"},     {ATTEMPT_CODE_HEALTH, "unstable"},
};
/* The same of words that begin so. */
static const struct name families[] = {
    {ATTEMPT_CODE_INSTALL, "verify_"},
    {ATTEMPT_CODE_INSTALL, "install_"},
    {ATTEMPT_CODE_HEALTH, "confirm_"},
};

enum attempt_code attempt_code_of_device(struct gw_view text)
{
    if (text.len == 0)
        return ATTEMPT_CODE_NONE;
    const struct name *row = row_of(codes, COUNT(codes), text);
    if (!row || row->value > ATTEMPT_CODE_USER)
        row = row_of(finer, COUNT(finer), text);
    for (size_t i = 0; !row && i < COUNT(families); i++)
        if (gw_view_starts(text, families[i].text))
            row = &families[i];
    return row ? (enum attempt_code)row->value : ATTEMPT_CODE_OTHER;
}

enum attempt_state attempt_word_state(enum attempt_word word)
{
    switch (word) {
    case ATTEMPT_WORD_ACCEPTED:
        return ATTEMPT_ACCEPTED;
    case ATTEMPT_WORD_DOWNLOADING:
        return ATTEMPT_DOWNLOADING;
    case ATTEMPT_WORD_DOWNLOADED:
        return ATTEMPT_DOWNLOADED;
    case ATTEMPT_WORD_INSTALLING:
        return ATTEMPT_INSTALLING;
    case ATTEMPT_WORD_REBOOTING:
    case ATTEMPT_WORD_INSTALLED:
        return ATTEMPT_REBOOTING;
    case ATTEMPT_WORD_FAILED:
        return ATTEMPT_FAILED;
    case ATTEMPT_WORD_REJECTED:
        return ATTEMPT_REJECTED;
    case ATTEMPT_WORD_ROLLED_BACK:
        return ATTEMPT_ROLLED_BACK;
    case ATTEMPT_WORD_CANCELLED:
        return ATTEMPT_CANCELLED;
    case ATTEMPT_WORD_DEFERRED:
        return ATTEMPT_DEFERRED;
    }
    return ATTEMPT_FAILED;
}

bool attempt_state_open(enum attempt_state state)
{
    return state >= ATTEMPT_OFFERED && state <= ATTEMPT_CONFIRMING;
}

bool attempt_state_begun(enum attempt_state state)
{
    return state >= ATTEMPT_INSTALLING && state <= ATTEMPT_CONFIRMING;
}

bool attempt_state_ended(enum attempt_state state)
{
    return state >= ATTEMPT_OK && state <= ATTEMPT_UNREACHABLE;
}

bool attempt_state_failure(enum attempt_state state)
{
    return state == ATTEMPT_FAILED || state == ATTEMPT_REJECTED || state == ATTEMPT_ROLLED_BACK ||
           state == ATTEMPT_TIMED_OUT;
}

bool attempt_holds(const struct attempt *a)
{
    return attempt_state_ended(a->state) && a->taken;
}
