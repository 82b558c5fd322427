/*
 * keyd_harden: what this process gives up so that its keys stay its own.
 */
#pragma once

#include <stdbool.h>

/* No core dump, no ptrace by the same user, no new privileges, few descriptors, files for the owner only. Returns 0, or
 * -1 and errno. Before any key is read. */
int keyd_harden_start(void);
/* Keys stay out of swap, where the limits allow it. After the keys are loaded. */
void keyd_harden_memory(void);
/* From here on only the system calls that answering needs; all others fail with EPERM. False when the kernel has no
 * filters or the build is instrumented (a sanitizer needs calls of its own). */
bool keyd_harden_calls(void);
