/* The whole state directory on a disk that gets full while a device ships: operators hear it, the device keeps what is
 * not acknowledged, and all goes on by itself when there is room again. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw_cleanup.h"
#include "gw_gateway.h"
#include "gw_test.h"

#define LIMIT_MS    30000
#define WORDS(...)  ((const char *const[]){__VA_ARGS__, NULL})
#define BEFORE      200
#define WHILE_FULL  5000
#define AFTER       50
#define INVITES_MAX 400

static struct gw_gateway gateway;
static struct gw_agent pump;
static char input[200], filler[256], root[64];
static int fifo = -1;

static bool may_mount(void)
{
    return geteuid() == 0 &&
           gw_proc_run(WORDS("unshare", "-m", "mount", "-t", "tmpfs", "-o", "size=1m", "x", "/mnt"), NULL) == 0;
}

/* The CLI where the gateway is: its admin socket lies on the small disk too. */
static int cli(const char *const words[], char **ret_out)
{
    char target[16];
    (void)snprintf(target, sizeof(target), "%d", (int)gw_gateway_child(&gateway, "gatehoused"));
    const char *argv[20] = {"nsenter", "-t", target, "-m", GW_BIN_DIR "/gatehouse", "--socket", gateway.socket};
    size_t n = 7;
    for (size_t i = 0; words[i] && n + 1 < sizeof(argv) / sizeof(argv[0]); i++)
        argv[n++] = words[i];
    argv[n] = NULL;
    return gw_proc_run(argv, ret_out);
}

static size_t count_of(const char *haystack, const char *needle)
{
    size_t n = 0;
    for (const char *at = strstr(haystack, needle); at; at = strstr(at + 1, needle))
        n++;
    return n;
}

static void add_lines(const char *word, int count)
{
    for (int i = 0; i < count; i++)
        CU_ASSERT_FATAL(
            dprintf(fifo, "Mar 27 13:00:00 pump-1 app[7]: %s %d of a line that is long enough to need some room\n",
                    word, i) > 0);
}

/* How many of the lines with this word the journal has. */
static size_t stored(const char *word)
{
    GW_FREE char *raw = NULL;
    if (cli(WORDS("logs", "show", "--device", "pump-1", "--from", "0", "--limit", "10000", "--raw"), &raw))
        return 0;
    return count_of(raw, word);
}

struct wanted {
    const char *word;
    size_t count;
};
static bool all_stored(void *ctx)
{
    const struct wanted *w = ctx;
    return stored(w->word) == w->count;
}

static bool audited(void *ctx)
{
    GW_FREE char *out = NULL;
    return cli(WORDS("logs", "show", "--audit", "--limit", "1000"), &out) == 0 && strstr(out, ctx);
}

static bool restart_on_a_small_disk(void)
{
    char script[1024];
    CU_ASSERT_EQUAL(gw_gateway_stop(&gateway), 0);
    (void)snprintf(script, sizeof(script),
                   "own=$(stat -c %%u:%%g '%s') && cp -a '%s' '%s.kept' && "
                   "mount -t tmpfs -o size=24m,mode=711 state '%s' && cp -a '%s.kept/.' '%s/' && chown $own '%s' && "
                   "exec " GW_BIN_DIR "/gatehoused --config %s --state %s",
                   gateway.state, gateway.state, gateway.state, gateway.state, gateway.state, gateway.state,
                   gateway.state, gateway.config, gateway.state);
    gw_proc_done(&gateway.proc);
    gw_proc_start(&gateway.proc, WORDS("unshare", "-m", "sh", "-c", script), NULL);
    return gw_proc_await(&gateway.proc, "supervisor: ready", LIMIT_MS); /* on the ports that it had */
}

static void fill_disk(void)
{
    static uint8_t chunk[65536];
    (void)snprintf(root, sizeof(root), "/proc/%d/root", (int)gw_gateway_child(&gateway, "gatehoused"));
    (void)snprintf(filler, sizeof(filler), "%s%s/filler", root, gateway.state);
    GW_CLOSE int fd = open(filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    CU_ASSERT_FATAL(fd >= 0);
    for (size_t len = sizeof(chunk); len; len /= 2)
        while (write(fd, chunk, len) == (ssize_t)len)
            continue;
}

/* Acts until one meets the full disk: SQLite has some pages set aside. Returns how many went through. */
static int invite_until_refused(char **ret_refusal)
{
    for (int i = 0; i < INVITES_MAX; i++) {
        char id[32];
        (void)snprintf(id, sizeof(id), "inv-%d", i);
        GW_FREE char *out = NULL;
        if (cli(WORDS("device", "invite", id), &out) != 0) {
            *ret_refusal = GW_TAKE(out);
            return i;
        }
    }
    return INVITES_MAX;
}

static void starts_on_a_small_disk(void)
{
    if (!may_mount()) {
        gw_test_skip("no file system may be mounted here");
        return;
    }
    char toml[320];
    gw_gateway_start(&gateway, NULL);
    CU_ASSERT_FATAL(gw_gateway_await_ready(&gateway) && gw_gateway_claim(&gateway));
    (void)snprintf(input, sizeof(input), "%s/input.log", gw_test_dir());
    CU_ASSERT_FATAL(mkfifo(input, 0600) == 0);
    fifo = open(input, O_RDWR | O_CLOEXEC);
    CU_ASSERT_FATAL(fifo >= 0);
    (void)snprintf(toml, sizeof(toml), "[log]\ninput = \"%s\"\n", input);
    CU_ASSERT_FATAL(gw_agent_make(&pump, &gateway, "pump-1", toml));
    CU_ASSERT_FATAL(restart_on_a_small_disk());
    gw_agent_start(&pump);
    add_lines("before", BEFORE);
    CU_ASSERT(gw_await(all_stored, &(struct wanted){"before", BEFORE}, LIMIT_MS));
}

static void a_full_disk_is_told_and_nothing_is_acknowledged(void)
{
    if (!input[0]) {
        gw_test_skip("no file system may be mounted here");
        return;
    }
    fill_disk();
    add_lines("while", WHILE_FULL);
    GW_FREE char *refusal = NULL, *status = NULL;
    int invited = invite_until_refused(&refusal);
    CU_ASSERT_FATAL(invited < INVITES_MAX && refusal);
    CU_ASSERT_PTR_NOT_NULL(strstr(refusal, "disk is full"));
    CU_ASSERT(gw_proc_await(&gateway.proc, "state.db: ", LIMIT_MS));
    CU_ASSERT(gw_proc_await(&gateway.proc, "nothing is acknowledged until it can be written again", LIMIT_MS));
    CU_ASSERT_EQUAL(cli(WORDS("status"), &status), 0); /* reads go on, the session of the device stands */
    CU_ASSERT_PTR_NOT_NULL(strstr(status, "devices online             1"));
    CU_ASSERT(stored("while") < WHILE_FULL);
}

static void with_room_again_all_goes_on_by_itself(void)
{
    if (!input[0]) {
        gw_test_skip("no file system may be mounted here");
        return;
    }
    GW_FREE char *out = NULL;
    CU_ASSERT_EQUAL(unlink(filler), 0);
    CU_ASSERT(gw_proc_await(&gateway.proc, "writing works again", LIMIT_MS));
    add_lines("after", AFTER);
    CU_ASSERT(gw_await(all_stored, &(struct wanted){"while", WHILE_FULL}, LIMIT_MS));
    CU_ASSERT(gw_await(all_stored, &(struct wanted){"after", AFTER}, LIMIT_MS));
    CU_ASSERT_EQUAL(stored("before"), BEFORE);
    CU_ASSERT_EQUAL(cli(WORDS("device", "invite", "afterwards"), &out), 0);
    CU_ASSERT(gw_await(audited, "on afterwards", LIMIT_MS));
    CU_ASSERT(gw_await(audited, "on journal.db", LIMIT_MS));
    CU_ASSERT(gw_await(audited, "on state.db", LIMIT_MS));
    CU_ASSERT(gw_proc_await(&gateway.proc, "journal.db: writing works again", LIMIT_MS));
    CU_ASSERT(gw_proc_await(&gateway.proc, "state.db: writing works again", LIMIT_MS));
    CU_ASSERT(count_of(gateway.proc.out, "nothing is acknowledged until it can be written again") <= 4);
}

static void ends(void)
{
    if (!input[0]) {
        gw_test_skip("no file system may be mounted here");
        return;
    }
    gw_agent_done(&pump);
    (void)close(fifo);
    CU_ASSERT_EQUAL(gw_gateway_stop(&gateway), 0);
    gw_gateway_done(&gateway);
}

static const struct gw_test_case cases[] = {
    {"starts on a small disk", starts_on_a_small_disk},
    {"a full disk is told and nothing is acknowledged", a_full_disk_is_told_and_nothing_is_acknowledged},
    {"with room again all goes on by itself", with_room_again_all_goes_on_by_itself},
    {"ends", ends},
};

int main(void)
{
    return GW_GATEWAY_TEST_RUN("full disk e2e", cases);
}
