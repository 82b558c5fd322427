#include "release_policy.h"
#include "gw_num.h"

#include <inttypes.h>
#include <string.h>

static bool digits(struct gw_view v)
{
    for (size_t i = 0; i < v.len; i++)
        if (v.ptr[i] < '0' || v.ptr[i] > '9')
            return false;
    return true;
}

static struct gw_view without_zeros(struct gw_view v)
{
    while (v.len > 0 && v.ptr[0] == '0')
        v = gw_view_make(v.ptr + 1, v.len - 1);
    return v;
}

static int compare_bytes(struct gw_view a, struct gw_view b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len ? memcmp(a.ptr, b.ptr, len) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

/* An empty identifier ("1..2", "1.") is the number 0. */
static int compare_identifier(struct gw_view a, struct gw_view b)
{
    bool a_number = digits(a), b_number = digits(b);
    if (a_number != b_number)
        return a_number ? -1 : 1;
    if (!a_number)
        return compare_bytes(a, b);
    a = without_zeros(a);
    b = without_zeros(b);
    if (a.len != b.len)
        return a.len > b.len ? 1 : -1;
    return compare_bytes(a, b);
}

/* Lists of identifiers with dots between; a missing one is 0 in a core, and below any other in a pre-release. */
static int compare_dotted(struct gw_view a, struct gw_view b, bool core)
{
    bool a_more = true, b_more = true;
    while (a_more || b_more) {
        if (!core && a_more != b_more)
            return a_more ? 1 : -1;
        struct gw_view a_rest = a, b_rest = b;
        struct gw_view x = a_more ? gw_view_cut(a, '.', &a_rest) : (struct gw_view){0};
        struct gw_view y = b_more ? gw_view_cut(b, '.', &b_rest) : (struct gw_view){0};
        int order = compare_identifier(x, y);
        if (order)
            return order;
        a_more = a_more && x.len < a.len;
        b_more = b_more && y.len < b.len;
        a = a_rest;
        b = b_rest;
    }
    return 0;
}

int release_version_compare(struct gw_view a, struct gw_view b)
{
    struct gw_view build;
    struct gw_view a_pre, b_pre;
    a = gw_view_cut(a, '+', &build);
    b = gw_view_cut(b, '+', &build);
    struct gw_view a_core = gw_view_cut(a, '-', &a_pre);
    struct gw_view b_core = gw_view_cut(b, '-', &b_pre);
    int order = compare_dotted(a_core, b_core, true);
    if (order)
        return order;
    bool a_has = a_core.len < a.len, b_has = b_core.len < b.len;
    if (a_has != b_has)
        return a_has ? -1 : 1;
    return a_has ? compare_dotted(a_pre, b_pre, false) : 0;
}

enum gw_rc release_admit(const struct release *release, const struct release_trust *trust, uint64_t floor_confirmed,
                         struct gw_wall now, struct release_refusal *ret_refusal, struct gw_err *err)
{
    struct gw_err why = {0};
    char expired[GW_WALL_TEXT_MAX] = "";
    if (trust->threshold < 1 || trust->signers < trust->threshold)
        return release_refuse(ret_refusal, err, GW_DENIED, RELEASE_CHECK_SIGNATURE, RELEASE_ENVELOPE_FILE,
                              "signed by %u trusted vendor key%s, %u must have signed", trust->signers,
                              gw_plural(trust->signers), trust->threshold);
    if (release_valid(release, &why))
        return release_refuse(ret_refusal, err, GW_INVALID, RELEASE_CHECK_MANIFEST, RELEASE_ENVELOPE_FILE, "%s",
                              gw_err_text(&why));
    if (now.ms > release->expires_at.ms) {
        if (gw_wall_format(release->expires_at, expired))
            expired[0] = '\0'; /* beyond the year 9999 */
        return release_refuse(ret_refusal, err, GW_DENIED, RELEASE_CHECK_EXPIRY, RELEASE_ENVELOPE_FILE,
                              "it could be imported until %s", expired);
    }
    if (release->release_counter < floor_confirmed)
        return release_refuse(ret_refusal, err, GW_DENIED, RELEASE_CHECK_FLOOR, RELEASE_ENVELOPE_FILE,
                              "release_counter %" PRIu64 " is below the security floor %" PRIu64
                              " that devices have confirmed",
                              release->release_counter, floor_confirmed);
    return GW_OK;
}

enum gw_rc release_admit_beside(const struct release *release, const struct release_known *known,
                                struct release_refusal *ret_refusal, struct gw_err *err)
{
    if (strcmp(release->product, known->product) != 0)
        return GW_OK;
    const char *state = release_state_text(known->state);
    if (release_version_compare(gw_view_str(release->version), gw_view_str(known->version)) == 0)
        return release_refuse(ret_refusal, err, GW_EXISTS, RELEASE_CHECK_DUPLICATE, RELEASE_ENVELOPE_FILE,
                              "%s %s is known already (%s)", release->product, known->version, state);
    if (release->release_counter == known->release_counter)
        return release_refuse(ret_refusal, err, GW_EXISTS, RELEASE_CHECK_DUPLICATE, RELEASE_ENVELOPE_FILE,
                              "release_counter %" PRIu64 " is that of %s %s (%s)", release->release_counter,
                              release->product, known->version, state);
    return GW_OK;
}
