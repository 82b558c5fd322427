/*
 * live: what changes while people watch. A turn names the rows that it changed; after COMMIT the core loop makes each
 * of them anew, once however often it was named, and hands it to the live protocol.
 */
#pragma once

/* Names are part of the protocol gw.v1 (docs/live.md). */
enum live_topic {
    LIVE_OVERVIEW = 1, /* one row, key "gateway": status */
    LIVE_DEVICES,      /* key: device id */
    LIVE_PENDING,      /* key: device id ":" first 16 hex of the SPKI's SHA-256 */
    LIVE_RELEASES,     /* key: release id */
    LIVE_ROLLOUTS,     /* key: rollout id */
    LIVE_ALERTS,       /* key: alert id */
};
#define LIVE_TOPICS  7  /* size of a table by topic; row 0 is unused */
#define LIVE_KEY_MAX 96 /* bytes of a key, with its end */

#define LIVE_OVERVIEW_KEY "gateway"

const char *live_topic_text(enum live_topic topic); /* "devices"; "unknown" outside of the enum */
