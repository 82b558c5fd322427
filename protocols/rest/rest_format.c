/* From struct answer to JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "rest_internal.h"

static void put_status(struct json_writer *w, const struct answer_status *s)
{
    json_put_object(w, NULL);
    json_put_str(w, "gateway", s->gateway);
    json_put_str(w, "version", s->version);
    json_put_time(w, "started", s->started);
    json_put_bool(w, "claimed", s->claimed);
    json_put_bool(w, "keys_separated", s->keys_separated);
    json_put_bool(w, "broker_up", s->broker_up);
    json_put_bool(w, "keyd_up", s->keyd_up);
    json_put_object(w, "registry");
    json_put_bool(w, "confirmed", s->registry_confirmed);
    json_put_u64_text(w, "generation", s->registry_generation);
    json_put_end(w);
    json_put_time_or_null(w, "door_open_until", s->door_open_until);
    json_put_object(w, "devices");
    for (enum device_state state = DEVICE_INVITED; state <= DEVICE_RETIRED; state++)
        json_put_i64(w, device_state_text(state), s->devices_by_state[state]);
    json_put_end(w);
    json_put_object(w, "refused");
    json_put_u64_text(w, "tls", s->refused.tls);
    json_put_u64_text(w, "certificate", s->refused.certificate);
    json_put_u64_text(w, "half_open", s->refused.half_open);
    json_put_u64_text(w, "ceiling", s->refused.ceiling);
    json_put_u64_text(w, "mqtt_unauthenticated", s->refused.unauthenticated);
    json_put_u64_text(w, "mqtt", s->refused.broker);
    json_put_u64_text(w, "log_batches", s->refused.batches);
    json_put_u64_text(w, "artifacts", s->refused.artifacts);
    json_put_u64_text(w, "tokens", s->refused.tokens);
    json_put_end(w);
    json_put_object(w, "storage");
    json_put_bool(w, "journal_full", s->storage.journal_full);
    json_put_u64_text(w, "events", s->storage.events);
    json_put_u64_text(w, "failed_commits", s->storage.failed_commits);
    json_put_u64_text(w, "state_failed_commits", s->storage.state_failed_commits);
    json_put_u64_text(w, "dropped", s->storage.dropped);
    json_put_bool(w, "unsigned", s->storage.unsigned_now);
    json_put_u64_text(w, "checkpoints_denied", s->storage.checkpoints_denied);
    json_put_u64_text(w, "state_wal_bytes", s->storage.state_wal_bytes);
    json_put_u64_text(w, "journal_wal_bytes", s->storage.journal_wal_bytes);
    json_put_u64_text(w, "state_wal_max_bytes", s->storage.state_wal_max_bytes);
    json_put_u64_text(w, "journal_wal_max_bytes", s->storage.journal_wal_max_bytes);
    json_put_end(w);
    json_put_i64(w, "online", s->online);
    json_put_i64(w, "live_connections", s->live_connections);
    json_put_i64(w, "port_mqtt", s->port_mqtt);
    json_put_i64(w, "port_devices", s->port_devices);
    json_put_i64(w, "port_operators", s->port_operators);
    json_put_hex(w, "server_key_sha256", s->server_key.bytes, GW_SHA256_LEN);
    json_put_end(w);
}

/* What anybody may know: the key is in the certificate that the server has just shown. */
static void put_claim(struct json_writer *w, const struct answer_status *s)
{
    json_put_object(w, NULL);
    json_put_str(w, "gateway", s->gateway);
    json_put_bool(w, "claimed", s->claimed);
    json_put_hex(w, "server_key_sha256", s->server_key.bytes, GW_SHA256_LEN);
    json_put_end(w);
}

static void put_cert(struct json_writer *w, const struct answer_device *d)
{
    static const struct gw_sha256 none;
    if (gw_sha256_eq(&d->cert_sha256, &none)) {
        json_put_null(w, "certificate");
        return;
    }
    json_put_object(w, "certificate");
    json_put_hex(w, "sha256", d->cert_sha256.bytes, GW_SHA256_LEN);
    json_put_time(w, "not_after", d->cert_not_after);
    json_put_end(w);
}

static void put_device(struct json_writer *w, const struct answer_device *d)
{
    json_put_object(w, NULL);
    json_put_str(w, "id", d->device.id.text);
    json_put_str(w, "name", d->device.name);
    json_put_str(w, "state", device_state_text(d->device.state));
    json_put_bool(w, "online", d->online);
    json_put_time_or_null(w, "seen", d->seen);
    json_put_str(w, "source", d->source);
    put_cert(w, d);
    rest_put_inventory(w, &d->inventory);
    json_put_time(w, "created", d->device.created);
    json_put_time(w, "changed", d->device.changed);
    json_put_u64_text(w, "rev", (uint64_t)d->device.rev);
    json_put_end(w);
}

void rest_put_next(struct json_writer *w, const struct answer *a, const char *last)
{
    if (a->more && a->behind[0])
        last = a->behind;
    json_put_str(w, "next", a->more ? last : NULL);
}

static void put_devices(struct json_writer *w, const struct answer *a)
{
    if (a->single && a->device_count == 1) {
        put_device(w, &a->devices[0]);
        return;
    }
    json_put_object(w, NULL);
    json_put_array(w, "devices");
    for (size_t i = 0; i < a->device_count; i++)
        put_device(w, &a->devices[i]);
    json_put_end(w);
    rest_put_next(w, a, a->device_count ? a->devices[a->device_count - 1].device.id.text : NULL);
    json_put_end(w);
}

static void put_pending_one(struct json_writer *w, const struct device_pending *p)
{
    json_put_object(w, NULL);
    json_put_str(w, "id", p->device.text);
    json_put_hex(w, "spki_sha256", p->spki_sha256.bytes, GW_SHA256_LEN);
    json_put_str(w, "source", p->source);
    json_put_time(w, "created", p->created);
    json_put_time(w, "expires", p->expires);
    json_put_bool(w, "approved", p->approved);
    json_put_end(w);
}

static void put_pending(struct json_writer *w, const struct answer *a)
{
    if (a->single && a->pending_count == 1) {
        put_pending_one(w, &a->pending[0]);
        return;
    }
    json_put_object(w, NULL);
    json_put_array(w, "pending");
    for (size_t i = 0; i < a->pending_count; i++)
        put_pending_one(w, &a->pending[i]);
    json_put_end(w);
    json_put_end(w);
}

static void put_claim_code(struct json_writer *w, const struct answer *a)
{
    json_put_object(w, NULL);
    json_put_str(w, "code", a->text);
    json_put_time(w, "expires", a->expires);
    json_put_hex(w, "server_key_sha256", a->sha256.bytes, GW_SHA256_LEN);
    json_put_end(w);
}

static void put_invitation(struct json_writer *w, const struct answer *a)
{
    json_put_object(w, NULL);
    json_put_str(w, "invitation", a->text);
    json_put_time(w, "expires", a->expires);
    json_put_end(w);
}

static void put_metrics_token(struct json_writer *w, const struct answer *a)
{
    json_put_object(w, NULL);
    json_put_str(w, "token", a->text);
    json_put_end(w);
}

static void put_done(struct json_writer *w, const struct answer *a)
{
    json_put_object(w, NULL);
    json_put_bool(w, "ok", true);
    json_put_str(w, "detail", a->text);
    json_put_end(w);
}

/* False: the kind is no answer to an operator. */
static bool put_answer(struct json_writer *w, const struct rest *rest, const struct answer *a)
{
    switch (a->kind) {
    case ANSWER_DONE:
    case ANSWER_SIGNED_OUT:
        put_done(w, a);
        return true;
    case ANSWER_INVITATION:
        put_invitation(w, a);
        return true;
    case ANSWER_CLAIM_CODE:
        put_claim_code(w, a);
        return true;
    case ANSWER_CLAIM:
        put_claim(w, &a->status);
        return true;
    case ANSWER_STATUS:
        put_status(w, &a->status);
        return true;
    case ANSWER_DEVICES:
        put_devices(w, a);
        return true;
    case ANSWER_PENDING:
        put_pending(w, a);
        return true;
    case ANSWER_LOGS:
        rest_put_logs(w, rest->gateway, a);
        return true;
    case ANSWER_LOG_EVENTS:
    case ANSWER_LOG_SEARCH:
        rest_put_events(w, a);
        return true;
    case ANSWER_KEYS:
        rest_put_keys(w, a);
        return true;
    case ANSWER_RELEASES:
        rest_put_releases(w, a);
        return true;
    case ANSWER_IMPORT:
        rest_put_import(w, a);
        return true;
    case ANSWER_ROLLOUTS:
        rest_put_rollouts(w, a);
        return true;
    case ANSWER_ROLLOUT_PREVIEW:
        rest_put_preview(w, a);
        return true;
    case ANSWER_ATTEMPTS:
        rest_put_attempts(w, a);
        return true;
    case ANSWER_SESSION:
        rest_put_session(w, a);
        return true;
    case ANSWER_USERS:
        rest_put_users(w, a);
        return true;
    case ANSWER_METRICS_TOKEN:
        put_metrics_token(w, a);
        return true;
    case ANSWER_TOKENS:
        rest_put_tokens(w, a);
        return true;
    case ANSWER_ALERTS:
        rest_put_alerts(w, a);
        return true;
    case ANSWER_LOG_TAIL:
    case ANSWER_LOG_CHECKPOINT:
    case ANSWER_LOG_TILE:
    case ANSWER_LOG_EVIDENCE:
    case ANSWER_LOG_KEY:
    case ANSWER_TRUST:
    case ANSWER_ENROLLED:
    case ANSWER_RETRY:
    case ANSWER_UNAUTHORIZED:
        return false;
    }
    return false;
}

enum gw_rc rest_row(const struct rest *rest, const struct answer *answer, struct gw_buf *out)
{
    struct json_writer w;
    if (answer->rc || (!answer->single && answer->kind != ANSWER_STATUS))
        return GW_INVALID;
    json_writer_begin(&w, out);
    if (!put_answer(&w, rest, answer))
        return GW_INVALID;
    return json_writer_end(&w);
}

static void problem(struct http_reply *reply, int status, const char *detail)
{
    http_reply_done(reply);
    http_reply_problem(reply, status, detail);
    (void)http_reply_header(reply, "cache-control:", "no-store");
}

/* A refusal for which no result code stands alone: who are you, and not so often (RFC 6585 section 4). */
static int status_of(const struct answer *a)
{
    if (a->kind == ANSWER_UNAUTHORIZED || (a->kind == ANSWER_SESSION && a->rc == GW_DENIED))
        return 401;
    return a->rc == GW_AGAIN && a->retry_after_s > 0 ? 429 : http_status_of(a->rc);
}

static void refusal(struct http_reply *reply, const struct answer *a)
{
    char seconds[16];
    problem(reply, status_of(a), a->text);
    if (a->retry_after_s <= 0)
        return;
    (void)snprintf(seconds, sizeof(seconds), "%d", a->retry_after_s);
    (void)http_reply_header(reply, "retry-after:", seconds);
}

/* The revision to send back in If-Match (RFC 9110 section 8.8.3). */
static void add_etag(struct http_reply *reply, int64_t rev)
{
    char tag[32];
    (void)snprintf(tag, sizeof(tag), "\"%" PRId64 "\"", rev);
    (void)http_reply_header(reply, "etag:", tag);
}

void rest_format(const struct rest *rest, const struct answer *answer, struct http_reply *reply)
{
    struct json_writer w;
    http_reply_init(reply, 200);
    if (answer->rc && answer->refusal.check) {
        rest_format_refusal(reply, answer);
        return;
    }
    if (answer->rc) {
        refusal(reply, answer);
        return;
    }
    if (rest_format_bytes(answer, reply))
        return;
    json_writer_begin(&w, &reply->body);
    if (!put_answer(&w, rest, answer)) {
        problem(reply, 500, "the gateway answered another question");
        return;
    }
    if (json_writer_end(&w)) {
        problem(reply, 500, "the answer does not fit");
        return;
    }
    (void)gw_buf_add_u8(&reply->body, '\n');
    reply->content_type = "application/json";
    (void)http_reply_header(reply, "cache-control:", "no-store");
    if (answer->kind == ANSWER_DEVICES && answer->single && answer->device_count == 1)
        add_etag(reply, answer->devices[0].device.rev);
    if (answer->kind == ANSWER_RELEASES && answer->single)
        add_etag(reply, answer->releases[0].entry.rev);
    if (answer->kind == ANSWER_ROLLOUTS && answer->single)
        add_etag(reply, answer->rollouts[0].entry.rev);
    if (answer->kind == ANSWER_USERS && answer->single)
        add_etag(reply, answer->users[0].rev);
    if (answer->kind == ANSWER_ALERTS && answer->single)
        add_etag(reply, answer->alerts[0].rev);
    rest_add_cookie(reply, answer);
}
