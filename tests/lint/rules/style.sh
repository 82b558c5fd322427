#!/bin/sh
# What clang-format leaves alone: tabs, blanks at the end, the last line's end, `#pragma once` in every header.
. "$(dirname "$0")/../lib.sh"

text='\.(c|h|cmake|sh|awk|md|sql|toml|json|yaml|html|css|js|ts|svelte|service|conf|txt)$'
{
    tracked "$text" | xargs -r awk '
FNR == 1 && NR > 1 && last_name ~ /\.h$/ && !once { printf "%s:1: no #pragma once\n", last_name }
FNR == 1 { once = 0; last_name = FILENAME }
/^#pragma once$/ { once = 1 }
/\t/ { printf "%s:%d: a tab\n", FILENAME, FNR }
/[ \t\r]$/ { printf "%s:%d: a blank at the end of the line\n", FILENAME, FNR }
END { if (last_name ~ /\.h$/ && !once) printf "%s:1: no #pragma once\n", last_name }'
    tracked "$text" | while read -r file; do
        [ ! -s "$file" ] || [ -z "$(tail -c 1 "$file")" ] || echo "$file:1: no line end at the end of the file"
    done
} | verdict
