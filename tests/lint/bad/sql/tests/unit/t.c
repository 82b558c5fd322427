static const char *a = "SELECT id FROM device";
