#!/bin/sh
# Builds for release and prints the figures of docs/performance.md: some fifteen minutes, a good two with --quick, which
# only shows that everything works. Nothing passes or fails here.
#
#   sh tests/bench/run.sh [--quick] [machine|journal|ingest|sessions|rest|revoke|live|pages|artifact|rollout|turns]...
#
# ingest is ingest-0, ingest-5 and ingest-30, after the milliseconds that each flush of the gateway takes longer.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
build=${GW_BENCH_BUILD:-$top/build/bench}
quick=
[ "${1:-}" != --quick ] || { quick=--quick && shift; }
cmake -S "$top" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release >/dev/null
cmake --build "$build" --target bench_gateway bench_journal bench_live bench_artifact bench_rollout \
    bench_store bench_turns bench_kinds >/dev/null
[ $# -gt 0 ] || set -- machine journal ingest sessions rest revoke live pages artifact rollout turns

# What a browser loads, compressed as it is served.
page_size() {
    [ -d "$build/web-ui/dist" ] || { echo "  page: this build has none" && return; }
    find "$build/web-ui/dist" -type f | {
        total=0
        while read -r file; do total=$((total + $(gzip -9 -n -c "$file" | wc -c))); done
        echo "  page: $total bytes compressed with gzip, of at most 100000"
    }
}

rollouts() {
    large=100000
    [ -z "$quick" ] || large=5000
    dir=$(mktemp -d "${GW_TEST_ROOT:-/var/tmp}/bench.XXXXXX")
    done=0
    "$build/bin/bench_rollout" && "$build/bin/bench_store" "$dir" 1000 "$large" &&
        "$build/bin/bench_turns" "$dir" "$large" || done=1
    rm -rf "$dir"
    return $done
}

turns() {
    large=100000
    [ -z "$quick" ] || large=21000
    dir=$(mktemp -d "${GW_TEST_ROOT:-/var/tmp}/bench.XXXXXX")
    done=0
    "$build/bin/bench_kinds" "$dir" "$large" || done=1
    rm -rf "$dir"
    return $done
}

measure() {
    case $1 in
    journal) "$build/bin/bench_journal" 40 1 && "$build/bin/bench_journal" 40 4 ;;
    live) if [ "$quick" ]; then "$build/bin/bench_live" 200 40 1; else "$build/bin/bench_live" 200 200 3; fi ;;
    artifact) [ "$quick" ] || "$build/bin/bench_artifact" ;;
    rollout) rollouts ;;
    turns) turns ;;
    rest) "$build/bin/bench_gateway" $quick rest && page_size ;;
    *) "$build/bin/bench_gateway" $quick "$1" ;;
    esac
}

failed=
for part in "$@"; do
    echo "## $part, $(date -u +%H:%M), load $(cut -d' ' -f1 /proc/loadavg)"
    measure "$part" || failed="$failed $part"
done
[ -z "$failed" ] || { echo "could not be measured:$failed" && exit 1; }
