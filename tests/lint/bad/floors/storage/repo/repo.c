#include "db.h"
#include "sql_store.h"
