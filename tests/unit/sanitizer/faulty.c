/* A program with one of the faults that sanitizers find. Its one argument says which, or "none". */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static int shared;

static void *count(void *arg)
{
    (void)arg;
    shared++;
    return NULL;
}

static void race(void)
{
    pthread_t a, b;
    if (pthread_create(&a, NULL, count, NULL) || pthread_create(&b, NULL, count, NULL))
        abort();
    (void)pthread_join(a, NULL);
    (void)pthread_join(b, NULL);
}

static void leak(void)
{
    char *volatile lost = malloc(7);
    lost[0] = 1;
    lost = NULL;
}

static void use_after_free(void)
{
    volatile char *volatile gone = malloc(7);
    free((char *)(uintptr_t)gone);
    gone[0] = 1;
}

static void overflow(void)
{
    volatile int most = 2147483647;
    most = most + 1;
}

int main(int argc, char **argv)
{
    const char *what = argc == 2 ? argv[1] : "";
    if (strcmp(what, "race") == 0)
        race();
    else if (strcmp(what, "leak") == 0)
        leak();
    else if (strcmp(what, "use") == 0)
        use_after_free();
    else if (strcmp(what, "overflow") == 0)
        overflow();
    else if (strcmp(what, "none") != 0)
        return 2;
    return 0;
}
