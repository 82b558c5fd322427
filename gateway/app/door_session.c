#include "door_session.h"

#include <stdio.h>
#include <string.h>

#include "rest_cookie.h"

enum gw_rc door_session_of(void *ctx, const struct http_request *request, struct actor *ret_actor)
{
    const struct door_session *door = ctx;
    unsigned char id[REST_COOKIE_ID_LEN];
    struct session_entry session;
    struct gw_sha256 key;
    if (rest_cookie_parse(request->cookie, id))
        return GW_NOT_FOUND;
    door->hash->digest(gw_view_make(id, sizeof(id)), &key);
    explicit_bzero(id, sizeof(id));
    if (session_table_use(door->sessions, &key, request->now, &session))
        return GW_NOT_FOUND;
    bool reads = request->method == HTTP_GET || request->method == HTTP_HEAD;
    bool fits = reads || gw_view_eq_secret(request->csrf, gw_view_str(session.csrf));
    explicit_bzero(session.csrf, sizeof(session.csrf));
    *ret_actor = (struct actor){.role = session.role, .session = key};
    (void)snprintf(ret_actor->name, sizeof(ret_actor->name), "user:%s", session.name);
    return fits ? GW_OK : GW_DENIED;
}
