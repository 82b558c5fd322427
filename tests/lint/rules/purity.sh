#!/bin/sh
# gateway/core decides: no clock, no randomness, no I/O, no log, no memory of its own. protocols/wire translates: the
# same, but its JSON library allocates.
. "$(dirname "$0")/../lib.sh"

tracked '^(gateway/core|protocols/wire)/.*\.[ch]$' |
    xargs -r awk -f "$lint_dir/code.awk" -f "$lint_dir/rules/purity.awk" | verdict
