/*
 * world: a shop over SQLite, in which the process dies: all that was not committed is gone, and it begins again without
 * a broker.
 */
#pragma once

#include "repo.h"
#include "shop.h"

struct world {
    struct desk d;
    struct repo *repo;
    char path[160];
    struct gw_wall stopped; /* while it is down */
    uint32_t rows_max;      /* of the rollouts' slices; stays over a death */
};

/* `file` lies in gw_test_dir(). rows_max 0: as the service has it. */
void world_open(struct world *w, const char *file, uint32_t rows_max);
void world_close(struct world *w);
/* For those who do something to the file meanwhile. */
void world_down(struct world *w);
void world_up(struct world *w, int64_t away_ms);
/* Both at once. */
void world_die(struct world *w, int64_t away_ms);
/* The turn that `id` is due for; the process dies with its transaction. */
void world_lose_slice(struct world *w, const char *id);
/* The same turn; the process dies behind its commit. */
void world_slice_and_die(struct world *w, const char *id);
