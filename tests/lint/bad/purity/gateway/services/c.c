void *p = malloc(3);
