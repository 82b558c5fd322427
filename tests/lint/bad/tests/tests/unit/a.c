static void f(void)
{
    CU_PASS("x");
    CU_ASSERT(1);
    CU_ASSERT_TRUE_FATAL( true );
    CU_ASSERT(x == 1);
    CU_ASSERT_FALSE(false);
    sleep(1);
    usleep(5); /* sleep(1) */
    poll(NULL, 0, 5);
    open("/tmp/fixed", 0);
    CU_ASSERT(gw_mono_now().ms - before < 1000);
    while (gw_mono_now().ms < until)
        turn();
    while (!x && gw_mono_now().ms < until)
        turn();
}
#if 0
#endif
