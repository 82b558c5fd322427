/* What is released before it has a value. */
int ask(int what)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf question, answer;
    if (what == 0)
        return 1;
    gw_buf_init(&question, 10);
    gw_buf_init(&answer, 10);
    return 0;
}

int tell(int what)
{
    GW_FREE char *text;
    GW_CLEANUP(gw_buf_done) struct gw_buf line;
    gw_buf_init(&line, 10);
    switch (what) {
    case 0:
        return 1;
    }
    text = words(&line);
    return text ? 0 : 1; /* after it */
}
