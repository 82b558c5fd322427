#!/bin/sh
# Proves that each rule refuses its sample of breaches (tests/lint/bad/<rule>/: exactly the places that the file `expect`
# lists) and accepts the good one (tests/lint/good/). Prints a line for each proof.
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT
LC_ALL=C
export LC_ALL
failed=0

# A sample becomes a tree of its own: inside ours its files would be samples, not sources.
sample() {
    rm -rf "$scratch/tree"
    cp -r "$1" "$scratch/tree"
    git -C "$scratch/tree" init -q && git -C "$scratch/tree" add -A
}

result() { # condition name
    if [ "$1" -eq 0 ]; then
        echo "ok - lint selftest: $2"
    else
        echo "not ok - lint selftest: $2"
        failed=1
    fi
}

for rule in "$here"/rules/*.sh; do
    name=$(basename "$rule" .sh)
    sample "$here/bad/$name"
    rm "$scratch/tree/expect"
    sh "$rule" "$scratch/tree" >"$scratch/out" 2>&1
    status=$?
    cut -d: -f1,2 "$scratch/out" | sort >"$scratch/got"
    sort "$here/bad/$name/expect" | diff - "$scratch/got" >"$scratch/diff"
    same=$?
    [ $same -eq 0 ] || sed 's/^/#   /' "$scratch/diff"
    [ $status -eq 1 ] && [ $same -eq 0 ]
    result $? "$name refuses its bad sample, and only what is bad in it"
    sample "$here/good"
    sh "$rule" "$scratch/tree" >"$scratch/out" 2>&1
    status=$?
    sed 's/^/#   /' "$scratch/out"
    result $status "$name accepts the good sample"
done
awk -f "$here/../results.awk" "$here/results/transcript" >"$scratch/got"
diff "$here/results/expect" "$scratch/got" >"$scratch/diff"
same=$?
sed 's/^/#   /' "$scratch/diff"
result $same "programs that crash, run out of time, say nothing or are not there are failures"
exit $failed
