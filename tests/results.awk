# Reads `ctest --verbose` and prints the results of its test programs: their own lines "ok - …", "not ok - …" and
# "skip - …" at once, the rest of what a program said only when it failed. A program that ends badly without having
# said why (it crashed, it ran out of time, it was not there), or that says nothing at all, is one failure.

/^test [0-9]+$/ { next }

/^ *Start +[0-9]+: / {
    n = $2
    sub(/:$/, "", n)
    name[n] = $3
    said[n] = ""
    next
}

/^[0-9]+: / {
    n = $1
    sub(/:$/, "", n)
    line = $0
    sub(/^[0-9]+: /, "", line)
    if (line ~ /^(ok|not ok|skip) - /) {
        print line
        fflush()
        lines[n]++
        bad[n] += line ~ /^not ok/
    } else if (line !~ /^(Test command:|Working Directory:|Environment variables:|Test timeout computed to be:)/) {
        said[n] = said[n] (line ~ /^#/ ? "" : "#   ") line "\n"
    }
    next
}

/^ *[0-9]+\/[0-9]+ +Test +#[0-9]+: / {
    n = $0
    sub(/^[^#]*#/, "", n)
    sub(/:.*/, "", n)
    verdict = $0
    good = verdict ~ / Passed +[0-9.]+ sec *$/
    sub(/.*\*\*\*/, "", verdict)
    sub(/ +[0-9.]+ sec *$/, "", verdict)
    if (!good || bad[n])
        printf "# output of %s:\n%s", name[n], said[n]
    if (!good && !bad[n])
        printf "not ok - %s: %s\n", name[n], verdict
    else if (good && !lines[n])
        printf "not ok - %s: it printed no result\n", name[n]
    fflush()
    ended[n] = 1
}

END {
    for (n in name)
        if (!ended[n])
            printf "not ok - %s: did not end\n", name[n]
}
