#include "spool_fixture.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "gw_cleanup.h"
#include "log_batch.h"

#define TEST_WALL ((struct gw_wall){1790000000000})

void spool_fixture_init(struct spool_fixture *f, uint64_t max_bytes, uint32_t segment_bytes)
{
    memset(f, 0, sizeof(*f));
    const char *base = gw_test_dir();
    (void)snprintf(f->dir, sizeof(f->dir), "%s/spool", base);
    (void)snprintf(f->epoch_path, sizeof(f->epoch_path), "%s/epoch", base);
    (void)mkdir(f->dir, 0700);
    f->settings = (struct agent_spool_settings){
        .fs = gw_fs_posix(),
        .hash = bulk_hash_ops(),
        .dir = f->dir,
        .epoch_path = f->epoch_path,
        .max_bytes = max_bytes,
        .segment_bytes = segment_bytes,
    };
    GW_ASSERT_OK(agent_spool_open(&f->settings, TEST_WALL, &f->spool, &f->err), &f->err);
}

void spool_fixture_reopen(struct spool_fixture *f)
{
    agent_spool_close(f->spool);
    f->spool = NULL;
    GW_ASSERT_OK(agent_spool_open(&f->settings, TEST_WALL, &f->spool, &f->err), &f->err);
}

void spool_fixture_done(struct spool_fixture *f)
{
    agent_spool_close(f->spool);
    f->spool = NULL;
}

void spool_fixture_add(struct spool_fixture *f, const char *text, unsigned severity)
{
    GW_ASSERT_OK(agent_spool_add(f->spool, gw_view_str(text), severity, TEST_WALL, &f->err), &f->err);
}

void spool_fixture_sync(struct spool_fixture *f)
{
    GW_ASSERT_OK(agent_spool_sync(f->spool, &f->err), &f->err);
}

size_t spool_fixture_seal_all(struct spool_fixture *f)
{
    size_t batches = 0;
    enum gw_rc rc;
    while (!(rc = agent_spool_seal(f->spool, TEST_WALL, &f->err)))
        batches++;
    CU_ASSERT_EQUAL_FATAL(rc, GW_NOT_FOUND);
    spool_fixture_sync(f);
    return batches;
}

void spool_fixture_read(struct spool_fixture *f, uint64_t from, struct gw_buf *ret_lines)
{
    enum gw_rc rc;
    for (;;) {
        GW_CLEANUP(gw_buf_done) struct gw_buf payload;
        gw_buf_init(&payload, LOG_BATCH_BYTES_MAX);
        uint64_t end = 0;
        rc = agent_spool_batch(f->spool, from, &payload, &end, &f->err);
        if (rc)
            break;
        struct log_batch batch;
        struct gw_view event;
        GW_ASSERT_OK(log_batch_parse(gw_buf_view(&payload), &batch, &f->err), &f->err);
        CU_ASSERT_EQUAL(batch.head.first + batch.head.count, end);
        while (log_bundle_next(&batch.bundle, &event)) {
            (void)gw_buf_add_view(ret_lines, event);
            (void)gw_buf_add_u8(ret_lines, '\n');
        }
        from = end;
    }
    CU_ASSERT_EQUAL(rc, GW_NOT_FOUND);
}

void spool_fixture_drain(struct spool_fixture *f, struct gw_buf *ret_lines)
{
    enum gw_rc rc;
    do {
        while (!(rc = agent_spool_seal(f->spool, TEST_WALL, &f->err)))
            ;
        CU_ASSERT_TRUE_FATAL(rc == GW_NOT_FOUND || rc == GW_AGAIN);
        spool_fixture_sync(f);
        struct agent_spool_state state = agent_spool_state(f->spool);
        spool_fixture_read(f, state.freed, ret_lines);
        GW_ASSERT_OK(agent_spool_free(f->spool, state.next, "a checkpoint", &f->err), &f->err);
        spool_fixture_sync(f);
    } while (rc == GW_AGAIN);
}

size_t spool_fixture_files(const struct spool_fixture *f)
{
    size_t count = 0;
    DIR *dir = opendir(f->dir);
    for (struct dirent *d = dir ? readdir(dir) : NULL; d; d = readdir(dir))
        count += strstr(d->d_name, ".seg") != NULL;
    (void)closedir(dir);
    return count;
}

uint64_t spool_fixture_bytes(const struct spool_fixture *f)
{
    uint64_t sum = 0;
    DIR *dir = opendir(f->dir);
    for (struct dirent *d = dir ? readdir(dir) : NULL; d; d = readdir(dir)) {
        struct stat st;
        if (strstr(d->d_name, ".seg") && !fstatat(dirfd(dir), d->d_name, &st, 0))
            sum += (uint64_t)st.st_size;
    }
    (void)closedir(dir);
    return sum;
}
