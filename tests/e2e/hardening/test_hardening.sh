#!/bin/sh
# test_hardening.sh CC FORTIFIED FILE …: looks into the programs and the plugin that are shipped, for what makes a bug in
# them harder to use. FORTIFIED: "yes" when the build checks the C library's buffers, which it does when it optimises.
# Control-flow enforcement (CET) is not asked for: Debian 12's C library carries no mark of it, so no process has it.
set -u
LC_ALL=C
export LC_ALL
cc=$1
fortified=$2
shift 2
scratch=$(mktemp -d "${TMPDIR:-/tmp}/hardening.XXXXXX") || exit 2
trap 'rm -rf "$scratch"' EXIT
status=0

# result NAME: of the command before it
result() {
    if [ $? = 0 ]; then
        echo "ok - hardening: $1"
    else
        echo "not ok - hardening: $1"
        status=1
    fi
}

# missing FILE FORTIFIED: a line for everything that the file lacks
missing() {
    readelf -hldW "$1" >"$scratch/elf" && readelf --dyn-syms -W "$1" >"$scratch/symbols" || echo "an ELF file"
    grep -q 'Type: *DYN' "$scratch/elf" || echo "a place that is not fixed (PIE)"
    grep -q 'GNU_RELRO' "$scratch/elf" || echo "tables that are read-only after the start (RELRO)"
    grep -q 'BIND_NOW' "$scratch/elf" || echo "all of them resolved by then (BIND_NOW)"
    grep -q 'GNU_STACK.* RW ' "$scratch/elf" || echo "a stack that is not executable"
    ! grep -qE ' RWE ' "$scratch/elf" || echo "nothing that is writable and executable"
    ! grep -qE '\((TEXTREL|RPATH|RUNPATH)\)' "$scratch/elf" || echo "no text to relocate and no search path of its own"
    grep -q ' __stack_chk_fail' "$scratch/symbols" || echo "stacks with a canary"
    [ "$2" != yes ] || grep -qE ' __[a-z]+_chk(@| |$)' "$scratch/symbols" || echo "checked buffers (_FORTIFY_SOURCE)"
}

for file in "$@"; do
    missing "$file" "$fortified" >"$scratch/missing"
    sed 's/^/#   it lacks: /' "$scratch/missing"
    [ ! -s "$scratch/missing" ]
    result "$(basename "$file") has it all"
done

# The proof that this looks: a program that has none of it.
echo 'int main(void) { return 0; }' >"$scratch/soft.c"
"$cc" -no-pie -fno-stack-protector -Wl,-z,norelro,-z,lazy,-z,execstack,-rpath,/nowhere -o "$scratch/soft" "$scratch/soft.c" &&
    [ "$(missing "$scratch/soft" yes | wc -l)" = 8 ]
result "a program without any of it is seen"
exit $status
