#include "artifact.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "gw_cleanup.h"
#include "gw_id.h"
#include "release.h"

struct artifact {
    struct inbox inbox;
    struct http_responder responder;
    struct http_route route;
};

static void send_text(const struct artifact *a, struct http_ticket ticket, int status, const char *text)
{
    struct http_reply reply;
    http_reply_init(&reply, status);
    reply.content_type = "text/plain; charset=utf-8";
    (void)gw_buf_printf(&reply.body, "%s\n", text);
    a->responder.respond(a->responder.self, ticket, &reply);
}

/* What breaks the grammar of an attempt or of a file is sent on as "", which no attempt has: one answer for all that is
 * not there, and one count. */
static enum gw_rc on_get(void *ctx, const struct http_request *request, struct gw_err *err)
{
    const struct artifact *a = ctx;
    struct inbox_msg msg = {.kind = INBOX_ARTIFACT, .now = request->now, .asker = {ASKER_ARTIFACT, request->ticket}};
    struct inbox_artifact *asked = &msg.u.artifact;
    if (gw_device_id_parse(gw_view_str(request->peer->cert_cn), &asked->device)) {
        send_text(a, request->ticket, 403, "the certificate is no device's");
        return GW_OK;
    }
    asked->cert_sha256 = request->peer->cert_sha256;
    (void)snprintf(asked->source, sizeof(asked->source), "%s", request->peer->source);
    if (gw_view_copy_str(request->param[0], asked->attempt, sizeof(asked->attempt)) ||
        !release_file_name_valid(request->param[1]) ||
        gw_view_copy_str(request->param[1], asked->name, sizeof(asked->name)))
        asked->attempt[0] = asked->name[0] = '\0';
    enum gw_rc rc = a->inbox.post(a->inbox.self, &msg);
    return rc ? gw_err_set(err, rc, "the gateway is busy") : GW_OK;
}

struct artifact *artifact_new(const struct artifact_config *config)
{
    struct artifact *a = gw_xalloc(1, sizeof(*a));
    a->inbox = config->inbox;
    a->responder = config->responder;
    a->route = (struct http_route){
        .methods = HTTP_GET, .doors = HTTP_DOOR_DEVICES, .pattern = "/artifacts/{}/{}", .handle = on_get, .ctx = a};
    return a;
}

void artifact_free(struct artifact *a)
{
    free(a);
}

const struct http_route *artifact_routes(const struct artifact *a, size_t *ret_count)
{
    *ret_count = 1;
    return &a->route;
}

void artifact_send(const struct artifact *a, struct http_ticket ticket, const struct artifact_file *file)
{
    struct http_reply reply;
    char digest[2 * GW_SHA256_LEN + 1];
    if (file->size > INT64_MAX) {
        (void)close(file->fd);
        send_text(a, ticket, 500, "the file is too large");
        return;
    }
    http_reply_init(&reply, 200);
    reply.content_type = "application/octet-stream";
    reply.file_fd = file->fd;
    reply.file_size = (int64_t)file->size;
    gw_hex_format(file->sha256.bytes, GW_SHA256_LEN, digest);
    (void)snprintf(reply.etag, sizeof(reply.etag), "\"%s\"", digest);
    (void)http_reply_header(&reply, "cache-control:", "private, no-transform");
    a->responder.respond(a->responder.self, ticket, &reply);
}

void artifact_answer(const struct artifact *a, const struct answer *answer)
{
    if (answer->kind == ANSWER_DONE && answer->rc)
        send_text(a, answer->asker.ticket, http_status_of(answer->rc),
                  answer->text[0] ? answer->text : gw_rc_text(answer->rc));
    else
        send_text(a, answer->asker.ticket, 500, "no answer to a request for an artifact");
}
