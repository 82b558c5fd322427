/* strcpy(a, b) in a comment is talk */
void f(char *a, const char *b)
{
    strcpy(a, b);
    log("sprintf(x)");
    sprintf (a, "x");
    my_strcat(a, b);
    ops->rand(a);
    /* open */ system("x"); // gets(a)
    a[0] = '"'; strtok(a, "x");
    localtime(0);
}
