/*
 * The program `gatehouse`, the real web server's admin door and rest, with a core of a few lines behind them: it keeps
 * one device and answers at once.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gw_cleanup.h"
#include "gw_proc.h"
#include "gw_test.h"
#include "rest.h"
#include "web.h"

struct bench {
    struct web *web;
    struct rest *rest;
    char path[128];
    struct answer_device device;
    pthread_mutex_t lock;
    struct inbox_act last; /* what was posted last; web's thread writes it */
};

static void respond(void *self, struct http_ticket ticket, struct http_reply *reply)
{
    struct bench *b = self;
    struct http_responder to = web_responder(b->web);
    to.respond(to.self, ticket, reply);
}

/* Refuses an act upon an older revision, as core does. */
static void step(struct bench *b, enum device_state to, struct answer *a)
{
    if (b->last.if_rev >= 0 && b->last.if_rev != b->device.device.rev) {
        a->kind = ANSWER_DONE;
        a->rc = GW_CONFLICT;
        (void)snprintf(a->text, sizeof(a->text), "the device was changed meanwhile: look again");
        return;
    }
    b->device.device.state = to;
    b->device.device.rev++;
}

static void answer(struct bench *b, struct answer *a)
{
    a->kind = ANSWER_DEVICES;
    a->devices = &b->device;
    a->device_count = 1;
    a->single = b->last.kind != ACT_DEVICE_LIST;
    if (b->last.kind == ACT_REVOKE)
        step(b, DEVICE_REVOKED, a);
    if (b->last.kind == ACT_STATUS) {
        a->kind = ANSWER_STATUS;
        a->status = (struct answer_status){.gateway = "gw-0011223344556677", .version = "9.9", .broker_up = true};
    }
    if (b->last.kind == ACT_CLAIM_CODE) {
        a->kind = ANSWER_CLAIM_CODE;
        (void)snprintf(a->text, sizeof(a->text), "abcdefghijklmnop");
    }
    if (b->last.kind == ACT_INVITE) {
        a->kind = ANSWER_INVITATION;
        (void)snprintf(a->text, sizeof(a->text), "gw1.%s", b->last.text);
    }
}

static enum gw_rc post(void *self, const struct inbox_msg *msg)
{
    struct bench *b = self;
    GW_FREE struct answer *a = gw_xalloc(1, sizeof(*a));
    a->asker = msg->asker;
    free(msg->blob);
    (void)pthread_mutex_lock(&b->lock);
    b->last = msg->u.act;
    answer(b, a);
    (void)pthread_mutex_unlock(&b->lock);
    rest_answer(b->rest, a);
    return GW_OK;
}

static struct inbox_act last_of(struct bench *b)
{
    (void)pthread_mutex_lock(&b->lock);
    struct inbox_act act = b->last;
    (void)pthread_mutex_unlock(&b->lock);
    return act;
}

static void bench_init(struct bench *b)
{
    struct gw_err err = {0};
    *b = (struct bench){.device = {.device = {.id = {"pump-7"}, .state = DEVICE_ACTIVE, .name = "P\x1b[2J", .rev = 3}}};
    (void)pthread_mutex_init(&b->lock, NULL);
    (void)snprintf(b->path, sizeof(b->path), "%s/admin.sock", gw_test_dir());
    struct rest_config rest = {.inbox = {b, post}, .responder = {.self = b, .respond = respond}};
    b->rest = rest_new(&rest);
    struct web_config web = {.admin_path = b->path, .admin_mode = 0660, .doors_open = HTTP_DOOR_ADMIN};
    web.routes = rest_routes(b->rest, &web.route_count);
    GW_ASSERT_OK(web_new(&web, &b->web, &err), &err);
    GW_ASSERT_OK(web_start(b->web, &err), &err);
}

static void bench_done(struct bench *b)
{
    web_free(b->web);
    rest_free(b->rest);
    (void)pthread_mutex_destroy(&b->lock);
}

#define BENCH                                                                                                          \
    GW_CLEANUP(bench_done) struct bench b;                                                                             \
    bench_init(&b)

/* Runs the program with these words behind --socket; the output of both streams goes to *ret_out. */
static int run(const struct bench *b, const char *const words[], char **ret_out)
{
    const char *argv[16] = {GW_BIN_DIR "/gatehouse", "--socket", b->path};
    for (size_t i = 0; words[i] && i < 12; i++)
        argv[i + 3] = words[i];
    return gw_proc_run(argv, ret_out);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define OUTPUT     GW_FREE char *

static void the_kernel_says_who_asks(void)
{
    BENCH;
    OUTPUT out = NULL;
    CU_ASSERT_EQUAL(run(&b, WORDS("status"), &out), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "gw-0011223344556677"));
    CU_ASSERT_TRUE(last_of(&b).actor.local);
    CU_ASSERT_EQUAL(last_of(&b).actor.superuser, getuid() == 0);
    CU_ASSERT_EQUAL(strncmp(last_of(&b).actor.name, "local:", 6), 0);
    CU_ASSERT_TRUE(last_of(&b).actor.name[6] != '\0');
}

static void an_act_reaches_core_with_its_revision(void)
{
    BENCH;
    OUTPUT late = NULL, *done = NULL;
    CU_ASSERT_EQUAL(run(&b, WORDS("device", "revoke", "pump-7", "--rev", "2"), &late), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(late, "refused: the device was changed meanwhile: look again (409)"));
    CU_ASSERT_EQUAL(last_of(&b).if_rev, 2);
    CU_ASSERT_EQUAL(run(&b, WORDS("device", "revoke", "pump-7", "--rev", "3"), &done), 0);
    CU_ASSERT_STRING_EQUAL(done, "pump-7  revoked\n");
    CU_ASSERT_EQUAL(last_of(&b).kind, ACT_REVOKE);
    CU_ASSERT_STRING_EQUAL(last_of(&b).device.text, "pump-7");
}

static void a_name_goes_there_and_comes_back_harmless(void)
{
    BENCH;
    OUTPUT invited = NULL, *shown = NULL, *json = NULL;
    CU_ASSERT_EQUAL(run(&b, WORDS("device", "invite", "pump-8", "--name", "P\xc3\xbcmp \"8\""), &invited), 0);
    CU_ASSERT_STRING_EQUAL(last_of(&b).text, "P\xc3\xbcmp \"8\"");
    CU_ASSERT_EQUAL(run(&b, WORDS("device", "list"), &shown), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(shown, "P\\u{1b}[2J"));
    CU_ASSERT_EQUAL(run(&b, WORDS("--json", "device", "show", "pump-7"), &json), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(json, "\"name\":\"P\\u001b[2J\""));
}

static void a_claim_code_is_for_root_and_for_no_pipe(void)
{
    BENCH;
    OUTPUT piped = NULL, *forced = NULL;
    CU_ASSERT_EQUAL(run(&b, WORDS("claim"), &piped), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(piped, "No code was made"));
    CU_ASSERT_EQUAL(last_of(&b).kind, 0);
    CU_ASSERT_EQUAL(run(&b, WORDS("claim", "--stdout"), &forced), getuid() == 0 ? 0 : 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(forced, getuid() == 0 ? "abcd-efgh-ijkl-mnop" : "only root"));
}

static void when_the_gateway_has_gone_the_status_is_3(void)
{
    BENCH;
    OUTPUT out = NULL;
    web_stop(b.web);
    CU_ASSERT_EQUAL(run(&b, WORDS("status"), &out), 3);
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "is gatehoused running?"));
}

static const struct gw_test_case cases[] = {
    {"the kernel says who asks", the_kernel_says_who_asks},
    {"an act reaches core with its revision", an_act_reaches_core_with_its_revision},
    {"a name goes there and comes back harmless", a_name_goes_there_and_comes_back_harmless},
    {"a claim code is for root and for no pipe", a_claim_code_is_for_root_and_for_no_pipe},
    {"when the gateway has gone the status is 3", when_the_gateway_has_gone_the_status_is_3},
};

int main(void)
{
    return GW_TEST_RUN("rest over the admin socket", cases);
}
