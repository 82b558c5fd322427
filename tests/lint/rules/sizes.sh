#!/bin/sh
# A function has at most 80 lines, a file 800 (a test 1200, a header 400: its aim is 200). Scripts are held to the same:
# those of the page, of its tests and of the shell.
. "$(dirname "$0")/../lib.sh"

tracked '\.([ch]|mjs|js|ts|svelte|sh)$' | xargs -r awk -f "$lint_dir/rules/sizes.awk" | verdict
