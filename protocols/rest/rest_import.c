/* The upload of a release: through the same gates as every request, then to the import thread as it comes. */
#include "rest_internal.h"

#define TAR "application/x-tar"

/* Who may not import need not send the body: core refuses, and writes it down. */
static enum gw_rc refuse_by_role(const struct rest_bound *bound, const struct http_request *request,
                                 const struct actor *actor, struct gw_err *err)
{
    struct inbox_msg msg = {.kind = INBOX_ACT, .asker = {ASKER_REST, request->ticket}};
    msg.u.act.kind = bound->op->kind;
    msg.u.act.actor = *actor;
    msg.u.act.if_rev = -1;
    if (bound->rest->config.inbox.post(bound->rest->config.inbox.self, &msg))
        return gw_err_set(err, GW_AGAIN, "the gateway is busy or stopping: try again");
    return GW_CANCELLED;
}

enum gw_rc rest_import_open(void *ctx, const struct http_request *request, int64_t length, struct http_sink *ret_sink,
                            struct gw_err *err)
{
    const struct rest_bound *bound = ctx;
    const struct rest_config *config = &bound->rest->config;
    struct import_request import = {.asker = {ASKER_REST, request->ticket}, .length = length};
    struct gw_view parameters;
    enum gw_rc rc = rest_gate_actor(bound->rest, bound->op, request, &import.actor, err);
    if (!rc)
        rc = rest_gate_origin(request, &import.actor, err);
    if (rc)
        return rc == GW_DENIED ? rest_gate_denied(bound, request, &import.actor, err) : rc;
    if (import.actor.role < USER_OPERATOR)
        return refuse_by_role(bound, request, &import.actor, err);
    if (!gw_view_eq_str_nocase(gw_view_trim(gw_view_cut(request->content_type, ';', &parameters)), TAR))
        return rest_refuse(bound->rest, request->ticket, 415, "the body must be " TAR);
    if (!config->imports.ops)
        return gw_err_set(err, GW_UNSUPPORTED, "releases cannot be imported here");
    return config->imports.ops->open(config->imports.self, &import, ret_sink, err);
}
