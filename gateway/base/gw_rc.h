/*
 * gw_rc: the closed list of results that a Gatehouse function can return.
 *
 * A code is named by what the caller can do about it, not by who failed. Text for people travels in struct gw_err
 * (gw_err.h); programs decide on the code alone. GW_OK is zero, so `if (rc)` reads as "if it failed".
 */
#pragma once

enum gw_rc {
    GW_OK = 0,
    GW_AGAIN,       /* full or not ready now: the same call may succeed later */
    GW_NOT_FOUND,   /* the named thing does not exist */
    GW_EXISTS,      /* the named thing exists already */
    GW_CONFLICT,    /* somebody else changed it first: load again, decide again */
    GW_INVALID,     /* the input breaks its grammar or a rule: never succeeds unchanged */
    GW_TOO_BIG,     /* a ceiling was met */
    GW_DENIED,      /* the caller may not */
    GW_CORRUPT,     /* stored or received bytes contradict their own check */
    GW_NO_SPACE,    /* disk or quota is full */
    GW_IO,          /* the operating system refused; the text has errno */
    GW_TIMEOUT,     /* the time given has passed */
    GW_CANCELLED,   /* we are stopping */
    GW_UNSUPPORTED, /* known, valid, not done here */
    GW_NO_MEMORY,   /* an allocation sized by input failed */
};

#define GW_MUST_CHECK        __attribute__((warn_unused_result))
#define GW_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* Lower-case name of a code ("not found"); static storage, never NULL. */
const char *gw_rc_text(enum gw_rc rc);
