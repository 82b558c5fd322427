/*
 * classify: what kind of event a free line of text is, by the words that common programs are known to write: sshd,
 * sudo, su, PAM, login, useradd and the like. Pure. A line that no rule knows stays "log.text".
 */
#pragma once

#include "event.h"

/* Gives a view that is only text its class, severity, result, who and what, where a rule knows them; its severity only
 * rises. A view whose class the device named itself is left alone. */
void event_refine(struct event_view *view);
