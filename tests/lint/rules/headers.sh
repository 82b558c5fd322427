#!/bin/sh
# Every header compiles alone: it includes what it needs.
. "$(dirname "$0")/../lib.sh"

scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT
dirs=$(tracked '\.h$' | sed 's|/[^/]*$||' | sort -u | sed 's/^/-I/')
libraries=$(pkg-config --cflags libwebsockets libuv sqlite3 wolfssl libssl libmosquitto jansson cunit 2>/dev/null)
# Headers that the build makes: their place is enough here.
tracked '\.[ch]$' | xargs -r sed -n 's/^#include "\(sql_[a-z_]*\.h\)"$/\1/p' | sort -u | while read -r made; do
    echo '#pragma once' >"$scratch/$made"
done
{
    tracked '\.h$' | while read -r file; do
        printf '#include "%s"\n' "$PWD/$file" >"$scratch/alone.c"
        # shellcheck disable=SC2086 # lists of words
        "${CC:-cc}" -std=gnu17 -D_GNU_SOURCE -Wall -Werror -fsyntax-only $dirs -I"$scratch" $libraries \
            "$scratch/alone.c" >"$scratch/out" 2>&1 ||
            echo "$file:1: does not compile alone: $(grep -m 1 error "$scratch/out" | sed 's/.*error: //')"
    done
} | verdict
