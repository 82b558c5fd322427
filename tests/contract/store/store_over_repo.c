/* The suite over state.db; with STORE_REOPENED the file is closed and opened again between the steps. */
#include "repo.h"
#include "store_suite.h"
#include "whole.h"

#ifdef STORE_REOPENED
const char store_name[] = "store over a file that is opened again";
#else
const char store_name[] = "store over a file";
#endif

static struct repo *writer, *reader;
static char path[256];
static int files;

static void open_writer(void)
{
    GW_ASSERT_OK(repo_open(path, NULL, &writer, &err), &err);
}

void store_over_open(void)
{
    static const char *dir;
    if (!dir)
        dir = gw_test_dir();
    repo_close(reader); /* left by a case that failed */
    repo_close(writer);
    reader = writer = NULL;
    (void)snprintf(path, sizeof(path), "%s/state-%d.db", dir, files++);
    open_writer();
}

struct store store_over_store(void)
{
    return repo_store(writer);
}

struct store store_over_reader(void)
{
    struct repo_options options = {.read_only = true};
    if (!reader)
        GW_ASSERT_OK(repo_open(path, &options, &reader, &err), &err);
    return repo_store(reader);
}

void store_over_between(void)
{
#ifdef STORE_REOPENED
    repo_close(writer);
    open_writer();
#endif
}

void store_over_close(void)
{
    if (writer)
        GW_ASSERT_OK(whole_repo(writer, &err), &err);
    repo_close(reader);
    repo_close(writer);
    reader = writer = NULL;
}
