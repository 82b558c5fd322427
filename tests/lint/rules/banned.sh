#!/bin/sh
# Calls that this house does not make, found as text: gateway/base/gw_banned.h cannot see into macros or clang builds.
. "$(dirname "$0")/../lib.sh"

tracked '\.[ch]$' | grep -v '^gateway/base/gw_banned\.h$' |
    xargs -r awk -f "$lint_dir/code.awk" -f "$lint_dir/rules/banned.awk" | verdict
