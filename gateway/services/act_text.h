/* act_text: what an act is called in the audit log, when it is refused. */
#pragma once

#include "inbox.h"

/* A few words in lower case, as in "<who> was refused to …"; static. NULL: there is no such act. */
const char *act_text(enum act_kind kind);
