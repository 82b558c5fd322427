#include <stdio.h>

#include "gw_test.h"
#include "hello_pace.h"

#define DEVICES (2 * HELLO_PACE_STEP + 20)

struct seen {
    uv_loop_t loop;
    struct hello_pace pace;
    size_t count, in_step, most;
    unsigned refuse;
    uint64_t step_ms;
};

static struct gw_device_id device(size_t n)
{
    struct gw_device_id id = {{0}};
    (void)snprintf(id.text, sizeof(id.text), "pump-%zu", n);
    return id;
}

static enum gw_rc hello(void *ctx, const struct gw_device_id *id)
{
    struct seen *s = ctx;
    if (s->refuse) {
        s->refuse--;
        return GW_AGAIN;
    }
    if (uv_now(&s->loop) != s->step_ms)
        s->in_step = 0;
    s->step_ms = uv_now(&s->loop);
    if (++s->in_step > s->most)
        s->most = s->in_step;
    struct gw_device_id next = device(s->count++);
    CU_ASSERT_TRUE(gw_device_id_eq(id, &next));
    return GW_OK;
}

static void begin(struct seen *s, size_t max)
{
    *s = (struct seen){.count = 0};
    CU_ASSERT_EQUAL_FATAL(uv_loop_init(&s->loop), 0);
    CU_ASSERT_EQUAL_FATAL(hello_pace_init(&s->pace, &s->loop, max, hello, s), 0);
    for (size_t i = 0; i < DEVICES; i++) {
        struct gw_device_id id = device(i);
        hello_pace_add(&s->pace, &id);
    }
}

static void end(struct seen *s)
{
    hello_pace_close(&s->pace);
    CU_ASSERT_EQUAL(uv_run(&s->loop, UV_RUN_DEFAULT), 0);
    CU_ASSERT_EQUAL(uv_loop_close(&s->loop), 0);
}

static void tells_each_once_in_order_a_few_at_a_time(void)
{
    struct seen s;
    begin(&s, DEVICES);
    CU_ASSERT_EQUAL(s.count, 0);
    CU_ASSERT_EQUAL(uv_run(&s.loop, UV_RUN_DEFAULT), 0); /* it ends: nothing is waited for any more */
    CU_ASSERT_EQUAL(s.count, DEVICES);
    CU_ASSERT(s.most <= HELLO_PACE_STEP);
    end(&s);
}

static void brings_again_what_found_no_room(void)
{
    struct seen s;
    begin(&s, DEVICES);
    s.refuse = 3;
    CU_ASSERT_EQUAL(uv_run(&s.loop, UV_RUN_DEFAULT), 0);
    CU_ASSERT_EQUAL(s.count, DEVICES);
    end(&s);
}

static void forgets_who_waits_and_keeps_its_ceiling(void)
{
    struct seen s;
    begin(&s, 7);
    CU_ASSERT_EQUAL(uv_run(&s.loop, UV_RUN_DEFAULT), 0);
    CU_ASSERT_EQUAL(s.count, 7);
    struct gw_device_id id = device(7);
    hello_pace_add(&s.pace, &id);
    hello_pace_forget(&s.pace);
    CU_ASSERT_EQUAL(uv_run(&s.loop, UV_RUN_DEFAULT), 0);
    CU_ASSERT_EQUAL(s.count, 7);
    hello_pace_add(&s.pace, &id); /* and goes on */
    CU_ASSERT_EQUAL(uv_run(&s.loop, UV_RUN_DEFAULT), 0);
    CU_ASSERT_EQUAL(s.count, 8);
    hello_pace_add(&s.pace, &id);
    end(&s);
}

static const struct gw_test_case cases[] = {
    {"tells each once, in order, a few at a time", tells_each_once_in_order_a_few_at_a_time},
    {"brings again what found no room", brings_again_what_found_no_room},
    {"forgets who waits and keeps its ceiling", forgets_who_waits_and_keeps_its_ceiling},
};

int main(void)
{
    return GW_TEST_RUN("hello pace", cases);
}
