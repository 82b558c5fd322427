int f(void)
{
    free(p);
    return gw_wall_now();
}
