void await(void)
{
    poll(NULL, 0, 5);
    mkdtemp("/var/tmp/gatehouse-test-XXXXXX");
}
