#!/bin/sh
# tests/lint/run.sh [root]: runs every rule over the tracked files of a source tree and prints a line for each:
# "ok - lint: rule" or "not ok - lint: rule: file:line: why". Exit status: 0 when all hold.
here=$(cd "$(dirname "$0")" && pwd)
root=${1:-$here/../..}
failed=0
for rule in "$here"/rules/*.sh; do
    name=$(basename "$rule" .sh)
    if breaches=$(sh "$rule" "$root" 2>&1); then
        echo "ok - lint: $name"
    else
        echo "${breaches:-the rule itself failed}" | sed "s/^/not ok - lint: $name: /"
        failed=1
    fi
done
exit $failed
