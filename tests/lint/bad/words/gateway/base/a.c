/* TODO: the rest */
/* For now this is enough. */
/* mkstemp("XXXXXX") and "\uXXXX" are fine; so is /root/ */
/* XXX */
const char *x = "not implemented";
