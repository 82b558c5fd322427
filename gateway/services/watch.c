#include "watch_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "registry.h"

static bool is_reason(const struct bus_event *event, enum registry_reason reason)
{
    return strcmp(event->reason, registry_reason_text(reason)) == 0;
}

#define AT_MQTT      "listener:mqtt"
#define NOT_IN_FORCE "a certificate that is revoked, replaced or not known, at HTTPS" /* a reason like the plugin's */

static const char *or_network(const char *source)
{
    return source[0] ? source : "network";
}

static enum audit_what what_of(const char *reason)
{
    static const enum registry_reason certificates[] = {REGISTRY_UNKNOWN_CERTIFICATE, REGISTRY_EXPIRED_CERTIFICATE,
                                                        REGISTRY_CLIENT_ID_DIFFERS, REGISTRY_NO_CERTIFICATE,
                                                        REGISTRY_SESSION_EXPIRED};
    if (strcmp(reason, registry_reason_text(REGISTRY_LOCAL_IMPOSTOR)) == 0)
        return AUDIT_IMPOSTOR;
    if (strcmp(reason, NOT_IN_FORCE) == 0)
        return AUDIT_CERT_REFUSED;
    for (size_t i = 0; i < sizeof(certificates) / sizeof(certificates[0]); i++)
        if (strcmp(reason, registry_reason_text(certificates[i])) == 0)
            return AUDIT_CERT_REFUSED;
    return AUDIT_MQTT_REFUSED;
}

static enum gw_rc tell_refusal(struct turn *turn, struct watch_refusal *r, struct gw_err *err)
{
    char msg[AUDIT_MSG_MAX], times[40] = "";
    if (r->since > 1)
        (void)snprintf(times, sizeof(times), ", %" PRIu64 " times, the last", r->since);
    (void)snprintf(msg, sizeof(msg), "%s%s%s%s%s from %s", r->reason, times,
                   r->what[0]     ? ": \""
                   : r->since > 1 ? ""
                                  : ",",
                   r->what, r->what[0] ? "\"," : "", or_network(r->source));
    r->since = 0;
    r->told_at = turn->now;
    return watch_note(turn,
                      &(struct watch_words){.what = what_of(r->reason),
                                            .subj = or_network(r->source),
                                            .obj = r->device.text[0] ? r->device.text : AT_MQTT},
                      msg, err);
}

/* The slot of this refusal, a free one, or one that has been quiet for a minute; NULL when all are at work. */
static struct watch_refusal *slot_of(struct watch *w, const struct bus_event *event, struct gw_wall now)
{
    struct watch_refusal *quiet = NULL;
    for (size_t i = 0; i < w->refusal_count; i++) {
        struct watch_refusal *r = &w->refusals[i];
        if (gw_device_id_eq(&r->device, &event->device) && strcmp(r->reason, event->reason) == 0)
            return r;
        if (r->since == 0 && watch_minute_over(r->told_at, now))
            quiet = r;
    }
    if (!quiet && w->refusal_count < WATCH_REFUSALS)
        quiet = &w->refusals[w->refusal_count++];
    if (!quiet)
        return NULL;
    *quiet = (struct watch_refusal){.device = event->device};
    memcpy(quiet->reason, event->reason, sizeof(quiet->reason));
    return quiet;
}

/* The first of a kind is told at once, what follows within a minute with the tick behind it. */
static enum gw_rc take_refusal(struct watch *w, struct turn *turn, const struct bus_event *event, struct gw_err *err)
{
    uint64_t times = event->times ? event->times : 1;
    struct watch_refusal *r = slot_of(w, event, turn->now);
    if (!r) {
        w->others.total += times;
        return GW_OK;
    }
    r->since += times;
    memcpy(r->source, event->source, sizeof(r->source));
    memcpy(r->what, event->what, sizeof(r->what));
    return watch_minute_over(r->told_at, turn->now) ? tell_refusal(turn, r, err) : GW_OK;
}

enum gw_rc watch_security(struct watch *w, struct turn *turn, const struct bus_event *event, struct gw_err *err)
{
    uint64_t times = event->times ? event->times : 1;
    if (is_reason(event, REGISTRY_UNAUTHENTICATED)) {
        w->unauthenticated.total += times;
        memcpy(w->unauthenticated_source, event->source, sizeof(w->unauthenticated_source));
        return GW_OK;
    }
    w->broker += times;
    return take_refusal(w, turn, event, err);
}

enum gw_rc watch_certificate(struct watch *w, struct turn *turn, const struct gw_device_id *device, const char *source,
                             struct gw_err *err)
{
    struct bus_event event = {.kind = BUS_SECURITY, .device = *device};
    (void)snprintf(event.reason, sizeof(event.reason), "%s", NOT_IN_FORCE);
    (void)snprintf(event.source, sizeof(event.source), "%s", source);
    w->not_in_force++;
    return take_refusal(w, turn, &event, err);
}

void watch_artifact(struct watch *w, const struct gw_device_id *device, const char *source)
{
    w->artifacts.total++;
    w->artifacts_by = *device;
    (void)snprintf(w->artifacts_source, sizeof(w->artifacts_source), "%s", source);
}

static enum gw_rc tell_artifacts(struct watch *w, struct turn *turn, struct gw_err *err)
{
    char by[AUDIT_NAME_MAX], behind[AUDIT_MSG_MAX];
    (void)snprintf(by, sizeof(by), "device:%s", w->artifacts_by.text);
    (void)snprintf(behind, sizeof(behind), "; the last came from %s", w->artifacts_source);
    return watch_tell_kind(turn, &w->artifacts,
                           &(struct watch_words){AUDIT_ARTIFACT_REFUSED, by, "listener:devices",
                                                 "request for an artifact that is not the asker's",
                                                 "requests for artifacts that are not the asker's", behind},
                           err);
}

/* One kind at one door; `where` is what people call it. */
static enum gw_rc tell_door(struct turn *turn, struct watch_kind *kind, const struct answer_door_refused *refused,
                            const struct watch_words *words, const char *where, struct gw_err *err)
{
    struct watch_words told = *words;
    char behind[AUDIT_MSG_MAX];
    kind->total = refused->count;
    if (refused->fault)
        (void)snprintf(behind, sizeof(behind), " at the %s; the last %s and came from %s", where, refused->fault,
                       or_network(refused->source));
    else
        (void)snprintf(behind, sizeof(behind), " at the %s; the last came from %s", where, or_network(refused->source));
    told.subj = or_network(refused->source);
    told.behind = behind;
    return watch_tell_kind(turn, kind, &told, err);
}

static enum gw_rc tell_doors(struct watch *w, struct turn *turn, const struct answer_doors *doors, struct gw_err *err)
{
    static const struct {
        const char *obj, *where;
    } names[ANSWER_DOORS] = {
        [ANSWER_DOOR_DEVICES] = {"listener:devices", "devices' HTTPS listener"},
        [ANSWER_DOOR_OPERATORS] = {"listener:operators", "operators' HTTPS listener"},
        [ANSWER_DOOR_ADMIN] = {"listener:admin", "admin socket"},
    };
    enum gw_rc rc = GW_OK;
    for (size_t i = 0; !rc && i < ANSWER_DOORS; i++) {
        struct watch_words tls = {.what = AUDIT_NET_REFUSED,
                                  .obj = names[i].obj,
                                  .one = "TLS handshake failed",
                                  .many = "TLS handshakes failed"};
        struct watch_words cert = {.what = AUDIT_CERT_REFUSED,
                                   .obj = names[i].obj,
                                   .one = "connection showed a certificate that is refused",
                                   .many = "connections showed a certificate that is refused"};
        struct watch_words half_open = {.what = AUDIT_NET_REFUSED,
                                        .obj = names[i].obj,
                                        .one = "connection was closed before it sent a whole request",
                                        .many = "connections were closed before they sent a whole request"};
        struct watch_words ceiling = {.what = AUDIT_NET_REFUSED,
                                      .obj = names[i].obj,
                                      .one = "connection was closed to make room for others",
                                      .many = "connections were closed to make room for others"};
        rc = tell_door(turn, &w->doors[i].tls, &doors->at[i].tls, &tls, names[i].where, err);
        if (!rc)
            rc = tell_door(turn, &w->doors[i].certificate, &doors->at[i].certificate, &cert, names[i].where, err);
        if (!rc)
            rc = tell_door(turn, &w->doors[i].half_open, &doors->at[i].half_open, &half_open, names[i].where, err);
        if (!rc)
            rc = tell_door(turn, &w->doors[i].ceiling, &doors->at[i].ceiling, &ceiling, names[i].where, err);
    }
    return rc;
}

static enum gw_rc tell_batches(struct watch *w, struct turn *turn, const struct answer_doors *doors, struct gw_err *err)
{
    char by[AUDIT_NAME_MAX], behind[AUDIT_MSG_MAX];
    (void)snprintf(by, sizeof(by), "device:%s", doors->batches_by.text);
    (void)snprintf(behind, sizeof(behind), "; the last came from this device: %s", doors->batches_why);
    w->batches.total = doors->batches;
    return watch_tell_kind(turn, &w->batches,
                           &(struct watch_words){AUDIT_PROTO_ERROR, by, "topic:up/log",
                                                 "message on up/log was no log batch",
                                                 "messages on up/log were no log batches", behind},
                           err);
}

static enum gw_rc tell_unauthenticated(struct watch *w, struct turn *turn, struct gw_err *err)
{
    char behind[AUDIT_MSG_MAX];
    (void)snprintf(behind, sizeof(behind),
                   " at the MQTT listener: no certificate of this gateway, an expired one, or half open; the last came "
                   "from %s",
                   or_network(w->unauthenticated_source));
    return watch_tell_kind(turn, &w->unauthenticated,
                           &(struct watch_words){AUDIT_NET_REFUSED, or_network(w->unauthenticated_source), AT_MQTT,
                                                 "connection ended without a session",
                                                 "connections ended without a session", behind},
                           err);
}

static enum gw_rc tell_tokens(struct watch *w, struct turn *turn, const struct answer_door_refused *tokens,
                              struct gw_err *err)
{
    struct watch_words words = {.what = AUDIT_TOKEN_WRONG,
                                .obj = "listener:operators",
                                .one = "request came with a token that is none, or none any more,",
                                .many = "requests came with a token that is none, or none any more,"};
    return tell_door(turn, &w->tokens, tokens, &words, "operators' HTTPS listener", err);
}

enum gw_rc watch_tick(struct watch *w, struct turn *turn, const struct answer_doors *doors, struct gw_err *err)
{
    static const struct watch_words others = {AUDIT_MQTT_REFUSED,
                                              "network",
                                              AT_MQTT,
                                              "further refusal of a device",
                                              "further refusals of devices",
                                              ": more are refused at a time than can be told apart"};
    enum gw_rc rc = tell_doors(w, turn, doors, err);
    if (!rc)
        rc = tell_batches(w, turn, doors, err);
    if (!rc)
        rc = tell_unauthenticated(w, turn, err);
    if (!rc)
        rc = watch_tell_kind(turn, &w->others, &others, err);
    if (!rc)
        rc = tell_artifacts(w, turn, err);
    if (!rc)
        rc = tell_tokens(w, turn, &doors->tokens, err);
    for (size_t i = 0; !rc && i < w->refusal_count; i++)
        if (w->refusals[i].since && watch_minute_over(w->refusals[i].told_at, turn->now))
            rc = tell_refusal(turn, &w->refusals[i], err);
    return rc;
}

void watch_totals(const struct watch *w, struct answer_refused *ret_totals)
{
    *ret_totals = (struct answer_refused){.certificate = w->not_in_force,
                                          .batches = w->batches.total,
                                          .artifacts = w->artifacts.total,
                                          .tokens = w->tokens.total,
                                          .unauthenticated = w->unauthenticated.total,
                                          .broker = w->broker};
    for (size_t i = 0; i < ANSWER_DOORS; i++) {
        ret_totals->tls += w->doors[i].tls.total;
        ret_totals->certificate += w->doors[i].certificate.total;
        ret_totals->half_open += w->doors[i].half_open.total;
        ret_totals->ceiling += w->doors[i].ceiling.total;
    }
}

static void untold_kind(struct watch_kind *kind, const struct watch_kind *before)
{
    kind->told = before->told;
    kind->told_at = before->told_at;
}

void watch_untold(struct watch *w, const struct watch *before)
{
    for (size_t i = 0; i < ANSWER_DOORS; i++) {
        untold_kind(&w->doors[i].tls, &before->doors[i].tls);
        untold_kind(&w->doors[i].certificate, &before->doors[i].certificate);
        untold_kind(&w->doors[i].half_open, &before->doors[i].half_open);
        untold_kind(&w->doors[i].ceiling, &before->doors[i].ceiling);
    }
    untold_kind(&w->batches, &before->batches);
    untold_kind(&w->artifacts, &before->artifacts);
    untold_kind(&w->tokens, &before->tokens);
    untold_kind(&w->unauthenticated, &before->unauthenticated);
    untold_kind(&w->others, &before->others);
    untold_kind(&w->dropped, &before->dropped);
    untold_kind(&w->altered, &before->altered);
    untold_kind(&w->damaged, &before->damaged);
    untold_kind(&w->lost_turns, &before->lost_turns);
    w->clock = before->clock; /* the step is seen again by the next tick */
    w->full = before->full;
    w->failed_told = before->failed_told;
    w->state_held = before->state_held;
    w->journal_held = before->journal_held;
}
