/* Releases: their values, their policy, and the codecs that carry them. */
#include "release_kit.h"

int main(void)
{
    int failures = gw_test_run("release policy", policy_cases, policy_case_count);
    failures += gw_test_run("release manifest", manifest_cases, manifest_case_count);
    failures += gw_test_run("dsse", dsse_cases, dsse_case_count);
    failures += gw_test_run("release reader", reader_cases, reader_case_count);
    return failures + gw_test_run("ustar", ustar_cases, ustar_case_count);
}
