/*
 * gw_banned: functions that this house does not call. Force-included in front of every C file by the build; a use is a
 * deprecation warning, hence an error. (Poisoning the names would break the headers of libraries.) tests/lint repeats
 * the list as text, so that macros cannot hide a use.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* clang sees the fortified inline definitions first and refuses the attribute: gcc, which builds the product, decides.
 */
#ifndef __clang__

#define GW_BANNED(use) __attribute__((deprecated("banned here: " use)))

char *strcpy(char *, const char *) GW_BANNED("use gw_view_copy_str or snprintf");
char *strcat(char *, const char *) GW_BANNED("use gw_buf");
char *strncpy(char *, const char *, size_t) GW_BANNED("use gw_view_copy_str");
char *strncat(char *, const char *, size_t) GW_BANNED("use gw_buf");
int sprintf(char *, const char *, ...) GW_BANNED("use snprintf or gw_buf_printf");
int vsprintf(char *, const char *, va_list) GW_BANNED("use vsnprintf");
char *strtok(char *, const char *) GW_BANNED("use gw_view_cut");
char *strtok_r(char *, const char *, char **) GW_BANNED("use gw_view_cut");
int atoi(const char *) GW_BANNED("use gw_parse_i64");
long atol(const char *) GW_BANNED("use gw_parse_i64");
double atof(const char *) GW_BANNED("use strtod with an end pointer");
struct tm *localtime(const time_t *) GW_BANNED("use gw_wall_format");
struct tm *gmtime(const time_t *) GW_BANNED("use gw_wall_format");
char *ctime(const time_t *) GW_BANNED("use gw_wall_format");
char *asctime(const struct tm *) GW_BANNED("use gw_wall_format");
int rand(void) GW_BANNED("use gw_random");
void srand(unsigned) GW_BANNED("use gw_random");
int system(const char *) GW_BANNED("use posix_spawn with an argument list");

#endif
