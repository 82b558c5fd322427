# lib.sh: sourced by every rule. A rule is called with the root of a source tree (".": the project's own), looks at the
# tracked files in it, prints "file:line: why" for each breach and ends with 1 when it printed any.
#
# awk must be any POSIX awk (Debian's is mawk: no {n,m} in expressions).

LC_ALL=C
export LC_ALL
lint_dir=$(cd "$(dirname "$0")/.." && pwd) # of tests/lint
root=${1:-.}
cd "$root" || exit 2

# tracked [regex]: tracked files that exist, one a line; samples of breaches and vendored texts are nobody's source.
tracked() {
    git -c safe.directory='*' ls-files -- . | grep -v -e '^tests/lint/' -e '^tests/fuzz/corpus/' |
        grep -E -- "${1:-.}" | while read -r file; do [ -f "$file" ] && echo "$file"; done
}

# verdict: copies the breaches from stdin; the exit status of the rule.
verdict() {
    awk '{print; bad = 1} END {exit bad}'
}
