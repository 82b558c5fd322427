#include <string.h>

#include "agent_internal.h"
#include "bulk_hash.h"
#include "gw_cleanup.h"
#include "gw_log.h"

#define RETRY_FIRST_MS  (5 * GW_SECOND_MS)
#define RETRY_MAX_MS    (5 * GW_MINUTE_MS)
#define APPROVAL_MIN_S  5
#define APPROVAL_MAX_S  3600
#define APPROVAL_S      30
#define REFUSED_LOOK_MS GW_MINUTE_MS
#define RENEW_RETRY_MS  GW_HOUR_MS
#define MARK_HEX        16

/* The mark of an invitation: enough of its secret's hash to know it again. */
static void mark_of(const struct invitation *in, char out[MARK_HEX + 1])
{
    struct gw_sha256 hash;
    bulk_hash_ops()->digest(gw_view_make(in->secret, sizeof(in->secret)), &hash);
    gw_hex_format(hash.bytes, MARK_HEX / 2, out);
}

/* Whether this invitation is the one whose mark stands in "refused" or "used". */
static bool marked(const struct agent *a, const char *file, const struct invitation *in)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    char path[AGENT_PATH_MAX + 32], text_mark[MARK_HEX + 1];
    gw_buf_init(&text, 64);
    agent_site_path(&a->site, file, path);
    mark_of(in, text_mark);
    return !gw_fs_read_file(path, &text, NULL) && gw_view_eq_str(gw_view_trim(gw_buf_view(&text)), text_mark);
}

static void mark(const struct agent *a, const char *file, const struct invitation *in)
{
    char path[AGENT_PATH_MAX + 32], text[MARK_HEX + 1];
    struct gw_err err;
    agent_site_path(&a->site, file, path);
    mark_of(in, text);
    if (gw_fs_replace(a->fs, path, gw_view_str(text), 0600, &err))
        gw_log(GW_LOG_WARN, "enrol", "%s", gw_err_text(&err));
}

static void tell_cert(const struct agent *a, const char *what)
{
    char until[GW_WALL_TEXT_MAX];
    if (gw_wall_format(a->cert.not_after, until))
        (void)snprintf(until, sizeof(until), "a time without a name");
    gw_log(GW_LOG_INFO, "enrol", "%s %s, certificate until %s", what, a->site.id.text, until);
}

static void have_cert(struct agent *a, struct gw_mono now, struct gw_wall wall)
{
    a->enrolled = true;
    a->identity_at_ms = now.ms + agent_est_renewal_ms(&a->cert, wall);
    agent_backoff_reset(&a->identity_backoff);
}

void agent_identity_load(struct agent *a)
{
    struct gw_err err;
    enum gw_rc rc = agent_est_cert(&a->est, &a->cert, &err);
    if (!rc) {
        have_cert(a, gw_mono_now(), gw_wall_now());
        tell_cert(a, "enrolled as");
    } else if (rc != GW_NOT_FOUND) {
        gw_log(GW_LOG_WARN, "enrol", "%s; asking for another one", gw_err_text(&err));
    }
}

static void later(struct agent *a, struct gw_mono now, const struct gw_err *err, const char *what)
{
    int64_t wait = agent_backoff_next_ms(&a->identity_backoff, RETRY_FIRST_MS, RETRY_MAX_MS);
    a->identity_at_ms = now.ms + wait;
    gw_log(GW_LOG_WARN, "enrol", "%s: %s; next try in %lld s", what, gw_err_text(err), (long long)(wait / 1000));
}

static void wait_for_approval(struct agent *a, struct gw_mono now, int64_t retry_s)
{
    int64_t s = retry_s ? retry_s : APPROVAL_S;
    s = s < APPROVAL_MIN_S ? APPROVAL_MIN_S : s > APPROVAL_MAX_S ? APPROVAL_MAX_S : s;
    a->identity_at_ms = now.ms + agent_jitter_ms(s * 1000);
    gw_log(GW_LOG_INFO, "enrol", "waiting for an operator to approve %s; asking again in %lld s", a->site.id.text,
           (long long)s);
}

static void refused(struct agent *a, const struct invitation *in, struct gw_mono now, const struct gw_err *err)
{
    a->identity_at_ms = now.ms + (in ? REFUSED_LOOK_MS : RETRY_MAX_MS);
    if (in)
        mark(a, "refused", in);
    gw_log(GW_LOG_ERROR, "enrol", "%s: %s", gw_err_text(err),
           in ? "this invitation will not be tried again; make a new one on the gateway and put it in its place"
              : "it wants an invitation, or its enrolment door is closed");
    a->refusal_told = true;
}

/* Reads the invitation, if any may be used. False: there is one, but it was refused before. */
static bool usable_invitation(struct agent *a, struct invitation *ret_in, bool *ret_have)
{
    struct gw_err err;
    enum gw_rc rc = agent_invitation_read(a->config, ret_in, &err);
    *ret_have = !rc;
    if (rc && rc != GW_NOT_FOUND)
        gw_log(GW_LOG_ERROR, "enrol", "%s", gw_err_text(&err));
    if (rc || !marked(a, "refused", ret_in))
        return true;
    if (!a->refusal_told)
        gw_log(GW_LOG_ERROR, "enrol", "%s was refused before; make a new invitation and put it in its place",
               a->config->invitation);
    a->refusal_told = true;
    return false;
}

static void enrol_with(struct agent *a, const struct invitation *in, struct gw_mono now, struct gw_wall wall)
{
    char secret[GW_BASE32_LEN(INVITATION_SECRET_LEN) + 1];
    struct gw_err err = {0};
    int64_t retry_s = 0;
    enum gw_rc rc = agent_est_root(&a->est, &err);
    if (rc) {
        later(a, now, &err, "the gateway's root");
        return;
    }
    if (in)
        invitation_secret_text(in, secret);
    rc = agent_est_enrol(&a->est, in ? secret : NULL, &retry_s, &err);
    explicit_bzero(secret, sizeof(secret));
    if (!rc)
        rc = agent_est_cert(&a->est, &a->cert, &err);
    if (!rc) {
        if (in)
            mark(a, "used", in);
        have_cert(a, now, wall);
        tell_cert(a, "enrolled as");
        a->connect_at_ms = now.ms;
    } else if (rc == GW_AGAIN) {
        wait_for_approval(a, now, retry_s);
    } else if (rc == GW_DENIED) {
        refused(a, in, now, &err);
    } else {
        later(a, now, &err, "enrolment");
    }
}

static void enrol(struct agent *a, struct gw_mono now, struct gw_wall wall)
{
    struct invitation in;
    bool have = false;
    if (usable_invitation(a, &in, &have))
        enrol_with(a, have ? &in : NULL, now, wall);
    else
        a->identity_at_ms = now.ms + REFUSED_LOOK_MS;
    invitation_wipe(&in);
}

void agent_identity_refused(struct agent *a, struct gw_mono now)
{
    struct invitation in;
    struct gw_err err;
    if (a->enrolled && !agent_invitation_read(a->config, &in, &err) && !marked(a, "used", &in) &&
        !marked(a, "refused", &in)) {
        gw_log(GW_LOG_INFO, "enrol", "there is a new invitation: enrolling again");
        a->enrolled = false;
        a->identity_at_ms = now.ms;
    }
    invitation_wipe(&in);
}

static void renew(struct agent *a, struct gw_mono now, struct gw_wall wall)
{
    struct gw_err err = {0};
    int64_t retry_s = 0;
    if (wall.ms >= a->cert.not_after.ms) {
        gw_log(GW_LOG_ERROR, "enrol", "the certificate of %s has expired; a new invitation is needed", a->site.id.text);
        a->enrolled = false;
        a->identity_at_ms = now.ms;
        return;
    }
    enum gw_rc rc = agent_est_renew(&a->est, &retry_s, &err);
    if (!rc)
        rc = agent_est_cert(&a->est, &a->cert, &err);
    if (rc) {
        int64_t wait = agent_jitter_ms(retry_s > 0 && retry_s <= APPROVAL_MAX_S ? retry_s * 1000 : RENEW_RETRY_MS);
        a->identity_at_ms = now.ms + wait;
        gw_log(GW_LOG_WARN, "enrol", "renewal: %s; next try in %lld s", gw_err_text(&err), (long long)(wait / 1000));
        return;
    }
    have_cert(a, now, wall);
    if (a->identity_at_ms < now.ms + RENEW_RETRY_MS) /* the same certificate again: no reason to hurry */
        a->identity_at_ms = now.ms + agent_jitter_ms(RENEW_RETRY_MS);
    tell_cert(a, "renewed as");
    agent_session_disconnect(a->session);
    agent_ship_down(&a->ship);
    agent_job_session(a->jobs.job, false);
    a->connect_at_ms = now.ms;
}

void agent_identity_step(struct agent *a, struct gw_mono now, struct gw_wall wall)
{
    if (now.ms < a->identity_at_ms)
        return;
    if (a->enrolled)
        renew(a, now, wall);
    else
        enrol(a, now, wall);
}

void agent_key_step(struct agent *a, struct gw_mono now)
{
    struct note_key key;
    struct gw_err err = {0};
    bool needed = !a->ship.key_known || a->key_refresh;
    if (!a->enrolled || !needed || now.ms < a->key_at_ms)
        return;
    enum gw_rc rc = agent_est_log_key(&a->est, a->key_refresh, &key, &err);
    if (rc) {
        int64_t wait = agent_backoff_next_ms(&a->key_backoff, RETRY_FIRST_MS, RETRY_MAX_MS);
        a->key_at_ms = now.ms + wait;
        gw_log(rc == GW_DENIED ? GW_LOG_ERROR : GW_LOG_WARN, "log", "log key: %s; next try in %lld s",
               gw_err_text(&err), (long long)(wait / 1000));
        return;
    }
    if (!a->ship.key_known || a->ship.key.key_id != key.key_id)
        gw_log(GW_LOG_INFO, "log", "log key of %s pinned", key.name);
    a->key_refresh = false;
    agent_backoff_reset(&a->key_backoff);
    agent_ship_key(&a->ship, &key);
    agent_ship_name(&a->ship, key.name, a->site.id.text);
}
