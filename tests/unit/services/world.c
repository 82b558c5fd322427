#include "world.h"

#include <stdio.h>

static void open_repo(struct world *w)
{
    struct gw_err err = {0};
    GW_ASSERT_OK(repo_open(w->path, NULL, &w->repo, &err), &err);
}

static void set_rows(struct world *w)
{
    if (w->rows_max)
        w->d.operate.rollouts.rows_max = w->rows_max;
}

void world_open(struct world *w, const char *file, uint32_t rows_max)
{
    (void)snprintf(w->path, sizeof(w->path), "%s/%s", gw_test_dir(), file);
    w->rows_max = rows_max;
    open_repo(w);
    shop_open_over(&w->d, repo_store(w->repo));
    set_rows(w);
}

void world_close(struct world *w)
{
    desk_close(&w->d);
    repo_close(w->repo);
}

void world_down(struct world *w)
{
    w->stopped = w->d.now;
    world_close(w);
}

void world_up(struct world *w, int64_t away_ms)
{
    open_repo(w);
    desk_open_over(&w->d, repo_store(w->repo));
    w->d.now.ms = w->stopped.ms + away_ms;
    set_rows(w);
}

void world_die(struct world *w, int64_t away_ms)
{
    world_down(w);
    world_up(w, away_ms);
}

void world_lose_slice(struct world *w, const char *id)
{
    struct gw_err err = {0};
    struct turn turn = {.store = &w->d.store, .now = w->d.now};
    GW_ASSERT_OK(w->d.store.ops->begin(w->d.store.self, &err), &err);
    GW_ASSERT_OK(rollouts_due(&w->d.operate.rollouts, &turn, id, &err), &err);
    turn_reset(&turn, 0);
    w->d.store.ops->rollback(w->d.store.self);
    world_die(w, GW_SECOND_MS);
}

void world_slice_and_die(struct world *w, const char *id)
{
    w->d.due_count = 0;
    (void)snprintf(w->d.due[w->d.due_count++], sizeof(w->d.due[0]), "%s", id);
    w->d.dies = true;
    desk_settle(&w->d);
    world_die(w, GW_SECOND_MS);
}
