BEGIN {
    n = split("strcpy strcat strncpy strncat stpcpy sprintf vsprintf strtok strtok_r gets atoi atol atoll atof " \
              "localtime gmtime ctime asctime localtime_r gmtime_r rand srand random srandom rand_r system popen alloca " \
              "tmpnam mktemp tempnam setjmp longjmp", list, " ")
}
FNR == 1 { code_reset() }
{
    line = code($0)
    if (line !~ /\(/)
        next
    for (i = 1; i <= n; i++)
        if (line ~ ("(^|[^A-Za-z0-9_>.])" list[i] "[ \t]*\\(") && line !~ ("[*][ \t]*" list[i] "[ \t]*\\)"))
            breach(list[i] "() is banned")
}
