#include "keyd_harden.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* Three inherited, three standard, the memory file, its successor, the random device. */
#define DESCRIPTORS_MAX 16

int keyd_harden_start(void)
{
    struct rlimit none = {0, 0};
    struct rlimit few = {DESCRIPTORS_MAX, DESCRIPTORS_MAX};
    (void)umask(077);
    if (prctl(PR_SET_DUMPABLE, 0) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return -1;
    return setrlimit(RLIMIT_CORE, &none) || setrlimit(RLIMIT_NOFILE, &few) ? -1 : 0;
}

void keyd_harden_memory(void)
{
    /* Without MCL_FUTURE: past the limit that would make allocations fail later. */
    (void)mlockall(MCL_CURRENT);
}

#if defined(__has_feature) /* clang's way to tell */
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define INSTRUMENTED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define INSTRUMENTED 1
#endif

#ifdef INSTRUMENTED

bool keyd_harden_calls(void)
{
    return false;
}

#else

#if defined(__x86_64__)
#define OWN_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OWN_ARCH AUDIT_ARCH_AARCH64
#else
#define OWN_ARCH 0 /* matches nothing: keyd_harden_calls() does not filter there */
#endif

#define LOAD(field)  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, (what))
#define ALLOW(call)  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##call, 0, 1), RETURN(SECCOMP_RET_ALLOW)

bool keyd_harden_calls(void)
{
    /* x32 calls on x86-64 have bit 30 set: they match none of the numbers and fall through to the end. */
    static struct sock_filter table[] = {
        LOAD(arch),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OWN_ARCH, 1, 0),
        RETURN(SECCOMP_RET_KILL_PROCESS),
        LOAD(nr),
        ALLOW(recvfrom),
        ALLOW(sendto),
        ALLOW(ppoll),
        ALLOW(read),
        ALLOW(write),
        ALLOW(pread64),
        ALLOW(pwrite64),
        ALLOW(fdatasync),
        ALLOW(fsync),
        ALLOW(ftruncate),
        ALLOW(openat),
        ALLOW(close),
        ALLOW(renameat),
        ALLOW(unlinkat),
        ALLOW(newfstatat),
        ALLOW(fcntl),
        ALLOW(mmap),
        ALLOW(munmap),
        ALLOW(mremap),
        ALLOW(mprotect),
        ALLOW(madvise),
        ALLOW(brk),
        ALLOW(futex),
        ALLOW(getrandom),
        ALLOW(clock_gettime),
        ALLOW(rt_sigreturn),
        ALLOW(rt_sigprocmask),
        ALLOW(exit_group),
        RETURN(SECCOMP_RET_ERRNO | 1 /* EPERM */),
    };
    struct sock_fprog program = {.len = sizeof(table) / sizeof(table[0]), .filter = table};
    return OWN_ARCH != 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

#endif
