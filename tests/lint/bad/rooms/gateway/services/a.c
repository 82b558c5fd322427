#include <sqlite3.h>
#include <stdio.h>
#include <wolfssl/options.h>
#include <jansson.h>
#include <uv.h>
