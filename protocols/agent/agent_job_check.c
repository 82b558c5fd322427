/* Whom and what the device believes. */
#include <string.h>

#include "agent_job_internal.h"
#include "release_manifest.h"
#include "release_policy.h"

bool agent_job_kind_allowed(const struct agent_config *config, enum job_kind kind)
{
    return (config->update_kinds >> kind & 1u) != 0;
}

static const char *const fit_reasons[] = {
    [RELEASE_FIT_PRODUCT] = "it is for another product",
    [RELEASE_FIT_HARDWARE] = "it is for other hardware",
    [RELEASE_FIT_ARTIFACT] = "it has no artifact for this hardware",
    [RELEASE_FIT_MIN_VERSION] = "what runs here is older than the release asks for",
    [RELEASE_FIT_FLOOR] = "its counter is below the security floor of this device",
    [RELEASE_FIT_RUNNING] = "it runs here already",
};

static enum gw_rc refuse(const char **ret_code, const char *code, struct gw_err *err, const char *why)
{
    *ret_code = code;
    return gw_err_set(err, GW_DENIED, "%s", why);
}

static enum gw_rc check_signature(const struct agent_job *j, const struct job *job, const char **ret_code,
                                  struct gw_err *err)
{
    if (!j->set.keys->count)
        return refuse(ret_code, "no_vendor_keys", err, "update.vendor_keys of this device is empty");
    if (strcmp(job->envelope.type, RELEASE_MANIFEST_TYPE) != 0)
        return refuse(ret_code, "envelope", err, "the envelope is no release");
    *ret_code = "signature";
    return agent_dsse_verify(&job->envelope, j->set.keys, j->set.config->update_threshold, err);
}

static enum gw_rc check_fit(const struct agent_job *j, const struct job *job, const struct release *release,
                            const char **ret_code, struct gw_err *err)
{
    bool counter_known = strcmp(j->rec.counter_version, j->version) == 0;
    struct release_target target = {
        .product = j->set.config->product,
        .hardware = j->set.config->hardware,
        .version = j->version,
        .running_counter = counter_known ? j->rec.counter : 0,
        .floor_confirmed = j->rec.floor,
    };
    enum release_fit fit = release_fits(release, &target);
    if (fit == RELEASE_FITS && strcmp(release->version, j->version) == 0)
        fit = RELEASE_FIT_RUNNING;
    if (fit != RELEASE_FITS)
        return refuse(ret_code, release_fit_text(fit), err, fit_reasons[fit]);
    /* Going back is another kind of job, which the device may not allow. */
    if (job->kind == JOB_UPDATE && release->release_counter < target.running_counter)
        return refuse(ret_code, "older", err, "it is older than what runs here, and the job is no rollback");
    return GW_OK;
}

static enum gw_rc check_artifact(const struct agent_job *j, const struct release *release, const char **ret_code,
                                 struct gw_err *err)
{
    const struct agent_config *config = j->set.config;
    const char *format = config->update_format[0] ? config->update_format : NULL;
    size_t i = release_artifact_for(release, config->hardware, format);
    if (i == RELEASE_ARTIFACTS_MAX)
        return refuse(ret_code, "artifact", err, "it has no artifact of update.format for this hardware");
    if (release->artifacts[i].size > config->update_max_bytes)
        return refuse(ret_code, "too_big", err, "its artifact is larger than update.max_bytes");
    return GW_OK;
}

enum gw_rc agent_job_check(const struct agent_job *j, const struct job *job, struct release *release,
                           const char **ret_code, struct gw_err *err)
{
    enum gw_rc rc = check_signature(j, job, ret_code, err);
    if (rc)
        return rc;
    *ret_code = "manifest";
    rc = release_manifest_parse(gw_buf_view(&job->envelope.payload), release, err);
    if (!rc)
        rc = check_fit(j, job, release, ret_code, err);
    if (!rc)
        rc = check_artifact(j, release, ret_code, err);
    return rc;
}
