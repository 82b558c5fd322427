# sizes.awk: where functions and files begin and end, by how our formatters lay them out: a function's last line is the
# first one behind it that begins with "}" and stands as far to the right as its first.

function file_end() {
    if (name == "")
        return
    max = name ~ /\.h$/ ? 400 : name ~ /^tests\// ? 1200 : 800
    if (lines > max)
        printf "%s:%d: a file of %d lines, above %d\n", name, lines, lines, max
}

# A function `text`, from line `first` to this one.
function hold(first, text) {
    if (FNR - first + 1 <= 80)
        return
    sub(/^[ \t]+/, "", text)
    sub(/ *\{$/, "", text)
    printf "%s:%d: %s has %d lines, above 80\n", FILENAME, first, text, FNR - first + 1
}

# function f(…) {, f(…) {, … => {; a signature that is broken over lines begins with its first. Not if (…) {.
function begins_script(line) {
    if (line ~ /(^|[ (])function[ *(]/ || line ~ /=> \{$/)
        return 1
    if (line ~ /^[ \t]*(if|for|while|switch|catch|else|do|return|await|with)[^A-Za-z0-9_]/)
        return 0
    return line ~ /^[ \t]*((async|static|get|set|private|public|protected) +)*[#$A-Za-z_][A-Za-z0-9_$]*(<[^(]*>)?\(.*\{$/
}

FNR == 1 {
    file_end()
    name = FILENAME
    open = 0
    split("", begun)
    script = name !~ /\.(c|h|sh)$/
    shell = name ~ /\.sh$/
}
{ lines = FNR }

!script && !shell && /^[A-Za-z]/ && !/;$/ && !open { signature = FNR; text = $0 }
!script && !shell && /^\{$/ { open = 1 }
!script && !shell && /^\}/ && open {
    open = 0
    hold(signature, text)
}

shell && /^[A-Za-z_][A-Za-z0-9_]* *\(\) *[{(]$/ { signature = FNR; text = $0; open = 1 }
shell && /^[})]/ && open {
    open = 0
    hold(signature, text)
}

script {
    match($0, /^[ \t]*/)
    depth = RLENGTH
}
script && substr($0, depth + 1, 1) == "}" && (depth in begun) {
    hold(begun[depth], head[depth])
    delete begun[depth]
}
script && begins_script($0) { begun[depth] = FNR; head[depth] = $0 }
END { file_end() }
