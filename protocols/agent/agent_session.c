#include "agent_session.h"

#include <errno.h>
#include <mosquitto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "gw_cleanup.h"

#define KEEPALIVE_S        60
#define CONNECT_TIMEOUT_MS (30 * GW_SECOND_MS)
#define READS_MAX          64 /* packets taken before others get their turn */
#define REASON_MAX         200
#define WHY_MAX            (INVITATION_HOST_MAX + 2 * REASON_MAX)

static const char NOBODY[] = "connection refused: nobody listens there";

struct agent_session {
    const struct agent_est *est;
    const struct agent_session_ops *ops;
    void *ctx;
    struct mosquitto *mosq; /* NULL while there is no connection */
    bool up;
    bool lost;               /* seen in a callback; acted upon behind the library's back */
    struct gw_mono deadline; /* for coming up */
    bool refused;
    bool v4;              /* this connection is tried by IPv4 alone */
    unsigned tries;       /* connections that were begun */
    long verify;          /* X509_V_…: what is wrong with the gateway's certificate */
    char tls[REASON_MAX]; /* the first word of OpenSSL or libmosquitto on why TLS failed, "" for none */
    char why[REASON_MAX];
};

static void lose(struct agent_session *s, const char *why)
{
    if (!s->lost)
        (void)snprintf(s->why, sizeof(s->why), "%s", why);
    s->lost = true;
}

static const char *connack_text(int code)
{
    switch (code) {
    case 4:
    case 5:
        return "the gateway does not admit this device (revoked, or not known to it)";
    case 3:
        return "the gateway is not ready for devices";
    default:
        return "the gateway refuses the connection";
    }
}

static void on_connect(struct mosquitto *mosq, void *obj, int code)
{
    struct agent_session *s = obj;
    char filter[TOPIC_TEXT_MAX + 8];
    if (code != 0) {
        s->refused = code == 4 || code == 5;
        lose(s, connack_text(code));
        return;
    }
    (void)snprintf(filter, sizeof(filter), "gw/v1/%s/dn/#", s->est->site->id.text);
    if (mosquitto_subscribe(mosq, NULL, filter, 1))
        lose(s, "cannot subscribe");
}

static void on_subscribe(struct mosquitto *mosq, void *obj, int mid, int count, const int *granted)
{
    struct agent_session *s = obj;
    (void)mosq;
    (void)mid;
    if (count < 1 || granted[0] > 2) {
        lose(s, "the gateway refuses the subscription");
        return;
    }
    s->up = true;
    s->ops->up(s->ctx);
}

static void on_disconnect(struct mosquitto *mosq, void *obj, int code)
{
    (void)mosq;
    lose(obj, code ? mosquitto_strerror(code) : "closed");
}

/* libmosquitto's return codes do not say why TLS fails; its log does, while the TLS session is still there to ask.
 * "OpenSSL Error[0]: error:0A000086:SSL routines::certificate verify failed" */
static void on_log(struct mosquitto *mosq, void *obj, int level, const char *text)
{
    struct agent_session *s = obj;
    SSL *ssl = mosquitto_ssl_get(mosq);
    if (level != MOSQ_LOG_ERR)
        return;
    if (ssl && SSL_get_verify_result(ssl) != X509_V_OK)
        s->verify = SSL_get_verify_result(ssl);
    if (s->tls[0])
        return;
    const char *reason = strrchr(text, ':');
    reason = reason ? reason + 1 : text;
    reason += strspn(reason, " ");
    (void)snprintf(s->tls, sizeof(s->tls), "%.*s", (int)strcspn(reason, ".\n"), reason);
}

static void on_message(struct mosquitto *mosq, void *obj, const struct mosquitto_message *message)
{
    struct agent_session *s = obj;
    struct topic topic;
    (void)mosq;
    if (topic_parse(gw_view_str(message->topic), &topic) || !topic_is_down(topic.kind) ||
        !gw_device_id_eq(&topic.device, &s->est->site->id) || message->payloadlen < 0)
        return;
    s->ops->message(s->ctx, topic.kind, gw_view_make(message->payload, (size_t)message->payloadlen));
}

struct agent_session *agent_session_new(const struct agent_est *est, const struct agent_session_ops *ops, void *ctx)
{
    struct agent_session *s = gw_xalloc(1, sizeof(*s));
    (void)mosquitto_lib_init();
    s->est = est;
    s->ops = ops;
    s->ctx = ctx;
    return s;
}

void agent_session_disconnect(struct agent_session *session)
{
    if (!session->mosq)
        return;
    struct mosquitto *mosq = session->mosq;
    mosquitto_disconnect_callback_set(mosq, NULL);
    if (session->up)
        (void)mosquitto_disconnect(mosq);
    mosquitto_destroy(mosq);
    session->mosq = NULL;
    session->up = session->lost = false;
}

void agent_session_free(struct agent_session *session)
{
    if (!session)
        return;
    agent_session_disconnect(session);
    free(session);
    (void)mosquitto_lib_cleanup();
}

bool agent_session_active(const struct agent_session *session)
{
    return session->mosq != NULL;
}

bool agent_session_up(const struct agent_session *session)
{
    return session->up && !session->lost;
}

/* An IPv6 address without its brackets. */
static void bare_host(const char *host, char out[INVITATION_HOST_MAX + 1])
{
    size_t len = strlen(host);
    if (len > 2 && host[0] == '[')
        (void)snprintf(out, INVITATION_HOST_MAX + 1, "%.*s", (int)(len - 2), host + 1);
    else
        (void)snprintf(out, INVITATION_HOST_MAX + 1, "%s", host);
}

static int open_connection(struct agent_session *s)
{
    char host[INVITATION_HOST_MAX + 1];
    const struct agent_est *est = s->est;
    bare_host(est->site->host, host);
    int rc = mosquitto_tls_set(s->mosq, est->root_path, NULL, est->cert_path, est->key_path, NULL);
    if (!rc)
        rc = mosquitto_tls_opts_set(s->mosq, SSL_VERIFY_PEER, "tlsv1.3", NULL);
    if (!rc)
        rc = mosquitto_int_option(s->mosq, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V311);
    if (!rc)
        rc = mosquitto_int_option(s->mosq, MOSQ_OPT_TCP_NODELAY, 1);
    /* A local address of a family makes libmosquitto skip the others: it tries the first address of a name alone. */
    return rc ? rc
              : mosquitto_connect_bind_async(s->mosq, host, est->site->mqtt_port, KEEPALIVE_S,
                                             s->v4 ? "0.0.0.0" : NULL);
}

static bool is_of_another_root(long verify)
{
    return verify == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY || verify == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN ||
           verify == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT || verify == X509_V_ERR_CERT_SIGNATURE_FAILURE ||
           verify == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE || verify == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT;
}

/* The cause for people: what TLS says, when it said anything, is nearer to it than what libmosquitto returned. */
static void explain(const struct agent_session *s, char out[WHY_MAX])
{
    const struct agent_site *site = s->est->site;
    int n = snprintf(out, WHY_MAX, "%s:%u: ", site->host, site->mqtt_port);
    char *at = out + n;
    size_t room = WHY_MAX - (size_t)n;
    if (s->verify != X509_V_OK)
        (void)snprintf(at, room, "its certificate %s (%s); is gateway.mqtt_port right?",
                       is_of_another_root(s->verify) ? "is not signed by the pinned root" : "fails verification",
                       s->verify == X509_V_ERR_UNSPECIFIED ? s->tls : X509_verify_cert_error_string(s->verify));
    else if (s->tls[0] && !s->refused)
        (void)snprintf(at, room, "TLS failed: %s", s->tls);
    else
        (void)snprintf(at, room, "%s", s->why);
}

static void fall(struct agent_session *s)
{
    char why[WHY_MAX];
    explain(s, why);
    agent_session_disconnect(s);
    s->ops->down(s->ctx, why, s->refused);
}

static const char *begin_error(int rc)
{
    if (rc == MOSQ_ERR_EAI)
        return "the host name cannot be looked up";
    if (rc == MOSQ_ERR_ERRNO && errno == ECONNREFUSED)
        return NOBODY;
    return rc == MOSQ_ERR_ERRNO ? strerror(errno) : mosquitto_strerror(rc);
}

/* libmosquitto says EPROTO of everything that ends TLS. Where TLS itself has no word for it the other end hung up: with
 * TLS 1.3 we are through with the handshake before it has looked at our certificate. */
static const char *later_error(const struct agent_session *s, int rc)
{
    if (rc == MOSQ_ERR_ERRNO && errno == EPROTO && !s->up)
        return "the other end hung up in the midst of TLS: it may refuse this device's certificate";
    return mosquitto_strerror(rc);
}

/* before: why the first try ended, when this is the second, by IPv4 alone; NULL: this is the first. There may be no
 * connection afterwards: then the end has been told. */
static void connect_by(struct agent_session *session, struct gw_mono now, const char *before)
{
    agent_session_disconnect(session);
    session->v4 = before != NULL;
    session->tries++;
    session->why[0] = session->tls[0] = '\0';
    session->verify = X509_V_OK;
    session->refused = false;
    session->deadline.ms = now.ms + CONNECT_TIMEOUT_MS;
    session->mosq = mosquitto_new(session->est->site->id.text, true, session);
    if (!session->mosq)
        abort();
    mosquitto_connect_callback_set(session->mosq, on_connect);
    mosquitto_subscribe_callback_set(session->mosq, on_subscribe);
    mosquitto_disconnect_callback_set(session->mosq, on_disconnect);
    mosquitto_message_callback_set(session->mosq, on_message);
    mosquitto_log_callback_set(session->mosq, on_log);
    int rc = open_connection(session);
    if (rc) {
        lose(session, before ? before : begin_error(rc));
        fall(session);
    }
}

void agent_session_connect(struct agent_session *session, struct gw_mono now)
{
    connect_by(session, now, NULL);
}

unsigned agent_session_tries(const struct agent_session *session)
{
    return session->tries;
}

int agent_session_fd(const struct agent_session *session, short *ret_events)
{
    if (!session->mosq)
        return -1;
    *ret_events = (short)(POLLIN | (mosquitto_want_write(session->mosq) ? POLLOUT : 0));
    return mosquitto_socket(session->mosq);
}

/* TLS may hold packets that poll(2) no longer sees. */
static bool more_to_read(struct agent_session *s)
{
    SSL *ssl = mosquitto_ssl_get(s->mosq);
    return ssl && SSL_pending(ssl) > 0;
}

static void read_packets(struct agent_session *s)
{
    int rc = MOSQ_ERR_SUCCESS;
    for (int i = 0; i < READS_MAX && !rc && !s->lost; i++) {
        rc = mosquitto_loop_read(s->mosq, 1);
        if (!more_to_read(s))
            break;
    }
    if (rc)
        lose(s, later_error(s, rc));
}

/* Nobody answered at the address: TCP had no connection at all. */
static bool is_unheard(const struct agent_session *s)
{
    struct sockaddr_storage peer;
    socklen_t len = sizeof(peer);
    return !s->up && getpeername(mosquitto_socket(s->mosq), (struct sockaddr *)&peer, &len) != 0 && errno == ENOTCONN;
}

/* Why TCP's connection ended. A refusal that came before libmosquitto's first write was taken from the socket by that.
 */
static const char *end_of(const struct agent_session *s, bool unheard)
{
    int error = 0;
    socklen_t len = sizeof(error);
    bool told = getsockopt(mosquitto_socket(s->mosq), SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error != 0;
    if (told && error != ECONNREFUSED)
        return strerror(error);
    return unheard ? NOBODY : "the connection was closed";
}

/* libmosquitto does not notice the end of a connection that never was. */
static void hang_up(struct agent_session *s, struct gw_mono now)
{
    bool unheard = is_unheard(s);
    const char *why = end_of(s, unheard);
    if (unheard && !s->v4)
        connect_by(s, now, why);
    else
        lose(s, why);
}

void agent_session_step(struct agent_session *session, short revents, struct gw_mono now)
{
    if (!session->mosq)
        return;
    int rc = MOSQ_ERR_SUCCESS;
    ERR_clear_error(); /* what reading a certificate left behind would be taken for this session's end */
    if (revents & (POLLHUP | POLLERR) && is_unheard(session)) {
        hang_up(session, now);
        revents = 0;
    }
    if (revents & (POLLIN | POLLHUP | POLLERR))
        read_packets(session);
    if (revents & POLLHUP && !session->lost)
        hang_up(session, now);
    if (!session->mosq)
        return; /* there is no address to try by IPv4 */
    if (!session->lost && (revents & POLLOUT || mosquitto_want_write(session->mosq)))
        rc = mosquitto_loop_write(session->mosq, 1);
    if (!rc && !session->lost)
        rc = mosquitto_loop_misc(session->mosq);
    if (rc)
        lose(session, later_error(session, rc));
    if (!session->up && now.ms >= session->deadline.ms)
        lose(session, "no answer in time");
    if (session->lost)
        fall(session);
}

enum gw_rc agent_session_publish(struct agent_session *session, enum topic_kind kind, struct gw_view payload)
{
    struct topic topic = {.kind = kind, .device = session->est->site->id};
    char name[TOPIC_TEXT_MAX];
    if (!agent_session_up(session))
        return GW_AGAIN;
    enum gw_rc rc = topic_format(&topic, name);
    if (rc)
        return rc;
    ERR_clear_error(); /* as in agent_session_step() */
    return mosquitto_publish(session->mosq, NULL, name, (int)payload.len, payload.ptr, 1, false) ? GW_AGAIN : GW_OK;
}
