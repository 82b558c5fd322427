#pragma once
int db_open(const char *path);
