#include "mem.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"
#include "mem_impl.h"

static enum gw_rc begin(void *self, struct gw_err *err)
{
    struct mem_face *face = self;
    if (face->begun)
        return gw_err_set(err, GW_INVALID, "begin inside a transaction");
    face->begun = true;
    if (!face->read_only)
        face->mem->audit_n_begun = face->mem->audit_n;
    return GW_OK;
}

static void rollback(void *self)
{
    struct mem_face *face = self;
    struct mem *mem = face->mem;
    if (!face->begun)
        return;
    face->begun = false;
    if (face->read_only)
        return;
    for (size_t i = 0; i < MEM_TABLES; i++) {
        mem_table_keep(&mem->all[i], MEM_MARK);
        mem_table_undo(&mem->all[i], MEM_BEGIN);
    }
    mem->marked = false;
    mem->audit_n = mem->audit_n_begun;
}

static enum gw_rc commit(void *self, struct gw_err *err)
{
    struct mem_face *face = self;
    if (!face->begun)
        return gw_err_set(err, GW_INVALID, "commit outside of a transaction");
    if (face->read_only) {
        face->begun = false;
        return GW_OK;
    }
    if (face->mem->marked) {
        rollback(self);
        return gw_err_set(err, GW_INVALID, "commit inside a mark");
    }
    for (size_t i = 0; i < MEM_TABLES; i++)
        mem_table_keep(&face->mem->all[i], MEM_BEGIN);
    face->begun = false;
    return GW_OK;
}

static enum gw_rc mark(void *self, struct gw_err *err)
{
    struct mem_face *face = self;
    if (face->read_only)
        return gw_err_set(err, GW_DENIED, "the store is open for reading only");
    if (!face->begun || face->mem->marked)
        return gw_err_set(err, GW_INVALID, "mark outside of a transaction or inside another mark");
    face->mem->marked = true;
    face->mem->audit_n_mark = face->mem->audit_n;
    return GW_OK;
}

static enum gw_rc mark_end(void *self, bool keep, struct gw_err *err)
{
    struct mem_face *face = self;
    struct mem *mem = face->mem;
    if (face->read_only || !mem->marked)
        return gw_err_set(err, GW_INVALID, "end of a mark that was not set");
    for (size_t i = 0; i < MEM_TABLES; i++)
        (keep ? mem_table_keep : mem_table_undo)(&mem->all[i], MEM_MARK);
    if (!keep)
        mem->audit_n = mem->audit_n_mark;
    mem->marked = false;
    return GW_OK;
}

enum gw_rc mem_may_write(const struct mem_face *face, struct gw_err *err)
{
    if (face->read_only)
        return gw_err_set(err, GW_DENIED, "the store is open for reading only");
    if (!face->begun)
        return gw_err_set(err, GW_INVALID, "a change of the store outside of a transaction");
    return GW_OK;
}

const struct mem_rows *mem_see(const struct mem_face *face, const struct mem_table *t)
{
    return face->read_only ? mem_table_committed(t) : &t->now;
}

enum gw_rc mem_get(const struct mem_face *face, const struct mem_table *t, const void *like, void *ret_row,
                   struct gw_err *err)
{
    const void *row = mem_rows_find(t, mem_see(face, t), like);
    if (!row)
        return gw_err_set(err, GW_NOT_FOUND, "not in the store");
    memcpy(ret_row, row, t->row_size);
    return GW_OK;
}

enum gw_rc mem_rev(int64_t stored, int64_t *rev, struct gw_err *err)
{
    if (stored != *rev)
        return gw_err_set(err, GW_CONFLICT, "the store holds another revision than %lld", (long long)*rev);
    *rev += 1;
    return GW_OK;
}

void mem_each(const struct mem_face *face, const struct mem_visit *visit, mem_row_fn *fn, void *ctx)
{
    const struct mem_table *t = visit->table;
    const struct mem_rows *rows = mem_see(face, t);
    size_t found = 0;
    /* A copy, because the visitor may read, and so that a careless one cannot pull the rows away. */
    GW_FREE unsigned char *copy = gw_xalloc(rows->count ? rows->count : 1, t->row_size);
    for (size_t i = 0; i < rows->count; i++) {
        const unsigned char *row = rows->ptr + i * t->row_size;
        if (!visit->test || visit->test(row, visit->arg))
            memcpy(copy + found++ * t->row_size, row, t->row_size);
    }
    if (visit->cmp)
        qsort(copy, found, t->row_size, visit->cmp);
    for (size_t i = 0; i < found && (visit->limit < 0 || i < (size_t)visit->limit); i++)
        if (!fn(ctx, copy + i * t->row_size))
            return;
}

int64_t mem_count(const struct mem_face *face, const struct mem_table *t, mem_test_fn *test, const void *arg)
{
    const struct mem_rows *rows = mem_see(face, t);
    int64_t count = 0;
    for (size_t i = 0; i < rows->count; i++)
        count += !test || test(rows->ptr + i * t->row_size, arg);
    return count;
}

static struct store_ops ops;

static void fill_ops(void)
{
    ops.begin = begin;
    ops.commit = commit;
    ops.rollback = rollback;
    ops.mark = mark;
    ops.mark_end = mark_end;
    mem_device_ops(&ops);
    mem_enrol_ops(&ops);
    mem_user_ops(&ops);
    mem_release_ops(&ops);
    mem_alert_ops(&ops);
    mem_rollout_ops(&ops);
    mem_attempt_ops(&ops);
    mem_token_ops(&ops);
}

struct mem *mem_new(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, fill_ops);
    struct mem *mem = gw_xalloc(1, sizeof(*mem));
    mem->writer = (struct mem_face){.mem = mem};
    mem->reader = (struct mem_face){.mem = mem, .read_only = true};
    mem_table_init(&mem->device, sizeof(struct device), mem_cmp_device);
    mem_table_init(&mem->cert, sizeof(struct device_cert), mem_cmp_cert);
    mem_table_init(&mem->invite, sizeof(struct device_invite), mem_cmp_invite);
    mem_table_init(&mem->pending, sizeof(struct device_pending), mem_cmp_pending);
    mem_table_init(&mem->user, sizeof(struct user), mem_cmp_user);
    mem_table_init(&mem->setting, sizeof(struct mem_setting), mem_cmp_setting);
    mem_table_init(&mem->audit, sizeof(struct audit_event), mem_cmp_audit);
    mem_table_init(&mem->vendor_key, sizeof(struct vendor_key), mem_cmp_vendor_key);
    mem_table_init(&mem->release, sizeof(struct mem_release), mem_cmp_release);
    mem_table_init(&mem->product, sizeof(struct release_product), mem_cmp_product);
    mem_table_init(&mem->alert, sizeof(struct alert), mem_cmp_alert);
    mem_table_init(&mem->alert_window, sizeof(struct alert_window), mem_cmp_alert_window);
    mem_table_init(&mem->rollout, sizeof(struct rollout_entry), mem_cmp_rollout);
    mem_table_init(&mem->seat, sizeof(struct mem_seat), mem_cmp_seat);
    mem_table_init(&mem->attempt, sizeof(struct attempt_entry), mem_cmp_attempt);
    mem_table_init(&mem->inventory, sizeof(struct inventory), mem_cmp_inventory);
    mem_table_init(&mem->token, sizeof(struct token), mem_cmp_token);
    return mem;
}

void mem_free(struct mem *mem)
{
    if (!mem)
        return;
    for (size_t i = 0; i < MEM_TABLES; i++)
        mem_table_done(&mem->all[i]);
    free(mem);
}

struct store mem_store(struct mem *mem)
{
    return (struct store){.ops = &ops, .self = &mem->writer};
}

struct store mem_reader(struct mem *mem)
{
    return (struct store){.ops = &ops, .self = &mem->reader};
}
