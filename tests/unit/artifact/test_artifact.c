#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "artifact.h"
#include "gw_test.h"

#define ATTEMPT "at-aaaaaaaaaaaaaaaa-00000001"

/* The other side of the ports: keeps what was posted and what was answered. */
static struct seen {
    struct inbox_msg msg;
    bool posted, replied;
    enum gw_rc post_rc;
    struct http_reply reply;
} seen;

static enum gw_rc take_post(void *self, const struct inbox_msg *msg)
{
    (void)self;
    if (seen.post_rc)
        return seen.post_rc;
    seen.msg = *msg;
    seen.posted = true;
    return GW_OK;
}

static void take_reply(void *self, struct http_ticket ticket, struct http_reply *reply)
{
    (void)self;
    CU_ASSERT_EQUAL(ticket.generation, 9);
    seen.reply = *reply;
    gw_buf_init(&reply->body, 0);
    seen.replied = true;
}

static void forget(void)
{
    if (seen.replied)
        http_reply_done(&seen.reply);
    seen = (struct seen){.posted = false};
}

static struct artifact *make(void)
{
    return artifact_new(&(struct artifact_config){.inbox = {.post = take_post}, .responder = {.respond = take_reply}});
}

static enum gw_rc ask(const struct artifact *a, const char *cn, const char *path)
{
    size_t count;
    const struct http_route *route = artifact_routes(a, &count);
    struct http_peer peer = {.has_cert = true, .source = "192.0.2.7"};
    memset(peer.cert_sha256.bytes, 7, GW_SHA256_LEN);
    (void)snprintf(peer.cert_cn, sizeof(peer.cert_cn), "%s", cn);
    struct http_request request = {.method = HTTP_GET, .peer = &peer, .ticket = {3, 9}, .now = {5}};
    CU_ASSERT_EQUAL_FATAL(count, 1);
    CU_ASSERT_TRUE_FATAL(http_pattern_match(route->pattern, gw_view_str(path), request.param));
    return route->handle(route->ctx, &request, NULL);
}

static void a_request_goes_to_core_with_whose_it_is(void)
{
    struct artifact *a = make();
    CU_ASSERT_EQUAL(ask(a, "pump-7", "/artifacts/" ATTEMPT "/pump.img"), GW_OK);
    CU_ASSERT_TRUE_FATAL(seen.posted && !seen.replied);
    CU_ASSERT_EQUAL(seen.msg.kind, INBOX_ARTIFACT);
    CU_ASSERT_STRING_EQUAL(seen.msg.u.artifact.device.text, "pump-7");
    CU_ASSERT_STRING_EQUAL(seen.msg.u.artifact.attempt, ATTEMPT);
    CU_ASSERT_STRING_EQUAL(seen.msg.u.artifact.name, "pump.img");
    CU_ASSERT_STRING_EQUAL(seen.msg.u.artifact.source, "192.0.2.7");
    CU_ASSERT_EQUAL(seen.msg.u.artifact.cert_sha256.bytes[31], 7);
    forget();
    seen.post_rc = GW_AGAIN;
    CU_ASSERT_EQUAL(ask(a, "pump-7", "/artifacts/" ATTEMPT "/pump.img"), GW_AGAIN);
    forget();
    artifact_free(a);
}

static void names_that_cannot_be_are_sent_on_as_none(void)
{
    static const char *const paths[] = {
        "/artifacts/" ATTEMPT "0/pump.img", "/artifacts/" ATTEMPT "/pump img", "/artifacts/" ATTEMPT "/..",
        "/artifacts/0123456789012345678901234567890123456789012345678901234567890123456789/x"};
    struct artifact *a = make();
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        CU_ASSERT_EQUAL(ask(a, "pump-7", paths[i]), GW_OK);
        CU_ASSERT_TRUE_FATAL(seen.posted);
        CU_ASSERT_STRING_EQUAL(seen.msg.u.artifact.attempt, "");
        CU_ASSERT_STRING_EQUAL(seen.msg.u.artifact.name, "");
        forget();
    }
    CU_ASSERT_EQUAL(ask(a, "not a device", "/artifacts/x/y"), GW_OK);
    CU_ASSERT_TRUE_FATAL(!seen.posted && seen.replied);
    CU_ASSERT_EQUAL(seen.reply.status, 403);
    forget();
    artifact_free(a);
}

static void a_file_goes_out_under_its_digest(void)
{
    struct artifact *a = make();
    struct artifact_file file = {.fd = open("/dev/null", O_RDONLY | O_CLOEXEC), .size = 12};
    memset(file.sha256.bytes, 0xab, GW_SHA256_LEN);
    artifact_send(a, (struct http_ticket){3, 9}, &file);
    CU_ASSERT_EQUAL(seen.reply.status, 200);
    CU_ASSERT_EQUAL(seen.reply.file_fd, file.fd);
    CU_ASSERT_EQUAL(seen.reply.file_size, 12);
    CU_ASSERT_EQUAL(strlen(seen.reply.etag), 66);
    CU_ASSERT_EQUAL(strncmp(seen.reply.etag, "\"abab", 5), 0);
    forget();
    file.fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    file.size = UINT64_MAX;
    artifact_send(a, (struct http_ticket){3, 9}, &file);
    CU_ASSERT_EQUAL(seen.reply.status, 500);
    CU_ASSERT_EQUAL(fcntl(file.fd, F_GETFD), -1); /* closed all the same */
    forget();
    artifact_free(a);
}

static void a_refusal_says_so(void)
{
    struct artifact *a = make();
    const struct answer refusal = {
        .kind = ANSWER_DONE, .asker = {ASKER_ARTIFACT, {3, 9}}, .rc = GW_NOT_FOUND, .text = "not here"};
    artifact_answer(a, &refusal);
    CU_ASSERT_EQUAL(seen.reply.status, 404);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&seen.reply.body), "not here\n");
    forget();
    const struct answer wrong = {.kind = ANSWER_TRUST, .asker = {ASKER_ARTIFACT, {3, 9}}};
    artifact_answer(a, &wrong);
    CU_ASSERT_EQUAL(seen.reply.status, 500);
    forget();
    artifact_free(a);
}

static const struct gw_test_case cases[] = {
    {"a request goes to core with whose it is", a_request_goes_to_core_with_whose_it_is},
    {"names that cannot be are sent on as none", names_that_cannot_be_are_sent_on_as_none},
    {"a file goes out under its digest", a_file_goes_out_under_its_digest},
    {"a refusal says so", a_refusal_says_so},
};

int main(void)
{
    return GW_TEST_RUN("artifacts at the devices' door", cases);
}
