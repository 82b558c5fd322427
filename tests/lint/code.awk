# code(line): a line of C without its comments; strings and character constants keep their quotes and lose their
# content. State of an open comment is kept over lines; call code_reset() at the start of each file.

function code_reset() {
    in_comment = 0
}

function code(line,    out, i, n, c, two, quote) {
    if (!in_comment && line !~ /["'\/]/)
        return line
    n = length(line)
    out = ""
    for (i = 1; i <= n; i++) {
        c = substr(line, i, 1)
        two = substr(line, i, 2)
        if (in_comment) {
            if (two == "*/") {
                in_comment = 0
                i++
            }
        } else if (two == "/*") {
            in_comment = 1
            i++
            out = out " "
        } else if (two == "//") {
            return out
        } else if (c == "\"" || c == "'") {
            quote = c
            out = out c
            for (i++; i <= n && (c = substr(line, i, 1)) != quote; i++)
                if (c == "\\")
                    i++
            out = out quote
        } else {
            out = out c
        }
    }
    return out
}

function breach(why) {
    printf "%s:%d: %s\n", FILENAME, FNR, why
}
