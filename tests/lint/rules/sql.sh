#!/bin/sh
# SQL lies in storage/sql alone. The driver storage/db keeps what belongs to a connection, not to a query: PRAGMA and the
# words of a transaction. Tests may speak SQL to see what really is in a file.
. "$(dirname "$0")/../lib.sh"

{
    tracked '\.sql$' | grep -v -e '^storage/sql/' -e '^tests/' | sed 's/$/:1: SQL outside storage\/sql/'
    tracked '\.[ch]$' | grep -v -e '^tests/' -e '^storage/sql/' | xargs -r awk '
function refused(text) {
    if (text ~ /^(pragma|begin|commit|rollback|savepoint|release|vacuum|analyze|attach|detach)([ ;]|$)/)
        return FILENAME !~ /^storage\/db\//
    return text ~ /^select .* from / || text ~ /^(insert|replace) (or [a-z]+ )?into / || text ~ /^update [a-z_]+ set / ||
           text ~ /^delete from / || text ~ /^(create|drop|alter) (temp |unique |virtual )?(table|index|view|trigger) / ||
           text ~ /^with [a-z_]+ as /
}
{
    rest = $0
    while (match(rest, /"[^"]*"/)) {
        raw = substr(rest, RSTART + 1, RLENGTH - 2)
        rest = substr(rest, RSTART + RLENGTH)
        sub(/^[ ]+/, "", raw)
        # one word in capitals tells enough; in small letters it may be a sentence
        if (raw ~ /^(SELECT|INSERT|UPDATE|DELETE|CREATE TABLE|CREATE INDEX|ALTER TABLE|DROP TABLE|WITH) / ||
            (raw ~ /^(PRAGMA|BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|VACUUM|ATTACH|DETACH)([ ;]|$)/ &&
             raw !~ /^BEGIN [A-Z ]+-----/ && FILENAME !~ /^storage\/db\//) ||
            (raw ~ / / && raw !~ /^(begin|commit|release|attach|detach|analyze|pragma|vacuum|rollback) / && refused(tolower(raw))))
            printf "%s:%d: SQL outside storage/sql: %s\n", FILENAME, FNR, substr(raw, 1, 40)
    }
}'
} | verdict
