#!/bin/sh
# The map in README.md names every folder of the product, and no other.
. "$(dirname "$0")/../lib.sh"

folders=$(tracked '^(gateway|protocols|storage)/[^/]*/' | cut -d/ -f1,2 | sort -u)
awk -v folders="$folders" '
BEGIN {
    n = split(folders, list, "\n")
    for (i = 1; i <= n; i++)
        there[list[i]] = 1
}
{
    rest = $0
    while (match(rest, /`(gateway|protocols|storage)\/[a-z_]+`/)) {
        name = substr(rest, RSTART + 1, RLENGTH - 2)
        rest = substr(rest, RSTART + RLENGTH)
        named[name] = 1
        if (!there[name])
            printf "%s:%d: there is no folder %s\n", FILENAME, FNR, name
    }
}
END {
    for (i = 1; i <= n; i++)
        if (!named[list[i]])
            printf "README.md:0: the map does not name %s\n", list[i]
}' README.md | verdict
