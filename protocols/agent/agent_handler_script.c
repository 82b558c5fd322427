/* The kinds of handlers, and the simplest of them: a program of the maker's. */
#include <string.h>

#include "agent_handler.h"

static bool script_words(const char *command, enum agent_verb verb, const char *file,
                         const char *argv[AGENT_HANDLER_ARGS_MAX])
{
    size_t n = 0;
    argv[n++] = command;
    argv[n++] = agent_verb_text(verb);
    if (file)
        argv[n++] = file;
    argv[n] = NULL;
    return true;
}

const struct agent_handler_kind agent_handler_script = {.name = "script", .words = script_words};

static const struct agent_handler_kind *const kinds[] = {&agent_handler_script};

const struct agent_handler_kind *agent_handler_kind_find(const char *name)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(kinds[i]->name, name) == 0)
            return kinds[i];
    return NULL;
}
