/*
 * agent_session: the MQTT session (3.1.1 over TLS 1.3, both sides proven), by libmosquitto's socket in the caller's
 * poll loop: never mosquitto_loop(), whose select(2) fails above descriptor 1023.
 *
 * One connection is one libmosquitto object: nothing of an old connection comes up in a new one. Callbacks run inside
 * agent_session_step(). Name look-up blocks; everything else does not.
 */
#pragma once

#include <stdbool.h>

#include "agent_est.h"
#include "gw_time.h"
#include "topic.h"

struct agent_session_ops {
    void (*up)(void *ctx); /* connected and subscribed */
    /* Connection lost or never made; why is for people and begins with "<host>:<port>: ". refused: the gateway knows
     * us and does not admit us. */
    void (*down)(void *ctx, const char *why, bool refused);
    void (*message)(void *ctx, enum topic_kind kind, struct gw_view payload);
};

struct agent_session;

/* est gives root, certificate and key files and outlives the session, as does ops. */
struct agent_session *agent_session_new(const struct agent_est *est, const struct agent_session_ops *ops, void *ctx);
void agent_session_free(struct agent_session *session); /* accepts NULL; says farewell when it is up */

/* Begins to connect; the outcome comes by a callback. Ends a connection that there is. */
void agent_session_connect(struct agent_session *session, struct gw_mono now);
void agent_session_disconnect(struct agent_session *session);
bool agent_session_active(const struct agent_session *session); /* connecting or connected */
bool agent_session_up(const struct agent_session *session);

/* How many connections were begun: when it has risen, the descriptor is another one, even with the same number. */
unsigned agent_session_tries(const struct agent_session *session);
/* For poll(2): the socket (-1 while there is none) and what to wait for. */
int agent_session_fd(const struct agent_session *session, short *ret_events);
/* Call after every poll, at least once a second. */
void agent_session_step(struct agent_session *session, short revents, struct gw_mono now);

/* QoS 1 to our own up/ topic. GW_AGAIN when the session is down. */
GW_MUST_CHECK enum gw_rc agent_session_publish(struct agent_session *session, enum topic_kind kind,
                                               struct gw_view payload);
