#!/bin/sh
# Builds for release and prints the figures of docs/performance.md: some five minutes. Nothing passes or fails here.
#
#   sh tests/bench/run.sh [machine|journal|ingest|sessions|rest|revoke|live|artifact|rollout]...
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
build=${GW_BENCH_BUILD:-$top/build/bench}
cmake -S "$top" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release >/dev/null
cmake --build "$build" --target bench_gateway bench_journal bench_live bench_artifact bench_rollout \
    bench_store >/dev/null
[ $# -gt 0 ] || set -- machine journal ingest sessions rest revoke live artifact rollout
for part in "$@"; do
    if [ "$part" = journal ]; then
        for window in 1 4; do "$build/bin/bench_journal" 40 "$window"; done
    elif [ "$part" = live ]; then
        "$build/bin/bench_live"
    elif [ "$part" = artifact ]; then
        "$build/bin/bench_artifact"
    elif [ "$part" = rollout ]; then
        "$build/bin/bench_rollout"
        dir=$(mktemp -d "${GW_TEST_ROOT:-/var/tmp}/bench.XXXXXX")
        "$build/bin/bench_store" "$dir" || { rm -rf "$dir" && exit 1; }
        rm -rf "$dir"
    else
        "$build/bin/bench_gateway" "$part"
    fi
done
