# lib.sh: sourced by every rule. A rule is called with the root of a source tree (".": the project's own), looks at the
# tracked files in it, prints "file:line: why" for each breach and ends with 1 when it printed any.
#
# awk must be any POSIX awk (Debian's is mawk: no {n,m} in expressions).

LC_ALL=C
export LC_ALL
lint_dir=$(cd "$(dirname "$0")/.." && pwd) # of tests/lint
root=${1:-.}
cd "$root" || exit 2

sources=$(sh "$lint_dir/tracked.sh") || {
    echo ".:0: there are no source files"
    exit 1
}

# tracked [regex]: those files, one a line; samples of breaches and fuzz corpora are nobody's source.
tracked() {
    printf '%s\n' "$sources" | grep -v -e '^tests/lint/' -e '^tests/fuzz/corpus/' | grep -E -- "${1:-.}"
}

# verdict: copies the breaches from stdin; the exit status of the rule.
verdict() {
    awk '{print; bad = 1} END {exit bad}'
}
