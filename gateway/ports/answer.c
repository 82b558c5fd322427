#include "answer.h"

#include <stdlib.h>
#include <string.h>

void answer_free(struct answer *answer)
{
    if (!answer)
        return;
    free(answer->devices);
    free(answer->pending);
    free(answer->logs);
    free(answer->events);
    free(answer->keys);
    free(answer->releases);
    free(answer->files);
    free(answer->bytes);
    free(answer->rollouts);
    free(answer->attempts);
    free(answer->users);
    free(answer->alerts);
    free(answer->tokens);
    explicit_bzero(&answer->session, sizeof(answer->session));
    explicit_bzero(answer->text, sizeof(answer->text)); /* it may be a token, an invitation, a code */
    free(answer);
}
