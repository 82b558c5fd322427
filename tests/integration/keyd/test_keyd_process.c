/* The real gatehouse-keyd over a socketpair, asked through the signer port. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto_ed25519.h"
#include "crypto_key.h"
#include "crypto_note.h"
#include "gw_cleanup.h"
#include "gw_id.h"
#include "gw_proc.h"
#include "gw_test.h"
#include "gw_time.h"
#include "keyd_wire.h"
#include "signer_keyd.h"
#include "test_pki.h"

#define LIMIT_MS 20000

/* A running keyd; its side of the socket is kept open, as the supervisor does, so that another may take over. */
struct box {
    const char *dir;
    int asking;   /* our end */
    int answer;   /* its end */
    int lifeline; /* write end */
    struct gw_proc proc;
    struct signer signer;
};

/* The shell puts the three descriptors where the program expects them. */
static void start(struct box *b)
{
    int life[2];
    char requests[16];
    char lifeline[16];
    if (pipe2(life, O_CLOEXEC))
        abort();
    GW_CLOSE int request_copy = fcntl(b->answer, F_DUPFD, 50); /* without close-on-exec */
    GW_CLOSE int lifeline_copy = fcntl(life[0], F_DUPFD, 50);
    (void)snprintf(requests, sizeof(requests), "%d", request_copy);
    (void)snprintf(lifeline, sizeof(lifeline), "%d", lifeline_copy);
    const char *argv[] = {
        "bash", "-c", "exec \"$0\" 3<&\"$1\" 4<&\"$2\" 5<\"$3\"", GW_BIN_DIR "/gatehouse-keyd", requests, lifeline,
        b->dir, NULL};
    gw_proc_start(&b->proc, argv, NULL);
    (void)close(life[0]);
    b->lifeline = life[1];
}

static void open_box(struct box *b)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
        abort();
    *b = (struct box){.dir = gw_test_dir(), .asking = pair[0], .answer = pair[1], .lifeline = -1};
    b->signer = signer_keyd_new(pair[0]);
}

static void start_ready(struct box *b)
{
    start(b);
    CU_ASSERT_TRUE_FATAL(gw_proc_await(&b->proc, "ready: gateway gw-", LIMIT_MS));
}

static int stop(struct box *b)
{
    (void)close(b->lifeline);
    b->lifeline = -1;
    int code = gw_proc_wait(&b->proc, LIMIT_MS);
    gw_proc_done(&b->proc);
    return code;
}

static void kill_it(struct box *b)
{
    gw_proc_signal(&b->proc, SIGKILL);
    CU_ASSERT_EQUAL(gw_proc_wait(&b->proc, LIMIT_MS), 128 + SIGKILL);
    gw_proc_done(&b->proc);
    (void)close(b->lifeline);
    b->lifeline = -1;
}

static void close_box(struct box *b)
{
    if (b->lifeline >= 0)
        (void)close(b->lifeline);
    gw_proc_done(&b->proc);
    (void)close(b->answer);
    signer_keyd_free(&b->signer);
}

static void new_spki(struct device_spki *ret_spki)
{
    GW_CLEANUP(crypto_key_cleanup) struct crypto_key *key = NULL;
    CU_ASSERT_EQUAL_FATAL(crypto_key_new(CRYPTO_P256, &key, NULL), GW_OK);
    crypto_key_spki(key, ret_spki);
}

static struct signer_checkpoint checkpoint(const struct signer_identity *id, const char *rest, uint64_t size,
                                           uint8_t root)
{
    struct signer_checkpoint c = {.size = size};
    (void)snprintf(c.origin, sizeof(c.origin), "%s/%s", id->gateway, rest);
    memset(c.root.bytes, root, sizeof(c.root.bytes));
    return c;
}

static enum gw_rc sign_one(struct box *b, struct signer_checkpoint *c)
{
    struct gw_err err = {0};
    enum gw_rc rc = b->signer.ops->sign_checkpoints(b->signer.self, c, 1, &err);
    return rc ? rc : c->rc;
}

static void issues_and_signs_what_the_port_promises(void)
{
    GW_CLEANUP(close_box) struct box b;
    struct gw_err err = {0};
    struct signer_identity id;
    struct device_spki spki;
    struct device_cert cert;
    struct gw_device_id name;
    open_box(&b);
    start_ready(&b);
    GW_ASSERT_OK(b.signer.ops->identity(b.signer.self, &id, &err), &err);
    new_spki(&spki);
    CU_ASSERT_EQUAL(gw_device_id_parse(gw_view_str("pump-7"), &name), GW_OK);
    GW_ASSERT_OK(b.signer.ops->issue_device(b.signer.self, &name, &spki, &cert, &err), &err);
    CU_ASSERT_STRING_EQUAL(cert.device.text, "pump-7");
    CU_ASSERT(test_pki_chain_holds(gw_view_make(cert.der, cert.der_len), gw_view_make(id.issuer_der, id.issuer_len),
                                   gw_view_make(id.root_der, id.root_len), gw_wall_now()));
    struct signer_server_request server = {.spki = spki, .names = {"gateway.example", "127.0.0.1"}};
    GW_CLEANUP(gw_buf_done) struct gw_buf der;
    gw_buf_init(&der, DEVICE_CERT_DER_MAX);
    GW_ASSERT_OK(b.signer.ops->issue_server(b.signer.self, &server, &der, &err), &err);
    struct signer_checkpoint c = checkpoint(&id, "dev/pump-7/00000000000000aa", 3, 1);
    CU_ASSERT_EQUAL(sign_one(&b, &c), GW_OK);
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, 512);
    CU_ASSERT_EQUAL(checkpoint_format(c.origin, 3, &c.root, &text), GW_OK);
    CU_ASSERT_EQUAL(crypto_ed25519_verify(id.log_pub, gw_buf_view(&text), c.signature, NULL), GW_OK);
    CU_ASSERT_EQUAL(stop(&b), 0);
}

static void refuses_a_smaller_size_after_a_kill(void)
{
    GW_CLEANUP(close_box) struct box b;
    struct gw_err err = {0};
    struct signer_identity first;
    struct signer_identity id;
    open_box(&b);
    start_ready(&b);
    GW_ASSERT_OK(b.signer.ops->identity(b.signer.self, &first, &err), &err);
    for (uint64_t life = 1; life <= 5; life++) {
        for (uint64_t i = 0; i < 20; i++) {
            struct signer_checkpoint c = checkpoint(&first, "audit/00000000000000aa", life * 100 + i, (uint8_t)life);
            CU_ASSERT_EQUAL(sign_one(&b, &c), GW_OK);
        }
        kill_it(&b);
        start_ready(&b);
        struct signer_checkpoint smaller = checkpoint(&first, "audit/00000000000000aa", life * 100 + 18, (uint8_t)life);
        struct signer_checkpoint other = checkpoint(&first, "audit/00000000000000aa", life * 100 + 19, 0xee);
        struct signer_checkpoint same = checkpoint(&first, "audit/00000000000000aa", life * 100 + 19, (uint8_t)life);
        CU_ASSERT_EQUAL(sign_one(&b, &smaller), GW_DENIED);
        CU_ASSERT_EQUAL(sign_one(&b, &other), GW_DENIED);
        CU_ASSERT_EQUAL(sign_one(&b, &same), GW_OK);
    }
    GW_ASSERT_OK(b.signer.ops->identity(b.signer.self, &id, &err), &err);
    CU_ASSERT_STRING_EQUAL(id.gateway, first.gateway);
    CU_ASSERT_STRING_EQUAL(id.log_vkey, first.log_vkey);
    CU_ASSERT_EQUAL(stop(&b), 0);
}

/* A request asked while nobody answers times out; whoever answers later must not be mistaken for the next reply. */
static void drops_the_reply_to_a_request_that_was_given_up(void)
{
    GW_CLEANUP(close_box) struct box b;
    struct gw_err err = {0};
    struct signer_identity id;
    struct signer_identity again;
    open_box(&b);
    CU_ASSERT_EQUAL(b.signer.ops->identity(b.signer.self, &id, &err), GW_TIMEOUT);
    start_ready(&b); /* and answers the old request first */
    struct device_spki spki;
    struct device_cert cert;
    struct gw_device_id name;
    new_spki(&spki);
    CU_ASSERT_EQUAL(gw_device_id_parse(gw_view_str("pump-8"), &name), GW_OK);
    GW_ASSERT_OK(b.signer.ops->issue_device(b.signer.self, &name, &spki, &cert, &err), &err);
    CU_ASSERT_STRING_EQUAL(cert.device.text, "pump-8");
    GW_ASSERT_OK(b.signer.ops->identity(b.signer.self, &again, &err), &err);
    CU_ASSERT_EQUAL(stop(&b), 0);
}

/* Sends bytes past the client and reads the reply's rc. */
static uint32_t raw(struct box *b, const void *bytes, size_t len)
{
    static union keyd_reply reply;
    struct pollfd pfd = {.fd = b->asking, .events = POLLIN};
    CU_ASSERT_EQUAL_FATAL(send(b->asking, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
    CU_ASSERT_EQUAL_FATAL(poll(&pfd, 1, LIMIT_MS), 1);
    CU_ASSERT_EQUAL(recv(b->asking, &reply, sizeof(reply), 0), (ssize_t)sizeof(struct keyd_reply_head));
    return reply.head.rc;
}

static void answers_malformed_datagrams_and_goes_on(void)
{
    GW_CLEANUP(close_box) struct box b;
    struct gw_err err = {0};
    struct signer_identity id;
    static uint8_t noise[70000];
    open_box(&b);
    start_ready(&b);
    gw_random(noise, sizeof(noise));
    static const size_t sizes[] = {0,    1, 15, 16, 17, 216, sizeof(union keyd_request), sizeof(union keyd_request) + 1,
                                   70000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        CU_ASSERT_EQUAL(raw(&b, noise, sizes[i]), GW_INVALID);
    struct keyd_head head = {.magic = KEYD_MAGIC, .version = KEYD_VERSION, .kind = 99};
    CU_ASSERT_EQUAL(raw(&b, &head, sizeof(head)), GW_DENIED);
    head.kind = KEYD_ISSUE_DEVICE;
    CU_ASSERT_EQUAL(raw(&b, &head, sizeof(head)), GW_INVALID);
    GW_ASSERT_OK(b.signer.ops->identity(b.signer.self, &id, &err), &err);
    CU_ASSERT_EQUAL(stop(&b), 0);
}

static void ends_with_its_lifeline_or_its_last_asker(void)
{
    struct box b;
    open_box(&b);
    start_ready(&b);
    CU_ASSERT_EQUAL(stop(&b), 0);
    start_ready(&b);
    signer_keyd_free(&b.signer); /* our end of the socket */
    (void)close(b.answer);
    CU_ASSERT_EQUAL(gw_proc_wait(&b.proc, LIMIT_MS), 0);
    gw_proc_done(&b.proc);
    (void)close(b.lifeline);
}

static void refuses_a_directory_that_others_may_enter(void)
{
    GW_CLEANUP(close_box) struct box b;
    open_box(&b);
    CU_ASSERT_EQUAL(chmod(b.dir, 0755), 0);
    start(&b);
    CU_ASSERT_TRUE(gw_proc_await(&b.proc, "key directory has mode 0755, it must be 0700", LIMIT_MS));
    CU_ASSERT_EQUAL(gw_proc_wait(&b.proc, LIMIT_MS), 78);
}

static void says_how_it_is_started(void)
{
    char *out = NULL;
    const char *plain[] = {GW_BIN_DIR "/gatehouse-keyd", NULL};
    CU_ASSERT_EQUAL(gw_proc_run(plain, &out), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "started by gatehoused"));
    free(out);
    const char *version[] = {GW_BIN_DIR "/gatehouse-keyd", "--version", NULL};
    CU_ASSERT_EQUAL(gw_proc_run(version, &out), 0);
    CU_ASSERT_STRING_EQUAL(out, "gatehouse-keyd " GATEHOUSE_VERSION "\n");
    free(out);
    const char *help[] = {GW_BIN_DIR "/gatehouse-keyd", "--help", NULL};
    CU_ASSERT_EQUAL(gw_proc_run(help, &out), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "usage: gatehouse-keyd"));
    free(out);
    const char *wrong[] = {GW_BIN_DIR "/gatehouse-keyd", "--no-such", NULL};
    CU_ASSERT_EQUAL(gw_proc_run(wrong, &out), 2);
    free(out);
}

/* Its memory and its descriptors are closed to other processes of the same user. */
static void cannot_be_read_by_its_own_user(void)
{
    GW_CLEANUP(close_box) struct box b;
    char path[64];
    char status[4096] = "";
    open_box(&b);
    start_ready(&b);
    (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)b.proc.pid);
    GW_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    CU_ASSERT_TRUE_FATAL(fd >= 0 && read(fd, status, sizeof(status) - 1) > 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(status, "NoNewPrivs:\t1"));
    bool filtered = strstr(b.proc.out, "system calls filtered") != NULL;
    CU_ASSERT_PTR_NOT_NULL(strstr(status, filtered ? "Seccomp:\t2" : "Seccomp:\t"));
    (void)snprintf(path, sizeof(path), "/proc/%d/environ", (int)b.proc.pid);
    struct stat st;
    CU_ASSERT_EQUAL_FATAL(stat(path, &st), 0);
    CU_ASSERT_EQUAL(st.st_uid, 0); /* not dumpable: its files in /proc belong to root */
    CU_ASSERT_EQUAL(stop(&b), 0);
}

/* 64 logs a request, until the file of signatures has been written anew behind the system call filter. */
static void signs_batches_while_its_file_is_written_anew(void)
{
    GW_CLEANUP(close_box) struct box b;
    static struct signer_checkpoint batch[SIGNER_BATCH_MAX];
    struct gw_err err = {0};
    struct signer_identity id;
    struct stat st = {0};
    off_t before = 0;
    bool anew = false;
    char path[128];
    open_box(&b);
    start_ready(&b);
    (void)snprintf(path, sizeof(path), "%s/checkpoints", b.dir);
    GW_ASSERT_OK(b.signer.ops->identity(b.signer.self, &id, &err), &err);
    uint64_t size = 0;
    for (; size < 1700 && !anew; size++) {
        for (unsigned i = 0; i < SIGNER_BATCH_MAX; i++) {
            char rest[64];
            (void)snprintf(rest, sizeof(rest), "dev/batch-%02u/00000000000000aa", i);
            batch[i] = checkpoint(&id, rest, size, 1);
        }
        GW_ASSERT_OK(b.signer.ops->sign_checkpoints(b.signer.self, batch, SIGNER_BATCH_MAX, &err), &err);
        for (unsigned i = 0; i < SIGNER_BATCH_MAX; i++)
            CU_ASSERT_EQUAL(batch[i].rc, GW_OK);
        CU_ASSERT_EQUAL_FATAL(stat(path, &st), 0);
        anew = st.st_size < before;
        before = st.st_size;
    }
    CU_ASSERT_TRUE(anew);
    kill_it(&b);
    start_ready(&b);
    struct signer_checkpoint smaller = checkpoint(&id, "dev/batch-63/00000000000000aa", size - 2, 1);
    struct signer_checkpoint last = checkpoint(&id, "dev/batch-63/00000000000000aa", size - 1, 1);
    CU_ASSERT_EQUAL(sign_one(&b, &smaller), GW_DENIED);
    CU_ASSERT_EQUAL(sign_one(&b, &last), GW_OK);
    CU_ASSERT_EQUAL(stop(&b), 0);
}

struct asker {
    struct box *b;
    const struct signer_identity *id;
    unsigned number;
    unsigned wrong;
};

static void *ask_often(void *arg)
{
    struct asker *a = arg;
    for (uint64_t i = 1; i <= 100; i++) {
        char rest[64];
        (void)snprintf(rest, sizeof(rest), "dev/asker-%u/00000000000000aa", a->number);
        struct signer_checkpoint c = checkpoint(a->id, rest, i, 1);
        GW_CLEANUP(gw_buf_done) struct gw_buf text;
        gw_buf_init(&text, 512);
        a->wrong += checkpoint_format(c.origin, i, &c.root, &text) != GW_OK || sign_one(a->b, &c) != GW_OK ||
                    crypto_ed25519_verify(a->id->log_pub, gw_buf_view(&text), c.signature, NULL) != GW_OK;
    }
    return NULL;
}

static void serves_several_threads_each_its_own_reply(void)
{
    GW_CLEANUP(close_box) struct box b;
    struct gw_err err = {0};
    struct signer_identity id;
    struct asker askers[4];
    pthread_t threads[4];
    open_box(&b);
    start_ready(&b);
    GW_ASSERT_OK(b.signer.ops->identity(b.signer.self, &id, &err), &err);
    for (unsigned i = 0; i < 4; i++) {
        askers[i] = (struct asker){&b, &id, i, 0};
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, ask_often, &askers[i]), 0);
    }
    for (unsigned i = 0; i < 4; i++) {
        CU_ASSERT_EQUAL(pthread_join(threads[i], NULL), 0);
        CU_ASSERT_EQUAL(askers[i].wrong, 0);
    }
    CU_ASSERT_EQUAL(stop(&b), 0);
}

int main(void)
{
    static const struct gw_test_case cases[] = {
        {"says how it is started", says_how_it_is_started},
        {"issues and signs what the port promises", issues_and_signs_what_the_port_promises},
        {"refuses a smaller size after a kill", refuses_a_smaller_size_after_a_kill},
        {"drops the reply to a request that was given up", drops_the_reply_to_a_request_that_was_given_up},
        {"answers malformed datagrams and goes on", answers_malformed_datagrams_and_goes_on},
        {"ends with its lifeline or its last asker", ends_with_its_lifeline_or_its_last_asker},
        {"refuses a directory that others may enter", refuses_a_directory_that_others_may_enter},
        {"cannot be read by its own user", cannot_be_read_by_its_own_user},
        {"signs batches while its file is written anew", signs_batches_while_its_file_is_written_anew},
        {"serves several threads, each its own reply", serves_several_threads_each_its_own_reply},
    };
    return GW_TEST_RUN("keyd process", cases);
}
