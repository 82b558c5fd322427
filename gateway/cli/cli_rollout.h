/*
 * cli_rollout: what the files of the commands on rollouts share.
 */
#pragma once

#include "cli.h"

/* A rollout, or a preview of one, with its waves; a list of attempts. */
void cli_rollout_print(struct cli *cli, const struct json_value *rollout);
/* One line: state and sums; what `rollout watch` prints. */
void cli_rollout_print_line(struct cli *cli, const struct json_value *rollout);

#define CLI_ATTEMPT_COLUMNS 8
extern const char *const cli_attempt_titles[CLI_ATTEMPT_COLUMNS];
extern const char *const cli_attempt_keys[CLI_ATTEMPT_COLUMNS];
