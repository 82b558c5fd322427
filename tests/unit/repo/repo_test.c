/* What is special about the store over a file: readers beside the writer, threads, and a file that was tampered with.
 */
#include "repo.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw_cleanup.h"
#include "gw_proc.h"
#include "gw_test.h"
#include "whole.h"

static struct gw_err err;
static char path[128];

static void fresh(void)
{
    (void)snprintf(path, sizeof(path), "%s/state.db", gw_test_dir());
}

static struct repo *open_repo(const struct repo_options *options)
{
    struct repo *repo = NULL;
    GW_ASSERT_OK(repo_open(path, options, &repo, &err), &err);
    return repo;
}

static enum gw_rc put_devices(struct store st, int first, int count, enum device_state state)
{
    enum gw_rc rc = st.ops->begin(st.self, &err);
    for (int i = first; !rc && i < first + count; i++) {
        struct device d = {.state = state};
        struct device_cert c = {.der_len = 700};
        (void)snprintf(d.id.text, sizeof(d.id.text), "dev-%04d", i);
        c.device = d.id;
        memset(&c.sha256, i & 0xff, sizeof(c.sha256));
        struct device stored;
        if (st.ops->device_get(st.self, &d.id, &stored, &err) == GW_OK)
            d.rev = stored.rev;
        rc = st.ops->device_put(st.self, &d, &err);
        if (!rc)
            rc = st.ops->cert_put(st.self, &c, &err);
    }
    if (rc)
        st.ops->rollback(st.self);
    return rc ? rc : st.ops->commit(st.self, &err);
}

static void reads_after_the_writer_has_gone(void)
{
    struct repo_options reading = {.read_only = true};
    struct repo *repo = NULL;
    int64_t count = 0;
    fresh();
    CU_ASSERT_EQUAL(repo_open(path, &reading, &repo, &err), GW_NOT_FOUND);
    repo = open_repo(NULL);
    GW_ASSERT_OK(put_devices(repo_store(repo), 0, 3, DEVICE_ACTIVE), &err);
    repo_close(repo);
    repo = open_repo(&reading);
    struct store st = repo_store(repo);
    GW_ASSERT_OK(st.ops->device_count(st.self, DEVICE_ACTIVE, &count, &err), &err);
    CU_ASSERT_EQUAL(count, 3);
    repo_close(repo);
    repo_close(NULL);
}

static void a_reader_keeps_one_snapshot_between_begin_and_commit(void)
{
    struct repo_options reading = {.read_only = true};
    int64_t count = 0;
    fresh();
    struct repo *writer = open_repo(NULL), *reader = open_repo(&reading);
    struct store st = repo_store(reader);
    GW_ASSERT_OK(st.ops->begin(st.self, &err), &err);
    GW_ASSERT_OK(st.ops->device_count(st.self, DEVICE_ACTIVE, &count, &err), &err);
    GW_ASSERT_OK(put_devices(repo_store(writer), 0, 3, DEVICE_ACTIVE), &err);
    GW_ASSERT_OK(st.ops->device_count(st.self, DEVICE_ACTIVE, &count, &err), &err);
    CU_ASSERT_EQUAL(count, 0);
    GW_ASSERT_OK(st.ops->commit(st.self, &err), &err);
    GW_ASSERT_OK(st.ops->device_count(st.self, DEVICE_ACTIVE, &count, &err), &err);
    CU_ASSERT_EQUAL(count, 3);
    repo_close(reader);
    repo_close(writer);
}

/* A commit turns all ten devices over at once: no reader may ever see some of each. */
struct watch {
    atomic_bool stop;
    atomic_int looks, torn, failed;
};

static void *watch_thread(void *arg)
{
    struct watch *w = arg;
    struct repo_options reading = {.read_only = true};
    struct repo *repo = NULL;
    struct gw_err own;
    if (repo_open(path, &reading, &repo, &own)) {
        w->failed++;
        return NULL;
    }
    struct store st = repo_store(repo);
    while (!w->stop) {
        int64_t active = -1, quarantined = -1;
        if (st.ops->begin(st.self, &own) || st.ops->device_count(st.self, DEVICE_ACTIVE, &active, &own) ||
            st.ops->device_count(st.self, DEVICE_QUARANTINED, &quarantined, &own) || st.ops->commit(st.self, &own))
            w->failed++;
        w->torn += active + quarantined != 10 || (active != 0 && quarantined != 0);
        w->looks++;
    }
    repo_close(repo);
    return NULL;
}

static void readers_in_other_threads_see_whole_commits(void)
{
    struct watch w = {0};
    pthread_t threads[2];
    fresh();
    struct repo_options small = {.wal_max_bytes = 65536};
    struct repo *writer = open_repo(&small);
    GW_ASSERT_OK(put_devices(repo_store(writer), 0, 10, DEVICE_ACTIVE), &err);
    for (int i = 0; i < 2; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, watch_thread, &w), 0);
    for (int i = 0; i < 300 || w.looks < 50; i++) {
        enum gw_rc rc = put_devices(repo_store(writer), 0, 10, i % 2 ? DEVICE_ACTIVE : DEVICE_QUARANTINED);
        gw_test_note(rc, &err, "turn over");
        CU_ASSERT_EQUAL(rc, GW_OK);
        if (rc || w.failed)
            break;
    }
    w.stop = true;
    for (int i = 0; i < 2; i++)
        (void)pthread_join(threads[i], NULL);
    CU_ASSERT_EQUAL(w.torn, 0);
    CU_ASSERT_EQUAL(w.failed, 0);
    CU_ASSERT(w.looks > 0);
    repo_close(writer);
}

static void tamper(const char *sql)
{
    const char *const argv[] = {"sqlite3", path, "PRAGMA ignore_check_constraints = ON;", sql, NULL};
    CU_ASSERT_EQUAL(gw_proc_run(argv, NULL), 0);
}

static bool any_device(void *ctx, const struct device *device)
{
    (void)device;
    ++*(int *)ctx;
    return true;
}

static bool any_cert(void *ctx, const struct device_cert *cert)
{
    (void)cert;
    ++*(int *)ctx;
    return true;
}

/* The code that a walk over everything ends with. */
static enum gw_rc walk(struct store st, int *seen)
{
    enum gw_rc rc = st.ops->device_each(st.self, NULL, 10000, any_device, seen, &err);
    for (unsigned i = 0; !rc && i < 5; i++) {
        struct gw_device_id id;
        (void)snprintf(id.text, sizeof(id.text), "dev-%04u", i);
        rc = st.ops->cert_each_of(st.self, &id, any_cert, seen, &err);
    }
    return rc;
}

static void calls_a_row_that_breaks_its_rules_corrupt(void)
{
    static const char *const tampers[] = {
        "UPDATE device SET state = 99 WHERE id = 'dev-0003'",
        "UPDATE device SET rev = 0 WHERE id = 'dev-0003'",
        "UPDATE device SET name = printf('%.*c', 200, 'x') WHERE id = 'dev-0003'",
        "UPDATE device SET id = printf('%.*c', 70, 'x') WHERE id = 'dev-0003'",
        "UPDATE cert SET serial = x'00' WHERE device = 'dev-0003'",
        "UPDATE cert SET used = 2 WHERE device = 'dev-0003'",
        "UPDATE cert SET der = zeroblob(2049) WHERE device = 'dev-0003'",
    };
    for (size_t i = 0; i < sizeof(tampers) / sizeof(tampers[0]); i++) {
        int seen = 0;
        fresh();
        struct repo *repo = open_repo(NULL);
        GW_ASSERT_OK(put_devices(repo_store(repo), 0, 5, DEVICE_ACTIVE), &err);
        GW_ASSERT_OK(walk(repo_store(repo), &seen), &err);
        CU_ASSERT_EQUAL(seen, 10);
        repo_close(repo);
        tamper(tampers[i]);
        repo = open_repo(NULL);
        CU_ASSERT_EQUAL(walk(repo_store(repo), &seen), GW_CORRUPT);
        CU_ASSERT(seen < 20);
        repo_close(repo);
    }
}

static struct rollout_entry some_rollout(void)
{
    struct rollout_entry e = {.release = "0123456789abcdef", .product = "pump", .version = "2", .release_counter = 2};
    memcpy(e.id, "ro-aaaaaaaaaaaaaaaa", sizeof(e.id));
    rollout_plan_init(&e.plan);
    e.plan.wave_count = e.rollout.wave_count = 1;
    e.plan.waves[0] = (struct rollout_wave_plan){
        .select = ROLLOUT_SELECT_REST, .max_concurrent = 1, .gate = {.min_sample = 1, .unreachable_pct = 100}};
    e.rollout.state = ROLLOUT_RUNNING;
    e.rollout.waves[0] = (struct rollout_wave){.state = ROLLOUT_WAVE_OPEN, .total = 1, .count[ATTEMPT_OK] = 1};
    return e;
}

static struct attempt_entry some_attempt(void)
{
    struct attempt_entry e = {.device = {"dev-0001"}, .attempt = {.state = ATTEMPT_OK}, .before_version = "1"};
    struct rollout_entry r = some_rollout();
    memcpy(e.rollout, r.id, sizeof(e.rollout));
    attempt_id_format(r.id, 1, e.id);
    return e;
}

/* The worst that reading all of them says. */
static enum gw_rc read_rollouts(struct store st)
{
    struct rollout_entry r = some_rollout();
    struct attempt_entry a = some_attempt();
    struct inventory i = {.device = {"dev-0001"}};
    enum gw_rc rc = st.ops->rollout_get(st.self, r.id, &r, &err);
    if (!rc)
        rc = st.ops->attempt_get(st.self, a.id, &a, &err);
    return rc ? rc : st.ops->inventory_get(st.self, &i.device, &i, &err);
}

static void put_rollouts(struct store st)
{
    struct rollout_entry r = some_rollout();
    struct attempt_entry a = some_attempt();
    struct inventory i = {.device = {"dev-0001"}, .product = "pump"};
    GW_ASSERT_OK(st.ops->begin(st.self, &err), &err);
    GW_ASSERT_OK(st.ops->rollout_add(st.self, &r, &err), &err);
    GW_ASSERT_OK(st.ops->attempt_add(st.self, &a, &err), &err);
    GW_ASSERT_OK(st.ops->inventory_put(st.self, &i, &err), &err);
    GW_ASSERT_OK(st.ops->commit(st.self, &err), &err);
}

struct passed {
    struct rollout_entry entry;
    int count;
};

static bool take_rollout(void *ctx, const struct rollout_entry *entry)
{
    struct passed *p = ctx;
    p->entry = *entry;
    p->count++;
    return true;
}

/* A row whose plan or counters cannot be read is passed by its names: it stands in nobody else's way. */
static void passes_a_damaged_rollout_by_its_names(void)
{
    static const char *const tampers[] = {"UPDATE rollout SET plan = x'', timer = 5",
                                          "UPDATE rollout SET progress = x'00', timer = 5",
                                          "UPDATE rollout SET counter = 0, timer = 5"};
    const struct rollout_entry was = some_rollout();
    for (size_t i = 0; i < sizeof(tampers) / sizeof(tampers[0]); i++) {
        struct passed live = {.count = 0}, due = {.count = 0};
        fresh();
        struct repo *repo = open_repo(NULL);
        put_rollouts(repo_store(repo));
        repo_close(repo);
        tamper(tampers[i]);
        repo = open_repo(NULL);
        struct store st = repo_store(repo);
        GW_ASSERT_OK(st.ops->rollout_each_live(st.self, NULL, take_rollout, &live, &err), &err);
        GW_ASSERT_OK(st.ops->rollout_due(st.self, (struct gw_wall){9}, 9, take_rollout, &due, &err), &err);
        CU_ASSERT(live.count == 1 && due.count == 1 && live.entry.damaged && due.entry.damaged);
        CU_ASSERT_STRING_EQUAL(live.entry.id, was.id);
        CU_ASSERT_STRING_EQUAL(live.entry.release, was.release);
        CU_ASSERT_STRING_EQUAL(live.entry.product, was.product);
        CU_ASSERT(due.entry.timer.ms == 5 && due.entry.created.ms == was.created.ms && due.entry.rollout.state == 0);
        repo_close(repo);
    }
    tamper("UPDATE rollout SET id = printf('%.*c', 40, 'x')"); /* nobody knows which one it is */
    struct repo *repo = open_repo(NULL);
    struct store st = repo_store(repo);
    struct passed none = {.count = 0};
    CU_ASSERT_EQUAL(st.ops->rollout_each_live(st.self, NULL, take_rollout, &none, &err), GW_CORRUPT);
    CU_ASSERT_EQUAL(none.count, 0);
    repo_close(repo);
}

static void calls_a_damaged_rollout_corrupt(void)
{
    static const char *const tampers[] = {
        "UPDATE rollout SET plan = x'', state = state",
        "UPDATE rollout SET plan = CAST(x'03' || substr(plan, 2) AS BLOB)",
        "UPDATE rollout SET plan = CAST(x'01' || substr(plan, 2) AS BLOB)", /* has no place for a query */
        "UPDATE rollout SET plan = CAST(substr(plan, 1, 22) || x'01' || substr(plan, 24) AS BLOB)",
        "UPDATE rollout SET plan = CAST(plan || x'00' AS BLOB)",
        "UPDATE rollout SET plan = zeroblob(length(plan))",
        "UPDATE rollout SET progress = substr(progress, 1, length(progress) - 1)",
        "UPDATE rollout SET progress = CAST(x'0111' || substr(progress, 3) AS BLOB)", /* more states than there are */
        "UPDATE rollout SET progress = CAST(x'011002' || substr(progress, 4) AS BLOB)",
        "UPDATE rollout SET state = 10",
        "UPDATE rollout SET counter = 0",
        "UPDATE rollout SET reason = printf('%.*c', 300, 'x')",
        "UPDATE attempt SET state = 17",
        "UPDATE attempt SET code = 99",
        "UPDATE attempt SET wave = 32",
        "UPDATE attempt SET breaks = 256",
        "UPDATE attempt SET taken = 2",
        "UPDATE attempt SET boot_before = printf('%.*c', 99, 'x')",
        "UPDATE attempt SET before_release = printf('%.*c', 17, 'x')",
        "UPDATE inventory SET job_n = -1",
        "UPDATE inventory SET attributes = printf('%.*c', 4097, 'x')",
        "UPDATE inventory SET release = printf('%.*c', 17, 'x')",
    };
    for (size_t i = 0; i < sizeof(tampers) / sizeof(tampers[0]); i++) {
        fresh();
        struct repo *repo = open_repo(NULL);
        put_rollouts(repo_store(repo));
        GW_ASSERT_OK(read_rollouts(repo_store(repo)), &err);
        repo_close(repo);
        tamper(tampers[i]);
        repo = open_repo(NULL);
        enum gw_rc rc = read_rollouts(repo_store(repo));
        if (rc != GW_CORRUPT)
            printf("# %s\n", tampers[i]);
        CU_ASSERT_EQUAL(rc, GW_CORRUPT);
        repo_close(repo);
    }
}

/* As it was written before waves had queries. */
static void reads_a_plan_of_version_1(void)
{
    struct rollout_entry r = some_rollout(), got;
    fresh();
    struct repo *repo = open_repo(NULL);
    put_rollouts(repo_store(repo));
    repo_close(repo);
    tamper("UPDATE rollout SET plan = CAST(x'01' || substr(plan, 2, 21) || substr(plan, 24) AS BLOB)");
    repo = open_repo(NULL);
    struct store st = repo_store(repo);
    GW_ASSERT_OK(st.ops->rollout_get(st.self, r.id, &got, &err), &err);
    CU_ASSERT_EQUAL(got.plan.waves[0].select, ROLLOUT_SELECT_REST);
    CU_ASSERT_STRING_EQUAL(got.plan.waves[0].query, "");
    CU_ASSERT_EQUAL(got.plan.back_concurrent, r.plan.back_concurrent);
    repo_close(repo);
}

static void a_lost_counter_is_corrupt(void)
{
    fresh();
    repo_close(open_repo(NULL));
    tamper("DELETE FROM counter");
    struct repo *repo = open_repo(NULL);
    struct store st = repo_store(repo);
    struct audit_event e = {.sev = EVENT_SEV_INFO, .res = EVENT_OK};
    GW_ASSERT_OK(st.ops->begin(st.self, &err), &err);
    CU_ASSERT_EQUAL(st.ops->audit_put(st.self, &e, &err), GW_CORRUPT);
    st.ops->rollback(st.self);
    repo_close(repo);
}

static uint64_t draw(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

static void damage(uint64_t *seed)
{
    struct stat st;
    GW_CLOSE int fd = open(path, O_RDWR | O_CLOEXEC);
    CU_ASSERT_EQUAL_FATAL(fstat(fd, &st), 0);
    for (uint64_t n = 1 + draw(seed) % 40; n > 0; n--) {
        uint8_t byte = (uint8_t)draw(seed);
        CU_ASSERT_EQUAL(pwrite(fd, &byte, 1, (off_t)(draw(seed) % (uint64_t)st.st_size)), 1);
    }
    if (draw(seed) % 8 == 0)
        CU_ASSERT_EQUAL(ftruncate(fd, (off_t)(draw(seed) % (uint64_t)st.st_size)), 0);
}

/* Whatever a damaged file says: an answer or an error, and never anything else. */
static void survives_damaged_files(void)
{
    int found = 0, refused = 0;
    GW_CLEANUP(gw_buf_done) struct gw_buf good;
    gw_buf_init(&good, 4 << 20);
    fresh();
    struct repo *repo = open_repo(NULL);
    GW_ASSERT_OK(put_devices(repo_store(repo), 0, 200, DEVICE_ACTIVE), &err);
    repo_close(repo);
    GW_ASSERT_OK(gw_fs_read_file(path, &good, &err), &err);
    for (uint64_t seed = 0; seed < 300; seed++) {
        uint64_t state = seed;
        int seen = 0;
        GW_ASSERT_OK(gw_fs_replace(gw_fs_posix(), path, gw_buf_view(&good), 0600, &err), &err);
        damage(&state);
        repo = NULL;
        if (repo_open(path, NULL, &repo, &err)) {
            refused++;
            continue;
        }
        found += whole_repo(repo, &err) == GW_CORRUPT;
        (void)walk(repo_store(repo), &seen);
        (void)put_devices(repo_store(repo), 150, 100, DEVICE_ACTIVE);
        repo_close(repo);
    }
    printf("#   300 damaged files: %d refused, %d found by the check\n", refused, found);
    CU_ASSERT(refused + found > 200);
}

/* As a file of the version before was: the token that opened /metrics goes on opening it. */
static void reads_counters_of_version_1(void)
{
    struct rollout_entry r = some_rollout(), got;
    fresh();
    struct repo *repo = open_repo(NULL);
    put_rollouts(repo_store(repo));
    repo_close(repo);
    tamper("UPDATE rollout SET progress = CAST(x'01' || substr(progress, 2, length(progress) - 15) AS BLOB)");
    repo = open_repo(NULL);
    struct store st = repo_store(repo);
    GW_ASSERT_OK(st.ops->rollout_get(st.self, r.id, &got, &err), &err);
    CU_ASSERT(got.rollout.waves[0].total == r.rollout.waves[0].total && got.rollout.rest.unplanned == 0 &&
              got.rollout.rest.old_back == 0 && !got.rollout.rest.holders);
    repo_close(repo);
    tamper("UPDATE rollout SET progress = CAST(x'02' || substr(progress, 2) AS BLOB)"); /* and says it had them */
    repo = open_repo(NULL);
    st = repo_store(repo);
    CU_ASSERT_EQUAL(st.ops->rollout_get(st.self, r.id, &got, &err), GW_CORRUPT);
    repo_close(repo);
}

static void takes_the_old_token_for_metrics_over(void)
{
    struct token t = {.name = ""};
    GW_CLEANUP(gw_buf_done) struct gw_buf left;
    gw_buf_init(&left, 64);
    fresh();
    repo_close(open_repo(NULL));
    tamper("DROP TABLE seats; CREATE INDEX attempt_replanned ON attempt (rollout); DROP TABLE token; "
           "ALTER TABLE release_entry DROP COLUMN damaged; PRAGMA user_version = 6; "
           "INSERT INTO setting VALUES ('metrics.token', x'"
           "0707070707070707070707070707070707070707070707070707070707070707')");
    struct repo *repo = open_repo(NULL);
    struct store st = repo_store(repo);
    GW_ASSERT_OK(st.ops->token_get(st.self, TOKEN_METRICS_NAME, &t, &err), &err);
    CU_ASSERT_EQUAL(t.role, TOKEN_METRICS);
    CU_ASSERT(t.sha256.bytes[0] == 7 && t.sha256.bytes[31] == 7 && t.expires.ms == 0 && t.made_by[0] == '\0');
    CU_ASSERT_EQUAL(st.ops->setting_get(st.self, "metrics.token", &left, &err), GW_NOT_FOUND);
    repo_close(repo);
}

static const struct gw_test_case cases[] = {
    {"reads after the writer has gone", reads_after_the_writer_has_gone},
    {"keeps one snapshot for a reader between begin and commit", a_reader_keeps_one_snapshot_between_begin_and_commit},
    {"shows readers in other threads whole commits", readers_in_other_threads_see_whole_commits},
    {"calls a row that breaks its rules corrupt", calls_a_row_that_breaks_its_rules_corrupt},
    {"passes a damaged rollout by its names", passes_a_damaged_rollout_by_its_names},
    {"calls a damaged rollout corrupt", calls_a_damaged_rollout_corrupt},
    {"reads a plan of version 1", reads_a_plan_of_version_1},
    {"reads counters of version 1", reads_counters_of_version_1},
    {"calls a lost counter corrupt", a_lost_counter_is_corrupt},
    {"takes the old token for metrics over", takes_the_old_token_for_metrics_over},
    {"survives damaged files", survives_damaged_files},
};

int main(void)
{
    return GW_TEST_RUN("store over a file, its own", cases);
}
