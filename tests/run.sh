#!/bin/sh
# tests/run.sh [step …]: installs what the tests need, builds, runs every test, and ends with one line
# "N passed, N failed, N skipped". Exit status: 0 when nothing failed and every skip is on tests/skips.txt.
#
# Steps, all of them in this order when none is named:
#   deps     packages (rootfs/deps.sh) and, as root, the gateway's users (rootfs/users.sh)
#   lint     the rules of the house, and the proof that they bite (tests/lint)
#   format   clang-format over every C file
#   release  the release build, warnings being errors, and every test of it
#   clang    everything as clang sees it, warnings being errors, and the fuzz targets' corpora through libFuzzer itself
#   tidy     clang-tidy over the product's C files; what has not changed since it passed is not looked at again
#   asan     the same tests under AddressSanitizer and UBSan, whole gateways among them, but for the label "nosan"
#   tsan     the tests with the label "threads" under ThreadSanitizer
#
# Every result is a line "ok - …", "not ok - …" or "skip - … # why". Needs nothing but git and root on a fresh Debian;
# reads no stdin; leaves nothing running and nothing behind but build/ and the tools of web-ui/ (node_modules).

exec </dev/null
umask 022 # the gateway's users must be able to start what is built here
LC_ALL=C.UTF-8
export LC_ALL
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 2

scratch=$(mktemp -d "${TMPDIR:-/tmp}/gatehouse-run.XXXXXX") || exit 2
TMPDIR=$scratch/tmp
export TMPDIR
mkdir "$TMPDIR"
# Where tests of durability write: a real disk, which /tmp may not be; the name is short, since sockets lie below it.
GW_TEST_ROOT=$(mktemp -d /var/tmp/gw.XXXXXX) || exit 2
export GW_TEST_ROOT
chmod 0755 "$GW_TEST_ROOT" "$scratch"
chmod 1777 "$TMPDIR"
results=$scratch/results
: >"$results"
child=''

stop_child() {
    [ -n "$child" ] || return 0
    kill -TERM "-$child" 2>/dev/null
    tries=0
    while kill -0 "-$child" 2>/dev/null && [ $tries -lt 50 ]; do
        tries=$((tries + 1))
        sleep 0.1
    done
    kill -KILL "-$child" 2>/dev/null
    child=''
}
clean_up() {
    stop_child
    rm -rf "$scratch" "$GW_TEST_ROOT"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# run command …: in a session of its own, so that all of it can be stopped; the shell stays able to take a signal.
run() {
    setsid "$@" &
    child=$!
    wait $child
    run_status=$?
    child=''
    return $run_status
}

# report: shows the lines on stdin and keeps those that are results.
report() {
    tee -a "$results"
}
passed() { echo "ok - $*" | report; }
failed() { echo "not ok - $*" | report; }
heading() { echo "# $*"; }

# quietly name command …: one result for a command whose output matters only when it fails.
quietly() {
    what=$1
    shift
    if run "$@" >"$scratch/log" 2>&1; then
        passed "$what"
    else
        if ! grep -E '(error|warning):|Error at|^FAILED|^[a-z]+\.sh: ' "$scratch/log" | sort -u | head -n 60 | sed 's/^/#   /' | grep .; then
            tail -n 20 "$scratch/log" | sed 's/^/#   /'
        fi
        failed "$what"
        return 1
    fi
}

step_deps() {
    heading "packages"
    quietly "run: packages are installed" sh rootfs/deps.sh test
    if [ "$(id -u)" = 0 ]; then
        quietly "run: the users of the gateway are there" sh rootfs/users.sh
    fi
}

step_lint() {
    heading "lint"
    run sh tests/lint/run.sh >"$scratch/lint" 2>&1
    report <"$scratch/lint"
    run sh tests/lint/selftest.sh >"$scratch/lint" 2>&1
    report <"$scratch/lint"
}

# c_files [regex]: the C files of the tree, without the samples of the lints.
c_files() {
    sh tests/lint/tracked.sh | grep '\.[ch]$' | grep -v '^tests/lint/' | grep -E -- "${1:-.}"
}

step_format() {
    heading "format"
    # shellcheck disable=SC2046 # a list of words
    quietly "format: clang-format changes nothing" clang-format --dry-run -Werror $(c_files)
}

# build preset: configures, then builds all that can be built: a program that cannot is then a test that did not run.
build() {
    quietly "build: $1 configures" cmake --preset "$1" || return 1
    quietly "build: $1 compiles without a warning" cmake --build --preset "$1" -- -k 0
    return 0
}

# tests preset [ctest arguments …]: runs the programs, shows and keeps their results.
tests() {
    preset=$1
    shift
    mkfifo "$scratch/pipe"
    awk -f tests/results.awk <"$scratch/pipe" | report &
    printer=$!
    run ctest --test-dir "build/$preset" --verbose --no-tests=ignore --parallel 2 --timeout 600 "$@" \
        >"$scratch/pipe" 2>&1
    wait $printer
    rm -f "$scratch/pipe"
}

step_release() {
    heading "release"
    build release && tests release
}

step_clang() {
    heading "clang and libFuzzer"
    build fuzz && tests fuzz -L '^fuzz$'
}

step_tidy() {
    heading "clang-tidy"
    if [ ! -f build/release/compile_commands.json ]; then
        failed "clang-tidy: needs the release build"
        return
    fi
    mkdir -p build/tidy
    # shellcheck disable=SC2046 # a list of words
    all=$(cat .clang-tidy CMakeLists.txt $(c_files '\.h$') | sha256sum | cut -c1-64)
    c_files '^(gateway|protocols|storage)/.*\.c$' | while read -r file; do
        echo "$file $( (echo "$all $file" && cat "$file") | sha256sum | cut -c1-64)"
    done >"$scratch/tidy"
    run xargs -a "$scratch/tidy" -n 2 -P 2 sh -c '
        if [ ! -e "build/tidy/$1" ]; then
            if ! clang-tidy -p build/release --quiet "$0" >"$TMPDIR/$1" 2>&1; then
                grep -E "(error|warning):" "$TMPDIR/$1" >"$TMPDIR/$1.said" || tail -n 5 "$TMPDIR/$1" >"$TMPDIR/$1.said"
                sort -u "$TMPDIR/$1.said" | sed "s|^$PWD/||; s/^/#   /"
                echo "not ok - clang-tidy: $0"
                exit 0
            fi
            : >"build/tidy/$1"
        fi
        echo "ok - clang-tidy: $0"' >"$scratch/lint" 2>&1
    report <"$scratch/lint"
}

step_asan() {
    heading "AddressSanitizer and UBSan"
    export UBSAN_OPTIONS=print_stacktrace=1
    build asan && tests asan -LE '^nosan$'
}

step_tsan() {
    heading "ThreadSanitizer"
    quietly "build: tsan configures" cmake --preset tsan || return
    if ctest --test-dir build/tsan -N -L '^threads$' | grep -q '^Total Tests: 0$'; then
        heading "no test has the label \"threads\""
        return
    fi
    quietly "build: tsan compiles without a warning" cmake --build --preset tsan -- -k 0
    tests tsan -L '^threads$'
}

# What still carries our private TMPDIR in its environment was started by a test and outlived it.
leftovers() {
    for environ in /proc/[0-9]*/environ; do
        pid=${environ#/proc/}
        pid=${pid%/environ}
        # Our own shells carry it only since they began; this one and its children are no leftovers.
        [ "$pid" != "$$" ] || continue
        if { tr "\0" "\n" <"$environ"; } 2>/dev/null | grep -qx "TMPDIR=$TMPDIR"; then
            parent=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$pid/status" 2>/dev/null)
            [ "$parent" != "$$" ] || continue
            name=$(cat "/proc/$pid/comm" 2>/dev/null) || continue
            kill -KILL "$pid" 2>/dev/null && failed "run: $name ($pid) was left running"
        fi
    done
}

totals() {
    awk -v list=tests/skips.txt '
    BEGIN {
        while ((getline line < list) > 0)
            if (line !~ /^(#|$)/) {
                sub(/ *#.*/, "", line)
                allowed[++count] = line
            }
    }
    /^ok - / { passed++ }
    /^not ok - / { failed++ }
    /^skip - / {
        known = 0
        for (i = 1; i <= count; i++)
            if ($0 ~ allowed[i])
                known = 1
        if (known)
            skipped++
        else {
            failed++
            print "not ok - a skip that is not on tests/skips.txt: " substr($0, 8)
        }
    }
    END {
        if (passed + failed == 0)
            failed = 1
        printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
        exit failed > 0
    }' "$results"
}

[ $# -gt 0 ] || set -- deps lint format release clang tidy asan tsan
# As root the gateway runs as users of its own. Below a directory that is closed to others, as /root is, they could not
# start its programs: then a copy of the tree is tested, and that copy makes no further one.
if [ "$(id -u)" = 0 ] && [ -z "${GATEHOUSE_TEST_COPY:-}" ] &&
    ! setpriv --reuid=65534 --regid=65534 --clear-groups test -x "$top/tests"; then
    heading "$top is closed to other users: a copy in $GW_TEST_ROOT is tested"
    copy=$GW_TEST_ROOT/tree
    mkdir "$copy"
    tar -C "$top" --exclude=./build -cf - . | tar -C "$copy" -xf -
    chmod -R go+rX "$copy"
    GATEHOUSE_TEST_COPY=1 run sh "$copy/tests/run.sh" "$@"
    exit "$run_status"
fi
for step in "$@"; do
    case $step in
    deps | lint | format | release | clang | tidy | asan | tsan) "step_$step" ;;
    *)
        echo "tests/run.sh: no such step: $step" >&2
        exit 2
        ;;
    esac
done
leftovers
totals
