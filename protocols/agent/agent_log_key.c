#include <string.h>

#include "agent_est.h"
#include "agent_note.h"
#include "bulk_hash.h"
#include "gw_cleanup.h"

#define LOG_KEY_FILE_MAX 1024

static enum gw_rc pinned_read(const char *path, struct note_key *ret_key, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, LOG_KEY_FILE_MAX);
    enum gw_rc rc = gw_fs_read_file(path, &text, err);
    if (!rc && note_key_parse(gw_view_trim(gw_buf_view(&text)), bulk_hash_ops(), ret_key, err))
        rc = gw_err_wrap(err, GW_CORRUPT, "%s", path);
    return rc;
}

static enum gw_rc fetch(struct agent_est *est, struct gw_buf *ret_told, struct gw_err *err)
{
    char url[512];
    struct agent_http_answer answer;
    (void)snprintf(url, sizeof(url), "https://%s:%u/device/v1/trust", est->site->host, est->site->https_port);
    struct agent_http_request request = {.url = url,
                                         .root_path = est->root_path,
                                         .cert_path = est->cert_path,
                                         .key_path = est->key_path,
                                         .stop = est->stop};
    enum gw_rc rc = agent_http_run(&request, &answer, err);
    if (rc)
        return rc;
    if (answer.status == 200)
        rc = gw_buf_add_view(ret_told, gw_buf_view(&answer.body));
    else
        rc = gw_err_set(err, GW_AGAIN, "%s: answer %ld", url, answer.status);
    gw_buf_done(&answer.body);
    return rc;
}

static enum gw_rc pin(const struct agent_est *est, const char *path, const struct note_key *key, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, LOG_KEY_FILE_MAX);
    (void)note_key_format(key, &text);
    (void)gw_buf_add_u8(&text, '\n');
    if (gw_buf_rc(&text))
        return gw_err_set(err, gw_buf_rc(&text), "%s", path);
    return gw_fs_replace(est->fs, path, gw_buf_view(&text), 0600, err);
}

enum gw_rc agent_est_log_key(struct agent_est *est, bool refresh, struct note_key *ret_key, struct gw_err *err)
{
    char path[AGENT_PATH_MAX + 32], name[24];
    struct note_key pinned, key;
    GW_CLEANUP(gw_buf_done) struct gw_buf told;
    gw_buf_init(&told, AGENT_HTTP_BODY_MAX);
    agent_site_path(est->site, "log-key", path);
    enum gw_rc found = pinned_read(path, &pinned, err);
    if (found && found != GW_NOT_FOUND)
        return found;
    if (!found && !refresh) {
        *ret_key = pinned;
        return GW_OK;
    }
    enum gw_rc rc = agent_est_gateway_name(est, name, err);
    if (!rc)
        rc = fetch(est, &told, err);
    if (!rc)
        rc = agent_log_key_step(gw_buf_view(&told), found ? NULL : &pinned, name, &key, err);
    if (!rc && (found || memcmp(key.pub, pinned.pub, sizeof(key.pub)) != 0))
        rc = pin(est, path, &key, err);
    if (!rc)
        *ret_key = key;
    return rc;
}
