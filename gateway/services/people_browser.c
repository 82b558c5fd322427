#include "people_browser.h"

#include <string.h>

#include "gw_cleanup.h"
#include "gw_hmac.h"
#include "gw_id.h"

#define KEY     "people.browser_key"
#define KEY_LEN 32
#define LABEL   "gatehouse known browser 1"

/* What the cookie says in hex: id ‖ made (u64, ms, big-endian) ‖ mac. */
struct cookie {
    uint8_t id[sizeof(((struct people_browser *)0)->id)];
    uint64_t made_ms;
    struct gw_sha256 mac;
};
#define COOKIE_LEN (sizeof(((struct people_browser *)0)->id) + 8 + GW_SHA256_LEN)
_Static_assert(2 * COOKIE_LEN == ANSWER_KNOWN_CHARS, "the answer has room for it");

static void mac_of(const struct gw_sha256_ops *hash, struct gw_view key, const struct cookie *c, const char *name,
                   struct gw_sha256 *ret_mac)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, GW_HMAC_MESSAGE_MAX);
    (void)gw_buf_add_str(&text, LABEL);
    (void)gw_buf_add_u8(&text, 0);
    (void)gw_buf_add(&text, c->id, sizeof(c->id));
    (void)gw_buf_add_u64(&text, c->made_ms);
    (void)gw_buf_add_str(&text, name);
    gw_hmac_sha256(hash, key, gw_buf_view(&text), ret_mac);
}

static enum gw_rc key_get(const struct turn *turn, struct gw_buf *ret_key, struct gw_err *err)
{
    enum gw_rc rc = turn->store->ops->setting_get(turn->store->self, KEY, ret_key, err);
    if (!rc && ret_key->len != KEY_LEN)
        return gw_err_set(err, GW_CORRUPT, "setting " KEY);
    return rc;
}

static enum gw_rc key_need(const struct turn *turn, struct gw_buf *ret_key, struct gw_err *err)
{
    uint8_t key[KEY_LEN];
    enum gw_rc rc = key_get(turn, ret_key, err);
    if (rc != GW_NOT_FOUND)
        return rc;
    gw_random(key, sizeof(key));
    rc = gw_buf_add(ret_key, key, sizeof(key));
    explicit_bzero(key, sizeof(key));
    return rc ? rc : turn->store->ops->setting_put(turn->store->self, KEY, gw_buf_view(ret_key), err);
}

enum gw_rc people_browser_make(const struct gw_sha256_ops *hash, struct turn *turn, const char *name,
                               char ret_cookie[ANSWER_KNOWN_CHARS + 1], struct gw_err *err)
{
    GW_CLEANUP(gw_buf_wipe) struct gw_buf key;
    GW_CLEANUP(gw_buf_wipe) struct gw_buf bytes;
    struct cookie c = {.made_ms = (uint64_t)turn->now.ms};
    gw_buf_init(&key, STORE_SETTING_MAX);
    gw_buf_init(&bytes, COOKIE_LEN);
    enum gw_rc rc = key_need(turn, &key, err);
    if (rc)
        return rc;
    gw_random(c.id, sizeof(c.id));
    mac_of(hash, gw_buf_view(&key), &c, name, &c.mac);
    (void)gw_buf_add(&bytes, c.id, sizeof(c.id));
    (void)gw_buf_add_u64(&bytes, c.made_ms);
    rc = gw_buf_add(&bytes, c.mac.bytes, sizeof(c.mac.bytes));
    if (rc)
        return gw_err_set(err, rc, "a cookie does not fit");
    gw_hex_format(bytes.ptr, bytes.len, ret_cookie);
    return GW_OK;
}

static bool parse(const char *text, struct cookie *ret_cookie)
{
    uint8_t bytes[COOKIE_LEN];
    if (gw_hex_parse(gw_view_str(text), bytes, sizeof(bytes)))
        return false;
    struct gw_reader r = {gw_view_make(bytes, sizeof(bytes))};
    return !gw_read_into(&r, ret_cookie->id, sizeof(ret_cookie->id)) && !gw_read_u64(&r, &ret_cookie->made_ms) &&
           !gw_read_into(&r, ret_cookie->mac.bytes, sizeof(ret_cookie->mac.bytes));
}

/* Also when the clock went back since: a minute's worth, as for sessions. */
static bool is_fresh(const struct cookie *c, struct gw_wall now)
{
    if (c->made_ms > (uint64_t)INT64_MAX)
        return false;
    int64_t age_ms = now.ms - (int64_t)c->made_ms;
    return age_ms > -SESSION_SLACK_MS && age_ms < BROWSER_KEEP_MS;
}

enum gw_rc people_browser_check(const struct gw_sha256_ops *hash, const struct turn *turn, const char *name,
                                const char *cookie, struct people_browser *ret_browser, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_wipe) struct gw_buf key;
    struct cookie c;
    struct gw_sha256 mac;
    *ret_browser = (struct people_browser){.known = false};
    gw_buf_init(&key, STORE_SETTING_MAX);
    if (!parse(cookie, &c))
        return GW_OK;
    enum gw_rc rc = key_get(turn, &key, err);
    if (rc)
        return rc == GW_NOT_FOUND ? GW_OK : rc;
    mac_of(hash, gw_buf_view(&key), &c, name, &mac);
    bool same = gw_view_eq_secret(gw_view_make(mac.bytes, GW_SHA256_LEN), gw_view_make(c.mac.bytes, GW_SHA256_LEN));
    ret_browser->known = same && is_fresh(&c, turn->now);
    memcpy(ret_browser->id, c.id, sizeof(c.id));
    return GW_OK;
}
