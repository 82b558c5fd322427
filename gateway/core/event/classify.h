/*
 * classify: what kind of event a free line of text is, by the words that common programs are known to write: sshd,
 * sudo, su, PAM, login, useradd and the like. Pure. A line that no rule knows stays "log.text".
 */
#pragma once

#include <stdbool.h>

#include "event.h"
#include "gw_view.h"

struct event_class {
    const char *cls; /* static storage */
    enum event_sev sev;
    bool has_res;
    enum event_res res;
    struct gw_view subj; /* within the text: who; may be empty */
    struct gw_view obj;  /* within the text: from where, or what; may be empty */
};

/* program: "sshd" of "sshd[1291]:", empty when unknown. False, and *ret_class untouched, when no rule fits. */
bool event_classify(struct gw_view program, struct gw_view text, struct event_class *ret_class);
/* Gives a view that is only text its class, severity, result, who and what, where a rule knows them; its severity only
 * rises. A view whose class the device named itself is left alone. */
void event_refine(struct event_view *view);
