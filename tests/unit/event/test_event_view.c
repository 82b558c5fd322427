/* What people see of an event: JSON, both kinds of syslog, and anything else. */
#include <stdio.h>
#include <string.h>

#include "classify.h"
#include "event_view.h"
#include "gw_cleanup.h"
#include "gw_test.h"
#include "gw_utf8.h"
#include "syslog_line.h"

#define ARRIVED_MS INT64_C(1711545000000) /* 2024-03-27T13:10:00Z */

static struct event_view view(const char *text)
{
    struct event_view v;
    event_view_parse(gw_view_str(text), (struct gw_wall){ARRIVED_MS}, &v);
    event_refine(&v);
    return v;
}

static void reads_json(void)
{
    struct event_view v =
        view("{\"t\":1711544000123,\"cls\":\"auth.login\",\"sev\":4,\"res\":\"denied\",\"subj\":\"ann\","
             "\"obj\":\"console\",\"msg\":\"no\\nway\",\"boot\":\"b-1\",\"mono\":77,"
             "\"attr\":{\"n\":[1,true,null,{\"a\":\"b\"}]}}");
    CU_ASSERT_EQUAL(v.format, EVENT_JSON);
    CU_ASSERT(v.has_t && v.t.ms == INT64_C(1711544000123) && v.has_mono && v.mono_ms == 77);
    CU_ASSERT(v.sev == EVENT_SEV_HIGH && v.has_res && v.res == EVENT_DENIED);
    CU_ASSERT_STRING_EQUAL(v.cls, "auth.login");
    CU_ASSERT_STRING_EQUAL(v.subj, "ann");
    CU_ASSERT_STRING_EQUAL(v.obj, "console");
    CU_ASSERT_STRING_EQUAL(v.msg, "no way");
    CU_ASSERT_STRING_EQUAL(v.boot, "b-1");
    CU_ASSERT_STRING_EQUAL(v.attr, "{\"n\":[1,true,null,{\"a\":\"b\"}]}");
}

static void forgives_json(void)
{
    struct event_view v =
        view("{\"t\":\"soon\",\"cls\":\"Bad Class\",\"sev\":9,\"res\":3,\"subj\":[1],\"attr\":\"x\"}");
    CU_ASSERT(v.format == EVENT_JSON && !v.has_t && !v.has_res && v.sev == EVENT_SEV_INFO);
    CU_ASSERT_STRING_EQUAL(v.cls, "log.text");
    CU_ASSERT_STRING_EQUAL(v.attr, "");
    CU_ASSERT_EQUAL(view("{\"sev\":\"critical\"}").sev, EVENT_SEV_CRITICAL);
    v = view("{\"cls\":\"a\",\"cls\":\"b\"}"); /* twice the same key: no JSON that we read */
    CU_ASSERT_EQUAL(v.format, EVENT_TEXT);
    CU_ASSERT_STRING_EQUAL(v.msg, "{\"cls\":\"a\",\"cls\":\"b\"}");
}

static void attributes_that_are_too_long_go(void)
{
    char text[3000] = "{\"cls\":\"a.b\",\"attr\":{\"x\":\"";
    size_t at = strlen(text);
    memset(text + at, 'y', 2000);
    memcpy(text + at + 2000, "\"}}", 4);
    struct event_view v = view(text);
    CU_ASSERT_STRING_EQUAL(v.cls, "a.b");
    CU_ASSERT_STRING_EQUAL(v.attr, "");
}

static void reads_rfc5424(void)
{
    struct event_view v = view("<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 "
                               "[ex@32473 iut=\"3\" src=\"App \\\"x\\\"\"][p x=\"1\"] \xef\xbb\xbf'su root' failed");
    CU_ASSERT(v.format == EVENT_RFC5424 && v.sev == EVENT_SEV_CRITICAL);
    CU_ASSERT(v.has_t && v.t.ms == INT64_C(1065910455003));
    CU_ASSERT_STRING_EQUAL(v.program, "su");
    CU_ASSERT_STRING_EQUAL(v.msg, "'su root' failed");
    CU_ASSERT_STRING_EQUAL(v.attr, "{\"ex@32473.iut\":\"3\",\"ex@32473.src\":\"App \\\\\\\"x\\\\\\\"\",\"p.x\":\"1\"}");
    CU_ASSERT_EQUAL(view("<165>1 - - - - - -").format, EVENT_RFC5424);
    static const char *const broken[] = {"<34>1 - h p - m [a b=\"1\" x", "<34>1 - h p - m [a b=1] x", "<34>1 - h p - m",
                                         "<34>1 - h p - m [] x", "<34>1 - h p - m [a b=\"1\"]x"};
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        v = view(broken[i]);
        CU_ASSERT(v.format != EVENT_RFC5424 && v.sev == EVENT_SEV_CRITICAL); /* the priority was readable */
    }
}

static void severities_of_syslog(void)
{
    static const enum event_sev want[8] = {6, 6, 5, 4, 3, 2, 1, 1};
    for (unsigned s = 0; s < 8; s++) {
        char text[64];
        (void)snprintf(text, sizeof(text), "<%u>1 - - - - - - x", 8 * 4 + s);
        CU_ASSERT_EQUAL(view(text).sev, want[s]);
    }
    CU_ASSERT_EQUAL(view("<192>1 - - - - - - x").format, EVENT_TEXT);
    CU_ASSERT_EQUAL(view("<034>1 - - - - - - x").format, EVENT_TEXT);
}

static void reads_auth_log_lines(void)
{
    struct event_view v =
        view("Mar 27 13:06:56 host sshd[1291]: Failed password for invalid user admin from 187.12.249.74 port 4 ssh2");
    CU_ASSERT(v.format == EVENT_RFC3164 && v.has_t && v.t.ms == INT64_C(1711544816000));
    CU_ASSERT_STRING_EQUAL(v.program, "sshd");
    CU_ASSERT_STRING_EQUAL(v.cls, "auth.login");
    CU_ASSERT(v.sev == EVENT_SEV_MEDIUM && v.has_res && v.res == EVENT_FAIL);
    CU_ASSERT_STRING_EQUAL(v.subj, "admin");
    CU_ASSERT_STRING_EQUAL(v.obj, "187.12.249.74");
    v = view(
        "Mar  7 01:02:03 host sudo:   bob : user NOT in sudoers ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/ls");
    CU_ASSERT_STRING_EQUAL(v.cls, "auth.privilege");
    CU_ASSERT(v.sev == EVENT_SEV_CRITICAL && v.res == EVENT_DENIED);
    CU_ASSERT_STRING_EQUAL(v.subj, "bob");
    CU_ASSERT_STRING_EQUAL(v.obj, "/bin/ls");
    v = view("Dec 31 23:59:59 host CRON[1]: pam_unix(cron:session): session opened for user root by (uid=0)");
    CU_ASSERT_STRING_EQUAL(v.cls, "auth.session_open");
    CU_ASSERT_EQUAL(v.t.ms, INT64_C(1704067199000)); /* of the year before */
    v = view("2024-03-27T13:06:56.5+01:00 host login[2]: FAILED LOGIN (1) on '/dev/tty1' FOR 'UNKNOWN'");
    CU_ASSERT(v.format == EVENT_RFC3164 && v.t.ms == INT64_C(1711541216500));
    CU_ASSERT_STRING_EQUAL(v.cls, "auth.login");
}

static void reads_lines_of_other_programs(void)
{
    static const struct {
        const char *line, *cls, *subj, *obj;
        enum event_sev sev;
    } known[] = {
        {"Feb 12 14:10:24 h sshd-session[16379]: Invalid user pascal from 35.188.49.176 port 53502", "auth.login",
         "pascal", "35.188.49.176", EVENT_SEV_LOW},
        {"Sep 30 10:09:23 h kernel: [19955416.5] IN=ens2 OUT= SRC=62.34.17.168 DST=10.73.140.49 PROTO=TCP DPT=80",
         "net.packet", "62.34.17.168", "10.73.140.49", EVENT_SEV_LOW},
        {"<38>Sep 30 10:09:23 h dropbear[7]: Bad PAM password attempt for 'ann' from 192.168.9.163:49242", "auth.login",
         "'ann'", "192.168.9.163:49242", EVENT_SEV_MEDIUM},
        {"Dec  7 14:53:04 h sudo: pam_tally2(sudo:auth): user ann (4001) tally 6, deny 5", "auth.login", "ann", "",
         EVENT_SEV_MEDIUM},
        {"Dec  7 14:53:04 h su-exec: FAILED", "log.text", "", "", EVENT_SEV_INFO},
        {"Dec  7 14:53:04 h sshdx[1]: Invalid user ann from ::1", "log.text", "", "", EVENT_SEV_INFO},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        struct event_view v = view(known[i].line);
        CU_ASSERT_STRING_EQUAL(v.cls, known[i].cls);
        CU_ASSERT_STRING_EQUAL(v.subj, known[i].subj);
        CU_ASSERT_STRING_EQUAL(v.obj, known[i].obj);
        CU_ASSERT_EQUAL(v.sev, known[i].sev);
    }
}

static void anything_else_is_text(void)
{
    struct event_view v = view("");
    CU_ASSERT(v.format == EVENT_TEXT && v.msg[0] == '\0' && v.sev == EVENT_SEV_INFO);
    v = view("  pump \x01 is \xff on \x1b[31m  ");
    CU_ASSERT_EQUAL(v.format, EVENT_TEXT);
    CU_ASSERT_STRING_EQUAL(v.msg, "pump   is ? on  [31m");
    CU_ASSERT_EQUAL(view("Foo 27 13:06:56 host x: y").format, EVENT_TEXT);
    CU_ASSERT_EQUAL(view("Mar 32 13:06:56 host x: y").format, EVENT_TEXT);
    CU_ASSERT_EQUAL(view("{not json").format, EVENT_TEXT);
    static char big[70000];
    memset(big, '{', sizeof(big) - 1);
    v = view(big);
    CU_ASSERT_EQUAL(v.format, EVENT_TEXT);
    CU_ASSERT_EQUAL(strlen(v.msg), EVENT_MSG_MAX - 1);
}

static void a_named_class_is_left_alone(void)
{
    struct event_view v = view("{\"cls\":\"net.close\",\"msg\":\"authentication failure\",\"sev\":1}");
    CU_ASSERT_STRING_EQUAL(v.cls, "net.close");
    CU_ASSERT_EQUAL(v.sev, EVENT_SEV_INFO);
}

static void formats_audit_events(void)
{
    struct audit_event e = {.n = 9,
                            .t = {5},
                            .sev = EVENT_SEV_HIGH,
                            .res = EVENT_DENIED,
                            .cls = "device.revoke",
                            .subj = "user:ann",
                            .obj = "pump-1",
                            .msg = "said \"no\""};
    GW_CLEANUP(gw_buf_done) struct gw_buf out;
    gw_buf_init(&out, 4096);
    CU_ASSERT_EQUAL(event_view_format_audit(&e, &out), GW_OK);
    struct event_view v = view(gw_buf_str(&out));
    CU_ASSERT(v.format == EVENT_JSON && v.t.ms == 5 && v.sev == EVENT_SEV_HIGH && v.res == EVENT_DENIED);
    CU_ASSERT_STRING_EQUAL(v.cls, "device.revoke");
    CU_ASSERT_STRING_EQUAL(v.msg, "said \"no\"");
}

static void utf8_is_strict(void)
{
    static const char *const good[] = {"", "a", "\xc3\xa9", "\xe2\x80\x94", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {
        "\x80", "\xc0\x80", "\xc1\xbf",     "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80",
        "\xc3", "\xe2\x80", "\xf0\x9f\x98", "a\xffz"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        CU_ASSERT(gw_utf8_valid(gw_view_str(good[i])));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CU_ASSERT(!gw_utf8_valid(gw_view_str(bad[i])));
    char out[4];
    CU_ASSERT_EQUAL(gw_utf8_clean(gw_view_str("a\xe2\x80\x94z"), out, sizeof(out)), 1); /* never half a character */
    CU_ASSERT_STRING_EQUAL(out, "a");
    CU_ASSERT_EQUAL(gw_utf8_clean(gw_view_str("\xc2\x85x"), out, sizeof(out)), 2);
    CU_ASSERT_STRING_EQUAL(out, " x");
}

static const struct gw_test_case cases[] = {
    {"reads every member of a JSON event", reads_json},
    {"leaves out what is of the wrong kind", forgives_json},
    {"leaves out attributes that are too long", attributes_that_are_too_long_go},
    {"reads RFC 5424 lines and takes broken ones for text with a priority", reads_rfc5424},
    {"maps the eight severities of syslog", severities_of_syslog},
    {"reads and classifies the lines of an auth.log", reads_auth_log_lines},
    {"classifies what other programs say", reads_lines_of_other_programs},
    {"takes anything else for text, cleaned and cut", anything_else_is_text},
    {"leaves a class alone that the device named", a_named_class_is_left_alone},
    {"writes audit events that read back the same", formats_audit_events},
    {"takes only well-formed UTF-8 for text", utf8_is_strict},
};

int main(void)
{
    return GW_TEST_RUN("event view", cases);
}
