/* Tokens of programs. */
#include <string.h>

#include "mem_impl.h"

int mem_cmp_token(const void *a, const void *b)
{
    return strcmp(((const struct token *)a)->name, ((const struct token *)b)->name);
}

static const struct token *with_digest(const struct mem_rows *rows, const struct gw_sha256 *sha256)
{
    const struct token *all = (const struct token *)(const void *)rows->ptr;
    for (size_t i = 0; i < rows->count; i++)
        if (gw_sha256_eq(&all[i].sha256, sha256))
            return &all[i];
    return NULL;
}

static enum gw_rc token_put(void *self, const struct token *token, struct gw_err *err)
{
    struct mem_face *face = self;
    enum gw_rc rc = mem_may_write(face, err);
    if (!rc)
        rc = store_check_token(token, err);
    if (rc)
        return rc;
    const struct token *same = with_digest(&face->mem->token.now, &token->sha256);
    if (same && strcmp(same->name, token->name) != 0)
        return gw_err_set(err, GW_EXISTS, "another token has this digest");
    mem_table_put(&face->mem->token, token, face->mem->marked);
    return GW_OK;
}

static enum gw_rc token_get(void *self, const char *name, struct token *ret_token, struct gw_err *err)
{
    const struct mem_face *face = self;
    struct token like = {0};
    if (gw_view_copy_str(gw_view_str(name), like.name, sizeof(like.name)) != GW_OK)
        return gw_err_set(err, GW_NOT_FOUND, "not in the store");
    return mem_get(face, &face->mem->token, &like, ret_token, err);
}

static enum gw_rc token_find(void *self, const struct gw_sha256 *sha256, struct token *ret_token, struct gw_err *err)
{
    const struct mem_face *face = self;
    const struct token *found = with_digest(mem_see(face, &face->mem->token), sha256);
    if (!found)
        return gw_err_set(err, GW_NOT_FOUND, "not in the store");
    *ret_token = *found;
    return GW_OK;
}

struct token_visit {
    store_token_fn *fn;
    void *ctx;
};

static bool pass_token(void *ctx, const void *row)
{
    const struct token_visit *v = ctx;
    return v->fn(v->ctx, row);
}

static enum gw_rc token_each(void *self, store_token_fn *fn, void *ctx, struct gw_err *err)
{
    const struct mem_face *face = self;
    (void)err;
    struct token_visit v = {fn, ctx};
    struct mem_visit visit = {.table = &face->mem->token, .limit = -1};
    mem_each(face, &visit, pass_token, &v);
    return GW_OK;
}

static bool has_name(const void *row, const void *name)
{
    return strcmp(((const struct token *)row)->name, name) == 0;
}

static enum gw_rc token_delete(void *self, const char *name, struct gw_err *err)
{
    struct mem_face *face = self;
    enum gw_rc rc = mem_may_write(face, err);
    if (!rc)
        mem_table_delete(&face->mem->token, has_name, name, face->mem->marked);
    return rc;
}

void mem_token_ops(struct store_ops *ops)
{
    ops->token_put = token_put;
    ops->token_get = token_get;
    ops->token_find = token_find;
    ops->token_each = token_each;
    ops->token_delete = token_delete;
}
