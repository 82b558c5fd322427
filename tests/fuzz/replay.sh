#!/bin/sh
# replay.sh PROGRAM CORPUS: runs a libFuzzer program over every input of the corpus, once, and says how it went. What it
# writes when it fails goes to a directory that is removed.
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT
inputs=$(find "$2" -type f | wc -l)
if "$1" -runs=0 -artifact_prefix="$scratch/" "$2" >"$scratch/log" 2>&1 && grep -q "seed corpus: files: $inputs " "$scratch/log"; then
    echo "ok - libFuzzer corpus: $2 ($inputs inputs)"
else
    cat "$scratch/log"
    echo "not ok - libFuzzer corpus: $2"
    exit 1
fi
