#include "repo_impl.h"
#include "whole.h"

enum gw_rc whole_repo(struct repo *repo, struct gw_err *err)
{
    return whole_db(repo->db, err);
}
