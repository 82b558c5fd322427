#!/bin/sh
# Builds for release and prints the figures of docs/performance.md: some fifteen minutes, a good two with --quick, which
# only shows that everything works. Nothing passes or fails here.
#
#   sh tests/bench/run.sh [--quick] [machine|journal|ingest|sessions|rest|revoke|live|pages|artifact|rollout]...
#
# ingest is ingest-0, ingest-5 and ingest-30, after the milliseconds that each flush of the gateway takes longer.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
build=${GW_BENCH_BUILD:-$top/build/bench}
quick=
[ "${1:-}" != --quick ] || { quick=--quick && shift; }
cmake -S "$top" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release >/dev/null
cmake --build "$build" --target bench_gateway bench_journal bench_live bench_artifact bench_rollout \
    bench_store bench_turns >/dev/null
[ $# -gt 0 ] || set -- machine journal ingest sessions rest revoke live pages artifact rollout

# What a browser loads, compressed as it is served.
page_size() {
    [ -d "$build/web-ui/dist" ] || { echo "  page: this build has none" && return; }
    find "$build/web-ui/dist" -type f | {
        total=0
        while read -r file; do total=$((total + $(gzip -9 -n -c "$file" | wc -c))); done
        echo "  page: $total bytes compressed with gzip, of at most 100000"
    }
}

for part in "$@"; do
    echo "## $part, $(date -u +%H:%M), load $(cut -d' ' -f1 /proc/loadavg)"
    if [ "$part" = journal ]; then
        for window in 1 4; do "$build/bin/bench_journal" 40 "$window"; done
    elif [ "$part" = live ]; then
        if [ "$quick" ]; then "$build/bin/bench_live" 200 40 1; else "$build/bin/bench_live" 200 200 3; fi
    elif [ "$part" = artifact ]; then
        [ "$quick" ] || "$build/bin/bench_artifact"
    elif [ "$part" = rollout ]; then
        "$build/bin/bench_rollout"
        large=100000
        [ -z "$quick" ] || large=5000
        dir=$(mktemp -d "${GW_TEST_ROOT:-/var/tmp}/bench.XXXXXX")
        "$build/bin/bench_store" "$dir" 1000 "$large" && "$build/bin/bench_turns" "$dir" "$large" ||
            { rm -rf "$dir" && exit 1; }
        rm -rf "$dir"
    else
        "$build/bin/bench_gateway" $quick "$part"
    fi
    [ "$part" != rest ] || page_size
done
