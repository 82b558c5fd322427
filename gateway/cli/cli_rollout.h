/*
 * cli_rollout: what the files of the commands on rollouts share.
 */
#pragma once

#include "cli.h"
#include "cli_table.h"

/* A rollout, or a preview of one, with its waves; a list of attempts. */
void cli_rollout_print(struct cli *cli, const struct json_value *rollout);
/* One line: state and sums; what `rollout watch` prints. */
void cli_rollout_print_line(struct cli *cli, const struct json_value *rollout);

/* cli_list.cell of rollouts: the sums of the way back; and of attempts: no progress of what has ended. */
bool cli_rollout_cell(struct cli_table *t, const struct json_value *rollout, const char *key);
bool cli_attempt_cell(struct cli_table *t, const struct json_value *attempt, const char *key);

#define CLI_ATTEMPT_COLUMNS 8
extern const char *const cli_attempt_titles[CLI_ATTEMPT_COLUMNS];
extern const char *const cli_attempt_keys[CLI_ATTEMPT_COLUMNS];
