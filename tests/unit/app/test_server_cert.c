/* When a listener's certificate is made, and when the one that is there stays. */
#include <stdio.h>

#include "gw_cleanup.h"
#include "gw_fs.h"
#include "gw_test.h"
#include "server_cert.h"

struct world {
    unsigned issued;
    char key[128], cert[128];
    struct config config;
    struct signer_identity identity;
};

/* What is written is not looked at here: the bytes tell which one it is. */
static enum gw_rc issue(void *self, const struct signer_server_request *request, struct gw_buf *ret_der,
                        struct gw_err *err)
{
    struct world *w = self;
    (void)request;
    (void)err;
    w->issued++;
    return gw_buf_add_u8(ret_der, (uint8_t)w->issued);
}

static void begin(struct world *w)
{
    const char *dir = gw_test_dir();
    *w = (struct world){.config = {.name_count = 1, .names = {"gate.example"}},
                        .identity = {.gateway = "gw-0123456789abcdef", .issuer_len = 3, .issuer_der = {1, 2, 3}}};
    (void)snprintf(w->key, sizeof(w->key), "%s/server.key", dir);
    (void)snprintf(w->cert, sizeof(w->cert), "%s/server.crt", dir);
}

static struct server_cert_state ensure(struct world *w)
{
    static const struct signer_ops ops = {.issue_server = issue};
    const struct server_cert_files files = {w->key, w->cert, 0600};
    const struct signer signer = {&ops, w};
    struct server_cert_state state = {.changed = false};
    struct gw_err err = {0};
    GW_ASSERT_OK(server_cert_ensure(&files, &w->config, &signer, &w->identity, &state, &err), &err);
    return state;
}

static void keeps_what_fits(void)
{
    struct world w;
    begin(&w);
    struct server_cert_state first = ensure(&w), second = ensure(&w);
    CU_ASSERT_TRUE(first.changed);
    CU_ASSERT_FALSE(second.changed);
    CU_ASSERT_EQUAL(w.issued, 1);
    CU_ASSERT_EQUAL(first.until.ms / GW_SECOND_MS, second.until.ms / GW_SECOND_MS);
    CU_ASSERT(gw_sha256_eq(&first.spki, &second.spki));
}

static void makes_another_for_other_names(void)
{
    struct world w;
    begin(&w);
    struct server_cert_state first = ensure(&w);
    (void)snprintf(w.config.names[0], sizeof(w.config.names[0]), "other.example");
    struct server_cert_state second = ensure(&w);
    CU_ASSERT_TRUE(second.changed);
    CU_ASSERT(gw_sha256_eq(&first.spki, &second.spki)); /* the key stays */
}

/* Keys of another gateway beside the files of this one: nobody would trust its listeners. */
static void makes_another_for_another_issuer(void)
{
    struct world w;
    begin(&w);
    (void)ensure(&w);
    w.identity.issuer_der[2] = 4;
    CU_ASSERT_TRUE(ensure(&w).changed);
    CU_ASSERT_FALSE(ensure(&w).changed);
    CU_ASSERT_EQUAL(w.issued, 2);
}

static void makes_another_when_the_file_is_damaged(void)
{
    struct world w;
    struct gw_err err = {0};
    begin(&w);
    (void)ensure(&w);
    GW_ASSERT_OK(gw_fs_replace(gw_fs_posix(), w.cert, GW_VIEW_LIT("gatehouse key"), 0644, &err), &err);
    CU_ASSERT_TRUE(ensure(&w).changed);
}

int main(void)
{
    static const struct gw_test_case cases[] = {
        {"keeps what fits", keeps_what_fits},
        {"makes another for other names", makes_another_for_other_names},
        {"makes another for another issuer", makes_another_for_another_issuer},
        {"makes another when the file is damaged", makes_another_when_the_file_is_damaged},
    };
    return GW_TEST_RUN("server certificate", cases);
}
