/* The agent's way to its certificate, against a small server that behaves and misbehaves. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent_est.h"
#include "bulk_hash.h"
#include "est_server.h"
#include "gw_cleanup.h"
#include "gw_test.h"

#define SECRET "aaaqeayeaudaocajbifqydiob4"

struct world {
    struct test_pki pki;
    struct est_server server;
    struct agent_site site;
    struct agent_est est;
    struct gw_err err;
};

static void world_start(struct world *w, enum est_server_mood mood)
{
    const char *dir = gw_test_dir();
    memset(w, 0, sizeof(*w));
    test_pki_init(&w->pki, dir, "gateway");
    w->server = (struct est_server){.tls.pki = &w->pki, .mood = mood};
    (void)snprintf(w->server.record, sizeof(w->server.record), "%s/record", dir);
    est_server_start(&w->server);
    w->site = (struct agent_site){.host = "localhost", .https_port = w->server.tls.port, .pin_len = 16};
    (void)snprintf(w->site.id.text, sizeof(w->site.id.text), "pump-7");
    (void)snprintf(w->site.state_dir, sizeof(w->site.state_dir), "%s/state", dir);
    (void)mkdir(w->site.state_dir, 0700);
    struct gw_sha256 pin;
    GW_ASSERT_OK(agent_spki_sha256(w->pki.ca_file, &pin, &w->err), &w->err);
    memcpy(w->site.pin, pin.bytes, sizeof(w->site.pin));
    agent_est_init(&w->est, &w->site, gw_fs_posix());
    GW_ASSERT_OK(agent_key_open(w->est.fs, w->est.key_path, false, &w->est.key, &w->err), &w->err);
}

static void world_end(struct world *w)
{
    est_server_stop(&w->server);
    EVP_PKEY_free(w->est.key);
    test_pki_done(&w->pki);
}

static const char *recorded(const struct world *w, struct gw_buf *text)
{
    gw_buf_init(text, 65536);
    return gw_fs_read_file(w->server.record, text, NULL) ? "" : gw_buf_str(text);
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static enum gw_rc enrol(struct world *w, const char *secret, int64_t *ret_retry_s)
{
    GW_ASSERT_OK(agent_est_root(&w->est, &w->err), &w->err);
    return agent_est_enrol(&w->est, secret, ret_retry_s, &w->err);
}

static void enrols_with_the_secret_and_keeps_the_chain(void)
{
    struct world w;
    struct agent_cert cert;
    struct stat st;
    int64_t retry_s;
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    world_start(&w, EST_SERVER_ISSUES);
    GW_ASSERT_OK(enrol(&w, SECRET, &retry_s), &w.err);
    GW_ASSERT_OK(agent_est_cert(&w.est, &cert, &w.err), &w.err);
    int64_t life = cert.not_after.ms - gw_wall_now().ms;
    CU_ASSERT_TRUE(life > 86000000 && life <= 86400000);
    CU_ASSERT_EQUAL(stat(w.est.key_path, &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 0777, 0600);
    /* pump-7:<secret> in base64; no request before it carried credentials */
    const char *told = recorded(&w, &text);
    CU_ASSERT_PTR_EQUAL(strstr(told, "GET /.well-known/est/cacerts - -\n"), told);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(told, "POST /.well-known/est/simpleenroll cHVtcC03OmFhYXFlYXllYXVkYW9jYWpiaWZxeWRpb2I0 -\n"));
    world_end(&w);
}

static void renews_with_its_certificate(void)
{
    struct world w;
    int64_t retry_s;
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    world_start(&w, EST_SERVER_ISSUES);
    GW_ASSERT_OK(enrol(&w, SECRET, &retry_s), &w.err);
    GW_ASSERT_OK(agent_est_renew(&w.est, &retry_s, &w.err), &w.err);
    CU_ASSERT_PTR_NOT_NULL(strstr(recorded(&w, &text), "POST /.well-known/est/simplereenroll - pump-7\n"));
    world_end(&w);
}

static void a_root_that_is_not_pinned_is_not_kept(void)
{
    struct world w;
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    world_start(&w, EST_SERVER_ISSUES);
    w.site.pin[15] ^= 1;
    CU_ASSERT_EQUAL(agent_est_root(&w.est, &w.err), GW_DENIED);
    CU_ASSERT_FALSE(exists(w.est.root_path));
    CU_ASSERT_STRING_EQUAL(recorded(&w, &text), "GET /.well-known/est/cacerts - -\n");
    world_end(&w);
}

static void another_server_never_sees_the_secret(void)
{
    struct world ours, other;
    int64_t retry_s;
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    world_start(&ours, EST_SERVER_ISSUES);
    world_start(&other, EST_SERVER_ISSUES);
    GW_ASSERT_OK(agent_est_root(&ours.est, &ours.err), &ours.err);
    ours.site.https_port = other.server.tls.port;
    enum gw_rc rc = agent_est_enrol(&ours.est, SECRET, &retry_s, &ours.err);
    CU_ASSERT_TRUE(rc == GW_CORRUPT || rc == GW_IO); /* not GW_DENIED: nobody has refused the secret */
    CU_ASSERT_STRING_EQUAL(recorded(&other, &text), "");
    CU_ASSERT_PTR_NULL(strstr(ours.err.text, SECRET));
    world_end(&ours);
    world_end(&other);
}

static void a_name_that_the_server_has_not_is_refused(void)
{
    struct world w;
    int64_t retry_s;
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    world_start(&w, EST_SERVER_ISSUES);
    GW_ASSERT_OK(agent_est_root(&w.est, &w.err), &w.err);
    est_server_stop(&w.server);
    w.server.tls.address = 2; /* its certificate is for 127.0.0.1 */
    est_server_start(&w.server);
    (void)snprintf(w.site.host, sizeof(w.site.host), "127.0.0.2");
    w.site.https_port = w.server.tls.port;
    CU_ASSERT_EQUAL(agent_est_enrol(&w.est, SECRET, &retry_s, &w.err), GW_CORRUPT);
    CU_ASSERT_PTR_NULL(strstr(recorded(&w, &text), "simpleenroll"));
    world_end(&w);
}

static void waits_when_it_is_told_to(void)
{
    struct world w;
    int64_t retry_s = 0;
    world_start(&w, EST_SERVER_WAITS);
    CU_ASSERT_EQUAL(enrol(&w, NULL, &retry_s), GW_AGAIN);
    CU_ASSERT_EQUAL(retry_s, 17);
    CU_ASSERT_FALSE(exists(w.est.cert_path));
    world_end(&w);
}

static void a_refusal_is_told_from_trouble(void)
{
    struct world w;
    int64_t retry_s;
    world_start(&w, EST_SERVER_REFUSES);
    CU_ASSERT_EQUAL(enrol(&w, SECRET, &retry_s), GW_DENIED);
    est_server_stop(&w.server);
    CU_ASSERT_EQUAL(agent_est_enrol(&w.est, SECRET, &retry_s, &w.err), GW_IO);
    world_end(&w);
}

static void a_certificate_for_another_key_is_not_kept(void)
{
    struct world w;
    int64_t retry_s;
    world_start(&w, EST_SERVER_ISSUES_A_WRONG);
    CU_ASSERT_EQUAL(enrol(&w, SECRET, &retry_s), GW_CORRUPT);
    CU_ASSERT_FALSE(exists(w.est.cert_path));
    world_end(&w);
}

static void nonsense_is_not_kept(void)
{
    struct world w;
    int64_t retry_s;
    world_start(&w, EST_SERVER_TALKS_NONSENSE);
    CU_ASSERT_EQUAL(enrol(&w, SECRET, &retry_s), GW_INVALID);
    CU_ASSERT_FALSE(exists(w.est.cert_path));
    world_end(&w);
}

static void the_same_key_serves_after_a_restart(void)
{
    struct world w;
    world_start(&w, EST_SERVER_ISSUES);
    EVP_PKEY *again = NULL;
    GW_ASSERT_OK(agent_key_open(w.est.fs, w.est.key_path, true, &again, &w.err), &w.err);
    CU_ASSERT_EQUAL(EVP_PKEY_eq(again, w.est.key), 1);
    EVP_PKEY_free(again);
    world_end(&w);
}

static void credentials_never_go_unverified(void)
{
    struct agent_http_answer answer;
    struct agent_http_request request = {.url = "https://localhost:1/", .unverified = true, .user = "a", .secret = "b"};
    CU_ASSERT_EQUAL(agent_http_run(&request, &answer, NULL), GW_INVALID);
    request = (struct agent_http_request){.url = "https://localhost:1/", .user = "a", .secret = "b"};
    CU_ASSERT_EQUAL(agent_http_run(&request, &answer, NULL), GW_INVALID);
}

/* The verifier key of a fresh Ed25519 key under this name. */
static void make_vkey(const char *name, char *out, size_t size)
{
    uint8_t pub[32];
    size_t len = sizeof(pub);
    struct note_key key;
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, 512);
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    CU_ASSERT_EQUAL(EVP_PKEY_get_raw_public_key(pkey, pub, &len), 1);
    CU_ASSERT_EQUAL(note_key_make(bulk_hash_ops(), name, pub, &key), GW_OK);
    (void)note_key_format(&key, &text);
    (void)snprintf(out, size, "%s\n", gw_buf_str(&text));
    EVP_PKEY_free(pkey);
}

static void pins_the_log_key_and_refuses_another(void)
{
    struct world w;
    char name[24];
    struct note_key key, again;
    int64_t retry_s;
    world_start(&w, EST_SERVER_ISSUES);
    GW_ASSERT_OK(enrol(&w, SECRET, &retry_s), &w.err);
    GW_ASSERT_OK(agent_est_gateway_name(&w.est, name, &w.err), &w.err);
    for (int i = 0; i < 2; i++) {
        est_server_stop(&w.server);
        make_vkey(name, w.server.trust, sizeof(w.server.trust));
        est_server_start(&w.server);
        w.site.https_port = w.server.tls.port;
        if (i == 0)
            GW_ASSERT_OK(agent_est_log_key(&w.est, false, &key, &w.err), &w.err);
    }
    GW_ASSERT_OK(agent_est_log_key(&w.est, false, &again, &w.err), &w.err);
    CU_ASSERT_EQUAL(again.key_id, key.key_id);
    CU_ASSERT_EQUAL(agent_est_log_key(&w.est, true, &again, &w.err), GW_DENIED);
    CU_ASSERT_EQUAL(again.key_id, key.key_id);
    world_end(&w);
}

static void a_log_key_of_another_name_is_not_pinned(void)
{
    struct world w;
    struct note_key key;
    int64_t retry_s;
    world_start(&w, EST_SERVER_ISSUES);
    GW_ASSERT_OK(enrol(&w, SECRET, &retry_s), &w.err);
    est_server_stop(&w.server);
    make_vkey("gw-0000000000000000", w.server.trust, sizeof(w.server.trust));
    est_server_start(&w.server);
    w.site.https_port = w.server.tls.port;
    CU_ASSERT_EQUAL(agent_est_log_key(&w.est, false, &key, &w.err), GW_DENIED);
    world_end(&w);
}

static const struct gw_test_case cases[] = {
    {"enrols with the secret and keeps the chain", enrols_with_the_secret_and_keeps_the_chain},
    {"renews with its certificate", renews_with_its_certificate},
    {"a root that is not pinned is not kept", a_root_that_is_not_pinned_is_not_kept},
    {"another server never sees the secret", another_server_never_sees_the_secret},
    {"a name that the server has not is refused", a_name_that_the_server_has_not_is_refused},
    {"waits when it is told to", waits_when_it_is_told_to},
    {"a refusal is told from trouble", a_refusal_is_told_from_trouble},
    {"a certificate for another key is not kept", a_certificate_for_another_key_is_not_kept},
    {"nonsense is not kept", nonsense_is_not_kept},
    {"the same key serves after a restart", the_same_key_serves_after_a_restart},
    {"credentials never go unverified", credentials_never_go_unverified},
    {"pins the log key and refuses another", pins_the_log_key_and_refuses_another},
    {"a log key of another name is not pinned", a_log_key_of_another_name_is_not_pinned},
};

int main(void)
{
    return GW_TEST_RUN("agent enrolment", cases);
}
