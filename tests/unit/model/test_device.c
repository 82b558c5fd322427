#include "device.h"
#include "event_sev.h"
#include "gw_test.h"

#define STATES (DEVICE_RETIRED + 1)
#define ACTS   (DEVICE_ACT_RETIRE + 1)

/* The picture in device.h, written a second time by hand: a row for each state, a column for each act, "." refused.
 * Columns: invite knock enrol approve reject quarantine release revoke retire. */
static const char *const expected[STATES] = {
    [DEVICE_INVITED] = "IIAAJ...T",     /* an invited device may knock too: it stays invited */
    [DEVICE_PENDING] = "IP.AJ...T",     /* nobody enrols past the operator */
    [DEVICE_ACTIVE] = "..A..Q.RT",      /* enrol: renewal, or the same answer again */
    [DEVICE_QUARANTINED] = "......ART", /* no renewal while quarantined */
    [DEVICE_REJECTED] = "I.......T",    [DEVICE_REVOKED] = "I.......T", [DEVICE_RETIRED] = ".........", /* the end */
};

static enum device_state state_of(char letter)
{
    switch (letter) {
    case 'I':
        return DEVICE_INVITED;
    case 'P':
        return DEVICE_PENDING;
    case 'A':
        return DEVICE_ACTIVE;
    case 'Q':
        return DEVICE_QUARANTINED;
    case 'J':
        return DEVICE_REJECTED;
    case 'R':
        return DEVICE_REVOKED;
    default:
        return DEVICE_RETIRED;
    }
}

static void moves_as_the_table_says(void)
{
    for (int from = DEVICE_INVITED; from < STATES; from++)
        for (int act = DEVICE_ACT_INVITE; act < ACTS; act++) {
            char want = expected[from][act - 1];
            enum device_state to = (enum device_state)99;
            enum gw_rc rc = device_step((enum device_state)from, (enum device_act)act, &to);
            CU_ASSERT_EQUAL(rc, want == '.' ? GW_CONFLICT : GW_OK);
            CU_ASSERT_EQUAL(to, want == '.' ? (enum device_state)99 : state_of(want));
        }
}

static void refuses_values_outside_the_enums(void)
{
    enum device_state to = DEVICE_PENDING;
    CU_ASSERT_EQUAL(device_step((enum device_state)0, DEVICE_ACT_RETIRE, &to), GW_CONFLICT);
    CU_ASSERT_EQUAL(device_step((enum device_state)STATES, DEVICE_ACT_RETIRE, &to), GW_CONFLICT);
    CU_ASSERT_EQUAL(device_step(DEVICE_ACTIVE, (enum device_act)0, &to), GW_CONFLICT);
    CU_ASSERT_EQUAL(device_step(DEVICE_ACTIVE, (enum device_act)ACTS, &to), GW_CONFLICT);
    CU_ASSERT_EQUAL(to, DEVICE_PENDING);
}

static void admits_active_and_quarantined_alone(void)
{
    for (int state = 0; state <= STATES; state++)
        CU_ASSERT_EQUAL(device_admissible((enum device_state)state),
                        state == DEVICE_ACTIVE || state == DEVICE_QUARANTINED);
}

/* Written in databases and on the wire: neither number nor name may ever change. */
static void keeps_numbers_and_names(void)
{
    static const struct {
        enum device_state state;
        int number;
        const char *text;
    } rows[] = {{DEVICE_INVITED, 1, "invited"},   {DEVICE_PENDING, 2, "pending"},
                {DEVICE_ACTIVE, 3, "active"},     {DEVICE_QUARANTINED, 4, "quarantined"},
                {DEVICE_REJECTED, 5, "rejected"}, {DEVICE_REVOKED, 6, "revoked"},
                {DEVICE_RETIRED, 7, "retired"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CU_ASSERT_EQUAL((int)rows[i].state, rows[i].number);
        CU_ASSERT_STRING_EQUAL(device_state_text(rows[i].state), rows[i].text);
    }
    CU_ASSERT_STRING_EQUAL(device_state_text((enum device_state)0), "unknown");
}

static void names_every_act(void)
{
    static const char *const names[ACTS] = {"unknown", "invite",     "knock",   "enrol",  "approve",
                                            "reject",  "quarantine", "release", "revoke", "retire"};
    for (int act = 0; act < ACTS; act++)
        CU_ASSERT_STRING_EQUAL(device_act_text((enum device_act)act), names[act]);
}

static void names_severities_and_results(void)
{
    static const char *const sevs[] = {"unknown", "info", "low", "medium", "high", "critical", "fatal", "unknown"};
    static const char *const results[] = {"unknown", "ok", "fail", "denied", "unknown"};
    for (int i = 0; i < 8; i++)
        CU_ASSERT_STRING_EQUAL(event_sev_text((enum event_sev)i), sevs[i]);
    for (int i = 0; i < 5; i++)
        CU_ASSERT_STRING_EQUAL(event_res_text((enum event_res)i), results[i]);
}

static const struct gw_test_case cases[] = {
    {"moves as the table says, for every state and act", moves_as_the_table_says},
    {"refuses values outside the enums", refuses_values_outside_the_enums},
    {"admits active and quarantined devices alone", admits_active_and_quarantined_alone},
    {"keeps the numbers and names of states", keeps_numbers_and_names},
    {"names every act", names_every_act},
    {"names severities and results of events", names_severities_and_results},
};

int main(void)
{
    return GW_TEST_RUN("device model", cases);
}
