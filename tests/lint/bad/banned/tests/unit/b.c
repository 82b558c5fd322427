int x = atoi("1");
