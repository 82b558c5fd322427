# A variable that is released at the end of its scope must hold something whatever way leads there: between its
# declaration and the first mention of its address (which gives it its value) nothing may return. Arrays are passed over.
FNR == 1 {
    code_reset()
    forget()
}
{
    line = code($0)
    if (line ~ /^}/)
        forget()
    rest = line
    sub(/^[ \t]+/, "", rest)
    for (name in waiting)
        if (line ~ ("&" name "([^A-Za-z0-9_]|$)") || line ~ ("(^|[^A-Za-z0-9_.>])" name "[ \t]*=[^=]"))
            delete waiting[name]
    if (line ~ /(^|[^A-Za-z0-9_])return([^A-Za-z0-9_]|$)/)
        for (name in waiting) {
            printf "%s:%d: `%s` is released by a return before it has a value\n", FILENAME, waiting[name], name
            delete waiting[name]
        }
    if (rest ~ /^GW_(CLEANUP\([a-z0-9_]+\)|FREE|CLOSE|FCLOSE) / && rest !~ /=/ && rest ~ /;[ \t]*$/) {
        sub(/;[ \t]*$/, "", rest)
        count = split(rest, part, ",")
        for (i = 1; i <= count; i++) {
            if (match(part[i], /[A-Za-z_][A-Za-z0-9_]*[ \t]*$/)) {
                name = substr(part[i], RSTART)
                gsub(/[ \t]/, "", name)
                waiting[name] = FNR
            }
        }
    }
}

function forget(    name) {
    for (name in waiting)
        delete waiting[name]
}
