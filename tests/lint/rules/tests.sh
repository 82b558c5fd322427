#!/bin/sh
# A test can fail, waits for events instead of sleeping, and owns its ports and paths.
. "$(dirname "$0")/../lib.sh"

tracked '^tests/.*\.[ch]$' | xargs -r awk -f "$lint_dir/code.awk" -f "$lint_dir/rules/tests.awk" | verdict
