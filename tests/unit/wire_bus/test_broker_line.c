#include "broker_line.h"

#include "gw_test.h"

#define AT "2026-01-31T12:00:00: "

static void reads_what_the_broker_cut(void)
{
    static const struct {
        const char *line;
        enum broker_cut cut;
    } lines[] = {
        {AT "Client pump-1 disconnected due to oversize packet.", BROKER_CUT_OVERSIZE},
        {AT "Client pump-1 disconnected due to oversize payload.", BROKER_CUT_OVERSIZE},
        {AT "Client pump-1 disconnected due to malformed packet.", BROKER_CUT_BROKEN},
        {AT "Client pump-1 disconnected due to protocol error.", BROKER_CUT_BROKEN},
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct broker_line line;
        CU_ASSERT_EQUAL_FATAL(broker_line_parse(gw_view_str(lines[i].line), &line), GW_OK);
        CU_ASSERT_EQUAL(line.cut, lines[i].cut);
        CU_ASSERT_STRING_EQUAL(line.device.text, "pump-1");
    }
}

static void takes_nothing_else_for_a_cut(void)
{
    static const char *const bad[] = {
        "",
        AT,
        AT "Client ",
        AT "Client pump-1",
        AT "Client pump-1 ",
        AT "Client pump-1 disconnected.",
        AT "Client pump-1 disconnected, not authorised.",
        AT "Client pump-1 disconnected due to oversize packet",
        AT "Client pump-1 disconnected due to oversize packet. ",
        AT "Client <unknown> disconnected due to oversize packet.",
        AT "Client gw-Control disconnected due to oversize packet.",
        AT "Client  disconnected due to oversize packet.",
        /* client ids of whom the gate refuses */
        AT "Client pump-1 disconnected due to oversize packet. disconnected, not authorised.",
        AT "New client connected from 10.0.0.1:1 as Client pump-1 disconnected due to oversize packet.",
        AT "Client x: Client pump-1 disconnected due to oversize packet.",
        "Client pump-1 disconnected due to oversize packet.",
        "12: Client pump-1 disconnected due to oversize packet.",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct broker_line line;
        CU_ASSERT_EQUAL(broker_line_parse(gw_view_str(bad[i]), &line), GW_INVALID);
    }
}

static const struct gw_test_case cases[] = {
    {"reads whom the broker cut, and for what", reads_what_the_broker_cut},
    {"takes no other line for a cut, whatever a client calls itself", takes_nothing_else_for_a_cut},
};

int main(void)
{
    return GW_TEST_RUN("broker line", cases);
}
