static const char *a = "PRAGMA journal_mode=WAL";
static const char *b = "BEGIN IMMEDIATE";
static const char *c = "CREATE TABLE x(a)";
