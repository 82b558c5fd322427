#include "desk.h"

int main(void)
{
    int failures = gw_test_run("enrol", enrol_cases, enrol_case_count);
    failures += gw_test_run("access", access_cases, access_case_count);
    failures += gw_test_run("alerts", alerts_cases, alerts_case_count);
    failures += gw_test_run("artifacts", artifacts_cases, artifacts_case_count);
    failures += gw_test_run("boot", boot_cases, boot_case_count);
    failures += gw_test_run("live", live_cases, live_case_count);
    failures += gw_test_run("people", people_cases, people_case_count);
    failures += gw_test_run("recheck", recheck_cases, recheck_case_count);
    failures += gw_test_run("releases", releases_cases, releases_case_count);
    failures += gw_test_run("rollouts", rollouts_cases, rollouts_case_count);
    failures += gw_test_run("acts on rollouts", rollouts_act_cases, rollouts_act_case_count);
    failures += gw_test_run("rollouts and devices", rollouts_device_cases, rollouts_device_case_count);
    failures += gw_test_run("tokens", tokens_cases, tokens_case_count);
    return failures + gw_test_run("session", session_cases, session_case_count);
}
