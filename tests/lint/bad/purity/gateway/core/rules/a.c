#include <stdio.h>
#include <time.h>
#include <sys/socket.h>
int f(char *out)
{
    void *p = malloc(3);
    snprintf(out, 3, "x");
    printf("x");
    now = time(NULL);
    e->read(p); /* malloc(3) */
    uptime(p);
    return open("x", 0);
}
