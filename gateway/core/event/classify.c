#include "classify.h"

#include <stdio.h>
#include <string.h>

#include "gw_utf8.h"

/* One rule: the program is `program` ("" for any), the text holds `phrase`. subj_after and obj_after
 * tell behind which words who and what stand (the next word). The first rule that fits wins. */
struct rule {
    const char *program;
    const char *phrase;
    const char *cls;
    enum event_sev sev;
    int res; /* enum event_res, or 0 */
    const char *subj_after;
    const char *obj_after;
};

static const struct rule rules[] = {
    {"sshd", "POSSIBLE BREAK-IN ATTEMPT", "auth.suspicious", EVENT_SEV_HIGH, EVENT_FAIL, NULL, "getaddrinfo for "},
    {"sshd", "Too many authentication failures", "auth.brute_force", EVENT_SEV_HIGH, EVENT_DENIED, "failures for ",
     NULL},
    {"sshd", "maximum authentication attempts exceeded", "auth.brute_force", EVENT_SEV_HIGH, EVENT_DENIED,
     "exceeded for ", " from "},
    {"sshd", "Failed password for invalid user", "auth.login", EVENT_SEV_MEDIUM, EVENT_FAIL, "invalid user ", " from "},
    {"sshd", "Failed ", "auth.login", EVENT_SEV_MEDIUM, EVENT_FAIL, " for ", " from "},
    {"sshd", "Accepted ", "auth.login", EVENT_SEV_LOW, EVENT_OK, " for ", " from "},
    {"sshd", "Invalid user", "auth.login", EVENT_SEV_LOW, EVENT_FAIL, "Invalid user ", " from "},
    {"sshd", "invalid user", "auth.login", EVENT_SEV_LOW, EVENT_FAIL, "invalid user ", " from "},
    {"sshd", "authentication failure", "auth.login", EVENT_SEV_MEDIUM, EVENT_FAIL, " user=", "rhost="},
    {"sshd", "Did not receive identification", "net.probe", EVENT_SEV_LOW, EVENT_FAIL, NULL, " from "},
    {"sshd", "Bad protocol version", "net.probe", EVENT_SEV_LOW, EVENT_FAIL, NULL, " from "},
    {"sshd", "Server listening on", "net.listen_open", EVENT_SEV_LOW, EVENT_OK, NULL, "listening on "},
    {"sshd", "session opened for user", "auth.session_open", EVENT_SEV_INFO, EVENT_OK, "for user ", NULL},
    {"sshd", "session closed for user", "auth.session_close", EVENT_SEV_INFO, EVENT_OK, "for user ", NULL},
    {"sshd", "Connection closed by", "net.close", EVENT_SEV_INFO, 0, NULL, "closed by "},
    {"sshd", "Received disconnect from", "net.close", EVENT_SEV_INFO, 0, NULL, "disconnect from "},
    {"dropbear", "password attempt for", "auth.login", EVENT_SEV_MEDIUM, EVENT_FAIL, "attempt for ", " from "},
    {"dropbear", "nonexistent user", "auth.login", EVENT_SEV_MEDIUM, EVENT_FAIL, NULL, " from "},
    {"dropbear", "auth succeeded for", "auth.login", EVENT_SEV_LOW, EVENT_OK, "succeeded for ", " from "},
    {"dropbear", "Exit before auth", "net.close", EVENT_SEV_INFO, 0, NULL, " from "},
    {"kernel", " SRC=", "net.packet", EVENT_SEV_LOW, 0, "SRC=", "DST="},
    {"sudo", "NOT in sudoers", "auth.privilege", EVENT_SEV_CRITICAL, EVENT_DENIED, "", "COMMAND="},
    {"sudo", "incorrect password attempt", "auth.privilege", EVENT_SEV_HIGH, EVENT_FAIL, "", "COMMAND="},
    {"sudo", "COMMAND=", "auth.privilege", EVENT_SEV_LOW, EVENT_OK, "", "COMMAND="},
    {"sudo", "authentication failure", "auth.privilege", EVENT_SEV_HIGH, EVENT_FAIL, " user=", NULL},
    {"sudo", "session opened", "auth.session_open", EVENT_SEV_INFO, EVENT_OK, "for user ", NULL},
    {"sudo", "session closed", "auth.session_close", EVENT_SEV_INFO, EVENT_OK, "for user ", NULL},
    {"su", "FAILED", "auth.privilege", EVENT_SEV_HIGH, EVENT_FAIL, " by ", "for "},
    {"su", "authentication failure", "auth.privilege", EVENT_SEV_HIGH, EVENT_FAIL, "ruser=", " user="},
    {"su", "Successful su", "auth.privilege", EVENT_SEV_LOW, EVENT_OK, " by ", "for "},
    {"login", "FAILED LOGIN", "auth.login", EVENT_SEV_MEDIUM, EVENT_FAIL, "FOR ", NULL},
    {"login", "LOGIN ON", "auth.login", EVENT_SEV_LOW, EVENT_OK, " BY ", "LOGIN ON "},
    {"useradd", "new user", "cfg.user_add", EVENT_SEV_HIGH, EVENT_OK, NULL, "name="},
    {"userdel", "delete user", "cfg.user_delete", EVENT_SEV_HIGH, EVENT_OK, NULL, "delete user "},
    {"usermod", "", "cfg.user_change", EVENT_SEV_MEDIUM, EVENT_OK, NULL, NULL},
    {"groupadd", "new group", "cfg.group_add", EVENT_SEV_MEDIUM, EVENT_OK, NULL, "name="},
    {"passwd", "password changed", "cfg.password_change", EVENT_SEV_MEDIUM, EVENT_OK, NULL, "changed for "},
    {"chage", "changed password expiry", "cfg.password_change", EVENT_SEV_MEDIUM, EVENT_OK, NULL, "expiry for "},
    {"systemd-logind", "New session", "auth.session_open", EVENT_SEV_INFO, EVENT_OK, "of user ", NULL},
    {"systemd-logind", "Removed session", "auth.session_close", EVENT_SEV_INFO, EVENT_OK, NULL, NULL},
    {"systemd-logind", "System is", "boot.stop", EVENT_SEV_LOW, EVENT_OK, NULL, NULL},
    {"", "pam_tally", "auth.login", EVENT_SEV_MEDIUM, EVENT_FAIL, " user ", NULL},
    {"", "authentication failure", "auth.login", EVENT_SEV_MEDIUM, EVENT_FAIL, " user=", "rhost="},
    {"", "session opened for user", "auth.session_open", EVENT_SEV_INFO, EVENT_OK, "for user ", NULL},
    {"", "session closed for user", "auth.session_close", EVENT_SEV_INFO, EVENT_OK, "for user ", NULL},
};

struct class
{
    const char *cls; /* static storage */
    enum event_sev sev;
    bool has_res;
    enum event_res res;
    struct gw_view subj; /* within the text: who; may be empty */
    struct gw_view obj;  /* within the text: from where, or what; may be empty */
};

static const uint8_t *find(struct gw_view text, const char *phrase)
{
    size_t len = strlen(phrase);
    return text.len >= len && len > 0 ? memmem(text.ptr, text.len, phrase, len) : NULL;
}

/* The word behind `after`; "" means the first word of the text; NULL none. A user name may hold anything, so a word
 * taken from the text is a hint for people, never a key. */
static struct gw_view word_after(struct gw_view text, const char *after)
{
    if (!after)
        return gw_view_make(NULL, 0);
    const uint8_t *at = after[0] ? find(text, after) : text.ptr;
    if (!at)
        return gw_view_make(NULL, 0);
    const uint8_t *start = at + strlen(after), *end = text.ptr + text.len, *stop = start;
    while (stop < end && *stop != ' ' && *stop != ',' && *stop != ';' && *stop != '\n')
        stop++;
    return gw_view_make(start, (size_t)(stop - start));
}

/* Newer sshd calls the part that speaks to one peer "sshd-session". */
static bool program_fits(struct gw_view program, const char *name)
{
    if (name[0] == '\0')
        return true;
    if (program.len == 0 || program.ptr[0] != (uint8_t)name[0]) /* nearly always: the table is walked for every event */
        return false;
    if (gw_view_eq_str(program, name))
        return true;
    return strcmp(name, "sshd") == 0 && gw_view_starts(program, "sshd-");
}

/* program: "sshd" of "sshd[1291]:", empty when unknown. False, and *ret_class untouched, when no rule fits. */
static bool classify(struct gw_view program, struct gw_view text, struct class *ret_class)
{
    text = gw_view_trim(text);
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        const struct rule *r = &rules[i];
        if (!program_fits(program, r->program) || (r->phrase[0] && !find(text, r->phrase)))
            continue;
        *ret_class = (struct class){
            .cls = r->cls,
            .sev = r->sev,
            .has_res = r->res != 0,
            .res = r->res ? (enum event_res)r->res : EVENT_OK,
            .subj = word_after(text, r->subj_after),
            .obj = word_after(text, r->obj_after),
        };
        return true;
    }
    return false;
}

void event_refine(struct event_view *view)
{
    struct class known;
    if (strcmp(view->cls, EVENT_CLS_TEXT) != 0 || !classify(gw_view_str(view->program), gw_view_str(view->msg), &known))
        return;
    (void)snprintf(view->cls, sizeof(view->cls), "%s", known.cls);
    if (known.sev > view->sev)
        view->sev = known.sev;
    view->has_res = known.has_res;
    view->res = known.res;
    (void)gw_utf8_clean(known.subj, view->subj, sizeof(view->subj));
    (void)gw_utf8_clean(known.obj, view->obj, sizeof(view->obj));
}
