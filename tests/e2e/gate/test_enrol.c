/* Enrolment against the shipped binaries. One gateway serves all cases. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "enrol_client.h"
#include "gw_cleanup.h"
#include "gw_test.h"

static struct gw_gateway gateway;
static struct enrol_client client;

static void starts_and_is_claimed(void)
{
    gw_gateway_start(&gateway, NULL);
    CU_ASSERT_FATAL(gw_gateway_await_ready(&gateway));
    CU_ASSERT_EQUAL(enrol_client_get(&client, &gateway, "/.well-known/est/cacerts", NULL),
                    0); /* closed until claimed */
    CU_ASSERT_FATAL(gw_gateway_claim(&gateway));
}

static bool door_answers(void *ctx)
{
    (void)ctx;
    return enrol_client_get(&client, &gateway, "/.well-known/est/cacerts", NULL) == 200;
}

static void opens_the_devices_doors_when_claimed(void)
{
    CU_ASSERT(gw_await(door_answers, NULL, 20000));
}

static void gives_a_certificate_for_the_right_secret(void)
{
    char secret[64], credentials[128], state[32];
    CU_ASSERT_FATAL(enrol_invite(&gateway, "pump-1", secret, sizeof(secret)));
    enrol_client_key(&client, "pump-1", "pump-1");
    (void)snprintf(credentials, sizeof(credentials), "pump-1:%s", secret);
    CU_ASSERT_EQUAL_FATAL(enrol_client_post(&client, &gateway, "pump-1", credentials), 200);
    enrol_state(&gateway, "pump-1", state, sizeof(state));
    CU_ASSERT_STRING_EQUAL(state, "active");
    /* the broker knew it before the device did */
    CU_ASSERT_EQUAL(enrol_client_mqtt(&client, &gateway, "pump-1", "pump-1", "gw/v1/pump-1/up/state"), 0);
}

static void gives_the_same_certificate_when_the_answer_was_lost(void)
{
    char secret[64], credentials[128];
    CU_ASSERT_FATAL(enrol_invite(&gateway, "pump-2", secret, sizeof(secret)));
    enrol_client_key(&client, "pump-2", "pump-2");
    (void)snprintf(credentials, sizeof(credentials), "pump-2:%s", secret);
    CU_ASSERT_EQUAL_FATAL(enrol_client_post(&client, &gateway, "pump-2", credentials), 200);
    GW_FREE char *first = enrol_client_read(&client, "pump-2.crt");
    CU_ASSERT_EQUAL_FATAL(enrol_client_post(&client, &gateway, "pump-2", credentials), 200);
    GW_FREE char *second = enrol_client_read(&client, "pump-2.crt");
    CU_ASSERT_FATAL(first && second && strlen(first) > 100);
    CU_ASSERT_STRING_EQUAL(first, second);
}

static bool is_listed(void *ctx)
{
    const char *const list[] = {"alerts", "list", NULL};
    GW_FREE char *out = NULL;
    return gw_gateway_cli(&gateway, list, &out) == 0 && strstr(out, ctx);
}

static void alerts(const char *text)
{
    char wanted[128];
    (void)snprintf(wanted, sizeof(wanted), "%s", text);
    CU_ASSERT(gw_await(is_listed, wanted, 20000));
}

static void refuses_a_second_key_for_a_used_secret(void)
{
    char secret[64], credentials[128];
    CU_ASSERT_FATAL(enrol_invite(&gateway, "pump-3", secret, sizeof(secret)));
    (void)snprintf(credentials, sizeof(credentials), "pump-3:%s", secret);
    enrol_client_key(&client, "pump-3", "pump-3");
    enrol_client_key(&client, "thief-3", "pump-3");
    CU_ASSERT_EQUAL_FATAL(enrol_client_post(&client, &gateway, "pump-3", credentials), 200);
    CU_ASSERT_EQUAL(enrol_client_post(&client, &gateway, "thief-3", credentials), 401);
    CU_ASSERT_EQUAL(enrol_client_post(&client, &gateway, "pump-3", credentials), 200);
    alerts("\"class\":\"cert.rejected\",\"device\":\"pump-3\"");
}

static void voids_an_invitation_after_five_wrong_secrets(void)
{
    char secret[64], credentials[128];
    CU_ASSERT_FATAL(enrol_invite(&gateway, "pump-4", secret, sizeof(secret)));
    enrol_client_key(&client, "pump-4", "pump-4");
    for (int i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(enrol_client_post(&client, &gateway, "pump-4", "pump-4:aaaaaaaaaaaaaaaaaaaaaaaaaa"), 401);
    (void)snprintf(credentials, sizeof(credentials), "pump-4:%s", secret);
    CU_ASSERT_EQUAL(enrol_client_post(&client, &gateway, "pump-4", credentials), 401);
    alerts("\"class\":\"auth.lockout\",\"device\":\"pump-4\"");
    CU_ASSERT_FATAL(enrol_invite(&gateway, "pump-4", secret, sizeof(secret)));
    (void)snprintf(credentials, sizeof(credentials), "pump-4:%s", secret);
    CU_ASSERT_EQUAL(enrol_client_post(&client, &gateway, "pump-4", credentials), 200);
}

static void refuses_a_request_whose_name_differs(void)
{
    char secret[64], credentials[128];
    CU_ASSERT_FATAL(enrol_invite(&gateway, "pump-5", secret, sizeof(secret)));
    enrol_client_key(&client, "pump-5", "pump-6");
    (void)snprintf(credentials, sizeof(credentials), "pump-5:%s", secret);
    CU_ASSERT_EQUAL(enrol_client_post(&client, &gateway, "pump-5", credentials), 400);
}

static void lets_nobody_knock_while_the_door_is_closed(void)
{
    enrol_client_key(&client, "stray", "stray-1");
    CU_ASSERT_EQUAL(enrol_client_post(&client, &gateway, "stray", NULL), 401);
}

static void approve_pending(const char *id)
{
    const char *const pending[] = {"pending", NULL};
    GW_FREE char *list = NULL;
    CU_ASSERT_EQUAL_FATAL(gw_gateway_cli(&gateway, pending, &list), 0);
    char spki[80];
    gw_json_pick(list, "spki_sha256", spki, sizeof(spki));
    CU_ASSERT_EQUAL_FATAL(strlen(spki), 64);
    const char *const approve[] = {"device", "approve", id, spki, NULL};
    GW_FREE char *out = NULL;
    CU_ASSERT_EQUAL(gw_gateway_cli(&gateway, approve, &out), 0);
}

static void enrols_through_the_open_door_by_approval(void)
{
    const char *const open[] = {"door", "open", "5", NULL};
    GW_FREE char *out = NULL;
    CU_ASSERT_EQUAL_FATAL(gw_gateway_cli(&gateway, open, &out), 0);
    enrol_client_key(&client, "valve", "valve-1");
    CU_ASSERT_EQUAL(enrol_client_post(&client, &gateway, "valve", NULL), 202);
    CU_ASSERT_EQUAL(enrol_client_post(&client, &gateway, "valve", NULL), 202);
    CU_ASSERT_EQUAL(enrol_client_post(&client, &gateway, "valve", "valve-1:aaaaaaaaaaaaaaaaaaaaaaaaaa"), 401);
    approve_pending("valve-1");
    const char *const close[] = {"door", "close", NULL};
    GW_FREE char *closed = NULL;
    CU_ASSERT_EQUAL(gw_gateway_cli(&gateway, close, &closed), 0);
    CU_ASSERT_EQUAL(enrol_client_post(&client, &gateway, "valve", NULL), 200);
    CU_ASSERT_EQUAL(enrol_client_mqtt(&client, &gateway, "valve", "valve-1", "gw/v1/valve-1/up/state"), 0);
}

static void renews_with_the_present_certificate(void)
{
    enrol_client_key(&client, "pump-1-new", "pump-1");
    CU_ASSERT_EQUAL_FATAL(enrol_client_renew(&client, &gateway, "pump-1-new", "pump-1"), 200);
    CU_ASSERT_EQUAL(enrol_client_mqtt(&client, &gateway, "pump-1-new", "pump-1", "gw/v1/pump-1/up/state"), 0);
}

static bool old_is_refused(void *ctx)
{
    (void)ctx;
    return enrol_client_mqtt(&client, &gateway, "pump-1", "pump-1", "gw/v1/pump-1/up/state") != 0;
}

static void drops_the_older_certificate_once_the_newer_has_connected(void)
{
    CU_ASSERT(gw_await(old_is_refused, NULL, 10000));
    CU_ASSERT_EQUAL(enrol_client_mqtt(&client, &gateway, "pump-1-new", "pump-1", "gw/v1/pump-1/up/state"), 0);
}

static void a_revoked_device_is_refused_everywhere(void)
{
    const char *const revoke[] = {"device", "revoke", "pump-2", NULL};
    GW_FREE char *out = NULL;
    CU_ASSERT_EQUAL_FATAL(gw_gateway_cli(&gateway, revoke, &out), 0);
    CU_ASSERT_NOT_EQUAL(enrol_client_mqtt(&client, &gateway, "pump-2", "pump-2", "gw/v1/pump-2/up/state"), 0);
    CU_ASSERT_EQUAL(enrol_client_renew(&client, &gateway, "pump-2", "pump-2"), 403);
    alerts("\"class\":\"cert.rejected\",\"device\":\"pump-2\"");
}

static void stops_cleanly(void)
{
    CU_ASSERT_EQUAL(gw_gateway_stop(&gateway), 0);
    gw_gateway_done(&gateway);
}

static const struct gw_test_case cases[] = {
    {"keeps the devices' doors closed until it is claimed", starts_and_is_claimed},
    {"opens the devices' doors when claimed", opens_the_devices_doors_when_claimed},
    {"gives a certificate for the right secret", gives_a_certificate_for_the_right_secret},
    {"gives the same certificate when the answer was lost", gives_the_same_certificate_when_the_answer_was_lost},
    {"refuses a second key for a used secret", refuses_a_second_key_for_a_used_secret},
    {"voids an invitation after five wrong secrets", voids_an_invitation_after_five_wrong_secrets},
    {"refuses a request whose common name differs", refuses_a_request_whose_name_differs},
    {"lets nobody knock while the door is closed", lets_nobody_knock_while_the_door_is_closed},
    {"enrols through the open door by approval of the key", enrols_through_the_open_door_by_approval},
    {"renews with the present certificate", renews_with_the_present_certificate},
    {"drops the older certificate once the newer has connected",
     drops_the_older_certificate_once_the_newer_has_connected},
    {"refuses a revoked device everywhere", a_revoked_device_is_refused_everywhere},
    {"stops cleanly", stops_cleanly},
};

int main(void)
{
    enrol_client_init(&client);
    return GW_GATEWAY_TEST_RUN("enrolment end to end", cases);
}
