/*
 * gw_sanitizer: what a sanitizer has to say about the programs under test.
 *
 * Nobody reads the output of a gateway's children, and a supervisor starts again what a report has ended. So in a build
 * with a sanitizer all that gw_proc starts writes its reports to files, and gw_test_run() fails the case that finds
 * one.
 */
#pragma once

#include <stddef.h>

/* "NAME=value" for each sanitizer's options: those of this process's environment, and where to report. Ends with NULL;
 * empty in a build without. Not for several threads at once. */
const char *const *gw_sanitizer_env(void);
/* What a program has said, complete: UBSan beside AddressSanitizer writes there and to no file. Any thread. */
void gw_sanitizer_look(const char *said);
/* Shows and removes the reports that are there; returns how many. */
size_t gw_sanitizer_reports(void);
