/*
 * asker: who waits for an answer, as a value: the adapter that was asked, and the connection there. Whoever posts a
 * message fills it in; work, queries and messages that follow from it carry it on, and so does the answer in the end.
 * Zeroed: nobody waits.
 */
#pragma once

#include "http_route.h"

enum asker_kind {
    ASKER_NOBODY = 0, /* the turn has no answer, and a refusal is told to no one */
    ASKER_REST,
    ASKER_EST,
    ASKER_ARTIFACT,
    ASKER_LIVE, /* those who watch the logs, without a ticket */
};

struct asker {
    enum asker_kind kind;
    struct http_ticket ticket; /* of a connection of that adapter; it may have gone */
};
