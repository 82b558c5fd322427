#!/bin/sh
# tests/lint/tracked.sh [root]: the files that make up a source tree and exist, one a line: what git tracks, or all of
# them where there is no git (an unpacked archive). Ends with 1 when there is none: a rule must not pass over nothing.
cd "${1:-.}" || exit 2
if git -c safe.directory='*' rev-parse --is-inside-work-tree >/dev/null 2>&1; then
    git -c safe.directory='*' ls-files -- .
else
    find . -type f -not -path './build/*' -not -path '*/node_modules/*' | sed 's|^\./||' | sort
fi | awk '
{
    if ((getline line < $0) >= 0) {
        close($0)
        print
        found = 1
    }
}
END { exit !found }'
