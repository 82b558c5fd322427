#include "live_bench.h"

int main(void)
{
    int failures = gw_test_run("live hub", hub_cases, hub_case_count);
    failures += gw_test_run("live limits", limit_cases, limit_case_count);
    failures += gw_test_run("live tail", tail_cases, tail_case_count);
    failures += gw_test_run("live handover", handover_cases, handover_case_count);
    failures += gw_test_run("live messages", message_cases, message_case_count);
    return failures + gw_test_run("live at random", random_cases, random_case_count);
}
