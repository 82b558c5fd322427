#pragma once
char *strcpy(char *, const char *);
