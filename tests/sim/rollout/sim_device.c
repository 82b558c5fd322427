#include "sim.h"

static void later(struct world *w, struct device *dev, int64_t most_ms)
{
    dev->act_ms = w->now_ms + 1000 + (int64_t)draw(w, (uint64_t)most_ms);
}

/* A liar claims the version as well; its boot id gives it away. */
static int claimed(const struct device *dev)
{
    bool lies = (dev->traits & LIES_IDLE) && dev->word == ATTEMPT_WORD_INSTALLED;
    return lies ? (dev->back ? OLD : NEW) : dev->version;
}

static void report(struct world *w, int d)
{
    struct device *dev = &w->device[d];
    dev->unacked = true;
    dev->repeat_ms = w->now_ms + 48000 + (int64_t)draw(w, 24000);
    if (!dev->online || (dev->traits & MUTE))
        return;
    post(w, (struct message){.kind = TO_REPORT,
                             .device = d,
                             .attempt = dev->attempt,
                             .back = dev->back,
                             .rev = dev->rev,
                             .word = dev->word,
                             .code = dev->code,
                             .until_ms = dev->until_ms,
                             .version = claimed(dev),
                             .boot = dev->boot});
}

static void say(struct world *w, int d, enum attempt_word word, enum attempt_code code)
{
    struct device *dev = &w->device[d];
    dev->word = word;
    dev->code = code;
    if (word >= ATTEMPT_WORD_INSTALLED && word != ATTEMPT_WORD_DEFERRED)
        dev->working = false;
    report(w, d);
}

void device_connect(struct world *w, int d)
{
    struct device *dev = &w->device[d];
    if (dev->online || dev->dead)
        return;
    dev->online = true;
    post(w, (struct message){.kind = TO_ONLINE, .device = d});
    post(w, (struct message){.kind = TO_STATE, .device = d, .n = dev->n, .version = claimed(dev), .boot = dev->boot});
    if (dev->attempt)
        report(w, d);
}

static void disconnect(struct world *w, int d)
{
    struct device *dev = &w->device[d];
    if (!dev->online)
        return;
    dev->online = false;
    post(w, (struct message){.kind = TO_OFFLINE, .device = d});
}

static void boot(struct world *w, int d, int version)
{
    struct device *dev = &w->device[d];
    disconnect(w, d);
    dev->version = version;
    if (dev->boot + 1 < BOOTS_MAX)
        dev->boot++;
    else
        dev->dead = true;
    dev->boot_version[dev->boot] = version;
    dev->wander_ms = w->now_ms + 1000 + (int64_t)draw(w, 60000); /* comes back */
}

void device_init(struct world *w, int d)
{
    struct device *dev = &w->device[d];
    *dev = (struct device){.version = OLD, .boot = 1, .reboots_left = 1, .toggles_left = 6, .defers_left = 1};
    dev->boot_version[1] = OLD;
    if (chance(w, 55))
        dev->traits = 1u << draw(w, TRAITS);
    if (chance(w, 20))
        dev->traits |= 1u << draw(w, TRAITS);
    if (dev->traits & FLAPS)
        dev->reboots_left = 12;
    if (dev->traits & FALLS_LATE)
        dev->reboots_left = (int)draw(w, 6);
    if (dev->traits & DEFERS_ALWAYS)
        dev->defers_left = 100;
    if (dev->traits & GOES_ON)
        w->goes_on = true;
    if (dev->traits & WANDERS)
        dev->wander_ms = 1 + (int64_t)draw(w, 3600000);
    dev->dead = (dev->traits & NEVER_ONLINE) != 0;
    if (!dev->dead && chance(w, 90))
        dev->online = true;
    else
        dev->wander_ms = 1 + (int64_t)draw(w, 7200000);
}

static bool wants_to_defer(struct world *w, struct device *dev)
{
    if (!(dev->traits & (DEFERS | DEFERS_ALWAYS)) || dev->back || dev->defers_left == 0)
        return false;
    dev->defers_left--;
    dev->until_ms = w->now_ms + 60000 + (int64_t)draw(w, 7200000);
    return true;
}

static void begin(struct world *w, int d)
{
    struct device *dev = &w->device[d];
    dev->working = true;
    if (dev->traits & REFUSES) {
        say(w, d, ATTEMPT_WORD_REJECTED, ATTEMPT_CODE_USER);
    } else if (dev->traits & LIES_IDLE) {
        say(w, d, ATTEMPT_WORD_INSTALLED, ATTEMPT_CODE_NONE);
    } else if (wants_to_defer(w, dev)) {
        say(w, d, ATTEMPT_WORD_DEFERRED, ATTEMPT_CODE_NONE);
        dev->act_ms = (dev->traits & GOES_ON) ? dev->until_ms + 600000 : 0;
    } else {
        say(w, d, ATTEMPT_WORD_ACCEPTED, ATTEMPT_CODE_NONE);
        later(w, dev, 60000);
    }
}

static void take_job(struct world *w, int d, const struct message *m)
{
    struct device *dev = &w->device[d];
    if (m->n < dev->n)
        return;
    bool asks = m->n == dev->n && m->attempt == dev->attempt && m->rev == dev->rev;
    dev->n = m->n;
    if (m->attempt == 0) {
        bool stops = dev->working && dev->word != ATTEMPT_WORD_INSTALLING && dev->word != ATTEMPT_WORD_REBOOTING;
        if (stops) {
            dev->act_ms = 0;
            say(w, d, ATTEMPT_WORD_CANCELLED, ATTEMPT_CODE_NONE);
        }
        return;
    }
    bool again = m->attempt == dev->attempt && dev->word == ATTEMPT_WORD_DEFERRED && m->rev > dev->rev;
    if (m->attempt == dev->attempt && !again) {
        if (asks) /* the gateway has forgotten, or never got, what was said */
            report(w, d);
        return;
    }
    if (dev->working && !again)
        return; /* at work; the gateway offers it again */
    dev->attempt = m->attempt;
    dev->back = m->back;
    dev->rev = m->rev;
    begin(w, d);
}

void device_take(struct world *w, int d, const struct message *m)
{
    struct device *dev = &w->device[d];
    if (!dev->online || (dev->traits & MUTE))
        return;
    if (m->kind == DOWN_JOB)
        take_job(w, d, m);
    else if (m->attempt == dev->attempt && m->rev == dev->rev && m->word == dev->word)
        dev->unacked = false;
}

static int target(const struct device *dev)
{
    return dev->back ? OLD : NEW;
}

static void install(struct world *w, int d)
{
    struct device *dev = &w->device[d];
    if (dev->started == dev->attempt && !(dev->traits & POWER_CUT))
        wrong(w, "a device started one attempt twice");
    dev->started = dev->attempt;
    say(w, d, ATTEMPT_WORD_INSTALLING, ATTEMPT_CODE_NONE);
    later(w, dev, 300000);
}

static void reboot(struct world *w, int d)
{
    struct device *dev = &w->device[d];
    bool falls = !dev->back && (dev->traits & (FALLS_BACK | LIES_FALLEN));
    say(w, d, ATTEMPT_WORD_REBOOTING, ATTEMPT_CODE_NONE);
    if (dev->traits & BRICKS) {
        disconnect(w, d);
        dev->dead = true;
        dev->wander_ms = 0;
        return;
    }
    boot(w, d, falls ? dev->version : target(dev));
    dev->word = falls && !(dev->traits & LIES_FALLEN) ? ATTEMPT_WORD_ROLLED_BACK : ATTEMPT_WORD_INSTALLED;
    dev->working = false;
    dev->unacked = true;
    if (dev->traits & (REBOOTS_ONCE | FLAPS | CRASHES))
        later(w, dev, 900000);
    if (dev->traits & FALLS_LATE)
        dev->act_ms = w->now_ms + 300000 + (int64_t)draw(w, 36000000);
}

/* After the work: what still goes wrong. */
static void after(struct world *w, int d)
{
    struct device *dev = &w->device[d];
    if ((dev->traits & FALLS_LATE) && dev->reboots_left > 0) {
        dev->reboots_left--;
        boot(w, d, dev->version == NEW ? OLD : NEW);
        later(w, dev, 900000);
    } else if (dev->reboots_left > 0 && (dev->traits & (REBOOTS_ONCE | FLAPS))) {
        dev->reboots_left--;
        boot(w, d, dev->version);
        later(w, dev, 900000);
    } else if ((dev->traits & CRASHES) && dev->reboots_left > 0) {
        dev->reboots_left--;
        post(w, (struct message){.kind = TO_ALARM, .device = d, .boot = dev->boot});
    }
}

static void act(struct world *w, int d)
{
    struct device *dev = &w->device[d];
    dev->act_ms = 0;
    if (dev->dead)
        return;
    if ((dev->traits & GOES_SILENT) && chance(w, 25)) {
        disconnect(w, d);
        dev->dead = true;
        dev->wander_ms = 0;
        return;
    }
    if (!dev->working) {
        after(w, d);
        return;
    }
    switch (dev->word) {
    case ATTEMPT_WORD_ACCEPTED:
    case ATTEMPT_WORD_DEFERRED:
        say(w, d, ATTEMPT_WORD_DOWNLOADING, ATTEMPT_CODE_NONE);
        later(w, dev, 300000);
        break;
    case ATTEMPT_WORD_DOWNLOADING:
        say(w, d, ATTEMPT_WORD_DOWNLOADED, ATTEMPT_CODE_NONE);
        later(w, dev, 60000);
        break;
    case ATTEMPT_WORD_DOWNLOADED:
        install(w, d);
        break;
    case ATTEMPT_WORD_INSTALLING:
        if ((dev->traits & POWER_CUT) && chance(w, 50)) {
            boot(w, d, dev->version);
            later(w, dev, 300000);
        } else if ((dev->traits & FAILS_INSTALL) && !dev->back) {
            say(w, d, ATTEMPT_WORD_FAILED, ATTEMPT_CODE_INSTALL);
        } else {
            reboot(w, d);
        }
        break;
    default:
        break;
    }
}

static void wander(struct world *w, int d)
{
    struct device *dev = &w->device[d];
    dev->wander_ms = 0;
    if (dev->dead)
        return;
    if (dev->online) {
        disconnect(w, d);
        dev->wander_ms = w->now_ms + 1000 + (int64_t)draw(w, chance(w, 10) ? 200000000 : 600000);
        return;
    }
    device_connect(w, d);
    if ((dev->traits & WANDERS) && dev->toggles_left-- > 0)
        dev->wander_ms = w->now_ms + 1000 + (int64_t)draw(w, 3600000);
}

static int64_t soonest(int64_t a, int64_t b)
{
    return a == 0 ? b : (b == 0 || a < b) ? a : b;
}

int64_t device_next(const struct device *dev)
{
    int64_t repeat_ms = dev->unacked && dev->online && !(dev->traits & MUTE) ? dev->repeat_ms : 0;
    return soonest(soonest(dev->act_ms, dev->wander_ms), repeat_ms);
}

void device_run(struct world *w, int d)
{
    struct device *dev = &w->device[d];
    if (dev->act_ms != 0 && dev->act_ms <= w->now_ms)
        act(w, d);
    if (dev->wander_ms != 0 && dev->wander_ms <= w->now_ms)
        wander(w, d);
    if (dev->unacked && dev->online && dev->repeat_ms <= w->now_ms)
        report(w, d);
}
