#include "store_suite.h"

struct store st;
struct gw_err err;

void begin(void)
{
    GW_ASSERT_OK(st.ops->begin(st.self, &err), &err);
}

void commit(void)
{
    GW_ASSERT_OK(st.ops->commit(st.self, &err), &err);
    store_over_between();
    st = store_over_store();
}

void rollback(void)
{
    st.ops->rollback(st.self);
    store_over_between();
    st = store_over_store();
}

void put_device(struct device *device)
{
    GW_ASSERT_OK(st.ops->device_put(st.self, device, &err), &err);
}

void put_cert(const struct device_cert *cert)
{
    GW_ASSERT_OK(st.ops->cert_put(st.self, cert, &err), &err);
}

struct gw_device_id id_of(const char *text)
{
    struct gw_device_id id = {0};
    (void)snprintf(id.text, sizeof(id.text), "%s", text);
    return id;
}

struct gw_sha256 digest_of(unsigned number)
{
    struct gw_sha256 digest;
    memset(digest.bytes, 0xa5, sizeof(digest.bytes));
    for (int i = 0; i < 4; i++)
        digest.bytes[i] = (uint8_t)(number >> (24 - 8 * i));
    return digest;
}

struct device device_of(const char *id, enum device_state state)
{
    struct device d = {.id = id_of(id), .state = state, .created = {1000}, .changed = {2000}};
    (void)snprintf(d.name, sizeof(d.name), "Pumpe %s \xc3\xbc", id);
    return d;
}

struct device_cert cert_of(const char *device, unsigned number, int64_t not_before_ms)
{
    struct device_cert c = {
        .device = id_of(device),
        .sha256 = digest_of(number),
        .spki_sha256 = digest_of(number + 1000),
        .not_before = {not_before_ms},
        .not_after = {not_before_ms + 1000},
        .der_len = (uint16_t)(100 + number % 100),
    };
    memset(c.serial, (int)(number & 0xff), sizeof(c.serial));
    memset(c.der, (int)(number & 0xff), c.der_len);
    return c;
}

struct device_invite invite_of(const char *device)
{
    return (struct device_invite){
        .device = id_of(device),
        .secret_sha256 = digest_of(1),
        .created = {10},
        .expires = {20},
    };
}

struct device_pending pending_of(const char *device, unsigned number, const char *source)
{
    struct device_pending p = {
        .device = id_of(device),
        .spki_sha256 = digest_of(number),
        .spki = {.len = 91},
        .created = {10},
        .expires = {(int64_t)number},
    };
    memset(p.spki.der, (int)(number & 0xff), p.spki.len);
    (void)snprintf(p.source, sizeof(p.source), "%s", source);
    return p;
}

struct user user_of(const char *name)
{
    struct user u = {.role = USER_OPERATOR, .created = {77}};
    (void)snprintf(u.name, sizeof(u.name), "%s", name);
    (void)snprintf(u.password_hash, sizeof(u.password_hash), "$argon2id$of-%s", name);
    return u;
}

struct audit_event event_of(const char *msg)
{
    struct audit_event e = {
        .t = {5},
        .sev = EVENT_SEV_LOW,
        .res = EVENT_OK,
        .cls = "device.revoke",
        .subj = "local:root",
        .obj = "device:pump-7",
    };
    (void)snprintf(e.msg, sizeof(e.msg), "%s", msg);
    return e;
}

static bool see(struct seen *seen, const char *what)
{
    size_t len = strlen(seen->text);
    if (len + strlen(what) + 2 < sizeof(seen->text))
        (void)snprintf(seen->text + len, sizeof(seen->text) - len, "%s%s", len ? " " : "", what);
    seen->count++;
    return seen->count != seen->stop_after;
}

static bool see_number(struct seen *seen, int64_t number)
{
    char text[24];
    (void)snprintf(text, sizeof(text), "%lld", (long long)number);
    return see(seen, text);
}

static unsigned number_of(const struct gw_sha256 *digest)
{
    unsigned number = 0;
    for (int i = 0; i < 4; i++)
        number = number << 8 | digest->bytes[i];
    return number;
}

bool see_device(void *ctx, const struct device *device)
{
    return see(ctx, device->id.text);
}

bool see_cert(void *ctx, const struct device_cert *cert)
{
    return see_number(ctx, number_of(&cert->sha256));
}

bool see_pending(void *ctx, const struct device_pending *pending)
{
    char text[96];
    (void)snprintf(text, sizeof(text), "%s/%u", pending->device.text, number_of(&pending->spki_sha256));
    return see(ctx, text);
}

bool see_user(void *ctx, const struct user *user)
{
    return see(ctx, user->name);
}

bool see_event(void *ctx, const struct audit_event *event)
{
    return see_number(ctx, event->n);
}

#define ALL_MAX 128
static struct gw_test_case all[ALL_MAX];
static void (*all_run[ALL_MAX])(void);
static size_t all_count;

/* CUnit passes nothing to a case, so the running one is found by its turn. */
static size_t turn;

static void run_in_store(void)
{
    store_over_open();
    st = store_over_store();
    all_run[turn++]();
    store_over_close();
}

static void add(const struct gw_test_case *cases, size_t count)
{
    for (size_t i = 0; i < count && all_count < ALL_MAX; i++) {
        all_run[all_count] = cases[i].run;
        all[all_count++] = (struct gw_test_case){cases[i].name, run_in_store};
    }
}

int main(void)
{
    add(device_cases, device_case_count);
    add(cert_cases, cert_case_count);
    add(enrol_cases, enrol_case_count);
    add(user_cases, user_case_count);
    add(token_cases, token_case_count);
    add(release_cases, release_case_count);
    add(alert_cases, alert_case_count);
    add(rollout_cases, rollout_case_count);
    add(transaction_cases, transaction_case_count);
    return gw_test_run(store_name, all, all_count);
}
