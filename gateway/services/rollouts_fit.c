/* Releases as they were signed, and whether one may be offered to a device. */
#include <stdlib.h>
#include <string.h>

#include "dsse.h"
#include "gw_cleanup.h"
#include "release_manifest.h"
#include "rollouts_internal.h"

struct rollouts_release {
    char id[RELEASE_ID_LEN + 1];
    struct release release;
    struct gw_buf envelope;
};

void rollouts_load_forget(struct rollouts *r)
{
    if (r->read)
        gw_buf_done(&r->read->envelope);
    free(r->read);
    r->read = NULL;
}

/* It was read by these rules when it was imported: what fails now is damaged. */
static enum gw_rc read_release(const struct store *store, const char *id, struct gw_buf *envelope,
                               struct release *ret_release, struct gw_err *err)
{
    GW_CLEANUP(dsse_done) struct dsse_envelope parsed;
    dsse_init(&parsed);
    enum gw_rc rc = store->ops->release_envelope(store->self, id, envelope, err);
    if (rc)
        return rc;
    rc = dsse_parse(gw_buf_view(envelope), &parsed, err);
    if (!rc)
        rc = release_manifest_parse(gw_buf_view(&parsed.payload), ret_release, err);
    return rc ? gw_err_wrap(err, GW_CORRUPT, "release %s", id) : GW_OK;
}

enum gw_rc rollouts_read_release(const struct store *store, const char *id, struct release *ret_release,
                                 struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf envelope;
    gw_buf_init(&envelope, RELEASE_ENVELOPE_MAX);
    return read_release(store, id, &envelope, ret_release, err);
}

enum gw_rc rollouts_load_envelope(struct rollouts *r, const struct store *store, const char *id,
                                  const struct release **ret_release, struct gw_view *ret_envelope, struct gw_err *err)
{
    if (!r->read || strcmp(r->read->id, id) != 0) {
        rollouts_load_forget(r);
        r->read = gw_xalloc(1, sizeof(*r->read));
        gw_buf_init(&r->read->envelope, RELEASE_ENVELOPE_MAX);
        enum gw_rc rc = read_release(store, id, &r->read->envelope, &r->read->release, err);
        if (rc) {
            rollouts_load_forget(r);
            return rc;
        }
        memcpy(r->read->id, id, strlen(id) + 1);
    }
    *ret_release = &r->read->release;
    *ret_envelope = gw_buf_view(&r->read->envelope);
    return GW_OK;
}

enum gw_rc rollouts_load(struct rollouts *r, const struct store *store, const char *id,
                         const struct release **ret_release, struct gw_err *err)
{
    struct gw_view envelope;
    return rollouts_load_envelope(r, store, id, ret_release, &envelope, err);
}

enum gw_rc rollouts_inventory(const struct store *store, const struct gw_device_id *device,
                              struct inventory *ret_inventory, struct gw_err *err)
{
    enum gw_rc rc = store->ops->inventory_get(store->self, device, ret_inventory, err);
    if (rc != GW_NOT_FOUND)
        return rc;
    *ret_inventory = (struct inventory){.device = *device};
    return GW_OK;
}

enum gw_rc rollouts_find(const struct store *store, const char *product, const char *version,
                         struct release_entry *ret_entry, struct gw_err *err)
{
    *ret_entry = (struct release_entry){.rev = 0};
    if (!product[0] || !version[0])
        return GW_OK;
    enum gw_rc rc = store->ops->release_find(store->self, product, version, ret_entry, err);
    return rc == GW_NOT_FOUND ? GW_OK : rc;
}

enum gw_rc rollouts_given(const struct store *store, const char *id, bool *ret_given, struct gw_err *err)
{
    struct release_entry entry;
    *ret_given = false;
    enum gw_rc rc = id[0] ? store->ops->release_get(store->self, id, &entry, err) : GW_NOT_FOUND;
    if (rc == GW_NOT_FOUND)
        return GW_OK;
    *ret_given = rc == GW_OK && release_is_given(&entry);
    return rc;
}

const char *rollouts_withheld_text(const struct release_entry *entry)
{
    if (entry->state == RELEASE_WITHDRAWN)
        return "the release is withdrawn";
    return entry->damaged.ms ? "a stored artifact of the release is damaged" : "";
}

/* What is no version cannot be held against min_version: it counts as not told. */
struct release_target rollouts_target(const struct inventory *inventory)
{
    bool version = release_version_valid(gw_view_str(inventory->version));
    return (struct release_target){.product = inventory->product,
                                   .hardware = inventory->hardware,
                                   .version = version ? inventory->version : "",
                                   .running_counter = inventory->release_counter,
                                   .floor_confirmed = inventory->floor_confirmed};
}

static enum attempt_code code_of_fit(enum release_fit fit)
{
    switch (fit) {
    case RELEASE_FITS:
        return ATTEMPT_CODE_NONE;
    case RELEASE_FIT_RUNNING:
        return ATTEMPT_CODE_ALREADY_RUNNING;
    case RELEASE_FIT_PRODUCT:
    case RELEASE_FIT_HARDWARE:
    case RELEASE_FIT_ARTIFACT:
    case RELEASE_FIT_MIN_VERSION:
    case RELEASE_FIT_FLOOR:
        return ATTEMPT_CODE_NOT_FIT;
    }
    return ATTEMPT_CODE_NOT_FIT;
}

/* A device in quarantine keeps what it was offered, and is offered nothing new. */
static enum gw_rc check_device(const struct store *store, const struct attempt_entry *entry,
                               enum attempt_code *ret_code, struct gw_err *err)
{
    struct device device = {.rev = 0};
    enum gw_rc rc = store->ops->device_get(store->self, &entry->device, &device, err);
    bool kept = entry->attempt.state != ATTEMPT_PLANNED && device_admissible(device.state);
    if (rc == GW_NOT_FOUND || (!rc && device.state != DEVICE_ACTIVE && !kept)) {
        *ret_code = ATTEMPT_CODE_NOT_FIT;
        return GW_OK;
    }
    return rc;
}

/* A rollback: what it ran before must be here, and not below what it has confirmed. */
static enum gw_rc check_back(const struct store *store, const struct attempt_entry *entry,
                             const struct inventory *inventory, enum attempt_code *ret_code, struct gw_err *err)
{
    struct release_entry release;
    struct rollout_back_ask ask = {.counter_before = entry->release_counter,
                                   .floor_confirmed = inventory->floor_confirmed};
    enum gw_rc rc =
        entry->release[0] ? store->ops->release_get(store->self, entry->release, &release, err) : GW_NOT_FOUND;
    if (rc == GW_NOT_FOUND) {
        *ret_code = ATTEMPT_CODE_UNKNOWN_BEFORE;
        return GW_OK;
    }
    if (!rc)
        *ret_code = rollout_back_check(&ask);
    return rc;
}

struct elsewhere {
    const char *rollout;
    bool found;
};

static bool find_elsewhere(void *ctx, const struct attempt_entry *entry)
{
    struct elsewhere *e = ctx;
    e->found = !attempt_state_ended(entry->attempt.state) && strcmp(entry->rollout, e->rollout) != 0;
    return !e->found;
}

/* One job at a time: a rollback may aim at a device that a later rollout holds, which is left out. */
static enum gw_rc check_alone(const struct store *store, const struct attempt_entry *entry, enum attempt_code *ret_code,
                              struct gw_err *err)
{
    struct elsewhere e = {entry->rollout, false};
    enum gw_rc rc =
        store->ops->attempt_each_of(store->self, &entry->device, ROLLOUTS_OF_DEVICE, find_elsewhere, &e, err);
    if (!rc && e.found)
        *ret_code = ATTEMPT_CODE_NOT_FIT;
    return rc;
}

enum gw_rc rollouts_check_offer(struct rollouts *r, const struct store *store, const struct attempt_entry *entry,
                                const struct inventory *inventory, enum attempt_code *ret_code, struct gw_err *err)
{
    const struct release *release;
    struct release_target target = rollouts_target(inventory);
    bool given = false;
    *ret_code = ATTEMPT_CODE_NONE;
    enum gw_rc rc = check_device(store, entry, ret_code, err);
    if (!rc && *ret_code == ATTEMPT_CODE_NONE)
        rc = check_alone(store, entry, ret_code, err);
    if (!rc && *ret_code == ATTEMPT_CODE_NONE && entry->back)
        rc = check_back(store, entry, inventory, ret_code, err);
    if (rc || *ret_code != ATTEMPT_CODE_NONE)
        return rc;
    rc = rollouts_given(store, entry->release, &given, err);
    if (rc || !given) {
        *ret_code = ATTEMPT_CODE_NOT_FIT;
        return rc;
    }
    rc = rollouts_load(r, store, entry->release, &release, err);
    if (rc)
        return rc;
    *ret_code = strcmp(inventory->version, entry->version) == 0 ? ATTEMPT_CODE_ALREADY_RUNNING
                                                                : code_of_fit(release_fits(release, &target));
    return GW_OK;
}
