/* Certificates. */
#include "store_suite.h"

static void gives_back_the_certificate(void)
{
    struct device_cert put = cert_of("pump-7", 1, 100), got = {0};
    put.der_len = DEVICE_CERT_DER_MAX;
    memset(put.der, 0xee, sizeof(put.der));
    put.used = true;
    begin();
    put_cert(&put);
    commit();
    GW_ASSERT_OK(st.ops->cert_get(st.self, &put.sha256, &got, &err), &err);
    CU_ASSERT(gw_device_id_eq(&got.device, &put.device));
    CU_ASSERT(gw_sha256_eq(&got.sha256, &put.sha256));
    CU_ASSERT(gw_sha256_eq(&got.spki_sha256, &put.spki_sha256));
    CU_ASSERT_EQUAL(memcmp(got.serial, put.serial, sizeof(put.serial)), 0);
    CU_ASSERT_EQUAL(got.not_before.ms, 100);
    CU_ASSERT_EQUAL(got.not_after.ms, 1100);
    CU_ASSERT_FALSE(got.revoked);
    CU_ASSERT(got.used);
    CU_ASSERT_EQUAL(got.der_len, put.der_len);
    CU_ASSERT_EQUAL(memcmp(got.der, put.der, put.der_len), 0);
    struct gw_sha256 other = digest_of(2);
    ASSERT_RC(st.ops->cert_get(st.self, &other, &got, &err), GW_NOT_FOUND);
}

static void replaces_a_certificate_by_its_digest(void)
{
    struct device_cert c = cert_of("pump-7", 1, 100), got = {0};
    begin();
    put_cert(&c);
    c.revoked = true;
    c.der_len = 0;
    put_cert(&c);
    commit();
    GW_ASSERT_OK(st.ops->cert_get(st.self, &c.sha256, &got, &err), &err);
    CU_ASSERT(got.revoked);
    CU_ASSERT_EQUAL(got.der_len, 0);
    begin();
    c.device = id_of("pump-8");
    put_cert(&c);
    commit();
    struct seen old = {0}, fresh = {0};
    struct gw_device_id seven = id_of("pump-7"), eight = id_of("pump-8");
    GW_ASSERT_OK(st.ops->cert_each_of(st.self, &seven, see_cert, &old, &err), &err);
    GW_ASSERT_OK(st.ops->cert_each_of(st.self, &eight, see_cert, &fresh, &err), &err);
    CU_ASSERT_EQUAL(old.count, 0);
    CU_ASSERT_STRING_EQUAL(fresh.text, "1");
}

static void passes_a_devices_certificates_oldest_first(void)
{
    struct device_cert certs[] = {cert_of("pump-7", 5, 300), cert_of("pump-7", 9, 100), cert_of("pump-7", 4, 200),
                                  cert_of("pump-8", 1, 50), cert_of("pump-7", 3, 200)};
    begin();
    for (size_t i = 0; i < sizeof(certs) / sizeof(certs[0]); i++)
        put_cert(&certs[i]);
    commit();
    struct seen all = {0}, one = {.stop_after = 1};
    struct gw_device_id device = id_of("pump-7");
    GW_ASSERT_OK(st.ops->cert_each_of(st.self, &device, see_cert, &all, &err), &err);
    CU_ASSERT_STRING_EQUAL(all.text, "9 3 4 5");
    GW_ASSERT_OK(st.ops->cert_each_of(st.self, &device, see_cert, &one, &err), &err);
    CU_ASSERT_STRING_EQUAL(one.text, "9");
}

/* As see_cert() does; those of d-4 are in quarantine. */
static bool see_admitted(void *ctx, const struct store_admitted *admitted)
{
    const struct device_cert cert = {.device = admitted->device, .sha256 = admitted->sha256};
    CU_ASSERT_EQUAL(admitted->quarantined, strcmp(admitted->device.text, "d-4") == 0);
    CU_ASSERT_NOT_EQUAL(admitted->not_after.ms, 0);
    return see_cert(ctx, &cert);
}

static void admits_certificates_by_their_devices_state(void)
{
    static const char *const ids[] = {"d-1", "d-2", "d-3", "d-4", "d-5", "d-6", "d-7"};
    begin();
    for (unsigned i = 0; i < 7; i++) {
        struct device d = device_of(ids[i], (enum device_state)(i + 1));
        struct device_cert younger = cert_of(ids[i], 10 * (i + 1), 900), older = cert_of(ids[i], 10 * (i + 1) + 1, 100),
                           revoked = cert_of(ids[i], 10 * (i + 1) + 2, 200);
        revoked.revoked = true;
        put_device(&d);
        put_cert(&younger);
        put_cert(&older);
        put_cert(&revoked);
    }
    struct device_cert orphan = cert_of("nobody", 99, 1);
    put_cert(&orphan);
    commit();
    struct seen seen = {0}, stopped = {.stop_after = 3};
    GW_ASSERT_OK(st.ops->cert_each_admissible(st.self, see_admitted, &seen, &err), &err);
    CU_ASSERT_STRING_EQUAL(seen.text, "31 30 41 40");
    GW_ASSERT_OK(st.ops->cert_each_admissible(st.self, see_admitted, &stopped, &err), &err);
    CU_ASSERT_STRING_EQUAL(stopped.text, "31 30 41");
}

static void forgets_a_certificate(void)
{
    struct device_cert c = cert_of("pump-7", 1, 100);
    begin();
    put_cert(&c);
    commit();
    begin();
    GW_ASSERT_OK(st.ops->cert_delete(st.self, &c.sha256, &err), &err);
    GW_ASSERT_OK(st.ops->cert_delete(st.self, &c.sha256, &err), &err); /* nothing is there: no error */
    commit();
    ASSERT_RC(st.ops->cert_get(st.self, &c.sha256, &c, &err), GW_NOT_FOUND);
}

static void refuses_a_certificate_that_breaks_its_rules(void)
{
    struct device_cert bad_id = cert_of("", 1, 100), too_long = cert_of("pump-7", 2, 100);
    too_long.der_len = DEVICE_CERT_DER_MAX + 1;
    begin();
    ASSERT_RC(st.ops->cert_put(st.self, &bad_id, &err), GW_INVALID);
    ASSERT_RC(st.ops->cert_put(st.self, &too_long, &err), GW_INVALID);
    commit();
}

const struct gw_test_case cert_cases[] = {
    {"gives back the certificate that was put", gives_back_the_certificate},
    {"replaces a certificate by its digest", replaces_a_certificate_by_its_digest},
    {"passes a device's certificates oldest first", passes_a_devices_certificates_oldest_first},
    {"admits certificates by their device's state", admits_certificates_by_their_devices_state},
    {"forgets a certificate", forgets_a_certificate},
    {"refuses a certificate that breaks its rules", refuses_a_certificate_that_breaks_its_rules},
};
const size_t cert_case_count = sizeof(cert_cases) / sizeof(cert_cases[0]);
