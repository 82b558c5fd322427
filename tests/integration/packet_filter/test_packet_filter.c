/* rootfs/usr/share/gatehouse/connections.nft, loaded into the kernel: in a network namespace of this process alone,
 * which has nothing but a loopback interface. The machine's own filter is never touched. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/ipv6.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gw_cleanup.h"
#include "gw_proc.h"
#include "gw_test.h"

#define RULES    GW_SOURCE_DIR "/rootfs/usr/share/gatehouse/connections.nft"
#define PORT     8883 /* of the rules; the namespace has no other program */
#define CEILING  64   /* the same */
#define CROWD    1000
#define LIMIT_MS 30000

static const char *missing; /* why nothing can be tried here */
static int held[CROWD], listener4 = -1, listener6 = -1;

static int listen_at(int family)
{
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(PORT)};
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    CU_ASSERT_FATAL(fd >= 0);
    if (family == AF_INET6) {
        CU_ASSERT_EQUAL_FATAL(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)), 0);
        CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&v6, sizeof(v6)), 0);
    } else {
        CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&v4, sizeof(v4)), 0);
    }
    CU_ASSERT_EQUAL_FATAL(listen(fd, CROWD), 0);
    return fd;
}

static bool loopback_up(void)
{
    GW_CLOSE int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    return fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &lo) == 0;
}

static bool give_address(const char *text)
{
    GW_CLOSE int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct in6_ifreq at = {.ifr6_prefixlen = 64, .ifr6_ifindex = (int)if_nametoindex("lo")};
    return fd >= 0 && inet_pton(AF_INET6, text, &at.ifr6_addr) == 1 && ioctl(fd, SIOCSIFADDR, &at) == 0;
}

/* A new address is the kernel's to look at first. */
static bool may_be_used(void *ctx)
{
    struct sockaddr_in6 at = {.sin6_family = AF_INET6};
    GW_CLOSE int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return inet_pton(AF_INET6, ctx, &at.sin6_addr) == 1 && bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0;
}

/* A connection from that address, or -1 with errno. */
static int knock_from(const char *source)
{
    struct sockaddr_in6 from6 = {.sin6_family = AF_INET6};
    struct sockaddr_in6 to6 = {.sin6_family = AF_INET6, .sin6_port = htons(PORT), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr_in from4 = {.sin_family = AF_INET};
    struct sockaddr_in to4 = {
        .sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    bool v6 = strchr(source, ':') != NULL;
    CU_ASSERT_EQUAL_FATAL(
        inet_pton(v6 ? AF_INET6 : AF_INET, source, v6 ? (void *)&from6.sin6_addr : (void *)&from4.sin_addr), 1);
    int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL_FATAL(v6 ? bind(fd, (struct sockaddr *)&from6, sizeof(from6))
                             : bind(fd, (struct sockaddr *)&from4, sizeof(from4)),
                          0);
    if ((v6 ? connect(fd, (struct sockaddr *)&to6, sizeof(to6)) : connect(fd, (struct sockaddr *)&to4, sizeof(to4))) ==
        0)
        return fd;
    int why = errno;
    (void)close(fd);
    errno = why;
    return -1;
}

/* How many of `tries` get in; they stay, in held[]. The others are refused, at once. */
static size_t crowd_from(const char *source, size_t tries)
{
    size_t in = 0;
    for (size_t i = 0; i < tries; i++) {
        int fd = knock_from(source);
        CU_ASSERT(fd >= 0 || errno == ECONNREFUSED);
        if (fd >= 0)
            held[in++] = fd;
    }
    return in;
}

/* Both ends of all of them. */
static void leave(int listener, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)close(held[i]);
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        CU_ASSERT(fd >= 0);
        (void)close(fd);
    }
}

static bool let_in(const char *source)
{
    int fd = knock_from(source);
    return fd >= 0 && close(fd) == 0;
}

static bool let_in_again(void *ctx)
{
    return let_in(ctx);
}

static bool skipped(void)
{
    if (missing)
        gw_test_skip(missing);
    return missing != NULL;
}

static void the_kernel_takes_the_rules(void)
{
    const char *const any[] = {"nft", "list", "ruleset", NULL};
    if (gw_proc_run((const char *const[]){"nft", "--version", NULL}, NULL) != 0)
        missing = "no nft";
    else if (unshare(CLONE_NEWNET) || !loopback_up())
        missing = "no network namespace may be made here";
    else if (gw_proc_run(any, NULL) != 0)
        missing = "no nf_tables in this kernel";
    if (skipped())
        return;
    const char *const load[] = {"nft", "-f", RULES, NULL};
    CU_ASSERT_EQUAL_FATAL(gw_proc_run(load, NULL), 0);
    CU_ASSERT_EQUAL_FATAL(gw_proc_run(load, NULL), 0); /* again, as after an edit */
    listener4 = listen_at(AF_INET);
}

static void a_crowd_at_one_address_leaves_room_for_others(void)
{
    if (skipped())
        return;
    size_t in = crowd_from("127.0.0.2", CROWD);
    CU_ASSERT_EQUAL(in, CEILING);
    CU_ASSERT(let_in("127.0.0.3"));
    CU_ASSERT_FALSE(let_in("127.0.0.2"));
    leave(listener4, in);
    CU_ASSERT(gw_await(let_in_again, (void *)(uintptr_t) "127.0.0.2", LIMIT_MS));
}

static void other_ports_have_no_ceiling(void)
{
    if (skipped())
        return;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    GW_CLOSE int other = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_EQUAL_FATAL(bind(other, (struct sockaddr *)&at, len), 0);
    CU_ASSERT_EQUAL_FATAL(listen(other, CROWD), 0);
    CU_ASSERT_EQUAL_FATAL(getsockname(other, (struct sockaddr *)&at, &len), 0);
    size_t in = 0;
    for (size_t i = 0; i < 2 * CEILING; i++) {
        held[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        in += connect(held[i], (struct sockaddr *)&at, len) == 0;
    }
    CU_ASSERT_EQUAL(in, 2 * CEILING);
    for (size_t i = 0; i < 2 * CEILING; i++)
        (void)close(held[i]);
}

static void ipv6_counts_by_network(void)
{
    if (skipped())
        return;
    static char addresses[3][8] = {"fd77::2", "fd77::3", "fd78::2"};
    for (size_t i = 0; i < 3; i++) {
        if (!give_address(addresses[i])) {
            gw_test_skip("no IPv6 here");
            return;
        }
        CU_ASSERT_FATAL(gw_await(may_be_used, addresses[i], LIMIT_MS));
    }
    listener6 = listen_at(AF_INET6);
    size_t in = crowd_from("fd77::2", 2 * CEILING);
    CU_ASSERT_EQUAL(in, CEILING);
    CU_ASSERT_FALSE(let_in("fd77::3")); /* of the same /64 */
    CU_ASSERT(let_in("fd78::2"));
    leave(listener6, in);
}

static const struct gw_test_case cases[] = {
    {"the kernel takes the rules, and takes them again", the_kernel_takes_the_rules},
    {"a thousand connections from one address leave room for others", a_crowd_at_one_address_leaves_room_for_others},
    {"other ports have no ceiling", other_ports_have_no_ceiling},
    {"IPv6 counts by /64", ipv6_counts_by_network},
};

int main(void)
{
    return GW_TEST_RUN("packet filter", cases);
}
