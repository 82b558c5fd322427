#!/bin/sh
# A function has at most 80 lines, a file 800 (a test 1200, a header 400: its aim is 200).
. "$(dirname "$0")/../lib.sh"

tracked '\.[ch]$' | xargs -r awk '
function file_end() {
    if (name == "")
        return
    max = name ~ /\.h$/ ? 400 : name ~ /^tests\// ? 1200 : 800
    if (lines > max)
        printf "%s:%d: a file of %d lines, above %d\n", name, lines, lines, max
}
FNR == 1 {
    file_end()
    name = FILENAME
    open = 0
}
{ lines = FNR }
/^[A-Za-z]/ && !/;$/ && !open { signature = FNR; text = $0 }
/^\{$/ { open = 1 }
/^\}/ && open {
    open = 0
    if (FNR - signature + 1 > 80) {
        sub(/\(.*/, "", text)
        sub(/.*[ *]/, "", text)
        printf "%s:%d: %s() has %d lines, above 80\n", FILENAME, signature, text, FNR - signature + 1
    }
}
END { file_end() }
' | verdict
