/*
 * cli_plan: a rollout's plan from the command line: short options for the usual, a file for everything
 * (docs/rollouts.md, "The plan").
 *
 *     --wave 1% --wave 20% --wave list:canaries.txt --wave rest
 */
#pragma once

#include "cli.h"

#define CLI_PLAN_MAX (768 * 1024) /* bytes of a plan's file, and of the order that is made of it */

/* Appends {"release","name"?,"plan"} out of the first word and the options. */
enum cli_exit cli_plan_order(struct cli *cli, struct gw_buf *ret_body);
