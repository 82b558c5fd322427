#!/bin/sh
# A folder includes from lower floors only; folders of one floor never include each other (docs/architecture.md).
. "$(dirname "$0")/../lib.sh"

headers=$(tracked '\.h$')
tracked '\.[ch]$' | xargs -r awk -v headers="$headers" '
function dir_of(path) {
    sub(/\/[^\/]*$/, "", path)
    return path
}
# The floor of a folder times ten; storage stands as one house on F3 with db below sql below the rest.
function floor_of(dir) {
    if (dir ~ /^gateway\/base/) return 0
    if (dir ~ /^gateway\/core\/model/) return 10
    if (dir ~ /^gateway\/core/ || dir ~ /^protocols\/wire/) return 15
    if (dir ~ /^gateway\/ports/) return 20
    if (dir ~ /^storage\/db/) return 30
    if (dir ~ /^storage\/sql/) return 31
    if (dir ~ /^storage/) return 32
    if (dir ~ /^gateway\/services/) return 32
    if (dir ~ /^gateway\/(app|cli|keyd)/ || dir ~ /^protocols\/agent/) return 40
    if (dir ~ /^tests\/fleet/) return 41 # stands on the agent
    if (dir ~ /^protocols/) return 32
    if (dir ~ /^tests\/lib/) return 80
    if (dir ~ /^tests/) return 90
    return -1
}
# storage/db and storage/sql are for storage alone.
function allowed(from, to) {
    if (from ~ /^tests\// && to ~ /^tests\//) return 1 # tests share their fakes
    if (to ~ /^storage\/(db|sql)/ && from !~ /^(storage|tests|gateway\/app)/) return 0
    return floor_of(to) < floor_of(from)
}
function floor_name(dir,    f) {
    f = floor_of(dir)
    return f < 10 ? "F0" : f < 15 ? "F1a" : f < 20 ? "F1b" : f < 30 ? "F2" : f < 40 ? "F3" : f < 50 ? "F4" : "tests"
}
BEGIN {
    n = split(headers, list, "\n")
    for (i = 1; i <= n; i++) {
        name = list[i]
        sub(/.*\//, "", name)
        count[name]++
        at[name] = at[name] " " dir_of(list[i])
    }
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
    name = $0
    sub(/^[^"]*"/, "", name)
    sub(/".*/, "", name)
    sub(/.*\//, "", name)
    from = dir_of(FILENAME)
    if (floor_of(from) < 0) {
        printf "%s:%d: this folder is on no floor\n", FILENAME, FNR
        next
    }
    if (index(at[name] " ", " " from " "))
        next
    if (name ~ /^sql_/ && !count[name])
        to = "storage/sql" # generated there
    else if (count[name] == 1)
        to = substr(at[name], 2)
    else {
        printf "%s:%d: \"%s\" is %s\n", FILENAME, FNR, name, count[name] ? "in several folders:" at[name] : "in no folder"
        next
    }
    if (!allowed(from, to))
        printf "%s:%d: %s (%s) includes %s (%s)\n", FILENAME, FNR, from, floor_name(from), to, floor_name(to)
}
' | verdict
