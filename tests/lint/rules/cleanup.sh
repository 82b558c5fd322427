#!/bin/sh
# No return before a variable that is released at the end of its scope holds something.
. "$(dirname "$0")/../lib.sh"

tracked '\.[ch]$' | xargs -r awk -f "$lint_dir/code.awk" -f "$lint_dir/rules/cleanup.awk" | verdict
