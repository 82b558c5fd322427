BEGIN {
    calls = "time clock clock_gettime gettimeofday gw_wall_now gw_mono_now gw_random getrandom getenv setenv " \
            "printf fprintf vprintf vfprintf puts fputs putchar putc perror gw_log open openat fopen fdopen read write " \
            "pread pwrite close unlink rename socket connect send recv fork exec pthread_create gw_fs_posix " \
            "gw_fs_read_file gw_fs_replace sleep usleep nanosleep"
    memory = " malloc calloc realloc free strdup asprintf gw_xalloc gw_xstrdup"
    core_count = split(calls memory, name, " ")
    wire_count = split(calls, ignored, " ")
}
FNR == 1 { code_reset() }
/^[ \t]*#[ \t]*include[ \t]*<(time|unistd|fcntl|pthread|threads|errno|signal|sys\/.*|netinet\/.*)\.h>/ {
    breach("no system header in pure code")
}
{
    line = code($0)
    if (line !~ /\(/)
        next
    count = FILENAME ~ /^gateway\/core\// ? core_count : wire_count
    for (i = 1; i <= count; i++)
        if (line ~ ("(^|[^A-Za-z0-9_>.*])" name[i] "[ \t]*\\("))
            breach(name[i] "() in pure code")
}
