#include "enrol_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gw_buf.h"
#include "gw_cleanup.h"
#include "gw_fs.h"
#include "gw_test.h"

static void path_of(const struct enrol_client *c, const char *name, const char *suffix, char out[256])
{
    (void)snprintf(out, 256, "%s/%s%s", c->dir, name, suffix);
}

/* Runs a command that must work. */
static void must(const char *const argv[])
{
    GW_FREE char *out = NULL;
    int code = gw_proc_run(argv, &out);
    if (code)
        printf("#   %s ended with %d: %s\n", argv[0], code, out);
    CU_ASSERT_EQUAL_FATAL(code, 0);
}

void enrol_client_init(struct enrol_client *c)
{
    (void)snprintf(c->dir, sizeof(c->dir), "%s", gw_test_dir());
}

void enrol_client_key(const struct enrol_client *c, const char *name, const char *cn)
{
    char key[256], der[256], csr[256], subject[128];
    path_of(c, name, ".key", key);
    path_of(c, name, ".der", der);
    path_of(c, name, ".csr", csr);
    (void)snprintf(subject, sizeof(subject), "/CN=%s", cn);
    const char *const make[] = {"openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key, NULL};
    const char *const request[] = {"openssl", "req",      "-new", "-key", key, "-subj",
                                   subject,   "-outform", "DER",  "-out", der, NULL};
    const char *const encode[] = {"openssl", "base64", "-in", der, "-out", csr, NULL};
    must(make);
    must(request);
    must(encode);
}

/* Runs curl with what all requests share in front; the last word of its output is the status. */
static int curl(const struct enrol_client *c, const struct gw_gateway *g, const char *path, const char *const extra[],
                const char *body_name)
{
    char ca[256], url[256], out_path[256];
    (void)snprintf(ca, sizeof(ca), "%s/web/ca.crt", g->state);
    (void)snprintf(url, sizeof(url), "https://localhost:%u%s", g->port_devices, path);
    path_of(c, body_name, ".p7", out_path);
    const char *argv[32] = {"curl", "-s", "--cacert", ca, "-o", out_path, "-w", "%{http_code}"};
    size_t n = 8;
    for (size_t i = 0; extra[i] && n < 30; i++)
        argv[n++] = extra[i];
    argv[n] = url;
    GW_FREE char *out = NULL;
    (void)gw_proc_run(argv, &out);
    return (int)strtol(out, NULL, 10);
}

static void unpack(const struct enrol_client *c, const char *name)
{
    char p7[256], crt[256];
    path_of(c, name, ".p7", p7);
    path_of(c, name, ".crt", crt);
    char script[1024];
    (void)snprintf(script, sizeof(script),
                   "openssl base64 -d -in '%s' | openssl pkcs7 -inform DER -print_certs | "
                   "awk '/BEGIN/{n++} n==1' | sed -n '/BEGIN/,/END/p' > '%s'",
                   p7, crt);
    const char *const argv[] = {"sh", "-c", script, NULL};
    must(argv);
}

static int post(const struct enrol_client *c, const struct gw_gateway *g, const char *path, const char *csr,
                const char *const extra[])
{
    char data[300], file[256];
    path_of(c, csr, ".csr", file);
    (void)snprintf(data, sizeof(data), "@%s", file);
    const char *argv[16] = {
        "-H", "Content-Type: application/pkcs10", "-H", "Content-Transfer-Encoding: base64", "--data-binary", data};
    size_t n = 6;
    for (size_t i = 0; extra[i]; i++)
        argv[n++] = extra[i];
    argv[n] = NULL;
    int status = curl(c, g, path, argv, csr);
    if (status == 200)
        unpack(c, csr);
    return status;
}

int enrol_client_post(const struct enrol_client *c, const struct gw_gateway *g, const char *csr,
                      const char *credentials)
{
    const char *const with[] = {"-u", credentials, NULL};
    const char *const without[] = {NULL};
    return post(c, g, "/.well-known/est/simpleenroll", csr, credentials ? with : without);
}

int enrol_client_renew(const struct enrol_client *c, const struct gw_gateway *g, const char *csr, const char *with)
{
    char cert[256], key[256];
    path_of(c, with, ".crt", cert);
    path_of(c, with, ".key", key);
    const char *const extra[] = {"--cert", cert, "--key", key, NULL};
    return post(c, g, "/.well-known/est/simplereenroll", csr, extra);
}

int enrol_client_get(const struct enrol_client *c, const struct gw_gateway *g, const char *path, const char *with)
{
    char cert[256], key[256];
    path_of(c, with ? with : "none", ".crt", cert);
    path_of(c, with ? with : "none", ".key", key);
    const char *const extra[] = {"--cert", cert, "--key", key, NULL};
    const char *const none[] = {NULL};
    return curl(c, g, path, with ? extra : none, "get");
}

int enrol_client_mqtt(const struct enrol_client *c, const struct gw_gateway *g, const char *with, const char *client_id,
                      const char *topic)
{
    char ca[256], cert[256], key[256], port[8];
    (void)snprintf(ca, sizeof(ca), "%s/web/ca.crt", g->state);
    path_of(c, with, ".crt", cert);
    path_of(c, with, ".key", key);
    (void)snprintf(port, sizeof(port), "%u", g->port_mqtt);
    const char *const argv[] = {
        "mosquitto_pub", "-h", "localhost", "-p", port,  "--cafile", ca,   "--cert", cert, "--key", key, "-i",
        client_id,       "-q", "1",         "-t", topic, "-m",       "{}", NULL};
    GW_FREE char *out = NULL;
    return gw_proc_run(argv, &out);
}

bool enrol_invite(const struct gw_gateway *g, const char *id, char *secret, size_t secret_size)
{
    const char *const args[] = {"device", "invite", id, NULL};
    GW_FREE char *out = NULL;
    if (gw_gateway_cli(g, args, &out)) {
        printf("#   invite %s: %s\n", id, out);
        return false;
    }
    char line[512];
    gw_json_pick(out, "invitation", line, sizeof(line));
    char *root = strrchr(line, '.');
    if (!root)
        return false;
    *root = '\0';
    char *start = strrchr(line, '.');
    if (!start)
        return false;
    (void)snprintf(secret, secret_size, "%s", start + 1);
    return true;
}

void enrol_state(const struct gw_gateway *g, const char *id, char *out, size_t out_size)
{
    const char *const args[] = {"device", "show", id, NULL};
    GW_FREE char *json = NULL;
    (void)gw_gateway_cli(g, args, &json);
    gw_json_pick(json, "state", out, out_size);
}

char *enrol_client_read(const struct enrol_client *c, const char *name)
{
    char path[256];
    path_of(c, name, "", path);
    struct gw_buf content;
    gw_buf_init(&content, 65536);
    if (gw_fs_read_file(path, &content, NULL)) {
        gw_buf_done(&content);
        return NULL;
    }
    char *text = gw_xstrdup(gw_buf_str(&content));
    gw_buf_done(&content);
    return text;
}
